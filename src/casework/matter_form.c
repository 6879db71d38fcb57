#include "casework/matter_form.h"

#include "law/law.h"

#include <string.h>

#define FIELD_PREFIX "f-"

/* --- showing ------------------------------------------------------------------------------------
 */

static bool is_chosen(const json_t *said, const char *value) {
    if (json_is_string(said)) {
        return strcmp(json_string_value(said), value) == 0;
    }
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)said, i, one) {
        if (json_is_string(one) && strcmp(json_string_value(one), value) == 0) {
            return true;
        }
    }
    return false;
}

static void put_options(json_t *model, const LawField *field, const json_t *data) {
    json_t *options = json_array();
    for (unsigned i = 0; field->values != NULL && field->values[i] != NULL; i++) {
        json_t *option = json_object();
        json_put_text(option, "value", field->values[i]);
        json_put_text(option, "text", field->values_zh[i]);
        json_put_bool(
            option, "is_chosen", is_chosen(json_object_get(data, field->id), field->values[i]));
        json_array_append_new(options, option);
    }
    json_put(model, "options", options);
}

/* "只在“是否实名”选“是”时填写" */
static void put_condition(json_t *model, const LawForm *form, const LawField *field) {
    json_put_text(model, "condition", NULL);
    const LawField *other = law_form_field(form, field->asks_field);
    if (other == NULL) {
        return;
    }
    g_autoptr(GString) words = g_string_new(NULL);
    for (unsigned i = 0; field->asks_values[i] != NULL; i++) {
        for (unsigned v = 0; other->values[v] != NULL; v++) {
            if (strcmp(other->values[v], field->asks_values[i]) == 0) {
                g_string_append_printf(
                    words, "%s“%s”", words->len > 0 ? "或者" : "", other->values_zh[v]);
            }
        }
    }
    g_autofree char *text = g_strdup_printf("只在“%s”选%s时填写", other->label, words->str);
    json_put_text(model, "condition", text);
}

static const char *input_type(LawFieldType type) {
    return type == LAW_FIELD_DATE ? "date" : type == LAW_FIELD_TIME ? "datetime-local" : "text";
}

/* One line of a checklist, with what has been answered. */
static json_t *item_model(const LawField *field,
                          const LawItem *item,
                          unsigned number,
                          const json_t *answer,
                          const json_t *problems) {
    json_t *model = json_object();
    g_autofree char *key = g_strconcat(field->id, ".", item->id, NULL);
    g_autofree char *photos = g_strconcat(key, ".photos", NULL);
    g_autofree char *name = g_strconcat(FIELD_PREFIX, key, NULL);
    const char *said = json_get_text(answer, "answer", "");
    const char *handled = json_get_text(answer, "handled", "");
    json_put_int(model, "number", number);
    json_put_text(model, "name", name);
    json_put_text(model, "text", item->text);
    json_put_text(model, "how", item->how);
    json_put_text(model, "basis", item->basis_zh);
    json_put_text(model, "confidence", law_confidence_zh(item->confidence));
    json_put_text(model, "severity", law_severity_zh(item->severity));
    json_put_text(model, "item_id", item->id);
    json_put_text(model, "error", json_get_text(problems, key, NULL));
    json_put_text(model, "photo_error", json_get_text(problems, photos, NULL));
    json_put_bool(model, "is_pass", strcmp(said, "pass") == 0);
    json_put_bool(model, "is_fail", strcmp(said, "fail") == 0);
    json_put_bool(model, "is_na", strcmp(said, "na") == 0);
    json_put_text(model, "note", json_get_text(answer, "note", ""));
    json_t *ways = json_array();
    for (unsigned i = 0; field->values[i] != NULL; i++) {
        json_t *way = json_object();
        json_put_text(way, "value", field->values[i]);
        json_put_text(way, "text", field->values_zh[i]);
        json_put_bool(way, "is_chosen", strcmp(handled, field->values[i]) == 0);
        json_array_append_new(ways, way);
    }
    json_put(model, "ways", ways);
    return model;
}

static void put_items(json_t *model,
                      const LawField *field,
                      const json_t *data,
                      const json_t *problems,
                      int64_t time_us) {
    json_t *items = json_array();
    g_autoptr(LawChecklist) list =
        field->checklist == NULL ? NULL : law_field_list(field, time_us, NULL);
    const json_t *answers = json_object_get(data, field->id);
    for (unsigned i = 0; list != NULL && i < list->count; i++) {
        const LawItem *item = list->items[i];
        json_array_append_new(
            items, item_model(field, item, i + 1, json_object_get(answers, item->id), problems));
    }
    json_put_bool(model, "is_checklist", list != NULL);
    json_put_text(model, "list_name", list == NULL ? NULL : list->name);
    json_put_text(model, "list_edition", list == NULL ? NULL : list->edition);
    json_put(model, "items", items);
}

static json_t *field_model(const LawForm *form,
                           const LawField *field,
                           const json_t *data,
                           const json_t *problems,
                           int64_t time_us) {
    json_t *model = json_object();
    g_autofree char *name = g_strconcat(FIELD_PREFIX, field->id, NULL);
    bool is_number = field->type == LAW_FIELD_NUMBER || field->type == LAW_FIELD_MONEY;
    bool is_line = field->type == LAW_FIELD_TEXT || field->type == LAW_FIELD_DATE ||
                   field->type == LAW_FIELD_TIME || is_number;
    const char *problem = json_get_text(problems, field->id, NULL);
    json_put_text(model, "name", name);
    json_put_text(model, "label", field->label);
    g_autofree char *help =
        field->table == NULL
            ? g_strdup(field->help)
            : g_strconcat("空着就按规则表得出，规则表没有写到的由您填写。", field->help, NULL);
    json_put_text(model, "help", help);
    json_put_text(model, "value", json_get_text(data, field->id, ""));
    json_put_text(model, "error", problem);
    json_put_bool(model, "has_error", problem != NULL);
    json_put_bool(model, "is_sealed", field->sealed);
    json_put_bool(model, "is_optional", !field->required);
    json_put_bool(model, "is_required", field->required && field->asks_field == NULL);
    json_put_bool(model, "is_line", is_line);
    json_put_bool(model, "is_long", field->type == LAW_FIELD_LONG);
    json_put_bool(model,
                  "is_choice",
                  (field->type == LAW_FIELD_CHOICE && field->sum == NULL) ||
                      field->type == LAW_FIELD_YES_NO);
    json_put_bool(model, "is_choices", field->type == LAW_FIELD_CHOICES);
    json_put_bool(model, "is_number", is_number);
    json_put_text(model, "input_type", input_type(field->type));
    json_put_bool(model, "is_files", field->type == LAW_FIELD_FILES);
    put_condition(model, form, field);
    put_options(model, field, data);
    put_items(model, field, data, problems, time_us);
    return model;
}

void matter_form_model(const LawForm *form,
                       const json_t *data,
                       const json_t *problems,
                       int64_t time_us,
                       json_t *model) {
    json_t *fields = json_array();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        json_array_append_new(fields, field_model(form, &form->fields[i], data, problems, time_us));
    }
    json_put(model, "fields", fields);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void put_part(json_t *answer, const char *key, const Request *req, const char *name) {
    g_autofree char *full = g_strconcat(name, ".", key, NULL);
    const char *sent = request_form(req, full);
    g_autofree char *text = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    if (text[0] != '\0') {
        json_put_text(answer, key, text);
    }
}

/* Each item's answer; how a failure is handled counts only where the item failed. */
static json_t *read_items(const LawField *field, const Request *req, int64_t time_us) {
    json_t *answers = json_object();
    g_autoptr(LawChecklist) list = law_field_list(field, time_us, NULL);
    for (unsigned i = 0; list != NULL && i < list->count; i++) {
        const char *id = list->items[i]->id;
        g_autofree char *name = g_strconcat(FIELD_PREFIX, field->id, ".", id, NULL);
        g_autoptr(json_t) answer = json_object();
        put_part(answer, "answer", req, name);
        put_part(answer, "note", req, name);
        if (g_strcmp0(json_get_text(answer, "answer", NULL), "fail") == 0) {
            put_part(answer, "handled", req, name);
        }
        if (json_object_size(answer) > 0) {
            json_put(answers, id, json_incref(answer));
        }
    }
    return answers;
}

static json_t *read_field(const LawField *field, const Request *req, int64_t time_us) {
    if (field->type == LAW_FIELD_CHECKLIST) {
        return read_items(field, req, time_us);
    }
    g_autofree char *name = g_strconcat(FIELD_PREFIX, field->id, NULL);
    if (field->type == LAW_FIELD_CHOICES || field->type == LAW_FIELD_FILES) {
        g_autoptr(GPtrArray) all = request_form_all(req, name);
        json_t *list = json_array();
        for (guint i = 0; i < all->len; i++) {
            json_array_append_new(list, json_string(all->pdata[i]));
        }
        return list;
    }
    const char *sent = request_form(req, name);
    g_autofree char *text = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    return text[0] == '\0' ? NULL : json_string(text);
}

json_t *matter_form_read(const LawForm *form, const Request *req, int64_t time_us) {
    json_t *data = json_object();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        json_t *value = field->sum != NULL ? NULL : read_field(field, req, time_us);
        /* a radio button cannot be taken back: what is not asked is not meant */
        bool is_meant = field->values == NULL || law_field_is_asked(field, data);
        bool is_list = json_is_array(value) || json_is_object(value);
        bool is_empty = json_array_size(value) + json_object_size(value) == 0;
        if (value != NULL && is_meant && !(is_list && is_empty)) {
            json_put(data, field->id, value);
        } else {
            json_decref(value);
        }
    }
    return data;
}
