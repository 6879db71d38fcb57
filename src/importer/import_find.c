/* A mapping by what a person wrote. */
#include "base/error.h"
#include "importer/importer.h"

#include <string.h>

static Mapping *from_text(const char *text, size_t size, const char *name, GError **error) {
    g_autoptr(json_t) json = json_read(text, size, error);
    Mapping *mapping = json != NULL ? mapping_read(json, error) : NULL;
    if (mapping == NULL) {
        g_prefix_error(error, "%s: ", name);
    }
    return mapping;
}

static void set_source(Mapping *mapping, const char *source) {
    if (source != NULL) {
        g_free(mapping->source);
        mapping->source = g_strdup(source);
    }
}

static Mapping *
guess(const ImportKind *kind, const char *path, const char *source, GError **error) {
    g_autoptr(TableReader) reader = table_open(path, NULL, error);
    TableRow head;
    if (reader == NULL) {
        return NULL;
    }
    GError *problem = NULL;
    if (!table_next(reader, &head, &problem)) {
        if (problem == NULL) {
            hz_fail(&problem, HZ_ERROR_INVALID, "the file has no row");
        }
        g_propagate_error(error, problem);
        return NULL;
    }
    Mapping *mapping = mapping_guess(kind, &head, source);
    return mapping;
}

Mapping *import_find_mapping(Db *db,
                             const char *word,
                             const ImportKind *kind,
                             const char *path,
                             const char *source,
                             GError **error) {
    if (strcmp(word, "auto") == 0) {
        return guess(kind, path, source, error);
    }
    Mapping *mapping = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) problem = NULL;
    if (g_file_get_contents(word, &text, &size, NULL)) {
        mapping = from_text(text, size, word, error);
    } else if ((mapping = mapping_shipped(word, &problem)) == NULL &&
               g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        if (!import_store_mapping_by_name(db, word, &text, error)) {
            g_prefix_error(error, "no mapping \"%s\" (file, shipped or saved): ", word);
            return NULL;
        }
        mapping = from_text(text, strlen(text), word, error);
    } else if (mapping == NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    if (mapping != NULL) {
        set_source(mapping, source);
    }
    return mapping;
}
