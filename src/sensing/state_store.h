/* SQL of what is wrong now, for the pages of this room. Thread: that of the Db. */
#pragma once

#include "sensing/sensing_state.h"

typedef struct StateCounts {
    int64_t devices, online; /* registered */
} StateCounts;
bool state_store_counts(Db *db, const char *region, StateCounts *ret_counts, GError **error);

typedef struct StateBuilding {
    int64_t id;
    const char *name, *region;
    int64_t fire, fault, shield; /* points */
    int64_t since_us;
} StateBuilding;
/* Buildings of a region with points in fire, fault or shielded: appends StateBuilding. */
bool state_store_bad_buildings(Db *db,
                               const char *region,
                               unsigned limit,
                               GStringChunk *texts,
                               GArray *buildings,
                               GError **error);

typedef struct StateDistrict {
    int64_t district, fire, fault, shield;
} StateDistrict;
/* The same by district: appends StateDistrict. */
bool state_store_bad_districts(Db *db, const char *region, GArray *districts, GError **error);
