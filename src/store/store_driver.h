/*
 * What store.c needs from an engine. Private to this room; two implementations: store_sqlite.c and
 * store_pg.c.
 *
 * store.c has checked arguments, limits and the state of the transaction before it calls a driver.
 * A driver sets *error on every failure. Thread: the one that owns the Db.
 */
#pragma once

#include "base/embedded.h"
#include "base/error.h"
#include "store/backup.h"
#include "store/store.h"

typedef struct DbDriver {
    DbEngine engine;
    void (*close)(Db *db);
    bool (*exec)(Db *db, const char *text, DbArgs args, int64_t *ret_changed, GError **error);
    /* args.count is a multiple of columns, and not 0. */
    bool (*exec_many)(Db *db,
                      const char *text,
                      size_t columns,
                      DbArgs args,
                      int64_t *ret_changed,
                      GError **error);
    /* As db_later. */
    bool (*later)(Db *db, const char *text, DbArgs args, int64_t must_change, GError **error);
    DbRows *(*query)(Db *db, const char *text, DbArgs args, GError **error);
    /* Several statements without parameters. */
    bool (*script)(Db *db, const char *text, GError **error);
    bool (*begin)(Db *db, GError **error);
    bool (*commit)(Db *db, GError **error);
    void (*rollback)(Db *db);
    /* The plan as text, lines ending in LF; caller frees. NULL when the engine cannot say. */
    char *(*explain)(Db *db, const char *text, DbArgs args, bool *ret_scans_table);
    /* As db_copy. */
    bool (*copy)(Db *db, const char *path, DbCopyProgress progress, void *data, GError **error);

    void (*rows_free)(DbRows *rows);
    /* false and *error unset: no more rows. */
    bool (*rows_next)(DbRows *rows, GError **error);
    bool (*rows_is_null)(const DbRows *rows, int column);
    int64_t (*rows_int)(const DbRows *rows, int column);
    double (*rows_real)(const DbRows *rows, int column);
    const char *(*rows_text)(const DbRows *rows, int column);
    const void *(*rows_blob)(const DbRows *rows, int column, size_t *ret_size);
} DbDriver;

/* Each driver's connection begins with this. */
struct Db {
    const DbDriver *driver;
    DbMode mode;
    bool in_tx;
    bool tx_failed; /* a statement failed: only a roll-back is possible, on both engines alike */
    DbPlanObserver observer;
    void *observer_data;
    GHashTable *observed;   /* set of texts */
    int64_t fail_countdown; /* 0: off; see db_fail_after */
    GHashTable *kept;       /* text -> Kept; NULL: none */
    GArray *hooks;          /* of Hook, for the end of the transaction; NULL: none */
};

struct DbRows {
    Db *db;
    GError *error; /* why rows_next ended early */
};

/* NULL and *error when it cannot be opened. `path`: what follows "sqlite:". */
Db *store_sqlite_open(const char *path, DbMode mode, GError **error);
Db *store_pg_open(const char *url, DbMode mode, GError **error);

/* The two sides of backup.h. */
bool store_sqlite_fill(const char *url, const char *path, GError **error);
char *store_sqlite_place_new(const char *url, const char *purpose, GError **error);
bool store_sqlite_place_drop(const char *url, GError **error);
bool store_sqlite_place_swap(const char *url,
                             const char *new_url,
                             char **ret_old_url,
                             GError **error);
bool store_pg_fill(const char *url, const char *path, GError **error);
char *store_pg_place_new(const char *url, const char *purpose, GError **error);
bool store_pg_place_drop(const char *url, GError **error);
bool store_pg_place_swap(const char *url, const char *new_url, char **ret_old_url, GError **error);

/* CONFLICT when a statement of db_later has changed another number of rows than it must. */
bool store_check_changed(int64_t changed, int64_t must_change, GError **error);

/* Bytes and name of a finished file to the disk. */
bool store_sync_file(const char *path, GError **error);

/* db_migrate over given files, for tests: `path` as in the embedded table. */
bool store_migrate_files(
    Db *db, const char *room, const EmbeddedFile *files, size_t count, GError **error);

/* Idle prepared statements kept per connection; beyond it all are dropped and made again. Our
 * literals are about 300; filters add variants. */
#define STORE_STATEMENTS 400
/* How long a statement waits for another writer before BUSY. */
#define STORE_LOCK_WAIT_MS 5000
