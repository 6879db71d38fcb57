/* Form bodies and cookies: urlencoded pairs (src/web/fields.c). */
#include "base/limits.h"
#include "web/fields.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every reader of a form relies on. */
static void check(const Fields *fields, bool is_complete) {
    g_assert_cmpuint(fields->items->len, <=, LIMIT_FORM_FIELDS);
    for (guint i = 0; i < fields->items->len; i++) {
        const Field *field = &g_array_index(fields->items, Field, i);
        g_assert_true(g_utf8_validate(field->name, -1, NULL));
        g_assert_true(g_utf8_validate(field->value, -1, NULL));
        g_assert_true(!is_complete || strlen(field->value) <= LIMIT_FIELD);
    }
}

/* Encoding what was read and reading it again gives the same fields. */
static void check_round_trip(const Fields *fields, GStringChunk *text) {
    g_autoptr(GString) again = g_string_new(NULL);
    for (guint i = 0; i < fields->items->len; i++) {
        const Field *field = &g_array_index(fields->items, Field, i);
        g_autofree char *name = percent_encode(field->name, "");
        g_autofree char *value = percent_encode(field->value, "");
        g_string_append_printf(again, "%s=%s&", name, value);
    }
    Fields second;
    fields_init(&second, text);
    g_assert_true(fields_parse_urlencoded(&second, again->str, again->len, NULL));
    g_assert_cmpuint(second.items->len, ==, fields->items->len);
    for (guint i = 0; i < second.items->len; i++) {
        const Field *a = &g_array_index(fields->items, Field, i);
        const Field *b = &g_array_index(second.items, Field, i);
        g_assert_cmpstr(a->name, ==, b->name);
        g_assert_cmpstr(a->value, ==, b->value);
    }
    fields_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > LIMIT_FORM_BODY) {
        return 0;
    }
    GStringChunk *text = g_string_chunk_new(KIB);
    Fields fields;
    fields_init(&fields, text);
    g_autoptr(GError) error = NULL;
    bool is_good = fields_parse_urlencoded(&fields, (const char *)data, size, &error);
    g_assert_true(is_good == (error == NULL));
    check(&fields, is_good);
    if (is_good) {
        check_round_trip(&fields, text);
    }
    fields_clear(&fields);

    fields_init(&fields, text);
    g_autofree char *header = g_strndup((const char *)data, size);
    fields_parse_cookies(&fields, header);
    check(&fields, false);
    fields_clear(&fields);
    g_string_chunk_free(text);
    return 0;
}
