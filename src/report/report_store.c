#include "report/report_store.h"

#include "base/error.h"

#include <string.h>

/* --- guests -------------------------------------------------------------------------------------
 */

bool report_store_find(Db *db,
                       const char *key_sha256,
                       bool follows,
                       int64_t now_us,
                       Guest *ret_guest,
                       GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT sender, data, matter_id, ends_us FROM report_guest WHERE key_sha256 "
                     "= $1 AND follows = $2 AND ends_us > $3"),
                 DB_ARGS(db_text(key_sha256), db_bool(follows), db_int(now_us)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 1);
        ret_guest->sender = db_rows_int(rows, 0);
        ret_guest->data = json_read(text, strlen(text), NULL);
        ret_guest->matter_id = db_rows_int(rows, 2);
        ret_guest->ends_us = db_rows_int(rows, 3);
        ret_guest->follows = follows;
        ret_guest->key_sha256 = g_strdup(key_sha256);
        if (ret_guest->data == NULL) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a report's draft is not readable");
        }
    }
    return db_rows_done(rows, error);
}

bool report_store_add(Db *db, const Guest *guest, GError **error) {
    g_autofree char *data = json_write(guest->data);
    return db_exec(db,
                   SQL("INSERT INTO report_guest (key_sha256, follows, sender, data, matter_id, "
                       "ends_us) VALUES ($1, $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_text(guest->key_sha256),
                           db_bool(guest->follows),
                           db_int(guest->sender),
                           db_text(data),
                           db_int(guest->matter_id),
                           db_int(guest->ends_us)),
                   NULL,
                   error);
}

bool report_store_save(Db *db, const Guest *guest, GError **error) {
    g_autofree char *data = json_write(guest->data);
    return db_exec(db,
                   SQL("UPDATE report_guest SET data = $1, ends_us = $2 WHERE key_sha256 = $3 AND "
                       "(matter_id = 0 OR follows = 1)"),
                   DB_ARGS(db_text(data), db_int(guest->ends_us), db_text(guest->key_sha256)),
                   NULL,
                   error);
}

bool report_store_hold(Db *db, const Guest *guest, int64_t *ret_matter, GError **error) {
    return db_query_int(db,
                        SQL("UPDATE report_guest SET ends_us = ends_us WHERE key_sha256 = $1 "
                            "RETURNING matter_id"),
                        DB_ARGS(db_text(guest->key_sha256)),
                        ret_matter,
                        error);
}

bool report_store_sent(Db *db, const Guest *guest, GError **error) {
    return db_exec(
        db,
        SQL("UPDATE report_guest SET data = '{}', matter_id = $1, ends_us = $2 WHERE "
            "key_sha256 = $3"),
        DB_ARGS(db_int(guest->matter_id), db_int(guest->ends_us), db_text(guest->key_sha256)),
        NULL,
        error);
}

bool report_store_end(Db *db, const char *key_sha256, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM report_guest WHERE key_sha256 = $1"),
                   DB_ARGS(db_text(key_sha256)),
                   NULL,
                   error);
}

static void free_guest(gpointer data) {
    guest_clear(data);
    g_free(data);
}

GPtrArray *report_store_ended(Db *db, int64_t now_us, unsigned limit, GError **error) {
    g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func(free_guest);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT key_sha256, sender FROM report_guest WHERE "
                                          "ends_us <= $1 ORDER BY ends_us LIMIT $2"),
                                      DB_ARGS(db_int(now_us), db_int(limit)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        Guest *guest = g_new0(Guest, 1);
        guest->key_sha256 = g_strdup(db_rows_text(rows, 0));
        guest->sender = db_rows_int(rows, 1);
        g_ptr_array_add(ended, guest);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&ended) : NULL;
}

/* --- receipts -----------------------------------------------------------------------------------
 */

bool report_store_add_receipt(Db *db, int64_t matter_id, const char *code_sha256, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO report_receipt (matter_id, code_sha256) VALUES ($1, $2)"),
                   DB_ARGS(db_int(matter_id), db_text(code_sha256)),
                   NULL,
                   error);
}

bool report_store_receipt(Db *db, int64_t matter_id, char **ret_code_sha256, GError **error) {
    g_autoptr(GError) missing = NULL;
    *ret_code_sha256 = NULL;
    if (db_query_text(db,
                      SQL("SELECT code_sha256 FROM report_receipt WHERE matter_id = $1"),
                      DB_ARGS(db_int(matter_id)),
                      ret_code_sha256,
                      &missing) ||
        g_error_matches(missing, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&missing));
    return false;
}
