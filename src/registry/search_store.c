#include "registry/search.h"

#include "base/json.h"

#include <string.h>

#define SAMPLE_EVERY 64 /* rows; see search_sample */
/* Reading one posting costs 20 to 60 ns, looking at one row 4 to 10 us (ten times more where it
 * must come from disk): a further token pays while its list is not longer than this many times the
 * number of candidates that remain, unless a page may look at all of those. */
#define WORTH_FACTOR 200
#define FEW_CANDIDATES 100
#define TOKENS_READ_MAX 6
#define BLOCKS_READ_MAX 256 /* in one PostgreSQL question */
#define SPAN_MARGIN 1.25    /* rows asked for more than are wanted: blocks differ */
#define SPAN_GROWTH 8       /* from one question to the next */
#define WALK_SHARE 20       /* tokens in more than one row of so many are met by walking */

/* --- writing ------------------------------------------------------------------------------------
 */

static Sql sql_add(const Db *db, SearchKind kind) {
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    switch (kind) {
    case SEARCH_UNIT:
        return lite ? SQL("INSERT INTO unit_search (rowid, grams) VALUES ($1, $2)")
                    : SQL("INSERT INTO unit_search (id, grams) VALUES ($1, $2::integer[])");
    case SEARCH_BUILDING:
        return lite ? SQL("INSERT INTO building_search (rowid, grams) VALUES ($1, $2)")
                    : SQL("INSERT INTO building_search (id, grams) VALUES ($1, $2::integer[])");
    case SEARCH_OFFICER:
        return lite ? SQL("INSERT INTO officer_search (rowid, grams) VALUES ($1, $2)")
                    : SQL("INSERT INTO officer_search (id, grams) VALUES ($1, $2::integer[])");
    case SEARCH_INSPECTION:
        return lite ? SQL("INSERT INTO inspection_search (rowid, grams) VALUES ($1, $2)")
                    : SQL("INSERT INTO inspection_search (id, grams) VALUES ($1, $2::integer[])");
    case SEARCH_MATTER:
        return lite ? SQL("INSERT INTO matter_search (rowid, grams) VALUES ($1, $2)")
                    : SQL("INSERT INTO matter_search (id, grams) VALUES ($1, $2::integer[])");
    }
    g_assert_not_reached();
}

/* FTS5 forgets a contentless row only when it is told the old text; PostgreSQL ignores it. */
static Sql sql_remove(const Db *db, SearchKind kind) {
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    switch (kind) {
    case SEARCH_UNIT:
        return lite ? SQL("INSERT INTO unit_search (unit_search, rowid, grams) "
                          "VALUES ('delete', $1, $2)")
                    : SQL("DELETE FROM unit_search WHERE id = $1");
    case SEARCH_BUILDING:
        return lite ? SQL("INSERT INTO building_search (building_search, rowid, grams) "
                          "VALUES ('delete', $1, $2)")
                    : SQL("DELETE FROM building_search WHERE id = $1");
    case SEARCH_OFFICER:
        return lite ? SQL("INSERT INTO officer_search (officer_search, rowid, grams) "
                          "VALUES ('delete', $1, $2)")
                    : SQL("DELETE FROM officer_search WHERE id = $1");
    case SEARCH_INSPECTION:
        return lite ? SQL("INSERT INTO inspection_search (inspection_search, rowid, grams) "
                          "VALUES ('delete', $1, $2)")
                    : SQL("DELETE FROM inspection_search WHERE id = $1");
    case SEARCH_MATTER:
        return lite ? SQL("INSERT INTO matter_search (matter_search, rowid, grams) "
                          "VALUES ('delete', $1, $2)")
                    : SQL("DELETE FROM matter_search WHERE id = $1");
    }
    g_assert_not_reached();
}

static int compare_int32(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* "{-5,17,…}": the distinct block keys of one row. */
static void format_keys(GString *out, int64_t id, const GString *tokens, GArray *keys) {
    g_array_set_size(keys, 0);
    const char *p = tokens->str;
    for (const char *end; (end = strchr(p, ' ')) != NULL; p = end + 1) {
        int32_t key = search_block_key(p, (size_t)(end - p), id >> SEARCH_BLOCK_BITS);
        g_array_append_val(keys, key);
    }
    g_array_sort(keys, compare_int32);
    g_string_append_c(out, '{');
    for (guint i = 0; i < keys->len; i++) {
        int32_t key = g_array_index(keys, int32_t, i);
        if (i == 0 || key != g_array_index(keys, int32_t, i - 1)) {
            g_string_append_printf(out, i == 0 ? "%d" : ",%d", key);
        }
    }
    g_string_append_c(out, '}');
}

/* What the running transaction adds to the sample, written once at its end: the same few hundred
 * grams stand in every batch, and PostgreSQL keeps every version of a row until the commit. */
typedef struct Sample {
    GHashTable *counts[SEARCH_KINDS]; /* gram -> how many more rows */
} Sample;

static Sample *sample_new(void) {
    Sample *sample = g_new(Sample, 1);
    for (size_t i = 0; i < SEARCH_KINDS; i++) {
        sample->counts[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    return sample;
}

static void sample_free(void *data) {
    Sample *sample = data;
    for (size_t i = 0; i < SEARCH_KINDS; i++) {
        g_hash_table_unref(sample->counts[i]);
    }
    g_free(sample);
}

static void count_tokens(GHashTable *counts, const GString *tokens, gssize step) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) list = g_strsplit(tokens->str, " ", -1);
    for (char **token = list; *token != NULL; token++) {
        /* the last piece is "": it counts the rows themselves */
        if (g_hash_table_add(seen, *token)) {
            gssize old = (gssize)g_hash_table_lookup(counts, *token);
            g_hash_table_replace(counts, g_strdup(*token), (gpointer)(old + step));
        }
    }
}

static bool write_kind(Db *db, SearchKind kind, GHashTable *counts, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    /* sorted: two writers that meet take the rows in one order */
    g_autoptr(GList) tokens = g_list_sort(g_hash_table_get_keys(counts), (GCompareFunc)strcmp);
    for (GList *token = tokens; token != NULL; token = token->next) {
        gssize n = (gssize)g_hash_table_lookup(counts, token->data);
        if (n != 0) {
            DbArg row[] = {db_int(kind), db_text(token->data), db_int(n)};
            g_array_append_vals(args, row, G_N_ELEMENTS(row));
        }
    }
    return db_exec_many(db,
                        SQL("INSERT INTO search_sample (kind, gram, n) VALUES ($1, $2, $3) "
                            "ON CONFLICT (kind, gram) DO UPDATE SET n = search_sample.n + "
                            "excluded.n"),
                        3,
                        (DbArgs){(const DbArg *)args->data, args->len},
                        NULL,
                        error);
}

static bool sample_write(Db *db, void *data, GError **error) {
    const Sample *sample = data;
    for (size_t i = 0; i < SEARCH_KINDS; i++) {
        if (!write_kind(db, (SearchKind)i, sample->counts[i], error)) {
            return false;
        }
    }
    return true;
}

static GHashTable *sample_of(Db *db, SearchKind kind) {
    Sample *sample = db_before_commit_data(db, sample_write);
    if (sample == NULL) {
        sample = sample_new();
        db_before_commit(db, sample_write, sample, sample_free);
    }
    return sample->counts[kind];
}

static bool write_documents(Db *db,
                            SearchKind kind,
                            bool add,
                            const SearchDocument *documents,
                            size_t count,
                            GError **error) {
    if (count == 0) {
        return true;
    }
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    size_t columns = lite || add ? 2 : 1;
    g_autoptr(GArray) args =
        g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)(columns * count));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int32_t));
    GHashTable *counts = sample_of(db, kind);
    for (size_t i = 0; i < count; i++) {
        const SearchDocument *document = &documents[i];
        DbArg row[2] = {db_int(document->id),
                        db_text_n(document->tokens->str, document->tokens->len)};
        if (!lite && add) {
            GString *text = g_string_sized_new(1024);
            format_keys(text, document->id, document->tokens, keys);
            g_ptr_array_add(texts, text->str);
            row[1] = db_text_n(text->str, text->len);
            g_string_free(text, FALSE);
        }
        g_array_append_vals(args, row, (guint)columns);
        if (document->id % SAMPLE_EVERY == 0) {
            count_tokens(counts, document->tokens, add ? 1 : -1);
        }
    }
    DbArgs all = {(const DbArg *)args->data, args->len};
    Sql sql = add ? sql_add(db, kind) : sql_remove(db, kind);
    return count == 1 && db_in_tx(db) ? db_later(db, sql, all, -1, error)
                                      : db_exec_many(db, sql, columns, all, NULL, error);
}

bool search_add(
    Db *db, SearchKind kind, const SearchDocument *documents, size_t count, GError **error) {
    return write_documents(db, kind, true, documents, count, error);
}

bool search_remove(
    Db *db, SearchKind kind, const SearchDocument *documents, size_t count, GError **error) {
    return write_documents(db, kind, false, documents, count, error);
}

/* --- choosing what to read ----------------------------------------------------------------------
 */

typedef struct Weighed {
    char *token;
    int64_t expected;
} Weighed;

static int compare_weighed(const void *a, const void *b) {
    const Weighed *x = a;
    const Weighed *y = b;
    return (x->expected > y->expected) - (x->expected < y->expected);
}

/* One row for each token that stands in the sample, and one ("") for the rows themselves. */
static bool
weigh(Db *db, SearchQuery *query, const GPtrArray *tokens, GArray *weighed, GError **error) {
    g_autoptr(json_t) list = json_array();
    json_array_append_new(list, json_string(""));
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < tokens->len; i++) {
        json_array_append_new(list, json_string(tokens->pdata[i]));
    }
    g_autofree char *text = json_write(list);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT gram, n FROM search_sample WHERE kind = $1 AND gram IN "
                         "(SELECT CAST(value AS TEXT) FROM json_each($2))",
                         "SELECT gram, n FROM search_sample WHERE kind = $1 AND gram = ANY "
                         "(ARRAY(SELECT json_array_elements_text($2::json)))"),
                 DB_ARGS(db_int(query->kind), db_text(text)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        gsize n = (gsize)MAX(db_rows_int(rows, 1), 0);
        g_hash_table_replace(known, g_strdup(db_rows_text(rows, 0)), GSIZE_TO_POINTER(n));
    }
    query->rows = (int64_t)(gsize)g_hash_table_lookup(known, "") * SAMPLE_EVERY;
    for (guint i = 0; i < tokens->len; i++) {
        int64_t n = (int64_t)(gsize)g_hash_table_lookup(known, tokens->pdata[i]);
        /* not in the sample: on average half a sample step */
        Weighed one = {g_strdup(tokens->pdata[i]), n > 0 ? n * SAMPLE_EVERY : SAMPLE_EVERY / 2};
        g_array_append_val(weighed, one);
    }
    return db_rows_done(rows, error);
}

/* Only PostgreSQL reads by blocks. */
static bool find_id_max(Db *db, SearchKind kind, int64_t *ret_id, GError **error) {
    if (db_engine(db) == DB_ENGINE_SQLITE) {
        *ret_id = 0;
        return true;
    }
    switch (kind) {
    case SEARCH_UNIT:
        return db_query_int(
            db, SQL("SELECT coalesce(max(id), 0) FROM unit"), DB_NO_ARGS, ret_id, error);
    case SEARCH_BUILDING:
        return db_query_int(
            db, SQL("SELECT coalesce(max(id), 0) FROM building"), DB_NO_ARGS, ret_id, error);
    case SEARCH_OFFICER:
        return db_query_int(
            db, SQL("SELECT coalesce(max(id), 0) FROM officer"), DB_NO_ARGS, ret_id, error);
    case SEARCH_INSPECTION:
        return db_query_int(db,
                            SQL("SELECT coalesce(max(id), 0) FROM inspection_search"),
                            DB_NO_ARGS,
                            ret_id,
                            error);
    case SEARCH_MATTER:
        return db_query_int(
            db, SQL("SELECT coalesce(max(id), 0) FROM matter_search"), DB_NO_ARGS, ret_id, error);
    }
    g_assert_not_reached();
}

static bool overlaps_taken(const SearchQuery *query, const char *token) {
    for (guint i = 0; i < query->tokens->len; i++) {
        if (search_tokens_overlap(query->tokens->pdata[i], token)) {
            return true;
        }
    }
    return false;
}

/* Takes those of the tokens (rarest first) that are worth reading; what is taken becomes NULL. How
 * many rows a token spares is judged as if words stood independently, which parts of one word do
 * not: those come last, and count for at most a half. */
static void take_worthy(SearchQuery *query, GArray *weighed, bool overlapping, double *remaining) {
    for (guint i = 0; i < weighed->len; i++) {
        Weighed *one = &g_array_index(weighed, Weighed, i);
        double share = (double)one->expected / (double)MAX(query->rows, 1);
        if (one->token != NULL &&
            query->tokens->len<TOKENS_READ_MAX && * remaining> FEW_CANDIDATES &&
            (double)one->expected < *remaining * WORTH_FACTOR && share < 0.9 &&
            overlaps_taken(query, one->token) == overlapping) {
            *remaining *= overlapping ? CLAMP(share, 0.5, 1.0) : MIN(share, 1.0);
            g_ptr_array_add(query->tokens, g_steal_pointer(&one->token));
        }
    }
}

/* The rarest token; a further one only while reading it is cheaper than looking at the rows it
 * would spare. */
static void choose_tokens(SearchQuery *query, GArray *weighed) {
    g_array_sort(weighed, compare_weighed);
    Weighed *rarest = &g_array_index(weighed, Weighed, 0);
    double remaining = (double)rarest->expected;
    query->expected = rarest->expected;
    g_ptr_array_add(query->tokens, g_steal_pointer(&rarest->token));
    take_worthy(query, weighed, false, &remaining);
    take_worthy(query, weighed, true, &remaining);
}

static void weighed_clear(void *data) {
    g_free(((Weighed *)data)->token);
}

bool search_prepare(Db *db,
                    SearchKind kind,
                    const SearchTerms *terms,
                    const GString *marks,
                    SearchQuery *ret_query,
                    GError **error) {
    g_auto(SearchQuery) query = {.kind = kind, .tokens = g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GArray) weighed = g_array_new(FALSE, FALSE, sizeof(Weighed));
    g_array_set_clear_func(weighed, weighed_clear);
    g_autoptr(GPtrArray) tokens = g_ptr_array_new();
    for (size_t i = 0; i < terms->token_count; i++) {
        g_ptr_array_add(tokens, terms->tokens[i]);
    }
    g_auto(GStrv) marked = g_strsplit(marks == NULL ? "" : marks->str, " ", -1);
    for (char **mark = marked; *mark != NULL; mark++) {
        if (**mark != '\0') {
            g_ptr_array_add(tokens, *mark);
        }
    }
    if (!find_id_max(db, kind, &query.id_max, error) ||
        !weigh(db, &query, tokens, weighed, error)) {
        return false;
    }
    choose_tokens(&query, weighed);
    *ret_query = query;
    query.tokens = NULL;
    return true;
}

void search_query_clear(SearchQuery *query) {
    g_clear_pointer(&query->tokens, g_ptr_array_unref);
}

/* --- reading: SQLite ----------------------------------------------------------------------------
 */

static Sql sql_match(SearchKind kind, bool backward) {
    switch (kind) {
    case SEARCH_UNIT:
        return backward ? SQL("SELECT rowid FROM unit_search WHERE unit_search MATCH $1 "
                              "AND rowid < $2 ORDER BY rowid DESC LIMIT $3")
                        : SQL("SELECT rowid FROM unit_search WHERE unit_search MATCH $1 "
                              "AND rowid > $2 ORDER BY rowid LIMIT $3");
    case SEARCH_BUILDING:
        return backward ? SQL("SELECT rowid FROM building_search WHERE building_search MATCH $1 "
                              "AND rowid < $2 ORDER BY rowid DESC LIMIT $3")
                        : SQL("SELECT rowid FROM building_search WHERE building_search MATCH $1 "
                              "AND rowid > $2 ORDER BY rowid LIMIT $3");
    case SEARCH_OFFICER:
        return backward ? SQL("SELECT rowid FROM officer_search WHERE officer_search MATCH $1 "
                              "AND rowid < $2 ORDER BY rowid DESC LIMIT $3")
                        : SQL("SELECT rowid FROM officer_search WHERE officer_search MATCH $1 "
                              "AND rowid > $2 ORDER BY rowid LIMIT $3");
    case SEARCH_INSPECTION:
        return backward
                   ? SQL("SELECT rowid FROM inspection_search WHERE inspection_search MATCH $1 "
                         "AND rowid < $2 ORDER BY rowid DESC LIMIT $3")
                   : SQL("SELECT rowid FROM inspection_search WHERE inspection_search MATCH $1 "
                         "AND rowid > $2 ORDER BY rowid LIMIT $3");
    case SEARCH_MATTER:
        return backward ? SQL("SELECT rowid FROM matter_search WHERE matter_search MATCH $1 "
                              "AND rowid < $2 ORDER BY rowid DESC LIMIT $3")
                        : SQL("SELECT rowid FROM matter_search WHERE matter_search MATCH $1 "
                              "AND rowid > $2 ORDER BY rowid LIMIT $3");
    }
    g_assert_not_reached();
}

static bool read_ids(Db *db, Sql sql, DbArgs args, GArray *ids, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_done(rows, error);
}

static bool candidates_sqlite(Db *db,
                              const SearchQuery *query,
                              int64_t from,
                              bool backward,
                              size_t limit,
                              GArray *ids,
                              GError **error) {
    g_autoptr(GString) match = g_string_new(NULL);
    for (guint i = 0; i < query->tokens->len; i++) {
        /* tokens hold letters, digits and non-ASCII characters only: nothing to escape */
        g_string_append_printf(
            match, i == 0 ? "\"%s\"" : " AND \"%s\"", (const char *)query->tokens->pdata[i]);
    }
    return read_ids(db,
                    sql_match(query->kind, backward),
                    DB_ARGS(db_text(match->str), db_int(from), db_int((int64_t)limit)),
                    ids,
                    error);
}

/* --- reading: PostgreSQL ------------------------------------------------------------------------
 */

typedef struct BlockRange {
    int64_t first, last;  /* blocks, inclusive */
    int64_t above, below; /* ids, exclusive */
} BlockRange;

/* "{K,K}": the keys of all tokens in one block. */
static void add_block_keys(GString *out, const SearchQuery *query, int64_t block) {
    for (guint i = 0; i < query->tokens->len; i++) {
        const char *token = query->tokens->pdata[i];
        g_string_append_printf(
            out, i == 0 ? "{%d" : ",%d", search_block_key(token, strlen(token), block));
    }
    g_string_append_c(out, '}');
}

/* {"{K,K}","{K,K}"} and {B,B}: the keys for each block, and the blocks. */
static void
format_blocks(const SearchQuery *query, const BlockRange *range, GString *keys, GString *blocks) {
    for (int64_t block = range->first; block <= range->last; block++) {
        const char *comma = block == range->first ? "{" : ",";
        g_string_append_printf(blocks, "%s%" G_GINT64_FORMAT, comma, block);
        g_string_append_printf(keys, "%s\"", comma);
        add_block_keys(keys, query, block);
        g_string_append_c(keys, '"');
    }
    g_string_append_c(keys, '}');
    g_string_append_c(blocks, '}');
}

/* One look into the index for each block, with all tokens: there GIN follows the shortest list and
 * skips in the others. (One look with the keys of many blocks, "&&", costs their number for every
 * row that it meets.) MATERIALIZED: the order by id must not tempt the planner to walk the primary
 * key through a million rows; nor must the bounds of id, hence IS TRUE. */
static Sql sql_blocks(SearchKind kind) {
#define BLOCKS(table)                                                                              \
    SQL("WITH hit AS MATERIALIZED (SELECT s.id FROM unnest(CAST($1 AS text[]), "                   \
        "CAST($2 AS bigint[])) AS k (grams, block) JOIN " table " s "                              \
        "ON s.grams @> CAST(k.grams AS integer[]) "                                                \
        "WHERE (s.id >> CAST($3 AS integer) = k.block AND s.id > $4 AND s.id < $5) IS TRUE) "      \
        "SELECT id FROM hit ORDER BY CASE WHEN $6 = 1 THEN -id ELSE id END LIMIT $7")
    switch (kind) {
    case SEARCH_UNIT:
        return BLOCKS("unit_search");
    case SEARCH_BUILDING:
        return BLOCKS("building_search");
    case SEARCH_OFFICER:
        return BLOCKS("officer_search");
    case SEARCH_INSPECTION:
        return BLOCKS("inspection_search");
    case SEARCH_MATTER:
        return BLOCKS("matter_search");
    }
#undef BLOCKS
    g_assert_not_reached();
}

static bool read_blocks(Db *db,
                        const SearchQuery *query,
                        const BlockRange *range,
                        bool backward,
                        size_t limit,
                        GArray *ids,
                        GError **error) {
    g_autoptr(GString) keys = g_string_new(NULL);
    g_autoptr(GString) blocks = g_string_new(NULL);
    format_blocks(query, range, keys, blocks);
    return read_ids(db,
                    sql_blocks(query->kind),
                    DB_ARGS(db_text(keys->str),
                            db_text(blocks->str),
                            db_int(SEARCH_BLOCK_BITS),
                            db_int(range->above),
                            db_int(range->below),
                            db_int(backward ? 1 : 0),
                            db_int((int64_t)limit)),
                    ids,
                    error);
}

/* Very common tokens: walking the rows of a block meets enough of them sooner than collecting all
 * that it has. IS TRUE keeps the planner from using the index after all. */
static Sql sql_walk(SearchKind kind, bool backward) {
#define WALK(table, order)                                                                         \
    SQL("SELECT id FROM " table " WHERE (grams @> CAST($1 AS integer[])) IS TRUE "                 \
        "AND id > $2 AND id < $3 ORDER BY id " order " LIMIT $4")
    switch (kind) {
    case SEARCH_UNIT:
        return backward ? WALK("unit_search", "DESC") : WALK("unit_search", "");
    case SEARCH_BUILDING:
        return backward ? WALK("building_search", "DESC") : WALK("building_search", "");
    case SEARCH_OFFICER:
        return backward ? WALK("officer_search", "DESC") : WALK("officer_search", "");
    case SEARCH_INSPECTION:
        return backward ? WALK("inspection_search", "DESC") : WALK("inspection_search", "");
    case SEARCH_MATTER:
        return backward ? WALK("matter_search", "DESC") : WALK("matter_search", "");
    }
#undef WALK
    g_assert_not_reached();
}

/* The first block of the range. */
static bool walk_block(Db *db,
                       const SearchQuery *query,
                       const BlockRange *range,
                       bool backward,
                       size_t limit,
                       GArray *ids,
                       GError **error) {
    g_autoptr(GString) keys = g_string_new(NULL);
    add_block_keys(keys, query, range->first);
    return read_ids(
        db,
        sql_walk(query->kind, backward),
        DB_ARGS(
            db_text(keys->str), db_int(range->above), db_int(range->below), db_int((int64_t)limit)),
        ids,
        error);
}

/* As many blocks as should hold what is missing, a little more than that: each row read for nothing
 * is a page of the table. */
static int64_t span_for(size_t missing, double per_block) {
    return (int64_t)(SPAN_MARGIN * (double)missing / MAX(per_block, 0.001)) + 1;
}

/* The blocks to read next and the ids in them that count. These bounds also keep out rows of other
 * blocks whose key is the same by a collision of hashes. */
static BlockRange range_at(int64_t block, int64_t span, int64_t last, int64_t from, bool backward) {
    BlockRange range = {
        .first = backward ? MAX(block - span + 1, 0) : block,
        .last = backward ? block : MIN(block + span - 1, last),
    };
    range.above = MAX((range.first << SEARCH_BLOCK_BITS) - 1, backward ? 0 : from);
    range.below = MIN((range.last + 1) << SEARCH_BLOCK_BITS, backward ? from : INT64_MAX);
    return range;
}

/* Begins with as many blocks as the estimate says and goes on by what was found. Walking goes on
 * while it meets rows: tokens that are common alone may never stand together. */
static bool candidates_pg(Db *db,
                          const SearchQuery *query,
                          int64_t from,
                          bool backward,
                          size_t limit,
                          GArray *ids,
                          GError **error) {
    bool common = query->expected * WALK_SHARE > query->rows;
    int64_t last_block = query->id_max >> SEARCH_BLOCK_BITS;
    int64_t block = MIN(MAX(from, 0) >> SEARCH_BLOCK_BITS, last_block);
    int64_t span = span_for(limit, (double)query->expected / (double)(last_block + 1));
    size_t begun = ids->len;
    int64_t blocks = 0;
    int64_t passed = 0; /* ids */
    while (block >= 0 && block <= last_block && ids->len < begun + limit) {
        int64_t found = (int64_t)(ids->len - begun);
        bool walks = common && (passed == 0 || found * WALK_SHARE * 2 > passed);
        span = walks ? 1 : MIN(span, BLOCKS_READ_MAX);
        BlockRange range = range_at(block, span, last_block, from, backward);
        size_t missing = begun + limit - ids->len;
        if (!(walks ? walk_block : read_blocks)(db, query, &range, backward, missing, ids, error)) {
            return false;
        }
        block = backward ? range.first - 1 : range.last + 1;
        blocks += range.last - range.first + 1;
        passed += range.below - range.above;
        missing = begun + limit - ids->len;
        span =
            MIN(span * SPAN_GROWTH, span_for(missing, (double)(ids->len - begun) / (double)blocks));
    }
    return true;
}

bool search_candidates(Db *db,
                       const SearchQuery *query,
                       int64_t from,
                       bool backward,
                       size_t limit,
                       GArray *ids,
                       GError **error) {
    return db_engine(db) == DB_ENGINE_SQLITE
               ? candidates_sqlite(db, query, from, backward, limit, ids, error)
               : candidates_pg(db, query, from, backward, limit, ids, error);
}

bool search_gather(
    Db *db, const SearchAsk *ask, size_t wanted, SearchFound *found, GError **error) {
    size_t looked = 0;
    size_t step = wanted;
    found->reached = ask->from;
    while (!found->is_all && found->ids->len < wanted && looked < ask->walk_max) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        if (!search_candidates(db, ask->index, found->reached, ask->backward, step, ids, error)) {
            return false;
        }
        found->is_all = ids->len < step;
        looked += ids->len;
        if (ids->len == 0) {
            break;
        }
        found->reached = g_array_index(ids, int64_t, ids->len - 1);
        if (ask->look != NULL) {
            if (!ask->look(db, ask->data, ids, error)) {
                return false;
            }
            if (ask->backward) {
                id_list_reverse(ids);
            }
        }
        g_array_append_vals(found->ids, ids->data, ids->len);
        step = MIN(step * 2, 2000);
    }
    return true;
}

bool search_is_exact(const Db *db,
                     const SearchQuery *query,
                     const SearchTerms *terms,
                     const GString *marks) {
    size_t tokens = terms->token_count;
    for (const char *p = marks->str; (p = strchr(p, ' ')) != NULL; p++) {
        tokens++;
    }
    return db_engine(db) == DB_ENGINE_SQLITE && terms->is_exact && query->tokens->len == tokens;
}

void id_list_reverse(GArray *ids) {
    int64_t *items = (int64_t *)(void *)ids->data;
    for (guint i = 0; i < ids->len / 2; i++) {
        int64_t other = items[ids->len - 1 - i];
        items[ids->len - 1 - i] = items[i];
        items[i] = other;
    }
}

char *id_list_format(const Db *db, const int64_t *ids, size_t count) {
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    GString *out = g_string_new(lite ? "[" : "{");
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out, i == 0 ? "%" G_GINT64_FORMAT : ",%" G_GINT64_FORMAT, ids[i]);
    }
    g_string_append_c(out, lite ? ']' : '}');
    return g_string_free(out, FALSE);
}
