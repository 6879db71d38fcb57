/* The list of inspections with its search and filters, and the way from one to its matter. */
#include "base/error.h"
#include "base/limits.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_rules.h"

#include <string.h>

#define PATH "/work/inspections"

typedef struct ListQuery {
    InspectionFilter filter;
    const char *text;  /* as typed; NULL: no search */
    const char *state; /* word; NULL: all */
    bool is_mine;
    SearchTerms terms;
} ListQuery;

static void list_query_clear(ListQuery *query) {
    search_terms_clear(&query->terms);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ListQuery, list_query_clear)

/* A sentence for the reader when the search makes no sense; else NULL. */
static const char *read_search(const Request *req, ListQuery *query) {
    const char *text = request_query(req, "q");
    if (text == NULL || text[strspn(text, " ")] == '\0') {
        return NULL;
    }
    query->text = text;
    query->filter.terms = &query->terms;
    if (strlen(text) > LIMIT_SEARCH_TEXT) {
        return "搜索的字太多，最多写 60 个字";
    }
    return search_terms_parse(text, &query->terms) ? NULL : "搜索至少写两个连续的字";
}

static void read_filters(Ctx *ctx, const Request *req, ListQuery *query) {
    InspectionState state;
    const char *word = request_query(req, "state");
    query->filter =
        (InspectionFilter){.region = ctx->who->region, .state = -1, .limit = LIMIT_PAGE_ROWS};
    if (inspection_state_parse(word, &state)) {
        query->filter.state = (int)state;
        query->state = inspection_state_word(state);
    }
    query->is_mine = g_strcmp0(request_query(req, "mine"), "1") == 0 && ctx->who->officer_id != 0;
    query->filter.officer_id = query->is_mine ? ctx->who->officer_id : 0;
    const char *after = request_query(req, "after");
    g_auto(GStrv) parts = g_strsplit(after == NULL ? "" : after, ".", 2);
    if (g_strv_length(parts) == 2) {
        query->filter.after_due_us = g_ascii_strtoll(parts[0], NULL, 10);
        query->filter.after_id = g_ascii_strtoll(parts[1], NULL, 10);
    }
}

static void put_filters(Ctx *ctx, json_t *model, const ListQuery *query) {
    json_t *selects = json_array();
    json_t *states = json_array();
    form_option(states, "", "全部状态", query->state == NULL);
    for (unsigned state = 0; state < INSPECTION_STATE_COUNT; state++) {
        const char *word = inspection_state_word((InspectionState)state);
        form_option(states,
                    word,
                    inspection_state_zh((InspectionState)state),
                    g_strcmp0(word, query->state) == 0);
    }
    form_select(selects, "state", "状态", states);
    if (ctx->who->officer_id != 0) {
        json_t *people = json_array();
        form_option(people, "", "全部人员", !query->is_mine);
        form_option(people, "1", "我承办的", query->is_mine);
        form_select(selects, "mine", "承办", people);
    }
    json_put(model, "selects", selects);
}

/* --- the list ----------------------------------------------------------------------------------
 */

static void add_word(GString *out, const char *name, const char *value) {
    if (value != NULL) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

/* "q=…&state=…&mine=1" without empty words and without a place. Caller frees. */
static char *query_string(const ListQuery *query) {
    GString *out = g_string_new(NULL);
    add_word(out, "q", query->text);
    add_word(out, "state", query->state);
    add_word(out, "mine", query->is_mine ? "1" : NULL);
    return g_string_free(out, FALSE);
}

static void put_pager(json_t *model, const ListQuery *query, const InspectionPage *page) {
    g_autoptr(json_t) pager = json_object();
    g_autofree char *words = query_string(query);
    const char *mark = *words == '\0' ? "" : "&";
    g_autofree char *first =
        query->filter.after_id == 0 ? NULL : g_strconcat(PATH "?", words, NULL);
    g_autofree char *next = page->next_id == 0 ? NULL
                                               : g_strdup_printf(PATH "?%s%safter=%" G_GINT64_FORMAT
                                                                      ".%" G_GINT64_FORMAT,
                                                                 words,
                                                                 mark,
                                                                 page->next_due_us,
                                                                 page->next_id);
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(
        pager, "note", query->text == NULL ? "按期限排序，每页 50 件" : "按编号排序，每页 50 件");
    bool is_needed = first != NULL || next != NULL || (page->rows != NULL && page->rows->len > 0);
    json_put(model, "pager", is_needed ? json_incref(pager) : json_null());
    g_autofree char *csv =
        g_strconcat("/work/export?list=inspections&format=csv", mark, words, NULL);
    g_autofree char *xlsx =
        g_strconcat("/work/export?list=inspections&format=xlsx", mark, words, NULL);
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
}

static void put_rows(json_t *model, const InspectionPage *page, int64_t now_us) {
    json_t *items = json_array();
    guint count = page->rows == NULL ? 0 : page->rows->len;
    for (guint i = 0; i < count; i++) {
        json_array_append_new(items, inspection_model(page->rows->pdata[i], now_us));
    }
    json_put(model, "inspections", items);
    json_put_bool(model, "has_inspections", count > 0);
    json_put_bool(model, "is_partial", page->next_id != 0 && count < LIMIT_PAGE_ROWS);
}

Response *inspections_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ListQuery) query = {.state = NULL};
    g_auto(InspectionPage) page = {.rows = NULL};
    read_filters(ctx, req, &query);
    const char *problem = read_search(req, &query);
    if (problem == NULL && !inspection_list_page(ctx->db, &query.filter, &page, &error)) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) model = json_object();
    json_put_text(model, "q", query.text);
    json_put_text(model, "problem", problem);
    put_rows(model, &page, ctx->now_us);
    put_filters(ctx, model, &query);
    put_pager(model, &query, &page);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    return response_page_status(
        problem == NULL ? 200 : 422, "inspection/inspections", g_steal_pointer(&model));
}

/* --- one inspection ----------------------------------------------------------------------------
 */

static Response *to_matter(const Inspection *inspection) {
    g_autofree char *href =
        g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, inspection->matter_id);
    return response_redirect(href);
}

Response *inspection_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    if (inspection->matter_id != 0 && !inspection_is_old_result(inspection)) {
        return to_matter(inspection);
    }
    g_autoptr(json_t) model = inspection_model(inspection, ctx->now_us);
    json_put_bool(model, "may_see_draw", principal_may(ctx->who, PERM_PLAN_VIEW));
    return put_answers(ctx->db, model, inspection, &error)
               ? response_page("inspection/inspection", g_steal_pointer(&model))
               : response_problem(error, NULL);
}

Response *inspection_moved(Ctx *ctx, const Request *req) {
    static const char *const old[] = {"check", "publish", "close", NULL};
    Response *refusal = NULL;
    if (!g_strv_contains(old, request_arg(req, "old"))) {
        return response_not_found();
    }
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    g_autofree char *href = g_strdup_printf("/work/inspections/%" G_GINT64_FORMAT, inspection->id);
    return inspection->matter_id != 0 ? to_matter(inspection) : response_redirect(href);
}
