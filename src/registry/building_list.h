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
    NamedAsk ask;
    BuildingFilter filter;
    char *category_word, *height_word, *risk_word;
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

/* For named_list_page and named_list_each; rows are Building. Borrows the query. */
NamedQuery building_query_named(const BuildingQuery *query);
