/* One account for each role, and the whole demo city put together. */
#include "account/account.h"
#include "account/account_password.h"
#include "base/clock.h"
#include "base/error.h"
#include "demo/demo_internal.h"
#include "demo/demo_rules.h"
#include "inspection/inspection.h"
#include "publicity/setting.h"
#include "registry/agency.h"
#include "registry/officer.h"
#include "registry/unit.h"

#include <string.h>

enum { STREAM_TASKS = 10 };

typedef struct DemoAccount {
    const char *login;
    Role role;
    const char *region;
    int busiest; /* 1: the officer with most open tasks, 2: the next; 0: no officer */
} DemoAccount;

static const DemoAccount demo_logins[] = {
    {"demo-inspector", ROLE_INSPECTOR, "50", 1},
    {"demo-inspector2", ROLE_INSPECTOR, "50", 2},
    {"demo-leader", ROLE_LEADER, "50", 0},
    {"demo-clerk", ROLE_CLERK, "50", 0},
    {"demo-reviewer", ROLE_LEGAL_REVIEWER, "50", 0},
    {"demo-duty", ROLE_DUTY_OFFICER, "50", 0},
    {"demo-township", ROLE_TOWNSHIP_WORKER, DEMO_TOWNSHIP_DISTRICT, 0},
    {"demo-auditor", ROLE_AUDITOR, "50", 0},
    {"demo-sysadmin", ROLE_SYSTEM_ADMINISTRATOR, "50", 0},
    {"demo-secadmin", ROLE_SECURITY_ADMINISTRATOR, "50", 0},
};

/* How many open tasks each officer has, as lead or second. */
static GHashTable *open_tasks(Db *db, GError **error) {
    InspectionFilter filter = {.region = "50", .state = INSPECTION_PLANNED, .limit = 10000};
    g_autoptr(GPtrArray) tasks = inspection_list(db, &filter, error);
    if (tasks == NULL) {
        return NULL;
    }
    GHashTable *counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (unsigned i = 0; i < tasks->len; i++) {
        const Inspection *task = g_ptr_array_index(tasks, i);
        const int64_t officers[] = {task->lead_id, task->second_id};
        for (int j = 0; j < 2; j++) {
            unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, &officers[j]));
            g_hash_table_replace(
                counts, g_memdup2(&officers[j], sizeof officers[j]), GUINT_TO_POINTER(count + 1));
        }
    }
    return counts;
}

/* The busiest officer but `other`; ties go to the smaller number. 0: nobody has a task. */
static int64_t busiest(GHashTable *counts, int64_t other) {
    GHashTableIter iter;
    void *key, *value;
    int64_t best = 0;
    unsigned most = 0;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        int64_t officer = *(int64_t *)key;
        unsigned count = GPOINTER_TO_UINT(value);
        if (officer != other && (count > most || (count == most && officer < best))) {
            best = officer;
            most = count;
        }
    }
    return best;
}

/* Inspections outside the draws for the two demo inspectors, so that every group of the first page
 * has something in it. Units are found by chance; a number that no unit has is passed over. */
static bool
add_tasks(Db *db, const DemoOptions *options, int64_t lead, int64_t second, GError **error) {
    static const int due_days[] = {-3, -1, 0, 0, 1, 2, 4, 9, 16};
    int64_t at_us = options->now_us - 4 * CLOCK_DAY_US;
    for (unsigned i = 0; i < G_N_ELEMENTS(due_days); i++) {
        int64_t id = 0;
        g_auto(LawRefusal) refusal = {0};
        g_auto(Unit) unit = {0};
        g_autofree char *day = clock_format_date(options->now_us + due_days[i] * CLOCK_DAY_US);
        InspectionTask task = {.source = "planned",
                               .reference = "年度检查计划",
                               .object_kind = "unit",
                               .object_id = 1 + demo_dice(STREAM_TASKS, i, 0, options->units),
                               .lead_id = i % 3 == 2 ? second : lead,
                               .second_id = i % 3 == 2 ? lead : second,
                               .actor = "system",
                               .assigned_us = at_us,
                               .now_us = at_us};
        bool is_date = clock_parse(day, &task.due_us);
        g_assert(is_date);
        g_autoptr(GError) missing = NULL;
        if (!unit_find(db, task.object_id, &unit, &missing)) {
            continue;
        }
        task.region = unit.region;
        g_auto(DbTx) tx = {0};
        if (!db_begin(db, &tx, error) || !inspection_assign(db, &task, &id, &refusal, error) ||
            !db_commit(&tx, error)) {
            return false;
        }
    }
    return true;
}

/* The first street office of the region; 0: the demo city has none there. */
static bool township_of(Db *db, const char *region, int64_t *ret_id, GError **error) {
    g_autoptr(GPtrArray) agencies = agency_list_inside(db, region, NULL, 50, error);
    *ret_id = 0;
    for (guint i = 0; agencies != NULL && i < agencies->len; i++) {
        const Agency *agency = agencies->pdata[i];
        if (*ret_id == 0 && strcmp(agency->kind, "township") == 0) {
            *ret_id = agency->id;
        }
    }
    return agencies != NULL;
}

static bool add_account(Db *db,
                        const DemoAccount *login,
                        int64_t officer_id,
                        const DemoOptions *options,
                        json_t *accounts,
                        GError **error) {
    g_auto(Officer) officer = {0};
    g_autofree char *made = NULL;
    int64_t id = 0;
    if (officer_id != 0 && !officer_find(db, officer_id, &officer, error)) {
        return false;
    }
    int64_t agency_id = officer.agency_id;
    if (login->role == ROLE_TOWNSHIP_WORKER && !township_of(db, login->region, &agency_id, error)) {
        return false;
    }
    g_autofree char *name = officer_id != 0 ? g_strdup(officer.name)
                                            : g_strconcat("演示", role_name_zh(login->role), NULL);
    NewAccount account = {.login = login->login,
                          .name = name,
                          .password = options->password,
                          .roles = ROLE_BIT(login->role),
                          .region = login->region,
                          .agency_id = agency_id,
                          .officer_id = officer_id};
    if (!account_create(db, &account, "system", options->now_us, &id, &made, error)) {
        return false;
    }
    json_t *item = json_object();
    json_t *roles = json_array();
    json_array_append_new(roles, json_string(role_word(login->role)));
    json_put_text(item, "login", login->login);
    json_put_text(item, "password", options->password);
    json_put_text(item, "name", name);
    json_put_text(item, "role_zh", role_name_zh(login->role));
    json_put(item, "roles", roles);
    json_array_append_new(accounts, item);
    return true;
}

bool demo_accounts(Db *db, const DemoOptions *options, json_t *accounts, GError **error) {
    g_autoptr(GHashTable) counts = open_tasks(db, error);
    if (counts == NULL) {
        return false;
    }
    int64_t first = busiest(counts, 0);
    int64_t second = busiest(counts, first);
    if (first == 0 || second == 0) {
        return hz_fail(error, HZ_ERROR_INTERNAL, "the demo city has no two officers with tasks");
    }
    if (!add_tasks(db, options, first, second, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(demo_logins); i++) {
        int64_t officer = demo_logins[i].busiest == 1   ? first
                          : demo_logins[i].busiest == 2 ? second
                                                        : 0;
        if (!add_account(db, &demo_logins[i], officer, options, accounts, error)) {
            return false;
        }
    }
    return true;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

/* Before anything is written: the database is empty and the password will do. */
static bool check_start(Db *db, const DemoOptions *options, GError **error) {
    g_autoptr(GPtrArray) accounts = account_list(db, "", "", 1, error);
    g_autoptr(GPtrArray) agencies = accounts == NULL ? NULL : agency_list(db, error);
    if (agencies == NULL) {
        return false;
    }
    if (accounts->len > 0 || agencies->len > 0) {
        return hz_fail(error,
                       HZ_ERROR_DENIED,
                       "this database is in use already; a demo city needs an empty one");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(demo_logins); i++) {
        const char *problem = password_problem_zh(demo_logins[i].login, options->password);
        if (problem != NULL) {
            return hz_fail(error, HZ_ERROR_INVALID, "demo password: %s", problem);
        }
    }
    return true;
}

static bool set_settings(Db *db, int64_t now_us, GError **error) {
    return setting_set(db,
                       SETTING_DEMO,
                       "演示数据：单位、建筑、人员、编号和检查结果全部虚构",
                       now_us,
                       error) &&
           setting_set(db, SETTING_SITE_NAME, "火正消防监督（演示）", now_us, error) &&
           setting_set(db, SETTING_SITE_HOST, DEMO_CITY_AGENCY, now_us, error);
}

bool demo_fill(Db *db, const DemoOptions *options, json_t **ret_summary, GError **error) {
    g_autofree char *made = options->password == NULL ? password_make() : NULL;
    DemoOptions all = *options;
    all.password = made != NULL ? made : options->password;
    g_autoptr(json_t) summary = json_object();
    json_t *accounts = json_array();
    json_put(summary, "accounts", accounts);
    json_put_int(summary, "units", options->units);
    json_put_int(summary, "buildings", options->buildings);
    json_put_int(summary, "officers", options->officers);
    DemoDevices devices = {.seed = DEMO_DEVICES_SEED,
                           .count = DEMO_DEVICES,
                           .now_us = demo_begin_us(&all)};
    int64_t added = 0;
    if (!check_start(db, &all, error) || !set_settings(db, options->now_us, error) ||
        !demo_fill_registry(db, &all, error) || !demo_work(db, &all, error) ||
        !demo_accounts(db, &all, accounts, error) ||
        !demo_devices(db, &devices, &added, error)) {
        return false;
    }
    json_put_int(summary, "devices", added);
    *ret_summary = g_steal_pointer(&summary);
    return true;
}
