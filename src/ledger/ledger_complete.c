/* The SM3 tree of entries that were written before it existed. */
#include "base/error.h"
#include "ledger/ledger_internal.h"

#include <string.h>

#define CHUNK 4096 /* entries of one transaction */

static void
note_node(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    GArray *nodes = data;
    if (level % LEDGER_LEVELS != 0) {
        return;
    }
    LedgerNode node = {.level = level, .position = position};
    memcpy(node.sm3, hash, DIGEST_SIZE);
    g_array_append_val(nodes, node);
}

static bool fill_rows(Db *db, LedgerState *state, const GArray *rows, GError **error) {
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    g_autoptr(GArray) records = g_array_new(FALSE, TRUE, sizeof(LedgerRecord));
    for (guint i = 0; i < rows->len; i++) {
        LedgerRecord record = g_array_index(rows, LedgerRow, i).record; /* texts stay with rows */
        if (record.index != (int64_t)state->sm3.size) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "entry %" G_GUINT64_FORMAT ": is missing",
                           state->sm3.size);
        }
        merkle_leaf(DIGEST_SM3, record.bytes, record.size, record.leaf_sm3);
        merkle_frontier_add(&state->sm3, record.leaf_sm3, note_node, nodes);
        g_array_append_val(records, record);
    }
    merkle_frontier_root(&state->sm3, state->root_sm3);
    return ledger_store_fill(
               db, (const LedgerRecord *)(const void *)records->data, records->len, nodes, error) &&
           ledger_store_save_state(db, state, error);
}

static bool fill_chunk(Db *db, void *data, GError **error) {
    bool *is_complete = data;
    LedgerState state;
    int64_t previous = -1;
    if (!ledger_store_lock(db, LEDGER_HEADS, &state, &previous, error)) {
        return false;
    }
    int64_t missing = (int64_t)(state.frontier.size - state.sm3.size);
    *is_complete = missing <= CHUNK;
    if (missing == 0) {
        return true;
    }
    g_autoptr(GArray) rows =
        ledger_store_rows(db, (int64_t)state.sm3.size, MIN(missing, CHUNK), error);
    if (rows == NULL) {
        return false;
    }
    if (rows->len == 0) {
        return hz_fail(
            error, HZ_ERROR_CORRUPT, "entry %" G_GUINT64_FORMAT ": is missing", state.sm3.size);
    }
    return fill_rows(db, &state, rows, error);
}

bool ledger_complete(Db *db, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    bool is_complete = state.sm3.size == state.frontier.size;
    while (!is_complete) {
        if (!db_run_tx(db, fill_chunk, &is_complete, error)) {
            return false;
        }
    }
    return true;
}
