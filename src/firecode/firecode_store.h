/* SQL of this room. Thread: that of the Db. */
#pragma once

#include "firecode/firecode.h"

/* --- codes (firecode_store.c) --- */

bool code_store_find(Db *db, const char *code, Firecode *ret_code, GError **error);
bool code_store_active(Db *db, int64_t building_id, Firecode *ret_code, GError **error);
GPtrArray *code_store_all(Db *db, int64_t building_id, GError **error);
bool code_store_add(Db *db, const Firecode *code, GError **error);
/* CONFLICT unless it is active. */
bool code_store_end(Db *db, const Firecode *code, GError **error);
/* High-rise buildings of a region without an active code, by id after `after_id`: array of int64_t.
 */
GArray *
code_store_missing(Db *db, const char *region, int64_t after_id, unsigned limit, GError **error);
bool code_store_count_missing(
    Db *db, const char *region, int64_t most, int64_t *ret_count, GError **error);
/* "AND …": rows of table or alias b (building) inside the region. */
void firecode_add_region(SqlBuilder *sql, const char *region);

/* --- keepers (firecode_store.c) --- */

bool keeper_store_add(
    Db *db, Keeper *keeper, const char *key_sha256, const char *actor, GError **error);
bool keeper_store_find(
    Db *db, const char *key_sha256, int64_t now_us, Keeper *ret_keeper, GError **error);
bool keeper_store_end(Db *db, int64_t building_id, int64_t id, int64_t now_us, GError **error);
bool keeper_store_end_all(Db *db, int64_t building_id, int64_t now_us, GError **error);
bool keeper_store_used(Db *db, int64_t id, int64_t now_us, GError **error);
GPtrArray *keeper_store_of(Db *db, int64_t building_id, GError **error);

/* --- records (firecode_record_store.c) --- */

/* A form that was sent before is not kept again; *ret_id is that of the first time. */
bool record_store_add(Db *db,
                      int64_t building_id,
                      DutyKind kind,
                      const char *data,
                      const char *form_id,
                      const FirecodeActor *by,
                      int64_t *ret_id,
                      bool *ret_is_new,
                      GError **error);
GPtrArray *record_store_list(
    Db *db, int64_t building_id, DutyKind kind, int64_t before_id, unsigned limit, GError **error);

/* --- scores (firecode_score_store.c) --- */

bool score_store_find(Db *db, int64_t building_id, FirecodeScore *ret_score, GError **error);
/* Holds the row of the building until the end of the transaction, so that one computes at a time;
 * *ret_active: it has an active code. */
bool score_store_hold(Db *db, int64_t building_id, bool *ret_active, GError **error);
bool score_store_put(
    Db *db, const FirecodeScore *score, const char *region, int64_t district, GError **error);
bool score_store_drop(Db *db, int64_t building_id, GError **error);
bool history_store_add(Db *db, int64_t building_id, const FirecodeChange *change, GError **error);
GPtrArray *
history_store_list(Db *db, int64_t building_id, int64_t since_us, unsigned limit, GError **error);
/* The score as it stood at `time_us`; the first one ever when there was none yet; -1: none at all.
 */
bool history_store_score_at(
    Db *db, int64_t building_id, int64_t time_us, int64_t *ret_score, GError **error);
bool queue_store_add(
    Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error);
/* The first that waits; id 0: nobody. *ret_cause: static. */
bool queue_store_first(Db *db, int64_t *ret_building, char **ret_cause, GError **error);
bool queue_store_drop(Db *db, int64_t building_id, GError **error);
/* The building whose score is oldest, if computed before `until_us`; 0: none. */
bool score_store_oldest(Db *db, int64_t until_us, int64_t *ret_building, GError **error);
GPtrArray *score_store_list(Db *db, const FirecodeQuery *query, GError **error);
GArray *score_store_tally(Db *db, const char *region, GError **error);

/* --- facts (firecode_facts_store.c) --- */

/* What other rooms' tables say about a building and the units in it. */
typedef struct OfficeFacts {
    int64_t hazards, overdue, major, sealed; /* open matters */
    int64_t visited_us;                      /* the last inspection; 0: none */
    int64_t failed;                          /* of the newest published one; -1: none */
} OfficeFacts;
bool facts_store_office(
    Db *db, int64_t building_id, int64_t now_us, OfficeFacts *ret_facts, GError **error);
/* The building in which a unit stands; 0: none. */
bool facts_store_building_of(Db *db, int64_t unit_id, int64_t *ret_building, GError **error);
/* Ids of the newest published inspections of the building, newest first: array of int64_t. */
GArray *facts_store_published(Db *db, int64_t building_id, unsigned limit, GError **error);
