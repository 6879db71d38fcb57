#include "table/table_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define SHEET_ROWS 1048576u /* rows of a sheet, ECMA-376 as Excel reads it */
#define SHEET_CELL 32767    /* characters in a cell */

struct TableWriter {
    TableFormat format;
    char *path;
    char *part_path; /* where it is written until it is whole */
    char *sheet;
    GArray *columns; /* TableColumn with own names */
    int64_t rows;
    bool is_finished;
    FILE *csv;
    lxw_workbook *book;
    lxw_worksheet *page;
    lxw_row_t page_row;
    unsigned pages;
};

static bool is_plain_number(const char *text) {
    const char *at = text + (*text == '-' || *text == '+');
    bool has_digit = false;
    bool has_point = false;
    for (; *at != '\0'; at++) {
        if (*at == '.' && !has_point) {
            has_point = true;
        } else if (g_ascii_isdigit(*at)) {
            has_digit = true;
        } else {
            return false;
        }
    }
    return has_digit;
}

static bool is_formula_sign(char c) {
    return c == '=' || c == '+' || c == '-' || c == '@' || c == '\t' || c == '\r';
}

const char *table_plain(const char *cell) {
    /* What was an apostrophe already is guarded by a second one, so this is the exact inverse. */
    bool is_guarded = cell[0] == '\'' && (is_formula_sign(cell[1]) || cell[1] == '\'');
    return is_guarded ? cell + 1 : cell;
}

static bool needs_guard(const char *cell) {
    return (is_formula_sign(cell[0]) && !is_plain_number(cell)) ||
           (cell[0] == '\'' && (is_formula_sign(cell[1]) || cell[1] == '\''));
}

static void write_csv_cell(FILE *file, const char *cell) {
    bool is_quoted = strpbrk(cell, ",\"\r\n;\t") != NULL || g_ascii_isspace(cell[0]) ||
                     (cell[0] != '\0' && g_ascii_isspace(cell[strlen(cell) - 1]));
    /* The error flag of the stream is looked at once, by table_finish. */
    if (is_quoted) {
        putc('"', file);
    }
    if (needs_guard(cell)) {
        putc('\'', file);
    }
    for (const char *at = cell; *at != '\0'; at++) {
        if (*at == '"') {
            putc('"', file);
        }
        putc(*at, file);
    }
    if (is_quoted) {
        putc('"', file);
    }
}

void table_csv_row(FILE *file, const char *const *cells, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            putc(',', file);
        }
        write_csv_cell(file, cells[i] != NULL ? cells[i] : "");
    }
    fputs("\r\n", file);
}

static bool write_page_row(TableWriter *writer, const char *const *cells, GError **error) {
    for (size_t i = 0; i < writer->columns->len; i++) {
        const char *cell = cells[i] != NULL ? cells[i] : "";
        const TableColumn *column = &g_array_index(writer->columns, TableColumn, i);
        if (cell[0] == '\0') {
            continue;
        }
        lxw_error result;
        if (column->is_number && writer->page_row > 0 && is_plain_number(cell)) {
            result = worksheet_write_number(
                writer->page, writer->page_row, (lxw_col_t)i, g_ascii_strtod(cell, NULL), NULL);
        } else {
            result =
                worksheet_write_string(writer->page, writer->page_row, (lxw_col_t)i, cell, NULL);
        }
        if (result == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED) {
            return hz_fail(error, HZ_ERROR_LIMIT, "a cell longer than %d characters", SHEET_CELL);
        }
        if (result != LXW_NO_ERROR) {
            return hz_fail(
                error, HZ_ERROR_UNAVAILABLE, "cannot write a cell: %s", lxw_strerror(result));
        }
    }
    writer->page_row++;
    return true;
}

static bool write_head(TableWriter *writer, GError **error) {
    g_autofree const char **names = g_new0(const char *, writer->columns->len);
    for (size_t i = 0; i < writer->columns->len; i++) {
        names[i] = g_array_index(writer->columns, TableColumn, i).name;
    }
    if (writer->format == TABLE_CSV) {
        table_csv_row(writer->csv, names, writer->columns->len);
        return true;
    }
    return write_page_row(writer, names, error);
}

static bool begin_page(TableWriter *writer, GError **error) {
    const char *base = writer->sheet != NULL ? writer->sheet : "Sheet1";
    g_autofree char *name =
        writer->pages == 0 ? g_strdup(base) : g_strdup_printf("%.20s %u", base, writer->pages + 1);
    writer->page = workbook_add_worksheet(writer->book, name);
    writer->page_row = 0;
    writer->pages++;
    if (writer->page == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a name for a sheet: \"%s\"", name);
    }
    return write_head(writer, error);
}

static bool open_file(TableWriter *writer, bool no_bom, GError **error) {
    if (writer->format == TABLE_XLSX) {
        g_autofree char *folder = g_path_get_dirname(writer->path);
        lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = folder};
        writer->book = workbook_new_opt(writer->part_path, &options);
        if (writer->book == NULL) {
            return hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write \"%s\"", writer->part_path);
        }
        return begin_page(writer, error);
    }
    writer->csv = fopen(writer->part_path, "wbe");
    if (writer->csv == NULL) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot write \"%s\": %s",
                       writer->part_path,
                       g_strerror(errno));
    }
    if (!no_bom) {
        fputs("\xEF\xBB\xBF", writer->csv);
    }
    return write_head(writer, error);
}

static void clear_column(void *data) {
    TableColumn *column = data;
    g_free((char *)(uintptr_t)column->name);
}

TableWriter *table_create(const char *path,
                          const TableWriteOptions *options,
                          const TableColumn *columns,
                          size_t column_count,
                          GError **error) {
    g_autoptr(TableWriter) writer = g_new0(TableWriter, 1);
    writer->format = options->format;
    writer->path = g_strdup(path);
    writer->part_path = g_strdup_printf("%s.part", path);
    writer->sheet = g_strdup(options->sheet);
    writer->columns = g_array_new(FALSE, FALSE, sizeof(TableColumn));
    g_array_set_clear_func(writer->columns, clear_column);
    for (size_t i = 0; i < column_count; i++) {
        TableColumn column = {g_strdup(columns[i].name), columns[i].is_number};
        g_array_append_val(writer->columns, column);
    }
    if (!open_file(writer, options->no_bom, error)) {
        return NULL;
    }
    return g_steal_pointer(&writer);
}

bool table_write(TableWriter *writer, const char *const *cells, GError **error) {
    writer->rows++;
    if (writer->format == TABLE_CSV) {
        table_csv_row(writer->csv, cells, writer->columns->len);
        return true;
    }
    if (writer->page_row >= SHEET_ROWS && !begin_page(writer, error)) {
        return false;
    }
    return write_page_row(writer, cells, error);
}

static bool close_csv(TableWriter *writer, GError **error) {
    FILE *file = g_steal_pointer(&writer->csv);
    bool is_good = !ferror(file) && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int why = errno;
    if (fclose(file) != 0 || !is_good) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot write \"%s\": %s",
                       writer->part_path,
                       g_strerror(why));
    }
    return true;
}

static bool close_book(TableWriter *writer, GError **error) {
    lxw_error result = workbook_close(g_steal_pointer(&writer->book));
    if (result != LXW_NO_ERROR) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot write \"%s\": %s",
                       writer->part_path,
                       lxw_strerror(result));
    }
    int file = open(writer->part_path, O_RDONLY | O_CLOEXEC);
    bool is_synced = file >= 0 && fsync(file) == 0;
    if (file >= 0) {
        close(file);
    }
    return is_synced ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot bring \"%s\" to disk", writer->part_path);
}

bool table_finish(TableWriter *writer, GError **error) {
    bool is_closed =
        writer->format == TABLE_CSV ? close_csv(writer, error) : close_book(writer, error);
    if (!is_closed) {
        return false;
    }
    if (g_rename(writer->part_path, writer->path) != 0) {
        return hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "cannot name \"%s\": %s", writer->path, g_strerror(errno));
    }
    writer->is_finished = true;
    return true;
}

void table_writer_free(TableWriter *writer) {
    if (writer == NULL) {
        return;
    }
    if (writer->csv != NULL) {
        (void)fclose(writer->csv); /* abandoned */
    }
    if (writer->book != NULL) {
        /* libxlsxwriter frees a workbook only by closing it. */
        (void)workbook_close(writer->book);
    }
    if (!writer->is_finished) {
        g_unlink(writer->part_path);
    }
    g_array_unref(writer->columns);
    g_free(writer->path);
    g_free(writer->part_path);
    g_free(writer->sheet);
    g_free(writer);
}

int64_t table_rows_written(const TableWriter *writer) {
    return writer->rows;
}

bool table_format_parse(const char *word, TableFormat *ret_format) {
    bool is_csv = strcmp(word, "csv") == 0;
    if (!is_csv && strcmp(word, "xlsx") != 0) {
        return false;
    }
    *ret_format = is_csv ? TABLE_CSV : TABLE_XLSX;
    return true;
}

const char *table_format_mime(TableFormat format) {
    return format == TABLE_CSV ? "text/csv; charset=utf-8"
                               : "application/vnd.openxmlformats-officedocument."
                                 "spreadsheetml.sheet";
}
