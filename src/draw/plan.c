/* Use cases of plans. */
#include "base/error.h"
#include "draw/draw_files.h"
#include "draw/draw_rules.h"
#include "draw/draw_store.h"
#include "ledger/ledger.h"
#include "registry/region.h"

#include <string.h>

#define TEXT_MAX 200

static const char *const state_words[PLAN_STATE_COUNT] = {"draft", "published", "superseded"};
static const char *const state_names[PLAN_STATE_COUNT] = {"草稿", "已公开", "已被新版代替"};

const char *plan_state_word(PlanState state) {
    return state_words[state];
}

const char *plan_state_zh(PlanState state) {
    return state_names[state];
}

bool plan_state_parse(const char *word, PlanState *ret_state) {
    for (int i = 0; i < PLAN_STATE_COUNT; i++) {
        if (g_strcmp0(word, state_words[i]) == 0) {
            *ret_state = (PlanState)i;
            return true;
        }
    }
    return false;
}

void plan_free(Plan *plan) {
    if (plan == NULL) {
        return;
    }
    g_free(plan->title);
    g_free(plan->agency);
    g_free(plan->object_kind);
    g_free(plan->region);
    g_clear_pointer(&plan->quotas, g_array_unref);
    g_free(plan);
}

static bool text_fits(const char *text) {
    return text != NULL && text[0] != '\0' && strlen(text) <= TEXT_MAX &&
           g_utf8_validate(text, -1, NULL);
}

static bool check_quotas(const GArray *quotas, GError **error) {
    if (quotas == NULL || quotas->len == 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "a plan needs a quota");
    }
    for (guint i = 0; i < quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(quotas, PlanQuota, i);
        bool is_double = false;
        for (guint j = 0; j < i; j++) {
            is_double |= strcmp(g_array_index(quotas, PlanQuota, j).stratum, quota->stratum) == 0;
        }
        if (is_double || !draw_stratum_valid(quota->stratum) || quota->quota < 1 ||
            quota->quota > DRAW_QUOTA_MAX || quota->reserves < 0 ||
            quota->reserves > DRAW_QUOTA_MAX) {
            return hz_fail(
                error, HZ_ERROR_INVALID, "quota of \"%s\" is not possible", quota->stratum);
        }
    }
    return true;
}

static bool check_plan(const Plan *plan, GError **error) {
    char region[REGION_CODE_MAX + 1];
    if (plan->year < 2000 || plan->year > 2200 || !text_fits(plan->title) ||
        !text_fits(plan->agency)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "year, title or agency of the plan is not possible");
    }
    if (g_strcmp0(plan->object_kind, "unit") != 0 &&
        g_strcmp0(plan->object_kind, "building") != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "a plan is for \"unit\" or \"building\"");
    }
    if (plan->region == NULL || !region_code_parse(plan->region, region)) {
        return hz_fail(error, HZ_ERROR_INVALID, "the plan's region is no region code");
    }
    return check_quotas(plan->quotas, error);
}

static json_t *plan_payload(const Plan *plan) {
    json_t *payload = json_object();
    json_put_text(payload, "title", plan->title);
    json_put_text(payload, "agency", plan->agency);
    json_put_int(payload, "year", plan->year);
    json_put_int(payload, "version", plan->version);
    json_put_text(payload, "object_kind", plan->object_kind);
    json_put_text(payload, "region", plan->region);
    json_t *quotas = json_object();
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        json_t *numbers = json_array();
        json_array_append_new(numbers, json_integer(quota->quota));
        json_array_append_new(numbers, json_integer(quota->reserves));
        json_put(quotas, quota->stratum, numbers);
    }
    json_put(payload, "quotas", quotas);
    return payload;
}

static bool mark(
    Db *db, const Plan *plan, const char *type, const char *actor, int64_t now_us, GError **error) {
    g_autofree char *object = g_strdup_printf("plan:%" G_GINT64_FORMAT, plan->id);
    g_autoptr(json_t) payload = plan_payload(plan);
    LedgerEntry entry = {
        .time_us = now_us, .type = type, .actor = actor, .object = object, .payload = payload};
    return ledger_append(db, &entry, NULL, error);
}

/* Root and number of the new version; 0 and 1 for a first one. */
static bool find_version(
    Db *db, int64_t supersedes, int64_t *ret_root_id, int64_t *ret_version, GError **error) {
    *ret_root_id = 0;
    *ret_version = 1;
    if (supersedes == 0) {
        return true;
    }
    g_autoptr(Plan) old = plan_store_find(db, supersedes, true, error);
    if (old == NULL) {
        return false;
    }
    if (old->state != PLAN_PUBLISHED) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "only a published plan gets a new version");
    }
    *ret_root_id = old->root_id;
    if (!plan_store_newest_version(db, old->root_id, ret_version, error)) {
        return false;
    }
    *ret_version += 1;
    return true;
}

bool plan_add(Db *db,
              const Plan *plan,
              int64_t supersedes,
              const char *actor,
              int64_t now_us,
              int64_t *ret_id,
              GError **error) {
    int64_t root_id = 0;
    Plan made = *plan;
    if (!check_plan(plan, error) || !find_version(db, supersedes, &root_id, &made.version, error)) {
        return false;
    }
    char region[REGION_CODE_MAX + 1];
    (void)region_code_parse(plan->region, region); /* checked above */
    made.region = region;
    made.created_us = now_us;
    if (!plan_store_insert(db, &made, root_id, made.version, &made.id, error) ||
        !mark(db, &made, "plan.draft", actor, now_us, error)) {
        return false;
    }
    *ret_id = made.id;
    return true;
}

bool plan_publish(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Plan) plan = plan_store_find(db, id, true, error);
    int64_t changed = 0;
    if (plan == NULL || !plan_store_publish(db, id, now_us, &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the plan is no draft any more");
    }
    return plan_store_supersede(db, plan->root_id, id, error) &&
           mark(db, plan, "plan.publish", actor, now_us, error);
}

Plan *plan_find(Db *db, int64_t id, GError **error) {
    return plan_store_find(db, id, false, error);
}

GPtrArray *plan_list(Db *db, const PlanFilter *filter, GError **error) {
    return plan_store_list(db, filter, error);
}
