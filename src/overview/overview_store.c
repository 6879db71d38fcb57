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
