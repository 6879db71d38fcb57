/* The officer library: list, one officer. Forms are in officer_form_pages.c. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/officer_list.h"
#include "registry/registry_pages.h"

#include <string.h>

#define PATH "/work/officers"

/* --- the list -----------------------------------------------------------------------------------
 */

static const struct {
    const char *word, *name_zh;
} states[] = {{"serving", "在岗，执法证有效"},
              {"expiring", "执法证 30 天内到期"},
              {"expired", "执法证已到期"},
              {"left", "不在岗"}};

static bool put_filters(Ctx *ctx, const OfficerQuery *query, json_t *model, GError **error) {
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", query->text);
    if (!page_region_select(ctx->db, selects, query->scope, query->region, error)) {
        return false;
    }
    json_t *state = page_select(selects, "state", "状态");
    page_option(state, "", "全部", query->state_word);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        page_option(state, states[i].word, states[i].name_zh, query->state_word);
    }
    json_t *lead = page_select(selects, "lead", "主办资格");
    page_option(lead, "", "不限", query->filter.leads ? "1" : "");
    page_option(lead, "1", "有", query->filter.leads ? "1" : "");
    return true;
}

static void add_chip(json_t *model, const OfficerQuery *query, const char *name, const char *text) {
    g_autofree char *rest = officer_query_string(query, name);
    page_add_chip(model, text, PATH, rest);
}

static bool put_chips(Ctx *ctx, const OfficerQuery *query, json_t *model, GError **error) {
    json_put(model, "chips", json_array());
    if (query->text != NULL) {
        g_autofree char *text = g_strdup_printf("“%s”", query->text);
        add_chip(model, query, "q", text);
    }
    if (strcmp(query->region, query->scope) != 0) {
        g_autofree char *name = region_full_name(ctx->db, query->region, error);
        if (name == NULL) {
            return false;
        }
        add_chip(model, query, "region", name);
    }
    if (query->filter.state != OFFICER_ANY) {
        add_chip(model, query, "state", states[query->filter.state - 1].name_zh);
    }
    if (query->filter.leads) {
        add_chip(model, query, "lead", "有主办资格");
    }
    json_put_text(
        model, "clear_href", json_array_size(json_object_get(model, "chips")) > 0 ? PATH : NULL);
    return true;
}

/* State in a word with class and icon of its tag, and what to do about it. */
static void put_state(json_t *model, const Officer *officer, const char *today) {
    int64_t days = officer_days_left(officer, today);
    bool soon = days >= 0 && days <= OFFICER_WARN_DAYS;
    const char *state = !officer->in_post ? "不在岗"
                        : days < 0        ? "执法证已到期"
                        : soon            ? "快到期"
                                          : "在岗";
    g_autofree char *left =
        soon ? g_strdup_printf("执法证还有 %" G_GINT64_FORMAT " 天到期，请安排换证。", days) : NULL;
    json_put_text(model, "state", state);
    json_put_text(model, "state_class", !officer->in_post ? "" : days < 0 ? "b" : soon ? "w" : "k");
    json_put_text(model,
                  "state_icon",
                  !officer->in_post ? "user-off"
                  : days < 0        ? "circle-x"
                  : soon            ? "hourglass"
                                    : "user-check");
    json_put_text(model,
                  "warning",
                  officer->in_post && days < 0 ? "执法证已到期，不会被抽中，也不能执法。" : left);
}

static void put_facts(json_t *model, const Officer *officer, const char *today) {
    json_put_int(model, "id", officer->id);
    json_put_text(model, "name", officer->name);
    json_put_text(model, "certificate", officer->certificate);
    json_put_text(model, "until", page_text(officer->certificate_until, "未登记"));
    json_put_text(model, "agency", page_text(officer->agency_name, "未登记"));
    json_put_text(model, "region", officer->region);
    json_put_text(model, "lead", officer->can_lead ? "有" : "没有");
    json_put_text(model, "phone", page_text(officer->phone, "未登记"));
    put_state(model, officer, today);
}

static bool put_rows(Ctx *ctx, const OfficerPage *page, json_t *model, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < page->officers->len; i++) {
        g_ptr_array_add(codes, (gpointer)g_array_index(page->officers, Officer, i).region);
    }
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    if (names == NULL) {
        return false;
    }
    g_autofree char *today = clock_format_date(ctx->now_us);
    json_t *rows = json_array();
    for (guint i = 0; i < page->officers->len; i++) {
        const Officer *officer = &g_array_index(page->officers, Officer, i);
        json_t *row = json_object();
        put_facts(row, officer, today);
        json_put_text(row, "place", g_hash_table_lookup(names, officer->region));
        json_array_append_new(rows, row);
    }
    json_put_bool(model, "has_rows", json_array_size(rows) > 0);
    json_put(model, "rows", rows);
    return true;
}

static void put_pager(const OfficerQuery *query, const OfficerPage *page, json_t *model) {
    g_autofree char *base = officer_query_string(query, NULL);
    PagerText text = {.path = PATH,
                      .query = base,
                      .has_first = query->has_place,
                      .note = query->text != NULL ? "每页 50 人，按登记先后" : "每页 50 人"};
    g_autofree char *before = named_place_format(&page->first);
    g_autofree char *after = named_place_format(&page->last);
    g_autofree char *before_escaped = g_uri_escape_string(before, NULL, false);
    g_autofree char *after_escaped = g_uri_escape_string(after, NULL, false);
    g_autofree char *previous = g_strconcat("before=", before_escaped, NULL);
    g_autofree char *next = g_strconcat("after=", after_escaped, NULL);
    text.previous = page->has_previous ? previous : NULL;
    text.next = page->has_next ? next : NULL;
    page_put_pager(model, &text);
    page_put_hidden(model, base, NULL);
    json_put_bool(model, "is_partial", page->is_partial);
    json_put_bool(model, "can_jump", query->text == NULL);
    page_put_export(model, "officers", base);
}

static bool
fill_list(Ctx *ctx, const OfficerQuery *query, const char *problem, json_t *model, GError **error) {
    g_auto(OfficerPage) page = {.officers = g_array_new(FALSE, FALSE, sizeof(Officer))};
    int64_t n = 0;
    bool more = false;
    if (problem == NULL) {
        officer_page_clear(&page);
        if (!officer_list_page(ctx->db, query, LIMIT_PAGE_ROWS, &page, error) ||
            !officer_list_count(ctx->db, query, &n, &more, error)) {
            return false;
        }
    }
    g_autofree char *count = page_count_text(n, more, "人");
    g_autofree char *place = region_full_name(ctx->db, query->scope, error);
    if (place == NULL) {
        return false;
    }
    json_put_text(model, "count_text", count);
    json_put_text(model, "place", place);
    json_put_text(model, "problem", problem);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_OFFICER_EDIT));
    json_put_bool(model, "may_import", principal_may(ctx->who, PERM_IMPORT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    put_pager(query, &page, model);
    return put_filters(ctx, query, model, error) && put_chips(ctx, query, model, error) &&
           put_rows(ctx, &page, model, error);
}

Response *officers_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(OfficerQuery) query = {0};
    const char *problem;
    bool denied;
    officer_query_parse(
        page_get_query, req, ctx->who->region, ctx->now_us, &query, &problem, &denied);
    if (denied) {
        return page_refuse(ctx, req, problem);
    }
    if (query.region[0] == '\0') {
        memcpy(query.region, query.scope, sizeof query.region);
    }
    g_autoptr(json_t) model = json_object();
    if (!fill_list(ctx, &query, problem, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page_status(
        problem == NULL ? 200 : 422, "registry/officers", g_steal_pointer(&model));
}

/* --- one officer --------------------------------------------------------------------------------
 */

Response *officer_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Officer) officer = {0};
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!officer_find(ctx->db, id, &officer, &error)) {
        return response_problem(error, NULL);
    }
    Response *refused = page_refuse_scope(ctx, req, officer.region);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *object = g_strdup_printf("officer:%" G_GINT64_FORMAT, id);
    g_autofree char *place = region_full_name(ctx->db, officer.region, &error);
    g_autofree char *today = clock_format_date(ctx->now_us);
    put_facts(model, &officer, today);
    json_put_text(model, "place", place);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_OFFICER_EDIT));
    page_put_day(model, "created", officer.created_us, "未登记");
    page_put_day(model, "changed", officer.changed_us, "未登记");
    if (place == NULL || !page_put_proof(ctx->db, model, object, &error) ||
        !page_put_history(ctx->db, model, "officer", id, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("registry/officer", g_steal_pointer(&model));
}
