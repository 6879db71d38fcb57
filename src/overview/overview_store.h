/* The days of the dashboard. Thread: that of the Db. */
#pragma once

#include "sensing/coverage.h"

typedef struct OverviewDay {
    int64_t day_us;
    int64_t buildings, covered, devices, devices_online, points_bad;
} OverviewDay;

/* Begin of the day in Asia/Shanghai. */
int64_t overview_day_begin(int64_t time_us);
/* Writes today's line of each district; in the caller's transaction. */
bool overview_store_days(Db *db, const GArray *counts, int64_t now_us, GError **error);
/* The last `limit` days of all districts in [from, to] together, rising: array of OverviewDay. */
GArray *overview_store_read(
    Db *db, int64_t from_district, int64_t to_district, unsigned limit, GError **error);

/* Buildings of a smaller square of the map whose code has this colour (RiskGrade; 0: no code). */
typedef struct OverviewCellCodes {
    int64_t cell, buildings;
    unsigned colour;
} OverviewCellCodes;
/* Of a district: array of OverviewCellCodes. NULL on error. */
GArray *overview_store_cell_codes(Db *db, int64_t district, GError **error);
/* Buildings of one smaller square that have a code: id -> RiskGrade. NULL on error. */
GHashTable *overview_store_building_codes(Db *db, int64_t district, int64_t cell, GError **error);
