/* Lists that answer a search: candidates of the index, in id order, looked at again. */
#include "registry/search.h"
#include "registry/unit_list_internal.h"
#include "registry/unit_store.h"

#include <string.h>

/* A question against the index, and whether its answers need a second look. */
typedef struct Search {
    SearchQuery index;
    bool is_exact;
} Search;

static void search_clear(Search *search) {
    search_query_clear(&search->index);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static bool has_one_bit(uint32_t set) {
    return set != 0 && (set & (set - 1)) == 0;
}

/* Facets with one value become marks of the index. False: some facet is left over. */
static bool add_facet_marks(const UnitQuery *query, GString *marks) {
    const struct {
        char kind;
        uint32_t set;
    } facets[] = {{'c', query->categories}, {'r', query->risks}, {'t', query->credits}};
    bool all = true;
    for (size_t i = 0; i < G_N_ELEMENTS(facets); i++) {
        if (has_one_bit(facets[i].set)) {
            search_add_mark(marks, facets[i].kind, g_bit_nth_lsf(facets[i].set, -1));
        } else {
            all &= facets[i].set == 0;
        }
    }
    if (query->key > 0) {
        search_add_mark(marks, 'k', 1);
    }
    return all && query->key != 0;
}

static bool
add_region_mark(Db *db, const UnitQuery *query, GString *marks, bool *ret_all, GError **error) {
    size_t size = strlen(query->region);
    if (size >= 9) {
        char street[10] = {0};
        memcpy(street, query->region, 9);
        search_add_mark(marks, 's', g_ascii_strtoll(street, NULL, 10));
        *ret_all = size == 9;
        return true;
    }
    if (size == 6) {
        search_add_mark(marks, 'd', region_district(query->region));
        *ret_all = true;
        return true;
    }
    if (strcmp(query->region, REGION_EVERYWHERE) == 0) {
        *ret_all = true;
        return true;
    }
    return unit_list_is_whole(db, query->region, ret_all, error);
}

static bool prepare(Db *db, const UnitQuery *query, Search *search, GError **error) {
    g_autoptr(GString) marks = g_string_new(NULL);
    bool facets = add_facet_marks(query, marks);
    bool region;
    if (!add_region_mark(db, query, marks, &region, error) ||
        !search_prepare(db, SEARCH_UNIT, &query->terms, marks, &search->index, error)) {
        return false;
    }
    search->is_exact = facets && region && query->inspected_before_us == 0 &&
                       search_is_exact(db, &search->index, &query->terms, marks);
    return true;
}

static Sql sql_look(const Db *db) {
    return SQL_FOR(
        db,
        "SELECT id, name, address, uscc, region, cell, last_inspected_us FROM unit "
        "WHERE merged_into = 0 AND id IN (SELECT CAST(value AS INTEGER) FROM json_each($1)) "
        "ORDER BY id",
        "SELECT id, name, address, uscc, region, cell, last_inspected_us FROM unit "
        "WHERE merged_into = 0 AND id = ANY ($1::bigint[]) ORDER BY id");
}

static bool is_wanted(const UnitQuery *query, const DbRows *row) {
    const char *fields[] = {db_rows_text(row, 1), db_rows_text(row, 2), db_rows_text(row, 3)};
    return (query->inspected_before_us == 0 || db_rows_int(row, 6) < query->inspected_before_us) &&
           unit_query_wants_cell(query, db_rows_int(row, 5)) &&
           region_is_inside(db_rows_text(row, 4), query->region) &&
           search_terms_match(&query->terms, fields, G_N_ELEMENTS(fields));
}

static bool look_again(Db *db, const void *data, GArray *ids, GError **error) {
    const UnitQuery *query = data;
    g_autofree char *list = id_list_format(db, (const int64_t *)(void *)ids->data, ids->len);
    g_autoptr(DbRows) rows = db_query(db, sql_look(db), DB_ARGS(db_text(list)), error);
    if (rows == NULL) {
        return false;
    }
    g_array_set_size(ids, 0);
    while (db_rows_next(rows)) {
        if (is_wanted(query, rows)) {
            int64_t id = db_rows_int(rows, 0);
            g_array_append_val(ids, id);
        }
    }
    return db_rows_done(rows, error);
}

static SearchAsk ask_of(const UnitQuery *query, const Search *search, int64_t from) {
    return (SearchAsk){.index = &search->index,
                       .from = from,
                       .backward = query->backward,
                       .look = search->is_exact ? NULL : look_again,
                       .data = query,
                       .walk_max = search->is_exact ? UNIT_WALK_MAX : SEARCH_LOOK_MAX};
}

static size_t count_cap(const Search *search) {
    return search->is_exact ? UNIT_SEARCH_COUNT_MAX : UNIT_LOOK_COUNT_MAX;
}

static UnitTotal total_of(const Search *search, const SearchFound *got) {
    size_t cap = count_cap(search);
    bool over = got->ids->len > cap;
    return (UnitTotal){.n = over ? (int64_t)cap : got->ids->len, .is_more = over || !got->is_all};
}

bool unit_search_page(
    Db *db, const UnitQuery *query, size_t limit, UnitPage *ret_page, GError **error) {
    g_auto(UnitPage) page = {0};
    g_auto(Search) search = {0};
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    SearchFound got = {.ids = ids};
    int64_t from = query->has_place ? query->place.id : query->backward ? INT64_MAX : 0;
    if (!prepare(db, query, &search, error)) {
        return false;
    }
    size_t wanted = query->has_place ? limit + 1 : MAX(count_cap(&search), limit) + 1;
    SearchAsk ask = ask_of(query, &search, from);
    if (!search_gather(db, &ask, wanted, &got, error)) {
        return false;
    }
    page.has_total = !query->has_place;
    page.total = total_of(&search, &got);
    bool has_more = ids->len > limit;
    bool stopped = !has_more && !got.is_all;
    g_array_set_size(ids, (guint)MIN(ids->len, limit));
    if (query->backward) {
        id_list_reverse(ids);
    }
    if (!unit_list_load(db, ids, &page, error)) {
        return false;
    }
    unit_list_set_edges(query, has_more, &page);
    if (stopped) {
        UnitPlace *edge = query->backward ? &page.first : &page.last;
        edge->id = got.reached;
        page.is_partial = true;
        page.has_next |= !query->backward;
        page.has_previous |= query->backward;
    }
    *ret_page = page;
    page = (UnitPage){0};
    return true;
}

bool unit_search_count(Db *db, const UnitQuery *query, UnitTotal *ret_total, GError **error) {
    g_auto(Search) search = {0};
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    SearchFound got = {.ids = ids};
    UnitQuery whole = *query; /* borrows; the place is left out */
    whole.backward = false;
    if (!prepare(db, &whole, &search, error)) {
        return false;
    }
    SearchAsk ask = ask_of(&whole, &search, 0);
    if (!search_gather(db, &ask, count_cap(&search) + 1, &got, error)) {
        return false;
    }
    *ret_total = total_of(&search, &got);
    return true;
}
