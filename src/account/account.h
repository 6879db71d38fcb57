/*
 * Accounts, roles, sessions, refusals.
 *
 * Roles: inspector, legal_reviewer, leader, clerk, duty_officer, township_worker, auditor,
 * system_administrator, security_administrator. The last three never stand on one account
 * (requirement J3: separation of administrator, security and audit roles). Passwords: argon2id.
 * Session tokens are 32 random bytes; the table holds only their SHA-256.
 */
#pragma once

#include "base/clock.h"
#include "store/store.h"
#include "web/access.h"
#include "web/module.h"

/* A session ends after this much silence, and in any case at its absolute age. */
#define SESSION_IDLE_US (30 * 60 * CLOCK_SECOND_US)
#define SESSION_LIFE_US (12 * 3600 * CLOCK_SECOND_US)

typedef enum Role {
    ROLE_INSPECTOR,
    ROLE_LEGAL_REVIEWER,
    ROLE_LEADER,
    ROLE_CLERK,
    ROLE_DUTY_OFFICER,
    ROLE_TOWNSHIP_WORKER,
    ROLE_AUDITOR,
    ROLE_SYSTEM_ADMINISTRATOR,
    ROLE_SECURITY_ADMINISTRATOR,
    ROLE_COUNT,
} Role;
#define ROLE_BIT(role) (1u << (unsigned)(role))
/* Somebody who is not signed in, where law/ lets the public act ("public", 公众). It is no role: no
 * account can hold it (role_set_allowed), role_parse does not know it. */
#define ROLE_PUBLIC_BIT ROLE_BIT(ROLE_COUNT)

extern const Module account_module;

/* What the roles page asks about regions and agencies, which live in a room above. Stands in
 * src/modules.c, because this room may not know them. */
typedef struct AccountPlaces {
    /* What partial account/region_field shows for `code` ("": none): every province, city and
     * district, and the streets of the chosen district. */
    bool (*put_region)(Ctx *ctx, json_t *model, const char *code, GError **error);
    /* model["agency_options"]: {value, text, is_selected}; `chosen` is a number or "0". */
    bool (*put_agencies)(Ctx *ctx, json_t *model, const char *chosen, GError **error);
    /* *ret_problem: a sentence for the person, NULL when it is in order. */
    bool (*check_region)(Ctx *ctx, const char *code, const char **ret_problem, GError **error);
    bool (*check_agency)(Ctx *ctx, int64_t id, const char **ret_problem, GError **error);
} AccountPlaces;
extern const AccountPlaces *const account_places;

const char *role_word(Role role);    /* "inspector" */
const char *role_name_zh(Role role); /* "检查人员" */
bool role_parse(const char *word, Role *ret_role);
/* Permissions of a set of roles (bit n = Role n). */
uint32_t role_permissions(uint32_t roles);
/* False, with a sentence, for a set that may not stand on one account. */
bool role_set_allowed(uint32_t roles, const char **ret_reason_zh);
/* "检查人员、负责人"; with ROLE_PUBLIC_BIT "公众" last. Caller frees. */
char *role_set_zh(uint32_t roles);

/* --- accounts ------------------------------------------------------------------------------- */

typedef struct NewAccount {
    const char *login; /* [a-z0-9._-]{2,32} */
    const char *name;
    const char *password; /* NULL: a one-time password is made and returned */
    uint32_t roles;
    const char *region; /* region code */
    int64_t agency_id;  /* 0: none */
    int64_t officer_id; /* 0: none */
} NewAccount;
/* `actor` as for the ledger. *ret_password (caller frees) only when one was made; it must be
 * changed at the first sign-in. Runs in the caller's transaction if there is one. */
bool account_create(Db *db,
                    const NewAccount *account,
                    const char *actor,
                    int64_t now_us,
                    int64_t *ret_id,
                    char **ret_password,
                    GError **error);
/* Makes the administrators on first start (sysadmin, secadmin, auditor, one role each) if there is
 * no account at all; *ret_text (caller frees) is what to print once, NULL if nothing was made. */
bool account_bootstrap(Db *db, int64_t now_us, char **ret_text, GError **error);

typedef struct Account {
    int64_t id;
    char *login;
    char *name;
    char *region;
    int64_t agency_id;
    int64_t officer_id;
    uint32_t roles;
    bool is_locked; /* by an administrator */
    bool must_change_password;
    int64_t created_us;
    int64_t signed_in_us; /* 0: never */
    int64_t version;      /* grows with every change of roles or scope */
} Account;
void account_free(Account *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Account, account_free)
/* NULL and HZ_ERROR_NOT_FOUND if there is none. */
Account *account_find(Db *db, int64_t id, GError **error);
Account *account_find_login(Db *db, const char *login, GError **error);
/* The account of an officer, the newest if there are several; 0: none. */
bool account_of_officer(Db *db, int64_t officer_id, int64_t *ret_id, GError **error);
/* The same for several officers in one question: appends those that have one to `accounts` (of
 * int64_t). */
bool account_of_officers(
    Db *db, const int64_t *officers, size_t count, GArray *accounts, GError **error);
/* The accounts whose login begins with `prefix` ("" for all), by login, after login `after` ("" for
 * the first page), at most `limit`. Array of Account; free with g_ptr_array_unref. */
GPtrArray *
account_list(Db *db, const char *prefix, const char *after, unsigned limit, GError **error);

/* Locks (ends its sessions too) or unlocks; unlocking also forgets counted failures. */
bool account_set_locked(
    Db *db, int64_t id, bool locked, const char *actor, int64_t now_us, GError **error);
/* A new one-time password (caller frees); ends the account's sessions. `password` NULL: made. */
bool account_reset_password(Db *db,
                            int64_t id,
                            const char *password,
                            const char *actor,
                            int64_t now_us,
                            char **ret_password,
                            GError **error);
typedef struct RoleChange {
    int64_t account_id;
    uint32_t roles;
    const char *region;
    int64_t agency_id, officer_id;
    int64_t version; /* as read; HZ_ERROR_CONFLICT if somebody changed it meanwhile; -1: any */
} RoleChange;
/* HZ_ERROR_DENIED for a set that may not stand on one account, or when `actor` is that account. */
bool account_set_roles(
    Db *db, const RoleChange *change, const char *actor, int64_t now_us, GError **error);

/* Own password: the present one is asked for, other sessions end. *ret_problem_zh (static) says
 * what is wrong with the input; then nothing was changed and the result is still true. */
typedef struct PasswordChange {
    int64_t account_id, session_id;
    const char *old_password, *new_password;
} PasswordChange;
bool account_change_password(Db *db,
                             const PasswordChange *change,
                             int64_t now_us,
                             const char **ret_problem_zh,
                             GError **error);
/* NULL if `password` will do for `login`, else what to write instead. Pure. */
const char *password_problem_zh(const char *login, const char *password);

/* --- sign-in and sessions --------------------------------------------------------------------- */

typedef enum SignInOutcome {
    SIGN_IN_DONE,
    SIGN_IN_WRONG,  /* login or password: never says which */
    SIGN_IN_WAIT,   /* too many failures for this login or address */
    SIGN_IN_LOCKED, /* right password, but an administrator locked the account */
} SignInOutcome;
typedef struct SignInAttempt {
    const char *login, *password;
    const char *peer, *agent;
} SignInAttempt;
typedef struct SignInResult {
    SignInOutcome outcome;
    char token[65]; /* for the cookie */
    int64_t account_id;
    bool must_change_password;
    unsigned wait_minutes; /* SIGN_IN_WAIT */
} SignInResult;
/* Each attempt is charged before the password is looked at, so that parallel guesses cannot slip
 * through; success takes the charge back. HZ_ERROR_BUSY when too many are hashing already. Not in
 * a transaction: hashing takes 50 to 100 ms. */
bool account_sign_in(
    Db *db, const SignInAttempt *attempt, int64_t now_us, SignInResult *ret_result, GError **error);
bool account_sign_out(
    Db *db, const Principal *who, const char *peer, int64_t now_us, GError **error);
/* Ends all sessions of the account but `keep` (0: all); *ret_ended: how many. */
bool account_end_sessions(
    Db *db, int64_t account_id, int64_t keep, int64_t *ret_ended, GError **error);

/* --- how often ---------------------------------------------------------------------------------
 */

/* What may happen only so often for one subject (an address, a number), kept with failed sign-ins
 * for a day. The window begins anew with each charge until the maximum is passed; then it stands
 * still until it is over. `by_clock`: whole windows of the clock (each hour for itself) instead. */
typedef struct CountLimit {
    const char *kind; /* "peer" and "login" are those of sign-in */
    int64_t max, window_us;
    bool by_clock;
} CountLimit;
/* Charges one, before what it is charged for is done, so that parallel attempts cannot slip
 * through. *ret_wait_minutes is 0 while the maximum is not passed. In a transaction of its own. */
bool account_charge(Db *db,
                    const CountLimit *limit,
                    const char *subject,
                    int64_t now_us,
                    unsigned *ret_wait_minutes,
                    GError **error);
/* Takes one charge back: it was no failure. */
bool account_uncharge(
    Db *db, const CountLimit *limit, const char *subject, int64_t now_us, GError **error);

/* --- for WebOptions -----------------------------------------------------------------------------
 */

bool account_authenticate(Db *db, const char *token, int64_t now_us, Principal *ret_who);
void account_release(Principal *who);
void account_refused(Ctx *ctx, const Request *req, const char *reason);
/* Same for callers that have no request (tests, command line). */
typedef struct Refusal {
    int64_t account_id;
    const char *login, *method, *path, *reason, *peer;
} Refusal;
bool refusal_store(Db *db, const Refusal *refusal, int64_t now_us, GError **error);

/* "500103" inside "500000"? Region codes cover by prefix once trailing zero pairs are cut. */
bool region_covers(const char *scope, const char *code);
