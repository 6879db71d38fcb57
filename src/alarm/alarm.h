/*
 * The alarm centre: one alarm per event, from its arrival until it is closed. Requirement G2.
 *
 * new -> acknowledged -> verified (true, false, test, drill) -> reported to 119 -> closed; each
 * step is appended with person and time. What makes an alarm, what joins it and who is told when
 * nobody acts stands in law/national/alarm-rules.yaml (alarm_law.h). Every writer takes the row
 * alarm_feed first, so that of many operators no two act on one alarm. Thread: that of the Db.
 */
#pragma once

#include "casework/casework.h"
#include "sensing/sensing.h"
#include "web/module.h"

extern const Module alarm_module;

/* The words are those of table `alarm`, JSON, URLs and law/; never renumber. */
typedef enum AlarmClass {
    ALARM_FIRE,
    ALARM_GAS,
    ALARM_FAULT,
    ALARM_SUPERVISE,
    ALARM_LIMIT,
    ALARM_OFFLINE,
    ALARM_CLASS_COUNT
} AlarmClass;
typedef enum AlarmState {
    ALARM_NEW,
    ALARM_ACKNOWLEDGED,
    ALARM_VERIFIED,
    ALARM_REPORTED,
    ALARM_CLOSED,
    ALARM_STATE_COUNT
} AlarmState;
typedef enum AlarmResult {
    ALARM_OPEN, /* "": nobody has looked yet */
    ALARM_TRUE,
    ALARM_FALSE,
    ALARM_TEST,
    ALARM_DRILL,
    ALARM_RESULT_COUNT
} AlarmResult;

const char *alarm_class_word(AlarmClass class);    /* "fire" */
const char *alarm_class_zh(AlarmClass class);      /* "火警" */
const char *alarm_class_icon(AlarmClass class);    /* "flame" */
const char *alarm_state_word(AlarmState state);    /* "new" */
const char *alarm_state_zh(AlarmState state);      /* "待确认" */
const char *alarm_result_word(AlarmResult result); /* "true"; "" */
const char *alarm_result_zh(AlarmResult result);   /* "属实"; "" */
bool alarm_class_parse(const char *word, AlarmClass *ret_class);
bool alarm_state_parse(const char *word, AlarmState *ret_state);
bool alarm_result_parse(const char *word, AlarmResult *ret_result);

typedef struct Alarm {
    int64_t id;
    char *rule;
    AlarmClass class;
    EdgeKind kind; /* of the edge that began it */
    int64_t priority;
    AlarmState state;
    AlarmResult result;
    char *merge_key, *title, *address, *place, *what, *region;
    int64_t district, building_id, unit_id, device_id;
    int64_t began_us, arrived_us, last_us;
    int64_t edges, points, active, restored_us;
    int64_t level, due_us;
    int64_t holder, acknowledged_us, verified_us, reported_us, closed_us;
    int64_t matter_id, version;
} Alarm;
void alarm_clear(Alarm *alarm);
void alarm_free(Alarm *alarm);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alarm, alarm_clear)
/* HZ_ERROR_NOT_FOUND if there is none. */
bool alarm_find(Db *db, int64_t id, Alarm *ret_alarm, GError **error);

/* Follows edges (SensingHook): alarms arrive, points join, come and go; answers to duty checks. */
bool alarm_take_edges(Db *db, const SensingEdge *edges, size_t count, GError **error);

/* --- what people do -----------------------------------------------------------------------------
 */

typedef enum AlarmAct {
    ALARM_ACT_ACKNOWLEDGE, /* "acknowledge" 我来处理 */
    ALARM_ACT_DISPATCH,    /* "dispatch" 派人核实 */
    ALARM_ACT_CONFIRM,     /* "confirm" 核实属实 */
    ALARM_ACT_REPORT,      /* "report" 是火警，转 119; confirms too */
    ALARM_ACT_FALSE,       /* "false": with a reason; closes */
    ALARM_ACT_TEST,        /* "test": closes */
    ALARM_ACT_DRILL,       /* "drill": closes */
    ALARM_ACT_CLOSE,       /* "close": with what was done */
    ALARM_ACT_REOPEN,      /* "reopen": it was closed by mistake; says why */
    ALARM_ACT_NOTE,        /* "note" */
    ALARM_ACT_COUNT
} AlarmAct;
const char *alarm_act_word(AlarmAct act);
const char *alarm_act_zh(AlarmAct act);
bool alarm_act_parse(const char *word, AlarmAct *ret_act);
/* May it be done to an alarm in this state? Pure. *ret_needs_note: a text is wanted. */
bool alarm_act_fits(AlarmAct act, const Alarm *alarm, bool *ret_needs_note);

typedef struct AlarmDoing {
    int64_t alarm_id;
    int64_t version; /* the alarm as the person saw it; a note fits every version */
    AlarmAct act;
    const char *note;  /* "" */
    const char *token; /* of the form, one use: sent twice, it is done once */
    int64_t account_id;
    uint32_t roles; /* bit set of Role */
    int64_t agency_id;
    const char *region;
    int64_t now_us;
} AlarmDoing;
/* In a transaction of its own. CONFLICT: somebody else was faster, and *ret_faster says who and
 * what (caller frees; NULL otherwise). INVALID: the state does not allow it, or the note lacks. */
bool alarm_do(Db *db, const AlarmDoing *doing, char **ret_faster, GError **error);

/* --- lists and figures --------------------------------------------------------------------------
 */

/* What rooms above show: open alarms of a region, urgent first, then the oldest: array of Alarm *;
 * at most limit. */
GPtrArray *alarm_open_list(Db *db, const char *region, unsigned limit, GError **error);
/* How many are new, and how many others are open. */
typedef struct AlarmTally {
    int64_t waiting, verifying, done_today;
} AlarmTally;
bool alarm_tally(
    Db *db, const char *region, int64_t day_begin_us, AlarmTally *ret_tally, GError **error);

#define ALARM_HOURS 24
/* How many alarms of a region arrived in each of the last hours, the running one last. */
typedef struct AlarmHours {
    int64_t begin_us;           /* of the first hour */
    int64_t all[ALARM_HOURS];   /* of every class */
    int64_t grave[ALARM_HOURS]; /* of these, fire and gas */
} AlarmHours;
bool alarm_by_hour(
    Db *db, const char *region, int64_t now_us, AlarmHours *ret_hours, GError **error);

/* How many alarms of a building since then were verified as real and as false (FirecodeAlarms). */
bool alarm_judged(Db *db,
                  int64_t building_id,
                  int64_t since_us,
                  int64_t *ret_real,
                  int64_t *ret_false,
                  GError **error);

/* The alarms of a building, on its page (BuildingSource). */
bool alarm_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error);
/* The alarm that a matter grew out of, beside it (CaseHooks.see_also). */
bool alarm_see_also(
    Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error);

/* --- live ---------------------------------------------------------------------------------------
 */

/* Topic of the live events of a region: event "alarm" {id, state, class, district, step}. Caller
 * frees. Devices that are bound to nothing are told to provinces and cities. */
char *alarm_topic(const char *region);
/* Something was written: the service looks at once. A hint; thread: any. */
void alarm_hint(void);

/* Escalates, tells listeners, sends what waits in the outbox; two threads with a Db each. */
typedef struct AlarmService AlarmService;
AlarmService *alarm_service_start(const char *db_url, WebServer *server);
void alarm_service_stop(AlarmService *service);
