/* A matter that grows out of another one, on both engines: an officer whom a draw has sent to a
 * district opens there what the inspection asks for, and sees it through; nobody else does. */
#include "casework/test_casework.h"
#include "registry/region.h"

#include <string.h>

#define SENT 5  /* serves in 500106, named for an inspection in 500103 */
#define OTHER 6 /* serves there, too, and is named for nothing */
#define NOON "2026-06-02T12:00:00"
#define ORDER                                                                                                \
    "{\"violation\": \"出口堵塞\", \"provision\": \"消防法第二十八条\", \"kind\": \"in-time\", " \
    "\"correct-by\": \"2026-06-15\"}"
#define SEAL                                                                                       \
    "{\"ground\": \"exits\", \"scope\": \"一层\", \"findings\": \"出口堵塞\", \"urgent\": \"no\"}"
#define SERVED "{\"way\": \"direct\", \"receiver\": \"经理\", \"receipt\": \"1\"}"

static CaseActor away(int64_t officer) {
    CaseActor who = actor(100 + officer, ROLE_BIT(ROLE_INSPECTOR), officer);
    who.region = "500106";
    return who;
}

static void add_building(Db *db, const char *name, const char *region) {
    test_db_exec(db,
                 "INSERT INTO building (name, address, region, district, match_key, created_us, "
                 "changed_us) VALUES ($1, '演示路1号', $2, $3, 1, 1, 1)",
                 db_text(name),
                 db_text(region),
                 db_int(region_district(region)));
}

/* Buildings 1 and 2 in 500103, 3 in 500106. */
static Db *prepare(TestDb *fresh) {
    Db *db = fill(fresh);
    test_db_exec(db,
                 "INSERT INTO officer (name, certificate, certificate_until, agency_id, region, "
                 "district, in_post, can_lead, version, created_us, changed_us) "
                 "VALUES ('己', 'C-6', '2099-12-31', 0, '500106', 500106, 1, 1, 1, 1, 1)");
    add_building(db, "演示楼", "500103");
    add_building(db, "另一楼", "500103");
    add_building(db, "邻区楼", "500106");
    return db;
}

/* An inspection of building 1 for officers 1 and SENT. */
static int64_t assign(Db *db) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data =
        data_of("{\"source\": \"planned\", \"reference\": \"一\", \"due\": \"2026-06-30\"}");
    const int64_t officers[] = {1, SENT};
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    NewMatter matter = {.kind = "inspection", .object_kind = "building", .object_id = 1};
    CaseAct act = {.step = "assign",
                   .happened_us = at("2026-06-01T09:00:00"),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    int64_t id = 0;
    g_assert_true(casework_open(db, &leader, &matter, &act, &id, &refusal, &error));
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    return id;
}

/* One item fails and is ordered to be put right. */
static char *record_text(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LawChecklist) list = law_checklist_at("fire-inspection", at(NOON), &error);
    g_assert_no_error(error);
    g_autoptr(GString) items = g_string_new(NULL);
    for (unsigned i = 0; i < list->count; i++) {
        bool fails = strcmp(list->items[i]->id, "escape-routes") == 0;
        g_string_append_printf(items,
                               "%s\"%s\": {\"answer\": \"%s\"%s}",
                               i == 0 ? "" : ", ",
                               list->items[i]->id,
                               fails ? "fail" : "pass",
                               fails ? ", \"note\": \"南侧出口堵塞\", \"handled\": \"order\"" : "");
    }
    return g_strdup_printf("{\"shown\": \"yes\", \"companion\": \"经理\", \"items\": {%s}, "
                           "\"signature\": \"signed\"}",
                           items->str);
}

static void record(Db *db, int64_t inspection) {
    g_autofree char *text = record_text();
    assert_try(db,
               inspection,
               "",
               (Try){"record", "2026-06-02T10:00:00", text, away(SENT), {1, SENT}, 2, 0});
}

typedef struct Opening {
    NewMatter matter;
    CaseActor who;
    int64_t officers[2];
} Opening;

/* The rule that refuses, "" when it is opened; then *ret_id. Caller frees. */
static char *open_matter(Db *db, const Opening *one, int64_t *ret_id) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    bool is_seal = strcmp(one->matter.kind, "seal") == 0;
    g_autoptr(json_t) data = data_of(is_seal ? SEAL : ORDER);
    CaseAct act = {.step = is_seal ? "propose" : "order",
                   .happened_us = at(NOON),
                   .data = data,
                   .officers = one->officers,
                   .officer_count = 2};
    int64_t id = 0;
    g_assert_true(casework_open(db, &one->who, &one->matter, &act, &id, &refusal, &error));
    g_assert_no_error(error);
    g_assert_cmpint(id != 0, ==, refusal.reason_zh == NULL);
    *ret_id = id;
    return g_strdup(refusal.reason_zh == NULL ? "" : refusal.rule);
}

static void assert_opening(Db *db, const char *rule, Opening one) {
    int64_t id;
    g_autofree char *refused = open_matter(db, &one, &id);
    g_assert_cmpstr(refused, ==, rule);
}

static NewMatter about(const char *kind, int64_t building, int64_t from) {
    return (NewMatter){
        .kind = kind, .object_kind = "building", .object_id = building, .from_matter = from};
}

static int64_t count_rows(Db *db) {
    g_autoptr(GError) error = NULL;
    int64_t count = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT (SELECT count(*) FROM matter) + (SELECT count(*) FROM "
                                   "ledger_entry) + (SELECT count(*) FROM matter_link)"),
                               DB_NO_ARGS,
                               &count,
                               &error));
    return count;
}

/* Refused without a trace: without the naming, for another object, in another district, of a kind
 * that the inspection does not ask for. */
static void test_refused(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = prepare(fresh);
    int64_t inspection = assign(db);
    /* nothing is asked for before the result */
    assert_opening(
        db, "district", (Opening){about("hazard", 1, inspection), away(SENT), {1, SENT}});
    record(db, inspection);
    int64_t before = count_rows(db);
    assert_opening(db, "district", (Opening){about("hazard", 1, 0), away(SENT), {1, SENT}});
    assert_opening(
        db, "district", (Opening){about("hazard", 1, inspection), away(OTHER), {1, SENT}});
    assert_opening(
        db, "district", (Opening){about("hazard", 2, inspection), away(SENT), {1, SENT}});
    assert_opening(db, "district", (Opening){about("seal", 1, inspection), away(SENT), {1, SENT}});
    NewMatter elsewhere = about("hazard", 1, inspection);
    elsewhere.region = "500112";
    assert_opening(db, "district", (Opening){elsewhere, away(SENT), {1, SENT}});
    NewMatter unregistered = {
        .kind = "hazard", .title = "演示楼", .region = "500103", .from_matter = inspection};
    assert_opening(db, "district", (Opening){unregistered, away(SENT), {1, SENT}});
    CaseActor nobody = away(SENT);
    nobody.officer_id = 0;
    assert_opening(db, "district", (Opening){about("hazard", 1, inspection), nobody, {1, SENT}});
    /* nor does he bring a colleague whom nobody has sent */
    assert_opening(db,
                   "officer-district",
                   (Opening){about("hazard", 1, inspection), away(SENT), {SENT, OTHER}});
    CaseActor clerk = away(SENT);
    clerk.roles = ROLE_BIT(ROLE_CLERK);
    assert_opening(db, "role", (Opening){about("hazard", 1, inspection), clerk, {1, SENT}});
    g_assert_cmpint(count_rows(db), ==, before);
}

static void assert_desk(Db *db, int64_t officer, const char *region, unsigned expected) {
    g_autoptr(GError) error = NULL;
    MatterQuery query = {.region = region,
                         .officer_id = officer,
                         .next_roles = CASE_NAMED(ROLE_BIT(ROLE_INSPECTOR)),
                         .away_roles = ROLE_BIT(ROLE_INSPECTOR),
                         .limit = 9};
    int64_t count = -1;
    bool is_all = false;
    g_autoptr(GPtrArray) rows = casework_list(db, &query, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(rows->len, ==, expected);
    g_assert_true(casework_store_tally(db, &query, 9, &count, &is_all, &error));
    g_assert_no_error(error);
    g_assert_cmpint(count, ==, expected);
}

/* Allowed by the naming: opened, linked, seen through as far as the role goes, and no further. */
static void test_opened(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = prepare(fresh);
    g_autoptr(GError) error = NULL;
    int64_t inspection = assign(db);
    int64_t hazard = 0;
    g_auto(Matter) source = {0};
    const char *const *kinds = NULL;
    g_assert_true(casework_find(db, inspection, &source, &error));
    record(db, inspection);
    g_assert_true(casework_sends(db, &source, SENT, &kinds, &error));
    g_assert_true(g_strv_contains(kinds, "hazard"));
    g_assert_true(casework_sends(db, &source, OTHER, &kinds, &error));
    g_assert_null(kinds[0]);
    Opening opening = {about("hazard", 1, inspection), away(SENT), {1, SENT}};
    g_autofree char *rule = open_matter(db, &opening, &hazard);
    g_assert_cmpstr(rule, ==, "");
    g_autoptr(GPtrArray) links = casework_links(db, hazard, &error);
    g_assert_cmpuint(links->len, ==, 1);
    g_assert_cmpint(((MatterLink *)links->pdata[0])->other_id, ==, inspection);
    for (int64_t officer = 1; officer <= OTHER; officer++) {
        bool is_named = false;
        g_assert_true(casework_is_named(db, hazard, officer, &is_named, &error));
        g_assert_cmpint(is_named, ==, officer == 1 || officer == SENT);
    }
    /* on the desk of who was sent, in the list of the role for who serves there */
    assert_desk(db, SENT, "500106", 2);
    assert_desk(db, 1, "500103", 1);
    assert_desk(db, OTHER, "500106", 0);
    const char *when = "2026-06-03T10:00:00";
    assert_try(db, hazard, "district", (Try){"serve", when, SERVED, away(OTHER), {0}, 0, 0});
    assert_try(db, hazard, "", (Try){"serve", when, SERVED, away(SENT), {0}, 0, 0});
    const char *longer = "{\"reason\": \"缺货\", \"correct-by\": \"2026-06-20\"}";
    assert_try(db, hazard, "role", (Try){"extend", when, longer, away(SENT), {0}, 0, 0});
    /* the hazard asks for no other matter: the way out of the district ends with it */
    assert_opening(db, "district", (Opening){about("hazard", 1, hazard), away(SENT), {1, SENT}});
    /* once the result is told the inspection asks for nothing more */
    assert_try(db,
               inspection,
               "",
               (Try){"tell-after-follow-up",
                     "2026-06-02T13:00:00",
                     "{\"way\": \"spot\", \"receiver\": \"经理\"}",
                     away(SENT),
                     {0},
                     0,
                     0});
    assert_opening(
        db, "district", (Opening){about("hazard", 1, inspection), away(SENT), {1, SENT}});
    /* who serves there opens what they like, as before */
    CaseActor local = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), 1);
    assert_opening(db, "date", (Opening){about("hazard", 2, inspection), local, {1, 2}});
    assert_opening(db, "", (Opening){about("hazard", 2, 0), local, {1, 2}});
}

/* A leader names somebody else: who was named before is sent no longer. */
static void test_reassigned(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = prepare(fresh);
    int64_t inspection = assign(db);
    record(db, inspection);
    CaseActor leader = actor(LEADER, ROLE_BIT(ROLE_LEADER), 0);
    assert_try(
        db,
        inspection,
        "",
        (Try){"reassign", "2026-06-02T11:00:00", "{\"why\": \"left\"}", leader, {1, 2}, 2, 0});
    assert_opening(db, "district", (Opening){about("hazard", 1, inspection), away(SENT), {1, 2}});
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/follow-up/refused-where-nobody-was-sent", test_refused);
    test_db_add("/casework/follow-up/opened-by-the-officer-who-was-sent", test_opened);
    test_db_add("/casework/follow-up/who-was-replaced-is-not-sent", test_reassigned);
    return g_test_run();
}
