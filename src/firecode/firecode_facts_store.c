/* What casework and inspection know about a building and the units in it. Their rows are read,
 * never written: a matter's page is theirs. */
#include "firecode/firecode_store.h"

#include "base/clock.h"

/* Matters of the building itself and of the units that stand in it. */
#define MATTERS                                                                                    \
    "FROM (SELECT kind, due_us, is_closed, state, changed_us FROM matter WHERE object_id <> 0 "    \
    "AND object_kind = 'building' AND object_id = $1 UNION ALL SELECT m.kind, m.due_us, "          \
    "m.is_closed, m.state, m.changed_us FROM unit u JOIN matter m ON m.object_id <> 0 AND "        \
    "m.object_kind = 'unit' AND m.object_id = u.id WHERE u.building_id IS NOT NULL AND "           \
    "u.building_id = $1) m"
/* Closed because it was not put right and went on to a penalty: counts for a year. */
#define NOT_RIGHT "m.state = 'not-corrected' AND m.changed_us >= $3"
#define STILL_MAJOR "m.state = 'remaining' AND m.changed_us >= $3"

static bool read_matters(Db *db, int64_t id, int64_t now_us, OfficeFacts *facts, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT COALESCE(SUM(CASE WHEN m.kind = 'hazard' AND ((m.is_closed = 0 AND m.state <> "
            "'corrected') OR (" NOT_RIGHT ")) THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN "
            "m.kind = 'hazard' AND ((m.is_closed = 0 AND m.state <> 'corrected' AND m.due_us > 0 "
            "AND m.due_us <= $2) OR (" NOT_RIGHT ")) THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN m.kind = 'major-hazard' AND ((m.is_closed = 0 AND m.state NOT "
            "IN ('found', 'corrected')) OR (" STILL_MAJOR ")) THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN m.kind = 'seal' AND m.is_closed = 0 AND m.state NOT IN "
            "('proposed', 'decided') THEN 1 ELSE 0 END), "
            "0) " MATTERS),
        DB_ARGS(db_int(id), db_int(now_us), db_int(now_us - 365 * CLOCK_DAY_US)),
        error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        facts->hazards = db_rows_int(rows, 0);
        facts->overdue = db_rows_int(rows, 1);
        facts->major = db_rows_int(rows, 2);
        facts->sealed = db_rows_int(rows, 3);
    }
    return db_rows_done(rows, error);
}

static bool read_inspection(Db *db, int64_t id, OfficeFacts *facts, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT inspected_us, failed FROM inspection WHERE object_kind = 'building' "
                     "AND object_id = $1 AND published_us > 0 ORDER BY published_us DESC, id DESC "
                     "LIMIT 1"),
                 DB_ARGS(db_int(id)),
                 error);
    facts->failed = -1;
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        facts->visited_us = db_rows_int(rows, 0);
        facts->failed = db_rows_int(rows, 1);
    }
    return db_rows_done(rows, error);
}

bool facts_store_office(
    Db *db, int64_t building_id, int64_t now_us, OfficeFacts *ret_facts, GError **error) {
    *ret_facts = (OfficeFacts){.hazards = 0};
    return read_matters(db, building_id, now_us, ret_facts, error) &&
           read_inspection(db, building_id, ret_facts, error);
}

GArray *facts_store_published(Db *db, int64_t building_id, unsigned limit, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id FROM inspection WHERE object_kind = 'building' AND object_id = $1 "
                     "AND published_us > 0 ORDER BY published_us DESC, id DESC LIMIT $2"),
                 DB_ARGS(db_int(building_id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&ids) : NULL;
}

bool facts_store_building_of(Db *db, int64_t unit_id, int64_t *ret_building, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT COALESCE(building_id, 0) FROM unit WHERE id = $1"),
                 DB_ARGS(db_int(unit_id)),
                 error);
    *ret_building = 0;
    if (rows != NULL && db_rows_next(rows)) {
        *ret_building = db_rows_int(rows, 0);
    }
    return rows != NULL && db_rows_done(rows, error);
}
