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

/* A frozen draw without counts. */
bool draw_store_insert(Db *db, const Draw *draw, int64_t *ret_id, GError **error);
/* Everything that changes on its way, also the state; only while it is in state `from`,
 * *ret_changed 0 otherwise. */
bool draw_store_update(
    Db *db, const Draw *draw, DrawState from, int64_t *ret_changed, GError **error);
/* `lock`: holds the row until the transaction ends. */
Draw *draw_store_find(Db *db, int64_t id, bool lock, GError **error);
/* Waits until no other transaction is freezing a draw. */
bool draw_store_hold_gate(Db *db, GError **error);
/* Another draw under way with a common stratum and a region around or inside; *ret_id 0: none. */
bool draw_store_overlapping(Db *db,
                            const char *object_kind,
                            const char *region,
                            const char *const *strata,
                            int64_t *ret_id,
                            GError **error);
/* The strata and files of a draw that was taken back. */
bool draw_store_release(Db *db, int64_t draw_id, bool with_files, GError **error);
GPtrArray *
draw_store_list(Db *db, int64_t plan_id, int64_t before_id, unsigned limit, GError **error);
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
/* Who carried one of the `last` inspections of an object inside a region, as DrawDeny with code
 * ROTATE. NULL on error. */
GArray *draw_store_rotated(
    Db *db, const char *object_kind, const char *region, int64_t last, GError **error);
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

/* --- beacons and parties (draw_protocol_store.c) -----------------------------------------------
 */

bool draw_store_add_beacon(
    Db *db, int64_t draw_id, int64_t j, const DrawBeacon *beacon, GError **error);
/* Once; *ret_changed 0 when it is known already. */
bool draw_store_set_beacon(Db *db,
                           int64_t draw_id,
                           const DrawBeaconRow *row,
                           const char *actor,
                           int64_t *ret_changed,
                           GError **error);
GArray *draw_store_beacons(Db *db, int64_t draw_id, GError **error);
bool draw_store_add_party(Db *db, int64_t draw_id, const DrawPartyRow *row, GError **error);
/* Once; *ret_changed 0 when it was given already. */
bool draw_store_set_share(
    Db *db, int64_t draw_id, const DrawPartyRow *row, int64_t *ret_changed, GError **error);
bool draw_store_set_counts(Db *db, int64_t draw_id, int64_t j, GError **error);
GArray *draw_store_parties(Db *db, int64_t draw_id, GError **error);
