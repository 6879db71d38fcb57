/* backup, restore and doctor as a person meets them: arguments in, exit code and text out. */
#include "ledger/ledger.h"
#include "store/backup.h"
#include "test_call.h"
#include "test_db.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const ledger_room[] = {"ledger", NULL};
static const char *const no_rooms[] = {NULL};

typedef struct Bench {
    TestDb *source;
    char *folder;
    char *file; /* the backup */
} Bench;

static void append(const char *url, int count) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    for (int i = 0; i < count; i++) {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        g_autoptr(json_t) payload = json_object();
        json_put_int(payload, "n", i);
        LedgerEntry entry = {1000000 * (i + 1), "test.thing", "system", "thing:1", payload};
        ledger_append(db, &entry, NULL, &error);
        g_assert_no_error(error);
        g_assert_true(db_commit(&tx, &error));
    }
}

static int64_t ledger_size(const char *url) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(url, DB_READ_ONLY, &error);
    g_assert_no_error(error);
    LedgerHead head = {0};
    ledger_head(db, &head, &error);
    g_assert_no_error(error);
    return head.size;
}

static Bench bench_new(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    Bench bench = {.source = test_db_new(engine, ledger_room)};
    bench.folder = g_dir_make_tmp("huozheng-test-XXXXXX", &error);
    g_assert_no_error(error);
    bench.file = g_build_filename(bench.folder, "copy.backup", NULL);
    append(test_db_url(bench.source), 5);
    return bench;
}

static void bench_clear(Bench *bench) {
    g_autofree char *manifest = g_strconcat(bench->file, ".manifest.json", NULL);
    g_remove(bench->file);
    g_remove(manifest);
    g_assert_cmpint(g_rmdir(bench->folder), ==, 0); /* nothing else was left behind */
    test_db_free(bench->source);
    g_free(bench->folder);
    g_free(bench->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bench, bench_clear)

static void test_backup_and_restore(DbEngine engine) {
    g_auto(Bench) bench = bench_new(engine);
    const char *source = test_db_url(bench.source);
    assert_call(0, "verified; ledger 5 entries", "backup", "--db", source, bench.file);
    assert_call(1, "exists already", "backup", "--db", source, bench.file);

    g_autoptr(TestDb) target = test_db_new(engine, no_rooms);
    const char *url = test_db_url(target);
    assert_call(0, "restored and verified: ledger 5", "restore", "--db", url, bench.file);
    g_assert_cmpint(ledger_size(url), ==, 5);
    append(url, 1); /* it can be written */
    assert_call(0, "valid: 6 entries", "ledger", "verify", "--db", url);
}

static void test_restore_to_new_file(void) {
    g_auto(Bench) bench = bench_new(DB_ENGINE_SQLITE);
    assert_call(0, "verified", "backup", "--db", test_db_url(bench.source), bench.file);
    g_autofree char *path = g_build_filename(bench.folder, "new.db", NULL);
    g_autofree char *url = g_strconcat("sqlite:", path, NULL);
    assert_call(0, "restored and verified: ledger 5", "restore", "--db", url, bench.file);
    g_assert_cmpint(ledger_size(url), ==, 5);
    g_autoptr(GError) error = NULL;
    db_place_drop(url, &error);
    g_assert_no_error(error);
}

static void test_restore_over_newer(DbEngine engine) {
    g_auto(Bench) bench = bench_new(engine);
    const char *url = test_db_url(bench.source);
    assert_call(0, "\"ledger\":{\"size\":5", "backup", "--json", "--db", url, bench.file);
    append(url, 2);
    assert_call(
        1, "These 2 ledger entries are not in the backup:", "restore", "--db", url, bench.file);
    g_assert_cmpint(ledger_size(url), ==, 7);
    {
        g_autoptr(Db) server = test_db_open(bench.source, DB_READ_WRITE);
        g_autoptr(GError) error = NULL;
        LedgerHead head = {0};
        g_assert_true(ledger_head(server, &head, &error));
        assert_call(3, "", "restore", "--replace", "--db", url, bench.file);
    }
    g_assert_cmpint(ledger_size(url), ==, 7);
    g_autofree char *printed = NULL;
    g_assert_cmpint(
        test_call(&printed,
                  (const char *const[]){
                      "huozheng", "restore", "--replace", "--db", url, bench.file, NULL}),
        ==,
        0);
    g_assert_cmpint(ledger_size(url), ==, 5);
    /* What was there before still is. */
    const char *kept = strstr(printed, "is kept as ");
    g_assert_nonnull(kept);
    g_autofree char *old_url = g_strstrip(g_strdup(kept + strlen("is kept as ")));
    g_assert_cmpint(ledger_size(old_url), ==, 7);
    g_autoptr(GError) error = NULL;
    db_place_drop(old_url, &error);
    g_assert_no_error(error);
}

static void test_restore_refuses_other_history(DbEngine engine) {
    g_auto(Bench) bench = bench_new(engine);
    assert_call(0, "verified", "backup", "--db", test_db_url(bench.source), bench.file);
    g_autoptr(TestDb) other = test_db_new(engine, ledger_room);
    append(test_db_url(other), 30); /* other salts: another history */
    assert_call(1,
                "These 30 ledger entries are not in the backup (it is not an earlier",
                "restore",
                "--db",
                test_db_url(other),
                bench.file);
    assert_call(1, "and 10 more", "restore", "--db", test_db_url(other), bench.file);
    g_assert_cmpint(ledger_size(test_db_url(other)), ==, 30);
}

static void test_restore_refuses_changed_file(DbEngine engine) {
    g_auto(Bench) bench = bench_new(engine);
    const char *source = test_db_url(bench.source);
    assert_call(0, "verified", "backup", "--db", source, bench.file);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(bench.file, &bytes, &size, NULL));
    bytes[size / 2] = (char)(bytes[size / 2] ^ 1);
    g_assert_true(g_file_set_contents(bench.file, bytes, (gssize)size, NULL));
    assert_call(1,
                "is not what its manifest describes",
                "restore",
                "--replace",
                "--db",
                source,
                bench.file);
    g_assert_cmpint(ledger_size(source), ==, 5);
    g_autofree char *manifest = g_strconcat(bench.file, ".manifest.json", NULL);
    g_assert_true(g_file_set_contents(manifest, "{\"format\":\"huozheng-backup/1\"}", -1, NULL));
    assert_call(1, "is no manifest", "restore", "--replace", "--db", source, bench.file);
    g_remove(manifest);
    assert_call(1, "cannot open the manifest", "restore", "--db", source, bench.file);
}

/* A backup of a ledger that does not fit is not called a backup. */
static void test_backup_refuses_broken_ledger(DbEngine engine) {
    g_auto(Bench) bench = bench_new(engine);
    {
        g_autoptr(Db) db = test_db_open(bench.source, DB_READ_WRITE);
        g_autoptr(GError) error = NULL;
        db_exec(db,
                SQL("UPDATE ledger_entry SET payload = '{\"n\":99}' WHERE idx = 2"),
                DB_NO_ARGS,
                NULL,
                &error);
        g_assert_no_error(error);
    }
    assert_call(1, "entry 2", "backup", "--db", test_db_url(bench.source), bench.file);
    g_assert_false(g_file_test(bench.file, G_FILE_TEST_EXISTS));
    assert_call(1, "entry 2", "doctor", "--db", test_db_url(bench.source));
}

static void test_doctor(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    const char *url = test_db_url(fresh);
    append(url, 3);
    assert_call(0, "3 entries verified", "doctor", "--db", url);
    assert_call(0, "{\"check\":\"migrations\",\"state\":\"ok\"", "doctor", "--json", "--db", url);
    {
        g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
        test_db_exec(db, "DELETE FROM migration WHERE room = $1", db_text("ledger"));
    }
    assert_call(1, "run `huozheng init`", "doctor", "--db", url);
}

static void test_wrong_usage(void) {
    assert_call(2, "usage:", "backup", "a", "b");
    assert_call(2, "usage:", "restore");
    assert_call(2, "usage:", "doctor", "me");
    assert_call(2, "Unknown option", "doctor", "--nonsense");
    assert_call(3, "bad   database", "doctor", "--db", "sqlite:/no/such/folder/x.db");
    assert_call(3, "cannot open", "backup", "--db", "sqlite:/no/such/folder/x.db", "/tmp/none");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/backup-cmd/backup-and-restore", test_backup_and_restore);
    test_db_add("/backup-cmd/restore-over-newer", test_restore_over_newer);
    test_db_add("/backup-cmd/other-history", test_restore_refuses_other_history);
    test_db_add("/backup-cmd/changed-file", test_restore_refuses_changed_file);
    test_db_add("/backup-cmd/broken-ledger", test_backup_refuses_broken_ledger);
    test_db_add("/backup-cmd/doctor", test_doctor);
    g_test_add_func("/backup-cmd/restore-to-new-file", test_restore_to_new_file);
    g_test_add_func("/backup-cmd/wrong-usage", test_wrong_usage);
    return g_test_run();
}
