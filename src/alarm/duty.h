/*
 * Duty checks (查岗): is somebody in the control room? And the shift of the alarm centre itself,
 * which ends when the next has confirmed. Thread: that of the Db.
 */
#pragma once

#include "sensing/sensing.h"
#include "store/store.h"

typedef struct DutyCheck {
    int64_t id, command_id, device_id, building_id, district, account_id;
    char *name, *region;
    char *command_state, *failure; /* of the gateway: queued, sent, confirmed, answered, failed */
    int64_t asked_us, due_us, answered_us; /* answered 0: not yet */
} DutyCheck;
void duty_check_free(DutyCheck *check);

typedef struct DutyQuery {
    const char *region;
    int64_t device_id; /* 0: all */
    int64_t building_id;
    int64_t before_id; /* page; 0: from the newest */
    unsigned limit;
} DutyQuery;
/* Newest first: array of DutyCheck *. */
GPtrArray *duty_checks(Db *db, const DutyQuery *query, GError **error);

/* A device that can be asked: of the national protocol, registered, in the region. */
typedef struct DutyDevice {
    int64_t id, building_id, district;
    char *name, *building, *place, *region; /* building "": bound to none */
    bool is_online;
} DutyDevice;
void duty_device_free(DutyDevice *device);
/* Whose name, place or building has these words (NULL: all), by id, after `after_id`: array of
 * DutyDevice
 * *. */
GPtrArray *duty_devices(Db *db,
                        const char *region,
                        const char *words,
                        int64_t after_id,
                        unsigned limit,
                        GError **error);
/* NULL without error: none in that region. */
DutyDevice *duty_device(Db *db, const char *region, int64_t id, GError **error);

typedef struct DutyAsking {
    int64_t device_id, minutes, account_id, now_us;
    const char *region;
} DutyAsking;
/* Queues the command and remembers who asked, with a ledger entry, in a transaction of its own.
 * NOT_FOUND: no such device in the region. */
bool duty_ask(Db *db, const DutyAsking *asking, int64_t *ret_id, GError **error);

/* --- shifts --- */

typedef struct DutyShift {
    int64_t id, account_id, begun_us, open_alarms, offered_us, taken_us, taken_by;
    char *region, *note;
} DutyShift;
void duty_shift_free(DutyShift *shift);
/* The newest ones of a region, newest first: array of DutyShift *. */
GPtrArray *duty_shifts(Db *db, const char *region, unsigned limit, GError **error);
/* Somebody begins where nobody is on duty, offers the running shift with a note (again: another
 * note), keeps it after all, takes an offered one, or relieves somebody who has not offered and
 * says why; each with a ledger entry in a transaction of its own. CONFLICT: somebody else was
 * faster; DENIED: one cannot take over from oneself, and only who is on duty offers and keeps. */
typedef struct DutyTurn {
    const char *region;
    int64_t account_id, now_us;
    int64_t shift_id; /* as the person saw it; 0: nobody was on duty */
    const char *note;
} DutyTurn;
bool duty_begin(Db *db, const DutyTurn *turn, GError **error);
bool duty_offer(Db *db, const DutyTurn *turn, GError **error);
bool duty_keep(Db *db, const DutyTurn *turn, GError **error);
bool duty_take(Db *db, const DutyTurn *turn, GError **error);
bool duty_relieve(Db *db, const DutyTurn *turn, GError **error);
