/* Statements that PostgreSQL hears of without our waiting for each answer: libpq's pipeline mode.
 */
#include "store/store_pg.h"

/* Statements sent before answers are read. An answer is some 40 bytes, so that they fit the
 * socket's buffer and neither side waits for the other. */
#define PIPELINE_RUNS 256

int64_t store_pg_changed(const PGresult *result) {
    return g_ascii_strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
}

static bool lost(GError **error) {
    return hz_fail(error, HZ_ERROR_UNAVAILABLE, "postgresql: the connection was lost");
}

static bool
send_prepared(PgDb *db, const char *name, DbArgs args, int64_t must_change, GError **error) {
    g_auto(PgParams) params = {0};
    store_pg_params_make(args, &params);
    if (!PQsendQueryPrepared(
            db->conn, name, (int)args.count, params.values, params.lengths, params.formats, 0)) {
        return lost(error);
    }
    g_array_append_val(db->waiting, must_change);
    return true;
}

/* BEGIN or COMMIT. */
static bool send_text(PgDb *db, const char *text, GError **error) {
    const int64_t any = -1;
    if (!PQsendQueryParams(db->conn, text, 0, NULL, NULL, NULL, NULL, 0)) {
        return lost(error);
    }
    g_array_append_val(db->waiting, any);
    return true;
}

/* One answer of those that wait: `at` is its place. */
static bool
check_answer(PgDb *db, const PGresult *result, guint at, int64_t *changed, GError **error) {
    if (!store_pg_is_fine(result)) {
        return store_pg_fail(db, result, error);
    }
    int64_t rows = store_pg_changed(result);
    *changed += rows;
    return store_check_changed(rows, g_array_index(db->waiting, int64_t, at), error);
}

/* Asks for the answers to all that was sent and reads them; *ret_last (may be NULL) is that of the
 * last statement. The error is the first failure. What follows one is PGRES_PIPELINE_ABORTED. */
static bool read_answers(PgDb *db, int64_t *changed, PGresult **ret_last, GError **error) {
    bool done = PQpipelineSync(db->conn) == 1 || lost(error);
    bool synced = !done;
    int nothing = 0; /* one NULL ends each answer; two in a row: the connection is gone */
    guint at = 0;
    while (!synced && nothing < 2) {
        PGresult *result = PQgetResult(db->conn);
        nothing = result == NULL ? nothing + 1 : 0;
        if (result == NULL) {
            continue;
        }
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (!synced && done && at < db->waiting->len) {
            done = check_answer(db, result, at, changed, error);
        }
        at++;
        if (done && !synced && ret_last != NULL && at == db->waiting->len) {
            *ret_last = result;
        } else {
            PQclear(result);
        }
    }
    if (done && !synced) {
        done = lost(error);
    }
    g_array_set_size(db->waiting, 0);
    PQexitPipelineMode(db->conn); /* refused only on a dead connection, which is replaced */
    return done;
}

bool store_pg_send_later(
    PgDb *db, const char *name, DbArgs args, int64_t must_change, GError **error) {
    if (db->waiting->len >= PIPELINE_RUNS && !store_pg_flush(db, error)) {
        return false;
    }
    return PQenterPipelineMode(db->conn) == 1 ? send_prepared(db, name, args, must_change, error)
                                              : lost(error);
}

bool store_pg_flush(PgDb *db, GError **error) {
    int64_t changed = 0;
    return db->waiting->len == 0 || read_answers(db, &changed, NULL, error);
}

PGresult *store_pg_run_behind(PgDb *db, const char *name, DbArgs args, GError **error) {
    PGresult *result = NULL;
    int64_t changed = 0;
    bool done = PQenterPipelineMode(db->conn) == 1 || lost(error);
    if (done && db->begin != NULL) {
        done = send_text(db, db->begin, error);
        db->begin = NULL;
    }
    done = done && send_prepared(db, name, args, -1, error);
    if (!done) {
        store_pg_flush(db, NULL);
        return NULL;
    }
    if (read_answers(db, &changed, &result, error)) {
        return result;
    }
    PQclear(result);
    return NULL;
}

/* COMMIT goes along only with statements that either fail or are right: whoever must change a
 * number of rows is looked at first. */
PGresult *store_pg_commit(PgDb *db, GError **error) {
    bool is_sure = true;
    for (guint i = 0; i < db->waiting->len; i++) {
        is_sure = is_sure && g_array_index(db->waiting, int64_t, i) < 0;
    }
    if (!is_sure && !store_pg_flush(db, error)) {
        return NULL;
    }
    PGresult *result = NULL;
    int64_t changed = 0;
    if (PQenterPipelineMode(db->conn) != 1) {
        lost(error);
        return NULL;
    }
    if (!send_text(db, "COMMIT", error)) {
        store_pg_flush(db, NULL);
        return NULL;
    }
    if (read_answers(db, &changed, &result, error)) {
        return result;
    }
    PQclear(result);
    return NULL;
}

bool store_pg_send_many(
    PgDb *db, const char *name, size_t columns, DbArgs args, int64_t *ret_changed, GError **error) {
    bool done = PQenterPipelineMode(db->conn) == 1 || lost(error);
    for (size_t at = 0; done && at < args.count; at += columns) {
        done = send_prepared(db, name, (DbArgs){args.items + at, columns}, -1, error);
        bool is_full = db->waiting->len >= PIPELINE_RUNS || at + columns == args.count;
        if (done && is_full) {
            done = read_answers(db, ret_changed, NULL, error) &&
                   (PQenterPipelineMode(db->conn) == 1 || lost(error));
        }
    }
    if (db->waiting->len > 0) {
        store_pg_flush(db, NULL);
    }
    PQexitPipelineMode(db->conn);
    return done;
}

void store_pg_end_reading(PgDb *db) {
    db->is_ending = PQsendQuery(db->conn, "ROLLBACK") == 1;
}

void store_pg_drain(PgDb *db) {
    PGresult *result = NULL;
    while (db->is_ending && (result = PQgetResult(db->conn)) != NULL) {
        PQclear(result);
    }
    db->is_ending = false;
}
