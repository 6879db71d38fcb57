/*
 * Use cases of the log: append, prove. Checking it all is ledger_verify.c; a proof that stands
 * alone is ledger_proof.c.
 */
#include "ledger/ledger.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include "ledger/ledger_rules.h"
#include "ledger/ledger_store.h"
#include "ledger/merkle.h"

#include <string.h>

void ledger_record_clear(LedgerRecord *record) {
    g_clear_pointer(&record->bytes, g_free);
    g_clear_pointer(&record->type, g_free);
    g_clear_pointer(&record->object, g_free);
    g_clear_pointer(&record->payload, g_free);
}

/* --- append ---------------------------------------------------------------------------------- */

typedef struct NewNodes {
    Db *db;
    GError **error;
    bool is_failed;
} NewNodes;

static void
save_node(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    NewNodes *nodes = data;
    if (!nodes->is_failed) {
        nodes->is_failed = !ledger_store_add_node(nodes->db, level, position, hash, nodes->error);
    }
}

static bool add_leaf(Db *db, LedgerState *state, LedgerRecord *record, GError **error) {
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, record->leaf_hash);
    if (!ledger_store_add(db, record, error)) {
        return false;
    }
    NewNodes nodes = {.db = db, .error = error};
    merkle_frontier_add(&state->frontier, record->leaf_hash, save_node, &nodes);
    if (nodes.is_failed) {
        return false;
    }
    merkle_frontier_root(&state->frontier, state->root);
    state->time_us = record->time_us;
    return ledger_store_save_state(db, state, error);
}

bool ledger_append(Db *db, const LedgerEntry *entry, int64_t *ret_index, GError **error) {
    g_assert(db_in_tx(db));
    g_assert(entry->payload != NULL);
    if (!ledger_entry_check(entry, error)) {
        return false;
    }
    g_autofree char *payload = json_write_canonical(entry->payload);
    size_t payload_size = strlen(payload);
    if (payload_size > LIMIT_LEDGER_PAYLOAD) {
        return hz_fail(error, HZ_ERROR_LIMIT, "ledger payload is larger than 4 MiB");
    }
    LedgerState state;
    int64_t previous = -1;
    if (!ledger_store_lock(db, entry->object, &state, &previous, error)) {
        return false;
    }
    LedgerRecord record = {
        .index = (int64_t)state.frontier.size,
        .type = (char *)entry->type,
        .object = (char *)entry->object,
        .payload = payload,
        .time_us = entry->time_us,
    };
    random_bytes(record.salt, sizeof record.salt);
    uint8_t commitment[DIGEST_SIZE];
    ledger_commitment(record.salt, payload, payload_size, commitment);
    g_autoptr(GByteArray) bytes =
        ledger_leaf_format(entry, payload_size, commitment, previous, error);
    if (bytes == NULL) {
        return false;
    }
    record.bytes = (char *)bytes->data;
    record.size = bytes->len;
    if (!add_leaf(db, &state, &record, error)) {
        return false;
    }
    if (ret_index != NULL) {
        *ret_index = record.index;
    }
    return true;
}

/* --- looking --------------------------------------------------------------------------------- */

bool ledger_head(Db *db, LedgerHead *ret_head, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    ret_head->size = (int64_t)state.frontier.size;
    memcpy(ret_head->root, state.root, DIGEST_SIZE);
    ret_head->time_us = state.time_us;
    return true;
}

bool ledger_find(Db *db, int64_t index, LedgerRecord *ret_record, GError **error) {
    return ledger_store_find(db, index, ret_record, error);
}

bool ledger_latest(Db *db, const char *object, int64_t *ret_index, GError **error) {
    return ledger_store_latest(db, object, ret_index, error);
}

GArray *ledger_marks(Db *db, const char *object, unsigned limit, GError **error) {
    return ledger_store_marks(db, object, limit, error);
}

json_t *ledger_badge_at(int64_t index) {
    if (index < 0) {
        return json_null();
    }
    g_autofree char *text = number_group(index);
    g_autofree char *url = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, index);
    json_t *badge = json_object();
    json_put_int(badge, "index", index);
    json_put_text(badge, "index_text", text);
    json_put_text(badge, "url", url);
    json_put_text(badge, "href", url); /* the name that the partial web/proof shows */
    return badge;
}

json_t *ledger_badge(Db *db, const char *object) {
    int64_t index = -1;
    return ledger_badge_at(ledger_store_latest(db, object, &index, NULL) ? index : -1);
}

/* --- proofs ---------------------------------------------------------------------------------- */

/* Largest power of two smaller than `count` (> 1). */
static uint64_t split_of(uint64_t count) {
    uint64_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    return split;
}

/* Root of the leaves start … start+count-1, where start is a multiple of the power of two that is
 * not smaller than count. Only the right edge is not a stored node: O(log n) look-ups. */
static bool
range_hash(Db *db, uint64_t start, uint64_t count, uint8_t ret_hash[DIGEST_SIZE], GError **error) {
    if ((count & (count - 1)) == 0) {
        unsigned level = 0;
        while ((count >> level) > 1) {
            level++;
        }
        return ledger_store_node(db, level, start >> level, ret_hash, error);
    }
    uint64_t split = split_of(count);
    uint8_t left[DIGEST_SIZE];
    uint8_t right[DIGEST_SIZE];
    if (!range_hash(db, start, split, left, error) ||
        !range_hash(db, start + split, count - split, right, error)) {
        return false;
    }
    merkle_node(DIGEST_SHA256, left, right, ret_hash);
    return true;
}

static bool push_range(Db *db, uint64_t start, uint64_t count, GByteArray *steps, GError **error) {
    uint8_t hash[DIGEST_SIZE];
    if (!range_hash(db, start, count, hash, error)) {
        return false;
    }
    g_byte_array_append(steps, hash, DIGEST_SIZE);
    return true;
}

/* Collected from the root downwards; proofs run from the leaf upwards. */
static GByteArray *reversed(const GByteArray *steps) {
    GByteArray *proof = g_byte_array_new();
    for (guint at = steps->len; at > 0; at -= DIGEST_SIZE) {
        g_byte_array_append(proof, steps->data + at - DIGEST_SIZE, DIGEST_SIZE);
    }
    return proof;
}

/* The tree of `size` leaves must have been. */
static bool check_size(Db *db, int64_t size, GError **error) {
    LedgerHead head;
    if (!ledger_head(db, &head, error)) {
        return false;
    }
    if (size < 1 || size > head.size) {
        return hz_fail(error,
                       HZ_ERROR_NOT_FOUND,
                       "there was no tree of %" G_GINT64_FORMAT " entries; it has %" G_GINT64_FORMAT
                       " now",
                       size,
                       head.size);
    }
    return true;
}

GByteArray *ledger_prove_inclusion(Db *db, int64_t index, int64_t size, GError **error) {
    if (!check_size(db, size, error)) {
        return NULL;
    }
    if (index < 0 || index >= size) {
        hz_fail(error,
                HZ_ERROR_NOT_FOUND,
                "entry %" G_GINT64_FORMAT " is not in the tree of %" G_GINT64_FORMAT,
                index,
                size);
        return NULL;
    }
    g_autoptr(GByteArray) steps = g_byte_array_new();
    uint64_t start = 0;
    uint64_t count = (uint64_t)size;
    while (count > 1) {
        uint64_t split = split_of(count);
        bool goes_left = (uint64_t)index < start + split;
        bool pushed = goes_left ? push_range(db, start + split, count - split, steps, error)
                                : push_range(db, start, split, steps, error);
        if (!pushed) {
            return NULL;
        }
        start = goes_left ? start : start + split;
        count = goes_left ? split : count - split;
    }
    return reversed(steps);
}

GByteArray *ledger_prove_consistency(Db *db, int64_t old_size, int64_t size, GError **error) {
    if (!check_size(db, size, error)) {
        return NULL;
    }
    if (old_size < 1 || old_size > size) {
        hz_fail(error, HZ_ERROR_INVALID, "the old size is not between 1 and the new size");
        return NULL;
    }
    g_autoptr(GByteArray) steps = g_byte_array_new();
    uint64_t start = 0;
    uint64_t count = (uint64_t)size;
    uint64_t end = (uint64_t)old_size; /* the old tree's right edge */
    while (end != start + count) {
        uint64_t split = split_of(count);
        bool goes_left = end <= start + split;
        bool pushed = goes_left ? push_range(db, start + split, count - split, steps, error)
                                : push_range(db, start, split, steps, error);
        if (!pushed) {
            return NULL;
        }
        start = goes_left ? start : start + split;
        count = goes_left ? split : count - split;
    }
    /* The old tree's own root is known to the asker and left out. */
    if (start > 0 && !push_range(db, start, count, steps, error)) {
        return NULL;
    }
    return reversed(steps);
}
