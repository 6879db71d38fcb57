#include "base/folder.h"

#include <glib/gstdio.h>

bool folder_remove(const char *path) {
    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *inner = g_build_filename(path, name, NULL);
            (void)folder_remove(inner); /* what stays keeps the folder as well */
        }
    }
    return g_remove(path) == 0;
}
