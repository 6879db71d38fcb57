/* Copies of a whole database: what both engines share. */
#include "store/backup.h"

#include "base/error.h"
#include "store/store_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool sync_path(const char *path, int flags, GError **error) {
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int reason = errno;
    if (fd >= 0) {
        close(fd);
    }
    return done || hz_fail(error,
                           HZ_ERROR_UNAVAILABLE,
                           "cannot write %s to the disk: %s",
                           path,
                           g_strerror(reason));
}

/* The name must survive a power cut as well as the bytes. */
bool store_sync_file(const char *path, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path);
    return sync_path(path, 0, error) && sync_path(folder, O_DIRECTORY, error);
}

static bool is_sqlite(const char *url) {
    return g_str_has_prefix(url, "sqlite:");
}

bool db_copy(Db *db, const char *path, DbCopyProgress progress, void *data, GError **error) {
    g_assert(db->mode == DB_READ_ONLY && db->in_tx);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "%s exists already", path);
    }
    return db->driver->copy(db, path, progress, data, error);
}

bool db_fill(const char *url, const char *path, GError **error) {
    return is_sqlite(url) ? store_sqlite_fill(url, path, error) : store_pg_fill(url, path, error);
}

char *db_place_new(const char *url, const char *purpose, GError **error) {
    return is_sqlite(url) ? store_sqlite_place_new(url, purpose, error)
                          : store_pg_place_new(url, purpose, error);
}

bool db_place_drop(const char *url, GError **error) {
    return is_sqlite(url) ? store_sqlite_place_drop(url, error) : store_pg_place_drop(url, error);
}

bool db_place_swap(const char *url, const char *new_url, char **ret_old_url, GError **error) {
    g_assert(is_sqlite(url) == is_sqlite(new_url));
    return is_sqlite(url) ? store_sqlite_place_swap(url, new_url, ret_old_url, error)
                          : store_pg_place_swap(url, new_url, ret_old_url, error);
}

bool db_is_empty(Db *db, bool *ret_empty, GError **error) {
    int64_t tables = 0;
    if (!db_query_int(db,
                      SQL_FOR(db,
                              "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
                              "SELECT count(*) FROM pg_tables"
                              " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"),
                      DB_NO_ARGS,
                      &tables,
                      error)) {
        return false;
    }
    *ret_empty = tables == 0;
    return true;
}

bool db_check(Db *db, bool quick, GError **error) {
    if (db_engine(db) == DB_ENGINE_PG) {
        return true;
    }
    g_autofree char *finding = NULL;
    if (!db_query_text(db,
                       quick ? SQL("PRAGMA quick_check(1)") : SQL("PRAGMA integrity_check(1)"),
                       DB_NO_ARGS,
                       &finding,
                       error)) {
        return false;
    }
    return strcmp(finding, "ok") == 0 || hz_fail(error, HZ_ERROR_CORRUPT, "sqlite: %s", finding);
}
