/*
 * When an analog value leaves its limits and when it is back. Pure. Thread: any.
 *
 * A value that trembles around a limit must not write an edge a second, so it counts as back only
 * when it is inside by `hysteresis`. Ingest keeps the side of each point and kind of value; a side
 * that changes is an edge EDGE_LIMIT: on when it is not inside, off when it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LimitSide { LIMIT_INSIDE, LIMIT_BELOW, LIMIT_ABOVE } LimitSide;

/* In least units of the analog type, as they come in frames. */
typedef struct LimitRule {
    bool has_low, has_high;
    int64_t low, high; /* these values themselves are still inside */
    int64_t hysteresis;
} LimitRule;

/* Where `value` stands when it stood at `was` before. LIMIT_INSIDE for a rule without sides. */
LimitSide limit_judge(const LimitRule *rule, LimitSide was, int64_t value);

/* Does a side that changes make an edge? Below to above is one more "on": something else is wrong.
 */
static inline bool limit_is_edge(LimitSide was, LimitSide now) {
    return was != now;
}

/* low <= high, and the hysteresis leaves a range in which the value counts as back. */
bool limit_rule_is_sound(const LimitRule *rule);
