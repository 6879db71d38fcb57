/* Plans on the officers' side: list, one plan, publication. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include "draw/draw_pages.h"
#include "ledger/ledger.h"
#include "registry/pool.h"

#include <string.h>

/* The plan of {id} if the reader may see it; else NULL and *ret_refusal. */
static Plan *wanted_plan(Ctx *ctx, const Request *req, Response **ret_refusal) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refusal = response_not_found();
        return NULL;
    }
    g_autoptr(Plan) plan = plan_find(ctx->db, id, &error);
    if (plan == NULL) {
        *ret_refusal = response_problem(error, NULL);
        return NULL;
    }
    if (!draw_may_see(ctx->who, plan->region)) {
        *ret_refusal = response_not_found();
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* --- list ------------------------------------------------------------------------------------ */

static void add_option(json_t *options, const char *value, const char *text, const char *chosen) {
    form_option(options, value, text, g_strcmp0(value, chosen != NULL ? chosen : "") == 0);
}

static json_t *select_model(const char *name, const char *label, json_t *options) {
    json_t *model = json_object();
    json_put_text(model, "name", name);
    json_put_text(model, "label", label);
    json_put(model, "options", options);
    return model;
}

static void put_filters(json_t *model, const char *year, const char *state, int this_year) {
    json_t *years = json_array();
    add_option(years, "", "全部年度", year);
    for (int one = this_year + 1; one >= this_year - 4; one--) {
        g_autofree char *value = g_strdup_printf("%d", one);
        add_option(years, value, value, year);
    }
    json_t *states = json_array();
    add_option(states, "", "全部状态", state);
    for (int one = 0; one < PLAN_STATE_COUNT; one++) {
        add_option(states, plan_state_word((PlanState)one), plan_state_zh((PlanState)one), state);
    }
    json_t *selects = json_array();
    json_array_append_new(selects, select_model("year", "年度", years));
    json_array_append_new(selects, select_model("state", "状态", states));
    json_put(model, "selects", selects);
}

static int64_t query_number(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    guint64 number = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL)) {
        return 0;
    }
    return (int64_t)number;
}

Response *plans_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    PlanState state = PLAN_DRAFT;
    bool has_state = plan_state_parse(request_query(req, "state"), &state);
    PlanFilter filter = {.year = query_number(req, "year"),
                         .state = has_state ? (int)state : -1,
                         .before_id = query_number(req, "after"),
                         .limit = LIMIT_PAGE_ROWS};
    g_autoptr(GPtrArray) plans = plan_list(ctx->db, &filter, &error);
    if (plans == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *items = json_array();
    int64_t last_id = 0;
    for (guint i = 0; i < plans->len; i++) {
        const Plan *plan = g_ptr_array_index(plans, i);
        last_id = plan->id;
        if (draw_may_see(ctx->who, plan->region)) {
            json_array_append_new(items, plan_model(ctx->db, plan));
        }
    }
    g_autofree char *path = g_strdup_printf("/work/plans?year=%s&state=%s",
                                            filter.year != 0 ? request_query(req, "year") : "",
                                            has_state ? plan_state_word(state) : "");
    json_put_bool(model, "has_plans", json_array_size(items) > 0);
    json_put(model, "plans", items);
    put_filters(
        model, request_query(req, "year"), request_query(req, "state"), clock_year(ctx->now_us));
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_PLAN_EDIT));
    draw_put_pager(model, path, plans->len == LIMIT_PAGE_ROWS ? last_id : 0, "每页 50 份");
    return response_page("draw/plans", model);
}

/* --- one plan -------------------------------------------------------------------------------- */

static json_t *quota_rows(const Plan *plan, const int64_t *counts) {
    json_t *rows = json_array();
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        int64_t count = counts[category != NULL ? category->id : 0];
        g_autofree char *coverage = number_percent(MIN(quota->quota, count), count);
        json_t *row = json_object();
        json_put_text(row, "stratum", quota->stratum);
        json_put_text(row, "stratum_zh", draw_stratum_zh(quota->stratum));
        json_put_count(row, "count_text", count);
        json_put_count(row, "quota_text", quota->quota);
        json_put_count(row, "reserves_text", quota->reserves);
        json_put_text(row, "coverage", coverage);
        json_put_bool(row, "is_short", quota->quota > count);
        json_put_int(row, "drawn_by", quota->drawn_by);
        json_array_append_new(rows, row);
    }
    return rows;
}

Response *plan_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, req, &refusal);
    if (plan == NULL) {
        return refusal;
    }
    int64_t counts[CATEGORY_COUNT];
    if (!pool_count(ctx->db, plan->object_kind, plan->region, counts, &error)) {
        return response_problem(error, NULL);
    }
    bool may_act = draw_may_act(ctx->who, plan->region);
    bool is_published = plan->state == PLAN_PUBLISHED;
    json_t *model = plan_model(ctx->db, plan);
    bool has_open = json_get_int(model, "open_strata", 0) > 0;
    g_autofree char *object = g_strdup_printf("plan:%" G_GINT64_FORMAT, plan->id);
    json_put(model, "quotas", quota_rows(plan, counts));
    json_put(model, "proof", ledger_badge(ctx->db, object));
    json_put_bool(model,
                  "may_publish",
                  plan->state == PLAN_DRAFT && may_act && principal_may(ctx->who, PERM_PUBLISH));
    json_put_bool(model,
                  "may_draw",
                  is_published && has_open && may_act && principal_may(ctx->who, PERM_DRAW_RUN));
    json_put_bool(
        model, "may_revise", is_published && may_act && principal_may(ctx->who, PERM_PLAN_EDIT));
    json_put_bool(model, "all_drawn", !has_open);
    return response_page("draw/plan", model);
}

/* --- publication ----------------------------------------------------------------------------- */

Response *plan_publish_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, req, &refusal);
    if (plan == NULL) {
        return refusal;
    }
    return response_page("draw/plan_publish", plan_model(ctx->db, plan));
}

typedef struct PlanAct {
    int64_t id;
    const char *actor;
    int64_t now_us;
} PlanAct;

static bool publish_work(Db *db, void *data, GError **error) {
    const PlanAct *act = data;
    return plan_publish(db, act->id, act->actor, act->now_us, error);
}

Response *plan_publish_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, req, &refusal);
    if (plan == NULL) {
        return refusal;
    }
    if (!draw_may_act(ctx->who, plan->region)) {
        hz_fail(&error, HZ_ERROR_DENIED, "the plan is outside this account's region");
        return response_problem(error, "这份计划不在您的管辖区域内，不能由您公开。");
    }
    g_autofree char *actor = draw_actor(ctx);
    PlanAct act = {plan->id, actor, ctx->now_us};
    if (!db_run_tx(ctx->db, publish_work, &act, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, is_conflict ? "这份计划已经公开过了。" : NULL);
    }
    g_autofree char *path = g_strdup_printf("/work/plans/%" G_GINT64_FORMAT, plan->id);
    return response_redirect_flash(
        path, "计划已公开，编号 P%" G_GINT64_FORMAT "，从现在起不能再改。", plan->id);
}
