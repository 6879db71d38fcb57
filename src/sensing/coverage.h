/*
 * Coverage (requirement G4): which high-rises have an active device that was heard within the days
 * that law/ names, by district, week and square of the map.
 *
 * A periodic job counts (coverage_refresh); everything else reads what it left, so that a page
 * costs the same for 100 and for 47,500 high-rises. Districts are those of today: buildings that
 * are still registered in an abolished one count for its successor. Thread: that of the Db;
 * functions without a Db: any.
 */
#pragma once

#include "law/law_coverage.h"
#include "registry/region.h"
#include "sensing/sensing.h"

/* Numbers are stored: never renumber. */
typedef enum CoverageState {
    COVERAGE_NONE,    /* "none": no active device */
    COVERAGE_SILENT,  /* "silent": devices, none of them heard lately */
    COVERAGE_COVERED, /* "covered" */
    COVERAGE_STATE_COUNT,
} CoverageState;
const char *coverage_state_word(CoverageState state);
const char *coverage_state_zh(CoverageState state); /* "没有设备" */
bool coverage_state_parse(const char *word, CoverageState *ret_state);

/* --- pure ---------------------------------------------------------------------------------------
 */

/* The target as it stands for some buildings of one group. */
typedef struct CoverageAim {
    int64_t needed;  /* buildings that must be covered */
    int64_t missing; /* of these, how many are not; 0: met */
    int64_t due_us;
} CoverageAim;

typedef struct CoverageWeek {
    int64_t week_us;
    int64_t buildings, covered, silent;
    int64_t counted_us;
} CoverageWeek;

#define COVERAGE_FORECAST_WEEKS 8 /* the straight line is laid through so many */
#define COVERAGE_FORECAST_LEAST 3 /* fewer say nothing */

typedef enum CoverageOutlook {
    COVERAGE_MET,
    COVERAGE_TOO_EARLY,  /* fewer than COVERAGE_FORECAST_LEAST weeks are known */
    COVERAGE_NOT_AT_ALL, /* it does not grow, or would take more than ten years */
    COVERAGE_IN_TIME,
    COVERAGE_LATE,
} CoverageOutlook;

typedef struct CoverageForecast {
    CoverageOutlook outlook;
    int64_t day_us;     /* when the target would be met; IN_TIME and LATE only */
    double weekly_gain; /* buildings a week, of the straight line */
    unsigned weeks;     /* that it rests on */
} CoverageForecast;

/* Least squares through the last weeks (rising), drawn on from the newest count. */
CoverageForecast coverage_forecast(const CoverageWeek *weeks, size_t count, const CoverageAim *aim);
CoverageAim coverage_aim(const LawCoverageGroup *group, int64_t buildings, int64_t covered);
/* Begin of the week (Monday in Asia/Shanghai) in which the moment lies. */
int64_t coverage_week_begin(int64_t time_us);

/* Squares of the map: about 400 m, and 2 km. A square's number is the same in every district. */
int64_t coverage_cell(double longitude, double latitude);
int64_t coverage_cell_parent(int64_t cell);

/* --- counted ------------------------------------------------------------------------------------
 */

/* Counts all districts anew; several short transactions. */
bool coverage_refresh(Db *db, int64_t now_us, GError **error);

typedef struct CoverageCount {
    int64_t district; /* 500103 */
    int64_t buildings, covered, silent;
    int64_t devices, devices_online, points, points_bad;
    int64_t counted_us; /* 0: never */
} CoverageCount;

/* One line for each counted district that lies inside `scope` (at most district level; a street's
 * scope gives its district's line with the buildings of the street only), by code: GArray of
 * CoverageCount. NULL on error. */
GArray *coverage_counts(Db *db, const char *scope, GError **error);
/* Adds up; counted_us is the oldest. */
CoverageCount coverage_sum(const GArray *counts);

/* The last `limit` weeks of a district, rising; district 0: of all districts inside `scope`
 * together. GArray of CoverageWeek. NULL on error. */
GArray *coverage_weeks(Db *db, const char *scope, int64_t district, unsigned limit, GError **error);

typedef struct CoverageBuilding {
    int64_t id;
    char *name, *address; /* owned */
    char region[REGION_CODE_MAX + 1];
    CoverageState state;
    int64_t devices;
    int64_t heard_us; /* the newest sign of an active device; 0: never */
    bool has_point;
    double longitude, latitude;
} CoverageBuilding;
void coverage_building_clear(CoverageBuilding *building);

typedef struct CoverageQuery {
    const char *scope; /* the reader's region or one inside it; never NULL */
    int state;         /* CoverageState, or -1: all */
    int64_t cell;      /* smaller square, needs a district as scope; -1: anywhere */
    int64_t after_id;  /* 0: from the beginning */
    unsigned limit;
} CoverageQuery;
/* Buildings by id: GArray of CoverageBuilding that clears its elements. NULL on error. */
GArray *coverage_buildings(Db *db, const CoverageQuery *query, GError **error);

typedef struct CoverageCell {
    int64_t cell;
    int64_t buildings, covered, silent;
    int64_t building_id; /* one of them */
    char *name;          /* of that building: tells people where it is; owned */
    double longitude, latitude;
} CoverageCell;
/* Squares of a district, fullest first, at most COVERAGE_CELLS_MAX; `parent` 0: the larger ones,
 * else the smaller ones in it. GArray of CoverageCell that clears its elements. NULL on error. */
#define COVERAGE_CELLS_MAX 400 /* a picture and a table that people can still read */
GArray *coverage_cells(Db *db, int64_t district, int64_t parent, GError **error);

/* The district of today in which a code of a region lies, as a number: its own, or that of its
 * successor. */
int64_t coverage_district_now(Db *db, const char *region, int64_t now_us);

/* When some device was heard last; 0: never. */
bool coverage_last_heard(Db *db, int64_t *ret_us, GError **error);
