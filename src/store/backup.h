/*
 * Copies of a whole database: made online, filled in again, put in the place of another.
 *
 * The file of a copy is, for SQLite, a database of one file; for PostgreSQL, a dump in pg_dump's
 * custom format, made and read by the pg_dump and pg_restore of the server's version (package
 * postgresql-client). Checking what the data says (ledger) is the caller's work. Thread: any, one
 * at a time per database.
 */
#pragma once

#include "store/store.h"

typedef void (*DbCopyProgress)(int64_t done, int64_t total, void *data);

/* Writes the new file `path` with the state that the open transaction of `db` (DB_READ_ONLY) sees;
 * others go on writing meanwhile. `path` must not exist; it is complete and on disk on success, and
 * absent on failure. `progress` may be NULL; PostgreSQL does not call it. */
bool db_copy(Db *db, const char *path, DbCopyProgress progress, void *data, GError **error);

/* Fills the database at `url` (SQLite: no such file yet; PostgreSQL: without tables) from a copy.
 * All or nothing. */
bool db_fill(const char *url, const char *path, GError **error);

/* A new place beside the database of `url`: "huozheng.db.<purpose>-<pid>", or the PostgreSQL
 * database "<name>_<purpose>_<pid>", which needs the right CREATEDB (HZ_ERROR_DENIED without).
 * Returns its URL; caller frees. NULL on error. */
char *db_place_new(const char *url, const char *purpose, GError **error);
bool db_place_drop(const char *url, GError **error);

/* Puts the database at `new_url` (from db_place_new) in the place of the one at `url`, which is
 * kept beside it: *ret_old_url, caller frees. HZ_ERROR_BUSY while anybody is connected to it. */
bool db_place_swap(const char *url, const char *new_url, char **ret_old_url, GError **error);

/* No tables at all? */
bool db_is_empty(Db *db, bool *ret_empty, GError **error);

/* Reads every page and index of a SQLite database (`quick`: without comparing indexes with tables);
 * HZ_ERROR_CORRUPT with the engine's first finding. PostgreSQL checks pages as it reads them
 * (data checksums): nothing is done. */
bool db_check(Db *db, bool quick, GError **error);
