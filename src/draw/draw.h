/*
 * Inspection plans and random draws.
 *
 * A plan says how many objects of each use category (stratum) are to be inspected in a year, and
 * where. Once published it never changes; a change is a new version. A draw freezes the pool, the
 * officers and the rules as files, commits to them and to randomness that does not exist yet, and
 * follows FSS-DRAW/1 (docs/draw-format.md), so that a stranger can recompute it from the exported
 * files alone. Each stratum of a plan is drawn
 * once, whatever version the plan is in: there is no second try. Thread: that of the Db.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"
#include "draw/draw_beacon.h"
#include "store/store.h"
#include "web/module.h"

#include <glib.h>

extern const Module draw_module;

/* --- plans ----------------------------------------------------------------------------------- */

typedef enum PlanState { PLAN_DRAFT, PLAN_PUBLISHED, PLAN_SUPERSEDED, PLAN_STATE_COUNT } PlanState;
const char *plan_state_word(PlanState state); /* "draft" */
const char *plan_state_zh(PlanState state);   /* "草稿" */
bool plan_state_parse(const char *word, PlanState *ret_state);

typedef struct PlanQuota {
    char stratum[33]; /* use category word; "uncategorized" for none */
    int64_t quota;
    int64_t reserves;
    int64_t drawn_by; /* the draw that took this stratum; 0: not drawn yet */
} PlanQuota;

typedef struct Plan {
    int64_t id;
    int64_t root_id; /* id of version 1 */
    int64_t version;
    int64_t year;
    char *title;
    char *agency;
    char *object_kind; /* "unit" or "building" */
    char *region;      /* code, cut of trailing zero pairs */
    PlanState state;
    GArray *quotas; /* PlanQuota by stratum */
    int64_t created_us;
    int64_t published_us; /* 0: not yet */
} Plan;
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* Adds a draft with its ledger entry ("plan.draft"); `plan` gives year, title, agency, object kind,
 * region and quotas. `supersedes` 0, or the published plan this is a new version of. In the
 * caller's transaction. HZ_ERROR_INVALID for values no plan can have. */
bool plan_add(Db *db,
              const Plan *plan,
              int64_t supersedes,
              const char *actor,
              int64_t now_us,
              int64_t *ret_id,
              GError **error);
/* Draft to published ("plan.publish"); an older version becomes superseded. HZ_ERROR_CONFLICT
 * unless it is a draft. In the caller's transaction. */
bool plan_publish(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error);
/* NULL and HZ_ERROR_NOT_FOUND if there is none. */
Plan *plan_find(Db *db, int64_t id, GError **error);

typedef struct PlanFilter {
    int64_t year;      /* 0: all */
    int state;         /* PlanState; -1: all */
    int64_t before_id; /* older than this; 0: from the newest */
    unsigned limit;
} PlanFilter;
/* Newest first: array of Plan (owned), each with its quotas. NULL on error. */
GPtrArray *plan_list(Db *db, const PlanFilter *filter, GError **error);

/* --- draws ----------------------------------------------------------------------------------- */

/*
 * A draw goes one way (docs/draw-format.md):
 *   FROZEN     pool, officers and rules are files; nothing is public, it may still be dropped
 *   COMMITTED  commit.txt names the beacons to wait for; its entry "draw.commit" is what witnesses
 * sign DONE       drawn by the rule from the files, the beacons and the shares; sealed: still
 * secret PUBLISHED  everything is open: an open draw at once, a sealed one after the inspections
 * DROPPED: taken back before it was committed. LAPSED: the commitment was not witnessed in time, so
 * that no result can ever come from it. Nothing leads back; there is no second draw.
 */
typedef enum DrawState {
    DRAW_FROZEN,
    DRAW_COMMITTED,
    DRAW_DONE,
    DRAW_PUBLISHED,
    DRAW_DROPPED,
    DRAW_LAPSED,
    DRAW_STATE_COUNT
} DrawState;
const char *draw_state_word(DrawState state); /* "frozen" */
const char *draw_state_zh(DrawState state);   /* "已冻结" */

/* TYPED: from before the protocol; a person typed the seed, and the files stay secret until
 * publication. OPEN: everybody can compute everything as it happens. SEALED: names stay secret
 * until the inspections are over; salts and shares make that possible. */
typedef enum DrawMode { DRAW_TYPED, DRAW_OPEN, DRAW_SEALED, DRAW_MODE_COUNT } DrawMode;
const char *draw_mode_word(DrawMode mode); /* "form", "open", "sealed" */
bool draw_mode_parse(const char *word, DrawMode *ret_mode);

typedef struct Draw {
    int64_t id;
    int64_t plan_id;
    char *number; /* "D7": name of the draw in its files */
    char *title;
    int64_t year;
    char *object_kind;
    char *region;
    char *date_from, *date_to; /* days of the inspections, YYYY-MM-DD */
    DigestKind kind;
    DrawMode mode;
    int64_t delta_s;  /* seconds between the witnessed commitment and the first beacon */
    char *secret_hex; /* S; "" unless sealed; never shown before publication */
    char *open_by;    /* day until which a sealed draw is to be opened; "" */
    char *seed_hex;   /* B; "" before the run */
    char *seed_text;  /* the beacons' values for people */
    char *seed_by;    /* actor who froze it */
    char *commit;     /* C, hex: fingerprint of pool, officers and rules; "" before */
    char *result;     /* hash of result.tsv, hex; "" before */
    int64_t pool_count, eligible_count, excluded_count, inspector_count, denied_count;
    int64_t drawn_count, reserve_count, unstaffed_count, short_count;
    int64_t level, rung;
    DrawState state;
    int64_t frozen_us, committed_us;
    int64_t drawn_us; /* 0: not yet */
    int64_t published_us;
    int64_t commit_leaf, result_leaf, publish_leaf; /* ledger entries; -1: none */
} Draw;
void draw_free(Draw *draw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draw, draw_free)

typedef struct DrawRequest {
    int64_t plan_id;
    const char *title;
    const char *const *strata; /* ends with NULL; those of the plan to draw now */
    const char *date_from, *date_to;
    DigestKind kind;
    DrawMode mode;       /* OPEN or SEALED */
    int64_t delta_s;     /* at least DRAW_DELTA_MIN */
    int64_t officer_cap; /* most new targets for one officer */
    int64_t rotate; /* officers of the last so many inspections of an object do not come again */
    const char *actor;
    int64_t now_us;
} DrawRequest;

/* Writes pool, officers, recusals and rules of the moment into files that never change, and takes
 * the strata ("draw.freeze"). In the caller's transaction. HZ_ERROR_CONFLICT when the plan is not
 * published, a stratum was drawn before, or a draw under way overlaps in scope. */
bool draw_freeze(Db *db, const DrawRequest *request, int64_t *ret_id, GError **error);

/* Who gives a share: its name and c = H("FSS-PARTY/1\0"‖lp(draw)‖lp(name)‖r), hex. */
typedef struct DrawPartyCommit {
    const char *name;
    const char *commit_hex;
} DrawPartyCommit;

typedef struct DrawCommitRequest {
    int64_t draw_id;
    const DrawBeacon *beacons;
    size_t beacon_count;
    const DrawPartyCommit *parties;
    size_t party_count;
    const char *open_by; /* sealed: YYYY-MM-DD, not before the last day; NULL for open ones */
    const char *actor;
    int64_t now_us;
} DrawCommitRequest;

/* What a person must change in it; NULL: nothing. `draw` is frozen. A sentence in Chinese. */
const char *draw_commit_problem(const Draw *draw, const DrawCommitRequest *request);
/* Frozen to committed ("draw.commit"): from here on nobody can change anything. A sealed draw gets
 * the platform's own share besides. In the caller's transaction. HZ_ERROR_CONFLICT unless it is
 * frozen, HZ_ERROR_INVALID when draw_commit_problem says something. */
bool draw_commit(Db *db, const DrawCommitRequest *request, GError **error);

/* A party's share ("draw.reveal"), before the first beacon's time; a later one is HZ_ERROR_DENIED,
 * a second one or an unknown party HZ_ERROR_CONFLICT or _NOT_FOUND, one that is not what it
 * committed to HZ_ERROR_INVALID. A party that gives none is left out. In the caller's transaction.
 */
bool draw_reveal(Db *db,
                 int64_t draw_id,
                 const char *party,
                 const uint8_t share[DRAW_SHARE_SIZE],
                 const char *actor,
                 int64_t now_us,
                 GError **error);

/* What beacon `j` (from 1) has brought ("draw.beacon"): HZ_ERROR_DENIED before its time,
 * HZ_ERROR_CONFLICT when it is known already, HZ_ERROR_INVALID when it cannot be such a value.
 * `note`: who saw it, for dice and lotteries. In the caller's transaction. */
typedef struct DrawBeaconTake {
    int64_t draw_id;
    int64_t j;
    const char *typed;
    const char *note;
    const char *actor;
    int64_t now_us;
} DrawBeaconTake;
bool draw_beacon_take(Db *db, const DrawBeaconTake *take, GError **error);

/* Committed to done, an open draw to published: computes, assigns, stores, appends "draw.result"
 * (and "draw.open") and calls draw_done_hooks. Needs no choice of anybody: HZ_ERROR_CONFLICT while
 * a beacon is missing, when it was run before, or when the time rule is broken. In the caller's
 * transaction. */
bool draw_run(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error);

/* Takes back what is only frozen, or what lapsed by the time rule; its strata are free again.
 * ("draw.drop", "draw.lapse"). HZ_ERROR_CONFLICT for every other one. In the caller's transaction.
 */
bool draw_drop(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error);

/* When the commitment was seen, and by whom. */
typedef struct DrawWitnessed {
    bool is_known;
    int64_t time_us;
    unsigned witnesses; /* outside ones; 0: only our own ledger says so */
} DrawWitnessed;
bool draw_witnessed(Db *db, int64_t leaf, DrawWitnessed *ret_witnessed, GError **error);

/* A beacon of a draw with what is known of it. */
typedef struct DrawBeaconRow {
    int64_t j;
    DrawBeacon beacon;
    char *value_hex; /* "": not yet */
    char *typed;     /* as it was typed: for drand the signature */
    char *note;
    int64_t taken_us;
    int64_t leaf;
} DrawBeaconRow;
typedef struct DrawPartyRow {
    int64_t j;
    char *name;
    char *commit_hex;
    bool is_own;
    char *share_hex; /* "": not given; secret in a sealed draw until it is opened */
    int64_t revealed_us;
    int64_t leaf;
    bool counts; /* after the run */
} DrawPartyRow;
/* By number; arrays that clear their items. NULL on error. */
GArray *draw_beacons(Db *db, int64_t draw_id, GError **error);
GArray *draw_parties(Db *db, int64_t draw_id, GError **error);
/* Of the first beacon; INT64_MAX without any. */
int64_t draw_first_beacon_us(const GArray *beacons);

/* KT and the others, from what stands in the store; after the run. */
bool draw_keys_of(Db *db, int64_t draw_id, DrawKeys *ret_keys, GError **error);

/* Rooms above that act on a finished draw, in its transaction (inspection sets its tasks). The list
 * ends with NULL and stands in src/modules.c, because this room may not know them. */
typedef bool (*DrawDone)(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error);
extern const DrawDone draw_done_hooks[];

/* Opens the whole draw to the public ("draw.open"); HZ_ERROR_CONFLICT unless it was run and is
 * secret still. In the caller's transaction. */
bool draw_publish(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error);

/* NULL and HZ_ERROR_NOT_FOUND if there is none. */
Draw *draw_find(Db *db, int64_t id, GError **error);
/* Newest first: array of Draw (owned). `plan_id` 0: all; `before_id` 0: from the newest. */
GPtrArray *draw_list(Db *db, int64_t plan_id, int64_t before_id, unsigned limit, GError **error);

typedef struct DrawnObject {
    int64_t draw_id;
    int64_t order; /* 1 … in draw order; reserves follow */
    bool is_reserve;
    char *object_kind; /* "unit" or "building" */
    int64_t object_id;
    char *name, *address, *region; /* as they were at the draw */
    char *stratum;
    char *ticket;                  /* hex */
    int64_t lead_id, second_id;    /* officers; 0: none */
    char *lead_name, *second_name; /* as they were at the draw; NULL: none */
    char *flag;                    /* "-", "SHORT", "UNSTAFFED" */
} DrawnObject;
void drawn_object_free(DrawnObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawnObject, drawn_object_free)
/* By order: array of DrawnObject (owned) with order > after; limit 0: all. */
GPtrArray *draw_targets(Db *db, int64_t draw_id, int64_t after, unsigned limit, GError **error);
/* Newest draw first: where this object was drawn or stands as a reserve. */
GPtrArray *
draw_targets_of(Db *db, const char *object_kind, int64_t object_id, unsigned limit, GError **error);

/* --- the frozen files ------------------------------------------------------------------------ */

/* Files of a draw's bundle in the order they are offered; ends with NULL: "pool.tsv" … */
extern const char *const draw_file_names[];
/* Is it there yet; may anybody have it. A sealed draw shows rules, commitment and beacon only. */
bool draw_file_is_there(const Draw *draw, const char *name);
bool draw_file_is_public(const Draw *draw, const char *name);
/* Gives the file's text to `write` part by part, byte for byte as frozen. HZ_ERROR_NOT_FOUND for
 * another name. An empty file gives no part. */
typedef bool (*DrawTextSink)(const char *text, size_t size, void *data, GError **error);
bool draw_file_visit(
    Db *db, int64_t draw_id, const char *name, DrawTextSink write, void *data, GError **error);
/* Proofs of "draw.commit" and "draw.result" that stand beside them once a head is signed: each
 * shows what the entry seals (docs/ledger-format.md, "Proofs"). */
extern const char *const draw_proof_names[];
/* Does a head of `signed_size` entries hold the entry? */
bool draw_proof_is_there(const Draw *draw, const char *name, int64_t signed_size);
/* Not of a draw from before the protocol while it is secret: its entry seals the typed seed. */
bool draw_proof_is_public(const Draw *draw);
/* NULL and HZ_ERROR_NOT_FOUND while there is none. Caller frees. */
char *draw_proof_text(Db *db, const Draw *draw, const char *name, GError **error);
/* Writes the files that are there and the proofs into a folder that exists; `is_public`: those
 * anybody may have. */
bool draw_export(Db *db, int64_t draw_id, bool is_public, const char *folder, GError **error);

/* How one object stood in the pool. */
typedef struct DrawStanding {
    int64_t weight;
    int64_t drawn; /* times drawn in the year before this draw */
    char risk[17], credit[17], reason[17], stratum[33], district[21];
} DrawStanding;
/* `id` as in the files ("U123"). *ret_found false: not in the pool. */
bool draw_standing(Db *db,
                   int64_t draw_id,
                   const char *id,
                   DrawStanding *ret_standing,
                   bool *ret_found,
                   GError **error);

/* --- recusals and exclusions ----------------------------------------------------------------- */

/* The officer may not inspect this object; code RECUSE or KIN. Ledger entry "draw.deny". In the
 * caller's transaction. */
typedef struct DrawRecusal {
    const char *object_kind;
    int64_t object_id;
    int64_t officer_id;
    const char *code;
    const char *note;
} DrawRecusal;
bool draw_recuse(
    Db *db, const DrawRecusal *recusal, const char *actor, int64_t now_us, GError **error);
/* The first of these officers whom a recusal keeps away from the object; 0: none. Stands in
 * case_hooks (src/modules.c). */
bool draw_recused(Db *db,
                  const char *object_kind,
                  int64_t object_id,
                  const int64_t *officers,
                  size_t count,
                  int64_t *ret_officer,
                  GError **error);
/* The object takes no part in draws from now on; reason CLOSED or EXEMPT. Ledger entry
 * "draw.exclude". In the caller's transaction. */
bool draw_exclude(Db *db,
                  const char *object_kind,
                  int64_t object_id,
                  const char *reason,
                  const char *note,
                  const char *actor,
                  int64_t now_us,
                  GError **error);
