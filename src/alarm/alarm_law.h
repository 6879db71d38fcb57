/*
 * alarm-rules.yaml: which changes make an alarm, what belongs to one event, who is told when nobody
 * acts, what becomes a matter; a city's own lines over the national ones (law_overlay.h). Read
 * once, the examples checked then. Thread: any.
 */
#pragma once

#include "alarm/alarm.h"
#include "law/law_overlay.h"

#define ALARM_COMPONENTS_MAX 16
#define ALARM_STEPS_MAX 8

/* Where further points join an open alarm. */
typedef enum AlarmNear {
    ALARM_NEAR_FLOOR,
    ALARM_NEAR_BUILDING,
    ALARM_NEAR_SYSTEM,
    ALARM_NEAR_DEVICE,
    ALARM_NEAR_POINT
} AlarmNear;

typedef struct AlarmLadderStep {
    int64_t after_s;  /* since the alarm arrived */
    const char *to;   /* whom the outbox tells: "shift-leader" */
    const char *name; /* "值班长" */
} AlarmLadderStep;
typedef struct AlarmLadder {
    const char *id;
    AlarmLadderStep steps[ALARM_STEPS_MAX];
    unsigned step_count;
    const char *source_zh; /* as of a rule */
} AlarmLadder;

typedef struct AlarmRule {
    const char *id, *name;
    AlarmClass class;
    uint32_t edges; /* bit set of EdgeKind */
    bool when;      /* the side of the edge that makes it: on, except for "online" */
    int64_t components[ALARM_COMPONENTS_MAX]; /* component types; none: any */
    unsigned component_count;
    AlarmNear near;
    int64_t within_us;
    int64_t priority;
    const AlarmLadder *ladder; /* NULL: nobody else is told */
    const char *source_zh; /* "依据 GB 50440，凭记忆"; of a city "重庆市规定，依据 …，原文" */
} AlarmRule;

typedef struct AlarmMatterRule {
    const char *id, *name;
    AlarmClass class;
    uint32_t edges; /* 0: any */
    AlarmResult result;
    int64_t lasting_us; /* 0: the result counts */
    const char *procedure, *source;
    int64_t days;
    const char *source_zh; /* as of a rule; "凭记忆" where no basis is named */
} AlarmMatterRule;

typedef struct AlarmRules {
    AlarmRule *rules;
    unsigned rule_count;
    AlarmMatterRule *matters;
    unsigned matter_count;
} AlarmRules;
/* Those that hold in a region ("500103"; "": of no region, the national ones). NULL: what is wrong
 * in a file, with line and column, or the example that does not come out. */
const AlarmRules *alarm_rules(const char *region, GError **error);
/* All that differ, national first: list of AlarmRules, constant. NULL as above. */
const GPtrArray *alarm_rules_all(GError **error);
/* The same, with what became of the examples of every file that was read. *ret_ran: constant. */
bool alarm_rules_check(const LawRan **ret_ran, GError **error);

/* What decides about an edge. */
typedef struct AlarmFacts {
    EdgeKind kind;
    bool is_on;
    int64_t component; /* type; -1: a system or the device */
    int64_t system;
    int64_t device_id, point_id, building_id;
    const char *floor;
} AlarmFacts;
/* The first rule that fits; NULL: no alarm. Pure. */
const AlarmRule *alarm_rule_of(const AlarmRules *rules, const AlarmFacts *facts);
/* The rule by id; NULL: it is no longer there. */
const AlarmRule *alarm_rule_named(const AlarmRules *rules, const char *id);
/* Alarms with the same key are at the same place. Caller frees. Pure. */
char *alarm_merge_key(const AlarmRule *rule, const AlarmFacts *facts);
/* May an edge at `now_us` join an open alarm whose last edge came at `last_us`? A confirmed one is
 * joined whenever. Pure. */
bool alarm_joins(const AlarmRule *rule, int64_t last_us, bool is_confirmed, int64_t now_us);
/* When the ladder of the rule is next due for an alarm that has been escalated `level` times; 0:
 * never. Pure. */
int64_t alarm_ladder_due(const AlarmRule *rule, int64_t arrived_us, int64_t level);

/* Is such a file in order, its examples too? `over`: of a city, or NULL. `see` (may be NULL) is
 * shown rules that are. For tests of changed rules. */
typedef void (*AlarmRulesSeen)(const AlarmRules *rules);
bool alarm_rules_try(const char *national, const char *over, AlarmRulesSeen see, GError **error);
