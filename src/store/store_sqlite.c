/* SQLite side of the seam: connection, statements, rows, plans. */
#include "store/store_sqlite.h"

#include <string.h>

/* A prepared statement. `numbers[i]`: which $n SQLite's parameter i+1 is, because SQLite counts
 * names by first appearance: in "$2 $1" the first is $2. */
typedef struct Statement {
    sqlite3_stmt *stmt;
    int *numbers;
    int parameters;
    bool in_use; /* rows are open on it */
} Statement;

typedef struct SqliteRows {
    DbRows base;
    Statement *statement;
    bool shared; /* the statement belongs to the cache */
    bool ended;
} SqliteRows;

/* --- errors ---------------------------------------------------------------------------------- */

HzErrorCode store_sqlite_code(int result) {
    switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
        return HZ_ERROR_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return HZ_ERROR_BUSY;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
        return HZ_ERROR_UNAVAILABLE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return HZ_ERROR_CORRUPT;
    case SQLITE_TOOBIG:
        return HZ_ERROR_LIMIT;
    case SQLITE_READONLY:
        return HZ_ERROR_DENIED;
    case SQLITE_INTERRUPT:
        return HZ_ERROR_TIMEOUT;
    default:
        return HZ_ERROR_INTERNAL;
    }
}

static bool fail(SqliteDb *db, GError **error) {
    int result = sqlite3_extended_errcode(db->handle);
    return hz_fail(
        error, store_sqlite_code(result), "sqlite: %s (%d)", sqlite3_errmsg(db->handle), result);
}

/* --- prepared statements --------------------------------------------------------------------- */

static void statement_free(gpointer item) {
    Statement *statement = item;
    sqlite3_finalize(statement->stmt);
    g_free(statement->numbers);
    g_free(statement);
}

static Statement *prepare(SqliteDb *db, const char *text, unsigned flags, GError **error) {
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    if (sqlite3_prepare_v3(db->handle, text, -1, flags, &stmt, &tail) != SQLITE_OK) {
        fail(db, error);
        return NULL;
    }
    while (g_ascii_isspace(*tail)) {
        tail++;
    }
    if (stmt == NULL || *tail != '\0') {
        sqlite3_finalize(stmt);
        hz_fail(error, HZ_ERROR_INTERNAL, "not exactly one statement: \"%.60s\"", text);
        return NULL;
    }
    Statement *statement = g_new0(Statement, 1);
    statement->stmt = stmt;
    statement->parameters = sqlite3_bind_parameter_count(stmt);
    statement->numbers = g_new0(int, (gsize)statement->parameters + 1);
    for (int i = 0; i < statement->parameters; i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i + 1);
        statement->numbers[i] =
            name != NULL && name[0] == '$' ? (int)g_ascii_strtoll(name + 1, NULL, 10) : 0;
    }
    return statement;
}

static gboolean is_idle(gpointer key, gpointer statement, gpointer data) {
    (void)key;
    (void)data;
    return !((Statement *)statement)->in_use;
}

/* The statement of this text, from the cache unless rows are open on it. */
static Statement *take(SqliteDb *db, const char *text, bool *ret_shared, GError **error) {
    Statement *statement = g_hash_table_lookup(db->statements, text);
    if (statement != NULL && !statement->in_use) {
        *ret_shared = true;
        return statement;
    }
    *ret_shared = statement == NULL;
    statement = prepare(db, text, *ret_shared ? SQLITE_PREPARE_PERSISTENT : 0, error);
    if (statement != NULL && *ret_shared) {
        if (g_hash_table_size(db->statements) >= STORE_STATEMENTS) {
            g_hash_table_foreach_remove(db->statements, is_idle, NULL);
        }
        g_hash_table_insert(db->statements, g_strdup(text), statement);
    }
    return statement;
}

static int bind_one(sqlite3_stmt *stmt, int index, const DbArg *arg, sqlite3_destructor_type keep) {
    switch (arg->type) {
    case DB_NULL:
        return sqlite3_bind_null(stmt, index);
    case DB_INT:
        return sqlite3_bind_int64(stmt, index, arg->number);
    case DB_REAL:
        return sqlite3_bind_double(stmt, index, arg->real);
    case DB_TEXT:
        return sqlite3_bind_text64(stmt, index, arg->bytes, arg->size, keep, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(stmt, index, arg->bytes, arg->size, keep);
    }
    g_assert_not_reached();
}

static bool bind(
    SqliteDb *db, Statement *statement, DbArgs args, sqlite3_destructor_type keep, GError **error) {
    if ((size_t)statement->parameters != args.count) {
        return hz_fail(error,
                       HZ_ERROR_INTERNAL,
                       "%zu values for %d parameters in \"%.60s\"",
                       args.count,
                       statement->parameters,
                       sqlite3_sql(statement->stmt));
    }
    for (int i = 0; i < statement->parameters; i++) {
        int number = statement->numbers[i];
        if (number < 1 || (size_t)number > args.count) {
            return hz_fail(error,
                           HZ_ERROR_INTERNAL,
                           "parameters are not $1…$%zu in \"%.60s\"",
                           args.count,
                           sqlite3_sql(statement->stmt));
        }
        if (bind_one(statement->stmt, i + 1, &args.items[number - 1], keep) != SQLITE_OK) {
            return fail(db, error);
        }
    }
    return true;
}

/* Runs a bound statement to its end and counts the rows it changed. */
static bool run(SqliteDb *db, Statement *statement, int64_t *changed, GError **error) {
    int64_t before = sqlite3_total_changes64(db->handle);
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW) {
        result = sqlite3_step(statement->stmt);
    }
    bool done = result == SQLITE_DONE || fail(db, error);
    sqlite3_reset(statement->stmt);
    if (done && sqlite3_total_changes64(db->handle) != before) {
        *changed += sqlite3_changes64(db->handle);
    }
    return done;
}

/* --- driver ---------------------------------------------------------------------------------- */

static bool sqlite_exec_many(
    Db *base, const char *text, size_t columns, DbArgs args, int64_t *ret_changed, GError **error) {
    SqliteDb *db = (SqliteDb *)base;
    bool shared = false;
    Statement *statement = take(db, text, &shared, error);
    if (statement == NULL) {
        return false;
    }
    int64_t changed = 0;
    bool done = true;
    size_t at = 0;
    do {
        DbArgs one = {args.items + at, columns};
        done =
            bind(db, statement, one, SQLITE_STATIC, error) && run(db, statement, &changed, error);
        at += columns;
    } while (done && at < args.count);
    sqlite3_clear_bindings(statement->stmt);
    if (!shared) {
        statement_free(statement);
    }
    *ret_changed = changed;
    return done;
}

static bool
sqlite_exec(Db *base, const char *text, DbArgs args, int64_t *ret_changed, GError **error) {
    return sqlite_exec_many(base, text, args.count, args, ret_changed, error);
}

/* Nothing is gained by waiting: there is no other side. */
static bool
sqlite_later(Db *base, const char *text, DbArgs args, int64_t must_change, GError **error) {
    int64_t changed = 0;
    return sqlite_exec(base, text, args, &changed, error) &&
           store_check_changed(changed, must_change, error);
}

static DbRows *sqlite_query(Db *base, const char *text, DbArgs args, GError **error) {
    SqliteDb *db = (SqliteDb *)base;
    bool shared = false;
    Statement *statement = take(db, text, &shared, error);
    if (statement == NULL) {
        return NULL;
    }
    /* Rows outlive this call, the arguments need not: SQLite keeps a copy. */
    if (!bind(db, statement, args, SQLITE_TRANSIENT, error)) {
        if (!shared) {
            statement_free(statement);
        }
        return NULL;
    }
    SqliteRows *rows = g_new0(SqliteRows, 1);
    rows->base.db = base;
    rows->statement = statement;
    rows->shared = shared;
    statement->in_use = true;
    return &rows->base;
}

static void sqlite_rows_free(DbRows *base) {
    SqliteRows *rows = (SqliteRows *)base;
    if (rows->shared) {
        sqlite3_reset(rows->statement->stmt);
        sqlite3_clear_bindings(rows->statement->stmt);
        rows->statement->in_use = false;
    } else {
        statement_free(rows->statement);
    }
    g_free(rows);
}

static bool sqlite_rows_next(DbRows *base, GError **error) {
    SqliteRows *rows = (SqliteRows *)base;
    if (rows->ended) {
        return false;
    }
    int result = sqlite3_step(rows->statement->stmt);
    if (result == SQLITE_ROW) {
        return true;
    }
    rows->ended = true;
    if (result != SQLITE_DONE) {
        fail((SqliteDb *)base->db, error);
    }
    /* Ends an autocommit read or write at once; the rows object may live longer. */
    sqlite3_reset(rows->statement->stmt);
    return false;
}

static sqlite3_stmt *stmt_of(const DbRows *base) {
    return ((const SqliteRows *)base)->statement->stmt;
}

static bool sqlite_rows_is_null(const DbRows *rows, int column) {
    g_assert(column >= 0 && column < sqlite3_column_count(stmt_of(rows)));
    return sqlite3_column_type(stmt_of(rows), column) == SQLITE_NULL;
}

static int64_t sqlite_rows_int(const DbRows *rows, int column) {
    g_assert(column >= 0 && column < sqlite3_column_count(stmt_of(rows)));
    return sqlite3_column_int64(stmt_of(rows), column);
}

static double sqlite_rows_real(const DbRows *rows, int column) {
    g_assert(column >= 0 && column < sqlite3_column_count(stmt_of(rows)));
    return sqlite3_column_double(stmt_of(rows), column);
}

static const char *sqlite_rows_text(const DbRows *rows, int column) {
    g_assert(column >= 0 && column < sqlite3_column_count(stmt_of(rows)));
    return (const char *)sqlite3_column_text(stmt_of(rows), column);
}

static const void *sqlite_rows_blob(const DbRows *rows, int column, size_t *ret_size) {
    if (sqlite_rows_is_null(rows, column)) {
        *ret_size = 0;
        return NULL;
    }
    const void *bytes = sqlite3_column_blob(stmt_of(rows), column);
    *ret_size = (size_t)sqlite3_column_bytes(stmt_of(rows), column);
    return bytes == NULL ? "" : bytes; /* SQLite gives NULL for a blob of no bytes */
}

static bool sqlite_script(Db *base, const char *text, GError **error) {
    SqliteDb *db = (SqliteDb *)base;
    return sqlite3_exec(db->handle, text, NULL, NULL, NULL) == SQLITE_OK || fail(db, error);
}

static bool sqlite_begin(Db *db, GError **error) {
    return sqlite_script(db, db->mode == DB_READ_ONLY ? "BEGIN" : "BEGIN IMMEDIATE", error);
}

static bool sqlite_commit(Db *db, GError **error) {
    return sqlite_script(db, "COMMIT", error);
}

static void sqlite_rollback(Db *base) {
    SqliteDb *db = (SqliteDb *)base;
    if (!sqlite3_get_autocommit(db->handle)) { /* some failures have rolled back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

static void sqlite_close(Db *base) {
    SqliteDb *db = (SqliteDb *)base;
    g_hash_table_unref(db->statements);
    g_assert(sqlite3_close(db->handle) == SQLITE_OK); /* else rows are still open */
    g_free(db);
}

/* --- opening --------------------------------------------------------------------------------- */

static const DbDriver sqlite_driver = {
    .engine = DB_ENGINE_SQLITE,
    .close = sqlite_close,
    .exec = sqlite_exec,
    .exec_many = sqlite_exec_many,
    .later = sqlite_later,
    .query = sqlite_query,
    .script = sqlite_script,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .explain = store_sqlite_explain,
    .copy = store_sqlite_copy,
    .rows_free = sqlite_rows_free,
    .rows_next = sqlite_rows_next,
    .rows_is_null = sqlite_rows_is_null,
    .rows_int = sqlite_rows_int,
    .rows_real = sqlite_rows_real,
    .rows_text = sqlite_rows_text,
    .rows_blob = sqlite_rows_blob,
};

/* No mmap: each connection would count the whole file in the process again, and a cut file would
 * be a SIGBUS. 16 MiB of pages per connection hold the upper levels of every index at 1,000,000
 * units; the kernel holds the rest. LIKE tells case apart, as in PostgreSQL. */
#define PRAGMAS                                                                                    \
    "PRAGMA foreign_keys = ON;"                                                                    \
    "PRAGMA cache_size = -16384;"                                                                  \
    "PRAGMA temp_store = MEMORY;"                                                                  \
    "PRAGMA case_sensitive_like = ON;"                                                             \
    "PRAGMA trusted_schema = OFF;"

static const char write_pragmas[] = PRAGMAS "PRAGMA journal_mode = WAL;"
                                            "PRAGMA synchronous = FULL;"
                                            "PRAGMA journal_size_limit = 67108864;";
static const char read_pragmas[] = PRAGMAS "PRAGMA query_only = ON;"
                                           "SELECT count(*) FROM sqlite_schema;";

Db *store_sqlite_open(const char *path, DbMode mode, GError **error) {
    SqliteDb *db = g_new0(SqliteDb, 1);
    db->base.driver = &sqlite_driver;
    db->base.mode = mode;
    db->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, statement_free);
    int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
        (mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
        hz_fail(error,
                store_sqlite_code(sqlite3_extended_errcode(db->handle)),
                "cannot open %s: %s",
                path,
                sqlite3_errmsg(db->handle));
        db_close(&db->base);
        return NULL;
    }
    sqlite3_busy_timeout(db->handle, STORE_LOCK_WAIT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (!sqlite_script(&db->base, mode == DB_READ_ONLY ? read_pragmas : write_pragmas, error)) {
        g_prefix_error(error, "cannot open %s: ", path);
        db_close(&db->base);
        return NULL;
    }
    return &db->base;
}
