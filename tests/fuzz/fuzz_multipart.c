/* multipart/form-data (src/web/multipart.c). The first byte chooses the chunk size: however the
 * bytes are cut, the reader must report the same. */
#include "base/limits.h"
#include "web/multipart.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Heard {
    GString *text;
    bool is_inside;
} Heard;

static bool begin(void *data, const char *name, const char *file_name, GError **error) {
    (void)error;
    Heard *heard = data;
    g_assert_false(heard->is_inside);
    g_assert_true(g_utf8_validate(name, -1, NULL));
    g_assert_true(file_name == NULL || strpbrk(file_name, "/\\") == NULL);
    heard->is_inside = true;
    g_string_append_printf(heard->text, "[%s|%s|", name, file_name != NULL ? file_name : "-");
    return true;
}

static bool bytes(void *data, const char *part, size_t size, GError **error) {
    (void)error;
    Heard *heard = data;
    g_assert_true(heard->is_inside);
    g_string_append_len(heard->text, part, (gssize)size);
    return true;
}

static bool end(void *data, GError **error) {
    (void)error;
    Heard *heard = data;
    g_assert_true(heard->is_inside);
    heard->is_inside = false;
    g_string_append_c(heard->text, ']');
    return true;
}

static bool read_in(const char *text, size_t size, size_t chunk, Heard *heard) {
    static const MultipartSink sink = {begin, bytes, end};
    g_autoptr(Multipart) multipart = multipart_new("x", &sink, heard);
    g_autoptr(GError) error = NULL;
    bool is_good = true;
    for (size_t at = 0; is_good && at < size; at += chunk) {
        is_good = multipart_feed(multipart, text + at, MIN(chunk, size - at), &error);
    }
    is_good = is_good && multipart_done(multipart, &error);
    g_assert_true(is_good == (error == NULL));
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    Heard whole = {.text = g_string_new(NULL)};
    Heard parts = {.text = g_string_new(NULL)};
    bool whole_is_good = read_in(text, size - 1, size, &whole);
    bool parts_are_good = read_in(text, size - 1, (size_t)data[0] % 32 + 1, &parts);
    g_assert_true(whole_is_good == parts_are_good);
    if (whole_is_good) {
        g_assert_true(g_string_equal(whole.text, parts.text));
    }
    g_string_free(whole.text, TRUE);
    g_string_free(parts.text, TRUE);

    g_autofree char *type = g_strndup(text, size - 1);
    g_autofree char *boundary = multipart_boundary(type);
    g_assert_true(boundary == NULL || (strlen(boundary) >= 1 && strlen(boundary) <= 70));
    return 0;
}
