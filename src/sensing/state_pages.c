/* What is wrong now by district and building; the ledgers of faults and shielding. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include "registry/region.h"
#include "sensing/maintenance.h"
#include "sensing/sensing_pages.h"
#include "sensing/state_store.h"
#include "sensing/upkeep.h"

#include <string.h>

#define PATH "/work/facilities"
#define BUILDINGS_MAX 100

/* The region asked for, or the reader's own; NULL with the answer when it is not theirs. */
static const char *
read_region(Ctx *ctx, const Request *req, char code[REGION_CODE_MAX + 1], Response **ret_refused) {
    const char *asked = request_query(req, "region");
    const char *own = ctx->who->region == NULL ? "" : ctx->who->region;
    if (asked == NULL || asked[0] == '\0') {
        return region_code_parse(own, code) ? code : own;
    }
    if (!region_code_parse(asked, code) || !region_is_inside(code, own)) {
        *ret_refused = sensing_refuse(ctx, req, "这个区划不在您的辖区");
        return NULL;
    }
    return code;
}

/* --- now ----------------------------------------------------------------------------------------
 */

static void add_figure(
    json_t *list, const char *name, int64_t value, const char *unit, const char *href, char *note) {
    json_t *figure = json_object();
    g_autofree char *text = number_group(value);
    json_put_text(figure, "name", name);
    json_put_text(figure, "value", text);
    json_put_text(figure, "unit", unit);
    json_put_text(figure, "href", href);
    json_put_text(figure, "note", note);
    g_free(note);
    json_array_append_new(list, figure);
}

static bool
put_figures(Ctx *ctx, const char *region, const GArray *districts, json_t *model, GError **error) {
    StateCounts counts = {0};
    StateDistrict all = {0};
    json_t *figures = json_array();
    json_put(model, "figures", figures);
    if (!state_store_counts(ctx->db, region, &counts, error)) {
        return false;
    }
    for (guint i = 0; i < districts->len; i++) {
        const StateDistrict *one = &g_array_index(districts, StateDistrict, i);
        all.fire += one->fire;
        all.fault += one->fault;
        all.shield += one->shield;
    }
    add_figure(figures,
               "火警点位",
               all.fire,
               "处",
               "/work/devices?trouble=fire",
               g_strdup(all.fire > 0 ? "在报警中心处理" : "没有"));
    add_figure(figures, "故障点位", all.fault, "处", PATH "/faults?open=1", g_strdup("故障台账"));
    add_figure(figures, "屏蔽点位", all.shield, "处", PATH "/shields?open=1", g_strdup("屏蔽台账"));
    int64_t silent = counts.devices - counts.online;
    add_figure(figures,
               "失去联系的设备",
               silent,
               "台",
               "/work/devices?online=0&state=active",
               g_strdup_printf("在用 %" G_GINT64_FORMAT " 台", counts.devices));
    json_put_bool(model, "has_devices", counts.devices > 0);
    return true;
}

static bool put_districts(Ctx *ctx, const GArray *districts, json_t *model, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < districts->len; i++) {
        const StateDistrict *one = &g_array_index(districts, StateDistrict, i);
        g_ptr_array_add(codes, g_strdup_printf("%06" G_GINT64_FORMAT, one->district));
    }
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    if (names == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < districts->len; i++) {
        const StateDistrict *one = &g_array_index(districts, StateDistrict, i);
        const char *name = g_hash_table_lookup(names, codes->pdata[i]);
        json_t *row = json_object();
        json_put_text(row, "code", codes->pdata[i]);
        json_put_text(row, "name", name == NULL ? codes->pdata[i] : name);
        json_put_int(row, "fire", one->fire);
        json_put_int(row, "fault", one->fault);
        json_put_int(row, "shield", one->shield);
        json_array_append_new(rows, row);
    }
    json_put_bool(model, "has_districts", districts->len > 1);
    json_put(model, "districts", rows);
    return true;
}

static bool put_buildings(Ctx *ctx, const char *region, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    g_autoptr(GArray) buildings = g_array_new(FALSE, FALSE, sizeof(StateBuilding));
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    if (!state_store_bad_buildings(ctx->db, region, BUILDINGS_MAX, texts, buildings, error)) {
        return false;
    }
    for (guint i = 0; i < buildings->len; i++) {
        g_ptr_array_add(codes, (gpointer)g_array_index(buildings, StateBuilding, i).region);
    }
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    if (names == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < buildings->len; i++) {
        const StateBuilding *building = &g_array_index(buildings, StateBuilding, i);
        json_t *row = json_object();
        json_put_int(row, "id", building->id);
        json_put_text(row, "name", building->name);
        json_put_text(row, "at", g_hash_table_lookup(names, building->region));
        json_put_int(row, "fire", building->fire);
        json_put_int(row, "fault", building->fault);
        json_put_int(row, "shield", building->shield);
        sensing_put_time(row, "since", building->since_us, "未知");
        json_array_append_new(rows, row);
    }
    json_put(model, "buildings", rows);
    json_put_bool(model, "has_buildings", buildings->len > 0);
    json_put_bool(model, "is_cut", buildings->len == BUILDINGS_MAX);
    return true;
}

Response *facilities_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) districts = g_array_new(FALSE, FALSE, sizeof(StateDistrict));
    char code[REGION_CODE_MAX + 1] = "";
    Response *refused = NULL;
    const char *region = read_region(ctx, req, code, &refused);
    if (region == NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *place = region_full_name(ctx->db, region, &error);
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "place", place);
    if (place == NULL || !sensing_put_regions(ctx, selects, region, &error) ||
        !state_store_bad_districts(ctx->db, region, districts, &error) ||
        !put_figures(ctx, region, districts, model, &error) ||
        !put_districts(ctx, districts, model, &error) ||
        !put_buildings(ctx, region, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "has_regions", json_array_size(selects) > 0);
    return response_page("sensing/facilities", g_steal_pointer(&model));
}

/* --- ledgers ------------------------------------------------------------------------------------
 */

typedef struct LedgerPage {
    EdgeKind kind;
    const char *path, *heading, *other, *other_path, *list;
} LedgerPage;
static const LedgerPage fault_ledger = {
    EDGE_FAULT, PATH "/faults", "故障台账", "屏蔽台账", PATH "/shields", "faults"};
static const LedgerPage shield_ledger = {
    EDGE_SHIELD, PATH "/shields", "屏蔽台账", "故障台账", PATH "/faults", "shields"};

static const Order *order_of(const GArray *orders, int64_t edge_id) {
    const Order *found = NULL;
    for (guint i = 0; i < orders->len; i++) {
        const Order *order = &g_array_index(orders, Order, i);
        found = order->edge_id == edge_id ? order : found;
    }
    return found;
}

static void put_told(Ctx *ctx, json_t *row, const SensingSpell *spell, const Order *order) {
    g_autofree char *href = NULL;
    g_autofree char *told = NULL;
    g_autofree char *fresh = NULL;
    if (order != NULL) {
        href = g_strdup_printf("/work/maintenance/%" G_GINT64_FORMAT, order->id);
        told = g_strdup_printf("%s，%s", order->service_body, order_state_name_zh(order->state));
    } else if (spell->until_us == 0 && principal_may(ctx->who, PERM_SENSING_EDIT)) {
        fresh = g_strdup_printf("/work/maintenance/new?point=%" G_GINT64_FORMAT
                                "&edge=%" G_GINT64_FORMAT,
                                spell->point_id,
                                spell->edge_id);
    }
    json_put_text(row, "order_href", href);
    json_put_text(row, "order", order == NULL ? NULL : order->number);
    json_put_text(row, "told", told);
    json_put_text(row, "new_href", fresh);
}

static json_t *spell_model(
    Ctx *ctx, const SensingSpell *spell, const Order *order, EdgeKind kind, GError **error) {
    int64_t long_us;
    if (!upkeep_term(spell->region, UPKEEP_LONG_SHIELD, &long_us, error)) {
        return NULL;
    }
    json_t *row = json_object();
    int64_t length_us = (spell->until_us == 0 ? ctx->now_us : spell->until_us) - spell->since_us;
    g_autofree char *lasts = sensing_duration(length_us);
    g_autofree char *href =
        spell->building_id == 0
            ? NULL
            : g_strdup_printf("/work/buildings/%" G_GINT64_FORMAT, spell->building_id);
    json_put_int(row, "point", spell->point_id);
    json_put_text(row, "what", spell->what);
    json_put_text(row, "building_href", href);
    json_put_text(row, "building", spell->building_name);
    json_put_text(row, "device", "没有登记建筑");
    json_put_text(row, "at", spell->place);
    sensing_put_time(row, "since", spell->since_us, "");
    sensing_put_time(row, "until", spell->until_us, NULL);
    json_put_text(row, "lasts", lasts);
    json_put_bool(row, "is_long", kind == EDGE_SHIELD && length_us > long_us);
    json_put_text(row, "open_text", kind == EDGE_FAULT ? "还没有恢复" : "还在屏蔽");
    json_put_text(row, "open_class", kind == EDGE_FAULT ? "b" : "w");
    put_told(ctx, row, spell, order);
    return row;
}

static bool
put_spells(Ctx *ctx, const SpellPage *page, EdgeKind kind, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(1024);
    g_autoptr(GArray) orders = g_array_new(FALSE, FALSE, sizeof(Order));
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < page->rows->len; i++) {
        g_array_append_val(ids, g_array_index(page->rows, SensingSpell, i).edge_id);
    }
    if (!orders_of_edges(
            ctx->db, (const int64_t *)(void *)ids->data, ids->len, texts, orders, error)) {
        return false;
    }
    g_autoptr(json_t) rows = json_array();
    for (guint i = 0; i < page->rows->len; i++) {
        const SensingSpell *spell = &g_array_index(page->rows, SensingSpell, i);
        json_t *row = spell_model(ctx, spell, order_of(orders, spell->edge_id), kind, error);
        if (row == NULL) {
            return false;
        }
        json_array_append_new(rows, row);
    }
    json_put(model, "rows", g_steal_pointer(&rows));
    json_put_bool(model, "has_rows", page->rows->len > 0);
    json_put_bool(model, "has_more", page->next_id != 0);
    return true;
}

/* "open=1&region=500103&building=7" without empty words. Caller frees. */
static char *ledger_words(const SpellQuery *query, const char *asked_region) {
    GString *out = g_string_new(query->is_open ? "open=1" : "");
    if (asked_region != NULL) {
        g_string_append_printf(out, "%sregion=%s", out->len > 0 ? "&" : "", asked_region);
    }
    if (query->building_id != 0) {
        g_string_append_printf(
            out, "%sbuilding=%" G_GINT64_FORMAT, out->len > 0 ? "&" : "", query->building_id);
    }
    return g_string_free(out, FALSE);
}

static void put_ledger_places(Ctx *ctx,
                              const LedgerPage *ledger,
                              const SpellQuery *query,
                              const char *words,
                              const SpellPage *page,
                              json_t *model) {
    const char *mark = words[0] == '\0' ? "" : "&";
    g_autofree char *next =
        page->next_id == 0 ? NULL : g_strdup_printf("before=%" G_GINT64_FORMAT, page->next_id);
    g_autofree char *csv =
        g_strdup_printf("/work/export?list=%s&format=csv%s%s", ledger->list, mark, words);
    g_autofree char *xlsx =
        g_strdup_printf("/work/export?list=%s&format=xlsx%s%s", ledger->list, mark, words);
    g_autofree char *count = g_strdup_printf("这一页 %u 次", page->rows->len);
    sensing_put_pager(model, ledger->path, words, query->before_id == 0, next, "新的在前");
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
    json_put_text(model, "count_text", count);
    json_put(model, "chips", json_array());
    if (query->building_id != 0) {
        sensing_put_chip(model, "一栋建筑的", ledger->path, query->is_open ? "open=1" : "");
    }
    json_put_text(model, "clear_href", words[0] == '\0' ? NULL : ledger->path);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
}

static bool put_ledger_head(
    Ctx *ctx, const LedgerPage *ledger, const SpellQuery *query, json_t *model, GError **error) {
    static const char *const pairs[] = {"", "全部", "1", "还没有恢复的", NULL};
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    g_autofree char *place = region_full_name(ctx->db, query->region, error);
    if (place == NULL || !sensing_put_regions(ctx, selects, query->region, error)) {
        return false;
    }
    g_autofree char *rule =
        ledger->kind == EDGE_SHIELD ? upkeep_term_text(query->region, UPKEEP_LONG_SHIELD) : NULL;
    sensing_put_select(selects, "open", "状态", pairs, query->is_open ? "1" : "");
    json_put_text(model, "place", place);
    json_put_text(model, "heading", ledger->heading);
    json_put_text(model, "other", ledger->other);
    json_put_text(model, "other_href", ledger->other_path);
    json_put_text(model, "all_href", ledger->path);
    json_put_text(model, "rule", rule);
    json_put_bool(model, "only_open", query->is_open);
    json_put_int(model, "building_id", query->building_id);
    return true;
}

static int64_t number_of(const Request *req, const char *word) {
    const char *text = request_query(req, word);
    int64_t number = 0;
    return text != NULL && g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &number, NULL) ? number
                                                                                           : 0;
}

static Response *ledger_page(Ctx *ctx, const Request *req, const LedgerPage *ledger) {
    g_autoptr(GError) error = NULL;
    g_auto(SpellPage) page = {0};
    char code[REGION_CODE_MAX + 1] = "";
    Response *refused = NULL;
    const char *region = read_region(ctx, req, code, &refused);
    if (region == NULL) {
        return refused;
    }
    const char *asked = request_query(req, "region");
    SpellQuery query = {.kind = ledger->kind,
                        .region = region,
                        .building_id = number_of(req, "building"),
                        .is_open = g_strcmp0(request_query(req, "open"), "1") == 0,
                        .before_id = number_of(req, "before"),
                        .limit = LIMIT_PAGE_ROWS};
    if (!sensing_spells(ctx->db, &query, &page, &error)) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *words =
        ledger_words(&query, asked == NULL || asked[0] == '\0' ? NULL : region);
    put_ledger_places(ctx, ledger, &query, words, &page, model);
    if (!put_ledger_head(ctx, ledger, &query, model, &error) ||
        !put_spells(ctx, &page, ledger->kind, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("sensing/spells", g_steal_pointer(&model));
}

Response *faults_page(Ctx *ctx, const Request *req) {
    return ledger_page(ctx, req, &fault_ledger);
}

Response *shields_page(Ctx *ctx, const Request *req) {
    return ledger_page(ctx, req, &shield_ledger);
}
