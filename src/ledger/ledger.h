/*
 * The append-only Merkle log: two trees over the same entries (RFC 9162 with SHA-256, and the same
 * rules with SM3), each head committing to the other tree. Signed heads are ledger_heads.h; formats
 * are in docs/ledger-format.md.
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
 * NULL): 0-based. HZ_ERROR_INVALID for a malformed type, actor or object; HZ_ERROR_UNAVAILABLE
 * while ledger_complete has not run. */
bool ledger_append(Db *db, const LedgerEntry *entry, int64_t *ret_index, GError **error);
/* The same for many at once, which costs one pass of statements: for imports and device batches.
 * *ret_first (may be NULL): index of the first; the others follow without a gap. */
bool ledger_append_many(
    Db *db, const LedgerEntry *entries, size_t count, int64_t *ret_first, GError **error);

/* Computes the SM3 tree of entries that are older than it, some thousands in a transaction, so that
 * it can be interrupted and goes on where it was. Nothing to do: one query. */
bool ledger_complete(Db *db, GError **error);

typedef struct LedgerHead {
    int64_t size;
    uint8_t root[DIGEST_SIZE];     /* SHA-256("") when size is 0 */
    uint8_t root_sm3[DIGEST_SIZE]; /* SM3("") when size is 0 */
    int64_t time_us;               /* of the newest entry; 0 when empty */
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
    uint8_t leaf_sm3[DIGEST_SIZE];
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
/* Inclusion in either tree. */
GByteArray *ledger_prove_in(Db *db, DigestKind kind, int64_t index, int64_t size, GError **error);
/* Root of the first `size` entries, from the nodes: O(log size) look-ups. */
bool ledger_root_at(
    Db *db, DigestKind kind, int64_t size, uint8_t ret_root[DIGEST_SIZE], GError **error);

/* The longest list of hashes a proof can hold. */
#define LEDGER_PROOF_MAX 64

/* A proof that stands alone: {"format": "huozheng-proof/1", "index", "size", "leaf" (base64 of the
 * entry's bytes), "leaf_hash", "proof" (hashes from the leaf upwards), "root"}; hashes in hex.
 * `size` 0: the tree as it is now. NULL on error. */
json_t *ledger_proof_make(Db *db, int64_t index, int64_t size, GError **error);
/* Recomputes such a proof, offline. False with HZ_ERROR_INVALID when it is not in that form, with
 * HZ_ERROR_CORRUPT when it does not come out. It says nothing about where the root comes from. */
bool ledger_proof_check(const json_t *proof, GError **error);

/* Recomputes everything from the entries: each leaf hash, each node and the root of both trees,
 * each payload's commitment, each prev link, what each `xhead` entry says of the head before it,
 * each signed head with its signatures, that the witnesses' policy is the one an entry tells of,
 * and that an entry stands for each erased payload. HZ_ERROR_CORRUPT names the first thing that
 * does not fit. `progress` may be NULL. */
typedef void (*LedgerProgress)(int64_t done, int64_t total, void *data);
typedef struct LedgerReport {
    int64_t size;     /* entries checked */
    int64_t erased;   /* of them without payload */
    int64_t heads;    /* signed heads checked */
    int64_t lost_key; /* from this entry on a key signs for which no key before it stands: the
                       * newest `log.key.lost`; -1: none */
} LedgerReport;
bool ledger_verify_all(
    Db *db, LedgerProgress progress, void *data, LedgerReport *ret_report, GError **error);
/* The same; *ret_size may be NULL. */
bool ledger_verify(Db *db, LedgerProgress progress, void *data, int64_t *ret_size, GError **error);

/* Deletes payload and salt of an entry in the caller's transaction and appends an entry
 * `ledger.erase` on "entry:INDEX" that says so; the tree stays whole. `reason` is public. CONFLICT
 * when it is erased already, DENIED for entries of the log about itself. */
bool ledger_erase(Db *db,
                  int64_t index,
                  const char *actor,
                  const char *reason,
                  int64_t now_us,
                  int64_t *ret_index,
                  GError **error);

/* What a page shows as proof badge: {"index", "index_text" ("1,279,044"), "url" and "href"
 * ("/verify?leaf=…")} of the newest entry on `object`; JSON null when there is none. Never NULL. */
json_t *ledger_badge(Db *db, const char *object);
/* The same for a known entry; -1: null. */
json_t *ledger_badge_at(int64_t index);
