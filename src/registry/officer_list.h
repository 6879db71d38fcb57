/*
 * Lists of officers. Words of the address: q, region, state (serving, expiring: within 30 days,
 * expired, undated: no date of the certificate, left), lead (1), after, before, from. Those in post
 * are serving, expired or undated; only serving ones are drawn. Thread: that of the Db.
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
    OFFICER_UNDATED,
    OFFICER_LEFT
} OfficerState;
typedef struct OfficerFilter {
    OfficerState state;
    bool leads;
    char today[11], soon[11]; /* the day asked, and 30 days on */
} OfficerFilter;

typedef struct OfficerQuery {
    NamedAsk ask;
    OfficerFilter filter;
    char *state_word;
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

/* For named_list_page and named_list_each; rows are Officer. Borrows the query. */
NamedQuery officer_query_named(const OfficerQuery *query);
