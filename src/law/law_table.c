/* Decision tables: asking them. Reading is law_table_read.c. */
#include "law/law_table.h"

#include "base/error.h"
#include "law/law_internal.h"
#include "law/law_table_internal.h"

#include <string.h>

const LawTable *law_table_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    const LawTable *table = law_entry_at(book->tables, id, time_us);
    if (table == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no table \"%s\" on that day", id);
    }
    return table;
}

const LawTableColumn *
law_table_column(const LawTableColumn *columns, unsigned count, const char *id) {
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(columns[i].id, id) == 0) {
            return &columns[i];
        }
    }
    return NULL;
}

/* "27.5" in thousandths. */
bool law_table_number(const char *text, int64_t *ret) {
    const char *point = strchr(text, '.');
    size_t decimals = point == NULL ? 0 : strlen(point + 1);
    if (decimals > 3 || (point != NULL && (decimals == 0 || point == text))) {
        return false;
    }
    g_autoptr(GString) digits = g_string_new(text);
    if (point != NULL) {
        g_string_erase(digits, point - text, 1);
    }
    g_string_append_len(digits, "000", (gssize)(3 - decimals));
    return g_ascii_isdigit(text[0]) &&
           g_ascii_string_to_signed(digits->str, 10, 0, LAW_TABLE_MAX, ret, NULL);
}

bool law_table_hits(const LawTable *table, const LawTableRow *row, const int64_t *facts) {
    for (unsigned i = 0; i < table->input_count; i++) {
        const LawTableCell *cell = &row->cells[i];
        bool fits = table->inputs[i].values != NULL
                        ? cell->wanted == 0 || (cell->wanted >> facts[i] & 1) != 0
                        : cell->from <= facts[i] && facts[i] <= cell->to;
        if (!fits) {
            return false;
        }
    }
    return true;
}

const LawTableRow *law_table_row(const LawTable *table, const int64_t *facts) {
    for (unsigned i = 0; i < table->row_count; i++) {
        if (law_table_hits(table, &table->rows[i], facts)) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static bool read_choice(const LawTableColumn *column, const char *value, int64_t *ret) {
    for (int i = 0; column->values[i] != NULL; i++) {
        if (strcmp(column->values[i], value) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool read_fact(const LawTableColumn *column, const char *value, int64_t *ret) {
    return column->values != NULL ? read_choice(column, value, ret)
                                  : law_table_number(value, ret) && column->min <= *ret &&
                                        *ret <= column->max && *ret % column->step == 0;
}

static char *expected(const LawTableColumn *column) {
    if (column->values != NULL) {
        g_autofree char *known = g_strjoinv(", ", (char **)column->values);
        return g_strdup_printf("one of: %s", known);
    }
    g_autofree char *min = law_table_number_text(column->min);
    g_autofree char *max = law_table_number_text(column->max);
    return g_strdup_printf("a number from %s to %s", min, max);
}

static const char *said_about(const LawSaid *said, size_t count, const char *id) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(said[i].fact, id) == 0) {
            return said[i].value;
        }
    }
    return NULL;
}

const LawTableRow *
law_table_decide(const LawTable *table, const LawSaid *said, size_t count, GError **error) {
    int64_t facts[LAW_TABLE_INPUTS] = {0};
    for (size_t i = 0; i < count; i++) {
        if (law_table_column(table->inputs, table->input_count, said[i].fact) == NULL) {
            hz_fail(error,
                    HZ_ERROR_INVALID,
                    "%s: there is no fact \"%s\"",
                    table->entry.id,
                    said[i].fact);
            return NULL;
        }
    }
    for (unsigned i = 0; i < table->input_count; i++) {
        const LawTableColumn *column = &table->inputs[i];
        const char *value = said_about(said, count, column->id);
        if (value == NULL || !read_fact(column, value, &facts[i])) {
            g_autofree char *wanted = expected(column);
            hz_fail(error,
                    HZ_ERROR_INVALID,
                    "%s: the fact \"%s\" is %s%s",
                    table->entry.id,
                    column->id,
                    value == NULL ? "needed, " : "",
                    wanted);
            return NULL;
        }
    }
    const LawTableRow *row = law_table_row(table, facts);
    g_assert(row != NULL); /* loading has seen every case */
    return row;
}

const char *law_table_answer(const LawTable *table, const LawTableRow *row, const char *output) {
    const LawTableColumn *column = law_table_column(table->outputs, table->output_count, output);
    return row->ask != NULL || column == NULL ? NULL : row->answers[column - table->outputs];
}

/* --- in words -----------------------------------------------------------------------------------
 */

char *law_table_number_text(int64_t thousandths) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT ".%03" G_GINT64_FORMAT,
                                            thousandths / LAW_TABLE_SCALE,
                                            thousandths % LAW_TABLE_SCALE);
    size_t end = strlen(text);
    while (text[end - 1] == '0') {
        end--;
    }
    end -= text[end - 1] == '.';
    return g_strndup(text, end);
}

static void add_choice(GString *out, const LawTableColumn *column, uint32_t wanted) {
    bool is_first = true;
    g_string_append_printf(out, "%s为", column->name);
    for (unsigned i = 0; column->values[i] != NULL; i++) {
        if ((wanted >> i & 1) != 0) {
            g_string_append_printf(out, "%s%s", is_first ? "" : "或", column->values_zh[i]);
            is_first = false;
        }
    }
}

static void add_range(GString *out, const LawTableColumn *column, const LawTableCell *cell) {
    g_autofree char *from = law_table_number_text(cell->from);
    g_autofree char *to = law_table_number_text(cell->to);
    const char *unit = column->unit == NULL ? "" : column->unit;
    if (cell->from == cell->to) {
        g_string_append_printf(out, "%s %s %s", column->name, from, unit);
    } else if (cell->to == column->max) {
        g_string_append_printf(out, "%s不少于 %s %s", column->name, from, unit);
    } else if (cell->from == column->min) {
        g_string_append_printf(out, "%s不多于 %s %s", column->name, to, unit);
    } else {
        g_string_append_printf(out, "%s %s 至 %s %s", column->name, from, to, unit);
    }
}

char *law_table_answers_zh(const LawTable *table, const LawTableRow *row) {
    GString *out = g_string_new(row->ask);
    for (unsigned i = 0; row->ask == NULL && i < table->output_count; i++) {
        const LawTableColumn *output = &table->outputs[i];
        const char *words = row->answers[i];
        for (unsigned v = 0; output->values != NULL && output->values[v] != NULL; v++) {
            words = strcmp(output->values[v], row->answers[i]) == 0 ? output->values_zh[v] : words;
        }
        g_string_append_printf(out,
                               "%s%s：%s%s",
                               i > 0 ? "；" : "",
                               output->name,
                               words,
                               output->unit == NULL ? "" : output->unit);
    }
    return g_string_free(out, FALSE);
}

char *law_table_when_zh(const LawTable *table, const LawTableRow *row) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < table->input_count; i++) {
        const LawTableColumn *column = &table->inputs[i];
        const LawTableCell *cell = &row->cells[i];
        bool is_any = column->values != NULL ? cell->wanted == 0
                                             : cell->from == column->min && cell->to == column->max;
        if (is_any) {
            continue;
        }
        g_string_append(out, out->len > 0 ? "，" : "");
        if (column->values != NULL) {
            add_choice(out, column, cell->wanted);
        } else {
            add_range(out, column, cell);
        }
    }
    g_string_append(out, out->len > 0 ? "" : "其他情形");
    return g_string_free(out, FALSE);
}

char *law_table_trace_zh(const LawTable *table, const LawTableRow *row) {
    g_autofree char *when = law_table_when_zh(table, row);
    return g_strdup_printf("%s第 %u 行：%s；依据%s（%s）",
                           table->entry.name,
                           (unsigned)(row - table->rows) + 1,
                           when,
                           row->basis_zh,
                           law_confidence_zh(row->confidence));
}
