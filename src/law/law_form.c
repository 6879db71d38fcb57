/* Reading forms, and what is asked of them. */
#include "law/law_form.h"

#include "base/error.h"
#include "base/limits.h"
#include "law/law_internal.h"

#include <string.h>

#define FIELDS_MAX 60
#define TEXT_CHARS 200
#define LONG_CHARS 4000
#define NUMBER_MAX INT64_C(1000000000000)

static const char *const types[] = {"text",
                                    "long",
                                    "date",
                                    "time",
                                    "number",
                                    "money",
                                    "yes-no",
                                    "choice",
                                    "choices",
                                    "files",
                                    "checklist",
                                    NULL};

static const char *const prefills[] = {"unit.name", "unit.address", "unit.category", NULL};

/* --- reading ------------------------------------------------------------------------------------
 */

static bool has_values(LawFieldType type) {
    return type == LAW_FIELD_CHOICE || type == LAW_FIELD_CHOICES || type == LAW_FIELD_CHECKLIST;
}

static void read_values(LawReader *reader, LawNode field, LawField *ret) {
    static const char *const yes_no[] = {"yes", "no", NULL};
    static const char *const yes_no_zh[] = {"是", "否", NULL};
    LawNode map = law_get(field, "values");
    if (ret->type == LAW_FIELD_YES_NO) {
        ret->values = yes_no;
        ret->values_zh = yes_no_zh;
    }
    if (law_is_there(map) != has_values(ret->type)) {
        law_wrong(reader, field, "values stand in choice, choices and checklist, and only there");
    } else if (law_is_there(map)) {
        law_read_values(reader, map, &ret->values, &ret->values_zh);
    }
}

static void read_bounds(LawReader *reader, LawNode field, LawField *ret) {
    bool is_number = ret->type == LAW_FIELD_NUMBER || ret->type == LAW_FIELD_MONEY;
    ret->max = ret->type == LAW_FIELD_LONG    ? LONG_CHARS
               : is_number                    ? NUMBER_MAX
               : ret->type == LAW_FIELD_FILES ? LIMIT_FORM_FILES
                                              : TEXT_CHARS;
    LawNode min = law_get(field, "min");
    LawNode max = law_get(field, "max");
    if (law_is_there(min)) {
        ret->min = law_int(reader, min, 0, NUMBER_MAX);
    }
    if (law_is_there(max)) {
        int64_t most = is_number                      ? NUMBER_MAX
                       : ret->type == LAW_FIELD_FILES ? LIMIT_FORM_FILES
                                                      : LONG_CHARS;
        ret->max = law_int(reader, max, ret->min, most);
    }
}

/* "asks: {other: [values]}": the other field stands above and has these values. */
static void read_asks(LawReader *reader, LawNode asks, const LawForm *form, LawField *ret) {
    if (!law_is_there(asks)) {
        return;
    }
    if (law_pairs(asks) != 1) {
        law_wrong(reader, asks, "{field: [values]} is expected");
        return;
    }
    const LawField *other = law_form_field(form, law_scalar(law_key(asks, 0)));
    if (other == NULL || other->values == NULL || other->type == LAW_FIELD_CHECKLIST) {
        law_wrong(reader, law_key(asks, 0), "no field with values of this name stands above");
        return;
    }
    ret->asks_field = other->id;
    ret->asks_values = law_read_texts(reader, law_value(asks, 0));
    for (unsigned i = 0; reader->error == NULL && ret->asks_values[i] != NULL; i++) {
        if (!g_strv_contains(other->values, ret->asks_values[i])) {
            law_wrong(reader, law_at(law_value(asks, 0), i), "the field has no such value");
        }
    }
}

/* The values of a sum are "nothing failed" and then those of its checklist. */
static void read_sum(LawReader *reader, LawNode map, const LawForm *form, LawField *ret) {
    LawNode sum = law_get(map, "sum");
    if (!law_is_there(sum)) {
        return;
    }
    const LawField *list = law_form_field(form, law_text(reader, sum));
    if (list == NULL || list->type != LAW_FIELD_CHECKLIST || ret->type != LAW_FIELD_CHOICE) {
        law_wrong(reader, sum, "a sum is a choice that follows from a checklist above it");
        return;
    }
    if (ret->values == NULL || ret->values[0] == NULL ||
        !g_strv_equal((const char *const *)ret->values + 1, list->values)) {
        law_wrong(reader, map, "the values are one for \"nothing failed\" and those of the list");
    }
    ret->sum = list->id;
}

/* "{id, output, facts: {input: field above}}"; law_check_tables looks whether the table is there.
 */
static void read_table(LawReader *reader, LawNode node, const LawForm *form, LawField *ret) {
    LawFieldTable table = {.id = NULL};
    if (!law_is_there(node) || !law_keys(reader, node, "id output facts")) {
        return;
    }
    LawNode facts = law_get(node, "facts");
    table.id = law_text(reader, law_get(node, "id"));
    table.output = law_text(reader, law_get(node, "output"));
    table.fact_count = law_pairs(facts);
    LawFactFrom *from = g_new0(LawFactFrom, table.fact_count + 1);
    for (unsigned i = 0; i < table.fact_count; i++) {
        const LawField *field = law_form_field(form, law_text(reader, law_value(facts, i)));
        if (field == NULL && reader->error == NULL) {
            law_wrong(reader, law_value(facts, i), "no field of this name stands above");
        }
        from[i] = (LawFactFrom){law_scalar(law_key(facts, i)), field == NULL ? "" : field->id};
    }
    table.facts = law_keep(from, (table.fact_count + 1) * sizeof *from);
    g_free(from);
    bool fits = ret->type == LAW_FIELD_CHOICE || ret->type == LAW_FIELD_YES_NO ||
                ret->type == LAW_FIELD_NUMBER || ret->type == LAW_FIELD_MONEY;
    if (!fits || ret->required || table.fact_count == 0) {
        law_wrong(
            reader, node, "a table answers a choice or a number, from facts, and is not required");
    }
    ret->table = law_keep(&table, sizeof table);
}

static bool optional_bool(LawReader *reader, LawNode node) {
    return law_is_there(node) && law_bool(reader, node);
}

static void read_field(LawReader *reader, LawNode map, const LawForm *form, LawField *ret) {
    if (!law_keys(reader,
                  map,
                  "id label type help? required? sealed? values? min? max? asks? prefill? "
                  "checklist? sum? table?")) {
        return;
    }
    ret->id = law_id(reader, law_get(map, "id"));
    ret->label = law_text(reader, law_get(map, "label"));
    ret->type = (LawFieldType)law_word(reader, law_get(map, "type"), types);
    ret->help = law_text_or_null(reader, law_get(map, "help"));
    ret->required = optional_bool(reader, law_get(map, "required"));
    ret->sealed = optional_bool(reader, law_get(map, "sealed"));
    ret->prefill = law_text_or_null(reader, law_get(map, "prefill"));
    ret->checklist = law_text_or_null(reader, law_get(map, "checklist"));
    if (ret->prefill != NULL && !g_strv_contains(prefills, ret->prefill)) {
        law_wrong(reader, law_get(map, "prefill"), "nothing is known as \"%s\"", ret->prefill);
    }
    if ((ret->checklist != NULL) != (ret->type == LAW_FIELD_CHECKLIST)) {
        law_wrong(reader, map, "\"checklist: id\" stands in a field of type checklist");
    }
    bool is_words = ret->type == LAW_FIELD_TEXT || ret->type == LAW_FIELD_LONG;
    if (ret->sealed && !is_words) {
        law_wrong(reader, law_get(map, "sealed"), "only words can be sealed");
    }
    read_values(reader, map, ret);
    read_bounds(reader, map, ret);
    read_asks(reader, law_get(map, "asks"), form, ret);
    read_sum(reader, map, form, ret);
    read_table(reader, law_get(map, "table"), form, ret);
    if (law_form_field(form, ret->id) != NULL) {
        law_wrong(reader, map, "the field \"%s\" stands twice", ret->id);
    }
}

void law_read_forms(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawForm form = {.field_count = 0};
        LawField fields[FIELDS_MAX] = {0};
        if (!law_keys(reader, map, "id name basis confidence valid fields")) {
            return;
        }
        law_read_entry(reader, map, &form.entry);
        LawNode rows = law_get(map, "fields");
        if (law_list(reader, rows) && law_count(rows) > FIELDS_MAX) {
            law_wrong(reader, rows, "at most %d fields", FIELDS_MAX);
        }
        form.fields = fields;
        for (unsigned f = 0; reader->error == NULL && f < law_count(rows); f++) {
            read_field(reader, law_at(rows, f), &form, &fields[f]);
            form.field_count++;
        }
        form.fields = law_keep(fields, sizeof fields);
        LawForm *copy = law_keep(&form, sizeof form);
        g_ptr_array_add(book->forms, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

void law_forms_belong(const LawBook *book) {
    for (guint i = 0; i < book->forms->len; i++) {
        const LawForm *form = book->forms->pdata[i];
        for (unsigned f = 0; f < form->field_count; f++) {
            ((LawField *)form->fields)[f].book = book;
        }
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

const LawForm *law_form_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    const LawForm *form = law_entry_at(book->forms, id, time_us);
    if (form == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no form \"%s\" on that day", id);
    }
    return form;
}

LawChecklist *law_field_list(const LawField *field, int64_t time_us, GError **error) {
    return law_checklist_of(field->book, field->checklist, time_us, error);
}

const LawField *law_form_field(const LawForm *form, const char *id) {
    for (unsigned i = 0; id != NULL && i < form->field_count; i++) {
        if (g_strcmp0(form->fields[i].id, id) == 0) {
            return &form->fields[i];
        }
    }
    return NULL;
}

bool law_field_is_clerical(const LawField *field) {
    return (field->type == LAW_FIELD_TEXT || field->type == LAW_FIELD_LONG) && !field->sealed;
}
