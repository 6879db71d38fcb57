/*
 * FSS-DRAW/1, steps 4 to 6: keys, tickets, targets, officers. Pure and bounded in memory: the same
 * files and seed give the same result on any machine, and a stranger can recompute it with
 * `openssl dgst` alone. The specification is docs/draw-format.md. Thread: any.
 */
#pragma once

#include "base/digest.h"

#include <glib.h>
#include <stdbool.h>

#define DRAW_ID_MAX 20     /* so that a ticket's message fits one block of the hash */
#define DRAW_WEIGHT_MAX 64 /* tickets per object */
#define DRAW_SEED_MAX 255  /* bytes; one length byte */
#define DRAW_RUNGS_MAX 9   /* rung.1 … rung.9 */

/* [0-9A-Z_-]{1,20} */
bool draw_id_valid(const char *id);
/* [0-9a-z_-]{1,32} */
bool draw_stratum_valid(const char *stratum);

/* --- step 1: who takes part ------------------------------------------------------------------ */

/* Why an object of the pool has no ticket; the words of pool.tsv. */
typedef enum DrawReason {
    DRAW_REASON_NONE,
    DRAW_REASON_CAP,
    DRAW_REASON_CLOSED,
    DRAW_REASON_EXEMPT
} DrawReason;
const char *draw_reason_word(DrawReason reason); /* "-", "CAP" … */
/* `exclusion` NONE, CLOSED or EXEMPT; `drawn` times in the calendar year so far. */
DrawReason draw_reason(DrawReason exclusion, int64_t drawn, int64_t cap);

/* --- step 4: keys ---------------------------------------------------------------------------- */

typedef struct DrawKeys {
    uint8_t seed[DIGEST_SIZE];      /* K0 */
    uint8_t target[DIGEST_SIZE];    /* KT */
    uint8_t inspector[DIGEST_SIZE]; /* KI */
} DrawKeys;

/* A party's share that counts; `number` is the party's in commit.txt, from 1. */
typedef struct DrawShare {
    uint8_t number;
    uint8_t bytes[32];
} DrawShare;

/* K0 = H("FSS-SEED/1\0"‖C‖lp(B)‖u8 m‖Σ(u8 j‖r_j)), KT = H("FSS-TARGET/1\0"‖K0),
 * KI = H("FSS-INSP/1\0"‖K0). `shares` are m = share_count in the order of their numbers. */
void draw_keys(DigestKind kind,
               const uint8_t commit[DIGEST_SIZE],
               const void *seed,
               size_t seed_size,
               const DrawShare *shares,
               unsigned share_count,
               DrawKeys *ret_keys);

/* --- step 5: targets ------------------------------------------------------------------------- */

/* min over j = 0..weight-1 of H(KT‖lp(id)‖u16 j); 1 <= weight <= 64. */
void draw_ticket(Digest *digest,
                 const uint8_t target_key[DIGEST_SIZE],
                 const char *id,
                 unsigned weight,
                 uint8_t ret_ticket[DIGEST_SIZE]);

typedef struct DrawPick {
    char id[DRAW_ID_MAX + 1];
    char district[DRAW_ID_MAX + 1];
    char stratum[33];
    uint8_t ticket[DIGEST_SIZE];
    bool is_reserve;
    bool is_short; /* its stratum had fewer eligible objects than its quota */
} DrawPick;

/* Takes the pool line by line and keeps only the smallest tickets of each stratum. */
typedef struct DrawPicker DrawPicker;
DrawPicker *draw_picker_new(DigestKind kind, const uint8_t target_key[DIGEST_SIZE]);
void draw_picker_free(DrawPicker *picker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawPicker, draw_picker_free)
/* Before the first line: how many of this stratum are drawn, and how many ordered reserves. */
void draw_picker_stratum(DrawPicker *picker,
                         const char *stratum,
                         unsigned quota,
                         unsigned reserves);
/* One pool line; weight 0 does not take part, nor does a stratum without quota. Texts must be
 * valid (see above); district up to 20 bytes. */
void draw_picker_add(
    DrawPicker *picker, const char *id, const char *stratum, const char *district, unsigned weight);
/* Eligible lines seen in a stratum (weight > 0). */
uint64_t draw_picker_eligible(const DrawPicker *picker, const char *stratum);
/* Array of DrawPick: all drawn by (ticket, id), then reserves by stratum, ticket, id. */
GArray *draw_picker_finish(DrawPicker *picker);

/* --- step 6: officers ------------------------------------------------------------------------ */

typedef enum DrawRung { DRAW_RUNG_SAME, DRAW_RUNG_ADJACENT, DRAW_RUNG_ANY } DrawRung;

typedef struct DrawInspector {
    const char *id;
    const char *district;
    const char *valid_to; /* YYYY-MM-DD */
    bool is_lead;
    int64_t load; /* targets already carried, >= 0 */
    int64_t cap;  /* most new targets, >= 0 */
} DrawInspector;

typedef struct DrawTarget {
    const char *id;
    const char *district;
} DrawTarget;

/* A pair of texts: (target, inspector) of the deny list, or (district, its neighbour). */
typedef struct DrawPair {
    const char *first;
    const char *second;
} DrawPair;

/* All texts are borrowed. */
typedef struct DrawAssignInput {
    DigestKind kind;
    uint8_t inspector_key[DIGEST_SIZE];
    const DrawTarget *targets; /* in draw order */
    size_t target_count;
    const DrawInspector *inspectors; /* sorted by id */
    size_t inspector_count;
    const DrawPair *denied; /* sorted by (first, second) bytewise */
    size_t denied_count;
    const DrawPair *neighbours; /* sorted by (first, second) bytewise */
    size_t neighbour_count;
    const char *date_to; /* certificates must reach this day, YYYY-MM-DD */
    DrawRung rungs[DRAW_RUNGS_MAX];
    unsigned rung_count;
} DrawAssignInput;

#define DRAW_NOBODY (-1)

/* Indexes into inspectors; both DRAW_NOBODY: UNSTAFFED. */
typedef struct DrawTeam {
    int lead;
    int second;
} DrawTeam;

typedef struct DrawAssignment {
    DrawTeam *teams; /* one for each target, in draw order */
    int64_t level;   /* L*: the least upper bound of load that serves as many as any bound */
    unsigned rung;   /* 1-based; 0 when there was no rung */
    size_t staffed;  /* targets with two inspectors */
    size_t flow;     /* places filled before incomplete teams were released */
} DrawAssignment;
void draw_assignment_clear(DrawAssignment *assignment);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DrawAssignment, draw_assignment_clear)

/* Two different inspectors for each target, at most one of them not qualified to lead. */
void draw_assign(const DrawAssignInput *input, DrawAssignment *ret_assignment);
