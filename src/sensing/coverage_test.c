/* Coverage of a made city on both engines, and the arithmetic of targets and forecasts. */
#include "base/clock.h"
#include "sensing/coverage.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {"registry", "sensing", NULL};

static int64_t moment(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- pure ---------------------------------------------------------------------------------------
 */

static void test_weeks(void) {
    int64_t monday = moment("2026-11-23");
    g_assert_cmpint(coverage_week_begin(monday), ==, monday);
    g_assert_cmpint(coverage_week_begin(moment("2026-11-29T23:59:59+08:00")), ==, monday);
    g_assert_cmpint(coverage_week_begin(monday - 1), ==, moment("2026-11-16"));
    g_assert_cmpint(coverage_week_begin(moment("1969-12-31")), ==, moment("1969-12-29"));
}

static CoverageForecast forecast_of(const int64_t *covered, size_t count, int64_t missing) {
    CoverageWeek weeks[12];
    int64_t begin = moment("2026-09-07");
    for (size_t i = 0; i < count; i++) {
        weeks[i] = (CoverageWeek){.week_us = begin + (int64_t)i * 7 * CLOCK_DAY_US,
                                  .buildings = 200,
                                  .covered = covered[i],
                                  .counted_us = begin + ((int64_t)i * 7 + 1) * CLOCK_DAY_US};
    }
    CoverageAim aim = {.missing = missing, .due_us = moment("2026-12-01")};
    return coverage_forecast(weeks, count, &aim);
}

static void test_forecast(void) {
    static const int64_t rising[] = {0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80};
    static const int64_t still[] = {40, 40, 40, 40};
    static const int64_t falling[] = {44, 42, 40};
    CoverageForecast met = forecast_of(rising, 11, 0);
    g_assert_cmpint(met.outlook, ==, COVERAGE_MET);
    /* only the last eight weeks count: ten a week; counted on 2026-11-17, twenty are missing */
    CoverageForecast in_time = forecast_of(rising, 11, 19);
    g_assert_cmpint(in_time.outlook, ==, COVERAGE_IN_TIME);
    g_assert_cmpfloat_with_epsilon(in_time.weekly_gain, 10, 1e-9);
    g_assert_cmpuint(in_time.weeks, ==, COVERAGE_FORECAST_WEEKS);
    g_autofree char *day = clock_format_date(in_time.day_us);
    g_assert_cmpstr(day, ==, "2026-11-30");
    CoverageForecast late = forecast_of(rising, 11, 40);
    g_assert_cmpint(late.outlook, ==, COVERAGE_LATE);
    g_autofree char *late_day = clock_format_date(late.day_us);
    g_assert_cmpstr(late_day, ==, "2026-12-15");
    g_assert_cmpint(forecast_of(rising, 2, 5).outlook, ==, COVERAGE_TOO_EARLY);
    g_assert_cmpint(forecast_of(still, 4, 5).outlook, ==, COVERAGE_NOT_AT_ALL);
    g_assert_cmpint(forecast_of(falling, 3, 5).outlook, ==, COVERAGE_NOT_AT_ALL);
    g_assert_cmpint(forecast_of(rising, 11, 10000).outlook, ==, COVERAGE_NOT_AT_ALL);
}

static void test_cells(void) {
    int64_t cell = coverage_cell(106.5516, 29.5630);
    g_assert_cmpint(coverage_cell(106.5517, 29.5631), ==, cell);
    g_assert_cmpint(coverage_cell(106.5616, 29.5630), !=, cell);
    g_assert_cmpint(coverage_cell_parent(coverage_cell(106.5470, 29.5630)),
                    ==,
                    coverage_cell_parent(coverage_cell(106.5410, 29.5690)));
    g_assert_cmpint(coverage_cell(-179.99, -89.99), >=, 0);
    for (unsigned i = 0; i < COVERAGE_STATE_COUNT; i++) {
        CoverageState state;
        g_assert_true(coverage_state_parse(coverage_state_word((CoverageState)i), &state));
        g_assert_cmpint(state, ==, i);
    }
}

/* --- a made city --------------------------------------------------------------------------------
 */

#define NOW "2026-11-23T10:00:00+08:00"

static void add_building(Db *db, int64_t id, const char *region, int64_t height_class) {
    g_autofree char *name = g_strdup_printf("楼 %d", (int)id);
    test_db_exec(db,
                 "INSERT INTO building (id, name, address, region, district, height_class, "
                 "longitude, latitude, match_key, created_us, changed_us) VALUES ($1, $2, '某路', "
                 "$3, $4, $5, 106.55, 29.56, $1, 1, 1)",
                 db_int(id),
                 db_text(name),
                 db_text(region),
                 db_int(region_district(region)),
                 db_int(height_class));
}

static void add_device(Db *db, int64_t id, int64_t building, const char *state, const char *heard) {
    g_autofree char *code = g_strdup_printf("%d", (int)id);
    test_db_exec(
        db,
        "INSERT INTO device (id, protocol, code, profile, name, state, region, district, "
        "building_id, unit_id, place, service_body, service_contact, is_online, seen_us, "
        "state_bits, version, created_us, changed_us) VALUES ($1, 'gb26875', $2, 'standard', $2, "
        "$3, '500103', 500103, $4, 0, '', '', '', 1, $5, 0, 1, 1, 1)",
        db_int(id),
        db_text(code),
        db_text(state),
        db_int(building),
        db_int(heard == NULL ? 0 : moment(heard)));
}

static void refresh(Db *db, const char *now) {
    g_autoptr(GError) error = NULL;
    coverage_refresh(db, moment(now), &error);
    g_assert_no_error(error);
}

static void
assert_count(Db *db, const char *scope, int64_t buildings, int64_t covered, int64_t silent) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) counts = coverage_counts(db, scope, &error);
    g_assert_no_error(error);
    CoverageCount sum = coverage_sum(counts);
    g_assert_cmpint(sum.buildings, ==, buildings);
    g_assert_cmpint(sum.covered, ==, covered);
    g_assert_cmpint(sum.silent, ==, silent);
}

/* "2 5 9": which buildings a list shows. */
static void assert_list(Db *db, CoverageQuery query, const char *wanted) {
    g_autoptr(GError) error = NULL;
    query.limit = 10;
    g_autoptr(GArray) found = coverage_buildings(db, &query, &error);
    g_assert_no_error(error);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        g_string_append_printf(
            text, text->len == 0 ? "%d" : " %d", (int)g_array_index(found, CoverageBuilding, i).id);
    }
    g_assert_cmpstr(text->str, ==, wanted);
}

static void make_city(Db *db) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(region_load(db, "50", NULL, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    add_building(db, 1, "500103001", 2); /* heard today */
    add_building(db, 2, "500103001", 3); /* silent for eight days */
    add_building(db, 3, "500103002", 2); /* only a retired device */
    add_building(db, 4, "500103002", 1); /* no high-rise */
    add_building(db, 5, "500105", 2);    /* in a district that has ended: belongs to 500157 */
    add_building(db, 6, "500157", 2);    /* nothing */
    add_building(db, 7, "500229", 2);    /* one silent and one heard device */
    add_device(db, 1, 1, "active", "2026-11-23T09:59:00+08:00");
    add_device(db, 2, 2, "active", "2026-11-15T09:00:00+08:00");
    add_device(db, 3, 3, "retired", "2026-11-23T09:59:00+08:00");
    add_device(db, 4, 4, "active", "2026-11-23T09:59:00+08:00");
    add_device(db, 5, 5, "active", "2026-11-20T09:59:00+08:00");
    add_device(db, 6, 7, "active", NULL);
    add_device(db, 7, 7, "active", "2026-11-22T09:59:00+08:00");
    add_device(db, 8, 6, "learning", "2026-11-22T09:59:00+08:00");
}

#define ALL .state = -1, .cell = -1

static void test_city(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    make_city(db);
    refresh(db, NOW);
    assert_count(db, "50", 6, 3, 1);
    assert_count(db, "500103", 3, 1, 1);
    assert_count(db, "500103001", 2, 1, 1);
    assert_count(db, "500157", 2, 1, 0);
    assert_count(db, "500105", 0, 0, 0);
    assert_list(db, (CoverageQuery){.scope = "50", ALL}, "1 2 3 5 6 7");
    assert_list(db, (CoverageQuery){.scope = "50", .state = COVERAGE_NONE, .cell = -1}, "3 6");
    assert_list(db, (CoverageQuery){.scope = "500157", ALL}, "5 6");
    assert_list(db, (CoverageQuery){.scope = "500157", ALL, .after_id = 5}, "6");
    assert_list(db, (CoverageQuery){.scope = "500103002", ALL}, "3");
    assert_list(db, (CoverageQuery){.scope = "500103", .state = COVERAGE_SILENT, .cell = -1}, "2");
    assert_list(
        db,
        (CoverageQuery){.scope = "500103", .state = -1, .cell = coverage_cell(106.55, 29.56)},
        "1 2 3");
    assert_list(db, (CoverageQuery){.scope = "500103", .state = -1, .cell = 1}, "");
}

/* What changes between two counts is found; what vanished is forgotten; weeks keep their last. */
static void test_again(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    make_city(db);
    refresh(db, NOW);
    test_db_exec(db, "UPDATE building SET height_class = $1 WHERE id = 2", db_int(1));
    test_db_exec(
        db, "UPDATE building SET region = '500229', district = $1 WHERE id = 3", db_int(500229));
    test_db_exec(db, "UPDATE device SET state = $1 WHERE id = 3", db_text("active"));
    refresh(db, NOW);
    assert_count(db, "500103", 1, 1, 0);
    assert_count(db, "500229", 2, 2, 0);
    assert_count(db, "50", 5, 4, 0);
    refresh(db, "2026-12-03T10:00:00+08:00"); /* ten days of silence */
    assert_count(db, "50", 5, 0, 4);
    g_autoptr(GArray) weeks = coverage_weeks(db, "50", 0, 9, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(weeks->len, ==, 2);
    g_assert_cmpint(g_array_index(weeks, CoverageWeek, 0).covered, ==, 4);
    g_assert_cmpint(g_array_index(weeks, CoverageWeek, 1).week_us, ==, moment("2026-11-30"));
    g_assert_cmpint(g_array_index(weeks, CoverageWeek, 1).covered, ==, 0);
    g_autoptr(GArray) cells = coverage_cells(db, 500229, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(cells->len, ==, 1);
    const CoverageCell *cell = &g_array_index(cells, CoverageCell, 0);
    g_assert_cmpint(cell->buildings, ==, 2);
    g_assert_cmpint(cell->silent, ==, 2);
    g_assert_cmpfloat_with_epsilon(cell->longitude, 106.55, 1e-9);
    g_autoptr(GArray) inner = coverage_cells(db, 500229, cell->cell, &error);
    g_assert_cmpuint(inner->len, ==, 1);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coverage/weeks-begin-on-monday", test_weeks);
    g_test_add_func("/coverage/forecast-is-a-straight-line", test_forecast);
    g_test_add_func("/coverage/squares-and-words", test_cells);
    test_db_add("/coverage/counts-and-lists-agree", test_city);
    test_db_add("/coverage/changes-are-found", test_again);
    return g_test_run();
}
