/* The list of matters with its search and filters. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/matter_filter.h"
#include "casework/matter_pages.h"
#include "registry/region.h"

#include <string.h>

#define PATH "/work/matters"

/* --- filters ------------------------------------------------------------------------------------
 */

static void add_option(json_t *options, const char *value, const char *text, const char *chosen) {
    form_option(options, value, text, g_strcmp0(chosen == NULL ? "" : chosen, value) == 0);
}

/* Open ones by deadline, or the closed ones: one choice, because closed ones have no deadline. */
static json_t *due_options(const MatterFilter *filter) {
    json_t *options = json_array();
    add_option(options, "", "正在办", filter->query.closed ? "closed" : filter->due);
    for (DeskGroup group = DESK_OVER; group < DESK_GROUP_COUNT; group++) {
        add_option(options, desk_group_word(group), desk_group_zh(group), filter->due);
    }
    if (g_strcmp0(filter->due, MATTER_NEAR) == 0) {
        add_option(options, MATTER_NEAR, "今天和三个工作日内", filter->due);
    }
    if (filter->due_day != 0) {
        g_autofree char *text = g_strdup_printf("%s 到期", filter->due);
        add_option(options, filter->due, text, filter->due);
    }
    add_option(options, "closed", "已办结", filter->query.closed ? "closed" : "");
    return options;
}

static json_t *next_options(const MatterFilter *filter) {
    static const Role roles[] = {ROLE_INSPECTOR, ROLE_LEGAL_REVIEWER, ROLE_LEADER, ROLE_CLERK};
    json_t *options = json_array();
    add_option(options, "", "不限", filter->next);
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
        add_option(options, role_word(roles[i]), role_name_zh(roles[i]), filter->next);
    }
    return options;
}

static void put_filters(json_t *model, const MatterFilter *filter, const json_t *kinds) {
    json_t *selects = json_array();
    json_t *kind = json_array();
    json_t *mine = json_array();
    size_t i;
    json_t *one;
    add_option(kind, "", "全部种类", filter->kind);
    json_array_foreach(kinds, i, one) {
        add_option(
            kind, json_get_text(one, "value", ""), json_get_text(one, "text", ""), filter->kind);
    }
    add_option(mine, "", "辖区内全部", filter->is_mine ? "1" : "");
    add_option(mine, "1", "我办过的", filter->is_mine ? "1" : "");
    form_select(selects, "kind", "种类", kind);
    form_select(selects, "due", "进度", due_options(filter));
    form_select(selects, "next", "轮到", next_options(filter));
    form_select(selects, "mine", "谁的", mine);
    json_put(model, "selects", selects);
}

/* Takes `text` over. */
static void add_chip(json_t *chips, const MatterFilter *filter, const char *word, char *text) {
    json_t *chip = json_object();
    g_autofree char *own = text;
    g_autofree char *words = matter_filter_words(filter, word);
    g_autofree char *href = g_strconcat(PATH "?", words, NULL);
    json_put_text(chip, "text", own);
    json_put_text(chip, "href", href);
    json_array_append_new(chips, chip);
}

/* What is on and not in a select: a person or a region that another page has linked. */
static void put_chips(Ctx *ctx, json_t *model, const MatterFilter *filter, guint shown) {
    json_t *chips = json_array();
    g_autofree char *count = g_strdup_printf("这一页 %u 件", shown);
    if (filter->person != NULL) {
        g_autofree char *name = matter_account_name(ctx->db, filter->query.account_id);
        add_chip(chips, filter, "person", g_strdup_printf("%s办过的", name));
    }
    if (filter->region != NULL) {
        char *name = region_full_name(ctx->db, filter->region, NULL);
        add_chip(chips, filter, "region", name != NULL ? name : g_strdup(filter->region));
    }
    g_autofree char *words = matter_filter_words(filter, NULL);
    json_put(model, "chips", chips);
    json_put_text(model, "count_text", count);
    json_put_text(model, "clear_href", words[0] == '\0' ? NULL : PATH);
}

/* --- the page -----------------------------------------------------------------------------------
 */

static bool read_place(const Request *req, MatterQuery *query) {
    const char *after = request_query(req, "after");
    char *end = NULL;
    if (after == NULL) {
        return true;
    }
    query->after_key = g_ascii_strtoll(after, &end, 10);
    query->after_id = *end == '.' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
    return query->after_id > 0;
}

static void put_pager(json_t *model, const MatterFilter *filter, const MatterPage *page) {
    g_autoptr(json_t) pager = json_object();
    g_autofree char *words = matter_filter_words(filter, NULL);
    const char *mark = words[0] == '\0' ? "" : "&";
    g_autofree char *first =
        filter->query.after_id == 0 ? NULL : g_strconcat(PATH "?", words, NULL);
    g_autofree char *next = page->next_id == 0 ? NULL
                                               : g_strdup_printf(PATH "?%s%safter=%" G_GINT64_FORMAT
                                                                      ".%" G_GINT64_FORMAT,
                                                                 words,
                                                                 mark,
                                                                 page->next_key,
                                                                 page->next_id);
    g_autofree char *csv = g_strconcat("/work/export?list=matters&format=csv", mark, words, NULL);
    g_autofree char *xlsx = g_strconcat("/work/export?list=matters&format=xlsx", mark, words, NULL);
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "每页 50 件");
    bool is_needed = first != NULL || next != NULL;
    json_put(model, "pager", is_needed ? json_incref(pager) : json_null());
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
}

static const char *order_zh(const MatterFilter *filter) {
    return filter->q != NULL      ? "符合的，最新的在前"
           : filter->query.closed ? "已经办结的，最近的在前"
                                  : "正在办的，最先到期的在前";
}

static const char *get_word(const void *from, const char *name) {
    return request_query((const Request *)from, name);
}

static void put_rows(const Ctx *ctx, json_t *model, const MatterPage *page) {
    json_t *rows = json_array();
    guint count = page->rows == NULL ? 0 : page->rows->len;
    for (guint i = 0; i < count; i++) {
        json_array_append_new(rows, matter_row_model(ctx, page->rows->pdata[i]));
    }
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", count > 0);
    json_put_bool(model, "is_partial", page->next_id != 0 && count < LIMIT_PAGE_ROWS);
}

Response *matters_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(MatterFilter) filter = {0};
    g_auto(MatterPage) page = {0};
    MatterReader reader = {
        ctx->who->region, ctx->who->account_id, ctx->now_us, ctx->who->officer_id};
    const LawBook *book = casework_book(ctx->who->region, &error);
    if (book == NULL) {
        return response_problem(error, NULL);
    }
    const char *problem = matter_filter_read(get_word, req, &reader, &filter);
    bool is_known =
        filter.kind == NULL || law_procedure_at(book, filter.kind, ctx->now_us, NULL) != NULL;
    if (!is_known || !read_place(req, &filter.query)) {
        hz_fail(&error, HZ_ERROR_INVALID, "kind or place is not understood");
        return response_problem(error, "这个网址不完整，请从列表重新进入");
    }
    if (problem == NULL && !casework_list_page(ctx->db, &filter.query, &page, &error)) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *kinds = matter_kinds(book, ctx, filter.kind);
    put_rows(ctx, model, &page);
    put_filters(model, &filter, kinds);
    put_chips(ctx, model, &filter, page.rows == NULL ? 0 : page.rows->len);
    put_pager(model, &filter, &page);
    json_put(model, "kinds", kinds);
    json_put_text(model, "q", filter.q);
    json_put_text(model, "problem", problem);
    json_put_text(model, "order", order_zh(&filter));
    json_put_bool(model, "is_closed", filter.query.closed);
    json_put_bool(model,
                  "is_filtered",
                  filter.q != NULL || filter.kind != NULL || filter.due != NULL ||
                      filter.next != NULL || filter.query.account_id != 0);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    return response_page_status(problem == NULL ? 200 : 422, "casework/matters", model);
}
