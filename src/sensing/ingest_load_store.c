/* Reads devices and points into memory. */
#include "base/clock.h"
#include "sensing/ingest_internal.h"

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
    if (!read_points(state, points, error)) {
        return false;
    }
    ingest_state_count_points(state);
    return ingest_load_sides(db, state, NULL, error);
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
        if (device->id == 0 || device->is_stale || device->version != db_rows_int(rows, 3)) {
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
    if (changed->len > 0) {
        ingest_state_count_points(state);
    }
    return true;
}

/* --- sides of analog values ---------------------------------------------------------------------
 */

#define NUMBER_COLUMNS                                                                             \
    "d.protocol, d.code, p.system_type, p.system_address, p.component_type, p.address"
#define SIDE_COLUMNS                                                                               \
    "SELECT " NUMBER_COLUMNS ", s.analog_type, s.side FROM point_side s "                          \
    "JOIN point p ON p.id = s.point_id JOIN device d ON d.id = p.device_id "

#define LIMIT_COLUMNS                                                                              \
    "SELECT " NUMBER_COLUMNS ", l.analog_type, l.low, l.high, l.hysteresis FROM point_limit l "    \
    "JOIN point p ON p.id = l.point_id JOIN device d ON d.id = p.device_id "

/* Of the point and kind of value that the row names; NULL: not in memory. */
static IngestSide *side_of(const IngestState *state, const DbRows *rows) {
    const IngestDevice *device =
        ingest_state_find(state, db_rows_text(rows, 0), db_rows_text(rows, 1));
    const IngestPoint like = {
        .system_type = (uint8_t)db_rows_int(rows, 2),
        .system_address = (uint8_t)db_rows_int(rows, 3),
        .component_type = (int16_t)db_rows_int(rows, 4),
        .address = (uint32_t)db_rows_int(rows, 5),
    };
    IngestPoint *point = device != NULL ? ingest_point_find(device, &like) : NULL;
    return point != NULL ? ingest_side_of(device, point, (uint8_t)db_rows_int(rows, 6)) : NULL;
}

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
        IngestSide *side = side_of(state, rows);
        if (side != NULL) {
            side->has_rule = true;
            side->rule = (LimitRule){
                .has_low = !db_rows_is_null(rows, 7),
                .has_high = !db_rows_is_null(rows, 8),
                .low = db_rows_int(rows, 7),
                .high = db_rows_int(rows, 8),
                .hysteresis = db_rows_int(rows, 9),
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
        IngestSide *side = side_of(state, rows);
        if (side != NULL) {
            side->side = (LimitSide)db_rows_int(rows, 7);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    return load_limits(db, state, only, error);
}
