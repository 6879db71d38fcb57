/* What the files store_sqlite*.c share. */
#pragma once

#include "store/store_driver.h"

#include <sqlite3.h>

typedef struct SqliteDb {
    Db base;
    sqlite3 *handle;
    GHashTable *statements; /* text -> Statement */
} SqliteDb;

/* Our code for SQLite's (extended) result code. */
HzErrorCode store_sqlite_code(int result);
bool store_sqlite_copy(
    Db *db, const char *path, DbCopyProgress progress, void *data, GError **error);
char *store_sqlite_explain(Db *db, const char *text, DbArgs args, bool *ret_scans_table);
