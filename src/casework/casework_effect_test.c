/* What acts do besides moving their matter, on both engines: papers and their service, links,
 * corrections, recusal and conflicts, the yearly cap, drafts. */
#include "casework/test_casework.h"
#include "draw/draw.h"
#include "inspection/inspection.h"

#include <string.h>

#define ORDER                                                                                                \
    "{\"violation\": \"出口堵塞\", \"provision\": \"消防法第二十八条\", \"kind\": \"in-time\", " \
    "\"correct-by\": \"2026-06-15\"}"

static CaseActor inspector(void) {
    return actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
}

static int64_t open_hazard(Db *db, const char *when, int64_t from_matter, LawRefusal *refusal) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) data = data_of(ORDER);
    CaseActor who = inspector();
    int64_t officers[] = {1, 2};
    NewMatter matter = {
        .kind = "hazard", .title = "演示商店", .region = "500103", .from_matter = from_matter};
    CaseAct act = {.step = "order",
                   .happened_us = at(when),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    int64_t id = 0;
    g_assert_true(casework_open(db, &who, &matter, &act, &id, refusal, &error));
    g_assert_no_error(error);
    return id;
}

static const MatterPaper *paper_named(const GPtrArray *papers, const char *id) {
    for (guint i = 0; i < papers->len; i++) {
        const MatterPaper *paper = papers->pdata[i];
        if (strcmp(paper->paper, id) == 0) {
            return paper;
        }
    }
    return NULL;
}

/* 公安部令120第19条: the order is written by the act, has a number, and is served; 民事诉讼法95: by
 * public notice it counts as served after thirty days. */
static void test_papers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    int64_t id = open_hazard(db, "2026-06-01T10:00:00", 0, &refusal);
    g_autoptr(GPtrArray) before = casework_papers(db, id, &error);
    g_assert_cmpuint(before->len, ==, 1);
    const MatterPaper *order = before->pdata[0];
    g_assert_cmpstr(order->number, ==, "消限字〔2026〕第0001号");
    g_assert_nonnull(strstr(order->text, "现责令你单位（场所）于2026年6月15日前改正"));
    g_assert_nonnull(strstr(order->text, "甲（C-1）、乙（C-2）"));
    g_assert_cmpint(order->served_us, ==, 0);
    assert_try(db,
               id,
               "form",
               (Try){"serve",
                     "2026-06-02T10:00:00",
                     "{\"way\": \"direct\", \"receiver\": \"经理\", \"receipt\": \"1\", "
                     "\"paper\": \"消限字〔2026〕第0009号\"}",
                     inspector(),
                     {0},
                     0,
                     1});
    assert_try(db,
               id,
               "",
               (Try){"serve",
                     "2026-06-02T10:00:00",
                     "{\"way\": \"notice\", \"receipt\": \"1\", \"notice-place\": \"公告栏\"}",
                     inspector(),
                     {0},
                     0,
                     1});
    g_autoptr(GPtrArray) after = casework_papers(db, id, &error);
    g_assert_cmpuint(after->len, ==, 2); /* and the receipt of the service */
    order = paper_named(after, "in-time-order");
    g_assert_cmpstr(order->way, ==, "notice");
    g_assert_cmpint(order->served_us, ==, at("2026-07-03T00:00:00"));
    /* what was served once is not served again */
    assert_try(db,
               id,
               "form",
               (Try){"serve-paper",
                     "2026-06-03T10:00:00",
                     "{\"way\": \"direct\", \"receiver\": \"经理\", \"receipt\": \"2\", "
                     "\"paper\": \"消限字〔2026〕第0001号\"}",
                     inspector(),
                     {0},
                     0,
                     2});
    /* the next order has the next number; a refused act uses none */
    open_hazard(db, "2026-06-05T10:00:00", 0, &refusal);
    int64_t number = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT n FROM matter_serial WHERE prefix = '消限字'"),
                               DB_NO_ARGS,
                               &number,
                               &error));
    g_assert_cmpint(number, ==, 2);
}

/* A hazard grows out of a complaint: both know of each other, the complaint by an act of its own.
 */
static void test_links(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    int64_t complaint = open_complaint(db, "2026-06-01T09:00:00");
    int64_t hazard = open_hazard(db, "2026-06-01T10:00:00", complaint, &refusal);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    g_autoptr(GPtrArray) out = casework_links(db, complaint, &error);
    g_autoptr(GPtrArray) in = casework_links(db, hazard, &error);
    g_assert_cmpuint(out->len, ==, 1);
    g_assert_cmpuint(in->len, ==, 1);
    const MatterLink *link = in->pdata[0];
    g_assert_true(link->is_incoming);
    g_assert_cmpstr(link->relation, ==, "leads-to");
    g_assert_cmpint(link->other_id, ==, complaint);
    g_autoptr(GPtrArray) acts = casework_acts(db, complaint, false, &error);
    g_assert_cmpstr(((StoredAct *)acts->pdata[1])->step, ==, "link");
    /* linked before it was opened: nothing of the new matter stays when the link is refused */
    int64_t none = open_hazard(db, "2026-05-31T10:00:00", complaint, &refusal);
    g_assert_cmpint(none, ==, 0);
    g_assert_cmpstr(refusal.rule, ==, "date");
    int64_t matters = 0;
    g_assert_true(
        db_query_int(db, SQL("SELECT count(*) FROM matter"), DB_NO_ARGS, &matters, &error));
    g_assert_cmpint(matters, ==, 2);
    static const char *const wrong[] = {"患〔2026〕第0009号", "举〔2026〕第0001号"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *data =
            g_strdup_printf("{\"number\": \"%s\", \"relation\": \"same-facts\"}", wrong[i]);
        assert_try(db,
                   complaint,
                   "form",
                   (Try){"link", "2026-06-02T10:00:00", data, inspector(), {0}, 0, 2});
    }
}

/* 行政处罚法43: an officer with a registered conflict does not act; one recused in the matter
 * neither, from then on. */
static void test_recusal(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    test_db_exec(db,
                 "INSERT INTO draw_deny (object_kind, object_id, officer_id, code, note, actor, "
                 "created_us) VALUES ('unit', $1, 2, 'KIN', '亲属', 'account:1', 1)",
                 db_int(77));
    int64_t recused = 0;
    const int64_t pair[] = {1, 2};
    g_assert_true(draw_recused(db, "unit", 77, pair, 2, &recused, &error));
    g_assert_cmpint(recused, ==, 2);
    g_assert_true(draw_recused(db, "unit", 77, pair, 1, &recused, &error));
    g_assert_cmpint(recused, ==, 0);
    int64_t id = open_complaint(db, "2026-06-01T09:00:00");
    test_db_exec(
        db, "UPDATE matter SET object_kind = 'unit', object_id = 77 WHERE id = $1", db_int(id));
    Try verify = {"verify", "2026-06-02T08:00:00", VERIFICATION, inspector(), {1, 2}, 2, 1};
    assert_try(db, id, "conflict", verify);
    test_db_exec(db, "DELETE FROM draw_deny WHERE officer_id = $1", db_int(2));
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    assert_try(db,
               id,
               "",
               (Try){"recuse",
                     "2026-06-02T07:00:00",
                     "{\"ground\": \"relation\", \"asked-by\": \"self\", \"detail\": \"亲属\"}",
                     leader,
                     {2},
                     1,
                     1});
    verify.version = 2;
    assert_try(db, id, "recusal", verify);
}

/* Chongqing: at most two random checks of one unit in a year; other kinds are not counted. */
static void test_cap(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    test_db_exec(db,
                 "INSERT INTO building (name, address, region, district, match_key, created_us, "
                 "changed_us) VALUES ('演示楼', '演示路1号', '500103', $1, 1, 1, 1)",
                 db_int(500103));
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    static const struct {
        const char *source, *when, *rule;
    } tries[] = {{"random", "2026-02-01T09:00:00", NULL},
                 {"campaign", "2026-03-01T09:00:00", NULL},
                 {"random", "2026-04-01T09:00:00", NULL},
                 {"random", "2026-05-01T09:00:00", "annual-cap"},
                 {"planned", "2026-05-02T09:00:00", NULL},
                 {"random", "2025-12-30T09:00:00", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(tries); i++) {
        g_auto(LawRefusal) refusal = {0};
        g_autofree char *text =
            g_strdup_printf("{\"source\": \"%s\", \"reference\": \"一\", \"due\": \"2026-12-01\"}",
                            tries[i].source);
        g_autoptr(json_t) data = data_of(text);
        NewMatter matter = {.kind = "inspection", .object_kind = "building", .object_id = 1};
        CaseAct act = {.step = "assign", .happened_us = at(tries[i].when), .data = data};
        int64_t id = 0;
        g_assert_true(casework_open(db, &leader, &matter, &act, &id, &refusal, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(refusal.reason_zh == NULL ? NULL : refusal.rule, ==, tries[i].rule);
    }
}

/* The error stays, the correction is an act; a draft is its owner's alone. */
static void test_correction_and_draft(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t id = open_complaint(db, "2026-06-01T09:00:00");
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    assert_try(db,
               id,
               "",
               (Try){"correct",
                     "2026-06-01T10:00:00",
                     "{\"act\": \"1\", \"field\": \"place\", \"now\": \"演示路2号\", "
                     "\"reason\": \"门牌抄错\"}",
                     clerk,
                     {0},
                     0,
                     1});
    assert_try(db,
               id,
               "clerical",
               (Try){"correct",
                     "2026-06-01T11:00:00",
                     "{\"act\": \"1\", \"field\": \"reporter-name\", \"now\": \"某\", "
                     "\"reason\": \"x\"}",
                     clerk,
                     {0},
                     0,
                     2});
    g_autoptr(GPtrArray) acts = casework_acts(db, id, false, &error);
    g_assert_cmpstr(
        json_get_text(((StoredAct *)acts->pdata[0])->data, "place", NULL), ==, "演示路1号");
    g_autoptr(json_t) data = data_of("{\"findings\": \"写到一半\"}");
    g_assert_true(casework_draft_save(db, CLERK, "1/verify", data, 5, &error));
    g_autoptr(json_t) mine = NULL;
    g_autoptr(json_t) others = NULL;
    int64_t saved_us = 0;
    g_assert_true(casework_draft_find(db, CLERK, "1/verify", &mine, &saved_us, &error));
    g_assert_cmpstr(json_get_text(mine, "findings", NULL), ==, "写到一半");
    g_assert_true(casework_draft_find(db, LEADER, "1/verify", &others, &saved_us, &error));
    g_assert_null(others);
    g_assert_true(casework_draft_save(db, CLERK, "1/verify", NULL, 6, &error));
    g_autoptr(json_t) gone = NULL;
    g_assert_true(casework_draft_find(db, CLERK, "1/verify", &gone, &saved_us, &error));
    g_assert_null(gone);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/papers-are-made-numbered-served", test_papers);
    test_db_add("/casework/one-matter-leads-to-another", test_links);
    test_db_add("/casework/recusal-and-conflict", test_recusal);
    test_db_add("/casework/yearly-cap", test_cap);
    test_db_add("/casework/correction-and-draft", test_correction_and_draft);
    return g_test_run();
}
