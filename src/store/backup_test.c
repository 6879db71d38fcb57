/* Copies of a whole database, on both engines. */
#include "base/error.h"
#include "store/backup.h"
#include "test_db.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const no_rooms[] = {NULL};

static int64_t number(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t value = 0;
    db_query_int(db, sql, DB_NO_ARGS, &value, &error);
    g_assert_no_error(error);
    return value;
}

static void fill_some(Db *db, int from, int to) {
    for (int i = from; i < to; i++) {
        test_db_exec(db,
                     "INSERT INTO thing (id, name) VALUES ($1, $2)",
                     db_int(i),
                     db_text("火正 with some text so that pages fill up"));
    }
}

static TestDb *make_source(DbEngine engine) {
    TestDb *fresh = test_db_new(engine, no_rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    db_script(db, "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT NOT NULL)", &error);
    g_assert_no_error(error);
    fill_some(db, 0, 500);
    return fresh;
}

static char *folder_new(void) {
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("huozheng-test-XXXXXX", &error);
    g_assert_no_error(error);
    return folder;
}

static void count_calls(int64_t done, int64_t total, void *data) {
    g_assert_cmpint(done, <=, total);
    ++*(int *)data;
}

/* The copy shows what its transaction saw, though others write meanwhile. */
static void test_copy_and_fill(DbEngine engine) {
    g_autoptr(TestDb) fresh = make_source(engine);
    g_autofree char *folder = folder_new();
    g_autofree char *path = g_build_filename(folder, "copy", NULL);
    g_autoptr(Db) writer = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(reader, &tx, &error));
        g_assert_cmpint(number(reader, SQL("SELECT count(*) FROM thing")), ==, 500);
        fill_some(writer, 500, 600);
        int calls = 0;
        db_copy(reader, path, count_calls, &calls, &error);
        g_assert_no_error(error);
        g_assert_cmpint(calls > 0, ==, engine == DB_ENGINE_SQLITE);
        g_assert_false(db_copy(reader, path, NULL, NULL, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        g_clear_error(&error);
    }
    g_autofree char *place = db_place_new(test_db_url(fresh), "check", &error);
    g_assert_no_error(error);
    db_fill(place, path, &error);
    g_assert_no_error(error);
    {
        g_autoptr(Db) copy = db_open(place, DB_READ_ONLY, &error);
        g_assert_no_error(error);
        g_assert_cmpint(number(copy, SQL("SELECT count(*) FROM thing")), ==, 500);
        g_assert_true(db_check(copy, false, &error));
        bool empty = true;
        g_assert_true(db_is_empty(copy, &empty, &error));
        g_assert_false(empty);
    }
    g_assert_true(db_place_drop(place, &error));
    g_assert_cmpint(number(writer, SQL("SELECT count(*) FROM thing")), ==, 600);
    g_remove(path);
    g_rmdir(folder);
}

typedef struct Writing {
    const char *url;
    gint stop;
    int wrote;
} Writing;

static gpointer write_on(gpointer data) {
    Writing *writing = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(writing->url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    g_autofree char *text = g_strnfill(30000, 'x');
    while (!g_atomic_int_get(&writing->stop)) {
        test_db_exec(db,
                     "INSERT INTO thing (id, name) VALUES ($1, $2)",
                     db_int(1000 + writing->wrote++),
                     db_text(text));
    }
    return NULL;
}

static void wait_a_little(int64_t done, int64_t total, void *data) {
    (void)done;
    (void)total;
    (void)data;
    g_usleep(20000); /* so that the writer surely writes between two steps */
}

/* A server that never stops writing neither delays the copy for ever nor leaks into it. */
static void test_copy_under_load(DbEngine engine) {
    g_autoptr(TestDb) fresh = make_source(engine);
    g_autofree char *folder = folder_new();
    g_autofree char *path = g_build_filename(folder, "copy", NULL);
    Writing writing = {.url = test_db_url(fresh)};
    GThread *thread = g_thread_new("server", write_on, &writing);
    g_autoptr(GError) error = NULL;
    int64_t seen = 0;
    {
        g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
        while (seen < 700) { /* some 6 MB: several steps */
            seen = number(reader, SQL("SELECT count(*) FROM thing"));
        }
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(reader, &tx, &error));
        seen = number(reader, SQL("SELECT count(*) FROM thing"));
        db_copy(reader, path, wait_a_little, NULL, &error);
        g_assert_no_error(error);
    }
    g_atomic_int_set(&writing.stop, 1);
    g_thread_join(thread);
    g_assert_cmpint(500 + writing.wrote, >, seen);
    g_autofree char *place = db_place_new(test_db_url(fresh), "check", &error);
    g_assert_no_error(error);
    db_fill(place, path, &error);
    g_assert_no_error(error);
    {
        g_autoptr(Db) copy = db_open(place, DB_READ_ONLY, &error);
        g_assert_no_error(error);
        g_assert_cmpint(number(copy, SQL("SELECT count(*) FROM thing")), ==, seen);
        g_assert_true(db_check(copy, false, &error));
    }
    g_assert_true(db_place_drop(place, &error));
    g_remove(path);
    g_rmdir(folder);
}

static void test_swap(DbEngine engine) {
    g_autoptr(TestDb) fresh = make_source(engine);
    g_autoptr(GError) error = NULL;
    g_autofree char *place = db_place_new(test_db_url(fresh), "new", &error);
    g_assert_no_error(error);
    {
        g_autoptr(Db) db = db_open(place, DB_READ_WRITE, &error);
        g_assert_no_error(error);
        bool empty = false;
        g_assert_true(db_is_empty(db, &empty, &error));
        g_assert_true(empty);
        g_assert_true(db_script(db, "CREATE TABLE thing (id BIGINT PRIMARY KEY)", &error));
    }
    g_autofree char *old_url = NULL;
    {
        g_autoptr(Db) server = test_db_open(fresh, DB_READ_WRITE);
        g_assert_cmpint(number(server, SQL("SELECT count(*) FROM thing")), ==, 500);
        g_assert_false(db_place_swap(test_db_url(fresh), place, &old_url, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_BUSY);
        g_clear_error(&error);
        g_assert_cmpint(number(server, SQL("SELECT count(*) FROM thing")), ==, 500);
    }
    db_place_swap(test_db_url(fresh), place, &old_url, &error);
    g_assert_no_error(error);
    {
        g_autoptr(Db) now = test_db_open(fresh, DB_READ_WRITE);
        g_assert_cmpint(number(now, SQL("SELECT count(*) FROM thing")), ==, 0);
        g_autoptr(Db) before = db_open(old_url, DB_READ_ONLY, &error);
        g_assert_no_error(error);
        g_assert_cmpint(number(before, SQL("SELECT count(*) FROM thing")), ==, 500);
    }
    g_assert_true(db_place_drop(old_url, &error));
}

static void test_fill_all_or_nothing(DbEngine engine) {
    g_autoptr(TestDb) fresh = make_source(engine);
    g_autofree char *folder = folder_new();
    g_autofree char *path = g_build_filename(folder, "copy", NULL);
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(Db) reader = test_db_open(fresh, DB_READ_ONLY);
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(reader, &tx, &error));
        g_assert_true(db_copy(reader, path, NULL, NULL, &error));
    }
    /* Onto a database that has tables: refused, nothing changed. */
    g_assert_false(db_fill(test_db_url(fresh), path, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_ONLY);
    g_assert_cmpint(number(db, SQL("SELECT count(*) FROM thing")), ==, 500);
    g_remove(path);
    g_rmdir(folder);
}

static void test_check_finds_damage(void) {
    g_autoptr(TestDb) fresh = make_source(DB_ENGINE_SQLITE);
    g_autoptr(GError) error = NULL;
    const char *path = test_db_url(fresh) + strlen("sqlite:");
    g_autofree char *bytes = NULL;
    gsize size = 0;
    {
        g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
        g_assert_true(db_check(db, false, &error));
    }
    g_assert_true(g_file_get_contents(path, &bytes, &size, &error));
    memset(bytes + 4096 * 3, 0xa5, 4096); /* a whole page of a tree */
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, &error));
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_assert_false(db_check(db, true, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/backup/copy-and-fill", test_copy_and_fill);
    test_db_add("/backup/copy-under-load", test_copy_under_load);
    test_db_add("/backup/swap", test_swap);
    test_db_add("/backup/fill-all-or-nothing", test_fill_all_or_nothing);
    g_test_add_func("/backup/check-finds-damage", test_check_finds_damage);
    return g_test_run();
}
