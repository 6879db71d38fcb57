/* Suspected duplicates: one unit or two? And taking a merge back. */
#include "base/error.h"
#include "registry/registry_pages.h"
#include "registry/unit_store.h"

#include <string.h>

#define PAIRS_MAX 50

/* --- the list -----------------------------------------------------------------------------------
 */

static bool put_side(Db *db, json_t *pair, const char *key, int64_t id, GError **error) {
    g_auto(Unit) unit = {0};
    if (!unit_find(db, id, &unit, error)) {
        return false;
    }
    json_t *side = json_object();
    g_autofree char *place = region_full_name(db, unit.region, error);
    json_put_int(side, "id", unit.id);
    json_put_text(side, "name", unit.name);
    json_put_text(side, "address", unit.address);
    json_put_text(side, "uscc", page_text(unit.uscc, "未登记"));
    json_put_text(side, "place", page_text(place, unit.region));
    json_put_text(side, "category", category_get(unit.category)->name_zh);
    json_put_text(side, "phone", page_text(unit.phone, "未登记"));
    page_put_day(side, "last_inspected", unit.last_inspected_us, "没查过");
    page_put_day(side, "created", unit.created_us, "未登记");
    json_put(pair, key, side);
    return place != NULL;
}

static json_t *pair_new(Db *db, int64_t low, int64_t high, const char *reason, GError **error) {
    g_autoptr(json_t) pair = json_object();
    json_put_text(pair,
                  "reason",
                  reason == NULL                ? "您选的两条记录"
                  : strcmp(reason, "code") == 0 ? "信用代码相同"
                                                : "名称和地址相同");
    json_put_int(pair, "low_id", low);
    json_put_int(pair, "high_id", high);
    return put_side(db, pair, "low", low, error) && put_side(db, pair, "high", high, error)
               ? g_steal_pointer(&pair)
               : NULL;
}

/* Open pairs whose newer record lies in the scope, oldest first. */
static bool read_pairs(Db *db, const char *scope, GArray *pairs, GError **error) {
    char code[REGION_CODE_MAX + 1];
    if (scope == NULL || !region_code_parse(scope, code)) {
        return hz_fail(error, HZ_ERROR_DENIED, "the account has no region");
    }
    int64_t low = region_district(code);
    int64_t span = strlen(code) == 2 ? 10000 : strlen(code) == 4 ? 100 : 1;
    return unit_store_open_pairs(db, low, low + span, PAIRS_MAX * 2, pairs, error);
}

static bool is_open_inside(Db *db, int64_t id, const char *scope, bool *ret, GError **error) {
    g_auto(Unit) unit = {0};
    if (!unit_find(db, id, &unit, error)) {
        return false;
    }
    *ret = unit.merged_into == 0 && region_is_inside(unit.region, scope);
    return true;
}

static bool put_pairs(Ctx *ctx, json_t *list, GError **error) {
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(Suspect));
    if (!read_pairs(ctx->db, ctx->who->region, pairs, error)) {
        return false;
    }
    for (guint i = 0; i < pairs->len && json_array_size(list) < PAIRS_MAX; i++) {
        const Suspect *pair = &g_array_index(pairs, Suspect, i);
        bool low;
        bool high;
        if (!is_open_inside(ctx->db, pair->low_id, ctx->who->region, &low, error) ||
            !is_open_inside(ctx->db, pair->high_id, ctx->who->region, &high, error)) {
            return false;
        }
        if (!low || !high) {
            continue; /* one side is merged, or another district's: both must agree there */
        }
        json_t *shown = pair_new(ctx->db, pair->low_id, pair->high_id, pair->reason, error);
        if (shown == NULL) {
            return false;
        }
        json_array_append_new(list, shown);
    }
    return true;
}

static int64_t read_id(const char *text) {
    return text == NULL ? 0 : g_ascii_strtoll(text, NULL, 10);
}

Response *merge_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    json_t *list = json_array();
    json_put(model, "pairs", list);
    int64_t a = read_id(request_query(req, "a"));
    int64_t b = read_id(request_query(req, "b"));
    if (a > 0 && b > 0 && a != b) {
        bool low;
        bool high;
        if (!is_open_inside(ctx->db, MIN(a, b), ctx->who->region, &low, &error) ||
            !is_open_inside(ctx->db, MAX(a, b), ctx->who->region, &high, &error)) {
            return response_problem(error, NULL);
        }
        if (!low || !high) {
            return page_refuse(ctx, req, "其中一家不在您的辖区，或已经合并");
        }
        json_t *shown = pair_new(ctx->db, MIN(a, b), MAX(a, b), NULL, &error);
        if (shown == NULL) {
            return response_problem(error, NULL);
        }
        json_array_append_new(list, shown);
    } else if (!put_pairs(ctx, list, &error)) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "has_pairs", json_array_size(list) > 0);
    json_put_bool(model, "is_full", json_array_size(list) == PAIRS_MAX);
    return response_page("registry/merge", g_steal_pointer(&model));
}

/* --- deciding -----------------------------------------------------------------------------------
 */

typedef struct MergeWork {
    Ctx *ctx;
    int64_t keep, other;
    bool different;
} MergeWork;

static bool decide(Db *db, void *data, GError **error) {
    MergeWork *work = data;
    g_autofree char *actor = page_actor(work->ctx);
    WriteOptions options = {.actor = actor, .action = "merge", .now_us = work->ctx->now_us};
    json_t *payload = json_object();
    json_put_int(payload, "other", work->other);
    bool good = work->different ? unit_mark_different(db, work->keep, work->other, error)
                                : unit_merge(db, work->keep, work->other, &options, error);
    if (!good) {
        json_decref(payload);
        return false;
    }
    const char *type = work->different ? "unit.different" : "unit.merge";
    json_t *mirror = json_object();
    json_put_int(mirror, "other", work->keep);
    return page_ledger(db, work->ctx, type, "unit", work->keep, payload, error)
               ? page_ledger(db, work->ctx, type, "unit", work->other, mirror, error)
               : (json_decref(mirror), false);
}

Response *merge_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t low = read_id(request_form(req, "low"));
    int64_t high = read_id(request_form(req, "high"));
    const char *choice = request_form(req, "choice");
    bool a = false;
    bool b = false;
    if (choice == NULL || low <= 0 || high <= 0 || low == high) {
        hz_fail(&error, HZ_ERROR_INVALID, "choice is missing");
        return response_problem(error, "请从疑似重复的列表里选择");
    }
    if (!is_open_inside(ctx->db, low, ctx->who->region, &a, &error) ||
        !is_open_inside(ctx->db, high, ctx->who->region, &b, &error)) {
        return response_problem(error, NULL);
    }
    if (!a || !b) {
        return page_refuse(ctx, req, "其中一家不在您的辖区，或已经合并");
    }
    bool keep_high = strcmp(choice, "high") == 0;
    MergeWork work = {.ctx = ctx,
                      .keep = keep_high ? high : low,
                      .other = keep_high ? low : high,
                      .different = strcmp(choice, "different") == 0};
    if (!db_run_tx(ctx->db, decide, &work, &error)) {
        return response_problem(error, NULL);
    }
    if (work.different) {
        return response_redirect_flash("/work/merge",
                                       "已记下：%" G_GINT64_FORMAT " 和 %" G_GINT64_FORMAT
                                       " 是两家单位",
                                       low,
                                       high);
    }
    g_autofree char *path = g_strdup_printf("/work/units/%" G_GINT64_FORMAT, work.keep);
    return response_redirect_flash(path,
                                   "已把 %" G_GINT64_FORMAT " 并入 %" G_GINT64_FORMAT
                                   "，历史都在，可以在 %" G_GINT64_FORMAT " 的页面撤销",
                                   work.other,
                                   work.keep,
                                   work.other);
}

/* --- taking back --------------------------------------------------------------------------------
 */

typedef struct UnmergeWork {
    Ctx *ctx;
    int64_t id;
} UnmergeWork;

static bool unmerge(Db *db, void *data, GError **error) {
    UnmergeWork *work = data;
    g_autofree char *actor = page_actor(work->ctx);
    WriteOptions options = {.actor = actor, .action = "unmerge", .now_us = work->ctx->now_us};
    return unit_unmerge(db, work->id, &options, error) &&
           page_ledger(db, work->ctx, "unit.unmerge", "unit", work->id, json_object(), error);
}

Response *unit_unmerge_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Unit) unit = {0};
    UnmergeWork work = {.ctx = ctx};
    if (!request_arg_id(req, "id", &work.id)) {
        return response_not_found();
    }
    if (!unit_find(ctx->db, work.id, &unit, &error)) {
        return response_problem(error, NULL);
    }
    Response *refused = page_refuse_scope(ctx, req, unit.region);
    if (refused != NULL) {
        return refused;
    }
    if (!db_run_tx(ctx->db, unmerge, &work, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *path = g_strdup_printf("/work/units/%" G_GINT64_FORMAT, work.id);
    return response_redirect_flash(path, "已撤销合并，单位 %" G_GINT64_FORMAT " 恢复原样", work.id);
}
