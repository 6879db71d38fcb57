/*
 * Lists of buildings and officers: one order (name, then id), a region, a few filters, a search.
 * The columns differ, the way through them is the same. Units have their own (unit_list.h): there
 * are a hundred times more of them. Thread: that of the Db.
 */
#pragma once

#include "registry/region.h"
#include "registry/search.h"
#include "registry/unit_query.h"

#define NAMED_WALK_MAX 10000
#define NAMED_COUNT_MAX 500
/* The same for a search whose every candidate must be looked at. */
#define NAMED_LOOK_COUNT_MAX 100

typedef struct NamedPlace {
    char *name; /* owned; of a search NULL */
    int64_t id;
} NamedPlace;
void named_place_clear(NamedPlace *place);
/* "ID" or "ID.NAME", as unit_place_string without the word. Caller frees. */
char *named_place_format(const NamedPlace *place);

/* --- the question -------------------------------------------------------------------------------
 */

/* What every list is asked: words q, region, after, before, from. */
typedef struct NamedAsk {
    char *text; /* as typed; NULL: no search */
    SearchTerms terms;
    char region[REGION_CODE_MAX + 1], scope[REGION_CODE_MAX + 1];
    bool has_place, backward;
    NamedPlace place;
} NamedAsk;
void named_ask_clear(NamedAsk *ask);
/* False with a sentence for the reader in *ret_problem; *ret_denied: the region is not theirs. The
 * scope REGION_EVERYWHERE is that of the public, which asks for a search only. What was understood
 * stands in `ret_ask` in any case; its region is never empty unless denied. */
bool named_ask_parse(UnitQueryGet get,
                     const void *from,
                     const char *scope_region,
                     NamedAsk *ret_ask,
                     const char **ret_problem,
                     bool *ret_denied);
/* A word of the address; NULL when it is missing or blank. */
const char *named_word(UnitQueryGet get, const void *from, const char *name);
/* Appends "name=value" unless the value is NULL or the word is `without`. */
void named_add_word(GString *out, const char *name, const char *value, const char *without);
/* Appends q and region as named_add_word. */
void named_ask_add_words(const NamedAsk *ask, GString *out, const char *without);

/* --- one kind of list ---------------------------------------------------------------------------
 */

/* What the list itself looks at in a row. Borrowed. */
typedef struct NamedRow {
    int64_t id;
    const char *name, *other; /* the two fields that a search looks into */
    const char *region;
} NamedRow;

typedef struct NamedSource {
    SearchKind kind;
    Sql columns;    /* "SELECT …": id, name, district and what add_filter looks at */
    Sql by_name[2]; /* "FROM …" for SQLite (with its index) and PostgreSQL */
    Sql by_district[2];
    Sql by_region[2];
    size_t row_size; /* of the C type; it begins with its int64_t id */
    bool (*has_filter)(const void *filter);
    void (*add_filter)(SqlBuilder *sql, const void *filter); /* " AND …" each */
    bool (*is_wanted)(const void *filter, const void *row);
    NamedRow (*view)(const void *row);
    /* Appends the rows of these ids (int64_t) in id order; texts live in `texts`. */
    bool (*load)(Db *db, const GArray *ids, GStringChunk *texts, GArray *rows, GError **error);
} NamedSource;

typedef struct NamedQuery {
    const NamedSource *source;
    const void *filter;
    const NamedAsk *ask;
} NamedQuery;

typedef struct NamedPage {
    GArray *rows; /* of the source's type */
    GStringChunk *texts;
    bool has_next, has_previous;
    bool is_partial; /* the walk stopped before the page was full: more may follow */
    NamedPlace first, last;
    int64_t n; /* of the whole question, up to the limits above */
    bool n_is_more;
} NamedPage;
void named_page_clear(NamedPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NamedPage, named_page_clear)

/* One page and the count of the whole question. */
bool named_list_page(
    Db *db, const NamedQuery *query, size_t limit, NamedPage *ret_page, GError **error);

/* As unit_list_each; `row` is of the source's type. */
typedef bool (*NamedVisitor)(const void *row, void *data, GError **error);
bool named_list_each(
    Db *db, const NamedQuery *query, NamedVisitor visit, void *data, GError **error);
