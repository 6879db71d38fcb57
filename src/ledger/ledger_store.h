/* SQL of the log itself: entries, nodes, state. Thread: that of the Db. */
#pragma once

#include "ledger/ledger.h"
#include "ledger/merkle.h"

/* Both trees over the same entries. */
typedef struct LedgerState {
    MerkleFrontier frontier; /* SHA-256; frontier.size is the log's size */
    MerkleFrontier sm3;      /* behind frontier only until ledger_complete has run */
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    int64_t time_us;
} LedgerState;

/* Inner nodes are stored at every eighth level only, the tops of tiles: what lies between is
 * recomputed from at most 128 hashes below, and an append writes 4 rows for 1,000 leaves instead of
 * 1,000. */
#define LEDGER_LEVELS 8
/* A node of both trees at one place. */
typedef struct LedgerNode {
    unsigned level; /* a multiple of LEDGER_LEVELS, not 0 */
    uint64_t position;
    uint8_t hash[DIGEST_SIZE];
    uint8_t sm3[DIGEST_SIZE];
} LedgerNode;

/* HZ_ERROR_CORRUPT when the row does not fit itself. */
bool ledger_store_state(Db *db, LedgerState *ret_state, GError **error);
/* For an append: nobody else appends until the transaction ends. *ret_previous: newest entry on the
 * object, -1: none. */
bool ledger_store_lock(
    Db *db, const char *object, LedgerState *ret_state, int64_t *ret_previous, GError **error);
/* Writes may be reported as failed by a later call of the transaction (db_later). */
bool ledger_store_save_state(Db *db, const LedgerState *state, GError **error);

/* The newest entry on each of `objects` (at least one, as ledger_entry_check lets them be), -1 for
 * none, in their order. One query. */
bool ledger_store_latest_many(
    Db *db, const char *const *objects, size_t count, int64_t *ret_indexes, GError **error);
/* Adds entries and the nodes (array of LedgerNode) that they complete. */
bool ledger_store_add(
    Db *db, const LedgerRecord *records, size_t count, const GArray *nodes, GError **error);

/* HZ_ERROR_NOT_FOUND when there is none. */
bool ledger_store_find(Db *db, int64_t index, LedgerRecord *ret_record, GError **error);
GArray *ledger_store_marks(Db *db, const char *object, unsigned limit, GError **error);
bool ledger_store_latest(Db *db, const char *object, int64_t *ret_index, GError **error);
/* Hash of the perfect subtree `position` of `level`, any level; HZ_ERROR_CORRUPT when what it is
 * made of is missing. */
bool ledger_store_node(Db *db,
                       DigestKind kind,
                       unsigned level,
                       uint64_t position,
                       uint8_t ret_hash[DIGEST_SIZE],
                       GError **error);
/* Deletes payload and salt. */
bool ledger_store_erase(Db *db, int64_t index, GError **error);

/* One row of a checking pass: what is stored, and what the neighbours say. */
typedef struct LedgerRow {
    LedgerRecord record;
    bool has_salt;
    int64_t previous; /* newest earlier entry on the same object by the index; -1: none */
} LedgerRow;
/* Up to `limit` rows with index >= from, in order: array of LedgerRow that clears its items. */
GArray *ledger_store_rows(Db *db, int64_t from, int64_t limit, GError **error);
/* Stored hashes of `level` (0 or a stored one) with first <= position < end, end to end, of each
 * place first SHA-256, then SM3; where one is missing or has the wrong length stand zeros, which
 * fit no node. */
#define LEDGER_PAIR (2 * DIGEST_SIZE)
GByteArray *
ledger_store_nodes(Db *db, unsigned level, uint64_t first, uint64_t end, GError **error);
/* Leaf bytes from `first` on, each after its length as u16 BE: an entry bundle. */
GByteArray *ledger_store_bundle(Db *db, int64_t first, int64_t end, GError **error);
/* The places of all entries on `object` below `end`, in order: array of int64_t. */
GArray *ledger_store_places(Db *db, const char *object, int64_t end, GError **error);
/* How much is stored in all, seen at one moment. */
typedef struct LedgerTotals {
    int64_t size;    /* as the state row says */
    int64_t entries; /* rows in ledger_entry */
    int64_t newest;  /* highest index, -1: none */
    int64_t nodes;   /* rows in ledger_node */
} LedgerTotals;
bool ledger_store_totals(Db *db, LedgerTotals *ret_totals, GError **error);

/* Writes the second tree's hashes of entries and nodes that have none yet. */
bool ledger_store_fill(
    Db *db, const LedgerRecord *records, size_t count, const GArray *nodes, GError **error);
