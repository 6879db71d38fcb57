/* What strangers get of the log: heads with the witnesses' lines, proofs, histories. */
#include "ledger/ledger_heads.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"
#include "ledger/policy.h"

#include <string.h>

#define COSIGNATURES_MAX 100 /* lines of one head: a policy names 32 witnesses, keys may change */
#define HEADS_BACK 100       /* heads looked back for one with the quorum */
#define HISTORY_MAX 10000    /* entries on one object */

bool ledger_signed_newest(Db *db, LedgerSignedHead *ret_head, GError **error) {
    return heads_store_newest(db, ret_head, error);
}

char *ledger_checkpoint_text(Db *db, const LedgerSignedHead *head, GError **error) {
    g_autoptr(GArray) lines =
        heads_store_cosignatures(db, head->size, head->size, COSIGNATURES_MAX, error);
    if (lines == NULL) {
        return NULL;
    }
    GString *text = g_string_new(head->note);
    for (guint i = 0; i < lines->len && i < NOTE_SIGNATURES_MAX - 2; i++) {
        g_string_append(text, g_array_index(lines, LedgerCosignature, i).line);
    }
    return g_string_free(text, FALSE);
}

/* --- the quorum ---------------------------------------------------------------------------------
 */

static Policy *stored_policy(Db *db, GError **error) {
    g_autofree char *text = ledger_policy_text(db, error);
    return text != NULL ? policy_parse(text, strlen(text), error) : NULL;
}

/* The witness's bit; 0: the policy does not name this key. */
static uint32_t bit_of(const Policy *policy, const char *vkey) {
    const GArray *witnesses = policy_witnesses(policy);
    for (guint i = 0; i < witnesses->len; i++) {
        g_autofree char *own = note_key_format(&g_array_index(witnesses, PolicyWitness, i).key);
        if (strcmp(own, vkey) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

/* Cosignatures come in order of head and time; a quorum's time is that of the line completing it.
 */
static bool find_quorum(const Policy *policy,
                        const GArray *cosignatures,
                        LedgerWitnessed *ret_witnessed,
                        int64_t *ret_last) {
    uint32_t seen = 0;
    for (guint i = 0; i < cosignatures->len; i++) {
        const LedgerCosignature *one = &g_array_index(cosignatures, LedgerCosignature, i);
        if (one->size != *ret_last) {
            seen = 0;
            *ret_last = one->size;
        }
        seen |= bit_of(policy, one->vkey);
        if (policy_is_met(policy, seen)) {
            *ret_witnessed = (LedgerWitnessed){.time_us = one->time_us,
                                               .head_size = one->size,
                                               .witnesses = (unsigned)__builtin_popcount(seen)};
            return true;
        }
    }
    return false;
}

bool ledger_witnessed(Db *db, int64_t index, LedgerWitnessed *ret_witnessed, GError **error) {
    g_autoptr(Policy) policy = stored_policy(db, error);
    if (policy == NULL) {
        return false;
    }
    if (policy_needs_none(policy)) {
        LedgerWitnessed witnessed = {0};
        if (!heads_store_first_above(db, index, &witnessed.head_size, &witnessed.time_us, error)) {
            return false;
        }
        *ret_witnessed = witnessed;
        return true;
    }
    /* Read in parts: all lines of a head are in one part, or the last head is read again. */
    for (int64_t from = index + 1;;) {
        const int64_t limit = 1000;
        int64_t last = -1;
        g_autoptr(GArray) part = heads_store_cosignatures(db, from, G_MAXINT64, limit, error);
        if (part == NULL) {
            return false;
        }
        if (find_quorum(policy, part, ret_witnessed, &last)) {
            return true;
        }
        if (part->len < limit || last == from) {
            return hz_fail(error,
                           HZ_ERROR_NOT_FOUND,
                           "no head with entry %" G_GINT64_FORMAT " has the witnesses' quorum yet",
                           index);
        }
        from = last;
    }
}

/* The newest head with the quorum, else the newest one. */
static bool best_head(Db *db, LedgerSignedHead *ret_head, GError **error) {
    g_auto(LedgerSignedHead) newest = {0};
    g_autoptr(Policy) policy = stored_policy(db, error);
    if (policy == NULL || !heads_store_newest(db, &newest, error)) {
        return false;
    }
    int64_t best = newest.size;
    if (!policy_needs_none(policy)) {
        g_autoptr(GArray) sizes = heads_store_cosigned_sizes(db, HEADS_BACK, error);
        if (sizes == NULL) {
            return false;
        }
        for (guint i = 0; i < sizes->len; i++) {
            int64_t size = g_array_index(sizes, int64_t, i);
            int64_t last = -1;
            LedgerWitnessed witnessed;
            g_autoptr(GArray) lines =
                heads_store_cosignatures(db, size, size, COSIGNATURES_MAX, error);
            if (lines == NULL) {
                return false;
            }
            if (find_quorum(policy, lines, &witnessed, &last)) {
                best = size;
                break;
            }
        }
    }
    return heads_store_at(db, best, ret_head, error);
}

/* --- proofs --------------------------------------------------------------------------------------
 */

static GByteArray *extra_of(const LedgerRecord *record, bool with_payload, GError **error) {
    g_autoptr(GByteArray) extra = g_byte_array_new();
    g_byte_array_append(extra, (const guint8 *)record->bytes, (guint)record->size);
    if (with_payload) {
        if (record->payload == NULL) {
            hz_fail(error,
                    HZ_ERROR_NOT_FOUND,
                    "the payload of entry %" G_GINT64_FORMAT " is erased",
                    record->index);
            return NULL;
        }
        g_byte_array_append(extra, record->salt, LEDGER_SALT_SIZE);
        g_byte_array_append(extra, (const guint8 *)record->payload, (guint)strlen(record->payload));
    }
    return g_steal_pointer(&extra);
}

char *ledger_tlog_proof(Db *db, int64_t index, bool with_payload, GError **error) {
    g_auto(LedgerSignedHead) head = {0};
    g_auto(LedgerRecord) record = {0};
    if (!ledger_find(db, index, &record, error) || !best_head(db, &head, error)) {
        return NULL;
    }
    if (head.size <= index) { /* the witnesses have not come so far: the newest may have it */
        ledger_signed_head_clear(&head);
        if (!heads_store_newest(db, &head, error)) {
            return NULL;
        }
    }
    g_auto(TlogProof) proof = {.index = index};
    proof.extra = extra_of(&record, with_payload, error);
    proof.hashes = proof.extra != NULL ? ledger_prove_inclusion(db, index, head.size, error) : NULL;
    proof.checkpoint = proof.hashes != NULL ? ledger_checkpoint_text(db, &head, error) : NULL;
    return proof.checkpoint != NULL ? tlog_proof_format(&proof) : NULL;
}

static json_t *hashes_json(const GByteArray *hashes) {
    json_t *list = json_array();
    for (guint at = 0; at < hashes->len; at += DIGEST_SIZE) {
        g_autofree char *hex = hex_format(hashes->data + at, DIGEST_SIZE);
        json_array_append_new(list, json_string(hex));
    }
    return list;
}

static json_t *history_entry(Db *db, int64_t index, int64_t size, GError **error) {
    g_auto(LedgerRecord) record = {0};
    if (!ledger_find(db, index, &record, error)) {
        return NULL;
    }
    g_autoptr(GByteArray) proof = ledger_prove_in(db, DIGEST_SHA256, index, size, error);
    g_autoptr(GByteArray) proof_sm3 =
        proof != NULL ? ledger_prove_in(db, DIGEST_SM3, index, size, error) : NULL;
    if (proof_sm3 == NULL) {
        return NULL;
    }
    g_autofree char *leaf = g_base64_encode((const guchar *)record.bytes, record.size);
    g_autofree char *salt =
        record.payload != NULL ? hex_format(record.salt, LEDGER_SALT_SIZE) : NULL;
    json_t *entry = json_object();
    json_put_int(entry, "index", index);
    json_put_text(entry, "leaf", leaf);
    json_put_text(entry, "salt", salt);
    json_put_text(entry, "payload", record.payload);
    json_put(entry, "proof", hashes_json(proof));
    json_put(entry, "proof_sm3", hashes_json(proof_sm3));
    return entry;
}

json_t *ledger_history(Db *db, const char *object, GError **error) {
    g_auto(LedgerSignedHead) head = {0};
    if (!heads_store_newest(db, &head, error)) {
        return NULL;
    }
    g_autoptr(GArray) places = ledger_store_places(db, object, head.size, error);
    if (places == NULL) {
        return NULL;
    }
    if (places->len == 0 || places->len > HISTORY_MAX) {
        hz_fail(error,
                places->len == 0 ? HZ_ERROR_NOT_FOUND : HZ_ERROR_LIMIT,
                "%u signed entries on \"%s\"; a history has 1 to %d",
                places->len,
                object,
                HISTORY_MAX);
        return NULL;
    }
    g_autoptr(json_t) entries = json_array();
    for (guint i = 0; i < places->len; i++) {
        json_t *entry = history_entry(db, g_array_index(places, int64_t, i), head.size, error);
        if (entry == NULL) {
            return NULL;
        }
        json_array_append_new(entries, entry);
    }
    g_autofree char *checkpoint = ledger_checkpoint_text(db, &head, error);
    if (checkpoint == NULL) {
        return NULL;
    }
    json_t *history = json_object();
    json_put_text(history, "format", "huozheng-history/1");
    json_put_text(history, "object", object);
    json_put_int(history, "size", head.size);
    json_put(history, "entries", g_steal_pointer(&entries));
    json_put_text(history, "checkpoint", checkpoint);
    json_put_text(history, "checkpoint_sm3", head.note_sm3);
    return history;
}
