/* On both engines: whose power an act needs on its day. 行政处罚法 17, 20, 24, 42; 行政强制法 17.
 */
#include "casework/test_casework.h"
#include "registry/agency.h"
#include "registry/region.h"

#include <string.h>

#define ORDER                                                                                      \
    "{\"violation\": \"出口堵塞\", \"provision\": \"消防法第二十八条\", \"kind\": \"at-once\"}"
#define SEAL                                                                                       \
    "{\"ground\": \"exits\", \"scope\": \"一层\", \"findings\": \"出口堵塞\", \"urgent\": \"no\"}"

/* An office of this kind with two officers. */
typedef struct Office {
    int64_t id, officers[2];
    char region[REGION_CODE_MAX + 1];
} Office;

static Office add_office(Db *db, const char *name, const char *kind, const char *region) {
    g_autoptr(GError) error = NULL;
    Office office = {.id = 0};
    g_strlcpy(office.region, region, sizeof office.region);
    NewAgency agency = {.name = name, .region = region, .kind = kind};
    g_assert_true(agency_add(db, &agency, 1, &office.id, &error));
    for (int i = 0; i < 2; i++) {
        g_autofree char *certificate = g_strdup_printf("%s-%d", name, i);
        g_assert_true(db_query_int(
            db,
            SQL("INSERT INTO officer (name, certificate, certificate_until, agency_id, region, "
                "district, in_post, can_lead, version, created_us, changed_us) "
                "VALUES ($1, $2, '2099-12-31', $3, $4, $5, 1, 1, 1, 1, 1) RETURNING id"),
            DB_ARGS(db_text(certificate),
                    db_text(certificate),
                    db_int(office.id),
                    db_text(region),
                    db_int(region_district(region))),
            &office.officers[i],
            &error));
    }
    return office;
}

typedef struct Given {
    const char *act;
    LawMode mode;
    const char *from, *until;
    int64_t grantor;
} Given;

static AgencyGrant give(Db *db, const Office *office, Given given) {
    g_autoptr(GError) error = NULL;
    AgencyGrant grant = {.agency_id = office->id,
                         .act = (char *)given.act,
                         .mode = given.mode,
                         .from = (char *)given.from,
                         .until = (char *)given.until,
                         .document = (char *)"演示文号1",
                         .grantor_id = given.grantor};
    WriteOptions options = {.actor = "test", .action = "give", .now_us = 1};
    g_assert_true(agency_grant_add(db, &grant, &options, &grant.id, &error));
    return grant;
}

/* An inspector of `of` opens a matter of this kind with these officers; "" or "rule: reason
 * (basis)". *ret_id may be NULL. Caller frees. */
static char *attempt_by(Db *db,
                        const Office *of,
                        const int64_t officers[2],
                        const char *kind,
                        const char *day,
                        int64_t *ret_id) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    bool is_seal = strcmp(kind, "seal") == 0;
    g_autoptr(json_t) data = data_of(is_seal ? SEAL : ORDER);
    g_autofree char *when = g_strconcat(day, "T10:00:00", NULL);
    CaseActor who = actor(INSPECTOR, ROLE_BIT(ROLE_INSPECTOR), officers[0]);
    who.region = of->region;
    who.agency_id = of->id;
    NewMatter matter = {.kind = kind, .title = "演示商店", .region = of->region};
    CaseAct act = {.step = is_seal ? "propose" : "order",
                   .happened_us = at(when),
                   .data = data,
                   .officers = officers,
                   .officer_count = 2};
    int64_t id = 0;
    g_assert_true(casework_open(db, &who, &matter, &act, &id, &refusal, &error));
    g_assert_no_error(error);
    if (ret_id != NULL) {
        *ret_id = id;
    }
    return refusal.reason_zh == NULL
               ? g_strdup("")
               : g_strdup_printf("%s: %s（%s）", refusal.rule, refusal.reason_zh, refusal.basis_zh);
}

static void assert_done(Db *db, const Office *office, const char *kind, const char *day) {
    g_autofree char *answer = attempt_by(db, office, office->officers, kind, day, NULL);
    g_assert_cmpstr(answer, ==, "");
}

/* The power is refused, and the answer says these two things. */
static void assert_refused(Db *db,
                           const Office *office,
                           const char *kind,
                           const char *day,
                           const char *reason,
                           const char *basis) {
    g_autofree char *answer = attempt_by(db, office, office->officers, kind, day, NULL);
    g_test_message("%s", answer);
    g_assert_true(g_str_has_prefix(answer, "power: "));
    g_assert_nonnull(strstr(answer, reason));
    g_assert_nonnull(strstr(answer, basis));
}

/* 行政处罚法24: by a published list, in its own name, from its day on; never to seal or stop. A
 * city without such a list empowers nobody, whatever was entered. */
static void test_empowered(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    static const char *const others[] = {"370303", "450202"};
    Office town = add_office(db, "甲街道", "township", "500103001");
    assert_refused(db, &town, "hazard", "2026-06-01", "没有规定", "消防法第54条");
    give(db, &town, (Given){"order-correction", LAW_EMPOWERED, "2026-05-01", NULL, 0});
    assert_refused(db, &town, "hazard", "2026-04-30", "不在期限内", "渝府办发28号");
    assert_done(db, &town, "hazard", "2026-05-01");
    give(db, &town, (Given){"seal", LAW_EMPOWERED, "2026-05-01", NULL, 0});
    assert_refused(db, &town, "seal", "2026-06-01", "赋权目录没有", "行政强制法第17条");
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *name = g_strdup_printf("别处%zu街道", i);
        Office office = add_office(db, name, "township", others[i]);
        give(db, &office, (Given){"order-correction", LAW_EMPOWERED, "2026-05-01", NULL, 0});
        assert_refused(db, &office, "hazard", "2026-04-30", "没有规定", "消防法第54条");
        assert_refused(db, &office, "hazard", "2026-05-01", "没有规定", "消防法第54条");
    }
}

/* 行政处罚法20: within the letter, in the name of the agency that delegates; 行政强制法17: never to
 * seal, whatever the letter says. */
static void test_delegated(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    static const char *const regions[] = {"500103", "370303", "450202"};
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_autofree char *brigade = g_strdup_printf("大队%zu", i);
        g_autofree char *township = g_strdup_printf("镇%zu", i);
        Office fire = add_office(db, brigade, "fire-brigade", regions[i]);
        Office town = add_office(db, township, "township", regions[i]);
        Given order = {"order-correction", LAW_DELEGATED, "2026-02-01", "2026-07-31", fire.id};
        Given seal = {"seal", LAW_DELEGATED, "2026-02-01", "2026-07-31", fire.id};
        AgencyGrant grant = give(db, &town, order);
        give(db, &town, seal);
        assert_refused(db, &town, "hazard", "2026-01-31", "不在期限内", "行政处罚法第20条");
        int64_t id = 0;
        g_autofree char *done = attempt_by(db, &town, town.officers, "hazard", "2026-02-01", &id);
        g_assert_cmpstr(done, ==, "");
        g_autoptr(GPtrArray) papers = casework_papers(db, id, &error);
        g_assert_cmpstr(((MatterPaper *)papers->pdata[0])->agency, ==, brigade);
        assert_refused(db, &town, "seal", "2026-06-01", "不得委托", "行政强制法第17条");
        assert_done(db, &town, "hazard", "2026-07-31");
        assert_refused(db, &town, "hazard", "2026-08-01", "不在期限内", "行政处罚法第20条");
        /* ended before its time; a later last day cannot be given again */
        WriteOptions options = {.actor = "test", .action = "end", .now_us = 1};
        g_assert_true(agency_grant_end(db, &grant, "2026-06-30", &options, &error));
        g_assert_false(agency_grant_end(db, &grant, "2026-07-31", &options, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
        g_clear_error(&error);
        assert_done(db, &town, "hazard", "2026-06-30");
        assert_refused(db, &town, "hazard", "2026-07-01", "不在期限内", "行政处罚法第20条");
        assert_done(db, &fire, "hazard", "2026-07-01");
        assert_done(db, &fire, "seal", "2026-07-01");
    }
}

/* Two officers act for the agency: one of an agency without the power spoils it; district as ever.
 */
static void test_officers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, case_rooms);
    g_autoptr(Db) db = fill(fresh);
    Office fire = add_office(db, "甲大队", "fire-brigade", "500103");
    Office town = add_office(db, "甲街道", "township", "500103001");
    Office police = add_office(db, "甲派出所", "police-station", "500103");
    Office away = add_office(db, "乙大队", "fire-brigade", "500106");
    int64_t mixed[] = {fire.officers[0], town.officers[0]};
    g_autofree char *spoilt = attempt_by(db, &fire, mixed, "hazard", "2026-06-01", NULL);
    g_assert_true(g_str_has_prefix(spoilt, "power: 甲街道："));
    give(db, &town, (Given){"order-correction", LAW_EMPOWERED, "2026-05-01", NULL, 0});
    g_autofree char *together = attempt_by(db, &fire, mixed, "hazard", "2026-06-01", NULL);
    g_assert_cmpstr(together, ==, "");
    int64_t sealing[] = {fire.officers[0], police.officers[0]};
    g_autofree char *sealed = attempt_by(db, &fire, sealing, "seal", "2026-06-01", NULL);
    g_assert_true(g_str_has_prefix(sealed, "power: 甲派出所："));
    g_assert_nonnull(strstr(sealed, "行政强制法第17条"));
    assert_done(db, &police, "hazard", "2026-06-01");
    int64_t far[] = {fire.officers[0], away.officers[0]};
    g_autofree char *district = attempt_by(db, &fire, far, "hazard", "2026-06-01", NULL);
    g_assert_true(g_str_has_prefix(district, "officer-district: "));
    /* an account without an agency: as a fire brigade, but the officers' agencies are asked */
    Office none = {.id = 0};
    g_strlcpy(none.region, "500103", sizeof none.region);
    g_autofree char *by_role = attempt_by(db, &none, fire.officers, "seal", "2026-06-01", NULL);
    g_assert_cmpstr(by_role, ==, "");
    g_autofree char *by_town = attempt_by(db, &none, town.officers, "seal", "2026-06-01", NULL);
    g_assert_true(g_str_has_prefix(by_town, "power: 甲街道："));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/casework/power/empowered-from-its-day", test_empowered);
    test_db_add("/casework/power/delegated-within-its-letter", test_delegated);
    test_db_add("/casework/power/of-each-officer", test_officers);
    return g_test_run();
}
