/*
 * Signed heads of the log: who signs, what was signed, who has cosigned, and what strangers get of
 * it. Formats are in docs/ledger-format.md.
 */
#pragma once

#include "ledger/keyring.h"
#include "ledger/ledger.h"

/* --- signing -------------------------------------------------------------------------------------
 */

/* Makes these keys the log's if it has none yet, by an entry `log.key`. CONFLICT when the log has
 * others: then this server must not sign. */
bool ledger_keys_adopt(Db *db, const LedgerKeys *keys, int64_t now_us, GError **error);
/* Opens the keys of `folder` that are the log's, finishing a rotation that was cut off; makes and
 * adopts the first ones under `origin` (NULL: ledger_keys_default_origin) when the log has none. */
LedgerKeys *
ledger_keys_prepare(Db *db, const char *folder, const char *origin, int64_t now_us, GError **error);
/* New keys from here on, by an entry `log.key` that holds the old ones' signatures on them; the old
 * public keys stay in keys.txt. `actor` as in entries. */
bool ledger_keys_rotate(
    Db *db, LedgerKeys *keys, const char *actor, int64_t now_us, GError **error);

/* New keys where the old ones are lost for good: an entry `log.key.lost` says that no key before
 * stands for them, and every verifier repeats it. DENIED while a key file is there; CONFLICT where
 * the log has no keys at all. */
bool ledger_keys_rekey(
    Db *db, const char *folder, const char *actor, int64_t now_us, GError **error);
/* The newest such entry; -1: none. */
bool ledger_keys_lost_entry(Db *db, int64_t *ret_entry, GError **error);

/* Signs both trees' heads now if entries are unsigned or the newest head is a day old: an entry
 * `xhead` with both heads before, then the heads that end with it, all in one transaction. The
 * server does it by itself every second. *ret_signed (may be NULL): was there anything to sign?
 * DENIED: signing is stopped, the message says why and what to do. CONFLICT: others' keys. */
bool ledger_sign_heads(Db *db, LedgerKeys *keys, int64_t now_us, bool *ret_signed, GError **error);
/* Stops signing until a person has looked; `reason` is one line. */
bool ledger_stop_signing(const char *folder, const char *reason, GError **error);
/* Lifts the stop if its cause is gone: the database continues the newest head that was signed. What
 * is still wrong otherwise, DENIED. There is no way around it: to sign below a signed head is to
 * give two histories. */
bool ledger_resume_signing(Db *db, const char *folder, GError **error);
/* Why signing is stopped; NULL: it is not. Caller frees. */
char *ledger_stop_reason(const char *folder);

/* --- looking -------------------------------------------------------------------------------------
 */

typedef struct LedgerSignedHead {
    int64_t size;
    int64_t time_us; /* of our signature */
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    char *note;     /* checkpoint of the SHA-256 tree, with the log's own signatures */
    char *note_sm3; /* of the SM3 tree */
} LedgerSignedHead;
void ledger_signed_head_clear(LedgerSignedHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LedgerSignedHead, ledger_signed_head_clear)

/* NOT_FOUND when nothing was signed yet. */
bool ledger_signed_newest(Db *db, LedgerSignedHead *ret_head, GError **error);
/* The checkpoint as it is handed out: with the witnesses' lines. Caller frees. */
char *ledger_checkpoint_text(Db *db, const LedgerSignedHead *head, GError **error);
/* Every key that ever signed, a vkey a line, the current ones first. Caller frees. */
char *ledger_keys_text(Db *db, GError **error);

typedef struct LedgerWitnessed {
    int64_t time_us;
    int64_t head_size;
    unsigned witnesses;
} LedgerWitnessed;
/* When the first head that contains entry `index` had the cosignatures of the policy's quorum
 * (witnesses = how many; with no witness in the policy: 0 and the time of our own signature).
 * HZ_ERROR_NOT_FOUND while there is none yet. */
bool ledger_witnessed(Db *db, int64_t index, LedgerWitnessed *ret_witnessed, GError **error);

/* --- handing out ---------------------------------------------------------------------------------
 */

/* A c2sp.org/tlog-proof@v1 of entry `index` in the newest head that has the policy's quorum, else
 * in the newest one. Its extra data are the entry's bytes; `with_payload`: followed by salt (16
 * bytes) and payload, so that a stranger can see what the entry is about. NOT_FOUND while no head
 * contains it, or its payload is erased. Caller frees. */
char *ledger_tlog_proof(Db *db, int64_t index, bool with_payload, GError **error);
/* All entries on `object` with payloads and proofs in both trees: "huozheng-history/1". */
json_t *ledger_history(Db *db, const char *object, GError **error);

/* --- who is asked --------------------------------------------------------------------------------
 */

/* Sets witnesses and quorum (c2sp.org/tlog-policy without log lines), by an entry `log.policy`. */
bool ledger_policy_set(Db *db, const char *text, const char *actor, int64_t now_us, GError **error);
/* Without log lines, as it was set; "quorum none\n" when it never was. Caller frees. */
char *ledger_policy_text(Db *db, GError **error);
/* The whole file for strangers: with the log's current Ed25519 key. Caller frees. */
char *ledger_policy_public(Db *db, GError **error);
