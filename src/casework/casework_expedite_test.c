/* 催办 on both engines: who waits asks whose turn it is, once a working day; nothing else changes.
 */
#include "casework/desk.h"
#include "casework/test_casework.h"

#include <string.h>

#define NOTE "{\"to\": \"负责人\", \"note\": \"举报人又来电\"}"

static Try expedite(CaseActor who, const char *when) {
    return (Try){.step = "expedite", .when = when, .data = NOTE, .actor = who};
}

static LawExpedited asked(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    g_assert_true(casework_find(db, id, &matter, &error));
    g_autoptr(LawCase) course = casework_replay(db, &matter, &error);
    g_assert_no_error(error);
    return law_case_expedited(course);
}

static void test_refused(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    int64_t id = open_complaint(db, "2026-06-01T09:00:00"); /* a Monday */
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    CaseActor auditor = actor(109, ROLE_BIT(ROLE_AUDITOR), 0);
    CaseActor away = clerk;
    away.region = "500106";
    const char *when = "2026-06-05T10:00:00"; /* a Friday */
    assert_try(db, id, "turn", expedite(inspector, when));
    assert_try(db, id, "district", expedite(away, when));
    assert_try(db, id, "role", expedite(auditor, when));
    assert_try(db, id, "", expedite(clerk, when));
    assert_try(db, id, "once", expedite(clerk, "2026-06-05T17:00:00"));
    assert_try(db, id, "once", expedite(clerk, "2026-06-07T17:00:00"));
    assert_try(db, id, "once", expedite(clerk, "2026-06-04T17:00:00"));
    assert_try(db, id, "", expedite(clerk, "2026-06-08T08:00:00"));
    assert_try(db,
               id,
               "",
               (Try){"verify",
                     "2026-06-08T09:00:00",
                     "{\"outcome\": \"unfounded\", \"findings\": \"没有\"}",
                     inspector,
                     {1, 2},
                     2,
                     0});
    /* the turn is the clerk's own now */
    assert_try(db, id, "turn", expedite(clerk, "2026-06-09T10:00:00"));
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    assert_try(db, id, "", expedite(leader, "2026-06-09T10:00:00"));
    assert_try(db,
               id,
               "",
               (Try){"tell-unfounded",
                     "2026-06-10T10:00:00",
                     "{\"way\": \"phone\", \"told\": \"没有\"}",
                     clerk,
                     {0},
                     0,
                     0});
    assert_try(db, id, "turn", expedite(leader, "2026-06-11T10:00:00"));
}

/* The act says who was asked, whatever the browser sent; the list stays as it was. */
static void test_stored(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t id = open_complaint(db, "2026-06-01T09:00:00");
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    g_auto(Matter) before = {0};
    g_auto(Matter) after = {0};
    g_assert_true(casework_find(db, id, &before, &error));
    g_assert_cmpuint(asked(db, id).count, ==, 0);
    assert_try(db, id, "", expedite(clerk, "2026-06-02T10:00:00"));
    assert_try(db, id, "", expedite(leader, "2026-06-02T11:00:00"));
    g_assert_true(casework_find(db, id, &after, &error));
    g_assert_cmpint(after.version, ==, before.version + 2);
    g_assert_cmpstr(after.state, ==, before.state);
    g_assert_cmpint(after.due_us, ==, before.due_us);
    g_assert_cmpint(after.changed_us, ==, before.changed_us);
    g_assert_cmpuint(after.next_roles, ==, before.next_roles);
    g_autoptr(GPtrArray) acts = casework_acts(db, id, false, &error);
    const StoredAct *act = acts->pdata[1];
    g_assert_cmpstr(act->step, ==, "expedite");
    g_assert_cmpstr(json_get_text(act->data, "to", NULL), ==, "检查人员");
    g_assert_cmpstr(json_get_text(act->data, "note", NULL), ==, "举报人又来电");
    LawExpedited twice = asked(db, id);
    g_assert_cmpuint(twice.count, ==, 2);
    g_assert_cmpint(twice.actor, ==, -LEADER);
    g_assert_cmpint(twice.time_us, ==, at("2026-06-02T11:00:00"));
    int64_t leaves = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM ledger_entry WHERE type = 'matter.act'"),
                               DB_NO_ARGS,
                               &leaves,
                               &error));
    g_assert_cmpint(leaves, ==, 3);
    /* what was done before it was asked for can still be told */
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    assert_try(
        db, id, "", (Try){"verify", "2026-06-02T08:00:00", VERIFICATION, inspector, {1, 2}, 2, 0});
    g_assert_cmpuint(asked(db, id).count, ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/expedite/once-a-day-and-not-on-the-own-turn", test_refused);
    test_db_add("/casework/expedite/is-an-act-that-changes-nothing-else", test_stored);
    return g_test_run();
}
