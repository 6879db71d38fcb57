#include "base/embedded.h"

#include <string.h>

static EmbeddedFile file_at(unsigned i) {
    const EmbeddedSpan *span = &embedded_table[i];
    return (EmbeddedFile){span->path, (const char *)span->begin, (size_t)(span->end - span->begin)};
}

EmbeddedFile embedded_find(const char *path) {
    unsigned low = 0, high = embedded_table_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        int order = strcmp(embedded_table[middle].path, path);
        if (order == 0) {
            return file_at(middle);
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (EmbeddedFile){0};
}

GArray *embedded_list(const char *prefix) {
    GArray *files = g_array_new(FALSE, FALSE, sizeof(EmbeddedFile));
    for (unsigned i = 0; i < embedded_table_count; i++) {
        if (g_str_has_prefix(embedded_table[i].path, prefix)) {
            EmbeddedFile file = file_at(i);
            g_array_append_val(files, file);
        }
    }
    return files;
}
