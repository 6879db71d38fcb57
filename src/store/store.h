/*
 * The one seam with two sides: SQLite and PostgreSQL behind one interface.
 *
 * A `Db` is one connection and belongs to one thread. Statements are literals (`SQL("…")`; a
 * variable string does not compile) or are joined from literals by SqlBuilder. Parameters are
 * $1 … $n on both engines. Types: int64, double, text, blob, null; booleans are 0/1, times are
 * int64 microseconds UTC. Transactions belong to use cases: DbTx rolls back unless committed.
 *
 * Errors: BUSY (locked, serialisation: the whole transaction may be tried again), CONFLICT (any
 * constraint), UNAVAILABLE (cannot reach, disk full), DENIED (write on a read-only connection),
 * LIMIT (value over LIMIT_DB_VALUE), INVALID (text that is not UTF-8 or holds a NUL), CORRUPT,
 * INTERNAL. After a statement failed inside a transaction, all that is left is to roll back: this
 * is so in PostgreSQL, and SQLite behaves the same here. LIKE tells case apart on both engines.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Db Db;
typedef struct DbRows DbRows;

typedef enum DbEngine { DB_ENGINE_SQLITE, DB_ENGINE_PG } DbEngine;
typedef enum DbMode {
    DB_READ_WRITE, /* creates the SQLite file if it is missing */
    DB_READ_ONLY,  /* page reads: the engine itself refuses every write */
} DbMode;

/* Opens "sqlite:PATH" or "postgresql://…" (libpq URI, several hosts allowed). SQLite: WAL,
 * synchronous=FULL, foreign keys on. Caller closes. NULL on error. */
Db *db_open(const char *url, DbMode mode, GError **error);
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)
DbEngine db_engine(const Db *db);

/* --- statements ------------------------------------------------------------------------------ */

/* A statement text that only a literal can make. */
typedef struct Sql {
    const char *text;
} Sql;
#define SQL(literal) ((Sql){"" literal ""})
/* Where the engines must differ. */
#define SQL_FOR(db, sqlite_literal, pg_literal)                                                    \
    (db_engine(db) == DB_ENGINE_SQLITE ? SQL(sqlite_literal) : SQL(pg_literal))

typedef enum DbType { DB_NULL, DB_INT, DB_REAL, DB_TEXT, DB_BLOB } DbType;

/* One parameter; text and blob are borrowed until the call returns. */
typedef struct DbArg {
    DbType type;
    int64_t number;
    double real;
    const void *bytes;
    size_t size;
} DbArg;
DbArg db_null(void);
DbArg db_int(int64_t number);
DbArg db_bool(bool truth);
DbArg db_real(double real);
DbArg db_text(const char *text);                /* NULL becomes SQL NULL */
DbArg db_text_n(const char *text, size_t size); /* need not end in NUL */
DbArg db_blob(const void *bytes, size_t size);  /* NULL becomes SQL NULL, "" the empty blob */

typedef struct DbArgs {
    const DbArg *items;
    size_t count;
} DbArgs;
#define DB_ARGS(...)                                                                               \
    ((DbArgs){(const DbArg[]){__VA_ARGS__}, sizeof((const DbArg[]){__VA_ARGS__}) / sizeof(DbArg)})
#define DB_NO_ARGS ((DbArgs){NULL, 0})

/* Runs a statement that returns no rows. *ret_changed (may be NULL): rows inserted, updated or
 * deleted. Statements are prepared once per connection and kept. */
bool db_exec(Db *db, Sql sql, DbArgs args, int64_t *ret_changed, GError **error);

/* Runs one statement many times: `args` holds `columns` values for each run, one run after the
 * other; none is well. PostgreSQL pipelines the runs, so bulk loads do not wait for a round trip
 * each. All or nothing only inside a transaction. */
bool db_exec_many(
    Db *db, Sql sql, size_t columns, DbArgs args, int64_t *ret_changed, GError **error);

/* Runs a write in a transaction, for whose answer nothing waits: PostgreSQL hears of it together
 * with the next statement or the commit, so that many small writes do not cost a round trip each.
 * `must_change`: rows it must insert, update or delete; another number is CONFLICT; -1: any. Its
 * failure may be reported by a later call of the transaction, which ends in a roll-back then as
 * always. Rows that it returns (SELECT … FOR UPDATE) are dropped. Arguments are copied. */
bool db_later(Db *db, Sql sql, DbArgs args, int64_t must_change, GError **error);

/* Runs a statement that returns rows. NULL on error. Use:
 *   g_autoptr(DbRows) rows = db_query(…, error);
 *   if (rows == NULL) return false;
 *   while (db_rows_next(rows)) { … }
 *   return db_rows_done(rows, error);
 * SQLite steps lazily: finish or free `rows` before the next write on the same connection. */
DbRows *db_query(Db *db, Sql sql, DbArgs args, GError **error);
void db_rows_free(DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRows, db_rows_free)
bool db_rows_next(DbRows *rows);
/* After the loop: false and *error if it ended by a failure rather than by the last row. */
bool db_rows_done(DbRows *rows, GError **error);

/* Columns from 0. A NULL reads as 0, 0.0, NULL. Text and blob are borrowed until the next
 * db_rows_next. Asking for another type than the column has converts as SQLite would. */
bool db_rows_is_null(const DbRows *rows, int column);
int64_t db_rows_int(const DbRows *rows, int column);
double db_rows_real(const DbRows *rows, int column);
const char *db_rows_text(const DbRows *rows, int column);
const void *db_rows_blob(const DbRows *rows, int column, size_t *ret_size);

/* First column of the first row; HZ_ERROR_NOT_FOUND when there is no row. */
bool db_query_int(Db *db, Sql sql, DbArgs args, int64_t *ret_number, GError **error);
/* Same, copied; caller frees. SQL NULL gives a NULL text and true. */
bool db_query_text(Db *db, Sql sql, DbArgs args, char **ret_text, GError **error);

/* --- dynamic filters ---------------------------------------------------------------------------
 */

/* Joins literals and arguments; never text from outside. Arguments are copied. */
typedef struct SqlBuilder SqlBuilder;
SqlBuilder *sql_builder_new(void);
void sql_builder_free(SqlBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlBuilder, sql_builder_free)
/* Appends the fragment and a space. */
void sql_builder_add(SqlBuilder *builder, Sql fragment);
/* Appends the next "$n" and its value. */
void sql_builder_arg(SqlBuilder *builder, DbArg value);
const char *sql_builder_text(const SqlBuilder *builder);
DbRows *db_query_built(Db *db, const SqlBuilder *builder, GError **error);

/* --- transactions ------------------------------------------------------------------------------
 */

/* A scope that rolls back unless committed:
 *   g_auto(DbTx) tx = {0};
 *   if (!db_begin(db, &tx, error)) return false;
 *   …
 *   return db_commit(&tx, error);
 * Not nested. SQLite: BEGIN IMMEDIATE; PostgreSQL: READ COMMITTED. */
typedef struct DbTx {
    Db *db;
} DbTx;
bool db_begin(Db *db, DbTx *tx, GError **error);
bool db_commit(DbTx *tx, GError **error);
void db_tx_clear(DbTx *tx);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DbTx, db_tx_clear)
bool db_in_tx(const Db *db);

/* Work for the end of the running transaction: called once before its commit, which fails when the
 * work fails; forgotten by a roll-back. For counts that would otherwise be written with every row.
 * Takes ownership of `data`. One for each `hook`. */
typedef bool (*DbHook)(Db *db, void *data, GError **error);
void db_before_commit(Db *db, DbHook hook, void *data, GDestroyNotify free_data);
/* The data given with this hook in the running transaction; NULL: none yet. */
void *db_before_commit_data(const Db *db, DbHook hook);

/* The one retry place: begins, calls `work`, commits; on BUSY rolls back and tries again (with
 * growing random pauses, at most 10 s in all). `work` may therefore run more than once and must
 * reset what it returns through `data`. */
typedef bool (*DbWork)(Db *db, void *data, GError **error);
bool db_run_tx(Db *db, DbWork work, void *data, GError **error);

/* --- migrations --------------------------------------------------------------------------------
 */

/* Brings one room's tables up to date from the embedded files "<room>/schema/NNNN_name.sql", or the
 * pair "NNNN_name.sqlite.sql" / "NNNN_name.pg.sql" where the engines must differ. Forward only;
 * each is recorded in table `migration` (room, number, name, sha256, applied_us) in its own
 * transaction. A recorded migration whose hash has changed is HZ_ERROR_CORRUPT and nothing is
 * applied; one that this program does not know is CONFLICT (an older program on a newer database).
 */
bool db_migrate(Db *db, const char *room, GError **error);

/* How many of the room's migrations are not applied yet. Writes nothing; fails as db_migrate. */
bool db_migrations_missing(Db *db, const char *room, int64_t *ret_missing, GError **error);

/* Several statements without parameters, for migrations and bulk tools; not kept prepared. Never
 * text from outside. */
bool db_script(Db *db, const char *text, GError **error);

/* --- what a connection keeps ---------------------------------------------------------------------
 */

/* A thing that lives as long as the connection, such as what was read of a table that seldom
 * changes. `key` is a static text. NULL: nothing is kept under it. */
void *db_kept(const Db *db, const char *key);
/* Takes ownership of `thing` and frees what was kept under the key. */
void db_keep(Db *db, const char *key, void *thing, GDestroyNotify free_thing);

/* After a large load, outside a transaction: what the engine would do by itself some minutes later.
 * PostgreSQL: VACUUM (ANALYZE), which also empties the waiting lists of the search indexes; until
 * then every search reads them. SQLite needs nothing. */
bool db_tidy(Db *db, GError **error);

/* --- for tests of failure ----------------------------------------------------------------------
 */

/* The `calls`-th call from now on this connection (statement, begin or commit) fails with
 * UNAVAILABLE without reaching the engine. 0: none. Tests only. */
void db_fail_after(Db *db, int64_t calls);

/* --- looking at plans --------------------------------------------------------------------------
 */

/* Called once for each distinct statement text on this connection, with the engine's plan as text.
 * `scans_table`: the plan reads some whole table (SQLite "SCAN x" without an index, PostgreSQL
 * "Seq Scan"). For tests and `serve --explain`. */
typedef void (*DbPlanObserver)(const char *sql, const char *plan, bool scans_table, void *data);
void db_observe_plans(Db *db, DbPlanObserver observer, void *data);
