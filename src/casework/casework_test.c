/* Matters on both engines: whole courses, every guard, two people at once, replay. */
#include "casework/test_casework.h"
#include "ledger/ledger.h"

#include <string.h>

static Matter find(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    Matter matter;
    g_assert_true(casework_find(db, id, &matter, &error));
    return matter;
}

/* What is stored beside the acts is what a replay of the acts gives. */
static void assert_replay(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = find(db, id);
    g_autoptr(LawCase) course = casework_replay(db, &matter, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(law_case_state(course)->id, ==, matter.state);
    g_assert_cmpuint(law_case_acts(course), ==, matter.version);
    const LawClock *next = law_case_next_due(course);
    bool runs = next != NULL && !law_case_state(course)->is_final;
    g_assert_cmpint(runs ? next->due.due_us : 0, ==, matter.due_us);
    g_assert_cmpstr(runs ? next->id : NULL, ==, matter.due_clock);
    g_autoptr(GString) replayed = g_string_new(NULL);
    const GArray *clocks = law_case_clocks(course);
    for (guint i = 0; i < clocks->len; i++) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i);
        g_string_append_printf(replayed,
                               "%s %u %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
                               clock->id,
                               clock->started_by,
                               clock_state_word(clock->state),
                               clock->due.is_known ? clock->due.due_us : 0,
                               clock->stopped_us);
    }
    g_autofree char *stored = casework_store_clock_text(db, id, &error);
    g_assert_cmpstr(stored, ==, replayed->str);
}

/* 公安部令120第18条: a locked exit is verified within 24 hours; then told, rewarded, closed. */
static void test_complaint(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t id = open_complaint(db, "2026-09-30T18:05:00");
    g_auto(Matter) matter = find(db, id);
    g_assert_cmpstr(matter.number, ==, "举〔2026〕第0001号");
    g_assert_cmpint(matter.due_us, ==, at("2026-10-01T18:05:00"));
    g_assert_cmpstr(matter.due_clock, ==, "complaint-verification");
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    assert_try(
        db, id, "", (Try){"verify", "2026-10-01T10:00:00", VERIFICATION, inspector, {1, 2}, 2, 1});
    assert_try(db,
               id,
               "",
               (Try){"tell",
                     "2026-10-09T10:00:00",
                     "{\"way\": \"phone\", \"told\": \"已改正\"}",
                     clerk,
                     {0},
                     0,
                     2});
    assert_try(db,
               id,
               "",
               (Try){"decide-reward",
                     "2026-10-10T10:00:00",
                     "{\"grant\": \"yes\", \"amount\": \"50\", \"ground\": \"本地标准\"}",
                     leader,
                     {0},
                     0,
                     3});
    assert_try(db,
               id,
               "",
               (Try){"pay-reward",
                     "2026-10-12T10:00:00",
                     "{\"paid-on\": \"2026-10-12\", \"receipt\": \"1\"}",
                     clerk,
                     {0},
                     0,
                     4});
    g_auto(Matter) closed = find(db, id);
    g_assert_true(closed.is_closed);
    g_assert_cmpint(closed.due_us, ==, 0);
    assert_replay(db, id);
    assert_try(db,
               id,
               "state",
               (Try){"tell",
                     "2026-10-13T10:00:00",
                     "{\"way\": \"phone\", \"told\": \"再\"}",
                     clerk,
                     {0},
                     0,
                     5});

    /* one leaf for each act; who reported stands in none of them, nor beside the open data */
    int64_t leaves;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM ledger_entry WHERE type = 'matter.act'"),
                               DB_NO_ARGS,
                               &leaves,
                               &error));
    g_assert_cmpint(leaves, ==, 5);
    g_autoptr(GPtrArray) acts = casework_acts(db, id, false, &error);
    g_assert_null(json_object_get(((StoredAct *)acts->pdata[0])->data, "reporter-name"));
    g_autoptr(GPtrArray) opened = casework_acts(db, id, true, &error);
    g_assert_cmpstr(json_get_text(((StoredAct *)opened->pdata[0])->data, "reporter-name", NULL),
                    ==,
                    "举报人某");
}

static void test_guards(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    int64_t id = open_complaint(db, "2026-06-01T09:00:00");
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    CaseActor township = actor(106, ROLE_BIT(ROLE_TOWNSHIP_WORKER), 0);
    CaseActor elsewhere = inspector;
    elsewhere.region = "500106";
    const char *when = "2026-06-02T09:00:00";
    assert_try(db, id, "role", (Try){"verify", when, VERIFICATION, clerk, {1, 2}, 2, 1});
    assert_try(db, id, "role", (Try){"verify", when, VERIFICATION, township, {1, 2}, 2, 1});
    assert_try(db, id, "district", (Try){"verify", when, VERIFICATION, elsewhere, {1, 2}, 2, 1});
    assert_try(db, id, "officers", (Try){"verify", when, VERIFICATION, inspector, {1}, 1, 1});
    assert_try(db, id, "officers", (Try){"verify", when, VERIFICATION, inspector, {1, 1}, 2, 1});
    assert_try(db, id, "in-post", (Try){"verify", when, VERIFICATION, inspector, {1, 3}, 2, 1});
    assert_try(db, id, "certificate", (Try){"verify", when, VERIFICATION, inspector, {1, 4}, 2, 1});
    assert_try(
        db, id, "officer-district", (Try){"verify", when, VERIFICATION, inspector, {1, 5}, 2, 1});
    assert_try(db,
               id,
               "state",
               (Try){"tell", when, "{\"way\": \"phone\", \"told\": \"x\"}", clerk, {0}, 0, 1});
    assert_try(
        db, id, "form", (Try){"verify", when, "{\"outcome\": \"maybe\"}", inspector, {1, 2}, 2, 1});
    assert_try(db,
               id,
               "date",
               (Try){"verify", "2026-05-31T09:00:00", VERIFICATION, inspector, {1, 2}, 2, 1});
    assert_try(db,
               id,
               "date",
               (Try){"verify", "2026-11-23T09:00:00", VERIFICATION, inspector, {1, 2}, 2, 1});
    assert_try(db, id, "order", (Try){"fly", when, "{}", inspector, {1, 2}, 2, 1});
    g_auto(Matter) matter = find(db, id);
    g_assert_cmpint(matter.version, ==, 1);
    assert_replay(db, id);
    /* the certificate was still good two days before it ended */
    int64_t other = open_complaint(db, "2026-05-28T09:00:00");
    assert_try(db,
               other,
               "",
               (Try){"verify", "2026-05-29T08:00:00", VERIFICATION, inspector, {1, 4}, 2, 1});
    /* who verified may not decide on the reward, as an officer either */
    CaseActor both = actor(LEADER, ROLE_BIT(ROLE_LEADER), 4);
    assert_try(db,
               other,
               "",
               (Try){"tell",
                     "2026-05-30T08:00:00",
                     "{\"way\": \"phone\", \"told\": \"x\"}",
                     clerk,
                     {0},
                     0,
                     2});
    assert_try(db,
               other,
               "own-work",
               (Try){"decide-reward",
                     "2026-05-31T08:00:00",
                     "{\"grant\": \"no\", \"ground\": \"x\"}",
                     both,
                     {0},
                     0,
                     3});
}

/* Two people, each on a connection, from the same version: one wins, the other is told. */
static void test_conflict(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(Db) other = test_db_open(fresh, DB_READ_WRITE);
    int64_t id = open_complaint(db, "2026-06-01T09:00:00");
    CaseActor inspector = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    Try same = {"verify", "2026-06-01T12:00:00", VERIFICATION, inspector, {1, 2}, 2, 1};
    assert_try(db, id, "", same);
    assert_try(other, id, "conflict", same);
    g_auto(Matter) matter = find(other, id);
    g_assert_cmpint(matter.version, ==, 2);
    assert_replay(other, id);
}

static void test_form_sent_twice(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) data = data_of(REGISTRATION);
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    NewMatter opening = {
        .kind = "complaint", .title = "演示商店", .region = "500103", .form_id = "abc"};
    CaseAct act = {.step = "register", .happened_us = at("2026-06-01T09:00:00"), .data = data};
    int64_t ids[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        g_auto(LawRefusal) refusal = {0};
        g_assert_true(casework_open(db, &clerk, &opening, &act, &ids[i], &refusal, &error));
    }
    g_assert_cmpint(ids[0], >, 0);
    g_assert_cmpint(ids[0], ==, ids[1]);
    /* a refused opening leaves nothing, not even a number */
    g_autoptr(json_t) bad = data_of("{\"channel\": \"hotline\"}");
    act.data = bad;
    opening.form_id = "def";
    int64_t none = 0;
    g_auto(LawRefusal) refusal = {0};
    g_assert_true(casework_open(db, &clerk, &opening, &act, &none, &refusal, &error));
    g_assert_cmpstr(refusal.rule, ==, "form");
    g_assert_cmpint(none, ==, 0);
    int64_t next = open_complaint(db, "2026-06-01T10:00:00");
    g_auto(Matter) matter = find(db, next);
    g_assert_cmpstr(matter.number, ==, "举〔2026〕第0002号");
}

/* Somebody who is not signed in may do what law/ opens to the public and nothing else, and stands
 * nowhere as a person. */
static void test_public(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = data_of(REGISTRATION);
    CaseActor anybody = actor(0, ROLE_PUBLIC_BIT, 0);
    NewMatter opening = {.kind = "complaint", .title = "演示商店", .region = "500103"};
    CaseAct act = {.step = "register", .happened_us = at("2026-06-01T09:00:00"), .data = data};
    int64_t id = 0;
    int64_t people = -1;
    g_assert_true(casework_open(db, &anybody, &opening, &act, &id, &refusal, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    g_assert_cmpint(id, >, 0);
    const char *words = "{\"words\": \"二楼也锁了\"}";
    assert_try(
        db,
        id,
        "",
        (Try){
            .step = "supplement", .when = "2026-06-01T10:00:00", .data = words, .actor = anybody});
    assert_try(db,
               id,
               "role",
               (Try){"verify", "2026-06-01T11:00:00", VERIFICATION, anybody, {1, 2}, 2, 0});
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    assert_try(
        db,
        id,
        "role",
        (Try){.step = "supplement", .when = "2026-06-01T11:00:00", .data = words, .actor = clerk});
    db_query_int(db,
                 SQL("SELECT COUNT(*) FROM matter_person WHERE matter_id = $1"),
                 DB_ARGS(db_int(id)),
                 &people,
                 &error);
    g_assert_no_error(error);
    g_assert_cmpint(people, ==, 0);
    assert_replay(db, id);
}

/* Fills a form at random, mostly right. */
static json_t *random_data(GRand *random, const LawForm *form) {
    json_t *data = json_object();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        if (!law_field_is_asked(field, data) || g_rand_int_range(random, 0, 40) == 0) {
            continue;
        }
        if (field->values != NULL) {
            gint32 count = (gint32)g_strv_length((char **)field->values);
            const char *value = field->values[g_rand_int_range(random, 0, count)];
            json_t *one = json_string(value);
            if (field->type == LAW_FIELD_CHOICES) {
                json_t *list = json_array();
                json_array_append_new(list, one);
                one = list;
            }
            json_put(data, field->id, one);
        } else {
            json_put_text(data,
                          field->id,
                          field->type == LAW_FIELD_DATE     ? "2026-07-15"
                          : field->type == LAW_FIELD_NUMBER ? "120"
                          : field->type == LAW_FIELD_MONEY  ? "88.50"
                                                            : "演示");
        }
    }
    return data;
}

/* Random acts of random people: whatever was taken, the replay of all acts gives what is stored. */
static void test_replay(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    const LawBook *book = casework_book("500103", &error);
    g_assert_no_error(error);
    g_autofree const char **kinds = law_procedure_ids(book);
    const uint32_t everybody = (1u << ROLE_COUNT) - 1;
    int taken = 0;
    int refused = 0;
    int closed = 0;
    for (int round = 0; round < 90; round++) {
        const char *kind =
            kinds[g_rand_int_range(random, 0, (gint32)g_strv_length((char **)kinds))];
        int64_t time_us =
            at("2026-06-01T08:00:00") + g_rand_int_range(random, 0, 60) * CLOCK_DAY_US;
        const LawProcedure *procedure = law_procedure_at(book, kind, time_us, &error);
        int64_t id = 0;
        for (int move = 0; move < 30; move++) {
            const LawStep *step =
                &procedure->steps[g_rand_int_range(random, 0, (gint32)procedure->step_count)];
            const LawForm *form =
                step->form == NULL ? NULL : law_form_at(book, step->form, time_us, &error);
            g_autoptr(json_t) data = random_data(random, form);
            g_auto(LawRefusal) refusal = {0};
            int64_t officers[] = {1, 2};
            CaseActor person = actor(200 + g_rand_int_range(random, 0, 5), everybody, 0);
            CaseAct act = {.step = step->id,
                           .happened_us = time_us,
                           .data = data,
                           .officers = officers,
                           .officer_count = (size_t)step->officers};
            NewMatter opening = {.kind = kind, .title = "演示", .region = "500103"};
            if (id == 0) {
                g_assert_true(casework_open(db, &person, &opening, &act, &id, &refusal, &error));
            } else {
                g_auto(Matter) before = find(db, id);
                g_assert_true(
                    casework_act(db, &person, id, before.version, &act, &refusal, &error));
            }
            g_assert_no_error(error);
            taken += refusal.reason_zh == NULL;
            refused += refusal.reason_zh != NULL;
            time_us += refusal.reason_zh == NULL
                           ? g_rand_int_range(random, 1, 90) * INT64_C(3600) * CLOCK_SECOND_US
                           : 0;
            if (id != 0) {
                assert_replay(db, id);
            }
        }
        if (id != 0) {
            g_auto(Matter) last = find(db, id);
            closed += last.is_closed;
        }
    }
    g_test_message("%d taken, %d refused, %d closed", taken, refused, closed);
    g_assert_cmpint(taken, >, 100);
    g_assert_cmpint(refused, >, 100);
    g_assert_cmpint(closed, >, 5);
}

static void test_list(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 7; i++) {
        g_autofree char *when = g_strdup_printf("2026-06-%02dT09:00:00", 20 - i);
        open_complaint(db, when);
    }
    MatterQuery query = {.region = "50", .limit = 3};
    int64_t before_us = 0;
    unsigned seen = 0;
    for (;;) {
        g_autoptr(GPtrArray) page = casework_list(db, &query, &error);
        g_assert_no_error(error);
        for (guint i = 0; i < page->len; i++) {
            const Matter *matter = page->pdata[i];
            g_assert_cmpint(matter->due_us, >, before_us); /* the most urgent first */
            before_us = matter->due_us;
            seen++;
        }
        if (page->len < query.limit) {
            break;
        }
        casework_place(&query, page->pdata[page->len - 1], &query.after_key, &query.after_id);
    }
    g_assert_cmpuint(seen, ==, 7);
    const MatterQuery others[] = {{.region = "500106", .limit = 9},
                                  {.region = "50", .kind = "permit", .limit = 9},
                                  {.region = "50", .closed = true, .limit = 9},
                                  {.region = "50", .account_id = INSPECTOR, .limit = 9}};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GPtrArray) none = casework_list(db, &others[i], &error);
        g_assert_no_error(error);
        g_assert_cmpuint(none->len, ==, 0);
    }
    MatterQuery mine = {.region = "500103", .kind = "complaint", .account_id = CLERK, .limit = 9};
    g_autoptr(GPtrArray) all = casework_list(db, &mine, &error);
    g_assert_cmpuint(all->len, ==, 7);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/complaint-from-first-act-to-closure", test_complaint);
    test_db_add("/casework/every-guard-refuses", test_guards);
    test_db_add("/casework/two-at-once", test_conflict);
    test_db_add("/casework/a-form-sent-twice", test_form_sent_twice);
    test_db_add("/casework/the-public-may-do-what-law-opens-to-it", test_public);
    test_db_add("/casework/replay-gives-what-is-stored", test_replay);
    test_db_add("/casework/list-by-urgency", test_list);
    return g_test_run();
}
