/* The only place with the tables account, account_role, session. */
#include "account/account_store.h"

#include "base/error.h"

#define ACCOUNT_COLUMNS                                                                            \
    "a.id, a.login, a.name, a.region, a.agency_id, a.officer_id, a.locked_us, a.must_change, "     \
    "a.created_us, a.signed_in_us, a.version, r.role "
#define ACCOUNT_COLUMN_COUNT 12

void account_free(Account *account) {
    if (account != NULL) {
        g_free(account->login);
        g_free(account->name);
        g_free(account->region);
        g_free(account);
    }
}

static Account *account_read(const DbRows *rows) {
    Account *account = g_new0(Account, 1);
    account->id = db_rows_int(rows, 0);
    account->login = g_strdup(db_rows_text(rows, 1));
    account->name = g_strdup(db_rows_text(rows, 2));
    account->region = g_strdup(db_rows_text(rows, 3));
    account->agency_id = db_rows_int(rows, 4);
    account->officer_id = db_rows_int(rows, 5);
    account->is_locked = !db_rows_is_null(rows, 6);
    account->must_change_password = db_rows_int(rows, 7) != 0;
    account->created_us = db_rows_int(rows, 8);
    account->signed_in_us = db_rows_int(rows, 9);
    account->version = db_rows_int(rows, 10);
    return account;
}

static void account_read_role(Account *account, const DbRows *rows) {
    Role role;
    if (role_parse(db_rows_text(rows, 11), &role)) {
        account->roles |= ROLE_BIT(role);
    }
}

static Account *account_read_one(DbRows *rows, GError **error) {
    g_autoptr(Account) account = NULL;
    while (db_rows_next(rows)) {
        if (account == NULL) {
            account = account_read(rows);
        }
        account_read_role(account, rows);
    }
    if (!db_rows_done(rows, error)) {
        return NULL;
    }
    if (account == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no such account");
    }
    return g_steal_pointer(&account);
}

Account *account_find(Db *db, int64_t id, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ACCOUNT_COLUMNS "FROM account a LEFT JOIN account_role r "
                     "ON r.account_id = a.id WHERE a.id = $1"),
                 DB_ARGS(db_int(id)),
                 error);
    return rows == NULL ? NULL : account_read_one(rows, error);
}

Account *account_find_login(Db *db, const char *login, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ACCOUNT_COLUMNS "FROM account a LEFT JOIN account_role r "
                     "ON r.account_id = a.id WHERE a.login = $1"),
                 DB_ARGS(db_text(login)),
                 error);
    return rows == NULL ? NULL : account_read_one(rows, error);
}

bool account_of_officer(Db *db, int64_t officer_id, int64_t *ret_id, GError **error) {
    *ret_id = 0;
    return officer_id == 0 ||
           db_query_int(db,
                        SQL("SELECT coalesce(max(id), 0) FROM account WHERE officer_id = $1"),
                        DB_ARGS(db_int(officer_id)),
                        ret_id,
                        error);
}

bool account_of_officers(
    Db *db, const int64_t *officers, size_t count, GArray *accounts, GError **error) {
    if (count == 0) {
        return true;
    }
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT max(id) FROM account WHERE officer_id <> 0 AND officer_id IN ("));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            sql_builder_add(sql, SQL(","));
        }
        sql_builder_arg(sql, db_int(officers[i]));
    }
    sql_builder_add(sql, SQL(") GROUP BY officer_id ORDER BY officer_id"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(accounts, id);
    }
    return db_rows_done(rows, error);
}

GPtrArray *
account_list(Db *db, const char *prefix, const char *after, unsigned limit, GError **error) {
    /* A login has no byte above '~', so the prefix's range is a plain index range. */
    g_autofree char *end = g_strconcat(prefix, "~", NULL);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ACCOUNT_COLUMNS
                     "FROM (SELECT * FROM account WHERE login > $1 AND login >= $2 AND login < $3 "
                     "ORDER BY login LIMIT $4) a "
                     "LEFT JOIN account_role r ON r.account_id = a.id ORDER BY a.login"),
                 DB_ARGS(db_text(after), db_text(prefix), db_text(end), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
    while (db_rows_next(rows)) {
        Account *last = list->len == 0 ? NULL : g_ptr_array_index(list, list->len - 1);
        if (last == NULL || last->id != db_rows_int(rows, 0)) {
            last = account_read(rows);
            g_ptr_array_add(list, last);
        }
        account_read_role(last, rows);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool account_store_any(Db *db, bool *ret_any, GError **error) {
    int64_t found = 0;
    if (!db_query_int(db,
                      SQL("SELECT CASE WHEN EXISTS (SELECT 1 FROM account) THEN 1 ELSE 0 END"),
                      DB_NO_ARGS,
                      &found,
                      error)) {
        return false;
    }
    *ret_any = found != 0;
    return true;
}

bool account_store_add(Db *db,
                       const NewAccount *account,
                       const char *password_hash,
                       bool must_change,
                       int64_t now_us,
                       int64_t *ret_id,
                       GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO account (login, name, password_hash, must_change, region, "
                            "agency_id, officer_id, created_us, version) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) RETURNING id"),
                        DB_ARGS(db_text(account->login),
                                db_text(account->name),
                                db_text(password_hash),
                                db_bool(must_change),
                                db_text(account->region),
                                db_int(account->agency_id),
                                db_int(account->officer_id),
                                db_int(now_us)),
                        ret_id,
                        error) &&
           account_store_set_roles(db, *ret_id, account->roles, error);
}

bool account_store_set_roles(Db *db, int64_t id, uint32_t roles, GError **error) {
    if (!db_exec(db,
                 SQL("DELETE FROM account_role WHERE account_id = $1"),
                 DB_ARGS(db_int(id)),
                 NULL,
                 error)) {
        return false;
    }
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((roles & ROLE_BIT(role)) != 0 &&
            !db_exec(db,
                     SQL("INSERT INTO account_role (account_id, role) VALUES ($1, $2)"),
                     DB_ARGS(db_int(id), db_text(role_word((Role)role))),
                     NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

bool account_store_set_scope(Db *db,
                             const RoleChange *change,
                             int64_t *ret_changed,
                             GError **error) {
    return db_exec(db,
                   SQL("UPDATE account SET region = $2, agency_id = $3, officer_id = $4, "
                       "version = version + 1 WHERE id = $1 AND (version = $5 OR $5 < 0)"),
                   DB_ARGS(db_int(change->account_id),
                           db_text(change->region),
                           db_int(change->agency_id),
                           db_int(change->officer_id),
                           db_int(change->version)),
                   ret_changed,
                   error);
}

bool account_store_set_locked(Db *db, int64_t id, bool locked, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE account SET locked_us = $2 WHERE id = $1"),
                   DB_ARGS(db_int(id), locked ? db_int(now_us) : db_null()),
                   NULL,
                   error);
}

bool account_store_set_password(
    Db *db, int64_t id, const char *hash, bool must_change, GError **error) {
    return db_exec(db,
                   SQL("UPDATE account SET password_hash = $2, must_change = $3 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_text(hash), db_bool(must_change)),
                   NULL,
                   error);
}

bool account_store_password(Db *db, int64_t id, char **ret_hash, GError **error) {
    return db_query_text(db,
                         SQL("SELECT password_hash FROM account WHERE id = $1"),
                         DB_ARGS(db_int(id)),
                         ret_hash,
                         error);
}

bool account_store_signed_in(Db *db, int64_t id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE account SET signed_in_us = $2 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   NULL,
                   error);
}

/* --- sessions ---------------------------------------------------------------------------------
 */

bool session_store_add(Db *db, const NewSession *session, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO session (account_id, token_sha256, created_us, seen_us, "
                       "ends_us, peer, agent) VALUES ($1, $2, $3, $3, $4, $5, $6)"),
                   DB_ARGS(db_int(session->account_id),
                           db_text(session->token_sha256),
                           db_int(now_us),
                           db_int(now_us + SESSION_LIFE_US),
                           db_text(session->peer),
                           db_text(session->agent)),
                   NULL,
                   error);
}

bool session_store_end(Db *db, int64_t id, GError **error) {
    return db_exec(db, SQL("DELETE FROM session WHERE id = $1"), DB_ARGS(db_int(id)), NULL, error);
}

bool account_end_sessions(
    Db *db, int64_t account_id, int64_t keep, int64_t *ret_ended, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM session WHERE account_id = $1 AND id <> $2"),
                   DB_ARGS(db_int(account_id), db_int(keep)),
                   ret_ended,
                   error);
}

bool session_store_seen(Db *db, int64_t id, int64_t seen_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE session SET seen_us = $2 WHERE id = $1 AND seen_us < $2"),
                   DB_ARGS(db_int(id), db_int(seen_us)),
                   NULL,
                   error);
}

bool session_store_purge(Db *db, int64_t now_us, GError **error) {
    return db_exec(
        db, SQL("DELETE FROM session WHERE ends_us <= $1"), DB_ARGS(db_int(now_us)), NULL, error);
}

bool session_store_find(
    Db *db, const char *token_sha256, int64_t now_us, SessionRow *ret_row, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ACCOUNT_COLUMNS ", s.id, s.seen_us FROM session s "
                     "JOIN account a ON a.id = s.account_id "
                     "LEFT JOIN account_role r ON r.account_id = a.id "
                     "WHERE s.token_sha256 = $1 AND s.ends_us > $2 AND a.locked_us IS NULL"),
                 DB_ARGS(db_text(token_sha256), db_int(now_us)),
                 error);
    if (rows == NULL) {
        return false;
    }
    SessionRow row = {0};
    while (db_rows_next(rows)) {
        if (row.account == NULL) {
            row.account = account_read(rows);
            row.session_id = db_rows_int(rows, ACCOUNT_COLUMN_COUNT);
            row.seen_us = db_rows_int(rows, ACCOUNT_COLUMN_COUNT + 1);
        }
        account_read_role(row.account, rows);
    }
    if (!db_rows_done(rows, error)) {
        account_free(row.account);
        return false;
    }
    *ret_row = row;
    return true;
}

DbRows *session_store_list(Db *db, int64_t account_id, int64_t now_us, GError **error) {
    return db_query(db,
                    SQL("SELECT id, created_us, seen_us, peer, agent FROM session "
                        "WHERE account_id = $1 AND ends_us > $2 ORDER BY id DESC LIMIT 50"),
                    DB_ARGS(db_int(account_id), db_int(now_us)),
                    error);
}
