/* The only place with the tables sign_in_counter, sign_in and refusal. */
#include "account/account_rules.h"
#include "account/account_store.h"

bool sign_in_charge(Db *db,
                    const CountLimit *limit,
                    const char *subject,
                    int64_t now_us,
                    SignInCharge *ret_charge,
                    GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("INSERT INTO sign_in_counter (kind, subject, failures, last_us) "
            "VALUES ($1, $2, 1, $3) ON CONFLICT (kind, subject) DO UPDATE SET "
            "failures = CASE WHEN sign_in_counter.last_us <= $4 THEN 1 "
            "ELSE sign_in_counter.failures + 1 END, "
            "last_us = CASE WHEN sign_in_counter.last_us > $4 AND sign_in_counter.failures >= $5 "
            "THEN sign_in_counter.last_us ELSE $3 END "
            "RETURNING failures, last_us"),
        DB_ARGS(db_text(limit->kind),
                db_text(subject),
                db_int(now_us),
                db_int(now_us - limit->window_us),
                db_int(limit->max)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        *ret_charge =
            (SignInCharge){.failures = db_rows_int(rows, 0), .last_us = db_rows_int(rows, 1)};
    }
    return db_rows_done(rows, error);
}

bool sign_in_uncharge(Db *db, const char *kind, const char *subject, GError **error) {
    return db_exec(db,
                   SQL("UPDATE sign_in_counter SET failures = failures - 1 "
                       "WHERE kind = $1 AND subject = $2 AND failures > 0"),
                   DB_ARGS(db_text(kind), db_text(subject)),
                   NULL,
                   error);
}

bool sign_in_forget(Db *db, const char *kind, const char *subject, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM sign_in_counter WHERE kind = $1 AND subject = $2"),
                   DB_ARGS(db_text(kind), db_text(subject)),
                   NULL,
                   error);
}

bool sign_in_forget_old(Db *db, int64_t before_us, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM sign_in_counter WHERE last_us < $1"),
                   DB_ARGS(db_int(before_us)),
                   NULL,
                   error);
}

bool sign_in_event_add(Db *db, const SignInEvent *event, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO sign_in (time_us, login, account_id, peer, outcome, "
                       "ledger_index) VALUES ($1, $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_int(event->time_us),
                           db_text(event->login),
                           db_int(event->account_id),
                           db_text(event->peer),
                           db_text(event->outcome),
                           db_int(event->ledger_index)),
                   NULL,
                   error);
}

static void add_before_and_limit(SqlBuilder *query, int64_t before, unsigned limit) {
    if (before > 0) {
        sql_builder_add(query, SQL("AND id <"));
        sql_builder_arg(query, db_int(before));
    }
    sql_builder_add(query, SQL("ORDER BY id DESC LIMIT"));
    sql_builder_arg(query, db_int(limit));
}

static void add_equal(SqlBuilder *query, Sql condition, const char *value) {
    if (*value != '\0') {
        sql_builder_add(query, condition);
        sql_builder_arg(query, db_text(value));
    }
}

DbRows *sign_in_store_list(Db *db,
                           const char *login,
                           const char *outcome,
                           int64_t before,
                           unsigned limit,
                           GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(query,
                    SQL("SELECT id, time_us, login, account_id, peer, outcome, ledger_index "
                        "FROM sign_in WHERE id > 0"));
    add_equal(query, SQL("AND login ="), login);
    add_equal(query, SQL("AND outcome ="), outcome);
    add_before_and_limit(query, before, limit);
    return db_query_built(db, query, error);
}

bool refusal_store_add(
    Db *db, const Refusal *refusal, int64_t repeats, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO refusal (time_us, account_id, login, method, path, reason, "
                       "peer, repeats) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
                   DB_ARGS(db_int(now_us),
                           db_int(refusal->account_id),
                           db_text(refusal->login),
                           db_text(refusal->method),
                           db_text(refusal->path),
                           db_text(refusal->reason),
                           db_text(refusal->peer),
                           db_int(repeats)),
                   NULL,
                   error);
}

DbRows *refusal_store_list(
    Db *db, const char *login, const char *peer, int64_t before, unsigned limit, GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(query,
                    SQL("SELECT id, time_us, account_id, login, method, path, reason, peer, "
                        "repeats FROM refusal WHERE id > 0"));
    add_equal(query, SQL("AND login ="), login);
    add_equal(query, SQL("AND peer ="), peer);
    add_before_and_limit(query, before, limit);
    return db_query_built(db, query, error);
}
