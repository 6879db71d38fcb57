/* The only SQL of this room. */
#include "job/job_internal.h"

#include <string.h>

static const char *const state_words[JOB_STATE_COUNT] = {
    [JOB_WAITING] = "waiting",
    [JOB_RUNNING] = "running",
    [JOB_DONE] = "done",
    [JOB_FAILED] = "failed",
    [JOB_INTERRUPTED] = "interrupted",
    [JOB_CANCELLED] = "cancelled",
};

const char *job_state_word(JobState state) {
    return state_words[state];
}

static JobState state_parse(const char *word) {
    for (int i = 0; i < JOB_STATE_COUNT; i++) {
        if (strcmp(word, state_words[i]) == 0) {
            return (JobState)i;
        }
    }
    return JOB_FAILED;
}

void job_row_free(JobRow *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->kind);
    g_free(row->params);
    g_free(row->data_dir);
    g_free(row->token);
    g_free(row->result);
    g_free(row->error);
    g_free(row->error_word);
    g_free(row);
}

#define COLUMNS                                                                                    \
    "id, kind, account_id, params, state, done, total, is_cancelled, data_dir, token, result, "    \
    "error, error_word, created_us, started_us, changed_us"

static JobRow *row_read(const DbRows *rows) {
    JobRow *row = g_new0(JobRow, 1);
    row->id = db_rows_int(rows, 0);
    row->kind = g_strdup(db_rows_text(rows, 1));
    row->account_id = db_rows_int(rows, 2);
    row->params = g_strdup(db_rows_text(rows, 3));
    row->state = state_parse(db_rows_text(rows, 4));
    row->done = db_rows_int(rows, 5);
    row->total = db_rows_int(rows, 6);
    row->is_cancelled = db_rows_int(rows, 7) != 0;
    row->data_dir = g_strdup(db_rows_text(rows, 8));
    row->token = g_strdup(db_rows_text(rows, 9));
    row->result = g_strdup(db_rows_text(rows, 10));
    row->error = g_strdup(db_rows_text(rows, 11));
    row->error_word = g_strdup(db_rows_text(rows, 12));
    row->created_us = db_rows_int(rows, 13);
    row->started_us = db_rows_int(rows, 14);
    row->changed_us = db_rows_int(rows, 15);
    return row;
}

bool job_store_add(Db *db,
                   const char *kind,
                   int64_t account_id,
                   const char *params,
                   int64_t now_us,
                   int64_t *ret_id,
                   GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO job (kind, account_id, params, state, created_us, "
                            "changed_us) VALUES ($1, $2, $3, 'waiting', $4, $4) RETURNING id"),
                        DB_ARGS(db_text(kind), db_int(account_id), db_text(params), db_int(now_us)),
                        ret_id,
                        error);
}

/* All rows of a finished query as JobRow *. Takes `rows` over; NULL on error. */
static GPtrArray *collect(DbRows *taken, GError **error) {
    g_autoptr(DbRows) rows = taken;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)job_row_free);
    while (rows != NULL && db_rows_next(rows)) {
        g_ptr_array_add(found, row_read(rows));
    }
    if (rows == NULL || !db_rows_done(rows, error)) {
        return NULL;
    }
    return g_steal_pointer(&found);
}

JobRow *job_store_find(Db *db, int64_t id, GError **error) {
    g_autoptr(GPtrArray) found = collect(
        db_query(db, SQL("SELECT " COLUMNS " FROM job WHERE id = $1"), DB_ARGS(db_int(id)), error),
        error);
    if (found == NULL) {
        return NULL;
    }
    if (found->len == 0) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no job %" G_GINT64_FORMAT, id);
        return NULL;
    }
    return g_ptr_array_steal_index(found, 0);
}

GPtrArray *
job_store_list(Db *db, int64_t account_id, int64_t before, int64_t count, GError **error) {
    return collect(
        db_query(
            db,
            SQL("SELECT " COLUMNS " FROM job WHERE account_id = $1 AND id < $2 "
                "ORDER BY id DESC LIMIT $3"),
            DB_ARGS(db_int(account_id), db_int(before > 0 ? before : INT64_MAX), db_int(count)),
            error),
        error);
}

bool job_store_claim(Db *db,
                     const char *node,
                     const char *data_dir,
                     const char *token,
                     int64_t now_us,
                     JobRow **ret_row,
                     GError **error) {
    *ret_row = NULL;
    /* Asked for first, so that a quiet runner never takes SQLite's write lock. */
    int64_t id = 0;
    GError *problem = NULL;
    if (!db_query_int(db,
                      SQL("SELECT id FROM job WHERE state = 'waiting' ORDER BY id LIMIT 1"),
                      DB_NO_ARGS,
                      &id,
                      &problem)) {
        bool is_none = g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND);
        if (is_none) {
            g_clear_error(&problem);
        } else {
            g_propagate_error(error, problem);
        }
        return is_none;
    }
    g_autoptr(GPtrArray) found = collect(
        db_query(
            db,
            SQL("UPDATE job SET state = 'running', node = $2, data_dir = $3, token = $4, "
                "started_us = $5, changed_us = $5 WHERE id = $1 AND state = 'waiting' "
                "RETURNING " COLUMNS),
            DB_ARGS(db_int(id), db_text(node), db_text(data_dir), db_text(token), db_int(now_us)),
            error),
        error);
    if (found != NULL && found->len > 0) {
        *ret_row = g_ptr_array_steal_index(found, 0);
    }
    return found != NULL;
}

bool job_store_progress(
    Db *db, int64_t id, int64_t done, int64_t total, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE job SET done = $2, total = $3, changed_us = $4 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_int(done), db_int(total), db_int(now_us)),
                   NULL,
                   error);
}

bool job_store_is_cancelled(Db *db, int64_t id, bool *ret_is_cancelled, GError **error) {
    int64_t flag = 0;
    if (!db_query_int(db,
                      SQL("SELECT is_cancelled FROM job WHERE id = $1"),
                      DB_ARGS(db_int(id)),
                      &flag,
                      error)) {
        return false;
    }
    *ret_is_cancelled = flag != 0;
    return true;
}

bool job_store_ask_cancel(Db *db, int64_t id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE job SET is_cancelled = 1, changed_us = $2, state = CASE state "
                       "WHEN 'waiting' THEN 'cancelled' ELSE state END "
                       "WHERE id = $1 AND state IN ('waiting', 'running')"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   NULL,
                   error);
}

bool job_store_end(Db *db, const JobEnd *end, GError **error) {
    return db_exec(db,
                   SQL("UPDATE job SET state = $2, done = $3, total = $4, result = $5, error = $6, "
                       "error_word = $7, changed_us = $8, node = NULL, token = NULL WHERE id = $1"),
                   DB_ARGS(db_int(end->id),
                           db_text(state_words[end->state]),
                           db_int(end->done),
                           db_int(end->total),
                           db_text(end->result),
                           db_text(end->error),
                           db_text(end->error_word),
                           db_int(end->now_us)),
                   NULL,
                   error);
}

GPtrArray *job_store_orphans(Db *db, const char *node, int64_t silent_us, GError **error) {
    return collect(db_query(db,
                            SQL("SELECT " COLUMNS " FROM job WHERE state = 'running' AND "
                                "(node = $1 OR changed_us < $2) ORDER BY id"),
                            DB_ARGS(db_text(node), db_int(silent_us)),
                            error),
                   error);
}

GPtrArray *job_store_old(Db *db, int64_t before_us, int64_t count, GError **error) {
    return collect(db_query(db,
                            SQL("SELECT " COLUMNS " FROM job WHERE id IN (SELECT id FROM job "
                                "WHERE state IN ('done', 'failed', 'interrupted', 'cancelled') "
                                "AND changed_us < $1 ORDER BY id LIMIT $2)"),
                            DB_ARGS(db_int(before_us), db_int(count)),
                            error),
                   error);
}

bool job_store_delete(Db *db, int64_t id, GError **error) {
    return db_exec(db, SQL("DELETE FROM job WHERE id = $1"), DB_ARGS(db_int(id)), NULL, error);
}
