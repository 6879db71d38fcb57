#include "alarm/duty_store.h"

#include "alarm/alarm_sql_store.h"
#include "base/error.h"

#include <string.h>

#define DEVICE_COLUMNS                                                                             \
    "a.id, a.building_id, a.district, a.name, a.place, a.region, a.is_online, "                    \
    "COALESCE(b.name, '')"
#define SHIFT_COLUMNS                                                                              \
    "id, region, account_id, begun_us, note, open_alarms, offered_us, taken_us, taken_by"

/* --- checks -------------------------------------------------------------------------------------
 */

bool duty_store_answer(Db *db, int64_t device_id, int64_t answered_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE duty_check SET answered_us = $2 WHERE device_id = $1 AND "
                       "answered_us = 0 AND asked_us <= $2"),
                   DB_ARGS(db_int(device_id), db_int(answered_us)),
                   NULL,
                   error);
}

bool duty_store_add(Db *db, const DutyCheck *check, int64_t *ret_id, GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO duty_check (command_id, device_id, building_id, name, "
                            "region, district, account_id, asked_us, due_us, answered_us) VALUES "
                            "($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) RETURNING id"),
                        DB_ARGS(db_int(check->command_id),
                                db_int(check->device_id),
                                db_int(check->building_id),
                                db_text(check->name),
                                db_text(check->region),
                                db_int(check->district),
                                db_int(check->account_id),
                                db_int(check->asked_us),
                                db_int(check->due_us)),
                        ret_id,
                        error);
}

void duty_check_free(DutyCheck *check) {
    g_free(check->name);
    g_free(check->region);
    g_free(check->command_state);
    g_free(check->failure);
    g_free(check);
}

static DutyCheck *check_from_row(const DbRows *rows) {
    DutyCheck *check = g_new0(DutyCheck, 1);
    int64_t *const numbers[] = {&check->id,
                                &check->command_id,
                                &check->device_id,
                                &check->building_id,
                                &check->district,
                                &check->account_id,
                                &check->asked_us,
                                &check->due_us,
                                &check->answered_us};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        *numbers[i] = db_rows_int(rows, (int)i);
    }
    check->name = g_strdup(db_rows_text(rows, 9));
    check->region = g_strdup(db_rows_text(rows, 10));
    check->command_state = g_strdup(db_rows_text(rows, 11));
    check->failure = g_strdup(db_rows_text(rows, 12));
    return check;
}

GPtrArray *duty_checks(Db *db, const DutyQuery *query, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT a.id, a.command_id, a.device_id, a.building_id, a.district, "
                        "a.account_id, a.asked_us, a.due_us, a.answered_us, a.name, a.region, "
                        "COALESCE(c.state, ''), COALESCE(c.failure, '') FROM duty_check a LEFT "
                        "JOIN device_command c ON c.id = a.command_id WHERE a.id <"));
    sql_builder_arg(sql, db_int(query->before_id > 0 ? query->before_id : INT64_MAX));
    if (query->device_id != 0) {
        sql_builder_add(sql, SQL("AND a.device_id ="));
        sql_builder_arg(sql, db_int(query->device_id));
    }
    if (query->building_id != 0) {
        sql_builder_add(sql, SQL("AND a.building_id ="));
        sql_builder_arg(sql, db_int(query->building_id));
    }
    alarm_add_region(sql, query->region);
    sql_builder_add(sql, SQL("ORDER BY a.id DESC LIMIT"));
    sql_builder_arg(sql, db_int(query->limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)duty_check_free);
    while (rows != NULL && db_rows_next(rows)) {
        g_ptr_array_add(list, check_from_row(rows));
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* --- devices ------------------------------------------------------------------------------------
 */

void duty_device_free(DutyDevice *device) {
    if (device != NULL) {
        g_free(device->name);
        g_free(device->building);
        g_free(device->place);
        g_free(device->region);
        g_free(device);
    }
}

static DutyDevice *device_from_row(const DbRows *rows) {
    DutyDevice *device = g_new0(DutyDevice, 1);
    device->id = db_rows_int(rows, 0);
    device->building_id = db_rows_int(rows, 1);
    device->district = db_rows_int(rows, 2);
    device->name = g_strdup(db_rows_text(rows, 3));
    device->place = g_strdup(db_rows_text(rows, 4));
    device->region = g_strdup(db_rows_text(rows, 5));
    device->is_online = db_rows_int(rows, 6) != 0;
    device->building = g_strdup(db_rows_text(rows, 7));
    return device;
}

static SqlBuilder *devices_of(const char *region) {
    SqlBuilder *sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT " DEVICE_COLUMNS " FROM device a LEFT JOIN building b ON "
                        "b.id = a.building_id WHERE a.protocol = 'gb26875' AND "
                        "a.state = 'active'"));
    alarm_add_region(sql, region);
    return sql;
}

static GPtrArray *read_devices(DbRows *rows, GError **error) {
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)duty_device_free);
    while (rows != NULL && db_rows_next(rows)) {
        g_ptr_array_add(list, device_from_row(rows));
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *duty_devices(Db *db,
                        const char *region,
                        const char *words,
                        int64_t after_id,
                        unsigned limit,
                        GError **error) {
    g_autoptr(SqlBuilder) sql = devices_of(region);
    sql_builder_add(sql, SQL("AND a.id >"));
    sql_builder_arg(sql, db_int(after_id));
    if (words != NULL) {
        g_autofree char *like = g_strdup_printf("%%%s%%", words);
        sql_builder_add(sql, SQL("AND (a.name LIKE"));
        sql_builder_arg(sql, db_text(like));
        sql_builder_add(sql, SQL("OR a.place LIKE"));
        sql_builder_arg(sql, db_text(like));
        sql_builder_add(sql, SQL("OR b.name LIKE"));
        sql_builder_arg(sql, db_text(like));
        sql_builder_add(sql, SQL(")"));
    }
    sql_builder_add(sql, SQL("ORDER BY a.id LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    return read_devices(rows, error);
}

DutyDevice *duty_device(Db *db, const char *region, int64_t id, GError **error) {
    g_autoptr(SqlBuilder) sql = devices_of(region);
    sql_builder_add(sql, SQL("AND a.id ="));
    sql_builder_arg(sql, db_int(id));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL || !db_rows_next(rows)) {
        if (rows != NULL) {
            (void)db_rows_done(rows, error);
        }
        return NULL;
    }
    return device_from_row(rows);
}

/* --- shifts -------------------------------------------------------------------------------------
 */

void duty_shift_free(DutyShift *shift) {
    if (shift != NULL) {
        g_free(shift->region);
        g_free(shift->note);
        g_free(shift);
    }
}

GPtrArray *duty_shifts(Db *db, const char *region, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT " SHIFT_COLUMNS " FROM duty_shift WHERE region = $1 ORDER BY id DESC LIMIT $2"),
        DB_ARGS(db_text(region), db_int(limit)),
        error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)duty_shift_free);
    while (rows != NULL && db_rows_next(rows)) {
        DutyShift *shift = g_new0(DutyShift, 1);
        shift->id = db_rows_int(rows, 0);
        shift->region = g_strdup(db_rows_text(rows, 1));
        shift->account_id = db_rows_int(rows, 2);
        shift->begun_us = db_rows_int(rows, 3);
        shift->note = g_strdup(db_rows_text(rows, 4));
        shift->open_alarms = db_rows_int(rows, 5);
        shift->offered_us = db_rows_int(rows, 6);
        shift->taken_us = db_rows_int(rows, 7);
        shift->taken_by = db_rows_int(rows, 8);
        g_ptr_array_add(list, shift);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool duty_store_begin(Db *db,
                      const char *region,
                      int64_t account_id,
                      int64_t now_us,
                      int64_t *ret_id,
                      GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO duty_shift (region, account_id, begun_us, note, "
                            "open_alarms, offered_us, taken_us, taken_by) VALUES ($1, $2, $3, '', "
                            "0, 0, 0, 0) RETURNING id"),
                        DB_ARGS(db_text(region), db_int(account_id), db_int(now_us)),
                        ret_id,
                        error);
}

bool duty_store_offer(Db *db, const DutyShift *shift, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("UPDATE duty_shift SET note = $2, open_alarms = $3, offered_us = $4 WHERE "
                     "id = $1 AND taken_us = 0"),
                 DB_ARGS(db_int(shift->id),
                         db_text(shift->note),
                         db_int(shift->open_alarms),
                         db_int(shift->offered_us)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the shift was handed on");
}

bool duty_store_take(Db *db,
                     int64_t shift_id,
                     int64_t account_id,
                     int64_t now_us,
                     int64_t *ret_changed,
                     GError **error) {
    return db_exec(db,
                   SQL("UPDATE duty_shift SET taken_us = $3, taken_by = $2 WHERE id = $1 AND "
                       "taken_us = 0 AND offered_us > 0"),
                   DB_ARGS(db_int(shift_id), db_int(account_id), db_int(now_us)),
                   ret_changed,
                   error);
}
