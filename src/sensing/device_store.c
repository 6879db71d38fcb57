#include "sensing/device_store.h"

#include "base/error.h"
#include "registry/region.h"

#include <string.h>

#define DEVICE_COLUMNS                                                                             \
    "d.id, d.protocol, d.code, d.profile, d.name, d.state, d.region, d.district, "                 \
    "d.building_id, d.unit_id, coalesce(b.name, ''), coalesce(u.name, ''), d.place, "              \
    "d.service_body, d.service_contact, d.key_hash IS NOT NULL, d.is_online, d.seen_us, "          \
    "d.state_bits, d.version, d.created_us, d.changed_us"
#define DEVICE_NAMES                                                                               \
    " LEFT JOIN building b ON b.id = d.building_id LEFT JOIN unit u ON u.id = d.unit_id"
#define POINT_COLUMNS                                                                              \
    "p.id, p.device_id, p.system_type, p.system_address, p.component_type, p.address, p.name, "    \
    "p.floor, p.room, p.building_id, p.district, p.state_bits, p.state_us, p.created_us"

/* --- reading ------------------------------------------------------------------------------------
 */

const char *sensing_text_at(const DbRows *rows, int column, GStringChunk *texts) {
    const char *text = db_rows_text(rows, column);
    return g_string_chunk_insert(texts, text == NULL ? "" : text);
}

bool sensing_row(DbRows *rows, const char *what, GError **error) {
    if (rows == NULL) {
        return false;
    }
    return db_rows_next(rows) || (db_rows_done(rows, error) &&
                                  hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no such %s", what));
}

static void read_device(const DbRows *rows, GStringChunk *texts, Device *ret) {
    *ret = (Device){
        .id = db_rows_int(rows, 0),
        .protocol = sensing_text_at(rows, 1, texts),
        .code = sensing_text_at(rows, 2, texts),
        .profile = sensing_text_at(rows, 3, texts),
        .name = sensing_text_at(rows, 4, texts),
        .region = sensing_text_at(rows, 6, texts),
        .district = db_rows_int(rows, 7),
        .building_id = db_rows_int(rows, 8),
        .unit_id = db_rows_int(rows, 9),
        .building_name = sensing_text_at(rows, 10, texts),
        .unit_name = sensing_text_at(rows, 11, texts),
        .place = sensing_text_at(rows, 12, texts),
        .service_body = sensing_text_at(rows, 13, texts),
        .service_contact = sensing_text_at(rows, 14, texts),
        .has_key = db_rows_int(rows, 15) != 0,
        .is_online = db_rows_int(rows, 16) != 0,
        .seen_us = db_rows_int(rows, 17),
        .state_bits = db_rows_int(rows, 18),
        .version = db_rows_int(rows, 19),
        .created_us = db_rows_int(rows, 20),
        .changed_us = db_rows_int(rows, 21),
    };
    device_state_parse(db_rows_text(rows, 5), &ret->state);
}

static void read_point(const DbRows *rows, GStringChunk *texts, Point *ret) {
    *ret = (Point){
        .id = db_rows_int(rows, 0),
        .device_id = db_rows_int(rows, 1),
        .system_type = db_rows_int(rows, 2),
        .system_address = db_rows_int(rows, 3),
        .component_type = db_rows_int(rows, 4),
        .address = db_rows_int(rows, 5),
        .name = sensing_text_at(rows, 6, texts),
        .floor = sensing_text_at(rows, 7, texts),
        .room = sensing_text_at(rows, 8, texts),
        .building_id = db_rows_int(rows, 9),
        .district = db_rows_int(rows, 10),
        .state_bits = db_rows_int(rows, 11),
        .state_us = db_rows_int(rows, 12),
        .created_us = db_rows_int(rows, 13),
    };
}

bool device_find(Db *db, int64_t id, Device *ret_device, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES " WHERE d.id = $1"),
                 DB_ARGS(db_int(id)),
                 error);
    if (!sensing_row(rows, "device", error)) {
        return false;
    }
    GStringChunk *texts = g_string_chunk_new(256);
    read_device(rows, texts, ret_device);
    ret_device->texts = texts;
    return true;
}

bool device_find_codes(Db *db,
                       const char *protocol,
                       const char *codes,
                       bool is_to_change,
                       GStringChunk *texts,
                       GArray *devices,
                       GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        is_to_change
            ? SQL_FOR(db,
                      "SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES
                      " WHERE d.protocol = $1 AND d.code IN (SELECT CAST(value AS TEXT) FROM "
                      "json_each($2)) ORDER BY d.id",
                      "SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES
                      " WHERE d.protocol = $1 AND d.code = ANY (ARRAY(SELECT "
                      "json_array_elements_text($2::json))) ORDER BY d.id FOR UPDATE OF d")
            : SQL_FOR(db,
                      "SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES
                      " WHERE d.protocol = $1 AND d.code IN (SELECT CAST(value AS TEXT) FROM "
                      "json_each($2)) ORDER BY d.id",
                      "SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES
                      " WHERE d.protocol = $1 AND d.code = ANY (ARRAY(SELECT "
                      "json_array_elements_text($2::json))) ORDER BY d.id"),
        DB_ARGS(db_text(protocol), db_text(codes)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Device device;
        read_device(rows, texts, &device);
        g_array_append_val(devices, device);
    }
    return db_rows_done(rows, error);
}

bool point_find(Db *db, int64_t id, Point *ret_point, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT " POINT_COLUMNS " FROM point p WHERE p.id = $1"),
                                      DB_ARGS(db_int(id)),
                                      error);
    if (!sensing_row(rows, "point", error)) {
        return false;
    }
    GStringChunk *texts = g_string_chunk_new(128);
    read_point(rows, texts, ret_point);
    ret_point->texts = texts;
    return true;
}

/* --- regions ------------------------------------------------------------------------------------
 */

static void add_int(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

typedef struct Fragments {
    Sql from, to, district, street_from, street_to;
} Fragments;

static void add_region(SqlBuilder *sql, const char *region, const Fragments *with) {
    char code[REGION_CODE_MAX + 1];
    if (strcmp(region, REGION_EVERYWHERE) == 0) {
        return;
    }
    if (!region_code_parse(region, code)) {
        sql_builder_add(sql, SQL("AND 1 = 0")); /* an account without a region sees nothing */
        return;
    }
    size_t size = strlen(code);
    if (size < 6) {
        int64_t step = size == 2 ? 10000 : 100;
        int64_t number = g_ascii_strtoll(code, NULL, 10);
        add_int(sql, with->from, number * step);
        add_int(sql, with->to, (number + 1) * step);
        return;
    }
    add_int(sql, with->district, region_district(code));
    if (size > 6) {
        g_autofree char *above = g_strconcat(code, ":", NULL);
        sql_builder_add(sql, with->street_from);
        sql_builder_arg(sql, db_text(code));
        sql_builder_add(sql, with->street_to);
        sql_builder_arg(sql, db_text(above));
    }
}

void sensing_add_region(SqlBuilder *sql, const char *region) {
    const Fragments of_device = {SQL("AND d.district >="),
                                 SQL("AND d.district <"),
                                 SQL("AND d.district ="),
                                 SQL("AND d.region >="),
                                 SQL("AND d.region <")};
    add_region(sql, region, &of_device);
}

/* Many districts at once: "+ 0" keeps both engines from reading them district by district and
 * sorting it all, instead of walking in the order of the list. */
void sensing_add_region_e(SqlBuilder *sql, const char *region) {
    const Fragments of_edge = {SQL("AND e.district + 0 >="),
                               SQL("AND e.district + 0 <"),
                               SQL("AND e.district ="),
                               SQL("AND e.region >="),
                               SQL("AND e.region <")};
    add_region(sql, region, &of_edge);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static void add_text_filter(SqlBuilder *sql, const char *text) {
    g_autoptr(GString) pattern = g_string_new("%");
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("%_\\", *at) != NULL) {
            g_string_append_c(pattern, '\\');
        }
        g_string_append_c(pattern, *at);
    }
    g_string_append_c(pattern, '%');
    const Sql starts[] = {SQL("AND (w.name LIKE"),
                          SQL("ESCAPE '\\' OR w.code LIKE"),
                          SQL("ESCAPE '\\' OR w.place LIKE"),
                          SQL("ESCAPE '\\' OR w.service_body LIKE"),
                          SQL("ESCAPE '\\' OR b.name LIKE"),
                          SQL("ESCAPE '\\' OR u.name LIKE")};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        sql_builder_add(sql, starts[i]);
        sql_builder_arg(sql, db_text(pattern->str));
    }
    sql_builder_add(sql, SQL("ESCAPE '\\')"));
}

/* Devices that have a point in trouble come from the small index of those points. */
static void add_trouble(SqlBuilder *sql, DeviceTrouble trouble) {
    if (trouble == TROUBLE_ANY) {
        return;
    }
    int64_t mask = trouble == TROUBLE_FIRE ? 2 : trouble == TROUBLE_FAULT ? 4 : 8;
    add_int(sql,
            SQL("AND w.id IN (SELECT device_id FROM point WHERE (state_bits & 14) <> 0 AND "
                "(state_bits &"),
            mask);
    sql_builder_add(sql, SQL(") <> 0)"));
}

/* At most DEVICE_WALK_MAX rows in order of id, the filters upon them. */
static void add_walk(SqlBuilder *sql, const DeviceQuery *query) {
    add_int(sql, SQL("(SELECT d.* FROM device d WHERE d.id >"), query->after_id);
    if (query->building_id != 0) {
        add_int(sql, SQL("AND d.building_id ="), query->building_id);
    }
    add_int(sql, SQL("ORDER BY d.id LIMIT"), DEVICE_WALK_MAX);
    sql_builder_add(sql, SQL(") AS w"));
}

static void add_scope(SqlBuilder *sql, const DeviceQuery *query) {
    sql_builder_add(sql, SQL("AND ((1 = 1"));
    const Fragments of_walk = {SQL("AND w.district >="),
                               SQL("AND w.district <"),
                               SQL("AND w.district ="),
                               SQL("AND w.region >="),
                               SQL("AND w.region <")};
    add_region(sql, query->region, &of_walk);
    sql_builder_add(sql, SQL(")"));
    if (query->sees_unbound && query->is_own_region) {
        sql_builder_add(sql, SQL("OR w.region = ''"));
    }
    sql_builder_add(sql, SQL(")"));
}

static void add_filters(SqlBuilder *sql, const DeviceQuery *query) {
    add_scope(sql, query);
    if (query->state >= 0) {
        sql_builder_add(sql, SQL("AND w.state ="));
        sql_builder_arg(sql, db_text(device_state_word((DeviceState)query->state)));
    }
    if (query->online >= 0) {
        add_int(sql, SQL("AND w.is_online ="), query->online);
    }
    if (query->text != NULL) {
        add_text_filter(sql, query->text);
    }
    add_trouble(sql, query->trouble);
}

/* The last row a walk may look at; 0: the register ends before. */
static bool walk_end(Db *db, const DeviceQuery *query, int64_t *ret_id, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT w.id, w.region FROM"));
    add_walk(sql, query);
    add_int(sql, SQL("ORDER BY w.id LIMIT 1 OFFSET"), DEVICE_WALK_MAX - 1);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    *ret_id = db_rows_next(rows) ? db_rows_int(rows, 0) : 0;
    return db_rows_done(rows, error);
}

static bool
read_list(Db *db, const DeviceQuery *query, unsigned limit, DevicePage *page, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT " DEVICE_COLUMNS " FROM device d" DEVICE_NAMES
                        " WHERE d.id IN (SELECT w.id FROM"));
    add_walk(sql, query);
    sql_builder_add(
        sql,
        SQL("LEFT JOIN building b ON b.id = w.building_id LEFT JOIN unit u ON u.id = w.unit_id "
            "WHERE 1 = 1"));
    add_filters(sql, query);
    add_int(sql, SQL("ORDER BY w.id LIMIT"), (int64_t)limit + 1);
    sql_builder_add(sql, SQL(") ORDER BY d.id"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Device device;
        read_device(rows, page->texts, &device);
        g_array_append_val(page->rows, device);
    }
    return db_rows_done(rows, error);
}

bool device_list(
    Db *db, const DeviceQuery *query, unsigned limit, DevicePage *ret_page, GError **error) {
    *ret_page = (DevicePage){.rows = g_array_new(FALSE, FALSE, sizeof(Device)),
                             .texts = g_string_chunk_new(4096)};
    if (!read_list(db, query, limit, ret_page, error)) {
        return false;
    }
    if (ret_page->rows->len > limit) {
        g_array_set_size(ret_page->rows, limit);
        ret_page->next_id = g_array_index(ret_page->rows, Device, limit - 1).id;
        return true;
    }
    return walk_end(db, query, &ret_page->next_id, error);
}

bool point_list(Db *db,
                int64_t device_id,
                bool only_bad,
                int64_t after_id,
                unsigned limit,
                PointPage *ret_page,
                GError **error) {
    *ret_page = (PointPage){.rows = g_array_new(FALSE, FALSE, sizeof(Point)),
                            .texts = g_string_chunk_new(4096)};
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    add_int(sql, SQL("SELECT " POINT_COLUMNS " FROM point p WHERE p.device_id ="), device_id);
    if (only_bad) {
        sql_builder_add(sql, SQL("AND (p.state_bits & 14) <> 0"));
    }
    add_int(sql, SQL("AND p.id >"), after_id);
    add_int(sql, SQL("ORDER BY p.id LIMIT"), (int64_t)limit + 1);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Point point;
        read_point(rows, ret_page->texts, &point);
        g_array_append_val(ret_page->rows, point);
    }
    if (ret_page->rows->len > limit) {
        g_array_set_size(ret_page->rows, limit);
        ret_page->next_id = g_array_index(ret_page->rows, Point, limit - 1).id;
    }
    return db_rows_done(rows, error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

bool device_insert(Db *db, const Device *device, int64_t *ret_id, GError **error) {
    return db_query_int(
        db,
        SQL("INSERT INTO device (protocol, code, profile, name, state, region, district, "
            "building_id, unit_id, place, service_body, service_contact, key_hash, is_online, "
            "seen_us, state_bits, version, created_us, changed_us) VALUES ($1, $2, $3, $4, $5, '', "
            "0, 0, 0, '', $6, $7, NULL, 0, 0, 0, 1, $8, $8) RETURNING id"),
        DB_ARGS(db_text(device->protocol),
                db_text(device->code),
                db_text(device->profile),
                db_text(device->name),
                db_text(device_state_word(device->state)),
                db_text(device->service_body),
                db_text(device->service_contact),
                db_int(device->created_us)),
        ret_id,
        error);
}

bool device_update(Db *db, const Device *device, int64_t now_us, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("UPDATE device SET profile = $1, name = $2, state = $3, region = $4, "
                     "district = $5, building_id = $6, unit_id = $7, place = $8, "
                     "service_body = $9, service_contact = $10, version = version + 1, "
                     "changed_us = $11 WHERE id = $12 AND version = $13"),
                 DB_ARGS(db_text(device->profile),
                         db_text(device->name),
                         db_text(device_state_word(device->state)),
                         db_text(device->region),
                         db_int(device->district),
                         db_int(device->building_id),
                         db_int(device->unit_id),
                         db_text(device->place),
                         db_text(device->service_body),
                         db_text(device->service_contact),
                         db_int(now_us),
                         db_int(device->id),
                         db_int(device->version)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 ||
           hz_fail(error, HZ_ERROR_CONFLICT, "device was changed by somebody else meanwhile");
}

bool device_touch(Db *db, int64_t id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE device SET version = version + 1, changed_us = $2 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   NULL,
                   error);
}

bool device_set_key(Db *db, int64_t id, const void *hash, size_t size, GError **error) {
    return db_exec(db,
                   SQL("UPDATE device SET key_hash = $2 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_blob(hash, size)),
                   NULL,
                   error);
}

bool device_move_points(Db *db, const Device *device, GError **error) {
    return db_exec(
        db,
        SQL("UPDATE point SET building_id = $2, district = $3 WHERE device_id = $1"),
        DB_ARGS(db_int(device->id), db_int(device->building_id), db_int(device->district)),
        NULL,
        error);
}

bool point_update(Db *db, const Point *point, GError **error) {
    return db_exec(
        db,
        SQL("UPDATE point SET name = $2, floor = $3, room = $4 WHERE id = $1"),
        DB_ARGS(
            db_int(point->id), db_text(point->name), db_text(point->floor), db_text(point->room)),
        NULL,
        error);
}

/* --- limits -------------------------------------------------------------------------------------
 */

static PointLimit read_limit(const DbRows *rows) {
    return (PointLimit){.point_id = db_rows_int(rows, 0),
                        .analog_type = db_rows_int(rows, 1),
                        .rule = {.has_low = !db_rows_is_null(rows, 2),
                                 .has_high = !db_rows_is_null(rows, 3),
                                 .low = db_rows_int(rows, 2),
                                 .high = db_rows_int(rows, 3),
                                 .hysteresis = db_rows_int(rows, 4)},
                        .is_own = true};
}

GArray *limits_of_device(Db *db, int64_t device_id, GError **error) {
    g_autoptr(GArray) limits = g_array_new(FALSE, FALSE, sizeof(PointLimit));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT l.point_id, l.analog_type, l.low, l.high, l.hysteresis "
                     "FROM point p JOIN point_limit l ON l.point_id = p.id "
                     "WHERE p.device_id = $1 ORDER BY l.point_id, l.analog_type"),
                 DB_ARGS(db_int(device_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        PointLimit limit = read_limit(rows);
        g_array_append_val(limits, limit);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&limits) : NULL;
}

/* Where the device of a point stands; NULL on error. Caller frees. */
static char *region_of_point(Db *db, int64_t point_id, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT d.region FROM point p JOIN device d "
                                          "ON d.id = p.device_id WHERE p.id = $1"),
                                      DB_ARGS(db_int(point_id)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    const char *region = db_rows_next(rows) ? db_rows_text(rows, 0) : NULL;
    g_autofree char *found = g_strdup(region == NULL ? "" : region);
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

bool limit_find(Db *db,
                int64_t point_id,
                int64_t component_type,
                int64_t analog_type,
                PointLimit *ret_limit,
                bool *ret_found,
                GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT point_id, analog_type, low, high, hysteresis FROM point_limit "
                     "WHERE point_id = $1 AND analog_type = $2"),
                 DB_ARGS(db_int(point_id), db_int(analog_type)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        *ret_limit = read_limit(rows);
        *ret_found = true;
        return true;
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    g_autofree char *region = region_of_point(db, point_id, error);
    return region != NULL &&
           limit_default(region, component_type, analog_type, ret_limit, ret_found, error);
}

bool limit_put(Db *db, const PointLimit *limit, const DeviceActor *by, GError **error) {
    const LimitRule *rule = &limit->rule;
    return db_exec(db,
                   SQL("INSERT INTO point_limit (point_id, analog_type, low, high, hysteresis, "
                       "actor, changed_us) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                       "ON CONFLICT (point_id, analog_type) DO UPDATE SET low = excluded.low, "
                       "high = excluded.high, hysteresis = excluded.hysteresis, "
                       "actor = excluded.actor, changed_us = excluded.changed_us"),
                   DB_ARGS(db_int(limit->point_id),
                           db_int(limit->analog_type),
                           rule->has_low ? db_int(rule->low) : db_null(),
                           rule->has_high ? db_int(rule->high) : db_null(),
                           db_int(rule->hysteresis),
                           db_text(by->actor),
                           db_int(by->now_us)),
                   NULL,
                   error);
}

bool limit_delete(Db *db, int64_t point_id, int64_t analog_type, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM point_limit WHERE point_id = $1 AND analog_type = $2"),
                   DB_ARGS(db_int(point_id), db_int(analog_type)),
                   NULL,
                   error);
}
