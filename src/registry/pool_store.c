#include "registry/pool.h"

#include "base/error.h"
#include "registry/region.h"
#include "registry/unit_list.h"

#include <string.h>

#define CHUNK 20000

/* First and last district number of a region: 50 -> 500000 … 509999. */
static void district_span(const char *region, int64_t *ret_low, int64_t *ret_high) {
    int64_t scale = 1;
    for (int level = (int)strlen(region); level < 6; level++) {
        scale *= 10;
    }
    *ret_low = region_district(region);
    *ret_high = *ret_low + scale - 1;
}

typedef struct Walk {
    const char *region;
    bool is_narrow; /* below a district: the row's region decides */
    uint32_t categories;
    PoolVisitor visit;
    void *data;
    int64_t last_id;
    int64_t rows;
} Walk;

/* Columns: id, district, category, risk, credit, region. */
static bool visit_rows(DbRows *rows, Walk *walk, GError **error) {
    walk->rows = 0;
    while (db_rows_next(rows)) {
        walk->rows++;
        walk->last_id = db_rows_int(rows, 0);
        PoolObject object = {.id = walk->last_id,
                             .district = db_rows_int(rows, 1),
                             .category = (int)db_rows_int(rows, 2),
                             .risk = (RiskGrade)db_rows_int(rows, 3),
                             .credit = (CreditGrade)db_rows_int(rows, 4)};
        if ((walk->categories >> object.category & 1) == 0 ||
            (walk->is_narrow && !region_is_inside(db_rows_text(rows, 5), walk->region))) {
            continue;
        }
        if (!walk->visit(&object, walk->data, error)) {
            return false;
        }
    }
    return db_rows_done(rows, error);
}

/* "+column" keeps both engines from choosing an index of that column: with one they would sort the
 * whole region again for each chunk. The walk along the key is a single pass. */
static DbRows *query_chunk(Db *db, bool is_unit, const Walk *walk, GError **error) {
    int64_t low = 0;
    int64_t high = 0;
    district_span(walk->region, &low, &high);
    if (is_unit) {
        return db_query(db,
                        SQL("SELECT id, district, category, risk, credit, region FROM unit "
                            "WHERE id > $1 AND +merged_into = 0 AND +district >= $2 AND "
                            "+district <= $3 ORDER BY id LIMIT $4"),
                        DB_ARGS(db_int(walk->last_id), db_int(low), db_int(high), db_int(CHUNK)),
                        error);
    }
    return db_query(db,
                    SQL("SELECT id, district, category, risk, credit, region FROM building "
                        "WHERE id > $1 AND +district >= $2 AND +district <= $3 "
                        "ORDER BY id LIMIT $4"),
                    DB_ARGS(db_int(walk->last_id), db_int(low), db_int(high), db_int(CHUNK)),
                    error);
}

bool pool_visit(Db *db,
                const char *object_kind,
                const char *region,
                uint32_t categories,
                PoolVisitor visit,
                void *data,
                GError **error) {
    Walk walk = {.region = region,
                 .is_narrow = strlen(region) > 6,
                 .categories = categories,
                 .visit = visit,
                 .data = data};
    bool is_unit = strcmp(object_kind, "unit") == 0;
    do {
        g_autoptr(DbRows) rows = query_chunk(db, is_unit, &walk, error);
        if (rows == NULL || !visit_rows(rows, &walk, error)) {
            return false;
        }
    } while (walk.rows == CHUNK);
    return true;
}

bool pool_visit_officers(Db *db,
                         const char *region,
                         bool (*visit)(const Officer *officer, void *data, GError **error),
                         void *data,
                         GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, district, region, can_lead, certificate_until FROM officer "
                     "WHERE in_post = 1 ORDER BY id"),
                 DB_NO_ARGS,
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Officer officer = {.id = db_rows_int(rows, 0),
                           .district = db_rows_int(rows, 1),
                           .region = db_rows_text(rows, 2),
                           .in_post = true,
                           .can_lead = db_rows_int(rows, 3) != 0,
                           .certificate_until = db_rows_text(rows, 4)};
        if (region_is_inside(officer.region, region) && !visit(&officer, data, error)) {
            return false;
        }
    }
    return db_rows_done(rows, error);
}

/* --- counts ---------------------------------------------------------------------------------- */

static bool count_one(const PoolObject *object, void *data, GError **error) {
    (void)error;
    int64_t *counts = data;
    counts[object->category]++;
    return true;
}

static bool count_buildings(Db *db, const char *region, int64_t *counts, GError **error) {
    int64_t low = 0;
    int64_t high = 0;
    district_span(region, &low, &high);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT category, COUNT(*) FROM building WHERE district >= $1 AND "
                     "district <= $2 GROUP BY category"),
                 DB_ARGS(db_int(low), db_int(high)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t category = db_rows_int(rows, 0);
        if (category >= 0 && category < CATEGORY_COUNT) {
            counts[category] = db_rows_int(rows, 1);
        }
    }
    return db_rows_done(rows, error);
}

bool pool_count(
    Db *db, const char *object_kind, const char *region, int64_t *ret_counts, GError **error) {
    memset(ret_counts, 0, CATEGORY_COUNT * sizeof *ret_counts);
    if (strlen(region) > 6) {
        return pool_visit(db, object_kind, region, UINT32_MAX, count_one, ret_counts, error);
    }
    return strcmp(object_kind, "unit") == 0 ? unit_count_by_category(db, region, ret_counts, error)
                                            : count_buildings(db, region, ret_counts, error);
}
