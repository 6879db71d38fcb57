/* Synthetic devices in tables device and point. */
#include "sensing/roster.h"

/* Where points go. */
typedef struct Adding {
    Db *db;
    int64_t device_id, now_us;
    const RosterPlace *place;
} Adding;

/* component_type -1: the system as a whole. */
static bool add_point(const Adding *adding,
                      const ScenePoint *point,
                      int component_type,
                      const char *floor,
                      GError **error) {
    return db_exec(adding->db,
                   SQL("INSERT INTO point (device_id, system_type, system_address, "
                       "component_type, address, name, floor, room, building_id, district, "
                       "state_bits, state_us, created_us) "
                       "VALUES ($1, $2, $3, $4, $5, '', $6, '', $7, $8, 0, $9, $9)"),
                   DB_ARGS(db_int(adding->device_id),
                           db_int(point->system_type),
                           db_int(point->system_address),
                           db_int(component_type),
                           db_int(point->address),
                           db_text(floor),
                           db_int(adding->place->building_id),
                           db_int(adding->place->district),
                           db_int(adding->now_us)),
                   NULL,
                   error);
}

static bool add_points(const Adding *adding, const SceneDevice *device, GError **error) {
    const ScenePoint alarm_system = {.system_type = 1, .system_address = 1};
    if (!add_point(adding, &alarm_system, -1, "", error)) {
        return false;
    }
    for (guint i = 0; i < device->points->len; i++) {
        const ScenePoint *point = &g_array_index(device->points, ScenePoint, i);
        g_autofree char *floor = g_strdup_printf("%u 层", point->floor);
        if (!add_point(adding, point, point->component_type, floor, error)) {
            return false;
        }
    }
    return true;
}

bool roster_add(Db *db,
                const RosterPlace *place,
                const SceneDevice *device,
                int64_t now_us,
                bool *ret_added,
                GError **error) {
    g_assert(device->address > SCENE_ADDRESS_BASE);
    g_autofree char *code = g_strdup_printf("%" G_GUINT64_FORMAT, device->address);
    int64_t id = 0;
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("INSERT INTO device (protocol, code, profile, name, state, region, district, "
            "building_id, unit_id, place, service_body, service_contact, is_online, seen_us, "
            "state_bits, version, created_us, changed_us) VALUES ('gb26875', $1, 'standard', $2, "
            "$3, $4, $5, $6, 0, $7, $8, $9, 0, 0, 0, 1, $10, $10) "
            "ON CONFLICT (protocol, code) DO NOTHING RETURNING id"),
        DB_ARGS(db_text(code),
                db_text(place->name),
                db_text(place->building_id != 0 ? "active" : "learning"),
                db_text(place->region),
                db_int(place->district),
                db_int(place->building_id),
                db_text(place->place),
                db_text(place->service_body),
                db_text(place->service_contact),
                db_int(now_us)),
        error);
    if (rows == NULL) {
        return false;
    }
    bool added = db_rows_next(rows);
    if (added) {
        id = db_rows_int(rows, 0);
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    *ret_added = added;
    const Adding adding = {.db = db, .device_id = id, .now_us = now_us, .place = place};
    return !added || add_points(&adding, device, error);
}

static bool load_points(Db *db, int64_t id, GArray *points, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT system_type, system_address, component_type, address, floor, "
                     "state_bits FROM point WHERE device_id = $1 AND component_type >= 0 "
                     "ORDER BY id LIMIT 20000"),
                 DB_ARGS(db_int(id)),
                 error);
    while (rows != NULL && db_rows_next(rows)) {
        ScenePoint point = {.system_type = (uint8_t)db_rows_int(rows, 0),
                            .system_address = (uint8_t)db_rows_int(rows, 1),
                            .component_type = (uint8_t)db_rows_int(rows, 2),
                            .address = (uint32_t)db_rows_int(rows, 3),
                            .bits = (uint16_t)db_rows_int(rows, 5)};
        const char *floor = db_rows_text(rows, 4);
        point.floor = (uint8_t)CLAMP(g_ascii_strtoll(floor != NULL ? floor : "", NULL, 10), 0, 200);
        point.analog_type = scene_analog_type(point.component_type);
        g_array_append_val(points, point);
    }
    return rows != NULL && db_rows_done(rows, error);
}

static bool load_devices(Db *db, unsigned limit, GArray *roster, GArray *ids, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT id, code, district, state_bits FROM device "
                                          "WHERE protocol = 'gb26875' AND state <> 'retired' "
                                          "AND code >= '91' AND code < '92' ORDER BY id"),
                                      DB_NO_ARGS,
                                      error);
    while (rows != NULL && db_rows_next(rows)) {
        guint64 address = 0;
        int64_t id = db_rows_int(rows, 0);
        if (roster->len >= limit ||
            !g_ascii_string_to_unsigned(db_rows_text(rows, 1),
                                        10,
                                        SCENE_ADDRESS_BASE + 1,
                                        SCENE_ADDRESS_BASE + UINT32_MAX,
                                        &address,
                                        NULL)) {
            continue;
        }
        SceneDevice device = {.address = address,
                              .district = db_rows_int(rows, 2),
                              .bits = (uint8_t)db_rows_int(rows, 3),
                              .points = g_array_new(FALSE, TRUE, sizeof(ScenePoint))};
        g_array_append_val(roster, device);
        g_array_append_val(ids, id);
    }
    return rows != NULL && db_rows_done(rows, error);
}

GArray *roster_load(Db *db, unsigned limit, GError **error) {
    g_autoptr(GArray) roster = scene_roster_new();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!load_devices(db, limit, roster, ids, error)) {
        return NULL;
    }
    for (guint i = 0; i < roster->len; i++) {
        const SceneDevice *device = &g_array_index(roster, SceneDevice, i);
        if (!load_points(db, g_array_index(ids, int64_t, i), device->points, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&roster);
}
