#include "law/law_form.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

#define FIELDS_MAX 60
#define VALUES_MAX 60
#define TEXT_CHARS 200
#define LONG_CHARS 4000
#define NUMBER_MAX INT64_C(1000000000000)

static const char *const types[] = {
    "text", "long", "date", "time", "number", "money", "yes-no", "choice", "choices", NULL};

static const char *const prefills[] = {"unit.name", "unit.address", "unit.category", NULL};

/* --- reading ------------------------------------------------------------------------------------
 */

static bool has_values(LawFieldType type) {
    return type == LAW_FIELD_CHOICE || type == LAW_FIELD_CHOICES;
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
        law_wrong(reader, field, "values stand in choice and choices, and only there");
        return;
    }
    unsigned count = law_pairs(map);
    if (has_values(ret->type) && (count < 2 || count > VALUES_MAX)) {
        law_wrong(reader, map, "2 to %d values are expected: word: 中文", VALUES_MAX);
        return;
    }
    const char *words[VALUES_MAX + 1] = {NULL};
    const char *words_zh[VALUES_MAX + 1] = {NULL};
    for (unsigned i = 0; i < count; i++) {
        words[i] = law_id(reader, law_key(map, i));
        words_zh[i] = law_text(reader, law_value(map, i));
    }
    if (count > 0) {
        ret->values = law_keep(words, (count + 1) * sizeof *words);
        ret->values_zh = law_keep(words_zh, (count + 1) * sizeof *words_zh);
    }
}

static void read_bounds(LawReader *reader, LawNode field, LawField *ret) {
    bool is_number = ret->type == LAW_FIELD_NUMBER || ret->type == LAW_FIELD_MONEY;
    ret->max = ret->type == LAW_FIELD_LONG ? LONG_CHARS : is_number ? NUMBER_MAX : TEXT_CHARS;
    LawNode min = law_get(field, "min");
    LawNode max = law_get(field, "max");
    if (law_is_there(min)) {
        ret->min = law_int(reader, min, 0, NUMBER_MAX);
    }
    if (law_is_there(max)) {
        ret->max = law_int(reader, max, ret->min, is_number ? NUMBER_MAX : LONG_CHARS);
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
    if (other == NULL || other->values == NULL) {
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

static bool optional_bool(LawReader *reader, LawNode node) {
    return law_is_there(node) && law_bool(reader, node);
}

static void read_field(LawReader *reader, LawNode map, const LawForm *form, LawField *ret) {
    if (!law_keys(reader,
                  map,
                  "id label type help? required? sealed? values? min? max? asks? prefill?")) {
        return;
    }
    ret->id = law_id(reader, law_get(map, "id"));
    ret->label = law_text(reader, law_get(map, "label"));
    ret->type = (LawFieldType)law_word(reader, law_get(map, "type"), types);
    ret->help = law_text_or_null(reader, law_get(map, "help"));
    ret->required = optional_bool(reader, law_get(map, "required"));
    ret->sealed = optional_bool(reader, law_get(map, "sealed"));
    ret->prefill = law_text_or_null(reader, law_get(map, "prefill"));
    if (ret->prefill != NULL && !g_strv_contains(prefills, ret->prefill)) {
        law_wrong(reader, law_get(map, "prefill"), "nothing is known as \"%s\"", ret->prefill);
    }
    read_values(reader, map, ret);
    read_bounds(reader, map, ret);
    read_asks(reader, law_get(map, "asks"), form, ret);
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

/* --- asking -------------------------------------------------------------------------------------
 */

const LawForm *law_form_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    for (guint i = 0; i < book->forms->len; i++) {
        const LawForm *form = book->forms->pdata[i];
        if (strcmp(form->entry.id, id) == 0 && form->entry.from_us <= time_us &&
            time_us < form->entry.to_us) {
            return form;
        }
    }
    hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no form \"%s\" on that day", id);
    return NULL;
}

const LawField *law_form_field(const LawForm *form, const char *id) {
    for (unsigned i = 0; id != NULL && i < form->field_count; i++) {
        if (strcmp(form->fields[i].id, id) == 0) {
            return &form->fields[i];
        }
    }
    return NULL;
}

static bool says_one_of(const json_t *said, const char *const *values) {
    if (json_is_string(said)) {
        return g_strv_contains(values, json_string_value(said));
    }
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)said, i, one) {
        if (json_is_string(one) && g_strv_contains(values, json_string_value(one))) {
            return true;
        }
    }
    return false;
}

bool law_field_is_asked(const LawField *field, const json_t *data) {
    return field->asks_field == NULL ||
           says_one_of(json_object_get(data, field->asks_field), field->asks_values);
}

/* --- checking -----------------------------------------------------------------------------------
 */

static bool is_empty(const json_t *value) {
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* Yuan with at most two decimals, in fen. */
static bool read_money(const char *text, int64_t *ret_fen) {
    const char *point = strchr(text, '.');
    size_t decimals = point == NULL ? 0 : strlen(point + 1);
    if (decimals > 2 || (point != NULL && decimals == 0)) {
        return false;
    }
    g_autoptr(GString) digits = g_string_new(text);
    if (point != NULL) {
        g_string_erase(digits, point - text, 1);
    }
    g_string_append_len(digits, "00", (gssize)(2 - decimals));
    return g_ascii_string_to_signed(digits->str, 10, 0, NUMBER_MAX * 100, ret_fen, NULL);
}

static char *check_number(const LawField *field, const char *text) {
    bool is_money = field->type == LAW_FIELD_MONEY;
    int64_t scale = is_money ? 100 : 1;
    int64_t number = 0;
    bool good = is_money ? read_money(text, &number)
                         : g_ascii_string_to_signed(text, 10, 0, NUMBER_MAX, &number, NULL);
    if (good && field->min * scale <= number && number <= field->max * scale) {
        return NULL;
    }
    return g_strdup_printf("写 %" G_GINT64_FORMAT " 到 %" G_GINT64_FORMAT " 的%s",
                           field->min,
                           field->max,
                           is_money ? "金额，最多两位小数" : "整数");
}

static char *check_time(const LawField *field, const char *text) {
    bool is_date = field->type == LAW_FIELD_DATE;
    g_autofree char *full = is_date ? g_strdup(text) : g_strconcat(text, ":00", NULL);
    int64_t time_us;
    if (strlen(text) == (is_date ? 10U : 16U) && clock_parse(full, &time_us)) {
        return NULL;
    }
    return g_strdup(is_date ? "日期写成 2026-11-22 的样子" : "时间写成 2026-11-22T09:15 的样子");
}

static char *check_text(const LawField *field, const char *text) {
    switch (field->type) {
    case LAW_FIELD_TEXT:
    case LAW_FIELD_LONG:
        return g_utf8_strlen(text, -1) <= field->max
                   ? NULL
                   : g_strdup_printf("最多 %" G_GINT64_FORMAT " 个字，现在 %ld 个",
                                     field->max,
                                     g_utf8_strlen(text, -1));
    case LAW_FIELD_DATE:
    case LAW_FIELD_TIME:
        return check_time(field, text);
    case LAW_FIELD_NUMBER:
    case LAW_FIELD_MONEY:
        return check_number(field, text);
    case LAW_FIELD_YES_NO:
    case LAW_FIELD_CHOICE:
    case LAW_FIELD_CHOICES:
        return g_strv_contains(field->values, text) ? NULL : g_strdup("没有这个选项");
    }
    g_assert_not_reached();
}

static char *check_list(const LawField *field, const json_t *list) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        char *problem = json_is_string(one) ? check_text(field, json_string_value(one))
                                            : g_strdup("没有这个选项");
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

static char *check_field(const LawField *field, const json_t *data) {
    const json_t *value = json_object_get(data, field->id);
    if (!law_field_is_asked(field, data)) {
        return is_empty(value) ? NULL : g_strdup("按前面的回答，这一项不填");
    }
    if (is_empty(value)) {
        bool picks = field->values != NULL;
        return !field->required ? NULL : g_strdup(picks ? "请选择" : "请填写");
    }
    if (field->type == LAW_FIELD_CHOICES && json_is_array(value)) {
        return check_list(field, value);
    }
    return json_is_string(value) ? check_text(field, json_string_value(value))
                                 : g_strdup("不是一个值");
}

json_t *law_form_problems(const LawForm *form, const json_t *data) {
    json_t *problems = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)data, key, value) {
        if (law_form_field(form, key) == NULL) {
            json_put_text(problems, key, "表单没有这一项");
        }
    }
    for (unsigned i = 0; i < form->field_count; i++) {
        g_autofree char *problem = check_field(&form->fields[i], data);
        if (problem != NULL) {
            json_put_text(problems, form->fields[i].id, problem);
        }
    }
    return problems;
}

static const char *word_zh(const LawField *field, const char *word) {
    for (unsigned i = 0; field->values != NULL && field->values[i] != NULL; i++) {
        if (strcmp(field->values[i], word) == 0) {
            return field->values_zh[i];
        }
    }
    return word;
}

char *law_field_text_zh(const LawField *field, const json_t *data) {
    const json_t *value = json_object_get(data, field->id);
    g_autoptr(GString) out = g_string_new(NULL);
    if (json_is_string(value)) {
        g_string_append(out, word_zh(field, json_string_value(value)));
    }
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)value, i, one) {
        if (json_is_string(one)) {
            g_string_append_printf(
                out, "%s%s", out->len > 0 ? "、" : "", word_zh(field, json_string_value(one)));
        }
    }
    if (field->type == LAW_FIELD_MONEY && out->len > 0) {
        g_string_append(out, " 元");
    }
    return g_strdup(out->str);
}
