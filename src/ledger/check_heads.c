/* Signatures on heads: who signed, who witnessed, where the keys are from. */
#include "ledger/check.h"

#include <string.h>

void check_head_clear(CheckHead *head) {
    note_clear(&head->note);
}

static void add_keys(GArray *keys, const GArray *from) {
    if (from != NULL) {
        g_array_append_vals(keys, from->data, from->len);
    }
}

/* All keys the reader has, of logs and of witnesses. */
static GArray *all_keys(const CheckTrust *trust) {
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    add_keys(keys, trust->given);
    add_keys(keys, trust->beside);
    const GArray *logs = trust->policy != NULL ? policy_logs(trust->policy) : NULL;
    const GArray *witnesses = trust->policy != NULL ? policy_witnesses(trust->policy) : NULL;
    for (guint i = 0; logs != NULL && i < logs->len; i++) {
        g_array_append_val(keys, g_array_index(logs, PolicyLog, i).key);
    }
    for (guint i = 0; witnesses != NULL && i < witnesses->len; i++) {
        g_array_append_val(keys, g_array_index(witnesses, PolicyWitness, i).key);
    }
    return keys;
}

static bool is_same_key(const NoteKey *a, const NoteKey *b) {
    return strcmp(a->name, b->name) == 0 && memcmp(a->id, b->id, sizeof a->id) == 0;
}

/* Is there a signature line of a key that is not among `keys`? */
static bool has_stranger(const Note *note, const GArray *keys) {
    for (guint i = 0; i < note->signatures->len; i++) {
        const NoteSignature *line = &g_array_index(note->signatures, NoteSignature, i);
        bool is_known = false;
        for (guint k = 0; k < keys->len && !is_known; k++) {
            const NoteKey *key = &g_array_index(keys, NoteKey, k);
            is_known = strcmp(key->name, line->name) == 0 &&
                       memcmp(key->id, line->id, sizeof key->id) == 0;
        }
        if (!is_known) {
            return true;
        }
    }
    return false;
}

/* Who of `keys` has signed a head as its log. */
typedef struct Signers {
    bool has_own; /* a key with the log's name is known */
    bool has_ed25519, has_sm2;
    bool is_forged;
} Signers;

static Signers signers_of(const CheckHead *head, const GArray *keys) {
    Signers signers = {0};
    for (guint i = 0; i < keys->len; i++) {
        const NoteKey *key = &g_array_index(keys, NoteKey, i);
        if (key->type == NOTE_COSIGNATURE || strcmp(key->name, head->checkpoint.origin) != 0) {
            continue;
        }
        signers.has_own = true;
        NoteVerdict said = note_check(&head->note, key, NULL);
        signers.is_forged |= said == NOTE_FORGED;
        signers.has_ed25519 |= said == NOTE_SIGNED && key->type == NOTE_ED25519;
        signers.has_sm2 |= said == NOTE_SIGNED && key->type == NOTE_SM2;
    }
    return signers;
}

static bool check_signature(Verdict *verdict,
                            const CheckHead *head,
                            const GArray *keys,
                            bool is_first,
                            bool is_whole,
                            bool *ret_signed) {
    Signers signers = signers_of(head, keys);
    *ret_signed = signers.has_ed25519 || signers.has_sm2;
    if (signers.is_forged) {
        return verdict_failed(verdict, "signature", "signature-false", head->file, 0);
    }
    bool owes = is_whole && (!signers.has_sm2 || (is_first && !signers.has_ed25519));
    if ((signers.has_own && !*ret_signed) || owes) {
        return verdict_failed(verdict, "signature", "signature-missing", head->file, 0);
    }
    if (is_whole && has_stranger(&head->note, keys)) {
        return verdict_failed(verdict, "signature", "signature-stranger", head->file, 0);
    }
    return true;
}

/* Do keys that the reader brought say where this head is from? */
static bool
check_key(Verdict *verdict, const CheckTrust *trust, const CheckHead *head, bool is_signed) {
    bool has_given = false;
    for (guint i = 0; i < trust->given->len; i++) {
        const NoteKey *key = &g_array_index(trust->given, NoteKey, i);
        if (key->type == NOTE_COSIGNATURE) {
            continue;
        }
        has_given = true;
        if (strcmp(key->name, head->checkpoint.origin) == 0 &&
            note_check(&head->note, key, NULL) == NOTE_SIGNED) {
            verdict_passed(verdict, "key");
            return true;
        }
    }
    if (has_given) {
        return verdict_failed(verdict, "key", "key-other", head->file, 0);
    }
    const char *where = trust->is_served ? "key-served" : "key-beside";
    verdict_unknown(verdict, "key", is_signed ? where : "no-key");
    return true;
}

bool check_heads(Verdict *verdict,
                 const CheckTrust *trust,
                 const CheckHead *heads,
                 unsigned count,
                 bool is_whole) {
    g_autoptr(GArray) keys = all_keys(trust);
    bool all_signed = true;
    for (unsigned i = 0; i < count; i++) {
        bool is_signed = false;
        if (!check_signature(verdict, &heads[i], keys, i == 0, is_whole, &is_signed)) {
            return false;
        }
        all_signed &= is_signed;
    }
    if (all_signed) {
        verdict_passed(verdict, "signature");
    } else {
        verdict_unknown(verdict, "signature", "no-key");
    }
    return check_witnesses(verdict, trust, &heads[0], NULL) &&
           check_key(verdict, trust, &heads[0], all_signed);
}

/* --- witnesses ---------------------------------------------------------------------------------
 */

typedef struct Cosigned {
    int64_t time_s;
    uint32_t bit; /* of the policy's witness */
} Cosigned;

static int compare_times(gconstpointer left, gconstpointer right) {
    const Cosigned *a = left;
    const Cosigned *b = right;
    return (a->time_s > b->time_s) - (a->time_s < b->time_s);
}

/* The time of the cosignature with which the policy was met; 0: it was not. */
static int64_t time_of_quorum(const Policy *policy, GArray *cosigned) {
    uint32_t bits = 0;
    g_array_sort(cosigned, compare_times);
    for (guint i = 0; i < cosigned->len; i++) {
        const Cosigned *one = &g_array_index(cosigned, Cosigned, i);
        bits |= one->bit;
        if (policy == NULL || policy_is_met(policy, bits)) {
            return one->time_s;
        }
    }
    return 0;
}

static uint32_t bit_of(const Policy *policy, const NoteKey *key) {
    const GArray *witnesses = policy != NULL ? policy_witnesses(policy) : NULL;
    for (guint i = 0; witnesses != NULL && i < witnesses->len; i++) {
        if (is_same_key(&g_array_index(witnesses, PolicyWitness, i).key, key)) {
            return UINT32_C(1) << i;
        }
    }
    return 0;
}

bool check_witnesses(Verdict *verdict,
                     const CheckTrust *trust,
                     const CheckHead *head,
                     int64_t *ret_time_s) {
    g_autoptr(GArray) keys = all_keys(trust);
    g_autoptr(GArray) cosigned = g_array_new(FALSE, FALSE, sizeof(Cosigned));
    bool has_witness = false;
    for (guint i = 0; i < keys->len; i++) {
        const NoteKey *key = &g_array_index(keys, NoteKey, i);
        Cosigned one = {.bit = bit_of(trust->policy, key)};
        if (key->type != NOTE_COSIGNATURE) {
            continue;
        }
        has_witness = true;
        NoteVerdict said = note_check(&head->note, key, &one.time_s);
        if (said == NOTE_FORGED) {
            return verdict_failed(verdict, "witness", "signature-false", head->file, 0);
        }
        if (said == NOTE_SIGNED) {
            g_array_append_val(cosigned, one);
        }
    }
    if (ret_time_s != NULL) {
        *ret_time_s = 0;
    }
    if (!has_witness) {
        verdict_unknown(
            verdict, "witness", trust->policy != NULL ? "no-witness-policy" : "no-witness-key");
        return true;
    }
    int64_t time_s = time_of_quorum(trust->policy, cosigned);
    bool is_met =
        trust->policy != NULL ? time_s != 0 || policy_needs_none(trust->policy) : time_s != 0;
    if (!is_met) {
        return verdict_failed(verdict, "witness", "no-quorum", head->file, 0);
    }
    if (trust->is_served && trust->is_own_policy) {
        verdict_unknown(verdict, "witness", "policy-served");
    } else {
        verdict_passed(verdict, "witness");
    }
    if (ret_time_s != NULL) {
        *ret_time_s = time_s;
    }
    return true;
}
