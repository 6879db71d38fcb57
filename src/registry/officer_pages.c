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
              {"undated", "执法证有效期未登记"},
              {"left", "不在岗"}};

static bool put_filters(Ctx *ctx, const OfficerQuery *query, json_t *model, GError **error) {
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", query->ask.text);
    if (!page_region_select(ctx->db, selects, query->ask.scope, query->ask.region, error)) {
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

static char *words(const void *query, const char *without) {
    return officer_query_string(query, without);
}

static PageList list_of(const OfficerQuery *query) {
    return (PageList){.path = PATH,
                      .name = "officers",
                      .measure = "人",
                      .permission = PERM_OFFICER_EDIT,
                      .ask = &query->ask,
                      .query = query,
                      .words = words};
}

static bool put_chips(Ctx *ctx, const OfficerQuery *query, json_t *model, GError **error) {
    PageList list = list_of(query);
    if (!page_list_start_chips(ctx, &list, model, error)) {
        return false;
    }
    if (query->filter.state != OFFICER_ANY) {
        page_list_chip(&list, model, "state", states[query->filter.state - 1].name_zh);
    }
    if (query->filter.leads) {
        page_list_chip(&list, model, "lead", "有主办资格");
    }
    page_list_end_chips(&list, model);
    return true;
}

typedef struct Standing {
    const char *state, *class, *icon;
} Standing;

static Standing standing_of(const Officer *officer, int64_t days) {
    if (!officer->in_post) {
        return (Standing){"不在岗", "", "user-off"};
    }
    if (officer->certificate_until == NULL) {
        return (Standing){"执法证有效期未登记", "b", "circle-x"};
    }
    if (days < 0) {
        return (Standing){"执法证已到期", "b", "circle-x"};
    }
    return days <= OFFICER_WARN_DAYS ? (Standing){"快到期", "w", "hourglass"}
                                     : (Standing){"在岗", "k", "user-check"};
}

/* What to do about the certificate of somebody in post; NULL: nothing. Caller frees. */
static char *warning_of(const Officer *officer, int64_t days) {
    if (!officer->in_post) {
        return NULL;
    }
    if (officer->certificate_until == NULL) {
        return g_strdup("执法证有效期未登记，不会被抽中，也不能记录检查结果。请登记有效期。");
    }
    if (days < 0) {
        return g_strdup("执法证已到期，不会被抽中，也不能执法。");
    }
    return days <= OFFICER_WARN_DAYS
               ? g_strdup_printf("执法证还有 %" G_GINT64_FORMAT " 天到期，请安排换证。", days)
               : NULL;
}

/* State in a word with class and icon of its tag, and what to do about it. */
static void put_state(json_t *model, const Officer *officer, const char *today) {
    int64_t days = officer_days_left(officer, today);
    Standing standing = standing_of(officer, days);
    g_autofree char *warning = warning_of(officer, days);
    json_put_text(model, "state", standing.state);
    json_put_text(model, "state_class", standing.class);
    json_put_text(model, "state_icon", standing.icon);
    json_put_text(model, "warning", warning);
    json_put_bool(model, "is_undated", officer->in_post && officer->certificate_until == NULL);
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

static json_t *row_model(const Ctx *ctx, const void *row) {
    g_autofree char *today = clock_format_date(ctx->now_us);
    json_t *model = json_object();
    put_facts(model, row, today);
    return model;
}

static bool
fill_list(Ctx *ctx, const OfficerQuery *query, const char *problem, json_t *model, GError **error) {
    NamedQuery named = officer_query_named(query);
    PageList list = list_of(query);
    return page_list_fill(ctx, &list, &named, row_model, problem, model, error) &&
           put_filters(ctx, query, model, error) && put_chips(ctx, query, model, error);
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
