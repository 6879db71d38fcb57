/*
 * The search index: which rows can hold what a person typed.
 *
 * SQLite: one contentless FTS5 table for each kind, fed with ready-made tokens (search_rules.h).
 * PostgreSQL: an integer array of hashed tokens under GIN; each key also carries its block of
 * 16,384 ids, so that a common gram is read block by block and not whole. Answers are candidates in
 * id order; the caller looks at the row again unless the terms are exact.
 * Thread: that of the Db.
 */
#pragma once

#include "registry/search_rules.h"
#include "store/store.h"

/* Inspections and matters are rows of rooms above, which write and read their documents. */
typedef enum SearchKind {
    SEARCH_UNIT,
    SEARCH_BUILDING,
    SEARCH_OFFICER,
    SEARCH_INSPECTION,
    SEARCH_MATTER
} SearchKind;
#define SEARCH_KINDS 5

/* One row for the index. */
typedef struct SearchDocument {
    int64_t id;
    GString *tokens; /* owned by the caller */
} SearchDocument;

/* In the caller's transaction. To change a row, remove it with its old tokens and add it again. */
bool search_add(
    Db *db, SearchKind kind, const SearchDocument *documents, size_t count, GError **error);
bool search_remove(
    Db *db, SearchKind kind, const SearchDocument *documents, size_t count, GError **error);

/* A prepared question: the tokens worth reading, rarest first. */
typedef struct SearchQuery {
    SearchKind kind;
    GPtrArray *tokens; /* of char *, owned */
    int64_t expected;  /* rows of the rarest token, estimated */
    int64_t rows;      /* of the kind, estimated */
    int64_t id_max;    /* highest id of the kind; on PostgreSQL */
} SearchQuery;
/* `marks` (may be NULL): tokens of search_add_mark that a row must have too. */
bool search_prepare(Db *db,
                    SearchKind kind,
                    const SearchTerms *terms,
                    const GString *marks,
                    SearchQuery *ret_query,
                    GError **error);
void search_query_clear(SearchQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SearchQuery, search_query_clear)

/* Appends to `ids` (int64_t) at most `limit` candidates after `from` (exclusive) in id order, or
 * before it when `backward`. Fewer than `limit`: there are no more. */
bool search_candidates(Db *db,
                       const SearchQuery *query,
                       int64_t from,
                       bool backward,
                       size_t limit,
                       GArray *ids,
                       GError **error);

/* --- gathering ----------------------------------------------------------------------------------
 */

/* Keeps those of `ids` (int64_t, any order) whose rows answer the question, in id order. */
typedef bool (*SearchLook)(Db *db, const void *data, GArray *ids, GError **error);

typedef struct SearchAsk {
    const SearchQuery *index;
    int64_t from; /* exclusive */
    bool backward;
    SearchLook look; /* NULL: the index alone decides */
    const void *data;
    size_t walk_max; /* candidates looked at, at most */
} SearchAsk;

typedef struct SearchFound {
    GArray *ids;     /* of the caller; int64_t, in the order read */
    bool is_all;     /* there are no more */
    int64_t reached; /* the last candidate looked at */
} SearchFound;

/* At most so many rows are looked at for one page: about 15 ms. */
#define SEARCH_LOOK_MAX 4000

/* Gathers at least `wanted` answers unless there are fewer or walk_max is reached. */
bool search_gather(Db *db, const SearchAsk *ask, size_t wanted, SearchFound *found, GError **error);

/* Every token of the terms and marks is read and decides by itself: rows need no second look.
 * Never on PostgreSQL, whose keys are hashes. */
bool search_is_exact(const Db *db,
                     const SearchQuery *query,
                     const SearchTerms *terms,
                     const GString *marks);

/* Of int64_t. */
void id_list_reverse(GArray *ids);
/* A list of ids as one parameter: JSON for SQLite's json_each, an array literal for PostgreSQL.
 * Caller frees. */
char *id_list_format(const Db *db, const int64_t *ids, size_t count);
