/*
 * The one place where this room meets the alarm centre: open alarms of a region, and how many.
 * Thread: that of the Db.
 */
#pragma once

#include "alarm/alarm.h"

#define OVERVIEW_ALARMS_MAX 500 /* read for one page: an alarm centre never has more open */

typedef struct OpenAlarms {
    GPtrArray *list; /* of Alarm *, urgent first, then the oldest */
    AlarmTally tally;
} OpenAlarms;
void open_alarms_clear(OpenAlarms *alarms);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenAlarms, open_alarms_clear)
bool open_alarms(Ctx *ctx, const char *region, OpenAlarms *ret_alarms, GError **error);

/* Of one district (of today) or building. */
unsigned open_alarms_in_district(Ctx *ctx, const OpenAlarms *alarms, int64_t district);
unsigned open_alarms_in_building(const OpenAlarms *alarms, int64_t building_id);

/* What is known of forces, without names of people: model["shift"] ("08:00 起有人值班" or null),
 * model["checks"] (last answers to duty checks, or null). */
bool forces_put(Ctx *ctx, const char *region, json_t *model, GError **error);

/* model["hours"]: alarms of each of the last 24 hours as bars and as a table: {label, peak, bars,
 * rows, total, grave, has_any}. */
bool hours_put(Ctx *ctx, const char *region, json_t *model, GError **error);

/* {id, href, title, what, class_zh, state_zh, is_fire, began, age, district}: no names of people.
 */
json_t *open_alarm_model(const Alarm *alarm, int64_t now_us);
/* model["alarms"]: the first `limit`; has_alarms, alarm_count, more_alarms. */
void open_alarms_put(json_t *model, const OpenAlarms *alarms, unsigned limit, int64_t now_us);
