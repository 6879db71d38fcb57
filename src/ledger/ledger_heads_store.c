#include "ledger/ledger_heads_store.h"

#include "base/error.h"
#include "ledger/ledger_internal.h"

#include <string.h>

/* --- keys ---------------------------------------------------------------------------------------
 */

static void key_row_clear(gpointer data) {
    LedgerKeyRow *row = data;
    g_free(row->vkey);
}

GArray *heads_store_keys(Db *db, GError **error) {
    g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(LedgerKeyRow));
    g_array_set_clear_func(keys, key_row_clear);
    g_autoptr(DbRows) rows = db_query(
        db, SQL("SELECT vkey, entry FROM ledger_key ORDER BY entry DESC, id"), DB_NO_ARGS, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        LedgerKeyRow row = {g_strdup(db_rows_text(rows, 0)), db_rows_int(rows, 1)};
        g_array_append_val(keys, row);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&keys) : NULL;
}

bool heads_store_add_key(Db *db, int64_t id, const char *vkey, int64_t entry, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO ledger_key (id, vkey, entry) VALUES ($1, $2, $3)"),
                    DB_ARGS(db_int(id), db_text(vkey), db_int(entry)),
                    -1,
                    error);
}

/* --- heads --------------------------------------------------------------------------------------
 */

#define HEAD_COLUMNS "size, time_us, root, root_sm3, note, note_sm3"

void ledger_signed_head_clear(LedgerSignedHead *head) {
    g_clear_pointer(&head->note, g_free);
    g_clear_pointer(&head->note_sm3, g_free);
}

static void head_clear(gpointer data) {
    ledger_signed_head_clear(data);
}

/* A root of the wrong length reads as zeros, which is no root. */
static void read_root(const DbRows *rows, int column, uint8_t ret_root[DIGEST_SIZE]) {
    size_t size = 0;
    const void *bytes = db_rows_blob(rows, column, &size);
    memset(ret_root, 0, DIGEST_SIZE);
    if (bytes != NULL && size == DIGEST_SIZE) {
        memcpy(ret_root, bytes, DIGEST_SIZE);
    }
}

static LedgerSignedHead read_head(const DbRows *rows) {
    LedgerSignedHead head = {
        .size = db_rows_int(rows, 0),
        .time_us = db_rows_int(rows, 1),
        .note = g_strdup(db_rows_text(rows, 4)),
        .note_sm3 = g_strdup(db_rows_text(rows, 5)),
    };
    read_root(rows, 2, head.root);
    read_root(rows, 3, head.root_sm3);
    return head;
}

static bool take_head(DbRows *rows, LedgerSignedHead *ret_head, GError **error) {
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_NOT_FOUND, "no such head was signed");
    }
    *ret_head = read_head(rows);
    return true;
}

bool heads_store_newest(Db *db, LedgerSignedHead *ret_head, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " HEAD_COLUMNS " FROM ledger_signed WHERE size > 0 "
                     "ORDER BY size DESC LIMIT 1"),
                 DB_NO_ARGS,
                 error);
    return take_head(rows, ret_head, error);
}

bool heads_store_at(Db *db, int64_t size, LedgerSignedHead *ret_head, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " HEAD_COLUMNS " FROM ledger_signed WHERE size = $1"),
                 DB_ARGS(db_int(size)),
                 error);
    return take_head(rows, ret_head, error);
}

GArray *heads_store_list(Db *db, int64_t from, int64_t limit, GError **error) {
    g_autoptr(GArray) heads = g_array_new(FALSE, TRUE, sizeof(LedgerSignedHead));
    g_array_set_clear_func(heads, head_clear);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT " HEAD_COLUMNS " FROM ledger_signed "
                                          "WHERE size >= $1 ORDER BY size LIMIT $2"),
                                      DB_ARGS(db_int(from), db_int(limit)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        LedgerSignedHead head = read_head(rows);
        g_array_append_val(heads, head);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&heads) : NULL;
}

bool heads_store_first_above(
    Db *db, int64_t index, int64_t *ret_size, int64_t *ret_time_us, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT size, time_us FROM ledger_signed "
                                          "WHERE size > $1 ORDER BY size LIMIT 1"),
                                      DB_ARGS(db_int(index)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_NOT_FOUND, "no signed head contains this entry yet");
    }
    *ret_size = db_rows_int(rows, 0);
    *ret_time_us = db_rows_int(rows, 1);
    return true;
}

bool heads_store_add(Db *db, const LedgerSignedHead *head, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO ledger_signed (" HEAD_COLUMNS ") "
                       "VALUES ($1, $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_int(head->size),
                           db_int(head->time_us),
                           db_blob(head->root, DIGEST_SIZE),
                           db_blob(head->root_sm3, DIGEST_SIZE),
                           db_text(head->note),
                           db_text(head->note_sm3)),
                   NULL,
                   error);
}

/* --- witnesses ----------------------------------------------------------------------------------
 */

static void cosignature_clear(gpointer data) {
    LedgerCosignature *cosignature = data;
    g_free(cosignature->vkey);
    g_free(cosignature->line);
}

bool heads_store_set_witness_size(
    Db *db, const char *vkey, int64_t size, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO ledger_witness (vkey, size, changed_us) VALUES ($1, $2, $3) "
                       "ON CONFLICT (vkey) DO UPDATE SET size = excluded.size, "
                       "changed_us = excluded.changed_us"),
                   DB_ARGS(db_text(vkey), db_int(size), db_int(now_us)),
                   NULL,
                   error);
}

bool heads_store_cosign(Db *db,
                        const LedgerCosignature *cosignature,
                        int64_t now_us,
                        GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO ledger_cosignature (size, vkey, time_us, line) "
                       "VALUES ($1, $2, $3, $4) ON CONFLICT (size, vkey) DO NOTHING"),
                   DB_ARGS(db_int(cosignature->size),
                           db_text(cosignature->vkey),
                           db_int(cosignature->time_us),
                           db_text(cosignature->line)),
                   NULL,
                   error) &&
           heads_store_set_witness_size(db, cosignature->vkey, cosignature->size, now_us, error);
}

GArray *heads_store_cosignatures(Db *db, int64_t from, int64_t to, int64_t limit, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, TRUE, sizeof(LedgerCosignature));
    g_array_set_clear_func(found, cosignature_clear);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT size, vkey, time_us, line FROM ledger_cosignature "
                     "WHERE size >= $1 AND size <= $2 "
                     "ORDER BY size, time_us, vkey LIMIT $3"),
                 DB_ARGS(db_int(from), db_int(to), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        LedgerCosignature one = {
            .size = db_rows_int(rows, 0),
            .vkey = g_strdup(db_rows_text(rows, 1)),
            .time_us = db_rows_int(rows, 2),
            .line = g_strdup(db_rows_text(rows, 3)),
        };
        g_array_append_val(found, one);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

bool heads_store_witness_size(Db *db, const char *vkey, int64_t *ret_size, GError **error) {
    g_autoptr(GError) problem = NULL;
    *ret_size = 0;
    if (db_query_int(db,
                     SQL("SELECT size FROM ledger_witness WHERE vkey = $1"),
                     DB_ARGS(db_text(vkey)),
                     ret_size,
                     &problem) ||
        g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

bool heads_store_policy(Db *db, char **ret_text, GError **error) {
    g_autoptr(GError) problem = NULL;
    *ret_text = NULL;
    if (db_query_text(db,
                      SQL("SELECT text FROM ledger_policy WHERE id = 1"),
                      DB_NO_ARGS,
                      ret_text,
                      &problem) ||
        g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

bool heads_store_policy_entries(
    Db *db, char **ret_text, int64_t *ret_entry, int64_t *ret_newest, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT (SELECT text FROM ledger_policy WHERE id = 1), "
                                          "(SELECT entry FROM ledger_policy WHERE id = 1), "
                                          "(SELECT MAX(idx) FROM ledger_entry WHERE object = $1)"),
                                      DB_ARGS(db_text(LEDGER_POLICY)),
                                      error);
    *ret_text = NULL;
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        *ret_text = db_rows_is_null(rows, 0) ? NULL : g_strdup(db_rows_text(rows, 0));
        *ret_entry = db_rows_is_null(rows, 1) ? -1 : db_rows_int(rows, 1);
        *ret_newest = db_rows_is_null(rows, 2) ? -1 : db_rows_int(rows, 2);
    }
    return db_rows_done(rows, error);
}

bool heads_store_lost_key(Db *db, int64_t *ret_entry, GError **error) {
    return db_query_int(db,
                        SQL("SELECT COALESCE(MAX(idx), -1) FROM ledger_entry "
                            "WHERE object = $1 AND type = $2"),
                        DB_ARGS(db_text(LEDGER_KEYS), db_text(LEDGER_KEY_LOST_TYPE)),
                        ret_entry,
                        error);
}

bool heads_store_set_policy(Db *db, const char *text, int64_t entry, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO ledger_policy (id, text, entry) VALUES (1, $1, $2) "
                       "ON CONFLICT (id) DO UPDATE SET text = excluded.text, "
                       "entry = excluded.entry"),
                   DB_ARGS(db_text(text), db_int(entry)),
                   NULL,
                   error);
}

GArray *heads_store_cosigned_sizes(Db *db, int64_t limit, GError **error) {
    g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT DISTINCT size FROM ledger_cosignature ORDER BY size DESC LIMIT $1"),
                 DB_ARGS(db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t size = db_rows_int(rows, 0);
        g_array_append_val(sizes, size);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&sizes) : NULL;
}

bool heads_store_orphans(Db *db, int64_t *ret_count, GError **error) {
    return db_query_int(db,
                        SQL("SELECT COUNT(*) FROM ledger_cosignature c WHERE NOT EXISTS "
                            "(SELECT 1 FROM ledger_signed s WHERE s.size = c.size)"),
                        DB_NO_ARGS,
                        ret_count,
                        error);
}
