/*
 * The counting behind coverage: district by district, so that writers wait for none of it long.
 * What has not changed is not written again. Only the job thread runs it.
 */
#include "sensing/coverage_store.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define SECOND_ZOOM 1

/* A high-rise as the registry and its devices have it now. */
typedef struct Seen {
    int64_t id, region, cell, devices, heard_us;
    CoverageState state;
    bool has_point;
    double longitude, latitude;
} Seen;

typedef struct Refresh {
    int64_t now_us;
    int64_t district; /* of today */
    GArray *codes;    /* int64_t: it, and the abolished ones that it succeeds */
    const LawCoverage *rule;
    GHashTable *seen; /* &Seen.id -> Seen */
    CoverageCount count;
} Refresh;

/* --- reading ------------------------------------------------------------------------------------
 */

static bool read_buildings(Db *db, Refresh *refresh, int64_t code, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, region, longitude, latitude FROM building WHERE district = $1 "
                     "AND height_class >= 2"),
                 DB_ARGS(db_int(code)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Seen *seen = g_new0(Seen, 1);
        seen->id = db_rows_int(rows, 0);
        seen->region = coverage_region_range(db_rows_text(rows, 1)).from;
        seen->has_point = !db_rows_is_null(rows, 2) && !db_rows_is_null(rows, 3);
        seen->longitude = db_rows_real(rows, 2);
        seen->latitude = db_rows_real(rows, 3);
        seen->cell = seen->has_point ? coverage_cell(seen->longitude, seen->latitude) : -1;
        g_hash_table_replace(refresh->seen, &seen->id, seen);
    }
    return db_rows_done(rows, error);
}

static bool read_devices(Db *db, Refresh *refresh, int64_t code, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT d.building_id, count(*), max(d.seen_us) FROM building b JOIN device d "
                     "ON d.building_id = b.id WHERE b.district = $1 AND b.height_class >= 2 AND "
                     "d.state = 'active' GROUP BY d.building_id"),
                 DB_ARGS(db_int(code)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        Seen *seen = g_hash_table_lookup(refresh->seen, &id);
        if (seen != NULL) {
            seen->devices = db_rows_int(rows, 1);
            seen->heard_us = db_rows_int(rows, 2);
        }
    }
    return db_rows_done(rows, error);
}

static bool add_numbers(Db *db, Refresh *refresh, int64_t code, GError **error) {
    int64_t devices;
    int64_t online;
    int64_t points;
    int64_t bad;
    bool good =
        db_query_int(db,
                     SQL("SELECT count(*) FROM device WHERE district = $1 AND state = 'active'"),
                     DB_ARGS(db_int(code)),
                     &devices,
                     error) &&
        db_query_int(db,
                     SQL("SELECT count(*) FROM device WHERE district = $1 AND state = 'active' "
                         "AND is_online = 1"),
                     DB_ARGS(db_int(code)),
                     &online,
                     error) &&
        db_query_int(db,
                     SQL("SELECT count(*) FROM point WHERE district = $1"),
                     DB_ARGS(db_int(code)),
                     &points,
                     error) &&
        db_query_int(db,
                     SQL("SELECT count(*) FROM point WHERE district = $1 AND "
                         "(state_bits & 14) <> 0"),
                     DB_ARGS(db_int(code)),
                     &bad,
                     error);
    if (good) {
        refresh->count.devices += devices;
        refresh->count.devices_online += online;
        refresh->count.points += points;
        refresh->count.points_bad += bad;
    }
    return good;
}

static void judge(Refresh *refresh) {
    GHashTableIter iter;
    gpointer value;
    int64_t since_us = refresh->now_us - refresh->rule->heard_days * CLOCK_DAY_US;
    g_hash_table_iter_init(&iter, refresh->seen);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Seen *seen = value;
        seen->state = seen->devices == 0           ? COVERAGE_NONE
                      : seen->heard_us >= since_us ? COVERAGE_COVERED
                                                   : COVERAGE_SILENT;
        refresh->count.buildings++;
        refresh->count.covered += seen->state == COVERAGE_COVERED;
        refresh->count.silent += seen->state == COVERAGE_SILENT;
    }
}

/* --- writing ------------------------------------------------------------------------------------
 */

/* Forgets what is stored as it is; `gone` gets ids that are no high-rise here any more. */
static bool
drop_unchanged(Db *db, const Refresh *refresh, GHashTable *changed, GArray *gone, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT building_id, region, state, devices, cell, longitude, latitude "
                     "FROM building_coverage WHERE district = $1"),
                 DB_ARGS(db_int(refresh->district)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        const Seen *seen = g_hash_table_lookup(changed, &id);
        if (seen == NULL) {
            g_array_append_val(gone, id);
        } else if (seen->region == db_rows_int(rows, 1) &&
                   (int64_t)seen->state == db_rows_int(rows, 2) &&
                   seen->devices == db_rows_int(rows, 3) && seen->cell == db_rows_int(rows, 4) &&
                   seen->longitude == db_rows_real(rows, 5) &&
                   seen->latitude == db_rows_real(rows, 6)) {
            g_hash_table_remove(changed, &id);
        }
    }
    return db_rows_done(rows, error);
}

static bool write_buildings(Db *db, const Refresh *refresh, GHashTable *changed, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, changed);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Seen *seen = value;
        const DbArg row[] = {db_int(seen->id),
                             db_int(refresh->district),
                             db_int(seen->region),
                             db_int((int64_t)seen->state),
                             db_int(seen->devices),
                             db_int(seen->cell),
                             seen->has_point ? db_real(seen->longitude) : db_null(),
                             seen->has_point ? db_real(seen->latitude) : db_null()};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return args->len == 0 ||
           db_exec_many(db,
                        SQL("INSERT INTO building_coverage (building_id, district, region, state, "
                            "devices, cell, longitude, latitude) VALUES ($1, $2, $3, $4, $5, $6, "
                            "$7, $8) ON CONFLICT (building_id) DO UPDATE SET district = "
                            "excluded.district, region = excluded.region, state = excluded.state, "
                            "devices = excluded.devices, cell = excluded.cell, longitude = "
                            "excluded.longitude, latitude = excluded.latitude"),
                        8,
                        (DbArgs){(const DbArg *)(void *)args->data, args->len},
                        NULL,
                        error);
}

static bool delete_buildings(Db *db, const Refresh *refresh, const GArray *gone, GError **error) {
    for (guint i = 0; i < gone->len; i++) {
        if (!db_exec(db,
                     SQL("DELETE FROM building_coverage WHERE building_id = $1 AND district = $2"),
                     DB_ARGS(db_int(g_array_index(gone, int64_t, i)), db_int(refresh->district)),
                     NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

static bool write_count(Db *db, const Refresh *refresh, GError **error) {
    const CoverageCount *count = &refresh->count;
    int64_t week_us = coverage_week_begin(refresh->now_us);
    return db_exec(db,
                   SQL("INSERT INTO coverage_count (district, buildings, covered, silent, devices, "
                       "devices_online, points, points_bad, counted_us) VALUES ($1, $2, $3, $4, "
                       "$5, $6, $7, $8, $9) ON CONFLICT (district) DO UPDATE SET buildings = "
                       "excluded.buildings, covered = excluded.covered, silent = excluded.silent, "
                       "devices = excluded.devices, devices_online = excluded.devices_online, "
                       "points = excluded.points, points_bad = excluded.points_bad, counted_us = "
                       "excluded.counted_us"),
                   DB_ARGS(db_int(refresh->district),
                           db_int(count->buildings),
                           db_int(count->covered),
                           db_int(count->silent),
                           db_int(count->devices),
                           db_int(count->devices_online),
                           db_int(count->points),
                           db_int(count->points_bad),
                           db_int(refresh->now_us)),
                   NULL,
                   error) &&
           db_exec(db,
                   SQL("INSERT INTO coverage_week (district, week_us, buildings, covered, silent, "
                       "counted_us) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (district, "
                       "week_us) DO UPDATE SET buildings = excluded.buildings, covered = "
                       "excluded.covered, silent = excluded.silent, counted_us = "
                       "excluded.counted_us"),
                   DB_ARGS(db_int(refresh->district),
                           db_int(week_us),
                           db_int(count->buildings),
                           db_int(count->covered),
                           db_int(count->silent),
                           db_int(refresh->now_us)),
                   NULL,
                   error);
}

/* --- squares ------------------------------------------------------------------------------------
 */

static CoverageCell *cell_of(GHashTable *cells, int64_t number) {
    CoverageCell *cell = g_hash_table_lookup(cells, &number);
    if (cell == NULL) {
        cell = g_new0(CoverageCell, 1);
        cell->cell = number;
        g_hash_table_insert(cells, &cell->cell, cell);
    }
    return cell;
}

/* Sums while it gathers; the middle is made when it is written. */
static void add_to_cell(CoverageCell *cell, const Seen *seen) {
    cell->buildings++;
    cell->covered += seen->state == COVERAGE_COVERED;
    cell->silent += seen->state == COVERAGE_SILENT;
    cell->building_id = cell->building_id == 0 ? seen->id : MIN(cell->building_id, seen->id);
    cell->longitude += seen->longitude;
    cell->latitude += seen->latitude;
}

static bool
write_zoom(Db *db, const Refresh *refresh, GHashTable *cells, int64_t zoom, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, cells);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CoverageCell *cell = value;
        const DbArg row[] = {db_int(refresh->district),
                             db_int(zoom),
                             db_int(zoom == SECOND_ZOOM ? coverage_cell_parent(cell->cell) : 0),
                             db_int(cell->cell),
                             db_int(cell->buildings),
                             db_int(cell->covered),
                             db_int(cell->silent),
                             db_int(cell->building_id),
                             db_real(cell->longitude / (double)cell->buildings),
                             db_real(cell->latitude / (double)cell->buildings)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return args->len == 0 ||
           db_exec_many(db,
                        SQL("INSERT INTO coverage_cell (district, zoom, parent, cell, buildings, "
                            "covered, silent, building_id, longitude, latitude) VALUES ($1, "
                            "$2, $3, $4, $5, $6, $7, $8, $9, $10)"),
                        10,
                        (DbArgs){(const DbArg *)(void *)args->data, args->len},
                        NULL,
                        error);
}

static bool write_cells(Db *db, const Refresh *refresh, GError **error) {
    g_autoptr(GHashTable) small = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    g_autoptr(GHashTable) large = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, refresh->seen);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Seen *seen = value;
        if (seen->has_point) {
            add_to_cell(cell_of(small, seen->cell), seen);
            add_to_cell(cell_of(large, coverage_cell_parent(seen->cell)), seen);
        }
    }
    return db_exec(db,
                   SQL("DELETE FROM coverage_cell WHERE district = $1"),
                   DB_ARGS(db_int(refresh->district)),
                   NULL,
                   error) &&
           write_zoom(db, refresh, large, 0, error) &&
           write_zoom(db, refresh, small, SECOND_ZOOM, error);
}

/* --- one district -------------------------------------------------------------------------------
 */

static GHashTable *copy_of(GHashTable *seen) {
    GHashTable *copy = g_hash_table_new(g_int64_hash, g_int64_equal);
    GHashTableIter iter;
    gpointer key;
    gpointer value;
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        g_hash_table_insert(copy, key, value);
    }
    return copy;
}

/* Reads outside the transaction: nobody else writes these tables, and a device that speaks
 * meanwhile is seen the next time. */
static bool refresh_district(Db *db, Refresh *refresh, GError **error) {
    for (guint i = 0; i < refresh->codes->len; i++) {
        int64_t code = g_array_index(refresh->codes, int64_t, i);
        if (!read_buildings(db, refresh, code, error) || !read_devices(db, refresh, code, error) ||
            !add_numbers(db, refresh, code, error)) {
            return false;
        }
    }
    judge(refresh);
    g_autoptr(GHashTable) changed = copy_of(refresh->seen);
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!drop_unchanged(db, refresh, changed, gone, error)) {
        return false;
    }
    bool is_same = g_hash_table_size(changed) == 0 && gone->len == 0;
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && write_buildings(db, refresh, changed, error) &&
           delete_buildings(db, refresh, gone, error) && write_count(db, refresh, error) &&
           (is_same || write_cells(db, refresh, error)) && db_commit(&tx, error);
}

/* --- all districts ------------------------------------------------------------------------------
 */

static void free_codes(gpointer data) {
    g_array_unref(data);
}

static void add_once(GArray *codes, int64_t code) {
    for (guint i = 0; i < codes->len; i++) {
        if (g_array_index(codes, int64_t, i) == code) {
            return;
        }
    }
    g_array_append_val(codes, code);
}

static void add_code(Db *db, GHashTable *districts, int64_t code, int64_t now_us) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, code);
    int64_t today = coverage_district_now(db, text, now_us);
    GArray *codes = g_hash_table_lookup(districts, &today);
    if (codes == NULL) {
        int64_t *key = g_new(int64_t, 1);
        *key = today;
        codes = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_hash_table_insert(districts, key, codes);
    }
    add_once(codes, today);
    add_once(codes, code);
}

/* Every code under which some building stands or was counted: one look into the index for each. */
static GHashTable *find_districts(Db *db, int64_t now_us, GError **error) {
    g_autoptr(GHashTable) districts =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_codes);
    for (int64_t code = 0;;) {
        int64_t next;
        if (!db_query_int(db,
                          SQL("SELECT coalesce(min(d), 0) FROM (SELECT min(district) AS d FROM "
                              "building WHERE district > $1 UNION ALL SELECT min(district) FROM "
                              "coverage_count WHERE district > $1) AS found"),
                          DB_ARGS(db_int(code)),
                          &next,
                          error)) {
            return NULL;
        }
        if (next == 0) {
            return g_steal_pointer(&districts);
        }
        add_code(db, districts, next, now_us);
        code = next;
    }
}

static bool refresh_codes(Db *db, int64_t district, GArray *codes, int64_t now_us, GError **error) {
    g_autofree char *code = g_strdup_printf("%" G_GINT64_FORMAT, district);
    const char *city = law_city_of(code, error);
    const LawBook *book = city == NULL ? NULL : law_book(city, error);
    if (book == NULL) {
        return false;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    Refresh refresh = {.now_us = now_us,
                       .district = district,
                       .codes = codes,
                       .rule = law_coverage_at(book, now_us),
                       .seen = seen};
    return refresh.rule == NULL || refresh_district(db, &refresh, error);
}

bool coverage_refresh(Db *db, int64_t now_us, GError **error) {
    g_autoptr(GHashTable) districts = find_districts(db, now_us, error);
    GHashTableIter iter;
    gpointer key;
    gpointer value;
    if (districts == NULL) {
        return false;
    }
    g_hash_table_iter_init(&iter, districts);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!refresh_codes(db, *(int64_t *)key, value, now_us, error)) {
            return false;
        }
    }
    return true;
}
