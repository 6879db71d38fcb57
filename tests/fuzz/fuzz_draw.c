/*
 * A draw bundle from a stranger: NUL bytes separate params.txt, commit.txt, beacon.txt, pool.tsv,
 * insp.tsv, deny.tsv, reveals.txt and salt.txt. Each line is also read on its own, because a bundle
 * whose hashes do not fit is refused early.
 */
#include "draw/draw_files.h"

#include "base/error.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"params.txt",
                                    "commit.txt",
                                    "beacon.txt",
                                    "pool.tsv",
                                    "insp.tsv",
                                    "deny.tsv",
                                    "reveals.txt",
                                    "salt.txt",
                                    NULL};

typedef struct Files {
    char *texts[G_N_ELEMENTS(names)];
} Files;

static char *text_of(const Files *files, const char *name) {
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return files->texts[i];
        }
    }
    return NULL;
}

static char *whole(void *from, const char *name, GError **error) {
    (void)error;
    return g_strdup(text_of(from, name));
}

static bool
each_line(void *from, const char *name, DrawLineVisitor visit, void *data, GError **error) {
    g_auto(GStrv) lines = g_strsplit(text_of(from, name), "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (!visit(*line, strlen(*line), data, error)) {
            return false;
        }
    }
    return true;
}

static void read_line(const char *text) {
    g_autofree char *pool = g_strdup(text);
    g_autofree char *insp = g_strdup(text);
    g_autofree char *deny = g_strdup(text);
    g_autoptr(GString) again = g_string_new(NULL);
    DrawPoolLine pool_line;
    DrawInspLine insp_line;
    DrawDenyLine deny_line;
    /* What is read is written back byte for byte: one form only. */
    if (draw_pool_parse(pool, &pool_line, NULL)) {
        draw_pool_format(&pool_line, again);
        g_assert_cmpstr(again->str, ==, text);
    }
    if (draw_insp_parse(insp, &insp_line, NULL)) {
        draw_insp_format(&insp_line, again);
        g_assert_cmpstr(again->str, ==, text);
    }
    if (draw_deny_parse(deny, &deny_line, NULL)) {
        draw_deny_format(&deny_line, again);
        g_assert_cmpstr(again->str, ==, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Files files = {0};
    size_t at = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        const uint8_t *end = at < size ? memchr(data + at, '\0', size - at) : NULL;
        size_t length = end != NULL ? (size_t)(end - data) - at : size - at;
        files.texts[i] = g_strndup((const char *)data + at, length);
        at = MIN(size, at + length + 1);
    }
    DrawSource source = {each_line, whole, &files};
    g_autoptr(GError) error = NULL;
    g_autoptr(DrawOutcome) outcome = draw_compute(&source, &error);
    g_assert_true((outcome == NULL) == (error != NULL));
    g_autoptr(DrawKeyValues) values = draw_keys_parse(files.texts[0], NULL);
    if (values != NULL) {
        g_autofree char *again = draw_keys_format(values);
        g_assert_cmpstr(again, ==, files.texts[0]);
    }
    for (size_t i = 0; names[i] != NULL; i++) {
        g_auto(GStrv) lines = g_strsplit(files.texts[i], "\n", 50);
        for (char **line = lines; *line != NULL; line++) {
            read_line(*line);
        }
        g_free(files.texts[i]);
    }
    return 0;
}
