/* What pages read of coverage. The counting is in coverage_count_store.c. */
#include "sensing/coverage_store.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define DISTRICT_DIGITS 6

/* The code filled with `fill` to so many digits, as a number. */
static int64_t filled(const char *code, unsigned digits, char fill) {
    char text[REGION_CODE_MAX + 1];
    size_t size = strlen(code);
    for (unsigned i = 0; i < digits; i++) {
        text[i] = i < size ? code[i] : fill;
    }
    text[digits] = '\0';
    return g_ascii_strtoll(text, NULL, 10);
}

CoverageRange coverage_region_range(const char *region) {
    return (CoverageRange){filled(region, REGION_CODE_MAX, '0'),
                           filled(region, REGION_CODE_MAX, '9')};
}

CoverageRange coverage_district_range(const char *region) {
    return (CoverageRange){filled(region, DISTRICT_DIGITS, '0'),
                           filled(region, DISTRICT_DIGITS, '9')};
}

int64_t coverage_district_now(Db *db, const char *region, int64_t now_us) {
    char code[DISTRICT_DIGITS + 1];
    g_strlcpy(code, region, sizeof code);
    g_auto(Region) found = {0};
    g_autofree char *today = clock_format_date(now_us);
    const char *next = region_successor(code);
    if (next != NULL && region_find(db, code, &found, NULL) && !region_is_valid_on(&found, today)) {
        return region_district(next);
    }
    return region_district(region);
}

/* --- counts -------------------------------------------------------------------------------------
 */

static CoverageCount count_from_row(const DbRows *rows) {
    return (CoverageCount){.district = db_rows_int(rows, 0),
                           .buildings = db_rows_int(rows, 1),
                           .covered = db_rows_int(rows, 2),
                           .silent = db_rows_int(rows, 3),
                           .devices = db_rows_int(rows, 4),
                           .devices_online = db_rows_int(rows, 5),
                           .points = db_rows_int(rows, 6),
                           .points_bad = db_rows_int(rows, 7),
                           .counted_us = db_rows_int(rows, 8)};
}

/* Of a street only its buildings are known by themselves: the rest of the line is the district's.
 */
static bool count_street(Db *db, const char *scope, CoverageCount *count, GError **error) {
    CoverageRange range = coverage_region_range(scope);
    int64_t numbers[COVERAGE_STATE_COUNT] = {0};
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT state, count(*) FROM building_coverage WHERE region >= $1 AND "
                     "region <= $2 GROUP BY state"),
                 DB_ARGS(db_int(range.from), db_int(range.to)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        numbers[CLAMP(db_rows_int(rows, 0), 0, COVERAGE_STATE_COUNT - 1)] = db_rows_int(rows, 1);
    }
    count->covered = numbers[COVERAGE_COVERED];
    count->silent = numbers[COVERAGE_SILENT];
    count->buildings = count->covered + count->silent + numbers[COVERAGE_NONE];
    return db_rows_done(rows, error);
}

GArray *coverage_counts(Db *db, const char *scope, GError **error) {
    CoverageRange range = coverage_district_range(scope);
    g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(CoverageCount));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT district, buildings, covered, silent, devices, devices_online, "
                     "points, points_bad, counted_us FROM coverage_count WHERE district >= $1 "
                     "AND district <= $2 ORDER BY district"),
                 DB_ARGS(db_int(range.from), db_int(range.to)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        CoverageCount count = count_from_row(rows);
        g_array_append_val(counts, count);
    }
    if (!db_rows_done(rows, error)) {
        return NULL;
    }
    bool is_street = strlen(scope) > DISTRICT_DIGITS;
    for (guint i = 0; is_street && i < counts->len; i++) {
        if (!count_street(db, scope, &g_array_index(counts, CoverageCount, i), error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&counts);
}

static DbRows *
query_weeks(Db *db, const char *scope, int64_t district, unsigned limit, GError **error) {
    if (district != 0) {
        return db_query(db,
                        SQL("SELECT week_us, buildings, covered, silent, counted_us FROM "
                            "coverage_week WHERE district = $1 ORDER BY week_us DESC LIMIT $2"),
                        DB_ARGS(db_int(district), db_int(limit)),
                        error);
    }
    CoverageRange range = coverage_district_range(scope);
    return db_query(db,
                    SQL("SELECT week_us, CAST(sum(buildings) AS BIGINT), "
                        "CAST(sum(covered) AS BIGINT), CAST(sum(silent) AS BIGINT), "
                        "max(counted_us) FROM coverage_week WHERE district >= $1 AND "
                        "district <= $2 GROUP BY week_us ORDER BY week_us DESC LIMIT $3"),
                    DB_ARGS(db_int(range.from), db_int(range.to), db_int(limit)),
                    error);
}

GArray *
coverage_weeks(Db *db, const char *scope, int64_t district, unsigned limit, GError **error) {
    g_autoptr(GArray) weeks = g_array_new(FALSE, FALSE, sizeof(CoverageWeek));
    g_autoptr(DbRows) rows = query_weeks(db, scope, district, limit, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        CoverageWeek week = {.week_us = db_rows_int(rows, 0),
                             .buildings = db_rows_int(rows, 1),
                             .covered = db_rows_int(rows, 2),
                             .silent = db_rows_int(rows, 3),
                             .counted_us = db_rows_int(rows, 4)};
        g_array_prepend_val(weeks, week);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&weeks) : NULL;
}

/* --- buildings ----------------------------------------------------------------------------------
 */

void coverage_building_clear(CoverageBuilding *building) {
    g_free(building->name);
    g_free(building->address);
    *building = (CoverageBuilding){0};
}

static void clear_element(gpointer data) {
    coverage_building_clear(data);
}

/* A street is a range of regions, a district an equal district; wider scopes walk all buildings by
 * id: "+ 0" keeps the engines from gathering and sorting whole districts. */
static void add_scope(SqlBuilder *sql, const char *scope) {
    if (strlen(scope) > DISTRICT_DIGITS) {
        CoverageRange range = coverage_region_range(scope);
        sql_builder_add(sql, SQL("AND c.region >="));
        sql_builder_arg(sql, db_int(range.from));
        sql_builder_add(sql, SQL("AND c.region <="));
        sql_builder_arg(sql, db_int(range.to));
    } else if (strlen(scope) == DISTRICT_DIGITS) {
        sql_builder_add(sql, SQL("AND c.district ="));
        sql_builder_arg(sql, db_int(region_district(scope)));
    } else {
        CoverageRange range = coverage_district_range(scope);
        sql_builder_add(sql, SQL("AND c.district + 0 >="));
        sql_builder_arg(sql, db_int(range.from));
        sql_builder_add(sql, SQL("AND c.district + 0 <="));
        sql_builder_arg(sql, db_int(range.to));
    }
}

static CoverageBuilding building_from_row(const DbRows *rows) {
    CoverageBuilding building = {
        .id = db_rows_int(rows, 0),
        .state = (CoverageState)CLAMP(db_rows_int(rows, 1), 0, COVERAGE_STATE_COUNT - 1),
        .devices = db_rows_int(rows, 2),
        .has_point = !db_rows_is_null(rows, 3),
        .longitude = db_rows_real(rows, 3),
        .latitude = db_rows_real(rows, 4),
        .name = g_strdup(db_rows_text(rows, 5)),
        .address = g_strdup(db_rows_text(rows, 6)),
        .heard_us = db_rows_int(rows, 8)};
    g_strlcpy(building.region, db_rows_text(rows, 7), sizeof building.region);
    return building;
}

GArray *coverage_buildings(Db *db, const CoverageQuery *query, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT c.building_id, c.state, c.devices, c.longitude, c.latitude, "
                        "b.name, b.address, b.region, (SELECT max(d.seen_us) FROM device d WHERE "
                        "d.building_id = c.building_id AND d.state = 'active') "
                        "FROM building_coverage c JOIN building b ON b.id = c.building_id "
                        "WHERE c.building_id >"));
    sql_builder_arg(sql, db_int(query->after_id));
    if (query->state >= 0) {
        sql_builder_add(sql, SQL("AND c.state ="));
        sql_builder_arg(sql, db_int(query->state));
    }
    if (query->cell >= 0) {
        sql_builder_add(sql, SQL("AND c.cell ="));
        sql_builder_arg(sql, db_int(query->cell));
    }
    add_scope(sql, query->scope);
    sql_builder_add(sql, SQL("ORDER BY c.building_id LIMIT"));
    sql_builder_arg(sql, db_int(query->limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CoverageBuilding));
    g_array_set_clear_func(found, clear_element);
    while (db_rows_next(rows)) {
        CoverageBuilding building = building_from_row(rows);
        g_array_append_val(found, building);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

/* --- the map ------------------------------------------------------------------------------------
 */

static void clear_cell(gpointer data) {
    g_free(((CoverageCell *)data)->name);
}

GArray *coverage_cells(Db *db, int64_t district, int64_t parent, GError **error) {
    g_autoptr(GArray) cells = g_array_new(FALSE, FALSE, sizeof(CoverageCell));
    g_array_set_clear_func(cells, clear_cell);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT c.cell, c.buildings, c.covered, c.silent, c.longitude, c.latitude, "
                     "c.building_id, b.name FROM coverage_cell c LEFT JOIN building b ON b.id = "
                     "c.building_id WHERE c.district = $1 AND c.zoom = $2 AND c.parent = $3 "
                     "ORDER BY c.buildings DESC, c.cell LIMIT $4"),
                 DB_ARGS(db_int(district),
                         db_int(parent == 0 ? 0 : 1),
                         db_int(parent),
                         db_int(COVERAGE_CELLS_MAX)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        CoverageCell cell = {.cell = db_rows_int(rows, 0),
                             .buildings = db_rows_int(rows, 1),
                             .covered = db_rows_int(rows, 2),
                             .silent = db_rows_int(rows, 3),
                             .longitude = db_rows_real(rows, 4),
                             .latitude = db_rows_real(rows, 5),
                             .building_id = db_rows_int(rows, 6),
                             .name = g_strdup(db_rows_text(rows, 7))};
        g_array_append_val(cells, cell);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&cells) : NULL;
}

bool coverage_last_heard(Db *db, int64_t *ret_us, GError **error) {
    return db_query_int(db,
                        SQL("SELECT coalesce(max(m), 0) FROM (SELECT (SELECT max(seen_us) FROM "
                            "device WHERE is_online = 1) AS m UNION ALL SELECT (SELECT "
                            "max(seen_us) FROM device WHERE is_online = 0)) AS found"),
                        DB_NO_ARGS,
                        ret_us,
                        error);
}
