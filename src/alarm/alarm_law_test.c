/*
 * A city's own lines over the national ones, in the three files that the rooms of sensing read
 * themselves: from a folder as `--law DIR` reads it, and mistakes in texts. No database but where
 * it says so.
 */
#include "alarm/alarm_law.h"
#include "base/clock.h"
#include "law/law_list.h"
#include "registry/region.h"
#include "sensing/limits.h"
#include "sensing/sensing_law.h"
#include "sensing/upkeep.h"
#include "test_db.h"
#include "test_folder.h"

#include <glib/gstdio.h>
#include <string.h>

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)

/* A floor that is joined for 20 minutes, another ladder, a rule of its own, one term, one limit. */
static const char own_rules[] =
    "alarm_rules:\n"
    "  - {id: fire, name: 火警, class: fire, edges: [fire], merge: {by: floor, within: 1200}, "
    "priority: 1, ladder: urgent, basis: [本市试行办法第七条], confidence: text}\n"
    "  - {id: pump, name: 水泵启动, class: fault, edges: [start], merge: {by: point, within: 60}, "
    "priority: 2, basis: [本市试行办法第八条], confidence: secondary}\n"
    "ladders:\n"
    "  - {id: urgent, steps: [{after: 60, to: leader, name: 负责人}], basis: [本市试行办法第九条], "
    "confidence: text}\n"
    "matters:\n"
    "  - {id: long-fault, name: 故障一天没有恢复, class: fault, lasting: 86400, procedure: "
    "sensing-lead, source: fault, days: 1, basis: [本市试行办法第十条], confidence: text}\n"
    "examples:\n"
    "  - name: 相隔十一分钟，没有人确认，算两起\n" /* replaces the national one */
    "    edges: [{at: 0, edge: fire, floor: \"12\", component: 42, point: 14}, {at: 660, edge: "
    "fire, floor: \"12\", component: 42, point: 17}]\n"
    "    expect: [fire]\n"
    "  - name: 水泵启动是故障一类\n"
    "    edges: [{at: 0, edge: start, floor: \"\", component: 91, point: 1}]\n"
    "    expect: [fault]\n";
static const char own_upkeep[] =
    "sensing_upkeep:\n"
    "  - {id: long-shield, name: 屏蔽太久, amount: 8, unit: hours, basis: [本市试行办法第三条], "
    "confidence: text}\n"
    "  - {id: minute-samples, name: 按分钟, amount: 50, unit: days, basis: [本市试行办法第四条], "
    "confidence: text}\n"
    "  - {id: daily-samples, name: 按日, amount: 400, unit: days, basis: [本市试行办法第四条], "
    "confidence: text}\n";
static const char own_limits[] =
    "sensing_limits:\n"
    "  - {id: hydrant-pressure, name: 管网压力, analog: 5, components: [91], low: 100, "
    "hysteresis: 10, basis: [本市试行办法第五条], confidence: text}\n"
    "examples:\n"
    "  - {name: 管网压力低于 70 kPa 算超限，回到 90 kPa 才算恢复, component: 91, analog: 5, "
    "values: "
    "[\"99\", \"109\", \"110\"], expect: [below, below, inside]}\n";

static char *national(const char *name) {
    g_autofree char *path =
        g_build_filename(g_getenv("HUOZHENG_SOURCE"), "law", "national", name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void put(const char *folder, const char *name, const char *text) {
    g_autofree char *path = g_build_filename(folder, "chongqing", name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* --- what holds where ---------------------------------------------------------------------------
 */

static const AlarmRule *rule_in(const char *region, const char *id) {
    g_autoptr(GError) error = NULL;
    const AlarmRules *rules = alarm_rules(region, &error);
    g_assert_no_error(error);
    const AlarmRule *rule = alarm_rule_named(rules, id);
    g_assert_nonnull(rule);
    return rule;
}

static void test_rules(void) {
    const AlarmRule *own = rule_in("500103001", "fire");
    const AlarmRule *elsewhere = rule_in("370302", "fire");
    g_assert_cmpint(own->within_us, ==, 1200 * CLOCK_SECOND_US);
    g_assert_cmpint(elsewhere->within_us, ==, 600 * CLOCK_SECOND_US);
    g_assert_cmpstr(own->source_zh, ==, "重庆市规定，依据 本市试行办法第七条，原文");
    g_assert_cmpstr(elsewhere->source_zh, ==, "依据 GB 50440，凭记忆");
    g_assert_cmpint(alarm_ladder_due(own, 0, 0), ==, 60 * CLOCK_SECOND_US);
    g_assert_cmpstr(own->ladder->source_zh, ==, "重庆市规定，依据 本市试行办法第九条，原文");
    g_assert_cmpint(alarm_ladder_due(elsewhere, 0, 0), ==, 120 * CLOCK_SECOND_US);
    /* a national rule follows the ladder that the city has put in its place */
    g_assert_cmpint(alarm_ladder_due(rule_in("500103", "gas"), 0, 0), ==, 60 * CLOCK_SECOND_US);
    /* what is bound to nothing is nobody's: national */
    g_assert_true(rule_in("", "fire") == elsewhere);
    g_assert_true(alarm_rules("370302", NULL) == alarm_rules("450202", NULL));
}

/* A rule of the city stands before those that it has not replaced. */
static void test_own_rule_goes_first(void) {
    AlarmFacts start = {.kind = EDGE_START, .is_on = true, .component = 91, .floor = ""};
    const AlarmRules *own = alarm_rules("500103", NULL);
    const AlarmRules *elsewhere = alarm_rules("370302", NULL);
    g_assert_cmpstr(alarm_rule_of(own, &start)->id, ==, "pump");
    g_assert_cmpstr(alarm_rule_of(elsewhere, &start)->id, ==, "supervise");
    g_assert_cmpuint(own->rule_count, ==, elsewhere->rule_count + 1);
    g_assert_cmpuint(own->matter_count, ==, elsewhere->matter_count);
    g_assert_cmpuint(alarm_rules_all(NULL)->len, ==, 2);
}

static void test_limits(void) {
    g_autoptr(GError) error = NULL;
    PointLimit limit;
    bool found;
    g_assert_true(limit_default("500103", 91, 5, &limit, &found, &error));
    g_assert_true(found && !limit.rule.has_high);
    g_assert_cmpint(limit.rule.low, ==, 1000);
    g_assert_cmpstr(
        limit.source_zh, ==, "默认：管网压力，重庆市规定，依据 本市试行办法第五条，原文");
    /* the line is replaced as a whole: 95 is a component of the national one only */
    g_assert_true(limit_default("500103", 95, 5, &limit, &found, &error));
    g_assert_false(found);
    g_assert_true(limit_default("370302", 95, 5, &limit, &found, &error));
    g_assert_true(found && limit.rule.low == 700);
    g_assert_cmpstr(limit.source_zh, ==, "默认：管网压力，依据 GB 50974，凭记忆");
    g_assert_true(limit_default("500103", 17, 9, &limit, &found, &error)); /* not the city's */
    g_assert_true(found && limit.rule.high == 3);
    g_assert_no_error(error);
}

static void test_terms(void) {
    g_autoptr(GError) error = NULL;
    int64_t own;
    int64_t elsewhere;
    g_assert_true(upkeep_term("500103", UPKEEP_LONG_SHIELD, &own, &error));
    g_assert_true(upkeep_term("370302", UPKEEP_LONG_SHIELD, &elsewhere, &error));
    g_assert_cmpint(own, ==, 8 * HOUR_US);
    g_assert_cmpint(elsewhere, ==, 24 * HOUR_US);
    g_autofree char *text = upkeep_term_text("500103", UPKEEP_LONG_SHIELD);
    g_assert_cmpstr(text, ==, "8 小时（重庆市规定，依据 本市试行办法第三条，原文，各地可以改）");
    g_assert_no_error(error);
}

/* Samples of all cities go together: the longest term of those that are in this database holds. */
static void test_retention(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, (const char *const[]){"registry", NULL});
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    int64_t minutes;
    int64_t days;
    g_assert_true(upkeep_term_longest(db, UPKEEP_MINUTE_SAMPLES, &minutes, &error));
    g_assert_cmpint(minutes, ==, 35 * CLOCK_DAY_US); /* nothing is loaded: national */
    static const RegionChange province = {.code = "50", .name = "重庆市", .confidence = "text"};
    static const RegionChange city = {.code = "5001", .name = "市辖区", .confidence = "text"};
    static const RegionChange district = {.code = "500103", .name = "渝中区", .confidence = "text"};
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(region_put(db, &province, &error) && region_put(db, &city, &error) &&
                  region_put(db, &district, &error));
    g_assert_true(db_commit(&tx, &error));
    g_assert_true(upkeep_term_longest(db, UPKEEP_MINUTE_SAMPLES, &minutes, &error));
    g_assert_true(upkeep_term_longest(db, UPKEEP_DAILY_SAMPLES, &days, &error));
    g_assert_no_error(error);
    g_assert_cmpint(minutes, ==, 50 * CLOCK_DAY_US);
    g_assert_cmpint(days, ==, 400 * CLOCK_DAY_US); /* shorter than the national one */
}

static void test_counts(void) {
    g_autoptr(GError) error = NULL;
    const LawRan *alarms;
    const LawRan *limits;
    g_assert_true(alarm_rules_check(&alarms, &error));
    g_assert_true(sensing_law_check(&limits, &error));
    g_assert_no_error(error);
    /* seven national examples; in the city six of them, its own and the one it has replaced */
    g_assert_cmpuint(alarms->examples, ==, 7 + 8);
    g_assert_cmpuint(limits->examples, >=, 2 * 4);
}

/* --- mistakes -----------------------------------------------------------------------------------
 */

static void assert_wrong(const char *over, const char *wanted) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = national("alarm-rules.yaml");
    bool is_good = alarm_rules_try(text, over, NULL, &error);
    if (is_good || strstr(error->message, wanted) == NULL) {
        g_error("wanted \"%s\", got: %s", wanted, is_good ? "no mistake" : error->message);
    }
}

#define OWN_LADDER(id, more)                                                                       \
    "ladders: [{id: " id ", steps: [{after: 60, to: leader, name: 负责人}]" more "}]\n"

static void test_mistakes(void) {
    assert_wrong(OWN_LADDER("urgent", ", basis: [], confidence: text"),
                 "city.yaml:1:11: a line of a city names its basis");
    assert_wrong(OWN_LADDER("urgent", ", basis: [甲]"), "the key \"confidence\" is missing");
    assert_wrong("ladder: []\n", "unknown key \"ladder\"");
    assert_wrong("ladders: []\n", "a list is expected here");
    assert_wrong(
        "ladders: [{id: urgent, steps: [{after: 60, to: leader, name: 甲}, {after: 60, to: "
        "leader, name: 乙}], basis: [甲], confidence: text}]\n",
        "each step comes after the one before");
    assert_wrong("matters: [{id: long-fault, name: 甲, class: fault, lasting: 1, procedure: "
                 "sensing-lead, source: fault, days: 1, confidence: text}]\n",
                 "a line of a city names its basis");
    assert_wrong("alarm_rules: [{id: pump, name: 甲, class: fault, edges: [start], merge: {by: "
                 "point, within: 60}, priority: 2, basis: [甲], confidence: text}]\n",
                 "a city's rules need an example");
}

/* All examples that a change makes fail are told: here the national one that nobody replaced. */
static void test_examples_that_fail(void) {
    assert_wrong("alarm_rules: [{id: fire, name: 甲, class: fire, edges: [fire], merge: {by: "
                 "building, within: 600}, priority: 1, basis: [甲], confidence: text}]\n"
                 "examples:\n"
                 "  - {name: 甲, edges: [{at: 0, edge: fire, floor: \"1\", component: 42, point: "
                 "1}], expect: [gas]}\n",
                 "2 of 8 examples do not come out; the first: city.yaml:3:");
    assert_wrong("examples:\n"
                 "  - {name: 甲, edges: [{at: 0, edge: fir, floor: \"1\", component: 42, point: "
                 "1}], expect: [fire]}\n",
                 "\"fir\" is no kind of change");
}

static void check_seen(const AlarmRules *rules) {
    g_assert_cmpint(
        alarm_ladder_due(alarm_rule_named(rules, "fire"), 0, 0), ==, 60 * CLOCK_SECOND_US);
}

static void test_ladder_alone(void) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = national("alarm-rules.yaml");
    g_assert_true(alarm_rules_try(
        text, OWN_LADDER("urgent", ", basis: [甲], confidence: memory"), check_seen, &error));
    g_assert_no_error(error);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-law-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *copy =
        g_strdup_printf("cp -r '%s/law/.' '%s'", g_getenv("HUOZHENG_SOURCE"), folder);
    g_assert_true(g_spawn_command_line_sync(copy, NULL, NULL, NULL, &error));
    put(folder, "alarm-rules.yaml", own_rules);
    put(folder, "sensing-upkeep.yaml", own_upkeep);
    put(folder, "sensing-limits.yaml", own_limits);
    g_assert_true(law_use_folder(folder, &error));
    g_test_add_func("/alarm-law/rules-of-a-city-replace-national-ones", test_rules);
    g_test_add_func("/alarm-law/a-rule-of-a-city-goes-first", test_own_rule_goes_first);
    g_test_add_func("/alarm-law/limits-of-a-city", test_limits);
    g_test_add_func("/alarm-law/terms-of-a-city", test_terms);
    test_db_add("/alarm-law/retention-is-the-longest-in-use", test_retention);
    g_test_add_func("/alarm-law/examples-of-all-cities-are-run", test_counts);
    g_test_add_func("/alarm-law/mistakes-of-a-city-have-their-place", test_mistakes);
    g_test_add_func("/alarm-law/examples-that-fail-are-all-told", test_examples_that_fail);
    g_test_add_func("/alarm-law/a-city-may-change-a-ladder-alone", test_ladder_alone);
    int failed = g_test_run();
    test_folder_remove(folder);
    return failed;
}
