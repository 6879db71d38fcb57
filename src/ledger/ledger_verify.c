/*
 * Recomputing the whole log in chunks, entry by entry, so that the first one that does not fit can
 * be named. Signed heads are ledger_verify_heads.c.
 */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger_internal.h"

#include <string.h>

/* Entries per round; a payload may be megabytes, usually it is a few hundred bytes. */
#define CHUNK 256

/* One pass over the log. */
typedef struct Pass {
    Db *db;
    MerkleFrontier frontier;
    MerkleFrontier sm3;
    LedgerPlace head; /* the newest `xhead` so far; size 0: none */
    GArray *places;   /* LedgerPlace of this chunk's xheads */
    GArray *erased;   /* int64_t */
    int64_t heads;
    int64_t time_us;  /* of the newest entry so far */
    int64_t lost_key; /* the newest entry that gives the keys before up; -1: none */
} Pass;

static void pass_clear(Pass *pass) {
    g_clear_pointer(&pass->places, g_array_unref);
    g_clear_pointer(&pass->erased, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pass, pass_clear)

static void pass_init(Pass *pass, Db *db) {
    *pass = (Pass){.db = db, .lost_key = -1};
    merkle_frontier_init(&pass->frontier, DIGEST_SHA256);
    merkle_frontier_init(&pass->sm3, DIGEST_SM3);
    pass->places = g_array_new(FALSE, FALSE, sizeof(LedgerPlace));
    pass->erased = g_array_new(FALSE, FALSE, sizeof(int64_t));
    merkle_frontier_root(&pass->frontier, pass->head.root);
    merkle_frontier_root(&pass->sm3, pass->head.root_sm3);
}

static bool bad_entry(int64_t index, const char *what, GError **error) {
    return hz_fail(error, HZ_ERROR_CORRUPT, "entry %" G_GINT64_FORMAT ": %s", index, what);
}

/* --- nodes --------------------------------------------------------------------------------------
 */

/* Inner nodes that this chunk completes, as stored. */
typedef struct StoredNodes {
    uint64_t first[MERKLE_LEVELS];
    GByteArray *hashes[MERKLE_LEVELS];
} StoredNodes;

static void stored_nodes_clear(StoredNodes *nodes) {
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        g_clear_pointer(&nodes->hashes[level], g_byte_array_unref);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StoredNodes, stored_nodes_clear)

static bool load_nodes(Db *db, uint64_t from, uint64_t end, StoredNodes *nodes, GError **error) {
    for (unsigned level = LEDGER_LEVELS; level < MERKLE_LEVELS && end >> level > 0;
         level += LEDGER_LEVELS) {
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

static bool check_node(const StoredNodes *nodes, const LedgerNode *node, GError **error) {
    const GByteArray *stored = nodes->hashes[node->level];
    size_t at = (size_t)(node->position - nodes->first[node->level]) * LEDGER_PAIR;
    bool is_there = stored != NULL && at + LEDGER_PAIR <= stored->len;
    bool fits = is_there && memcmp(stored->data + at, node->hash, DIGEST_SIZE) == 0;
    bool fits_sm3 =
        is_there && memcmp(stored->data + at + DIGEST_SIZE, node->sm3, DIGEST_SIZE) == 0;
    return (fits && fits_sm3) ||
           hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "entries %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                   ": tree node %u/%" G_GUINT64_FORMAT "%s does not fit the entries below it",
                   node->position << node->level,
                   ((node->position + 1) << node->level) - 1,
                   node->level,
                   node->position,
                   fits ? " of the SM3 tree" : "");
}

/* --- entries ------------------------------------------------------------------------------------
 */

static bool
check_payload(Pass *pass, const LedgerRow *row, const LedgerLeaf *leaf, GError **error) {
    const LedgerRecord *record = &row->record;
    if (record->payload == NULL && !row->has_salt) {
        /* Lawfully erased, if an entry says so: looked up at the end. */
        if (g_str_has_prefix(leaf->object, "log:")) {
            return bad_entry(record->index, "what the log says of itself is gone", error);
        }
        g_array_append_val(pass->erased, record->index);
        return true;
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

static bool fits_place(const char *body, const LedgerPlace *place, bool is_sm3) {
    Checkpoint checkpoint;
    return body != NULL && checkpoint_parse(body, strlen(body), &checkpoint, NULL) &&
           !checkpoint.has_extensions && checkpoint.size == place->size &&
           memcmp(checkpoint.root, is_sm3 ? place->root_sm3 : place->root, DIGEST_SIZE) == 0;
}

/* An `xhead` tells both trees' heads as they were behind the xhead before it. */
static bool check_xhead(const Pass *pass, const LedgerRecord *record, GError **error) {
    if (record->payload == NULL || memcmp(record->salt, ledger_no_salt, LEDGER_SALT_SIZE) != 0) {
        return bad_entry(record->index, "an xhead has no payload or a salt", error);
    }
    g_autoptr(json_t) payload = json_read(record->payload, strlen(record->payload), NULL);
    if (payload == NULL || json_object_size(payload) != 2 ||
        !fits_place(json_get_text(payload, "sha256", NULL), &pass->head, false) ||
        !fits_place(json_get_text(payload, "sm3", NULL), &pass->head, true)) {
        return bad_entry(record->index, "does not tell the heads before it", error);
    }
    return true;
}

/* The payload that an entry says was erased must be gone. */
static bool check_erase(Pass *pass, const LedgerLeaf *leaf, int64_t index, GError **error) {
    int64_t erased = -1;
    const char *number = strchr(leaf->object, ':') + 1;
    g_auto(LedgerRecord) record = {0};
    if (!g_str_has_prefix(leaf->object, "entry:") ||
        !g_ascii_string_to_signed(number, 10, 0, G_MAXINT64, &erased, NULL) || erased >= index) {
        return bad_entry(index, "erases no entry before it", error);
    }
    if (!ledger_store_find(pass->db, erased, &record, error)) {
        return false;
    }
    return record.payload == NULL ||
           hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "entry %" G_GINT64_FORMAT ": payload is there, but entry %" G_GINT64_FORMAT
                   " says it was erased",
                   erased,
                   index);
}

static bool
check_meaning(Pass *pass, const LedgerRow *row, const LedgerLeaf *leaf, GError **error) {
    if (strcmp(leaf->type, LEDGER_XHEAD) == 0) {
        return strcmp(leaf->object, LEDGER_HEADS) == 0 && leaf->previous + 1 == pass->head.size
                   ? check_xhead(pass, &row->record, error)
                   : bad_entry(row->record.index, "an xhead is not on log:heads", error);
    }
    return strcmp(leaf->type, LEDGER_ERASE_TYPE) != 0 ||
           check_erase(pass, leaf, row->record.index, error);
}

static bool check_hashes(const LedgerRecord *record, GError **error) {
    uint8_t hash[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, hash);
    if (memcmp(hash, record->leaf_hash, DIGEST_SIZE) != 0) {
        return bad_entry(record->index, "bytes do not fit the leaf hash", error);
    }
    merkle_leaf(DIGEST_SM3, record->bytes, record->size, hash);
    return memcmp(hash, record->leaf_sm3, DIGEST_SIZE) == 0 ||
           bad_entry(record->index, "bytes do not fit the SM3 leaf hash", error);
}

static bool check_row(Pass *pass, const LedgerRow *row, int64_t expected, GError **error) {
    const LedgerRecord *record = &row->record;
    if (record->index != expected) {
        return bad_entry(expected, "is missing", error);
    }
    g_auto(LedgerLeaf) leaf = {0};
    if (!ledger_leaf_parse(record->bytes, record->size, &leaf)) {
        return bad_entry(expected, "bytes are not in the form fss-entry/1", error);
    }
    if (!check_hashes(record, error)) {
        return false;
    }
    g_autofree char *time = clock_format_utc(record->time_us);
    if (g_strcmp0(leaf.type, record->type) != 0 || g_strcmp0(leaf.object, record->object) != 0 ||
        strcmp(leaf.time, time) != 0) {
        return bad_entry(expected, "type, object or time differ from the bytes", error);
    }
    if (record->time_us != ledger_time(record->time_us)) {
        return bad_entry(expected,
                         "its time is not in whole milliseconds: it was changed, or `huozheng "
                         "init` has not brought the database up to date",
                         error);
    }
    if (leaf.previous != row->previous) {
        return bad_entry(expected, "prev is not the newest earlier entry on the object", error);
    }
    return check_payload(pass, row, &leaf, error) && check_meaning(pass, row, &leaf, error);
}

/* Behind an xhead a head must be signed: remember what it must say. */
static void take_place(Pass *pass, const LedgerRecord *record) {
    pass->time_us = record->time_us;
    if (strcmp(record->type, LEDGER_KEY_LOST_TYPE) == 0) {
        pass->lost_key = record->index;
    }
    if (strcmp(record->type, LEDGER_XHEAD) == 0) {
        pass->head.size = record->index + 1;
        pass->head.time_us = record->time_us;
        merkle_frontier_root(&pass->frontier, pass->head.root);
        merkle_frontier_root(&pass->sm3, pass->head.root_sm3);
        g_array_append_val(pass->places, pass->head);
    }
}

static bool check_chunk(Pass *pass, uint64_t end, const GArray *rows, GError **error) {
    g_auto(StoredNodes) nodes = {0};
    g_autoptr(GArray) grown = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    if (!load_nodes(pass->db, pass->frontier.size, end, &nodes, error)) {
        return false;
    }
    for (guint i = 0; pass->frontier.size < end; i++) {
        int64_t index = (int64_t)pass->frontier.size;
        if (i >= rows->len) {
            return bad_entry(index, "is missing", error);
        }
        const LedgerRow *row = &g_array_index(rows, LedgerRow, i);
        if (!check_row(pass, row, index, error)) {
            return false;
        }
        g_array_set_size(grown, 0);
        ledger_grow(&pass->frontier, &pass->sm3, &row->record, grown);
        for (guint k = 0; k < grown->len; k++) {
            if (!check_node(&nodes, &g_array_index(grown, LedgerNode, k), error)) {
                return false;
            }
        }
        take_place(pass, &row->record);
    }
    return true;
}

/* --- the end ------------------------------------------------------------------------------------
 */

static bool same_peaks(const MerkleFrontier *left, const MerkleFrontier *right) {
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((left->size >> level & 1) != 0 &&
            memcmp(left->peaks[level], right->peaks[level], DIGEST_SIZE) != 0) {
            return false;
        }
    }
    return true;
}

/* The state row as it was read must follow from the entries. */
static bool check_state(const LedgerState *state, const Pass *pass, GError **error) {
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    merkle_frontier_root(&pass->frontier, root);
    merkle_frontier_root(&pass->sm3, root_sm3);
    if (memcmp(root, state->root, DIGEST_SIZE) != 0 ||
        memcmp(root_sm3, state->root_sm3, DIGEST_SIZE) != 0) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the root does not follow from the entries");
    }
    if (state->time_us != pass->time_us) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the state's time is not that of the newest entry");
    }
    return (same_peaks(&pass->frontier, &state->frontier) && same_peaks(&pass->sm3, &state->sm3)) ||
           hz_fail(error, HZ_ERROR_CORRUPT, "the state's peaks do not follow from the root");
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
    for (unsigned level = LEDGER_LEVELS; level < MERKLE_LEVELS; level += LEDGER_LEVELS) {
        nodes += totals.size >> level;
    }
    if (totals.nodes != nodes) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "there are tree nodes that no entry accounts for");
    }
    return true;
}

/* Each payload that is gone must be told of; the entry that does may be newer than this pass. */
static bool check_erased(const Pass *pass, GError **error) {
    for (guint i = 0; i < pass->erased->len; i++) {
        int64_t index = g_array_index(pass->erased, int64_t, i);
        g_autofree char *object = g_strdup_printf("entry:%" G_GINT64_FORMAT, index);
        int64_t told = -1;
        g_autoptr(GError) problem = NULL;
        if (ledger_store_latest(pass->db, object, &told, &problem)) {
            continue;
        }
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return bad_entry(index, "payload and salt are gone, but no entry says so", error);
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

static bool run_pass(
    Pass *pass, const LedgerState *state, LedgerProgress progress, void *data, GError **error) {
    while (pass->frontier.size < state->frontier.size) {
        int64_t from = (int64_t)pass->frontier.size;
        uint64_t end = MIN(pass->frontier.size + CHUNK, state->frontier.size);
        g_autoptr(GArray) rows = ledger_store_rows(pass->db, from, (int64_t)end - from, error);
        g_array_set_size(pass->places, 0);
        if (rows == NULL || !check_chunk(pass, end, rows, error) ||
            !ledger_verify_heads(pass->db, from, (int64_t)end, pass->places, &pass->heads, error)) {
            return false;
        }
        if (progress != NULL) {
            progress((int64_t)pass->frontier.size, (int64_t)state->frontier.size, data);
        }
    }
    return true;
}

bool ledger_verify_all(
    Db *db, LedgerProgress progress, void *data, LedgerReport *ret_report, GError **error) {
    LedgerState state;
    if (!ledger_store_state(db, &state, error)) {
        return false;
    }
    if (state.sm3.size != state.frontier.size) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "the ledger's second tree is not complete: run `huozheng init`");
    }
    g_auto(Pass) pass = {0};
    pass_init(&pass, db);
    if (!run_pass(&pass, &state, progress, data, error) || !check_state(&state, &pass, error) ||
        !check_totals(db, error) || !check_erased(&pass, error) || !ledger_verify_keys(db, error) ||
        !ledger_verify_policy(db, error)) {
        return false;
    }
    *ret_report = (LedgerReport){.size = (int64_t)pass.frontier.size,
                                 .erased = pass.erased->len,
                                 .heads = pass.heads,
                                 .lost_key = pass.lost_key};
    return true;
}

bool ledger_verify(Db *db, LedgerProgress progress, void *data, int64_t *ret_size, GError **error) {
    LedgerReport report;
    if (!ledger_verify_all(db, progress, data, &report, error)) {
        return false;
    }
    if (ret_size != NULL) {
        *ret_size = report.size;
    }
    return true;
}
