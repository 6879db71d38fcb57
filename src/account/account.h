/*
 * Accounts, roles, sessions, refusals.
 *
 * Roles: inspector, legal_reviewer, leader, clerk, duty_officer, township_worker, auditor,
 * system_administrator, security_administrator. The last three never stand on one account
 * (requirement J3: separation of administrator, security and audit roles). Passwords: argon2id.
 * Session tokens are 32 random bytes; the table holds only their SHA-256.
 */
#pragma once

#include "store/store.h"
#include "web/access.h"
#include "web/module.h"

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

extern const Module account_module;

const char *role_word(Role role);    /* "inspector" */
const char *role_name_zh(Role role); /* "检查人员" */
bool role_parse(const char *word, Role *ret_role);
/* Permissions of a set of roles (bit n = Role n). */
uint32_t role_permissions(uint32_t roles);
/* False, with a sentence, for a set that may not stand on one account. */
bool role_set_allowed(uint32_t roles, const char **ret_reason_zh);

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
 * changed at the first sign-in. */
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

/* For WebOptions. */
bool account_authenticate(Db *db, const char *token, int64_t now_us, Principal *ret_who);
void account_release(Principal *who);
void account_refused(Ctx *ctx, const Request *req, const char *reason);

/* "500103" inside "500000"? Region codes cover by prefix once trailing zero pairs are cut. */
bool region_covers(const char *scope, const char *code);
