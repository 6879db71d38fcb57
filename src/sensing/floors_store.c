#include "sensing/floors.h"

#include "sensing/sensing_names.h"

#include <stdlib.h>
#include <string.h>

#define ABOVE_ALL 100000    /* the roof */
#define BELOW_ALL (-100000) /* not told */

/* --- the order of floors ------------------------------------------------------------------------
 */

/* The first digits of the text; -1: there are none. */
static int number_in(const char *text) {
    const char *digits = text + strcspn(text, "0123456789");
    return *digits == '\0' ? -1 : (int)MIN(g_ascii_strtoull(digits, NULL, 10), 999);
}

int floor_order(const char *floor) {
    int number = number_in(floor);
    bool is_below = floor[0] == '-' || g_ascii_toupper(floor[0]) == 'B' ||
                    strstr(floor, "地下") != NULL || strstr(floor, "负") != NULL;
    if (number < 0) {
        return strstr(floor, "顶") != NULL ? ABOVE_ALL : is_below ? -1 : BELOW_ALL;
    }
    return is_below ? -number : number;
}

static gint compare_floors(gconstpointer a, gconstpointer b) {
    const FloorState *x = a;
    const FloorState *y = b;
    int low = floor_order(x->floor);
    int high = floor_order(y->floor);
    return low != high ? (low < high) - (low > high) : strcmp(x->floor, y->floor);
}

/* --- by floor -----------------------------------------------------------------------------------
 */

static void clear_floor(gpointer data) {
    g_free(((FloorState *)data)->floor);
}

GArray *floors_of_building(Db *db, int64_t building_id, GError **error) {
    g_autoptr(GArray) floors = g_array_new(FALSE, FALSE, sizeof(FloorState));
    g_array_set_clear_func(floors, clear_floor);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT floor, count(*), "
                     "CAST(sum(CASE WHEN (state_bits & 2) <> 0 THEN 1 ELSE 0 END) AS BIGINT), "
                     "CAST(sum(CASE WHEN (state_bits & 4) <> 0 THEN 1 ELSE 0 END) AS BIGINT), "
                     "CAST(sum(CASE WHEN (state_bits & 8) <> 0 THEN 1 ELSE 0 END) AS BIGINT) "
                     "FROM point WHERE building_id = $1 GROUP BY floor LIMIT $2"),
                 DB_ARGS(db_int(building_id), db_int(FLOORS_MAX)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        FloorState floor = {.floor = g_strdup(db_rows_text(rows, 0)),
                            .points = db_rows_int(rows, 1),
                            .fire = db_rows_int(rows, 2),
                            .fault = db_rows_int(rows, 3),
                            .shield = db_rows_int(rows, 4)};
        g_array_append_val(floors, floor);
    }
    g_array_sort(floors, compare_floors);
    return db_rows_done(rows, error) ? g_steal_pointer(&floors) : NULL;
}

static Point point_of(const DbRows *rows, GStringChunk *texts) {
    return (Point){.id = db_rows_int(rows, 0),
                   .device_id = db_rows_int(rows, 1),
                   .system_type = db_rows_int(rows, 2),
                   .system_address = db_rows_int(rows, 3),
                   .component_type = db_rows_int(rows, 4),
                   .address = db_rows_int(rows, 5),
                   .name = g_string_chunk_insert(texts, db_rows_text(rows, 6)),
                   .floor = g_string_chunk_insert(texts, db_rows_text(rows, 7)),
                   .room = g_string_chunk_insert(texts, db_rows_text(rows, 8)),
                   .building_id = db_rows_int(rows, 9),
                   .district = db_rows_int(rows, 10),
                   .state_bits = db_rows_int(rows, 11),
                   .state_us = db_rows_int(rows, 12),
                   .created_us = db_rows_int(rows, 13)};
}

bool floor_points(Db *db,
                  int64_t building_id,
                  const char *floor,
                  int64_t after_id,
                  unsigned limit,
                  PointPage *ret_page,
                  GError **error) {
    *ret_page = (PointPage){.rows = g_array_new(FALSE, FALSE, sizeof(Point)),
                            .texts = g_string_chunk_new(4096)};
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT id, device_id, system_type, system_address, component_type, address, "
            "name, floor, room, building_id, district, state_bits, state_us, created_us "
            "FROM point WHERE building_id = $1 AND floor = $2 AND id > $3 ORDER BY id "
            "LIMIT $4"),
        DB_ARGS(db_int(building_id), db_text(floor), db_int(after_id), db_int((int64_t)limit + 1)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Point point = point_of(rows, ret_page->texts);
        g_array_append_val(ret_page->rows, point);
    }
    if (ret_page->rows->len > limit) {
        g_array_set_size(ret_page->rows, limit);
        ret_page->next_id = g_array_index(ret_page->rows, Point, limit - 1).id;
    }
    return db_rows_done(rows, error);
}
