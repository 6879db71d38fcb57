/*
 * Files that travel inside the binary: views, migrations, assets, rule data.
 *
 * tools/embed.py makes the table at build time; paths are relative to src/
 * ("registry/views/x.html", "ledger/schema/0001_ledger.sql"), or begin with "law/" or "assets/".
 * Bytes live as long as the program and end in a NUL that is not counted. Thread: any.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct EmbeddedSpan {
    const char *path;
    const unsigned char *begin;
    const unsigned char *end;
} EmbeddedSpan;

typedef struct EmbeddedFile {
    const char *path;
    const char *data;
    size_t size;
} EmbeddedFile;

/* The file at exactly `path`; data is NULL if there is none. */
EmbeddedFile embedded_find(const char *path);

/* All files whose path begins with `prefix`, in path order: array of EmbeddedFile; free with
 * g_array_unref. */
GArray *embedded_list(const char *prefix);

/* Used by the generated file only. */
extern const EmbeddedSpan embedded_table[];
extern const unsigned embedded_table_count;
