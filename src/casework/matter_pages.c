/* The list of matters, and what all pages of matters share. */
#include "casework/matter_pages.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/region.h"

#include <string.h>

#define SOON_US (2 * CLOCK_DAY_US)

CaseActor matter_actor(const Ctx *ctx) {
    return (CaseActor){.account_id = ctx->who->account_id,
                       .officer_id = ctx->who->officer_id,
                       .agency_id = ctx->who->agency_id,
                       .roles = ctx->who->roles,
                       .region = ctx->who->region,
                       .now_us = ctx->now_us};
}

Response *matter_refuse(Ctx *ctx, const Request *req, const LawRefusal *refusal) {
    g_autoptr(GError) error = NULL;
    g_autofree char *marked = g_strdup_printf("%s: %s", refusal->rule, refusal->reason_zh);
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, marked);
    }
    g_autofree char *text =
        refusal->basis_zh == NULL
            ? g_strdup(refusal->reason_zh)
            : g_strdup_printf("%s（%s）", refusal->reason_zh, refusal->basis_zh);
    hz_fail(&error, HZ_ERROR_DENIED, "refused by rule %s", refusal->rule);
    return response_problem(error, text);
}

Response *matter_load(Ctx *ctx, const Request *req, Matter *ret_matter) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!casework_find(ctx->db, id, ret_matter, &error)) {
        return response_problem(error, NULL);
    }
    if (!region_is_inside(ret_matter->region, ctx->who->region)) {
        g_auto(LawRefusal) refusal = {.rule = "district", .reason_zh = g_strdup("不在您的辖区")};
        return matter_refuse(ctx, req, &refusal);
    }
    return NULL;
}

/* --- deadlines ----------------------------------------------------------------------------------
 */

static const char *clock_name(const LawBook *book, const Matter *matter) {
    const LawTerm *term = law_term_at(book, matter->due_clock, matter->opened_us, NULL);
    return term != NULL ? term->entry.name : "期限";
}

/* due_us of a day is the midnight after it. */
char *matter_due_text(int64_t due_us) {
    bool is_day = law_day_begin(law_day_of(due_us)) == due_us;
    return is_day ? clock_format_date(due_us - 1) : clock_format_minute(due_us);
}

json_t *matter_due_model(const Ctx *ctx, const Matter *matter, const LawBook *book) {
    if (matter->due_us == 0) {
        return json_null();
    }
    int64_t left_us = matter->due_us - ctx->now_us;
    int64_t days = left_us / CLOCK_DAY_US;
    g_autofree char *day = matter_due_text(matter->due_us);
    g_autofree char *text =
        left_us < 0 ? g_strdup_printf("已超期 %" G_GINT64_FORMAT " 天", -days + 1)
        : days == 0 ? g_strdup_printf("还有 %" G_GINT64_FORMAT " 小时",
                                      left_us / (INT64_C(3600) * CLOCK_SECOND_US))
                    : g_strdup_printf("还有 %" G_GINT64_FORMAT " 天", days);
    json_t *model = json_object();
    json_put_text(model, "text", text);
    json_put_text(model, "class", left_us < 0 ? "b" : left_us < SOON_US ? "w" : "k");
    json_put_text(model,
                  "icon",
                  left_us < 0         ? "clock-exclamation"
                  : left_us < SOON_US ? "hourglass"
                                      : "clock");
    json_put_text(model, "note_class", left_us < 0 ? "bad" : left_us < SOON_US ? "warn" : "");
    json_put_text(model, "day", day);
    json_put_text(model, "clock", clock_name(book, matter));
    return model;
}

/* --- the list -----------------------------------------------------------------------------------
 */

json_t *matter_kinds(const LawBook *book, const Ctx *ctx, const char *chosen) {
    json_t *options = json_array();
    g_autofree const char **ids = law_procedure_ids(book);
    for (unsigned i = 0; ids[i] != NULL; i++) {
        const LawProcedure *procedure = law_procedure_at(book, ids[i], ctx->now_us, NULL);
        if (procedure == NULL) {
            continue;
        }
        json_t *option = json_object();
        json_put_text(option, "value", ids[i]);
        json_put_text(option, "text", procedure->entry.name);
        json_put_bool(option, "is_selected", g_strcmp0(chosen, ids[i]) == 0);
        bool may_open = false;
        for (unsigned s = 0; s < procedure->step_count; s++) {
            const LawStep *step = &procedure->steps[s];
            may_open |= law_step_opens(step) && (step->roles & ctx->who->roles) != 0;
        }
        json_put_bool(option, "may_open", may_open);
        json_array_append_new(options, option);
    }
    return options;
}

json_t *matter_row_model(const Ctx *ctx, const Matter *matter) {
    json_t *row = json_object();
    const LawBook *book = casework_book(matter->region, NULL);
    const LawProcedure *procedure =
        book == NULL ? NULL : law_procedure_at(book, matter->kind, matter->opened_us, NULL);
    const LawState *state = procedure == NULL ? NULL : law_state(procedure, matter->state);
    g_autofree char *opened = clock_format_date(matter->opened_us);
    json_put_int(row, "id", matter->id);
    json_put_text(row, "number", matter->number);
    json_put_text(row, "title", matter->title);
    json_put_text(row, "kind_zh", procedure == NULL ? matter->kind : procedure->entry.name);
    json_put_text(row, "state_zh", state == NULL ? matter->state : state->name);
    json_put_bool(row, "is_closed", matter->is_closed);
    json_put_text(row, "opened", opened);
    json_put(row, "due", book == NULL ? json_null() : matter_due_model(ctx, matter, book));
    return row;
}

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

static char *next_href(const MatterQuery *query, const Matter *last, bool is_mine) {
    int64_t key;
    int64_t id;
    casework_place(query, last, &key, &id);
    return g_strdup_printf("/work/matters?%s%s%s%s%safter=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                           query->kind == NULL ? "" : "kind=",
                           query->kind == NULL ? "" : query->kind,
                           query->kind == NULL ? "" : "&",
                           query->closed ? "closed=1&" : "",
                           is_mine ? "mine=1&" : "",
                           key,
                           id);
}

static const char *sent(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

Response *matters_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    bool is_mine = g_strcmp0(sent(req, "mine"), "1") == 0;
    MatterQuery query = {.region = ctx->who->region,
                         .kind = sent(req, "kind"),
                         .account_id = is_mine ? ctx->who->account_id : 0,
                         .closed = g_strcmp0(sent(req, "closed"), "1") == 0,
                         .limit = LIMIT_PAGE_ROWS + 1};
    const LawBook *book = casework_book(ctx->who->region, &error);
    if (book == NULL) {
        return response_problem(error, NULL);
    }
    bool is_known =
        query.kind == NULL || law_procedure_at(book, query.kind, ctx->now_us, NULL) != NULL;
    if (!is_known || !read_place(req, &query)) {
        hz_fail(&error, HZ_ERROR_INVALID, "kind or place is not understood");
        return response_problem(error, "这个网址不完整，请从列表重新进入");
    }
    g_autoptr(GPtrArray) matters = casework_list(ctx->db, &query, &error);
    if (matters == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *rows = json_array();
    guint shown = MIN(matters->len, LIMIT_PAGE_ROWS);
    for (guint i = 0; i < shown; i++) {
        json_array_append_new(rows, matter_row_model(ctx, matters->pdata[i]));
    }
    g_autofree char *next = matters->len > LIMIT_PAGE_ROWS
                                ? next_href(&query, matters->pdata[shown - 1], is_mine)
                                : NULL;
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", shown > 0);
    json_put(model, "kinds", matter_kinds(book, ctx, query.kind));
    json_put_bool(model, "is_closed", query.closed);
    json_put_bool(model, "is_mine", is_mine);
    json_put_bool(model, "is_later", query.after_id != 0);
    json_put_text(model, "next", next);
    return response_page("casework/matters", model);
}
