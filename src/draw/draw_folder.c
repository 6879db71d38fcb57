/* A bundle as files in a folder: reading and verifying without a database. */
#include "draw/draw_files.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef FILE OpenFile;

static void open_file_close(OpenFile *file) {
    if (file != NULL) {
        (void)fclose(file); /* opened for reading: nothing can be lost */
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OpenFile, open_file_close)

static OpenFile *open_file(const char *folder, const char *name, GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "cannot open %s: %s", path, g_strerror(errno));
    }
    return file;
}

static bool
each_line(void *from, const char *name, DrawLineVisitor visit, void *data, GError **error) {
    g_autoptr(OpenFile) file = open_file(from, name, error);
    if (file == NULL) {
        return false;
    }
    char line[DRAW_LINE_MAX + 2];
    for (int64_t number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        size_t size = strlen(line);
        if (size == 0 || line[size - 1] != '\n') {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "%s, line %" G_GINT64_FORMAT
                           ": longer than %d bytes, or no line end, or a NUL",
                           name,
                           number,
                           DRAW_LINE_MAX);
        }
        line[size - 1] = '\0';
        if (!visit(line, size - 1, data, error)) {
            return false;
        }
    }
    return ferror(file) == 0 || hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot read %s", name);
}

static char *read_file(const char *folder, const char *name, size_t size_max, GError **error) {
    g_autoptr(OpenFile) file = open_file(folder, name, error);
    if (file == NULL) {
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[8192];
    size_t got = 0;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        if (text->len + got > size_max || memchr(buffer, '\0', got) != NULL) {
            hz_fail(error, HZ_ERROR_INVALID, "%s is too large or holds a NUL", name);
            return NULL;
        }
        g_string_append_len(text, buffer, (gssize)got);
    }
    if (ferror(file) != 0) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot read %s", name);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *whole(void *from, const char *name, GError **error) {
    return read_file(from, name, DRAW_SMALL_FILE_MAX, error);
}

DrawSource draw_folder_source(const char *folder) {
    return (DrawSource){each_line, whole, (void *)folder};
}

/* Line of the first difference, from 1. */
static unsigned first_difference(const char *a, const char *b) {
    unsigned line = 1;
    for (; *a != '\0' && *a == *b; a++, b++) {
        line += *a == '\n' ? 1 : 0;
    }
    return line;
}

DrawOutcome *draw_verify_folder(const char *folder, GError **error) {
    DrawSource source = draw_folder_source(folder);
    g_autoptr(DrawOutcome) outcome = draw_compute(&source, error);
    if (outcome == NULL) {
        return NULL;
    }
    g_autofree char *said = read_file(folder, "result.tsv", outcome->result->len + 65536, error);
    if (said == NULL) {
        return NULL;
    }
    if (strcmp(said, outcome->result->str) != 0) {
        hz_fail(error,
                HZ_ERROR_CORRUPT,
                "result.tsv, line %u: the draw comes out otherwise",
                first_difference(said, outcome->result->str));
        return NULL;
    }
    return g_steal_pointer(&outcome);
}
