/* Scores, their history, and what waits to be computed. */
#include "firecode/firecode_store.h"

#include "base/error.h"

#include <string.h>

void firecode_score_clear(FirecodeScore *score) {
    g_clear_pointer(&score->marks, json_decref);
    g_free(score->edition);
    *score = (FirecodeScore){.building_id = 0};
}

#define SCORE_COLUMNS                                                                              \
    "b.building_id, b.score, b.colour, b.since_us, b.known, b.fall, b.computed_us, b.patrol_us, "  \
    "b.handover_us, b.maintenance_us, b.overdue, b.edition, b.marks"
#define SCORE_COLUMN_COUNT 13

static bool score_from_row(const DbRows *rows, FirecodeScore *score, GError **error) {
    const char *marks = db_rows_text(rows, 12);
    *score = (FirecodeScore){
        .building_id = db_rows_int(rows, 0),
        .score = db_rows_int(rows, 1),
        .colour = (RiskGrade)db_rows_int(rows, 2),
        .since_us = db_rows_int(rows, 3),
        .known = db_rows_int(rows, 4),
        .fall = db_rows_int(rows, 5),
        .computed_us = db_rows_int(rows, 6),
        .last_us = {db_rows_int(rows, 7), db_rows_int(rows, 8), db_rows_int(rows, 9)},
        .overdue = (uint32_t)db_rows_int(rows, 10),
        .edition = g_strdup(db_rows_text(rows, 11)),
        .marks = json_read(marks, strlen(marks), error)};
    return score->marks != NULL;
}

bool score_store_find(Db *db, int64_t building_id, FirecodeScore *ret_score, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " SCORE_COLUMNS " FROM firecode_score b WHERE b.building_id = $1"),
                 DB_ARGS(db_int(building_id)),
                 error);
    *ret_score = (FirecodeScore){.building_id = 0};
    if (rows == NULL || (db_rows_next(rows) && !score_from_row(rows, ret_score, error))) {
        return false;
    }
    return db_rows_done(rows, error);
}

bool score_store_hold(Db *db, int64_t building_id, bool *ret_active, GError **error) {
    int64_t changed = 0;
    bool good = db_exec(db,
                        SQL("UPDATE firecode SET ended_us = 0 WHERE building_id = $1 AND state = "
                            "'active'"),
                        DB_ARGS(db_int(building_id)),
                        &changed,
                        error);
    *ret_active = changed == 1;
    return good;
}

bool score_store_put(
    Db *db, const FirecodeScore *score, const char *region, int64_t district, GError **error) {
    g_autofree char *marks = json_write(score->marks);
    return db_exec(
        db,
        SQL("INSERT INTO firecode_score (building_id, region, district, score, colour, since_us, "
            "marks, known, edition, fall, patrol_us, handover_us, maintenance_us, overdue, "
            "computed_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
            "$15) ON CONFLICT (building_id) DO UPDATE SET region = excluded.region, district = "
            "excluded.district, score = excluded.score, colour = excluded.colour, since_us = "
            "excluded.since_us, marks = excluded.marks, known = excluded.known, edition = "
            "excluded.edition, fall = excluded.fall, patrol_us = excluded.patrol_us, handover_us = "
            "excluded.handover_us, maintenance_us = excluded.maintenance_us, overdue = "
            "excluded.overdue, computed_us = excluded.computed_us"),
        DB_ARGS(db_int(score->building_id),
                db_text(region),
                db_int(district),
                db_int(score->score),
                db_int(score->colour),
                db_int(score->since_us),
                db_text(marks),
                db_int(score->known),
                db_text(score->edition),
                db_int(score->fall),
                db_int(score->last_us[0]),
                db_int(score->last_us[1]),
                db_int(score->last_us[2]),
                db_int(score->overdue),
                db_int(score->computed_us)),
        NULL,
        error);
}

bool score_store_drop(Db *db, int64_t building_id, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM firecode_score WHERE building_id = $1"),
                   DB_ARGS(db_int(building_id)),
                   NULL,
                   error);
}

bool score_store_oldest(Db *db, int64_t until_us, int64_t *ret_building, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT building_id FROM firecode_score WHERE computed_us < $1 ORDER BY "
                     "computed_us, building_id LIMIT 1"),
                 DB_ARGS(db_int(until_us)),
                 error);
    *ret_building = 0;
    if (rows != NULL && db_rows_next(rows)) {
        *ret_building = db_rows_int(rows, 0);
    }
    return rows != NULL && db_rows_done(rows, error);
}

/* --- history ------------------------------------------------------------------------------------
 */

void firecode_change_free(FirecodeChange *change) {
    g_free(change->cause);
    g_free(change->reasons);
    g_free(change);
}

bool history_store_add(Db *db, int64_t building_id, const FirecodeChange *change, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO firecode_history (building_id, time_us, score, colour, "
                       "colour_before, cause, reasons) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
                   DB_ARGS(db_int(building_id),
                           db_int(change->time_us),
                           db_int(change->score),
                           db_int(change->colour),
                           db_int(change->before),
                           db_text(change->cause),
                           db_text(change->reasons)),
                   NULL,
                   error);
}

GPtrArray *
history_store_list(Db *db, int64_t building_id, int64_t since_us, unsigned limit, GError **error) {
    g_autoptr(GPtrArray) changes =
        g_ptr_array_new_with_free_func((GDestroyNotify)firecode_change_free);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT id, time_us, score, colour, colour_before, cause, reasons FROM "
            "firecode_history WHERE building_id = $1 AND time_us >= COALESCE((SELECT MAX(time_us) "
            "FROM firecode_history WHERE building_id = $1 AND time_us < $2), 0) ORDER BY time_us "
            "DESC, id DESC LIMIT $3"),
        DB_ARGS(db_int(building_id), db_int(since_us), db_int(limit)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        FirecodeChange *change = g_new0(FirecodeChange, 1);
        *change = (FirecodeChange){.id = db_rows_int(rows, 0),
                                   .time_us = db_rows_int(rows, 1),
                                   .score = db_rows_int(rows, 2),
                                   .colour = (RiskGrade)db_rows_int(rows, 3),
                                   .before = (RiskGrade)db_rows_int(rows, 4),
                                   .cause = g_strdup(db_rows_text(rows, 5)),
                                   .reasons = g_strdup(db_rows_text(rows, 6))};
        g_ptr_array_add(changes, change);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&changes) : NULL;
}

bool history_store_score_at(
    Db *db, int64_t building_id, int64_t time_us, int64_t *ret_score, GError **error) {
    /* the last one until then, else the first one after */
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT score FROM firecode_history WHERE building_id = $1 AND time_us = "
            "COALESCE((SELECT MAX(time_us) FROM firecode_history WHERE building_id = $1 AND "
            "time_us <= $2), (SELECT MIN(time_us) FROM firecode_history WHERE building_id = $1)) "
            "ORDER BY id DESC LIMIT 1"),
        DB_ARGS(db_int(building_id), db_int(time_us)),
        error);
    *ret_score = -1;
    if (rows != NULL && db_rows_next(rows)) {
        *ret_score = db_rows_int(rows, 0);
    }
    return rows != NULL && db_rows_done(rows, error);
}

/* --- what waits ---------------------------------------------------------------------------------
 */

bool queue_store_add(
    Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO firecode_queue (building_id, cause, since_us) SELECT "
                        "building_id, $2, $3 FROM firecode WHERE building_id = $1 AND state = "
                        "'active' ON CONFLICT (building_id) DO NOTHING"),
                    DB_ARGS(db_int(building_id), db_text(cause), db_int(now_us)),
                    -1,
                    error);
}

bool queue_store_first(Db *db, int64_t *ret_building, char **ret_cause, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT building_id, cause FROM firecode_queue ORDER BY "
                                          "since_us, building_id LIMIT 1"),
                                      DB_NO_ARGS,
                                      error);
    *ret_building = 0;
    *ret_cause = NULL;
    if (rows != NULL && db_rows_next(rows)) {
        *ret_building = db_rows_int(rows, 0);
        *ret_cause = g_strdup(db_rows_text(rows, 1));
    }
    return rows != NULL && db_rows_done(rows, error);
}

bool queue_store_drop(Db *db, int64_t building_id, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM firecode_queue WHERE building_id = $1"),
                   DB_ARGS(db_int(building_id)),
                   NULL,
                   error);
}

/* --- lists --------------------------------------------------------------------------------------
 */

void firecode_row_free(FirecodeRow *row) {
    firecode_score_clear(&row->score);
    g_free(row->name);
    g_free(row->address);
    g_free(row->region);
    g_free(row);
}

static void add_text(SqlBuilder *sql, const char *text) {
    g_autoptr(GString) pattern = g_string_new("%");
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("%_\\", *at) != NULL) {
            g_string_append_c(pattern, '\\');
        }
        g_string_append_c(pattern, *at);
    }
    g_string_append_c(pattern, '%');
    sql_builder_add(sql, SQL("AND (o.name LIKE"));
    sql_builder_arg(sql, db_text(pattern->str));
    sql_builder_add(sql, SQL("ESCAPE '\\' OR o.address LIKE"));
    sql_builder_arg(sql, db_text(pattern->str));
    sql_builder_add(sql, SQL("ESCAPE '\\')"));
}

static void add_filters(SqlBuilder *sql, const FirecodeQuery *query) {
    firecode_add_region(sql, query->region);
    if (query->colour != RISK_UNKNOWN) {
        sql_builder_add(sql, SQL("AND b.colour ="));
        sql_builder_arg(sql, db_int(query->colour));
    }
    if (query->overdue != 0) {
        sql_builder_add(sql, SQL("AND (b.overdue &"));
        sql_builder_arg(sql, db_int(query->overdue));
        sql_builder_add(sql, SQL(") <> 0"));
    }
    if (query->text != NULL) {
        add_text(sql, query->text);
    }
    if (query->is_worse) {
        sql_builder_add(sql, SQL("AND b.fall > 0"));
    }
    if (query->after_id != 0) {
        sql_builder_add(sql,
                        query->is_worse ? SQL("AND (-b.fall, b.building_id) > (CAST(")
                                        : SQL("AND (b.score, b.building_id) > (CAST("));
        sql_builder_arg(sql, db_int(query->after_key));
        sql_builder_add(sql, SQL("AS BIGINT), CAST("));
        sql_builder_arg(sql, db_int(query->after_id));
        sql_builder_add(sql, SQL("AS BIGINT))"));
    }
}

GPtrArray *score_store_list(Db *db, const FirecodeQuery *query, GError **error) {
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)firecode_row_free);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT " SCORE_COLUMNS ", o.name, o.address, o.region, o.height_class "
                        "FROM firecode_score b JOIN building o ON o.id = b.building_id WHERE 1 = "
                        "1"));
    add_filters(sql, query);
    sql_builder_add(sql,
                    query->is_worse ? SQL("ORDER BY b.fall DESC, b.building_id LIMIT")
                                    : SQL("ORDER BY b.score, b.building_id LIMIT"));
    sql_builder_arg(sql, db_int(query->limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        FirecodeRow *row = g_new0(FirecodeRow, 1);
        g_ptr_array_add(list, row);
        if (!score_from_row(rows, &row->score, error)) {
            return NULL;
        }
        row->name = g_strdup(db_rows_text(rows, SCORE_COLUMN_COUNT));
        row->address = g_strdup(db_rows_text(rows, SCORE_COLUMN_COUNT + 1));
        row->region = g_strdup(db_rows_text(rows, SCORE_COLUMN_COUNT + 2));
        row->height = (HeightClass)db_rows_int(rows, SCORE_COLUMN_COUNT + 3);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

GArray *score_store_tally(Db *db, const char *region, GError **error) {
    g_autoptr(GArray) tallies = g_array_new(FALSE, FALSE, sizeof(FirecodeTally));
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT b.district, b.colour, COUNT(*) FROM firecode_score b WHERE 1 = 1"));
    firecode_add_region(sql, region);
    sql_builder_add(sql, SQL("GROUP BY b.district, b.colour ORDER BY b.district, b.colour"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t district = db_rows_int(rows, 0);
        int64_t colour = db_rows_int(rows, 1);
        FirecodeTally *last =
            tallies->len == 0 ? NULL : &g_array_index(tallies, FirecodeTally, tallies->len - 1);
        if (last == NULL || last->district != district) {
            FirecodeTally fresh = {.district = district};
            g_array_append_val(tallies, fresh);
            last = &g_array_index(tallies, FirecodeTally, tallies->len - 1);
        }
        if (colour > 0 && colour < RISK_COUNT) {
            last->colours[colour] = db_rows_int(rows, 2);
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&tallies) : NULL;
}
