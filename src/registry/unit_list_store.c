/* Chooses how to answer a list, builds its statement, loads the rows. */
#include "registry/unit_list.h"

#include "registry/search.h"
#include "registry/unit_list_internal.h"
#include "registry/unit_store.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_PAGE 500
#define CELL_FETCH_MAX 6000 /* rows of unit_cell, about 3 ms */

void unit_page_clear(UnitPage *page) {
    g_clear_pointer(&page->units, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
    unit_place_clear(&page->first);
    unit_place_clear(&page->last);
}

/* --- what the counts say ------------------------------------------------------------------------
 */

/* How the rows are reached. */
typedef enum Way {
    BY_STREET, /* a range of unit_region, all of it: a street is small */
    BY_CELL,   /* few rows in all: fetch their cells and sort */
    BY_WALK,   /* many rows: they turn up soon when walking in order */
} Way;

typedef struct Plan {
    Way way;
    int64_t total;       /* rows with the asked facets; not known (-1) for a street */
    int64_t inside;      /* rows of the region; not known (-1) for a street */
    bool needs_district; /* the region is a province or city and there are others */
    GArray *cells;       /* int64_t: the non-empty cells with the asked facets */
} Plan;

static void plan_clear(Plan *plan) {
    g_clear_pointer(&plan->cells, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static bool sum_of(Db *db, const char *region, int64_t *ret_n, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM unit_count WHERE scope = $1"),
        DB_ARGS(db_int(g_ascii_strtoll(region, NULL, 10))),
        ret_n,
        error);
}

static bool read_cells(Db *db, const UnitQuery *query, Plan *plan, GError **error) {
    if (!unit_query_has_facets(query)) {
        /* every cell is wanted: none needs a name */
        bool good = sum_of(db, query->region, &plan->inside, error);
        plan->total = plan->inside;
        return good;
    }
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT cell, n FROM unit_count WHERE scope = $1"),
                                      DB_ARGS(db_int(g_ascii_strtoll(query->region, NULL, 10))),
                                      error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t cell = db_rows_int(rows, 0);
        int64_t n = db_rows_int(rows, 1);
        plan->inside += n;
        if (n > 0 && unit_query_wants_cell(query, cell)) {
            plan->total += n;
            g_array_append_val(plan->cells, cell);
        }
    }
    return db_rows_done(rows, error);
}

/* Walking costs about limit * inside / total rows of the index, fetching costs total rows (half as
 * much again for the sort): the smaller wins. */
static Way cheaper_way(const Plan *plan, const UnitQuery *query) {
    if (!unit_query_has_facets(query)) {
        return BY_WALK;
    }
    if (query->inspected_before_us != 0 && plan->total <= CELL_FETCH_MAX) {
        return BY_CELL; /* their number must be counted row by row in any case */
    }
    return plan->total * plan->total < 34 * plan->inside ? BY_CELL : BY_WALK;
}

static bool make_plan(Db *db, const UnitQuery *query, Plan *plan, GError **error) {
    *plan = (Plan){.cells = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    if (strlen(query->region) > 6) {
        plan->way = BY_STREET;
        plan->total = -1;
        plan->inside = -1;
        for (int64_t cell = 0; cell < UNIT_CELLS; cell++) {
            if (unit_query_has_facets(query) && unit_query_wants_cell(query, cell)) {
                g_array_append_val(plan->cells, cell);
            }
        }
        return true;
    }
    bool is_whole = true;
    if (!read_cells(db, query, plan, error) ||
        (strlen(query->region) < 6 && !unit_list_is_whole(db, query->region, &is_whole, error))) {
        return false;
    }
    plan->needs_district = !is_whole;
    plan->way = cheaper_way(plan, query);
    return true;
}

bool unit_list_is_whole(Db *db, const char *region, bool *ret_whole, GError **error) {
    int64_t lowest = strlen(region) == 2 ? 10 : 1000; /* codes of as many digits */
    int64_t outside = 0;
    if (!db_query_int(
            db,
            SQL("SELECT EXISTS (SELECT 1 FROM unit_count "
                "WHERE scope >= $1 AND scope < $2 AND n > 0) OR EXISTS "
                "(SELECT 1 FROM unit_count WHERE scope > $2 AND scope < $3 AND n > 0)"),
            DB_ARGS(db_int(lowest), db_int(g_ascii_strtoll(region, NULL, 10)), db_int(lowest * 10)),
            &outside,
            error)) {
        return false;
    }
    *ret_whole = outside == 0;
    return true;
}

/* --- the statement ------------------------------------------------------------------------------
 */

/* Read forward in the table's own direction? */
static bool ascending(const UnitQuery *query) {
    return query->descending == query->backward;
}

static void add_cells(SqlBuilder *sql, const Db *db, const GArray *cells) {
    g_autofree char *list = id_list_format(db, (const int64_t *)(void *)cells->data, cells->len);
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    sql_builder_add(sql,
                    lite ? SQL("AND cell IN (SELECT CAST(value AS INTEGER) FROM json_each(")
                         : SQL("AND cell = ANY (CAST("));
    sql_builder_arg(sql, db_text(list));
    sql_builder_add(sql, lite ? SQL("))") : SQL("AS bigint[]))"));
}

static void add_district_range(SqlBuilder *sql, const UnitQuery *query) {
    int64_t code = g_ascii_strtoll(query->region, NULL, 10);
    int64_t step = strlen(query->region) == 2 ? 10000 : 100;
    sql_builder_add(sql, SQL("AND district >="));
    sql_builder_arg(sql, db_int(code * step));
    sql_builder_add(sql, SQL("AND district <"));
    sql_builder_arg(sql, db_int((code + 1) * step));
}

static void add_inspected(SqlBuilder *sql, const UnitQuery *query) {
    if (query->inspected_before_us != 0) {
        sql_builder_add(sql, SQL("AND last_inspected_us <"));
        sql_builder_arg(sql, db_int(query->inspected_before_us));
    }
}

static void add_place(SqlBuilder *sql, const UnitQuery *query) {
    if (!query->has_place) {
        return;
    }
    bool by_name = query->sort == UNIT_SORT_NAME;
    sql_builder_add(sql, by_name ? SQL("AND (name, id)") : SQL("AND (last_inspected_us, id)"));
    sql_builder_add(sql, ascending(query) ? SQL("> (") : SQL("< ("));
    sql_builder_arg(sql, by_name ? db_text(query->place.name) : db_int(query->place.last_us));
    sql_builder_add(sql, SQL(","));
    sql_builder_arg(sql, db_int(query->place.id));
    sql_builder_add(sql, SQL(")"));
}

static void add_order(SqlBuilder *sql, const UnitQuery *query, bool up) {
    if (query->sort == UNIT_SORT_NAME) {
        sql_builder_add(sql, up ? SQL("ORDER BY name, id") : SQL("ORDER BY name DESC, id DESC"));
    } else {
        sql_builder_add(sql,
                        up ? SQL("ORDER BY last_inspected_us, id")
                           : SQL("ORDER BY last_inspected_us DESC, id DESC"));
    }
}

static void add_limit(SqlBuilder *sql, size_t limit) {
    sql_builder_add(sql, SQL("LIMIT"));
    sql_builder_arg(sql, db_int((int64_t)limit));
}

/* INDEXED BY: SQLite plans without knowing how many rows there are; we do. */
static Sql from_index(const Db *db, const UnitQuery *query, Way way) {
    if (way == BY_STREET) {
        return SQL_FOR(db, "FROM unit INDEXED BY unit_region", "FROM unit");
    }
    if (way == BY_CELL) {
        return SQL_FOR(db, "FROM unit INDEXED BY unit_cell", "FROM unit");
    }
    bool whole = strlen(query->region) < 6;
    if (query->sort == UNIT_SORT_NAME) {
        return whole ? SQL_FOR(db, "FROM unit INDEXED BY unit_name", "FROM unit")
                     : SQL_FOR(db, "FROM unit INDEXED BY unit_district", "FROM unit");
    }
    return whole ? SQL_FOR(db, "FROM unit INDEXED BY unit_last", "FROM unit")
                 : SQL_FOR(db, "FROM unit INDEXED BY unit_district_last", "FROM unit");
}

/* The region's own condition, where the index of this way begins with it. */
static void add_region(SqlBuilder *sql, const UnitQuery *query, const Plan *plan) {
    sql_builder_add(sql, SQL("WHERE merged_into = 0"));
    if (plan->way == BY_STREET) {
        g_autofree char *above = g_strconcat(query->region, ":", NULL);
        sql_builder_add(sql, SQL("AND region >="));
        sql_builder_arg(sql, db_text(query->region));
        sql_builder_add(sql, SQL("AND region <"));
        sql_builder_arg(sql, db_text(above));
    } else if (strlen(query->region) == 6) {
        sql_builder_add(sql, SQL("AND district ="));
        sql_builder_arg(sql, db_int(region_district(query->region)));
    }
}

static bool is_residual(const UnitQuery *query, const Plan *plan) {
    return unit_query_has_facets(query) || plan->needs_district ||
           (query->inspected_before_us != 0 && query->sort == UNIT_SORT_NAME);
}

/* The rows of the index that one page may look at, without their limit. */
static void add_window(SqlBuilder *sql, const Db *db, const UnitQuery *query, const Plan *plan) {
    sql_builder_add(sql, SQL("SELECT id, name, cell, last_inspected_us, district"));
    sql_builder_add(sql, from_index(db, query, plan->way));
    add_region(sql, query, plan);
    if (query->sort == UNIT_SORT_LAST) {
        add_inspected(sql, query);
    }
    add_place(sql, query);
    add_order(sql, query, ascending(query));
}

static void add_residual(SqlBuilder *sql, const Db *db, const UnitQuery *query, const Plan *plan) {
    sql_builder_add(sql, SQL("WHERE 1 = 1"));
    if (unit_query_has_facets(query)) {
        add_cells(sql, db, plan->cells);
    }
    if (plan->needs_district) {
        add_district_range(sql, query);
    }
    add_inspected(sql, query);
}

static void
build_walk(SqlBuilder *sql, const Db *db, const UnitQuery *query, const Plan *plan, size_t limit) {
    if (!is_residual(query, plan)) {
        sql_builder_add(sql, SQL("SELECT id"));
        sql_builder_add(sql, from_index(db, query, plan->way));
        add_region(sql, query, plan);
        add_inspected(sql, query);
        add_place(sql, query);
        add_order(sql, query, ascending(query));
        add_limit(sql, limit);
        return;
    }
    sql_builder_add(sql, SQL("SELECT id FROM ("));
    add_window(sql, db, query, plan);
    add_limit(sql, UNIT_WALK_MAX);
    sql_builder_add(sql, SQL(") AS w"));
    add_residual(sql, db, query, plan);
    if (db_engine(db) == DB_ENGINE_PG) {
        /* PostgreSQL knows that the window is in order already. SQLite does not and would sort the
         * whole window; its coroutine hands the rows over in order (the tests hold that). */
        add_order(sql, query, ascending(query));
    }
    add_limit(sql, limit);
}

static void
build_fetch(SqlBuilder *sql, const Db *db, const UnitQuery *query, const Plan *plan, size_t limit) {
    sql_builder_add(sql, SQL("SELECT id"));
    sql_builder_add(sql, from_index(db, query, plan->way));
    add_region(sql, query, plan);
    if (plan->way == BY_CELL || unit_query_has_facets(query)) {
        add_cells(sql, db, plan->cells);
    }
    if (plan->needs_district) {
        add_district_range(sql, query);
    }
    add_inspected(sql, query);
    add_place(sql, query);
    add_order(sql, query, ascending(query));
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

static void
build_list(SqlBuilder *sql, const Db *db, const UnitQuery *query, const Plan *plan, size_t limit) {
    if (plan->way == BY_WALK) {
        build_walk(sql, db, query, plan, limit);
    } else {
        build_fetch(sql, db, query, plan, limit);
    }
}

/* Where a walk that did not fill the page ended. *ret_place stays empty when it was the end of the
 * list. */
static bool find_walk_end(
    Db *db, const UnitQuery *query, const Plan *plan, UnitPlace *ret_place, GError **error) {
    if (plan->way != BY_WALK || !is_residual(query, plan)) {
        return true;
    }
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT id, name, last_inspected_us FROM ("));
    add_window(sql, db, query, plan);
    sql_builder_add(sql, SQL("LIMIT 1 OFFSET"));
    sql_builder_arg(sql, db_int(UNIT_WALK_MAX - 1));
    sql_builder_add(sql, SQL(") AS w"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        *ret_place = (UnitPlace){.id = db_rows_int(rows, 0),
                                 .name = g_strdup(db_rows_text(rows, 1)),
                                 .last_us = db_rows_int(rows, 2)};
    }
    return db_rows_done(rows, error);
}

/* --- the page -----------------------------------------------------------------------------------
 */

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool unit_list_load(Db *db, const GArray *ids, UnitPage *page, GError **error) {
    page->texts = g_string_chunk_new(8192);
    page->units = g_array_new(FALSE, FALSE, sizeof(Unit));
    if (ids->len == 0) {
        return true;
    }
    g_autoptr(GArray) loaded = g_array_new(FALSE, FALSE, sizeof(Unit));
    if (!unit_store_load(
            db, (const int64_t *)(void *)ids->data, ids->len, page->texts, loaded, error)) {
        return false;
    }
    for (guint i = 0; i < ids->len; i++) {
        /* loaded is in id order, and Unit begins with its id */
        const Unit *unit = bsearch(
            &g_array_index(ids, int64_t, i), loaded->data, loaded->len, sizeof(Unit), compare_ids);
        if (unit != NULL) {
            g_array_append_vals(page->units, unit, 1);
        }
    }
    return true;
}

static UnitPlace place_of(const Unit *unit) {
    return (UnitPlace){
        .id = unit->id, .name = g_strdup(unit->name), .last_us = unit->last_inspected_us};
}

void unit_list_set_edges(const UnitQuery *query, bool has_more, UnitPage *page) {
    page->has_next = query->backward || has_more;
    page->has_previous = query->backward ? has_more : query->has_place;
    if (page->units->len == 0) {
        page->has_next = false;
        return;
    }
    page->first = place_of(&g_array_index(page->units, Unit, 0));
    page->last = place_of(&g_array_index(page->units, Unit, page->units->len - 1));
}

/* The walk stopped before the page was full: the next question begins where it stopped. */
static void set_partial_edge(const UnitQuery *query, UnitPlace *end, UnitPage *page) {
    if (end->name == NULL) {
        return;
    }
    page->is_partial = true;
    UnitPlace *edge = query->backward ? &page->first : &page->last;
    unit_place_clear(edge);
    *edge = *end;
    *end = (UnitPlace){0};
    if (query->backward) {
        page->has_previous = true;
    } else {
        page->has_next = true;
    }
}

bool unit_list_page(
    Db *db, const UnitQuery *query, size_t limit, UnitPage *ret_page, GError **error) {
    if (query->text != NULL) {
        return unit_search_page(db, query, limit, ret_page, error);
    }
    g_auto(UnitPage) page = {0};
    g_auto(Plan) plan = {0};
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    g_auto(UnitPlace) end = {0};
    if (!make_plan(db, query, &plan, error)) {
        return false;
    }
    build_list(sql, db, query, &plan, limit + 1);
    if (!read_ids(db, sql, ids, error) ||
        (ids->len <= limit && !find_walk_end(db, query, &plan, &end, error))) {
        return false;
    }
    bool has_more = ids->len > limit;
    g_array_set_size(ids, (guint)MIN(ids->len, limit));
    if (query->backward) {
        id_list_reverse(ids);
    }
    if (!unit_list_load(db, ids, &page, error)) {
        return false;
    }
    unit_list_set_edges(query, has_more, &page);
    set_partial_edge(query, &end, &page);
    page.has_total = plan.way != BY_STREET && query->inspected_before_us == 0;
    page.total.n = plan.total;
    *ret_page = page;
    page = (UnitPage){0};
    return true;
}

/* --- counts -------------------------------------------------------------------------------------
 */

bool unit_list_count(Db *db, const UnitQuery *query, UnitTotal *ret_total, GError **error) {
    if (query->text != NULL) {
        return unit_search_count(db, query, ret_total, error);
    }
    g_auto(Plan) plan = {0};
    if (!make_plan(db, query, &plan, error)) {
        return false;
    }
    if (plan.way != BY_STREET && query->inspected_before_us == 0) {
        *ret_total = (UnitTotal){.n = plan.total};
        return true;
    }
    UnitQuery whole = *query; /* borrows; the place is left out */
    whole.has_place = false;
    whole.backward = false;
    g_auto(UnitPlace) end = {0};
    bool walks = plan.way == BY_WALK;
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT count(*) FROM ("));
    build_list(sql, db, &whole, &plan, walks ? UNIT_SEARCH_COUNT_MAX + 1 : UNIT_WALK_MAX);
    sql_builder_add(sql, SQL(") AS c"));
    g_autoptr(GArray) n = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!read_ids(db, sql, n, error)) {
        return false;
    }
    int64_t counted = n->len == 0 ? 0 : g_array_index(n, int64_t, 0);
    bool over = walks && counted > UNIT_SEARCH_COUNT_MAX;
    if (!over && !find_walk_end(db, &whole, &plan, &end, error)) {
        return false;
    }
    *ret_total = (UnitTotal){.n = over ? UNIT_SEARCH_COUNT_MAX : counted,
                             .is_more = over || end.name != NULL};
    return true;
}

bool unit_count_by_category(Db *db,
                            const char *region,
                            int64_t ret_n[CATEGORY_COUNT],
                            GError **error) {
    memset(ret_n, 0, sizeof(int64_t) * CATEGORY_COUNT);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT cell, n FROM unit_count WHERE scope = $1 ORDER BY cell"),
                 DB_ARGS(db_int(g_ascii_strtoll(region, NULL, 10))),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int category = UNIT_CELL_CATEGORY(db_rows_int(rows, 0));
        if (category < CATEGORY_COUNT) {
            ret_n[category] += db_rows_int(rows, 1);
        }
    }
    return db_rows_done(rows, error);
}

bool unit_list_inside(Db *db, const char *region, int64_t *ret_n, GError **error) {
    return sum_of(db, region, ret_n, error);
}

/* --- everything ---------------------------------------------------------------------------------
 */

bool unit_list_each(Db *db, const UnitQuery *query, UnitVisitor visit, void *data, GError **error) {
    UnitQuery at = *query; /* borrows all but the place */
    at.has_place = false;
    at.backward = false;
    at.place = (UnitPlace){0};
    bool good = true;
    for (bool more = true; good && more;) {
        g_auto(UnitPage) page = {0};
        good = unit_list_page(db, &at, EXPORT_PAGE, &page, error);
        for (guint i = 0; good && i < page.units->len; i++) {
            good = visit(&g_array_index(page.units, Unit, i), data, error);
        }
        more = good && page.has_next;
        if (more) {
            unit_place_clear(&at.place);
            at.place = page.last;
            at.has_place = true;
            page.last = (UnitPlace){0};
        }
    }
    unit_place_clear(&at.place);
    return good;
}
