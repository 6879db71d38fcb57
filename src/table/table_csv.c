/*
 * CSV by libcsv, strict: a quote in the wrong place is an error with its line, because reading on
 * would silently swallow the rows up to the next quote.
 *
 * libcsv reports each line break (CSV_REPALL_NL), so that the line of every row is known also with
 * blank lines, CRLF and line breaks inside cells.
 */
#include "base/limits.h"
#include "table/table_internal.h"

#include <csv.h>
#include <string.h>

#define GROWTH 4096 /* bytes by which libcsv grows its cell buffer */

struct CsvReader {
    TableReader *reader;
    TableDecoder *decoder;
    struct csv_parser parser;
    char delimiter;
    int64_t line;      /* line on which the cell being read began */
    bool after_return; /* the last terminator was CR: an LF right after it is the same break */
    bool too_many_columns;
    bool too_long_cell;
    int64_t problem_line;
    const char *piece; /* first piece, read to find the delimiter and not yet parsed */
    size_t piece_size;
};

static int is_blank(unsigned char c) {
    return c == ' ' || c == '\t';
}

static int is_space_only(unsigned char c) {
    return c == ' ';
}

static int64_t breaks_inside(const char *text, size_t size) {
    int64_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += text[i] == '\n' || (text[i] == '\r' && (i + 1 == size || text[i + 1] != '\n'));
    }
    return count;
}

static void trim(const char **text, size_t *size) {
    while (*size > 0 && g_ascii_isspace((*text)[0])) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && g_ascii_isspace((*text)[*size - 1])) {
        (*size)--;
    }
}

static void on_cell(void *bytes, size_t size, void *data) {
    CsvReader *csv = data;
    TableQueue *queue = &csv->reader->queue;
    const char *text = bytes;
    csv->after_return = false;
    if (queue->cells->len - queue->open.first >= LIMIT_TABLE_COLUMNS || size > LIMIT_TABLE_CELL) {
        if (csv->problem_line == 0) {
            csv->problem_line = csv->line;
            csv->too_long_cell = size > LIMIT_TABLE_CELL;
            csv->too_many_columns = !csv->too_long_cell;
        }
        return;
    }
    int64_t breaks = memchr(text, '\n', size) != NULL || memchr(text, '\r', size) != NULL
                         ? breaks_inside(text, size)
                         : 0;
    trim(&text, &size);
    queue_add_cell(queue, text, size);
    csv->line += breaks;
}

static void on_break(int c, void *data) {
    CsvReader *csv = data;
    if (c == '\n' && csv->after_return) {
        csv->after_return = false;
        csv->reader->queue.open.line = csv->line;
        return;
    }
    csv->after_return = c == '\r';
    csv->line++;
    if (csv->problem_line == 0) {
        queue_end_row(&csv->reader->queue, csv->line);
    }
}

/* The delimiter that stands most often in the first line, outside quotes; comma if none does. */
static char find_delimiter(const char *text, size_t size) {
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[G_N_ELEMENTS(candidates)] = {0};
    bool is_quoted = false;
    for (size_t i = 0; i < size && (is_quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        is_quoted = is_quoted != (text[i] == '"');
        for (size_t k = 0; k < G_N_ELEMENTS(candidates) && !is_quoted; k++) {
            counts[k] += text[i] == candidates[k];
        }
    }
    size_t best = 0;
    for (size_t k = 1; k < G_N_ELEMENTS(candidates); k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return candidates[best];
}

bool csv_open(TableReader *reader, GError **error) {
    CsvReader *csv = g_new0(CsvReader, 1);
    reader->csv = csv;
    csv->reader = reader;
    csv->line = 1;
    int failed = csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    g_assert(failed == 0);
    if (!decoder_open(reader, &csv->decoder, error) ||
        !decoder_next(csv->decoder, &csv->piece, &csv->piece_size, error)) {
        return false;
    }
    if (csv->piece_size == 0) {
        return table_fail(reader, TABLE_EMPTY, 0, -1, error, "the file is empty");
    }
    csv->delimiter = reader->options.delimiter != '\0'
                         ? reader->options.delimiter
                         : find_delimiter(csv->piece, csv->piece_size);
    csv_set_delim(&csv->parser, (unsigned char)csv->delimiter);
    csv_set_space_func(&csv->parser, csv->delimiter == '\t' ? is_space_only : is_blank);
    csv_set_blk_size(&csv->parser, GROWTH);
    return true;
}

static bool check(CsvReader *csv, size_t parsed, size_t size, GError **error) {
    TableReader *reader = csv->reader;
    if (csv->problem_line == 0 && csv->parser.entry_pos > LIMIT_TABLE_CELL) {
        csv->problem_line = csv->line;
        csv->too_long_cell = true;
    }
    int64_t line = csv->problem_line != 0 ? csv->problem_line : csv->line;
    if (csv->too_many_columns) {
        return table_fail(reader,
                          TABLE_MANY_COLUMNS,
                          line,
                          -1,
                          error,
                          "line %" G_GINT64_FORMAT ": more than %d columns",
                          line,
                          LIMIT_TABLE_COLUMNS);
    }
    if (csv->too_long_cell) {
        return table_fail(reader,
                          TABLE_LONG_CELL,
                          line,
                          -1,
                          error,
                          "line %" G_GINT64_FORMAT ": a cell longer than %d bytes",
                          line,
                          LIMIT_TABLE_CELL);
    }
    if (parsed < size) {
        return table_fail(reader,
                          TABLE_STRAY_QUOTE,
                          line,
                          -1,
                          error,
                          "line %" G_GINT64_FORMAT ": a quote in the wrong place",
                          line);
    }
    return true;
}

static bool finish(CsvReader *csv, GError **error) {
    TableReader *reader = csv->reader;
    if (csv_fini(&csv->parser, on_cell, on_break, csv) != 0) {
        return table_fail(reader,
                          TABLE_OPEN_QUOTE,
                          csv->line,
                          -1,
                          error,
                          "line %" G_GINT64_FORMAT ": the quote that begins here is not closed",
                          csv->line);
    }
    reader->at_end = true;
    return check(csv, 0, 0, error);
}

bool csv_fill(TableReader *reader, GError **error) {
    CsvReader *csv = reader->csv;
    const char *text = csv->piece;
    size_t size = csv->piece_size;
    csv->piece = NULL;
    if (text == NULL && !decoder_next(csv->decoder, &text, &size, error)) {
        return false;
    }
    if (size == 0) {
        return finish(csv, error);
    }
    size_t parsed = csv_parse(&csv->parser, text, size, on_cell, on_break, csv);
    return check(csv, parsed, size, error);
}

void csv_close(CsvReader *csv) {
    csv_free(&csv->parser);
    decoder_free(csv->decoder);
    g_free(csv);
}

char csv_delimiter(const CsvReader *csv) {
    return csv->delimiter;
}

TableEncoding csv_encoding(const CsvReader *csv) {
    return decoder_encoding(csv->decoder);
}

int64_t csv_position(const CsvReader *csv) {
    return decoder_position(csv->decoder);
}
