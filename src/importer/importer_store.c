#include "importer/importer_store.h"

#include "base/error.h"

void import_task_free(ImportTask *task) {
    if (task == NULL) {
        return;
    }
    g_free(task->kind);
    g_free(task->file_name);
    g_free(task->path);
    g_free(task->file_sha256);
    g_free(task->mapping);
    g_free(task->mode);
    g_free(task->state);
    g_free(task);
}

void saved_mapping_free(SavedMapping *saved) {
    g_free(saved->name);
    g_free(saved->kind);
    g_free(saved->body);
    g_free(saved);
}

#define COLUMNS                                                                                    \
    "id, account_id, kind, file_name, path, file_size, file_sha256, mapping, dry_job_id, "         \
    "run_job_id, mode, state, rows, added, changed, same, refused, warned, last_line, "            \
    "refused_bytes, ledger_first, ledger_last, created_us, changed_us"

static ImportTask *task_read(const DbRows *rows) {
    ImportTask *task = g_new0(ImportTask, 1);
    task->id = db_rows_int(rows, 0);
    task->account_id = db_rows_int(rows, 1);
    task->kind = g_strdup(db_rows_text(rows, 2));
    task->file_name = g_strdup(db_rows_text(rows, 3));
    task->path = g_strdup(db_rows_text(rows, 4));
    task->file_size = db_rows_int(rows, 5);
    task->file_sha256 = g_strdup(db_rows_text(rows, 6));
    task->mapping = g_strdup(db_rows_text(rows, 7));
    task->dry_job_id = db_rows_int(rows, 8);
    task->run_job_id = db_rows_int(rows, 9);
    task->mode = g_strdup(db_rows_text(rows, 10));
    task->state = g_strdup(db_rows_text(rows, 11));
    task->counts = (ImportCounts){db_rows_int(rows, 12),
                                  db_rows_int(rows, 13),
                                  db_rows_int(rows, 14),
                                  db_rows_int(rows, 15),
                                  db_rows_int(rows, 16),
                                  db_rows_int(rows, 17)};
    task->last_line = db_rows_int(rows, 18);
    task->refused_bytes = db_rows_int(rows, 19);
    task->ledger_first = db_rows_int(rows, 20);
    task->ledger_last = db_rows_int(rows, 21);
    task->created_us = db_rows_int(rows, 22);
    task->changed_us = db_rows_int(rows, 23);
    return task;
}

/* Takes `taken` over; NULL on error. */
static GPtrArray *collect(DbRows *taken, GError **error) {
    g_autoptr(DbRows) rows = taken;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)import_task_free);
    while (rows != NULL && db_rows_next(rows)) {
        g_ptr_array_add(found, task_read(rows));
    }
    if (rows == NULL || !db_rows_done(rows, error)) {
        return NULL;
    }
    return g_steal_pointer(&found);
}

bool import_store_add(Db *db, ImportTask *task, int64_t now_us, GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO import_run (account_id, kind, file_name, path, file_size, "
                            "mapping, state, created_us, changed_us) "
                            "VALUES ($1, $2, $3, $4, $5, $6, 'new', $7, $7) RETURNING id"),
                        DB_ARGS(db_int(task->account_id),
                                db_text(task->kind),
                                db_text(task->file_name),
                                db_text(task->path),
                                db_int(task->file_size),
                                db_text(task->mapping),
                                db_int(now_us)),
                        &task->id,
                        error);
}

ImportTask *import_store_find(Db *db, int64_t id, GError **error) {
    g_autoptr(GPtrArray) found =
        collect(db_query(db,
                         SQL("SELECT " COLUMNS " FROM import_run WHERE id = $1"),
                         DB_ARGS(db_int(id)),
                         error),
                error);
    if (found == NULL) {
        return NULL;
    }
    if (found->len == 0) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no import %" G_GINT64_FORMAT, id);
        return NULL;
    }
    return g_ptr_array_steal_index(found, 0);
}

GPtrArray *import_store_list(Db *db, int64_t account_id, int64_t count, GError **error) {
    return collect(db_query(db,
                            SQL("SELECT " COLUMNS " FROM import_run WHERE account_id = $1 "
                                "ORDER BY id DESC LIMIT $2"),
                            DB_ARGS(db_int(account_id), db_int(count)),
                            error),
                   error);
}

bool import_store_set_mapping(Db *db,
                              int64_t id,
                              const char *mapping,
                              const char *kind,
                              int64_t dry_job_id,
                              int64_t now_us,
                              GError **error) {
    int64_t changed = 0;
    if (!db_exec(
            db,
            SQL("UPDATE import_run SET mapping = $2, kind = $3, dry_job_id = $4, "
                "state = 'new', changed_us = $5 "
                "WHERE id = $1 AND state IN ('new', 'checked', 'refused')"),
            DB_ARGS(
                db_int(id), db_text(mapping), db_text(kind), db_int(dry_job_id), db_int(now_us)),
            &changed,
            error)) {
        return false;
    }
    return changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the import has started already");
}

bool import_store_start(
    Db *db, int64_t id, const char *mode, int64_t run_job_id, int64_t now_us, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("UPDATE import_run SET mode = $2, run_job_id = $3, state = 'running', "
                     "rows = 0, added = 0, changed = 0, same = 0, refused = 0, warned = 0, "
                     "last_line = 0, refused_bytes = 0, changed_us = $4 "
                     "WHERE id = $1 AND state IN ('new', 'checked', 'refused')"),
                 DB_ARGS(db_int(id), db_text(mode), db_int(run_job_id), db_int(now_us)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the import has started already");
}

bool import_store_set_state(Db *db, int64_t id, const char *state, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE import_run SET state = $2, changed_us = $3 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_text(state), db_int(now_us)),
                   NULL,
                   error);
}

bool import_store_advance(Db *db, const ImportTask *task, int64_t now_us, GError **error) {
    const ImportCounts *counts = &task->counts;
    return db_exec(
        db,
        SQL("UPDATE import_run SET state = $2, rows = $3, added = $4, changed = $5, same = $6, "
            "refused = $7, warned = $8, last_line = $9, refused_bytes = $10, ledger_first = $11, "
            "ledger_last = $12, file_sha256 = $13, changed_us = $14 WHERE id = $1"),
        DB_ARGS(db_int(task->id),
                db_text(task->state),
                db_int(counts->rows),
                db_int(counts->added),
                db_int(counts->changed),
                db_int(counts->same),
                db_int(counts->refused),
                db_int(counts->warned),
                db_int(task->last_line),
                db_int(task->refused_bytes),
                db_int(task->ledger_first),
                db_int(task->ledger_last),
                db_text(task->file_sha256),
                db_int(now_us)),
        NULL,
        error);
}

GPtrArray *import_store_stale(Db *db, int64_t before_us, int64_t count, GError **error) {
    return collect(db_query(db,
                            SQL("SELECT " COLUMNS " FROM import_run WHERE path IS NOT NULL AND "
                                "changed_us < $1 AND state <> 'running' ORDER BY changed_us, id "
                                "LIMIT $2"),
                            DB_ARGS(db_int(before_us), db_int(count)),
                            error),
                   error);
}

bool import_store_forget_file(Db *db, int64_t id, GError **error) {
    return db_exec(db,
                   SQL("UPDATE import_run SET path = NULL WHERE id = $1"),
                   DB_ARGS(db_int(id)),
                   NULL,
                   error);
}

bool import_store_save_mapping(Db *db,
                               int64_t account_id,
                               const char *name,
                               const char *kind,
                               const char *body,
                               int64_t now_us,
                               GError **error) {
    return db_exec(
        db,
        SQL("INSERT INTO import_mapping (account_id, name, kind, body, created_us, "
            "changed_us) VALUES ($1, $2, $3, $4, $5, $5) "
            "ON CONFLICT (account_id, name) DO UPDATE SET kind = excluded.kind, "
            "body = excluded.body, changed_us = excluded.changed_us"),
        DB_ARGS(db_int(account_id), db_text(name), db_text(kind), db_text(body), db_int(now_us)),
        NULL,
        error);
}

GPtrArray *import_store_mappings(Db *db, int64_t account_id, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT id, name, kind, body FROM import_mapping "
                                          "WHERE account_id = $1 ORDER BY name LIMIT 200"),
                                      DB_ARGS(db_int(account_id)),
                                      error);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)saved_mapping_free);
    while (rows != NULL && db_rows_next(rows)) {
        SavedMapping *saved = g_new0(SavedMapping, 1);
        saved->id = db_rows_int(rows, 0);
        saved->name = g_strdup(db_rows_text(rows, 1));
        saved->kind = g_strdup(db_rows_text(rows, 2));
        saved->body = g_strdup(db_rows_text(rows, 3));
        g_ptr_array_add(found, saved);
    }
    if (rows == NULL || !db_rows_done(rows, error)) {
        return NULL;
    }
    return g_steal_pointer(&found);
}

bool import_store_mapping_by_name(Db *db, const char *name, char **ret_body, GError **error) {
    return db_query_text(
        db,
        SQL("SELECT body FROM import_mapping WHERE name = $1 ORDER BY id DESC LIMIT 1"),
        DB_ARGS(db_text(name)),
        ret_body,
        error);
}
