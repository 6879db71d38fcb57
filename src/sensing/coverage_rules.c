/* What coverage means, without a database: words, targets, forecast, squares of the map. */
#include "sensing/coverage.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

#define WEEK_US (7 * CLOCK_DAY_US)
#define SHANGHAI_US (INT64_C(8) * 3600 * CLOCK_SECOND_US)
#define MONDAY_US (4 * CLOCK_DAY_US) /* 1970-01-05 was one */
#define FORECAST_WEEKS_MAX 520.0     /* further away a straight line means nothing */

/* 0.004 degrees are 445 m to the north and 390 m to the east at 29.5 degrees; five of them a side
 * make the larger square. */
#define CELL_DEGREES 0.004
#define CELL_SIDE 5
#define CELL_ROW 1000000 /* more columns than there are around the earth */

static const struct {
    const char *word, *name_zh;
} states[COVERAGE_STATE_COUNT] = {
    {"none", "没有设备"},
    {"silent", "有设备，没有消息"},
    {"covered", "已接入"},
};

const char *coverage_state_word(CoverageState state) {
    g_assert((unsigned)state < COVERAGE_STATE_COUNT);
    return states[state].word;
}

const char *coverage_state_zh(CoverageState state) {
    g_assert((unsigned)state < COVERAGE_STATE_COUNT);
    return states[state].name_zh;
}

bool coverage_state_parse(const char *word, CoverageState *ret_state) {
    for (unsigned i = 0; word != NULL && i < COVERAGE_STATE_COUNT; i++) {
        if (strcmp(states[i].word, word) == 0) {
            *ret_state = (CoverageState)i;
            return true;
        }
    }
    return false;
}

CoverageAim coverage_aim(const LawCoverageGroup *group, int64_t buildings, int64_t covered) {
    int64_t needed = law_coverage_needed(group, buildings);
    return (CoverageAim){
        .needed = needed, .missing = MAX(needed - covered, 0), .due_us = group->due_us};
}

int64_t coverage_week_begin(int64_t time_us) {
    int64_t local = time_us + SHANGHAI_US - MONDAY_US;
    int64_t week = local / WEEK_US - (local % WEEK_US < 0 ? 1 : 0);
    return week * WEEK_US + MONDAY_US - SHANGHAI_US;
}

/* Buildings a week. Weeks that were not counted leave a gap, no zero. */
static double slope(const CoverageWeek *weeks, size_t count) {
    double mean_x = 0;
    double mean_y = 0;
    double over = 0;
    double under = 0;
    for (size_t i = 0; i < count; i++) {
        mean_x += (double)(weeks[i].week_us - weeks[0].week_us) / (double)WEEK_US;
        mean_y += (double)weeks[i].covered;
    }
    mean_x /= (double)count;
    mean_y /= (double)count;
    for (size_t i = 0; i < count; i++) {
        double x = (double)(weeks[i].week_us - weeks[0].week_us) / (double)WEEK_US - mean_x;
        over += x * ((double)weeks[i].covered - mean_y);
        under += x * x;
    }
    return under > 0 ? over / under : 0;
}

CoverageForecast
coverage_forecast(const CoverageWeek *weeks, size_t count, const CoverageAim *aim) {
    size_t used = MIN(count, COVERAGE_FORECAST_WEEKS);
    CoverageForecast forecast = {.outlook = COVERAGE_MET, .weeks = (unsigned)used};
    if (used >= COVERAGE_FORECAST_LEAST) {
        forecast.weekly_gain = slope(weeks + count - used, used);
    }
    if (aim->missing == 0) {
        return forecast;
    }
    if (used < COVERAGE_FORECAST_LEAST) {
        forecast.outlook = COVERAGE_TOO_EARLY;
        return forecast;
    }
    double left = forecast.weekly_gain > 0 ? (double)aim->missing / forecast.weekly_gain : INFINITY;
    if (left > FORECAST_WEEKS_MAX) {
        forecast.outlook = COVERAGE_NOT_AT_ALL;
        return forecast;
    }
    forecast.day_us = weeks[count - 1].counted_us + (int64_t)(left * (double)WEEK_US);
    forecast.outlook = forecast.day_us < aim->due_us ? COVERAGE_IN_TIME : COVERAGE_LATE;
    return forecast;
}

static int64_t cell_of(int64_t row, int64_t column) {
    return row * CELL_ROW + column;
}

int64_t coverage_cell(double longitude, double latitude) {
    return cell_of((int64_t)floor((latitude + 90) / CELL_DEGREES),
                   (int64_t)floor((longitude + 180) / CELL_DEGREES));
}

int64_t coverage_cell_parent(int64_t cell) {
    return cell_of(cell / CELL_ROW / CELL_SIDE, cell % CELL_ROW / CELL_SIDE);
}

CoverageCount coverage_sum(const GArray *counts) {
    CoverageCount sum = {.district = 0};
    for (guint i = 0; i < counts->len; i++) {
        const CoverageCount *one = &g_array_index(counts, CoverageCount, i);
        sum.buildings += one->buildings;
        sum.covered += one->covered;
        sum.silent += one->silent;
        sum.devices += one->devices;
        sum.devices_online += one->devices_online;
        sum.points += one->points;
        sum.points_bad += one->points_bad;
        sum.counted_us =
            sum.counted_us == 0 ? one->counted_us : MIN(sum.counted_us, one->counted_us);
    }
    return sum;
}
