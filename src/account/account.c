/* Use cases on accounts: make, lock, roles, passwords. Each leaves a ledger entry. */
#include "account/account.h"

#include "account/account_password.h"
#include "account/account_rules.h"
#include "account/account_store.h"
#include "base/error.h"
#include "ledger/ledger.h"

#include <string.h>

/* Joins the caller's transaction if there is one. */
static bool within_tx(Db *db, DbWork work, void *data, GError **error) {
    return db_in_tx(db) ? work(db, data, error) : db_run_tx(db, work, data, error);
}

/* Takes `payload` over. */
static bool note(Db *db,
                 const char *type,
                 const char *actor,
                 int64_t account_id,
                 json_t *payload,
                 int64_t now_us,
                 GError **error) {
    g_autoptr(json_t) owned = payload;
    g_autofree char *object = g_strdup_printf("account:%" G_GINT64_FORMAT, account_id);
    return ledger_append(
        db,
        &(LedgerEntry){
            .time_us = now_us, .type = type, .actor = actor, .object = object, .payload = owned},
        NULL,
        error);
}

static json_t *roles_json(uint32_t roles) {
    json_t *list = json_array();
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((roles & ROLE_BIT(role)) != 0) {
            json_array_append_new(list, json_string(role_word((Role)role)));
        }
    }
    return list;
}

/* --- make --------------------------------------------------------------------------------------
 */

typedef struct CreateWork {
    const NewAccount *account;
    const char *hash, *actor;
    bool must_change;
    int64_t now_us, id;
} CreateWork;

static bool create_work(Db *db, void *data, GError **error) {
    CreateWork *work = data;
    if (!account_store_add(
            db, work->account, work->hash, work->must_change, work->now_us, &work->id, error)) {
        return false;
    }
    json_t *payload = json_object();
    json_put_text(payload, "login", work->account->login);
    json_put(payload, "roles", roles_json(work->account->roles));
    json_put_text(payload, "region", work->account->region);
    json_put_int(payload, "agency", work->account->agency_id);
    json_put_int(payload, "officer", work->account->officer_id);
    return note(db, "account.create", work->actor, work->id, payload, work->now_us, error);
}

static bool check_new(const NewAccount *account, GError **error) {
    const char *reason = NULL;
    if (!login_valid(account->login)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "login: 2 to 32 of a-z 0-9 . _ - wanted, not \"%s\"",
                       account->login);
    }
    if (account->name == NULL || *account->name == '\0' || strlen(account->name) > 100) {
        return hz_fail(error, HZ_ERROR_INVALID, "name: 1 to 100 bytes wanted");
    }
    if (!region_code_valid(account->region)) {
        return hz_fail(error, HZ_ERROR_INVALID, "region: a code of 2 to 12 digits wanted");
    }
    if (!role_set_allowed(account->roles, &reason)) {
        return hz_fail(error, HZ_ERROR_DENIED, "roles: %s", reason);
    }
    const char *problem =
        account->password == NULL ? NULL : password_problem_zh(account->login, account->password);
    return problem == NULL || hz_fail(error, HZ_ERROR_INVALID, "password: %s", problem);
}

bool account_create(Db *db,
                    const NewAccount *account,
                    const char *actor,
                    int64_t now_us,
                    int64_t *ret_id,
                    char **ret_password,
                    GError **error) {
    if (!check_new(account, error)) {
        return false;
    }
    g_autofree char *made = account->password == NULL ? password_make() : NULL;
    g_autofree char *hash = password_hash(made != NULL ? made : account->password, error);
    if (hash == NULL) {
        return false;
    }
    CreateWork work = {.account = account,
                       .hash = hash,
                       .actor = actor,
                       .must_change = made != NULL,
                       .now_us = now_us};
    g_autoptr(GError) failure = NULL;
    if (!within_tx(db, create_work, &work, &failure)) {
        if (g_error_matches(failure, HZ_ERROR, HZ_ERROR_CONFLICT)) {
            return hz_fail(
                error, HZ_ERROR_CONFLICT, "login \"%s\" is taken already", account->login);
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    *ret_id = work.id;
    *ret_password = g_steal_pointer(&made);
    return true;
}

bool account_bootstrap(Db *db, int64_t now_us, char **ret_text, GError **error) {
    static const struct {
        const char *login, *name;
        Role role;
    } first[] = {
        {"sysadmin", "系统管理员", ROLE_SYSTEM_ADMINISTRATOR},
        {"secadmin", "安全管理员", ROLE_SECURITY_ADMINISTRATOR},
        {"auditor", "安全审计员", ROLE_AUDITOR},
    };
    bool any = false;
    *ret_text = NULL;
    if (!account_store_any(db, &any, error)) {
        return false;
    }
    if (any) {
        return true;
    }
    g_auto(DbTx) tx = {0};
    bool own_tx = !db_in_tx(db);
    if (own_tx && !db_begin(db, &tx, error)) {
        return false;
    }
    g_autoptr(GString) text = g_string_new("First accounts; each one-time password is shown only "
                                           "now and must be changed at the first sign-in:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        g_autofree char *password = NULL;
        int64_t id = 0;
        NewAccount account = {.login = first[i].login,
                              .name = first[i].name,
                              .roles = ROLE_BIT(first[i].role),
                              .region = "00"};
        if (!account_create(db, &account, "system", now_us, &id, &password, error)) {
            return false;
        }
        g_string_append_printf(
            text, "  %-10s %s  (%s)\n", first[i].login, password, role_word(first[i].role));
    }
    if (own_tx && !db_commit(&tx, error)) {
        return false;
    }
    *ret_text = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}

/* --- lock --------------------------------------------------------------------------------------
 */

typedef struct LockWork {
    int64_t id, now_us;
    bool locked;
    const char *actor;
} LockWork;

static bool lock_work(Db *db, void *data, GError **error) {
    const LockWork *work = data;
    g_autoptr(Account) account = account_find(db, work->id, error);
    if (account == NULL ||
        !account_store_set_locked(db, work->id, work->locked, work->now_us, error)) {
        return false;
    }
    bool settled = work->locked ? account_end_sessions(db, work->id, 0, NULL, error)
                                : sign_in_forget(db, "login", account->login, error);
    return settled && note(db,
                           work->locked ? "account.lock" : "account.unlock",
                           work->actor,
                           work->id,
                           json_object(),
                           work->now_us,
                           error);
}

static bool is_self(const char *actor, int64_t id) {
    g_autofree char *self = g_strdup_printf("account:%" G_GINT64_FORMAT, id);
    return strcmp(actor, self) == 0;
}

bool account_set_locked(
    Db *db, int64_t id, bool locked, const char *actor, int64_t now_us, GError **error) {
    if (is_self(actor, id)) {
        return hz_fail(error, HZ_ERROR_DENIED, "nobody locks or unlocks the own account");
    }
    LockWork work = {.id = id, .now_us = now_us, .locked = locked, .actor = actor};
    return within_tx(db, lock_work, &work, error);
}

/* --- passwords ---------------------------------------------------------------------------------
 */

typedef struct PasswordWork {
    int64_t id, keep_session, now_us;
    const char *hash, *actor, *type;
    bool must_change;
} PasswordWork;

static bool password_work(Db *db, void *data, GError **error) {
    const PasswordWork *work = data;
    return account_store_set_password(db, work->id, work->hash, work->must_change, error) &&
           account_end_sessions(db, work->id, work->keep_session, NULL, error) &&
           note(db, work->type, work->actor, work->id, json_object(), work->now_us, error);
}

bool account_reset_password(Db *db,
                            int64_t id,
                            const char *password,
                            const char *actor,
                            int64_t now_us,
                            char **ret_password,
                            GError **error) {
    g_autoptr(Account) account = account_find(db, id, error);
    if (account == NULL) {
        return false;
    }
    const char *problem = password == NULL ? NULL : password_problem_zh(account->login, password);
    if (problem != NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "password: %s", problem);
    }
    g_autofree char *made = password == NULL ? password_make() : NULL;
    g_autofree char *hash = password_hash(made != NULL ? made : password, error);
    PasswordWork work = {.id = id,
                         .now_us = now_us,
                         .hash = hash,
                         .actor = actor,
                         .type = "account.password-reset",
                         .must_change = made != NULL};
    if (hash == NULL || !within_tx(db, password_work, &work, error)) {
        return false;
    }
    *ret_password = g_steal_pointer(&made);
    return true;
}

bool account_change_password(Db *db,
                             const PasswordChange *change,
                             int64_t now_us,
                             const char **ret_problem_zh,
                             GError **error) {
    *ret_problem_zh = NULL;
    g_autoptr(Account) account = account_find(db, change->account_id, error);
    g_autofree char *old_hash = NULL;
    bool matches = false;
    if (account == NULL || !account_store_password(db, account->id, &old_hash, error) ||
        !password_verify(old_hash, change->old_password, &matches, error)) {
        return false;
    }
    *ret_problem_zh = !matches ? "现在的密码不对"
                      : strcmp(change->old_password, change->new_password) == 0
                          ? "新密码要与现在的不同"
                          : password_problem_zh(account->login, change->new_password);
    if (*ret_problem_zh != NULL) {
        return true;
    }
    g_autofree char *hash = password_hash(change->new_password, error);
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, account->id);
    PasswordWork work = {.id = account->id,
                         .keep_session = change->session_id,
                         .now_us = now_us,
                         .hash = hash,
                         .actor = actor,
                         .type = "account.password-change"};
    return hash != NULL && within_tx(db, password_work, &work, error);
}

/* --- roles -------------------------------------------------------------------------------------
 */

typedef struct RoleWork {
    const RoleChange *change;
    const char *actor;
    int64_t now_us;
} RoleWork;

static bool role_work(Db *db, void *data, GError **error) {
    const RoleWork *work = data;
    const RoleChange *change = work->change;
    g_autoptr(Account) before = account_find(db, change->account_id, error);
    int64_t changed = 0;
    if (before == NULL || !account_store_set_scope(db, change, &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the account was changed meanwhile");
    }
    json_t *payload = json_object();
    json_put(payload, "before", roles_json(before->roles));
    json_put(payload, "after", roles_json(change->roles));
    json_put_text(payload, "region", change->region);
    json_put_int(payload, "agency", change->agency_id);
    json_put_int(payload, "officer", change->officer_id);
    return account_store_set_roles(db, change->account_id, change->roles, error) &&
           note(db, "account.roles", work->actor, change->account_id, payload, work->now_us, error);
}

bool account_set_roles(
    Db *db, const RoleChange *change, const char *actor, int64_t now_us, GError **error) {
    const char *reason = NULL;
    if (is_self(actor, change->account_id)) {
        return hz_fail(error, HZ_ERROR_DENIED, "nobody changes the own roles");
    }
    if (!role_set_allowed(change->roles, &reason)) {
        return hz_fail(error, HZ_ERROR_DENIED, "%s", reason);
    }
    if (!region_code_valid(change->region)) {
        return hz_fail(error, HZ_ERROR_INVALID, "region: a code of 2 to 12 digits wanted");
    }
    RoleWork work = {.change = change, .actor = actor, .now_us = now_us};
    return within_tx(db, role_work, &work, error);
}
