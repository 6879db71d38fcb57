#include "registry/building_list.h"

#include "base/error.h"
#include "base/limits.h"
#include "registry/building_store.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_PAGE 500

/* --- the question -------------------------------------------------------------------------------
 */

void building_query_clear(BuildingQuery *query) {
    g_free(query->text);
    search_terms_clear(&query->terms);
    named_place_clear(&query->place);
    g_free(query->category_word);
    g_free(query->height_word);
    g_free(query->risk_word);
    *query = (BuildingQuery){0};
}

static const char *word(UnitQueryGet get, const void *from, const char *name) {
    const char *text = get(from, name);
    return text == NULL || text[strspn(text, " ")] == '\0' ? NULL : text;
}

static const char *read_filter(UnitQueryGet get, const void *from, BuildingQuery *query) {
    const char *category = word(get, from, "category");
    const char *height = word(get, from, "height");
    const char *risk = word(get, from, "risk");
    const char *key = word(get, from, "key");
    BuildingFilter *filter = &query->filter;
    query->category_word = g_strdup(category);
    query->height_word = g_strdup(height);
    query->risk_word = g_strdup(risk);
    filter->key = key == NULL ? -1 : strcmp(key, "1") == 0;
    if (category != NULL && (filter->categories = category_set_parse(category)) == 0) {
        return "没有这个使用性质";
    }
    if (height != NULL) {
        filter->heights = strcmp(height, "high") == 0      ? 1u << HEIGHT_HIGH | 1u << HEIGHT_SUPER
                          : strcmp(height, "super") == 0   ? 1u << HEIGHT_SUPER
                          : strcmp(height, "unknown") == 0 ? 1u << HEIGHT_UNKNOWN
                                                           : 0;
        if (filter->heights == 0) {
            return "没有这个高度条件";
        }
    }
    RiskGrade grade;
    if (risk != NULL && strcmp(risk, "raised") == 0) {
        filter->risks = 1u << RISK_HIGHER | 1u << RISK_HIGH;
    } else if (risk != NULL) {
        if (!risk_parse(risk, &grade)) {
            return "没有这个风险等级";
        }
        filter->risks = 1u << grade;
    }
    return NULL;
}

static const char *read_place(UnitQueryGet get, const void *from, BuildingQuery *query) {
    const char *after = word(get, from, "after");
    const char *before = word(get, from, "before");
    const char *begin = word(get, from, "from");
    const char *text = after != NULL ? after : before;
    if (text != NULL) {
        query->has_place = true;
        query->backward = after == NULL;
        return named_place_parse(text, query->text != NULL, &query->place)
                   ? NULL
                   : "这个网址不完整，请从列表重新进入";
    }
    if (begin != NULL && query->text == NULL) {
        query->has_place = true;
        query->place.name = g_strdup(begin);
    }
    return NULL;
}

bool building_query_parse(UnitQueryGet get,
                          const void *from,
                          const char *scope_region,
                          BuildingQuery *ret_query,
                          const char **ret_problem,
                          bool *ret_denied) {
    *ret_query = (BuildingQuery){.filter.key = -1};
    *ret_denied = false;
    *ret_problem = NULL;
    const char *text = word(get, from, "q");
    const char *region = word(get, from, "region");
    if (scope_region == NULL || !region_code_parse(scope_region, ret_query->scope)) {
        *ret_denied = true;
        *ret_problem = "您的帐号还没有辖区";
    } else if (!region_code_parse(region == NULL ? scope_region : region, ret_query->region)) {
        *ret_problem = "没有这个区划";
    } else if (!region_is_inside(ret_query->region, ret_query->scope)) {
        *ret_denied = true;
        *ret_problem = "这个区划不在您的辖区";
    } else if (text != NULL && strlen(text) > LIMIT_SEARCH_TEXT) {
        *ret_problem = "搜索的字太多，最多写 60 个字";
    } else if (text != NULL && !search_terms_parse(text, &ret_query->terms)) {
        ret_query->text = g_strdup(text);
        *ret_problem = "搜索至少写两个连续的字";
    } else {
        ret_query->text = g_strdup(text);
        *ret_problem = read_filter(get, from, ret_query);
        if (*ret_problem == NULL) {
            *ret_problem = read_place(get, from, ret_query);
        }
    }
    return *ret_problem == NULL;
}

static void add_word(GString *out, const char *name, const char *value, const char *without) {
    if (value != NULL && g_strcmp0(name, without) != 0) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

char *building_query_string(const BuildingQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    add_word(out, "q", query->text, without);
    if (strcmp(query->region, query->scope) != 0) {
        add_word(out, "region", query->region, without);
    }
    add_word(out, "category", query->category_word, without);
    add_word(out, "height", query->height_word, without);
    add_word(out, "risk", query->risk_word, without);
    add_word(out, "key", query->filter.key < 0 ? NULL : query->filter.key > 0 ? "1" : "0", without);
    return g_string_free(out, FALSE);
}

/* --- the statements -----------------------------------------------------------------------------
 */

/* One bit of a set for each value of a column, without a text for each combination. */
#define ADD_SET(sql, column, set)                                                                  \
    if ((set) != 0) {                                                                              \
        sql_builder_add(sql, SQL("AND ((CAST("));                                                  \
        sql_builder_arg(sql, db_int(set));                                                         \
        sql_builder_add(sql, SQL("AS BIGINT) >> CAST(" column " AS INTEGER)) & 1) = 1"));          \
    }

static void add_filter(SqlBuilder *sql, const void *data) {
    const BuildingFilter *filter = data;
    ADD_SET(sql, "category", filter->categories)
    ADD_SET(sql, "height_class", filter->heights)
    ADD_SET(sql, "risk", filter->risks)
    if (filter->key >= 0) {
        sql_builder_add(sql, SQL("AND is_key ="));
        sql_builder_arg(sql, db_int(filter->key));
    }
}

static bool is_wanted(const BuildingFilter *filter, const Building *building) {
    return (filter->categories == 0 || filter->categories >> building->category & 1) &&
           (filter->heights == 0 || filter->heights >> building->height_class & 1) &&
           (filter->risks == 0 || filter->risks >> building->risk & 1) &&
           (filter->key < 0 || building->is_key == (filter->key > 0));
}

static bool
load(Db *db, const GArray *ids, GStringChunk *texts, GArray *buildings, GError **error) {
    g_autofree char *list = id_list_format(db, (const int64_t *)(void *)ids->data, ids->len);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT " BUILDING_COLUMNS " FROM building b WHERE b.id IN "
                         "(SELECT CAST(value AS INTEGER) FROM json_each($1)) ORDER BY b.id",
                         "SELECT " BUILDING_COLUMNS " FROM building b "
                         "WHERE b.id = ANY ($1::bigint[]) ORDER BY b.id"),
                 DB_ARGS(db_text(list)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Building building;
        building_from_row(rows, texts, &building);
        g_array_append_val(buildings, building);
    }
    return db_rows_done(rows, error);
}

static bool look_again(Db *db,
                       const void *filter,
                       const char *region,
                       const SearchTerms *terms,
                       GArray *ids,
                       GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(8192);
    g_autoptr(GArray) buildings = g_array_new(FALSE, FALSE, sizeof(Building));
    if (!load(db, ids, texts, buildings, error)) {
        return false;
    }
    g_array_set_size(ids, 0);
    for (guint i = 0; i < buildings->len; i++) {
        const Building *building = &g_array_index(buildings, Building, i);
        const char *fields[] = {building->name, building->address};
        if (is_wanted(filter, building) && region_is_inside(building->region, region) &&
            search_terms_match(terms, fields, G_N_ELEMENTS(fields))) {
            g_array_append_val(ids, building->id);
        }
    }
    return true;
}

static NamedQuery named(const BuildingQuery *query) {
    static const NamedSource source = {
        .kind = SEARCH_BUILDING,
        .columns = {"SELECT id, name, district, category, risk, height_class, is_key"},
        .by_name = {{"FROM building INDEXED BY building_name"}, {"FROM building"}},
        .by_district = {{"FROM building INDEXED BY building_district"}, {"FROM building"}},
        .by_region = {{"FROM building INDEXED BY building_region"}, {"FROM building"}},
        .add_filter = add_filter,
        .look_again = look_again,
    };
    return (NamedQuery){.source = &source,
                        .filter = &query->filter,
                        .region = query->region,
                        .terms = query->text == NULL ? NULL : &query->terms,
                        .has_place = query->has_place,
                        .backward = query->backward,
                        .place = query->place};
}

/* --- pages --------------------------------------------------------------------------------------
 */

void building_page_clear(BuildingPage *page) {
    g_clear_pointer(&page->buildings, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
    named_place_clear(&page->first);
    named_place_clear(&page->last);
}

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static NamedPlace place_of(const BuildingQuery *query, const Building *building) {
    return (NamedPlace){.id = building->id,
                        .name = query->text == NULL ? g_strdup(building->name) : NULL};
}

static void set_edges(const BuildingQuery *query, NamedIds *got, BuildingPage *page) {
    bool stopped = got->end.id != 0;
    page->has_next = query->backward || got->has_more || stopped;
    page->has_previous = query->backward ? got->has_more || stopped : query->has_place;
    page->is_partial = stopped;
    if (page->buildings->len > 0) {
        page->first = place_of(query, &g_array_index(page->buildings, Building, 0));
        page->last =
            place_of(query, &g_array_index(page->buildings, Building, page->buildings->len - 1));
    } else {
        page->has_next = !query->backward && stopped;
    }
    if (stopped) {
        NamedPlace *edge = query->backward ? &page->first : &page->last;
        named_place_clear(edge);
        *edge = got->end;
        got->end = (NamedPlace){0};
    }
}

bool building_list_page(
    Db *db, const BuildingQuery *query, size_t limit, BuildingPage *ret_page, GError **error) {
    g_auto(NamedIds) got = {0};
    g_auto(BuildingPage) page = {.texts = g_string_chunk_new(8192),
                                 .buildings = g_array_new(FALSE, FALSE, sizeof(Building))};
    g_autoptr(GArray) loaded = g_array_new(FALSE, FALSE, sizeof(Building));
    NamedQuery asked = named(query);
    if (!named_list_read(db, &asked, limit, &got, error) ||
        !load(db, got.ids, page.texts, loaded, error)) {
        return false;
    }
    for (guint i = 0; i < got.ids->len; i++) {
        /* loaded is in id order, and Building begins with its id */
        const Building *building = bsearch(&g_array_index(got.ids, int64_t, i),
                                           loaded->data,
                                           loaded->len,
                                           sizeof(Building),
                                           compare_ids);
        if (building != NULL) {
            g_array_append_vals(page.buildings, building, 1);
        }
    }
    set_edges(query, &got, &page);
    *ret_page = page;
    page = (BuildingPage){0};
    return true;
}

bool building_list_count(
    Db *db, const BuildingQuery *query, int64_t *ret_n, bool *ret_more, GError **error) {
    NamedQuery asked = named(query);
    return named_list_count(db, &asked, ret_n, ret_more, error);
}

bool building_list_each(
    Db *db, const BuildingQuery *query, BuildingVisitor visit, void *data, GError **error) {
    BuildingQuery at = *query; /* borrows all but the place */
    at.has_place = false;
    at.backward = false;
    at.place = (NamedPlace){0};
    bool good = true;
    for (bool more = true; good && more;) {
        g_auto(BuildingPage) page = {0};
        good = building_list_page(db, &at, EXPORT_PAGE, &page, error);
        for (guint i = 0; good && i < page.buildings->len; i++) {
            good = visit(&g_array_index(page.buildings, Building, i), data, error);
        }
        more = good && page.has_next;
        if (more) {
            named_place_clear(&at.place);
            at.place = page.last;
            page.last = (NamedPlace){0};
            at.has_place = true;
        }
    }
    named_place_clear(&at.place);
    return good;
}
