/*
 * Inspection plans and random draws.
 *
 * A plan says how many objects of each use category (stratum) are to be inspected in a year, and
 * where. Once published it never changes; a change is a new version. A draw freezes the pool, the
 * officers and the rules as files, takes a seed, and follows FSS-DRAW/1 (docs/draw-format.md), so
 * that a stranger can recompute it from the exported files alone. Each stratum of a plan is drawn
 * once, whatever version the plan is in: there is no second try. Thread: that of the Db.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"
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

typedef enum DrawState { DRAW_DONE, DRAW_PUBLISHED } DrawState;

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
    char *seed_hex;
    char *seed_text; /* as it was typed */
    char *seed_by;   /* actor who gave it */
    char *commit;    /* C, hex: fingerprint of pool, officers and rules */
    char *result;    /* hash of result.tsv, hex */
    int64_t pool_count, eligible_count, excluded_count, inspector_count, denied_count;
    int64_t drawn_count, reserve_count, unstaffed_count, short_count;
    int64_t level, rung;
    DrawState state;
    int64_t drawn_us;
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
    const uint8_t *seed; /* 8 to 255 bytes */
    size_t seed_size;
    const char *seed_text; /* as typed, kept for the record */
    int64_t officer_cap;   /* most new targets for one officer */
    const char *actor;
    int64_t now_us;
} DrawRequest;

/* Freezes, draws, assigns, stores, appends "draw.commit" and "draw.result" to the ledger and calls
 * draw_done_hooks, all in the caller's transaction. HZ_ERROR_CONFLICT when the plan is not
 * published or a stratum was drawn before. */
bool draw_run(Db *db, const DrawRequest *request, int64_t *ret_id, GError **error);

/* Rooms above that act on a finished draw, in its transaction (inspection sets its tasks). The list
 * ends with NULL and stands in src/modules.c, because this room may not know them. */
typedef bool (*DrawDone)(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error);
extern const DrawDone draw_done_hooks[];

/* Opens the whole draw to the public ("draw.publish"). In the caller's transaction. */
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
/* Gives the file's text to `write` part by part, byte for byte as frozen. HZ_ERROR_NOT_FOUND for
 * another name. An empty file gives no part. */
typedef bool (*DrawTextSink)(const char *text, size_t size, void *data, GError **error);
bool draw_file_visit(
    Db *db, int64_t draw_id, const char *name, DrawTextSink write, void *data, GError **error);
/* Writes all files into a folder that exists. */
bool draw_export(Db *db, int64_t draw_id, const char *folder, GError **error);

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

/* --- seeds ----------------------------------------------------------------------------------- */

/* How a typed seed is read: only 0-9 a-f and an even number of them: as hex; else its UTF-8 bytes.
 * Blanks at both ends do not count. NULL when it has no byte or more than 255. Caller unrefs. */
GByteArray *draw_seed_parse(const char *text);
/* A careful estimate of its unpredictability in bits, from length and variety of characters. */
double draw_seed_bits(const char *text);
#define DRAW_SEED_BITS_MIN 60
