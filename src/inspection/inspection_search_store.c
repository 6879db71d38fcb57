/* The search in the list of inspections: name of the object as the task has it, and number. */
#include "inspection/inspection_store.h"

#include "registry/region.h"
#include "registry/search.h"

#include <string.h>

#define WALK_MAX 10000 /* candidates looked at for one page */
#define CATCH_UP 500   /* rows in one transaction */
#define NUMBER_SIZE 24

static void number_text(int64_t id, char text[NUMBER_SIZE]) {
    g_snprintf(text, NUMBER_SIZE, "%" G_GINT64_FORMAT, id);
}

/* The caller frees. */
static GString *tokens_of(int64_t id, const char *object_name, int64_t district) {
    char number[NUMBER_SIZE];
    GString *tokens = g_string_new(NULL);
    g_autofree char *name = search_normalise(object_name);
    number_text(id, number);
    search_add_grams(tokens, name);
    search_add_grams(tokens, number);
    search_add_mark(tokens, 'd', district);
    return tokens;
}

bool inspection_index_add(
    Db *db, int64_t id, const char *object_name, int64_t district, GError **error) {
    g_autoptr(GString) tokens = tokens_of(id, object_name, district);
    SearchDocument document = {id, tokens};
    return search_add(db, SEARCH_INSPECTION, &document, 1, error);
}

/* --- asking ------------------------------------------------------------------------------------
 */

static bool is_wanted(const InspectionFilter *filter, const Inspection *row) {
    char number[NUMBER_SIZE];
    number_text(row->id, number);
    const char *fields[] = {row->object_name, number};
    bool is_in_scope = filter->officer_id != 0 ? row->lead_id == filter->officer_id ||
                                                     row->second_id == filter->officer_id
                                               : region_is_inside(row->region, filter->region);
    return is_in_scope && (filter->state < 0 || row->state == (InspectionState)filter->state) &&
           search_terms_match(filter->terms, fields, G_N_ELEMENTS(fields));
}

static bool look_again(Db *db, const void *data, GArray *ids, GError **error) {
    g_autoptr(GPtrArray) rows = inspection_store_load(db, ids, error);
    if (rows == NULL) {
        return false;
    }
    g_array_set_size(ids, 0);
    for (guint i = 0; i < rows->len; i++) {
        const Inspection *row = rows->pdata[i];
        if (is_wanted(data, row)) {
            g_array_append_val(ids, row->id);
        }
    }
    return true;
}

bool inspection_store_search(Db *db,
                             const InspectionFilter *filter,
                             InspectionPage *page,
                             GError **error) {
    char region[REGION_CODE_MAX + 1];
    g_auto(SearchQuery) index = {0};
    g_autoptr(GString) marks = g_string_new(NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (filter->officer_id == 0 && region_code_parse(filter->region, region) &&
        strlen(region) >= 6) {
        search_add_mark(marks, 'd', region_district(region));
    }
    if (!search_prepare(db, SEARCH_INSPECTION, filter->terms, marks, &index, error)) {
        return false;
    }
    SearchAsk ask = {.index = &index,
                     .from = filter->after_id,
                     .look = look_again,
                     .data = filter,
                     .walk_max = WALK_MAX};
    SearchFound found = {.ids = ids};
    if (!search_gather(db, &ask, (size_t)filter->limit + 1, &found, error)) {
        return false;
    }
    if (ids->len > filter->limit) {
        g_array_set_size(ids, filter->limit);
        page->next_id = g_array_index(ids, int64_t, filter->limit - 1);
    } else {
        page->next_id = found.is_all ? 0 : found.reached;
    }
    page->rows = inspection_store_load(db, ids, error);
    return page->rows != NULL;
}

/* --- rows from before the index ----------------------------------------------------------------
 */

static void document_clear(void *data) {
    SearchDocument *document = data;
    g_string_free(document->tokens, TRUE);
}

static bool read_unindexed(Db *db, GArray *documents, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT i.id, i.object_name, i.district FROM inspection_unindexed u "
                     "JOIN inspection i ON i.id = u.id WHERE u.id > 0 ORDER BY u.id LIMIT $1"),
                 DB_ARGS(db_int(CATCH_UP)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        SearchDocument document = {id, tokens_of(id, db_rows_text(rows, 1), db_rows_int(rows, 2))};
        g_array_append_val(documents, document);
    }
    return db_rows_done(rows, error);
}

/* data: whether there may be more. */
static bool catch_up(Db *db, void *data, GError **error) {
    bool *more = data;
    g_autoptr(GArray) documents = g_array_new(FALSE, FALSE, sizeof(SearchDocument));
    g_array_set_clear_func(documents, document_clear);
    if (!read_unindexed(db, documents, error)) {
        return false;
    }
    *more = documents->len > 0;
    const SearchDocument *list = (const SearchDocument *)(void *)documents->data;
    return !*more || (search_add(db, SEARCH_INSPECTION, list, documents->len, error) &&
                      db_exec(db,
                              SQL("DELETE FROM inspection_unindexed WHERE id <= $1"),
                              DB_ARGS(db_int(list[documents->len - 1].id)),
                              NULL,
                              error));
}

bool inspection_index_catch_up(Db *db, GError **error) {
    bool more = true;
    while (more) {
        if (!db_run_tx(db, catch_up, &more, error)) {
            return false;
        }
    }
    return true;
}
