/* The search in the list of matters: number, and the object as the matter has it. */
#include "base/clock.h"
#include "casework/casework_store.h"
#include "registry/region.h"
#include "registry/search.h"

#include <string.h>

#define WALK_MAX SEARCH_LOOK_MAX

/* The caller frees. */
static GString *tokens_of(const Matter *matter) {
    GString *tokens = g_string_new(NULL);
    g_autofree char *title = search_normalise(matter->title);
    g_autofree char *number = search_normalise(matter->number);
    search_add_grams(tokens, title);
    search_add_grams(tokens, number);
    search_add_mark(tokens, 'd', region_district(matter->region));
    return tokens;
}

bool casework_index_add(Db *db, const Matter *matter, GError **error) {
    g_autoptr(GString) tokens = tokens_of(matter);
    SearchDocument document = {matter->id, tokens};
    return search_add(db, SEARCH_MATTER, &document, 1, error);
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* Those rows of `ids` that the query wants but for the phrase, newest first. */
static GPtrArray *load(Db *db, const MatterQuery *query, const GArray *ids, GError **error) {
    g_autofree char *list = id_list_format(db, (const int64_t *)(const void *)ids->data, ids->len);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " MATTER_COLUMNS " FROM matter m WHERE m.id"));
    sql_builder_add(sql,
                    db_engine(db) == DB_ENGINE_SQLITE ? SQL("IN (SELECT value FROM json_each(")
                                                      : SQL("= ANY (CAST("));
    sql_builder_arg(sql, db_text(list));
    sql_builder_add(sql, db_engine(db) == DB_ENGINE_SQLITE ? SQL("))") : SQL("AS BIGINT[]))"));
    casework_add_reach(sql, query->region, query->officer_id);
    if (query->account_id != 0 || query->officer_id != 0) {
        sql_builder_add(sql, SQL("AND m.id IN ("));
        casework_add_own(sql, query);
        sql_builder_add(sql, SQL(")"));
    }
    sql_builder_add(sql, SQL("ORDER BY m.id DESC"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    return rows == NULL ? NULL : casework_rows(rows, error);
}

static bool is_wanted(const MatterQuery *query, const Matter *matter) {
    const char *fields[] = {matter->title, matter->number};
    int64_t due_us = matter->due_us == 0 ? INT64_MAX : matter->due_us;
    return matter->is_closed == query->closed &&
           (query->kind == NULL || strcmp(query->kind, matter->kind) == 0) &&
           (query->due_to_us == 0 ||
            (due_us > query->due_after_us && due_us <= query->due_to_us)) &&
           (query->next_roles == 0 || (query->next_roles & matter->next_roles) != 0) &&
           (query->other_roles & matter->next_roles) == 0 &&
           search_terms_match(query->terms, fields, G_N_ELEMENTS(fields));
}

/* Leaves the ids in their own order. */
static bool look_again(Db *db, const void *data, GArray *ids, GError **error) {
    g_autoptr(GPtrArray) rows = load(db, data, ids, error);
    if (rows == NULL) {
        return false;
    }
    g_array_set_size(ids, 0);
    for (guint i = rows->len; i > 0; i--) {
        const Matter *row = rows->pdata[i - 1];
        if (is_wanted(data, row)) {
            g_array_append_val(ids, row->id);
        }
    }
    return true;
}

bool casework_store_search(Db *db, const MatterQuery *query, MatterPage *page, GError **error) {
    char region[REGION_CODE_MAX + 1];
    g_auto(SearchQuery) index = {0};
    g_autoptr(GString) marks = g_string_new(NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (query->officer_id == 0 && region_code_parse(query->region, region) && strlen(region) >= 6) {
        search_add_mark(marks, 'd', region_district(region));
    }
    if (!search_prepare(db, SEARCH_MATTER, query->terms, marks, &index, error)) {
        return false;
    }
    SearchAsk ask = {.index = &index,
                     .from = query->after_id == 0 ? INT64_MAX : query->after_id,
                     .backward = true,
                     .look = look_again,
                     .data = query,
                     .walk_max = WALK_MAX};
    SearchFound found = {.ids = ids};
    if (!search_gather(db, &ask, (size_t)query->limit + 1, &found, error)) {
        return false;
    }
    if (ids->len > query->limit) {
        g_array_set_size(ids, query->limit);
        page->next_id = g_array_index(ids, int64_t, query->limit - 1);
    } else {
        page->next_id = found.is_all ? 0 : found.reached;
    }
    page->rows = load(db, query, ids, error);
    return page->rows != NULL;
}

/* --- matters from before the index --------------------------------------------------------------
 */

GPtrArray *casework_store_unindexed(Db *db, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " MATTER_COLUMNS " FROM matter_unindexed u JOIN matter m ON "
                     "m.id = u.id WHERE u.id > 0 ORDER BY u.id LIMIT $1"),
                 DB_ARGS(db_int(limit)),
                 error);
    return rows == NULL ? NULL : casework_rows(rows, error);
}

bool casework_store_index_old(Db *db, const Matter *matter, GError **error) {
    return casework_index_add(db, matter, error) &&
           db_exec(db,
                   SQL("UPDATE matter SET due_unit = $1, next_roles = $2 WHERE id = $3"),
                   DB_ARGS(db_text(matter->due_us == 0 ? "" : law_unit_word(matter->due_unit)),
                           db_int(matter->next_roles),
                           db_int(matter->id)),
                   NULL,
                   error) &&
           db_exec(db,
                   SQL("DELETE FROM matter_unindexed WHERE id = $1"),
                   DB_ARGS(db_int(matter->id)),
                   NULL,
                   error);
}

bool casework_store_paper_matter(Db *db, const char *number, int64_t *ret_id, GError **error) {
    return db_query_int(db,
                        SQL("SELECT coalesce(max(matter_id), 0) FROM matter_paper "
                            "WHERE number = $1"),
                        DB_ARGS(db_text(number)),
                        ret_id,
                        error);
}
