/* Shared by the files that write lists. Thread: that of the Db. */
#pragma once

#include "importer/export.h"

/* Text of a filter word; NULL when it is not asked. */
const char *export_filter(const ExportQuery *query, const char *word);

/* Regions to visit one after the other: the filter, the reader's scope, or every province. */
typedef bool (*RegionWork)(Db *db, const char *region, void *data, GError **error);
bool export_each_region(
    Db *db, const ExportQuery *query, RegionWork work, void *data, GError **error);

extern const ExportList export_matters;
/* export_sensing.c */
extern const ExportList export_devices, export_points, export_faults, export_shields,
    export_maintenance;
