/* PostgreSQL side of the seam: connection, statements, transactions. */
#include "store/store_pg.h"

#include <string.h>

/* --- errors ---------------------------------------------------------------------------------- */

static HzErrorCode code_of(const char *state) {
    static const struct {
        const char *prefix; /* of the SQLSTATE, PostgreSQL manual appendix A */
        HzErrorCode code;
    } codes[] = {
        {"40001", HZ_ERROR_BUSY},      /* serialisation failure */
        {"40P01", HZ_ERROR_BUSY},      /* deadlock */
        {"55P03", HZ_ERROR_BUSY},      /* lock_timeout */
        {"23", HZ_ERROR_CONFLICT},     /* constraints */
        {"25006", HZ_ERROR_DENIED},    /* read-only transaction */
        {"42501", HZ_ERROR_DENIED},    /* insufficient privilege */
        {"55006", HZ_ERROR_BUSY},      /* object in use */
        {"57014", HZ_ERROR_TIMEOUT},   /* cancelled */
        {"57P", HZ_ERROR_UNAVAILABLE}, /* shut down, starting up, terminated */
        {"08P01", HZ_ERROR_INTERNAL},  /* number of parameters */
        {"08", HZ_ERROR_UNAVAILABLE},  /* connection */
        {"53", HZ_ERROR_UNAVAILABLE},  /* disk full, memory, connections */
        {"58", HZ_ERROR_UNAVAILABLE},  /* I/O */
        {"54", HZ_ERROR_LIMIT},        /* program limits */
        {"XX001", HZ_ERROR_CORRUPT},   /* data */
        {"XX002", HZ_ERROR_CORRUPT},   /* index */
        {"22021", HZ_ERROR_INVALID},   /* characters */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_str_has_prefix(state, codes[i].prefix)) {
            return codes[i].code;
        }
    }
    return HZ_ERROR_INTERNAL;
}

bool store_pg_fail(PgDb *db, const PGresult *result, GError **error) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || PQstatus(db->conn) == CONNECTION_BAD) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "postgresql: the connection was lost");
    }
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    return hz_fail(error,
                   code_of(state),
                   "postgresql: %s (%s%s%s)",
                   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
                   state,
                   constraint == NULL ? "" : " ",
                   constraint == NULL ? "" : constraint);
}

bool store_pg_is_fine(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool simple(PgDb *db, const char *text, GError **error) {
    PGresult *result = PQexec(db->conn, text);
    bool done = store_pg_is_fine(result) || store_pg_fail(db, result, error);
    PQclear(result);
    return done;
}

/* --- connection ------------------------------------------------------------------------------ */

/* Page reads plan with the values in hand: a search for a rare and for a common word need different
 * plans. */
static bool settle(PgDb *db, GError **error) {
    g_autofree char *text = g_strdup_printf(
        "SET client_min_messages = warning; SET jit = off; SET timezone = 'UTC';"
        "SET bytea_output = hex; SET extra_float_digits = 1; SET lock_timeout = %d; %s",
        STORE_LOCK_WAIT_MS,
        db->base.mode == DB_READ_ONLY ? "SET default_transaction_read_only = on;"
                                        "SET plan_cache_mode = force_custom_plan"
                                      : "");
    return simple(db, text, error);
}

static bool reconnect(PgDb *db, GError **error) {
    g_hash_table_remove_all(db->statements);
    PQreset(db->conn);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot reach postgresql: %s",
                       g_strchomp(PQerrorMessage(db->conn)));
    }
    return settle(db, error);
}

/* A lost connection comes back by itself, but never inside a transaction that the server knows. */
static bool ready(PgDb *db, GError **error) {
    store_pg_drain(db);
    if (PQstatus(db->conn) == CONNECTION_OK) {
        return true;
    }
    if (db->base.in_tx && db->begin == NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "postgresql: the connection was lost");
    }
    return reconnect(db, error);
}

/* Begins the transaction at the server, unless that is done. Again on a new connection when the old
 * one turns out to be dead: nothing has happened yet. */
static bool begin_now(PgDb *db, GError **error) {
    const char *text = db->begin;
    if (text == NULL) {
        return true;
    }
    g_autoptr(GError) failure = NULL;
    bool done = simple(db, text, &failure);
    if (!done && PQstatus(db->conn) == CONNECTION_BAD) {
        done = ready(db, error) && simple(db, text, error);
    } else if (!done) {
        g_propagate_error(error, g_steal_pointer(&failure));
    }
    db->begin = done ? NULL : db->begin;
    return done;
}

/* For what cannot go through a pipeline: all that waits is done. */
static bool plain(PgDb *db, GError **error) {
    return ready(db, error) && begin_now(db, error) && store_pg_flush(db, error);
}

/* Texts are localised, the severity is not. */
static void on_notice(void *data, const PGresult *notice) {
    PgDb *db = data;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    db->has_warning = db->has_warning || g_strcmp0(severity, "WARNING") == 0;
}

const char *store_pg_url(const Db *db) {
    return ((const PgDb *)db)->url;
}

char *store_pg_quote(Db *db, const char *name) {
    char *quoted = PQescapeIdentifier(((PgDb *)db)->conn, name, strlen(name));
    char *copy = g_strdup(quoted);
    PQfreemem(quoted);
    g_assert(copy != NULL); /* names are UTF-8 from the server itself */
    return copy;
}

static void pg_close(Db *base) {
    PgDb *db = (PgDb *)base;
    PQfinish(db->conn);
    g_hash_table_unref(db->statements);
    g_array_unref(db->waiting);
    g_free(db->url);
    g_free(db);
}

/* --- statements ------------------------------------------------------------------------------ */

/* The prepared statement's name, borrowed; NULL on error. */
static const char *prepare(PgDb *db, const char *text, GError **error) {
    const char *known = g_hash_table_lookup(db->statements, text);
    if (known != NULL) {
        return known;
    }
    if (!store_pg_flush(db, error)) {
        return NULL;
    }
    if (g_hash_table_size(db->statements) >= STORE_STATEMENTS) {
        if (!simple(db, "DEALLOCATE ALL", error)) {
            return NULL;
        }
        g_hash_table_remove_all(db->statements);
    }
    char *name = g_strdup_printf("s%u", ++db->made);
    PGresult *result = PQprepare(db->conn, name, text, 0, NULL);
    bool done = store_pg_is_fine(result) || store_pg_fail(db, result, error);
    PQclear(result);
    if (!done) {
        g_free(name);
        return NULL;
    }
    g_hash_table_insert(db->statements, g_strdup(text), name);
    return name;
}

static PGresult *run_once(PgDb *db, const char *text, DbArgs args, GError **error) {
    const char *name = ready(db, error) ? prepare(db, text, error) : NULL;
    if (name == NULL) {
        return NULL;
    }
    if (db->begin != NULL || db->waiting->len > 0) {
        return store_pg_run_behind(db, name, args, error);
    }
    g_auto(PgParams) params = {0};
    store_pg_params_make(args, &params);
    PGresult *result = PQexecPrepared(
        db->conn, name, (int)args.count, params.values, params.lengths, params.formats, 0);
    if (!store_pg_is_fine(result)) {
        store_pg_fail(db, result, error);
        PQclear(result);
        return NULL;
    }
    return result;
}

/* On a dead connection the same is sent again on a new one where that is harmless: a read outside a
 * transaction, and the first statement of a transaction, with its BEGIN. Any other write may have
 * been done before the connection broke. */
static PGresult *run(PgDb *db, const char *text, DbArgs args, GError **error) {
    g_autoptr(GError) failure = NULL;
    const char *begin = db->begin;
    bool is_harmless =
        db->base.in_tx ? begin != NULL && db->waiting->len == 0 : db->base.mode == DB_READ_ONLY;
    PGresult *result = run_once(db, text, args, &failure);
    if (result == NULL && is_harmless && PQstatus(db->conn) == CONNECTION_BAD) {
        db->begin = begin;
        return run_once(db, text, args, error);
    }
    if (result == NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
    }
    return result;
}

static bool pg_exec(Db *base, const char *text, DbArgs args, int64_t *ret_changed, GError **error) {
    PGresult *result = run((PgDb *)base, text, args, error);
    if (result == NULL) {
        return false;
    }
    *ret_changed = store_pg_changed(result);
    PQclear(result);
    return true;
}

static DbRows *pg_query(Db *base, const char *text, DbArgs args, GError **error) {
    PGresult *result = run((PgDb *)base, text, args, error);
    return result == NULL ? NULL : store_pg_rows_new(base, result);
}

static bool pg_exec_many(
    Db *base, const char *text, size_t columns, DbArgs args, int64_t *ret_changed, GError **error) {
    PgDb *db = (PgDb *)base;
    const char *name = plain(db, error) ? prepare(db, text, error) : NULL;
    return name != NULL && store_pg_send_many(db, name, columns, args, ret_changed, error);
}

static bool pg_later(Db *base, const char *text, DbArgs args, int64_t must_change, GError **error) {
    PgDb *db = (PgDb *)base;
    const char *name = ready(db, error) && begin_now(db, error) ? prepare(db, text, error) : NULL;
    return name != NULL && store_pg_send_later(db, name, args, must_change, error);
}

/* --- transactions ---------------------------------------------------------------------------- */

static bool pg_script(Db *base, const char *text, GError **error) {
    PgDb *db = (PgDb *)base;
    return plain(db, error) && simple(db, text, error);
}

/* The server hears of it together with the first statement. Page reads see one state from the first
 * to the last statement, as in SQLite. */
static bool pg_begin(Db *base, GError **error) {
    PgDb *db = (PgDb *)base;
    db->begin = base->mode == DB_READ_ONLY ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN";
    return ready(db, error);
}

static bool pg_commit(Db *base, GError **error) {
    PgDb *db = (PgDb *)base;
    if (db->begin != NULL) { /* no statement came */
        db->begin = NULL;
        return true;
    }
    if (base->mode == DB_READ_ONLY) { /* cannot fail in a way that matters */
        store_pg_end_reading(db);
        return true;
    }
    db->has_warning = false;
    PGresult *result = store_pg_commit(db, error);
    bool done = result != NULL;
    if (done && strcmp(PQcmdStatus(result), "COMMIT") != 0) { /* "ROLLBACK": it had failed */
        done = hz_fail(error, HZ_ERROR_INTERNAL, "postgresql rolled the transaction back");
    }
    if (done && db->has_warning) {
        /* Somebody cancelled the wait for a standby: it says COMMIT and is on one machine only. */
        done = hz_fail(error, HZ_ERROR_UNAVAILABLE, "postgresql warned at the commit: unknown");
    }
    PQclear(result);
    return done;
}

static void pg_rollback(Db *base) {
    PgDb *db = (PgDb *)base;
    db->begin = NULL;
    store_pg_flush(db, NULL);
    PGTransactionStatusType state = PQtransactionStatus(db->conn);
    if (state != PQTRANS_INTRANS && state != PQTRANS_INERROR) {
        return;
    }
    if (base->mode == DB_READ_ONLY) {
        store_pg_end_reading(db);
    } else {
        PQclear(PQexec(db->conn, "ROLLBACK"));
    }
}

/* --- plans ----------------------------------------------------------------------------------- */

static bool can_explain(const char *text) {
    static const char *const verbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (g_ascii_strncasecmp(text, verbs[i], strlen(verbs[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Test tables are small, and there a sequential scan is right. With enable_seqscan off one is left
 * only where no index can serve. */
static char *pg_explain(Db *base, const char *text, DbArgs args, bool *ret_scans_table) {
    PgDb *db = (PgDb *)base;
    if (!can_explain(text) || !plain(db, NULL) || !simple(db, "SET enable_seqscan = off", NULL)) {
        return NULL;
    }
    g_autofree char *explain = g_strconcat("EXPLAIN ", text, NULL);
    g_auto(PgParams) params = {0};
    store_pg_params_make(args, &params);
    PGresult *result = PQexecParams(
        db->conn, explain, (int)args.count, NULL, params.values, params.lengths, params.formats, 0);
    char *plan = NULL;
    if (store_pg_is_fine(result)) {
        GString *lines = g_string_new(NULL);
        for (int i = 0; i < PQntuples(result); i++) {
            g_string_append_printf(lines, "%s%s", i == 0 ? "" : "\n", PQgetvalue(result, i, 0));
        }
        plan = g_string_free(lines, FALSE);
        *ret_scans_table = strstr(plan, "Seq Scan on") != NULL;
    }
    PQclear(result);
    simple(db, "RESET enable_seqscan", NULL);
    return plan;
}

/* --- opening --------------------------------------------------------------------------------- */

static const DbDriver pg_driver = {
    .engine = DB_ENGINE_PG,
    .close = pg_close,
    .exec = pg_exec,
    .exec_many = pg_exec_many,
    .later = pg_later,
    .query = pg_query,
    .script = pg_script,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .explain = pg_explain,
    .copy = store_pg_copy,
    STORE_PG_ROWS,
};

Db *store_pg_open(const char *url, DbMode mode, GError **error) {
    /* What stands before "dbname" (which is the whole URI) is a default, what follows is fixed. Of
     * several hosts the primary is taken, for reading too: a page must show what was just saved. */
    const char *const keys[] = {"connect_timeout",
                                "tcp_user_timeout",
                                "keepalives_idle",
                                "fallback_application_name",
                                "target_session_attrs",
                                "dbname",
                                "client_encoding",
                                NULL};
    const char *const values[] = {"10",
                                  "15000",
                                  "10",
                                  "huozheng",
                                  mode == DB_READ_ONLY ? "primary" : "read-write",
                                  url,
                                  "UTF8",
                                  NULL};
    PgDb *db = g_new0(PgDb, 1);
    db->base.driver = &pg_driver;
    db->base.mode = mode;
    db->url = g_strdup(url);
    db->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    db->waiting = g_array_new(FALSE, FALSE, sizeof(int64_t));
    db->conn = PQconnectdbParams(keys, values, 1);
    PQsetNoticeReceiver(db->conn, on_notice, db);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "cannot reach postgresql: %s",
                g_strchomp(PQerrorMessage(db->conn)));
    } else if (settle(db, error)) {
        return &db->base;
    }
    db_close(&db->base);
    return NULL;
}
