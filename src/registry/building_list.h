/*
 * Lists of buildings. Words of the address: q, region, category, height (high: high-rise and
 * above, super, unknown), risk (word or raised), key, after, before, from. Thread: that of the Db.
 */
#pragma once

#include "registry/building.h"
#include "registry/named_list.h"
#include "registry/unit_query.h"

typedef struct BuildingFilter {
    uint32_t categories, heights, risks; /* bit sets; 0: all */
    int key;                             /* 1, 0, -1: all */
} BuildingFilter;

typedef struct BuildingQuery {
    char *text;
    SearchTerms terms;
    char region[REGION_CODE_MAX + 1], scope[REGION_CODE_MAX + 1];
    BuildingFilter filter;
    char *category_word, *height_word, *risk_word;
    bool has_place, backward;
    NamedPlace place;
} BuildingQuery;
void building_query_clear(BuildingQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BuildingQuery, building_query_clear)
bool building_query_parse(UnitQueryGet get,
                          const void *from,
                          const char *scope_region,
                          BuildingQuery *ret_query,
                          const char **ret_problem,
                          bool *ret_denied);
/* As unit_query_string. */
char *building_query_string(const BuildingQuery *query, const char *without);

typedef struct BuildingPage {
    GArray *buildings; /* of Building */
    GStringChunk *texts;
    bool has_next, has_previous, is_partial;
    NamedPlace first, last;
} BuildingPage;
void building_page_clear(BuildingPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BuildingPage, building_page_clear)
bool building_list_page(
    Db *db, const BuildingQuery *query, size_t limit, BuildingPage *ret_page, GError **error);
bool building_list_count(
    Db *db, const BuildingQuery *query, int64_t *ret_n, bool *ret_more, GError **error);
/* As unit_list_each. */
bool building_list_each(
    Db *db, const BuildingQuery *query, BuildingVisitor visit, void *data, GError **error);
