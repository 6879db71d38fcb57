/*
 * The leaf's text form `fss-entry/1` (see ledger.h), pure: writing, strict reading, commitments.
 * Thread: any.
 */
#pragma once

#include "ledger/ledger.h"

#define LEDGER_SALT_SIZE 16

/* A leaf taken apart. Texts are copies. */
typedef struct LedgerLeaf {
    char *time; /* RFC 3339 UTC with milliseconds, as written */
    char *type;
    char *actor;
    char *object;
    int64_t payload_size;
    uint8_t commitment[DIGEST_SIZE];
    int64_t previous; /* -1: none */
} LedgerLeaf;
void ledger_leaf_clear(LedgerLeaf *leaf);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LedgerLeaf, ledger_leaf_clear)

/* Refuses (HZ_ERROR_INVALID) a type, actor or object that could forge a line: type
 * [a-z][a-z0-9.-]{1,63}; actor and object 1..128 visible ASCII characters, the object with a colon
 * inside. */
bool ledger_entry_check(const LedgerEntry *entry, GError **error);

/* What an entry can tell of a time: whole milliseconds. */
int64_t ledger_time(int64_t time_us);

/* SHA-256(salt16‖payload). */
void ledger_commitment(const uint8_t salt[LEDGER_SALT_SIZE],
                       const char *payload,
                       size_t size,
                       uint8_t ret_commitment[DIGEST_SIZE]);

/* The leaf's bytes with a NUL behind them; HZ_ERROR_LIMIT above LIMIT_LEDGER_ENTRY. Caller frees.
 */
char *ledger_leaf_format(const LedgerEntry *entry,
                         size_t payload_size,
                         const uint8_t commitment[DIGEST_SIZE],
                         int64_t previous,
                         size_t *ret_size,
                         GError **error);

/* Reads exactly what ledger_leaf_format writes; anything else is false. */
bool ledger_leaf_parse(const void *bytes, size_t size, LedgerLeaf *ret_leaf);
