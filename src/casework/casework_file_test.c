/* Evidence files on both engines: stored once, owned, taken by acts, swept, and never read when a
 * byte has changed. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/casework_store.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {
    "ledger", "account", "registry", "casework", "draw", "inspection", "firecode", NULL};

#define CLERK 101
#define OTHER 102

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

static CaseActor clerk(int64_t account) {
    return (CaseActor){.account_id = account,
                       .roles = ROLE_BIT(ROLE_CLERK),
                       .region = "500103",
                       .now_us = at("2026-11-22T12:00:00")};
}

/* --- steps --------------------------------------------------------------------------------------
 */

/* The hash, or NULL when the file itself is refused. */
static char *store(Db *db, int64_t account, const char *name, const void *bytes, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autofree char *problem = NULL;
    char *sha256 = NULL;
    NewFile file = {.name = name,
                    .bytes = bytes,
                    .size = size,
                    .account_id = account,
                    .now_us = at("2026-11-22T11:00:00")};
    casework_file_store(db, &file, &sha256, &problem, &error);
    g_assert_no_error(error);
    g_assert_true((sha256 == NULL) != (problem == NULL));
    if (problem != NULL) {
        g_test_message("%s", problem);
        g_assert_nonnull(strstr(problem, "“"));
    }
    return sha256;
}

static char *store_text(Db *db, int64_t account, const char *text) {
    return store(db, account, "记录.txt", text, strlen(text));
}

/* As many parts as it takes, none like the other. */
static char *large_text(size_t size) {
    char *text = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)('a' + (i + i / 1000) % 26);
    }
    text[size] = '\0';
    return text;
}

static bool append(void *data, const void *bytes, size_t size, GError **error) {
    (void)error;
    g_string_append_len(data, bytes, (gssize)size);
    return true;
}

/* NULL when the bytes are not those of the hash. */
static char *read_back(Db *db, const char *sha256) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    if (!casework_file_read(db, sha256, append, out, &error)) {
        g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
        return NULL;
    }
    return g_strdup(out->str);
}

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

static int64_t open_complaint(Db *db) {
    static const char text[] =
        "{\"channel\": \"hotline\", \"content\": \"blocked-exit\", \"description\": \"出口上锁\", "
        "\"place\": \"演示路1号\", \"named\": \"no\"}";
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = json_read(text, strlen(text), &error);
    CaseActor actor = clerk(CLERK);
    NewMatter matter = {.kind = "complaint", .title = "演示商店", .region = "500103"};
    CaseAct act = {.step = "register", .happened_us = at("2026-11-22T08:00:00"), .data = data};
    int64_t id = 0;
    casework_open(db, &actor, &matter, &act, &id, &refusal, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    return id;
}

/* "" or the problem of the field "files". */
static char *add_evidence(Db *db, int64_t account, int64_t matter, const char *const *hashes) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = json_object();
    json_t *files = json_array();
    for (size_t i = 0; hashes[i] != NULL; i++) {
        json_array_append_new(files, json_string(hashes[i]));
    }
    json_put_text(data, "kind", "audiovisual");
    json_put_text(data, "proves", "出口上锁");
    json_put_text(data, "source", "现场拍摄");
    json_put(data, "files", files);
    CaseActor actor = clerk(account);
    CaseAct act = {.step = "add-evidence", .happened_us = at("2026-11-22T11:30:00"), .data = data};
    casework_act(db, &actor, matter, 0, &act, &refusal, &error);
    g_assert_no_error(error);
    g_assert_true(refusal.reason_zh == NULL || g_strcmp0(refusal.rule, "form") == 0);
    return g_strdup(refusal.reason_zh == NULL ? "" : json_get_text(refusal.problems, "files", "?"));
}

#define HASHES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_store(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autofree char *text = large_text(2 * LIMIT_FILE_PART + 17);
    g_autofree char *first = store_text(db, CLERK, text);
    g_autofree char *again = store_text(db, CLERK, text);
    g_autofree char *by_other = store_text(db, OTHER, text);
    g_assert_cmpstr(first, ==, again);
    g_assert_cmpstr(first, ==, by_other);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 1);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file_part")), ==, 3);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 2);
    g_autofree char *back = read_back(db, first);
    g_assert_cmpstr(back, ==, text);
}

static void test_changed_byte(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autofree char *text = large_text(LIMIT_FILE_PART + 5);
    g_autofree char *sha256 = store_text(db, CLERK, text);
    g_autofree char *other = store_text(db, CLERK, "别的文件");
    test_db_exec(db,
                 "UPDATE case_file_part SET bytes = $1 WHERE sha256 = $2 AND n = 2",
                 db_blob("xxxxx", 5),
                 db_text(sha256));
    g_assert_null(read_back(db, sha256));
    test_db_exec(db, "DELETE FROM case_file_part WHERE sha256 = $1 AND n = 2", db_text(sha256));
    g_assert_null(read_back(db, sha256));
    g_autofree char *good = read_back(db, other);
    g_assert_cmpstr(good, ==, "别的文件");
}

static void test_refused_files(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autofree char *large = large_text(LIMIT_FILE + 1);
    g_assert_null(store(db, CLERK, "空.jpg", "", 0));
    g_assert_null(store(db, CLERK, "程序.jpg", "MZ\x90\0", 4));
    g_assert_null(store_text(db, CLERK, large));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 0);
    /* a name is shown: nothing in it may turn the line around */
    g_autofree char *sha256 = store(db,
                                    CLERK,
                                    "照片\xe2\x80\xae"
                                    "gpj.exe\n",
                                    "记录",
                                    6);
    g_autoptr(CaseFile) file = NULL;
    g_assert_true(casework_file_usable(db, CLERK, 0, sha256, &file, NULL));
    g_assert_cmpstr(file->name, ==, "照片gpj.exe");
}

/* 20 MiB each: the account stops near 1 GiB, and may go on when acts have taken files. */
static void test_waiting_limit(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autofree char *sha256 = store_text(db, CLERK, "一");
    test_db_exec(db,
                 "UPDATE case_file SET size = $1 WHERE sha256 = $2",
                 db_int(LIMIT_FILES_WAITING),
                 db_text(sha256));
    g_assert_null(store_text(db, CLERK, "二"));
    g_autofree char *other = store_text(db, OTHER, "二");
    g_assert_nonnull(other);
}

static void test_taken_by_an_act(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    int64_t id = open_complaint(db);
    int64_t elsewhere = open_complaint(db);
    g_autofree char *one = store_text(db, CLERK, "一");
    g_autofree char *two = store_text(db, CLERK, "二");
    static const char unknown[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    g_autofree char *invented = add_evidence(db, CLERK, id, HASHES(one, unknown));
    g_assert_nonnull(strstr(invented, "不是您传来的"));
    g_autofree char *foreign = add_evidence(db, OTHER, id, HASHES(one));
    g_assert_nonnull(strstr(foreign, "不是您传来的"));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM matter_file")), ==, 0);
    g_autofree char *good = add_evidence(db, CLERK, id, HASHES(one, two));
    g_assert_cmpstr(good, ==, "");
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 0);
    /* in the matter, every act on it may name it; in another one, nobody's */
    g_autofree char *same = add_evidence(db, OTHER, id, HASHES(one));
    g_assert_cmpstr(same, ==, "");
    g_autofree char *abroad = add_evidence(db, CLERK, elsewhere, HASHES(one));
    g_assert_nonnull(strstr(abroad, "不是您传来的"));
    g_autoptr(GPtrArray) files = casework_files(db, id, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(files->len, ==, 3);
    const CaseFile *last = files->pdata[2];
    g_assert_cmpint(last->number, ==, 3);
    g_assert_cmpint(last->seq, ==, 3);
    g_assert_cmpstr(last->field, ==, "files");
    g_assert_cmpstr(last->name, ==, "记录.txt");
    g_assert_cmpint(last->leaf,
                    ==,
                    count(db, SQL("SELECT MAX(idx) FROM ledger_entry WHERE object = 'matter:1'")));
    g_autoptr(CaseFile) none = casework_file_find(db, elsewhere, one, &error);
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

static void test_sweep(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    int64_t id = open_complaint(db);
    g_autofree char *taken = store_text(db, CLERK, "办了");
    g_autofree char *drafted = store_text(db, CLERK, "草稿里");
    g_autofree char *left = store_text(db, CLERK, "没有人要");
    for (int i = 0; i < 45; i++) { /* more than one batch */
        g_autofree char *text = g_strdup_printf("没有人要的第 %d 个", i);
        g_autofree char *sha256 = store_text(db, OTHER, text);
        g_assert_nonnull(sha256);
    }
    g_autofree char *shared = store_text(db, OTHER, "办了");
    g_autofree char *good = add_evidence(db, CLERK, id, HASHES(taken));
    g_autoptr(json_t) draft = json_object();
    json_put(draft, "files", json_pack("[s]", drafted));
    g_assert_true(
        casework_draft_save(db, CLERK, "1/add-evidence", draft, at("2026-11-22T11:00:00"), &error));
    g_assert_true(casework_file_sweep(db, at("2026-11-22T10:59:00"), &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 48);
    g_assert_true(casework_file_sweep(db, at("2026-11-23T11:00:00"), &error));
    g_assert_no_error(error);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 2);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file_part")), ==, 2);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 1);
    g_assert_null(read_back(db, left));
    g_autofree char *kept = read_back(db, taken);
    g_assert_cmpstr(kept, ==, "办了");
    /* the draft is thrown away: its file goes with the next round */
    g_assert_true(casework_draft_save(db, CLERK, "1/add-evidence", NULL, 0, &error));
    g_assert_true(casework_file_sweep(db, at("2026-11-23T11:00:00"), &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 1);
    g_assert_cmpstr(good, ==, "");
    g_assert_cmpstr(shared, ==, taken);
}

static void test_facts(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    const char *source = g_getenv("HUOZHENG_SOURCE");
    g_autofree char *path =
        g_build_filename(source == NULL ? "." : source, "tests/data/evidence.jpg", NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &size, &error));
    g_autofree char *sha256 = store(db, CLERK, "现场.jpg", bytes, size);
    g_autoptr(CaseFile) file = NULL;
    g_assert_true(casework_file_usable(db, CLERK, 0, sha256, &file, &error));
    g_assert_cmpint(file->kind, ==, FILE_JPEG);
    g_assert_cmpstr(json_get_text(file->facts, "taken", NULL), ==, "2026-11-20 14:22:03");
    g_assert_cmpstr(json_get_text(file->facts, "latitude", NULL), ==, "29.563000");
    g_assert_cmpstr(json_get_text(file->facts, "longitude", NULL), ==, "106.551600");
    g_assert_cmpstr(json_get_text(file->facts, "device", NULL), ==, "Xuanwu YW-CAM7");
}

/* Files of somebody who is not signed in wait under a negative number: the sweep leaves them to the
 * room that made it, and what it forgets is gone unless somebody else names the same bytes. */
static void test_forget(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_autofree char *own = store_text(db, -7, "只有他有");
    g_autofree char *other = store_text(db, -7, "两人都有");
    g_autofree char *same = store_text(db, CLERK, "两人都有");
    g_assert_true(casework_file_sweep(db, at("2026-11-22T10:00:00"), &error));
    g_assert_cmpint(
        count(db, SQL("SELECT COUNT(*) FROM case_upload WHERE account_id = -7")), ==, 2);
    g_assert_true(casework_file_forget(db, -7, own, &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 1);
    g_assert_true(casework_file_forget(db, -7, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 1);
    g_assert_cmpstr(other, ==, same);
    g_autofree char *text = read_back(db, same);
    g_assert_cmpstr(text, ==, "两人都有");
    g_assert_true(casework_file_sweep(db, at("2026-11-24T10:00:00"), &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 0);
}

/* What a room above keeps is read by its object alone, and stays when others forget the same bytes.
 */
static void test_kept(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    const char *object = "building:7/record:12";
    g_autofree char *photo = store_text(db, -3, "照片");
    g_assert_false(casework_file_keep(db, CLERK, object, photo, &error)); /* somebody else's */
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(casework_file_keep(db, -3, object, photo, &error));
    g_autofree char *again = store_text(db, -3, "照片");
    g_assert_true(casework_file_forget(db, -3, NULL, &error));
    g_assert_true(casework_file_sweep(db, at("2026-11-24T10:00:00"), &error));
    g_assert_no_error(error);
    g_autoptr(CaseFile) file = casework_file_kept(db, object, again, &error);
    g_assert_no_error(error);
    g_autofree char *text = read_back(db, file->sha256);
    g_assert_cmpstr(text, ==, "照片");
    g_assert_null(casework_file_kept(db, "building:7/record:13", photo, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework-file/stored-once", test_store);
    test_db_add("/casework-file/a-changed-byte-is-seen", test_changed_byte);
    test_db_add("/casework-file/what-is-not-taken", test_refused_files);
    test_db_add("/casework-file/what-waits-is-limited", test_waiting_limit);
    test_db_add("/casework-file/taken-by-an-act", test_taken_by_an_act);
    test_db_add("/casework-file/swept", test_sweep);
    test_db_add("/casework-file/facts-of-a-photo", test_facts);
    test_db_add("/casework/file/a-stranger-s-files-are-forgotten", test_forget);
    test_db_add("/casework-file/kept-by-a-room-above", test_kept);
    return g_test_run();
}
