/* Words of alarms and what decides without a clock or a table. */
#include "alarm/alarm_law.h"

#include <string.h>

static const char *const classes[ALARM_CLASS_COUNT][3] = {
    [ALARM_FIRE] = {"fire", "火警", "flame"},
    [ALARM_GAS] = {"gas", "可燃气体", "alert-triangle"},
    [ALARM_FAULT] = {"fault", "故障", "tool"},
    [ALARM_SUPERVISE] = {"supervise", "监管和屏蔽", "eye"},
    [ALARM_LIMIT] = {"limit", "数值超限", "droplet"},
    [ALARM_OFFLINE] = {"offline", "失去联系", "circle-dashed"},
};
static const char *const states[ALARM_STATE_COUNT][2] = {
    [ALARM_NEW] = {"new", "待确认"},
    [ALARM_ACKNOWLEDGED] = {"acknowledged", "正在核实"},
    [ALARM_VERIFIED] = {"verified", "已核实"},
    [ALARM_REPORTED] = {"reported", "已报 119"},
    [ALARM_CLOSED] = {"closed", "已办结"},
};
static const char *const results[ALARM_RESULT_COUNT][2] = {
    [ALARM_OPEN] = {"", ""},
    [ALARM_TRUE] = {"true", "属实"},
    [ALARM_FALSE] = {"false", "误报"},
    [ALARM_TEST] = {"test", "试验"},
    [ALARM_DRILL] = {"drill", "演练"},
};
static const char *const acts[ALARM_ACT_COUNT][2] = {
    [ALARM_ACT_ACKNOWLEDGE] = {"acknowledge", "我来处理"},
    [ALARM_ACT_DISPATCH] = {"dispatch", "派人核实"},
    [ALARM_ACT_CONFIRM] = {"confirm", "核实属实"},
    [ALARM_ACT_REPORT] = {"report", "转 119"},
    [ALARM_ACT_FALSE] = {"false", "误报"},
    [ALARM_ACT_TEST] = {"test", "试验"},
    [ALARM_ACT_DRILL] = {"drill", "演练"},
    [ALARM_ACT_CLOSE] = {"close", "办结"},
    [ALARM_ACT_REOPEN] = {"reopen", "重新打开"},
    [ALARM_ACT_NOTE] = {"note", "补充说明"},
};

/* --- words --------------------------------------------------------------------------------------
 */

const char *alarm_class_word(AlarmClass class) {
    return classes[class][0];
}

const char *alarm_class_zh(AlarmClass class) {
    return classes[class][1];
}

const char *alarm_class_icon(AlarmClass class) {
    return classes[class][2];
}

const char *alarm_state_word(AlarmState state) {
    return states[state][0];
}

const char *alarm_state_zh(AlarmState state) {
    return states[state][1];
}

const char *alarm_result_word(AlarmResult result) {
    return results[result][0];
}

const char *alarm_result_zh(AlarmResult result) {
    return results[result][1];
}

const char *alarm_act_word(AlarmAct act) {
    return acts[act][0];
}

const char *alarm_act_zh(AlarmAct act) {
    return acts[act][1];
}

bool alarm_class_parse(const char *word, AlarmClass *ret_class) {
    for (unsigned i = 0; word != NULL && i < ALARM_CLASS_COUNT; i++) {
        if (strcmp(classes[i][0], word) == 0) {
            *ret_class = (AlarmClass)i;
            return true;
        }
    }
    return false;
}

bool alarm_state_parse(const char *word, AlarmState *ret_state) {
    for (unsigned i = 0; word != NULL && i < ALARM_STATE_COUNT; i++) {
        if (strcmp(states[i][0], word) == 0) {
            *ret_state = (AlarmState)i;
            return true;
        }
    }
    return false;
}

bool alarm_result_parse(const char *word, AlarmResult *ret_result) {
    for (unsigned i = 0; word != NULL && i < ALARM_RESULT_COUNT; i++) {
        if (strcmp(results[i][0], word) == 0) {
            *ret_result = (AlarmResult)i;
            return true;
        }
    }
    return false;
}

bool alarm_act_parse(const char *word, AlarmAct *ret_act) {
    for (unsigned i = 0; word != NULL && i < ALARM_ACT_COUNT; i++) {
        if (strcmp(acts[i][0], word) == 0) {
            *ret_act = (AlarmAct)i;
            return true;
        }
    }
    return false;
}

bool alarm_act_fits(AlarmAct act, const Alarm *alarm, bool *ret_needs_note) {
    bool is_unsure = alarm->state == ALARM_NEW || alarm->state == ALARM_ACKNOWLEDGED;
    bool is_urgent = alarm->class == ALARM_FIRE || alarm->class == ALARM_GAS;
    *ret_needs_note = act == ALARM_ACT_FALSE || act == ALARM_ACT_TEST || act == ALARM_ACT_DRILL ||
                      act == ALARM_ACT_CLOSE || act == ALARM_ACT_REOPEN || act == ALARM_ACT_NOTE;
    switch (act) {
    case ALARM_ACT_ACKNOWLEDGE:
        return alarm->state == ALARM_NEW;
    case ALARM_ACT_DISPATCH:
        return alarm->state != ALARM_CLOSED;
    case ALARM_ACT_REPORT: /* once: only a telephone takes it back */
        return is_urgent && (is_unsure || alarm->state == ALARM_VERIFIED);
    case ALARM_ACT_CONFIRM:
    case ALARM_ACT_FALSE:
    case ALARM_ACT_TEST:
    case ALARM_ACT_DRILL:
        return is_unsure;
    case ALARM_ACT_CLOSE:
        return alarm->state == ALARM_VERIFIED || alarm->state == ALARM_REPORTED;
    case ALARM_ACT_REOPEN:
        return alarm->state == ALARM_CLOSED;
    case ALARM_ACT_NOTE:
    case ALARM_ACT_COUNT:
        break;
    }
    return act == ALARM_ACT_NOTE;
}

/* --- what belongs together ----------------------------------------------------------------------
 */

static bool rule_fits(const AlarmRule *rule, const AlarmFacts *facts) {
    if ((rule->edges >> facts->kind & 1u) == 0 || rule->when != facts->is_on) {
        return false;
    }
    for (unsigned i = 0; i < rule->component_count; i++) {
        if (rule->components[i] == facts->component) {
            return true;
        }
    }
    return rule->component_count == 0;
}

const AlarmRule *alarm_rule_of(const AlarmRules *rules, const AlarmFacts *facts) {
    for (unsigned i = 0; i < rules->rule_count; i++) {
        if (rule_fits(&rules->rules[i], facts)) {
            return &rules->rules[i];
        }
    }
    return NULL;
}

const AlarmRule *alarm_rule_named(const AlarmRules *rules, const char *id) {
    for (unsigned i = 0; i < rules->rule_count; i++) {
        if (strcmp(rules->rules[i].id, id) == 0) {
            return &rules->rules[i];
        }
    }
    return NULL;
}

/* A device that is bound to no building is a place of its own. */
char *alarm_merge_key(const AlarmRule *rule, const AlarmFacts *facts) {
    bool has_building = facts->building_id != 0;
    g_autofree char *where = has_building
                                 ? g_strdup_printf("b%" G_GINT64_FORMAT, facts->building_id)
                                 : g_strdup_printf("d%" G_GINT64_FORMAT, facts->device_id);
    switch (rule->near) {
    case ALARM_NEAR_FLOOR:
        return g_strdup_printf("%s|%s|%s", rule->id, where, facts->floor);
    case ALARM_NEAR_BUILDING:
        return g_strdup_printf("%s|%s", rule->id, where);
    case ALARM_NEAR_SYSTEM:
        return g_strdup_printf("%s|d%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT,
                               rule->id,
                               facts->device_id,
                               facts->system);
    case ALARM_NEAR_POINT:
        return g_strdup_printf("%s|d%" G_GINT64_FORMAT "|p%" G_GINT64_FORMAT,
                               rule->id,
                               facts->device_id,
                               facts->point_id);
    case ALARM_NEAR_DEVICE:
        break;
    }
    return g_strdup_printf("%s|d%" G_GINT64_FORMAT, rule->id, facts->device_id);
}

bool alarm_joins(const AlarmRule *rule, int64_t last_us, bool is_confirmed, int64_t now_us) {
    return is_confirmed || now_us - last_us <= rule->within_us;
}

int64_t alarm_ladder_due(const AlarmRule *rule, int64_t arrived_us, int64_t level) {
    if (rule->ladder == NULL || level >= rule->ladder->step_count) {
        return 0;
    }
    return arrived_us + rule->ladder->steps[level].after_s * 1000000;
}
