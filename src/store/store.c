/* What both engines share: arguments, checks, transactions, retry. */
#include "store/store.h"

#include "base/error.h"
#include "base/limits.h"
#include "store/store_driver.h"

#include <string.h>

/* --- arguments ------------------------------------------------------------------------------- */

DbArg db_null(void) {
    return (DbArg){.type = DB_NULL};
}

DbArg db_int(int64_t number) {
    return (DbArg){.type = DB_INT, .number = number};
}

DbArg db_bool(bool truth) {
    return db_int(truth ? 1 : 0);
}

DbArg db_real(double real) {
    return (DbArg){.type = DB_REAL, .real = real};
}

DbArg db_text(const char *text) {
    return text == NULL ? db_null() : db_text_n(text, strlen(text));
}

DbArg db_text_n(const char *text, size_t size) {
    return text == NULL ? db_null() : (DbArg){.type = DB_TEXT, .bytes = text, .size = size};
}

DbArg db_blob(const void *bytes, size_t size) {
    return bytes == NULL ? db_null() : (DbArg){.type = DB_BLOB, .bytes = bytes, .size = size};
}

/* SQLite would store text that PostgreSQL refuses (NUL, not UTF-8): both refuse. */
static bool check_args(DbArgs args, GError **error) {
    for (size_t i = 0; i < args.count; i++) {
        const DbArg *arg = &args.items[i];
        if (arg->type != DB_TEXT && arg->type != DB_BLOB) {
            continue;
        }
        if (arg->size > LIMIT_DB_VALUE) {
            return hz_fail(error,
                           HZ_ERROR_LIMIT,
                           "value $%zu: %zu bytes are more than %d MiB",
                           i + 1,
                           arg->size,
                           LIMIT_DB_VALUE / MIB);
        }
        if (arg->type == DB_TEXT &&
            !g_utf8_validate_len(arg->bytes, arg->size, NULL)) { /* refuses NUL as well */
            return hz_fail(error, HZ_ERROR_INVALID, "value $%zu is not UTF-8 text", i + 1);
        }
    }
    return true;
}

/* --- connection ------------------------------------------------------------------------------ */

Db *db_open(const char *url, DbMode mode, GError **error) {
    if (g_str_has_prefix(url, "sqlite:")) {
        return store_sqlite_open(url + strlen("sqlite:"), mode, error);
    }
    if (g_str_has_prefix(url, "postgresql://") || g_str_has_prefix(url, "postgres://")) {
        return store_pg_open(url, mode, error);
    }
    hz_fail(error, HZ_ERROR_INVALID, "database must be sqlite:PATH or postgresql://…");
    return NULL;
}

void db_close(Db *db) {
    if (db == NULL) {
        return;
    }
    g_clear_pointer(&db->observed, g_hash_table_unref);
    g_clear_pointer(&db->kept, g_hash_table_unref);
    db->driver->close(db);
}

typedef struct Kept {
    void *thing;
    GDestroyNotify free_thing;
} Kept;

static void kept_free(void *data) {
    Kept *kept = data;
    kept->free_thing(kept->thing);
    g_free(kept);
}

void *db_kept(const Db *db, const char *key) {
    const Kept *kept = db->kept == NULL ? NULL : g_hash_table_lookup(db->kept, key);
    return kept == NULL ? NULL : kept->thing;
}

void db_keep(Db *db, const char *key, void *thing, GDestroyNotify free_thing) {
    if (db->kept == NULL) {
        db->kept = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, kept_free);
    }
    Kept *kept = g_new(Kept, 1);
    *kept = (Kept){thing, free_thing};
    g_hash_table_replace(db->kept, (void *)key, kept);
}

DbEngine db_engine(const Db *db) {
    return db->driver->engine;
}

void db_fail_after(Db *db, int64_t calls) {
    g_assert(calls >= 0);
    db->fail_countdown = calls;
}

/* Every call passes here first. */
static bool enter(Db *db, GError **error) {
    if (db->in_tx && db->tx_failed) {
        return hz_fail(error, HZ_ERROR_INTERNAL, "a statement of this transaction has failed");
    }
    if (db->fail_countdown > 0 && --db->fail_countdown == 0) {
        db->tx_failed = db->in_tx;
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "database call failed as a test asked for");
    }
    return true;
}

static bool leave(Db *db, bool done) {
    if (!done && db->in_tx) {
        db->tx_failed = true;
    }
    return done;
}

/* --- statements ------------------------------------------------------------------------------ */

static void observe(Db *db, const char *text, DbArgs args) {
    if (db->observer == NULL || g_hash_table_contains(db->observed, text)) {
        return;
    }
    g_hash_table_add(db->observed, g_strdup(text));
    bool scans = false;
    g_autofree char *plan = db->driver->explain(db, text, args, &scans);
    if (plan != NULL) {
        db->observer(text, plan, scans, db->observer_data);
    }
}

void db_observe_plans(Db *db, DbPlanObserver observer, void *data) {
    db->observer = observer;
    db->observer_data = data;
    g_clear_pointer(&db->observed, g_hash_table_unref);
    if (observer != NULL) {
        db->observed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
}

bool db_exec(Db *db, Sql sql, DbArgs args, int64_t *ret_changed, GError **error) {
    if (!enter(db, error) || !check_args(args, error)) {
        return false;
    }
    observe(db, sql.text, args);
    int64_t changed = 0;
    if (!leave(db, db->driver->exec(db, sql.text, args, &changed, error))) {
        return false;
    }
    if (ret_changed != NULL) {
        *ret_changed = changed;
    }
    return true;
}

bool store_check_changed(int64_t changed, int64_t must_change, GError **error) {
    return must_change < 0 || changed == must_change ||
           hz_fail(error,
                   HZ_ERROR_CONFLICT,
                   "%" G_GINT64_FORMAT " rows were changed instead of %" G_GINT64_FORMAT
                   ": somebody else was faster",
                   changed,
                   must_change);
}

bool db_later(Db *db, Sql sql, DbArgs args, int64_t must_change, GError **error) {
    g_assert(db->in_tx);
    if (!enter(db, error) || !check_args(args, error)) {
        return false;
    }
    observe(db, sql.text, args);
    return leave(db, db->driver->later(db, sql.text, args, must_change, error));
}

bool db_exec_many(
    Db *db, Sql sql, size_t columns, DbArgs args, int64_t *ret_changed, GError **error) {
    g_assert(columns > 0 && args.count % columns == 0);
    if (!enter(db, error) || !check_args(args, error)) {
        return false;
    }
    int64_t changed = 0;
    if (args.count > 0) {
        observe(db, sql.text, (DbArgs){args.items, columns});
        if (!leave(db, db->driver->exec_many(db, sql.text, columns, args, &changed, error))) {
            return false;
        }
    }
    if (ret_changed != NULL) {
        *ret_changed = changed;
    }
    return true;
}

bool db_script(Db *db, const char *text, GError **error) {
    return enter(db, error) && leave(db, db->driver->script(db, text, error));
}

bool db_tidy(Db *db, GError **error) {
    g_assert(!db->in_tx);
    return db_engine(db) == DB_ENGINE_SQLITE || db_script(db, "VACUUM (ANALYZE)", error);
}

static DbRows *query_text(Db *db, const char *text, DbArgs args, GError **error) {
    if (!enter(db, error) || !check_args(args, error)) {
        return NULL;
    }
    observe(db, text, args);
    DbRows *rows = db->driver->query(db, text, args, error);
    leave(db, rows != NULL);
    return rows;
}

DbRows *db_query(Db *db, Sql sql, DbArgs args, GError **error) {
    return query_text(db, sql.text, args, error);
}

void db_rows_free(DbRows *rows) {
    if (rows == NULL) {
        return;
    }
    g_clear_error(&rows->error);
    rows->db->driver->rows_free(rows);
}

bool db_rows_next(DbRows *rows) {
    if (rows->error != NULL) {
        return false;
    }
    bool more = rows->db->driver->rows_next(rows, &rows->error);
    leave(rows->db, rows->error == NULL);
    return more;
}

bool db_rows_done(DbRows *rows, GError **error) {
    if (rows->error == NULL) {
        return true;
    }
    g_propagate_error(error, g_error_copy(rows->error));
    return false;
}

bool db_rows_is_null(const DbRows *rows, int column) {
    return rows->db->driver->rows_is_null(rows, column);
}

int64_t db_rows_int(const DbRows *rows, int column) {
    return rows->db->driver->rows_int(rows, column);
}

double db_rows_real(const DbRows *rows, int column) {
    return rows->db->driver->rows_real(rows, column);
}

const char *db_rows_text(const DbRows *rows, int column) {
    return rows->db->driver->rows_text(rows, column);
}

const void *db_rows_blob(const DbRows *rows, int column, size_t *ret_size) {
    return rows->db->driver->rows_blob(rows, column, ret_size);
}

/* After the wanted row: a statement with RETURNING commits only when it has ended. */
static bool finish_rows(DbRows *rows, GError **error) {
    while (db_rows_next(rows)) {
    }
    return db_rows_done(rows, error);
}

bool db_query_int(Db *db, Sql sql, DbArgs args, int64_t *ret_number, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) && hz_fail(error, HZ_ERROR_NOT_FOUND, "no such row");
    }
    int64_t number = db_rows_int(rows, 0);
    if (!finish_rows(rows, error)) {
        return false;
    }
    *ret_number = number;
    return true;
}

bool db_query_text(Db *db, Sql sql, DbArgs args, char **ret_text, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) && hz_fail(error, HZ_ERROR_NOT_FOUND, "no such row");
    }
    g_autofree char *text = g_strdup(db_rows_text(rows, 0));
    if (!finish_rows(rows, error)) {
        return false;
    }
    *ret_text = g_steal_pointer(&text);
    return true;
}

/* --- dynamic filters ------------------------------------------------------------------------- */

struct SqlBuilder {
    GString *text;
    GArray *args; /* DbArg, bytes owned */
};

static void arg_clear(gpointer arg) {
    g_free((gpointer)((DbArg *)arg)->bytes);
}

SqlBuilder *sql_builder_new(void) {
    SqlBuilder *builder = g_new0(SqlBuilder, 1);
    builder->text = g_string_new(NULL);
    builder->args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_array_set_clear_func(builder->args, arg_clear);
    return builder;
}

void sql_builder_free(SqlBuilder *builder) {
    if (builder == NULL) {
        return;
    }
    g_string_free(builder->text, TRUE);
    g_array_unref(builder->args);
    g_free(builder);
}

void sql_builder_add(SqlBuilder *builder, Sql fragment) {
    g_string_append(builder->text, fragment.text);
    g_string_append_c(builder->text, ' ');
}

void sql_builder_arg(SqlBuilder *builder, DbArg value) {
    if (value.bytes != NULL) {
        /* One byte more, so that an empty text stays a text and not NULL. */
        char *bytes = g_malloc(value.size + 1);
        memcpy(bytes, value.bytes, value.size);
        bytes[value.size] = '\0';
        value.bytes = bytes;
    }
    g_array_append_val(builder->args, value);
    g_string_append_printf(builder->text, "$%u ", builder->args->len);
}

const char *sql_builder_text(const SqlBuilder *builder) {
    return builder->text->str;
}

DbRows *db_query_built(Db *db, const SqlBuilder *builder, GError **error) {
    DbArgs args = {(const DbArg *)(const void *)builder->args->data, builder->args->len};
    return query_text(db, builder->text->str, args, error);
}

/* --- transactions ---------------------------------------------------------------------------- */

bool db_in_tx(const Db *db) {
    return db->in_tx;
}

typedef struct Hook {
    DbHook work;
    void *data;
    GDestroyNotify free_data;
} Hook;

static void hook_clear(void *data) {
    Hook *hook = data;
    hook->free_data(hook->data);
}

void db_before_commit(Db *db, DbHook hook, void *data, GDestroyNotify free_data) {
    g_assert(db->in_tx && db_before_commit_data(db, hook) == NULL);
    if (db->hooks == NULL) {
        db->hooks = g_array_new(FALSE, FALSE, sizeof(Hook));
        g_array_set_clear_func(db->hooks, hook_clear);
    }
    Hook one = {hook, data, free_data};
    g_array_append_val(db->hooks, one);
}

void *db_before_commit_data(const Db *db, DbHook hook) {
    for (guint i = 0; db->hooks != NULL && i < db->hooks->len; i++) {
        const Hook *one = &g_array_index(db->hooks, Hook, i);
        if (one->work == hook) {
            return one->data;
        }
    }
    return NULL;
}

static bool run_hooks(Db *db, GError **error) {
    for (guint i = 0; db->hooks != NULL && i < db->hooks->len; i++) {
        Hook one = g_array_index(db->hooks, Hook, i);
        if (!one.work(db, one.data, error)) {
            return false;
        }
    }
    return true;
}

static void end_tx(DbTx *tx) {
    g_clear_pointer(&tx->db->hooks, g_array_unref);
    tx->db->in_tx = false;
    tx->db = NULL;
}

bool db_begin(Db *db, DbTx *tx, GError **error) {
    g_assert(!db->in_tx && tx->db == NULL);
    if (!enter(db, error) || !db->driver->begin(db, error)) {
        return false;
    }
    db->in_tx = true;
    db->tx_failed = false;
    tx->db = db;
    return true;
}

bool db_commit(DbTx *tx, GError **error) {
    Db *db = tx->db;
    g_assert(db != NULL && db->in_tx);
    if (!run_hooks(db, error) || !enter(db, error) || !leave(db, db->driver->commit(db, error))) {
        return false; /* the scope's end rolls back */
    }
    end_tx(tx);
    return true;
}

void db_tx_clear(DbTx *tx) {
    if (tx->db == NULL) {
        return;
    }
    tx->db->driver->rollback(tx->db);
    tx->db->tx_failed = false;
    end_tx(tx);
}

static bool run_once(Db *db, DbWork work, void *data, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && work(db, data, error) && db_commit(&tx, error);
}

bool db_run_tx(Db *db, DbWork work, void *data, GError **error) {
    const int64_t give_up_us = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    for (int pause_ms = 4;; pause_ms = MIN(pause_ms * 2, 500)) {
        g_autoptr(GError) failure = NULL;
        if (run_once(db, work, data, &failure)) {
            return true;
        }
        g_assert(failure != NULL);
        int64_t pause_us = g_random_int_range(pause_ms / 2, pause_ms + 1) * 1000;
        if (!g_error_matches(failure, HZ_ERROR, HZ_ERROR_BUSY) ||
            g_get_monotonic_time() + pause_us > give_up_us) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
        g_usleep((gulong)pause_us);
    }
}
