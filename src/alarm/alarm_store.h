/* SQL of the alarm room; only its own files include this. Thread: that of the Db. */
#pragma once

#include "alarm/alarm.h"
#include "alarm/alarm_lists.h"

/* Takes the row that all writers of alarms take first; *ret_head is the newest step. */
bool alarm_store_lock(Db *db, int64_t *ret_head, GError **error);
bool alarm_store_head(Db *db, int64_t *ret_head, GError **error);

/* id is filled in. */
bool alarm_store_add(Db *db, Alarm *alarm, GError **error);
/* Everything but what it was born with. */
bool alarm_store_update(Db *db, const Alarm *alarm, GError **error);
/* The newest open alarm at that place; id 0: none. */
bool alarm_store_near(Db *db, const char *merge_key, Alarm *ret_alarm, GError **error);
/* The newest open alarm of this kind anywhere in the building; id 0: none. */
bool alarm_store_inside(
    Db *db, int64_t building_id, EdgeKind kind, Alarm *ret_alarm, GError **error);
/* Now it is known where it is: what `alarm` says of key, title, place and what. */
bool alarm_store_locate(Db *db, const Alarm *alarm, GError **error);

/* What the library of points says; component -1 and "" for a device. */
typedef struct AlarmPlace {
    int64_t system, component;
    char *floor;
} AlarmPlace;
bool alarm_store_place(Db *db, int64_t point_id, AlarmPlace *ret_place, GError **error);
/* One more edge of a point in an alarm; *ret_was_there: it was in it before; *ret_was_on: and held.
 */
bool alarm_store_point(Db *db,
                       int64_t alarm_id,
                       const SensingEdge *edge,
                       bool *ret_was_there,
                       bool *ret_was_on,
                       GError **error);
/* The state of a point is over: ids of the alarms where it held (array of int64_t). */
GArray *alarm_store_point_off(Db *db, const SensingEdge *edge, GError **error);

/* Appends a step with the next number. *ret_seq may be NULL. */
bool alarm_store_step(Db *db, const AlarmStep *step, int64_t *ret_seq, GError **error);
bool alarm_store_leaf(Db *db, int64_t seq, int64_t leaf, GError **error);
/* Was a form with this token taken, by this account, for this alarm? */
bool alarm_store_token(Db *db,
                       const char *token,
                       int64_t alarm_id,
                       int64_t account_id,
                       bool *ret_taken,
                       GError **error);
/* Alarms whose ladder is due: array of int64_t. */
GArray *alarm_store_due(Db *db, int64_t now_us, unsigned limit, GError **error);
/* Alarms of a class that have lasted since before that moment and led to no matter: array of
 * int64_t. `kind` NULL: any. */
GArray *alarm_store_lasting(
    Db *db, AlarmClass class, int64_t before_us, int64_t after_id, unsigned limit, GError **error);
