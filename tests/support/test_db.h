/*
 * Fresh databases for tests, on both engines. Linked to every unit test.
 *
 *   static void test_something(DbEngine engine) {
 *       g_autoptr(TestDb) fresh = test_db_new(engine, (const char *const[]){"ledger", NULL});
 *       g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
 *       …
 *   }
 *   test_db_add("/ledger/appends", test_something);  // "/ledger/sqlite/appends", "/ledger/pg/…"
 *
 * PostgreSQL tests need a cluster: run them under tools/with-postgres. Without one they fail.
 * Every failure in here ends the test program with a message.
 */
#pragma once

#include "store/store.h"

typedef struct TestDb TestDb;

/* An empty database with the migrations of `rooms` (ends with NULL; NULL itself: every room of
 * src/modules.c). */
TestDb *test_db_new(DbEngine engine, const char *const *rooms);
/* Removes the database. Connections to it must be closed before. */
void test_db_free(TestDb *fresh);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDb, test_db_free)

/* For db_open; borrowed. */
const char *test_db_url(const TestDb *fresh);
/* Caller closes. */
Db *test_db_open(const TestDb *fresh, DbMode mode);

/* Registers the test once per engine: "/room/what" becomes "/room/sqlite/what" and
 * "/room/pg/what". */
typedef void (*TestDbFunc)(DbEngine engine);
void test_db_add(const char *path, TestDbFunc func);

/* One statement that must succeed. */
#define test_db_exec(db, literal, ...)                                                             \
    do {                                                                                           \
        g_autoptr(GError) test_db_error = NULL;                                                    \
        db_exec((db), SQL(literal), DB_ARGS(__VA_ARGS__), NULL, &test_db_error);                   \
        g_assert_no_error(test_db_error);                                                          \
    } while (0)
