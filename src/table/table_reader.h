/*
 * Reads tables row by row: CSV in the encodings people send, and XLSX.
 *
 * The format is found by content (a zip is XLSX, everything else CSV), never by the file's name.
 * Nothing is loaded whole: memory stays under a few MB for CSV, plus the shared strings of an XLSX
 * (LIMIT_XLSX_SHARED_STRINGS). CSV is RFC 4180 with , ; or TAB; the encodings are UTF-8, UTF-8 with
 * BOM, UTF-16 with BOM and GB 18030. XLSX is ECMA-376: cell text as a person sees it, dates as
 * YYYY-MM-DD, formulas by their stored value. Limits are in base/limits.h. Thread: one at a time.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum TableFormat { TABLE_CSV, TABLE_XLSX } TableFormat;

typedef enum TableEncoding {
    TABLE_ENCODING_AUTO, /* a BOM decides, else UTF-8 if the whole file is valid, else GB 18030 */
    TABLE_ENCODING_UTF8,
    TABLE_ENCODING_GB18030,
    TABLE_ENCODING_UTF16LE,
    TABLE_ENCODING_UTF16BE,
} TableEncoding;

/* What is wrong with the file, for a sentence to the person who sent it. */
typedef enum TableTrouble {
    TABLE_FINE,
    TABLE_UNREADABLE,     /* cannot be opened or read */
    TABLE_EMPTY,          /* no bytes, or no row */
    TABLE_BAD_ENCODING,   /* line, byte */
    TABLE_HAS_NUL,        /* line, byte */
    TABLE_OPEN_QUOTE,     /* line where the quote began */
    TABLE_STRAY_QUOTE,    /* line */
    TABLE_MANY_COLUMNS,   /* line */
    TABLE_LONG_CELL,      /* line */
    TABLE_MANY_ROWS,      /* line */
    TABLE_OLD_XLS,        /* legacy .xls, or a workbook with a password */
    TABLE_ENCRYPTED,      /* encrypted zip */
    TABLE_BROKEN_XLSX,    /* truncated or not a workbook */
    TABLE_NO_SHEET,       /* no sheet of that name */
    TABLE_XLSX_TOO_LARGE, /* unpacked size, ratio or shared strings */
    TABLE_XLSX_DTD,       /* document type or entities: never in a workbook */
} TableTrouble;

typedef struct TableProblem {
    TableTrouble trouble;
    int64_t line; /* from 1; 0: not told */
    int64_t byte; /* offset in the file from 0; -1: not told */
} TableProblem;
/* One Chinese sentence that says what is wrong and what to do; caller frees. */
char *table_problem_zh(const TableProblem *problem);

typedef struct TableOptions {
    TableEncoding encoding;
    char delimiter;            /* ',' ';' '\t'; 0: found in the first line */
    const char *sheet;         /* name of the XLSX sheet; NULL: the first */
    TableProblem *ret_problem; /* filled when an open or a read fails; may be NULL; must live as
                                  long as the reader */
} TableOptions;

/* One row; everything is borrowed until the next table_next. Cells are UTF-8 without NUL bytes and
 * without the blanks around them. Wholly empty lines are skipped. */
typedef struct TableRow {
    int64_t line; /* where it begins: text line of a CSV, row number of a sheet; from 1 */
    size_t count;
    const char *const *cells;
} TableRow;

typedef struct TableReader TableReader;

/* `options` may be NULL. NULL on error: INVALID (the file must be changed), LIMIT (too large),
 * UNAVAILABLE (cannot be read). */
TableReader *table_open(const char *path, const TableOptions *options, GError **error);
/* Same from memory; `bytes` must live as long as the reader. */
TableReader *
table_open_bytes(const void *bytes, size_t size, const TableOptions *options, GError **error);
void table_close(TableReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TableReader, table_close)

/* The next row; false at the end (*error untouched) or on failure (*error set). */
bool table_next(TableReader *reader, TableRow *ret_row, GError **error);

TableFormat table_format(const TableReader *reader);
TableEncoding table_encoding(const TableReader *reader); /* found or told; UTF-8 for XLSX */
char table_delimiter(const TableReader *reader);         /* 0 for XLSX */
/* How far the file is read, for progress: bytes of the file (CSV) or of the unpacked sheet. */
int64_t table_position(const TableReader *reader);
int64_t table_size(const TableReader *reader);

/* "auto", "utf-8", "gb18030" (also "gbk"), "utf-16le", "utf-16be". */
bool table_encoding_parse(const char *word, TableEncoding *ret_encoding);
const char *table_encoding_word(TableEncoding encoding);
