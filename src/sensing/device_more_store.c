/* What the pages of devices show beside the register: troubles, edges, commands. */
#include "registry/search.h"
#include "sensing/device_store.h"

GArray *device_troubles(Db *db, const int64_t *ids, size_t count, GError **error) {
    g_autoptr(GArray) troubles = g_array_new(FALSE, FALSE, sizeof(DeviceTroubles));
    g_autofree char *list = id_list_format(db, ids, count);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                "SELECT device_id, sum(CASE WHEN (state_bits & 2) <> 0 THEN 1 ELSE 0 END), "
                "sum(CASE WHEN (state_bits & 4) <> 0 THEN 1 ELSE 0 END), "
                "sum(CASE WHEN (state_bits & 8) <> 0 THEN 1 ELSE 0 END) FROM point "
                "WHERE device_id IN (SELECT CAST(value AS INTEGER) FROM json_each($1)) "
                "AND (state_bits & 14) <> 0 GROUP BY device_id ORDER BY device_id",
                "SELECT device_id, sum(CASE WHEN (state_bits & 2) <> 0 THEN 1 ELSE 0 END), "
                "sum(CASE WHEN (state_bits & 4) <> 0 THEN 1 ELSE 0 END), "
                "sum(CASE WHEN (state_bits & 8) <> 0 THEN 1 ELSE 0 END) FROM point "
                "WHERE device_id = ANY ($1::bigint[]) "
                "AND (state_bits & 14) <> 0 GROUP BY device_id ORDER BY device_id"),
        DB_ARGS(db_text(list)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        DeviceTroubles one = {.device_id = db_rows_int(rows, 0),
                              .fire = db_rows_int(rows, 1),
                              .fault = db_rows_int(rows, 2),
                              .shield = db_rows_int(rows, 3)};
        g_array_append_val(troubles, one);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&troubles) : NULL;
}

bool device_count_learning(Db *db, int64_t *ret_n, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT count(*) FROM (SELECT 1 FROM device WHERE state = 'learning' LIMIT 1000) AS n"),
        DB_NO_ARGS,
        ret_n,
        error);
}

static bool read_edges(DbRows *rows, GStringChunk *texts, GArray *edges, GError **error) {
    while (db_rows_next(rows)) {
        DeviceEdge edge = {.id = db_rows_int(rows, 0),
                           .point_id = db_rows_int(rows, 1),
                           .is_on = db_rows_int(rows, 3) != 0,
                           .value = db_rows_int(rows, 4),
                           .what = sensing_text_at(rows, 5, texts),
                           .place = sensing_text_at(rows, 6, texts),
                           .time_us = db_rows_int(rows, 7),
                           .received_us = db_rows_int(rows, 8)};
        if (edge_kind_parse(db_rows_text(rows, 2), &edge.kind)) {
            g_array_append_val(edges, edge);
        }
    }
    return db_rows_done(rows, error);
}

#define EDGE_COLUMNS "SELECT id, point_id, kind, is_on, value, what, place, time_us, received_us "

bool device_edges(Db *db,
                  int64_t device_id,
                  int64_t point_id,
                  int64_t before_id,
                  unsigned limit,
                  GStringChunk *texts,
                  GArray *edges,
                  GError **error) {
    int64_t before = before_id == 0 ? INT64_MAX : before_id;
    g_autoptr(DbRows) rows =
        point_id != 0 ? db_query(db,
                                 SQL(EDGE_COLUMNS "FROM edge WHERE point_id = $1 AND id < $2 "
                                                  "ORDER BY id DESC LIMIT $3"),
                                 DB_ARGS(db_int(point_id), db_int(before), db_int(limit)),
                                 error)
                      : db_query(db,
                                 SQL(EDGE_COLUMNS "FROM edge WHERE device_id = $1 AND id < $2 "
                                                  "ORDER BY id DESC LIMIT $3"),
                                 DB_ARGS(db_int(device_id), db_int(before), db_int(limit)),
                                 error);
    return rows != NULL && read_edges(rows, texts, edges, error);
}

bool device_commands(Db *db,
                     int64_t device_id,
                     unsigned limit,
                     GStringChunk *texts,
                     GArray *commands,
                     GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT kind, state, failure, created_us, changed_us FROM device_command "
                     "WHERE device_id = $1 ORDER BY id DESC LIMIT $2"),
                 DB_ARGS(db_int(device_id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        DeviceCommand command = {.kind = sensing_text_at(rows, 0, texts),
                                 .state = sensing_text_at(rows, 1, texts),
                                 .failure = sensing_text_at(rows, 2, texts),
                                 .created_us = db_rows_int(rows, 3),
                                 .changed_us = db_rows_int(rows, 4)};
        g_array_append_val(commands, command);
    }
    return db_rows_done(rows, error);
}

bool device_units_of_building(Db *db,
                              int64_t building_id,
                              unsigned limit,
                              GStringChunk *texts,
                              GArray *units,
                              GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, name FROM unit WHERE building_id IS NOT NULL AND "
                     "building_id = $1 AND merged_into = 0 ORDER BY id LIMIT $2"),
                 DB_ARGS(db_int(building_id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        NearUnit unit = {db_rows_int(rows, 0), sensing_text_at(rows, 1, texts)};
        g_array_append_val(units, unit);
    }
    return db_rows_done(rows, error);
}
