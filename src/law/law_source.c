/* Where the files of law/ come from: the binary, or a folder that somebody is working on. */
#include "law/law_internal.h"

#include "base/embedded.h"
#include "base/error.h"

#include <string.h>

static GPtrArray *folder_files; /* of LawSource, sorted by path; NULL: those inside the binary */

static int compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp((*(LawSource *const *)a)->path, (*(LawSource *const *)b)->path);
}

static bool read_folder(const char *folder, const char *below, GPtrArray *files, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &problem);
    if (dir == NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
    }
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *inside = g_build_filename(below, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            if (!read_folder(path, inside, files, error)) {
                return false;
            }
        } else if (g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".md")) {
            LawSource *file = g_new0(LawSource, 1);
            char *text = NULL;
            if (!g_file_get_contents(path, &text, &file->size, &problem)) {
                g_free(file);
                return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
            }
            file->path = g_strdup(inside);
            file->text = text;
            g_ptr_array_add(files, file);
        }
    }
    return true;
}

bool law_use_folder(const char *path, GError **error) {
    GPtrArray *files = g_ptr_array_new(); /* kept until the program ends */
    if (!read_folder(path, "law", files, error)) {
        return false;
    }
    if (files->len == 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s: there is no rule file in it", path);
    }
    g_ptr_array_sort(files, compare_paths);
    folder_files = files;
    return true;
}

GArray *law_sources(const char *prefix, GError **error) {
    GArray *found = g_array_new(FALSE, FALSE, sizeof(LawSource));
    for (guint i = 0; folder_files != NULL && i < folder_files->len; i++) {
        const LawSource *file = folder_files->pdata[i];
        if (g_str_has_prefix(file->path, prefix)) {
            g_array_append_vals(found, file, 1);
        }
    }
    if (folder_files == NULL) {
        g_autoptr(GArray) embedded = embedded_list(prefix);
        for (guint i = 0; i < embedded->len; i++) {
            EmbeddedFile file = g_array_index(embedded, EmbeddedFile, i);
            LawSource source = {(char *)file.path, file.data, file.size};
            g_array_append_val(found, source);
        }
    }
    if (found->len == 0) {
        g_array_unref(found);
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "there is no file %s…", prefix);
        return NULL;
    }
    return found;
}
