#include "sensing/maintenance_store.h"

#include "base/error.h"
#include "registry/search.h"
#include "sensing/device_store.h"

#define ORDER_COLUMNS                                                                              \
    "e.id, e.number, e.state, e.device_id, e.point_id, e.edge_id, e.building_id, e.region, "       \
    "e.district, coalesce(b.name, ''), e.place, e.subject, e.task, e.service_body, "               \
    "e.service_contact, e.due_us, e.version, e.created_us, e.changed_us"
#define ORDER_TABLES "maintenance_order e LEFT JOIN building b ON b.id = e.building_id"

void order_clear(Order *order) {
    g_clear_pointer(&order->texts, g_string_chunk_free);
}

void order_page_clear(OrderPage *page) {
    g_clear_pointer(&page->rows, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
}

static void read_order(const DbRows *rows, GStringChunk *texts, Order *ret) {
    *ret = (Order){
        .id = db_rows_int(rows, 0),
        .number = sensing_text_at(rows, 1, texts),
        .device_id = db_rows_int(rows, 3),
        .point_id = db_rows_int(rows, 4),
        .edge_id = db_rows_int(rows, 5),
        .building_id = db_rows_int(rows, 6),
        .region = sensing_text_at(rows, 7, texts),
        .district = db_rows_int(rows, 8),
        .building_name = sensing_text_at(rows, 9, texts),
        .place = sensing_text_at(rows, 10, texts),
        .subject = sensing_text_at(rows, 11, texts),
        .task = sensing_text_at(rows, 12, texts),
        .service_body = sensing_text_at(rows, 13, texts),
        .service_contact = sensing_text_at(rows, 14, texts),
        .due_us = db_rows_int(rows, 15),
        .version = db_rows_int(rows, 16),
        .created_us = db_rows_int(rows, 17),
        .changed_us = db_rows_int(rows, 18),
    };
    order_state_parse(db_rows_text(rows, 2), &ret->state);
}

bool order_find(Db *db, int64_t id, Order *ret_order, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " ORDER_COLUMNS " FROM " ORDER_TABLES " WHERE e.id = $1"),
                 DB_ARGS(db_int(id)),
                 error);
    if (!sensing_row(rows, "order", error)) {
        return false;
    }
    GStringChunk *texts = g_string_chunk_new(256);
    read_order(rows, texts, ret_order);
    ret_order->texts = texts;
    return true;
}

bool order_steps(Db *db, int64_t id, GStringChunk *texts, GArray *steps, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT state, person, note, actor, time_us FROM maintenance_step "
                     "WHERE order_id = $1 ORDER BY n"),
                 DB_ARGS(db_int(id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        OrderStep step = {.person = sensing_text_at(rows, 1, texts),
                          .note = sensing_text_at(rows, 2, texts),
                          .actor = sensing_text_at(rows, 3, texts),
                          .time_us = db_rows_int(rows, 4)};
        order_state_parse(db_rows_text(rows, 0), &step.state);
        g_array_append_val(steps, step);
    }
    return db_rows_done(rows, error);
}

/* --- lists --------------------------------------------------------------------------------------
 */

static void add_place(SqlBuilder *sql, const OrderQuery *query) {
    sql_builder_add(
        sql, query->is_closed ? SQL("AND (e.due_us, e.id) < (") : SQL("AND (e.due_us, e.id) > ("));
    sql_builder_arg(sql, db_int(query->after_due_us));
    sql_builder_add(sql, SQL(","));
    sql_builder_arg(sql, db_int(query->after_id));
    sql_builder_add(sql, SQL(")"));
}

bool order_list(Db *db, const OrderQuery *query, OrderPage *ret_page, GError **error) {
    *ret_page = (OrderPage){.rows = g_array_new(FALSE, FALSE, sizeof(Order)),
                            .texts = g_string_chunk_new(4096)};
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " ORDER_COLUMNS " FROM " ORDER_TABLES " WHERE e.closed ="));
    sql_builder_arg(sql, db_bool(query->is_closed));
    sensing_add_region_e(sql, query->region);
    if (query->after_id != 0) {
        add_place(sql, query);
    }
    sql_builder_add(sql,
                    query->is_closed ? SQL("ORDER BY e.due_us DESC, e.id DESC LIMIT")
                                     : SQL("ORDER BY e.due_us, e.id LIMIT"));
    sql_builder_arg(sql, db_int((int64_t)query->limit + 1));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Order order;
        read_order(rows, ret_page->texts, &order);
        g_array_append_val(ret_page->rows, order);
    }
    if (ret_page->rows->len > query->limit) {
        g_array_set_size(ret_page->rows, query->limit);
        const Order *last = &g_array_index(ret_page->rows, Order, query->limit - 1);
        ret_page->next_due_us = last->due_us;
        ret_page->next_id = last->id;
    }
    return db_rows_done(rows, error);
}

bool orders_of_edges(Db *db,
                     const int64_t *edge_ids,
                     size_t count,
                     GStringChunk *texts,
                     GArray *orders,
                     GError **error) {
    g_autofree char *list = id_list_format(db, edge_ids, count);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                "SELECT " ORDER_COLUMNS " FROM " ORDER_TABLES
                " WHERE e.edge_id <> 0 AND e.edge_id IN (SELECT CAST(value AS INTEGER) FROM "
                "json_each($1)) ORDER BY e.id",
                "SELECT " ORDER_COLUMNS " FROM " ORDER_TABLES
                " WHERE e.edge_id <> 0 AND e.edge_id = ANY ($1::bigint[]) ORDER BY e.id"),
        DB_ARGS(db_text(list)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Order order;
        read_order(rows, texts, &order);
        g_array_append_val(orders, order);
    }
    return db_rows_done(rows, error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

bool order_store_number(Db *db, int64_t year, int64_t *ret_n, GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO maintenance_number (year, n) VALUES ($1, 1) "
                            "ON CONFLICT (year) DO UPDATE SET n = maintenance_number.n + 1 "
                            "RETURNING n"),
                        DB_ARGS(db_int(year)),
                        ret_n,
                        error);
}

bool order_store_insert(Db *db, const Order *order, int64_t *ret_id, GError **error) {
    return db_query_int(
        db,
        SQL("INSERT INTO maintenance_order (number, state, device_id, point_id, edge_id, "
            "building_id, region, district, place, subject, task, service_body, service_contact, "
            "due_us, closed, version, created_us, changed_us) VALUES ($1, $2, $3, $4, $5, $6, $7, "
            "$8, $9, $10, $11, $12, $13, $14, 0, 1, $15, $15) RETURNING id"),
        DB_ARGS(db_text(order->number),
                db_text(order_state_word(order->state)),
                db_int(order->device_id),
                db_int(order->point_id),
                db_int(order->edge_id),
                db_int(order->building_id),
                db_text(order->region),
                db_int(order->district),
                db_text(order->place),
                db_text(order->subject),
                db_text(order->task),
                db_text(order->service_body),
                db_text(order->service_contact),
                db_int(order->due_us),
                db_int(order->created_us)),
        ret_id,
        error);
}

bool order_store_state(
    Db *db, const Order *order, OrderState state, int64_t now_us, GError **error) {
    int64_t changed = 0;
    bool is_closed = state == ORDER_VERIFIED || state == ORDER_CANCELLED;
    if (!db_exec(db,
                 SQL("UPDATE maintenance_order SET state = $1, closed = $2, "
                     "version = version + 1, changed_us = $3 WHERE id = $4 AND version = $5"),
                 DB_ARGS(db_text(order_state_word(state)),
                         db_bool(is_closed),
                         db_int(now_us),
                         db_int(order->id),
                         db_int(order->version)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 ||
           hz_fail(error, HZ_ERROR_CONFLICT, "order was changed by somebody else meanwhile");
}

bool order_store_add_step(Db *db, int64_t id, const OrderStep *step, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO maintenance_step (order_id, n, state, person, note, actor, "
                       "time_us) VALUES ($1, (SELECT coalesce(max(n), 0) + 1 FROM "
                       "maintenance_step WHERE order_id = $1), $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_int(id),
                           db_text(order_state_word(step->state)),
                           db_text(step->person),
                           db_text(step->note),
                           db_text(step->actor),
                           db_int(step->time_us)),
                   NULL,
                   error);
}
