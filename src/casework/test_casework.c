#include "casework/test_casework.h"

#include "registry/region.h"

#include <string.h>

const char *const case_rooms[] = {
    "ledger", "account", "registry", "casework", "draw", "inspection", "firecode", NULL};

int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

CaseActor actor(int64_t account, uint32_t roles, int64_t officer) {
    return (CaseActor){.account_id = account,
                       .officer_id = officer,
                       .roles = roles,
                       .region = "500103",
                       .now_us = at("2026-11-22T12:00:00")};
}

Db *fill(TestDb *fresh) {
    static const struct {
        const char *name, *certificate, *until, *region;
        bool in_post;
    } officers[] = {{"甲", "C-1", "2099-12-31", "500103", true},
                    {"乙", "C-2", "2099-12-31", "500103", true},
                    {"丙", "C-3", "2099-12-31", "500103", false},
                    {"丁", "C-4", "2026-05-31", "500103", true},
                    {"戊", "C-5", "2099-12-31", "500106", true}};
    Db *db = test_db_open(fresh, DB_READ_WRITE);
    for (size_t i = 0; i < G_N_ELEMENTS(officers); i++) {
        test_db_exec(
            db,
            "INSERT INTO officer (name, certificate, certificate_until, agency_id, region, "
            "district, in_post, can_lead, version, created_us, changed_us) "
            "VALUES ($1, $2, $3, 0, $4, $5, $6, 1, 1, 1, 1)",
            db_text(officers[i].name),
            db_text(officers[i].certificate),
            db_text(officers[i].until),
            db_text(officers[i].region),
            db_int(region_district(officers[i].region)),
            db_bool(officers[i].in_post));
    }
    return db;
}

json_t *data_of(const char *text) {
    g_autoptr(GError) error = NULL;
    json_t *data = json_read(text, strlen(text), &error);
    g_assert_no_error(error);
    return data;
}

int64_t open_complaint(Db *db, const char *when) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = data_of(REGISTRATION);
    CaseActor clerk = actor(CLERK, ROLE_BIT(ROLE_CLERK), 0);
    NewMatter matter = {.kind = "complaint", .title = "演示商店", .region = "500103"};
    CaseAct act = {.step = "register", .happened_us = at(when), .data = data};
    int64_t id = 0;
    bool good = casework_open(db, &clerk, &matter, &act, &id, &refusal, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(refusal.reason_zh, ==, NULL);
    g_assert_true(good && id > 0);
    return id;
}

char *attempt(Db *db, int64_t id, const Try *one) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = one->data == NULL ? NULL : data_of(one->data);
    CaseAct act = {.step = one->step,
                   .happened_us = at(one->when),
                   .data = data,
                   .officers = one->officers,
                   .officer_count = one->count};
    if (!casework_act(db, &one->actor, id, one->version, &act, &refusal, &error)) {
        g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return g_strdup("conflict");
    }
    if (refusal.reason_zh != NULL) {
        g_test_message("%s: %s", refusal.rule, refusal.reason_zh);
    }
    return g_strdup(refusal.reason_zh == NULL ? "" : refusal.rule);
}

void assert_try(Db *db, int64_t id, const char *expected, Try one) {
    g_autofree char *rule = attempt(db, id, &one);
    g_assert_cmpstr(rule, ==, expected);
}
