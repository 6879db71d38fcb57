/* Fields that a decision table answers. */
#include "law/law_internal.h"
#include "law/law_table_internal.h"

#include <string.h>

/* The row for what was said; NULL: the table is not in force, or the facts are not all there. */
static const LawTableRow *row_for(const LawBook *book,
                                  const LawField *field,
                                  const json_t *data,
                                  int64_t time_us,
                                  const LawTable **ret_table) {
    const LawFieldTable *from = field->table;
    LawSaid said[LAW_TABLE_INPUTS];
    *ret_table = law_table_at(book, from->id, time_us, NULL);
    for (unsigned i = 0; *ret_table != NULL && i < from->fact_count; i++) {
        const char *value = json_get_text(data, from->facts[i].field, NULL);
        if (value == NULL || value[0] == '\0') {
            return NULL;
        }
        said[i] = (LawSaid){from->facts[i].fact, value};
    }
    return *ret_table == NULL ? NULL : law_table_decide(*ret_table, said, from->fact_count, NULL);
}

const char *law_field_decided(const LawBook *book,
                              const LawField *field,
                              const json_t *data,
                              int64_t time_us,
                              const char **ret_ask) {
    static const char doubt[] = "规则表里这一行是凭记忆录入的，还没有核对原文：请对照原文填写";
    const LawTable *table = NULL;
    const LawTableRow *row = row_for(book, field, data, time_us, &table);
    bool is_open = row != NULL && (row->ask != NULL || row->confidence == LAW_MEMORY);
    if (ret_ask != NULL) {
        *ret_ask = !is_open ? NULL : row->ask != NULL ? row->ask : doubt;
    }
    return row == NULL || is_open ? NULL : law_table_answer(table, row, field->table->output);
}

static bool says_same(const LawField *field, const char *answer, const char *value) {
    int64_t decided = 0;
    int64_t said = 0;
    return strcmp(answer, value) == 0 ||
           (field->values == NULL && law_table_number(answer, &decided) &&
            law_table_number(value, &said) && decided == said);
}

static const char *answer_zh(const LawField *field, const char *answer) {
    for (unsigned i = 0; field->values != NULL && field->values[i] != NULL; i++) {
        if (strcmp(field->values[i], answer) == 0) {
            return field->values_zh[i];
        }
    }
    return answer;
}

void law_form_check_tables(const LawBook *book,
                           const LawForm *form,
                           const json_t *data,
                           int64_t time_us,
                           json_t *problems) {
    for (unsigned i = 0; i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        if (field->table == NULL || !law_field_is_asked(field, data) ||
            json_object_get(problems, field->id) != NULL) {
            continue;
        }
        const char *ask = NULL;
        const char *answer = law_field_decided(book, field, data, time_us, &ask);
        const char *value = json_get_text(data, field->id, "");
        g_autofree char *problem = NULL;
        if (answer == NULL && value[0] == '\0') {
            problem = g_strdup(ask == NULL ? "请填写" : ask);
        } else if (answer != NULL && !says_same(field, answer, value)) {
            g_autofree char *trace = law_field_trace_zh(book, field, data, time_us);
            problem = g_strdup_printf("按规定应为“%s”：%s", answer_zh(field, answer), trace);
        }
        if (problem != NULL) {
            json_put_text(problems, field->id, problem);
        }
    }
}

char *law_field_trace_zh(const LawBook *book,
                         const LawField *field,
                         const json_t *data,
                         int64_t time_us) {
    const LawTable *table = NULL;
    const LawTableRow *row =
        field->table == NULL ? NULL : row_for(book, field, data, time_us, &table);
    return row == NULL || row->ask != NULL ? NULL : law_table_trace_zh(table, row);
}

/* --- does the table fit the form? ---------------------------------------------------------------
 */

/* Every value that the field can have is one of the column. */
static bool covers(const LawTableColumn *column, const LawField *field) {
    if (column->values == NULL || field->values == NULL) {
        return column->values == NULL && field->values == NULL;
    }
    for (unsigned i = 0; field->values[i] != NULL; i++) {
        if (!g_strv_contains(column->values, field->values[i])) {
            return false;
        }
    }
    return true;
}

static void check_edition(LawReader *reader,
                          LawNode node,
                          const LawTable *table,
                          const LawForm *form,
                          const LawField *field) {
    const LawFieldTable *from = field->table;
    const LawTableColumn *output =
        law_table_column(table->outputs, table->output_count, from->output);
    if (output == NULL || (output->values == NULL) != (field->values == NULL) ||
        (output->values != NULL && !g_strv_equal(output->values, field->values))) {
        law_wrong(reader,
                  node,
                  "the table \"%s\" has no output \"%s\" with the values of this field",
                  from->id,
                  from->output);
    }
    for (unsigned i = 0; i < from->fact_count; i++) {
        const LawTableColumn *input =
            law_table_column(table->inputs, table->input_count, from->facts[i].fact);
        const LawField *said = law_form_field(form, from->facts[i].field);
        if (input == NULL || !covers(input, said)) {
            law_wrong(reader,
                      node,
                      "the table \"%s\" has no input \"%s\" with the values of the field \"%s\"",
                      from->id,
                      from->facts[i].fact,
                      said->id);
        }
    }
    if (from->fact_count != table->input_count) {
        law_wrong(reader, node, "the table \"%s\" asks for other facts", from->id);
    }
}

static void
check_field(LawReader *reader, const LawBook *book, const LawForm *form, const LawField *field) {
    LawNode map = *(LawNode *)g_hash_table_lookup(book->places, form);
    LawNode node =
        law_get(law_at(law_get(map, "fields"), (unsigned)(field - form->fields)), "table");
    bool is_there = false;
    for (guint i = 0; i < book->tables->len; i++) {
        const LawTable *table = book->tables->pdata[i];
        if (strcmp(table->entry.id, field->table->id) == 0) {
            is_there = true;
            check_edition(reader, node, table, form, field);
        }
    }
    if (!is_there) {
        law_wrong(reader, node, "there is no table \"%s\"", field->table->id);
    }
}

void law_check_form_tables(LawReader *reader, const LawBook *book) {
    for (guint i = 0; i < book->forms->len; i++) {
        const LawForm *form = book->forms->pdata[i];
        for (unsigned f = 0; f < form->field_count; f++) {
            if (form->fields[f].table != NULL) {
                check_field(reader, book, form, &form->fields[f]);
            }
        }
    }
}
