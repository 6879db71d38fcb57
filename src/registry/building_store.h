/*
 * SQL of buildings shared by the building_*.c files and the intake. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "registry/building.h"

/* Columns for building_from_row of table alias b. */
#define BUILDING_COLUMNS                                                                           \
    "b.id, b.source, b.source_id, b.name, b.address, b.region, b.district, b.category, "           \
    "b.height_m, b.floors_above, b.floors_below, b.area_m2, b.built_year, b.height_class, "        \
    "b.risk, b.credit, b.is_key, b.longitude, b.latitude, b.last_inspected_us, b.version, "        \
    "b.created_us, b.changed_us"
#define BUILDING_COLUMN_COUNT 23

/* Texts go into `texts`; building->texts stays NULL. */
void building_from_row(const DbRows *rows, GStringChunk *texts, Building *building);
bool building_find_source(
    Db *db, const char *source, const char *source_id, Building *ret_building, GError **error);
/* Which keys are stored: a SourceQuery (intake_keys.h), and the same for a list of match keys. */
bool building_store_by_source(Db *db,
                              const char *source,
                              const char *keys,
                              GStringChunk *texts,
                              GArray *found,
                              GError **error);
bool building_store_by_match(Db *db, const char *keys, GArray *found, GError **error);
/* Units that stand in a building, by id: appended to `list` as {id, name, category}. */
bool building_store_units(Db *db, int64_t id, unsigned limit, json_t *list, GError **error);
/* By address and region, and by name where both sides tell one. */
bool building_find_like(Db *db, const Building *like, Building *ret_building, GError **error);
int64_t building_match_key(const char *address);
