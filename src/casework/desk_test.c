/* The desk on both engines: words and groups, whose turn it is, lists, figures, search, numbers. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework_store.h"
#include "casework/desk.h"
#include "casework/matter_filter.h"
#include "registry/region.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {
    "ledger", "account", "registry", "casework", "draw", "inspection", "firecode", NULL};

#define NOW "2026-11-20T09:12:00" /* a Friday */
#define CLERK 101
#define INSPECTOR 102

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- pure ---------------------------------------------------------------------------------------
 */

/* The unit of the count is the unit of the rule. National Day 2026: 1 to 7 October off, 10 October
 * and 20 September worked. */
static void test_words(void) {
    static const struct {
        const char *due, *now;
        LawUnit unit;
        DeskGroup group;
        const char *big, *small;
    } cases[] = {
        {"2026-11-20T15:40:00", NOW, LAW_HOURS, DESK_TODAY, "剩 6 小时 28 分", "今天 15:40 前"},
        {"2026-11-21T09:00:00", NOW, LAW_HOURS, DESK_SOON, "剩 23 小时 48 分", "明天 09:00 前"},
        {"2026-11-20T00:12:00",
         NOW,
         LAW_HOURS,
         DESK_OVER,
         "逾期 9 小时",
         "应于 11月20日 周五 00:12"},
        {"2026-11-20T09:00:00",
         NOW,
         LAW_HOURS,
         DESK_OVER,
         "逾期 12 分钟",
         "应于 11月20日 周五 09:00"},
        {"2026-11-21", NOW, LAW_WORKING_DAYS, DESK_TODAY, "今天", "下班前"},
        {"2026-11-24", NOW, LAW_WORKING_DAYS, DESK_SOON, "1 个工作日", "11月23日 周一"},
        {"2026-11-26", NOW, LAW_WORKING_DAYS, DESK_SOON, "3 个工作日", "11月25日 周三"},
        {"2026-11-27", NOW, LAW_WORKING_DAYS, DESK_LATER, "4 个工作日", "11月26日 周四"},
        {"2026-12-03", NOW, LAW_CALENDAR_DAYS, DESK_LATER, "12 天", "12月2日 周三"},
        {"2026-11-23", NOW, LAW_CALENDAR_DAYS, DESK_SOON, "2 天", "11月22日 周日"},
        {"2026-11-20", NOW, LAW_WORKING_DAYS, DESK_OVER, "逾期 1 个工作日", "应于 11月19日 周四"},
        {"2026-11-21",
         "2026-11-21T10:00:00",
         LAW_WORKING_DAYS,
         DESK_OVER,
         "逾期 1 天",
         "应于 11月20日 周五"},
        {"2026-10-09",
         "2026-09-30T10:00:00",
         LAW_WORKING_DAYS,
         DESK_SOON,
         "1 个工作日",
         "10月8日 周四"},
        {"2026-10-11",
         "2026-09-30T10:00:00",
         LAW_WORKING_DAYS,
         DESK_SOON,
         "3 个工作日",
         "10月10日 周六"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(DeskDue) due = {0};
        desk_due(at(cases[i].due), cases[i].unit, at(cases[i].now), &due);
        g_assert_cmpstr(due.big, ==, cases[i].big);
        g_assert_cmpstr(due.small, ==, cases[i].small);
        g_assert_cmpint(due.group, ==, cases[i].group);
    }
}

/* Every moment is in exactly one group, and the ranges say the same as the function. */
static void test_groups(void) {
    DeskBounds bounds = desk_bounds(at(NOW));
    int64_t end_us = INT64_MIN;
    g_assert_cmpint(bounds.soon_us, ==, at("2026-11-26"));
    for (DeskGroup group = DESK_OVER; group < DESK_GROUP_COUNT; group++) {
        int64_t from_us;
        int64_t to_us;
        desk_group_range(&bounds, group, &from_us, &to_us);
        g_assert_true(group == DESK_OVER || from_us == end_us);
        g_assert_cmpint(desk_group(&bounds, to_us), ==, group);
        g_assert_cmpint(desk_group(&bounds, from_us + 1), ==, group);
        end_us = to_us;
    }
    g_assert_cmpint(end_us, ==, INT64_MAX);
}

typedef struct Word {
    const char *name, *value;
} Word;

static const char *get_word(const void *from, const char *name) {
    for (const Word *word = from; word->name != NULL; word++) {
        if (strcmp(word->name, name) == 0) {
            return word->value;
        }
    }
    return NULL;
}

static void test_filter(void) {
    static const struct {
        Word words[3];
        bool is_good;
        const char *again;
    } cases[] = {
        {{{"due", "over"}, {"kind", "complaint"}}, true, "kind=complaint&due=over"},
        {{{"due", "2026-11-30"}}, true, "due=2026-11-30"},
        {{{"due", "tomorrow"}}, false, NULL},
        {{{"due", "2026-13-01"}}, false, NULL},
        {{{"next", "leader"}, {"person", "7"}}, true, "next=leader&person=7"},
        {{{"next", "nobody"}}, false, NULL},
        {{{"person", "-7"}}, false, NULL},
        {{{"closed", "1"}, {"next", "leader"}}, true, "due=closed"},
        {{{"region", "500103001"}, {"kind", "hazard"}}, true, "kind=hazard&region=500103001"},
        {{{"region", "500106"}}, false, NULL}, /* another district */
        {{{"region", "x"}}, false, NULL},
        {{{"q", "商"}}, false, NULL},
        {{{"q", "商店"}, {"due", ""}}, true, "q=%E5%95%86%E5%BA%97"},
    };
    MatterReader reader = {.region = "500103", .account_id = 5, .now_us = at(NOW)};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MatterFilter) filter = {0};
        const char *problem = matter_filter_read(get_word, cases[i].words, &reader, &filter);
        g_assert_cmpint(problem == NULL, ==, cases[i].is_good);
        g_autofree char *again = problem == NULL ? matter_filter_words(&filter, NULL) : NULL;
        g_assert_cmpstr(again, ==, cases[i].again);
    }
}

/* --- with a database ----------------------------------------------------------------------------
 */

static CaseActor actor(int64_t account, uint32_t roles) {
    return (CaseActor){
        .account_id = account, .roles = roles, .region = "500103", .now_us = at(NOW)};
}

static int64_t
complaint(Db *db, const char *title, const char *region, const char *when, const char *content) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = json_object();
    json_put_text(data, "channel", "hotline");
    json_put_text(data, "content", content);
    json_put_text(data, "description", "说明");
    json_put_text(data, "place", "演示路1号");
    json_put_text(data, "named", "no");
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK));
    clerk.region = "50";
    NewMatter matter = {.kind = "complaint", .title = title, .region = region};
    CaseAct act = {.step = "register", .happened_us = at(when), .data = data};
    int64_t id = 0;
    bool good = casework_open(db, &clerk, &matter, &act, &id, &refusal, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    g_assert_true(good);
    return id;
}

/* 1 late, 2 today by hours, 3 soon, 4 another district's, 5 later in another kind of state. */
static Db *fill(TestDb *fresh) {
    Db *db = test_db_open(fresh, DB_READ_WRITE);
    for (int i = 1; i <= 2; i++) {
        g_autofree char *certificate = g_strdup_printf("C-%d", i);
        test_db_exec(
            db,
            "INSERT INTO officer (name, certificate, certificate_until, agency_id, region, "
            "district, in_post, can_lead, version, created_us, changed_us) "
            "VALUES ('甲', $1, '2099-12-31', 0, '500103', 500103, 1, 1, 1, 1, 1)",
            db_text(certificate));
    }
    complaint(db, "逾期商店", "500103", "2026-11-16T10:00:00", "other");
    complaint(db, "上锁超市", "500103", "2026-11-19T15:40:00", "blocked-exit");
    complaint(db, "周一书店（南门）", "500103", "2026-11-18T10:00:00", "other");
    complaint(db, "别处商店", "500106", "2026-11-16T10:00:00", "other");
    return db;
}

static void verify_matter(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = json_object();
    json_put_text(data, "outcome", "true-as-reported");
    json_put_text(data, "findings", "挂锁");
    json_put_text(data, "measure", "ordered");
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR));
    inspector.officer_id = 1;
    const int64_t officers[] = {1, 2};
    CaseAct act = {.step = "verify",
                   .happened_us = at("2026-11-20T08:00:00"),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    g_assert_true(casework_act(db, &inspector, id, 0, &act, &refusal, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
}

/* The ids of a list, as "1 2 3". */
static void assert_list(Db *db, const char *region, Word word, const char *expected) {
    g_autoptr(GError) error = NULL;
    const Word words[] = {word, {0}};
    MatterReader reader = {.region = region, .account_id = CLERK, .now_us = at(NOW)};
    g_auto(MatterFilter) filter = {0};
    g_auto(MatterPage) page = {0};
    g_autoptr(GString) ids = g_string_new(NULL);
    g_assert_cmpstr(matter_filter_read(get_word, words, &reader, &filter), ==, NULL);
    g_assert_true(casework_list_page(db, &filter.query, &page, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < page.rows->len; i++) {
        const Matter *matter = page.rows->pdata[i];
        g_string_append_printf(ids, "%s%d", i == 0 ? "" : " ", (int)matter->id);
    }
    g_assert_cmpstr(ids->str, ==, expected);
}

static void test_lists(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    verify_matter(db, 3);
    assert_list(db, "500103", (Word){"due", "over"}, "1");
    assert_list(db, "500103", (Word){"due", "today"}, "2");
    assert_list(db, "500103", (Word){"due", "near"}, "2");
    assert_list(db, "500103", (Word){"due", "2026-11-19"}, "1");
    assert_list(db, "50", (Word){"due", "2026-11-19"}, "1 4");
    assert_list(db, "500103", (Word){"due", "2026-11-18"}, "");
    assert_list(db, "500103", (Word){"next", "inspector"}, "1 2 3");
    assert_list(db, "500103", (Word){"next", "clerk"}, "3");
    assert_list(db, "500103", (Word){"next", "leader"}, "");
    assert_list(db, "500103", (Word){"person", "102"}, "3");
    assert_list(db, "50", (Word){"mine", "1"}, "1 4 2 3");
}

static void test_search(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    assert_list(db, "500103", (Word){"q", "商店"}, "1");
    assert_list(db, "50", (Word){"q", "商店"}, "4 1");
    assert_list(db, "500103", (Word){"q", "书店（南"}, "3");
    assert_list(db, "500103", (Word){"q", "〕第0002"}, "2");
    assert_list(db, "500103", (Word){"q", "0003 书店"}, "3");
    assert_list(db, "500103", (Word){"q", "没有这家"}, "");
}

/* A matter from before 0004 is found and has its turn after the job has run. */
static void test_catch_up(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    test_db_exec(
        db,
        "UPDATE matter SET due_unit = '', next_roles = 0, title = '早先茶楼' WHERE id = $1",
        db_int(3));
    test_db_exec(db, "INSERT INTO matter_unindexed (id) VALUES ($1)", db_int(3));
    assert_list(db, "500103", (Word){"q", "早先"}, "");
    assert_list(db, "500103", (Word){"next", "inspector"}, "1 2");
    /* the row is new to the index: forget what it says now */
    if (engine == DB_ENGINE_PG) {
        test_db_exec(db, "DELETE FROM matter_search WHERE id = $1", db_int(3));
    }
    g_assert_true(casework_catch_up(db, at(NOW), &error));
    g_assert_no_error(error);
    assert_list(db, "500103", (Word){"q", "早先"}, "3");
    assert_list(db, "500103", (Word){"next", "inspector"}, "1 2 3");
    g_assert_true(casework_find(db, 3, &matter, &error));
    g_assert_cmpint(matter.due_unit, ==, LAW_WORKING_DAYS);
}

static void test_resolve(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t id = -1;
    test_db_exec(db,
                 "INSERT INTO matter_paper (matter_id, seq, paper, name, number, agency, text, "
                 "made_us) VALUES ($1, 1, 'x', '通知书', '消限字〔2026〕第0009号', '大队', '', 1)",
                 db_int(2));
    g_assert_true(casework_resolve(db, "举〔2026〕第0003号", &id, &error));
    g_assert_cmpint(id, ==, 3);
    g_assert_true(casework_resolve(db, "消限字〔2026〕第0009号", &id, &error));
    g_assert_cmpint(id, ==, 2);
    g_assert_true(casework_resolve(db, "举〔2026〕第0099号", &id, &error));
    g_assert_cmpint(id, ==, 0);
}

static void test_figures(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    verify_matter(db, 3);
    DeskBounds bounds = desk_bounds(at(NOW));
    MatterBoard board = {"500103", bounds.now_us, bounds.soon_us, ROLE_BIT(ROLE_INSPECTOR)};
    g_autoptr(GPtrArray) kinds = casework_board_kinds(db, &board, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(kinds->len, ==, 1);
    const MatterTally *tally = kinds->pdata[0];
    g_assert_cmpstr(tally->kind, ==, "complaint");
    g_assert_cmpint(tally->open, ==, 3);
    g_assert_cmpint(tally->over, ==, 1);
    g_assert_cmpint(tally->soon, ==, 1);
    g_assert_cmpint(tally->leader, ==, 3);
    bool is_all = false;
    g_autoptr(GPtrArray) people = casework_board_people(db, &board, 10, &is_all, &error);
    g_assert_no_error(error);
    g_assert_true(is_all);
    g_assert_cmpuint(people->len, ==, 2);
    tally = people->pdata[0];
    g_assert_cmpint(tally->account_id, ==, CLERK);
    g_assert_cmpint(tally->open, ==, 3);
    tally = people->pdata[1];
    g_assert_cmpint(tally->account_id, ==, INSPECTOR);
    g_assert_cmpint(tally->open, ==, 1);
    LawDay first = law_day_of(at("2026-11-01"));
    g_autoptr(GArray) days = casework_due_days(db, "50", first, first + 29, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(days->len, ==, 2);
    g_assert_cmpint(g_array_index(days, MatterDay, 0).day, ==, law_day_of(at("2026-11-19")));
    g_assert_cmpint(g_array_index(days, MatterDay, 0).count, ==, 2);
    g_assert_cmpint(g_array_index(days, MatterDay, 1).day, ==, law_day_of(at("2026-11-20")));
    int64_t late = 0;
    Principal who = {.region = "50", .roles = ROLE_BIT(ROLE_INSPECTOR)};
    g_assert_true(desk_count_over(db, &who, at(NOW), &late, &error));
    g_assert_cmpint(late, ==, 2);
    who.roles = ROLE_BIT(ROLE_LEADER);
    g_assert_true(desk_count_over(db, &who, at(NOW), &late, &error));
    g_assert_cmpint(late, ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/desk/words", test_words);
    g_test_add_func("/desk/groups", test_groups);
    g_test_add_func("/desk/filter", test_filter);
    test_db_add("/desk/lists", test_lists);
    test_db_add("/desk/search", test_search);
    test_db_add("/desk/catch-up", test_catch_up);
    test_db_add("/desk/numbers", test_resolve);
    test_db_add("/desk/figures", test_figures);
    return g_test_run();
}
