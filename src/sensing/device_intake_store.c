#include "sensing/device_intake_store.h"

#include "base/clock.h"
#include "registry/search.h"

/* --- places -------------------------------------------------------------------------------------
 */

#define BUILDING "SELECT id, 0, name, region FROM building WHERE "
#define UNIT                                                                                       \
    "SELECT id, coalesce(building_id, 0), name, region FROM unit WHERE merged_into = 0 AND "
#define FEW " ORDER BY id LIMIT 20"

static bool
read_places(Db *db, Sql sql, DbArgs args, GStringChunk *texts, GArray *found, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        PlaceFound place = {.id = db_rows_int(rows, 0),
                            .building_id = db_rows_int(rows, 1),
                            .name = g_string_chunk_insert(texts, db_rows_text(rows, 2)),
                            .region = g_string_chunk_insert(texts, db_rows_text(rows, 3))};
        g_array_append_val(found, place);
    }
    return db_rows_done(rows, error);
}

bool place_buildings_by_id(Db *db, int64_t id, GStringChunk *texts, GArray *found, GError **error) {
    return read_places(db, SQL(BUILDING "id = $1"), DB_ARGS(db_int(id)), texts, found, error);
}

bool place_buildings_by_source(Db *db,
                               const char *source,
                               const char *source_id,
                               GStringChunk *texts,
                               GArray *found,
                               GError **error) {
    return read_places(db,
                       SQL(BUILDING "source IS NOT NULL AND source = $1 AND source_id = $2" FEW),
                       DB_ARGS(db_text(source), db_text(source_id)),
                       texts,
                       found,
                       error);
}

bool place_buildings_by_name(Db *db,
                             int64_t district,
                             const char *name,
                             GStringChunk *texts,
                             GArray *found,
                             GError **error) {
    return read_places(db,
                       SQL(BUILDING "district = $1 AND name = $2" FEW),
                       DB_ARGS(db_int(district), db_text(name)),
                       texts,
                       found,
                       error);
}

bool place_buildings_by_address(Db *db,
                                int64_t district,
                                const char *address,
                                GStringChunk *texts,
                                GArray *found,
                                GError **error) {
    g_autofree char *normal = search_normalise(address);
    return read_places(db,
                       SQL(BUILDING "match_key = $1 AND district = $2" FEW),
                       DB_ARGS(db_int(search_text_hash(normal)), db_int(district)),
                       texts,
                       found,
                       error);
}

bool place_units_by_id(Db *db, int64_t id, GStringChunk *texts, GArray *found, GError **error) {
    return read_places(db, SQL(UNIT "id = $1"), DB_ARGS(db_int(id)), texts, found, error);
}

bool place_units_by_uscc(
    Db *db, const char *uscc, GStringChunk *texts, GArray *found, GError **error) {
    return read_places(db,
                       SQL(UNIT "uscc IS NOT NULL AND uscc = $1" FEW),
                       DB_ARGS(db_text(uscc)),
                       texts,
                       found,
                       error);
}

bool place_units_by_name(Db *db,
                         int64_t district,
                         const char *name,
                         GStringChunk *texts,
                         GArray *found,
                         GError **error) {
    return read_places(db,
                       SQL(UNIT "district = $1 AND name = $2" FEW),
                       DB_ARGS(db_int(district), db_text(name)),
                       texts,
                       found,
                       error);
}

/* --- devices ------------------------------------------------------------------------------------
 */

static bool exec_many(Db *db, Sql sql, size_t columns, const GArray *args, GError **error) {
    const DbArgs all = {(const DbArg *)(const void *)args->data, args->len};
    return db_exec_many(db, sql, columns, all, NULL, error);
}

bool device_insert_many(
    Db *db, const Device *const *devices, size_t count, int64_t now_us, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const Device *device = devices[i];
        const DbArg row[] = {db_text(device->protocol),
                             db_text(device->code),
                             db_text(device->profile),
                             db_text(device->name),
                             db_text(device_state_word(device->state)),
                             db_text(device->region),
                             db_int(device->district),
                             db_int(device->building_id),
                             db_int(device->unit_id),
                             db_text(device->place),
                             db_text(device->service_body),
                             db_text(device->service_contact),
                             db_int(now_us)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return exec_many(
        db,
        SQL("INSERT INTO device (protocol, code, profile, name, state, region, district, "
            "building_id, unit_id, place, service_body, service_contact, key_hash, is_online, "
            "seen_us, state_bits, version, created_us, changed_us) VALUES ($1, $2, $3, $4, $5, $6, "
            "$7, $8, $9, $10, $11, $12, NULL, 0, 0, 0, 1, $13, $13) "
            "ON CONFLICT (protocol, code) DO UPDATE SET profile = excluded.profile, "
            "name = excluded.name, state = excluded.state, region = excluded.region, "
            "district = excluded.district, building_id = excluded.building_id, "
            "unit_id = excluded.unit_id, place = excluded.place, "
            "service_body = excluded.service_body, service_contact = excluded.service_contact"),
        13,
        args,
        error);
}

bool device_update_many(Db *db, const Device *const *devices, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const Device *device = devices[i];
        const DbArg row[] = {db_text(device->profile),
                             db_text(device->name),
                             db_text(device_state_word(device->state)),
                             db_text(device->region),
                             db_int(device->district),
                             db_int(device->building_id),
                             db_int(device->unit_id),
                             db_text(device->place),
                             db_text(device->service_body),
                             db_text(device->service_contact),
                             db_int(device->id)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return exec_many(
        db,
        SQL("UPDATE device SET profile = $1, name = $2, state = $3, region = $4, district = $5, "
            "building_id = $6, unit_id = $7, place = $8, service_body = $9, "
            "service_contact = $10 WHERE id = $11"),
        11,
        args,
        error);
}

bool device_carry_points(Db *db, const int64_t *ids, size_t count, GError **error) {
    g_autofree char *list = id_list_format(db, ids, count);
    return count == 0 ||
           db_exec(db,
                   SQL_FOR(db,
                           "UPDATE point SET (building_id, district) = (SELECT d.building_id, "
                           "d.district FROM device d WHERE d.id = point.device_id) WHERE "
                           "device_id IN (SELECT CAST(value AS INTEGER) FROM json_each($1))",
                           "UPDATE point SET (building_id, district) = (SELECT d.building_id, "
                           "d.district FROM device d WHERE d.id = point.device_id) WHERE "
                           "device_id = ANY ($1::bigint[])"),
                   DB_ARGS(db_text(list)),
                   NULL,
                   error);
}

static void ids_free(void *ids) {
    g_hash_table_unref(ids);
}

static int by_number(const void *a, const void *b) {
    int64_t one = *(const int64_t *)a;
    int64_t other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* Dated when it commits: ingest looks for changes only a few seconds back. */
static bool touch(Db *db, void *data, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    void *id;
    g_hash_table_iter_init(&iter, data);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        g_array_append_vals(ids, id, 1);
    }
    g_array_sort(ids, by_number);
    g_autofree char *list = id_list_format(db, (const int64_t *)(const void *)ids->data, ids->len);
    return db_exec(db,
                   SQL_FOR(db,
                           "UPDATE device SET version = version + 1, changed_us = $2 WHERE id IN "
                           "(SELECT CAST(value AS INTEGER) FROM json_each($1))",
                           "UPDATE device SET version = version + 1, changed_us = $2 WHERE id = "
                           "ANY ($1::bigint[])"),
                   DB_ARGS(db_text(list), db_int(clock_now_us())),
                   NULL,
                   error);
}

void device_touch_at_commit(Db *db, const int64_t *ids, size_t count) {
    GHashTable *known = db_before_commit_data(db, touch);
    if (known == NULL && count > 0) {
        known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        db_before_commit(db, touch, known, ids_free);
    }
    for (size_t i = 0; i < count; i++) {
        if (!g_hash_table_contains(known, &ids[i])) {
            g_hash_table_add(known, g_memdup2(&ids[i], sizeof ids[i]));
        }
    }
}

/* --- points -------------------------------------------------------------------------------------
 */

static char *key_list(const PointKey *keys, size_t count) {
    GString *list = g_string_new("[");
    for (size_t i = 0; i < count; i++) {
        const PointKey *key = &keys[i];
        g_string_append_printf(list,
                               "%s[%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
                               ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT "]",
                               i == 0 ? "" : ",",
                               key->device_id,
                               key->system_type,
                               key->system_address,
                               key->component_type,
                               key->address);
    }
    g_string_append_c(list, ']');
    return g_string_free(list, FALSE);
}

#define KEY_COLUMNS                                                                                \
    "SELECT p.id, p.device_id, p.system_type, p.system_address, p.component_type, p.address, "     \
    "p.name, p.floor, p.room FROM "

/* One look into the index for each key, whatever the planner thinks of the table's size. */
bool point_find_keys(Db *db,
                     const PointKey *keys,
                     size_t count,
                     GStringChunk *texts,
                     GArray *points,
                     GError **error) {
    g_autofree char *list = key_list(keys, count);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                KEY_COLUMNS "json_each($1) k CROSS JOIN point p "
                            "ON p.device_id = json_extract(k.value, '$[0]') "
                            "AND p.system_type = json_extract(k.value, '$[1]') "
                            "AND p.system_address = json_extract(k.value, '$[2]') "
                            "AND p.component_type = json_extract(k.value, '$[3]') "
                            "AND p.address = json_extract(k.value, '$[4]')",
                KEY_COLUMNS "json_array_elements($1::json) AS k (key) CROSS JOIN LATERAL "
                            "(SELECT * FROM point q WHERE q.device_id = (k.key->>0)::bigint "
                            "AND q.system_type = (k.key->>1)::bigint "
                            "AND q.system_address = (k.key->>2)::bigint "
                            "AND q.component_type = (k.key->>3)::bigint "
                            "AND q.address = (k.key->>4)::bigint LIMIT 1) AS p"),
        DB_ARGS(db_text(list)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Point point = {.id = db_rows_int(rows, 0),
                       .device_id = db_rows_int(rows, 1),
                       .system_type = db_rows_int(rows, 2),
                       .system_address = db_rows_int(rows, 3),
                       .component_type = db_rows_int(rows, 4),
                       .address = db_rows_int(rows, 5),
                       .name = g_string_chunk_insert(texts, db_rows_text(rows, 6)),
                       .floor = g_string_chunk_insert(texts, db_rows_text(rows, 7)),
                       .room = g_string_chunk_insert(texts, db_rows_text(rows, 8))};
        g_array_append_val(points, point);
    }
    return db_rows_done(rows, error);
}

bool point_count_of(
    Db *db, const int64_t *device_ids, size_t count, GArray *counts, GError **error) {
    g_autofree char *list = id_list_format(db, device_ids, count);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT device_id, count(*) FROM point WHERE device_id IN (SELECT "
                         "CAST(value AS INTEGER) FROM json_each($1)) GROUP BY device_id",
                         "SELECT device_id, count(*) FROM point WHERE device_id = ANY "
                         "($1::bigint[]) GROUP BY device_id"),
                 DB_ARGS(db_text(list)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        PointCount one = {db_rows_int(rows, 0), db_rows_int(rows, 1)};
        g_array_append_val(counts, one);
    }
    return db_rows_done(rows, error);
}

bool point_insert_many(
    Db *db, const Point *const *points, size_t count, int64_t now_us, GError **error) {
    g_autoptr(GArray) args = g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * 11);
    for (size_t i = 0; i < count; i++) {
        const Point *point = points[i];
        const DbArg row[] = {db_int(point->device_id),
                             db_int(point->system_type),
                             db_int(point->system_address),
                             db_int(point->component_type),
                             db_int(point->address),
                             db_text(point->name),
                             db_text(point->floor),
                             db_text(point->room),
                             db_int(point->building_id),
                             db_int(point->district),
                             db_int(now_us)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return exec_many(
        db,
        SQL("INSERT INTO point (device_id, system_type, system_address, component_type, address, "
            "name, floor, room, building_id, district, state_bits, state_us, created_us) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $11) "
            "ON CONFLICT (device_id, system_type, system_address, component_type, address) "
            "DO UPDATE SET name = CASE WHEN excluded.name = '' THEN point.name ELSE excluded.name "
            "END, floor = excluded.floor, room = excluded.room"),
        11,
        args,
        error);
}

bool point_update_many(Db *db, const Point *const *points, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const Point *point = points[i];
        const DbArg row[] = {
            db_int(point->id), db_text(point->name), db_text(point->floor), db_text(point->room)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return exec_many(
        db, SQL("UPDATE point SET name = $2, floor = $3, room = $4 WHERE id = $1"), 4, args, error);
}
