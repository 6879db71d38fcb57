/* Copies of a SQLite database. */
#include "base/error.h"
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define COPY_PAGES 1024 /* between two calls of progress: 4 MiB */

static const char *path_of(const char *url) {
    g_assert(g_str_has_prefix(url, "sqlite:"));
    return url + strlen("sqlite:");
}

static bool fail_errno(GError **error, const char *what, const char *path) {
    return hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot %s %s: %s", what, path, g_strerror(errno));
}

static void remove_files(const char *path) {
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_strconcat(path, endings[i], NULL);
        g_unlink(name);
    }
}

/* The source's open read transaction holds one state: without it, each foreign write would make
 * the copy start again. */
static int copy_pages(sqlite3 *from, sqlite3 *to, DbCopyProgress progress, void *data) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) {
        return sqlite3_extended_errcode(to);
    }
    int result = SQLITE_OK;
    while (result == SQLITE_OK) {
        result = sqlite3_backup_step(backup, COPY_PAGES);
        int total = sqlite3_backup_pagecount(backup);
        if (progress != NULL) {
            progress(total - sqlite3_backup_remaining(backup), total, data);
        }
    }
    int finished = sqlite3_backup_finish(backup);
    return result == SQLITE_DONE ? finished : result;
}

/* From WAL to one plain file: all that is left when it is closed. */
static int make_plain(sqlite3 *to) {
    return sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

bool store_sqlite_copy(
    Db *db, const char *path, DbCopyProgress progress, void *data, GError **error) {
    sqlite3 *to = NULL;
    int result = sqlite3_open_v2(
        path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        result = copy_pages(((SqliteDb *)db)->handle, to, progress, data);
    }
    if (result == SQLITE_OK) {
        result = make_plain(to);
    }
    sqlite3_close(to);
    if (result != SQLITE_OK) {
        remove_files(path);
        return hz_fail(error,
                       store_sqlite_code(result),
                       "cannot copy to %s: %s",
                       path,
                       sqlite3_errstr(result));
    }
    return store_sync_file(path, error);
}

static bool copy_bytes(int from, int to) {
    enum { PIECE = 1 << 20 };
    g_autofree char *buffer = g_malloc(PIECE);
    for (;;) {
        ssize_t size = read(from, buffer, PIECE);
        if (size <= 0) {
            return size == 0 && fsync(to) == 0;
        }
        for (ssize_t at = 0, wrote = 0; at < size; at += wrote) {
            wrote = write(to, buffer + at, (size_t)(size - at));
            if (wrote < 0) {
                return false;
            }
        }
    }
}

bool store_sqlite_fill(const char *url, const char *path, GError **error) {
    const char *target = path_of(url);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return fail_errno(error, "read", path);
    }
    int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) {
        fail_errno(error, "make", target);
        close(from);
        return false;
    }
    bool done = copy_bytes(from, to) || fail_errno(error, "write", target);
    close(from);
    close(to);
    if (!done) {
        g_unlink(target);
    }
    return done && store_sync_file(target, error);
}

char *store_sqlite_place_new(const char *url, const char *purpose, GError **error) {
    g_autofree char *place = g_strdup_printf("%s.%s-%d", url, purpose, (int)getpid());
    if (g_file_test(path_of(place), G_FILE_TEST_EXISTS)) {
        hz_fail(error, HZ_ERROR_CONFLICT, "%s exists already", path_of(place));
        return NULL;
    }
    return g_steal_pointer(&place);
}

bool store_sqlite_place_drop(const char *url, GError **error) {
    (void)error;
    remove_files(path_of(url));
    return true;
}

/* Only the last connection can leave WAL: so this shows that nobody is connected, and leaves one
 * file without -wal and -shm. */
static bool settle_old(const char *path, GError **error) {
    sqlite3 *old = NULL;
    int result = sqlite3_open_v2(path, &old, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        result = make_plain(old);
    }
    sqlite3_close(old);
    if ((result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED) {
        return hz_fail(error, HZ_ERROR_BUSY, "%s is in use; stop the server first", path);
    }
    return result == SQLITE_OK || hz_fail(error,
                                          store_sqlite_code(result),
                                          "cannot open %s: %s",
                                          path,
                                          sqlite3_errstr(result));
}

/* Link, then rename: at no moment is there no database under the name. */
bool store_sqlite_place_swap(const char *url,
                             const char *new_url,
                             char **ret_old_url,
                             GError **error) {
    g_autofree char *old_url = store_sqlite_place_new(url, "before-restore", error);
    if (old_url == NULL || !settle_old(path_of(url), error)) {
        return false;
    }
    if (link(path_of(url), path_of(old_url)) != 0) {
        return fail_errno(error, "keep", path_of(url));
    }
    if (rename(path_of(new_url), path_of(url)) != 0) {
        fail_errno(error, "replace", path_of(url));
        g_unlink(path_of(old_url));
        return false;
    }
    if (!store_sync_file(path_of(url), error)) {
        return false;
    }
    *ret_old_url = g_steal_pointer(&old_url);
    return true;
}
