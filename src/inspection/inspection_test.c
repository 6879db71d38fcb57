/* Inspections: days alone, then matters and what is read of them on both engines. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "ledger/ledger.h"
#include "registry/intake.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {
    "ledger", "account", "registry", "casework", "draw", "inspection", "firecode", NULL};

static int64_t day(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- days --------------------------------------------------------------------------------------
 */

static void test_working_days(void) {
    /* 2026-11-20 is a Friday. */
    static const struct {
        const char *from, *to;
        int days;
    } cases[] = {
        {"2026-11-20", "2026-11-20", 0},
        {"2026-11-20", "2026-11-21", 0},
        {"2026-11-20", "2026-11-22", 0},
        {"2026-11-20", "2026-11-23", 1},
        {"2026-11-20", "2026-11-27", 5},
        {"2026-11-21", "2026-11-23", 1},
        {"2026-11-22", "2026-11-24", 2},
        {"2026-11-23", "2026-11-20", -1},
        {"2026-11-23", "2026-11-22", -1},
        {"2025-12-31", "2026-01-04", 1}, /* 1 to 3 January off, Sunday the 4th is worked */
        {"2026-09-30", "2026-10-10", 3}, /* National Day; Saturday the 10th is worked */
        {"2026-02-13", "2026-02-24", 2}, /* Spring Festival 15 to 23; Saturday the 14th is worked */
        {"1969-12-31", "1970-01-02", 2}, /* no notice: Monday to Friday */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].from, cases[i].to);
        g_assert_cmpint(
            working_days_between(day(cases[i].from), day(cases[i].to)), ==, cases[i].days);
    }
    /* Counting and reckoning agree for every start of a fortnight. */
    for (int start = 0; start < 14; start++) {
        int64_t from_us = day("2026-11-16") + start * CLOCK_DAY_US + 9 * 3600 * CLOCK_SECOND_US;
        for (int count = 1; count < 25; count++) {
            int64_t end_us = working_days_after(from_us, count);
            g_assert_cmpint(working_days_between(from_us, end_us), ==, count);
            g_assert_cmpint(day_begin(end_us), ==, end_us);
            g_assert_cmpint(working_days_between(from_us, end_us - CLOCK_DAY_US), <=, count - 1);
        }
    }
}

static void test_due(void) {
    int64_t now_us = day("2026-11-20") + 10 * 3600 * CLOCK_SECOND_US; /* Friday */
    static const struct {
        const char *due;
        DueGroup group;
        const char *big, *small;
    } cases[] = {
        {"2026-11-19", DUE_OVER, "逾期 1 天", "应于 11月19日 周四"},
        {"2026-11-20", DUE_TODAY, "今天", "17:30 前"},
        {"2026-11-23", DUE_SOON, "1 个工作日", "11月23日 周一"},
        {"2026-11-25", DUE_SOON, "3 个工作日", "11月25日 周三"},
        {"2026-11-26", DUE_LATER, "6 天", "11月26日 周四"},
        {"2027-01-04", DUE_LATER, "45 天", "2027年1月4日 周一"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *big = NULL;
        g_autofree char *small = NULL;
        due_texts(day(cases[i].due), now_us, &big, &small);
        g_assert_cmpint(due_group(day(cases[i].due), now_us), ==, cases[i].group);
        g_assert_cmpstr(big, ==, cases[i].big);
        g_assert_cmpstr(small, ==, cases[i].small);
    }
}

/* --- matters and what is read of them ----------------------------------------------------------
 */

#define NOW "2026-11-20T12:00:00"

typedef struct City {
    TestDb *fresh;
    Db *db;
    int64_t officers[4], unit, now_us; /* the fourth serves in another district */
} City;

static int64_t take_in(Db *db, IntakeKind kind, const void *input, int64_t now_us) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    IntakeResult result = {0};
    IntakeContext context = {.scope_region = "50", .now_us = now_us};
    g_assert_true(db_begin(db, &tx, &error));
    intake_batch(db, kind, input, 1, &context, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(result.problem, ==, NULL);
    g_assert_true(db_commit(&tx, &error));
    int64_t id = result.id;
    intake_result_clear(&result);
    return id;
}

static void city_begin(City *city, DbEngine engine) {
    g_autoptr(GError) error = NULL;
    city->fresh = test_db_new(engine, rooms);
    city->db = test_db_open(city->fresh, DB_READ_WRITE);
    city->now_us = day("2026-11-10") + 9 * 3600 * CLOCK_SECOND_US;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(city->db, &tx, &error));
    g_assert_true(region_load(city->db, "50", NULL, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    static const char *const names[] = {"演示甲", "演示乙", "演示丙", "演示丁"};
    static const char *const certificates[] = {"YS000001", "YS000002", "YS000003", "YS000004"};
    for (int i = 0; i < 4; i++) {
        OfficerInput officer = {.name = names[i],
                                .certificate = certificates[i],
                                .certificate_until = "2026-12-31",
                                .region = i == 3 ? "500106" : "500103",
                                .in_post = "是",
                                .can_lead = "是"};
        city->officers[i] = take_in(city->db, INTAKE_OFFICER, &officer, city->now_us);
    }
    UnitInput unit = {
        .name = "演示甲号商店", .address = "演示路 1 号", .region = "500103", .category = "shop"};
    if (category_parse("shop") == NULL) {
        unit.category = NULL;
    }
    city->unit = take_in(city->db, INTAKE_UNIT, &unit, city->now_us);
}

static void city_end(City *city) {
    db_close(city->db);
    test_db_free(city->fresh);
}

/* Drawn for the first officer and another one; returns the matter. */
static int64_t assign(City *city, const char *origin, int second) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_auto(Unit) unit = {0};
    int64_t id = 0;
    g_assert_true(unit_find(city->db, city->unit, &unit, &error));
    InspectionTask task = {.source = "random",
                           .reference = "D7",
                           .origin = origin,
                           .object_kind = "unit",
                           .object_id = city->unit,
                           .region = unit.region,
                           .lead_id = city->officers[0],
                           .second_id = city->officers[second],
                           .due_us = day("2026-11-25"),
                           .actor = "account:5",
                           .assigned_us = city->now_us,
                           .now_us = city->now_us};
    inspection_assign(city->db, &task, &id, &refusal, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    return id;
}

static int64_t add_task(City *city, int64_t draw_id) {
    g_autofree char *origin = g_strdup_printf("draw:%d", (int)draw_id);
    return assign(city, origin, 1);
}

static Inspection *row_of(City *city, int64_t matter) {
    g_autoptr(GError) error = NULL;
    Inspection *row = NULL;
    g_assert_true(inspection_store_of_matter(city->db, matter, &row, &error));
    g_assert_nonnull(row);
    return row;
}

static int64_t leaves(City *city) {
    g_autoptr(GError) error = NULL;
    LedgerHead head;
    g_assert_true(ledger_head(city->db, &head, &error));
    return head.size;
}

/* Every item passes, but the fifth is as `fifth` says ("" leaves it out). */
static json_t *record_data(const char *fifth) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LawChecklist) list =
        law_checklist_at(INSPECTION_CHECKLIST, day("2026-11-19"), &error);
    g_autoptr(json_t) pass = json_read("{\"answer\": \"pass\"}", 18, &error);
    json_t *data = json_object();
    json_t *items = json_object();
    for (unsigned i = 0; i < list->count; i++) {
        if (i != 4) {
            json_put(items, list->items[i]->id, json_incref(pass));
        } else if (fifth[0] != '\0') {
            json_put(items, list->items[i]->id, json_read(fifth, strlen(fifth), &error));
        }
    }
    g_assert_no_error(error);
    json_put_text(data, "shown", "yes");
    json_put_text(data, "companion", "店主");
    json_put(data, "items", items);
    json_put_text(data, "signature", "signed");
    return data;
}

#define BLOCKED                                                                                    \
    "{\"answer\": \"fail\", \"note\": \"南侧出口堆放塑料筐\", \"handled\": \"corrected\"}"

/* One attempt of an officer (-1: the clerk, -2: the leader) with the first two officers, or others.
 */
typedef struct Attempt {
    const char *step, *when, *data;
    int actor;
    int officers[2];
    int64_t version;
} Attempt;

/* The rule that refuses, "" when it is done. */
static void try_act(City *city, int64_t matter, const char *expected, Attempt one) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    bool is_record = strcmp(one.step, "record") == 0;
    g_autoptr(json_t) data =
        is_record ? record_data(one.data) : json_read(one.data, strlen(one.data), &error);
    g_assert_no_error(error);
    int64_t officers[] = {city->officers[one.officers[0]], city->officers[one.officers[1]]};
    CaseActor actor = {.account_id = 20 + one.actor,
                       .officer_id = one.actor < 0 ? 0 : city->officers[one.actor],
                       .roles = one.actor == -1   ? ROLE_BIT(ROLE_CLERK)
                                : one.actor == -2 ? ROLE_BIT(ROLE_LEADER)
                                                  : ROLE_BIT(ROLE_INSPECTOR),
                       .region = one.actor == 3    ? "500106"
                                 : one.actor == -2 ? "50"
                                                   : "500103",
                       .now_us = day("2026-11-20") + 12 * 3600 * CLOCK_SECOND_US};
    CaseAct act = {.step = one.step, .data = data, .officers = officers};
    act.officer_count = one.officers[0] == one.officers[1] ? 0 : 2;
    g_assert_true(clock_parse(one.when, &act.happened_us));
    casework_act(city->db, &actor, matter, one.version, &act, &refusal, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh == NULL ? "" : refusal.rule, ==, expected);
}

static unsigned public_count(Db *db) {
    g_autoptr(GError) error = NULL;
    PublicInspectionFilter filter = {.limit = 10};
    g_autoptr(GPtrArray) list = inspection_public_list(db, &filter, &error);
    g_assert_no_error(error);
    return list->len;
}

static void test_a_draw_opens_matters(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    g_auto(Matter) matter = {0};
    g_assert_true(casework_find(city.db, id, &matter, &error));
    g_assert_cmpstr(matter.kind, ==, "inspection");
    g_assert_cmpstr(matter.state, ==, "planned");
    g_assert_cmpstr(matter.title, ==, "演示甲号商店");
    g_assert_cmpint(matter.due_us, ==, day("2026-11-26"));
    g_assert_cmpuint(matter.next_roles, ==, CASE_NAMED(ROLE_BIT(ROLE_INSPECTOR)));
    g_autoptr(Inspection) row = row_of(&city, id);
    g_assert_cmpint(row->draw_id, ==, 7);
    g_assert_cmpint(row->due_us, ==, day("2026-11-25"));
    g_assert_cmpint(row->state, ==, INSPECTION_PLANNED);
    g_assert_cmpstr(row->lead_name, ==, "演示甲");
    g_assert_cmpstr(row->second_certificate, ==, "YS000002");
    for (int i = 0; i < 3; i++) {
        bool is_named = false;
        g_assert_true(casework_is_named(city.db, id, city.officers[i], &is_named, &error));
        g_assert_cmpint(is_named, ==, i < 2);
    }
    /* The draw is linked on the matter's page for whoever may see draws. */
    Principal who = {.permissions = 1u << PERM_PLAN_VIEW};
    g_autoptr(json_t) links = json_array();
    g_assert_true(inspection_see_also(city.db, &matter, &who, links, &error));
    g_assert_cmpstr(json_get_text(json_array_get(links, 0), "href", ""), ==, "/work/draws/7");
    who.permissions = 0;
    g_autoptr(json_t) none = json_array();
    g_assert_true(inspection_see_also(city.db, &matter, &who, none, &error));
    g_assert_cmpuint(json_array_size(none), ==, 0);
    city_end(&city);
}

static void test_guards(DbEngine engine) {
    City city;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    int64_t before = leaves(&city);
    const char *when = "2026-11-19T10:00:00";
    /* A third officer of the district, alone or as one of the pair; one officer only. */
    try_act(&city, id, "named", (Attempt){"record", when, BLOCKED, 2, {0, 1}, 1});
    try_act(&city, id, "named", (Attempt){"record", when, BLOCKED, 0, {0, 2}, 1});
    try_act(&city, id, "officers", (Attempt){"record", when, BLOCKED, 0, {0, 0}, 1});
    try_act(&city, id, "role", (Attempt){"record", when, BLOCKED, -1, {0, 1}, 1});
    try_act(&city, id, "district", (Attempt){"record", when, BLOCKED, 3, {0, 1}, 1});
    /* Not in the future, not before the task was set. */
    try_act(&city, id, "date", (Attempt){"record", "2026-11-21T10:00:00", BLOCKED, 0, {0, 1}, 1});
    try_act(&city, id, "date", (Attempt){"record", "2026-11-09T10:00:00", BLOCKED, 0, {0, 1}, 1});
    /* Every item is answered, a failing one with words. */
    try_act(&city, id, "form", (Attempt){"record", when, "", 0, {0, 1}, 1});
    try_act(&city,
            id,
            "form",
            (Attempt){"record",
                      when,
                      "{\"answer\": \"fail\", \"note\": \" \", \"handled\": \"corrected\"}",
                      0,
                      {0, 1},
                      1});
    test_db_exec(city.db, "UPDATE officer SET in_post = 0 WHERE id = $1", db_int(city.officers[1]));
    try_act(&city, id, "in-post", (Attempt){"record", when, BLOCKED, 0, {0, 1}, 1});
    test_db_exec(city.db,
                 "UPDATE officer SET in_post = 1, certificate_until = '2026-11-18' WHERE id = $1",
                 db_int(city.officers[1]));
    try_act(&city, id, "certificate", (Attempt){"record", when, BLOCKED, 0, {0, 1}, 1});
    g_assert_cmpint(leaves(&city), ==, before);
    g_autoptr(Inspection) row = row_of(&city, id);
    g_assert_cmpint(row->state, ==, INSPECTION_PLANNED);
    /* Whom a draw has sent nobody replaces by choice. */
    try_act(&city, id, "drawn", (Attempt){"reassign", when, "{\"why\": \"left\"}", -2, {0, 2}, 1});
    test_db_exec(city.db,
                 "UPDATE officer SET certificate_until = '2026-12-31' WHERE id = $1",
                 db_int(city.officers[1]));
    /* Of another task the leader sends another one; then the first pair may not any more. */
    id = assign(&city, NULL, 1);
    try_act(&city, id, "", (Attempt){"reassign", when, "{\"why\": \"left\"}", -2, {0, 2}, 1});
    try_act(&city, id, "named", (Attempt){"record", when, BLOCKED, 1, {0, 1}, 2});
    try_act(&city, id, "", (Attempt){"record", when, BLOCKED, 2, {0, 2}, 2});
    g_autoptr(Inspection) after = row_of(&city, id);
    g_assert_cmpint(after->second_id, ==, city.officers[2]);
    g_assert_cmpint(after->recorded_by, ==, city.officers[2]);
    city_end(&city);
}

static void test_record_and_publish(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    int64_t before = leaves(&city);
    try_act(&city, id, "", (Attempt){"record", "2026-11-19T10:00:00", BLOCKED, 1, {0, 1}, 1});
    g_assert_cmpint(leaves(&city), ==, before + 1);
    /* Another form that was read before: too late. */
    g_auto(LawRefusal) refusal = {0};
    CaseActor late = {.officer_id = city.officers[0],
                      .roles = ROLE_BIT(ROLE_INSPECTOR),
                      .region = "500103",
                      .now_us = day("2026-11-20")};
    g_autoptr(json_t) data = record_data(BLOCKED);
    CaseAct act = {.step = "record",
                   .happened_us = day("2026-11-19"),
                   .data = data,
                   .officers = city.officers,
                   .officer_count = 2};
    g_assert_false(casework_act(city.db, &late, id, 1, &act, &refusal, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);

    g_autoptr(Inspection) recorded = row_of(&city, id);
    g_assert_cmpint(recorded->state, ==, INSPECTION_RECORDED);
    g_assert_cmpint(recorded->failed, ==, 1);
    g_assert_cmpint(recorded->recorded_by, ==, city.officers[1]);
    g_assert_cmpint(recorded->record_leaf, ==, before);
    g_assert_cmpint(recorded->inspected_us, ==, day("2026-11-19"));
    g_autoptr(LawChecklist) list =
        law_checklist_at(INSPECTION_CHECKLIST, day("2026-11-19"), &error);
    g_autoptr(GPtrArray) stored = inspection_answers(city.db, recorded, &error);
    g_assert_cmpuint(stored->len, ==, list->count);
    g_auto(Unit) unit = {0};
    g_assert_true(unit_find(city.db, city.unit, &unit, &error));
    g_assert_cmpint(unit.last_inspected_us, ==, day("2026-11-19"));

    /* Told by one of the two, published by the clerk, and only then public. */
    const char *publish = "{\"where\": [\"site\"]}";
    const char *tell = "{\"way\": \"spot\", \"receiver\": \"店主\"}";
    const char *when = "2026-11-20T09:00:00";
    try_act(&city, id, "state", (Attempt){"publish", when, publish, -1, {0, 0}, 2});
    try_act(&city, id, "named", (Attempt){"tell", when, tell, 2, {0, 0}, 2});
    try_act(&city, id, "", (Attempt){"tell", when, tell, 0, {0, 0}, 2});
    try_act(&city, id, "role", (Attempt){"publish", when, publish, 0, {0, 0}, 3});
    g_assert_cmpuint(public_count(city.db), ==, 0);
    try_act(&city, id, "", (Attempt){"publish", when, publish, -1, {0, 0}, 3});
    PublicInspectionFilter public = {.limit = 10};
    g_autoptr(GPtrArray) shown = inspection_public_list(city.db, &public, &error);
    g_assert_cmpuint(shown->len, ==, 1);
    const Inspection *one = shown->pdata[0];
    g_assert_cmpint(one->publish_leaf, ==, before + 2);
    g_assert_true(inspection_is_public(one));
    public.from_us = day("2026-11-22");
    g_autoptr(GPtrArray) later = inspection_public_list(city.db, &public, &error);
    g_assert_cmpuint(later->len, ==, 0);

    /* Published is final. */
    const char *closed = "{\"why\": \"closed-down\"}";
    try_act(&city, id, "state", (Attempt){"cancel", when, closed, -2, {0, 0}, 4});
    try_act(&city, id, "state", (Attempt){"record", when, BLOCKED, 0, {0, 1}, 4});
    g_assert_true(ledger_verify(city.db, NULL, NULL, NULL, &error));
    g_assert_no_error(error);
    city_end(&city);
}

static void test_published_elsewhere_is_not_here(DbEngine engine) {
    City city;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    const char *when = "2026-11-20T09:00:00";
    try_act(&city, id, "", (Attempt){"record", when, "{\"answer\": \"na\"}", 0, {0, 1}, 1});
    try_act(&city,
            id,
            "",
            (Attempt){"tell", when, "{\"way\": \"spot\", \"receiver\": \"店主\"}", 0, {0, 0}, 2});
    try_act(&city, id, "", (Attempt){"publish", when, "{\"where\": [\"portal\"]}", -1, {0, 0}, 3});
    g_autoptr(Inspection) row = row_of(&city, id);
    g_assert_cmpint(row->state, ==, INSPECTION_PUBLISHED);
    g_assert_cmpint(row->failed, ==, 0);
    g_assert_false(inspection_is_public(row));
    g_assert_cmpuint(public_count(city.db), ==, 0);
    city_end(&city);
}

/* A matter from before this room read matters: its row is made from its acts with the next one. */
static void test_a_matter_without_a_row(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    const char *when = "2026-11-20T09:00:00";
    try_act(&city, id, "", (Attempt){"record", when, BLOCKED, 0, {0, 1}, 1});
    test_db_exec(city.db, "DELETE FROM inspection");
    const char *tell = "{\"way\": \"spot\", \"receiver\": \"店主\"}";
    try_act(&city, id, "", (Attempt){"tell", when, tell, 0, {0, 0}, 2});
    g_autoptr(Inspection) row = row_of(&city, id);
    g_assert_cmpint(row->state, ==, INSPECTION_RECORDED);
    g_assert_cmpint(row->failed, ==, 1);
    g_assert_cmpint(row->inspected_us, ==, day("2026-11-20"));
    g_assert_cmpint(row->lead_id, ==, city.officers[0]);
    g_assert_cmpint(row->second_id, ==, city.officers[1]);
    g_autoptr(GPtrArray) answers = inspection_answers(city.db, row, &error);
    g_assert_cmpuint(answers->len, >, 1);
    try_act(&city, id, "", (Attempt){"publish", when, "{\"where\": [\"site\"]}", -1, {0, 0}, 3});
    g_assert_cmpuint(public_count(city.db), ==, 1);
    city_end(&city);
}

/* Drawn for a neighbouring district: this matter, and no other one there. */
static void test_an_officer_from_elsewhere(DbEngine engine) {
    City city;
    city_begin(&city, engine);
    int64_t id = assign(&city, "draw:7", 3);
    int64_t other = add_task(&city, 8);
    const char *when = "2026-11-20T09:00:00";
    try_act(&city, other, "district", (Attempt){"record", when, BLOCKED, 3, {0, 1}, 1});
    try_act(&city, id, "", (Attempt){"record", when, BLOCKED, 3, {0, 3}, 1});
    city_end(&city);
}

/* Twice a year; what was given up does not count, a draw holds its own cap. */
static void test_cap(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    int64_t first = add_task(&city, 7);
    add_task(&city, 8);
    CaseActor clerk = {.account_id = 5,
                       .roles = ROLE_BIT(ROLE_CLERK),
                       .region = "500103",
                       .now_us = day("2026-11-20") + 12 * 3600 * CLOCK_SECOND_US};
    NewMatter matter = {.kind = "inspection", .object_kind = "unit", .object_id = city.unit};
    const char *text = "{\"source\": \"random\", \"reference\": \"x\", \"due\": \"2026-11-30\"}";
    g_autoptr(json_t) data = json_read(text, strlen(text), &error);
    CaseAct act = {.step = "assign", .happened_us = day("2026-11-20"), .data = data};
    for (int i = 0; i < 2; i++) {
        g_auto(LawRefusal) refusal = {0};
        int64_t id = 0;
        g_assert_true(casework_open(city.db, &clerk, &matter, &act, &id, &refusal, &error));
        g_assert_cmpstr(
            refusal.reason_zh == NULL ? "" : refusal.rule, ==, i == 0 ? "annual-cap" : "");
        if (i == 0) {
            try_act(&city,
                    first,
                    "",
                    (Attempt){
                        "cancel", NOW, "{\"why\": \"other\", \"note\": \"并案\"}", -2, {0, 0}, 1});
        }
    }
    g_autoptr(Inspection) closed = row_of(&city, first);
    g_assert_cmpint(closed->state, ==, INSPECTION_CLOSED);
    g_assert_cmpstr(closed->closed_reason, ==, "其他：并案");
    add_task(&city, 9); /* chosen by a draw all the same */
    city_end(&city);
}

static void test_lists(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    for (int64_t draw = 1; draw <= 5; draw++) {
        add_task(&city, draw);
    }
    InspectionFilter filter = {.region = "50", .state = -1, .limit = 3};
    g_autoptr(GPtrArray) first = inspection_list(city.db, &filter, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(first->len, ==, 3);
    const Inspection *last = g_ptr_array_index(first, 2);
    filter.after_due_us = last->due_us;
    filter.after_id = last->id;
    g_autoptr(GPtrArray) rest = inspection_list(city.db, &filter, &error);
    g_assert_cmpuint(rest->len, ==, 2);

    static const struct {
        const char *region;
        unsigned found;
    } scopes[] = {{"500103", 5}, {"500104", 0}, {"51", 0}, {"5001", 5}, {"500103001", 0}, {"", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
        InspectionFilter scoped = {.region = scopes[i].region, .state = -1, .limit = 50};
        g_autoptr(GPtrArray) list = inspection_list(city.db, &scoped, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, scopes[i].found);
    }
    for (int who = 0; who < 3; who++) {
        InspectionFilter own = {.region = "51",
                                .state = INSPECTION_PLANNED,
                                .officer_id = city.officers[who],
                                .limit = 50};
        g_autoptr(GPtrArray) list = inspection_list(city.db, &own, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, who < 2 ? 5 : 0);
        /* and on the desk, wherever the account works */
        MatterQuery desk = {.region = "51",
                            .officer_id = city.officers[who],
                            .next_roles = CASE_NAMED(ROLE_BIT(ROLE_INSPECTOR)),
                            .limit = 50};
        g_autoptr(GPtrArray) matters = casework_list(city.db, &desk, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(matters->len, ==, who < 2 ? 5 : 0);
    }
    int64_t count = 0;
    g_assert_true(inspection_store_count(
        city.db, city.officers[1], day("2026-11-25"), day("2026-11-26"), &count, &error));
    g_assert_cmpint(count, ==, 5);
    g_assert_true(
        inspection_store_count(city.db, city.officers[2], INT64_MIN, INT64_MAX, &count, &error));
    g_assert_cmpint(count, ==, 0);
    try_act(&city,
            last->matter_id,
            "drawn", /* a drawn object that is gone is followed by a reserve */
            (Attempt){"cancel", NOW, "{\"why\": \"moved\"}", -2, {0, 0}, 1});
    try_act(&city,
            last->matter_id,
            "",
            (Attempt){"cancel", NOW, "{\"why\": \"not-competent\"}", -2, {0, 0}, 1});
    g_assert_true(
        inspection_store_count(city.db, city.officers[0], INT64_MIN, INT64_MAX, &count, &error));
    g_assert_cmpint(count, ==, 4);
    city_end(&city);
}

/* Numbers found, in order, page by page of `limit`: "11 12 13". Caller frees. */
static char *found(Db *db, InspectionFilter filter, const char *text) {
    g_autoptr(GError) error = NULL;
    g_auto(SearchTerms) terms = {0};
    GString *out = g_string_new(NULL);
    g_assert_true(search_terms_parse(text, &terms));
    filter.terms = &terms;
    filter.limit = 4;
    do {
        g_auto(InspectionPage) page = {.rows = NULL};
        g_assert_true(inspection_list_page(db, &filter, &page, &error));
        g_assert_no_error(error);
        for (guint i = 0; i < page.rows->len; i++) {
            const Inspection *row = page.rows->pdata[i];
            g_string_append_printf(out, out->len == 0 ? "%d" : " %d", (int)row->id);
        }
        filter.after_id = page.next_id;
    } while (filter.after_id != 0);
    return g_string_free(out, FALSE);
}

static void assert_found(City *city, const char *region, const char *text, const char *numbers) {
    g_autofree char *list =
        found(city->db, (InspectionFilter){.region = region, .state = -1}, text);
    g_assert_cmpstr(list, ==, numbers);
}

static void test_search(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    for (int64_t draw = 1; draw <= 13; draw++) {
        city.unit = draw == 12 ? take_in(city.db,
                                         INTAKE_UNIT,
                                         &(UnitInput){.name = "演示乙号宾馆",
                                                      .address = "演示路 2 号",
                                                      .region = "500106001"},
                                         city.now_us)
                               : city.unit;
        add_task(&city, draw);
    }
    assert_found(&city, "50", "演示", "1 2 3 4 5 6 7 8 9 10 11 12 13");
    assert_found(&city, "50", "号宾", "12 13");
    assert_found(&city, "50", "演示 12", "12");
    assert_found(&city, "50", "11", "11");
    assert_found(&city, "50", "示号", "");
    assert_found(&city, "50", "示路", ""); /* the address is not searched */
    assert_found(&city, "500106", "演示", "12 13");
    assert_found(&city, "500106001", "演示", "12 13");
    assert_found(&city, "500106002", "演示", "");
    assert_found(&city, "51", "演示", "");
    assert_found(&city, "", "演示", "");
    g_autoptr(Inspection) last = inspection_find(city.db, 13, &error);
    try_act(&city,
            last->matter_id,
            "",
            (Attempt){"cancel", NOW, "{\"why\": \"not-competent\"}", -2, {0, 0}, 1});
    InspectionFilter own = {
        .region = "51", .state = INSPECTION_PLANNED, .officer_id = city.officers[1]};
    g_autofree char *mine = found(city.db, own, "宾馆");
    g_assert_cmpstr(mine, ==, "12");
    own.officer_id = city.officers[2];
    g_autofree char *nobodys = found(city.db, own, "宾馆");
    g_assert_cmpstr(nobodys, ==, "");
    city_end(&city);
}

/* --- rows from before there were matters --------------------------------------------------------
 */

static void add_old(City *city, int64_t id, const char *state, bool is_recorded) {
    int64_t recorded_us = is_recorded ? day("2026-11-12") : 0;
    test_db_exec(city->db,
                 "INSERT INTO inspection (id, draw_id, object_kind, object_id, object_name, "
                 "object_address, region, region_name, district, lead_id, lead_name, "
                 "lead_certificate, second_id, second_name, second_certificate, due_us, state, "
                 "inspected_us, checklist, edition, failed, recorded_us, recorded_by, record_leaf, "
                 "published_us, publish_leaf, version, created_us) VALUES ($1, $1, 'unit', $2, "
                 "'旧时商店', '一号', '500103', '渝中区', 500103, $3, '甲', 'A', $4, '乙', 'B', "
                 "$5, $6, $7, 'fire-inspection', '2021-08', 1, $7, $3, -1, $8, -1, 0, $9)",
                 db_int(id),
                 db_int(city->unit),
                 db_int(city->officers[0]),
                 db_int(city->officers[1]),
                 db_int(day("2026-11-25")),
                 db_text(state),
                 db_int(recorded_us),
                 db_int(strcmp(state, "published") == 0 ? day("2026-11-13") : 0),
                 db_int(day("2026-11-11")));
    if (is_recorded) {
        test_db_exec(city->db,
                     "INSERT INTO inspection_answer (inspection_id, item_id, answer, note) "
                     "VALUES ($1, 'escape-routes', 'fail', '锁闭')",
                     db_int(id));
    }
}

static void test_old_rows_enter_the_index(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    add_old(&city, 77, "planned", false);
    test_db_exec(city.db, "INSERT INTO inspection_unindexed (id) VALUES (77)");
    assert_found(&city, "50", "旧时", "");
    g_assert_true(inspection_index_catch_up(city.db, &error));
    g_assert_true(inspection_index_catch_up(city.db, &error));
    assert_found(&city, "50", "旧时", "77");
    city_end(&city);
}

static void test_old_tasks_get_matters(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    add_old(&city, 71, "planned", false);
    add_old(&city, 72, "recorded", true);
    add_old(&city, 73, "published", true);
    add_old(&city, 74, "closed", false);
    CaseCount count = {.cap = "random-checks",
                       .kind = "inspection",
                       .object_kind = "unit",
                       .object_id = city.unit,
                       .year = 2026};
    int64_t n = 0;
    g_assert_true(inspection_count(city.db, &count, &n, &error));
    g_assert_cmpint(n, ==, 3);
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to do */
        g_assert_true(inspection_adopt(city.db, day("2026-11-20"), &error));
        g_assert_no_error(error);
    }
    int64_t matters = 0;
    g_assert_true(
        db_query_int(city.db, SQL("SELECT count(*) FROM matter"), DB_NO_ARGS, &matters, &error));
    g_assert_cmpint(matters, ==, 2);
    g_assert_true(inspection_count(city.db, &count, &n, &error));
    g_assert_cmpint(n, ==, 1); /* those with a matter are counted there */

    g_autoptr(Inspection) planned = inspection_find(city.db, 71, &error);
    g_assert_cmpint(planned->matter_id, >, 0);
    g_assert_cmpint(planned->draw_id, ==, 71);
    try_act(&city, planned->matter_id, "named", (Attempt){"record", NOW, BLOCKED, 2, {0, 1}, 1});
    /* A result that was not yet published stays readable until it is recorded in the matter. */
    g_autoptr(Inspection) recorded = inspection_find(city.db, 72, &error);
    g_assert_cmpint(recorded->matter_id, >, 0);
    g_assert_cmpint(recorded->state, ==, INSPECTION_PLANNED);
    g_assert_true(inspection_is_old_result(recorded));
    g_autoptr(GPtrArray) old = inspection_answers(city.db, recorded, &error);
    g_assert_cmpuint(old->len, ==, 1);
    try_act(&city, recorded->matter_id, "", (Attempt){"record", NOW, BLOCKED, 0, {0, 1}, 1});
    g_autoptr(Inspection) again = inspection_find(city.db, 72, &error);
    g_assert_false(inspection_is_old_result(again));
    g_autoptr(GPtrArray) now = inspection_answers(city.db, again, &error);
    g_assert_cmpuint(now->len, >, 1);
    /* What is over stays as it was. */
    g_autoptr(Inspection) published = inspection_find(city.db, 73, &error);
    g_assert_cmpint(published->matter_id, ==, 0);
    g_assert_true(inspection_is_public(published));
    g_autoptr(GPtrArray) answers = inspection_answers(city.db, published, &error);
    g_assert_cmpuint(answers->len, ==, 1);
    city_end(&city);
}

/* Nobody is named when one of the two has left: the matter must not be stuck. */
static void test_old_task_of_somebody_who_left(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    add_old(&city, 71, "planned", false);
    test_db_exec(city.db, "UPDATE officer SET in_post = 0 WHERE id = $1", db_int(city.officers[1]));
    g_assert_true(inspection_adopt(city.db, day("2026-11-20"), &error));
    g_autoptr(Inspection) row = inspection_find(city.db, 71, &error);
    g_assert_cmpint(row->matter_id, >, 0);
    try_act(&city, row->matter_id, "", (Attempt){"record", NOW, BLOCKED, 2, {0, 2}, 1});
    g_autoptr(Inspection) after = inspection_find(city.db, 71, &error);
    g_assert_cmpint(after->second_id, ==, city.officers[2]); /* who was there */
    city_end(&city);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inspection/working-days", test_working_days);
    g_test_add_func("/inspection/due", test_due);
    test_db_add("/inspection/a-draw-opens-matters", test_a_draw_opens_matters);
    test_db_add("/inspection/guards", test_guards);
    test_db_add("/inspection/record-and-publish", test_record_and_publish);
    test_db_add("/inspection/published-elsewhere-is-not-here",
                test_published_elsewhere_is_not_here);
    test_db_add("/inspection/a-matter-without-a-row", test_a_matter_without_a_row);
    test_db_add("/inspection/an-officer-from-elsewhere", test_an_officer_from_elsewhere);
    test_db_add("/inspection/cap", test_cap);
    test_db_add("/inspection/lists", test_lists);
    test_db_add("/inspection/search", test_search);
    test_db_add("/inspection/old-rows-enter-the-index", test_old_rows_enter_the_index);
    test_db_add("/inspection/old-tasks-get-matters", test_old_tasks_get_matters);
    test_db_add("/inspection/old-task-of-somebody-who-left", test_old_task_of_somebody_who_left);
    return g_test_run();
}
