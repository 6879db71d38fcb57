#include "store/health.h"

#include <string.h>

bool db_version(Db *db, char **ret_text, GError **error) {
    g_autofree char *version = NULL;
    if (!db_query_text(db,
                       SQL_FOR(db, "SELECT sqlite_version()", "SHOW server_version"),
                       DB_NO_ARGS,
                       &version,
                       error)) {
        return false;
    }
    *ret_text =
        g_strconcat(db_engine(db) == DB_ENGINE_PG ? "PostgreSQL " : "SQLite ", version, NULL);
    return true;
}

bool db_pg_setting(Db *db, const char *name, char **ret_text, GError **error) {
    g_assert(db_engine(db) == DB_ENGINE_PG);
    if (strcmp(name, "datcollate") == 0) {
        return db_query_text(
            db,
            SQL("SELECT datcollate FROM pg_database WHERE datname = current_database()"),
            DB_NO_ARGS,
            ret_text,
            error);
    }
    return db_query_text(
        db, SQL("SELECT current_setting($1)"), DB_ARGS(db_text(name)), ret_text, error);
}

bool db_pg_clock(Db *db, int64_t *ret_time_us, GError **error) {
    g_assert(db_engine(db) == DB_ENGINE_PG);
    return db_query_int(
        db,
        SQL("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"),
        DB_NO_ARGS,
        ret_time_us,
        error);
}
