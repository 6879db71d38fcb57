/* What the lists of buildings and officers show alike. */
#include "base/limits.h"
#include "registry/registry_pages.h"

#include <string.h>

/* --- chips --------------------------------------------------------------------------------------
 */

void page_list_chip(const PageList *list, json_t *model, const char *word, const char *text) {
    g_autofree char *rest = list->words(list->query, word);
    page_add_chip(model, text, list->path, rest);
}

bool page_list_start_chips(Ctx *ctx, const PageList *list, json_t *model, GError **error) {
    const NamedAsk *ask = list->ask;
    json_put(model, "chips", json_array());
    if (ask->text != NULL) {
        g_autofree char *text = g_strdup_printf("“%s”", ask->text);
        page_list_chip(list, model, "q", text);
    }
    if (strcmp(ask->region, ask->scope) != 0) {
        g_autofree char *name = region_full_name(ctx->db, ask->region, error);
        if (name == NULL) {
            return false;
        }
        page_list_chip(list, model, "region", name);
    }
    return true;
}

void page_list_end_chips(const PageList *list, json_t *model) {
    bool any = json_array_size(json_object_get(model, "chips")) > 0;
    json_put_text(model, "clear_href", any ? list->path : NULL);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

typedef struct Rows {
    const NamedSource *source;
    const NamedPage *page;
} Rows;

static const void *row_at(const Rows *rows, guint at) {
    return rows->page->rows->data + at * rows->source->row_size;
}

static bool
put_rows(Ctx *ctx, const Rows *rows, PageListRow row_model, json_t *model, GError **error) {
    guint count = rows->page->rows == NULL ? 0 : rows->page->rows->len;
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < count; i++) {
        g_ptr_array_add(codes, (gpointer)rows->source->view(row_at(rows, i)).region);
    }
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    if (names == NULL) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = 0; i < count; i++) {
        json_t *row = row_model(ctx, row_at(rows, i));
        json_put_text(row, "place", g_hash_table_lookup(names, codes->pdata[i]));
        json_array_append_new(list, row);
    }
    json_put_bool(model, "has_rows", count > 0);
    json_put(model, "rows", list);
    return true;
}

static char *place_word(const char *word, const NamedPlace *place) {
    g_autofree char *text = named_place_format(place);
    g_autofree char *escaped = g_uri_escape_string(text, NULL, false);
    return g_strconcat(word, "=", escaped, NULL);
}

static void put_pager(const PageList *list, const NamedPage *page, json_t *model) {
    g_autofree char *base = list->words(list->query, NULL);
    g_autofree char *note = g_strdup_printf("每页 %d %s%s",
                                            LIMIT_PAGE_ROWS,
                                            list->measure,
                                            list->ask->text == NULL ? "" : "，按登记先后");
    g_autofree char *previous = page->has_previous ? place_word("before", &page->first) : NULL;
    g_autofree char *next = page->has_next ? place_word("after", &page->last) : NULL;
    PagerText text = {.path = list->path,
                      .query = base,
                      .previous = previous,
                      .next = next,
                      .has_first = list->ask->has_place,
                      .note = note};
    page_put_pager(model, &text);
    page_put_hidden(model, base, NULL);
    json_put_bool(model, "is_partial", page->is_partial);
    json_put_bool(model, "can_jump", list->ask->text == NULL);
    page_put_export(model, list->name, base);
}

bool page_list_fill(Ctx *ctx,
                    const PageList *list,
                    const NamedQuery *named,
                    PageListRow row_model,
                    const char *problem,
                    json_t *model,
                    GError **error) {
    g_auto(NamedPage) page = {0};
    if (problem == NULL && !named_list_page(ctx->db, named, LIMIT_PAGE_ROWS, &page, error)) {
        return false;
    }
    g_autofree char *place = region_full_name(ctx->db, list->ask->scope, error);
    if (place == NULL) {
        return false;
    }
    g_autofree char *count = page_count_text(page.n, page.n_is_more, list->measure);
    json_put_text(model, "count_text", count);
    json_put_text(model, "place", place);
    json_put_text(model, "problem", problem);
    json_put_bool(model, "may_edit", principal_may(ctx->who, list->permission));
    json_put_bool(model, "may_import", principal_may(ctx->who, PERM_IMPORT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    put_pager(list, &page, model);
    Rows rows = {.source = named->source, .page = &page};
    return put_rows(ctx, &rows, row_model, model, error);
}
