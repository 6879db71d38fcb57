/* Codes and keepers. */
#include "firecode/firecode_store.h"

#include "base/error.h"
#include "registry/region.h"

#include <string.h>

/* --- regions ------------------------------------------------------------------------------------
 */

void firecode_add_region(SqlBuilder *sql, const char *region) {
    char code[REGION_CODE_MAX + 1];
    if (!region_code_parse(region, code)) { /* no region covers nothing */
        sql_builder_add(sql, SQL("AND 1 = 0"));
        return;
    }
    int64_t step = 1;
    for (size_t size = strlen(code); size < 6; size++) {
        step *= 10;
    }
    int64_t first = region_district(code);
    sql_builder_add(sql, SQL("AND b.district >="));
    sql_builder_arg(sql, db_int(first));
    sql_builder_add(sql, SQL("AND b.district <"));
    sql_builder_arg(sql, db_int(first + step));
    if (strlen(code) > 6) {
        g_autofree char *end = g_strconcat(code, ":", NULL); /* ":" follows "9" */
        sql_builder_add(sql, SQL("AND b.region >="));
        sql_builder_arg(sql, db_text(code));
        sql_builder_add(sql, SQL("AND b.region <"));
        sql_builder_arg(sql, db_text(end));
    }
}

/* --- codes --------------------------------------------------------------------------------------
 */

static const char *const code_states[] = {"active", "replaced", "withdrawn"};

void firecode_clear(Firecode *code) {
    g_free(code->reason);
    g_free(code->issued_by);
    *code = (Firecode){.id = 0};
}

void firecode_free(Firecode *code) {
    firecode_clear(code);
    g_free(code);
}

static void code_from_row(const DbRows *rows, Firecode *code) {
    *code = (Firecode){.id = db_rows_int(rows, 0),
                       .building_id = db_rows_int(rows, 1),
                       .reason = g_strdup(db_rows_text(rows, 4)),
                       .issued_us = db_rows_int(rows, 5),
                       .issued_by = g_strdup(db_rows_text(rows, 6)),
                       .ended_us = db_rows_int(rows, 7)};
    g_strlcpy(code->code, db_rows_text(rows, 2), sizeof code->code);
    for (unsigned i = 0; i < G_N_ELEMENTS(code_states); i++) {
        if (strcmp(code_states[i], db_rows_text(rows, 3)) == 0) {
            code->state = (CodeState)i;
        }
    }
}

#define CODE_COLUMNS "id, building_id, code, state, reason, issued_us, issued_by, ended_us"

static bool find_code(Db *db, Sql sql, DbArg arg, Firecode *ret_code, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, DB_ARGS(arg), error);
    *ret_code = (Firecode){.id = 0};
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        code_from_row(rows, ret_code);
    }
    return db_rows_done(rows, error);
}

bool code_store_find(Db *db, const char *code, Firecode *ret_code, GError **error) {
    return find_code(db,
                     SQL("SELECT " CODE_COLUMNS " FROM firecode WHERE code = $1"),
                     db_text(code),
                     ret_code,
                     error);
}

bool code_store_active(Db *db, int64_t building_id, Firecode *ret_code, GError **error) {
    return find_code(
        db,
        SQL("SELECT " CODE_COLUMNS " FROM firecode WHERE building_id = $1 AND state = 'active'"),
        db_int(building_id),
        ret_code,
        error);
}

GPtrArray *code_store_all(Db *db, int64_t building_id, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func((GDestroyNotify)firecode_free);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " CODE_COLUMNS
                     " FROM firecode WHERE building_id = $1 ORDER BY id DESC LIMIT 50"),
                 DB_ARGS(db_int(building_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        Firecode *code = g_new0(Firecode, 1);
        code_from_row(rows, code);
        g_ptr_array_add(codes, code);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&codes) : NULL;
}

bool code_store_add(Db *db, const Firecode *code, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO firecode (building_id, code, state, reason, issued_us, "
                       "issued_by, ended_us) VALUES ($1, $2, 'active', '', $3, $4, 0)"),
                   DB_ARGS(db_int(code->building_id),
                           db_text(code->code),
                           db_int(code->issued_us),
                           db_text(code->issued_by)),
                   NULL,
                   error);
}

bool code_store_end(Db *db, const Firecode *code, GError **error) {
    int64_t changed = 0;
    return db_exec(db,
                   SQL("UPDATE firecode SET state = $1, reason = $2, ended_us = $3 WHERE id = $4 "
                       "AND state = 'active'"),
                   DB_ARGS(db_text(code_states[code->state]),
                           db_text(code->reason),
                           db_int(code->ended_us),
                           db_int(code->id)),
                   &changed,
                   error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the code has ended meanwhile"));
}

static SqlBuilder *missing_query(Sql head, const char *region) {
    SqlBuilder *sql = sql_builder_new();
    sql_builder_add(sql, head);
    sql_builder_add(sql,
                    SQL("FROM building b WHERE b.height_class >= 2 AND NOT EXISTS (SELECT 1 FROM "
                        "firecode f WHERE f.building_id = b.id AND f.state = 'active')"));
    firecode_add_region(sql, region);
    return sql;
}

GArray *
code_store_missing(Db *db, const char *region, int64_t after_id, unsigned limit, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(SqlBuilder) sql = missing_query(SQL("SELECT b.id"), region);
    sql_builder_add(sql, SQL("AND b.id >"));
    sql_builder_arg(sql, db_int(after_id));
    sql_builder_add(sql, SQL("ORDER BY b.id LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&ids) : NULL;
}

bool code_store_count_missing(
    Db *db, const char *region, int64_t most, int64_t *ret_count, GError **error) {
    g_autoptr(SqlBuilder) sql = missing_query(SQL("SELECT COUNT(*) FROM (SELECT b.id"), region);
    sql_builder_add(sql, SQL("LIMIT"));
    sql_builder_arg(sql, db_int(most));
    sql_builder_add(sql, SQL(") m"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    *ret_count = 0;
    if (rows != NULL && db_rows_next(rows)) {
        *ret_count = db_rows_int(rows, 0);
    }
    return rows != NULL && db_rows_done(rows, error);
}

/* --- keepers ------------------------------------------------------------------------------------
 */

void keeper_clear(Keeper *keeper) {
    g_free(keeper->label);
    *keeper = (Keeper){.id = 0};
}

void keeper_free(Keeper *keeper) {
    keeper_clear(keeper);
    g_free(keeper);
}

static void keeper_from_row(const DbRows *rows, Keeper *keeper) {
    *keeper = (Keeper){.id = db_rows_int(rows, 0),
                       .building_id = db_rows_int(rows, 1),
                       .label = g_strdup(db_rows_text(rows, 2)),
                       .issued_us = db_rows_int(rows, 3),
                       .ends_us = db_rows_int(rows, 4),
                       .ended_us = db_rows_int(rows, 5),
                       .used_us = db_rows_int(rows, 6)};
}

#define KEEPER_COLUMNS "k.id, k.building_id, k.label, k.issued_us, k.ends_us, k.ended_us, k.used_us"

bool keeper_store_add(
    Db *db, Keeper *keeper, const char *key_sha256, const char *actor, GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO firecode_keeper (building_id, key_sha256, label, "
                            "issued_us, issued_by, ends_us, ended_us, used_us) VALUES ($1, $2, $3, "
                            "$4, $5, $6, 0, 0) RETURNING id"),
                        DB_ARGS(db_int(keeper->building_id),
                                db_text(key_sha256),
                                db_text(keeper->label),
                                db_int(keeper->issued_us),
                                db_text(actor),
                                db_int(keeper->ends_us)),
                        &keeper->id,
                        error);
}

bool keeper_store_find(
    Db *db, const char *key_sha256, int64_t now_us, Keeper *ret_keeper, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " KEEPER_COLUMNS " FROM firecode_keeper k JOIN firecode f ON "
                     "f.building_id = k.building_id AND f.state = 'active' WHERE k.key_sha256 = $1 "
                     "AND k.ended_us = 0 AND k.ends_us > $2"),
                 DB_ARGS(db_text(key_sha256), db_int(now_us)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        keeper_from_row(rows, ret_keeper);
    }
    return db_rows_done(rows, error);
}

bool keeper_store_end(Db *db, int64_t building_id, int64_t id, int64_t now_us, GError **error) {
    int64_t changed = 0;
    return db_exec(db,
                   SQL("UPDATE firecode_keeper SET ended_us = $1 WHERE id = $2 AND building_id = "
                       "$3 AND ended_us = 0"),
                   DB_ARGS(db_int(now_us), db_int(id), db_int(building_id)),
                   &changed,
                   error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the link has ended meanwhile"));
}

bool keeper_store_end_all(Db *db, int64_t building_id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE firecode_keeper SET ended_us = $1 WHERE building_id = $2 AND "
                       "ended_us = 0"),
                   DB_ARGS(db_int(now_us), db_int(building_id)),
                   NULL,
                   error);
}

bool keeper_store_used(Db *db, int64_t id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE firecode_keeper SET used_us = $1 WHERE id = $2"),
                   DB_ARGS(db_int(now_us), db_int(id)),
                   NULL,
                   error);
}

GPtrArray *keeper_store_of(Db *db, int64_t building_id, GError **error) {
    g_autoptr(GPtrArray) keepers = g_ptr_array_new_with_free_func((GDestroyNotify)keeper_free);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " KEEPER_COLUMNS " FROM firecode_keeper k WHERE k.building_id = $1 "
                     "ORDER BY k.id DESC LIMIT 50"),
                 DB_ARGS(db_int(building_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        Keeper *keeper = g_new0(Keeper, 1);
        keeper_from_row(rows, keeper);
        g_ptr_array_add(keepers, keeper);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&keepers) : NULL;
}
