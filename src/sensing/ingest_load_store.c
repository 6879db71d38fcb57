/* Reads devices and points into memory. */
#include "base/clock.h"
#include "sensing/ingest_internal.h"

#include <string.h>

/* A change is dated when its request began and seen when it commits: so much later at most. */
#define COMMIT_LAG_US (15 * CLOCK_SECOND_US)

#define DEVICE_COLUMNS                                                                             \
    "SELECT protocol, code, id, version, profile, name, state, region, district, building_id, "    \
    "unit_id, place, is_online, seen_us, state_bits, silent_after_s, changed_us FROM device "
#define POINT_COLUMNS                                                                              \
    "SELECT d.protocol, d.code, p.id, p.system_type, p.system_address, p.component_type, "         \
    "p.address, p.state_bits, p.state_us FROM point p JOIN device d ON d.id = p.device_id "

static void replace(char **text, const char *with) {
    g_free(*text);
    *text = g_strdup(with == NULL ? "" : with);
}

static DeviceStanding standing_of(const char *state) {
    return g_strcmp0(state, "active") == 0    ? DEVICE_ACTIVE
           : g_strcmp0(state, "retired") == 0 ? DEVICE_RETIRED
                                              : DEVICE_LEARNING;
}

static void count_learned(IngestState *state, DeviceStanding was, DeviceStanding now) {
    state->learned += (now == DEVICE_LEARNING) - (was == DEVICE_LEARNING);
}

static void
read_device(IngestState *state, IngestDevice *device, const DbRows *rows, int64_t silent_after_us) {
    DeviceStanding standing = standing_of(db_rows_text(rows, 6));
    count_learned(state, device->id == 0 ? DEVICE_ACTIVE : device->standing, standing);
    device->id = db_rows_int(rows, 2);
    device->version = db_rows_int(rows, 3);
    const Gb26875Profile *profile = gb26875_profile(db_rows_text(rows, 4));
    device->profile = profile != NULL ? profile : gb26875_profile("standard");
    replace(&device->name, db_rows_text(rows, 5));
    device->standing = standing;
    replace(&device->region, db_rows_text(rows, 7));
    device->district = db_rows_int(rows, 8);
    device->building_id = db_rows_int(rows, 9);
    device->unit_id = db_rows_int(rows, 10);
    replace(&device->place, db_rows_text(rows, 11));
    device->is_online = db_rows_int(rows, 12) != 0;
    device->stored_seen_us = db_rows_int(rows, 13);
    device->bits = (uint16_t)db_rows_int(rows, 14);
    int64_t silent_s = db_rows_int(rows, 15);
    device->silent_after_us = silent_s > 0 ? silent_s * CLOCK_SECOND_US : silent_after_us;
    device->is_stale = false;
    state->changed_us = MAX(state->changed_us, db_rows_int(rows, 16));
}

static IngestDevice *device_of(IngestState *state, const DbRows *rows) {
    const char *protocol = db_rows_text(rows, 0);
    const char *code = db_rows_text(rows, 1);
    IngestDevice *device = ingest_state_find(state, protocol, code);
    return device != NULL ? device : ingest_state_add(state, protocol, code);
}

static void read_point(IngestDevice *device, const DbRows *rows) {
    IngestPoint *point = g_new0(IngestPoint, 1);
    point->id = db_rows_int(rows, 2);
    point->system_type = (uint8_t)db_rows_int(rows, 3);
    point->system_address = (uint8_t)db_rows_int(rows, 4);
    point->component_type = (int16_t)db_rows_int(rows, 5);
    point->address = (uint32_t)db_rows_int(rows, 6);
    point->bits = (uint16_t)db_rows_int(rows, 7);
    point->state_us = db_rows_int(rows, 8);
    ingest_point_add(device, point);
}

static bool read_points(IngestState *state, DbRows *rows, GError **error) {
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestDevice *device =
            ingest_state_find(state, db_rows_text(rows, 0), db_rows_text(rows, 1));
        if (device != NULL) { /* else it was registered between the two statements */
            read_point(device, rows);
        }
    }
    return db_rows_done(rows, error);
}

/* Silence counts from now on, since nobody listened meanwhile; when a device was heard last stays
 * what it is. */
bool ingest_load(Db *db, IngestState *state, int64_t silent_after_us, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, SQL(DEVICE_COLUMNS "ORDER BY id"), DB_NO_ARGS, error);
    if (rows == NULL) {
        return false;
    }
    state->listening_us = clock_now_us();
    while (db_rows_next(rows)) {
        IngestDevice *device = device_of(state, rows);
        read_device(state, device, rows, silent_after_us);
        device->seen_us = device->stored_seen_us;
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    g_autoptr(DbRows) points =
        db_query(db,
                 SQL(POINT_COLUMNS "ORDER BY p.device_id, p.system_type, p.system_address, "
                                   "p.component_type, p.address"),
                 DB_NO_ARGS,
                 error);
    return read_points(state, points, error) && ingest_load_sides(db, state, NULL, error);
}

static bool load_points(Db *db, IngestState *state, IngestDevice *device, GError **error) {
    ingest_device_clear_points(device);
    g_autoptr(DbRows) points =
        db_query(db,
                 SQL(POINT_COLUMNS "WHERE p.device_id = $1 ORDER BY p.system_type, "
                                   "p.system_address, p.component_type, p.address"),
                 DB_ARGS(db_int(device->id)),
                 error);
    return read_points(state, points, error) && ingest_load_sides(db, state, device, error);
}

bool ingest_load_one(Db *db,
                     IngestState *state,
                     const char *protocol,
                     const char *code,
                     int64_t silent_after_us,
                     IngestDevice **ret_device,
                     GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL(DEVICE_COLUMNS "WHERE protocol = $1 AND code = $2"),
                                      DB_ARGS(db_text(protocol), db_text(code)),
                                      error);
    *ret_device = NULL;
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    IngestDevice *device = device_of(state, rows);
    read_device(state, device, rows, silent_after_us);
    g_clear_pointer(&rows, db_rows_free);
    /* What is in memory may be of messages that were given up. */
    memset(device->recent, 0, sizeof device->recent);
    device->last_key = 0;
    device->seen_us = device->stored_seen_us;
    *ret_device = device;
    return load_points(db, state, device, error);
}

bool ingest_load_changed(
    Db *db, IngestState *state, int64_t now_us, int64_t silent_after_us, GError **error) {
    int64_t since_us = MIN(state->changed_us, now_us) - COMMIT_LAG_US;
    g_autoptr(DbRows) rows = db_query(
        db, SQL(DEVICE_COLUMNS "WHERE changed_us >= $1"), DB_ARGS(db_int(since_us)), error);
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestDevice *device = device_of(state, rows);
        if (device->id == 0 || device->version != db_rows_int(rows, 3)) {
            bool was_online = device->is_online;
            read_device(state, device, rows, silent_after_us);
            device->is_online = device->id == 0 ? device->is_online : was_online;
            g_ptr_array_add(changed, device);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    for (guint i = 0; i < changed->len; i++) {
        if (!load_points(db, state, changed->pdata[i], error)) {
            ((IngestDevice *)changed->pdata[i])->is_stale = true;
            return false;
        }
    }
    return true;
}

/* --- sides of analog values ---------------------------------------------------------------------
 */

static IngestPoint *point_by_id(const IngestDevice *device, int64_t id) {
    for (guint i = 0; i < device->points->len; i++) {
        IngestPoint *point = device->points->pdata[i];
        if (point->id == id) {
            return point;
        }
    }
    return NULL;
}

#define SIDE_COLUMNS                                                                               \
    "SELECT d.protocol, d.code, s.point_id, s.analog_type, s.side FROM point_side s "              \
    "JOIN point p ON p.id = s.point_id JOIN device d ON d.id = p.device_id "

#define LIMIT_COLUMNS                                                                              \
    "SELECT d.protocol, d.code, l.point_id, l.analog_type, l.low, l.high, l.hysteresis "           \
    "FROM point_limit l JOIN point p ON p.id = l.point_id JOIN device d ON d.id = p.device_id "

/* What persons set for single points goes before the defaults. */
static bool load_limits(Db *db, IngestState *state, const IngestDevice *only, GError **error) {
    g_autoptr(DbRows) rows = only == NULL ? db_query(db, SQL(LIMIT_COLUMNS), DB_NO_ARGS, error)
                                          : db_query(db,
                                                     SQL(LIMIT_COLUMNS "WHERE p.device_id = $1"),
                                                     DB_ARGS(db_int(only->id)),
                                                     error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestDevice *device =
            ingest_state_find(state, db_rows_text(rows, 0), db_rows_text(rows, 1));
        IngestPoint *point = device != NULL ? point_by_id(device, db_rows_int(rows, 2)) : NULL;
        if (point != NULL) {
            IngestSide *side = ingest_side_of(device, point, (uint8_t)db_rows_int(rows, 3));
            side->has_rule = true;
            side->rule = (LimitRule){
                .has_low = !db_rows_is_null(rows, 4),
                .has_high = !db_rows_is_null(rows, 5),
                .low = db_rows_int(rows, 4),
                .high = db_rows_int(rows, 5),
                .hysteresis = db_rows_int(rows, 6),
            };
        }
    }
    return db_rows_done(rows, error);
}

bool ingest_load_sides(Db *db, IngestState *state, const IngestDevice *only, GError **error) {
    g_autoptr(DbRows) rows =
        only == NULL
            ? db_query(db, SQL(SIDE_COLUMNS), DB_NO_ARGS, error)
            : db_query(
                  db, SQL(SIDE_COLUMNS "WHERE p.device_id = $1"), DB_ARGS(db_int(only->id)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestDevice *device =
            ingest_state_find(state, db_rows_text(rows, 0), db_rows_text(rows, 1));
        IngestPoint *point = device != NULL ? point_by_id(device, db_rows_int(rows, 2)) : NULL;
        if (point != NULL) {
            ingest_side_of(device, point, (uint8_t)db_rows_int(rows, 3))->side =
                (LimitSide)db_rows_int(rows, 4);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    return load_limits(db, state, only, error);
}
