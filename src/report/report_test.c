/* What a report leaves behind, on both engines: a matter with sealed fields, hashes instead of key
 * and code, and nothing of a draft that nobody sent. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework_file.h"
#include "report/report_rules.h"
#include "report/report_store.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {
    "ledger", "account", "registry", "casework", "draw", "inspection", "report", "firecode", NULL};

#define NAME "测试居民"
#define PHONE "000 0000 0000"

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

/* Every text of a column in one. Caller frees. */
static char *texts(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(DbRows) rows = db_query(db, sql, DB_NO_ARGS, &error);
    while (rows != NULL && db_rows_next(rows)) {
        g_string_append_printf(all, "%s\n", db_rows_text(rows, 0));
    }
    g_assert_true(db_rows_done(rows, &error));
    return g_strdup(all->str);
}

static char *upload(Db *db, const Guest *guest, const char *text) {
    g_autoptr(GError) error = NULL;
    g_autofree char *problem = NULL;
    char *sha256 = NULL;
    NewFile file = {.name = "看到的.txt",
                    .bytes = text,
                    .size = strlen(text),
                    .account_id = guest->sender,
                    .now_us = at("2026-11-20T10:00:00")};
    g_assert_true(casework_file_store(db, &file, &sha256, &problem, &error));
    g_assert_nonnull(sha256);
    return sha256;
}

static Guest begin(Db *db, const char *when) {
    g_autoptr(GError) error = NULL;
    Guest guest;
    g_assert_true(guest_begin(db, 0, at(when), &guest, &error));
    g_assert_no_error(error);
    return guest;
}

/* "" or the rule that refuses. */
static const char *send(Db *db, Guest *guest, const char *photo, const char *when) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    ReportLaw law;
    g_autoptr(json_t) data = json_object();
    g_assert_true(report_law(db, "500103", at(when), &law, &error));
    json_put_text(data, REPORT_CHANNEL, REPORT_CHANNEL_WEB);
    json_put_text(data, REPORT_CONTENT, "blocked-exit");
    json_put_text(data, REPORT_DESCRIPTION, "三楼出口上锁");
    json_put_text(data, REPORT_PLACE, "演示路1号，3 楼");
    json_put_text(data, REPORT_NAMED, "yes");
    json_put_text(data, REPORT_NAME, NAME);
    json_put_text(data, REPORT_PHONE, PHONE);
    if (photo != NULL) {
        json_t *photos = json_array();
        json_array_append_new(photos, json_string(photo));
        json_put(data, REPORT_PHOTOS, photos);
    }
    NewReport report = {.title = "演示商业楼", .region = "500103", .data = data};
    g_assert_true(report_send(db, guest, &law, &report, at(when), &refusal, &error));
    g_assert_no_error(error);
    return refusal.reason_zh == NULL ? "" : refusal.rule;
}

/* --- pure ---------------------------------------------------------------------------------------
 */

static void test_code(void) {
    char bare[REPORT_CODE_CHARS + 1];
    char again[REPORT_CODE_CHARS + 1];
    g_autofree char *one = report_code_of("00ff");
    g_autofree char *same = report_code_of("00ff");
    g_autofree char *other = report_code_of("00fe");
    g_assert_cmpstr(one, ==, same);
    g_assert_cmpstr(one, !=, other);
    g_assert_cmpuint(strlen(one), ==, 14);
    g_assert_true(report_code_parse(one, bare));
    g_autofree char *typed = g_ascii_strdown(bare, -1);
    g_assert_true(report_code_parse(typed, again));
    g_assert_cmpstr(bare, ==, again);
    g_assert_true(report_code_parse("OoIl-２２２２ 3333", again));
    g_assert_cmpstr(again, ==, "001122223333");
    const char *const wrong[] = {
        "", "12345", "1234-5678-90AB-C", "1234-5678-90A!", "1234-5678-90AU"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_false(report_code_parse(wrong[i], again));
    }
    g_autofree char *first = report_code_sha256(1, bare);
    g_autofree char *second = report_code_sha256(2, bare);
    g_assert_false(report_same(first, second));
    g_assert_true(report_same(first, first));
    g_assert_false(report_same(first, ""));
}

static void test_typed(void) {
    static const char *const good[] = {
        "举〔2026〕第0012号", "2026-0012", "2026 第 12 号", "举２０２６　12", "举(2026)12号"};
    static const char *const bad[] = {"", "12", "举〔2026〕", "2026-12-3", "1026-12", "2026-0"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *number = report_number_of("举", good[i]);
        g_assert_cmpstr(number, ==, "举〔2026〕第0012号");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *number = report_number_of("举", bad[i]);
        g_assert_null(number);
    }
    g_assert_true(report_phone_is_good(PHONE));
    g_assert_true(report_phone_is_good("+86 (23) 0000-0000"));
    g_assert_false(report_phone_is_good("0000"));
    g_assert_false(report_phone_is_good("没有电话 0000000"));
    int64_t now = at("2026-11-22T15:40:00");
    g_autofree char *hours = report_due_text(at("2026-11-23T15:40:00"), LAW_HOURS, now);
    g_autofree char *days = report_due_text(at("2026-11-26T00:00:00"), LAW_WORKING_DAYS, now);
    g_assert_cmpstr(hours, ==, "11月23日 周一 15:40 前");
    g_assert_cmpstr(days, ==, "11月25日 周三前（含当天）");
}

/* --- what is stored -----------------------------------------------------------------------------
 */

/* How fast somebody comes is law's answer, not ours. */
static void test_promise(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    ReportLaw law;
    int64_t now = at("2026-09-30T18:05:00");
    g_assert_true(report_law(db, NULL, now, &law, &error)); /* no agency yet: the national rules */
    g_assert_nonnull(law.opens);
    g_assert_nonnull(law.adds);
    const struct {
        const char *content, *term, *due;
    } cases[] = {{"blocked-exit", "24 小时内", "2026-10-01T18:05:00"},
                 {"other", "3 个工作日内", "2026-10-11T00:00:00"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(LawDeadline) deadline = {0};
        g_assert_true(report_deadline(&law, cases[i].content, now, &deadline, &error));
        g_autofree char *term = report_term_text(deadline.row);
        g_assert_cmpstr(term, ==, cases[i].term);
        g_assert_cmpint(deadline.due.due_us, ==, at(cases[i].due));
    }
}

static void test_draft(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = begin(db, "2026-11-20T10:00:00");
    g_autofree char *photo = upload(db, &guest, "出口上锁");
    json_put_text(guest.data, "name", NAME);
    g_assert_true(guest_save(db, &guest, at("2026-11-20T11:00:00"), &error));
    g_autofree char *keys = texts(db, SQL("SELECT key_sha256 FROM report_guest"));
    g_assert_null(strstr(keys, guest.key));
    g_assert_cmpint(guest.sender, <, 0);

    const struct {
        const char *key, *when;
        bool follows, is_there;
    } asked[] = {{guest.key, "2026-11-23T10:59:00", false, true},
                 {guest.key, "2026-11-23T11:00:00", false, false},
                 {guest.key, "2026-11-20T12:00:00", true, false},
                 {guest.key_sha256, "2026-11-20T12:00:00", false, false},
                 {"", "2026-11-20T12:00:00", false, false},
                 {NULL, "2026-11-20T12:00:00", false, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_auto(Guest) found = {0};
        g_assert_true(
            guest_find(db, asked[i].key, asked[i].follows, at(asked[i].when), &found, &error));
        g_assert_true(guest_is_there(&found) == asked[i].is_there);
        if (asked[i].is_there) {
            g_assert_cmpstr(json_get_text(found.data, "name", ""), ==, NAME);
        }
    }
    g_assert_true(report_sweep(db, at("2026-11-23T10:59:00"), &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM report_guest")), ==, 1);
    g_assert_true(report_sweep(db, at("2026-11-23T11:00:00"), &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM report_guest")), ==, 0);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 0);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 0);
    g_assert_no_error(error);
}

static void test_sent(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = begin(db, "2026-11-20T10:00:00");
    g_autofree char *photo = upload(db, &guest, "出口上锁");
    json_put_text(guest.data, "name", NAME);
    g_assert_true(guest_save(db, &guest, at("2026-11-20T10:00:00"), &error));
    g_assert_cmpstr(send(db, &guest, photo, "2026-11-20T10:05:00"), ==, "");
    int64_t id = guest.matter_id;
    g_assert_cmpint(id, >, 0);
    g_assert_cmpstr(send(db, &guest, photo, "2026-11-20T10:06:00"), ==, ""); /* twice */
    g_assert_cmpint(guest.matter_id, ==, id);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM matter")), ==, 1);

    g_auto(Matter) matter = {0};
    g_assert_true(casework_find(db, id, &matter, &error));
    g_assert_cmpint(matter.opened_us, ==, at("2026-11-20T10:05:00"));
    g_assert_cmpint(matter.due_us, ==, at("2026-11-21T10:05:00"));
    g_autofree char *sealed = texts(db, SQL("SELECT value FROM matter_sealed"));
    g_assert_nonnull(strstr(sealed, NAME));
    g_assert_nonnull(strstr(sealed, PHONE));
    g_autofree char *code = report_code_of(guest.key);
    g_autofree char *elsewhere =
        texts(db,
              SQL("SELECT data FROM matter_act UNION ALL SELECT data FROM report_guest UNION ALL "
                  "SELECT payload FROM ledger_entry UNION ALL SELECT title FROM matter UNION ALL "
                  "SELECT code_sha256 FROM report_receipt"));
    const char *const secrets[] = {NAME, PHONE, guest.key, code};
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_assert_null(strstr(elsewhere, secrets[i]));
    }
    g_autoptr(GPtrArray) files = casework_files(db, id, &error);
    g_assert_cmpuint(files->len, ==, 1);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_upload")), ==, 0);
    g_assert_true(report_sweep(db, at("2026-12-20T10:00:00"), &error)); /* the matter keeps it */
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM case_file")), ==, 1);
}

static void test_refused(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = begin(db, "2026-11-20T10:00:00");
    g_auto(Guest) other = begin(db, "2026-11-20T10:00:00");
    g_autofree char *theirs = upload(db, &other, "别人的照片");
    g_assert_cmpstr(send(db, &guest, theirs, "2026-11-20T10:05:00"), ==, "form");
    g_assert_cmpint(guest.matter_id, ==, 0);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM matter")), ==, 0);
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM report_receipt")), ==, 0);
    g_auto(Guest) found = {0};
    g_assert_true(guest_find(db, guest.key, false, at("2026-11-20T10:06:00"), &found, &error));
    g_assert_true(guest_is_there(&found)); /* what was filled in is still there */
}

static void test_follow(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_auto(Guest) one = begin(db, "2026-11-20T10:00:00");
    g_auto(Guest) two = begin(db, "2026-11-20T10:00:00");
    send(db, &one, NULL, "2026-11-20T10:05:00");
    send(db, &two, NULL, "2026-11-20T10:06:00");
    g_autofree char *first = report_code_of(one.key);
    g_autofree char *second = report_code_of(two.key);
    const struct {
        const char *number, *code;
        int64_t matter;
    } tries[] = {{"举〔2026〕第0001号", first, one.matter_id},
                 {"举〔2026〕第0001号", second, 0},
                 {"举〔2026〕第0002号", second, two.matter_id},
                 {"举〔2026〕第0009号", first, 0},
                 {"举〔2026〕第0001号", "", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(tries); i++) {
        int64_t found = -1;
        g_assert_true(report_open_receipt(db, tries[i].number, tries[i].code, &found, &error));
        g_assert_cmpint(found, ==, tries[i].matter);
    }
    g_auto(Guest) visit = {0};
    g_auto(Matter) matter = {0};
    ReportLaw law;
    int64_t now = at("2026-11-20T11:00:00");
    g_assert_true(guest_begin(db, one.matter_id, now, &visit, &error));
    g_assert_true(casework_find(db, one.matter_id, &matter, &error));
    g_assert_true(report_law(db, matter.region, now, &law, &error));
    g_autoptr(json_t) words = json_object();
    json_put_text(words, REPORT_WORDS, "二楼也锁了");
    g_assert_true(report_add(db, &visit, &matter, 1, &law, words, now, &refusal, &error));
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    g_assert_false(report_add(db, &visit, &matter, 1, &law, words, now, &refusal, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT); /* sent twice, added once */
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM matter_act")), ==, 3);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/rules/receipt-code", test_code);
    g_test_add_func("/report/rules/what-people-type", test_typed);
    test_db_add("/report/how-fast-somebody-comes-stands-in-law", test_promise);
    test_db_add("/report/draft/lives-three-days-and-leaves-nothing", test_draft);
    test_db_add("/report/sent/once-sealed-and-hashed", test_sent);
    test_db_add("/report/sent/a-stranger-s-photo-is-refused", test_refused);
    test_db_add("/report/follow/number-and-code-together", test_follow);
    return g_test_run();
}
