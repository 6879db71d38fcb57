#include "registry/building_list.h"

#include "registry/building_store.h"

#include <string.h>

/* --- the question -------------------------------------------------------------------------------
 */

void building_query_clear(BuildingQuery *query) {
    named_ask_clear(&query->ask);
    g_free(query->category_word);
    g_free(query->height_word);
    g_free(query->risk_word);
    *query = (BuildingQuery){0};
}

static const char *read_filter(UnitQueryGet get, const void *from, BuildingQuery *query) {
    const char *category = named_word(get, from, "category");
    const char *height = named_word(get, from, "height");
    const char *risk = named_word(get, from, "risk");
    const char *key = named_word(get, from, "key");
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

bool building_query_parse(UnitQueryGet get,
                          const void *from,
                          const char *scope_region,
                          BuildingQuery *ret_query,
                          const char **ret_problem,
                          bool *ret_denied) {
    *ret_query = (BuildingQuery){.filter.key = -1};
    if (named_ask_parse(get, from, scope_region, &ret_query->ask, ret_problem, ret_denied)) {
        *ret_problem = read_filter(get, from, ret_query);
    }
    return *ret_problem == NULL;
}

char *building_query_string(const BuildingQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    named_ask_add_words(&query->ask, out, without);
    named_add_word(out, "category", query->category_word, without);
    named_add_word(out, "height", query->height_word, without);
    named_add_word(out, "risk", query->risk_word, without);
    named_add_word(out,
                   "key",
                   query->filter.key < 0   ? NULL
                   : query->filter.key > 0 ? "1"
                                           : "0",
                   without);
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

static bool has_filter(const void *data) {
    const BuildingFilter *filter = data;
    return filter->categories != 0 || filter->heights != 0 || filter->risks != 0 ||
           filter->key >= 0;
}

static bool is_wanted(const void *data, const void *row) {
    const BuildingFilter *filter = data;
    const Building *building = row;
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

static NamedRow view(const void *row) {
    const Building *building = row;
    return (NamedRow){building->id, building->name, building->address, building->region};
}

NamedQuery building_query_named(const BuildingQuery *query) {
    static const NamedSource source = {
        .kind = SEARCH_BUILDING,
        .columns = {"SELECT id, name, district, category, height_class, risk, is_key"},
        .by_name = {{"FROM building INDEXED BY building_name"}, {"FROM building"}},
        .by_district = {{"FROM building INDEXED BY building_district"}, {"FROM building"}},
        .by_region = {{"FROM building INDEXED BY building_region"}, {"FROM building"}},
        .row_size = sizeof(Building),
        .has_filter = has_filter,
        .add_filter = add_filter,
        .is_wanted = is_wanted,
        .view = view,
        .load = load,
    };
    return (NamedQuery){.source = &source, .filter = &query->filter, .ask = &query->ask};
}
