/* Beginning a draw: the form, the page that says what will happen, and the freezing. */
#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "draw/draw_pages.h"
#include "draw/draw_rules.h"
#include "registry/pool.h"

#include <string.h>

#define OFFICER_CAP_DEFAULT "60"

/* What stands in the form; texts are owned. */
typedef struct DrawForm {
    char *title, *date_from, *date_to, *mode, *hash, *officer_cap, *rotate;
    GPtrArray *strata; /* NULL-terminated for draw_freeze; owned texts */
} DrawForm;

static void draw_form_clear(DrawForm *form) {
    g_free(form->title);
    g_free(form->date_from);
    g_free(form->date_to);
    g_free(form->mode);
    g_free(form->hash);
    g_free(form->officer_cap);
    g_free(form->rotate);
    g_clear_pointer(&form->strata, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DrawForm, draw_form_clear)

static bool has_stratum(const DrawForm *form, const char *stratum) {
    for (guint i = 0; i < form->strata->len; i++) {
        if (g_strcmp0(g_ptr_array_index(form->strata, i), stratum) == 0) {
            return true;
        }
    }
    return false;
}

/* --- the plan -------------------------------------------------------------------------------- */

static Plan *wanted_plan(Ctx *ctx, const char *text, Response **ret_refusal) {
    g_autoptr(GError) error = NULL;
    guint64 id = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &id, NULL)) {
        *ret_refusal = response_redirect("/work/plans?state=published");
        return NULL;
    }
    g_autoptr(Plan) plan = plan_find(ctx->db, (int64_t)id, &error);
    if (plan == NULL) {
        *ret_refusal = response_problem(error, NULL);
        return NULL;
    }
    if (!draw_may_act(ctx->who, plan->region)) {
        hz_fail(&error, HZ_ERROR_DENIED, "the plan is outside this account's region");
        *ret_refusal = response_problem(error, "这份计划不在您的管辖区域内，不能由您抽取。");
        return NULL;
    }
    if (plan->state != PLAN_PUBLISHED) {
        hz_fail(&error, HZ_ERROR_CONFLICT, "only a published plan can be drawn");
        *ret_refusal = response_problem(error, "计划公开以后才能抽取。先到计划页公开它。");
        return NULL;
    }
    return g_steal_pointer(&plan);
}

/* --- the view model -------------------------------------------------------------------------- */

static json_t *stratum_rows(const Plan *plan, const DrawForm *form, const int64_t *counts) {
    json_t *rows = json_array();
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        json_t *row = json_object();
        json_put_text(row, "stratum", quota->stratum);
        json_put_text(row, "stratum_zh", draw_stratum_zh(quota->stratum));
        json_put_count(row, "quota_text", quota->quota);
        json_put_count(row, "reserves_text", quota->reserves);
        json_put_count(row, "count_text", counts[category != NULL ? category->id : 0]);
        json_put_int(row, "drawn_by", quota->drawn_by);
        json_put_bool(row, "is_chosen", quota->drawn_by == 0 && has_stratum(form, quota->stratum));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *form_model(
    Ctx *ctx, const Plan *plan, const DrawForm *form, FormProblems *problems, GError **error) {
    int64_t counts[CATEGORY_COUNT];
    if (!pool_count(ctx->db, plan->object_kind, plan->region, counts, error)) {
        return NULL;
    }
    json_t *model = json_object();
    json_put(model, "plan", plan_model(ctx->db, plan));
    form_field(model, "title", form->title, problems);
    form_field(model, "date_from", form->date_from, problems);
    form_field(model, "date_to", form->date_to, problems);
    form_field(model, "officer_cap", form->officer_cap, problems);
    form_field(model, "rotate", form->rotate, problems);
    json_put_bool(model, "is_sealed", strcmp(form->mode, "open") != 0);
    json_put_bool(model, "is_open", strcmp(form->mode, "open") == 0);
    json_put_text(model, "mode", form->mode);
    form_field(model, "strata", "", problems);
    json_put_bool(model, "is_sm3", strcmp(form->hash, "sha256") != 0);
    json_put_bool(model, "is_sha256", strcmp(form->hash, "sha256") == 0);
    json_put_text(model, "hash", form->hash);
    json_put(model, "rows", stratum_rows(plan, form, counts));
    json_put(model, "problems", json_null());
    return model;
}

/* --- the form -------------------------------------------------------------------------------- */

static void fill_fresh(Ctx *ctx, const Plan *plan, DrawForm *form) {
    form->title = g_strdup_printf("%s：随机抽查", plan->title);
    form->date_from = clock_format_date(ctx->now_us + CLOCK_DAY_US);
    form->date_to = clock_format_date(ctx->now_us + 31 * CLOCK_DAY_US);
    form->mode = g_strdup("sealed");
    form->rotate = g_strdup("1");
    form->hash = g_strdup("sm3");
    form->officer_cap = g_strdup(OFFICER_CAP_DEFAULT);
    form->strata = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < plan->quotas->len; i++) {
        g_ptr_array_add(form->strata, g_strdup(g_array_index(plan->quotas, PlanQuota, i).stratum));
    }
}

Response *draw_new_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, request_query(req, "plan"), &refusal);
    if (plan == NULL) {
        return refusal;
    }
    g_auto(DrawForm) form = {0};
    fill_fresh(ctx, plan, &form);
    json_t *model = form_model(ctx, plan, &form, NULL, &error);
    return model != NULL ? response_page("draw/draw_new", model) : response_problem(error, NULL);
}

static void read_form(const Request *req, DrawForm *form) {
    form->title = draw_form_text(req, "title");
    form->date_from = draw_form_text(req, "date_from");
    form->date_to = draw_form_text(req, "date_to");
    form->mode = draw_form_text(req, "mode");
    form->rotate = draw_form_text(req, "rotate");
    form->hash = draw_form_text(req, "hash");
    form->officer_cap = draw_form_text(req, "officer_cap");
    form->strata = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) chosen = request_form_all(req, "strata");
    for (guint i = 0; i < chosen->len; i++) {
        g_ptr_array_add(form->strata, g_strdup(g_ptr_array_index(chosen, i)));
    }
}

static bool is_day(const char *text) {
    int64_t time_us = 0;
    return strlen(text) == 10 && clock_parse(text, &time_us);
}

static void check_strata(const Plan *plan, const DrawForm *form, FormProblems *problems) {
    bool is_wrong = form->strata->len == 0;
    for (guint i = 0; i < form->strata->len; i++) {
        const char *stratum = g_ptr_array_index(form->strata, i);
        bool is_open = false;
        for (guint q = 0; q < plan->quotas->len; q++) {
            const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, q);
            is_open |= strcmp(quota->stratum, stratum) == 0 && quota->drawn_by == 0;
        }
        is_wrong |= !is_open;
    }
    if (is_wrong) {
        form_problem_add(problems, "strata", "选这次要抽的类别；抽过的类别不能再抽");
    }
}

static void check_form(Ctx *ctx, const Plan *plan, const DrawForm *form, FormProblems *problems) {
    g_autofree char *today = clock_format_date(ctx->now_us);
    guint64 cap = 0;
    if (form->title[0] == '\0' || strlen(form->title) > 200) {
        form_problem_add(problems, "title", "写这次抽查的名称，最多 66 个字");
    }
    if (!is_day(form->date_from) || strcmp(form->date_from, today) < 0) {
        form_problem_add(problems, "date_from", "检查开始日写今天或以后的日期，例如 %s", today);
    }
    if (!is_day(form->date_to) || strcmp(form->date_to, form->date_from) < 0) {
        form_problem_add(problems, "date_to", "检查结束日不能早于开始日");
    }
    if (!g_ascii_string_to_unsigned(form->officer_cap, 10, 1, 10000, &cap, NULL)) {
        form_problem_add(problems, "officer_cap", "每人上限写 1 至 10000 的整数");
    }
    if (!g_ascii_string_to_unsigned(form->rotate, 10, 0, 9, &cap, NULL)) {
        form_problem_add(problems, "rotate", "轮换写 0 至 9 的整数");
    }
    check_strata(plan, form, problems);
}

/* Both steps check everything: what the browser sends back in the second is not trusted. */
static Response *check_or_again(Ctx *ctx, const Plan *plan, const DrawForm *form) {
    g_autoptr(GError) error = NULL;
    FormProblems *problems = form_problems_new();
    check_form(ctx, plan, form, problems);
    if (!form_has_problems(problems)) {
        json_decref(problems);
        return NULL;
    }
    json_t *model = form_model(ctx, plan, form, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("draw/draw_new", model, problems);
}

/* First step: nothing is written; the next page says what will happen. */
Response *draw_new_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, request_form(req, "plan"), &refusal);
    if (plan == NULL) {
        return refusal;
    }
    g_auto(DrawForm) form = {0};
    read_form(req, &form);
    refusal = check_or_again(ctx, plan, &form);
    if (refusal != NULL) {
        return refusal;
    }
    json_t *model = form_model(ctx, plan, &form, NULL, &error);
    if (model == NULL) {
        return response_problem(error, NULL);
    }
    int64_t total = 0;
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        total += has_stratum(&form, quota->stratum) ? quota->quota : 0;
    }
    g_ptr_array_add(form.strata, NULL);
    json_t *forecast =
        draw_forecast_model(ctx, plan, (const char *const *)form.strata->pdata, &error);
    if (forecast == NULL) {
        json_decref(model);
        return response_problem(error, NULL);
    }
    json_put(model, "forecast", forecast);
    json_put_count(model, "quota_total", total);
    return response_page("draw/draw_confirm", model);
}

/* --- the act --------------------------------------------------------------------------------- */

typedef struct DrawFreezing {
    const DrawRequest *request;
    int64_t id;
} DrawFreezing;

static bool freeze_work(Db *db, void *data, GError **error) {
    DrawFreezing *freezing = data;
    return draw_freeze(db, freezing->request, &freezing->id, error);
}

Response *draw_freeze_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = wanted_plan(ctx, request_form(req, "plan"), &refusal);
    if (plan == NULL) {
        return refusal;
    }
    g_auto(DrawForm) form = {0};
    read_form(req, &form);
    refusal = check_or_again(ctx, plan, &form);
    if (refusal != NULL) {
        return refusal;
    }
    g_ptr_array_add(form.strata, NULL);
    g_autofree char *actor = draw_actor(ctx);
    DrawRequest request = {.plan_id = plan->id,
                           .title = form.title,
                           .strata = (const char *const *)form.strata->pdata,
                           .date_from = form.date_from,
                           .date_to = form.date_to,
                           .kind = strcmp(form.hash, "sha256") == 0 ? DIGEST_SHA256 : DIGEST_SM3,
                           .mode = strcmp(form.mode, "open") == 0 ? DRAW_OPEN : DRAW_SEALED,
                           .delta_s = DRAW_DELTA_MIN,
                           .officer_cap = (int64_t)g_ascii_strtoull(form.officer_cap, NULL, 10),
                           .rotate = (int64_t)g_ascii_strtoull(form.rotate, NULL, 10),
                           .actor = actor,
                           .now_us = ctx->now_us};
    DrawFreezing freezing = {&request, 0};
    if (!db_run_tx(ctx->db, freeze_work, &freezing, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(
            error,
            is_conflict ? "这些类别刚被抽过，计划有了新版，或者同一范围里还有一次抽查没有"
                          "抽完。一个类别只抽一次，重叠的抽查要等前一次抽完。"
                        : NULL);
    }
    g_autofree char *path = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, freezing.id);
    return response_redirect_flash(path,
                                   "名单、人员和规则已冻结，编号 D%" G_GINT64_FORMAT
                                   "。下一步：选随机数来源并封存。",
                                   freezing.id);
}
