/*
 * Lists of buildings and officers: one order (name, then id), a region, a few filters, a search.
 * The statements differ, the way through them is the same. Units have their own (unit_list.h):
 * there are a hundred times more of them. Thread: that of the Db.
 */
#pragma once

#include "registry/region.h"
#include "registry/search.h"

#define NAMED_WALK_MAX 20000
#define NAMED_COUNT_MAX 1000

typedef struct NamedPlace {
    char *name; /* owned; of a search NULL */
    int64_t id;
} NamedPlace;
void named_place_clear(NamedPlace *place);
/* "ID" or "ID.NAME", as unit_place_string without the word. Caller frees. */
char *named_place_format(const NamedPlace *place);
bool named_place_parse(const char *text, bool is_search, NamedPlace *ret_place);

/* One kind of list. All fragments are of its table and give the columns of `columns` to
 * `add_filter` and to the order. */
typedef struct NamedSource {
    SearchKind kind;
    Sql columns;    /* "SELECT id, name, …": what filters look at */
    Sql by_name[2]; /* "FROM …" for SQLite (with its index) and PostgreSQL */
    Sql by_district[2];
    Sql by_region[2];
    void (*add_filter)(SqlBuilder *sql, const void *filter); /* " AND …" each */
    /* Keeps those ids (int64_t, any order) whose rows have the filter, the region and the terms. */
    bool (*look_again)(Db *db,
                       const void *filter,
                       const char *region,
                       const SearchTerms *terms,
                       GArray *ids,
                       GError **error);
} NamedSource;

typedef struct NamedQuery {
    const NamedSource *source;
    const void *filter;
    const char *region;       /* table form, never NULL */
    const SearchTerms *terms; /* NULL: no search */
    bool has_place, backward;
    NamedPlace place; /* borrowed */
} NamedQuery;

typedef struct NamedIds {
    GArray *ids;    /* int64_t in list order, at most `limit` */
    bool has_more;  /* in the direction asked */
    NamedPlace end; /* name or id set: the walk stopped here before the page was full */
} NamedIds;
void named_ids_clear(NamedIds *ids);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NamedIds, named_ids_clear)

bool named_list_read(
    Db *db, const NamedQuery *query, size_t limit, NamedIds *ret_ids, GError **error);
/* Counted up to NAMED_COUNT_MAX. */
bool named_list_count(
    Db *db, const NamedQuery *query, int64_t *ret_n, bool *ret_more, GError **error);
