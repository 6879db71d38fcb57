/*
 * Recomputing the whole log in chunks, entry by entry, so that the first one that does not fit can
 * be named.
 */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger_rules.h"
#include "ledger/ledger_store.h"

#include <string.h>

/* Entries per round; a payload may be megabytes, usually it is a few hundred bytes. */
#define CHUNK 256

/* Inner nodes that this chunk completes, as stored. */
typedef struct StoredNodes {
    uint64_t first[MERKLE_LEVELS];
    GByteArray *hashes[MERKLE_LEVELS];
    unsigned bad_level; /* 0: none yet */
    uint64_t bad_position;
} StoredNodes;

static void stored_nodes_clear(StoredNodes *nodes) {
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        g_clear_pointer(&nodes->hashes[level], g_byte_array_unref);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StoredNodes, stored_nodes_clear)

static bool load_nodes(Db *db, uint64_t from, uint64_t end, StoredNodes *nodes, GError **error) {
    for (unsigned level = 1; level < MERKLE_LEVELS && end >> level > 0; level++) {
        nodes->first[level] = from >> level;
        if (from >> level == end >> level) {
            continue;
        }
        nodes->hashes[level] = ledger_store_nodes(db, level, from >> level, end >> level, error);
        if (nodes->hashes[level] == NULL) {
            return false;
        }
    }
    return true;
}

static void
compare_node(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    StoredNodes *nodes = data;
    const GByteArray *stored = nodes->hashes[level];
    size_t at = (size_t)(position - nodes->first[level]) * DIGEST_SIZE;
    bool fits = stored != NULL && at + DIGEST_SIZE <= stored->len &&
                memcmp(stored->data + at, hash, DIGEST_SIZE) == 0;
    if (!fits && nodes->bad_level == 0) {
        nodes->bad_level = level;
        nodes->bad_position = position;
    }
}

static bool bad_entry(int64_t index, const char *what, GError **error) {
    return hz_fail(error, HZ_ERROR_CORRUPT, "entry %" G_GINT64_FORMAT ": %s", index, what);
}

static bool check_payload(const LedgerRow *row, const LedgerLeaf *leaf, GError **error) {
    const LedgerRecord *record = &row->record;
    if (record->payload == NULL && !row->has_salt) {
        return true; /* lawfully erased: the commitment stays, nobody can open it any more */
    }
    if (record->payload == NULL || !row->has_salt) {
        return bad_entry(record->index, "payload or salt is missing without the other", error);
    }
    uint8_t commitment[DIGEST_SIZE];
    size_t size = strlen(record->payload);
    ledger_commitment(record->salt, record->payload, size, commitment);
    if ((int64_t)size != leaf->payload_size ||
        memcmp(commitment, leaf->commitment, DIGEST_SIZE) != 0) {
        return bad_entry(record->index, "payload does not fit its commitment", error);
    }
    return true;
}

static bool check_row(const LedgerRow *row, int64_t expected, GError **error) {
    const LedgerRecord *record = &row->record;
    if (record->index != expected) {
        return bad_entry(expected, "is missing", error);
    }
    g_auto(LedgerLeaf) leaf = {0};
    if (!ledger_leaf_parse(record->bytes, record->size, &leaf)) {
        return bad_entry(expected, "bytes are not in the form fss-entry/1", error);
    }
    uint8_t hash[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, hash);
    if (memcmp(hash, record->leaf_hash, DIGEST_SIZE) != 0) {
        return bad_entry(expected, "bytes do not fit the leaf hash", error);
    }
    g_autofree char *time = clock_format_utc(record->time_us);
    if (g_strcmp0(leaf.type, record->type) != 0 || g_strcmp0(leaf.object, record->object) != 0 ||
        strcmp(leaf.time, time) != 0) {
        return bad_entry(expected, "type, object or time differ from the bytes", error);
    }
    if (leaf.previous != row->previous) {
        return bad_entry(expected, "prev is not the newest earlier entry on the object", error);
    }
    return check_payload(row, &leaf, error);
}

static bool
check_chunk(Db *db, MerkleFrontier *frontier, uint64_t end, const GArray *rows, GError **error) {
    g_auto(StoredNodes) nodes = {0};
    if (!load_nodes(db, frontier->size, end, &nodes, error)) {
        return false;
    }
    for (guint i = 0; frontier->size < end; i++) {
        int64_t index = (int64_t)frontier->size;
        if (i >= rows->len) {
            return bad_entry(index, "is missing", error);
        }
        const LedgerRow *row = &g_array_index(rows, LedgerRow, i);
        if (!check_row(row, index, error)) {
            return false;
        }
        merkle_frontier_add(frontier, row->record.leaf_hash, compare_node, &nodes);
        if (nodes.bad_level != 0) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "entry %" G_GINT64_FORMAT ": tree node %u/%" G_GUINT64_FORMAT
                           " does not fit the entries below it",
                           index,
                           nodes.bad_level,
                           nodes.bad_position);
        }
    }
    return true;
}

/* The state row as it was read must follow from the entries. */
static bool check_state(const LedgerState *state, const MerkleFrontier *frontier, GError **error) {
    uint8_t root[DIGEST_SIZE];
    merkle_frontier_root(frontier, root);
    if (memcmp(root, state->root, DIGEST_SIZE) != 0) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the root does not follow from the entries");
    }
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((frontier->size >> level & 1) != 0 &&
            memcmp(frontier->peaks[level], state->frontier.peaks[level], DIGEST_SIZE) != 0) {
            return hz_fail(
                error, HZ_ERROR_CORRUPT, "the state's peaks do not follow from the root");
        }
    }
    return true;
}

/* Rows that no entry accounts for. Appends may go on meanwhile; the totals are of one moment. */
static bool check_totals(Db *db, GError **error) {
    LedgerTotals totals;
    if (!ledger_store_totals(db, &totals, error)) {
        return false;
    }
    if (totals.entries != totals.size || totals.newest != totals.size - 1) {
        return bad_entry(totals.size, "stands behind the end of the log", error);
    }
    int64_t nodes = 0;
    for (unsigned level = 1; level < MERKLE_LEVELS; level++) {
        nodes += totals.size >> level;
    }
    if (totals.nodes != nodes) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "there are tree nodes that no entry accounts for");
    }
    return true;
}

bool ledger_verify(Db *db, LedgerProgress progress, void *data, int64_t *ret_size, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    MerkleFrontier frontier;
    merkle_frontier_init(&frontier, DIGEST_SHA256);
    while (frontier.size < state.frontier.size) {
        uint64_t end = MIN(frontier.size + CHUNK, state.frontier.size);
        g_autoptr(GArray) rows =
            ledger_store_rows(db, (int64_t)frontier.size, (int64_t)(end - frontier.size), error);
        if (rows == NULL || !check_chunk(db, &frontier, end, rows, error)) {
            return false;
        }
        if (progress != NULL) {
            progress((int64_t)frontier.size, (int64_t)state.frontier.size, data);
        }
    }
    if (!check_state(&state, &frontier, error) || !check_totals(db, error)) {
        return false;
    }
    if (ret_size != NULL) {
        *ret_size = (int64_t)frontier.size;
    }
    return true;
}
