/* What a draw would probably bring, for the page before the freezing. */
#include "base/number.h"
#include "draw/draw_forecast.h"
#include "draw/draw_pages.h"
#include "law/draw_weights.h"
#include "registry/pool.h"

#include <math.h>
#include <string.h>

typedef struct Census {
    int64_t counts[CATEGORY_COUNT][DRAW_RISKS][DRAW_CREDITS];
} Census;

static bool take_object(const PoolObject *object, void *data, GError **error) {
    (void)error;
    Census *census = data;
    census->counts[object->category][object->risk][object->credit]++;
    return true;
}

static json_t *
stratum_model(const PlanQuota *quota, const DrawWeights *weights, const Census *census, int at) {
    int64_t by_weight[DRAW_WEIGHT_MAX + 1] = {0};
    int64_t all = 0;
    for (unsigned risk = 0; risk < DRAW_RISKS; risk++) {
        for (unsigned credit = 0; credit < DRAW_CREDITS; credit++) {
            by_weight[weights->tickets[risk][credit]] += census->counts[at][risk][credit];
            all += census->counts[at][risk][credit];
        }
    }
    double tau = draw_forecast_tau(by_weight, quota->quota);
    json_t *rows = json_array();
    for (unsigned risk = 0; risk < DRAW_RISKS; risk++) {
        json_t *cells = json_array();
        bool has_any = false;
        for (unsigned credit = 0; credit < DRAW_CREDITS; credit++) {
            unsigned weight = weights->tickets[risk][credit];
            int64_t count = census->counts[at][risk][credit];
            g_autofree char *chance =
                g_strdup_printf("%.1f%%", 100 * draw_forecast_chance(tau, weight));
            g_autofree char *credit_zh = g_strdup(credit == 0 ? "未评" : draw_credit_token(credit));
            json_t *cell = json_object();
            has_any |= count > 0;
            json_put_text(cell, "credit", credit_zh);
            json_put_text(cell, "chance", count > 0 ? chance : NULL);
            json_put_int(cell, "weight", weight);
            json_put_count(cell, "count_text", count);
            json_array_append_new(cells, cell);
        }
        json_t *row = json_object();
        json_put_text(row, "risk_zh", risk_name_zh((RiskGrade)risk));
        json_put(row, "cells", cells);
        if (has_any) {
            json_array_append_new(rows, row);
        } else {
            json_decref(row);
        }
    }
    g_autofree char *coverage = number_percent(MIN(quota->quota, all), all);
    json_t *model = json_object();
    json_put_text(model, "stratum_zh", draw_stratum_zh(quota->stratum));
    json_put_text(model, "coverage", coverage);
    json_put_count(model, "count_text", all);
    json_put_count(model, "quota_text", quota->quota);
    json_put(model, "risks", rows);
    return model;
}

json_t *draw_forecast_model(Ctx *ctx, const Plan *plan, const char *const *strata, GError **error) {
    const char *city = law_city_of(plan->region, error);
    const LawBook *book = city == NULL ? NULL : law_book(city, error);
    const DrawWeights *weights = book == NULL ? NULL : draw_weights_at(book, ctx->now_us, error);
    g_autofree Census *census = g_new0(Census, 1);
    uint32_t mask = 0;
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        mask |= g_strv_contains(strata, draw_stratum_word(category)) ? UINT32_C(1) << category : 0;
    }
    if (weights == NULL ||
        !pool_visit(ctx->db, plan->object_kind, plan->region, mask, take_object, census, error)) {
        return NULL;
    }
    json_t *models = json_array();
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        if (g_strv_contains(strata, quota->stratum)) {
            json_array_append_new(
                models, stratum_model(quota, weights, census, category != NULL ? category->id : 0));
        }
    }
    return models;
}
