/* Mistakes of the user in forms, as values (see web.h). */
#include "web/web.h"

#include <string.h>

FormProblems *form_problems_new(void) {
    return json_array();
}

void form_problem_add(FormProblems *problems, const char *field, const char *message, ...) {
    va_list args;
    va_start(args, message);
    g_autofree char *text = g_strdup_vprintf(message, args);
    va_end(args);
    json_t *problem = json_object();
    json_put_text(problem, "field", field);
    json_put_text(problem, "message", text);
    int failed = json_array_append_new(problems, problem);
    g_assert(failed == 0);
}

bool form_has_problems(const FormProblems *problems) {
    return json_array_size(problems) > 0;
}

static const char *problem_of(const FormProblems *problems, const char *field) {
    for (size_t i = 0; problems != NULL && i < json_array_size(problems); i++) {
        const json_t *problem = json_array_get(problems, i);
        if (g_strcmp0(json_get_text(problem, "field", NULL), field) == 0) {
            return json_get_text(problem, "message", NULL);
        }
    }
    return NULL;
}

void form_field(json_t *model, const char *name, const char *value, const FormProblems *problems) {
    const char *error = problem_of(problems, name);
    json_t *field = json_object();
    json_put_text(field, "name", name);
    json_put_text(field, "value", value != NULL ? value : "");
    json_put_text(field, "error", error);
    json_put_bool(field, "has_error", error != NULL);
    json_put(model, name, field);
}

void form_option(json_t *options, const char *value, const char *text, bool is_selected) {
    json_t *option = json_object();
    json_put_text(option, "value", value);
    json_put_text(option, "text", text);
    json_put_bool(option, "is_selected", is_selected);
    json_array_append_new(options, option);
}

void form_select(json_t *selects, const char *name, const char *label, json_t *options) {
    json_t *select = json_object();
    json_put_text(select, "name", name);
    json_put_text(select, "label", label);
    json_put(select, "options", options);
    json_array_append_new(selects, select);
}
