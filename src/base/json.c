#include "base/json.h"

#include "base/error.h"

#include <stdlib.h>

json_t *json_read(const char *text, size_t size, GError **error) {
    json_error_t problem;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (value == NULL) {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "line %d, column %d: not JSON: %s",
                problem.line,
                problem.column,
                problem.text);
    }
    return value;
}

static char *write_with(const json_t *value, size_t flags) {
    char *text = json_dumps(value, flags | JSON_COMPACT | JSON_ENCODE_ANY);
    g_assert(text != NULL);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

char *json_write(const json_t *value) {
    return write_with(value, JSON_PRESERVE_ORDER);
}

char *json_write_canonical(const json_t *value) {
    return write_with(value, JSON_SORT_KEYS);
}

void json_put(json_t *object, const char *key, json_t *value) {
    int failed = json_object_set_new(object, key, value);
    g_assert(failed == 0);
}

void json_put_text(json_t *object, const char *key, const char *text) {
    if (text == NULL) {
        json_put(object, key, json_null());
        return;
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        value = json_string(valid);
    }
    json_put(object, key, value);
}

void json_put_int(json_t *object, const char *key, int64_t number) {
    json_put(object, key, json_integer(number));
}

void json_put_bool(json_t *object, const char *key, bool truth) {
    json_put(object, key, json_boolean(truth));
}

const char *json_get_text(const json_t *object, const char *key, const char *fallback) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : fallback;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
