/*
 * A witness of transparency logs: POST /add-checkpoint as c2sp.org/tlog-witness describes it.
 * Thread: a Witness is only read.
 */
#pragma once

#include "ledger/checkpoint.h"
#include "store/store.h"
#include "web/module.h"

/* Who signs, and for which logs; WebOptions.app of its server. */
typedef struct Witness {
    SignKey *key; /* Ed25519 */
    NoteKey name; /* of type NOTE_COSIGNATURE */
    GArray *logs; /* NoteKey: keys of logs, their origins are the keys' names */
} Witness;
/* INVALID for a bad name. Takes `key` over. */
Witness *witness_new(SignKey *key, const char *name, GError **error);
void witness_free(Witness *witness);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Witness, witness_free)
/* INVALID unless it is the vkey of a log. */
bool witness_add_log(Witness *witness, const char *vkey, GError **error);

/* Routes and tables; it is none of the modules of the platform. */
extern const Module witness_module;

/* What is answered: status and text. 409 with `is_size`: the text is a tree size. */
typedef struct WitnessAnswer {
    unsigned status;
    char *text;
    bool is_size;
} WitnessAnswer;
void witness_answer_clear(WitnessAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WitnessAnswer, witness_answer_clear)

/* One request body. False only when the store fails; then nothing was signed. */
bool witness_take(Db *db,
                  const Witness *witness,
                  const char *body,
                  size_t size,
                  int64_t now_us,
                  WitnessAnswer *ret_answer,
                  GError **error);
