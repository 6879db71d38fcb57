/*
 * Verifying without a database what leaves the house: a proof, the history of an object, a whole
 * exported log (docs/verify.md). Each function fills a Verdict and returns false at the first check
 * that fails. Thread: any.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/policy.h"
#include "ledger/verdict.h"

/* Whom the reader trusts. */
typedef struct CheckTrust {
    GArray *given;      /* NoteKey that the reader brings; never NULL */
    Policy *policy;     /* NULL: none */
    GArray *beside;     /* NoteKey that lay beside the files; NULL: none */
    bool is_served;     /* the files, and `beside`, are from the server that is checked */
    bool is_own_policy; /* `policy` lay beside the files too */
} CheckTrust;

/* A signed head and the file it is from. */
typedef struct CheckHead {
    Note note;
    Checkpoint checkpoint;
    const char *file; /* borrowed */
} CheckHead;
void check_head_clear(CheckHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CheckHead, check_head_clear)

/* The checks `signature`, `witness` and `key` on one head, or on the heads of both trees.
 * `is_whole`: an exported log, which must name every key that signs. */
bool check_heads(Verdict *verdict,
                 const CheckTrust *trust,
                 const CheckHead *heads,
                 unsigned count,
                 bool is_whole);
/* The check `witness`. *ret_time_s: when the quorum was reached; 0: not known. */
bool check_witnesses(Verdict *verdict,
                     const CheckTrust *trust,
                     const CheckHead *head,
                     int64_t *ret_time_s);

/* The `extra` of our proofs: an entry, and perhaps right behind it salt and payload, which must
 * open its commitment. */
typedef struct CheckOpened {
    size_t leaf_size; /* of the bytes given */
    char *type;
    char *payload; /* NULL: not handed over */
} CheckOpened;
void check_opened_clear(CheckOpened *opened);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CheckOpened, check_opened_clear)
bool check_opened_read(const uint8_t *bytes, size_t size, CheckOpened *ret_opened);
/* Does the proof lead from this leaf to the root in its checkpoint? */
bool check_proof_leads(const TlogProof *proof,
                       const Checkpoint *checkpoint,
                       const uint8_t *leaf,
                       size_t leaf_size);

/* c2sp.org/tlog-proof@v1 or huozheng-proof/1. `name` stands in the verdict. */
bool check_proof(
    Verdict *verdict, const char *bytes, size_t size, const char *name, const CheckTrust *trust);
/* huozheng-history/1 */
bool check_history(
    Verdict *verdict, const char *bytes, size_t size, const char *name, const CheckTrust *trust);
/* The folder of an exported log. */
bool check_log(Verdict *verdict, const char *folder, const CheckTrust *trust);
