#include "registry/registry_pages.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/change.h"

#include <string.h>

#define HISTORY_MAX 50

const char *page_get_query(const void *req, const char *name) {
    return request_query(req, name);
}

/* --- scope --------------------------------------------------------------------------------------
 */

Response *page_refuse(Ctx *ctx, const Request *req, const char *reason_zh) {
    g_autoptr(GError) error = NULL;
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, reason_zh);
    }
    hz_fail(&error, HZ_ERROR_DENIED, "outside the reader's region");
    return response_problem(error, reason_zh);
}

Response *page_refuse_scope(Ctx *ctx, const Request *req, const char *region) {
    return region_is_inside(region, ctx->who->region) ? NULL
                                                      : page_refuse(ctx, req, "不在您的辖区");
}

char *page_actor(const Ctx *ctx) {
    return g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
}

IntakeContext page_intake_context(const Ctx *ctx, const char *actor) {
    return (IntakeContext){.scope_region = ctx->who->region,
                           .now_us = ctx->now_us,
                           .actor = actor,
                           .log_additions = true};
}

bool page_ledger(Db *db,
                 const Ctx *ctx,
                 const char *type,
                 const char *kind,
                 int64_t id,
                 json_t *payload,
                 GError **error) {
    g_autoptr(json_t) body = payload;
    g_autofree char *actor = page_actor(ctx);
    g_autofree char *object = g_strdup_printf("%s:%" G_GINT64_FORMAT, kind, id);
    json_put_int(body, "id", id);
    LedgerEntry entry = {
        .time_us = ctx->now_us, .type = type, .actor = actor, .object = object, .payload = body};
    return ledger_append(db, &entry, NULL, error);
}

/* --- regions ------------------------------------------------------------------------------------
 */

json_t *page_select(json_t *selects, const char *name, const char *label) {
    json_t *select = json_object();
    json_put_text(select, "name", name);
    json_put_text(select, "label", label);
    json_put(select, "options", json_array());
    json_array_append_new(selects, select);
    return select;
}

json_t *page_options(json_t *model, const char *name) {
    json_t *options = json_array();
    json_put(model, name, options);
    return options;
}

void page_add_option(json_t *options, const char *value, const char *text, const char *chosen) {
    json_t *option = json_object();
    json_put_text(option, "value", value);
    json_put_text(option, "text", text);
    json_put_bool(option, "is_selected", g_strcmp0(value, chosen == NULL ? "" : chosen) == 0);
    json_array_append_new(options, option);
}

void page_option(json_t *select, const char *value, const char *text, const char *chosen) {
    page_add_option(json_object_get(select, "options"), value, text, chosen);
}

void page_add_conflict(json_t *lines, const char *label, const char *mine, const char *theirs) {
    const char *a = page_text(mine, "空");
    const char *b = page_text(theirs, "空");
    if (strcmp(a, b) != 0) {
        json_t *line = json_object();
        json_put_text(line, "label", label);
        json_put_text(line, "mine", a);
        json_put_text(line, "theirs", b);
        json_array_append_new(lines, line);
    }
}

Response *page_done(const char *path, const char *done_zh, int64_t id, const IntakeResult *result) {
    g_autofree char *location = g_strdup_printf("%s/%" G_GINT64_FORMAT, path, id);
    bool warned = result->warning != NULL;
    return response_redirect_flash(location,
                                   "%s %" G_GINT64_FORMAT "%s%s",
                                   done_zh,
                                   id,
                                   warned ? "。请留意：" : "",
                                   warned ? result->warning : "");
}

static void add_regions(json_t *select, const GPtrArray *regions, const char *chosen) {
    for (guint i = 0; i < regions->len; i++) {
        const Region *region = regions->pdata[i];
        g_autofree char *text = region->valid_to == NULL
                                    ? g_strdup(region->name)
                                    : g_strconcat(region->name, "（已撤销）", NULL);
        page_option(select, region->code, text, chosen);
    }
}

bool page_region_select(
    Db *db, json_t *selects, const char *scope, const char *region, GError **error) {
    char outer[REGION_CODE_MAX + 1] = {0};
    char district[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(scope, outer)) {
        return hz_fail(error, HZ_ERROR_DENIED, "the account has no region");
    }
    const char *chosen = strcmp(region, outer) == 0 ? "" : region;
    bool is_street = strlen(region) >= 6;
    json_t *select = page_select(selects, "region", is_street ? "街道" : "区县");
    if (!is_street) {
        g_autoptr(GPtrArray) districts = region_districts(db, outer, NULL, error);
        if (districts == NULL) {
            return false;
        }
        page_option(select, "", "全部区县", chosen);
        add_regions(select, districts, chosen);
        return true;
    }
    memcpy(district, region, 6);
    g_autoptr(GPtrArray) streets = region_children(db, district, NULL, error);
    g_auto(Region) whole = {0};
    if (streets == NULL || !region_find(db, district, &whole, error)) {
        return false;
    }
    if (strlen(outer) < 6) {
        page_option(select, "", "全部区县", chosen);
    }
    g_autofree char *all = g_strconcat(whole.name, "全部", NULL);
    page_option(select, strlen(outer) == 6 ? "" : district, all, chosen);
    if (strlen(outer) <= 6) {
        add_regions(select, streets, chosen);
    }
    return true;
}

/* --- what hangs on an object --------------------------------------------------------------------
 */

char *page_number(int64_t n) {
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
    GString *out = g_string_new(NULL);
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0 && digits[i - 1] != '-') {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

bool page_put_proof(Db *db, json_t *model, const char *object, GError **error) {
    int64_t index;
    g_autoptr(GError) problem = NULL;
    if (!ledger_latest(db, object, &index, &problem)) {
        json_put(model, "proof", json_null());
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    json_t *proof = json_object();
    g_autofree char *href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, index);
    g_autofree char *text = page_number(index);
    json_put_text(proof, "href", href);
    json_put_text(proof, "index_text", text);
    json_put(model, "proof", proof);
    return true;
}

static char *actor_zh(const char *actor) {
    if (g_str_has_prefix(actor, "account:")) {
        return g_strconcat("账号 ", actor + strlen("account:"), NULL);
    }
    return g_strdup(strcmp(actor, "cli") == 0 ? "命令行" : "系统");
}

bool page_put_history(Db *db, json_t *model, const char *kind, int64_t id, GError **error) {
    json_t *list = change_list(db, kind, id, HISTORY_MAX, error);
    if (list == NULL) {
        return false;
    }
    size_t i;
    json_t *line;
    json_array_foreach(list, i, line) {
        g_autofree char *actor = actor_zh(json_get_text(line, "actor", ""));
        json_put_text(line, "actor", actor);
    }
    json_put_bool(model, "has_history", json_array_size(list) > 0);
    json_put(model, "history", list);
    return true;
}

/* --- lists --------------------------------------------------------------------------------------
 */

static char *join(const char *path, const char *query, const char *more) {
    bool has_query = query[0] != '\0';
    return g_strconcat(path,
                       has_query || more != NULL ? "?" : "",
                       query,
                       has_query && more != NULL ? "&" : "",
                       more == NULL ? "" : more,
                       NULL);
}

static void
put_link(json_t *object, const char *key, const char *path, const char *query, const char *more) {
    g_autofree char *href = join(path, query, more);
    json_put_text(object, key, href);
}

void page_put_pager(json_t *model, const PagerText *text) {
    json_t *pager = json_object();
    json_put_text(pager, "first", NULL);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", NULL);
    if (text->has_first) {
        put_link(pager, "first", text->path, text->query, NULL);
    }
    if (text->previous != NULL) {
        put_link(pager, "previous", text->path, text->query, text->previous);
    }
    if (text->next != NULL) {
        put_link(pager, "next", text->path, text->query, text->next);
    }
    json_put_text(pager, "note", text->note);
    json_put(model, "pager", pager);
}

void page_put_hidden(json_t *model, const char *query, const char *without) {
    json_t *list = json_array();
    g_auto(GStrv) parts = g_strsplit(query, "&", -1);
    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');
        if (equals == NULL) {
            continue;
        }
        g_autofree char *name = g_strndup(*part, (gsize)(equals - *part));
        g_autofree char *value = g_uri_unescape_string(equals + 1, NULL);
        if (g_strcmp0(name, without) != 0) {
            json_t *field = json_object();
            json_put_text(field, "name", name);
            json_put_text(field, "value", value);
            json_array_append_new(list, field);
        }
    }
    json_put(model, "hidden", list);
}

void page_add_chip(json_t *model, const char *text, const char *path, const char *query) {
    json_t *chips = json_object_get(model, "chips");
    if (chips == NULL) {
        chips = json_array();
        json_put(model, "chips", chips);
    }
    json_t *chip = json_object();
    json_put_text(chip, "text", text);
    put_link(chip, "href", path, query, NULL);
    json_array_append_new(chips, chip);
}

void page_put_export(json_t *model, const char *list, const char *query) {
    static const char *const formats[] = {"csv", "xlsx"};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *path = g_strdup_printf("/work/export?list=%s&format=%s%s%s",
                                                list,
                                                formats[i],
                                                query[0] == '\0' ? "" : "&",
                                                query);
        g_autofree char *key = g_strconcat(formats[i], "_href", NULL);
        json_put_text(model, key, path);
    }
}

char *page_count_text(int64_t n, bool is_more, const char *unit_zh) {
    g_autofree char *number = page_number(n);
    return g_strdup_printf("%s %s%s符合", number, unit_zh, is_more ? "以上" : "");
}

/* --- texts --------------------------------------------------------------------------------------
 */

void page_put_day(json_t *model, const char *key, int64_t time_us, const char *none) {
    g_autofree char *day = time_us == 0 ? g_strdup(none) : clock_format_date(time_us);
    json_put_text(model, key, day);
}

const char *page_text(const char *text, const char *none) {
    return text == NULL || text[0] == '\0' ? none : text;
}

const char *page_form(const Request *req, GStringChunk *texts, const char *name) {
    const char *text = request_form(req, name);
    if (text == NULL) {
        return NULL;
    }
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    return trimmed[0] == '\0' ? NULL : g_string_chunk_insert(texts, trimmed);
}
