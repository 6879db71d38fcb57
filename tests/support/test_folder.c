#include "test_folder.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>

static void empty(const char *path) {
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        test_folder_remove(inner);
    }
}

void test_folder_remove(const char *path) {
    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && g_file_test(path, G_FILE_TEST_IS_DIR)) {
        empty(path);
    }
    if (g_remove(path) != 0) {
        g_error("%s cannot be removed: %s", path, g_strerror(errno));
    }
}
