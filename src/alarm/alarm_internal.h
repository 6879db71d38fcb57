/* Between the files of the alarm room. Thread: that of the Db. */
#pragma once

#include "alarm/alarm.h"
#include "alarm/alarm_lists.h"
#include "casework/casework.h"

#define ALARM_DUE_AT_ONCE 100 /* escalated in one look; the next look takes the rest */

/* Appends a step with its ledger entry of `type`, in the caller's transaction. */
bool alarm_append_step(
    Db *db, const AlarmStep *step, const char *type, const Alarm *alarm, GError **error);
/* Tells the next person of every ladder that is due; each alarm in a transaction of its own. */
bool alarm_escalate(Db *db, int64_t now_us, int64_t *ret_count, GError **error);
/* Opens the matter that law/ asks for after a result, in the caller's transaction, and links both
 * ways; nothing when no rule fits. A refusal by law/ leaves a step that says so. Sets matter_id. */
bool alarm_open_matter(Db *db, Alarm *alarm, const CaseActor *actor, GError **error);
/* Opens matters for states that last longer than law/ lets them; each in a transaction of its own.
 */
bool alarm_open_lasting(Db *db, int64_t now_us, int64_t *ret_count, GError **error);
/* "程野"; "系统" for nobody. Caller frees. */
char *alarm_account_name(Db *db, int64_t account_id);
