/* Reads devices and points into memory. */
#include "base/clock.h"
#include "sensing/ingest_internal.h"

/* A change is dated when its request began and seen when it commits: so much later at most. */
#define COMMIT_LAG_US (15 * CLOCK_SECOND_US)
#define BLOCK_DEVICES 500 /* changed devices read together: an import changes a city's */
#define BLOCK_SPARSE 4    /* but not where most ids between them are others' */

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

/* NULL: registered between two statements, or not one of those that are being read. */
static IngestDevice *wanted_device(const IngestState *state, const DbRows *rows, bool all) {
    IngestDevice *device = ingest_state_find(state, db_rows_text(rows, 0), db_rows_text(rows, 1));
    return device != NULL && (all || device->is_awaited) ? device : NULL;
}

static bool read_points(IngestState *state, DbRows *rows, bool all, GError **error) {
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestDevice *device = wanted_device(state, rows, all);
        if (device != NULL) {
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
    if (!read_points(state, points, true, error)) {
        return false;
    }
    ingest_state_count_points(state);
    return ingest_load_sides(db, state, 0, INT64_MAX, true, error);
}

static gint by_id(gconstpointer a, gconstpointer b) {
    int64_t left = (*(IngestDevice *const *)a)->id;
    int64_t right = (*(IngestDevice *const *)b)->id;
    return (left > right) - (left < right);
}

/* How many of the devices from `first` on are read together. */
static guint block_size(const GPtrArray *devices, guint first) {
    const IngestDevice *from = devices->pdata[first];
    guint count = 1;
    while (count < BLOCK_DEVICES && first + count < devices->len) {
        const IngestDevice *to = devices->pdata[first + count];
        if (to->id - from->id >= (int64_t)BLOCK_SPARSE * (count + 1)) {
            break;
        }
        count++;
    }
    return count;
}

/* Those that are awaited among the devices of these ids; the others keep what they have. */
static bool
load_block(Db *db, IngestState *state, int64_t first_id, int64_t last_id, GError **error) {
    g_autoptr(DbRows) points =
        db_query(db,
                 SQL(POINT_COLUMNS "WHERE p.device_id BETWEEN $1 AND $2 ORDER BY p.device_id, "
                                   "p.system_type, p.system_address, p.component_type, p.address"),
                 DB_ARGS(db_int(first_id), db_int(last_id)),
                 error);
    if (!read_points(state, points, false, error)) {
        return false;
    }
    g_clear_pointer(&points, db_rows_free);
    return ingest_load_sides(db, state, first_id, last_id, false, error);
}

static bool load_points(Db *db, IngestState *state, GPtrArray *devices, GError **error) {
    bool is_good = true;
    g_ptr_array_sort(devices, by_id);
    for (guint i = 0, count; is_good && i < devices->len; i += count) {
        count = block_size(devices, i);
        IngestDevice **block = (IngestDevice **)devices->pdata + i;
        for (guint at = 0; at < count; at++) {
            ingest_device_clear_points(block[at]);
            block[at]->is_awaited = true;
        }
        is_good = load_block(db, state, block[0]->id, block[count - 1]->id, error);
        for (guint at = 0; at < count; at++) {
            block[at]->is_awaited = false;
            block[at]->is_stale = !is_good;
        }
    }
    return is_good;
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
            device->is_online = was_online;
            device->is_stale = true; /* until its points are read too */
            g_ptr_array_add(changed, device);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    if (!load_points(db, state, changed, error)) {
        return false;
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
    "JOIN point p ON p.id = s.point_id JOIN device d ON d.id = p.device_id "                       \
    "WHERE p.device_id BETWEEN $1 AND $2"

#define LIMIT_COLUMNS                                                                              \
    "SELECT " NUMBER_COLUMNS ", l.analog_type, l.low, l.high, l.hysteresis FROM point_limit l "    \
    "JOIN point p ON p.id = l.point_id JOIN device d ON d.id = p.device_id "                       \
    "WHERE p.device_id BETWEEN $1 AND $2"

/* Of the point and kind of value that the row names; NULL: not in memory. */
static IngestSide *side_of(const IngestState *state, const DbRows *rows, bool all) {
    const IngestDevice *device = wanted_device(state, rows, all);
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
static bool load_limits(
    Db *db, IngestState *state, int64_t first_id, int64_t last_id, bool all, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db, SQL(LIMIT_COLUMNS), DB_ARGS(db_int(first_id), db_int(last_id)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestSide *side = side_of(state, rows, all);
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

bool ingest_load_sides(
    Db *db, IngestState *state, int64_t first_id, int64_t last_id, bool all, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db, SQL(SIDE_COLUMNS), DB_ARGS(db_int(first_id), db_int(last_id)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        IngestSide *side = side_of(state, rows, all);
        if (side != NULL) {
            side->side = (LimitSide)db_rows_int(rows, 7);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_clear_pointer(&rows, db_rows_free);
    return load_limits(db, state, first_id, last_id, all, error);
}
