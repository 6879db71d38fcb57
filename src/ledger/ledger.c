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

/* Everything of one record but its place in the trees. */
static bool make_record(const LedgerEntry *entry,
                        int64_t index,
                        int64_t previous,
                        const uint8_t *salt,
                        LedgerRecord *record,
                        GError **error) {
    g_assert(entry->payload != NULL);
    *record = (LedgerRecord){
        .index = index,
        .type = g_strdup(entry->type),
        .object = g_strdup(entry->object),
        .payload = json_write_canonical(entry->payload),
        .time_us = ledger_time(entry->time_us), /* no more than its bytes tell */
    };
    size_t payload_size = strlen(record->payload);
    if (payload_size > LIMIT_LEDGER_PAYLOAD) {
        return hz_fail(error, HZ_ERROR_LIMIT, "ledger payload is larger than 4 MiB");
    }
    if (salt != NULL) {
        memcpy(record->salt, salt, LEDGER_SALT_SIZE);
    } else {
        random_bytes(record->salt, sizeof record->salt);
    }
    uint8_t commitment[DIGEST_SIZE];
    ledger_commitment(record->salt, record->payload, payload_size, commitment);
    GByteArray *bytes = ledger_leaf_format(entry, payload_size, commitment, previous, error);
    if (bytes == NULL) {
        return false;
    }
    record->size = bytes->len;
    record->bytes = (char *)g_byte_array_free(bytes, FALSE);
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, record->leaf_hash);
    merkle_leaf(DIGEST_SM3, record->bytes, record->size, record->leaf_sm3);
    return true;
}

/* Writes records and nodes behind `state`, which has grown by them already. */
static bool write_records(Db *db,
                          LedgerState *state,
                          const LedgerRecord *records,
                          size_t count,
                          const GArray *nodes,
                          GError **error) {
    merkle_frontier_root(&state->frontier, state->root);
    merkle_frontier_root(&state->sm3, state->root_sm3);
    state->time_us = records[count - 1].time_us;
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
    if (!write_records(db, state, &record, 1, nodes, error)) {
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

/* The newest entry on an object, of those before this call and those of it. */
static bool
previous_of(Db *db, GHashTable *newest, const char *object, int64_t *ret_previous, GError **error) {
    gpointer place = NULL;
    if (g_hash_table_lookup_extended(newest, object, NULL, &place)) {
        *ret_previous = *(int64_t *)place;
        return true;
    }
    g_autoptr(GError) problem = NULL;
    *ret_previous = -1;
    if (ledger_store_latest(db, object, ret_previous, &problem) ||
        g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static void clear_record(gpointer data) {
    ledger_record_clear(data);
}

bool ledger_append_many(
    Db *db, const LedgerEntry *entries, size_t count, int64_t *ret_first, GError **error) {
    g_assert(count > 0);
    LedgerState state;
    int64_t previous = -1;
    for (size_t i = 0; i < count; i++) {
        if (!ledger_entry_check(&entries[i], error)) {
            return false;
        }
    }
    if (!ledger_lock(db, entries[0].object, &state, &previous, error)) {
        return false;
    }
    int64_t first = (int64_t)state.frontier.size;
    g_autofree uint8_t *salts = g_malloc(count * LEDGER_SALT_SIZE); /* one call to the kernel */
    random_bytes(salts, count * LEDGER_SALT_SIZE);
    g_autoptr(GHashTable) newest = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    g_autoptr(GArray) records = g_array_sized_new(FALSE, TRUE, sizeof(LedgerRecord), (guint)count);
    g_array_set_clear_func(records, clear_record);
    for (size_t i = 0; i < count; i++) {
        LedgerRecord record = {0};
        bool made = (i == 0 || previous_of(db, newest, entries[i].object, &previous, error)) &&
                    make_record(&entries[i],
                                first + (int64_t)i,
                                previous,
                                salts + i * LEDGER_SALT_SIZE,
                                &record,
                                error);
        g_array_append_val(records, record);
        if (!made) {
            return false;
        }
        /* The array does not move: its size was given. */
        LedgerRecord *kept = &g_array_index(records, LedgerRecord, i);
        g_hash_table_replace(newest, kept->object, &kept->index);
        ledger_grow(&state.frontier, &state.sm3, kept, nodes);
    }
    if (!write_records(
            db, &state, (const LedgerRecord *)(const void *)records->data, count, nodes, error)) {
        return false;
    }
    if (ret_first != NULL) {
        *ret_first = first;
    }
    return true;
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
