#include "sensing/building_facts.h"

/* Numbers of GB/T 26875.3-2011: state bits of points (tables in figures 6 and 7), of devices
 * (figure 13), types of systems and components (tables 4 and 5). */
#define PUMP_HYDRANT "91"   /* 消防水泵 */
#define PUMP_SPRINKLER "95" /* 喷淋泵 */

static bool read_devices(Db *db, int64_t id, BuildingFacts *facts, GError **error) {
    /* 24: main and backup power of a transmission device */
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT COUNT(*), COALESCE(SUM(CASE WHEN is_online = 0 THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN state_bits & 24 <> 0 THEN 1 ELSE 0 END), 0) FROM "
            "device WHERE building_id = $1 AND state = 'active'"),
        DB_ARGS(db_int(id)),
        error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        facts->devices = db_rows_int(rows, 0);
        facts->offline = db_rows_int(rows, 1);
        facts->power = db_rows_int(rows, 2);
    }
    return db_rows_done(rows, error);
}

static bool read_points(Db *db, int64_t id, BuildingFacts *facts, GError **error) {
    /* 4 fault, 8 shielded; 2048: a system in manual state, of hydrants (11) or sprinklers (12) */
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT COUNT(*), COALESCE(SUM(CASE WHEN p.state_bits & 4 <> 0 THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN p.state_bits & 8 <> 0 THEN 1 ELSE 0 END), 0), "
            "MAX(CASE WHEN p.component_type IN (" PUMP_HYDRANT ", " PUMP_SPRINKLER ") THEN CASE "
            "WHEN p.state_bits & 12 <> 0 THEN 3 ELSE 1 END WHEN p.component_type = -1 AND "
            "p.system_type IN (11, 12) THEN CASE WHEN p.state_bits & 2048 <> 0 THEN 2 ELSE 1 END "
            "ELSE 0 END) FROM point p JOIN device d ON d.id = p.device_id WHERE p.building_id = $1 "
            "AND d.state = 'active'"),
        DB_ARGS(db_int(id)),
        error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        facts->points = db_rows_int(rows, 0);
        facts->fault = db_rows_int(rows, 1);
        facts->shield = db_rows_int(rows, 2);
        facts->pump = (PumpState)db_rows_int(rows, 3);
    }
    return db_rows_done(rows, error);
}

static bool read_edges(Db *db, int64_t id, int64_t since_us, BuildingFacts *facts, GError **error) {
    return db_query_int(db,
                        SQL("SELECT COUNT(*) FROM (SELECT kind, is_on, received_us FROM edge WHERE "
                            "building_id = $1 ORDER BY id DESC LIMIT $2) e WHERE e.kind = 'fire' "
                            "AND e.is_on = 1 AND e.received_us >= $3"),
                        DB_ARGS(db_int(id), db_int(BUILDING_FACTS_EDGES), db_int(since_us)),
                        &facts->fires,
                        error) &&
           db_query_int(
               db,
               SQL("SELECT COUNT(*) FROM edge e JOIN (SELECT MAX(w.id) AS last FROM (SELECT id, "
                   "point_id, kind FROM edge WHERE building_id = $1 ORDER BY id DESC LIMIT $2) w "
                   "WHERE w.kind = 'limit' GROUP BY w.point_id) m ON e.id = m.last WHERE e.is_on = "
                   "1"),
               DB_ARGS(db_int(id), db_int(BUILDING_FACTS_EDGES)),
               &facts->limits,
               error);
}

bool sensing_building_facts(
    Db *db, int64_t building_id, int64_t since_us, BuildingFacts *ret_facts, GError **error) {
    *ret_facts = (BuildingFacts){.devices = 0};
    return read_devices(db, building_id, ret_facts, error) &&
           read_points(db, building_id, ret_facts, error) &&
           read_edges(db, building_id, since_us, ret_facts, error);
}
