/* Which keys are the log's: first ones, rotation, and what strangers get to see of them. */
#include "base/error.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"
#include "ledger/policy.h"

#include <string.h>

#define KEYS_OF_ONE 3 /* Ed25519, SM2, and SM2 under the other tree's name */

typedef struct Vkeys {
    char *texts[KEYS_OF_ONE];
} Vkeys;

static void vkeys_clear(Vkeys *vkeys) {
    for (size_t i = 0; i < KEYS_OF_ONE; i++) {
        g_clear_pointer(&vkeys->texts[i], g_free);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Vkeys, vkeys_clear)

static Vkeys vkeys_of(const LedgerKeys *keys) {
    return (Vkeys){{note_key_format(&keys->ed25519),
                    note_key_format(&keys->sm2),
                    note_key_format(&keys->sm2_sm3)}};
}

/* The rows of the newest entry are the current keys. */
static bool are_current(const GArray *rows, const Vkeys *vkeys) {
    for (guint i = 0; i < KEYS_OF_ONE; i++) {
        if (i >= rows->len ||
            strcmp(g_array_index(rows, LedgerKeyRow, i).vkey, vkeys->texts[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool ledger_keys_are_current(Db *db, const LedgerKeys *keys, bool *ret_current, GError **error) {
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return false;
    }
    g_auto(Vkeys) vkeys = vkeys_of(keys);
    *ret_current = are_current(rows, &vkeys);
    return true;
}

/* What one transaction changes. */
typedef struct Change {
    const LedgerKeys *keys;
    const LedgerKeys *old; /* NULL: only where the log has no keys yet, or they are lost */
    const char *word;      /* of the old ones; NULL: none */
    const char *lost;      /* the first vkey of those that are lost; NULL: none are */
    const char *actor;
    int64_t now_us;
} Change;

/* Appends the entry and registers; the ledger is locked. */
static bool register_keys(Db *db,
                          LedgerState *state,
                          int64_t previous,
                          const GArray *rows,
                          const Vkeys *vkeys,
                          const Change *change,
                          GError **error) {
    g_autoptr(json_t) payload = json_object();
    json_t *now = json_array();
    json_t *before = json_array();
    for (guint i = 0; i < KEYS_OF_ONE; i++) {
        json_array_append_new(now, json_string(vkeys->texts[i]));
        if (i < rows->len) {
            json_array_append_new(before, json_string(g_array_index(rows, LedgerKeyRow, i).vkey));
        }
    }
    json_put(payload, "keys", now);
    json_put(payload, change->lost != NULL ? "lost" : "replaces", before);
    if (change->word != NULL) {
        json_put_text(payload, "word", change->word);
    }
    LedgerEntry entry = {.time_us = change->now_us,
                         .type = change->lost != NULL ? LEDGER_KEY_LOST_TYPE : LEDGER_KEY_TYPE,
                         .actor = change->actor,
                         .object = LEDGER_KEYS,
                         .payload = payload};
    int64_t index = -1;
    bool done = ledger_append_locked(db, state, &entry, previous, NULL, &index, error);
    for (guint i = 0; done && i < KEYS_OF_ONE; i++) {
        done = heads_store_add_key(db, (int64_t)rows->len + 1 + i, vkeys->texts[i], index, error);
    }
    return done;
}

static bool change_keys(Db *db, void *data, GError **error) {
    const Change *change = data;
    LedgerState state;
    int64_t previous = -1;
    if (!ledger_lock(db, LEDGER_KEYS, &state, &previous, error)) {
        return false;
    }
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return false;
    }
    g_auto(Vkeys) vkeys = vkeys_of(change->keys);
    if (are_current(rows, &vkeys)) {
        return true;
    }
    if (change->lost != NULL) {
        if (rows->len == 0 ||
            strcmp(g_array_index(rows, LedgerKeyRow, 0).vkey, change->lost) != 0) {
            return hz_fail(error, HZ_ERROR_CONFLICT, "the log's keys were changed meanwhile");
        }
    } else if (change->old != NULL) {
        g_auto(Vkeys) old = vkeys_of(change->old);
        if (!are_current(rows, &old)) {
            return hz_fail(error, HZ_ERROR_CONFLICT, "the log's keys were changed meanwhile");
        }
    } else if (rows->len > 0) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "the key in %s is not this log's current key (%s); put the log's own key "
                       "there, from the server that signs or from your copy",
                       change->keys->folder,
                       g_array_index(rows, LedgerKeyRow, 0).vkey);
    }
    return register_keys(db, &state, previous, rows, &vkeys, change, error);
}

bool ledger_keys_adopt(Db *db, const LedgerKeys *keys, int64_t now_us, GError **error) {
    Change change = {.keys = keys, .actor = "system", .now_us = now_us};
    bool is_current = false;
    if (!ledger_keys_are_current(db, keys, &is_current, error)) {
        return false;
    }
    return is_current || db_run_tx(db, change_keys, &change, error);
}

char *ledger_key_word(const char *const vkeys[3]) {
    return g_strdup_printf("huozheng log.key/1\n%s\n%s\n%s\n", vkeys[0], vkeys[1], vkeys[2]);
}

/* The new keys, signed by both old ones: a note. Caller frees. */
static char *give_word(LedgerKeys *old, const LedgerKeys *next, GError **error) {
    g_auto(Vkeys) vkeys = vkeys_of(next);
    g_autofree char *text = ledger_key_word((const char *const *)vkeys.texts);
    g_autoptr(GString) note = g_string_new(text);
    g_string_append_c(note, '\n');
    if (!ledger_keys_sign(old, &old->ed25519, text, note, error) ||
        !ledger_keys_sign(old, &old->sm2, text, note, error)) {
        return NULL;
    }
    return g_strdup(note->str);
}

bool ledger_keys_rotate(
    Db *db, LedgerKeys *keys, const char *actor, int64_t now_us, GError **error) {
    if (!ledger_keys_generate_next(keys->folder, keys->origin, error)) {
        return false;
    }
    g_autoptr(LedgerKeys) next = ledger_keys_open_next(keys->folder, error);
    g_autofree char *word = next != NULL ? give_word(keys, next, error) : NULL;
    if (word == NULL) {
        return false;
    }
    Change change = {.keys = next, .old = keys, .word = word, .actor = actor, .now_us = now_us};
    return db_run_tx(db, change_keys, &change, error) && ledger_keys_promote(keys->folder, error);
}

/* A key that is there, even one that cannot be read just now, is not lost. */
static bool are_lost(Db *db, const char *folder, GError **error) {
    g_autofree char *file = ledger_keys_file(folder);
    if (file != NULL) {
        return hz_fail(error,
                       HZ_ERROR_DENIED,
                       "there is a key in %s. If it is the log's, nothing is lost: `huozheng "
                       "ledger rotate` makes new ones with its word. If it is another's, move it "
                       "away first",
                       file);
    }
    bool is_current = false;
    g_autoptr(LedgerKeys) next = ledger_keys_open_next(folder, NULL);
    if (next != NULL && !ledger_keys_are_current(db, next, &is_current, error)) {
        return false;
    }
    return !is_current || hz_fail(error,
                                  HZ_ERROR_DENIED,
                                  "the log's keys are in %s: a change of keys was cut off there, "
                                  "and the next `huozheng ledger sign` finishes it",
                                  folder);
}

bool ledger_keys_rekey(
    Db *db, const char *folder, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return false;
    }
    if (rows->len == 0) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "this log has no keys yet: `huozheng ledger keygen` makes the first ones");
    }
    const char *lost = g_array_index(rows, LedgerKeyRow, 0).vkey;
    NoteKey former;
    if (!are_lost(db, folder, error) || !note_key_parse(lost, &former, error) ||
        !ledger_keys_generate_next(folder, former.name, error)) {
        return false;
    }
    g_autoptr(LedgerKeys) next = ledger_keys_open_next(folder, error);
    Change change = {.keys = next, .lost = lost, .actor = actor, .now_us = now_us};
    return next != NULL && db_run_tx(db, change_keys, &change, error) &&
           ledger_keys_promote(folder, error);
}

bool ledger_keys_lost_entry(Db *db, int64_t *ret_entry, GError **error) {
    return heads_store_lost_key(db, ret_entry, error);
}

/* A rotation ends with a rename; a kill before it leaves the log's keys under the other name. */
static LedgerKeys *finish_rotation(Db *db, const char *folder, GError **error) {
    bool is_current = false;
    g_autoptr(LedgerKeys) next = ledger_keys_open_next(folder, NULL);
    if (next == NULL || !ledger_keys_are_current(db, next, &is_current, error) || !is_current ||
        !ledger_keys_promote(folder, error)) {
        return NULL;
    }
    return g_steal_pointer(&next);
}

LedgerKeys *ledger_keys_prepare(
    Db *db, const char *folder, const char *origin, int64_t now_us, GError **error) {
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GError) problem = NULL;
    g_autoptr(LedgerKeys) keys = ledger_keys_open(folder, &problem);
    bool is_first = rows->len == 0 && g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    if (is_first) {
        g_autofree char *own = origin != NULL ? g_strdup(origin) : ledger_keys_default_origin();
        g_clear_error(&problem);
        keys =
            ledger_keys_generate(folder, own, &problem) ? ledger_keys_open(folder, &problem) : NULL;
    }
    if (keys != NULL && ledger_keys_adopt(db, keys, now_us, &problem)) {
        return g_steal_pointer(&keys);
    }
    g_autoptr(LedgerKeys) finished = rows->len > 0 ? finish_rotation(db, folder, NULL) : NULL;
    if (finished == NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    return g_steal_pointer(&finished);
}

char *ledger_keys_text(Db *db, GError **error) {
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return NULL;
    }
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < rows->len; i++) {
        g_string_append_printf(text, "%s\n", g_array_index(rows, LedgerKeyRow, i).vkey);
    }
    return g_string_free(text, FALSE);
}

/* --- who is asked --------------------------------------------------------------------------------
 */

typedef struct PolicyChange {
    const char *text;
    const char *actor;
    int64_t now_us;
} PolicyChange;

static bool change_policy(Db *db, void *data, GError **error) {
    const PolicyChange *change = data;
    LedgerState state;
    int64_t previous = -1;
    int64_t index = -1;
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "policy", change->text);
    LedgerEntry entry = {.time_us = change->now_us,
                         .type = LEDGER_POLICY_TYPE,
                         .actor = change->actor,
                         .object = LEDGER_POLICY,
                         .payload = payload};
    return ledger_lock(db, entry.object, &state, &previous, error) &&
           ledger_append_locked(db, &state, &entry, previous, NULL, &index, error) &&
           heads_store_set_policy(db, change->text, index, error);
}

bool ledger_policy_set(
    Db *db, const char *text, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Policy) policy = policy_parse(text, strlen(text), error);
    if (policy == NULL) {
        return false;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "the policy is not UTF-8");
    }
    if (policy_logs(policy)->len > 0) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "leave the log line out: the log adds its own current key");
    }
    PolicyChange change = {text, actor, now_us};
    return db_run_tx(db, change_policy, &change, error);
}

char *ledger_policy_text(Db *db, GError **error) {
    char *text = NULL;
    if (!heads_store_policy(db, &text, error)) {
        return NULL;
    }
    return text != NULL ? text : g_strdup("quorum none\n");
}

char *ledger_policy_public(Db *db, GError **error) {
    g_autofree char *text = ledger_policy_text(db, error);
    g_autoptr(GArray) rows = text != NULL ? heads_store_keys(db, error) : NULL;
    if (rows == NULL) {
        return NULL;
    }
    return rows->len > 0
               ? g_strdup_printf("log %s\n%s", g_array_index(rows, LedgerKeyRow, 0).vkey, text)
               : g_steal_pointer(&text);
}
