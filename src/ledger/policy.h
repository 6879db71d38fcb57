/*
 * Which logs and witnesses are trusted and how many must agree (c2sp.org/tlog-policy), pure.
 * Thread: any; a policy is only read.
 */
#pragma once

#include "ledger/note.h"

#define POLICY_SIZE_MAX 65536
#define POLICY_NAMES_MAX 32 /* logs, witnesses, groups: what the specification recommends each */

typedef struct PolicyLog {
    NoteKey key;
    char *url; /* NULL: none */
} PolicyLog;

typedef struct PolicyWitness {
    char *name;
    NoteKey key; /* NOTE_COSIGNATURE */
    char *url;   /* of its submission prefix; NULL: none */
} PolicyWitness;

typedef struct Policy Policy;

/* HZ_ERROR_INVALID names the line. */
Policy *policy_parse(const char *text, size_t size, GError **error);
void policy_free(Policy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_free)

const GArray *policy_logs(const Policy *policy);      /* PolicyLog */
const GArray *policy_witnesses(const Policy *policy); /* PolicyWitness */
/* `quorum none`: a checkpoint needs no cosignature. */
bool policy_needs_none(const Policy *policy);
/* Bit n of `cosigned`: witness n (in the order of policy_witnesses) has cosigned. */
bool policy_is_met(const Policy *policy, uint32_t cosigned);
/* The witnesses whose cosignatures on `note` verify, as such bits. A forged line counts as none:
 * it says nothing about the others. */
uint32_t policy_cosigned(const Policy *policy, const Note *note);
