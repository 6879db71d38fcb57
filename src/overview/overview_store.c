#include "overview/overview_store.h"

#include "base/clock.h"

#define SHANGHAI_US (INT64_C(8) * 3600 * CLOCK_SECOND_US)

int64_t overview_day_begin(int64_t time_us) {
    return time_us - (time_us + SHANGHAI_US) % CLOCK_DAY_US;
}

bool overview_store_days(Db *db, const GArray *counts, int64_t now_us, GError **error) {
    for (guint i = 0; i < counts->len; i++) {
        const CoverageCount *one = &g_array_index(counts, CoverageCount, i);
        if (!db_exec(db,
                     SQL("INSERT INTO overview_day (district, day_us, buildings, covered, devices, "
                         "devices_online, points_bad) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                         "ON CONFLICT (district, day_us) DO UPDATE SET buildings = "
                         "excluded.buildings, covered = excluded.covered, devices = "
                         "excluded.devices, devices_online = excluded.devices_online, "
                         "points_bad = excluded.points_bad"),
                     DB_ARGS(db_int(one->district),
                             db_int(overview_day_begin(now_us)),
                             db_int(one->buildings),
                             db_int(one->covered),
                             db_int(one->devices),
                             db_int(one->devices_online),
                             db_int(one->points_bad)),
                     NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

GArray *overview_store_read(
    Db *db, int64_t from_district, int64_t to_district, unsigned limit, GError **error) {
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(OverviewDay));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT day_us, CAST(sum(buildings) AS BIGINT), CAST(sum(covered) AS BIGINT), "
                     "CAST(sum(devices) AS BIGINT), CAST(sum(devices_online) AS BIGINT), "
                     "CAST(sum(points_bad) AS BIGINT) FROM overview_day WHERE district >= $1 AND "
                     "district <= $2 GROUP BY day_us ORDER BY day_us DESC LIMIT $3"),
                 DB_ARGS(db_int(from_district), db_int(to_district), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        OverviewDay day = {.day_us = db_rows_int(rows, 0),
                           .buildings = db_rows_int(rows, 1),
                           .covered = db_rows_int(rows, 2),
                           .devices = db_rows_int(rows, 3),
                           .devices_online = db_rows_int(rows, 4),
                           .points_bad = db_rows_int(rows, 5)};
        g_array_prepend_val(days, day);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&days) : NULL;
}

/* --- codes on the map ---------------------------------------------------------------------------
 */

GArray *overview_store_cell_codes(Db *db, int64_t district, GError **error) {
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(OverviewCellCodes));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT c.cell, coalesce(s.colour, 0) AS colour, count(*) FROM "
                     "building_coverage c LEFT JOIN firecode_score s ON s.building_id = "
                     "c.building_id WHERE c.district = $1 AND c.cell >= 0 "
                     "GROUP BY c.cell, coalesce(s.colour, 0)"),
                 DB_ARGS(db_int(district)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        OverviewCellCodes line = {.cell = db_rows_int(rows, 0),
                                  .colour = (unsigned)CLAMP(db_rows_int(rows, 1), 0, RISK_HIGH),
                                  .buildings = db_rows_int(rows, 2)};
        g_array_append_val(lines, line);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&lines) : NULL;
}

GHashTable *overview_store_building_codes(Db *db, int64_t district, int64_t cell, GError **error) {
    g_autoptr(GHashTable) colours =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT c.building_id, s.colour FROM building_coverage c JOIN firecode_score s "
            "ON s.building_id = c.building_id WHERE c.district = $1 AND c.cell = $2"),
        DB_ARGS(db_int(district), db_int(cell)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        unsigned colour = (unsigned)CLAMP(db_rows_int(rows, 1), 0, RISK_HIGH);
        g_hash_table_insert(colours, g_memdup2(&id, sizeof id), GUINT_TO_POINTER(colour));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&colours) : NULL;
}
