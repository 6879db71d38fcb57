/* SQL of signed heads, keys, witnesses and their policy. Thread: that of the Db. */
#pragma once

#include "ledger/ledger_heads.h"

/* One key as registered. */
typedef struct LedgerKeyRow {
    char *vkey;
    int64_t entry; /* which says so */
} LedgerKeyRow;
/* Newest entry first: array of LedgerKeyRow that clears its items. */
GArray *heads_store_keys(Db *db, GError **error);
bool heads_store_add_key(Db *db, int64_t id, const char *vkey, int64_t entry, GError **error);

/* CONFLICT when a head of this size is there. */
bool heads_store_add(Db *db, const LedgerSignedHead *head, GError **error);
bool heads_store_newest(Db *db, LedgerSignedHead *ret_head, GError **error);
/* Up to `limit` heads with size >= from, in order: array of LedgerSignedHead that clears them. */
GArray *heads_store_list(Db *db, int64_t from, int64_t limit, GError **error);
bool heads_store_at(Db *db, int64_t size, LedgerSignedHead *ret_head, GError **error);
/* Time and size of the first head with more than `index` entries. */
bool heads_store_first_above(
    Db *db, int64_t index, int64_t *ret_size, int64_t *ret_time_us, GError **error);

/* A witness's signature line on one head. */
typedef struct LedgerCosignature {
    int64_t size;
    char *vkey;
    int64_t time_us;
    char *line;
} LedgerCosignature;
/* Adds, unless the witness has cosigned this head before: the first time counts. Notes how far it
 * has come. */
bool heads_store_cosign(Db *db,
                        const LedgerCosignature *cosignature,
                        int64_t now_us,
                        GError **error);
/* Of heads with size >= from, in order of size and time, at most `limit`: array of
 * LedgerCosignature that clears its items. */
GArray *heads_store_cosignatures(Db *db, int64_t from, int64_t to, int64_t limit, GError **error);
/* The newest head this witness has cosigned; 0: none. */
bool heads_store_witness_size(Db *db, const char *vkey, int64_t *ret_size, GError **error);
bool heads_store_set_witness_size(
    Db *db, const char *vkey, int64_t size, int64_t now_us, GError **error);

/* *ret_text NULL: never set. */
bool heads_store_policy(Db *db, char **ret_text, GError **error);
/* The same, with the entry that set it and the newest entry about it, seen at one moment; -1: none.
 */
bool heads_store_policy_entries(
    Db *db, char **ret_text, int64_t *ret_entry, int64_t *ret_newest, GError **error);
/* The newest entry `log.key.lost`; -1: none. */
bool heads_store_lost_key(Db *db, int64_t *ret_entry, GError **error);
bool heads_store_set_policy(Db *db, const char *text, int64_t entry, GError **error);
/* Sizes of heads that some witness has cosigned, newest first, at most `limit`: array of int64_t.
 */
GArray *heads_store_cosigned_sizes(Db *db, int64_t limit, GError **error);
/* Cosignatures of heads that are not there. */
bool heads_store_orphans(Db *db, int64_t *ret_count, GError **error);
