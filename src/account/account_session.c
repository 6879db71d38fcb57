/*
 * Sign-in, sign-out and what stands behind WebOptions.authenticate.
 *
 * Page reads have read-only connections, so "last seen" cannot be written where it is noticed.
 * It is noted in one small table behind a lock (a mailbox would fill with repeats) and the periodic
 * job writes it, at most once a minute for each session. Idle time is judged by the later of the
 * two. A crash forgets at most a minute of it: a session may then end a minute early, never late.
 */
#include "account/account.h"
#include "account/account_jobs.h"
#include "account/account_password.h"
#include "account/account_rules.h"
#include "account/account_store.h"
#include "base/error.h"
#include "ledger/ledger.h"

#include <pthread.h>
#include <string.h>

#define SEEN_MAX 100000 /* sessions noted between two writes; beyond it they count as unseen */
#define SEEN_STEP_US (60 * CLOCK_SECOND_US)

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *seen_table; /* session id (int64 *) -> time (int64 *) */

static GHashTable *seen_new(void) {
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

/* Later of what the table and the database know. */
static int64_t seen_last(int64_t session_id, int64_t stored_us) {
    int64_t last = stored_us;
    pthread_mutex_lock(&seen_lock);
    const int64_t *noted = seen_table == NULL ? NULL : g_hash_table_lookup(seen_table, &session_id);
    if (noted != NULL && *noted > last) {
        last = *noted;
    }
    pthread_mutex_unlock(&seen_lock);
    return last;
}

static void seen_note(int64_t session_id, int64_t now_us) {
    pthread_mutex_lock(&seen_lock);
    if (seen_table == NULL) {
        seen_table = seen_new();
    }
    if (g_hash_table_size(seen_table) < SEEN_MAX) {
        g_hash_table_replace(seen_table,
                             g_memdup2(&session_id, sizeof session_id),
                             g_memdup2(&now_us, sizeof now_us));
    }
    pthread_mutex_unlock(&seen_lock);
}

static bool seen_write(Db *db, GHashTable *seen, GError **error) {
    GHashTableIter iter;
    void *id, *time_us;
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &id, &time_us)) {
        if (!session_store_seen(db, *(int64_t *)id, *(int64_t *)time_us, error)) {
            return false;
        }
    }
    return true;
}

bool account_sessions_job(Db *db, int64_t now_us, GError **error) {
    pthread_mutex_lock(&seen_lock);
    g_autoptr(GHashTable) seen = seen_table != NULL ? seen_table : seen_new();
    seen_table = NULL;
    pthread_mutex_unlock(&seen_lock);
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && seen_write(db, seen, error) &&
           session_store_purge(db, now_us, error) &&
           sign_in_forget_old(db, now_us - CLOCK_DAY_US, error) && db_commit(&tx, error);
}

/* --- authenticate ------------------------------------------------------------------------------
 */

static bool token_hash(const char *token, char ret_hash[65]) {
    uint8_t bytes[32], hash[DIGEST_SIZE];
    if (!hex_parse(token, bytes, sizeof bytes)) {
        return false;
    }
    digest_of(DIGEST_SHA256, bytes, sizeof bytes, hash);
    g_autofree char *text = hex_format(hash, sizeof hash);
    g_strlcpy(ret_hash, text, 65);
    return true;
}

/* The form token follows from the session token, so nothing more is kept; the label keeps it apart
 * from the hash in the table. */
static void csrf_of(const char *token, char ret_csrf[33]) {
    uint8_t hash[DIGEST_SIZE];
    g_autofree char *labelled = g_strconcat("csrf:", token, NULL);
    digest_of(DIGEST_SHA256, labelled, strlen(labelled), hash);
    g_autofree char *text = hex_format(hash, 16);
    g_strlcpy(ret_csrf, text, 33);
}

bool account_authenticate(Db *db, const char *token, int64_t now_us, Principal *ret_who) {
    char hash[65];
    SessionRow row = {0};
    g_autoptr(GError) error = NULL;
    if (token == NULL || !token_hash(token, hash) ||
        !session_store_find(db, hash, now_us, &row, &error) || row.account == NULL) {
        return false;
    }
    g_autoptr(Account) account = row.account;
    int64_t last_us = seen_last(row.session_id, row.seen_us);
    if (now_us - last_us > SESSION_IDLE_US) {
        return false;
    }
    if (now_us - last_us >= SEEN_STEP_US) {
        seen_note(row.session_id, now_us);
    }
    *ret_who = (Principal){.account_id = account->id,
                           .session_id = row.session_id,
                           .login = g_steal_pointer(&account->login),
                           .name = g_steal_pointer(&account->name),
                           .region = g_steal_pointer(&account->region),
                           .agency_id = account->agency_id,
                           .officer_id = account->officer_id,
                           .permissions = role_permissions(account->roles),
                           .roles = account->roles,
                           .must_change_password = account->must_change_password};
    csrf_of(token, ret_who->csrf);
    return true;
}

void account_release(Principal *who) {
    g_free((char *)who->login);
    g_free((char *)who->name);
    g_free((char *)who->region);
    *who = (Principal){0};
}

/* --- sign in -----------------------------------------------------------------------------------
 */

typedef struct SignIn {
    const SignInAttempt *attempt;
    char *login; /* folded; at most 64 bytes */
    int64_t now_us;
    SignInResult result;
    const Account *account; /* NULL: no such login */
    bool matches;
} SignIn;

static unsigned wait_minutes(int64_t last_us, int64_t now_us) {
    int64_t left_us = last_us + SIGN_IN_WINDOW_US - now_us;
    return left_us <= 0 ? 1 : (unsigned)(left_us / (60 * CLOCK_SECOND_US)) + 1;
}

/* First transaction: the address, then the login pay for the attempt. */
static bool charge_work(Db *db, void *data, GError **error) {
    SignIn *in = data;
    in->result = (SignInResult){.outcome = SIGN_IN_DONE};
    const struct {
        CountLimit limit;
        const char *subject;
    } charges[] = {{{"peer", SIGN_IN_PEER_LIMIT, SIGN_IN_WINDOW_US, false}, in->attempt->peer},
                   {{"login", SIGN_IN_LOGIN_LIMIT, SIGN_IN_WINDOW_US, false}, in->login}};
    for (size_t i = 0; i < G_N_ELEMENTS(charges); i++) {
        SignInCharge charge = {0};
        if (!sign_in_charge(
                db, &charges[i].limit, charges[i].subject, in->now_us, &charge, error)) {
            return false;
        }
        if (charge.failures > charges[i].limit.max) {
            in->result.outcome = SIGN_IN_WAIT;
            in->result.wait_minutes = wait_minutes(charge.last_us, in->now_us);
            return true;
        }
    }
    return true;
}

static bool
leave_mark(Db *db, const SignIn *in, int64_t account_id, const char *outcome, GError **error) {
    g_autofree char *known = g_strdup_printf("account:%" G_GINT64_FORMAT, account_id);
    const char *object = account_id != 0 ? known : "account:unknown";
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "login", in->login);
    json_put_text(payload, "peer", in->attempt->peer);
    json_put_text(payload, "outcome", outcome);
    LedgerEntry entry = {.time_us = in->now_us,
                         .type = "account.sign-in",
                         .actor = object,
                         .object = object,
                         .payload = payload};
    SignInEvent event = {.time_us = in->now_us,
                         .account_id = account_id,
                         .login = in->login,
                         .peer = in->attempt->peer,
                         .outcome = outcome};
    return ledger_append(db, &entry, &event.ledger_index, error) &&
           sign_in_event_add(db, &event, error);
}

static bool open_session(Db *db, SignIn *in, GError **error) {
    uint8_t bytes[32];
    char hash[65];
    random_bytes(bytes, sizeof bytes);
    g_autofree char *token = hex_format(bytes, sizeof bytes);
    bool hashed = token_hash(token, hash);
    g_assert(hashed);
    g_strlcpy(in->result.token, token, sizeof in->result.token);
    in->result.account_id = in->account->id;
    in->result.must_change_password = in->account->must_change_password;
    NewSession session = {.account_id = in->account->id,
                          .token_sha256 = hash,
                          .peer = in->attempt->peer,
                          .agent = in->attempt->agent};
    return session_store_add(db, &session, in->now_us, error) &&
           account_store_signed_in(db, in->account->id, in->now_us, error) &&
           sign_in_uncharge(db, "peer", in->attempt->peer, error) &&
           sign_in_forget(db, "login", in->login, error);
}

/* Second transaction: what came of it. */
static bool outcome_work(Db *db, void *data, GError **error) {
    SignIn *in = data;
    int64_t id = in->account == NULL ? 0 : in->account->id;
    if (!in->matches) {
        in->result.outcome = SIGN_IN_WRONG;
        return leave_mark(db, in, id, "failed", error);
    }
    g_assert(in->account != NULL); /* nothing matches without one */
    if (in->account->is_locked) {
        in->result.outcome = SIGN_IN_LOCKED;
        return leave_mark(db, in, id, "locked", error);
    }
    in->result.outcome = SIGN_IN_DONE;
    return open_session(db, in, error) && leave_mark(db, in, id, "in", error);
}

/* The same steps in the same order whether the login exists or not. */
static bool check_password(Db *db, SignIn *in, Account **ret_account, GError **error) {
    g_autoptr(GError) missing = NULL;
    g_autofree char *hash = NULL;
    g_autoptr(Account) account = account_find_login(db, in->login, &missing);
    if (account == NULL && !g_error_matches(missing, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return false;
    }
    g_autoptr(GError) no_hash = NULL;
    if (!account_store_password(db, account == NULL ? 0 : account->id, &hash, &no_hash) &&
        account != NULL) {
        g_propagate_error(error, g_steal_pointer(&no_hash));
        return false;
    }
    /* A longer password belongs to nobody and would only cost time. */
    const char *password =
        strlen(in->attempt->password) <= PASSWORD_MAX ? in->attempt->password : "";
    if (!password_verify(hash, password, &in->matches, error)) {
        return false;
    }
    *ret_account = g_steal_pointer(&account);
    return true;
}

/* The server was too busy to look at the password, or failed: the attempt is not held against the
 * person. */
static bool uncharge_work(Db *db, void *data, GError **error) {
    const SignIn *in = data;
    return sign_in_uncharge(db, "peer", in->attempt->peer, error) &&
           sign_in_uncharge(db, "login", in->login, error);
}

bool account_sign_in(Db *db,
                     const SignInAttempt *attempt,
                     int64_t now_us,
                     SignInResult *ret_result,
                     GError **error) {
    g_autofree char *valid = g_utf8_make_valid(attempt->login, -1);
    g_autofree char *cut = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), 32));
    g_autofree char *login = g_ascii_strdown(cut, -1);
    SignIn in = {.attempt = attempt, .login = login, .now_us = now_us};
    g_autoptr(Account) account = NULL;
    if (!db_run_tx(db, charge_work, &in, error)) {
        return false;
    }
    if (in.result.outcome == SIGN_IN_DONE) {
        if (!check_password(db, &in, &account, error)) {
            (void)db_run_tx(db, uncharge_work, &in, NULL);
            return false;
        }
        in.account = account;
        if (!db_run_tx(db, outcome_work, &in, error)) {
            return false;
        }
    }
    *ret_result = in.result;
    return true;
}

typedef struct SignOut {
    const Principal *who;
    const char *peer;
    int64_t now_us;
} SignOut;

static bool sign_out_work(Db *db, void *data, GError **error) {
    const SignOut *out = data;
    SignInAttempt attempt = {.peer = out->peer};
    SignIn in = {.attempt = &attempt, .login = (char *)out->who->login, .now_us = out->now_us};
    return session_store_end(db, out->who->session_id, error) &&
           leave_mark(db, &in, out->who->account_id, "out", error);
}

bool account_sign_out(
    Db *db, const Principal *who, const char *peer, int64_t now_us, GError **error) {
    SignOut out = {.who = who, .peer = peer, .now_us = now_us};
    return db_run_tx(db, sign_out_work, &out, error);
}
