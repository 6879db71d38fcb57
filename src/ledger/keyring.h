/*
 * The keys that sign the log's heads, wherever they live. A provider signs and tells public keys;
 * the one here keeps both private keys in a PEM file. A hardware key needs another provider and
 * nothing else (docs/ledger-format.md, "Keys").
 *
 * One folder belongs to one log: "<database file>-ledger" for SQLite, "<data>/ledger-<database>"
 * for PostgreSQL, or what HUOZHENG_LEDGER says. It survives when the database is restored from a
 * backup, and that is the point: see head_mark.h. Thread: a LedgerKeys belongs to one thread.
 */
#pragma once

#include "ledger/note.h"

typedef struct KeyProvider {
    const char *name; /* "file" */
    const SignPublic *(*public_key)(const void *self, SignKind kind);
    bool (*sign)(void *self,
                 SignKind kind,
                 const void *message,
                 size_t size,
                 GByteArray *ret_signature,
                 GError **error);
    void (*free)(void *self);
} KeyProvider;

typedef struct LedgerKeys {
    const KeyProvider *provider;
    void *self;
    char *folder;
    char origin[NOTE_NAME_MAX + 1];     /* "<host>/fss": of the SHA-256 tree */
    char origin_sm3[NOTE_NAME_MAX + 1]; /* "<host>/fss-sm3" */
    NoteKey ed25519;                    /* signs the SHA-256 tree */
    NoteKey sm2;                        /* signs it too */
    NoteKey sm2_sm3;                    /* the same key under the other tree's name */
} LedgerKeys;
void ledger_keys_free(LedgerKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerKeys, ledger_keys_free)

/* Keys by a provider; takes `self` over. INVALID for a bad origin. */
LedgerKeys *ledger_keys_of(const KeyProvider *provider,
                           void *self,
                           const char *folder,
                           const char *origin,
                           GError **error);

/* Where the folder of this database's log is. `option` (may be NULL) wins, then HUOZHENG_LEDGER;
 * `data_dir` NULL: HUOZHENG_DATA, else ./huozheng-data. Caller frees. */
char *ledger_keys_folder(const char *db_url, const char *option, const char *data_dir);
/* "<this machine's name>/fss" or what HUOZHENG_ORIGIN says; caller frees. */
char *ledger_keys_default_origin(void);

/* The file "log.pem" there, or "log.next.pem" of a rotation that was not finished. NOT_FOUND: there
 * is none; DENIED: others may read it; UNAVAILABLE: it cannot be read; INVALID: it is no key file.
 * Each message says what to do. */
LedgerKeys *ledger_keys_open(const char *folder, GError **error);
LedgerKeys *ledger_keys_open_next(const char *folder, GError **error);
/* Makes folder (mode 0700) and file (0600) with new keys; CONFLICT when the file is there. */
bool ledger_keys_generate(const char *folder, const char *origin, GError **error);
/* New keys beside the old ones, if there are any, for a change of keys. */
bool ledger_keys_generate_next(const char *folder, const char *origin, GError **error);
/* The path of "log.pem" if something is there, readable or not; NULL: nothing. Caller frees. */
char *ledger_keys_file(const char *folder);
/* "log.next.pem" takes the place of "log.pem". Nothing to do is fine. */
bool ledger_keys_promote(const char *folder, GError **error);

/* Signs a text as this key: appends the signature line to `note`. `key` is one of the three. */
bool ledger_keys_sign(
    LedgerKeys *keys, const NoteKey *key, const char *text, GString *note, GError **error);
