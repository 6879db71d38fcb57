/* What is wrong now, and spells of fault and shielding, read from points and edges. */
#include "sensing/state_store.h"
#include "base/error.h"
#include "sensing/device_store.h"
#include "sensing/sensing_state.h"

#include <string.h>

void building_state_clear(BuildingState *state) {
    g_clear_pointer(&state->systems, g_array_unref);
}

void spell_page_clear(SpellPage *page) {
    g_clear_pointer(&page->rows, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
}

/* --- one building -------------------------------------------------------------------------------
 */

static int64_t older(int64_t a, int64_t b) {
    return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

static void add_system(BuildingState *state, const SystemState *system) {
    SystemState *total = &state->total;
    g_array_append_vals(state->systems, system, 1);
    total->points += system->points;
    total->fire += system->fire;
    total->fault += system->fault;
    total->shield += system->shield;
    total->offline += system->offline;
    total->since_us = older(total->since_us, system->since_us);
}

static bool read_systems(Db *db, int64_t building_id, BuildingState *state, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT p.system_type, count(*), sum(CASE WHEN (p.state_bits & 2) <> 0 THEN 1 ELSE 0 "
            "END), sum(CASE WHEN (p.state_bits & 4) <> 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN (p.state_bits & 8) <> 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN d.is_online = 0 THEN 1 ELSE 0 END), "
            "min(CASE WHEN (p.state_bits & 14) <> 0 THEN p.state_us END) "
            "FROM point p JOIN device d ON d.id = p.device_id "
            "WHERE p.building_id = $1 AND d.state = 'active' "
            "GROUP BY p.system_type ORDER BY p.system_type"),
        DB_ARGS(db_int(building_id)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        SystemState system = {.system_type = db_rows_int(rows, 0),
                              .points = db_rows_int(rows, 1),
                              .fire = db_rows_int(rows, 2),
                              .fault = db_rows_int(rows, 3),
                              .shield = db_rows_int(rows, 4),
                              .offline = db_rows_int(rows, 5),
                              .since_us = db_rows_int(rows, 6)};
        add_system(state, &system);
    }
    return db_rows_done(rows, error);
}

bool sensing_building_state(Db *db, int64_t building_id, BuildingState *ret_state, GError **error) {
    *ret_state = (BuildingState){.total = {.system_type = -1},
                                 .systems = g_array_new(FALSE, FALSE, sizeof(SystemState))};
    if (building_id == 0) {
        return true; /* 0 is "bound to none", not a building */
    }
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT count(*), coalesce(sum(1 - is_online), 0), coalesce(max(seen_us), 0) "
                     "FROM device WHERE building_id = $1 AND state = 'active'"),
                 DB_ARGS(db_int(building_id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        ret_state->devices = db_rows_int(rows, 0);
        ret_state->offline_devices = db_rows_int(rows, 1);
        ret_state->seen_us = db_rows_int(rows, 2);
    }
    return db_rows_done(rows, error) && read_systems(db, building_id, ret_state, error);
}

/* --- a region -----------------------------------------------------------------------------------
 */

bool state_store_counts(Db *db, const char *region, StateCounts *ret_counts, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT count(*), coalesce(sum(d.is_online), 0) FROM device d "
                        "WHERE d.state = 'active'"));
    sensing_add_region(sql, region);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        ret_counts->devices = db_rows_int(rows, 0);
        ret_counts->online = db_rows_int(rows, 1);
    }
    return db_rows_done(rows, error);
}

static void read_building(const DbRows *rows, GStringChunk *texts, StateBuilding *ret) {
    const char *name = db_rows_text(rows, 1);
    const char *region = db_rows_text(rows, 2);
    *ret = (StateBuilding){
        .id = db_rows_int(rows, 0),
        .name = g_string_chunk_insert(texts, name == NULL ? "" : name),
        .region = g_string_chunk_insert(texts, region == NULL ? "" : region),
        .fire = db_rows_int(rows, 3),
        .fault = db_rows_int(rows, 4),
        .shield = db_rows_int(rows, 5),
        .since_us = db_rows_int(rows, 6),
    };
}

/* From the small index of wrong points: those of one region are few even in a city. Fires first,
 * then by how many faults. */
bool state_store_bad_buildings(Db *db,
                               const char *region,
                               unsigned limit,
                               GStringChunk *texts,
                               GArray *buildings,
                               GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(
        sql,
        SQL("SELECT w.building_id, max(b.name), max(b.region), sum(w.fire), sum(w.fault), "
            "sum(w.shield), min(w.state_us) FROM (SELECT p.building_id, p.state_us, "
            "CASE WHEN (p.state_bits & 2) <> 0 THEN 1 ELSE 0 END AS fire, "
            "CASE WHEN (p.state_bits & 4) <> 0 THEN 1 ELSE 0 END AS fault, "
            "CASE WHEN (p.state_bits & 8) <> 0 THEN 1 ELSE 0 END AS shield "
            "FROM point p JOIN device d ON d.id = p.device_id WHERE (p.state_bits & 14) <> 0 "
            "AND p.building_id <> 0 AND d.state = 'active'"));
    sensing_add_region(sql, region);
    sql_builder_add(sql,
                    SQL(") AS w JOIN building b ON b.id = w.building_id GROUP BY w.building_id "
                        "ORDER BY 4 DESC, 5 DESC, 6 DESC, 1 LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        StateBuilding building;
        read_building(rows, texts, &building);
        g_array_append_val(buildings, building);
    }
    return db_rows_done(rows, error);
}

bool state_store_bad_districts(Db *db, const char *region, GArray *districts, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(
        sql,
        SQL("SELECT p.district, sum(CASE WHEN (p.state_bits & 2) <> 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN (p.state_bits & 4) <> 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN (p.state_bits & 8) <> 0 THEN 1 ELSE 0 END) "
            "FROM point p JOIN device d ON d.id = p.device_id WHERE (p.state_bits & 14) <> 0 "
            "AND d.state = 'active'"));
    sensing_add_region(sql, region);
    sql_builder_add(sql, SQL("GROUP BY p.district ORDER BY p.district"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        StateDistrict district = {.district = db_rows_int(rows, 0),
                                  .fire = db_rows_int(rows, 1),
                                  .fault = db_rows_int(rows, 2),
                                  .shield = db_rows_int(rows, 3)};
        g_array_append_val(districts, district);
    }
    return db_rows_done(rows, error);
}

/* --- spells -------------------------------------------------------------------------------------
 */

/* An "on" begins a spell unless one was on already; it ends with the next "off" of the same thing.
 * The condition on kind and is_on repeats that of the index, word for word; "kind || ''" keeps
 * the engine at the few edges of one point instead of all edges of a kind. */
#define SPELL_COLUMNS                                                                              \
    "SELECT e.id, e.device_id, e.point_id, e.building_id, e.unit_id, e.district, e.region, "       \
    "e.place, e.what, e.time_us, coalesce((SELECT o.time_us FROM edge o WHERE "                    \
    "o.point_id = e.point_id AND o.id > e.id AND o.kind || '' = e.kind AND o.is_on = 0 "           \
    "ORDER BY o.id LIMIT 1), 0), coalesce((SELECT o.is_on FROM edge o WHERE "                      \
    "o.point_id = e.point_id AND o.id < e.id AND o.kind || '' = e.kind "                           \
    "ORDER BY o.id DESC LIMIT 1), 0), "                                                            \
    "coalesce((SELECT b.name FROM building b WHERE b.id = e.building_id), '') "                    \
    "FROM edge e WHERE e.kind IN ('fault', 'shield') AND e.is_on = 1 AND e.point_id <> 0"

static void add_int(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

/* Those that last are few: found from the index of wrong points, never by walking through years of
 * edges that are over. Of each the first "on" after its last "off". */
static void add_open(SqlBuilder *sql, EdgeKind kind) {
    DbArg word = db_text(edge_kind_word(kind));
    sql_builder_add(sql,
                    SQL("AND e.id IN (SELECT (SELECT min(o.id) FROM edge o WHERE "
                        "o.point_id = p.id AND o.is_on = 1 AND o.kind || '' ="));
    sql_builder_arg(sql, word);
    sql_builder_add(sql,
                    SQL("AND o.id > coalesce((SELECT max(f.id) FROM edge f WHERE "
                        "f.point_id = p.id AND f.is_on = 0 AND f.kind || '' ="));
    sql_builder_arg(sql, word);
    sql_builder_add(sql,
                    SQL("), 0)) FROM point p WHERE (p.state_bits & 14) <> 0 AND "
                        "(p.state_bits &"));
    sql_builder_arg(sql, db_int(kind == EDGE_FAULT ? 4 : 8));
    sql_builder_add(sql, SQL(") <> 0)"));
}

static void add_conditions(SqlBuilder *sql, const SpellQuery *query) {
    sql_builder_add(sql, SQL("AND e.kind ="));
    sql_builder_arg(sql, db_text(edge_kind_word(query->kind)));
    sensing_add_region_e(sql, query->region);
    if (query->building_id != 0) {
        add_int(sql, SQL("AND e.building_id ="), query->building_id);
    }
    if (query->before_id != 0) {
        add_int(sql, SQL("AND e.id <"), query->before_id);
    }
    if (query->is_open) {
        add_open(sql, query->kind);
    }
}

/* Rows that continue a spell, or ended though the point is wrong again, are left out here. */
static bool read_spells(DbRows *rows, const SpellQuery *query, SpellPage *page, GError **error) {
    unsigned n = 0;
    int64_t last_id = 0;
    for (; n < query->limit && db_rows_next(rows); n++) {
        SensingSpell spell = {.edge_id = db_rows_int(rows, 0),
                              .device_id = db_rows_int(rows, 1),
                              .point_id = db_rows_int(rows, 2),
                              .building_id = db_rows_int(rows, 3),
                              .unit_id = db_rows_int(rows, 4),
                              .district = db_rows_int(rows, 5),
                              .region = sensing_text_at(rows, 6, page->texts),
                              .place = sensing_text_at(rows, 7, page->texts),
                              .what = sensing_text_at(rows, 8, page->texts),
                              .since_us = db_rows_int(rows, 9),
                              .until_us = db_rows_int(rows, 10),
                              .building_name = sensing_text_at(rows, 12, page->texts)};
        bool continues = db_rows_int(rows, 11) != 0;
        last_id = spell.edge_id;
        if (!continues && !(query->is_open && spell.until_us != 0)) {
            g_array_append_val(page->rows, spell);
        }
    }
    if (n == query->limit && db_rows_next(rows)) {
        page->next_id = last_id;
    }
    return db_rows_done(rows, error);
}

bool sensing_spells(Db *db, const SpellQuery *query, SpellPage *ret_page, GError **error) {
    g_assert(query->kind == EDGE_FAULT || query->kind == EDGE_SHIELD);
    *ret_page = (SpellPage){.rows = g_array_new(FALSE, FALSE, sizeof(SensingSpell)),
                            .texts = g_string_chunk_new(4096)};
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL(SPELL_COLUMNS));
    add_conditions(sql, query);
    add_int(sql, SQL("ORDER BY e.id DESC LIMIT"), (int64_t)query->limit + 1);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    return rows != NULL && read_spells(rows, query, ret_page, error);
}
