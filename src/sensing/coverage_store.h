/* What the two files of SQL about coverage share. Thread: any (pure). */
#pragma once

#include "sensing/coverage.h"

/* "500103001" as [500103001000, 500103001999]. */
typedef struct CoverageRange {
    int64_t from, to;
} CoverageRange;
CoverageRange coverage_region_range(const char *region);
/* "50" as the districts [500000, 509999]. */
CoverageRange coverage_district_range(const char *region);
