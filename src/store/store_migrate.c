/* Forward-only migrations, recorded with a hash. */
#include "base/clock.h"
#include "base/digest.h"
#include "store/store_driver.h"

#include <stdio.h>
#include <string.h>

typedef struct Migration {
    int64_t number;
    char *name; /* "0001_ledger" */
    char *hash;
    const EmbeddedFile *file;
} Migration;

static void migration_clear(gpointer item) {
    Migration *migration = item;
    g_free(migration->name);
    g_free(migration->hash);
}

/* "ledger/schema/0001_ledger.pg.sql" -> number 1, name "0001_ledger", for PostgreSQL only. */
static bool read_name(DbEngine engine, const EmbeddedFile *file, Migration *ret, bool *ret_skip) {
    const char *slash = strrchr(file->path, '/');
    g_autofree char *name = g_strdup(slash == NULL ? file->path : slash + 1);
    if (!g_str_has_suffix(name, ".sql")) {
        return false;
    }
    name[strlen(name) - strlen(".sql")] = '\0';
    bool for_sqlite = g_str_has_suffix(name, ".sqlite");
    bool for_pg = g_str_has_suffix(name, ".pg");
    if (for_sqlite || for_pg) {
        *strrchr(name, '.') = '\0';
    }
    *ret_skip = (for_sqlite && engine != DB_ENGINE_SQLITE) || (for_pg && engine != DB_ENGINE_PG);
    char *end = NULL;
    int64_t number = g_ascii_strtoll(name, &end, 10);
    if (end - name != 4 || *end != '_' || number <= 0) {
        return false;
    }
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, file->data, file->size, hash);
    *ret = (Migration){number, g_steal_pointer(&name), hex_format(hash, DIGEST_SIZE), file};
    return true;
}

static int by_number(gconstpointer a, gconstpointer b) {
    const Migration *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* The files of this engine in order of number; NULL on error. */
static GArray *
read_files(DbEngine engine, const EmbeddedFile *files, size_t count, GError **error) {
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Migration));
    g_array_set_clear_func(list, migration_clear);
    for (size_t i = 0; i < count; i++) {
        Migration migration = {0};
        bool skip = false;
        if (!read_name(engine, &files[i], &migration, &skip)) {
            hz_fail(error,
                    HZ_ERROR_INTERNAL,
                    "migration file \"%s\" is not named NNNN_name.sql",
                    files[i].path);
            return NULL;
        }
        if (skip) {
            migration_clear(&migration);
        } else {
            g_array_append_val(list, migration);
        }
    }
    g_array_sort(list, by_number);
    for (guint i = 1; i < list->len; i++) {
        if (g_array_index(list, Migration, i - 1).number ==
            g_array_index(list, Migration, i).number) {
            hz_fail(error,
                    HZ_ERROR_INTERNAL,
                    "two migrations have the number of %s",
                    g_array_index(list, Migration, i).name);
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

/* Two servers that start at once must not both apply: inside the transaction, PostgreSQL takes this
 * lock; SQLite has BEGIN IMMEDIATE. */
static bool lock(Db *db, GError **error) {
    if (db_engine(db) == DB_ENGINE_SQLITE) {
        return true;
    }
    g_autoptr(DbRows) rows =
        db_query(db, SQL("SELECT pg_advisory_xact_lock(7282117)"), DB_NO_ARGS, error);
    return rows != NULL;
}

static bool make_table(Db *db, void *data, GError **error) {
    (void)data;
    return lock(db, error) && db_exec(db,
                                      SQL("CREATE TABLE IF NOT EXISTS migration ("
                                          "room TEXT NOT NULL, number BIGINT NOT NULL,"
                                          "name TEXT NOT NULL, sha256 TEXT NOT NULL,"
                                          "applied_us BIGINT NOT NULL,"
                                          "PRIMARY KEY (room, number))"),
                                      DB_NO_ARGS,
                                      NULL,
                                      error);
}

static const Migration *find(const GArray *list, int64_t number) {
    for (guint i = 0; i < list->len; i++) {
        const Migration *migration = &g_array_index(list, Migration, i);
        if (migration->number == number) {
            return migration;
        }
    }
    return NULL;
}

/* Every recorded migration must be one of ours, unchanged. Puts the recorded numbers in the set. */
static bool
check_recorded(Db *db, const char *room, const GArray *list, GHashTable *recorded, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT number, name, sha256 FROM migration WHERE room = $1"),
                 DB_ARGS(db_text(room)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        const Migration *migration = find(list, db_rows_int(rows, 0));
        if (migration == NULL) {
            return hz_fail(error,
                           HZ_ERROR_CONFLICT,
                           "the database is newer than this program: it has migration %s/%s",
                           room,
                           db_rows_text(rows, 1));
        }
        if (strcmp(migration->hash, db_rows_text(rows, 2)) != 0) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "migration %s/%s is not the one that was applied to this database",
                           room,
                           migration->name);
        }
        g_hash_table_add(recorded, (gpointer)migration);
    }
    return db_rows_done(rows, error);
}

typedef struct Step {
    const char *room;
    const Migration *migration;
} Step;

static bool apply(Db *db, void *data, GError **error) {
    const Step *step = data;
    const Migration *migration = step->migration;
    int64_t there = 0;
    if (!lock(db, error) ||
        !db_query_int(db,
                      SQL("SELECT count(*) FROM migration WHERE room = $1 AND number = $2"),
                      DB_ARGS(db_text(step->room), db_int(migration->number)),
                      &there,
                      error)) {
        return false;
    }
    if (there > 0) {
        return true; /* another server was faster */
    }
    if (!db_script(db, migration->file->data, error)) {
        g_prefix_error(error, "migration %s/%s: ", step->room, migration->name);
        return false;
    }
    return db_exec(db,
                   SQL("INSERT INTO migration (room, number, name, sha256, applied_us)"
                       " VALUES ($1, $2, $3, $4, $5)"),
                   DB_ARGS(db_text(step->room),
                           db_int(migration->number),
                           db_text(migration->name),
                           db_text(migration->hash),
                           db_int(clock_now_us())),
                   NULL,
                   error);
}

static bool has_table(Db *db, bool *ret_has, GError **error) {
    int64_t tables = 0;
    if (!db_query_int(db,
                      SQL_FOR(db,
                              "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'",
                              "SELECT count(to_regclass('migration'))"),
                      DB_NO_ARGS,
                      &tables,
                      error)) {
        return false;
    }
    *ret_has = tables > 0;
    return true;
}

/* When nothing is to be done it only reads, so that a command starts while another one writes. */
bool store_migrate_files(
    Db *db, const char *room, const EmbeddedFile *files, size_t count, GError **error) {
    g_autoptr(GArray) list = read_files(db_engine(db), files, count, error);
    bool has = false;
    if (list == NULL || !has_table(db, &has, error) ||
        (!has && !db_run_tx(db, make_table, NULL, error))) {
        return false;
    }
    g_autoptr(GHashTable) recorded = g_hash_table_new(NULL, NULL);
    if (!check_recorded(db, room, list, recorded, error)) {
        return false;
    }
    for (guint i = 0; i < list->len; i++) {
        Step step = {room, &g_array_index(list, Migration, i)};
        if (!g_hash_table_contains(recorded, step.migration) &&
            !db_run_tx(db, apply, &step, error)) {
            return false;
        }
    }
    return true;
}

bool db_migrations_missing(Db *db, const char *room, int64_t *ret_missing, GError **error) {
    g_autofree char *folder = g_strdup_printf("%s/schema/", room);
    g_autoptr(GArray) files = embedded_list(folder);
    g_autoptr(GArray) list = read_files(
        db_engine(db), (const EmbeddedFile *)(const void *)files->data, files->len, error);
    bool has = false;
    if (list == NULL || !has_table(db, &has, error)) {
        return false;
    }
    g_autoptr(GHashTable) recorded = g_hash_table_new(NULL, NULL);
    if (has && !check_recorded(db, room, list, recorded, error)) {
        return false;
    }
    *ret_missing = (int64_t)list->len - g_hash_table_size(recorded);
    return true;
}

bool db_migrate(Db *db, const char *room, GError **error) {
    g_autofree char *folder = g_strdup_printf("%s/schema/", room);
    g_autoptr(GArray) files = embedded_list(folder);
    return store_migrate_files(
        db, room, (const EmbeddedFile *)(const void *)files->data, files->len, error);
}
