#include "registry/named_list.h"

#include <string.h>

void named_place_clear(NamedPlace *place) {
    g_clear_pointer(&place->name, g_free);
    place->id = 0;
}

char *named_place_format(const NamedPlace *place) {
    return place->name == NULL ? g_strdup_printf("%" G_GINT64_FORMAT, place->id)
                               : g_strdup_printf("%" G_GINT64_FORMAT ".%s", place->id, place->name);
}

bool named_place_parse(const char *text, bool is_search, NamedPlace *ret_place) {
    char *end = NULL;
    int64_t id = g_ascii_strtoll(text, &end, 10);
    if (end == text || id < 0 || (!is_search && *end != '.')) {
        return false;
    }
    *ret_place = (NamedPlace){.id = id, .name = is_search ? NULL : g_strdup(end + 1)};
    return true;
}

void named_ids_clear(NamedIds *ids) {
    g_clear_pointer(&ids->ids, g_array_unref);
    named_place_clear(&ids->end);
}

static void reverse(GArray *ids) {
    int64_t *items = (int64_t *)(void *)ids->data;
    for (guint i = 0; i < ids->len / 2; i++) {
        int64_t other = items[ids->len - 1 - i];
        items[ids->len - 1 - i] = items[i];
        items[i] = other;
    }
}

/* --- walking ------------------------------------------------------------------------------------
 */

static void add_order(SqlBuilder *sql, bool up) {
    sql_builder_add(sql, up ? SQL("ORDER BY name, id") : SQL("ORDER BY name DESC, id DESC"));
}

static void add_limit(SqlBuilder *sql, size_t limit) {
    sql_builder_add(sql, SQL("LIMIT"));
    sql_builder_arg(sql, db_int((int64_t)limit));
}

/* A province or a city: the districts inside. */
static void add_district_range(SqlBuilder *sql, const char *region) {
    int64_t code = g_ascii_strtoll(region, NULL, 10);
    int64_t step = strlen(region) == 2 ? 10000 : 100;
    sql_builder_add(sql, SQL("AND district >="));
    sql_builder_arg(sql, db_int(code * step));
    sql_builder_add(sql, SQL("AND district <"));
    sql_builder_arg(sql, db_int((code + 1) * step));
}

static void add_window(SqlBuilder *sql, const Db *db, const NamedQuery *query) {
    const NamedSource *source = query->source;
    int engine = db_engine(db) == DB_ENGINE_SQLITE ? 0 : 1;
    size_t size = strlen(query->region);
    sql_builder_add(sql, source->columns);
    if (size > 6) {
        g_autofree char *above = g_strconcat(query->region, ":", NULL);
        sql_builder_add(sql, source->by_region[engine]);
        sql_builder_add(sql, SQL("WHERE region >="));
        sql_builder_arg(sql, db_text(query->region));
        sql_builder_add(sql, SQL("AND region <"));
        sql_builder_arg(sql, db_text(above));
    } else if (size == 6) {
        sql_builder_add(sql, source->by_district[engine]);
        sql_builder_add(sql, SQL("WHERE district ="));
        sql_builder_arg(sql, db_int(region_district(query->region)));
    } else {
        sql_builder_add(sql, source->by_name[engine]);
        sql_builder_add(sql, SQL("WHERE 1 = 1"));
    }
    if (query->has_place) {
        sql_builder_add(sql,
                        query->backward ? SQL("AND (name, id) < (") : SQL("AND (name, id) > ("));
        sql_builder_arg(sql, db_text(query->place.name));
        sql_builder_add(sql, SQL(","));
        sql_builder_arg(sql, db_int(query->place.id));
        sql_builder_add(sql, SQL(")"));
    }
    add_order(sql, !query->backward);
    add_limit(sql, NAMED_WALK_MAX);
}

static void build(SqlBuilder *sql, const Db *db, const NamedQuery *query, size_t limit) {
    sql_builder_add(sql, SQL("SELECT id FROM ("));
    add_window(sql, db, query);
    sql_builder_add(sql, SQL(") AS w WHERE 1 = 1"));
    if (strlen(query->region) < 6) {
        add_district_range(sql, query->region);
    }
    query->source->add_filter(sql, query->filter);
    if (db_engine(db) == DB_ENGINE_PG) {
        add_order(sql, !query->backward); /* see unit_list.c, build_walk */
    }
    add_limit(sql, limit);
}

static bool read_ids(Db *db, const SqlBuilder *sql, GArray *ids, GError **error) {
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_done(rows, error);
}

static bool find_end(Db *db, const NamedQuery *query, NamedPlace *ret_end, GError **error) {
    g_autoptr(SqlBuilder) counting = sql_builder_new();
    sql_builder_add(counting, SQL("SELECT count(*) FROM ("));
    add_window(counting, db, query);
    sql_builder_add(counting, SQL(") AS w"));
    g_autoptr(GArray) n = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!read_ids(db, counting, n, error)) {
        return false;
    }
    if (n->len == 0 || g_array_index(n, int64_t, 0) < NAMED_WALK_MAX) {
        return true;
    }
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT id, name FROM ("));
    add_window(sql, db, query);
    sql_builder_add(sql, SQL(") AS w"));
    add_order(sql, query->backward);
    add_limit(sql, 1);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        ret_end->id = db_rows_int(rows, 0);
        ret_end->name = g_strdup(db_rows_text(rows, 1));
    }
    return db_rows_done(rows, error);
}

/* --- searching ----------------------------------------------------------------------------------
 */

static bool gather(
    Db *db, const NamedQuery *query, size_t wanted, NamedIds *got, bool *ret_all, GError **error) {
    g_auto(SearchQuery) index = {0};
    g_autoptr(GString) marks = g_string_new(NULL);
    if (strlen(query->region) >= 6) {
        search_add_mark(marks, 'd', region_district(query->region));
    }
    if (!search_prepare(db, query->source->kind, query->terms, marks, &index, error)) {
        return false;
    }
    int64_t from = query->has_place ? query->place.id : query->backward ? INT64_MAX : 0;
    size_t looked = 0;
    size_t step = wanted;
    *ret_all = false;
    while (!*ret_all && got->ids->len < wanted && looked < NAMED_WALK_MAX) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        if (!search_candidates(db, &index, from, query->backward, step, ids, error)) {
            return false;
        }
        *ret_all = ids->len < step;
        looked += ids->len;
        if (ids->len == 0) {
            break;
        }
        from = g_array_index(ids, int64_t, ids->len - 1);
        if (!query->source->look_again(
                db, query->filter, query->region, query->terms, ids, error)) {
            return false;
        }
        if (query->backward) {
            reverse(ids); /* rows come in id order */
        }
        g_array_append_vals(got->ids, ids->data, ids->len);
        step = MIN(step * 2, 2000);
    }
    if (!*ret_all && got->ids->len < wanted) {
        got->end.id = from;
    }
    return true;
}

/* --- both ---------------------------------------------------------------------------------------
 */

bool named_list_read(
    Db *db, const NamedQuery *query, size_t limit, NamedIds *ret_ids, GError **error) {
    g_auto(NamedIds) got = {.ids = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    bool all;
    if (query->terms != NULL) {
        if (!gather(db, query, limit + 1, &got, &all, error)) {
            return false;
        }
    } else {
        g_autoptr(SqlBuilder) sql = sql_builder_new();
        build(sql, db, query, limit + 1);
        if (!read_ids(db, sql, got.ids, error) ||
            (got.ids->len <= limit && !find_end(db, query, &got.end, error))) {
            return false;
        }
    }
    got.has_more = got.ids->len > limit;
    g_array_set_size(got.ids, (guint)MIN(got.ids->len, limit));
    if (query->backward) {
        reverse(got.ids);
    }
    *ret_ids = got;
    got = (NamedIds){0};
    return true;
}

bool named_list_count(
    Db *db, const NamedQuery *query, int64_t *ret_n, bool *ret_more, GError **error) {
    NamedQuery whole = *query;
    whole.has_place = false;
    whole.backward = false;
    g_auto(NamedIds) got = {0};
    if (!named_list_read(db, &whole, NAMED_COUNT_MAX, &got, error)) {
        return false;
    }
    *ret_n = got.ids->len;
    *ret_more = got.has_more || got.end.id != 0;
    return true;
}
