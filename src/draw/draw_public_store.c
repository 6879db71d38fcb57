#include "draw/draw_public.h"

void public_draw_entry_free(PublicDrawEntry *entry) {
    if (entry != NULL) {
        g_free(entry->title);
        g_free(entry);
    }
}

static GPtrArray *read_entries(Db *db, SqlBuilder *query, GError **error) {
    g_autoptr(DbRows) rows = db_query_built(db, query, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) entries =
        g_ptr_array_new_with_free_func((GDestroyNotify)public_draw_entry_free);
    while (db_rows_next(rows)) {
        PublicDrawEntry *entry = g_new0(PublicDrawEntry, 1);
        entry->id = db_rows_int(rows, 0);
        entry->published_us = db_rows_int(rows, 1);
        entry->year = db_rows_int(rows, 2);
        entry->objects = db_rows_int(rows, 3);
        entry->eligible = db_rows_int(rows, 4);
        entry->title = g_strdup(db_rows_text(rows, 5));
        entry->is_of_buildings = g_strcmp0(db_rows_text(rows, 6), "building") == 0;
        entry->publish_leaf = db_rows_int(rows, 7);
        g_ptr_array_add(entries, entry);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&entries) : NULL;
}

/* The end of both questions: the bounds, the order and the limit. */
static void add_bounds(SqlBuilder *query, const PublicDrawFilter *filter) {
    sql_builder_add(query, SQL("AND (published_us, id) < ("));
    sql_builder_arg(query, db_int(filter->before_us));
    sql_builder_add(query, SQL(","));
    sql_builder_arg(query, db_int(filter->before_id));
    sql_builder_add(query, SQL(")"));
    if (filter->from_us != 0) {
        sql_builder_add(query, SQL("AND published_us >="));
        sql_builder_arg(query, db_int(filter->from_us));
    }
    if (filter->to_us != 0) {
        sql_builder_add(query, SQL("AND published_us <"));
        sql_builder_arg(query, db_int(filter->to_us));
    }
    sql_builder_add(query, SQL("ORDER BY published_us DESC, id DESC LIMIT"));
    sql_builder_arg(query, db_int(filter->limit));
}

GPtrArray *plan_public_list(Db *db, const PublicDrawFilter *filter, GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(query,
                    SQL("SELECT id, published_us, year,"
                        " (SELECT sum(quota) FROM plan_quota q WHERE q.plan_id = plan.id),"
                        " 0, title, object_kind, -1 FROM plan WHERE published_us > 0"));
    add_bounds(query, filter);
    return read_entries(db, query, error);
}

GPtrArray *draw_public_list(Db *db, const PublicDrawFilter *filter, GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(query,
                    SQL("SELECT id, published_us, year, drawn_count, eligible_count, title,"
                        " object_kind, publish_leaf FROM draw WHERE published_us > 0"));
    if (filter->unit_id != 0) {
        sql_builder_add(query,
                        SQL("AND id IN (SELECT draw_id FROM draw_target"
                            " WHERE object_kind = 'unit' AND is_reserve = 0 AND object_id ="));
        sql_builder_arg(query, db_int(filter->unit_id));
        sql_builder_add(query, SQL(")"));
    }
    add_bounds(query, filter);
    return read_entries(db, query, error);
}
