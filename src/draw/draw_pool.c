/*
 * What the registry and a plan become in the files of a draw: who takes part, by which rules. Used
 * by the freezing (draw_freeze.c) and by the simulation (draw_city.c, draw_simulate.c), so that a
 * simulated draw follows the rules of a real one. Pure. Thread: any.
 */
#include "draw/draw_internal.h"

#include <string.h>

G_STATIC_ASSERT(DRAW_RISKS == RISK_COUNT && DRAW_CREDITS == CREDIT_COUNT);
G_STATIC_ASSERT(DRAW_TICKETS_MAX == DRAW_WEIGHT_MAX);

/* --- objects --------------------------------------------------------------------------------- */

const char *draw_reason_word(DrawReason reason) {
    static const char *const words[] = {"-", "CAP", "CLOSED", "EXEMPT"};
    return words[reason];
}

DrawReason draw_exclusion_reason(const char *word) {
    return word == NULL                  ? DRAW_REASON_NONE
           : strcmp(word, "CLOSED") == 0 ? DRAW_REASON_CLOSED
                                         : DRAW_REASON_EXEMPT;
}

DrawReason draw_reason(DrawReason exclusion, int64_t drawn, int64_t cap) {
    if (exclusion != DRAW_REASON_NONE) {
        return exclusion;
    }
    return drawn >= cap ? DRAW_REASON_CAP : DRAW_REASON_NONE;
}

const char *draw_stratum_word(int category) {
    return category == 0 ? DRAW_STRATUM_NONE : category_get(category)->word;
}

uint32_t draw_category_mask(const char *const *strata) {
    uint32_t mask = 0;
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        if (g_strv_contains(strata, draw_stratum_word(category))) {
            mask |= UINT32_C(1) << category;
        }
    }
    return mask;
}

/* --- officers -------------------------------------------------------------------------------- */

bool draw_officer_enters(const Officer *officer) {
    return officer->in_post && officer->certificate_until != NULL &&
           strlen(officer->certificate_until) == 10;
}

/* --- params.txt ------------------------------------------------------------------------------ */

static void put_weights(DrawKeyValues *params, const DrawWeights *weights) {
    for (unsigned risk = 0; risk < DRAW_RISKS; risk++) {
        for (unsigned credit = 0; credit < DRAW_CREDITS; credit++) {
            g_autofree char *key =
                g_strdup_printf("w.%s.%s", draw_risk_token(risk), draw_credit_token(credit));
            draw_keys_put_int(params, key, weights->tickets[risk][credit]);
        }
    }
}

static void put_quotas(DrawKeyValues *params, const Plan *plan, const char *const *strata) {
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        if (g_strv_contains(strata, quota->stratum)) {
            g_autofree char *quota_key = g_strdup_printf("quota.%s", quota->stratum);
            g_autofree char *reserve_key = g_strdup_printf("alt.%s", quota->stratum);
            draw_keys_put_int(params, quota_key, quota->quota);
            draw_keys_put_int(params, reserve_key, quota->reserves);
        }
    }
}

DrawKeyValues *draw_params_make(const Draw *draw,
                                const DrawWeights *weights,
                                const Plan *plan,
                                const char *const *strata) {
    DrawKeyValues *params = draw_keys_new();
    g_autofree char *scope = g_strdup_printf("%s:%s", draw->object_kind, draw->region);
    draw_keys_put(params, "alg", "FSS-DRAW/1");
    draw_keys_put(params, "hash", draw->kind == DIGEST_SM3 ? "sm3" : "sha256");
    draw_keys_put(params, "scope", scope);
    draw_keys_put_int(params, "year", draw->year);
    draw_keys_put_int(params, "cap", weights->cap);
    draw_keys_put(params, "insp_date_to", draw->date_to);
    draw_keys_put(params, "mode", draw_mode_word(draw->mode));
    draw_keys_put_int(params, "delta", draw->delta_s);
    put_weights(params, weights);
    put_quotas(params, plan, strata);
    return params;
}
