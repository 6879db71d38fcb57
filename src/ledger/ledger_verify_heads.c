/* Signed heads against the trees, their signatures against the registered keys. */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"

#include <string.h>

#define LINES_MAX 100 /* cosignatures of one head */

static bool bad_head(int64_t size, const char *what, GError **error) {
    return hz_fail(
        error, HZ_ERROR_CORRUPT, "signed head of %" G_GINT64_FORMAT " entries: %s", size, what);
}

/* --- signatures ---------------------------------------------------------------------------------
 */

/* The note must be exactly this body, signed by each of the keys and nobody else. */
static bool check_note(const char *text,
                       const char *body,
                       const NoteKey *keys,
                       unsigned count,
                       int64_t size,
                       GError **error) {
    g_auto(Note) note = {0};
    if (text == NULL || !note_parse(text, strlen(text), &note, NULL) ||
        strcmp(note.text, body) != 0) {
        return bad_head(size, "its text does not tell the root of the entries", error);
    }
    if (note.signatures->len != count) {
        return bad_head(size, "it has other signatures than the log's own", error);
    }
    for (unsigned i = 0; i < count; i++) {
        if (note_check(&note, &keys[i], NULL) != NOTE_SIGNED) {
            return bad_head(size, "a signature of the log does not verify", error);
        }
    }
    return true;
}

/* The three keys that were current for a tree of `size`: of the newest entry inside it. */
static bool keys_at(const GArray *rows, int64_t size, NoteKey ret_keys[3], GError **error) {
    guint first = 0;
    while (first < rows->len && g_array_index(rows, LedgerKeyRow, first).entry >= size) {
        first++;
    }
    for (guint i = 0; i < 3; i++) {
        if (first + i >= rows->len ||
            !note_key_parse(
                g_array_index(rows, LedgerKeyRow, first + i).vkey, &ret_keys[i], NULL)) {
            return bad_head(size, "the log had no key then", error);
        }
    }
    return true;
}

static bool check_head(const LedgerSignedHead *head,
                       const LedgerPlace *place,
                       const GArray *rows,
                       GError **error) {
    NoteKey keys[3];
    if (memcmp(head->root, place->root, DIGEST_SIZE) != 0 ||
        memcmp(head->root_sm3, place->root_sm3, DIGEST_SIZE) != 0) {
        return bad_head(head->size, "its root does not follow from the entries", error);
    }
    if (head->time_us != place->time_us) {
        return bad_head(head->size, "its time is not that of its xhead entry", error);
    }
    if (!keys_at(rows, head->size, keys, error)) {
        return false;
    }
    g_autofree char *body = checkpoint_body(keys[0].name, head->size, place->root);
    g_autofree char *body_sm3 = checkpoint_body(keys[2].name, head->size, place->root_sm3);
    return check_note(head->note, body, keys, 2, head->size, error) &&
           check_note(head->note_sm3, body_sm3, keys + 2, 1, head->size, error);
}

/* --- witnesses ----------------------------------------------------------------------------------
 */

static bool check_line(const LedgerCosignature *one, const char *body, GError **error) {
    NoteKey key;
    g_autoptr(GArray) lines = NULL;
    int64_t time_s = 0;
    bool is_valid = one->vkey != NULL && one->line != NULL &&
                    note_key_parse(one->vkey, &key, NULL) && key.type == NOTE_COSIGNATURE &&
                    note_lines_parse(one->line, strlen(one->line), &lines, NULL) && lines->len == 1;
    if (is_valid) {
        const NoteSignature *signature = &g_array_index(lines, NoteSignature, 0);
        is_valid = strcmp(signature->name, key.name) == 0 &&
                   memcmp(signature->id, key.id, sizeof key.id) == 0 &&
                   note_signature_verify(signature, &key, body, strlen(body), &time_s) &&
                   time_s * CLOCK_SECOND_US == one->time_us;
    }
    return is_valid || bad_head(one->size, "a witness's line does not verify", error);
}

static bool check_cosignatures(Db *db, const LedgerSignedHead *head, GError **error) {
    g_autoptr(GArray) lines =
        heads_store_cosignatures(db, head->size, head->size, LINES_MAX, error);
    g_auto(Note) note = {0};
    if (lines == NULL || !note_parse(head->note, strlen(head->note), &note, error)) {
        return false;
    }
    for (guint i = 0; i < lines->len; i++) {
        if (!check_line(&g_array_index(lines, LedgerCosignature, i), note.text, error)) {
            return false;
        }
    }
    return true;
}

/* --- all of a part ------------------------------------------------------------------------------
 */

/* Heads and places must pair up one by one. */
static bool check_pairs(Db *db, const GArray *heads, const GArray *places, GError **error) {
    if (heads->len + places->len == 0) {
        return true;
    }
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return false;
    }
    for (guint i = 0; i < MAX(heads->len, places->len); i++) {
        int64_t head_size =
            i < heads->len ? g_array_index(heads, LedgerSignedHead, i).size : G_MAXINT64;
        int64_t place_size =
            i < places->len ? g_array_index(places, LedgerPlace, i).size : G_MAXINT64;
        if (place_size < head_size) {
            return bad_head(place_size, "is missing", error);
        }
        if (head_size < place_size) {
            return bad_head(head_size, "no xhead entry ends there", error);
        }
        const LedgerSignedHead *head = &g_array_index(heads, LedgerSignedHead, i);
        const LedgerPlace *place = &g_array_index(places, LedgerPlace, i);
        if (!check_head(head, place, rows, error) || !check_cosignatures(db, head, error)) {
            return false;
        }
    }
    return true;
}

bool ledger_verify_heads(
    Db *db, int64_t from, int64_t to, const GArray *places, int64_t *heads, GError **error) {
    /* At most one for each entry. */
    g_autoptr(GArray) listed = heads_store_list(db, from + 1, to - from, error);
    if (listed == NULL) {
        return false;
    }
    guint count = 0;
    while (count < listed->len && g_array_index(listed, LedgerSignedHead, count).size <= to) {
        count++;
    }
    g_array_set_size(listed, count);
    *heads += count;
    return check_pairs(db, listed, places, error);
}

static bool is_told(const LedgerRecord *record, const char *vkey) {
    g_autoptr(json_t) payload =
        record->payload != NULL ? json_read(record->payload, strlen(record->payload), NULL) : NULL;
    size_t i = 0;
    const json_t *key = NULL;
    json_array_foreach(json_object_get(payload, "keys"), i, key) {
        if (g_strcmp0(json_string_value(key), vkey) == 0) {
            return strcmp(record->type, LEDGER_KEY_TYPE) == 0 ||
                   strcmp(record->type, LEDGER_KEY_LOST_TYPE) == 0;
        }
    }
    return false;
}

/* Rows `first` and the two behind it came by `record`; the three behind those signed them. Entries
 * of older programs hold no signature. */
static bool word_fits(const GArray *rows, guint first, const LedgerRecord *record) {
    g_autoptr(json_t) payload =
        record->payload != NULL ? json_read(record->payload, strlen(record->payload), NULL) : NULL;
    const char *word = json_get_text(payload, "word", NULL);
    if (word == NULL) {
        return true;
    }
    const char *vkeys[3] = {0};
    NoteKey old[2];
    g_auto(Note) note = {0};
    for (guint i = 0; i < 3; i++) {
        vkeys[i] = g_array_index(rows, LedgerKeyRow, first + i).vkey;
    }
    g_autofree char *text = ledger_key_word(vkeys);
    bool is_word = first + 3 + G_N_ELEMENTS(old) <= rows->len &&
                   note_parse(word, strlen(word), &note, NULL) && strcmp(note.text, text) == 0;
    for (guint i = 0; is_word && i < G_N_ELEMENTS(old); i++) {
        is_word =
            note_key_parse(g_array_index(rows, LedgerKeyRow, first + 3 + i).vkey, &old[i], NULL) &&
            note_check(&note, &old[i], NULL) == NOTE_SIGNED;
    }
    return is_word;
}

/* Seen at one moment after the pass: signing may go on meanwhile. */
static bool check_end(Db *db, GError **error) {
    g_auto(LedgerSignedHead) newest = {0};
    LedgerState state;
    g_autoptr(GError) problem = NULL;
    if (!heads_store_newest(db, &newest, &problem)) {
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return ledger_store_state(db, &state, error) &&
           (newest.size <= (int64_t)state.frontier.size ||
            bad_head(newest.size, "stands behind the end of the log", error));
}

bool ledger_verify_keys(Db *db, GError **error) {
    g_autoptr(GArray) rows = heads_store_keys(db, error);
    if (rows == NULL) {
        return false;
    }
    for (guint i = 0; i < rows->len; i++) {
        const LedgerKeyRow *row = &g_array_index(rows, LedgerKeyRow, i);
        g_auto(LedgerRecord) record = {0};
        g_autoptr(GError) problem = NULL;
        if (!ledger_store_find(db, row->entry, &record, &problem) || !is_told(&record, row->vkey)) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "key %.60s: entry %" G_GINT64_FORMAT " does not tell of it",
                           row->vkey,
                           row->entry);
        }
        if (i % 3 == 0 && i + 3 <= rows->len && !word_fits(rows, i, &record)) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "entry %" G_GINT64_FORMAT
                           ": the keys before have not signed those that it tells of",
                           row->entry);
        }
    }
    int64_t orphans = 0;
    if (!heads_store_orphans(db, &orphans, error)) {
        return false;
    }
    if (orphans > 0) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "a witness's line belongs to no signed head");
    }
    return check_end(db, error);
}

static bool bad_policy(int64_t entry, GError **error) {
    return hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "the witnesses' policy is not the one that entry %" G_GINT64_FORMAT " tells of",
                   entry);
}

bool ledger_verify_policy(Db *db, GError **error) {
    g_autofree char *text = NULL;
    int64_t entry = -1;
    int64_t newest = -1;
    if (!heads_store_policy_entries(db, &text, &entry, &newest, error)) {
        return false;
    }
    if (entry != newest) {
        return bad_policy(newest >= 0 ? newest : entry, error);
    }
    if (entry < 0) {
        return true; /* it never was set */
    }
    g_auto(LedgerRecord) record = {0};
    if (!ledger_store_find(db, entry, &record, error)) {
        return false;
    }
    g_autoptr(json_t) payload =
        record.payload != NULL ? json_read(record.payload, strlen(record.payload), NULL) : NULL;
    return (strcmp(record.type, LEDGER_POLICY_TYPE) == 0 &&
            g_strcmp0(json_get_text(payload, "policy", NULL), text) == 0) ||
           bad_policy(entry, error);
}
