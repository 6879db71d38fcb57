#include "publicity/publicity.h"

#include "base/clock.h"
#include "draw/draw.h"
#include "ledger/ledger.h"
#include "publicity/publicity_pages.h"
#include "publicity/record.h"
#include "publicity/setting.h"
#include "publicity/site.h"
#include "registry/unit.h"
#include "test_db.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "web/template.h"

#include <glib/gstdio.h>

#include <string.h>

#define NOW_US INT64_C(1795338915000000) /* 2026-11-22 */

/* --- settings ----------------------------------------------------------------------------------
 */

static void test_settings(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    g_autoptr(TestDb) fresh = test_db_new(engine, (const char *const[]){"publicity", NULL});
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autofree char *value = NULL;
    g_assert_true(setting_get(db, SETTING_SITE_NAME, &value, &error));
    g_assert_null(value);
    SiteSettings site;
    setting_site(db, &error, &site);
    g_assert_cmpstr(site.name, ==, "火正消防监督");
    g_assert_cmpstr(site.demo, ==, "");

    g_assert_true(setting_set(db, SETTING_SITE_NAME, "甲市", 1, &error));
    g_assert_true(setting_set(db, SETTING_SITE_NAME, "乙市消防监督", 2, &error));
    g_assert_true(setting_set(db, SETTING_DEMO, "演示数据", 2, &error));
    g_assert_true(setting_get(db, SETTING_SITE_NAME, &value, &error));
    g_assert_cmpstr(value, ==, "乙市消防监督");
    setting_site(db, &error, &site);
    g_assert_cmpstr(site.name, ==, "火正消防监督"); /* the same server still has its copy */
    setting_site(db, &value, &site);
    g_assert_cmpstr(site.name, ==, "乙市消防监督");
    g_assert_cmpstr(site.demo, ==, "演示数据");
}

/* --- preferences and numbers -------------------------------------------------------------------
 */

static void test_prefs(void) {
    const char *const kept[] = {"", "dark", "light.large", "dark.more.large.nokeys"};
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        SitePrefs prefs = site_prefs_read(kept[i]);
        g_autofree char *again = site_prefs_write(&prefs);
        g_assert_cmpstr(again, ==, kept[i]);
    }
    SitePrefs prefs = site_prefs_read("dark.light.<script>.");
    g_autofree char *clean = site_prefs_write(&prefs);
    g_assert_cmpstr(clean, ==, "dark");
    prefs = site_prefs_read(NULL);
    g_assert_false(prefs.large_text);
}

static void test_counts(void) {
    const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"}, {999, "999"}, {1000, "1,000"}, {1284551, "1,284,551"}, {-1000, "-1,000"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = site_count_text(cases[i].number);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

/* --- the merged list ---------------------------------------------------------------------------
 */

/* Each fake source has 40 records, ids 40 … 1; four in a row share one moment, in all kinds. */
static void add_fakes(RecordKind kind,
                      const RecordFilter *filter,
                      int64_t before_us,
                      int64_t before_id,
                      GPtrArray *records) {
    size_t added = 0;
    for (int64_t id = 40; id > 0 && added < filter->limit; id--) {
        int64_t time_us = (id + 3) / 4 * 1000;
        bool is_older = time_us < before_us || (time_us == before_us && id < before_id);
        if (is_older && time_us >= filter->from_us) {
            PublicRecord *record = g_new0(PublicRecord, 1);
            *record =
                (PublicRecord){.kind = kind, .id = id, .time_us = time_us, .ledger_index = -1};
            g_ptr_array_add(records, record);
            added++;
        }
    }
}

static bool fake_plans(Db *db,
                       const RecordFilter *filter,
                       int64_t before_us,
                       int64_t before_id,
                       GPtrArray *records,
                       GError **error) {
    (void)db;
    (void)error;
    add_fakes(RECORD_PLAN, filter, before_us, before_id, records);
    return true;
}

static bool fake_results(Db *db,
                         const RecordFilter *filter,
                         int64_t before_us,
                         int64_t before_id,
                         GPtrArray *records,
                         GError **error) {
    (void)db;
    (void)error;
    add_fakes(RECORD_INSPECTION, filter, before_us, before_id, records);
    return true;
}

static const RecordSource fakes[RECORD_KIND_COUNT] = {
    [RECORD_PLAN] = fake_plans, [RECORD_INSPECTION] = fake_results};

/* Reads all pages of `limit`; "p40 i40 …" in order. */
static char *read_pages(RecordFilter filter) {
    GString *seen = g_string_new(NULL);
    RecordCursor cursor;
    for (;;) {
        g_autoptr(GPtrArray) page = record_merge(NULL, fakes, &filter, NULL);
        for (guint i = 0; i < page->len; i++) {
            const PublicRecord *record = g_ptr_array_index(page, i);
            g_string_append_printf(
                seen, "%c%" G_GINT64_FORMAT " ", record_kind_word(record->kind)[0], record->id);
            cursor = (RecordCursor){record->time_us, record->kind, record->id};
        }
        if (page->len < filter.limit) {
            return g_string_free(seen, FALSE);
        }
        g_autofree char *text = record_cursor_format(&cursor);
        g_assert_true(record_cursor_parse(text, &cursor));
        filter.after = &cursor;
    }
}

static void test_pages_join(void) {
    g_autofree char *whole = read_pages((RecordFilter){.limit = 1000});
    g_assert_true(g_str_has_prefix(whole, "i40 i39 i38 i37 p40 p39 p38 p37 i36 "));
    g_assert_true(g_str_has_suffix(whole, " p4 p3 p2 p1 "));
    for (size_t limit = 1; limit < 12; limit++) {
        g_autofree char *joined = read_pages((RecordFilter){.limit = limit});
        g_assert_cmpstr(joined, ==, whole);
    }
    g_autofree char *plans = read_pages((RecordFilter){.limit = 3, .kinds = 1u << RECORD_PLAN});
    g_assert_null(strchr(plans, 'i'));
    g_autofree char *some = read_pages((RecordFilter){.limit = 3, .from_us = 9000, .to_us = 10000});
    g_assert_cmpstr(some, ==, "i36 i35 i34 i33 p36 p35 p34 p33 ");
}

static void test_cursors(void) {
    RecordCursor cursor;
    const char *const bad[] = {"", "1", "1.2", "1.9.1", "-1.0.1", "1.0.x", "1.0.1.0", "a.b.c"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(record_cursor_parse(bad[i], &cursor));
    }
    g_assert_false(record_cursor_parse(NULL, &cursor));
}

/* --- pages -------------------------------------------------------------------------------------
 */

/* What the handler answers, rendered strictly as the server does it. Caller frees. */
static char *page_text(Db *db, Handler handler, const char *target, Response **ret_response) {
    g_autoptr(GError) error = NULL;
    Principal nobody = {0};
    Ctx ctx = {.db = db, .who = &nobody, .now_us = NOW_US, .request_id = "0123456789abcdef"};
    g_autoptr(Request) req = request_new("GET", target);
    request_add_header(req, "Host", "localhost");
    g_assert_cmpuint(request_check_head(req).status, ==, 0);
    g_autoptr(GPtrArray) routes = g_ptr_array_new();
    for (const Route *route = publicity_module.routes; route->path != NULL; route++) {
        g_ptr_array_add(routes, (gpointer)route);
    }
    Router *router = router_new(routes, &error);
    g_assert_no_error(error);
    router_find(router, req);
    router_free(router);
    g_assert_true(req->route != NULL && req->route->handler == handler);
    g_autoptr(Response) response = handler(&ctx, req);
    g_autoptr(GString) out = g_string_new(NULL);
    if (response->view != NULL) {
        json_t *site = site_model(&ctx, req);
        json_put_text(site, "csrf", "token");
        json_put_text(site, "flash", NULL);
        json_put_text(site, "request_id", ctx.request_id);
        json_put(response->model, "site", site);
        view_render(response->view, response->model, true, out, &error);
        g_assert_no_error(error);
    }
    if (ret_response != NULL) {
        *ret_response = g_steal_pointer(&response);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static const char *const rooms[] = {
    "ledger", "job", "account", "law", "registry", "draw", "inspection", "publicity", NULL};

static void test_pages_render(DbEngine engine) {
    static const struct {
        Handler handler;
        const char *target, *holds;
    } pages[] = {
        {start_page, "/", "<h1>想查哪家单位"},
        {records_page, "/records", "没有符合条件的公开记录"},
        {records_page, "/records?kind=draw&year=2026&after=1.1.1", "class=\"chip\""},
        {records_page, "/records?kind=%3Cx%3E&year=0", "全部种类"},
        {help_page, "/help", "双随机"},
        {accessibility_page, "/accessibility", "GB/T 37668"},
        {privacy_page, "/privacy", "个人信息"},
        {display_page, "/display", "name=\"csrf\" value=\"token\""},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_assert_true(setting_set(db, SETTING_DEMO, "演示数据：全部虚构", 1, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_autofree char *text = page_text(db, pages[i].handler, pages[i].target, NULL);
        g_assert_nonnull(strstr(text, pages[i].holds));
        g_assert_nonnull(strstr(text, "演示数据：全部虚构"));
        const char *h1 = strstr(text, "<h1");
        g_assert_true(h1 != NULL && strstr(h1 + 1, "<h1") == NULL);
        g_assert_null(strstr(text, " style="));
        g_assert_null(strstr(text, " onclick="));
    }
}

static void test_navigation(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    Principal who = {.account_id = 7, .name = "周*", .region = "500000"};
    who.permissions = 1u << PERM_SIGNED_IN | 1u << PERM_UNIT_VIEW;
    Ctx ctx = {.db = db, .who = &who, .now_us = NOW_US, .request_id = "0"};
    g_autoptr(Request) req = request_new("GET", "/work/units/7");
    request_add_header(req, "Host", "localhost");
    g_assert_cmpuint(request_check_head(req).status, ==, 0);
    g_autoptr(json_t) site = site_model(&ctx, req);
    g_autofree char *nav = json_write(json_object_get(site, "nav"));
    g_assert_nonnull(strstr(nav,
                            "\"href\":\"/work/units\",\"text\":\"单位\",\"icon\":"
                            "\"building-store\",\"late\":null,\"is_current\":true"));
    g_assert_nonnull(strstr(nav,
                            "\"href\":\"/work\",\"text\":\"今日任务\",\"icon\":\"list-check\","
                            "\"late\":null,\"is_current\":false"));
    g_assert_null(strstr(nav, "/work/officers"));
    g_assert_null(strstr(nav, "管理"));
}

/* Two units of one street; ids in order. */
static void add_units(Db *db, int64_t ids[2]) {
    g_autoptr(GError) error = NULL;
    test_db_exec(db,
                 "INSERT INTO region (code, name, level, parent, confidence)"
                 " VALUES ('500103', $1, 3, '5001', 'text')",
                 db_text("渝中区"));
    const UnitInput inputs[2] = {
        {.name = "演示山城火锅店",
         .uscc = "91500103MA0000001X",
         .address = "渝中区演示路 1 号",
         .region = "500103",
         .legal_person = "不得公开",
         .phone = "13800000000"},
        {.name = "演示江边茶楼", .address = "渝中区演示路 2 号", .region = "500103"}};
    IntakeContext context = {.scope_region = "50", .now_us = NOW_US};
    IntakeResult results[2] = {0};
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    intake_batch(db, INTAKE_UNIT, inputs, 2, &context, results, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    for (size_t i = 0; i < 2; i++) {
        g_assert_cmpint(results[i].outcome, ==, INTAKE_ADDED);
        ids[i] = results[i].id;
        intake_result_clear(&results[i]);
    }
}

static void test_search(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    int64_t ids[2];
    add_units(db, ids);
    static const struct {
        const char *target, *holds, *lacks;
    } cases[] = {
        {"/search", "连着的两个字", "找到"},
        {"/search?q=%E7%81%AB%E9%94%85", "演示山城火锅店", "茶楼"},     /* 火锅 */
        {"/search?q=%E6%BC%94%E7%A4%BA%E8%B7%AF", "找到 2 家", "没有"}, /* 演示路 */
        {"/search?q=91500103MA", "演示山城火锅店", "茶楼"},
        {"/search?q=%E6%B2%A1%E6%9C%89%E7%9A%84", "没有找到", "演示山城"}, /* 没有的 */
        {"/search?q=x", "搜索至少写两个连续的字", "找到"},
        {"/search?q=%E6%BC%94%E7%A4%BA&after=x", "这个网址不完整", "找到"},
        {"/search?q=%E6%BC%94%E7%A4%BA&region=51", "找到 2 家", "没有"},
        {"/search?q=%3Cb%3E", "&lt;b&gt;", "<b>&lt;"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = page_text(db, search_page, cases[i].target, NULL);
        if (strstr(text, cases[i].holds) == NULL || strstr(text, cases[i].lacks) != NULL) {
            g_error("%s: %s", cases[i].target, text);
        }
        g_assert_null(strstr(text, "不得公开"));
    }
}

/* Numbers of the units on a page: "1 2 …". Caller frees. */
static char *shown(const char *text) {
    GString *out = g_string_new(NULL);
    static const char mark[] = "href=\"/units/";
    for (const char *p = text; (p = strstr(p, mark)) != NULL; p += strlen(mark)) {
        g_string_append_printf(
            out, out->len == 0 ? "%d" : " %d", (int)g_ascii_strtoll(p + strlen(mark), NULL, 10));
    }
    return g_string_free(out, FALSE);
}

/* Where a pager's link leads: rel "next" or "prev". NULL: there is none. Caller frees. */
static char *link_of(const char *text, const char *rel) {
    g_autofree char *end = g_strdup_printf("\" rel=\"%s\"", rel);
    const char *stop = strstr(text, end);
    if (stop == NULL) {
        return NULL;
    }
    const char *start = stop;
    while (start[-1] != '"') {
        start--;
    }
    g_autofree char *href = g_strndup(start, (gsize)(stop - start));
    GString *plain = g_string_new(href);
    g_string_replace(plain, "&amp;", "&", 0);
    return g_string_free(plain, FALSE);
}

static void test_search_pages(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    int64_t ids[2];
    add_units(db, ids);
    IntakeContext context = {.scope_region = "50", .now_us = NOW_US};
    for (int i = 3; i <= 45; i++) {
        g_autofree char *name = g_strdup_printf("连锁便利 %d 号店", i);
        UnitInput input = {.name = name, .address = name, .region = "500103"};
        IntakeResult result = {0};
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        intake_batch(db, INTAKE_UNIT, &input, 1, &context, &result, &error);
        g_assert_no_error(error);
        g_assert_true(db_commit(&tx, &error));
        intake_result_clear(&result);
    }
    static const char *const wanted[] = {
        "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22",
        "23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42",
        "43 44 45"};
    g_autofree char *target = g_strdup("/search?q=%E4%BE%BF%E5%88%A9"); /* 便利 */
    g_autofree char *back = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_autofree char *text = page_text(db, search_page, target, NULL);
        g_autofree char *numbers = shown(text);
        g_assert_cmpstr(numbers, ==, wanted[i]);
        g_assert_nonnull(strstr(text, "找到 43 家"));
        g_free(target);
        g_free(back);
        target = link_of(text, "next");
        back = link_of(text, "prev");
        g_assert_cmpint(target == NULL, ==, i == 2);
        g_assert_cmpint(back == NULL, ==, i == 0);
    }
    g_autofree char *text = page_text(db, search_page, back, NULL);
    g_autofree char *numbers = shown(text);
    g_assert_cmpstr(numbers, ==, wanted[1]);
}

static void test_unit_page(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    int64_t ids[2];
    add_units(db, ids);
    g_autofree char *target = g_strdup_printf("/units/%" G_GINT64_FORMAT, ids[0]);
    g_autofree char *text = page_text(db, unit_public_page, target, NULL);
    g_assert_nonnull(strstr(text, "<h1>演示山城火锅店</h1>"));
    g_assert_nonnull(strstr(text, "91500103MA0000001X"));
    g_assert_nonnull(strstr(text, "渝中区演示路 1 号"));
    g_assert_null(strstr(text, "不得公开"));
    g_assert_null(strstr(text, "13800000000"));

    test_db_exec(
        db, "UPDATE unit SET merged_into = $1 WHERE id = $2", db_int(ids[1]), db_int(ids[0]));
    g_autoptr(Response) moved = NULL;
    g_autofree char *none = page_text(db, unit_public_page, target, &moved);
    g_assert_cmpint(moved->kind, ==, RESPONSE_REDIRECT);
    g_autofree char *kept = g_strdup_printf("/units/%" G_GINT64_FORMAT, ids[1]);
    g_assert_cmpstr(moved->location, ==, kept);
}

static void add_plan(Db *db, const char *title, bool is_published) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    PlanQuota quota = {.stratum = "restaurant", .quota = 1200, .reserves = 3};
    g_array_append_val(quotas, quota);
    Plan plan = {.year = 2026,
                 .title = (char *)title,
                 .agency = (char *)"演示支队",
                 .object_kind = (char *)"unit",
                 .region = (char *)"50",
                 .quotas = quotas};
    int64_t id = 0;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    plan_add(db, &plan, 0, "cli", NOW_US - 4000, &id, &error);
    g_assert_no_error(error);
    if (is_published) {
        plan_publish(db, id, "cli", NOW_US - 3000, &error);
        g_assert_no_error(error);
    }
    g_assert_true(db_commit(&tx, &error));
}

/* A finished draw of plan `id` that took unit 1. */
static void add_draw(Db *db, int64_t id, const char *title, bool is_published) {
    test_db_exec(db,
                 "INSERT INTO draw (id, plan_id, title, year, object_kind, region, date_from,"
                 " date_to, hash, seed_hex, seed_text, actor, commit_hash, result_hash,"
                 " pool_count, eligible_count, inspector_count, denied_count, drawn_count,"
                 " reserve_count, unstaffed_count, short_count, level, rung, state, drawn_us,"
                 " published_us, commit_leaf, result_leaf, publish_leaf) VALUES ($1, $1, $2, 2026,"
                 " 'unit', '50', '2026-11-01', '2026-11-30', 'sm3', '00', '0', 'cli', '', '',"
                 " 20000, 18432, 9, 0, 60, 0, 0, 0, 1, 1, $3, 1, $4, 5, 6, 9)",
                 db_int(id),
                 db_text(title),
                 db_text(is_published ? "published" : "done"),
                 db_int(is_published ? NOW_US - 2000 : 0));
    test_db_exec(db,
                 "INSERT INTO draw_target (draw_id, ord, year, is_reserve, object_kind,"
                 " object_id, name, address, region, stratum, ticket, lead_id, second_id, flag)"
                 " VALUES ($1, 1, 2026, 0, 'unit', 1, '演示店', '', '500103', 'restaurant', '',"
                 " 0, 0, '-')",
                 db_int(id));
}

/* A recorded inspection of unit `id` with two problems. */
static void add_inspection(Db *db, int64_t id, const char *unit_name, bool is_published) {
    test_db_exec(db,
                 "INSERT INTO inspection (id, draw_id, object_kind, object_id, object_name,"
                 " object_address, region, region_name, district, lead_id, lead_name,"
                 " lead_certificate, second_id, second_name, second_certificate, due_us, state,"
                 " inspected_us, failed, recorded_us, recorded_by, record_leaf, published_us,"
                 " publish_leaf, version, created_us) VALUES ($1, $1, 'unit', $1, $2, '',"
                 " '500103', '渝中区', 500103, 1, '演示甲', '01', 2, '演示乙', '02', 1, $3, 1, 2,"
                 " 1, 1, 1, $4, 7, 1, 1)",
                 db_int(id),
                 db_text(unit_name),
                 db_text(is_published ? "published" : "recorded"),
                 db_int(is_published ? NOW_US - 1000 : 0));
}

/* Of each kind one that is public and one that is not. */
static void add_published(Db *db) {
    add_plan(db, "演示计划草稿", false);
    add_plan(db, "演示年度计划", true);
    add_draw(db, 1, "演示未公开抽签", false);
    add_draw(db, 2, "演示公开抽签", true);
    add_inspection(db, 1, "演示甲店", true);
    add_inspection(db, 2, "演示乙店", false);
}

static void no_scan(const char *sql, const char *plan, bool scans_table, void *data) {
    (void)data;
    if (scans_table) {
        g_error("whole table: %s\n%s", sql, plan);
    }
}

static void test_sources(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    int64_t ids[2];
    add_units(db, ids);
    add_published(db);
    if (engine == DB_ENGINE_SQLITE) { /* PostgreSQL rightly scans tables of two rows */
        db_observe_plans(db, no_scan, NULL);
    }
    g_autofree char *all = page_text(db, records_page, "/records", NULL);
    const char *result = strstr(all, "href=\"/inspections/1\">演示甲店：发现 2 项问题");
    const char *draw = strstr(all, "href=\"/draws/2\">演示公开抽签");
    const char *plan = strstr(all, "href=\"/plans/2\">演示年度计划");
    g_assert_true(result != NULL && result < draw && draw < plan);
    g_assert_nonnull(strstr(all, "从 18,432 家里抽出 60 家"));
    g_assert_nonnull(strstr(all, "2026 年计划抽查 1,200 家"));
    int64_t leaf = 0;
    g_assert_true(ledger_latest(db, "plan:2", &leaf, &error));
    g_autofree char *proof = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT "\"", leaf);
    g_assert_nonnull(strstr(all, proof));
    g_assert_nonnull(strstr(all, "/verify?leaf=7"));
    g_assert_nonnull(strstr(all, "/verify?leaf=9"));
    g_assert_null(strstr(all, "演示计划草稿"));
    g_assert_null(strstr(all, "演示未公开抽签"));
    g_assert_null(strstr(all, "演示乙店"));

    g_autofree char *plans = page_text(db, records_page, "/records?kind=plan&year=2026", NULL);
    g_assert_nonnull(strstr(plans, "演示年度计划"));
    g_assert_null(strstr(plans, "演示公开抽签"));
    g_autofree char *old = page_text(db, records_page, "/records?year=2025", NULL);
    g_assert_nonnull(strstr(old, "没有符合条件"));
    g_autofree char *unit = page_text(db, unit_public_page, "/units/1", NULL);
    g_assert_nonnull(strstr(unit, "公开记录 2 条"));
    g_autofree char *start = page_text(db, start_page, "/", NULL);
    g_assert_nonnull(strstr(start, "演示年度计划"));
}

static void test_plan_page(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_published(db);
    test_db_exec(db,
                 "INSERT INTO draw_stratum (root_id, stratum, draw_id) VALUES (2, $1, 2)",
                 db_text("restaurant"));
    g_autofree char *text = page_text(db, plan_public_page, "/plans/2", NULL);
    g_assert_nonnull(strstr(text, "<h1>演示年度计划</h1>"));
    g_assert_nonnull(strstr(text, "计划抽查 1,200 家"));
    g_assert_nonnull(strstr(text, "href=\"/draws/2\""));
    static const char *const hidden[] = {"/plans/1", "/plans/99", "/plans/x"};
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
        g_autoptr(Response) response = NULL;
        g_autofree char *none = page_text(db, plan_public_page, hidden[i], &response);
        g_assert_cmpuint(response_status(response), ==, 404);
        g_assert_null(strstr(none, "演示计划草稿"));
    }
}

static void test_csv(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_published(db);
    g_autoptr(Response) response = NULL;
    g_autofree char *none = page_text(db, records_csv, "/records.csv", &response);
    g_assert_cmpint(response->kind, ==, RESPONSE_FILE);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(response->path, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(text, "\xef\xbb\xbf种类,标题,说明,公开日期,账本编号\r\n"));
    g_assert_nonnull(strstr(text, "检查结果,演示甲店：发现 2 项问题,"));
    g_assert_nonnull(strstr(text, ",2026-11-22,7\r\n"));
    g_assert_cmpint(g_remove(response->path), ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/publicity/settings-are-kept-and-cached-per-server", test_settings);
    g_test_add_func("/publicity/preferences-keep-known-words-only", test_prefs);
    g_test_add_func("/publicity/counts-have-thousands-marks", test_counts);
    g_test_add_func("/publicity/pages-of-the-merged-list-join-without-gap", test_pages_join);
    g_test_add_func("/publicity/foreign-cursors-are-refused", test_cursors);
    test_db_add("/publicity/pages-render-strictly-with-demo-banner", test_pages_render);
    test_db_add("/publicity/navigation-shows-what-a-role-may-open", test_navigation);
    test_db_add("/publicity/search-goes-page-by-page-and-back", test_search);
    test_db_add("/publicity/search-finds-by-name-code-and-address", test_search_pages);
    test_db_add("/publicity/unit-page-shows-public-facts-only", test_unit_page);
    test_db_add("/publicity/records-are-what-the-rooms-published", test_sources);
    test_db_add("/publicity/plan-page-hides-drafts", test_plan_page);
    test_db_add("/publicity/csv-holds-the-same-records", test_csv);
    return g_test_run();
}
