/* Records of a building's own people. */
#include "firecode/firecode_store.h"

#include "base/error.h"
#include "firecode/firecode_rules.h"

#include <string.h>

void building_record_free(BuildingRecord *record) {
    if (record != NULL) {
        g_free(record->who);
        json_decref(record->data);
        g_free(record);
    }
}

bool record_store_add(Db *db,
                      int64_t building_id,
                      DutyKind kind,
                      const char *data,
                      const char *form_id,
                      const FirecodeActor *by,
                      int64_t *ret_id,
                      bool *ret_is_new,
                      GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("INSERT INTO firecode_record (building_id, kind, time_us, actor, who, data, "
                     "form_id) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (form_id) DO "
                     "NOTHING"),
                 DB_ARGS(db_int(building_id),
                         db_text(duty_word(kind)),
                         db_int(by->now_us),
                         db_text(by->actor),
                         db_text(by->who),
                         db_text(data),
                         db_text(form_id)),
                 &changed,
                 error)) {
        return false;
    }
    *ret_is_new = changed == 1;
    return db_query_int(db,
                        SQL("SELECT id FROM firecode_record WHERE form_id = $1"),
                        DB_ARGS(db_text(form_id)),
                        ret_id,
                        error);
}

GPtrArray *record_store_list(
    Db *db, int64_t building_id, DutyKind kind, int64_t before_id, unsigned limit, GError **error) {
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify)building_record_free);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT id, building_id, kind, time_us, who, data FROM firecode_record "
                        "WHERE building_id ="));
    sql_builder_arg(sql, db_int(building_id));
    if (kind != DUTY_KINDS) {
        sql_builder_add(sql, SQL("AND kind ="));
        sql_builder_arg(sql, db_text(duty_word(kind)));
    }
    if (before_id != 0) {
        sql_builder_add(sql, SQL("AND id <"));
        sql_builder_arg(sql, db_int(before_id));
    }
    sql_builder_add(sql, SQL("ORDER BY id DESC LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        BuildingRecord *record = g_new0(BuildingRecord, 1);
        const char *text = db_rows_text(rows, 5);
        g_ptr_array_add(records, record);
        record->id = db_rows_int(rows, 0);
        record->building_id = db_rows_int(rows, 1);
        record->time_us = db_rows_int(rows, 3);
        record->who = g_strdup(db_rows_text(rows, 4));
        record->data = json_read(text, strlen(text), error);
        if (record->data == NULL || !duty_parse(db_rows_text(rows, 2), &record->kind)) {
            return NULL;
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&records) : NULL;
}
