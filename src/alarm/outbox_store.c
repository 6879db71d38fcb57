#include "alarm/outbox_store.h"

#include "alarm/alarm_sql_store.h"

#define COLUMNS                                                                                    \
    "a.id, a.alarm_id, a.way, a.address, a.subject, a.body, a.district, a.state, a.tries, "        \
    "a.next_us, a.failure, a.created_us, a.sent_us"
/* alarm_add_region asks for a.region below districts: a message has none, its district counts */
#define FROM_OUTBOX                                                                                \
    " FROM (SELECT o.*, COALESCE(m.region, '') AS region FROM outbox o LEFT JOIN alarm m ON m.id " \
    "= o.alarm_id) a"

bool outbox_store_add(Db *db, const OutboxMessage *message, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO outbox (alarm_id, way, address, subject, body, district, "
                       "state, tries, next_us, failure, created_us, sent_us) VALUES ($1, $2, $3, "
                       "$4, $5, $6, 'waiting', 0, $7, '', $7, 0)"),
                   DB_ARGS(db_int(message->alarm_id),
                           db_text(outbox_way_word(message->way)),
                           db_text(message->address),
                           db_text(message->subject),
                           db_text(message->body),
                           db_int(message->district),
                           db_int(now_us)),
                   NULL,
                   error);
}

void outbox_row_free(OutboxRow *row) {
    for (size_t i = 0; i < G_N_ELEMENTS(row->texts); i++) {
        g_free(row->texts[i]);
    }
    g_free(row->state);
    g_free(row->failure);
    g_free(row);
}

static OutboxRow *from_row(const DbRows *rows) {
    OutboxRow *row = g_new0(OutboxRow, 1);
    row->message.id = db_rows_int(rows, 0);
    row->message.alarm_id = db_rows_int(rows, 1);
    (void)outbox_way_parse(db_rows_text(rows, 2), &row->message.way); /* our own word */
    for (int i = 0; i < 3; i++) {
        row->texts[i] = g_strdup(db_rows_text(rows, 3 + i));
    }
    row->message.address = row->texts[0];
    row->message.subject = row->texts[1];
    row->message.body = row->texts[2];
    row->message.district = db_rows_int(rows, 6);
    row->state = g_strdup(db_rows_text(rows, 7));
    row->tries = db_rows_int(rows, 8);
    row->next_us = db_rows_int(rows, 9);
    row->failure = g_strdup(db_rows_text(rows, 10));
    row->created_us = db_rows_int(rows, 11);
    row->sent_us = db_rows_int(rows, 12);
    return row;
}

static GPtrArray *read_rows(DbRows *rows, GError **error) {
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)outbox_row_free);
    while (rows != NULL && db_rows_next(rows)) {
        g_ptr_array_add(list, from_row(rows));
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *outbox_store_due(Db *db, int64_t now_us, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT " COLUMNS " FROM outbox a WHERE a.state = "
                                          "'waiting' AND a.next_us <= $1 ORDER BY a.next_us, a.id "
                                          "LIMIT $2"),
                                      DB_ARGS(db_int(now_us), db_int(limit)),
                                      error);
    return read_rows(rows, error);
}

bool outbox_store_claim(
    Db *db, int64_t id, int64_t next_us, int64_t until_us, bool *ret_is_ours, GError **error) {
    int64_t changed = 0;
    bool good = db_exec(db,
                        SQL("UPDATE outbox SET next_us = $3 WHERE id = $1 AND next_us = $2 AND "
                            "state = 'waiting'"),
                        DB_ARGS(db_int(id), db_int(next_us), db_int(until_us)),
                        &changed,
                        error);
    *ret_is_ours = changed == 1;
    return good;
}

bool outbox_store_sent(Db *db, int64_t id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE outbox SET state = 'sent', sent_us = $2, failure = '', tries = "
                       "tries + 1 WHERE id = $1"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   NULL,
                   error);
}

bool outbox_store_failed(
    Db *db, int64_t id, int64_t tries, int64_t next_us, const char *failure, GError **error) {
    return db_exec(db,
                   SQL("UPDATE outbox SET tries = $2, next_us = $3, failure = $4, state = $5 WHERE "
                       "id = $1"),
                   DB_ARGS(db_int(id),
                           db_int(tries),
                           db_int(next_us),
                           db_text(failure),
                           db_text(next_us == 0 ? "dead" : "waiting")),
                   NULL,
                   error);
}

bool outbox_store_revive(Db *db, int64_t id, int64_t now_us, int64_t *ret_changed, GError **error) {
    return db_exec(db,
                   SQL("UPDATE outbox SET state = 'waiting', tries = 0, next_us = $2 WHERE id = $1 "
                       "AND state = 'dead'"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   ret_changed,
                   error);
}

GPtrArray *outbox_list(Db *db,
                       int64_t alarm_id,
                       const char *region,
                       const char *state,
                       int64_t before_id,
                       unsigned limit,
                       GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " COLUMNS FROM_OUTBOX " WHERE a.id <"));
    sql_builder_arg(sql, db_int(before_id > 0 ? before_id : INT64_MAX));
    if (alarm_id != 0) {
        sql_builder_add(sql, SQL("AND a.alarm_id ="));
        sql_builder_arg(sql, db_int(alarm_id));
    }
    if (state != NULL) {
        sql_builder_add(sql, SQL("AND a.state ="));
        sql_builder_arg(sql, db_text(state));
    }
    alarm_add_region(sql, region);
    sql_builder_add(sql,
                    alarm_id != 0 ? SQL("ORDER BY a.id LIMIT") : SQL("ORDER BY a.id DESC LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    return read_rows(rows, error);
}
