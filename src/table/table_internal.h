/* What the files of this room share. */
#pragma once

#include "table/table_reader.h"

#include <stdio.h>

/* Rows that are parsed and not yet taken. Cell text lies in `text`; a shared string of a workbook
 * is pointed to instead of copied. */
typedef struct TableCell {
    const char *stable; /* NULL: at `offset` in text */
    size_t offset;
} TableCell;

typedef struct TableSpan {
    int64_t line;
    size_t first;
    size_t count;
} TableSpan;

typedef struct TableQueue {
    GByteArray *text;
    GArray *cells;  /* TableCell */
    GArray *rows;   /* TableSpan: finished rows */
    size_t next;    /* first row not yet taken */
    TableSpan open; /* the row that is being read */
    bool has_text;  /* some cell of the open row is not empty */
} TableQueue;

void queue_init(TableQueue *queue);
void queue_clear(TableQueue *queue);
/* Drops the rows that were taken; keeps the open row's cells. */
void queue_compact(TableQueue *queue);
void queue_add_cell(TableQueue *queue, const char *text, size_t size);
void queue_add_stable(TableQueue *queue, const char *text);
/* Ends the open row; an empty one is dropped. The next begins at `next_line`. */
void queue_end_row(TableQueue *queue, int64_t next_line);

typedef struct TableDecoder TableDecoder;
typedef struct CsvReader CsvReader;
typedef struct XlsxReader XlsxReader;

struct TableReader {
    TableFormat format;
    TableOptions options;
    TableProblem problem;
    TableQueue queue;
    const char **cells; /* of the row handed out */
    int64_t row_count;
    bool at_end;
    bool has_failed;
    const void *bytes; /* NULL: path */
    size_t bytes_size;
    char *path;
    int64_t size;
    CsvReader *csv;
    XlsxReader *xlsx;
};

/* Notes the problem and sets *error. Always false. */
bool table_fail(TableReader *reader,
                TableTrouble trouble,
                int64_t line,
                int64_t byte,
                GError **error,
                const char *format,
                ...) G_GNUC_PRINTF(6, 7);
FILE *table_stream(TableReader *reader, GError **error);

/* Bytes of the file to UTF-8. */
bool decoder_open(TableReader *reader, TableDecoder **ret_decoder, GError **error);
void decoder_free(TableDecoder *decoder);
/* Next piece of text in *ret_text (borrowed); size 0 at the end. */
bool decoder_next(TableDecoder *decoder, const char **ret_text, size_t *ret_size, GError **error);
TableEncoding decoder_encoding(const TableDecoder *decoder);
int64_t decoder_position(const TableDecoder *decoder);

bool csv_open(TableReader *reader, GError **error);
/* Parses one more piece into the queue; sets at_end. */
bool csv_fill(TableReader *reader, GError **error);
void csv_close(CsvReader *csv);
char csv_delimiter(const CsvReader *csv);
TableEncoding csv_encoding(const CsvReader *csv);
int64_t csv_position(const CsvReader *csv);

bool xlsx_open(TableReader *reader, GError **error);
bool xlsx_fill(TableReader *reader, GError **error);
void xlsx_close(XlsxReader *xlsx);
int64_t xlsx_position(const XlsxReader *xlsx);
int64_t xlsx_size(const XlsxReader *xlsx);
