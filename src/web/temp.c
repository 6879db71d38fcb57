/* Files that live for one request. */
#include "base/error.h"
#include "web/web.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int web_temp_file(const char *folder, char **ret_path, GError **error) {
    g_autofree char *path =
        g_build_filename(folder != NULL ? folder : g_get_tmp_dir(), "upload-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not create file: %s", g_strerror(errno));
        return -1;
    }
    *ret_path = g_steal_pointer(&path);
    return fd;
}

const char *web_temp_folder(const Ctx *ctx) {
    return ctx->server == NULL ? NULL : web_options(ctx->server)->upload_dir;
}

char *web_temp_path(const Ctx *ctx, const char *what) {
    const char *folder = web_temp_folder(ctx);
    g_autofree char *name = g_strdup_printf("upload-%s-%s", ctx->request_id, what);
    return g_build_filename(folder != NULL ? folder : g_get_tmp_dir(), name, NULL);
}

bool web_write_all(int fd, const void *bytes, size_t size, GError **error) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return hz_fail(
                error, HZ_ERROR_UNAVAILABLE, "could not write file: %s", g_strerror(errno));
        }
        at += written;
        size -= (size_t)written;
    }
    return true;
}
