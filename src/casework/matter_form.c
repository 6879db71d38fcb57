#include "casework/matter_form.h"

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

static json_t *field_model(const LawForm *form,
                           const LawField *field,
                           const json_t *data,
                           const json_t *problems) {
    json_t *model = json_object();
    g_autofree char *name = g_strconcat(FIELD_PREFIX, field->id, NULL);
    bool is_number = field->type == LAW_FIELD_NUMBER || field->type == LAW_FIELD_MONEY;
    bool is_line = field->type == LAW_FIELD_TEXT || field->type == LAW_FIELD_DATE ||
                   field->type == LAW_FIELD_TIME || is_number;
    const char *problem = json_get_text(problems, field->id, NULL);
    json_put_text(model, "name", name);
    json_put_text(model, "label", field->label);
    json_put_text(model, "help", field->help);
    json_put_text(model, "value", json_get_text(data, field->id, ""));
    json_put_text(model, "error", problem);
    json_put_bool(model, "has_error", problem != NULL);
    json_put_bool(model, "is_sealed", field->sealed);
    json_put_bool(model, "is_optional", !field->required);
    json_put_bool(model, "is_required", field->required && field->asks_field == NULL);
    json_put_bool(model, "is_line", is_line);
    json_put_bool(model, "is_long", field->type == LAW_FIELD_LONG);
    json_put_bool(
        model, "is_choice", field->type == LAW_FIELD_CHOICE || field->type == LAW_FIELD_YES_NO);
    json_put_bool(model, "is_choices", field->type == LAW_FIELD_CHOICES);
    json_put_bool(model, "is_number", is_number);
    json_put_text(model, "input_type", input_type(field->type));
    put_condition(model, form, field);
    put_options(model, field, data);
    return model;
}

void matter_form_model(const LawForm *form,
                       const json_t *data,
                       const json_t *problems,
                       json_t *model) {
    json_t *fields = json_array();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        json_array_append_new(fields, field_model(form, &form->fields[i], data, problems));
    }
    json_put(model, "fields", fields);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static json_t *read_field(const LawField *field, const Request *req) {
    g_autofree char *name = g_strconcat(FIELD_PREFIX, field->id, NULL);
    if (field->type == LAW_FIELD_CHOICES) {
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

json_t *matter_form_read(const LawForm *form, const Request *req) {
    json_t *data = json_object();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        json_t *value = read_field(field, req);
        /* a radio button cannot be taken back: what is not asked is not meant */
        bool is_meant = field->values == NULL || law_field_is_asked(field, data);
        if (value != NULL && is_meant && (!json_is_array(value) || json_array_size(value) > 0)) {
            json_put(data, field->id, value);
        } else {
            json_decref(value);
        }
    }
    return data;
}
