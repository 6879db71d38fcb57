#include "registry/named_list.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_PAGE 500

/* What one reading of a list found. */
typedef struct Found {
    GArray *ids;         /* int64_t in the order read */
    size_t cap;          /* how far it was counted */
    NamedPlace end;      /* name or id set: the walk stopped here before `cap` was reached */
    GArray *rows;        /* those of `ids`, in any order, when a search looked at them; else NULL */
    GStringChunk *texts; /* of the rows */
} Found;

static void found_clear(Found *found) {
    g_clear_pointer(&found->ids, g_array_unref);
    g_clear_pointer(&found->rows, g_array_unref);
    g_clear_pointer(&found->texts, g_string_chunk_free);
    named_place_clear(&found->end);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

void named_page_clear(NamedPage *page) {
    g_clear_pointer(&page->rows, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
    named_place_clear(&page->first);
    named_place_clear(&page->last);
}

/* --- walking ------------------------------------------------------------------------------------
 */

static void add_order(SqlBuilder *sql, bool up) {
    sql_builder_add(sql, up ? SQL("ORDER BY name, id") : SQL("ORDER BY name DESC, id DESC"));
}

static void add_number(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

typedef struct DistrictRange {
    int64_t from, to; /* to: exclusive */
} DistrictRange;

/* A province or a city: the districts inside. */
static DistrictRange districts_of(const char *region) {
    int64_t code = g_ascii_strtoll(region, NULL, 10);
    int64_t step = strlen(region) == 2 ? 10000 : 100;
    return (DistrictRange){code * step, (code + 1) * step};
}

static Sql from_of(const Db *db, const Sql sources[2]) {
    return sources[db_engine(db) == DB_ENGINE_SQLITE ? 0 : 1];
}

static void add_place(SqlBuilder *sql, Sql fragment, const NamedPlace *place) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_text(place->name));
    sql_builder_add(sql, SQL(","));
    sql_builder_arg(sql, db_int(place->id));
    sql_builder_add(sql, SQL(")"));
}

/* "SELECT … FROM … WHERE …": the part of an index that holds the list from its place on. */
static void add_range(SqlBuilder *sql, const Db *db, const NamedQuery *query, Sql select) {
    const NamedSource *source = query->source;
    const NamedAsk *ask = query->ask;
    size_t size = strlen(ask->region);
    sql_builder_add(sql, select);
    if (size > 6) {
        g_autofree char *above = g_strconcat(ask->region, ":", NULL);
        sql_builder_add(sql, from_of(db, source->by_region));
        sql_builder_add(sql, SQL("WHERE region >="));
        sql_builder_arg(sql, db_text(ask->region));
        sql_builder_add(sql, SQL("AND region <"));
        sql_builder_arg(sql, db_text(above));
    } else if (size == 6) {
        sql_builder_add(sql, from_of(db, source->by_district));
        add_number(sql, SQL("WHERE district ="), region_district(ask->region));
    } else {
        sql_builder_add(sql, from_of(db, source->by_name));
        sql_builder_add(sql, SQL("WHERE 1 = 1"));
    }
    if (ask->has_place) {
        add_place(sql,
                  ask->backward ? SQL("AND (name, id) < (") : SQL("AND (name, id) > ("),
                  &ask->place);
    }
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

/* The list's own index range holds nothing outside the region: a district or less, or a province or
 * city outside which nothing of this kind stands (two steps into an index tell). */
static bool is_all_inside(Db *db, const NamedQuery *query, bool *ret_whole, GError **error) {
    *ret_whole = true;
    if (strlen(query->ask->region) >= 6 || strcmp(query->ask->region, REGION_EVERYWHERE) == 0) {
        return true;
    }
    DistrictRange range = districts_of(query->ask->region);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT district FROM (SELECT * FROM (SELECT district"));
    sql_builder_add(sql, from_of(db, query->source->by_district));
    add_number(sql, SQL("WHERE district <"), range.from);
    sql_builder_add(sql, SQL("LIMIT 1) AS a UNION ALL SELECT * FROM (SELECT district"));
    sql_builder_add(sql, from_of(db, query->source->by_district));
    add_number(sql, SQL("WHERE district >="), range.to);
    sql_builder_add(sql, SQL("LIMIT 1) AS b) AS outside"));
    g_autoptr(GArray) outside = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!read_ids(db, sql, outside, error)) {
        return false;
    }
    *ret_whole = outside->len == 0;
    return true;
}

/* Where a walk that did not find enough ended: the last row it may look at; none when the list ends
 * before. */
static bool find_end(Db *db, const NamedQuery *query, NamedPlace *ret_end, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    add_range(sql, db, query, SQL("SELECT id, name"));
    add_order(sql, !query->ask->backward);
    add_number(sql, SQL("LIMIT 1 OFFSET"), NAMED_WALK_MAX - 1);
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

static void add_filters(SqlBuilder *sql, const NamedQuery *query, bool is_all_inside) {
    if (!is_all_inside) {
        DistrictRange range = districts_of(query->ask->region);
        add_number(sql, SQL("AND district >="), range.from);
        add_number(sql, SQL("AND district <"), range.to);
    }
    query->source->add_filter(sql, query->filter);
}

/* At most NAMED_WALK_MAX rows of the index, the filters upon them: the engine hands them over one
 * by one and stops when it has enough. PostgreSQL knows that they are in order already. SQLite does
 * not and would sort them all; its coroutine keeps their order (the tests hold that). */
static void
build_filtered(SqlBuilder *sql, const Db *db, const NamedQuery *query, bool is_all_inside) {
    sql_builder_add(sql, SQL("SELECT id FROM ("));
    add_range(sql, db, query, query->source->columns);
    add_order(sql, !query->ask->backward);
    add_number(sql, SQL("LIMIT"), NAMED_WALK_MAX);
    sql_builder_add(sql, SQL(") AS w WHERE 1 = 1"));
    add_filters(sql, query, is_all_inside);
    if (db_engine(db) == DB_ENGINE_PG) {
        add_order(sql, !query->ask->backward);
    }
}

static bool walk(Db *db, const NamedQuery *query, size_t wanted, Found *ret_found, GError **error) {
    bool is_inside;
    if (!is_all_inside(db, query, &is_inside, error)) {
        return false;
    }
    bool filters = !is_inside || query->source->has_filter(query->filter);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    if (filters) {
        build_filtered(sql, db, query, is_inside);
    } else {
        add_range(sql, db, query, SQL("SELECT id"));
        add_order(sql, !query->ask->backward);
    }
    add_number(sql, SQL("LIMIT"), (int64_t)wanted);
    return read_ids(db, sql, ret_found->ids, error) &&
           (!filters || ret_found->ids->len >= wanted ||
            find_end(db, query, &ret_found->end, error));
}

/* --- searching ----------------------------------------------------------------------------------
 */

typedef struct Look {
    const NamedQuery *query;
    Found *found;
} Look;

/* Keeps the rows that answer: the page needs them again. */
static bool look_again(Db *db, const void *data, GArray *ids, GError **error) {
    const Look *look = data;
    const NamedQuery *query = look->query;
    const NamedSource *source = query->source;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, (guint)source->row_size);
    if (!source->load(db, ids, look->found->texts, rows, error)) {
        return false;
    }
    g_array_set_size(ids, 0);
    for (guint i = 0; i < rows->len; i++) {
        const void *row = rows->data + i * source->row_size;
        NamedRow seen = source->view(row);
        const char *fields[] = {seen.name, seen.other};
        if (source->is_wanted(query->filter, row) &&
            region_is_inside(seen.region, query->ask->region) &&
            search_terms_match(&query->ask->terms, fields, G_N_ELEMENTS(fields))) {
            g_array_append_val(ids, seen.id);
            g_array_append_vals(look->found->rows, row, 1);
        }
    }
    return true;
}

/* Does the index alone decide? */
static bool
prepare(Db *db, const NamedQuery *query, SearchQuery *ret_index, bool *ret_exact, GError **error) {
    const NamedAsk *ask = query->ask;
    size_t size = strlen(ask->region);
    bool is_whole;
    g_autoptr(GString) marks = g_string_new(NULL);
    if (size >= 6) {
        search_add_mark(marks, 'd', region_district(ask->region));
    }
    if (!is_all_inside(db, query, &is_whole, error) ||
        !search_prepare(db, query->source->kind, &ask->terms, marks, ret_index, error)) {
        return false;
    }
    *ret_exact = size <= 6 && is_whole && !query->source->has_filter(query->filter) &&
                 search_is_exact(db, ret_index, &ask->terms, marks);
    return true;
}

static bool
search(Db *db, const NamedQuery *query, size_t limit, Found *ret_found, GError **error) {
    const NamedAsk *ask = query->ask;
    g_auto(SearchQuery) index = {0};
    bool is_exact = false;
    if (!prepare(db, query, &index, &is_exact, error)) {
        return false;
    }
    if (!is_exact) {
        ret_found->rows = g_array_new(FALSE, FALSE, (guint)query->source->row_size);
        ret_found->texts = g_string_chunk_new(8192);
    }
    Look look = {query, ret_found};
    SearchAsk asked = {.index = &index,
                       .from = ask->has_place  ? ask->place.id
                               : ask->backward ? INT64_MAX
                                               : 0,
                       .backward = ask->backward,
                       .look = is_exact ? NULL : look_again,
                       .data = &look,
                       .walk_max = is_exact ? NAMED_WALK_MAX : SEARCH_LOOK_MAX};
    SearchFound got = {.ids = ret_found->ids};
    if (!is_exact && !ask->has_place) {
        ret_found->cap = MAX(limit, NAMED_LOOK_COUNT_MAX);
    }
    if (!search_gather(db, &asked, ret_found->cap + 1, &got, error)) {
        return false;
    }
    if (!got.is_all && got.ids->len <= ret_found->cap) {
        ret_found->end.id = got.reached;
    }
    return true;
}

/* --- both ---------------------------------------------------------------------------------------
 */

/* The first page counts on the way; a later one reads no further than itself. */
static bool read_list(Db *db, const NamedQuery *query, size_t limit, Found *found, GError **error) {
    found->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    found->cap = query->ask->has_place ? limit : MAX(limit, NAMED_COUNT_MAX);
    return query->ask->text != NULL ? search(db, query, limit, found, error)
                                    : walk(db, query, found->cap + 1, found, error);
}

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The rows of a page, from those that a search has looked at or from the table. */
static bool
load_page(Db *db, const NamedSource *source, Found *found, NamedPage *page, GError **error) {
    page->rows = g_array_new(FALSE, FALSE, (guint)source->row_size);
    g_autoptr(GArray) loaded = g_steal_pointer(&found->rows);
    page->texts = loaded != NULL ? g_steal_pointer(&found->texts) : g_string_chunk_new(8192);
    if (loaded != NULL) {
        g_array_sort(loaded, compare_ids);
    } else {
        loaded = g_array_new(FALSE, FALSE, (guint)source->row_size);
        if (found->ids->len > 0 && !source->load(db, found->ids, page->texts, loaded, error)) {
            return false;
        }
    }
    for (guint i = 0; i < found->ids->len; i++) {
        /* in id order, and a row begins with its id */
        const void *row = bsearch(&g_array_index(found->ids, int64_t, i),
                                  loaded->data,
                                  loaded->len,
                                  source->row_size,
                                  compare_ids);
        if (row != NULL) {
            g_array_append_vals(page->rows, row, 1);
        }
    }
    return true;
}

static NamedPlace place_of(const NamedQuery *query, const NamedPage *page, guint at) {
    const char *row = page->rows->data + at * query->source->row_size;
    NamedRow seen = query->source->view(row);
    return (NamedPlace){.id = seen.id,
                        .name = query->ask->text == NULL ? g_strdup(seen.name) : NULL};
}

static void set_edges(const NamedQuery *query, bool has_more, NamedPlace *end, NamedPage *page) {
    const NamedAsk *ask = query->ask;
    bool stopped = !has_more && end->id != 0;
    page->has_next = ask->backward || has_more || stopped;
    page->has_previous = ask->backward ? has_more || stopped : ask->has_place;
    page->is_partial = stopped;
    if (page->rows->len > 0) {
        page->first = place_of(query, page, 0);
        page->last = place_of(query, page, page->rows->len - 1);
    } else {
        page->has_next = !ask->backward && stopped;
    }
    if (stopped) {
        NamedPlace *edge = ask->backward ? &page->first : &page->last;
        named_place_clear(edge);
        *edge = *end;
        *end = (NamedPlace){0};
    }
}

/* Counts the whole question, as its first page would. */
static bool
count_whole(Db *db, const NamedQuery *query, size_t limit, NamedPage *page, GError **error) {
    NamedAsk whole = *query->ask; /* borrows */
    whole.has_place = false;
    whole.backward = false;
    NamedQuery asked = *query;
    asked.ask = &whole;
    g_auto(Found) found = {0};
    if (!read_list(db, &asked, limit, &found, error)) {
        return false;
    }
    page->n = (int64_t)MIN(found.ids->len, found.cap);
    page->n_is_more = found.ids->len > found.cap || found.end.id != 0;
    return true;
}

static bool
read_page(Db *db, const NamedQuery *query, size_t limit, NamedPage *page, GError **error) {
    g_auto(Found) found = {0};
    if (!read_list(db, query, limit, &found, error)) {
        return false;
    }
    if (!query->ask->has_place) {
        page->n = (int64_t)MIN(found.ids->len, found.cap);
        page->n_is_more = found.ids->len > found.cap || found.end.id != 0;
    }
    bool has_more = found.ids->len > limit;
    g_array_set_size(found.ids, (guint)MIN(found.ids->len, limit));
    if (query->ask->backward) {
        id_list_reverse(found.ids);
    }
    if (!load_page(db, query->source, &found, page, error)) {
        return false;
    }
    set_edges(query, has_more, &found.end, page);
    return true;
}

bool named_list_page(
    Db *db, const NamedQuery *query, size_t limit, NamedPage *ret_page, GError **error) {
    g_auto(NamedPage) page = {0};
    if (!read_page(db, query, limit, &page, error) ||
        (query->ask->has_place && !count_whole(db, query, limit, &page, error))) {
        return false;
    }
    *ret_page = page;
    page = (NamedPage){0};
    return true;
}

bool named_list_each(
    Db *db, const NamedQuery *query, NamedVisitor visit, void *data, GError **error) {
    NamedAsk at = *query->ask; /* borrows all but the place */
    at.has_place = true;
    at.backward = false;
    at.place = (NamedPlace){.name = at.text == NULL ? g_strdup("") : NULL};
    NamedQuery asked = *query;
    asked.ask = &at;
    bool good = true;
    for (bool more = true; good && more;) {
        g_auto(NamedPage) page = {0};
        good = read_page(db, &asked, EXPORT_PAGE, &page, error);
        for (guint i = 0; good && i < page.rows->len; i++) {
            good = visit(page.rows->data + i * query->source->row_size, data, error);
        }
        more = good && page.has_next;
        if (more) {
            named_place_clear(&at.place);
            at.place = page.last;
            page.last = (NamedPlace){0};
        }
    }
    named_place_clear(&at.place);
    return good;
}
