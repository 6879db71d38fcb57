/* Rows of one sheet: cells by reference, types, dates. */
#include "table/table_xlsx.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum CellType { CELL_NUMBER, CELL_SHARED, CELL_TEXT, CELL_BOOLEAN } CellType;

struct XlsxSheet {
    XlsxSax sax;
    bool in_row;
    bool in_cell;
    bool in_value;
    unsigned phonetic;
    CellType type;
    bool is_date;
    size_t column; /* of the cell being read */
    GString *value;
};

bool sheet_format_is_date(const char *format) {
    for (const char *at = format; *at != '\0'; at++) {
        char stop = *at == '"' ? '"' : *at == '[' ? ']' : '\0';
        if (*at == '[' && strchr("hHmMsS", at[1]) != NULL && at[1] != '\0') {
            return true; /* [h]:mm, elapsed time */
        }
        if (stop != '\0') {
            const char *end = strchr(at + 1, stop);
            if (end == NULL) {
                return false;
            }
            at = end;
        } else if (*at == '\\' || *at == '_' || *at == '*') {
            at += at[1] != '\0';
        } else if (strchr("yYmMdDhHsS", *at) != NULL) {
            return true;
        } else if (*at == ';') {
            return false; /* the first section decides */
        }
    }
    return false;
}

/* Days since 1970-01-01 to a date (Howard Hinnant, "chrono-compatible date algorithms"). */
static void civil_from_days(int64_t days, int *year, int *month, int *day) {
    days += 719468;
    int64_t era = days / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

bool sheet_format_serial(double serial, bool is_1904, char *buffer, size_t size) {
    /* 2958465 is 9999-12-31, the last day Excel knows. */
    if (!(serial >= 0.0 && serial < 2958466.0)) {
        return false;
    }
    double whole = floor(serial);
    int64_t seconds = llround((serial - whole) * 86400.0);
    int64_t days = (int64_t)whole;
    if (seconds >= 86400) {
        seconds -= 86400;
        days++;
    }
    int hour = (int)(seconds / 3600);
    int minute = (int)(seconds / 60 % 60);
    int second = (int)(seconds % 60);
    if (days == 0 && !is_1904) {
        g_snprintf(buffer, (gulong)size, "%02d:%02d:%02d", hour, minute, second);
        return true;
    }
    /* The 1900 system counts a 29 February 1900 that never was. */
    int64_t since_1970 = is_1904 ? days - 24107 : days - (days < 60 ? 25568 : 25569);
    int year = 0;
    int month = 0;
    int day = 0;
    civil_from_days(since_1970, &year, &month, &day);
    if (seconds == 0) {
        g_snprintf(buffer, (gulong)size, "%04d-%02d-%02d", year, month, day);
    } else {
        g_snprintf(buffer,
                   (gulong)size,
                   "%04d-%02d-%02dT%02d:%02d:%02d",
                   year,
                   month,
                   day,
                   hour,
                   minute,
                   second);
    }
    return true;
}

/* A number as a person sees it: 15 significant digits, as Excel shows, no exponent where digits
 * will do. */
static void format_number(const XlsxSheet *sheet, char *buffer, size_t size) {
    char *end = NULL;
    double number = g_ascii_strtod(sheet->value->str, &end);
    if (*end != '\0' || end == sheet->value->str || !isfinite(number)) {
        g_strlcpy(buffer, sheet->value->str, size);
        return;
    }
    if (sheet->is_date &&
        sheet_format_serial(number, sheet->sax.reader->xlsx->is_1904, buffer, size)) {
        return;
    }
    bool is_whole = fabs(number) < 1e15 && floor(number) == number;
    g_ascii_formatd(buffer, (int)size, is_whole ? "%.0f" : "%.15g", number);
}

/* "BC12" -> column 54 (from 0); keeps `fallback` when there is no reference. */
static size_t column_of(const char *reference, size_t fallback) {
    size_t column = 0;
    const char *at = reference;
    for (; g_ascii_isalpha(*at) && column <= LIMIT_TABLE_COLUMNS; at++) {
        column = column * 26 + (size_t)(g_ascii_toupper(*at) - 'A') + 1;
    }
    return at == reference ? fallback : column - 1;
}

static size_t cells_in_row(const XlsxSheet *sheet) {
    const TableQueue *queue = &sheet->sax.reader->queue;
    return queue->cells->len - queue->open.first;
}

static void begin_row(XlsxSheet *sheet, const xmlChar **attributes, int count) {
    char text[24];
    int64_t row = sheet->sax.line + 1;
    if (sax_attribute(attributes, count, "r", text, sizeof text)) {
        row = g_ascii_strtoll(text, NULL, 10);
    }
    if (row <= sheet->sax.line || row > LIMIT_TABLE_ROWS) {
        sax_stop(&sheet->sax, TABLE_BROKEN_XLSX, "damaged workbook: row numbers out of order");
        return;
    }
    sheet->sax.line = row;
    sheet->sax.reader->queue.open.line = row;
    sheet->in_row = true;
}

static void begin_cell(XlsxSheet *sheet, const xmlChar **attributes, int count) {
    char text[32];
    size_t next = cells_in_row(sheet);
    sheet->column =
        sax_attribute(attributes, count, "r", text, sizeof text) ? column_of(text, next) : next;
    if (sheet->column >= LIMIT_TABLE_COLUMNS) {
        sax_stop(&sheet->sax, TABLE_MANY_COLUMNS, "more than 256 columns");
        return;
    }
    if (sheet->column < next) {
        sax_stop(&sheet->sax, TABLE_BROKEN_XLSX, "damaged workbook: cells out of order");
        return;
    }
    sheet->type = CELL_NUMBER;
    if (sax_attribute(attributes, count, "t", text, sizeof text)) {
        sheet->type = strcmp(text, "s") == 0   ? CELL_SHARED
                      : strcmp(text, "n") == 0 ? CELL_NUMBER
                      : strcmp(text, "b") == 0 ? CELL_BOOLEAN
                                               : CELL_TEXT;
    }
    const GArray *is_date = sheet->sax.reader->xlsx->is_date;
    uint64_t style = sax_attribute(attributes, count, "s", text, sizeof text)
                         ? g_ascii_strtoull(text, NULL, 10)
                         : 0;
    sheet->is_date = style < is_date->len && g_array_index(is_date, bool, style);
    sheet->in_cell = true;
    g_string_truncate(sheet->value, 0);
}

static void add_shared(XlsxSheet *sheet) {
    const XlsxReader *xlsx = sheet->sax.reader->xlsx;
    char *end = NULL;
    uint64_t index = g_ascii_strtoull(sheet->value->str, &end, 10);
    if (end == sheet->value->str || *end != '\0' || index >= xlsx->string_start->len) {
        sax_stop(&sheet->sax, TABLE_BROKEN_XLSX, "damaged workbook: a shared text is missing");
        return;
    }
    guint32 start = g_array_index(xlsx->string_start, guint32, index);
    queue_add_stable(&sheet->sax.reader->queue, (const char *)xlsx->strings->data + start);
}

static void end_cell(XlsxSheet *sheet) {
    TableQueue *queue = &sheet->sax.reader->queue;
    sheet->in_cell = false;
    sheet->in_value = false;
    while (cells_in_row(sheet) < sheet->column) {
        queue_add_stable(queue, "");
    }
    g_strstrip(sheet->value->str);
    size_t size = strlen(sheet->value->str);
    char number[64];
    if (size == 0) {
        queue_add_stable(queue, "");
    } else if (sheet->type == CELL_SHARED) {
        add_shared(sheet);
    } else if (sheet->type == CELL_BOOLEAN) {
        queue_add_stable(queue, strcmp(sheet->value->str, "1") == 0 ? "true" : "false");
    } else if (sheet->type == CELL_NUMBER && size < sizeof number) {
        format_number(sheet, number, sizeof number);
        queue_add_cell(queue, number, strlen(number));
    } else {
        queue_add_cell(queue, sheet->value->str, size);
    }
}

static void on_start(void *data,
                     const xmlChar *name,
                     const xmlChar *prefix G_GNUC_UNUSED,
                     const xmlChar *uri G_GNUC_UNUSED,
                     int namespaces G_GNUC_UNUSED,
                     const xmlChar **names G_GNUC_UNUSED,
                     int count,
                     int defaulted G_GNUC_UNUSED,
                     const xmlChar **attributes) {
    XlsxSheet *sheet = data;
    const char *word = (const char *)name;
    if (!sheet->in_row) {
        if (strcmp(word, "row") == 0) {
            begin_row(sheet, attributes, count);
        }
    } else if (!sheet->in_cell) {
        if (strcmp(word, "c") == 0) {
            begin_cell(sheet, attributes, count);
        }
    } else if (strcmp(word, "rPh") == 0) {
        sheet->phonetic++;
    } else if (strcmp(word, "v") == 0 || strcmp(word, "t") == 0) {
        sheet->in_value = sheet->phonetic == 0;
    }
}

static void on_end(void *data,
                   const xmlChar *name,
                   const xmlChar *prefix G_GNUC_UNUSED,
                   const xmlChar *uri G_GNUC_UNUSED) {
    XlsxSheet *sheet = data;
    const char *word = (const char *)name;
    if (strcmp(word, "v") == 0 || strcmp(word, "t") == 0) {
        sheet->in_value = false;
    } else if (strcmp(word, "rPh") == 0 && sheet->phonetic > 0) {
        sheet->phonetic--;
    } else if (strcmp(word, "c") == 0 && sheet->in_cell) {
        end_cell(sheet);
    } else if (strcmp(word, "row") == 0 && sheet->in_row) {
        sheet->in_row = false;
        queue_end_row(&sheet->sax.reader->queue, sheet->sax.line + 1);
    }
}

static void on_text(void *data, const xmlChar *text, int size) {
    XlsxSheet *sheet = data;
    if (!sheet->in_value) {
        return;
    }
    if (sheet->value->len + (size_t)size > LIMIT_TABLE_CELL) {
        sax_stop(&sheet->sax, TABLE_LONG_CELL, "a cell is longer than allowed");
        return;
    }
    g_string_append_len(sheet->value, (const char *)text, size);
}

XlsxSheet *sheet_new(TableReader *reader) {
    XlsxSheet *sheet = g_new0(XlsxSheet, 1);
    xmlSAXHandler handler = {
        .startElementNs = on_start, .endElementNs = on_end, .characters = on_text};
    sheet->sax.reader = reader;
    sheet->value = g_string_new(NULL);
    sax_start(&sheet->sax, &handler); /* libxml2 copies the handler */
    return sheet;
}

bool sheet_push(XlsxSheet *sheet, const char *bytes, size_t size, GError **error) {
    return sax_push(&sheet->sax, bytes, size, error);
}

void sheet_free(XlsxSheet *sheet) {
    xmlFreeParserCtxt(sheet->sax.context);
    g_string_free(sheet->value, TRUE);
    g_free(sheet);
}
