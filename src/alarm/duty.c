#include "alarm/duty.h"

#include "alarm/alarm_store.h"
#include "alarm/duty_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/building.h"

#include <string.h>

#define MINUTE_US (60 * CLOCK_SECOND_US)

static bool append(Db *db,
                   const char *type,
                   const char *object,
                   int64_t account_id,
                   int64_t now_us,
                   const json_t *payload,
                   GError **error) {
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, account_id);
    LedgerEntry entry = {now_us, type, actor, object, payload};
    return ledger_append(db, &entry, NULL, error);
}

/* --- checks -------------------------------------------------------------------------------------
 */

typedef struct Asking {
    const DutyAsking *asking;
    int64_t id;
} Asking;

static char *name_of(Db *db, const DutyDevice *device) {
    g_auto(Building) building = {0};
    if (device->building_id != 0 && building_find(db, device->building_id, &building, NULL)) {
        return g_strdup(building.name);
    }
    return g_strdup(device->name);
}

static bool ask_work(Db *db, void *data, GError **error) {
    Asking *work = data;
    const DutyAsking *asking = work->asking;
    g_autoptr(GError) problem = NULL;
    DutyDevice *device = duty_device(db, asking->region, asking->device_id, &problem);
    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (device == NULL) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "no such device in the region");
    }
    DutyCheck check = {.device_id = device->id,
                       .building_id = device->building_id,
                       .district = device->district,
                       .region = device->region,
                       .name = name_of(db, device),
                       .account_id = asking->account_id,
                       .asked_us = asking->now_us,
                       .due_us = asking->now_us + asking->minutes * MINUTE_US};
    SensingCommand command = {.kind = SENSING_DUTY_CHECK,
                              .device_id = device->id,
                              .minutes = asking->minutes,
                              .account_id = asking->account_id};
    /* the command leaves its own entry "device.command" with who asked whom */
    bool good = sensing_command_add(db, &command, asking->now_us, &check.command_id, error) &&
                duty_store_add(db, &check, &work->id, error);
    g_free(check.name);
    duty_device_free(device);
    return good;
}

bool duty_ask(Db *db, const DutyAsking *asking, int64_t *ret_id, GError **error) {
    Asking work = {.asking = asking};
    if (!db_run_tx(db, ask_work, &work, error)) {
        return false;
    }
    *ret_id = work.id;
    return true;
}

/* --- shifts -------------------------------------------------------------------------------------
 */

/* The newest shift of the region; NULL in *ret_shift: there was none yet. Locks first, so that two
 * do not begin at once. */
static bool newest(Db *db, const char *region, DutyShift **ret_shift, GError **error) {
    int64_t head = 0;
    if (!alarm_store_lock(db, &head, error)) {
        return false;
    }
    g_autoptr(GPtrArray) shifts = duty_shifts(db, region, 1, error);
    if (shifts == NULL) {
        return false;
    }
    *ret_shift = shifts->len > 0 ? g_ptr_array_steal_index(shifts, 0) : NULL;
    return true;
}

static bool
append_shift(Db *db, const DutyTurn *turn, int64_t id, const char *what, GError **error) {
    g_autofree char *object = g_strdup_printf("shift:%" G_GINT64_FORMAT, id);
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "what", what);
    json_put_text(payload, "region", turn->region);
    json_put_text(payload, "note", turn->note);
    return append(db, "duty.shift", object, turn->account_id, turn->now_us, payload, error);
}

static bool begin_shift(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    int64_t id = 0;
    if (last != NULL) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "somebody is on duty");
    }
    return duty_store_begin(db, turn->region, turn->account_id, turn->now_us, &id, error) &&
           append_shift(db, turn, id, "begin", error);
}

/* The running shift as this person saw it, and theirs. */
static bool is_own(const DutyTurn *turn, const DutyShift *last, GError **error) {
    if (last == NULL || last->id != turn->shift_id) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the shift was handed on");
    }
    return last->account_id == turn->account_id ||
           hz_fail(error, HZ_ERROR_DENIED, "somebody else is on duty");
}

/* The note and what is open now are what the next one reads. */
static bool leave_word(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    AlarmTally tally = {0};
    if (!alarm_tally(db, turn->region, turn->now_us, &tally, error)) {
        return false;
    }
    g_free(last->note);
    last->note = g_strdup(turn->note);
    last->open_alarms = tally.waiting + tally.verifying;
    last->offered_us = turn->now_us;
    return duty_store_offer(db, last, error);
}

static bool offer_shift(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    return is_own(turn, last, error) && leave_word(db, turn, last, error) &&
           append_shift(db, turn, last->id, "offer", error);
}

static bool keep_shift(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    if (!is_own(turn, last, error)) {
        return false;
    }
    g_free(last->note);
    last->note = g_strdup("");
    last->open_alarms = last->offered_us = 0;
    return duty_store_offer(db, last, error) && append_shift(db, turn, last->id, "keep", error);
}

static bool
hand_on(Db *db, const DutyTurn *turn, const DutyShift *last, const char *what, GError **error) {
    int64_t changed = 0;
    int64_t id = 0;
    if (!duty_store_take(db, last->id, turn->account_id, turn->now_us, &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the shift was handed on");
    }
    return duty_store_begin(db, turn->region, turn->account_id, turn->now_us, &id, error) &&
           append_shift(db, turn, last->id, what, error);
}

/* Somebody else's shift as this person saw it, offered or not. */
static bool
is_others(const DutyTurn *turn, const DutyShift *last, bool is_offered, GError **error) {
    if (last == NULL || last->id != turn->shift_id || (last->offered_us != 0) != is_offered) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the shift was handed on");
    }
    return last->account_id != turn->account_id ||
           hz_fail(error, HZ_ERROR_DENIED, "one cannot take over from oneself");
}

static bool take_shift(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    return is_others(turn, last, true, error) && hand_on(db, turn, last, "take", error);
}

static bool relieve_shift(Db *db, const DutyTurn *turn, DutyShift *last, GError **error) {
    return is_others(turn, last, false, error) && leave_word(db, turn, last, error) &&
           hand_on(db, turn, last, "relieve", error);
}

/* What happens to the running shift of a region. */
typedef struct Turning {
    const DutyTurn *turn;
    bool (*run)(Db *db, const DutyTurn *turn, DutyShift *last, GError **error);
} Turning;

static bool turn_work(Db *db, void *data, GError **error) {
    const Turning *turning = data;
    DutyShift *last = NULL;
    bool good = newest(db, turning->turn->region, &last, error) &&
                turning->run(db, turning->turn, last, error);
    duty_shift_free(last);
    return good;
}

bool duty_begin(Db *db, const DutyTurn *turn, GError **error) {
    Turning turning = {turn, begin_shift};
    return db_run_tx(db, turn_work, &turning, error);
}

bool duty_offer(Db *db, const DutyTurn *turn, GError **error) {
    Turning turning = {turn, offer_shift};
    return db_run_tx(db, turn_work, &turning, error);
}

bool duty_keep(Db *db, const DutyTurn *turn, GError **error) {
    Turning turning = {turn, keep_shift};
    return db_run_tx(db, turn_work, &turning, error);
}

bool duty_take(Db *db, const DutyTurn *turn, GError **error) {
    Turning turning = {turn, take_shift};
    return db_run_tx(db, turn_work, &turning, error);
}

bool duty_relieve(Db *db, const DutyTurn *turn, GError **error) {
    Turning turning = {turn, relieve_shift};
    return db_run_tx(db, turn_work, &turning, error);
}
