/* What the files of this room share beside ledger_store.h. */
#pragma once

#include "ledger/keyring.h"
#include "ledger/ledger_rules.h"
#include "ledger/ledger_store.h"

/* Type and object of entries that cross-link the trees; they are the only ones without a salt of
 * their own, so that anybody can recompute them from the leaves (docs/ledger-format.md). */
#define LEDGER_XHEAD "xhead"
#define LEDGER_HEADS "log:heads"
/* Which keys sign from here on. */
#define LEDGER_KEY_TYPE "log.key"
/* The same, because those before are lost: none of them stands for the new ones. */
#define LEDGER_KEY_LOST_TYPE "log.key.lost"
#define LEDGER_KEYS "log:keys"
#define LEDGER_POLICY_TYPE "log.policy"
#define LEDGER_POLICY "log:policy"
#define LEDGER_ERASE_TYPE "ledger.erase"
extern const uint8_t ledger_no_salt[LEDGER_SALT_SIZE];

/* For an append: the state and the newest entry on `object`, locked until the transaction ends;
 * UNAVAILABLE while the second tree is not complete. */
bool ledger_lock(
    Db *db, const char *object, LedgerState *ret_state, int64_t *ret_previous, GError **error);
/* Appends behind such a state, which it moves on. `salt` NULL: a random one. */
bool ledger_append_locked(Db *db,
                          LedgerState *state,
                          const LedgerEntry *entry,
                          int64_t previous,
                          const uint8_t *salt,
                          int64_t *ret_index,
                          GError **error);

/* Adds a leaf to both trees; appends the stored ones of the nodes that it completes to `nodes`
 * (array of LedgerNode). */
void ledger_grow(MerkleFrontier *frontier,
                 MerkleFrontier *sm3,
                 const LedgerRecord *record,
                 GArray *nodes);

/* The same for records in order, at once: the nodes come level by level. */
void ledger_grow_many(LedgerState *state, const LedgerRecord *records, size_t count, GArray *nodes);
/* Sets index, payload and time of a record; texts, salt, leaf and hashes are missing. */
bool ledger_record_begin(LedgerRecord *record,
                         const LedgerEntry *entry,
                         int64_t index,
                         GError **error);
/* Writes records and nodes and ends the append: `state` has grown by all of them already, `time_us`
 * is that of the newest. */
bool ledger_write(Db *db,
                  LedgerState *state,
                  int64_t time_us,
                  const LedgerRecord *records,
                  size_t count,
                  const GArray *nodes,
                  GError **error);

/* {"sha256": body, "sm3": body} of the heads before, as canonical JSON; caller frees. */
char *ledger_xhead_payload(const char *body, const char *body_sm3);
json_t *ledger_xhead_json(const char *body, const char *body_sm3);

/* What the old keys sign when they are changed: the three new ones. Caller frees. */
char *ledger_key_word(const char *const vkeys[3]);

/* Are these the keys that sign from here on? */
bool ledger_keys_are_current(Db *db, const LedgerKeys *keys, bool *ret_current, GError **error);

/* A place in a checking pass where a signed head may stand. */
typedef struct LedgerPlace {
    int64_t size;
    int64_t time_us; /* of the xhead entry that ends there */
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
} LedgerPlace;
/* Checks the signed heads with from < size <= to; `places` (array of LedgerPlace, by size): the
 * roots of the trees at every size in between. *heads counts them. */
bool ledger_verify_heads(
    Db *db, int64_t from, int64_t to, const GArray *places, int64_t *heads, GError **error);
/* Each registered key must stand in the entry that it names, and no head behind the end. */
bool ledger_verify_keys(Db *db, GError **error);
/* The policy in force is the one that the newest entry about it tells. */
bool ledger_verify_policy(Db *db, GError **error);
