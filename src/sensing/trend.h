/*
 * A series as a picture: equal steps of time with minimum, maximum and mean, and the drawing's own
 * numbers. Pure. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "sensing/limit_rules.h"

/* One step of the picture; n 0: nothing was told. */
typedef struct TrendStep {
    int64_t begin_us;
    int64_t n, low, high;
    double mean;
} TrendStep;

#define TREND_WIDTH 720 /* of the drawing, in its own units */
#define TREND_HEIGHT 200

/* Adds a value to its step: `steps` begin at from_us and are step_us long. Outside: ignored. */
void trend_add(TrendStep *steps,
               size_t count,
               int64_t from_us,
               int64_t step_us,
               int64_t time_us,
               int64_t value);

/* {"lines": [points of a polyline …], "bands": [{x, y, width, height}], "low_y", "high_y" (null
 * without such a limit), "top", "bottom" (values at the edges, least units), "has_data"}. Gaps
 * break the line. `rule` may be NULL. */
json_t *trend_draw(const TrendStep *steps, size_t count, const LimitRule *rule);
