/*
 * Buildings, with the high-rise class computed from law/national/building-height.yaml.
 * Thread: that of the Db.
 */
#pragma once

#include "registry/change.h"
#include "registry/intake.h"
#include "registry/registry.h"

typedef enum HeightClass { HEIGHT_UNKNOWN, HEIGHT_LOW, HEIGHT_HIGH, HEIGHT_SUPER } HeightClass;
const char *height_class_name_zh(HeightClass height_class); /* "高层" */

typedef struct Building {
    int64_t id;
    const char *source, *source_id;
    const char *name, *address; /* name may be the address */
    const char *region;
    int64_t district;
    int category;
    double height_m, area_m2;           /* 0: not told */
    int64_t floors_above, floors_below; /* 0: not told */
    int64_t built_year;                 /* 0: not told */
    HeightClass height_class;
    RiskGrade risk;
    CreditGrade credit;
    bool is_key;
    bool has_point;
    double longitude, latitude;
    int64_t last_inspected_us;
    int64_t version, created_us, changed_us;
    GStringChunk *texts; /* owns the texts; NULL when they are borrowed */
} Building;
void building_clear(Building *building);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Building, building_clear)

/* False only when the data file cannot be read. */
bool building_judge_height(const Building *building, HeightClass *ret_class, GError **error);

/* The rule behind a high-rise class as a sentence with its source and confidence; NULL for other
 * classes. Caller frees. */
char *building_height_reason(const Building *building);

/* HZ_ERROR_NOT_FOUND if there is none. */
bool building_find(Db *db, int64_t id, Building *ret_building, GError **error);
/* Degrees, as they were registered or as a browser told them: no datum is known of either. */
typedef struct MapPoint {
    double longitude, latitude;
} MapPoint;
/* False unless both are numbers of degrees in range, "106.5516" and "29.563". */
bool map_point_parse(const char *longitude, const char *latitude, MapPoint *ret_point);

typedef struct NearBuilding {
    int64_t id;
    double metres;
} NearBuilding;
/* Buildings whose registered point lies within `metres` (at most 2 km) of the given one, nearest
 * first, at most `limit`: array of NearBuilding. */
GArray *building_near(Db *db, const MapPoint *point, double metres, unsigned limit, GError **error);

/* The building was inspected: moves last_inspected_us forward, never back. */
bool building_note_inspected(Db *db, int64_t id, int64_t inspected_us, GError **error);

/* Writes new buildings together; their ids are filled in. Row, search index, height class, history.
 */
bool building_add(
    Db *db, Building *const *buildings, size_t count, const WriteOptions *options, GError **error);
/* The same for a changed one. CONFLICT when the row's version is not old->version. */
bool building_change(
    Db *db, const Building *old, Building *now, const WriteOptions *options, GError **error);
