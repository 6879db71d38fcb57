/* SQL of the account room; only its own files include this. Thread: that of the Db. */
#pragma once

#include "account/account.h"

bool account_store_add(Db *db,
                       const NewAccount *account,
                       const char *password_hash,
                       bool must_change,
                       int64_t now_us,
                       int64_t *ret_id,
                       GError **error);
bool account_store_set_roles(Db *db, int64_t id, uint32_t roles, GError **error);
bool account_store_set_scope(Db *db,
                             const RoleChange *change,
                             int64_t *ret_changed,
                             GError **error);
bool account_store_set_locked(Db *db, int64_t id, bool locked, int64_t now_us, GError **error);
bool account_store_set_password(
    Db *db, int64_t id, const char *hash, bool must_change, GError **error);
/* NULL text: no such account. Caller frees. */
bool account_store_password(Db *db, int64_t id, char **ret_hash, GError **error);
bool account_store_any(Db *db, bool *ret_any, GError **error);

/* Charges one failure and tells how many there are in the window (account.h, CountLimit) now; once
 * its maximum is passed the window no longer moves, so that waiting always ends. */
typedef struct SignInCharge {
    int64_t failures;
    int64_t last_us;
} SignInCharge;
bool sign_in_charge(Db *db,
                    const CountLimit *limit,
                    const char *subject,
                    int64_t now_us,
                    SignInCharge *ret_charge,
                    GError **error);
bool sign_in_uncharge(Db *db, const char *kind, const char *subject, GError **error);
bool sign_in_forget(Db *db, const char *kind, const char *subject, GError **error);
bool sign_in_forget_old(Db *db, int64_t before_us, GError **error);
typedef struct SignInEvent {
    int64_t id, time_us, account_id, ledger_index;
    const char *login, *peer, *outcome;
} SignInEvent;
bool sign_in_event_add(Db *db, const SignInEvent *event, GError **error);
bool account_store_signed_in(Db *db, int64_t id, int64_t now_us, GError **error);

typedef struct NewSession {
    int64_t account_id;
    const char *token_sha256, *peer, *agent;
} NewSession;
bool session_store_add(Db *db, const NewSession *session, int64_t now_us, GError **error);
bool session_store_end(Db *db, int64_t id, GError **error);
bool session_store_seen(Db *db, int64_t id, int64_t seen_us, GError **error);
bool session_store_purge(Db *db, int64_t now_us, GError **error);

typedef struct SessionRow {
    int64_t session_id, seen_us;
    Account *account;
} SessionRow;
/* Live by its absolute age and of an account that is not locked; account NULL: no such session. */
bool session_store_find(
    Db *db, const char *token_sha256, int64_t now_us, SessionRow *ret_row, GError **error);
/* Own sessions, newest first, for the account page. */
DbRows *session_store_list(Db *db, int64_t account_id, int64_t now_us, GError **error);

/* True: this one gets a row, which also stands for *ret_more earlier ones from the same sender. */
bool refusal_admit(const char *peer, int64_t now_us, int64_t *ret_more);
bool refusal_store_add(
    Db *db, const Refusal *refusal, int64_t repeats, int64_t now_us, GError **error);

/* Lists for the auditor, newest first, older than id `before` (0: from the newest). Empty filter
 * texts do not filter. */
DbRows *sign_in_store_list(
    Db *db, const char *login, const char *outcome, int64_t before, unsigned limit, GError **error);
DbRows *refusal_store_list(
    Db *db, const char *login, const char *peer, int64_t before, unsigned limit, GError **error);
