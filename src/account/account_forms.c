/* Small helps for the pages of this room. */
#include "account/account_forms.h"

#include "base/limits.h"

#include <string.h>

char *account_actor(const Principal *who) {
    return g_strdup_printf("account:%" G_GINT64_FORMAT, who->account_id);
}

const char *form_text(const Request *req, const char *name) {
    const char *value = request_form(req, name);
    return value != NULL ? value : "";
}

const char *query_text(const Request *req, const char *name) {
    const char *value = request_query(req, name);
    return value != NULL && strlen(value) <= LIMIT_SEARCH_TEXT ? value : "";
}

static bool street_is_elsewhere(const Request *req) {
    const char *district = form_text(req, "district");
    const char *region = form_text(req, "region");
    return *district != '\0' && *region != '\0' && !g_str_has_prefix(region, district);
}

const char *form_region(const Request *req) {
    const char *region = form_text(req, "region");
    return *region == '\0' || street_is_elsewhere(req) ? form_text(req, "district") : region;
}

bool form_region_unfinished(const Request *req, const char **ret_problem) {
    bool asks = strcmp(form_text(req, "step"), "streets") == 0;
    bool is_elsewhere = street_is_elsewhere(req);
    *ret_problem = !asks && is_elsewhere ? "区县换了，街道要重新选" : NULL;
    return asks || is_elsewhere;
}

void form_fresh(json_t *model) {
    json_put_text(model, "problems", NULL);
}

static const char *problem_of(const FormProblems *problems, const char *field) {
    size_t index;
    json_t *problem;
    json_array_foreach(problems, index, problem) {
        if (strcmp(json_get_text(problem, "field", ""), field) == 0) {
            return json_get_text(problem, "message", NULL);
        }
    }
    return NULL;
}

void form_line_add(json_t *model, const FormLine *line, const FormProblems *problems) {
    json_t *fields = json_object_get(model, "fields");
    if (fields == NULL) {
        fields = json_array();
        json_put(model, "fields", fields);
    }
    const char *message = problems == NULL ? NULL : problem_of(problems, line->id);
    json_t *field = json_object();
    json_put_text(field, "id", line->id);
    json_put_text(field, "label", line->label);
    json_put_text(field, "hint", line->hint);
    json_put_text(field, "type", line->type);
    json_put_text(field, "autocomplete", line->autocomplete);
    json_put_text(field, "value", line->value != NULL ? line->value : "");
    json_put_text(field, "error", message);
    json_put_bool(field, "has_error", message != NULL);
    json_array_append_new(fields, field);
}

void json_put_minute(json_t *model, const char *key, int64_t time_us) {
    g_autofree char *text = time_us == 0 ? NULL : clock_format_minute(time_us);
    json_put_text(model, key, text);
}

void csv_cell(GString *out, const char *text, bool last) {
    g_string_append_c(out, '"');
    if (text != NULL && *text != '\0' && strchr("=+-@\t\r", *text) != NULL) {
        g_string_append_c(out, '\''); /* a spreadsheet would run it as a formula */
    }
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (*at == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *at);
    }
    g_string_append(out, last ? "\"\r\n" : "\",");
}

Response *csv_response(GString *csv, const char *name) {
    return response_bytes("text/csv; charset=utf-8", g_string_free_to_bytes(csv), name);
}
