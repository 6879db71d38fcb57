/* Pages of the room through the route table, rendered strictly, on both engines. */
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/unit.h"
#include "registry_test_support.h"
#include "web/response.h"
#include "web/router.h"
#include "web/template.h"

#include <string.h>

/* Every room: the page of a building shows what rooms above know of it (src/modules.c). */
static const char *const *const rooms = NULL;

/* --- calling ------------------------------------------------------------------------------------
 */

typedef struct Pair {
    const char *name, *value;
} Pair;

typedef struct Answer {
    unsigned status;
    char *text;     /* the page; NULL when there is none */
    char *location; /* of a redirect */
    char *flash;
    json_t *model;
} Answer;

static void answer_clear(Answer *answer) {
    g_free(answer->text);
    g_free(answer->location);
    g_free(answer->flash);
    json_decref(answer->model);
    *answer = (Answer){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

/* What the layout wants around a page; the real one is made by a room above this one. */
static json_t *plain_site(void) {
    g_autoptr(GError) error = NULL;
    static const char text[] =
        "{\"assets\": {\"css\": \"\", \"js\": \"\", \"icons\": \"\", \"htmx\": \"\"},"
        " \"csrf\": \"token\", \"flash\": null, \"request_id\": \"0\", \"is_demo\": false,"
        " \"demo_text\": null, \"may_search\": false, \"who\": null, \"nav\": [], \"tabs\": [],"
        " \"prefs\": {\"theme\": null, \"contrast\": null, \"text\": null, \"keys\": false}}";
    json_t *site = json_read(text, strlen(text), &error);
    g_assert_no_error(error);
    return site;
}

static void call(Db *db, const Principal *who, const char *target, const Pair *form, Answer *ret) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) routes = g_ptr_array_new();
    for (const Route *route = registry_module.routes; route->path != NULL; route++) {
        g_ptr_array_add(routes, (gpointer)route);
    }
    Router *router = router_new(routes, &error);
    g_assert_no_error(error);
    Ctx ctx = {.db = db, .who = who, .now_us = TEST_NOW, .request_id = "0"};
    g_autoptr(Request) req = request_new(form == NULL ? "GET" : "POST", target);
    request_add_header(req, "Host", "localhost");
    if (form != NULL) {
        request_add_header(req, "Content-Length", "1");
    }
    g_assert_cmpuint(request_check_head(req).status, ==, 0);
    for (const Pair *pair = form; pair != NULL && pair->name != NULL; pair++) {
        fields_add(&req->form, pair->name, pair->value);
    }
    g_assert_cmpint(router_find(router, req), ==, ROUTER_FOUND);
    router_free(router);
    g_autoptr(Response) response = req->route->handler(&ctx, req);
    *ret = (Answer){.status = response->status,
                    .location = g_strdup(response->location),
                    .flash = g_strdup(response->flash)};
    if (response->view != NULL && response->kind == RESPONSE_PAGE) {
        g_autoptr(GString) out = g_string_new(NULL);
        json_put(response->model, "site", plain_site());
        view_render(response->view, response->model, true, out, &error);
        g_assert_no_error(error);
        ret->text = g_strdup(out->str);
        ret->model = json_incref(response->model);
    }
}

static const Principal officer_of_city = {
    .account_id = 7, .name = "周某", .region = "500000", .permissions = UINT32_MAX};
static const Principal officer_of_district = {
    .account_id = 8, .name = "吴某", .region = "500103", .permissions = UINT32_MAX};

static void assert_page(const Answer *answer, unsigned status, const char *holds) {
    g_assert_cmpuint(answer->status, ==, status);
    g_assert_nonnull(answer->text);
    if (strstr(answer->text, holds) == NULL) {
        g_error("\"%s\" is not in the page:\n%s", holds, answer->text);
    }
    g_assert_null(strstr(answer->text, " style="));
}

static int64_t ledger_size(Db *db) {
    g_autoptr(GError) error = NULL;
    LedgerHead head;
    g_assert_true(ledger_head(db, &head, &error));
    return head.size;
}

/* --- units --------------------------------------------------------------------------------------
 */

#define UNIT_FORM                                                                                  \
    {"name", " 演示宾馆 "}, {"address", "演示路1号"}, {"region", "500103001"},                     \
        {"category", "hotel"}, {"risk", "high"}, {"is_key_unit", "1"}, {                           \
        "phone", "0231"                                                                            \
    }

static void test_unit_is_registered_and_changed(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    g_auto(Answer) form = {0};
    call(db, &officer_of_district, "/work/units/new", NULL, &form);
    assert_page(&form, 200, "<h1>登记单位</h1>");
    g_auto(Answer) bad = {0};
    call(db,
         &officer_of_district,
         "/work/units/new",
         (const Pair[]){UNIT_FORM, {"uscc", "123"}, {NULL, NULL}},
         &bad);
    assert_page(&bad, 422, "写 18 位统一社会信用代码，现在是 3 位");
    g_assert_nonnull(strstr(bad.text, "value=\"演示宾馆\""));
    g_assert_cmpint(ledger_size(db), ==, 0);
    g_auto(Answer) done = {0};
    call(db,
         &officer_of_district,
         "/work/units/new",
         (const Pair[]){UNIT_FORM, {"uscc", "911522010783774490"}, {NULL, NULL}},
         &done);
    g_assert_cmpuint(done.status, ==, 303);
    g_assert_cmpstr(done.location, ==, "/work/units/1");
    g_assert_nonnull(strstr(done.flash, "校验位"));
    g_assert_cmpint(ledger_size(db), ==, 1);
    g_auto(Answer) again = {0};
    call(db,
         &officer_of_district,
         "/work/units/new",
         (const Pair[]){UNIT_FORM, {NULL, NULL}},
         &again);
    assert_page(&again, 422, "已经登记，编号 1");
    g_auto(Answer) change = {0};
    call(db,
         &officer_of_district,
         "/work/units/1/edit",
         (const Pair[]){UNIT_FORM, {"version", "1"}, {NULL, NULL}},
         &change);
    g_assert_cmpuint(change.status, ==, 303);
    g_auto(Answer) page = {0};
    call(db, &officer_of_district, "/work/units/1", NULL, &page);
    assert_page(&page, 200, "统一社会信用代码：911522010783774490 → 未登记");
    g_assert_nonnull(strstr(page.text, "/verify?leaf=1"));
    g_auto(Answer) late = {0};
    call(db,
         &officer_of_district,
         "/work/units/1/edit",
         (const Pair[]){UNIT_FORM, {"phone", "0239"}, {"version", "1"}, {NULL, NULL}},
         &late);
    assert_page(&late, 409, "别人改过这条记录");
    g_assert_cmpint(ledger_size(db), ==, 2);
}

static void test_unit_scope(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    support_add_unit(db, &(UnitInput){.name = "演示甲店", .address = "一号", .region = "500106"});
    static const char *const reads[] = {"/work/units/1",
                                        "/work/units/1/edit",
                                        "/work/units?region=500106",
                                        "/work/buildings?region=37",
                                        "/work/officers?region=50"};
    for (size_t i = 0; i < G_N_ELEMENTS(reads); i++) {
        g_auto(Answer) answer = {0};
        call(db, &officer_of_district, reads[i], NULL, &answer);
        g_assert_cmpuint(answer.status, ==, 403);
    }
    g_auto(Answer) write = {0};
    call(db,
         &officer_of_district,
         "/work/units/1/edit",
         (const Pair[]){UNIT_FORM, {"version", "1"}, {NULL, NULL}},
         &write);
    g_assert_cmpuint(write.status, ==, 403);
    g_auto(Answer) outside = {0};
    call(db,
         &officer_of_district,
         "/work/units/new",
         (const Pair[]){{"name", "演示"}, {"address", "二号"}, {"region", "500106"}, {NULL, NULL}},
         &outside);
    assert_page(&outside, 422, "不在您的辖区");
    g_auto(Answer) list = {0};
    call(db, &officer_of_district, "/work/units", NULL, &list);
    assert_page(&list, 200, "没有符合的单位");
    g_auto(Answer) missing = {0};
    call(db, &officer_of_city, "/work/units/99", NULL, &missing);
    g_assert_cmpuint(missing.status, ==, 404);
}

static void test_unit_list(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    for (int i = 0; i < 120; i++) {
        g_autofree char *name = g_strdup_printf("演示<%03d>号店", i);
        support_add_unit(db,
                         &(UnitInput){.name = name,
                                      .address = "演示路",
                                      .region = i % 2 == 0 ? "500103001" : "500106",
                                      .category = "饭店"});
    }
    g_auto(Answer) first = {0};
    call(db, &officer_of_city, "/work/units?category=restaurant", NULL, &first);
    assert_page(&first, 200, "120 家符合");
    g_assert_nonnull(strstr(first.text, "演示&lt;049&gt;号店"));
    g_assert_null(strstr(first.text, "演示&lt;050&gt;号店"));
    g_assert_nonnull(strstr(first.text, "重庆市"));
    const json_t *pager = json_object_get(first.model, "pager");
    g_assert_null(json_get_text(pager, "previous", NULL));
    g_auto(Answer) second = {0};
    call(db, &officer_of_city, json_get_text(pager, "next", ""), NULL, &second);
    assert_page(&second, 200, "演示&lt;050&gt;号店");
    pager = json_object_get(second.model, "pager");
    g_auto(Answer) back = {0};
    call(db, &officer_of_city, json_get_text(pager, "previous", ""), NULL, &back);
    assert_page(&back, 200, "演示&lt;000&gt;号店");
    g_auto(Answer) jump = {0};
    call(db, &officer_of_city, "/work/units?from=%E6%BC%94%E7%A4%BA%3C110", NULL, &jump);
    assert_page(&jump, 200, "演示&lt;110&gt;号店");
    g_assert_null(strstr(jump.text, "演示&lt;109&gt;号店"));
    g_auto(Answer) search = {0};
    call(db, &officer_of_city, "/work/units?q=077&region=500106", NULL, &search);
    assert_page(&search, 200, "1 家符合");
    g_assert_nonnull(strstr(search.text, "沙坪坝区"));
    g_auto(Answer) short_text = {0};
    call(db, &officer_of_city, "/work/units?q=7", NULL, &short_text);
    assert_page(&short_text, 422, "搜索至少写两个连续的字");
    g_auto(Answer) sorted = {0};
    call(db, &officer_of_city, "/work/units?sort=-last&last=never", NULL, &sorted);
    assert_page(&sorted, 200, "aria-sort=\"descending\"");
}

static void test_merge(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    support_add_unit(db,
                     &(UnitInput){.source = "甲",
                                  .source_id = "1",
                                  .name = "演示宾馆",
                                  .address = "一号",
                                  .region = "500103",
                                  .phone = "1"});
    support_add_unit(db,
                     &(UnitInput){.source = "甲",
                                  .source_id = "2",
                                  .name = "演示宾馆",
                                  .address = "一号",
                                  .region = "500103",
                                  .legal_person = "王某"});
    g_auto(Answer) pairs = {0};
    call(db, &officer_of_district, "/work/merge", NULL, &pairs);
    assert_page(&pairs, 200, "名称和地址相同");
    g_auto(Answer) merged = {0};
    const Pair choice[] = {{"low", "1"}, {"high", "2"}, {"choice", "low"}, {NULL, NULL}};
    call(db, &officer_of_district, "/work/merge", choice, &merged);
    g_assert_cmpstr(merged.location, ==, "/work/units/1");
    g_assert_cmpint(ledger_size(db), ==, 2);
    g_auto(Unit) kept = {0};
    g_assert_true(unit_find(db, 1, &kept, &error));
    g_assert_cmpstr(kept.legal_person, ==, "王某");
    g_assert_cmpstr(kept.phone, ==, "1");
    g_auto(Answer) list = {0};
    call(db, &officer_of_district, "/work/units?q=%E5%AE%BE%E9%A6%86", NULL, &list);
    assert_page(&list, 200, "1 家符合");
    g_auto(Answer) twice = {0};
    call(db, &officer_of_district, "/work/merge", choice, &twice);
    g_assert_cmpuint(twice.status, ==, 403);
    /* a row of the other record now goes to the one that stays */
    g_assert_cmpint(
        support_add_unit(db, &(UnitInput){.source = "甲", .source_id = "2", .phone = "2"}), ==, 1);
    g_auto(Answer) gone = {0};
    call(db, &officer_of_district, "/work/units/2", NULL, &gone);
    assert_page(&gone, 200, "撤销合并");
    g_assert_nonnull(strstr(gone.text, "并入：0 → 1"));
    g_auto(Answer) undone = {0};
    call(db, &officer_of_district, "/work/units/2/unmerge", (const Pair[]){{NULL, NULL}}, &undone);
    g_assert_cmpuint(undone.status, ==, 303);
    g_auto(Answer) both = {0};
    call(db, &officer_of_district, "/work/units?q=%E5%AE%BE%E9%A6%86", NULL, &both);
    assert_page(&both, 200, "2 家符合");
    g_auto(Answer) different = {0};
    call(db,
         &officer_of_district,
         "/work/merge",
         (const Pair[]){{"low", "1"}, {"high", "2"}, {"choice", "different"}, {NULL, NULL}},
         &different);
    g_assert_cmpuint(different.status, ==, 303);
    g_auto(Answer) none = {0};
    call(db, &officer_of_district, "/work/merge", NULL, &none);
    assert_page(&none, 200, "没有要判断的重复");
}

/* --- buildings and officers ---------------------------------------------------------------------
 */

static void test_buildings(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    const Pair form[] = {{"name", "演示大厦"},
                         {"address", "演示路1号"},
                         {"region", "500103001"},
                         {"category", "residential"},
                         {"height_m", "99.5"},
                         {"floors_above", "33"},
                         {NULL, NULL}};
    g_auto(Answer) done = {0};
    call(db, &officer_of_city, "/work/buildings/new", form, &done);
    g_assert_cmpstr(done.location, ==, "/work/buildings/1");
    g_auto(Answer) again = {0};
    call(db, &officer_of_city, "/work/buildings/new", form, &again);
    assert_page(&again, 422, "已经登记，编号 1");
    g_auto(Answer) page = {0};
    call(db, &officer_of_city, "/work/buildings/1", NULL, &page);
    assert_page(&page, 200, "高层住宅建筑：高度超过 27 米");
    g_auto(Answer) edit = {0};
    call(db, &officer_of_city, "/work/buildings/1/edit", NULL, &edit);
    assert_page(&edit, 200, "value=\"99.5\"");
    const Pair taller[] = {{"name", "演示大厦"},
                           {"address", "演示路1号"},
                           {"region", "500103001"},
                           {"category", "residential"},
                           {"height_m", "101"},
                           {"floors_above", "33"},
                           {"version", "1"},
                           {NULL, NULL}};
    g_auto(Answer) changed = {0};
    call(db, &officer_of_city, "/work/buildings/1/edit", taller, &changed);
    g_assert_cmpuint(changed.status, ==, 303);
    g_auto(Answer) late = {0};
    call(db, &officer_of_city, "/work/buildings/1/edit", taller, &late);
    g_assert_cmpuint(late.status, ==, 409);
    g_auto(Answer) list = {0};
    call(db, &officer_of_city, "/work/buildings?height=super&category=residential", NULL, &list);
    assert_page(&list, 200, "超高层，101 米");
    g_auto(Answer) found = {0};
    call(db, &officer_of_city, "/work/buildings?q=%E5%A4%A7%E5%8E%A6", NULL, &found);
    assert_page(&found, 200, "1 栋符合");
    g_auto(Answer) none = {0};
    call(db, &officer_of_city, "/work/buildings?risk=high", NULL, &none);
    assert_page(&none, 200, "没有符合的建筑");
}

static void test_officers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    const Pair form[] = {{"name", "李某"},
                         {"certificate", "50010001"},
                         {"certificate_until", "2026-12-01"},
                         {"agency", "渝中演示支队"},
                         {"region", "500103"},
                         {"in_post", "1"},
                         {"can_lead", "1"},
                         {NULL, NULL}};
    g_auto(Answer) done = {0};
    call(db, &officer_of_city, "/work/officers/new", form, &done);
    g_assert_cmpstr(done.location, ==, "/work/officers/1");
    g_auto(Answer) again = {0};
    call(db, &officer_of_city, "/work/officers/new", form, &again);
    assert_page(&again, 422, "已经登记在另一个人名下");
    g_auto(Answer) page = {0};
    call(db, &officer_of_city, "/work/officers/1", NULL, &page);
    assert_page(&page, 200, "天到期，请安排换证");
    g_auto(Answer) soon = {0};
    call(db, &officer_of_city, "/work/officers?state=expiring&lead=1", NULL, &soon);
    assert_page(&soon, 200, "1 人符合");
    g_auto(Answer) expired = {0};
    call(db, &officer_of_city, "/work/officers?state=expired", NULL, &expired);
    assert_page(&expired, 200, "没有符合的执法人员");
    g_auto(Answer) found = {0};
    call(db, &officer_of_city, "/work/officers?q=1000&region=500103", NULL, &found);
    assert_page(&found, 200, "李某");
    g_auto(Answer) edit = {0};
    call(db, &officer_of_city, "/work/officers/1/edit", NULL, &edit);
    assert_page(&edit, 200, "value=\"渝中演示支队\"");
    const Pair leaves[] = {{"name", "李某"},
                           {"certificate", "50010001"},
                           {"region", "500103"},
                           {"in_post", "0"},
                           {"version", "1"},
                           {NULL, NULL}};
    g_auto(Answer) left = {0};
    call(db, &officer_of_city, "/work/officers/1/edit", leaves, &left);
    g_assert_cmpuint(left.status, ==, 303);
    g_auto(Answer) list = {0};
    call(db, &officer_of_city, "/work/officers?state=left", NULL, &list);
    assert_page(&list, 200, "不在岗");
}

/* Kind and grants of an agency: who enters them, what the law refuses, what the ledger keeps. */
static void test_agencies(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    Pair agency[] = {{"name", "渝中演示支队"},
                     {"kind", "fire-detachment"},
                     {"code", "D1"},
                     {"region", "500103"},
                     {"version", "1"},
                     {NULL, NULL}};
    g_auto(Answer) fire = {0};
    call(db, &officer_of_city, "/work/agencies/new", agency, &fire);
    g_assert_cmpstr(fire.location, ==, "/work/agencies/1");
    g_auto(Answer) again = {0};
    call(db, &officer_of_city, "/work/agencies/new", agency, &again);
    assert_page(&again, 422, "已经有机构在用");
    agency[0].value = "演示街道办事处";
    agency[2].value = "";
    g_auto(Answer) second = {0};
    call(db, &officer_of_city, "/work/agencies/new", agency, &second);
    g_assert_cmpstr(second.location, ==, "/work/agencies/2");
    agency[1].value = "township";
    g_auto(Answer) changed = {0};
    call(db, &officer_of_city, "/work/agencies/2/edit", agency, &changed);
    g_assert_cmpuint(changed.status, ==, 303);
    g_auto(Answer) late = {0};
    call(db, &officer_of_city, "/work/agencies/2/edit", agency, &late);
    assert_page(&late, 422, "别人改过");

    Pair grant[] = {{"act", "order-correction"},
                    {"mode", "delegated"},
                    {"from", "2026-01-01"},
                    {"until", "2026-12-31"},
                    {"document", "委托书1"},
                    {"grantor", "1"},
                    {NULL, NULL}};
    int64_t before = ledger_size(db);
    g_auto(Answer) given = {0};
    call(db, &officer_of_city, "/work/agencies/2/grant", grant, &given);
    g_assert_cmpstr(given.location, ==, "/work/agencies/2");
    g_assert_cmpint(ledger_size(db), ==, before + 1);
    grant[0].value = "seal";
    g_auto(Answer) seal = {0};
    call(db, &officer_of_city, "/work/agencies/2/grant", grant, &seal);
    assert_page(&seal, 422, "行政强制措施权不得委托（行政强制法第17条）");
    grant[0].value = "fine";
    grant[3].value = "";
    g_auto(Answer) open = {0};
    call(db, &officer_of_city, "/work/agencies/2/grant", grant, &open);
    assert_page(&open, 422, "委托书要写明期限");
    Principal own = officer_of_city;
    own.agency_id = 2;
    g_auto(Answer) denied = {0};
    call(db, &own, "/work/agencies/2/grant", grant, &denied);
    g_assert_cmpuint(denied.status, ==, 403);
    g_auto(Answer) page = {0};
    call(db, &officer_of_district, "/work/agencies/2", NULL, &page);
    assert_page(&page, 200, "href=\"/work/agencies/2/grants/1/end\"");
    assert_page(&page, 200, "委托书1");
    assert_page(&page, 200, "机构种类");
    g_auto(Answer) form = {0};
    call(db, &officer_of_district, "/work/agencies/2/grant", NULL, &form);
    assert_page(&form, 200, "演示支队");
    const Pair too_late[] = {{"until", "2027-01-01"}, {NULL, NULL}};
    const Pair in_time[] = {{"until", "2026-11-01"}, {NULL, NULL}};
    g_auto(Answer) ending = {0};
    call(db, &officer_of_district, "/work/agencies/2/grants/1/end", NULL, &ending);
    assert_page(&ending, 200, "终止委托");
    g_auto(Answer) wrong = {0};
    call(db, &officer_of_district, "/work/agencies/2/grants/1/end", too_late, &wrong);
    assert_page(&wrong, 422, "原来的期限里");
    g_auto(Answer) ended = {0};
    call(db, &officer_of_district, "/work/agencies/2/grants/1/end", in_time, &ended);
    g_assert_cmpuint(ended.status, ==, 303);
    g_auto(Answer) over = {0};
    call(db, &officer_of_district, "/work/agencies/2", NULL, &over);
    assert_page(&over, 200, "已经结束");
    g_auto(Answer) list = {0};
    call(db, &officer_of_district, "/work/agencies", NULL, &list);
    assert_page(&list, 200, "演示街道办事处");
    Principal elsewhere = officer_of_district;
    elsewhere.region = "500106";
    g_auto(Answer) outside = {0};
    call(db, &elsewhere, "/work/agencies/2", NULL, &outside);
    g_assert_cmpuint(outside.status, ==, 403);
}

/* Every form is a table of regions away from nothing: all pages of an empty library render. */
static void test_empty_library(DbEngine engine) {
    static const char *const pages[] = {"/work/units",
                                        "/work/units/new",
                                        "/work/units?q=ab",
                                        "/work/merge",
                                        "/work/buildings",
                                        "/work/buildings/new",
                                        "/work/buildings?q=ab",
                                        "/work/agencies",
                                        "/work/agencies/new",
                                        "/work/officers",
                                        "/work/officers/new",
                                        "/work/officers?q=ab"};
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_auto(Answer) city = {0};
        g_auto(Answer) district = {0};
        call(db, &officer_of_city, pages[i], NULL, &city);
        assert_page(&city, 200, "<h1>");
        call(db, &officer_of_district, pages[i], NULL, &district);
        assert_page(&district, 200, "<h1>");
    }
}

static void assert_count(Db *db, const char *words, int64_t wanted) {
    g_autofree char *target = g_strconcat("/work/officers?", words, NULL);
    g_auto(Answer) page = {0};
    call(db, &officer_of_city, target, NULL, &page);
    assert_page(&page, 200, "执法人员");
    size_t rows = json_array_size(json_object_get(page.model, "rows"));
    g_test_message("%s", words);
    g_assert_cmpint((int64_t)rows, ==, wanted);
}

/* Walking the list and looking at search hits again sort everybody into the same states. */
static void test_undated_officers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    const OfficerInput inputs[] = {
        {.name = "演示甲", .certificate = "C1", .region = "500103"},
        {.name = "演示乙", .certificate = "C2", .region = "500103", .in_post = "否"},
        {.name = "演示丙",
         .certificate = "C3",
         .region = "500103",
         .certificate_until = "2030-01-01"},
        {.name = "演示丁",
         .certificate = "C4",
         .region = "500103",
         .certificate_until = "2026-11-17"},
    };
    IntakeResult results[G_N_ELEMENTS(inputs)] = {0};
    support_intake(db, INTAKE_OFFICER, inputs, G_N_ELEMENTS(inputs), NULL, results);
    g_assert_cmpstr(results[0].warning, ==, "执法证有效期未登记，不会被抽中，请补登");
    g_assert_null(results[1].warning);
    g_assert_null(results[2].warning);
    for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
        intake_result_clear(&results[i]);
    }
    static const struct {
        const char *state;
        int64_t n;
    } states[] = {{"", 4}, {"serving", 1}, {"undated", 1}, {"expired", 1}, {"left", 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *walked = g_strconcat("state=", states[i].state, NULL);
        g_autofree char *searched =
            g_strconcat("q=%E6%BC%94%E7%A4%BA&state=", states[i].state, NULL); /* 演示 */
        assert_count(db, walked, states[i].n);
        assert_count(db, searched, states[i].n);
    }
    g_auto(Answer) list = {0};
    call(db, &officer_of_city, "/work/officers?state=undated", NULL, &list);
    assert_page(&list, 200, "不会被抽中");
    g_auto(Answer) page = {0};
    call(db, &officer_of_city, "/work/officers/1", NULL, &page);
    assert_page(&page, 200, "执法证有效期未登记，不会被抽中");
    g_auto(Officer) undated = {0};
    g_assert_true(officer_find(db, 1, &undated, &error));
    g_assert_false(officer_may_serve(&undated, "2026-11-18"));
}

/* --- past inspections ---------------------------------------------------------------------------
 */

static void add_own_inspection(Db *db, int64_t unit, const char *state) {
    test_db_exec(db,
                 "INSERT INTO inspection (draw_id, object_kind, object_id, object_name, "
                 "object_address, region, region_name, district, lead_id, lead_name, "
                 "lead_certificate, second_id, second_name, second_certificate, due_us, state, "
                 "inspected_us, failed, recorded_us, recorded_by, record_leaf, published_us, "
                 "publish_leaf, version, created_us) VALUES (0, 'unit', $1, '甲', '一号', "
                 "'500103', '渝中区', 500103, 3, '演示甲', 'A', 4, '演示乙', 'B', 0, $2, $3, 2, "
                 "$3, 3, 1, 0, -1, 1, 0)",
                 db_int(unit),
                 db_text(state),
                 db_int(INT64_C(1790000000000000))); /* 2026-09-21 */
}

/* Whether the inspection's own page is linked for this reader, and its result told. */
static void assert_past(Db *db, uint32_t permissions, bool is_told) {
    Principal who = officer_of_district;
    who.permissions = permissions;
    g_auto(Answer) page = {0};
    call(db, &who, "/work/units/1", NULL, &page);
    assert_page(&page, 200, "以往检查");
    json_t *past = json_object_get(page.model, "past");
    g_assert_cmpuint(json_array_size(past), ==, is_told ? 3 : 2);
    g_assert_cmpint(strstr(page.text, "发现 2 项不合格") != NULL, ==, is_told);
    g_assert_cmpint(strstr(page.text, "href=\"/work/inspections/1\"") != NULL, ==, is_told);
    if (is_told) {
        const char *middle = json_get_text(json_array_get(past, 1), "officers", "");
        g_assert_cmpstr(middle, ==, "演示甲、演示乙");
    }
    assert_page(&page, 200, "通道堆物");
}

static void test_past_inspections_are_one_list(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    UnitInput unit = {.source = "旧",
                      .source_id = "U1",
                      .name = "演示宾馆",
                      .address = "一号",
                      .region = "500103"};
    g_assert_cmpint(support_add_unit(db, &unit), ==, 1);
    g_auto(Answer) empty = {0};
    call(db, &officer_of_district, "/work/units/1", NULL, &empty);
    assert_page(&empty, 200, "没有检查记录");
    PastInspectionInput lines[] = {
        {.source = "旧",
         .source_id = "1",
         .object_source_id = "U1",
         .opened = "2026-10-26",
         .closed = "2026-10-30",
         .item_text = "通道堆物"},
        {.source = "旧", .source_id = "2", .object_source_id = "U1", .opened = "2017-01-26"},
    };
    IntakeResult results[2] = {0};
    support_intake(db, INTAKE_PAST_INSPECTION, lines, 2, NULL, results);
    add_own_inspection(db, 1, "recorded");
    assert_past(db, UINT32_MAX, true);
    assert_past(db, 1u << PERM_UNIT_VIEW, false);
    test_db_exec(db, "UPDATE inspection SET state = 'published', published_us = 1");
    g_auto(Answer) page = {0};
    Principal who = officer_of_district;
    who.permissions = 1u << PERM_UNIT_VIEW;
    call(db, &who, "/work/units/1", NULL, &page);
    assert_page(&page, 200, "<a href=\"/inspections/1\">2026-09-21</a>");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/registry-pages/empty-library", test_empty_library);
    test_db_add("/registry-pages/unit-registered-and-changed", test_unit_is_registered_and_changed);
    test_db_add("/registry-pages/unit-scope", test_unit_scope);
    test_db_add("/registry-pages/unit-list", test_unit_list);
    test_db_add("/registry-pages/merge", test_merge);
    test_db_add("/registry-pages/buildings", test_buildings);
    test_db_add("/registry-pages/officers", test_officers);
    test_db_add("/registry-pages/agencies", test_agencies);
    test_db_add("/registry-pages/undated-officers", test_undated_officers);
    test_db_add("/registry-pages/past-inspections-are-one-list",
                test_past_inspections_are_one_list);
    return g_test_run();
}
