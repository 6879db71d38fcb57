/*
 * The append-only Merkle log (RFC 9162 tree, SHA-256). First cut: issue "Evidence" adds the SM3
 * tree, signed heads, tiles and witnesses over the same entries.
 *
 * Leaf bytes, `fss-entry/1`: UTF-8, LF lines, fixed order, at most 65,535 bytes:
 *   fss-entry/1
 *   time <RFC 3339 UTC ms>
 *   type <token>
 *   actor <pseudonymous id>
 *   object <type:id>
 *   payload <len> <hex SHA-256(salt16‖payload)>
 *   prev <index|->
 *   sig - - -
 * Payload and salt live beside it; deleting both erases personal data while the tree stays whole.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"
#include "store/store.h"
#include "web/module.h"

extern const Module ledger_module;

typedef struct LedgerEntry {
    int64_t time_us;
    const char *type;      /* "unit.import", "draw.result": [a-z][a-z0-9.-]{1,63} */
    const char *actor;     /* "account:17", "cli", "system": never a name or an id number */
    const char *object;    /* "unit:42"; earlier entries on it are linked by `prev` */
    const json_t *payload; /* what happened, as canonical JSON; never NULL */
} LedgerEntry;

/* Appends in the caller's transaction (there must be one): it is in the log if and only if that
 * commits. Writers are serialised on the head row until then, so append last. *ret_index (may be
 * NULL): 0-based. HZ_ERROR_INVALID for a malformed type, actor or object. */
bool ledger_append(Db *db, const LedgerEntry *entry, int64_t *ret_index, GError **error);

typedef struct LedgerHead {
    int64_t size;
    uint8_t root[DIGEST_SIZE]; /* SHA-256("") when size is 0 */
    int64_t time_us;           /* of the newest entry; 0 when empty */
} LedgerHead;
bool ledger_head(Db *db, LedgerHead *ret_head, GError **error);

/* One entry as stored. */
typedef struct LedgerRecord {
    int64_t index;
    char *bytes; /* the leaf, NUL added */
    size_t size;
    char *type;
    char *object;
    char *payload; /* NULL when erased */
    int64_t time_us;
    uint8_t leaf_hash[DIGEST_SIZE];
    uint8_t salt[16]; /* opens the commitment; meaningless when payload is NULL */
} LedgerRecord;
void ledger_record_clear(LedgerRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LedgerRecord, ledger_record_clear)
bool ledger_find(Db *db, int64_t index, LedgerRecord *ret_record, GError **error);
/* Index of the newest entry on `object` ("draw:7"); HZ_ERROR_NOT_FOUND if none. */
bool ledger_latest(Db *db, const char *object, int64_t *ret_index, GError **error);

/* One entry on an object, by its place. */
typedef struct LedgerMark {
    int64_t index;
    char type[64];
} LedgerMark;
/* The first `limit` entries on `object` in order, by one indexed query: array of LedgerMark. */
GArray *ledger_marks(Db *db, const char *object, unsigned limit, GError **error);

/* Inclusion proof of `index` in the tree of `size` leaves (RFC 9162 2.1.3.1): hashes from the
 * leaf's sibling upwards, DIGEST_SIZE bytes each. Caller unrefs. NULL on error. */
GByteArray *ledger_prove_inclusion(Db *db, int64_t index, int64_t size, GError **error);
/* Consistency proof (RFC 9162 2.1.4.1), 0 < old_size <= size. */
GByteArray *ledger_prove_consistency(Db *db, int64_t old_size, int64_t size, GError **error);

/* The longest list of hashes a proof can hold. */
#define LEDGER_PROOF_MAX 64

/* A proof that stands alone: {"format": "huozheng-proof/1", "index", "size", "leaf" (base64 of the
 * entry's bytes), "leaf_hash", "proof" (hashes from the leaf upwards), "root"}; hashes in hex.
 * `size` 0: the tree as it is now. NULL on error. */
json_t *ledger_proof_make(Db *db, int64_t index, int64_t size, GError **error);
/* Recomputes such a proof, offline. False with HZ_ERROR_INVALID when it is not in that form, with
 * HZ_ERROR_CORRUPT when it does not come out. It says nothing about where the root comes from. */
bool ledger_proof_check(const json_t *proof, GError **error);

/* Recomputes everything from the entries: each leaf hash, each node, the root, each payload's
 * commitment, each prev link. *ret_size (may be NULL): entries checked. HZ_ERROR_CORRUPT names the
 * first entry that does not fit. `progress` may be NULL. */
typedef void (*LedgerProgress)(int64_t done, int64_t total, void *data);
bool ledger_verify(Db *db, LedgerProgress progress, void *data, int64_t *ret_size, GError **error);

/* What a page shows as proof badge: {"index", "index_text" ("1,279,044"), "url" and "href"
 * ("/verify?leaf=…")} of the newest entry on `object`; JSON null when there is none. Never NULL. */
json_t *ledger_badge(Db *db, const char *object);
/* The same for a known entry; -1: null. */
json_t *ledger_badge_at(int64_t index);
