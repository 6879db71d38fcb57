/* Substitutions on both engines: whose turn it is, what it leaves behind, what it refuses. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_check.h"
#include "draw/draw_files.h"
#include "draw/draw_substitute.h"
#include "draw/draw_test_support.h"
#include "ledger/ledger.h"
#include "registry/intake.h"
#include "registry/region.h"
#include "test_db.h"
#include "test_folder.h"

#include <glib/gstdio.h>
#include <string.h>

/* All rooms: those above act on draws and substitutions. */
static const char *const *const rooms = NULL;

#define NOW INT64_C(1795000000000000) /* 2026-11-18 */
#define BEACON_US (NOW + 700 * CLOCK_SECOND_US)
#define LATER_US (BEACON_US + 3600 * CLOCK_SECOND_US)
#define DRAWER "account:7"
#define CLERK "account:8"
#define LEADER "account:9"

/* --- a small city ------------------------------------------------------------------------------
 */

typedef struct City {
    TestDb *fresh;
    Db *db;
    int64_t draw_id;
} City;

typedef struct Size {
    unsigned units, officers, leads; /* the first `leads` officers may lead */
    unsigned near;                   /* so many serve where the units are; 0: all */
    int64_t quota, reserves, cap;
    bool with_denied; /* a third of the pairs may not meet */
} Size;

static void add_region(Db *db) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    region_put(db, &(RegionChange){.code = "50", .name = "重庆市"}, &error);
    region_put(db, &(RegionChange){.code = "500103", .name = "渝中区"}, &error);
    region_put(db, &(RegionChange){.code = "500229", .name = "城口县"}, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
}

static void take_in(Db *db, IntakeKind kind, const void *input) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    IntakeResult result = {0};
    IntakeContext context = {.scope_region = "50", .now_us = NOW, .actor = DRAWER};
    g_assert_true(db_begin(db, &tx, &error));
    intake_batch(db, kind, input, 1, &context, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result.outcome, ==, INTAKE_ADDED);
    intake_result_clear(&result);
    g_assert_true(db_commit(&tx, &error));
}

static bool may_not_meet(int64_t unit_id, int64_t officer_id) {
    return (unit_id + officer_id) % 3 == 0;
}

static void fill(Db *db, const Size *size) {
    add_region(db);
    for (unsigned i = 1; i <= size->units; i++) {
        g_autofree char *name = g_strdup_printf("演示宾馆%u号", i);
        g_autofree char *address = g_strdup_printf("演示路%u号", i);
        take_in(db,
                INTAKE_UNIT,
                &(UnitInput){
                    .name = name, .address = address, .region = "500103", .category = "hotel"});
    }
    for (unsigned i = 1; i <= size->officers; i++) {
        g_autofree char *name = g_strdup_printf("演示人员%u", i);
        g_autofree char *certificate = g_strdup_printf("DEMO%06u", i);
        take_in(db,
                INTAKE_OFFICER,
                &(OfficerInput){.name = name,
                                .certificate = certificate,
                                .certificate_until = "2028-12-31",
                                .region = size->near == 0 || i <= size->near ? "500103" : "500229",
                                .in_post = "是",
                                .can_lead = i <= size->leads ? "是" : "否"});
    }
    for (unsigned unit = 1; size->with_denied && unit <= size->units; unit++) {
        for (unsigned officer = 1; officer <= size->officers; officer++) {
            if (may_not_meet(unit, officer)) {
                draw_test_recuse(db, DRAWER, NOW, unit, officer);
            }
        }
    }
}

/* Plan, freeze and commit of one stratum, in the open; `is_whole`: also beacon and run. */
static int64_t make_draw(Db *db, const Size *size, bool is_whole) {
    static const char *const hotels[] = {"hotel", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    PlanQuota quota = {.stratum = "hotel", .quota = size->quota, .reserves = size->reserves};
    g_array_append_val(quotas, quota);
    Plan plan = {.year = 2026,
                 .title = (char *)"替换测试计划",
                 .agency = (char *)"演示支队",
                 .object_kind = (char *)"unit",
                 .region = (char *)"500000",
                 .quotas = quotas};
    DrawRequest request = {.title = "替换测试抽查",
                           .strata = hotels,
                           .date_from = "2026-11-20",
                           .date_to = "2026-12-20",
                           .kind = DIGEST_SHA256,
                           .mode = DRAW_OPEN,
                           .delta_s = 600,
                           .officer_cap = size->cap,
                           .actor = DRAWER,
                           .now_us = NOW};
    DrawBeacon beacon = {0};
    int64_t id = 0;
    g_assert_true(draw_beacon_make("dice10", "20", BEACON_US, &beacon, &error));
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    bool is_done = plan_add(db, &plan, 0, DRAWER, NOW, &request.plan_id, &error) &&
                   plan_publish(db, request.plan_id, DRAWER, NOW, &error) &&
                   draw_freeze(db, &request, &id, &error);
    DrawCommitRequest commit = {
        .draw_id = id, .beacons = &beacon, .beacon_count = 1, .actor = DRAWER, .now_us = NOW};
    DrawBeaconTake take = {.draw_id = id,
                           .j = 1,
                           .typed = "48151623423141592653",
                           .note = "",
                           .actor = DRAWER,
                           .now_us = BEACON_US};
    is_done = is_done && (!is_whole || (draw_commit(db, &commit, &error) &&
                                        draw_beacon_take(db, &take, &error) &&
                                        draw_run(db, id, DRAWER, BEACON_US, &error)));
    g_assert_no_error(error);
    g_assert_true(is_done && db_commit(&tx, &error));
    return id;
}

static void city_begin(City *city, DbEngine engine, const Size *size) {
    city->fresh = test_db_new(engine, rooms);
    city->db = test_db_open(city->fresh, DB_READ_WRITE);
    fill(city->db, size);
    city->draw_id = make_draw(city->db, size, true);
}

static void city_end(City *city) {
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_verify(city->db, NULL, NULL, NULL, &error));
    g_assert_no_error(error);
    db_close(city->db);
    test_db_free(city->fresh);
}

/* --- asking ------------------------------------------------------------------------------------
 */

static DrawSubstituteRequest ask(const City *city, int64_t order, int64_t officer_id) {
    return (DrawSubstituteRequest){.draw_id = city->draw_id,
                                   .order = order,
                                   .officer_id = officer_id,
                                   .reason = officer_id != 0 ? "AWAY" : "CLOSED",
                                   .note = "到现场看过",
                                   .expected_id = -1,
                                   .actor = CLERK,
                                   .now_us = LATER_US};
}

static GPtrArray *try_substitute(Db *db, const DrawSubstituteRequest *request, GError **error) {
    g_auto(DbTx) tx = {0};
    g_autoptr(GPtrArray) done =
        db_begin(db, &tx, error) ? draw_substitute(db, request, error) : NULL;
    return done != NULL && db_commit(&tx, error) ? g_steal_pointer(&done) : NULL;
}

static GPtrArray *must(City *city, const DrawSubstituteRequest *request) {
    g_autoptr(GError) error = NULL;
    GPtrArray *done = try_substitute(city->db, request, &error);
    g_assert_no_error(error);
    return done;
}

static void must_refuse(City *city, const DrawSubstituteRequest *request, HzErrorCode code) {
    g_autoptr(GError) error = NULL;
    LedgerHead before;
    LedgerHead after;
    g_assert_true(ledger_head(city->db, &before, &error));
    g_assert_null(try_substitute(city->db, request, &error));
    g_assert_error(error, HZ_ERROR, (gint)code);
    g_clear_error(&error);
    g_assert_true(ledger_head(city->db, &after, &error));
    g_assert_cmpint(after.size, ==, before.size);
}

static DrawHeld held(City *city, int64_t order) {
    g_autoptr(GError) error = NULL;
    DrawHeld found = {0};
    g_assert_true(draw_held(city->db, city->draw_id, order, 0, &found, &error));
    return found;
}

static int64_t reserve_id(City *city, int64_t order) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) targets = draw_targets(city->db, city->draw_id, order - 1, 1, &error);
    const DrawnObject *target = targets->pdata[0];
    g_assert_true(target->is_reserve);
    return target->object_id;
}

static int64_t count(Db *db, const char *state, int64_t object_id) {
    g_autoptr(GError) error = NULL;
    int64_t n = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM inspection WHERE state = $1 AND "
                                   "object_id = $2"),
                               DB_ARGS(db_text(state), db_int(object_id)),
                               &n,
                               &error));
    return n;
}

/* --- the verdict of a stranger -----------------------------------------------------------------
 */

static json_t *verdict_on(const char *folder, json_t **ret_check) {
    g_autoptr(Verdict) verdict = verdict_new("draw");
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, 1);
    CheckTrust trust = {.given = keys};
    draw_check(verdict, folder, &trust);
    json_t *document = verdict_document(verdict);
    json_t *checks = json_object_get(document, "checks");
    *ret_check = NULL;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);
        if (strcmp(json_get_text(check, "id", ""), "substitutions") == 0) {
            *ret_check = check;
        }
    }
    return document;
}

static void assert_refused_at(const char *folder, const char *path, const char *text, int64_t at) {
    g_autoptr(GError) error = NULL;
    json_t *check = NULL;
    g_assert_true(g_file_set_contents(path, text, -1, &error));
    g_autoptr(json_t) document = verdict_on(folder, &check);
    g_assert_false(json_get_bool(document, "valid", true));
    g_assert_nonnull(check);
    g_assert_cmpint(json_get_int(check, "line", 0), ==, at);
}

/* Each line with another one coming in does not come out. */
static void spoil(const char *folder, const char *path, const char *good) {
    g_auto(GStrv) lines = g_strsplit(good, "\n", -1);
    for (guint i = 0; lines[i][0] != '\0'; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], "\t", -1);
        char *line = lines[i];
        g_free(fields[4]);
        fields[4] = g_strdup("X1");
        lines[i] = g_strjoinv("\t", fields);
        g_autofree char *bad = g_strjoinv("\n", lines);
        assert_refused_at(folder, path, bad, i + 1);
        g_free(lines[i]);
        lines[i] = line;
    }
}

/* `has_remark`: somebody was passed over, which the files alone cannot explain. */
static void check_bundle(City *city, bool has_remark) {
    g_autoptr(GError) error = NULL;
    json_t *check = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-substitute-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, DRAW_SUBSTITUTIONS_FILE, NULL);
    g_autofree char *text = NULL;
    draw_export(city->db, city->draw_id, true, folder, &error);
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_autoptr(json_t) document = verdict_on(folder, &check);
    g_assert_true(json_get_bool(document, "valid", false));
    g_assert_true(json_is_true(json_object_get(check, "ok")) == !has_remark);
    g_assert_true(json_is_null(json_object_get(check, "ok")) == has_remark);
    spoil(folder, path, text);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_autoptr(json_t) without = verdict_on(folder, &check);
    g_assert_true(json_get_bool(without, "valid", false));
    g_assert_null(check); /* nothing to look at is not a gap */
    test_folder_remove(folder);
}

/* --- objects -----------------------------------------------------------------------------------
 */

/* What the next draw of the year would count. */
static int64_t drawn_before(Db *db, int64_t unit_id) {
    g_autoptr(GError) error = NULL;
    const Size size = {.quota = 1, .cap = 60};
    g_autofree char *id = g_strdup_printf("U%" G_GINT64_FORMAT, unit_id);
    DrawStanding standing = {0};
    bool is_found = false;
    int64_t draw_id = make_draw(db, &size, false);
    g_assert_true(draw_standing(db, draw_id, id, &standing, &is_found, &error));
    g_assert_true(is_found);
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(draw_drop(db, draw_id, DRAWER, NOW, &error));
    g_assert_true(db_commit(&tx, &error));
    return standing.drawn;
}

/* Reserves come in their order and once, then the place stays empty; the matters follow. */
static void test_reserves(DbEngine engine) {
    City city;
    const Size size = {.units = 7, .officers = 6, .leads = 6, .quota = 2, .reserves = 2, .cap = 60};
    city_begin(&city, engine, &size);
    DrawHeld first = held(&city, 1);
    DrawSubstituteRequest request = ask(&city, 1, 0);
    request.actor = DRAWER;
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* who set the task does not take it back */
    request.actor = CLERK;
    request.expected_id = reserve_id(&city, 4);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* not the one whose turn it is */
    request.expected_id = -1;
    int64_t out = first.object_id;
    static const char *const actors[] = {CLERK, LEADER, CLERK};
    for (int round = 0; round < 3; round++) {
        request.actor = actors[round];
        g_autoptr(GPtrArray) done = must(&city, &request);
        g_assert_cmpuint(done->len, ==, 1);
        const DrawSubstitution *line = done->pdata[0];
        g_assert_cmpint(line->n, ==, round + 1);
        g_assert_cmpint(line->out_id, ==, out);
        g_assert_cmpint(line->in_id, ==, round < 2 ? reserve_id(&city, 3 + round) : 0);
        g_assert_cmpint(line->lead_id, ==, round < 2 ? first.lead_id : 0);
        g_assert_cmpint(count(city.db, "closed", out), ==, 1);
        g_assert_cmpint(count(city.db, "planned", line->in_id), ==, round < 2 ? 1 : 0);
        out = line->in_id;
    }
    g_assert_cmpint(held(&city, 1).object_id, ==, 0);
    request.actor = LEADER;
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* nobody is there */
    request = ask(&city, 2, 0);
    g_autoptr(GPtrArray) none = must(&city, &request);
    g_assert_cmpint(((DrawSubstitution *)none->pdata[0])->in_id, ==, 0);
    g_assert_cmpint(drawn_before(city.db, first.object_id), ==, 0);
    check_bundle(&city, false);
    city_end(&city);
}

/* A team that may not meet the reserve gives way to the next ones, in the same step. */
static void test_teams(DbEngine engine) {
    City city;
    const Size size = {.units = 14,
                       .officers = 12,
                       .leads = 12,
                       .quota = 4,
                       .reserves = 8,
                       .cap = 60,
                       .with_denied = true};
    city_begin(&city, engine, &size);
    for (int64_t round = 0; round < 8; round++) {
        DrawSubstituteRequest request = ask(&city, 1 + round % 4, 0);
        request.actor = round < 4 ? CLERK : LEADER;
        DrawHeld before = held(&city, request.order);
        g_autoptr(GPtrArray) done = must(&city, &request);
        DrawHeld after = held(&city, request.order);
        bool lead_stays = !may_not_meet(after.object_id, before.lead_id);
        bool second_stays = !may_not_meet(after.object_id, before.second_id);
        g_assert_cmpuint(done->len, ==, 1 + (lead_stays ? 0 : 1) + (second_stays ? 0 : 1));
        g_assert_false(may_not_meet(after.object_id, after.lead_id));
        g_assert_false(may_not_meet(after.object_id, after.second_id));
        for (guint i = 1; i < done->len; i++) {
            g_assert_cmpstr(((DrawSubstitution *)done->pdata[i])->reason, ==, "RULE");
        }
    }
    check_bundle(&city, false);
    city_end(&city);
}

/* --- officers ----------------------------------------------------------------------------------
 */

typedef struct Ranked {
    uint8_t hash[DIGEST_SIZE];
    int64_t officer_id;
} Ranked;

static int compare_ranked(gconstpointer left, gconstpointer right) {
    return memcmp(((const Ranked *)left)->hash, ((const Ranked *)right)->hash, DIGEST_SIZE);
}

/* cand(t) written down again: H(KI‖lp(t)‖lp(i)) of officers 1 … count. */
static GArray *order_of(City *city, int64_t unit_id, unsigned officers) {
    g_autoptr(GError) error = NULL;
    DrawKeys keys;
    GArray *order = g_array_new(FALSE, FALSE, sizeof(Ranked));
    g_assert_true(draw_keys_of(city->db, city->draw_id, &keys, &error));
    for (unsigned i = 1; i <= officers; i++) {
        Ranked one = {.officer_id = i};
        g_autofree char *unit = g_strdup_printf("U%" G_GINT64_FORMAT, unit_id);
        g_autofree char *officer = g_strdup_printf("F%u", i);
        g_autoptr(GByteArray) message = g_byte_array_new();
        g_byte_array_append(message, keys.inspector, DIGEST_SIZE);
        const char *const texts[] = {unit, officer};
        for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
            guint8 length = (guint8)strlen(texts[k]);
            g_byte_array_append(message, &length, 1);
            g_byte_array_append(message, (const guint8 *)texts[k], length);
        }
        digest_of(DIGEST_SHA256, message->data, message->len, one.hash);
        g_array_append_val(order, one);
    }
    g_array_sort(order, compare_ranked);
    return order;
}

/* The next after those who have held the place, one is recused meanwhile, until nobody is left. */
static void test_officers(DbEngine engine) {
    City city;
    const Size size = {.units = 4, .officers = 6, .leads = 6, .quota = 1, .reserves = 1, .cap = 60};
    city_begin(&city, engine, &size);
    DrawHeld first = held(&city, 1);
    g_autoptr(GArray) order = order_of(&city, first.object_id, size.officers);
    g_autoptr(GArray) turn = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < order->len; i++) {
        int64_t officer = g_array_index(order, Ranked, i).officer_id;
        if (officer != first.lead_id && officer != first.second_id) {
            g_array_append_val(turn, officer);
        }
    }
    g_assert_cmpuint(turn->len, ==, 4);
    /* the second in turn is recused after the draw, the third has left */
    draw_test_recuse(city.db, DRAWER, NOW, first.object_id, g_array_index(turn, int64_t, 1));
    test_db_exec(city.db,
                 "UPDATE officer SET in_post = 0 WHERE id = $1",
                 db_int(g_array_index(turn, int64_t, 2)));
    int64_t out = first.second_id;
    static const guint comes[] = {0, 3};
    for (guint round = 0; round < G_N_ELEMENTS(comes); round++) {
        DrawSubstituteRequest request = ask(&city, 1, out);
        g_autoptr(GPtrArray) done = must(&city, &request);
        const DrawSubstitution *line = done->pdata[0];
        g_assert_cmpint(line->in_id, ==, g_array_index(turn, int64_t, comes[round]));
        g_assert_cmpuint(line->passed->len, ==, round == 0 ? 0 : 2);
        if (round == 1) {
            const DrawPassed *passed = (const DrawPassed *)(void *)line->passed->data;
            g_assert_cmpint(passed[0].officer_id, ==, g_array_index(turn, int64_t, 1));
            g_assert_cmpstr(passed[0].reason, ==, "RECUSED");
            g_assert_cmpstr(passed[1].reason, ==, "LEFT");
        }
        out = line->in_id;
    }
    DrawSubstituteRequest request = ask(&city, 1, out);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* one officer alone may not go */
    request.officer_id = first.second_id;
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* was replaced before */
    g_assert_cmpint(held(&city, 1).second_id, ==, out);
    check_bundle(&city, true);
    city_end(&city);
}

/* Two may lead: the second time the lead falls out nobody can follow. */
static void test_leads(DbEngine engine) {
    City city;
    const Size size = {.units = 4, .officers = 6, .leads = 2, .quota = 1, .reserves = 0, .cap = 60};
    city_begin(&city, engine, &size);
    DrawSubstituteRequest request = ask(&city, 1, held(&city, 1).lead_id);
    g_assert_cmpint(held(&city, 1).lead_id, <=, 2);
    g_ptr_array_unref(must(&city, &request));
    g_assert_cmpint(held(&city, 1).lead_id, <=, 2); /* one of the two leads again */
    request = ask(&city, 1, held(&city, 1).lead_id);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT);
    request = ask(&city, 1, held(&city, 1).second_id);
    g_ptr_array_unref(must(&city, &request)); /* an assistant is followed by anybody */
    g_assert_cmpint(held(&city, 1).lead_id, <=, 2);
    check_bundle(&city, false);
    city_end(&city);
}

/* One target each: only who is free may come, and who was freed at one place may at another. */
/* Nobody of the district is left: the next rung of the draw lends its officers, in its own order.
 */
static void test_rungs(DbEngine engine) {
    City city;
    const Size size = {.units = 3, .officers = 5, .leads = 5, .near = 3, .quota = 1, .cap = 60};
    city_begin(&city, engine, &size);
    DrawHeld team = held(&city, 1);
    int64_t third = 6 - team.lead_id - team.second_id;
    DrawSubstituteRequest request = ask(&city, 1, team.second_id);
    g_autoptr(GPtrArray) near = must(&city, &request);
    g_assert_cmpint(((DrawSubstitution *)near->pdata[0])->in_id, ==, third);
    request = ask(&city, 1, third);
    g_autoptr(GPtrArray) far = must(&city, &request);
    int64_t lent = ((DrawSubstitution *)far->pdata[0])->in_id;
    g_assert_cmpint(lent, >, 3);
    request = ask(&city, 1, team.lead_id);
    g_autoptr(GPtrArray) last = must(&city, &request);
    g_assert_cmpint(((DrawSubstitution *)last->pdata[0])->in_id, ==, 9 - lent);
    request = ask(&city, 1, lent);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* all five have held the place */
    check_bundle(&city, false);
    city_end(&city);
}

static void test_cap(DbEngine engine) {
    City city;
    const Size size = {.units = 4, .officers = 5, .leads = 5, .quota = 2, .reserves = 0, .cap = 1};
    city_begin(&city, engine, &size);
    DrawHeld one = held(&city, 1);
    DrawHeld two = held(&city, 2);
    int64_t idle = 15 - one.lead_id - one.second_id - two.lead_id - two.second_id;
    DrawSubstituteRequest request = ask(&city, 1, one.second_id);
    g_autoptr(GPtrArray) done = must(&city, &request);
    g_assert_cmpint(((DrawSubstitution *)done->pdata[0])->in_id, ==, idle);
    request = ask(&city, 1, one.lead_id);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT);
    request = ask(&city, 2, two.lead_id);
    g_autoptr(GPtrArray) other = must(&city, &request);
    g_assert_cmpint(((DrawSubstitution *)other->pdata[0])->in_id, ==, one.second_id);
    check_bundle(&city, false);
    city_end(&city);
}

/* --- what is refused ---------------------------------------------------------------------------
 */

static void test_refusals(DbEngine engine) {
    City city;
    const Size size = {.units = 6, .officers = 6, .leads = 6, .quota = 2, .reserves = 1, .cap = 60};
    city_begin(&city, engine, &size);
    DrawSubstituteRequest request = ask(&city, 1, 0);
    request.reason = "AWAY"; /* of officers */
    must_refuse(&city, &request, HZ_ERROR_INVALID);
    request.reason = "CLOSED";
    request.note = "";
    must_refuse(&city, &request, HZ_ERROR_INVALID);
    request = ask(&city, 3, 0);
    must_refuse(&city, &request, HZ_ERROR_NOT_FOUND); /* a reserve has no place */
    request = ask(&city, 1, held(&city, 2).lead_id + 100);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT);
    test_db_exec(city.db,
                 "UPDATE inspection SET recorded_us = 1, state = 'recorded' WHERE object_id = $1",
                 db_int(held(&city, 1).object_id));
    request = ask(&city, 1, 0);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT); /* somebody was there */
    request = ask(&city, 1, held(&city, 1).lead_id);
    must_refuse(&city, &request, HZ_ERROR_CONFLICT);
    City frozen = city;
    frozen.draw_id = make_draw(city.db, &size, false);
    request = ask(&frozen, 1, 0);
    must_refuse(&frozen, &request, HZ_ERROR_CONFLICT); /* not drawn yet */
    city_end(&city);
}

/* --- two at once -------------------------------------------------------------------------------
 */

typedef struct Racer {
    TestDb *fresh;
    DrawSubstituteRequest request;
    int64_t in_id;
} Racer;

static bool race_work(Db *db, void *data, GError **error) {
    Racer *racer = data;
    g_autoptr(GPtrArray) done = draw_substitute(db, &racer->request, error);
    racer->in_id = done != NULL ? ((DrawSubstitution *)done->pdata[0])->in_id : -1;
    return done != NULL;
}

static gpointer race(gpointer data) {
    Racer *racer = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = test_db_open(racer->fresh, DB_READ_WRITE);
    db_run_tx(db, race_work, racer, &error);
    g_assert_no_error(error);
    return NULL;
}

/* One reserve, two places: one of them gets it, the other stays empty. */
static void test_race(DbEngine engine) {
    City city;
    const Size size = {.units = 6, .officers = 6, .leads = 6, .quota = 2, .reserves = 1, .cap = 60};
    city_begin(&city, engine, &size);
    Racer racers[2];
    GThread *threads[2];
    int64_t reserve = reserve_id(&city, 3);
    for (int i = 0; i < 2; i++) {
        racers[i] = (Racer){.fresh = city.fresh, .request = ask(&city, i + 1, 0)};
        threads[i] = g_thread_new("race", race, &racers[i]);
    }
    for (int i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpint(racers[0].in_id + racers[1].in_id, ==, reserve);
    g_assert_cmpint(MIN(racers[0].in_id, racers[1].in_id), ==, 0);
    check_bundle(&city, false);
    city_end(&city);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/draw/substitute/reserves-come-in-order-and-once", test_reserves);
    test_db_add("/draw/substitute/a-team-that-may-not-meet-gives-way", test_teams);
    test_db_add("/draw/substitute/officers-come-in-order", test_officers);
    test_db_add("/draw/substitute/somebody-may-lead", test_leads);
    test_db_add("/draw/substitute/nobody-beyond-the-cap", test_cap);
    test_db_add("/draw/substitute/the-next-rung-lends-officers", test_rungs);
    test_db_add("/draw/substitute/refusals-leave-nothing", test_refusals);
    test_db_add("/draw/substitute/two-at-once-share-no-reserve", test_race);
    return g_test_run();
}
