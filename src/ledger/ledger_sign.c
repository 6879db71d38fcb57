/* Signing heads: one for a size, each behind an `xhead` entry, never below one that was signed. */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/head_mark.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"

#include <string.h>

#define HEARTBEAT_US CLOCK_DAY_US

/* One attempt; it may run more than once and starts anew each time. */
typedef struct Signing {
    LedgerKeys *keys;
    const HeadMark *mark;
    int64_t now_us;
    LedgerSignedHead head; /* what was signed; size 0: nothing to sign */
    char *stop;            /* why signing must stop */
} Signing;

static void signing_clear(Signing *signing) {
    ledger_signed_head_clear(&signing->head);
    g_clear_pointer(&signing->stop, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Signing, signing_clear)

/* --- may we? ------------------------------------------------------------------------------------
 */

/* Does the log still hold what the mark says was signed? *ret_stop: why not, else NULL. */
static bool compare_with_mark(
    Db *db, const LedgerState *state, const HeadMark *mark, char **ret_stop, GError **error) {
    int64_t size = (int64_t)state->frontier.size;
    *ret_stop = NULL;
    if (mark->size > size) {
        *ret_stop =
            g_strdup_printf("a head of %" G_GINT64_FORMAT
                            " entries was signed, but the database ends at %" G_GINT64_FORMAT
                            ": it is an older state, such as a backup",
                            mark->size,
                            size);
        return true;
    }
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    g_autoptr(GError) problem = NULL;
    if (mark->size > 0 && (!ledger_root_at(db, DIGEST_SHA256, mark->size, root, &problem) ||
                           !ledger_root_at(db, DIGEST_SM3, mark->size, root_sm3, &problem))) {
        if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_CORRUPT)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        *ret_stop = g_strdup_printf("the database is damaged: %s", problem->message);
        return true;
    }
    if (mark->size > 0 && (memcmp(root, mark->root, DIGEST_SIZE) != 0 ||
                           memcmp(root_sm3, mark->root_sm3, DIGEST_SIZE) != 0)) {
        *ret_stop = g_strdup_printf("the first %" G_GINT64_FORMAT
                                    " entries are not those that were signed: the database was "
                                    "changed, or an older state was continued",
                                    mark->size);
    }
    return true;
}

/* --- signing ------------------------------------------------------------------------------------
 */

/* {"sha256", "sm3"}: the bodies of both heads of the first `size` entries. */
static json_t *bodies_at(Db *db, const LedgerKeys *keys, int64_t size, GError **error) {
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    if (!ledger_root_at(db, DIGEST_SHA256, size, root, error) ||
        !ledger_root_at(db, DIGEST_SM3, size, root_sm3, error)) {
        return NULL;
    }
    g_autofree char *body = checkpoint_body(keys->origin, size, root);
    g_autofree char *body_sm3 = checkpoint_body(keys->origin_sm3, size, root_sm3);
    return ledger_xhead_json(body, body_sm3);
}

static bool make_notes(Signing *signing, const LedgerState *state, GError **error) {
    LedgerKeys *keys = signing->keys;
    LedgerSignedHead *head = &signing->head;
    *head = (LedgerSignedHead){.size = (int64_t)state->frontier.size, .time_us = signing->now_us};
    memcpy(head->root, state->root, DIGEST_SIZE);
    memcpy(head->root_sm3, state->root_sm3, DIGEST_SIZE);
    g_autofree char *body = checkpoint_body(keys->origin, head->size, head->root);
    g_autofree char *body_sm3 = checkpoint_body(keys->origin_sm3, head->size, head->root_sm3);
    g_autoptr(GString) note = g_string_new(body);
    g_autoptr(GString) note_sm3 = g_string_new(body_sm3);
    g_string_append_c(note, '\n');
    g_string_append_c(note_sm3, '\n');
    if (!ledger_keys_sign(keys, &keys->ed25519, body, note, error) ||
        !ledger_keys_sign(keys, &keys->sm2, body, note, error) ||
        !ledger_keys_sign(keys, &keys->sm2_sm3, body_sm3, note_sm3, error)) {
        return false;
    }
    head->note = g_strdup(note->str);
    head->note_sm3 = g_strdup(note_sm3->str);
    return true;
}

static bool
append_and_sign(Db *db, Signing *signing, LedgerState *state, int64_t previous, GError **error) {
    g_autoptr(json_t) payload = bodies_at(db, signing->keys, previous + 1, error);
    LedgerEntry entry = {.time_us = signing->now_us,
                         .type = LEDGER_XHEAD,
                         .actor = "system",
                         .object = LEDGER_HEADS,
                         .payload = payload};
    return payload != NULL &&
           ledger_append_locked(db, state, &entry, previous, ledger_no_salt, NULL, error) &&
           make_notes(signing, state, error) && heads_store_add(db, &signing->head, error);
}

/* The newest head's size and time; 0 and 0 when nothing was signed yet. */
static bool newest_signed(Db *db, int64_t *ret_size, int64_t *ret_time_us, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_auto(LedgerSignedHead) head = {0};
    if (!heads_store_newest(db, &head, &problem) &&
        !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_size = head.size;
    *ret_time_us = head.time_us;
    return true;
}

static bool sign(Db *db, void *data, GError **error) {
    Signing *signing = data;
    signing_clear(signing);
    signing->head = (LedgerSignedHead){0};
    LedgerState state;
    int64_t previous = -1;
    int64_t signed_size = 0;
    int64_t signed_us = 0;
    bool is_current = false;
    if (!ledger_lock(db, LEDGER_HEADS, &state, &previous, error) ||
        !newest_signed(db, &signed_size, &signed_us, error) ||
        !ledger_keys_are_current(db, signing->keys, &is_current, error)) {
        return false;
    }
    bool is_due =
        (int64_t)state.frontier.size > signed_size || signing->now_us - signed_us >= HEARTBEAT_US;
    if (!is_due) {
        return true;
    }
    if (!is_current) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the log's keys are others now");
    }
    if (!compare_with_mark(db, &state, signing->mark, &signing->stop, error)) {
        return false;
    }
    return signing->stop != NULL || append_and_sign(db, signing, &state, previous, error);
}

/* --- the mark -----------------------------------------------------------------------------------
 */

static bool fail_stopped(const char *reason, GError **error) {
    return hz_fail(error,
                   HZ_ERROR_DENIED,
                   "signing is stopped: %s. Put the newest state of the database back, then run "
                   "`huozheng ledger resume`",
                   reason);
}

/* Remembers the newest head the database holds: ours, or another server's. The file is read again:
 * a command may have written it meanwhile. */
static bool move_mark(Db *db, const char *folder, GError **error) {
    g_auto(LedgerSignedHead) head = {0};
    g_auto(HeadMark) mark = {0};
    g_autoptr(GError) problem = NULL;
    if (!heads_store_newest(db, &head, &problem)) {
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!head_mark_read(folder, &mark, error)) {
        return false;
    }
    if (head.size <= mark.size || mark.stop != NULL) {
        return true;
    }
    HeadMark moved = {.size = head.size};
    memcpy(moved.root, head.root, DIGEST_SIZE);
    memcpy(moved.root_sm3, head.root_sm3, DIGEST_SIZE);
    return head_mark_write(folder, &moved, error);
}

/* Nothing unsigned and nothing due: told by two reads, without the writers' lock. */
static bool is_anything_due(Db *db, int64_t now_us, bool *ret_due, GError **error) {
    LedgerState state;
    int64_t size = 0;
    int64_t time_us = 0;
    if (!ledger_store_state(db, &state, error) || !newest_signed(db, &size, &time_us, error)) {
        return false;
    }
    *ret_due = (int64_t)state.frontier.size > size || now_us - time_us >= HEARTBEAT_US;
    return true;
}

/* A database that was put back may have nothing unsigned in it: it must be noticed all the same. */
static bool is_below(Db *db, const HeadMark *mark, bool *ret_below, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    *ret_below = (int64_t)state.frontier.size < mark->size;
    return true;
}

bool ledger_sign_heads(Db *db, LedgerKeys *keys, int64_t now_us, bool *ret_signed, GError **error) {
    g_auto(HeadMark) mark = {0};
    g_auto(Signing) signing = {.keys = keys, .mark = &mark, .now_us = ledger_time(now_us)};
    bool is_due = false;
    bool below = false;
    if (ret_signed != NULL) {
        *ret_signed = false;
    }
    if (!head_mark_read(keys->folder, &mark, error)) {
        return false;
    }
    if (mark.stop != NULL) {
        return fail_stopped(mark.stop, error);
    }
    if (!is_anything_due(db, now_us, &is_due, error) || !is_below(db, &mark, &below, error)) {
        return false;
    }
    if (!is_due && !below) {
        return move_mark(db, keys->folder, error);
    }
    if (!db_run_tx(db, sign, &signing, error)) {
        return false;
    }
    if (below && signing.stop == NULL) {
        LedgerState state;
        if (!ledger_store_state(db, &state, error) ||
            !compare_with_mark(db, &state, &mark, &signing.stop, error)) {
            return false;
        }
    }
    if (signing.stop != NULL) {
        return ledger_stop_signing(keys->folder, signing.stop, error) &&
               fail_stopped(signing.stop, error);
    }
    if (ret_signed != NULL) {
        *ret_signed = signing.head.size > 0;
    }
    return move_mark(db, keys->folder, error);
}

bool ledger_stop_signing(const char *folder, const char *reason, GError **error) {
    g_auto(HeadMark) mark = {0};
    if (!head_mark_read(folder, &mark, error)) {
        return false;
    }
    g_free(mark.stop);
    mark.stop = g_strdup(reason);
    return head_mark_write(folder, &mark, error);
}

bool ledger_resume_signing(Db *db, const char *folder, GError **error) {
    g_auto(HeadMark) mark = {0};
    g_autofree char *stop = NULL;
    LedgerState state;
    if (!head_mark_read(folder, &mark, error) || !ledger_store_state(db, &state, error) ||
        !compare_with_mark(db, &state, &mark, &stop, error)) {
        return false;
    }
    if (stop != NULL) {
        return fail_stopped(stop, error);
    }
    g_clear_pointer(&mark.stop, g_free);
    return head_mark_write(folder, &mark, error);
}

char *ledger_stop_reason(const char *folder) {
    g_auto(HeadMark) mark = {0};
    g_autoptr(GError) problem = NULL;
    if (!head_mark_read(folder, &mark, &problem)) {
        return g_strdup(problem->message);
    }
    return g_steal_pointer(&mark.stop);
}
