/* A published plan as the public reads it: how many of what, and which draw has taken them. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw.h"
#include "ledger/ledger.h"
#include "publicity/publicity_pages.h"
#include "publicity/site.h"
#include "registry/region.h"
#include "registry/registry.h"

/* The quota's line: a published draw is a link, an unpublished one only the fact. */
static bool quota_model(Db *db, const PlanQuota *quota, json_t **ret_line, GError **error) {
    const UseCategory *category = category_parse(quota->stratum);
    g_autofree char *amount = site_count_text(quota->quota);
    g_autofree char *reserves = site_count_text(quota->reserves);
    g_autofree char *href = NULL;
    const char *text = "还没有抽";
    if (quota->drawn_by != 0) {
        g_autoptr(Draw) draw = draw_find(db, quota->drawn_by, error);
        if (draw == NULL) {
            return false;
        }
        text = "已抽，待公开";
        if (draw->published_us != 0) {
            href = g_strdup_printf("/draws/%" G_GINT64_FORMAT, draw->id);
        }
    }
    json_t *line = json_object();
    json_put_text(line, "name", category != NULL ? category->name_zh : "未分类");
    json_put_text(line, "quota", amount);
    json_put_text(line, "reserves", reserves);
    json_put_text(line, "draw_href", href);
    json_put_text(line, "draw_text", text);
    *ret_line = line;
    return true;
}

/* Lines of all quotas; *ret_total: their sum. NULL on error. */
static json_t *quotas_model(Db *db, const Plan *plan, int64_t *ret_total, GError **error) {
    g_autoptr(json_t) lines = json_array();
    *ret_total = 0;
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        json_t *line = NULL;
        if (!quota_model(db, quota, &line, error)) {
            return NULL;
        }
        json_array_append_new(lines, line);
        *ret_total += quota->quota;
    }
    return g_steal_pointer(&lines);
}

static json_t *plan_proof_model(Db *db, int64_t id) {
    g_autofree char *object = g_strdup_printf("plan:%" G_GINT64_FORMAT, id);
    int64_t index = 0;
    return ledger_latest(db, object, &index, NULL) ? record_proof_model(index) : json_null();
}

static json_t *plan_model(Db *db, const Plan *plan, json_t *quotas, int64_t total) {
    bool is_of_buildings = g_strcmp0(plan->object_kind, "building") == 0;
    g_autofree char *total_text = site_count_text(total);
    g_autofree char *lede = g_strdup_printf(
        "%" G_GINT64_FORMAT " 年计划抽查 %s %s。公开以后不再改动；有调整就另发新版本。",
        plan->year,
        total_text,
        is_of_buildings ? "栋" : "家");
    g_autofree char *region = region_full_name(db, plan->region, NULL);
    g_autofree char *date = clock_format_date(plan->published_us);
    g_autofree char *published = clock_format_minute(plan->published_us);
    json_t *model = json_object();
    json_put_int(model, "id", plan->id);
    json_put_text(model, "title", plan->title);
    json_put_int(model, "year", plan->year);
    json_put_int(model, "version", plan->version);
    json_put_bool(model, "is_superseded", plan->state == PLAN_SUPERSEDED);
    json_put_text(model, "lede", lede);
    json_put_text(model, "agency", plan->agency);
    json_put_text(model, "region", region != NULL ? region : plan->region);
    json_put_text(model, "date", date);
    json_put_text(model, "published", published);
    json_put(model, "quotas", quotas);
    json_put(model, "proof", plan_proof_model(db, plan->id));
    return model;
}

Response *plan_public_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0, total = 0;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    g_autoptr(Plan) plan = plan_find(ctx->db, id, &error);
    if (plan == NULL) {
        return response_problem(error, NULL);
    }
    if (plan->published_us == 0) {
        return response_not_found(); /* a draft is nobody's business yet */
    }
    json_t *quotas = quotas_model(ctx->db, plan, &total, &error);
    if (quotas == NULL) {
        return response_problem(error, NULL);
    }
    return response_page("publicity/plan", plan_model(ctx->db, plan, quotas, total));
}
