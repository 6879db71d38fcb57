#include "sensing/limit_rules.h"

LimitSide limit_judge(const LimitRule *rule, LimitSide was, int64_t value) {
    if (rule->has_low && value < rule->low + (was == LIMIT_BELOW ? rule->hysteresis : 0)) {
        return LIMIT_BELOW;
    }
    if (rule->has_high && value > rule->high - (was == LIMIT_ABOVE ? rule->hysteresis : 0)) {
        return LIMIT_ABOVE;
    }
    return LIMIT_INSIDE;
}

bool limit_rule_is_sound(const LimitRule *rule) {
    return rule->hysteresis >= 0 &&
           (!rule->has_low || !rule->has_high || rule->low + 2 * rule->hysteresis <= rule->high);
}
