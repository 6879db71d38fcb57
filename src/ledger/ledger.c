/*
 * Use cases of the log: append and look. Proofs are ledger_path.c and ledger_proof.c, checking it
 * all is ledger_verify.c, signed heads are ledger_heads.c.
 */
#include "ledger/ledger.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include "ledger/ledger_internal.h"

#include <string.h>

const uint8_t ledger_no_salt[LEDGER_SALT_SIZE] = {0};

void ledger_record_clear(LedgerRecord *record) {
    g_clear_pointer(&record->bytes, g_free);
    g_clear_pointer(&record->type, g_free);
    g_clear_pointer(&record->object, g_free);
    g_clear_pointer(&record->payload, g_free);
}

/* --- append -------------------------------------------------------------------------------------
 */

static void
note_node(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    GArray *nodes = data;
    if (level % LEDGER_LEVELS != 0) {
        return;
    }
    LedgerNode node = {.level = level, .position = position};
    memcpy(node.hash, hash, DIGEST_SIZE);
    g_array_append_val(nodes, node);
}

/* Where the second tree's nodes go: the same places in the same order. */
typedef struct Pairing {
    GArray *nodes;
    guint next;
} Pairing;

static void
pair_node(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    Pairing *pairing = data;
    if (level % LEDGER_LEVELS != 0) {
        return;
    }
    LedgerNode *node = &g_array_index(pairing->nodes, LedgerNode, pairing->next++);
    g_assert(node->level == level && node->position == position);
    memcpy(node->sm3, hash, DIGEST_SIZE);
}

void ledger_grow(MerkleFrontier *frontier,
                 MerkleFrontier *sm3,
                 const LedgerRecord *record,
                 GArray *nodes) {
    g_assert(frontier->size == sm3->size);
    Pairing pairing = {.nodes = nodes, .next = nodes->len};
    merkle_frontier_add(frontier, record->leaf_hash, note_node, nodes);
    merkle_frontier_add(sm3, record->leaf_sm3, pair_node, &pairing);
}

void ledger_grow_many(LedgerState *state,
                      const LedgerRecord *records,
                      size_t count,
                      GArray *nodes) {
    g_assert(state->frontier.size == state->sm3.size);
    Pairing pairing = {.nodes = nodes, .next = nodes->len};
    g_autofree uint8_t *hashes = g_malloc(count * DIGEST_SIZE);
    for (size_t i = 0; i < count; i++) {
        memcpy(hashes + i * DIGEST_SIZE, records[i].leaf_hash, DIGEST_SIZE);
    }
    merkle_frontier_add_many(&state->frontier, hashes, count, note_node, nodes);
    for (size_t i = 0; i < count; i++) {
        memcpy(hashes + i * DIGEST_SIZE, records[i].leaf_sm3, DIGEST_SIZE);
    }
    merkle_frontier_add_many(&state->sm3, hashes, count, pair_node, &pairing);
}

bool ledger_record_begin(LedgerRecord *record,
                         const LedgerEntry *entry,
                         int64_t index,
                         GError **error) {
    g_assert(entry->payload != NULL);
    *record = (LedgerRecord){
        .index = index,
        .payload = json_write_canonical(entry->payload),
        .time_us = ledger_time(entry->time_us), /* no more than its bytes tell */
    };
    return strlen(record->payload) <= LIMIT_LEDGER_PAYLOAD ||
           hz_fail(error, HZ_ERROR_LIMIT, "ledger payload is larger than 4 MiB");
}

/* Everything of one record but its place in the trees. */
static bool make_record(const LedgerEntry *entry,
                        int64_t index,
                        int64_t previous,
                        const uint8_t *salt,
                        LedgerRecord *record,
                        GError **error) {
    if (!ledger_record_begin(record, entry, index, error)) {
        return false;
    }
    record->type = g_strdup(entry->type);
    record->object = g_strdup(entry->object);
    if (salt != NULL) {
        memcpy(record->salt, salt, LEDGER_SALT_SIZE);
    } else {
        random_bytes(record->salt, sizeof record->salt);
    }
    uint8_t commitment[DIGEST_SIZE];
    size_t payload_size = strlen(record->payload);
    ledger_commitment(record->salt, record->payload, payload_size, commitment);
    record->bytes =
        ledger_leaf_format(entry, payload_size, commitment, previous, &record->size, error);
    if (record->bytes == NULL) {
        return false;
    }
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, record->leaf_hash);
    merkle_leaf(DIGEST_SM3, record->bytes, record->size, record->leaf_sm3);
    return true;
}

bool ledger_write(Db *db,
                  LedgerState *state,
                  int64_t time_us,
                  const LedgerRecord *records,
                  size_t count,
                  const GArray *nodes,
                  GError **error) {
    merkle_frontier_root(&state->frontier, state->root);
    merkle_frontier_root(&state->sm3, state->root_sm3);
    state->time_us = time_us;
    return ledger_store_add(db, records, count, nodes, error) &&
           ledger_store_save_state(db, state, error);
}

bool ledger_lock(
    Db *db, const char *object, LedgerState *ret_state, int64_t *ret_previous, GError **error) {
    g_assert(db_in_tx(db));
    if (!ledger_store_lock(db, object, ret_state, ret_previous, error)) {
        return false;
    }
    return ret_state->sm3.size == ret_state->frontier.size ||
           hz_fail(error,
                   HZ_ERROR_UNAVAILABLE,
                   "the ledger's second tree is not complete: run `huozheng init`");
}

bool ledger_append_locked(Db *db,
                          LedgerState *state,
                          const LedgerEntry *entry,
                          int64_t previous,
                          const uint8_t *salt,
                          int64_t *ret_index,
                          GError **error) {
    g_auto(LedgerRecord) record = {0};
    int64_t index = (int64_t)state->frontier.size;
    if (!ledger_entry_check(entry, error) ||
        !make_record(entry, index, previous, salt, &record, error)) {
        return false;
    }
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    ledger_grow(&state->frontier, &state->sm3, &record, nodes);
    if (!ledger_write(db, state, record.time_us, &record, 1, nodes, error)) {
        return false;
    }
    if (ret_index != NULL) {
        *ret_index = index;
    }
    return true;
}

bool ledger_append(Db *db, const LedgerEntry *entry, int64_t *ret_index, GError **error) {
    LedgerState state;
    int64_t previous = -1;
    g_assert(db_in_tx(db));
    return ledger_entry_check(entry, error) &&
           ledger_lock(db, entry->object, &state, &previous, error) &&
           ledger_append_locked(db, &state, entry, previous, NULL, ret_index, error);
}

/* --- looking ------------------------------------------------------------------------------------
 */

bool ledger_head(Db *db, LedgerHead *ret_head, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    ret_head->size = (int64_t)state.frontier.size;
    memcpy(ret_head->root, state.root, DIGEST_SIZE);
    memcpy(ret_head->root_sm3, state.root_sm3, DIGEST_SIZE);
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

/* --- what the trees say of each other ------------------------------------------------------------
 */

json_t *ledger_xhead_json(const char *body, const char *body_sm3) {
    json_t *payload = json_object();
    json_put_text(payload, "sha256", body);
    json_put_text(payload, "sm3", body_sm3);
    return payload;
}

char *ledger_xhead_payload(const char *body, const char *body_sm3) {
    g_autoptr(json_t) payload = ledger_xhead_json(body, body_sm3);
    return json_write_canonical(payload);
}
