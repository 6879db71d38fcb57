/*
 * Lists of officers. Words of the address: q, region, state (serving, expiring: within 30 days,
 * expired, left), lead (1), after, before, from. Thread: that of the Db.
 */
#pragma once

#include "registry/named_list.h"
#include "registry/officer.h"
#include "registry/unit_query.h"

#define OFFICER_WARN_DAYS 30

typedef enum OfficerState {
    OFFICER_ANY,
    OFFICER_SERVING,
    OFFICER_EXPIRING,
    OFFICER_EXPIRED,
    OFFICER_LEFT
} OfficerState;
typedef struct OfficerFilter {
    OfficerState state;
    bool leads;
    char today[11], soon[11]; /* the day asked, and 30 days on */
} OfficerFilter;

typedef struct OfficerQuery {
    char *text;
    SearchTerms terms;
    char region[REGION_CODE_MAX + 1], scope[REGION_CODE_MAX + 1];
    OfficerFilter filter;
    char *state_word;
    bool has_place, backward;
    NamedPlace place;
} OfficerQuery;
void officer_query_clear(OfficerQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OfficerQuery, officer_query_clear)
bool officer_query_parse(UnitQueryGet get,
                         const void *from,
                         const char *scope_region,
                         int64_t now_us,
                         OfficerQuery *ret_query,
                         const char **ret_problem,
                         bool *ret_denied);
/* As unit_query_string. */
char *officer_query_string(const OfficerQuery *query, const char *without);

typedef struct OfficerPage {
    GArray *officers; /* of Officer */
    GStringChunk *texts;
    bool has_next, has_previous, is_partial;
    NamedPlace first, last;
} OfficerPage;
void officer_page_clear(OfficerPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OfficerPage, officer_page_clear)
bool officer_list_page(
    Db *db, const OfficerQuery *query, size_t limit, OfficerPage *ret_page, GError **error);
bool officer_list_count(
    Db *db, const OfficerQuery *query, int64_t *ret_n, bool *ret_more, GError **error);
/* As unit_list_each. */
bool officer_list_each(
    Db *db, const OfficerQuery *query, OfficerVisitor visit, void *data, GError **error);
