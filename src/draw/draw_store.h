/* SQL of plans and draws. Thread: that of the Db. */
#pragma once

#include "draw/draw.h"

/* --- plans ----------------------------------------------------------------------------------- */

bool plan_store_insert(
    Db *db, const Plan *plan, int64_t root_id, int64_t version, int64_t *ret_id, GError **error);
/* Locks the row until the transaction ends. */
Plan *plan_store_find(Db *db, int64_t id, bool lock, GError **error);
GPtrArray *plan_store_list(Db *db, const PlanFilter *filter, GError **error);
bool plan_store_newest_version(Db *db, int64_t root_id, int64_t *ret_version, GError **error);
/* Only a draft changes; *ret_changed 0 otherwise. */
bool plan_store_publish(Db *db, int64_t id, int64_t now_us, int64_t *ret_changed, GError **error);
/* Older published versions of the same root. */
bool plan_store_supersede(Db *db, int64_t root_id, int64_t except_id, GError **error);

/* --- draws ----------------------------------------------------------------------------------- */

/* All columns but the counts and hashes, which draw_store_finish sets. */
bool draw_store_insert(
    Db *db, const Draw *draw, const char *seed_text, int64_t *ret_id, GError **error);
/* Where its ledger entries stand. */
bool draw_store_set_leaves(Db *db, const Draw *draw, GError **error);
bool draw_store_finish(Db *db, const Draw *draw, GError **error);
Draw *draw_store_find(Db *db, int64_t id, GError **error);
GPtrArray *
draw_store_list(Db *db, int64_t plan_id, int64_t before_id, unsigned limit, GError **error);
/* Only a finished draw changes; *ret_changed 0 otherwise. */
bool draw_store_publish(Db *db, int64_t id, int64_t now_us, int64_t *ret_changed, GError **error);

/* HZ_ERROR_CONFLICT when the stratum was drawn before. */
bool draw_store_take_stratum(
    Db *db, int64_t root_id, const char *stratum, int64_t draw_id, GError **error);

bool draw_store_add_part(Db *db,
                         int64_t draw_id,
                         const char *file,
                         int64_t part,
                         const char *first_id,
                         const char *lines,
                         size_t size,
                         GError **error);
/* Text of one part; *ret_text NULL when there is none. Caller frees. */
bool draw_store_part(
    Db *db, int64_t draw_id, const char *file, int64_t part, char **ret_text, GError **error);
/* The part that would hold the line of `id`; *ret_text NULL when all lines come after it. */
bool draw_store_part_of(
    Db *db, int64_t draw_id, const char *file, const char *id, char **ret_text, GError **error);

bool draw_store_add_target(Db *db, const DrawnObject *target, int64_t year, GError **error);
GPtrArray *
draw_store_targets(Db *db, int64_t draw_id, int64_t after, unsigned limit, GError **error);
/* Newest draw first: draws in which this object was drawn or is a reserve. */
GPtrArray *draw_store_targets_of(
    Db *db, const char *object_kind, int64_t object_id, unsigned limit, GError **error);

/* Hash of object id -> times drawn in `year`, both as GINT pointers of int64. Caller unrefs. */
GHashTable *draw_store_drawn_counts(Db *db, int64_t year, const char *object_kind, GError **error);
/* Hash of officer id -> targets carried in `year`. Caller unrefs. */
GHashTable *draw_store_loads(Db *db, int64_t year, GError **error);

/* --- recusals and exclusions ------------------------------------------------------------------ */

typedef struct DrawDeny {
    char *object_kind;
    int64_t object_id;
    int64_t officer_id;
    char *code; /* RECUSE, KIN, ROTATE */
    char *note;
    int64_t created_us;
} DrawDeny;
void draw_deny_clear(DrawDeny *deny);
/* Array of DrawDeny that clears its items, of one object kind. NULL on error. */
GArray *draw_store_denied(Db *db, const char *object_kind, GError **error);
/* The first of these officers who must keep away from the object; 0: none. */
bool draw_store_denied_of(Db *db,
                          const char *object_kind,
                          int64_t object_id,
                          const int64_t *officers,
                          size_t count,
                          int64_t *ret_officer,
                          GError **error);
/* Hash of object id -> reason ("CLOSED", "EXEMPT"; owned). Caller unrefs. */
GHashTable *draw_store_exclusions(Db *db, const char *object_kind, GError **error);
bool draw_store_deny(
    Db *db, const DrawDeny *deny, const char *actor, int64_t *ret_changed, GError **error);
bool draw_store_exclude(Db *db,
                        const char *object_kind,
                        int64_t object_id,
                        const char *reason,
                        const char *note,
                        const char *actor,
                        int64_t now_us,
                        GError **error);
