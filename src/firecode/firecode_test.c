/* Codes, scores and records on both engines; the pure rules; what the table in law/ asks. */
#include "base/clock.h"
#include "base/error.h"
#include "firecode/firecode_facts.h"
#include "firecode/firecode_rules.h"
#include "firecode/firecode_store.h"
#include "ledger/ledger.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {"ledger",
                                    "account",
                                    "registry",
                                    "casework",
                                    "draw",
                                    "inspection",
                                    "sensing",
                                    "alarm",
                                    "firecode",
                                    NULL};

#define TOWER INT64_C(7)
#define HOUSE INT64_C(8)
#define HUT INT64_C(9)

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

static FirecodeActor by(const char *when) {
    return (FirecodeActor){.actor = "account:17", .who = "测试岗位", .now_us = at(when)};
}

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

static void add_building(Db *db, int64_t id, const char *name, const char *region, int height) {
    test_db_exec(
        db,
        "INSERT INTO building (id, name, address, region, district, category, floors_above, "
        "floors_below, area_m2, built_year, height_class, match_key, created_us, "
        "changed_us) VALUES ($1, $2, $2, $3, $4, 18, 20, 1, 9000, 2020, $5, $1, 1, 1)",
        db_int(id),
        db_text(name),
        db_text(region),
        db_int(g_ascii_strtoll(region, NULL, 10) / 1000),
        db_int(height));
}

static Db *fill(TestDb *fresh) {
    Db *db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_complete(db, &error));
    add_building(db, TOWER, "演示塔楼", "500103001", 3);
    add_building(db, HOUSE, "演示住宅", "500112002", 2);
    add_building(db, HUT, "演示平房", "500103001", 1);
    return db;
}

static FirecodeScore score_of(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    FirecodeScore score;
    g_assert_true(firecode_score(db, id, &score, &error));
    g_assert_no_error(error);
    return score;
}

/* The sentence of an answer. Borrowed from the score. */
static const char *says(const FirecodeScore *score, const char *id) {
    size_t i;
    json_t *mark;
    json_array_foreach(score->marks, i, mark) {
        if (strcmp(json_get_text(mark, "id", ""), id) == 0) {
            return json_get_text(mark, "says", "");
        }
    }
    return "";
}

static void issue(Db *db, int64_t id, const char *when) {
    g_autoptr(GError) error = NULL;
    FirecodeActor actor = by(when);
    firecode_issue(db, id, "测试", &actor, &error);
    g_assert_no_error(error);
}

static void record(Db *db, DutyKind kind, const char *data, const char *form_id, const char *when) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = json_read(data, strlen(data), &error);
    FirecodeActor actor = by(when);
    g_assert_no_error(error);
    int64_t id = 0;
    int64_t again = 0;
    duty_record_add(db, TOWER, kind, json, form_id, &actor, &id, &error);
    g_assert_no_error(error);
    duty_record_add(db, TOWER, kind, json, form_id, &actor, &again, &error); /* pressed twice */
    g_assert_no_error(error);
    g_assert_cmpint(id, >, 0);
    g_assert_cmpint(again, ==, id);
}

static void work(Db *db, const char *when) {
    g_autoptr(GError) error = NULL;
    firecode_work(db, at(when), &error);
    g_assert_no_error(error);
}

#define GOOD_PATROL                                                                                \
    "{\"exits\": \"clear\", \"lane\": \"clear\", \"doors\": \"closed\", \"lights\": \"good\", "    \
    "\"water\": \"good\", \"ebikes\": \"no\"}"
#define BAD_PATROL                                                                                 \
    "{\"exits\": \"blocked\", \"lane\": \"clear\", \"doors\": \"closed\", \"lights\": \"good\", "  \
    "\"water\": \"good\", \"ebikes\": \"no\"}"

/* --- pure ---------------------------------------------------------------------------------------
 */

static void test_code(void) {
    char one[FIRECODE_CHARS + 1], other[FIRECODE_CHARS + 1], typed[FIRECODE_CHARS + 1];
    code_make(one);
    code_make(other);
    g_assert_cmpstr(one, !=, other);
    g_autofree char *text = code_text(one);
    g_autofree char *small = g_ascii_strdown(text, -1);
    g_assert_true(code_parse(small, typed));
    g_assert_cmpstr(typed, ==, one);
    g_assert_true(code_parse("OoIl 2222 3333", typed));
    g_assert_cmpstr(typed, ==, "001122223333");
    g_assert_false(code_parse("1234", typed));
    g_assert_false(code_parse("1234567890AU", typed));
    g_assert_false(code_parse(NULL, typed));
}

/* The table asks nothing that no room can answer, and more than twenty things. */
static void test_table(void) {
    g_autoptr(GError) error = NULL;
    const LawRisk *risk = law_risk_at(law_book(NULL, &error), at("2026-11-22"), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(risk->count, >, 20);
    for (unsigned i = 0; i < risk->count; i++) {
        g_test_message("%s", risk->indicators[i].fact);
        g_assert_true(fact_is_offered(risk->indicators[i].fact));
    }
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        g_assert_cmpstr(risk->duties[i].id, ==, duty_word((DutyKind)i));
    }
}

static void test_months(void) {
    MonthColour months[MONTHS];
    FirecodeChange now = {.time_us = at("2026-10-05"), .colour = RISK_LOW};
    FirecodeChange before = {.time_us = at("2026-08-20"), .colour = RISK_HIGHER};
    g_autoptr(GPtrArray) changes = g_ptr_array_new();
    g_ptr_array_add(changes, &now);
    g_ptr_array_add(changes, &before);
    history_months(changes, at("2026-11-23"), months);
    g_assert_cmpint(months[0].month, ==, 12);
    g_assert_cmpint(months[MONTHS - 1].month, ==, 11);
    g_assert_cmpint(months[7].colour, ==, RISK_UNKNOWN); /* July */
    g_assert_cmpint(months[8].colour, ==, RISK_HIGHER);
    g_assert_cmpint(months[9].colour, ==, RISK_HIGHER);
    g_assert_cmpint(months[10].colour, ==, RISK_HIGHER); /* October: orange until the 5th */
    g_assert_cmpint(months[11].colour, ==, RISK_LOW);
}

/* A good answer from long ago is not known; a bad one stays. */
static void test_stale(void) {
    g_autoptr(GError) error = NULL;
    const LawRisk *risk = law_risk_at(law_book(NULL, &error), at("2026-11-22"), &error);
    g_assert_no_error(error);
    g_autofree LawRiskAnswer *answers = g_new0(LawRiskAnswer, risk->count);
    g_autofree LawRiskMark *marks = g_new0(LawRiskMark, risk->count);
    LawRiskResult result;
    unsigned exits = 0;
    while (strcmp(risk->indicators[exits].id, "exits") != 0) {
        exits++;
    }
    answers[exits] = (LawRiskAnswer){.known = LAW_RISK_WORD, .word = "clear", .is_stale = true};
    law_risk_judge(risk, answers, marks, &result);
    g_assert_cmpint(marks[exits].known, ==, LAW_RISK_UNKNOWN);
    answers[exits].word = "blocked";
    law_risk_judge(risk, answers, marks, &result);
    g_assert_cmpint(marks[exits].known, ==, LAW_RISK_WORD);
    g_assert_cmpint(result.colour, ==, LAW_RISK_ORANGE);
}

/* --- stored -------------------------------------------------------------------------------------
 */

static void test_codes(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_auto(Firecode) first = {0};
    g_auto(Firecode) old = {0};
    g_auto(Firecode) now = {0};
    FirecodeActor actor = by("2026-11-20T10:00:00");
    unsigned issued = 0;
    g_assert_true(firecode_issue_missing(db, "500103", 100, &actor, &issued, &error));
    g_assert_cmpuint(issued, ==, 1); /* the hut is no high-rise, the house lies elsewhere */
    g_assert_true(firecode_issue_missing(db, "50", 100, &actor, &issued, &error));
    g_assert_cmpuint(issued, ==, 1);
    g_assert_true(firecode_of(db, TOWER, &first, &error));
    actor = by("2026-11-21T10:00:00");
    g_assert_true(firecode_issue(db, TOWER, "贴纸被撕", &actor, &error));
    g_assert_true(firecode_find(db, first.code, &old, &error));
    g_assert_cmpint(old.state, ==, CODE_REPLACED);
    g_assert_cmpstr(old.reason, ==, "贴纸被撕");
    g_assert_true(firecode_of(db, TOWER, &now, &error));
    g_assert_cmpstr(now.code, !=, first.code);
    g_assert_true(firecode_withdraw(db, TOWER, "楼已拆除", &actor, &error));
    g_assert_false(firecode_withdraw(db, TOWER, "楼已拆除", &actor, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_assert_cmpint(
        count(db, SQL("SELECT COUNT(*) FROM firecode_score WHERE building_id = 7")), ==, 0);
    g_autoptr(GArray) marks = ledger_marks(db, "building:7", 10, NULL);
    g_assert_cmpuint(marks->len, ==, 3);
    g_assert_cmpstr(g_array_index(marks, LedgerMark, 0).type, ==, "code.issue");
    g_assert_cmpstr(g_array_index(marks, LedgerMark, 1).type, ==, "code.reissue");
    g_assert_cmpstr(g_array_index(marks, LedgerMark, 2).type, ==, "code.withdraw");
}

static void test_records(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    issue(db, TOWER, "2026-10-01T10:00:00");
    g_auto(FirecodeScore) first = score_of(db, TOWER);
    g_assert_cmpint(first.colour, ==, RISK_GENERAL);
    g_assert_cmpstr(says(&first, "patrol"), ==, "还没有巡查记录");
    record(db, DUTY_PATROL, GOOD_PATROL, "a1", "2026-10-01T11:00:00");
    record(db, DUTY_PATROL, GOOD_PATROL, "a1", "2026-10-01T11:00:01"); /* sent twice */
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM firecode_record")), ==, 1);
    g_auto(FirecodeScore) good = score_of(db, TOWER);
    g_assert_cmpint(good.score, >, first.score);
    /* a month later somebody finds the exit locked */
    record(db, DUTY_PATROL, BAD_PATROL, "a2", "2026-11-10T11:00:00");
    g_auto(FirecodeScore) bad = score_of(db, TOWER);
    g_assert_cmpint(bad.colour, ==, RISK_HIGHER);
    g_assert_cmpint(bad.fall, ==, good.score - bad.score);
    g_assert_cmpint(bad.overdue, ==, OVERDUE_HANDOVER | OVERDUE_MAINTENANCE);
    g_autoptr(GPtrArray) history = firecode_history(db, TOWER, 0, 10, &error);
    const FirecodeChange *change = history->pdata[0];
    g_assert_cmpstr(change->cause, ==, "record");
    g_assert_cmpint(change->before, ==, RISK_GENERAL);
    g_assert_true(
        g_str_has_prefix(change->reasons, "巡查发现疏散通道或出口堵塞、上锁（扣 12 分）"));
    /* it is put right: the next record counts, and no control room needs no hand-over */
    record(db, DUTY_PATROL, GOOD_PATROL, "a3", "2026-11-10T15:00:00");
    record(db,
           DUTY_PROFILE,
           "{\"control-room\": \"no\", \"facade\": \"none\", \"sprinkler\": \"all\", \"ebikes\": "
           "\"none\", \"homes\": \"no\"}",
           "a4",
           "2026-11-10T15:10:00");
    g_auto(FirecodeScore) after = score_of(db, TOWER);
    g_assert_cmpint(after.colour, ==, RISK_GENERAL);
    g_assert_cmpstr(says(&after, "handover"), ==, "没有消防控制室");
    g_assert_cmpstr(says(&after, "elderly"), ==, "没有人居住");
    g_assert_cmpint(after.overdue, ==, OVERDUE_MAINTENANCE);
    /* nobody comes for days: time alone makes it worse */
    work(db, "2026-11-14T15:10:00");
    g_auto(FirecodeScore) later = score_of(db, TOWER);
    g_assert_cmpint(later.score, <, after.score);
    g_assert_cmpint(later.overdue, ==, OVERDUE_PATROL | OVERDUE_MAINTENANCE);
}

static void add_device(Db *db, const char *code, int online) {
    test_db_exec(db,
                 "INSERT INTO device (protocol, code, profile, name, state, region, district, "
                 "building_id, unit_id, place, service_body, service_contact, is_online, seen_us, "
                 "state_bits, version, created_us, changed_us) VALUES ('gb26875', $1, 'standard', "
                 "'', 'active', '500103001', 500103, 7, 0, '', '', '', $2, 1, 0, 1, 1, 1)",
                 db_text(code),
                 db_int(online));
}

static void add_point(Db *db, int component, int address, int bits) {
    test_db_exec(db,
                 "INSERT INTO point (device_id, system_type, system_address, component_type, "
                 "address, name, floor, room, building_id, district, state_bits, state_us, "
                 "created_us) SELECT MIN(id), 11, 0, $1, $2, '', '', '', 7, 500103, $3, 1, 1 FROM "
                 "device",
                 db_int(component),
                 db_int(address),
                 db_int(bits));
}

static void test_sensing(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    issue(db, TOWER, "2026-11-20T10:00:00");
    g_auto(FirecodeScore) before = score_of(db, TOWER);
    g_assert_cmpstr(says(&before, "pump"), ==, "没有联网水泵");
    add_device(db, "1", 1);
    add_device(db, "2", 0);
    add_point(db, 42, 1, 1);
    add_point(db, 91, 2, 4); /* a pump with a fault */
    /* two edges of one building, one of a building without a code, one of none */
    const SensingEdge edges[] = {
        {.kind = EDGE_FAULT,
         .is_on = true,
         .building_id = TOWER,
         .received_us = at("2026-11-20T11:00:00")},
        {.kind = EDGE_ONLINE, .building_id = TOWER, .received_us = at("2026-11-20T11:00:01")},
        {.kind = EDGE_FIRE, .is_on = true, .building_id = HOUSE, .received_us = 1},
        {.kind = EDGE_FIRE, .is_on = true, .received_us = 1}};
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(firecode_take_edges(db, edges, G_N_ELEMENTS(edges), &error));
    g_assert_true(db_commit(&tx, &error));
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM firecode_queue")), ==, 1);
    work(db, "2026-11-20T11:01:00");
    g_assert_cmpint(count(db, SQL("SELECT COUNT(*) FROM firecode_queue")), ==, 0);
    g_auto(FirecodeScore) after = score_of(db, TOWER);
    g_assert_cmpint(after.colour, ==, RISK_HIGH);
    g_assert_cmpstr(says(&after, "pump"), ==, "消防水泵有故障");
    g_assert_cmpstr(says(&after, "devices-offline"), ==, "50% 的联网设备失联");
    g_assert_cmpstr(says(&after, "points-fault"), ==, "50% 的消防点位有故障");
    g_autoptr(GPtrArray) history = firecode_history(db, TOWER, 0, 10, &error);
    g_assert_cmpstr(((FirecodeChange *)history->pdata[0])->cause, ==, "sensing");
    /* all devices silent: what they said last is no state of today */
    test_db_exec(db, "UPDATE device SET is_online = $1", db_int(0));
    g_auto(DbTx) silence = {0};
    g_assert_true(db_begin(db, &silence, &error));
    g_assert_true(firecode_touch(db, TOWER, "sensing", at("2026-11-20T12:00:00"), &error));
    g_assert_true(db_commit(&silence, &error));
    work(db, "2026-11-20T12:01:00");
    g_auto(FirecodeScore) silent = score_of(db, TOWER);
    g_assert_cmpstr(says(&silent, "pump"), ==, "没有水泵的数据");
    g_assert_cmpstr(says(&silent, "devices-offline"), ==, "100% 的联网设备失联");
}

static void add_matter(Db *db, int64_t id, const char *kind, const char *state, int closed) {
    g_autofree char *number = g_strdup_printf("%s-%d", kind, (int)id);
    test_db_exec(db,
                 "INSERT INTO matter (id, kind, number, title, object_kind, object_id, region, "
                 "district, state, is_closed, opened_us, changed_us, due_us, due_key) VALUES ($1, "
                 "$2, $3, 'x', 'building', 7, '500103', 500103, $4, $5, 1, $6, 1, 1)",
                 db_int(id),
                 db_text(kind),
                 db_text(number),
                 db_text(state),
                 db_int(closed),
                 db_int(at("2026-11-01")));
}

/* An act on a matter of the tower. */
static void act(Db *db, const char *when) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    Matter matter = {.object_kind = (char *)"building", .object_id = TOWER};
    CaseActor actor = {.now_us = at(when)};
    CaseTaken taken = {.matter = &matter, .actor = &actor};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(firecode_take_act(db, &taken, &error));
    g_assert_true(db_commit(&tx, &error));
    g_assert_no_error(error);
}

static void test_matters(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    add_matter(db, 1, "complaint", "registered", 0); /* unverified: must not show */
    issue(db, TOWER, "2026-11-20T10:00:00");
    g_auto(FirecodeScore) none = score_of(db, TOWER);
    g_assert_cmpstr(says(&none, "hazards"), ==, "没有等着改正的隐患");
    add_matter(db, 2, "hazard", "correcting", 0);
    add_matter(db, 3, "hazard", "not-corrected", 1); /* went on to a penalty */
    add_matter(db, 4, "hazard", "closed", 1);
    add_matter(db, 5, "major-hazard", "found", 0); /* not determined yet */
    act(db, "2026-11-20T11:00:00");
    work(db, "2026-11-20T11:01:00");
    g_auto(FirecodeScore) some = score_of(db, TOWER);
    g_assert_cmpstr(says(&some, "hazards"), ==, "2 件火灾隐患还没有改完");
    g_assert_cmpstr(says(&some, "hazards-overdue"), ==, "2 件隐患过了期限");
    g_assert_cmpstr(says(&some, "major-hazard"), ==, "没有重大火灾隐患");
    g_assert_cmpint(some.colour, ==, RISK_HIGHER);
    test_db_exec(db, "UPDATE matter SET state = $1 WHERE id = 5", db_text("determined"));
    act(db, "2026-11-20T11:02:00");
    work(db, "2026-11-20T11:02:00");
    g_auto(FirecodeScore) red = score_of(db, TOWER);
    g_assert_cmpint(red.colour, ==, RISK_HIGH);
}

static void test_lists(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    issue(db, TOWER, "2026-11-20T10:00:00");
    issue(db, HOUSE, "2026-11-20T10:00:00");
    record(db, DUTY_PATROL, BAD_PATROL, "a1", "2026-11-20T11:00:00");
    FirecodeQuery query = {.region = "50", .limit = 10};
    g_autoptr(GPtrArray) all = firecode_list(db, &query, &error);
    g_assert_cmpuint(all->len, ==, 2);
    const FirecodeRow *worst = all->pdata[0];
    g_assert_cmpint(worst->score.building_id, ==, TOWER);
    query.after_key = worst->score.score;
    query.after_id = TOWER;
    g_autoptr(GPtrArray) next = firecode_list(db, &query, &error);
    g_assert_cmpuint(next->len, ==, 1);
    query = (FirecodeQuery){.region = "50", .colour = RISK_HIGHER, .limit = 10};
    g_autoptr(GPtrArray) orange = firecode_list(db, &query, &error);
    g_assert_cmpuint(orange->len, ==, 1);
    query = (FirecodeQuery){.region = "500112", .text = "住宅", .limit = 10};
    g_autoptr(GPtrArray) found = firecode_list(db, &query, &error);
    g_assert_cmpuint(found->len, ==, 1);
    query = (FirecodeQuery){.region = "50", .text = "%", .limit = 10};
    g_autoptr(GPtrArray) literal = firecode_list(db, &query, &error);
    g_assert_cmpuint(literal->len, ==, 0);
    query = (FirecodeQuery){.region = "50", .is_worse = true, .limit = 10};
    g_autoptr(GPtrArray) worse = firecode_list(db, &query, &error);
    g_assert_cmpuint(worse->len, ==, 1);
    query.after_key = -((FirecodeRow *)worse->pdata[0])->score.fall;
    query.after_id = TOWER;
    g_autoptr(GPtrArray) after = firecode_list(db, &query, &error);
    g_assert_cmpuint(after->len, ==, 0);
    g_autoptr(GArray) tallies = firecode_colours_by_district(db, "50", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tallies->len, ==, 2);
    FirecodeTally *first = &g_array_index(tallies, FirecodeTally, 0);
    g_assert_cmpint(first->district, ==, 500103);
    g_assert_cmpint(first->colours[RISK_HIGHER], ==, 1);
}

static void test_keepers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_autofree char *key = NULL;
    g_auto(Keeper) found = {0};
    g_auto(Keeper) late = {0};
    g_auto(Keeper) gone = {0};
    FirecodeActor actor = by("2026-11-20T10:00:00");
    issue(db, TOWER, "2026-11-20T10:00:00");
    int64_t ends_us = at("2026-12-01");
    g_assert_true(keeper_issue(db, TOWER, "物业值班室", ends_us, &actor, &key, &error));
    g_assert_cmpint(
        count(db, SQL("SELECT COUNT(*) FROM firecode_keeper WHERE LENGTH(key_sha256) = 64")),
        ==,
        1);
    g_assert_true(keeper_find(db, key, at("2026-11-21"), &found, &error));
    g_assert_cmpint(found.building_id, ==, TOWER);
    g_assert_cmpstr(found.label, ==, "物业值班室");
    g_assert_true(keeper_find(db, key, ends_us, &late, &error));
    g_assert_cmpint(late.id, ==, 0);
    g_assert_false(keeper_end(db, HOUSE, found.id, &actor, &error)); /* another building's */
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    /* with the code its links go too */
    g_assert_true(firecode_withdraw(db, TOWER, "测试", &actor, &error));
    g_assert_true(keeper_find(db, key, at("2026-11-21"), &gone, &error));
    g_assert_cmpint(gone.id, ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/firecode/code/as-people-type-it", test_code);
    g_test_add_func("/firecode/table/asks-what-is-offered", test_table);
    g_test_add_func("/firecode/history/worst-of-each-month", test_months);
    g_test_add_func("/firecode/stale-good-answers-are-not-known", test_stale);
    test_db_add("/firecode/codes-are-issued-replaced-withdrawn", test_codes);
    test_db_add("/firecode/records-move-the-colour", test_records);
    test_db_add("/firecode/devices-move-the-colour", test_sensing);
    test_db_add("/firecode/matters-move-the-colour", test_matters);
    test_db_add("/firecode/lists-and-tallies", test_lists);
    test_db_add("/firecode/keepers-come-in-by-a-key", test_keepers);
    return g_test_run();
}
