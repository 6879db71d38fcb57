/* The register of devices, what is wrong now, ledgers and orders, and their pages, on both engines.
 */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "sensing/limits.h"
#include "sensing/maintenance.h"
#include "sensing/sample.h"
#include "sensing/sensing_state.h"
#include "test_db.h"
#include "web/response.h"
#include "web/router.h"
#include "web/template.h"

#include <string.h>

#define NOW INT64_C(1795000000000000) /* 2026-11-18 15:06:40 in Shanghai */
#define HOUR (3600 * CLOCK_SECOND_US)

static const char *const rooms[] = {"ledger", "registry", "sensing", NULL};

/* --- a small city -------------------------------------------------------------------------------
 */

static const DeviceActor clerk = {"account:7", NOW};

static void add_city(Db *db) {
    test_db_exec(
        db,
        "INSERT INTO region (code, name, level, parent, confidence) VALUES "
        "('50', '重庆市', 1, '', 'text'), ('5001', '重庆', 2, '50', $1), "
        "('500103', '渝中区', 3, '5001', 'text'), ('500106', '沙坪坝区', 3, '5001', 'text')",
        db_text("text"));
    for (int64_t id = 1; id <= 2; id++) {
        g_autofree char *name = g_strdup_printf("演示大厦 %d 号", (int)id);
        test_db_exec(db,
                     "INSERT INTO building (id, name, address, region, district, category, "
                     "height_class, risk, credit, is_key, match_key, version, created_us, "
                     "changed_us, last_inspected_us) VALUES ($1, $2, '演示路', $3, $4, 0, 0, 0, 0, "
                     "0, $1, 1, 0, 0, 0)",
                     db_int(id),
                     db_text(name),
                     db_text(id == 1 ? "500103" : "500106"),
                     db_int(id == 1 ? 500103 : 500106));
    }
}

static int64_t add_device(Db *db, const char *code, int64_t building) {
    g_autoptr(GError) error = NULL;
    DeviceInput input = {"gb26875", code, "standard", "演示装置", "演示维保", "023-0000"};
    DevicePlace place = {.building_id = building,
                         .building_name = "演示大厦",
                         .region = building == 1 ? "500103" : "500106",
                         .place = "1 层"};
    int64_t id;
    device_register(db, &input, &clerk, &id, &error);
    g_assert_no_error(error);
    device_bind(db, id, 1, &place, &clerk, &error);
    g_assert_no_error(error);
    return id;
}

static int64_t add_point(Db *db, int64_t device, int64_t system, int64_t address, int64_t bits) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    db_query_int(
        db,
        SQL("INSERT INTO point (device_id, system_type, system_address, component_type, "
            "address, name, floor, room, building_id, district, state_bits, state_us, "
            "created_us) SELECT id, $2, 1, 42, $3, '', '', '', building_id, district, $4, "
            "$5, 0 FROM device WHERE id = $1 RETURNING id"),
        DB_ARGS(
            db_int(device), db_int(system), db_int(address), db_int(bits), db_int(NOW - 30 * HOUR)),
        &id,
        &error);
    g_assert_no_error(error);
    return id;
}

static void
add_edge(Db *db, int64_t point, const char *kind, bool is_on, int64_t time_us, int64_t key) {
    test_db_exec(db,
                 "INSERT INTO edge (kind, is_on, value, device_id, point_id, building_id, unit_id, "
                 "region, district, place, what, time_us, received_us, frame_key, part) "
                 "SELECT $2, $3, 0, d.id, p.id, d.building_id, d.unit_id, d.region, d.district, "
                 "d.place, '烟感', $4, $4, $5, 0 FROM point p JOIN device d ON d.id = p.device_id "
                 "WHERE p.id = $1",
                 db_int(point),
                 db_text(kind),
                 db_bool(is_on),
                 db_int(time_us),
                 db_int(key));
}

/* --- the register -------------------------------------------------------------------------------
 */

static void test_binding_makes_active_and_moves_points(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(Device) before = {0};
    g_auto(Device) after = {0};
    g_auto(Point) point = {0};
    add_city(db);
    DeviceInput input = {"gb26875", "12", "standard", "", "", ""};
    int64_t id;
    g_assert_true(device_register(db, &input, &clerk, &id, &error));
    g_assert_true(device_find(db, id, &before, &error));
    g_assert_cmpint(before.state, ==, DEVICE_LEARNING);
    int64_t point_id = add_point(db, id, 1, 2, 0);
    DevicePlace place = {.building_id = 2, .region = "500106", .place = "B1"};
    g_assert_true(device_bind(db, id, before.version, &place, &clerk, &error));
    g_assert_true(device_find(db, id, &after, &error));
    g_assert_true(point_find(db, point_id, &point, &error));
    g_assert_cmpint(after.state, ==, DEVICE_ACTIVE);
    g_assert_cmpint(after.district, ==, 500106);
    g_assert_cmpstr(after.building_name, ==, "演示大厦 2 号");
    g_assert_cmpint(point.building_id, ==, 2);
    g_assert_cmpint(point.district, ==, 500106);
    /* whoever saw the old version is told so; the same code cannot come twice */
    g_assert_false(device_retire(db, id, before.version, false, &clerk, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_false(device_register(db, &input, &clerk, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

static const char *no_words(const void *from, const char *name) {
    return g_strcmp0(name, "q") == 0 ? from : NULL;
}

static unsigned count_seen(Db *db, const char *region, bool sees_unbound, const char *text) {
    g_autoptr(GError) error = NULL;
    g_auto(DeviceQuery) query = {0};
    g_auto(DevicePage) page = {0};
    const char *problem;
    bool denied;
    g_assert_true(
        device_query_parse(no_words, text, region, sees_unbound, &query, &problem, &denied));
    g_assert_true(device_list(db, &query, 10, &page, &error));
    g_assert_no_error(error);
    return page.rows->len;
}

static void test_a_list_ends_at_the_region(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    DeviceInput unbound = {"mqtt", "pump_1", "standard", "", "", ""};
    int64_t id;
    add_city(db);
    add_device(db, "1", 1);
    add_device(db, "2", 2);
    device_register(db, &unbound, &clerk, &id, &error);
    g_assert_cmpuint(count_seen(db, "500000", true, NULL), ==, 3);
    g_assert_cmpuint(count_seen(db, "500000", false, NULL), ==, 2);
    g_assert_cmpuint(count_seen(db, "500103", false, NULL), ==, 1);
    g_assert_cmpuint(count_seen(db, "500103", true, NULL), ==, 2);
    g_assert_cmpuint(count_seen(db, "500103001", false, NULL), ==, 0);
    g_assert_cmpuint(count_seen(db, "370300", true, NULL), ==, 1); /* the unbound one */
    g_assert_cmpuint(count_seen(db, "500000", true, "大厦 2"), ==, 1);
    g_assert_cmpuint(count_seen(db, "500000", true, "p_mp"), ==, 0); /* no wildcard */
    g_assert_cmpuint(count_seen(db, "500000", true, "pump_"), ==, 1);
}

static void test_limits_of_a_point_replace_the_default(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(Device) was = {0};
    g_auto(Device) now = {0};
    PointLimit limit;
    bool found;
    add_city(db);
    int64_t device = add_device(db, "1", 1);
    int64_t point = add_point(db, device, 11, 1, 0);
    LimitRule rule = {.has_low = true, .low = 900, .hysteresis = 10};
    device_find(db, device, &was, &error);
    g_assert_true(limit_find(db, point, 99, 5, &limit, &found, &error));
    g_assert_true(found && !limit.is_own);
    g_assert_cmpint(limit.rule.low, ==, 700); /* 70 kPa */
    g_assert_true(point_set_limit(db, point, 5, &rule, &clerk, &error));
    g_assert_true(limit_find(db, point, 99, 5, &limit, &found, &error));
    g_assert_true(found && limit.is_own && !limit.rule.has_high);
    g_assert_cmpint(limit.rule.low, ==, 900);
    g_autoptr(GArray) all = limits_of_device(db, device, &error);
    g_assert_cmpuint(all->len, ==, 1);
    device_find(db, device, &now, &error);
    g_assert_cmpint(now.version, >, was.version); /* whoever keeps them sees it */
    g_assert_true(point_set_limit(db, point, 5, NULL, &clerk, &error));
    g_assert_true(limit_find(db, point, 99, 5, &limit, &found, &error));
    g_assert_true(found && !limit.is_own);
    g_assert_no_error(error);
}

/* --- what is wrong ------------------------------------------------------------------------------
 */

static void test_a_building_is_the_sum_of_its_points(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(BuildingState) state = {0};
    g_auto(BuildingState) other = {0};
    add_city(db);
    int64_t one = add_device(db, "1", 1);
    int64_t two = add_device(db, "2", 1);
    test_db_exec(db,
                 "UPDATE device SET is_online = 1, seen_us = $2 WHERE id = $1",
                 db_int(one),
                 db_int(NOW));
    add_point(db, one, 1, 1, 2 | 4);
    add_point(db, one, 1, 2, 0);
    add_point(db, one, 11, 3, 8);
    add_point(db, two, 11, 4, 0);
    g_assert_true(sensing_building_state(db, 1, &state, &error));
    g_assert_cmpint(state.devices, ==, 2);
    g_assert_cmpint(state.offline_devices, ==, 1);
    g_assert_cmpint(state.seen_us, ==, NOW);
    g_assert_cmpint(state.total.points, ==, 4);
    g_assert_cmpint(state.total.fire, ==, 1);
    g_assert_cmpint(state.total.fault, ==, 1);
    g_assert_cmpint(state.total.shield, ==, 1);
    g_assert_cmpint(state.total.offline, ==, 1);
    g_assert_cmpint(state.total.since_us, ==, NOW - 30 * HOUR);
    g_assert_cmpuint(state.systems->len, ==, 2);
    const SystemState *water = &g_array_index(state.systems, SystemState, 1);
    g_assert_cmpint(water->system_type, ==, 11);
    g_assert_cmpint(water->shield, ==, 1);
    g_assert_cmpint(water->offline, ==, 1);
    g_assert_true(sensing_building_state(db, 2, &other, &error));
    g_assert_cmpint(other.devices + other.total.points, ==, 0);
    /* out of use: its points do not count */
    g_auto(Device) device = {0};
    g_assert_true(device_find(db, one, &device, &error));
    g_assert_true(device_retire(db, one, device.version, false, &clerk, &error));
    building_state_clear(&state);
    g_assert_true(sensing_building_state(db, 1, &state, &error));
    g_assert_cmpint(state.total.points, ==, 1);
}

static GArray *spells(Db *db, const char *region, bool is_open, SpellPage *page) {
    g_autoptr(GError) error = NULL;
    SpellQuery query = {.kind = EDGE_SHIELD, .region = region, .is_open = is_open, .limit = 10};
    g_assert_true(sensing_spells(db, &query, page, &error));
    g_assert_no_error(error);
    return page->rows;
}

static void test_a_spell_is_from_on_to_off(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_city(db);
    int64_t device = add_device(db, "1", 1);
    int64_t shut = add_point(db, device, 1, 1, 8);
    int64_t back = add_point(db, device, 1, 2, 0);
    add_edge(db, shut, "shield", true, NOW - 30 * HOUR, 1);
    add_edge(db, back, "shield", true, NOW - 20 * HOUR, 2);
    add_edge(db, shut, "shield", true, NOW - 10 * HOUR, 3); /* told again: the same spell */
    add_edge(db, back, "fault", false, NOW - 9 * HOUR, 4);  /* another thing */
    add_edge(db, back, "shield", false, NOW - 8 * HOUR, 5);
    {
        g_auto(SpellPage) page = {0};
        GArray *rows = spells(db, "500000", false, &page);
        g_assert_cmpuint(rows->len, ==, 2);
        const SensingSpell *ended = &g_array_index(rows, SensingSpell, 0);
        g_assert_cmpint(ended->point_id, ==, back);
        g_assert_cmpint(ended->until_us - ended->since_us, ==, 12 * HOUR);
        g_assert_cmpint(g_array_index(rows, SensingSpell, 1).until_us, ==, 0);
        g_assert_cmpstr(ended->building_name, ==, "演示大厦 1 号");
    }
    {
        g_auto(SpellPage) page = {0};
        g_auto(SpellPage) elsewhere = {0};
        GArray *rows = spells(db, "500103", true, &page);
        g_assert_cmpuint(rows->len, ==, 1);
        g_assert_cmpint(g_array_index(rows, SensingSpell, 0).since_us, ==, NOW - 30 * HOUR);
        g_assert_cmpuint(spells(db, "500106", false, &elsewhere)->len, ==, 0);
    }
}

/* --- pages --------------------------------------------------------------------------------------
 */

typedef struct Answer {
    unsigned status;
    char *text, *location;
} Answer;

static void answer_clear(Answer *answer) {
    g_free(answer->text);
    g_free(answer->location);
    *answer = (Answer){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static json_t *plain_site(void) {
    static const char text[] =
        "{\"assets\": {\"css\": \"\", \"js\": \"\", \"icons\": \"\", \"htmx\": \"\"},"
        " \"csrf\": \"token\", \"flash\": null, \"request_id\": \"0\", \"is_demo\": false,"
        " \"demo_text\": null, \"may_search\": false, \"who\": null, \"nav\": [], \"tabs\": [],"
        " \"prefs\": {\"theme\": null, \"contrast\": null, \"text\": null, \"keys\": false}}";
    return json_read(text, strlen(text), NULL);
}

/* A form as "name=value&…" without escapes; NULL: a GET. */
static void call(Db *db, const Principal *who, const char *target, const char *form, Answer *ret) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) routes = g_ptr_array_new();
    for (const Route *route = sensing_module.routes; route->path != NULL; route++) {
        g_ptr_array_add(routes, (gpointer)route);
    }
    Router *router = router_new(routes, &error);
    Ctx ctx = {.db = db, .who = who, .now_us = NOW, .request_id = "0"};
    g_autoptr(Request) req = request_new(form == NULL ? "GET" : "POST", target);
    request_add_header(req, "Host", "localhost");
    if (form != NULL) {
        request_add_header(req, "Content-Length", "1");
    }
    g_assert_cmpuint(request_check_head(req).status, ==, 0);
    g_auto(GStrv) pairs = g_strsplit(form == NULL ? "" : form, "&", -1);
    for (size_t i = 0; pairs[i] != NULL; i++) {
        char *value = strchr(pairs[i], '=');
        g_assert_nonnull(value);
        *value = '\0';
        fields_add(&req->form, pairs[i], value + 1);
    }
    g_assert_cmpint(router_find(router, req), ==, ROUTER_FOUND);
    router_free(router);
    g_autoptr(Response) response = req->route->handler(&ctx, req);
    *ret = (Answer){.status = response->status, .location = g_strdup(response->location)};
    if (response->view != NULL && response->kind == RESPONSE_PAGE) {
        g_autoptr(GString) out = g_string_new(NULL);
        json_put(response->model, "site", plain_site());
        view_render(response->view, response->model, true, out, &error);
        g_assert_no_error(error);
        ret->text = g_strdup(out->str);
    }
}

static const Principal of_city = {
    .account_id = 7, .name = "内勤", .region = "500000", .permissions = UINT32_MAX};
static const Principal of_district = {
    .account_id = 8, .name = "区内勤", .region = "500106", .permissions = UINT32_MAX};

static void
assert_page(Db *db, const char *target, const char *form, unsigned status, const char *holds) {
    g_auto(Answer) answer = {0};
    call(db, &of_city, target, form, &answer);
    g_assert_cmpuint(answer.status, ==, status);
    if (answer.text == NULL || strstr(answer.text, holds) == NULL) {
        g_error("%s: \"%s\" is not in\n%s", target, holds, answer.text);
    }
    g_assert_null(strstr(answer.text, " style="));
}

/* Two days of a pressure, once too low, so that trend and limits have something to show. */
static void add_samples(Db *db, int64_t point) {
    SamplePlace place = sample_place(NOW);
    for (int64_t hour = 0; hour <= place.hour; hour++) {
        int16_t minutes[SAMPLE_SLOTS];
        uint8_t bytes[SAMPLE_BYTES];
        for (int i = 0; i < SAMPLE_SLOTS; i++) {
            bool is_told = hour < place.hour || i <= (int)place.slot;
            minutes[i] = is_told ? (int16_t)(hour == place.hour ? 400 : 3500) : SAMPLE_MISSING;
        }
        sample_write(minutes, bytes);
        test_db_exec(db,
                     "INSERT INTO sample_hour (day, series, kind, hour, minutes) "
                     "VALUES ($1, $2, 5, $3, $4)",
                     db_int(place.day),
                     db_int(point),
                     db_int(hour),
                     db_blob(bytes, sizeof bytes));
    }
    test_db_exec(db,
                 "INSERT INTO sample_day (series, kind, day, n, low, high, total) "
                 "VALUES ($1, 5, $2, 1440, 3000, 4000, 5040000)",
                 db_int(point),
                 db_int(place.day - 1));
}

static void test_pages_show_what_is_stored(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_city(db);
    int64_t device = add_device(db, "1", 1);
    int64_t point = add_point(db, device, 1, 65538, 4 | 8);
    test_db_exec(db, "UPDATE point SET component_type = 99 WHERE id = $1", db_int(point));
    add_edge(db, point, "fault", true, NOW - 30 * HOUR, 1);
    add_edge(db, point, "shield", true, NOW - 30 * HOUR, 2);
    add_edge(db, point, "operation", true, NOW, 3);
    add_samples(db, point);
    g_assert_cmpint(device, ==, 1);
    assert_page(db, "/work/devices", NULL, 200, "故障 1 处，屏蔽 1 处");
    assert_page(db, "/work/devices?trouble=fire", NULL, 200, "没有符合的设备");
    assert_page(db, "/work/devices?q=x", NULL, 422, "至少写两个字");
    assert_page(db, "/work/devices/1", NULL, 200, "压力 40.0 kPa");
    assert_page(db, "/work/points/1", NULL, 200, "超出上下限");
    assert_page(db, "/work/points/1", NULL, 200, "<polyline class=\"ln\"");
    assert_page(db, "/work/points/1?span=month", NULL, 200, "每格 1 天");
    assert_page(db, "/work/points/1?span=month", NULL, 200, "350.00");
    assert_page(db, "/work/points/1/limits/5", "low_5=abc", 422, "写一个数");
    assert_page(db, "/work/facilities", NULL, 200, "1 处故障");
    assert_page(db, "/work/facilities/faults?open=1", NULL, 200, "还没有恢复");
    assert_page(db, "/work/facilities/shields", NULL, 200, "太久");
    assert_page(db, "/work/devices/new", "protocol=gb26875&code=x&profile=A B", 422, "十进制");
    assert_page(
        db, "/work/devices/new", "protocol=smoke&code=1&profile=standard", 422, "选一种协议");
    assert_page(db, "/work/devices/1/retire", NULL, 200, "可以随时恢复使用");
    assert_page(db, "/work/devices/1/bind?building=2", NULL, 200, "已选：<b>演示大厦 2 号");
    assert_page(db, "/work/maintenance/new?point=1&edge=1", NULL, 200, "023-0000");
    assert_page(db, "/work/points/1", NULL, 200, "value=\"read-value\"");
    g_auto(Answer) asked = {0};
    call(db, &of_city, "/work/devices/1/command", "kind=read-point&point=1", &asked);
    g_assert_cmpuint(asked.status, ==, 303);
    g_auto(Answer) missing = {0};
    call(db, &of_city, "/work/devices/1/command", "kind=read-point&point=99", &missing);
    g_assert_cmpuint(missing.status, ==, 404);
    g_auto(Answer) unknown = {0};
    call(db, &of_city, "/work/devices/1/command", "kind=duty", &unknown);
    g_assert_cmpuint(unknown.status, ==, 400);
    assert_page(db, "/work/devices/1", NULL, 200, "读部件状态");
}

static void test_another_district_sees_and_changes_nothing(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_city(db);
    int64_t device = add_device(db, "1", 1);
    int64_t point = add_point(db, device, 1, 1, 4);
    add_edge(db, point, "fault", true, NOW, 1);
    g_auto(Answer) sent = {0};
    call(db,
         &of_city,
         "/work/maintenance/new",
         "point=1&edge=1&subject=烟感&task=修&service_body=演示维保&service_contact=&due=",
         &sent);
    g_assert_cmpuint(sent.status, ==, 303);
    static const char *const refused[][2] = {
        {"/work/devices/1", NULL},
        {"/work/devices/1/edit", NULL},
        {"/work/devices/1/edit", "profile=standard&name=x&version=2"},
        {"/work/devices/1/bind", "building=2&version=2"},
        {"/work/devices/1/retire", "version=2"},
        {"/work/devices/1/key", ""},
        {"/work/devices/1/command", "kind=clock"},
        {"/work/devices/1/command", "kind=read-point&point=1"},
        {"/work/points/1", NULL},
        {"/work/points/1", "name=x"},
        {"/work/points/1/limits/5", "low_5=1"},
        {"/work/facilities?region=500103", NULL},
        {"/work/facilities/faults?region=500103", NULL},
        {"/work/maintenance/1", NULL},
        {"/work/maintenance/1", "state=done&person=x&version=1"},
        {"/work/maintenance/new?device=1", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_auto(Answer) answer = {0};
        const char *form = refused[i][1];
        call(
            db, &of_district, refused[i][0], form != NULL && *form == '\0' ? "a=b" : form, &answer);
        if (answer.status != 403) {
            g_error("%s was answered %u", refused[i][0], answer.status);
        }
    }
    g_auto(Answer) empty = {0};
    call(db, &of_district, "/work/facilities/faults", NULL, &empty);
    g_assert_null(strstr(empty.text, "烟感"));
    g_auto(Answer) orders = {0};
    call(db, &of_district, "/work/maintenance", NULL, &orders);
    g_assert_null(strstr(orders.text, "WX-"));
}

/* --- orders -------------------------------------------------------------------------------------
 */

static void test_orders_move_by_their_rules(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    add_city(db);
    int64_t device = add_device(db, "1", 1);
    Order about = {.device_id = device,
                   .building_id = 1,
                   .region = "500103",
                   .district = 500103,
                   .place = "1 层"};
    OrderInput input = {"水泵故障", "修好", "演示维保", "", ""};
    OrderInput sooner = {"烟感故障", "修好", "演示维保", "", "2026-11-18"};
    int64_t first;
    int64_t second;
    g_assert_true(order_send(db, &about, &input, &clerk, &first, &error));
    g_assert_true(order_send(db, &about, &sooner, &clerk, &second, &error));
    OrderStep verified = {.state = ORDER_VERIFIED, .person = "某人", .note = ""};
    OrderStep done = {.state = ORDER_DONE, .person = "某人", .note = "换了"};
    g_assert_false(order_step(db, first, 1, &verified, &clerk, &error)); /* not repaired yet */
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_true(order_step(db, first, 1, &done, &clerk, &error));
    g_assert_false(order_step(db, first, 1, &done, &clerk, &error)); /* somebody was quicker */
    g_clear_error(&error);
    g_assert_true(order_step(db, first, 2, &verified, &clerk, &error));
    g_auto(Order) order = {0};
    g_assert_true(order_find(db, first, &order, &error));
    g_assert_cmpstr(order.number, ==, "WX-2026-00001");
    g_assert_cmpint(order.due_us, ==, NOW + 3 * CLOCK_DAY_US); /* the rule order-due */
    g_auto(OrderPage) open = {0};
    OrderQuery query = {.region = "500000", .limit = 10};
    g_assert_true(order_list(db, &query, &open, &error));
    g_assert_cmpuint(open.rows->len, ==, 1);
    g_assert_cmpstr(g_array_index(open.rows, Order, 0).number, ==, "WX-2026-00002");
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/sensing/devices/binding-makes-active-and-moves-points",
                test_binding_makes_active_and_moves_points);
    test_db_add("/sensing/devices/a-list-ends-at-the-region", test_a_list_ends_at_the_region);
    test_db_add("/sensing/devices/limits-of-a-point-replace-the-default",
                test_limits_of_a_point_replace_the_default);
    test_db_add("/sensing/state/a-building-is-the-sum-of-its-points",
                test_a_building_is_the_sum_of_its_points);
    test_db_add("/sensing/state/a-spell-is-from-on-to-off", test_a_spell_is_from_on_to_off);
    test_db_add("/sensing/pages/show-what-is-stored", test_pages_show_what_is_stored);
    test_db_add("/sensing/pages/another-district-sees-and-changes-nothing",
                test_another_district_sees_and_changes_nothing);
    test_db_add("/sensing/orders/move-by-their-rules", test_orders_move_by_their_rules);
    return g_test_run();
}
