#include "test_folder.h"

#include "base/folder.h"

#include <errno.h>

void test_folder_remove(const char *path) {
    if (!folder_remove(path)) {
        g_error("%s cannot be removed: %s", path, g_strerror(errno));
    }
}
