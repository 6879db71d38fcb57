/* Plans and draws on both engines, and the exported bundle against tampering. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw.h"
#include "draw/draw_city.h"
#include "draw/draw_files.h"
#include "draw/draw_test_support.h"
#include "ledger/ledger_heads.h"
#include "ledger/note.h"
#include "ledger/sign_key.h"
#include "registry/intake.h"
#include "registry/region.h"
#include "test_db.h"
#include "test_folder.h"

#include <glib/gstdio.h>
#include <string.h>

/* All rooms: those above act on a draw through draw_done_hooks. */
static const char *const *const rooms = NULL;

#define NOW INT64_C(1795000000000000) /* 2026-11-18 */
#define ACTOR "account:7"

/* --- a small city ------------------------------------------------------------------------------
 */

static void add_regions(Db *db) {
    static const RegionChange regions[] = {
        {.code = "50", .name = "重庆市"},
        {.code = "500103", .name = "渝中区"},
        {.code = "500106", .name = "沙坪坝区"},
        {.code = "500107", .name = "九龙坡区"},
    };
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        region_put(db, &regions[i], &error);
        g_assert_no_error(error);
    }
    g_assert_true(db_commit(&tx, &error));
}

static void take_in(Db *db, IntakeKind kind, const void *inputs, size_t count) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_autofree IntakeResult *results = g_new0(IntakeResult, count);
    IntakeContext context = {.scope_region = "50", .now_us = NOW, .actor = ACTOR};
    g_assert_true(db_begin(db, &tx, &error));
    intake_batch(db, kind, inputs, count, &context, results, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpint(results[i].outcome, ==, INTAKE_ADDED);
        intake_result_clear(&results[i]);
    }
    g_assert_true(db_commit(&tx, &error));
}

static const char *const districts[] = {"500103", "500106", "500107"};
static const char *const uses[] = {"hotel", "mall", "school"};
static const char *const risks[] = {"low", "general", "higher", "high", NULL};
static const char *const credits[] = {"A", "B", "C", "D", NULL};

static void add_units(Db *db, unsigned count) {
    g_autofree UnitInput *units = g_new0(UnitInput, count);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < count; i++) {
        char *name = g_strdup_printf("演示单位%u号", i + 1);
        char *address = g_strdup_printf("演示路%u号", i + 1);
        g_ptr_array_add(texts, name);
        g_ptr_array_add(texts, address);
        units[i] = (UnitInput){.name = name,
                               .address = address,
                               .region = districts[i % 3],
                               .category = uses[i / 3 % 3],
                               .risk = risks[i % 5],
                               .credit = credits[i / 5 % 5]};
    }
    take_in(db, INTAKE_UNIT, units, count);
}

static void add_officers(Db *db, unsigned count) {
    g_autofree OfficerInput *officers = g_new0(OfficerInput, count);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < count; i++) {
        char *name = g_strdup_printf("演示人员%u", i + 1);
        char *certificate = g_strdup_printf("DEMO%06u", i + 1);
        g_ptr_array_add(texts, name);
        g_ptr_array_add(texts, certificate);
        officers[i] = (OfficerInput){.name = name,
                                     .certificate = certificate,
                                     .certificate_until = i % 7 == 6 ? "2026-01-31" : "2028-12-31",
                                     .region = districts[i % 3],
                                     .in_post = i % 11 == 10 ? "否" : "是",
                                     .can_lead = i % 2 == 0 ? "是" : "否"};
    }
    take_in(db, INTAKE_OFFICER, officers, count);
}

static void fill_city(Db *db) {
    add_regions(db);
    add_units(db, 120);
    add_officers(db, 24);
}

/* --- plans -------------------------------------------------------------------------------------
 */

typedef struct Wish {
    const char *stratum;
    int64_t quota, reserves;
} Wish;

static bool try_plan(
    Db *db, const Wish *wishes, size_t count, int64_t supersedes, int64_t *ret_id, GError **error) {
    g_autoptr(GArray) quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    for (size_t i = 0; i < count; i++) {
        PlanQuota quota = {.quota = wishes[i].quota, .reserves = wishes[i].reserves};
        g_strlcpy(quota.stratum, wishes[i].stratum, sizeof quota.stratum);
        g_array_append_val(quotas, quota);
    }
    Plan plan = {.year = 2026,
                 .title = (char *)"2026 年度抽查计划",
                 .agency = (char *)"演示支队",
                 .object_kind = (char *)"unit",
                 .region = (char *)"500000",
                 .quotas = quotas};
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, error));
    return plan_add(db, &plan, supersedes, ACTOR, NOW, ret_id, error) && db_commit(&tx, error);
}

static int64_t must_plan(Db *db, const Wish *wishes, size_t count, int64_t supersedes) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    try_plan(db, wishes, count, supersedes, &id, &error);
    g_assert_no_error(error);
    return id;
}

static bool try_publish(Db *db, int64_t id, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && plan_publish(db, id, ACTOR, NOW, error) &&
           db_commit(&tx, error);
}

static void must_publish(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    try_publish(db, id, &error);
    g_assert_no_error(error);
}

static const Wish wishes[] = {{"hotel", 8, 2}, {"mall", 5, 0}, {"school", 3, 3}};

static void test_plan(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    int64_t id = must_plan(db, wishes, 3, 0);
    g_autoptr(Plan) plan = plan_find(db, id, &error);
    g_assert_no_error(error);
    g_assert_cmpint(plan->state, ==, PLAN_DRAFT);
    g_assert_cmpint(plan->root_id, ==, id);
    g_assert_cmpstr(plan->region, ==, "50");
    g_assert_cmpuint(plan->quotas->len, ==, 3);
    g_assert_cmpint(g_array_index(plan->quotas, PlanQuota, 0).reserves, ==, 2);

    int64_t other = 0;
    g_assert_false(try_plan(db, wishes, 3, id, &other, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT); /* no new version of a draft */
    g_clear_error(&error);
    must_publish(db, id);
    g_assert_false(try_publish(db, id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);

    other = must_plan(db, wishes, 2, id);
    must_publish(db, other);
    g_autoptr(Plan) old = plan_find(db, id, &error);
    g_autoptr(Plan) young = plan_find(db, other, &error);
    g_assert_cmpint(old->state, ==, PLAN_SUPERSEDED);
    g_assert_cmpint(young->version, ==, 2);
    g_assert_cmpint(young->root_id, ==, id);
    g_assert_cmpuint(old->quotas->len, ==, 3); /* what was published stays as it was */

    PlanFilter filter = {.year = 2026, .state = PLAN_PUBLISHED, .limit = 10};
    g_autoptr(GPtrArray) found = plan_list(db, &filter, &error);
    g_assert_cmpuint(found->len, ==, 1);
    static const Wish bad[][2] = {{{"Hotel", 1, 0}, {0}},
                                  {{"hotel", 0, 0}, {0}},
                                  {{"hotel", -1, 0}, {0}},
                                  {{"hotel", 1, -1}, {0}},
                                  {{"hotel", 1000000, 0}, {0}}};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refusal = NULL;
        g_assert_false(try_plan(db, bad[i], 1, 0, &other, &refusal));
        g_assert_error(refusal, HZ_ERROR, HZ_ERROR_INVALID);
    }
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

/* --- draws -------------------------------------------------------------------------------------
 */

#define DICE "48151623423141592653"
#define BEACON_US (NOW + 700 * CLOCK_SECOND_US)

/* In SM3 sealed, in SHA-256 open: both ways through the house. */
static DrawRequest request_for(int64_t plan_id, const char *const *strata, DigestKind kind) {
    return (DrawRequest){.plan_id = plan_id,
                         .title = "第 1 次随机抽查",
                         .strata = strata,
                         .date_from = "2026-11-20",
                         .date_to = "2026-12-20",
                         .kind = kind,
                         .mode = kind == DIGEST_SM3 ? DRAW_SEALED : DRAW_OPEN,
                         .delta_s = 600,
                         .officer_cap = 60,
                         .rotate = 1,
                         .actor = ACTOR,
                         .now_us = NOW};
}

static DrawBeacon dice_beacon(void) {
    g_autoptr(GError) error = NULL;
    DrawBeacon beacon = {0};
    draw_beacon_make("dice10", "20", BEACON_US, &beacon, &error);
    g_assert_no_error(error);
    return beacon;
}

static bool try_freeze(Db *db, const DrawRequest *request, int64_t *ret_id, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_freeze(db, request, ret_id, error) &&
           db_commit(&tx, error);
}

static bool try_commit(Db *db, const DrawCommitRequest *request, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_commit(db, request, error) && db_commit(&tx, error);
}

static bool try_take(Db *db, int64_t id, const char *typed, int64_t now_us, GError **error) {
    DrawBeaconTake take = {
        .draw_id = id, .j = 1, .typed = typed, .note = "", .actor = ACTOR, .now_us = now_us};
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_beacon_take(db, &take, error) && db_commit(&tx, error);
}

static bool try_run(Db *db, int64_t id, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_run(db, id, ACTOR, BEACON_US, error) &&
           db_commit(&tx, error);
}

static bool try_draw(Db *db,
                     int64_t plan_id,
                     const char *const *strata,
                     DigestKind kind,
                     int64_t *ret_id,
                     GError **error) {
    DrawRequest request = request_for(plan_id, strata, kind);
    DrawBeacon beacon = dice_beacon();
    if (!try_freeze(db, &request, ret_id, error)) {
        return false;
    }
    DrawCommitRequest commit = {.draw_id = *ret_id,
                                .beacons = &beacon,
                                .beacon_count = 1,
                                .open_by = "2027-01-20",
                                .actor = ACTOR,
                                .now_us = NOW};
    return try_commit(db, &commit, error) && try_take(db, *ret_id, DICE, BEACON_US, error) &&
           try_run(db, *ret_id, error);
}

static int64_t must_draw(Db *db, int64_t plan_id, const char *const *strata, DigestKind kind) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    try_draw(db, plan_id, strata, kind, &id, &error);
    g_assert_no_error(error);
    return id;
}

static const char *const all_strata[] = {"hotel", "mall", "school", NULL};

static void check_targets(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_find(db, id, &error);
    g_assert_no_error(error);
    g_assert_cmpint(draw->pool_count, ==, 120);
    g_assert_cmpint(draw->eligible_count, ==, 120);
    g_assert_cmpint(draw->drawn_count, ==, 16);
    g_assert_cmpint(draw->reserve_count, ==, 5);
    g_assert_cmpint(draw->unstaffed_count, ==, 0);
    g_assert_cmpint(draw->inspector_count, ==, 22); /* two are not in post */
    g_autoptr(GPtrArray) targets = draw_targets(db, id, 0, 0, &error);
    g_assert_cmpuint(targets->len, ==, 21);
    for (guint i = 0; i < targets->len; i++) {
        const DrawnObject *target = g_ptr_array_index(targets, i);
        g_assert_cmpint(target->order, ==, i + 1);
        g_assert_true(target->is_reserve == (i >= 16));
        g_assert_true((target->lead_id != 0) == !target->is_reserve);
        g_assert_true(g_str_has_prefix(target->name, "演示单位"));
        DrawStanding standing;
        bool is_found = false;
        g_autofree char *unit = g_strdup_printf("U%" G_GINT64_FORMAT, target->object_id);
        g_assert_true(draw_standing(db, id, unit, &standing, &is_found, &error));
        g_assert_true(is_found);
        g_assert_cmpstr(standing.stratum, ==, target->stratum);
        g_assert_cmpint(standing.weight, >=, 1);
    }
    DrawStanding standing;
    bool is_found = true;
    g_assert_true(draw_standing(db, id, "U999999", &standing, &is_found, &error));
    g_assert_false(is_found);
    g_assert_true(draw_standing(db, id, "A", &standing, &is_found, &error));
    g_assert_false(is_found);
}

/* One changed byte in any file must be noticed; so must a line taken out, doubled or moved. */
static void spoil_file(const char *folder, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *good = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(path, &good, &size, &error));
    for (gsize at = 0; at < size; at += 1 + size / 40) {
        g_autofree char *bad = g_memdup2(good, size);
        bad[at] = bad[at] == '1' ? '2' : '1';
        g_assert_true(g_file_set_contents(path, bad, (gssize)size, &error));
        g_autoptr(GError) problem = NULL;
        g_autoptr(DrawOutcome) outcome = draw_verify_folder(folder, &problem);
        if (outcome != NULL) {
            g_error("%s: byte %zu changed and nobody noticed", name, at);
        }
        g_assert_nonnull(problem);
    }
    const char *line_end = size > 0 ? strchr(good, '\n') : NULL;
    if (line_end != NULL) {
        g_assert_true(g_file_set_contents(path, line_end + 1, -1, &error));
        g_assert_null(draw_verify_folder(folder, NULL));
        g_assert_true(g_file_set_contents(path, good, (gssize)size - 1, &error));
        g_assert_null(draw_verify_folder(folder, NULL));
    }
    g_assert_true(g_file_set_contents(path, good, (gssize)size, &error));
}

static void check_bundle(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-draw-XXXXXX", &error);
    draw_export(db, id, false, folder, &error);
    g_assert_no_error(error);
    g_autoptr(Draw) draw = draw_find(db, id, &error);
    g_autoptr(DrawOutcome) outcome = draw_verify_folder(folder, &error);
    g_assert_no_error(error);
    g_autofree char *commit = hex_format(outcome->commit, DIGEST_SIZE);
    g_autofree char *result = hex_format(outcome->result_hash, DIGEST_SIZE);
    g_assert_cmpstr(commit, ==, draw->commit);
    g_assert_cmpstr(result, ==, draw->result);
    static const char *const spoilt[] = {"pool.tsv",
                                         "insp.tsv",
                                         "deny.tsv",
                                         "params.txt",
                                         "commit.txt",
                                         "beacon.txt",
                                         "reveals.txt",
                                         "salt.txt",
                                         "result.tsv"};
    for (size_t i = 0; i < G_N_ELEMENTS(spoilt); i++) {
        /* Where nothing was drawn no seed leaves a trace; only the ledger knows C then. */
        bool is_seed = strcmp(spoilt[i], "commit.txt") == 0 || strcmp(spoilt[i], "beacon.txt") == 0;
        if (draw->drawn_count > 0 || !is_seed) {
            spoil_file(folder, spoilt[i]);
        }
    }
    g_autoptr(DrawOutcome) again = draw_verify_folder(folder, &error);
    g_assert_no_error(error);
    test_folder_remove(folder);
}

static void test_draw(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    for (int64_t unit = 1; unit <= 12; unit++) {
        draw_test_recuse(db, ACTOR, NOW, unit, 1 + unit % 5);
    }
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    int64_t id = 0;
    g_assert_false(try_draw(db, plan_id, all_strata, DIGEST_SM3, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT); /* a draft cannot be drawn */
    g_clear_error(&error);
    must_publish(db, plan_id);
    id = must_draw(db, plan_id, all_strata, DIGEST_SM3);
    check_targets(db, id);
    check_bundle(db, id);
    int64_t leaf = 0;
    g_autofree char *object = g_strdup_printf("draw:%" G_GINT64_FORMAT, id);
    g_assert_true(ledger_latest(db, object, &leaf, &error));
    g_auto(LedgerRecord) record = {0};
    g_assert_true(ledger_find(db, leaf, &record, &error));
    g_assert_cmpstr(record.type, ==, "draw.result");
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

/* No second try: not by asking again, not through a new version of the plan. */
static void test_once(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    static const char *const rest[] = {"mall", "school", NULL};
    fill_city(db);
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    must_publish(db, plan_id);
    must_draw(db, plan_id, hotels, DIGEST_SM3);
    int64_t id = 0;
    g_assert_false(try_draw(db, plan_id, all_strata, DIGEST_SM3, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    int64_t version_two = must_plan(db, wishes, 3, plan_id);
    must_publish(db, version_two);
    g_assert_false(try_draw(db, version_two, hotels, DIGEST_SM3, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_false(try_draw(db, plan_id, rest, DIGEST_SM3, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT); /* superseded */
    g_clear_error(&error);
    must_draw(db, version_two, rest, DIGEST_SHA256);
    static const char *const unknown[] = {"hospital", NULL};
    g_assert_false(try_draw(db, version_two, unknown, DIGEST_SM3, &id, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
}

/* An object drawn twice in the year takes no further part, and the pool says why. */
static void test_cap(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    static const Wish whole[] = {{"hotel", 200, 0}};
    fill_city(db);
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(draw_exclude(db, "unit", 1, "CLOSED", "停业", ACTOR, NOW, &error));
    g_assert_true(db_commit(&tx, &error));
    int64_t ids[3];
    for (int round = 0; round < 3; round++) {
        int64_t plan_id = must_plan(db, whole, 1, 0);
        must_publish(db, plan_id);
        ids[round] = must_draw(db, plan_id, hotels, DIGEST_SHA256);
        g_autoptr(Draw) draw = draw_find(db, ids[round], &error);
        g_assert_cmpint(draw->short_count, ==, 1);
        g_assert_cmpint(draw->drawn_count, ==, round < 2 ? draw->pool_count - 1 : 0);
        DrawStanding standing;
        bool is_found = false;
        g_assert_true(draw_standing(db, ids[round], "U2", &standing, &is_found, &error));
        g_assert_true(is_found);
        g_assert_cmpstr(standing.reason, ==, round < 2 ? "-" : "CAP");
        g_assert_cmpint(standing.drawn, ==, round);
        g_assert_true(draw_standing(db, ids[round], "U1", &standing, &is_found, &error));
        g_assert_cmpstr(standing.reason, ==, "CLOSED");
        check_bundle(db, ids[round]);
    }
    g_autoptr(GPtrArray) history = draw_targets_of(db, "unit", 2, 10, &error);
    g_assert_cmpuint(history->len, ==, 2);
}

static void test_publish(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    must_publish(db, plan_id);
    int64_t id = must_draw(db, plan_id, all_strata, DIGEST_SM3);
    for (int round = 0; round < 2; round++) {
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        bool is_done = draw_publish(db, id, ACTOR, NOW, &error) && db_commit(&tx, &error);
        g_assert_true(is_done == (round == 0));
    }
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_autoptr(Draw) draw = draw_find(db, id, NULL);
    g_assert_cmpint(draw->state, ==, DRAW_PUBLISHED);
}

/* The same facts give the same files on both engines. */
static char *result_hash(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    must_publish(db, plan_id);
    int64_t id = must_draw(db, plan_id, all_strata, DIGEST_SHA256);
    g_autofree char *folder = g_dir_make_tmp("huozheng-draw-XXXXXX", &error);
    draw_export(db, id, false, folder, &error);
    g_assert_no_error(error);
    g_autoptr(GString) all = g_string_new(NULL);
    for (const char *const *name = draw_file_names; *name != NULL; name++) {
        /* commit.txt holds the log's root, whose salts differ; so do seed and result then. */
        if (strcmp(*name, "commit.txt") != 0 && strcmp(*name, "result.tsv") != 0) {
            g_autofree char *path = g_build_filename(folder, *name, NULL);
            g_autofree char *text = NULL;
            g_assert_true(g_file_get_contents(path, &text, NULL, &error));
            g_string_append(all, text);
        }
    }
    test_folder_remove(folder);
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, all->str, all->len, hash);
    return hex_format(hash, DIGEST_SIZE);
}

static void test_engines_agree(void) {
    g_autofree char *sqlite = result_hash(DB_ENGINE_SQLITE);
    g_autofree char *pg = result_hash(DB_ENGINE_PG);
    g_assert_cmpstr(sqlite, ==, pg);
}

/* --- the protocol ------------------------------------------------------------------------------
 */

static int64_t must_freeze(Db *db, const char *const *strata, DigestKind kind) {
    g_autoptr(GError) error = NULL;
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    int64_t id = 0;
    must_publish(db, plan_id);
    DrawRequest request = request_for(plan_id, strata, kind);
    try_freeze(db, &request, &id, &error);
    g_assert_no_error(error);
    return id;
}

static void expect(bool done, GError **error, HzErrorCode code) {
    g_assert_false(done);
    g_assert_error(*error, HZ_ERROR, (gint)code);
    g_clear_error(error);
}

static bool
try_reveal(Db *db, int64_t id, const char *party, uint8_t fill, int64_t now_us, GError **error) {
    uint8_t share[DRAW_SHARE_SIZE];
    memset(share, fill, sizeof share);
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_reveal(db, id, party, share, ACTOR, now_us, error) &&
           db_commit(&tx, error);
}

static bool try_drop(Db *db, int64_t id, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && draw_drop(db, id, ACTOR, NOW, error) &&
           db_commit(&tx, error);
}

/* What a party whose share is 32 times `fill` has handed over. Caller frees. */
static char *party_hex(Db *db, int64_t id, const char *name, uint8_t fill) {
    g_autoptr(Draw) draw = draw_find(db, id, NULL);
    uint8_t share[DRAW_SHARE_SIZE];
    uint8_t commit[DIGEST_SIZE];
    memset(share, fill, sizeof share);
    draw_party_commit(draw->kind, draw->number, name, share, commit);
    return hex_format(commit, sizeof commit);
}

static void commit_with_parties(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_autofree char *first = party_hex(db, id, "演示公证处", 1);
    g_autofree char *second = party_hex(db, id, "演示大学", 2);
    DrawPartyCommit parties[] = {{"演示公证处", first}, {"演示大学", second}};
    DrawBeacon beacon = dice_beacon();
    DrawCommitRequest commit = {.draw_id = id,
                                .beacons = &beacon,
                                .beacon_count = 1,
                                .parties = parties,
                                .party_count = 2,
                                .open_by = "2027-01-20",
                                .actor = ACTOR,
                                .now_us = NOW};
    try_commit(db, &commit, &error);
    g_assert_no_error(error);
    expect(try_commit(db, &commit, &error), &error, HZ_ERROR_CONFLICT); /* no second one */
}

/* Shares count when they come in time and are what was committed to; missing ones are left out. */
static void check_shares(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    expect(try_reveal(db, id, "演示大学", 9, NOW, &error), &error, HZ_ERROR_INVALID);
    expect(try_reveal(db, id, "没有的", 2, NOW, &error), &error, HZ_ERROR_NOT_FOUND);
    expect(try_reveal(db, id, "演示公证处", 1, BEACON_US, &error), &error, HZ_ERROR_DENIED);
    g_assert_true(try_reveal(db, id, "演示大学", 2, BEACON_US - 1, &error));
    expect(try_reveal(db, id, "演示大学", 2, NOW, &error), &error, HZ_ERROR_CONFLICT);
}

static void check_beacon_and_run(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    expect(try_run(db, id, &error), &error, HZ_ERROR_CONFLICT); /* no beacon yet */
    expect(try_take(db, id, DICE, BEACON_US - 1, &error), &error, HZ_ERROR_DENIED);
    expect(try_take(db, id, "123", BEACON_US, &error), &error, HZ_ERROR_INVALID);
    g_assert_true(try_take(db, id, DICE, BEACON_US, &error));
    expect(try_take(db, id, DICE, BEACON_US, &error), &error, HZ_ERROR_CONFLICT);
    g_assert_true(try_run(db, id, &error));
    g_assert_no_error(error);
    expect(try_run(db, id, &error), &error, HZ_ERROR_CONFLICT); /* no second draw */
    expect(try_drop(db, id, &error), &error, HZ_ERROR_CONFLICT);
}

static char *file_text(const char *folder, const char *name) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* What anybody may have of a sealed draw before it is opened: rules, commitment, beacon. */
static void check_sealed_bundle(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-draw-XXXXXX", &error);
    g_assert_true(draw_export(db, id, true, folder, &error));
    for (const char *const *name = draw_file_names; *name != NULL; name++) {
        g_autofree char *text = file_text(folder, *name);
        bool is_open = strcmp(*name, "params.txt") == 0 || strcmp(*name, "commit.txt") == 0 ||
                       strcmp(*name, "beacon.txt") == 0;
        g_assert_true((text != NULL) == is_open);
    }
    test_folder_remove(folder);
}

static void test_protocol(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    for (int kind = DIGEST_SHA256; kind <= DIGEST_SM3; kind++) {
        int64_t id = must_freeze(db, all_strata, (DigestKind)kind);
        expect(try_run(db, id, &error), &error, HZ_ERROR_CONFLICT);
        expect(try_take(db, id, DICE, BEACON_US, &error), &error, HZ_ERROR_CONFLICT);
        commit_with_parties(db, id);
        expect(try_drop(db, id, &error), &error, HZ_ERROR_CONFLICT);
        check_shares(db, id);
        check_beacon_and_run(db, id);
        g_autoptr(GArray) parties = draw_parties(db, id, &error);
        guint own = kind == DIGEST_SM3 ? 1 : 0;
        g_assert_cmpuint(parties->len, ==, 2 + own);
        g_assert_false(g_array_index(parties, DrawPartyRow, own).counts);
        g_assert_true(g_array_index(parties, DrawPartyRow, own + 1).counts);
        g_autoptr(Draw) draw = draw_find(db, id, &error);
        g_assert_cmpint(draw->state, ==, kind == DIGEST_SM3 ? DRAW_DONE : DRAW_PUBLISHED);
        if (kind == DIGEST_SM3) {
            check_sealed_bundle(db, id);
        }
        check_bundle(db, id);
    }
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

/* Too few bits, too soon, no day of opening, wrong commitments: nothing is committed. */
static void test_commit_refusals(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    fill_city(db);
    int64_t id = must_freeze(db, hotels, DIGEST_SM3);
    DrawBeacon good = dice_beacon();
    DrawBeacon few = {0};
    DrawBeacon soon = good;
    g_assert_true(draw_beacon_make("dice10", "18", BEACON_US, &few, &error));
    soon.time_us = NOW + 599 * CLOCK_SECOND_US;
    DrawPartyCommit bad = {"演示公证处", "12"};
    DrawPartyCommit named = {"platform", draw_file_names[0]};
    const DrawCommitRequest refused[] = {
        {.beacons = &few, .beacon_count = 1, .open_by = "2027-01-20"},
        {.beacons = &soon, .beacon_count = 1, .open_by = "2027-01-20"},
        {.beacons = &good, .beacon_count = 0, .open_by = "2027-01-20"},
        {.beacons = &good, .beacon_count = 1, .open_by = "2026-12-19"},
        {.beacons = &good, .beacon_count = 1},
        {.beacons = &good,
         .beacon_count = 1,
         .open_by = "2027-01-20",
         .parties = &bad,
         .party_count = 1},
        {.beacons = &good,
         .beacon_count = 1,
         .open_by = "2027-01-20",
         .parties = &named,
         .party_count = 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        DrawCommitRequest request = refused[i];
        request.draw_id = id;
        request.actor = ACTOR;
        request.now_us = NOW;
        expect(try_commit(db, &request, &error), &error, HZ_ERROR_INVALID);
    }
    /* Another draw of the same scope must wait, also one of another plan. */
    int64_t plan_id = must_plan(db, wishes, 3, 0);
    int64_t other = 0;
    must_publish(db, plan_id);
    DrawRequest overlapping = request_for(plan_id, hotels, DIGEST_SM3);
    expect(try_freeze(db, &overlapping, &other, &error), &error, HZ_ERROR_CONFLICT);
    /* What is only frozen can be taken back, and leaves its strata free. */
    g_assert_true(try_drop(db, id, &error));
    g_assert_true(try_freeze(db, &overlapping, &other, &error));
    g_autoptr(Draw) dropped = draw_find(db, id, &error);
    g_assert_cmpint(dropped->state, ==, DRAW_DROPPED);
    g_assert_false(draw_file_is_there(dropped, "pool.tsv"));
}

/* A city with a witness that signs `after_s` seconds after the commitment; INT64_MAX: never. */
static int64_t committed_before(Db *db, const char *vkey, int64_t after_s) {
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    int64_t id = must_freeze(db, hotels, DIGEST_SHA256);
    DrawBeacon beacon = dice_beacon();
    DrawCommitRequest commit = {
        .draw_id = id, .beacons = &beacon, .beacon_count = 1, .actor = ACTOR, .now_us = NOW};
    try_commit(db, &commit, &error);
    g_assert_no_error(error);
    g_autoptr(Draw) draw = draw_find(db, id, &error);
    if (after_s != INT64_MAX) {
        test_db_exec(db,
                     "INSERT INTO ledger_cosignature (size, vkey, time_us, line) "
                     "VALUES ($1, $2, $3, '')",
                     db_int(draw->commit_leaf + 1),
                     db_text(vkey),
                     db_int(NOW + after_s * CLOCK_SECOND_US));
    }
    g_assert_true(try_take(db, id, DICE, BEACON_US, &error));
    return id;
}

static char *set_witness(Db *db) {
    g_autoptr(GError) error = NULL;
    g_autoptr(SignKey) key = sign_key_new(SIGN_ED25519);
    NoteKey note_key = note_key_make("w.example", NOTE_COSIGNATURE, sign_key_public(key));
    char *vkey = note_key_format(&note_key);
    g_autofree char *policy = g_strdup_printf("witness w %s\nquorum w\n", vkey);
    ledger_policy_set(db, policy, ACTOR, NOW, &error);
    g_assert_no_error(error);
    return vkey;
}

/* Beacon at 700 s, delta 600 s: a witness after 100 s is in time, one second later it is not, and
 * then no result ever comes from the commitment, but its strata may be drawn by another one. */
static void test_time_rule(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    g_autofree char *vkey = set_witness(db);
    int64_t never = committed_before(db, vkey, INT64_MAX);
    expect(try_run(db, never, &error), &error, HZ_ERROR_CONFLICT);
    expect(try_drop(db, never, &error), &error, HZ_ERROR_CONFLICT); /* a witness may still sign */
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(draw_drop(db, never, ACTOR, NOW + 101 * CLOCK_SECOND_US, &error));
    g_assert_true(db_commit(&tx, &error));
    g_autoptr(Draw) lapsed = draw_find(db, never, &error);
    g_assert_cmpint(lapsed->state, ==, DRAW_LAPSED);
    g_assert_true(draw_file_is_public(lapsed, "pool.tsv"));

    int64_t late = committed_before(db, vkey, 101);
    expect(try_run(db, late, &error), &error, HZ_ERROR_CONFLICT);
    g_assert_true(try_drop(db, late, &error));
    int64_t good = committed_before(db, vkey, 100);
    expect(try_drop(db, good, &error), &error, HZ_ERROR_CONFLICT);
    g_assert_true(try_run(db, good, &error));
    g_assert_no_error(error);
    DrawWitnessed witnessed = {0};
    g_autoptr(Draw) draw = draw_find(db, good, &error);
    g_assert_true(draw_witnessed(db, draw->commit_leaf, &witnessed, &error));
    g_assert_true(witnessed.is_known && witnessed.witnesses == 1);
}

/* A bundle from before the protocol still verifies, and says that its seed was typed. */
static void test_old_bundle(void) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-draw-XXXXXX", &error);
    static const char params[] = "alg=FSS-DRAW/1\ncap=2\ndelta=0\nhash=sha256\n"
                                 "insp_date_to=2026-12-20\nmode=open\nrung.1=same\n";
    static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, params, strlen(params), hash);
    g_autofree char *params_hash = hex_format(hash, sizeof hash);
    g_autofree char *commit =
        g_strdup_printf("beacon.01=form:1:2026-11-18T11:06:40.000Z\ndeny.count=0\ndeny.root=%s\n"
                        "draw=D1\ninsp.count=0\ninsp.root=%s\nlog.root=%s\nlog.size=0\n"
                        "params=%s\npool.count=0\npool.root=%s\n",
                        empty,
                        empty,
                        empty,
                        params_hash,
                        empty);
    const char *const files[][2] = {{"params.txt", params},
                                    {"commit.txt", commit},
                                    {"beacon.txt", "1\tform\t1\t010203040506070809\n"},
                                    {"pool.tsv", ""},
                                    {"insp.tsv", ""},
                                    {"deny.tsv", ""},
                                    {"reveals.txt", ""},
                                    {"salt.txt", ""},
                                    {"result.tsv", "#\tL\t0\trung\t1\n"}};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i][0], NULL);
        g_assert_true(g_file_set_contents(path, files[i][1], -1, &error));
    }
    g_autoptr(DrawOutcome) outcome = draw_verify_folder(folder, &error);
    g_assert_no_error(error);
    g_assert_true(outcome->is_typed && !outcome->is_sealed);
    /* An open draw has no salts. */
    g_autofree char *path = g_build_filename(folder, "salt.txt", NULL);
    g_assert_true(g_file_set_contents(path, "00", -1, &error));
    g_assert_null(draw_verify_folder(folder, NULL));
    test_folder_remove(folder);
}

/* Whoever inspected an object last does not come again; a recusal stands before a rotation. */
static void test_rotation(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    static const Wish whole[] = {{"hotel", 200, 0}};
    GHashTable *pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    fill_city(db);
    for (int round = 0; round < 2; round++) {
        int64_t plan_id = must_plan(db, whole, 1, 0);
        must_publish(db, plan_id);
        int64_t id = must_draw(db, plan_id, hotels, DIGEST_SHA256);
        g_autoptr(GPtrArray) targets = draw_targets(db, id, 0, 0, &error);
        g_assert_cmpuint(targets->len, >, 30);
        for (guint i = 0; i < targets->len; i++) {
            const DrawnObject *target = g_ptr_array_index(targets, i);
            const int64_t team[] = {target->lead_id, target->second_id};
            for (size_t k = 0; k < G_N_ELEMENTS(team); k++) {
                bool is_new = g_hash_table_add(
                    pairs, g_strdup_printf("%d %d", (int)target->object_id, (int)team[k]));
                g_assert_true(team[k] == 0 || is_new);
            }
        }
    }
    g_hash_table_unref(pairs);
}

/* --- rungs -------------------------------------------------------------------------------------
 */

#define FAR "500101" /* 万州区; the own district is 渝中区, 沙坪坝区 lies next to it */

static void add_officers_of(Db *db, const char *region, unsigned from, unsigned count) {
    g_autofree OfficerInput *officers = g_new0(OfficerInput, count);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < count; i++) {
        char *name = g_strdup_printf("演示人员%u", from + i);
        char *certificate = g_strdup_printf("DEMO%06u", from + i);
        g_ptr_array_add(texts, name);
        g_ptr_array_add(texts, certificate);
        officers[i] = (OfficerInput){.name = name,
                                     .certificate = certificate,
                                     .certificate_until = "2028-12-31",
                                     .region = region,
                                     .in_post = "是",
                                     .can_lead = "是"};
    }
    take_in(db, INTAKE_OFFICER, officers, count);
}

static void add_hotels(Db *db, const char *region, unsigned count) {
    g_autofree UnitInput *units = g_new0(UnitInput, count);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < count; i++) {
        char *name = g_strdup_printf("演示宾馆%u号", i + 1);
        g_ptr_array_add(texts, name);
        units[i] = (UnitInput){
            .name = name, .address = name, .region = region, .category = "hotel", .risk = "low"};
    }
    take_in(db, INTAKE_UNIT, units, count);
}

static void put_region(Db *db, const char *code, const char *name) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    RegionChange change = {.code = code, .name = name};
    g_assert_true(db_begin(db, &tx, &error));
    region_put(db, &change, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
}

static bool keep_text(const char *text, size_t size, void *data, GError **error) {
    (void)error;
    g_string_append_len(data, text, (gssize)size);
    return true;
}

static char *params_of(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    draw_file_visit(db, id, "params.txt", keep_text, text, &error);
    g_assert_no_error(error);
    return g_string_free(text, FALSE);
}

/* One officer of the own district, too few for anything; six next door, twelve far away. */
static void test_adjacent(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    static const char *const hotels[] = {"hotel", NULL};
    static const Wish three[] = {{"hotel", 3, 0}};
    add_regions(db);
    put_region(db, FAR, "万州区");
    add_hotels(db, "500103", 9);
    add_officers_of(db, "500106", 1, 6);
    add_officers_of(db, "500103", 7, 1);
    add_officers_of(db, FAR, 8, 12);
    int64_t plan_id = must_plan(db, three, 1, 0);
    must_publish(db, plan_id);

    DrawRequest request = request_for(plan_id, hotels, DIGEST_SHA256);
    int64_t id = 0;
    g_assert_true(try_freeze(db, &request, &id, &error));
    g_autofree char *without = params_of(db, id); /* no district hangs below the city yet */
    g_assert_null(strstr(without, "adj."));
    g_assert_nonnull(strstr(without, "rung.1=same\nrung.2=any\n"));
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error) && draw_drop(db, id, ACTOR, NOW, &error) &&
                  db_commit(&tx, &error));

    put_region(db, "5001", "市辖区");
    id = must_draw(db, plan_id, hotels, DIGEST_SHA256);
    g_autofree char *params = params_of(db, id);
    g_assert_true(g_str_has_prefix(params, "adj.500103=500106,500107\n"));
    g_assert_null(strstr(params, "adj." FAR)); /* nobody of its neighbours is in the scope */
    g_assert_nonnull(strstr(params, "rung.1=same\nrung.2=adjacent\nrung.3=any\n"));
    g_autoptr(Draw) draw = draw_find(db, id, &error);
    g_assert_cmpint(draw->rung, ==, 2);
    g_assert_cmpint(draw->unstaffed_count, ==, 0);
    g_autoptr(GPtrArray) targets = draw_targets(db, id, 0, 0, &error);
    g_assert_cmpuint(targets->len, ==, 3);
    for (guint i = 0; i < targets->len; i++) {
        const DrawnObject *target = g_ptr_array_index(targets, i);
        g_assert_cmpint(target->lead_id, >=, 1);
        g_assert_cmpint(target->lead_id, <=, 7);
        g_assert_cmpint(target->second_id, >=, 1);
        g_assert_cmpint(target->second_id, <=, 7);
    }
    check_bundle(db, id);
}

/* --- simulation --------------------------------------------------------------------------------
 */

typedef struct Replay {
    Db *db;
    const DrawCity *city;
    const int64_t *draws; /* that were really held */
    guint places[2];      /* targets seen of each */
} Replay;

static void see_replayed(const DrawSimVisit *visit, void *data) {
    Replay *replay = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) targets =
        draw_targets(replay->db, replay->draws[visit->draw], 0, 0, &error);
    g_assert_no_error(error);
    const DrawnObject *target = g_ptr_array_index(targets, replay->places[visit->draw]++);
    const GArray *officers = replay->city->inspectors;
    g_autofree char *object = g_strdup_printf("U%" G_GINT64_FORMAT, target->object_id);
    g_autofree char *lead = g_strdup_printf("F%" G_GINT64_FORMAT, target->lead_id);
    g_autofree char *second = g_strdup_printf("F%" G_GINT64_FORMAT, target->second_id);
    g_assert_false(target->is_reserve);
    g_assert_cmpstr(
        g_array_index(replay->city->objects, DrawSimObject, visit->object).id, ==, object);
    g_assert_cmpstr(g_array_index(officers, DrawInspector, visit->team.lead).id, ==, lead);
    g_assert_cmpstr(g_array_index(officers, DrawInspector, visit->team.second).id, ==, second);
}

/* Two plans of a year are really drawn, with a recusal and an excluded unit; the simulation of a
 * third one that is as large as both names the same units and officers when it gets their keys. */
static void test_simulation(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    fill_city(db);
    draw_test_recuse(db, ACTOR, NOW, 5, 3);
    static const Wish halves[][3] = {{{"hotel", 12, 2}, {"mall", 10, 0}, {"school", 1, 3}},
                                     {{"hotel", 13, 2}, {"mall", 10, 0}, {"school", 2, 3}}};
    static const Wish whole[] = {{"hotel", 25, 2}, {"mall", 20, 0}, {"school", 3, 3}};
    int64_t draws[2] = {0};
    DrawKeys keys[2];
    for (size_t i = 0; i < 2; i++) {
        int64_t plan = must_plan(db, halves[i], 3, 0);
        must_publish(db, plan);
        draws[i] = must_draw(db, plan, all_strata, DIGEST_SM3);
        g_assert_true(draw_keys_of(db, draws[i], &keys[i], &error));
    }
    must_publish(db, must_plan(db, whole, 3, 0));
    DrawCityRequest request = {.object_kind = "unit",
                               .reserves = -1,
                               .officer_cap = 60,
                               .draws_per_year = 2,
                               .now_us = NOW};
    g_auto(DrawCity) city = {0};
    g_auto(DrawSimResult) result = {0};
    draw_city_load(db, &request, &city, &error);
    g_assert_no_error(error);
    Replay replay = {db, &city, draws, {0}};
    DrawSimulation simulation = draw_city_simulation(&city);
    simulation.years = simulation.runs = simulation.rotate = 1;
    simulation.keys = keys;
    simulation.visited = see_replayed;
    simulation.data = &replay;
    draw_simulate(&simulation, &result);
    g_assert_cmpuint(replay.places[0], ==, 23);
    g_assert_cmpuint(replay.places[1], ==, 25);
    g_assert_cmpint(result.reached, >, 0); /* some came twice: rotation and cap were at work */
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/draw/plan/published-never-changes", test_plan);
    test_db_add("/draw/run/files-recompute-and-every-change-shows", test_draw);
    test_db_add("/draw/run/no-second-try", test_once);
    test_db_add("/draw/run/twice-a-year-at-most", test_cap);
    test_db_add("/draw/publish/once", test_publish);
    test_db_add("/draw/protocol/one-way-open-and-sealed", test_protocol);
    test_db_add("/draw/protocol/nothing-is-committed-by-halves", test_commit_refusals);
    test_db_add("/draw/protocol/witnessed-in-time-or-lapsed", test_time_rule);
    g_test_add_func("/draw/verify/bundles-with-a-typed-seed", test_old_bundle);
    test_db_add("/draw/protocol/officers-take-turns", test_rotation);
    test_db_add("/draw/rungs/from-next-door-before-from-afar", test_adjacent);
    g_test_add_func("/draw/run/engines-agree", test_engines_agree);
    test_db_add("/draw/simulate/replays-real-draws", test_simulation);
    return g_test_run();
}
