/* Enforcement of 三停 on both engines: its papers, and the hours and days in which it may happen
 * (消防法 70; 行政强制法 35 to 37, 43). */
#include "casework/test_casework.h"

#include <string.h>

#define SERVED "{\"way\": \"direct\", \"receiver\": \"经理\", \"receipt\": \"1\"}"
#define EXECUTION(urgent) "{\"present\": \"party\", \"done\": \"封闭入口\", " urgent "}"

static int64_t open_enforcement(Db *db, const CaseActor *who) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = data_of("{\"decision-number\": \"罚1\", \"ended-on\": \"2026-05-31\", "
                                     "\"findings\": \"仍在营业\"}");
    int64_t officers[] = {1, 2};
    NewMatter matter = {.kind = "enforcement", .title = "演示商店", .region = "500103"};
    CaseAct act = {.step = "register",
                   .happened_us = at("2026-06-01T09:00:00"),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    int64_t id = 0;
    g_assert_true(casework_open(db, who, &matter, &act, &id, &refusal, &error));
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    return id;
}

/* Up to the decision that is served. */
static int64_t served(Db *db, const CaseActor *inspector, const CaseActor *leader) {
    int64_t id = open_enforcement(db, inspector);
    const Try acts[] = {
        {"demand",
         "2026-06-02T09:00:00",
         "{\"decision-number\": \"罚1\", \"comply-by\": \"2026-06-10\", \"manner\": \"停业\"}",
         *inspector,
         {0},
         0,
         0},
        {"serve-demand", "2026-06-03T09:00:00", SERVED, *inspector, {0}, 0, 0},
        {"hear", "2026-06-05T09:00:00", "{\"made\": \"none\"}", *inspector, {0}, 0, 0},
        {"decide",
         "2026-06-11T09:00:00",
         "{\"decision\": \"approve\", \"members\": \"3\", \"reasons\": \"仍在营业\", "
         "\"decision-number\": \"罚1\", \"manner\": \"封闭\", \"planned-on\": \"2026-06-16\"}",
         *leader,
         {0},
         0,
         0},
        {"serve-decision", "2026-06-12T09:00:00", SERVED, *inspector, {0}, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        assert_try(db, id, "", acts[i]);
    }
    return id;
}

static Try execution(const CaseActor *inspector, const char *when, const char *data) {
    return (Try){"execute", when, data, *inspector, {1, 2}, 2, 0};
}

/* The answer names the article, and says which part of the rule was not read. */
static void assert_night_is_explained(Db *db, int64_t id, const CaseActor *inspector) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = data_of(EXECUTION("\"urgent\": \"no\""));
    int64_t officers[] = {1, 2};
    CaseAct act = {.step = "execute",
                   .happened_us = at("2026-06-16T22:30:00"),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    g_assert_true(casework_act(db, inspector, id, 0, &act, &refusal, &error));
    g_assert_cmpstr(refusal.rule, ==, "hours");
    g_assert_cmpstr(refusal.basis_zh, ==, "行政强制法第43条");
    g_assert_nonnull(strstr(refusal.reason_zh, "22:30不在06:00到22:00之间"));
    g_assert_nonnull(strstr(refusal.reason_zh, "凭记忆"));
}

static void test_course(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    const char *plain = EXECUTION("\"urgent\": \"no\"");
    const char *urgent = EXECUTION("\"urgent\": \"yes\", \"urgent-reason\": \"人员聚集\"");
    int64_t id = served(db, &inspector, &leader);
    assert_try(db, id, "hours", execution(&inspector, "2026-06-16T05:59:00", plain));
    assert_try(db, id, "days", execution(&inspector, "2026-06-19T10:00:00", plain));
    assert_night_is_explained(db, id, &inspector);
    assert_try(db, id, "", execution(&inspector, "2026-06-19T23:00:00", urgent));
    g_auto(Matter) matter = {0};
    g_assert_true(casework_find(db, id, &matter, &error));
    g_assert_cmpstr(matter.state, ==, "enforced");
    g_autoptr(GPtrArray) papers = casework_papers(db, id, &error);
    g_assert_cmpstr(((MatterPaper *)papers->pdata[0])->number, ==, "消催字〔2026〕第0001号");
    /* a matter is replayed from its acts, urgent ones too */
    g_autoptr(LawCase) course = casework_replay(db, &matter, &error);
    g_assert_no_error(error);
    g_assert_true(law_case_state(course)->is_final);
    int64_t other = served(db, &inspector, &leader);
    assert_try(db, other, "", execution(&inspector, "2026-06-16T10:00:00", plain));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/enforcement/not-at-night-nor-on-days-off", test_course);
    return g_test_run();
}
