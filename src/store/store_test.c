/* The contract of store.h, on both engines. */
#include "base/error.h"
#include "store/store_driver.h"
#include "test_db.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const no_rooms[] = {NULL};

static void run(Db *db, const char *script) {
    g_autoptr(GError) error = NULL;
    db_script(db, script, &error);
    g_assert_no_error(error);
}

static int64_t number(Db *db, Sql sql, DbArgs args) {
    g_autoptr(GError) error = NULL;
    int64_t value = 0;
    db_query_int(db, sql, args, &value, &error);
    g_assert_no_error(error);
    return value;
}

#define assert_fails(done, wanted_code)                                                            \
    do {                                                                                           \
        g_autoptr(GError) refusal = NULL;                                                          \
        g_assert_false(done);                                                                      \
        g_assert_error(refusal, HZ_ERROR, wanted_code);                                            \
    } while (0)

static const char *blob_type(Db *db) {
    return db_engine(db) == DB_ENGINE_PG ? "BYTEA" : "BLOB";
}

static void make_values(Db *db) {
    g_autofree char *script =
        g_strdup_printf("CREATE TABLE value (id BIGINT PRIMARY KEY, i BIGINT, r DOUBLE PRECISION,"
                        " t TEXT, b %s);",
                        blob_type(db));
    run(db, script);
}

static void put_value(Db *db, int64_t id, DbArg i, DbArg r, DbArg t, DbArg b) {
    test_db_exec(db,
                 "INSERT INTO value (id, i, r, t, b) VALUES ($1, $2, $3, $4, $5)",
                 db_int(id),
                 i,
                 r,
                 t,
                 b);
}

static void test_types(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    static const char bytes[] = {0, 1, (char)0xff, 0, '\\', '\''};
    put_value(db,
              1,
              db_int(INT64_MAX),
              db_real(0.1),
              db_text("火正 ' \" \\ 𠮷\n"),
              db_blob(bytes, sizeof bytes));
    put_value(
        db, 2, db_int(INT64_MIN), db_real(-1.7976931348623157e308), db_text(""), db_blob("", 0));
    put_value(db, 3, db_null(), db_null(), db_text(NULL), db_blob(NULL, 0));
    put_value(db, 4, db_bool(true), db_real(5e-324), db_text_n("abcdef", 3), db_null());

    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows =
        db_query(db, SQL("SELECT i, r, t, b FROM value ORDER BY id"), DB_NO_ARGS, &error);
    g_assert_no_error(error);
    size_t size = 99;
    g_assert_true(db_rows_next(rows));
    g_assert_true(db_rows_int(rows, 0) == INT64_MAX);
    g_assert_true(db_rows_real(rows, 1) == 0.1);
    g_assert_cmpstr(db_rows_text(rows, 2), ==, "火正 ' \" \\ 𠮷\n");
    const void *blob = db_rows_blob(rows, 3, &size);
    g_assert_cmpmem(blob, (int)size, bytes, sizeof bytes);
    g_assert_false(db_rows_is_null(rows, 3));

    g_assert_true(db_rows_next(rows));
    g_assert_true(db_rows_int(rows, 0) == INT64_MIN);
    g_assert_true(db_rows_real(rows, 1) == -1.7976931348623157e308);
    g_assert_cmpstr(db_rows_text(rows, 2), ==, "");
    g_assert_false(db_rows_is_null(rows, 2));
    g_assert_nonnull(db_rows_blob(rows, 3, &size));
    g_assert_cmpuint(size, ==, 0);

    g_assert_true(db_rows_next(rows));
    for (int column = 0; column < 4; column++) {
        g_assert_true(db_rows_is_null(rows, column));
        g_assert_true(db_rows_int(rows, column) == 0);
        g_assert_true(db_rows_real(rows, column) == 0.0);
        g_assert_null(db_rows_text(rows, column));
        g_assert_null(db_rows_blob(rows, column, &size));
        g_assert_cmpuint(size, ==, 0);
    }

    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_int(rows, 0), ==, 1);
    g_assert_true(db_rows_real(rows, 1) == 5e-324);
    g_assert_cmpstr(db_rows_text(rows, 2), ==, "abc");
    g_assert_false(db_rows_next(rows));
    g_assert_true(db_rows_done(rows, &error));
}

static void test_converts(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_int(42), db_real(3.75), db_text("17 floors"), db_blob("raw", 3));
    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows = db_query(db, SQL("SELECT i, r, t, b FROM value"), DB_NO_ARGS, &error);
    g_assert_no_error(error);
    g_assert_true(db_rows_next(rows));
    g_assert_true(db_rows_real(rows, 0) == 42.0);
    g_assert_cmpstr(db_rows_text(rows, 0), ==, "42");
    g_assert_cmpint(db_rows_int(rows, 1), ==, 3);
    g_assert_cmpstr(db_rows_text(rows, 1), ==, "3.75");
    g_assert_cmpint(db_rows_int(rows, 2), ==, 17);
    g_assert_cmpstr(db_rows_text(rows, 3), ==, "raw");
}

static void test_parameter_order(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    test_db_exec(db,
                 "INSERT INTO value (t, i, id) VALUES ($3, $2, $1)",
                 db_int(1),
                 db_int(2),
                 db_text("three"));
    g_assert_cmpint(number(db,
                           SQL("SELECT i FROM value WHERE t = $2 AND id = $1 AND id = $1"),
                           DB_ARGS(db_int(1), db_text("three"))),
                    ==,
                    2);
    assert_fails(db_exec(db,
                         SQL("DELETE FROM value WHERE id = $1"),
                         DB_ARGS(db_int(1), db_int(2)),
                         NULL,
                         &refusal),
                 HZ_ERROR_INTERNAL);
    assert_fails(db_exec(db,
                         SQL("DELETE FROM value WHERE id = $1 OR id = $2"),
                         DB_ARGS(db_int(1)),
                         NULL,
                         &refusal),
                 HZ_ERROR_INTERNAL);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 1);
}

static void test_changed_and_found(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    for (int i = 1; i <= 5; i++) {
        put_value(db, i, db_int(i), db_null(), db_null(), db_null());
    }
    g_autoptr(GError) error = NULL;
    int64_t changed = -1;
    g_assert_true(db_exec(
        db, SQL("UPDATE value SET i = 0 WHERE id > $1"), DB_ARGS(db_int(2)), &changed, &error));
    g_assert_cmpint(changed, ==, 3);
    g_assert_true(
        db_exec(db, SQL("DELETE FROM value WHERE id = $1"), DB_ARGS(db_int(77)), &changed, &error));
    g_assert_cmpint(changed, ==, 0);
    g_assert_cmpint(
        number(db, SQL("INSERT INTO value (id, i) VALUES (6, 60) RETURNING i"), DB_NO_ARGS),
        ==,
        60);
    int64_t value = 7;
    assert_fails(
        db_query_int(db, SQL("SELECT i FROM value WHERE id = 99"), DB_NO_ARGS, &value, &refusal),
        HZ_ERROR_NOT_FOUND);
    g_assert_cmpint(value, ==, 7);
    char *text = NULL;
    g_assert_true(
        db_query_text(db, SQL("SELECT t FROM value WHERE id = 1"), DB_NO_ARGS, &text, &error));
    g_assert_null(text);
    /* The other connection sees what RETURNING wrote: it was committed. */
    g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
    g_assert_cmpint(number(reader, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 6);
}

static void test_same_statement_nested(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_int(1), db_null(), db_null(), db_null());
    put_value(db, 2, db_int(2), db_null(), db_null(), db_null());
    int64_t sum = 0;
    Sql sql = SQL("SELECT id FROM value ORDER BY id");
    g_autoptr(DbRows) outer = db_query(db, sql, DB_NO_ARGS, NULL);
    while (db_rows_next(outer)) {
        g_autoptr(DbRows) inner = db_query(db, sql, DB_NO_ARGS, NULL);
        while (db_rows_next(inner)) {
            sum += 10 * db_rows_int(outer, 0) + db_rows_int(inner, 0);
        }
    }
    g_assert_cmpint(sum, ==, 66);
}

static void test_scope_rolls_back(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, NULL));
        g_assert_true(db_in_tx(db));
        put_value(db, 1, db_null(), db_null(), db_null(), db_null());
    }
    g_assert_false(db_in_tx(db));
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 0);
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, NULL));
        put_value(db, 1, db_null(), db_null(), db_null(), db_null());
        g_assert_true(db_commit(&tx, NULL));
    }
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 1);
}

static void test_failed_tx_cannot_commit(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_null(), db_null(), db_null(), db_null());
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, NULL));
        put_value(db, 2, db_null(), db_null(), db_null(), db_null());
        assert_fails(
            db_exec(db, SQL("INSERT INTO value (id) VALUES (1)"), DB_NO_ARGS, NULL, &refusal),
            HZ_ERROR_CONFLICT);
        assert_fails(
            db_exec(db, SQL("INSERT INTO value (id) VALUES (3)"), DB_NO_ARGS, NULL, &refusal),
            HZ_ERROR_INTERNAL);
        assert_fails(db_commit(&tx, &refusal), HZ_ERROR_INTERNAL);
    }
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 1);
}

static void test_constraints(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    run(db,
        "CREATE TABLE parent (id BIGINT PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
        " grade BIGINT CHECK (grade < 5));"
        "CREATE TABLE child (parent BIGINT NOT NULL REFERENCES parent (id));");
    test_db_exec(db, "INSERT INTO parent VALUES ($1, $2, 1)", db_int(1), db_text("a"));
    const char *const bad[] = {
        "INSERT INTO parent VALUES (1, 'b', 1)",
        "INSERT INTO parent VALUES (2, 'a', 1)",
        "INSERT INTO parent VALUES (2, NULL, 1)",
        "INSERT INTO parent VALUES (2, 'b', 5)",
        "INSERT INTO child VALUES (9)",
        "DELETE FROM parent; INSERT INTO parent VALUES (1, NULL, 2)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad) - 1; i++) {
        assert_fails(db_script(db, bad[i], &refusal), HZ_ERROR_CONFLICT);
    }
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM parent"), DB_NO_ARGS), ==, 1);
    assert_fails(db_exec(db, SQL("NO SUCH STATEMENT"), DB_NO_ARGS, NULL, &refusal),
                 HZ_ERROR_INTERNAL);
}

static void test_read_only(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
    assert_fails(
        db_exec(reader, SQL("INSERT INTO value (id) VALUES (1)"), DB_NO_ARGS, NULL, &refusal),
        HZ_ERROR_DENIED);
    assert_fails(db_exec(reader, SQL("DROP TABLE value"), DB_NO_ARGS, NULL, &refusal),
                 HZ_ERROR_DENIED);
    g_assert_cmpint(number(reader, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 0);
}

static void test_like_tells_case(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_assert_cmpint(
        number(db, SQL("SELECT CASE WHEN 'abc' LIKE 'A%' THEN 1 ELSE 0 END"), DB_NO_ARGS), ==, 0);
    g_assert_cmpint(
        number(db, SQL("SELECT CASE WHEN 'abc' LIKE 'a%' THEN 1 ELSE 0 END"), DB_NO_ARGS), ==, 1);
}

static void test_refuses_bad_values(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    Sql sql = SQL("INSERT INTO value (id, t) VALUES (1, $1)");
    /* The size alone decides: nobody reads the 2 GiB. */
    assert_fails(db_exec(db, sql, DB_ARGS(db_text_n("x", (size_t)2 << 30)), NULL, &refusal),
                 HZ_ERROR_LIMIT);
    assert_fails(db_exec(db, sql, DB_ARGS(db_text_n("a\0b", 3)), NULL, &refusal), HZ_ERROR_INVALID);
    assert_fails(db_exec(db, sql, DB_ARGS(db_text("\xff\xfe")), NULL, &refusal), HZ_ERROR_INVALID);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 0);
}

static void test_many(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (int i = 0; i < 3000; i++) {
        DbArg two[] = {db_int(i), db_text(i % 2 == 0 ? "even" : "odd")};
        g_array_append_vals(args, two, 2);
    }
    Sql sql = SQL("INSERT INTO value (id, t) VALUES ($1, $2)");
    DbArgs all = {(const DbArg *)(const void *)args->data, args->len};
    g_autoptr(GError) error = NULL;
    int64_t changed = 0;
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        db_exec_many(db, sql, 2, all, &changed, &error);
        g_assert_no_error(error);
        g_assert_cmpint(changed, ==, 3000);
        g_assert_true(db_commit(&tx, &error));
    }
    g_assert_cmpint(
        number(db, SQL("SELECT count(*) FROM value WHERE t = 'odd'"), DB_NO_ARGS), ==, 1500);
    test_db_exec(db, "DELETE FROM value WHERE id < $1", db_int(2990));
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        assert_fails(db_exec_many(db, sql, 2, all, NULL, &refusal), HZ_ERROR_CONFLICT);
        assert_fails(db_commit(&tx, &refusal), HZ_ERROR_INTERNAL);
    }
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 10);
    g_assert_true(db_exec_many(db, sql, 2, DB_NO_ARGS, &changed, &error));
    g_assert_cmpint(changed, ==, 0);
}

static void test_builder(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_int(5), db_null(), db_text(""), db_null());
    put_value(db, 2, db_int(6), db_null(), db_text("x'; DROP TABLE value; --"), db_null());
    g_autoptr(SqlBuilder) builder = sql_builder_new();
    sql_builder_add(builder, SQL("SELECT id FROM value WHERE i >"));
    sql_builder_arg(builder, db_int(1));
    sql_builder_add(builder, SQL("AND t ="));
    char hostile[] = "x'; DROP TABLE value; --";
    sql_builder_arg(builder, db_text(hostile));
    memset(hostile, '?', sizeof hostile - 1); /* the builder has its own copy */
    g_assert_cmpstr(sql_builder_text(builder), ==, "SELECT id FROM value WHERE i > $1 AND t = $2 ");
    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows = db_query_built(db, builder, &error);
    g_assert_no_error(error);
    g_assert_true(db_rows_next(rows));
    g_assert_cmpint(db_rows_int(rows, 0), ==, 2);
    g_assert_false(db_rows_next(rows));
}

/* --- competing writers ----------------------------------------------------------------------- */

#define ROUNDS 40

typedef struct Writer {
    const char *url;
    int runs; /* how often the work was begun */
} Writer;

static bool add_one(Db *db, void *data, GError **error) {
    Writer *writer = data;
    writer->runs++;
    int64_t seen = 0;
    return db_query_int(db, SQL("SELECT i FROM value WHERE id = 1"), DB_NO_ARGS, &seen, error) &&
           db_exec(db,
                   SQL("UPDATE value SET i = $1 WHERE id = 1"),
                   DB_ARGS(db_int(seen + 1)),
                   NULL,
                   error);
}

static gpointer write_many(gpointer data) {
    Writer *writer = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(writer->url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    if (db_engine(db) == DB_ENGINE_PG) { /* so that two increments do collide */
        run(db, "SET default_transaction_isolation = 'repeatable read'");
    } else {
        run(db, "PRAGMA busy_timeout = 1");
    }
    for (int i = 0; i < ROUNDS; i++) {
        db_run_tx(db, add_one, writer, &error);
        g_assert_no_error(error);
    }
    return NULL;
}

static void test_retries(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_int(0), db_null(), db_null(), db_null());
    Writer writers[2] = {{test_db_url(fresh), 0}, {test_db_url(fresh), 0}};
    GThread *threads[2];
    for (int i = 0; i < 2; i++) {
        threads[i] = g_thread_new("writer", write_many, &writers[i]);
    }
    for (int i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpint(
        number(db, SQL("SELECT i FROM value WHERE id = 1"), DB_NO_ARGS), ==, 2 * ROUNDS);
}

static bool fail_busy_twice(Db *db, void *data, GError **error) {
    Writer *writer = data;
    writer->runs++;
    return db_exec(db,
                   SQL("INSERT INTO value (id) VALUES ($1)"),
                   DB_ARGS(db_int(writer->runs)),
                   NULL,
                   error) &&
           (writer->runs > 2 || hz_fail(error, HZ_ERROR_BUSY, "not yet"));
}

static void test_retry_starts_afresh(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    Writer writer = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(db_run_tx(db, fail_busy_twice, &writer, &error));
    g_assert_cmpint(writer.runs, ==, 3);
    g_assert_cmpint(number(db, SQL("SELECT sum(id) FROM value"), DB_NO_ARGS), ==, 3);
}

static void test_lock_is_busy(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) first = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Db) second = test_db_open(fresh, DB_READ_WRITE);
    make_values(first);
    put_value(first, 1, db_int(0), db_null(), db_null(), db_null());
    run(second, engine == DB_ENGINE_PG ? "SET lock_timeout = 20" : "PRAGMA busy_timeout = 20");
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(first, &tx, NULL));
    test_db_exec(first, "UPDATE value SET i = $1 WHERE id = 1", db_int(1));
    assert_fails(
        db_exec(second, SQL("UPDATE value SET i = 2 WHERE id = 1"), DB_NO_ARGS, NULL, &refusal),
        HZ_ERROR_BUSY);
}

/* --- migrations ------------------------------------------------------------------------------ */

static EmbeddedFile file(const char *path, const char *text) {
    return (EmbeddedFile){path, text, strlen(text)};
}

static void test_migrations(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    EmbeddedFile files[] = {
        file("x/schema/0002_more.sqlite.sql", "INSERT INTO a VALUES (2, 'sqlite; \n');"),
        file("x/schema/0002_more.pg.sql", "INSERT INTO a VALUES (2, 'pg; \n');"),
        file("x/schema/0001_first.sql",
             "-- a note; not a statement\nCREATE TABLE a (n BIGINT, t "
             "TEXT);\nINSERT INTO a VALUES (1, ';\n');\n"),
        file("x/schema/0003_last.sql", "CREATE INDEX a_n ON a (n); -- end"),
    };
    g_autoptr(GError) error = NULL;
    for (int again = 0; again < 2; again++) {
        store_migrate_files(db, "x", files, G_N_ELEMENTS(files), &error);
        g_assert_no_error(error);
        g_assert_cmpint(number(db, SQL("SELECT count(*) FROM a"), DB_NO_ARGS), ==, 2);
        g_assert_cmpint(number(db,
                               SQL("SELECT count(*) FROM migration WHERE room = 'x' AND "
                                   "length(sha256) = 64 AND applied_us > 0"),
                               DB_NO_ARGS),
                        ==,
                        3);
    }
    g_autofree char *text = NULL;
    g_assert_true(db_query_text(db, SQL("SELECT t FROM a WHERE n = 2"), DB_NO_ARGS, &text, &error));
    g_assert_cmpstr(text, ==, engine == DB_ENGINE_PG ? "pg; \n" : "sqlite; \n");

    /* Nothing to do: a writer elsewhere is not waited for. */
    {
        g_autoptr(Db) writer = test_db_open(fresh, DB_READ_WRITE);
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(writer, &tx, &error));
        test_db_exec(writer, "INSERT INTO a (n) VALUES ($1)", db_int(9));
        gint64 begun_us = g_get_monotonic_time();
        store_migrate_files(db, "x", files, G_N_ELEMENTS(files), &error);
        g_assert_no_error(error);
        g_assert_cmpint(g_get_monotonic_time() - begun_us, <, 4 * G_USEC_PER_SEC);
    }

    /* Another room has its own numbers. */
    EmbeddedFile other = file("y/schema/0001_first.sql", "CREATE TABLE b (n BIGINT);");
    g_assert_true(store_migrate_files(db, "y", &other, 1, &error));

    /* A changed file stops everything, also the new file after it. */
    EmbeddedFile changed[] = {file("y/schema/0001_first.sql", "CREATE TABLE b (n TEXT);"),
                              file("y/schema/0002_second.sql", "CREATE TABLE c (n TEXT);")};
    assert_fails(store_migrate_files(db, "y", changed, 2, &refusal), HZ_ERROR_CORRUPT);
    EmbeddedFile older = file("y/schema/0002_second.sql", "CREATE TABLE c (n TEXT);");
    assert_fails(store_migrate_files(db, "y", &older, 1, &refusal), HZ_ERROR_CONFLICT);
    g_assert_cmpint(
        number(db, SQL("SELECT count(*) FROM migration WHERE room = 'y'"), DB_NO_ARGS), ==, 1);
    EmbeddedFile misnamed = file("z/schema/first.sql", "CREATE TABLE d (n TEXT);");
    assert_fails(store_migrate_files(db, "z", &misnamed, 1, &refusal), HZ_ERROR_INTERNAL);
}

static void test_failing_migration(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    EmbeddedFile files[] = {
        file("x/schema/0001_good.sql", "CREATE TABLE a (n BIGINT PRIMARY KEY);"),
        file("x/schema/0002_bad.sql",
             "CREATE TABLE b (n BIGINT);\nINSERT INTO a VALUES (1);\n"
             "INSERT INTO a VALUES (1);"),
    };
    assert_fails(store_migrate_files(db, "x", files, 2, &refusal), HZ_ERROR_CONFLICT);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM migration"), DB_NO_ARGS), ==, 1);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM a"), DB_NO_ARGS), ==, 0);
    run(db, "CREATE TABLE b (n BIGINT);"); /* was not left behind */
}

typedef struct Starter {
    const char *url;
    const EmbeddedFile *file;
} Starter;

static gpointer migrate_once(gpointer data) {
    const Starter *starter = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(starter->url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    store_migrate_files(db, "x", starter->file, 1, &error);
    g_assert_no_error(error);
    return NULL;
}

static void test_two_servers_migrate(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    EmbeddedFile one = file("x/schema/0001_first.sql", "CREATE TABLE a (n BIGINT);");
    Starter starter = {test_db_url(fresh), &one};
    GThread *threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = g_thread_new("server", migrate_once, &starter);
    }
    for (int i = 0; i < 3; i++) {
        g_thread_join(threads[i]);
    }
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM migration"), DB_NO_ARGS), ==, 1);
}

/* --- plans ----------------------------------------------------------------------------------- */

typedef struct Seen {
    int calls;
    bool scans;
} Seen;

static void see(const char *sql, const char *plan, bool scans_table, void *data) {
    Seen *seen = data;
    g_test_message("%s: %s (%s)", sql, plan, scans_table ? "scan" : "no scan");
    seen->calls++;
    seen->scans = scans_table;
}

static void test_plans(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    run(db,
        "CREATE INDEX value_t ON value (t); CREATE TABLE other (n BIGINT PRIMARY KEY, v BIGINT);");
    static const struct {
        Sql sql;
        bool scans;
    } cases[] = {
        {SQL("SELECT id FROM value WHERE id = $1"), false},
        {SQL("SELECT id FROM value WHERE i = $1"), true},
        {SQL("SELECT v.id FROM value v WHERE v.i = $1"), true},
        {SQL("SELECT n FROM (SELECT 1 AS n UNION SELECT 2) s WHERE n = $1"), false},
        {SQL("WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $1)"
             " SELECT sum(n) FROM c"),
         false},
        {SQL("SELECT o.n FROM other o JOIN value v ON v.i = o.v WHERE o.n = $1"), true},
        {SQL("UPDATE value SET r = 1 WHERE i = $1"), true},
        {SQL("UPDATE value SET r = 1 WHERE id = $1"), false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Seen seen = {0};
        db_observe_plans(db, see, &seen);
        for (int again = 0; again < 2; again++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(DbRows) rows = db_query(db, cases[i].sql, DB_ARGS(db_int(1)), &error);
            g_assert_no_error(error);
            g_assert_nonnull(rows);
        }
        g_assert_cmpint(seen.calls, ==, 1);
        g_assert_cmpint(seen.scans, ==, cases[i].scans);
    }
}

/* --- writes for whose answer nothing waits ------------------------------------------------------
 */

static const int64_t any_number = -1;

static bool later_row(Db *db, int64_t id, const char *text, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO value (id, t) VALUES ($1, $2)"),
                    DB_ARGS(db_int(id), db_text(text)),
                    1,
                    error);
}

/* The next statement sees them, in their order; more than a pipeline holds; arguments are copied.
 */
static void test_later(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
    make_values(db);
    Sql count = SQL("SELECT count(*) FROM value");
    g_autoptr(GError) error = NULL;
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        for (int64_t id = 1; id <= 1000; id++) {
            char text[16];
            g_snprintf(text, sizeof text, "row %d", (int)id);
            g_assert_true(later_row(db, id, text, &error));
            memset(text, 'x', sizeof text - 1);
        }
        g_assert_cmpint(number(db, count, DB_NO_ARGS), ==, 1000);
        db_later(db, SQL("DELETE FROM value WHERE id > 500"), DB_NO_ARGS, 500, &error);
        db_later(db, SQL("UPDATE value SET t = 'y' WHERE id = 1"), DB_NO_ARGS, any_number, &error);
        g_assert_no_error(error);
        g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 0);
        g_assert_true(db_commit(&tx, &error));
    }
    g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 500);
    g_assert_cmpint(
        number(reader, SQL("SELECT count(*) FROM value WHERE t = 'row 500'"), DB_NO_ARGS), ==, 1);
    g_assert_cmpint(
        number(reader, SQL("SELECT count(*) FROM value WHERE t = 'y'"), DB_NO_ARGS), ==, 1);
    { /* nothing but such writes, and rolled back */
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        g_assert_true(later_row(db, 2000, "gone", &error));
    }
    g_assert_cmpint(number(db, count, DB_NO_ARGS), ==, 500);
    { /* an empty transaction */
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        g_assert_true(db_commit(&tx, &error));
    }
}

typedef struct LaterCase {
    const char *what;
    Sql sql;
    int64_t must_change;
    int code;
} LaterCase;

/* Whatever call reports it: the transaction fails with the right code and leaves nothing. */
static void test_later_fails(DbEngine engine) {
    const LaterCase cases[] = {
        {"same key", SQL("INSERT INTO value (id) VALUES (1)"), any_number, HZ_ERROR_CONFLICT},
        {"too few", SQL("UPDATE value SET t = 'z' WHERE id = 77"), 1, HZ_ERROR_CONFLICT},
        {"too many", SQL("UPDATE value SET t = 'z'"), 0, HZ_ERROR_CONFLICT},
        {"no table", SQL("DELETE FROM nowhere"), any_number, HZ_ERROR_INTERNAL},
    };
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    put_value(db, 1, db_null(), db_null(), db_text("old"), db_null());
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const LaterCase *one = &cases[i / 2];
        bool is_asked = i % 2 == 0; /* a query comes before the commit */
        g_test_message("%s%s", one->what, is_asked ? ", asked" : "");
        g_autoptr(GError) error = NULL;
        {
            g_auto(DbTx) tx = {0};
            int64_t n = 0;
            g_assert_true(db_begin(db, &tx, &error));
            bool good = later_row(db, 2, "new", &error) &&
                        db_later(db, one->sql, DB_NO_ARGS, one->must_change, &error) &&
                        later_row(db, 3, "new", &error) &&
                        (!is_asked || db_query_int(db, SQL("SELECT 1"), DB_NO_ARGS, &n, &error)) &&
                        db_commit(&tx, &error);
            g_assert_false(good);
            g_assert_error(error, HZ_ERROR, one->code);
        }
        g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 1);
        g_assert_cmpint(
            number(db, SQL("SELECT count(*) FROM value WHERE t = 'old'"), DB_NO_ARGS), ==, 1);
    }
}

/* --- failure --------------------------------------------------------------------------------- */

static void test_fail_after(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    db_fail_after(db, 2);
    put_value(db, 1, db_null(), db_null(), db_null(), db_null());
    assert_fails(db_exec(db, SQL("DELETE FROM value"), DB_NO_ARGS, NULL, &refusal),
                 HZ_ERROR_UNAVAILABLE);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 1);
}

/* PostgreSQL only: the server ends our connection. */
static void end_others(const TestDb *fresh) {
    g_autoptr(Db) killer = test_db_open(fresh, DB_READ_WRITE);
    g_assert_cmpint(number(killer,
                           SQL("SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM "
                               "pg_stat_activity WHERE datname = current_database() AND pid <> "
                               "pg_backend_pid()) ended"),
                           DB_NO_ARGS),
                    >,
                    0);
    while (number(killer,
                  SQL("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"),
                  DB_NO_ARGS) > 1) {
        g_usleep(1000);
    }
}

static void test_lost_connection(DbEngine engine) {
    if (engine == DB_ENGINE_SQLITE) {
        return; /* a file has no connection to lose */
    }
    g_autoptr(TestDb) fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
    make_values(db);
    put_value(db, 1, db_null(), db_null(), db_null(), db_null());
    Sql count = SQL("SELECT count(*) FROM value");
    g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 1);

    /* A write may have been done: it is reported, and the next one finds a new connection. */
    end_others(fresh);
    assert_fails(db_exec(db, SQL("INSERT INTO value (id) VALUES (2)"), DB_NO_ARGS, NULL, &refusal),
                 HZ_ERROR_UNAVAILABLE);
    put_value(db, 3, db_null(), db_null(), db_null(), db_null());
    /* A read is asked again at once, still read-only. */
    g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 2);
    assert_fails(db_exec(reader, SQL("DELETE FROM value"), DB_NO_ARGS, NULL, &refusal),
                 HZ_ERROR_DENIED);
    /* So is the beginning of a transaction. */
    end_others(fresh);
    Writer writer = {.runs = 3};
    g_autoptr(GError) error = NULL;
    db_run_tx(db, fail_busy_twice, &writer, &error); /* inserts 4 */
    g_assert_no_error(error);
    /* And of one that only writes without waiting. */
    end_others(fresh);
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        g_assert_true(later_row(db, 2, "two", &error));
        g_assert_true(db_commit(&tx, &error));
    }
    /* A reader whose last transaction ended without our looking. */
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(reader, &tx, &error));
        g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 4);
    }
    end_others(fresh);
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(reader, &tx, &error));
        g_assert_cmpint(number(reader, count, DB_NO_ARGS), ==, 4);
    }
    /* Inside one, it is lost, whatever waits. */
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        put_value(db, 8, db_null(), db_null(), db_null(), db_null());
        g_assert_true(later_row(db, 9, "nine", &error));
        end_others(fresh);
        assert_fails(later_row(db, 10, "ten", &refusal) && db_commit(&tx, &refusal),
                     HZ_ERROR_UNAVAILABLE);
    }
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        put_value(db, 5, db_null(), db_null(), db_null(), db_null());
        end_others(fresh);
        assert_fails(db_exec(db, SQL("DELETE FROM value"), DB_NO_ARGS, NULL, &refusal),
                     HZ_ERROR_UNAVAILABLE);
        assert_fails(db_commit(&tx, &refusal), HZ_ERROR_INTERNAL);
    }
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        put_value(db, 6, db_null(), db_null(), db_null(), db_null());
        end_others(fresh);
        assert_fails(db_commit(&tx, &refusal), HZ_ERROR_UNAVAILABLE);
    }
    DbArg ids[] = {db_int(7), db_int(8)};
    g_assert_cmpint(number(db, count, DB_NO_ARGS), ==, 4);
    end_others(fresh);
    assert_fails(
        db_exec_many(
            db, SQL("INSERT INTO value (id) VALUES ($1)"), 1, (DbArgs){ids, 2}, NULL, &refusal),
        HZ_ERROR_UNAVAILABLE);
    g_assert_true(db_exec_many(
        db, SQL("INSERT INTO value (id) VALUES ($1)"), 1, (DbArgs){ids, 2}, NULL, &error));
    g_assert_cmpint(
        number(db, SQL("SELECT sum(id) FROM value"), DB_NO_ARGS), ==, 1 + 2 + 3 + 4 + 15);
}

static void test_open_failures(void) {
    assert_fails(db_open("sqlite:/no/such/folder/x.db", DB_READ_WRITE, &refusal) != NULL,
                 HZ_ERROR_UNAVAILABLE);
    assert_fails(db_open("sqlite:/no/such/file.db", DB_READ_ONLY, &refusal) != NULL,
                 HZ_ERROR_UNAVAILABLE);
    assert_fails(db_open("mysql://x", DB_READ_WRITE, &refusal) != NULL, HZ_ERROR_INVALID);
    assert_fails(db_open("postgresql:///x?host=/no/such/folder", DB_READ_WRITE, &refusal) != NULL,
                 HZ_ERROR_UNAVAILABLE);
}

static void test_full_disk(void) {
    g_autoptr(TestDb) fresh = test_db_new(DB_ENGINE_SQLITE, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_values(db);
    run(db, "PRAGMA max_page_count = 20");
    g_autofree char *text = g_strnfill(200000, 'x');
    {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, NULL));
        put_value(db, 1, db_null(), db_null(), db_null(), db_null());
        assert_fails(db_exec(db,
                             SQL("INSERT INTO value (id, t) VALUES (2, $1)"),
                             DB_ARGS(db_text(text)),
                             NULL,
                             &refusal),
                     HZ_ERROR_UNAVAILABLE);
        assert_fails(db_commit(&tx, &refusal), HZ_ERROR_INTERNAL);
    }
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM value"), DB_NO_ARGS), ==, 0);
    run(db, "PRAGMA max_page_count = 2000");
    put_value(db, 1, db_null(), db_null(), db_text(text), db_null()); /* there is room again */
}

static void test_not_a_database(void) {
    g_autofree char *path = NULL;
    g_autoptr(GError) failure = NULL;
    int fd = g_file_open_tmp("huozheng-test-XXXXXX", &path, &failure);
    g_assert_no_error(failure);
    g_close(fd, NULL);
    g_autofree char *text = g_strnfill(5000, 'x');
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autofree char *url = g_strconcat("sqlite:", path, NULL);
    assert_fails(db_open(url, DB_READ_WRITE, &refusal) != NULL, HZ_ERROR_CORRUPT);
    assert_fails(db_open(url, DB_READ_ONLY, &refusal) != NULL, HZ_ERROR_CORRUPT);
    g_remove(path);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/store/types-come-back", test_types);
    test_db_add("/store/converts-as-sqlite", test_converts);
    test_db_add("/store/parameters-by-number", test_parameter_order);
    test_db_add("/store/changed-and-found", test_changed_and_found);
    test_db_add("/store/same-statement-nested", test_same_statement_nested);
    test_db_add("/store/scope-rolls-back", test_scope_rolls_back);
    test_db_add("/store/failed-transaction-cannot-commit", test_failed_tx_cannot_commit);
    test_db_add("/store/constraints-are-conflicts", test_constraints);
    test_db_add("/store/read-only-refuses-writes", test_read_only);
    test_db_add("/store/like-tells-case", test_like_tells_case);
    test_db_add("/store/refuses-bad-values", test_refuses_bad_values);
    test_db_add("/store/many", test_many);
    test_db_add("/store/builder", test_builder);
    test_db_add("/store/competing-writers", test_retries);
    test_db_add("/store/retry-starts-afresh", test_retry_starts_afresh);
    test_db_add("/store/lock-is-busy", test_lock_is_busy);
    test_db_add("/store/migrations", test_migrations);
    test_db_add("/store/failing-migration-leaves-nothing", test_failing_migration);
    test_db_add("/store/two-servers-migrate", test_two_servers_migrate);
    test_db_add("/store/plans", test_plans);
    test_db_add("/store/later", test_later);
    test_db_add("/store/later-fails", test_later_fails);
    test_db_add("/store/fail-after", test_fail_after);
    test_db_add("/store/lost-connection", test_lost_connection);
    g_test_add_func("/store/open-failures", test_open_failures);
    g_test_add_func("/store/full-disk", test_full_disk);
    g_test_add_func("/store/not-a-database", test_not_a_database);
    return g_test_run();
}
