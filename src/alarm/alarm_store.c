#include "alarm/alarm_store.h"

#include "alarm/alarm_sql_store.h"
#include "base/error.h"

#include <string.h>

/* --- the feed -----------------------------------------------------------------------------------
 */

bool alarm_store_lock(Db *db, int64_t *ret_head, GError **error) {
    /* SQLite has locked the whole file with its BEGIN IMMEDIATE */
    return db_query_int(db,
                        SQL_FOR(db,
                                "SELECT head FROM alarm_feed WHERE id = 1",
                                "SELECT head FROM alarm_feed WHERE id = 1 FOR UPDATE"),
                        DB_NO_ARGS,
                        ret_head,
                        error);
}

bool alarm_store_head(Db *db, int64_t *ret_head, GError **error) {
    return db_query_int(
        db, SQL("SELECT head FROM alarm_feed WHERE id = 1"), DB_NO_ARGS, ret_head, error);
}

bool alarm_store_step(Db *db, const AlarmStep *step, int64_t *ret_seq, GError **error) {
    int64_t seq = 0;
    if (!db_query_int(db,
                      SQL("UPDATE alarm_feed SET head = head + 1 WHERE id = 1 RETURNING head"),
                      DB_NO_ARGS,
                      &seq,
                      error) ||
        !db_exec(db,
                 SQL("INSERT INTO alarm_step (seq, alarm_id, step, time_us, account_id, note, "
                     "token, leaf) VALUES ($1, $2, $3, $4, $5, $6, $7, -1)"),
                 DB_ARGS(db_int(seq),
                         db_int(step->alarm_id),
                         db_text(step->step),
                         db_int(step->time_us),
                         db_int(step->account_id),
                         db_text(step->note != NULL ? step->note : ""),
                         db_text(step->token != NULL ? step->token : "")),
                 NULL,
                 error)) {
        return false;
    }
    if (ret_seq != NULL) {
        *ret_seq = seq;
    }
    return true;
}

bool alarm_store_leaf(Db *db, int64_t seq, int64_t leaf, GError **error) {
    return db_exec(db,
                   SQL("UPDATE alarm_step SET leaf = $2 WHERE seq = $1"),
                   DB_ARGS(db_int(seq), db_int(leaf)),
                   NULL,
                   error);
}

bool alarm_store_token(Db *db,
                       const char *token,
                       int64_t alarm_id,
                       int64_t account_id,
                       bool *ret_taken,
                       GError **error) {
    int64_t count = 0;
    bool good = db_query_int(db,
                             SQL("SELECT count(*) FROM alarm_step WHERE token <> '' AND "
                                 "token = $1 AND alarm_id = $2 AND account_id = $3"),
                             DB_ARGS(db_text(token), db_int(alarm_id), db_int(account_id)),
                             &count,
                             error);
    *ret_taken = count > 0;
    return good;
}

/* --- alarms -------------------------------------------------------------------------------------
 */

void alarm_clear(Alarm *alarm) {
    g_clear_pointer(&alarm->rule, g_free);
    g_clear_pointer(&alarm->merge_key, g_free);
    g_clear_pointer(&alarm->title, g_free);
    g_clear_pointer(&alarm->address, g_free);
    g_clear_pointer(&alarm->place, g_free);
    g_clear_pointer(&alarm->what, g_free);
    g_clear_pointer(&alarm->region, g_free);
}

void alarm_free(Alarm *alarm) {
    if (alarm != NULL) {
        alarm_clear(alarm);
        g_free(alarm);
    }
}

void alarm_from_row(const DbRows *rows, Alarm *ret_alarm) {
    Alarm alarm = {.id = db_rows_int(rows, 0), .rule = g_strdup(db_rows_text(rows, 1))};
    (void)alarm_class_parse(db_rows_text(rows, 2), &alarm.class); /* we wrote these words */
    (void)edge_kind_parse(db_rows_text(rows, 3), &alarm.kind);
    alarm.priority = db_rows_int(rows, 4);
    (void)alarm_state_parse(db_rows_text(rows, 5), &alarm.state);
    (void)alarm_result_parse(db_rows_text(rows, 6), &alarm.result);
    alarm.merge_key = g_strdup(db_rows_text(rows, 7));
    alarm.title = g_strdup(db_rows_text(rows, 8));
    alarm.address = g_strdup(db_rows_text(rows, 9));
    alarm.place = g_strdup(db_rows_text(rows, 10));
    alarm.what = g_strdup(db_rows_text(rows, 11));
    alarm.region = g_strdup(db_rows_text(rows, 12));
    int64_t *const numbers[] = {
        &alarm.district,    &alarm.building_id, &alarm.unit_id,         &alarm.device_id,
        &alarm.began_us,    &alarm.arrived_us,  &alarm.last_us,         &alarm.edges,
        &alarm.points,      &alarm.active,      &alarm.restored_us,     &alarm.level,
        &alarm.due_us,      &alarm.holder,      &alarm.acknowledged_us, &alarm.verified_us,
        &alarm.reported_us, &alarm.closed_us,   &alarm.matter_id,       &alarm.version};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        *numbers[i] = db_rows_int(rows, 13 + (int)i);
    }
    *ret_alarm = alarm;
}

static bool find_one(DbRows *rows, Alarm *ret_alarm, GError **error) {
    if (rows == NULL) {
        return false;
    }
    *ret_alarm = (Alarm){0};
    if (db_rows_next(rows)) {
        alarm_from_row(rows, ret_alarm);
        return true;
    }
    return db_rows_done(rows, error);
}

bool alarm_find(Db *db, int64_t id, Alarm *ret_alarm, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT " ALARM_COLUMNS " FROM alarm a WHERE a.id = $1"),
                                      DB_ARGS(db_int(id)),
                                      error);
    if (!find_one(rows, ret_alarm, error)) {
        return false;
    }
    return ret_alarm->id != 0 ||
           hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no alarm %" G_GINT64_FORMAT, id);
}

bool alarm_store_near(Db *db, const char *merge_key, Alarm *ret_alarm, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ALARM_COLUMNS " FROM alarm a WHERE a.merge_key = $1 AND "
                     "a.state <> 'closed' ORDER BY a.id DESC LIMIT 1"),
                 DB_ARGS(db_text(merge_key)),
                 error);
    return find_one(rows, ret_alarm, error);
}

bool alarm_store_inside(
    Db *db, int64_t building_id, EdgeKind kind, Alarm *ret_alarm, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ALARM_COLUMNS " FROM alarm a WHERE a.building_id = $1 AND "
                     "a.kind = $2 AND a.state <> 'closed' ORDER BY a.id DESC LIMIT 1"),
                 DB_ARGS(db_int(building_id), db_text(edge_kind_word(kind))),
                 error);
    return find_one(rows, ret_alarm, error);
}

bool alarm_store_locate(Db *db, const Alarm *alarm, GError **error) {
    return db_exec(
        db,
        SQL("UPDATE alarm SET merge_key = $2, title = $3, place = $4, what = $5 WHERE id = $1"),
        DB_ARGS(db_int(alarm->id),
                db_text(alarm->merge_key),
                db_text(alarm->title),
                db_text(alarm->place),
                db_text(alarm->what)),
        NULL,
        error);
}

bool alarm_store_add(Db *db, Alarm *alarm, GError **error) {
    return db_query_int(
        db,
        SQL("INSERT INTO alarm (rule, class, kind, priority, state, result, merge_key, title, "
            "address, place, what, region, district, building_id, unit_id, device_id, began_us, "
            "arrived_us, last_us, edges, points, active, restored_us, level, due_us, holder, "
            "acknowledged_us, verified_us, reported_us, closed_us, matter_id, version) VALUES "
            "($1, $2, $3, $4, 'new', '', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
            "$17, 0, 0, 0, 0, 0, $18, 0, 0, 0, 0, 0, 0, 1) RETURNING id"),
        DB_ARGS(db_text(alarm->rule),
                db_text(alarm_class_word(alarm->class)),
                db_text(edge_kind_word(alarm->kind)),
                db_int(alarm->priority),
                db_text(alarm->merge_key),
                db_text(alarm->title),
                db_text(alarm->address),
                db_text(alarm->place),
                db_text(alarm->what),
                db_text(alarm->region),
                db_int(alarm->district),
                db_int(alarm->building_id),
                db_int(alarm->unit_id),
                db_int(alarm->device_id),
                db_int(alarm->began_us),
                db_int(alarm->arrived_us),
                db_int(alarm->last_us),
                db_int(alarm->due_us)),
        &alarm->id,
        error);
}

bool alarm_store_update(Db *db, const Alarm *alarm, GError **error) {
    return db_exec(
        db,
        SQL("UPDATE alarm SET state = $2, result = $3, last_us = $4, edges = $5, points = $6, "
            "active = $7, restored_us = $8, level = $9, due_us = $10, holder = $11, "
            "acknowledged_us = $12, verified_us = $13, reported_us = $14, closed_us = $15, "
            "matter_id = $16, version = $17 WHERE id = $1"),
        DB_ARGS(db_int(alarm->id),
                db_text(alarm_state_word(alarm->state)),
                db_text(alarm_result_word(alarm->result)),
                db_int(alarm->last_us),
                db_int(alarm->edges),
                db_int(alarm->points),
                db_int(alarm->active),
                db_int(alarm->restored_us),
                db_int(alarm->level),
                db_int(alarm->due_us),
                db_int(alarm->holder),
                db_int(alarm->acknowledged_us),
                db_int(alarm->verified_us),
                db_int(alarm->reported_us),
                db_int(alarm->closed_us),
                db_int(alarm->matter_id),
                db_int(alarm->version)),
        NULL,
        error);
}

/* --- points -------------------------------------------------------------------------------------
 */

bool alarm_store_place(Db *db, int64_t point_id, AlarmPlace *ret_place, GError **error) {
    *ret_place = (AlarmPlace){.component = -1};
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT system_type, component_type, floor FROM point WHERE id = $1"),
                 DB_ARGS(db_int(point_id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        ret_place->system = db_rows_int(rows, 0);
        ret_place->component = db_rows_int(rows, 1);
        ret_place->floor = g_strdup(db_rows_text(rows, 2));
        return true;
    }
    ret_place->floor = g_strdup("");
    return db_rows_done(rows, error);
}

static bool read_point(Db *db,
                       int64_t alarm_id,
                       const SensingEdge *edge,
                       bool *ret_was_there,
                       bool *ret_was_on,
                       GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT is_on FROM alarm_point WHERE alarm_id = $1 AND device_id = $2 AND "
                     "point_id = $3 AND kind = $4"),
                 DB_ARGS(db_int(alarm_id),
                         db_int(edge->device_id),
                         db_int(edge->point_id),
                         db_text(edge_kind_word(edge->kind))),
                 error);
    if (rows == NULL) {
        return false;
    }
    *ret_was_there = db_rows_next(rows);
    *ret_was_on = *ret_was_there && db_rows_int(rows, 0) != 0;
    return *ret_was_there || db_rows_done(rows, error);
}

bool alarm_store_point(Db *db,
                       int64_t alarm_id,
                       const SensingEdge *edge,
                       bool *ret_was_there,
                       bool *ret_was_on,
                       GError **error) {
    return read_point(db, alarm_id, edge, ret_was_there, ret_was_on, error) &&
           db_exec(db,
                   SQL("INSERT INTO alarm_point (alarm_id, device_id, point_id, kind, place, "
                       "what, first_us, last_us, times, is_on) VALUES ($1, $2, $3, $4, $5, $6, "
                       "$7, $7, 1, 1) ON CONFLICT (alarm_id, device_id, point_id, kind) DO "
                       "UPDATE SET last_us = excluded.last_us, times = alarm_point.times + 1, "
                       "is_on = 1"),
                   DB_ARGS(db_int(alarm_id),
                           db_int(edge->device_id),
                           db_int(edge->point_id),
                           db_text(edge_kind_word(edge->kind)),
                           db_text(edge->place),
                           db_text(edge->what),
                           db_int(edge->time_us)),
                   NULL,
                   error);
}

GArray *alarm_store_ids(DbRows *rows, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    while (rows != NULL && db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&ids) : NULL;
}

GArray *alarm_store_point_off(Db *db, const SensingEdge *edge, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("UPDATE alarm_point SET is_on = 0, last_us = $4 WHERE device_id = $1 AND "
                     "point_id = $2 AND kind = $3 AND is_on = 1 RETURNING alarm_id"),
                 DB_ARGS(db_int(edge->device_id),
                         db_int(edge->point_id),
                         db_text(edge_kind_word(edge->kind)),
                         db_int(edge->time_us)),
                 error);
    return alarm_store_ids(rows, error);
}

/* --- what is due --------------------------------------------------------------------------------
 */

GArray *alarm_store_due(Db *db, int64_t now_us, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT id FROM alarm WHERE due_us > 0 AND due_us <= $1 "
                                          "ORDER BY due_us, id LIMIT $2"),
                                      DB_ARGS(db_int(now_us), db_int(limit)),
                                      error);
    return alarm_store_ids(rows, error);
}

GArray *alarm_store_lasting(
    Db *db, AlarmClass class, int64_t before_us, int64_t after_id, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT id FROM alarm WHERE class = $1 AND began_us <= $2 AND active > 0 AND "
            "matter_id = 0 AND id > $3 ORDER BY id LIMIT $4"),
        DB_ARGS(
            db_text(alarm_class_word(class)), db_int(before_us), db_int(after_id), db_int(limit)),
        error);
    return alarm_store_ids(rows, error);
}
