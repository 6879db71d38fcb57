/*
 * SQL of units, for the unit_*.c and intake_unit.c files only. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "registry/unit.h"

/* Columns for unit_from_row, in its order, of table alias u. */
#define UNIT_COLUMNS                                                                               \
    "u.id, u.source, u.source_id, u.uscc, u.name, u.address, u.region, u.district, u.category, "   \
    "u.risk, u.credit, u.is_key, u.last_inspected_us, u.merged_into, u.building_id, "              \
    "u.legal_person, u.phone, u.longitude, u.latitude, u.version, u.created_us, u.changed_us"
#define UNIT_COLUMN_COUNT 22

/* Texts go into `texts`; unit->texts stays NULL. */
void unit_from_row(const DbRows *rows, GStringChunk *texts, Unit *unit);

/* Which keys of the JSON array `keys` are stored: appended as StoredKey (object_store.h). Texts go
 * into `texts`. */
bool unit_store_by_source(Db *db,
                          const char *source,
                          const char *keys,
                          GStringChunk *texts,
                          GArray *found,
                          GError **error);
bool unit_store_by_uscc(
    Db *db, const char *keys, GStringChunk *texts, GArray *found, GError **error);
bool unit_store_by_match(Db *db, const char *keys, GArray *found, GError **error);
/* Rows of the ids, appended as Unit. */
bool unit_store_load(
    Db *db, const int64_t *ids, size_t count, GStringChunk *texts, GArray *units, GError **error);

bool unit_store_insert(Db *db, const Unit *const *units, size_t count, GError **error);
/* Rows by id; CONFLICT when a row's version is not the one in `olds`. */
bool unit_store_update(
    Db *db, const Unit *const *olds, const Unit *const *units, size_t count, GError **error);
/* deltas: cell and scope -> change; see unit_write.c. */
typedef struct CountDelta {
    int64_t scope, cell, delta;
} CountDelta;
bool unit_store_count(Db *db, const CountDelta *deltas, size_t count, GError **error);

typedef struct Suspect {
    int64_t low_id, high_id, district;
    const char *reason; /* "code", "name" */
} Suspect;
bool unit_store_suspect(
    Db *db, const Suspect *suspects, size_t count, int64_t found_us, GError **error);

/* A person's answer to a suspected pair; NULL opens it again. No such pair: nothing happens. */
bool unit_store_decide(Db *db, int64_t a, int64_t b, const char *decided, GError **error);
/* Open pairs whose newer record lies in districts from `low` to before `high`, appended as Suspect
 * with a static reason. */
bool unit_store_open_pairs(
    Db *db, int64_t low, int64_t high, unsigned limit, GArray *pairs, GError **error);
bool unit_store_add_merge(
    Db *db, int64_t kept_id, int64_t gone_id, const WriteOptions *options, GError **error);
bool unit_store_end_merge(Db *db, int64_t gone_id, int64_t now_us, GError **error);
/* Living records that could be this unit, and records merged into it: {id, name, reason} appended
 * to the two arrays. */
bool unit_store_relatives(Db *db, int64_t id, json_t *like, json_t *absorbed, GError **error);

/* All search tokens and marks of a unit: d district, s street, c category, r risk, t credit, k key
 * unit. */
void unit_add_tokens(GString *out, const Unit *unit);

/* match_key of a name and an address. */
int64_t unit_match_key(const char *name, const char *address);
