/* What the pages of this room share. */
#include "sensing/sensing_pages.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/change.h"
#include "registry/region.h"

#include <string.h>

#define HISTORY_MAX 50

Response *sensing_refuse(Ctx *ctx, const Request *req, const char *reason_zh) {
    g_autoptr(GError) error = NULL;
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, reason_zh);
    }
    hz_fail(&error, HZ_ERROR_DENIED, "outside the reader's region");
    return response_problem(error, reason_zh);
}

bool sensing_find_device(Ctx *ctx, const Request *req, Device *ret_device, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!device_find(ctx->db, id, ret_device, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused =
        device_is_visible(ret_device, ctx->who) ? NULL : sensing_refuse(ctx, req, "不在您的辖区");
    return *ret_refused == NULL;
}

bool sensing_find_point(
    Ctx *ctx, const Request *req, Point *ret_point, Device *ret_device, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!point_find(ctx->db, id, ret_point, &error) ||
        !device_find(ctx->db, ret_point->device_id, ret_device, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused =
        device_is_visible(ret_device, ctx->who) ? NULL : sensing_refuse(ctx, req, "不在您的辖区");
    return *ret_refused == NULL;
}

const char *sensing_get_query(const void *req, const char *name) {
    return request_query(req, name);
}

const char *sensing_form(const Request *req, GStringChunk *texts, const char *name) {
    const char *value = request_form(req, name);
    g_autofree char *copy = g_strstrip(g_strdup(value == NULL ? "" : value));
    return g_string_chunk_insert(texts, copy);
}

DeviceActor sensing_actor(const Ctx *ctx, GStringChunk *texts) {
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
    return (DeviceActor){.actor = g_string_chunk_insert(texts, actor), .now_us = ctx->now_us};
}

/* --- filters and pagers -------------------------------------------------------------------------
 */

bool sensing_put_regions(Ctx *ctx, json_t *selects, const char *chosen, GError **error) {
    char scope[REGION_CODE_MAX + 1];
    if (!region_code_parse(ctx->who->region == NULL ? "" : ctx->who->region, scope) ||
        strlen(scope) >= 6) {
        return true;
    }
    g_autofree char *today = clock_format_date(ctx->now_us);
    g_autoptr(GPtrArray) districts = region_districts(ctx->db, scope, today, error);
    if (districts == NULL) {
        return false;
    }
    json_t *options = json_array();
    form_option(options, "", "全部", strcmp(chosen, scope) == 0);
    for (guint i = 0; i < districts->len; i++) {
        const Region *region = districts->pdata[i];
        form_option(options, region->code, region->name, strcmp(region->code, chosen) == 0);
    }
    form_select(selects, "region", "区县", options);
    return true;
}

void sensing_put_select(json_t *selects,
                        const char *name,
                        const char *label,
                        const char *const *pairs,
                        const char *chosen) {
    json_t *options = json_array();
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        form_option(options, pairs[i], pairs[i + 1], strcmp(pairs[i], chosen) == 0);
    }
    form_select(selects, name, label, options);
}

void sensing_put_pager(json_t *model,
                       const char *path,
                       const char *words,
                       bool is_first,
                       const char *place,
                       const char *note) {
    const char *mark = words[0] == '\0' ? "" : "&";
    const char *question = words[0] == '\0' ? "" : "?";
    g_autofree char *first = is_first ? NULL : g_strconcat(path, question, words, NULL);
    g_autofree char *next = place == NULL ? NULL : g_strconcat(path, "?", words, mark, place, NULL);
    if (first == NULL && next == NULL) {
        json_put(model, "pager", json_null());
        return;
    }
    json_t *pager = json_object();
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", note);
    json_put(model, "pager", pager);
}

void sensing_put_chip(json_t *model, const char *text, const char *path, const char *words) {
    json_t *chip = json_object();
    g_autofree char *href = words[0] == '\0' ? g_strdup(path) : g_strconcat(path, "?", words, NULL);
    json_put_text(chip, "text", text);
    json_put_text(chip, "href", href);
    json_array_append_new(json_object_get(model, "chips"), chip);
}

/* --- values -------------------------------------------------------------------------------------
 */

void sensing_put_time(json_t *model, const char *key, int64_t time_us, const char *none) {
    g_autofree char *text = time_us == 0 ? g_strdup(none) : clock_format_minute(time_us);
    json_put_text(model, key, text);
}

char *sensing_duration(int64_t length_us) {
    int64_t minutes = MAX(length_us, 0) / (60 * CLOCK_SECOND_US);
    int64_t hours = minutes / 60;
    if (hours >= 48) {
        return g_strdup_printf(
            "%" G_GINT64_FORMAT " 天 %" G_GINT64_FORMAT " 小时", hours / 24, hours % 24);
    }
    return hours > 0 ? g_strdup_printf(
                           "%" G_GINT64_FORMAT " 小时 %" G_GINT64_FORMAT " 分", hours, minutes % 60)
                     : g_strdup_printf("%" G_GINT64_FORMAT " 分钟", minutes);
}

void sensing_put_bound(json_t *model, const Device *device) {
    g_autofree char *building =
        device->building_id == 0
            ? NULL
            : g_strdup_printf("/work/buildings/%" G_GINT64_FORMAT, device->building_id);
    g_autofree char *unit = device->unit_id == 0
                                ? NULL
                                : g_strdup_printf("/work/units/%" G_GINT64_FORMAT, device->unit_id);
    json_put_text(model, "building_href", building);
    json_put_text(model, "building", device->building_name);
    json_put_text(model, "unit_href", unit);
    json_put_text(model, "unit", device->unit_name);
    json_put_bool(model, "is_bound", device->region[0] != '\0');
}

char *sensing_actor_zh(const char *actor) {
    if (g_str_has_prefix(actor, "account:")) {
        return g_strconcat("账号 ", actor + strlen("account:"), NULL);
    }
    return g_strdup(strcmp(actor, "cli") == 0 ? "命令行" : "系统");
}

static void put_actors(json_t *history) {
    size_t i;
    json_t *line;
    json_array_foreach(history, i, line) {
        g_autofree char *actor = sensing_actor_zh(json_get_text(line, "actor", ""));
        json_put_text(line, "actor", actor);
    }
}

bool sensing_put_traces(Ctx *ctx, json_t *model, const char *kind, int64_t id, GError **error) {
    g_autofree char *object = g_strdup_printf("%s:%" G_GINT64_FORMAT, kind, id);
    json_t *history = change_list(ctx->db, kind, id, HISTORY_MAX, error);
    if (history == NULL) {
        return false;
    }
    put_actors(history);
    json_put_bool(model, "has_history", json_array_size(history) > 0);
    json_put(model, "history", history);
    json_put(model, "proof", ledger_badge(ctx->db, object));
    return true;
}
