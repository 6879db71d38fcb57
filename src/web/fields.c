#include "web/fields.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

void fields_init(Fields *fields, GStringChunk *text) {
    *fields = (Fields){text, g_array_new(FALSE, FALSE, sizeof(Field))};
}

void fields_clear(Fields *fields) {
    g_clear_pointer(&fields->items, g_array_unref);
}

void fields_add(Fields *fields, const char *name, const char *value) {
    Field field = {g_string_chunk_insert(fields->text, name),
                   g_string_chunk_insert(fields->text, value)};
    g_array_append_val(fields->items, field);
}

void fields_set(Fields *fields, const char *name, const char *value) {
    for (guint i = 0; i < fields->items->len; i++) {
        Field *field = &g_array_index(fields->items, Field, i);
        if (g_ascii_strcasecmp(field->name, name) == 0) {
            field->value = g_string_chunk_insert(fields->text, value);
            return;
        }
    }
    fields_add(fields, name, value);
}

const char *fields_find(const Fields *fields, const char *name) {
    for (guint i = 0; i < fields->items->len; i++) {
        const Field *field = &g_array_index(fields->items, Field, i);
        if (strcmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

const char *fields_find_folded(const Fields *fields, const char *name) {
    for (guint i = 0; i < fields->items->len; i++) {
        const Field *field = &g_array_index(fields->items, Field, i);
        if (g_ascii_strcasecmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

unsigned fields_count_folded(const Fields *fields, const char *name) {
    unsigned count = 0;
    for (guint i = 0; i < fields->items->len; i++) {
        count += g_ascii_strcasecmp(g_array_index(fields->items, Field, i).name, name) == 0;
    }
    return count;
}

/* Decodes in one pass; false for an incomplete or non-hex escape. */
static bool decode_bytes(GString *out, const char *text, size_t size, bool plus_is_space) {
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            if (size - i < 3 || !g_ascii_isxdigit(text[i + 1]) || !g_ascii_isxdigit(text[i + 2])) {
                return false;
            }
            c = (char)(g_ascii_xdigit_value(text[i + 1]) * 16 + g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        g_string_append_c(out, c);
    }
    return true;
}

const char *percent_decode(
    GStringChunk *chunk, const char *text, size_t size, bool plus_is_space, GError **error) {
    g_autoptr(GString) decoded = g_string_sized_new(size + 1);
    if (!decode_bytes(decoded, text, size, plus_is_space)) {
        hz_fail(error, HZ_ERROR_INVALID, "bad percent escape");
        return NULL;
    }
    /* g_utf8_validate with a length also refuses NUL. */
    if (!g_utf8_validate(decoded->str, (gssize)decoded->len, NULL)) {
        hz_fail(error, HZ_ERROR_INVALID, "text is not UTF-8 or holds NUL");
        return NULL;
    }
    return g_string_chunk_insert_len(chunk, decoded->str, (gssize)decoded->len);
}

char *percent_encode(const char *text, const char *keep) {
    GString *out = g_string_new(NULL);
    for (; *text != '\0'; text++) {
        bool is_kept =
            g_ascii_isalnum(*text) || strchr("-._~", *text) != NULL || strchr(keep, *text) != NULL;
        if (is_kept) {
            g_string_append_c(out, *text);
        } else {
            g_string_append_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
    return g_string_free(out, FALSE);
}

/* One "name=value" of [begin, begin + size). */
static bool parse_pair(Fields *fields, const char *begin, size_t size, GError **error) {
    if (fields->items->len >= LIMIT_FORM_FIELDS) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d fields", LIMIT_FORM_FIELDS);
    }
    const char *equals = memchr(begin, '=', size);
    size_t name_size = equals != NULL ? (size_t)(equals - begin) : size;
    const char *value = equals != NULL ? equals + 1 : begin + size;
    Field field;
    field.name = percent_decode(fields->text, begin, name_size, true, error);
    if (field.name == NULL) {
        return false;
    }
    field.value = percent_decode(fields->text, value, (size_t)(begin + size - value), true, error);
    if (field.value == NULL) {
        return false;
    }
    if (strlen(field.value) > LIMIT_FIELD) {
        return hz_fail(
            error, HZ_ERROR_LIMIT, "field \"%s\" is longer than %d bytes", field.name, LIMIT_FIELD);
    }
    g_array_append_val(fields->items, field);
    return true;
}

bool fields_parse_urlencoded(Fields *fields, const char *text, size_t size, GError **error) {
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (stop == NULL) {
            stop = end;
        }
        if (stop > text && !parse_pair(fields, text, (size_t)(stop - text), error)) {
            return false;
        }
        text = stop + 1;
    }
    return true;
}

void fields_parse_cookies(Fields *fields, const char *header) {
    g_auto(GStrv) pairs = g_strsplit(header, ";", 64);
    for (char **pair = pairs; *pair != NULL; pair++) {
        char *name = g_strstrip(*pair);
        char *equals = strchr(name, '=');
        if (equals == NULL || equals == name || !g_utf8_validate(name, -1, NULL)) {
            continue;
        }
        *equals = '\0';
        char *value = equals + 1;
        size_t size = strlen(value);
        if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
            value[size - 1] = '\0';
            value++;
        }
        const char *decoded = percent_decode(fields->text, value, strlen(value), false, NULL);
        fields_add(fields, name, decoded != NULL ? decoded : value);
    }
}
