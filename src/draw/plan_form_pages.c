/* The form of a plan: what is in scope, how many of each category, what that covers. */
#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "draw/draw_files.h"
#include "draw/draw_pages.h"
#include "registry/agency.h"
#include "registry/pool.h"
#include "registry/region.h"

#include <string.h>

/* What stands in the form; texts are owned. */
typedef struct PlanForm {
    char *title, *year, *agency, *kind, *region;
    char *quota[CATEGORY_COUNT], *reserves[CATEGORY_COUNT];
    int64_t supersedes;
} PlanForm;

static void plan_form_clear(PlanForm *form) {
    g_free(form->title);
    g_free(form->year);
    g_free(form->agency);
    g_free(form->kind);
    g_free(form->region);
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        g_free(form->quota[i]);
        g_free(form->reserves[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlanForm, plan_form_clear)

static char *field_name(const char *what, int category) {
    return g_strdup_printf("%s_%s", what, draw_stratum_word(category));
}

/* --- the view model -------------------------------------------------------------------------- */

static const char *error_of(const FormProblems *problems, const char *field) {
    for (size_t i = 0; problems != NULL && i < json_array_size(problems); i++) {
        const json_t *problem = json_array_get(problems, i);
        if (strcmp(json_get_text(problem, "field", ""), field) == 0) {
            return json_get_text(problem, "message", NULL);
        }
    }
    return NULL;
}

static void put_row(
    json_t *rows, const PlanForm *form, int category, int64_t count, const FormProblems *problems) {
    const char *quota = form->quota[category] != NULL ? form->quota[category] : "";
    const char *reserves = form->reserves[category] != NULL ? form->reserves[category] : "";
    if (count == 0 && quota[0] == '\0' && reserves[0] == '\0') {
        return;
    }
    g_autofree char *quota_id = field_name("quota", category);
    g_autofree char *reserves_id = field_name("reserves", category);
    guint64 number = 0;
    bool has_number = g_ascii_string_to_unsigned(quota, 10, 0, DRAW_QUOTA_MAX, &number, NULL);
    g_autofree char *coverage =
        has_number ? number_percent(MIN((int64_t)number, count), count) : NULL;
    const char *error = error_of(problems, quota_id);
    if (error == NULL) {
        error = error_of(problems, reserves_id);
    }
    json_t *row = json_object();
    json_put_text(row, "name_zh", category_get(category)->name_zh);
    json_put_bool(row, "is_crowded", category_get(category)->is_crowded);
    json_put_count(row, "count_text", count);
    json_put_text(row, "quota_id", quota_id);
    json_put_text(row, "quota", quota);
    json_put_text(row, "reserves_id", reserves_id);
    json_put_text(row, "reserves", reserves);
    json_put_text(row, "coverage", coverage);
    json_put_text(row, "error", error);
    json_array_append_new(rows, row);
}

static void add_option(json_t *options, const char *value, const char *text, const char *chosen) {
    form_option(options, value, text, g_strcmp0(value, chosen) == 0);
}

/* The reader's region and the districts inside it. */
static json_t *region_options(Ctx *ctx, const char *chosen) {
    json_t *options = json_array();
    char own[REGION_CODE_MAX + 1];
    if (!region_code_parse(ctx->who->region != NULL ? ctx->who->region : "", own)) {
        return options;
    }
    g_autofree char *name = draw_region_zh(ctx->db, own);
    g_autofree char *today = clock_format_date(ctx->now_us);
    add_option(options, own, name, chosen);
    g_autoptr(GPtrArray) districts = region_districts(ctx->db, own, today, NULL);
    for (guint i = 0; districts != NULL && i < districts->len; i++) {
        const Region *district = g_ptr_array_index(districts, i);
        if (strcmp(district->code, own) != 0) {
            add_option(options, district->code, district->name, chosen);
        }
    }
    return options;
}

static json_t *
form_model(Ctx *ctx, const PlanForm *form, const FormProblems *problems, GError **error) {
    int64_t counts[CATEGORY_COUNT] = {0};
    bool is_scope = draw_may_act(ctx->who, form->region) && strlen(form->region) <= 6;
    if (is_scope && !pool_count(ctx->db, form->kind, form->region, counts, error)) {
        return NULL;
    }
    json_t *model = json_object();
    form_field(model, "title", form->title, problems);
    form_field(model, "year", form->year, problems);
    form_field(model, "agency", form->agency, problems);
    form_field(model, "region", form->region, problems);
    json_put(model, "region_options", region_options(ctx, form->region));
    json_t *kinds = json_array();
    add_option(kinds, "unit", "单位", form->kind);
    add_option(kinds, "building", "建筑", form->kind);
    json_put(model, "kind_options", kinds);
    json_put_text(model, "kind", form->kind);
    json_put_text(model, "kind_zh", draw_object_kind_zh(form->kind));
    json_t *rows = json_array();
    int64_t total = 0;
    for (int category = 1; category <= CATEGORY_COUNT; category++) {
        int at = category % CATEGORY_COUNT; /* those without a category come last */
        put_row(rows, form, at, counts[at], problems);
        total += counts[at];
    }
    json_put_bool(model, "has_rows", json_array_size(rows) > 0);
    json_put(model, "rows", rows);
    json_put_count(model, "total_text", total);
    json_put_int(model, "supersedes", form->supersedes);
    const char *quotas_error = error_of(problems, "quotas");
    json_put_text(model, "quotas_error", quotas_error);
    json_put(model, "problems", json_null());
    return model;
}

/* --- a fresh form ---------------------------------------------------------------------------- */

static bool fill_from_plan(Ctx *ctx, int64_t plan_id, PlanForm *form, GError **error) {
    g_autoptr(Plan) plan = plan_find(ctx->db, plan_id, error);
    if (plan == NULL) {
        return false;
    }
    if (plan->state != PLAN_PUBLISHED || !draw_may_act(ctx->who, plan->region)) {
        return hz_fail(error, HZ_ERROR_DENIED, "this plan gets no new version from here");
    }
    form->supersedes = plan->id;
    form->title = g_strdup(plan->title);
    form->agency = g_strdup(plan->agency);
    form->year = g_strdup_printf("%" G_GINT64_FORMAT, plan->year);
    form->kind = g_strdup(plan->object_kind);
    form->region = g_strdup(plan->region);
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        int at = category != NULL ? category->id : 0;
        form->quota[at] = g_strdup_printf("%" G_GINT64_FORMAT, quota->quota);
        form->reserves[at] = g_strdup_printf("%" G_GINT64_FORMAT, quota->reserves);
    }
    return true;
}

static void fill_fresh(Ctx *ctx, const Request *req, PlanForm *form) {
    const char *kind = request_query(req, "kind");
    const char *region = request_query(req, "region");
    char own[REGION_CODE_MAX + 1] = "";
    g_auto(Agency) agency = {0};
    (void)region_code_parse(ctx->who->region != NULL ? ctx->who->region : "", own);
    bool has_agency =
        ctx->who->agency_id != 0 && agency_find(ctx->db, ctx->who->agency_id, &agency, NULL);
    form->title = g_strdup_printf("%d 年度消防监督抽查计划", clock_year(ctx->now_us));
    form->year = g_strdup_printf("%d", clock_year(ctx->now_us));
    form->agency = g_strdup(has_agency ? agency.name : "");
    form->kind = g_strdup(g_strcmp0(kind, "building") == 0 ? "building" : "unit");
    form->region = g_strdup(region != NULL ? region : own);
}

Response *plan_new_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(PlanForm) form = {0};
    const char *from = request_query(req, "from");
    guint64 from_id = 0;
    if (from != NULL && g_ascii_string_to_unsigned(from, 10, 1, G_MAXINT64, &from_id, NULL)) {
        if (!fill_from_plan(ctx, (int64_t)from_id, &form, &error)) {
            return response_problem(error, "只有已公开、在您管辖区域内的计划可以出新版。");
        }
    } else {
        fill_fresh(ctx, req, &form);
    }
    json_t *model = form_model(ctx, &form, NULL, &error);
    return model != NULL ? response_page("draw/plan_new", model) : response_problem(error, NULL);
}

/* --- sending it ------------------------------------------------------------------------------ */

static void read_form(const Request *req, PlanForm *form) {
    form->title = draw_form_text(req, "title");
    form->year = draw_form_text(req, "year");
    form->agency = draw_form_text(req, "agency");
    form->kind = draw_form_text(req, "kind");
    form->region = draw_form_text(req, "region");
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        g_autofree char *quota = field_name("quota", category);
        g_autofree char *reserves = field_name("reserves", category);
        form->quota[category] = draw_form_text(req, quota);
        form->reserves[category] = draw_form_text(req, reserves);
    }
    g_autofree char *supersedes = draw_form_text(req, "supersedes");
    guint64 number = 0;
    (void)g_ascii_string_to_unsigned(supersedes, 10, 0, G_MAXINT64, &number, NULL);
    form->supersedes = (int64_t)number;
}

static bool read_quota(const char *text, int64_t *ret_number) {
    guint64 number = 0;
    if (text[0] == '\0') {
        *ret_number = 0;
        return true;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, DRAW_QUOTA_MAX, &number, NULL)) {
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

static GArray *read_quotas(const PlanForm *form, FormProblems *problems) {
    GArray *quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        PlanQuota quota = {0};
        g_autofree char *quota_id = field_name("quota", category);
        g_autofree char *reserves_id = field_name("reserves", category);
        const char *name = category_get(category)->name_zh;
        g_strlcpy(quota.stratum, draw_stratum_word(category), sizeof quota.stratum);
        if (!read_quota(form->quota[category], &quota.quota)) {
            form_problem_add(problems, quota_id, "%s的抽查数写 0 至 100000 的整数", name);
        } else if (!read_quota(form->reserves[category], &quota.reserves)) {
            form_problem_add(problems, reserves_id, "%s的备选数写 0 至 100000 的整数", name);
        } else if (quota.quota > 0) {
            g_array_append_val(quotas, quota);
        } else if (quota.reserves > 0) {
            form_problem_add(problems, quota_id, "%s有备选数，还要写抽查数", name);
        }
    }
    if (quotas->len == 0 && !form_has_problems(problems)) {
        form_problem_add(problems, "quotas", "至少给一个类别写上抽查数");
    }
    return quotas;
}

static void check_form(Ctx *ctx, const PlanForm *form, int64_t *ret_year, FormProblems *problems) {
    int this_year = clock_year(ctx->now_us);
    guint64 year = 0;
    if (form->title[0] == '\0' || strlen(form->title) > 200) {
        form_problem_add(problems, "title", "写计划名称，最多 66 个字");
    }
    if (!g_ascii_string_to_unsigned(
            form->year, 10, (guint64)this_year - 1, (guint64)this_year + 1, &year, NULL)) {
        form_problem_add(
            problems, "year", "年度写 %d 至 %d 之间的一年", this_year - 1, this_year + 1);
    }
    if (form->agency[0] == '\0' || strlen(form->agency) > 200) {
        form_problem_add(problems, "agency", "写编制计划的机构，最多 66 个字");
    }
    char region[REGION_CODE_MAX + 1];
    if (!region_code_parse(form->region, region) || strlen(region) > 6 ||
        !draw_may_act(ctx->who, region)) {
        form_problem_add(problems, "region", "选您管辖范围内的市或区县");
    }
    if (strcmp(form->kind, "unit") != 0 && strcmp(form->kind, "building") != 0) {
        form_problem_add(problems, "kind", "选单位或者建筑");
    }
    *ret_year = (int64_t)year;
}

typedef struct PlanAdding {
    const Plan *plan;
    int64_t supersedes;
    const char *actor;
    int64_t now_us;
    int64_t id;
} PlanAdding;

static bool add_work(Db *db, void *data, GError **error) {
    PlanAdding *adding = data;
    return plan_add(
        db, adding->plan, adding->supersedes, adding->actor, adding->now_us, &adding->id, error);
}

static Response *
form_again(Ctx *ctx, const PlanForm *form, FormProblems *problems, bool is_preview) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, form, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    if (is_preview) {
        json_decref(problems);
        return response_page("draw/plan_new", model);
    }
    return response_form_again("draw/plan_new", model, problems);
}

Response *plan_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(PlanForm) form = {0};
    int64_t year = 0;
    FormProblems *problems = form_problems_new();
    read_form(req, &form);
    if (g_strcmp0(request_form(req, "action"), "preview") == 0) {
        return form_again(ctx, &form, problems, true);
    }
    check_form(ctx, &form, &year, problems);
    g_autoptr(GArray) quotas = read_quotas(&form, problems);
    if (form_has_problems(problems)) {
        return form_again(ctx, &form, problems, false);
    }
    json_decref(problems);
    g_autofree char *actor = draw_actor(ctx);
    Plan plan = {.year = year,
                 .title = form.title,
                 .agency = form.agency,
                 .object_kind = form.kind,
                 .region = form.region,
                 .quotas = quotas};
    PlanAdding adding = {&plan, form.supersedes, actor, ctx->now_us, 0};
    if (!db_run_tx(ctx->db, add_work, &adding, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, is_conflict ? "原计划已经变了，回到计划页再看一眼。" : NULL);
    }
    g_autofree char *path = g_strdup_printf("/work/plans/%" G_GINT64_FORMAT, adding.id);
    return response_redirect_flash(
        path, "草稿已存，编号 P%" G_GINT64_FORMAT "。公开以后才能抽取。", adding.id);
}
