#include "test_db.h"

#include "base/error.h"
#include "test_folder.h"
#include "web/module.h"

#include <string.h>
#include <unistd.h>

#define PG_ENV "HUOZHENG_TEST_PG"
#define PG_SCHEME "postgresql:///"

struct TestDb {
    DbEngine engine;
    char *url;
    char *folder; /* SQLite */
    char *name;   /* PostgreSQL */
};

/* "postgresql:///?host=…" -> "postgresql:///NAME?host=…" */
static char *pg_url(const char *name) {
    const char *cluster = g_getenv(PG_ENV);
    g_assert_nonnull(cluster);
    g_assert_true(g_str_has_prefix(cluster, PG_SCHEME));
    return g_strconcat(PG_SCHEME, name, cluster + strlen(PG_SCHEME), NULL);
}

static void pg_admin(const char *verb, const char *name, const char *rest) {
    g_autoptr(GError) error = NULL;
    g_autofree char *url = pg_url("postgres");
    g_autofree char *text = g_strdup_printf("%s DATABASE %s %s", verb, name, rest);
    g_autoptr(Db) db = db_open(url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    db_script(db, text, &error);
    g_assert_no_error(error);
}

static void make_pg(TestDb *fresh) {
    static int count;
    fresh->name = g_strdup_printf("test_%d_%d", (int)getpid(), ++count);
    fresh->url = pg_url(fresh->name);
    pg_admin("CREATE", fresh->name, "");
}

static void make_sqlite(TestDb *fresh) {
    g_autoptr(GError) error = NULL;
    fresh->folder = g_dir_make_tmp("huozheng-test-XXXXXX", &error);
    g_assert_no_error(error);
    fresh->url = g_strdup_printf("sqlite:%s/test.db", fresh->folder);
}

TestDb *test_db_new(DbEngine engine, const char *const *rooms) {
    TestDb *fresh = g_new0(TestDb, 1);
    fresh->engine = engine;
    if (engine == DB_ENGINE_PG) {
        make_pg(fresh);
    } else {
        make_sqlite(fresh);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    if (rooms == NULL) {
        modules_migrate(db, &error);
        g_assert_no_error(error);
    }
    for (; rooms != NULL && *rooms != NULL; rooms++) {
        db_migrate(db, *rooms, &error);
        g_assert_no_error(error);
    }
    return fresh;
}

void test_db_free(TestDb *fresh) {
    if (fresh == NULL) {
        return;
    }
    if (fresh->engine == DB_ENGINE_PG) {
        pg_admin("DROP", fresh->name, "WITH (FORCE)");
    } else {
        test_folder_remove(fresh->folder);
    }
    g_free(fresh->url);
    g_free(fresh->folder);
    g_free(fresh->name);
    g_free(fresh);
}

const char *test_db_url(const TestDb *fresh) {
    return fresh->url;
}

Db *test_db_open(const TestDb *fresh, DbMode mode) {
    g_autoptr(GError) error = NULL;
    Db *db = db_open(fresh->url, mode, &error);
    g_assert_no_error(error);
    return db;
}

static void run_sqlite(gconstpointer func) {
    ((TestDbFunc)func)(DB_ENGINE_SQLITE);
}

static void run_pg(gconstpointer func) {
    if (g_getenv(PG_ENV) == NULL) {
        g_test_fail_printf("no PostgreSQL: run this under tools/with-postgres, which starts one");
        return;
    }
    ((TestDbFunc)func)(DB_ENGINE_PG);
}

void test_db_add(const char *path, TestDbFunc func) {
    g_assert(path[0] == '/');
    const char *slash = strchr(path + 1, '/');
    g_assert(slash != NULL);
    int room = (int)(slash - path);
    g_autofree char *sqlite_path = g_strdup_printf("%.*s/sqlite%s", room, path, slash);
    g_autofree char *pg_path = g_strdup_printf("%.*s/pg%s", room, path, slash);
    g_test_add_data_func(sqlite_path, (gconstpointer)func, run_sqlite);
    g_test_add_data_func(pg_path, (gconstpointer)func, run_pg);
}
