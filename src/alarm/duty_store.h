/* SQL of duty checks and shifts; only the alarm room includes it. Thread: that of the Db. */
#pragma once

#include "alarm/duty.h"

/* The device's keeper has answered: all that wait for it, since it does not say which. */
bool duty_store_answer(Db *db, int64_t device_id, int64_t answered_us, GError **error);
bool duty_store_add(Db *db, const DutyCheck *check, int64_t *ret_id, GError **error);
/* HZ_ERROR_CONFLICT: the shift was handed on meanwhile. */
bool duty_store_offer(Db *db, const DutyShift *shift, GError **error);
bool duty_store_take(Db *db,
                     int64_t shift_id,
                     int64_t account_id,
                     int64_t now_us,
                     int64_t *ret_changed,
                     GError **error);
bool duty_store_begin(Db *db,
                      const char *region,
                      int64_t account_id,
                      int64_t now_us,
                      int64_t *ret_id,
                      GError **error);
