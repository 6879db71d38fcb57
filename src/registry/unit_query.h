/*
 * What a person asks of the list of units: filters, order, place in the list. Pure but for the
 * region check. The same words stand in the address of the page and of the export.
 *
 *   q         search text                      category  word, Chinese name, assembly,
 *                                              crowded, key (消防安全重点单位)
 *   region    code inside the reader's scope   risk      word; or "raised": higher and high
 *   credit    A to D                           key       1 or 0
 *   last      year (not in the last 365 days), never
 *   sort      name (default), -name, last, -last; a search comes in order of registration
 *   after, before  place in the list           from      begins at this name
 */
#pragma once

#include "registry/region.h"
#include "registry/registry.h"
#include "registry/search_rules.h"

typedef enum UnitSort { UNIT_SORT_NAME, UNIT_SORT_LAST } UnitSort;

/* A place between two rows: the sort key and id of the row at its edge. */
typedef struct UnitPlace {
    char *name;      /* UNIT_SORT_NAME; owned */
    int64_t last_us; /* UNIT_SORT_LAST */
    int64_t id;      /* of a search: the id alone */
} UnitPlace;
void unit_place_clear(UnitPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitPlace, unit_place_clear)

typedef struct UnitQuery {
    char *text; /* as typed; NULL: no search */
    SearchTerms terms;
    char region[REGION_CODE_MAX + 1]; /* never empty: the filter, or the reader's scope */
    char scope[REGION_CODE_MAX + 1];
    uint32_t categories, risks, credits; /* bit sets; 0: all */
    int key;                             /* 1, 0, -1: all */
    int64_t inspected_before_us;         /* 0: all */
    UnitSort sort;
    bool descending;
    bool has_place, backward;
    UnitPlace place;
    char *category_word, *risk_word, *credit_word, *key_word, *last_word; /* NULL: not asked */
} UnitQuery;
void unit_query_clear(UnitQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitQuery, unit_query_clear)

/* Value of one word, or NULL: request_query with its request, or a reader of saved JSON. */
typedef const char *(*UnitQueryGet)(const void *from, const char *name);
/* False with a sentence for the person in *ret_problem (static) when the question makes no sense;
 * *ret_denied: it reaches outside the scope. REGION_EVERYWHERE is the scope of the public, which
 * asks for a search only. */
bool unit_query_parse(UnitQueryGet get,
                      const void *from,
                      const char *scope_region,
                      int64_t now_us,
                      UnitQuery *ret_query,
                      const char **ret_problem,
                      bool *ret_denied);

/* The question as "q=…&region=…" without a place, leaving out the word `without` (NULL: none).
 * Caller frees. */
char *unit_query_string(const UnitQuery *query, const char *without);
/* "after=…" or "before=…" for a row. Caller frees. */
char *unit_place_string(const UnitQuery *query, const UnitPlace *place, bool before);

/* Cell numbers (unit_cell) are compared with the asked facets. */
bool unit_query_wants_cell(const UnitQuery *query, int64_t cell);
bool unit_query_has_facets(const UnitQuery *query);
