/*
 * Writes tables row by row: CSV (RFC 4180, CRLF) and XLSX (constant memory). Thread: one at a time.
 *
 * The file is written beside its final name and moved there by table_finish, so that a half
 * written table is never taken for a whole one.
 */
#pragma once

#include "table/table_reader.h"

#include <stdio.h>

typedef struct TableColumn {
    const char *name;
    bool is_number; /* XLSX: written as a number where the text is one */
} TableColumn;

typedef struct TableWriteOptions {
    TableFormat format;
    bool no_bom;       /* CSV: leave out the UTF-8 BOM that Excel needs to see UTF-8 */
    const char *sheet; /* XLSX: at most 31 characters; NULL: "Sheet1" */
} TableWriteOptions;

typedef struct TableWriter TableWriter;

/* Creates the file and writes the head row. NULL on error. */
TableWriter *table_create(const char *path,
                          const TableWriteOptions *options,
                          const TableColumn *columns,
                          size_t column_count,
                          GError **error);
/* One row of column_count cells; NULL is an empty cell. A CSV cell that a spreadsheet would run as
 * a formula (= + - @ TAB CR first, and not a plain number) gets a leading apostrophe; table_plain
 * takes it off again. XLSX cells are typed, so they need none. Beyond 1,048,576 rows an XLSX goes
 * on in a further sheet. */
bool table_write(TableWriter *writer, const char *const *cells, GError **error);
/* Completes the file, brings it to disk and gives it its name. */
bool table_finish(TableWriter *writer, GError **error);
/* Frees; removes the file if it was not finished. */
void table_writer_free(TableWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TableWriter, table_writer_free)

/* One CSV row to any stream, guarded as above; errors stay in the stream's flag. */
void table_csv_row(FILE *file, const char *const *cells, size_t count);

int64_t table_rows_written(const TableWriter *writer);
/* The cell without the apostrophe that table_write put before a formula sign. Borrowed. */
const char *table_plain(const char *cell);
/* "csv" or "xlsx". */
bool table_format_parse(const char *word, TableFormat *ret_format);
const char *table_format_mime(TableFormat format);
