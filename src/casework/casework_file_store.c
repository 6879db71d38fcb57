/* SQL of evidence files. */
#include "base/error.h"
#include "casework/casework_store.h"

#include <string.h>

void case_file_free(CaseFile *file) {
    if (file != NULL) {
        g_free(file->sha256);
        g_free(file->name);
        g_free(file->field);
        json_decref(file->facts);
        g_free(file);
    }
}

/* --- bytes --------------------------------------------------------------------------------------
 */

bool casework_store_add_file(Db *db, const FileRow *row, bool *ret_added, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("INSERT INTO case_file (sha256, size, kind, facts, stored_us) VALUES ($1, $2, "
                     "$3, $4, $5) ON CONFLICT (sha256) DO NOTHING"),
                 DB_ARGS(db_text(row->sha256),
                         db_int(row->size),
                         db_text(file_kind_info(row->kind)->word),
                         db_text(row->facts),
                         db_int(row->stored_us)),
                 &changed,
                 error)) {
        return false;
    }
    *ret_added = changed > 0;
    return true;
}

bool casework_store_add_part(
    Db *db, const char *sha256, int64_t n, const void *bytes, size_t size, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO case_file_part (sha256, n, bytes) VALUES ($1, $2, $3)"),
                   DB_ARGS(db_text(sha256), db_int(n), db_blob(bytes, size)),
                   NULL,
                   error);
}

bool casework_store_part(Db *db,
                         const char *sha256,
                         int64_t n,
                         FileSink sink,
                         void *data,
                         size_t *ret_size,
                         GError **error) {
    *ret_size = 0;
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT bytes FROM case_file_part WHERE sha256 = $1 AND n = $2"),
                 DB_ARGS(db_text(sha256), db_int(n)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        const void *bytes = db_rows_blob(rows, 0, ret_size);
        if (*ret_size > 0 && !sink(data, bytes, *ret_size, error)) {
            return false;
        }
    }
    return db_rows_done(rows, error);
}

/* --- uploads ------------------------------------------------------------------------------------
 */

bool casework_store_upload(Db *db,
                           int64_t account_id,
                           const char *sha256,
                           const char *name,
                           int64_t now_us,
                           GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO case_upload (account_id, sha256, name, uploaded_us) VALUES "
                       "($1, $2, $3, $4) ON CONFLICT (account_id, sha256) DO UPDATE SET name = "
                       "excluded.name, uploaded_us = excluded.uploaded_us"),
                   DB_ARGS(db_int(account_id), db_text(sha256), db_text(name), db_int(now_us)),
                   NULL,
                   error);
}

bool casework_store_waiting(Db *db, int64_t account_id, int64_t *ret_bytes, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT CAST(COALESCE(SUM(f.size), 0) AS BIGINT) FROM case_upload u JOIN case_file f "
            "ON f.sha256 = u.sha256 WHERE u.account_id = $1"),
        DB_ARGS(db_int(account_id)),
        ret_bytes,
        error);
}

bool casework_store_take_upload(Db *db, int64_t account_id, const char *sha256, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM case_upload WHERE account_id = $1 AND sha256 = $2"),
                   DB_ARGS(db_int(account_id), db_text(sha256)),
                   NULL,
                   error);
}

/* Columns: sha256, name, size, kind, facts, n, seq, leaf, field. */
static CaseFile *read_row(DbRows *rows, GError **error) {
    const char *facts = db_rows_text(rows, 4);
    g_autoptr(CaseFile) file = g_new0(CaseFile, 1);
    *file = (CaseFile){.sha256 = g_strdup(db_rows_text(rows, 0)),
                       .name = g_strdup(db_rows_text(rows, 1)),
                       .size = db_rows_int(rows, 2),
                       .kind = file_kind_from_word(db_rows_text(rows, 3)),
                       .facts = json_read(facts, strlen(facts), NULL),
                       .number = db_rows_int(rows, 5),
                       .seq = db_rows_int(rows, 6),
                       .leaf = db_rows_int(rows, 7),
                       .field = g_strdup(db_rows_text(rows, 8))};
    if (file->facts == NULL || file->kind == FILE_NONE) {
        hz_fail(error, HZ_ERROR_CORRUPT, "kind or facts of file %s are not readable", file->sha256);
        return NULL;
    }
    return g_steal_pointer(&file);
}

/* *ret_file stays NULL when there is none. */
static bool read_one(DbRows *rows, CaseFile **ret_file, GError **error) {
    g_autoptr(CaseFile) file = NULL;
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        file = read_row(rows, error);
        if (file == NULL) {
            return false;
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    *ret_file = g_steal_pointer(&file);
    return true;
}

bool casework_store_find_upload(
    Db *db, int64_t account_id, const char *sha256, CaseFile **ret_file, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT f.sha256, u.name, f.size, f.kind, f.facts, 0, 0, 0, NULL FROM "
                     "case_upload u JOIN case_file f ON f.sha256 = u.sha256 WHERE u.account_id = "
                     "$1 AND u.sha256 = $2"),
                 DB_ARGS(db_int(account_id), db_text(sha256)),
                 error);
    return read_one(rows, ret_file, error);
}

/* --- of other rooms -----------------------------------------------------------------------------
 */

bool casework_store_keep(
    Db *db, const char *object, const char *sha256, const char *name, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO case_kept_file (object, sha256, name) VALUES ($1, $2, $3) "
                       "ON CONFLICT (object, sha256) DO NOTHING"),
                   DB_ARGS(db_text(object), db_text(sha256), db_text(name)),
                   NULL,
                   error);
}

bool casework_store_find_kept(
    Db *db, const char *object, const char *sha256, CaseFile **ret_file, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT f.sha256, k.name, f.size, f.kind, f.facts, 0, 0, 0, NULL FROM "
                     "case_kept_file k JOIN case_file f ON f.sha256 = k.sha256 WHERE k.object = $1 "
                     "AND k.sha256 = $2"),
                 DB_ARGS(db_text(object), db_text(sha256)),
                 error);
    return read_one(rows, ret_file, error);
}

/* --- in a matter --------------------------------------------------------------------------------
 */

bool casework_store_attach(Db *db, int64_t matter_id, CaseFile *file, GError **error) {
    return db_query_int(db,
                        SQL("SELECT COALESCE(MAX(n), 0) + 1 FROM matter_file WHERE matter_id = $1"),
                        DB_ARGS(db_int(matter_id)),
                        &file->number,
                        error) &&
           db_exec(db,
                   SQL("INSERT INTO matter_file (matter_id, n, seq, field, sha256, name, leaf) "
                       "VALUES ($1, $2, $3, $4, $5, $6, $7)"),
                   DB_ARGS(db_int(matter_id),
                           db_int(file->number),
                           db_int(file->seq),
                           db_text(file->field),
                           db_text(file->sha256),
                           db_text(file->name),
                           db_int(file->leaf)),
                   NULL,
                   error);
}

GPtrArray *casework_store_files(Db *db, int64_t matter_id, const char *sha256, GError **error) {
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)case_file_free);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT f.sha256, m.name, f.size, f.kind, f.facts, m.n, m.seq, m.leaf, "
                        "m.field FROM matter_file m JOIN case_file f ON f.sha256 = m.sha256 WHERE "
                        "m.matter_id ="));
    sql_builder_arg(sql, db_int(matter_id));
    if (sha256 != NULL) {
        sql_builder_add(sql, SQL("AND m.sha256 ="));
        sql_builder_arg(sql, db_text(sha256));
    }
    sql_builder_add(sql, SQL("ORDER BY m.n"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        CaseFile *file = read_row(rows, error);
        if (file == NULL) {
            return NULL;
        }
        g_ptr_array_add(files, file);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&files) : NULL;
}

/* --- what nobody took ---------------------------------------------------------------------------
 */

#define IS_LEFT                                                                                    \
    "uploaded_us < $1 AND account_id > 0 AND NOT EXISTS (SELECT 1 FROM matter_draft d WHERE "      \
    "d.account_id = "                                                                              \
    "case_upload.account_id AND d.data LIKE '%' || case_upload.sha256 || '%')"

GPtrArray *casework_store_left(Db *db, int64_t until_us, unsigned limit, GError **error) {
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT DISTINCT sha256 FROM case_upload WHERE " IS_LEFT " ORDER BY sha256 LIMIT $2"),
        DB_ARGS(db_int(until_us), db_int(limit)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        g_ptr_array_add(hashes, g_strdup(db_rows_text(rows, 0)));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&hashes) : NULL;
}

/* A file that is named while it is being removed makes the removal fail as a CONFLICT (foreign
 * keys); the next round tries again. */
static bool remove_unnamed(Db *db, const char *sha256, GError **error) {
    return db_exec(
        db,
        SQL("DELETE FROM case_file WHERE sha256 = $1 AND NOT EXISTS (SELECT 1 FROM "
            "case_upload u WHERE u.sha256 = case_file.sha256) AND NOT EXISTS (SELECT 1 "
            "FROM matter_file m WHERE m.sha256 = case_file.sha256) AND NOT EXISTS (SELECT 1 "
            "FROM case_kept_file k WHERE k.sha256 = case_file.sha256)"),
        DB_ARGS(db_text(sha256)),
        NULL,
        error);
}

bool casework_store_sweep(Db *db, int64_t until_us, const char *sha256, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM case_upload WHERE " IS_LEFT " AND sha256 = $2"),
                   DB_ARGS(db_int(until_us), db_text(sha256)),
                   NULL,
                   error) &&
           remove_unnamed(db, sha256, error);
}

/* Hashes that wait for a sender: array of char *. */
static GPtrArray *waiting_hashes(Db *db, int64_t sender, GError **error) {
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT sha256 FROM case_upload WHERE account_id = $1"),
                                      DB_ARGS(db_int(sender)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        g_ptr_array_add(hashes, g_strdup(db_rows_text(rows, 0)));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&hashes) : NULL;
}

bool casework_store_forget(Db *db, int64_t sender, const char *sha256, GError **error) {
    g_autoptr(GPtrArray) hashes = waiting_hashes(db, sender, error);
    bool good = hashes != NULL;
    for (guint i = 0; good && i < hashes->len; i++) {
        const char *one = hashes->pdata[i];
        good =
            (sha256 != NULL && strcmp(one, sha256) != 0) ||
            (casework_store_take_upload(db, sender, one, error) && remove_unnamed(db, one, error));
    }
    return good;
}
