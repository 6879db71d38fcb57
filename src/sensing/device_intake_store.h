/* SQL of device_intake*.c and point_intake.c. Thread: that of the Db. */
#pragma once

#include "sensing/device_store.h"

/* --- places --- */

/* A building or a living unit that a row may mean. */
typedef struct PlaceFound {
    int64_t id;
    int64_t building_id; /* of a unit; 0: none */
    const char *name, *region;
} PlaceFound;

/* Each appends PlaceFound, at most 20, by id. */
bool place_buildings_by_id(Db *db, int64_t id, GStringChunk *texts, GArray *found, GError **error);
bool place_buildings_by_source(Db *db,
                               const char *source,
                               const char *source_id,
                               GStringChunk *texts,
                               GArray *found,
                               GError **error);
bool place_buildings_by_name(
    Db *db, int64_t district, const char *name, GStringChunk *texts, GArray *found, GError **error);
bool place_buildings_by_address(Db *db,
                                int64_t district,
                                const char *address,
                                GStringChunk *texts,
                                GArray *found,
                                GError **error);
bool place_units_by_id(Db *db, int64_t id, GStringChunk *texts, GArray *found, GError **error);
bool place_units_by_uscc(
    Db *db, const char *uscc, GStringChunk *texts, GArray *found, GError **error);
bool place_units_by_name(
    Db *db, int64_t district, const char *name, GStringChunk *texts, GArray *found, GError **error);

/* --- devices --- */

/* One learned meanwhile is overwritten: it knew nothing but its code. */
bool device_insert_many(
    Db *db, const Device *const *devices, size_t count, int64_t now_us, GError **error);
/* Without a look at the version: the rows are held. */
bool device_update_many(Db *db, const Device *const *devices, size_t count, GError **error);
/* Building and district of the points of these devices as of their device. */
bool device_carry_points(Db *db, const int64_t *ids, size_t count, GError **error);
/* At the end of the transaction version and changed_us of these devices are raised. */
void device_touch_at_commit(Db *db, const int64_t *ids, size_t count);

/* --- points --- */

/* Which points of a device there are and what they are called; one of the array `keys` for each
 * found, in no order. */
typedef struct PointKey {
    int64_t device_id, system_type, system_address, component_type, address;
} PointKey;
/* Appends Point (of it: id, address, name, floor, room) for each of `keys` that is stored. */
bool point_find_keys(Db *db,
                     const PointKey *keys,
                     size_t count,
                     GStringChunk *texts,
                     GArray *points,
                     GError **error);
typedef struct PointCount {
    int64_t device_id, n;
} PointCount;
/* Appends PointCount for each of the devices that has points. */
bool point_count_of(
    Db *db, const int64_t *device_ids, size_t count, GArray *counts, GError **error);
/* What a point that was learned meanwhile was called stays where nothing is told. */
bool point_insert_many(
    Db *db, const Point *const *points, size_t count, int64_t now_us, GError **error);
bool point_update_many(Db *db, const Point *const *points, size_t count, GError **error);
