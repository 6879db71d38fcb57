/* `huozheng simulate` as a person and a program meet it, on both engines. */
#include "base/json.h"
#include "draw/draw.h"
#include "ledger/ledger.h"
#include "registry/intake.h"
#include "registry/region.h"
#include "test_call.h"
#include "test_db.h"

#define NOW INT64_C(1795000000000000) /* 2026-11-18 */
#define ACTOR "account:7"
#define UNITS 60
#define OFFICERS 10

/* --- a small city ------------------------------------------------------------------------------
 */

static void take_in(Db *db, IntakeKind kind, const void *inputs, size_t count) {
    g_autoptr(GError) error = NULL;
    g_autofree IntakeResult *results = g_new0(IntakeResult, count);
    IntakeContext context = {.scope_region = "50", .now_us = NOW, .actor = ACTOR};
    intake_batch(db, kind, inputs, count, &context, results, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpint(results[i].outcome, ==, INTAKE_ADDED);
        intake_result_clear(&results[i]);
    }
}

static void add_units(Db *db, GStringChunk *texts) {
    static const char *const risks[] = {"low", "general", "high"};
    UnitInput units[UNITS] = {0};
    for (int i = 0; i < UNITS; i++) {
        g_autofree char *name = g_strdup_printf("演示单位%d号", i + 1);
        units[i] = (UnitInput){.name = g_string_chunk_insert(texts, name),
                               .address = "演示路1号",
                               .region = "500103",
                               .category = i % 2 == 0 ? "hotel" : "school",
                               .risk = risks[i % 3],
                               .credit = "B"};
    }
    take_in(db, INTAKE_UNIT, units, UNITS);
}

static void add_officers(Db *db, GStringChunk *texts) {
    OfficerInput officers[OFFICERS] = {0};
    for (int i = 0; i < OFFICERS; i++) {
        g_autofree char *certificate = g_strdup_printf("DEMO%06d", i + 1);
        officers[i] = (OfficerInput){.name = "演示人员",
                                     .certificate = g_string_chunk_insert(texts, certificate),
                                     .certificate_until = "2090-12-31",
                                     .region = "500103",
                                     .in_post = "是",
                                     .can_lead = "是"};
    }
    take_in(db, INTAKE_OFFICER, officers, OFFICERS);
}

/* 15 hotels of 30 a year, no schools. */
static void add_plan(Db *db) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    PlanQuota quota = {.stratum = "hotel", .quota = 15, .reserves = 1};
    g_array_append_val(quotas, quota);
    Plan plan = {.year = 2026,
                 .title = (char *)"演示计划",
                 .agency = (char *)"演示支队",
                 .object_kind = (char *)"unit",
                 .region = (char *)"500103",
                 .quotas = quotas};
    g_auto(DbTx) tx = {0};
    int64_t id = 0;
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(plan_add(db, &plan, 0, ACTOR, NOW, &id, &error));
    g_assert_true(plan_publish(db, id, ACTOR, NOW, &error));
    g_assert_true(draw_exclude(db, "unit", 1, "CLOSED", "演示", ACTOR, NOW, &error));
    g_assert_true(db_commit(&tx, &error));
}

static TestDb *city_new(DbEngine engine) {
    static const RegionChange regions[] = {{.code = "50", .name = "重庆市"},
                                           {.code = "500103", .name = "渝中区"}};
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_assert_true(region_put(db, &regions[i], &error));
    }
    add_units(db, texts);
    add_officers(db, texts);
    g_assert_true(db_commit(&tx, &error));
    return g_steal_pointer(&fresh);
}

static int64_t ledger_size(const TestDb *fresh) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_ONLY);
    LedgerHead head = {0};
    g_assert_true(ledger_head(db, &head, &error));
    return head.size;
}

/* --- what it says ------------------------------------------------------------------------------
 */

static int64_t field(const json_t *document, const char *part, const char *key) {
    return json_get_int(json_object_get(document, part), key, -1);
}

static double real_at(const json_t *item, const char *list, size_t place) {
    return json_number_value(json_array_get(json_object_get(item, list), place));
}

static void check_weights(const json_t *weights) {
    size_t index;
    json_t *item;
    int64_t before = 0;
    json_array_foreach(weights, index, item) {
        double low = json_number_value(json_object_get(item, "low"));
        double high = json_number_value(json_object_get(item, "high"));
        double seen = json_number_value(json_object_get(item, "observed_per_year"));
        g_assert_cmpint(json_get_int(item, "weight", 0), >, before);
        before = json_get_int(item, "weight", 0);
        g_assert_cmpfloat(low, <=, seen);
        g_assert_cmpfloat(seen, <=, high);
        g_assert_cmpuint(json_array_size(json_object_get(item, "unvisited")), ==, 3);
        g_assert_cmpfloat(real_at(item, "unvisited", 0), ==, 1);
        g_assert_cmpfloat(real_at(item, "unvisited", 1), >=, real_at(item, "unvisited", 2));
        g_assert_cmpfloat(real_at(item, "unvisited_expected", 1), <, 1);
    }
}

/* Of the plan: 29 hotels take part, 15 come each year. */
static void check_document(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) document = json_read(text, strlen(text), &error);
    g_assert_no_error(error);
    g_assert_true(json_get_bool(document, "simulation", false));
    g_assert_cmpstr(json_get_text(document, "region", ""), ==, "500103");
    g_assert_cmpint(json_get_int(document, "objects", 0), ==, UNITS / 2);
    g_assert_cmpint(json_get_int(document, "left_out", 0), ==, 1);
    g_assert_cmpint(json_get_int(document, "quota_of_a_year", 0), ==, 15);
    g_assert_true(json_is_null(json_object_get(document, "quota_percent")));
    g_assert_cmpint(field(document, "cap", "limit"), ==, 2);
    g_assert_cmpint(field(document, "cap", "breaches"), ==, 0);
    g_assert_cmpint(field(document, "officers", "able_to_serve"), ==, OFFICERS);
    g_assert_cmpint(field(document, "officers", "targets"), ==, 3 * 2 * 15);
    g_assert_cmpint(field(document, "officers", "unstaffed"), ==, 0);
    const json_t *weights = json_object_get(document, "weights");
    g_assert_cmpuint(json_array_size(weights), ==, 3); /* low, general and high risk, credit B */
    check_weights(weights);
    json_t *officers = json_object_get(document, "officers");
    g_assert_cmpuint(json_array_size(json_object_get(officers, "years")), ==, 2);
    g_assert_cmpuint(json_array_size(json_object_get(officers, "draws_of_the_year")), ==, 4);
}

#define SHORT_RUN "--years", "2", "--runs", "3"

static char *simulated(DbEngine engine) {
    g_autoptr(TestDb) fresh = city_new(engine);
    const char *url = test_db_url(fresh);
    assert_call(1, "no published plan to take the region from", "simulate", "--db", url);
    assert_call(
        1, "to take the quotas from", "simulate", "--region", "50", "--quota", "plan", "--db", url);
    {
        g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
        add_plan(db);
    }
    int64_t size = ledger_size(fresh);
    const char *const words[] = {
        "huozheng", "simulate", "--json", "--quota", "plan", SHORT_RUN, "--db", url, NULL};
    char *text = NULL;
    g_autofree char *again = NULL;
    g_assert_cmpint(test_call(&text, words), ==, 0);
    g_assert_cmpint(test_call(&again, words), ==, 0);
    g_assert_cmpstr(text, ==, again);
    check_document(text);
    assert_call(0,
                "no draw: its seed is the word \"other\"",
                "simulate",
                SHORT_RUN,
                "--seed",
                "other",
                "--db",
                url);
    assert_call(0, "broken 0 times", "simulate", SHORT_RUN, "--quota", "50%", "--db", url);
    assert_call(
        1, "no object", "simulate", "--kind", "building", "--region", "500103", "--db", url);
    g_assert_cmpint(ledger_size(fresh), ==, size); /* it has left nothing */
    return text;
}

static void test_engines_agree(void) {
    g_autofree char *sqlite = simulated(DB_ENGINE_SQLITE);
    g_autofree char *pg = simulated(DB_ENGINE_PG);
    g_assert_cmpstr(sqlite, ==, pg);
}

static void test_wrong_usage(void) {
    assert_call(2, "--years is a number from 1 to", "simulate", "--years", "0");
    assert_call(2, "--runs is a number from 1 to", "simulate", "--runs", "100000");
    assert_call(2, "--quota is a percentage", "simulate", "--quota", "much");
    assert_call(2, "--quota is a percentage", "simulate", "--quota", "101");
    assert_call(2, "--kind is unit or building", "simulate", "--kind", "ship");
    assert_call(2, "unexpected argument", "simulate", "now");
    assert_call(3, "huozheng simulate:", "simulate", "--db", "sqlite:/no/such/folder/x.db");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulate-cmd/both-engines-say-the-same", test_engines_agree);
    g_test_add_func("/simulate-cmd/wrong-usage", test_wrong_usage);
    return g_test_run();
}
