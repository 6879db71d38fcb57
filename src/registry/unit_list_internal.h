/*
 * Shared by unit_list.c and unit_search.c only.
 */
#pragma once

#include "registry/unit_list.h"

/* Fills units and texts, in the order of `ids` (int64_t). */
bool unit_list_load(Db *db, const GArray *ids, UnitPage *page, GError **error);
void unit_list_set_edges(const UnitQuery *query, bool has_more, UnitPage *page);
/* Does no living unit stand outside this province or city? Two steps into the kept counts, which
 * costs less than adding them up. */
bool unit_list_is_whole(Db *db, const char *region, bool *ret_whole, GError **error);

bool unit_search_page(
    Db *db, const UnitQuery *query, size_t limit, UnitPage *ret_page, GError **error);
bool unit_search_count(Db *db, const UnitQuery *query, UnitTotal *ret_total, GError **error);
