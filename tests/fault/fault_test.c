/*
 * Use cases with each database call failing in turn: whatever call it is, nothing is half there,
 * the ledger still verifies, and the same use case succeeds afterwards.
 */
#include "account/account.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/intake.h"
#include "test_db.h"

#include <string.h>

#define NOW_US (INT64_C(1795320000) * 1000000) /* 2026-11-22 */

/* --- use cases ------------------------------------------------------------------------------- */

static bool append_three(Db *db, void *data, GError **error) {
    (void)data;
    g_autoptr(json_t) payload = json_pack("{s:s}", "what", "三件事");
    for (int i = 0; i < 3; i++) {
        LedgerEntry entry = {
            NOW_US, "test.thing", "system", i == 2 ? "thing:2" : "thing:1", payload};
        if (!ledger_append(db, &entry, NULL, error)) {
            return false;
        }
    }
    return true;
}

static bool ledger_case(Db *db, int round, GError **error) {
    (void)round;
    return db_run_tx(db, append_three, NULL, error);
}

static bool account_case(Db *db, int round, GError **error) {
    g_autofree char *login = g_strdup_printf("fault%d", round);
    NewAccount account = {
        .login = login,
        .name = "测试",
        .password = "correct horse battery 1",
        .roles = 1u << ROLE_INSPECTOR | 1u << ROLE_CLERK,
        .region = "500103",
    };
    g_autofree char *made = NULL;
    int64_t id = 0;
    return account_create(db, &account, "cli", NOW_US, &id, &made, error);
}

typedef struct Batch {
    IntakeKind kind;
    const void *inputs;
    size_t count;
    IntakeOutcome wanted;
} Batch;

static bool take_batch(Db *db, void *data, GError **error) {
    const Batch *batch = data;
    IntakeResult results[3] = {0};
    IntakeContext context = {.scope_region = "*", .now_us = NOW_US};
    if (!intake_batch(db, batch->kind, batch->inputs, batch->count, &context, results, error)) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        g_assert_cmpint(results[i].outcome, ==, batch->wanted);
        intake_result_clear(&results[i]);
    }
    return append_three(db, NULL, error);
}

static void add_regions(Db *db) {
    static const RegionInput regions[] = {
        {.code = "50", .name = "重庆市"},
        {.code = "5001", .name = "市辖区", .parent = "50"},
        {.code = "500103", .name = "渝中区", .parent = "5001"},
    };
    Batch batch = {INTAKE_REGION, regions, G_N_ELEMENTS(regions), INTAKE_ADDED};
    g_autoptr(GError) error = NULL;
    db_run_tx(db, take_batch, &batch, &error);
    g_assert_no_error(error);
}

/* Rows, search index, counters of the lists, history and ledger in one transaction. */
static bool intake_case(Db *db, int round, GError **error) {
    char names[3][64];
    UnitInput units[3] = {0};
    for (int i = 0; i < 3; i++) {
        g_snprintf(names[i], sizeof names[i], "第%d批%d号单位", round, i);
        units[i] = (UnitInput){.source = "test",
                               .source_id = names[i],
                               .name = names[i],
                               .address = names[i],
                               .region = "500103",
                               .phone = "023-63000000"};
    }
    Batch batch = {INTAKE_UNIT, units, 3, INTAKE_ADDED};
    return db_run_tx(db, take_batch, &batch, error);
}

/* --- what must not be half there ------------------------------------------------------------- */

static int64_t number(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t value = 0;
    db_query_int(db, sql, DB_NO_ARGS, &value, &error);
    g_assert_no_error(error);
    return value;
}

/* Counts of every table these use cases write, and the ledger's root. */
static char *state_of(const TestDb *fresh) {
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_ONLY);
    g_autoptr(GError) error = NULL;
    LedgerHead head = {0};
    ledger_head(db, &head, &error);
    g_assert_no_error(error);
    ledger_verify(db, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *root = hex_format(head.root, DIGEST_SIZE);
    g_assert_cmpint(number(db, SQL("SELECT coalesce(sum(n), 0) FROM unit_count WHERE scope = 50")),
                    ==,
                    number(db, SQL("SELECT count(*) FROM unit")));
    return g_strdup_printf("%d entries, %d nodes, %d accounts, %d roles, %d units, %d changes, %s",
                           (int)number(db, SQL("SELECT count(*) FROM ledger_entry")),
                           (int)number(db, SQL("SELECT count(*) FROM ledger_node")),
                           (int)number(db, SQL("SELECT count(*) FROM account")),
                           (int)number(db, SQL("SELECT count(*) FROM account_role")),
                           (int)number(db, SQL("SELECT count(*) FROM unit")),
                           (int)number(db, SQL("SELECT count(*) FROM object_change")),
                           root);
}

typedef bool (*UseCase)(Db *db, int round, GError **error);

/* Fails call 1, 2, 3 … until the use case needs fewer calls than that. */
static void fail_each_call(DbEngine engine, UseCase use_case, int fewest_calls) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    add_regions(db);
    for (int call = 1;; call++) {
        g_assert_cmpint(call, <, 200);
        g_autofree char *before = state_of(fresh);
        g_autoptr(GError) error = NULL;
        db_fail_after(db, call);
        bool done = use_case(db, call, &error);
        db_fail_after(db, 0);
        g_assert_false(db_in_tx(db));
        g_autofree char *after = state_of(fresh);
        if (done) {
            g_assert_cmpint(call, >, fewest_calls);
            g_assert_cmpstr(before, !=, after);
            return;
        }
        g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
        g_assert_cmpstr(before, ==, after);
        g_clear_error(&error);
        use_case(db, 1000 + call, &error); /* the connection still serves */
        g_assert_no_error(error);
    }
}

static void test_ledger(DbEngine engine) {
    fail_each_call(engine, ledger_case, 8); /* begin, commit and at least two for each entry */
}

static void test_account(DbEngine engine) {
    fail_each_call(engine, account_case, 5); /* begin, account, roles, ledger, commit */
}

static void test_intake(DbEngine engine) {
    fail_each_call(engine, intake_case, 12); /* the ledger's and at least four for units */
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/fault/ledger-append", test_ledger);
    test_db_add("/fault/account-create", test_account);
    test_db_add("/fault/intake", test_intake);
    return g_test_run();
}
