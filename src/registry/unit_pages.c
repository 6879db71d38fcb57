/* The list of units and the page of one unit. */
#include "base/error.h"
#include "base/limits.h"
#include "registry/building.h"
#include "registry/registry_pages.h"
#include "registry/unit_list.h"
#include "registry/unit_store.h"

#include <string.h>

#define PATH "/work/units"

/* --- filters ------------------------------------------------------------------------------------
 */

static void add_category_select(json_t *selects, const UnitQuery *query) {
    json_t *select = page_select(selects, "category", "类别");
    page_option(select, "", "全部类别", query->category_word);
    page_option(select, "key", "重点单位", query->category_word);
    page_option(select, "assembly", "公众聚集场所", query->category_word);
    page_option(select, "crowded", "人员密集场所", query->category_word);
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        const UseCategory *category = category_get(i);
        page_option(select, category->word, category->name_zh, query->category_word);
    }
}

static bool put_filters(Ctx *ctx, const UnitQuery *query, json_t *model, GError **error) {
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", query->text);
    if (!page_region_select(ctx->db, selects, query->scope, query->region, error)) {
        return false;
    }
    add_category_select(selects, query);
    json_t *risk = page_select(selects, "risk", "风险");
    page_option(risk, "", "全部风险", query->risk_word);
    page_option(risk, "raised", "橙和红", query->risk_word);
    for (int i = RISK_HIGH; i >= RISK_LOW; i--) {
        page_option(risk, risk_word((RiskGrade)i), risk_name_zh((RiskGrade)i), query->risk_word);
    }
    json_t *credit = page_select(selects, "credit", "信用");
    page_option(credit, "", "全部信用", query->credit_word);
    for (int i = CREDIT_A; i <= CREDIT_D; i++) {
        const char *word = credit_word((CreditGrade)i);
        page_option(credit, word, word, query->credit_word);
    }
    json_t *last = page_select(selects, "last", "最近检查");
    page_option(last, "", "不限", query->last_word);
    page_option(last, "year", "一年内没查过", query->last_word);
    page_option(last, "never", "从没查过", query->last_word);
    return true;
}

static void add_chip(json_t *model, const UnitQuery *query, const char *name, const char *text) {
    g_autofree char *rest = unit_query_string(query, name);
    page_add_chip(model, text, PATH, rest);
}

static const char *category_text(const char *word) {
    const UseCategory *category = category_parse(word);
    return category != NULL                ? category->name_zh
           : strcmp(word, "key") == 0      ? "重点单位"
           : strcmp(word, "assembly") == 0 ? "公众聚集场所"
           : strcmp(word, "crowded") == 0  ? "人员密集场所"
                                           : word;
}

static bool put_chips(Ctx *ctx, const UnitQuery *query, json_t *model, GError **error) {
    json_put(model, "chips", json_array());
    if (query->text != NULL) {
        g_autofree char *text = g_strdup_printf("“%s”", query->text);
        add_chip(model, query, "q", text);
    }
    if (strcmp(query->region, query->scope) != 0) {
        g_autofree char *name = region_full_name(ctx->db, query->region, error);
        if (name == NULL) {
            return false;
        }
        add_chip(model, query, "region", name);
    }
    if (query->category_word != NULL) {
        add_chip(model, query, "category", category_text(query->category_word));
    }
    if (query->risk_word != NULL) {
        RiskGrade grade = RISK_UNKNOWN;
        bool one = risk_parse(query->risk_word, &grade);
        add_chip(model, query, "risk", one ? risk_name_zh(grade) : "风险橙和红");
    }
    if (query->credit_word != NULL) {
        g_autofree char *text = g_strdup_printf("信用 %s", query->credit_word);
        add_chip(model, query, "credit", text);
    }
    if (query->key >= 0 && query->key_word != NULL) {
        add_chip(model, query, "key", query->key > 0 ? "重点单位" : "不是重点单位");
    }
    if (query->last_word != NULL) {
        bool never = strcmp(query->last_word, "never") == 0;
        add_chip(model, query, "last", never ? "从没查过" : "一年内没查过");
    }
    json_put_text(
        model, "clear_href", json_array_size(json_object_get(model, "chips")) > 0 ? PATH : NULL);
    return true;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void put_unit_facts(json_t *model, const Unit *unit) {
    json_put_int(model, "id", unit->id);
    json_put_text(model, "name", unit->name);
    json_put_text(model, "address", unit->address);
    json_put_text(model, "uscc", page_text(unit->uscc, "未登记"));
    json_put_text(model, "region", unit->region);
    json_put_text(model, "category", category_get(unit->category)->name_zh);
    json_put_text(model, "risk", risk_name_zh(unit->risk));
    json_put_text(model, "risk_colour", risk_colour(unit->risk));
    json_put_text(model, "credit", page_text(credit_word(unit->credit), "未评"));
    json_put_bool(model, "is_key", unit->is_key);
    page_put_day(model, "last_inspected", unit->last_inspected_us, "没查过");
}

static bool put_rows(Ctx *ctx, const UnitPage *page, json_t *model, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < page->units->len; i++) {
        g_ptr_array_add(codes, (gpointer)g_array_index(page->units, Unit, i).region);
    }
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    if (names == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < page->units->len; i++) {
        const Unit *unit = &g_array_index(page->units, Unit, i);
        json_t *row = json_object();
        put_unit_facts(row, unit);
        json_put_text(row, "place", g_hash_table_lookup(names, unit->region));
        json_array_append_new(rows, row);
    }
    json_put_bool(model, "has_units", json_array_size(rows) > 0);
    json_put(model, "units", rows);
    return true;
}

/* The heads that sort: where a click leads and which way it is sorted now. */
static void put_sort(json_t *model, const UnitQuery *query, const char *name, UnitSort sort) {
    g_autofree char *base = unit_query_string(query, "sort");
    bool now = query->sort == sort && query->text == NULL;
    bool to_descending = now && !query->descending;
    json_t *head = json_object();
    g_autofree char *href = g_strdup_printf(
        PATH "?%s%ssort=%s%s", base, base[0] == '\0' ? "" : "&", to_descending ? "-" : "", name);
    json_put_text(head, "href", href);
    json_put_text(head, "aria", !now ? "none" : query->descending ? "descending" : "ascending");
    json_put_text(head, "arrow", !now ? "" : query->descending ? " ↓" : " ↑");
    g_autofree char *key = g_strconcat("sort_", name, NULL);
    json_put(model, key, head);
}

static void put_pager(const UnitQuery *query, const UnitPage *page, json_t *model) {
    g_autofree char *base = unit_query_string(query, NULL);
    g_autofree char *previous =
        page->has_previous ? unit_place_string(query, &page->first, true) : NULL;
    g_autofree char *next = page->has_next ? unit_place_string(query, &page->last, false) : NULL;
    PagerText text = {.path = PATH,
                      .query = base,
                      .previous = previous,
                      .next = next,
                      .has_first = query->has_place,
                      .note = query->text != NULL ? "每页 50 家，按登记先后" : "每页 50 家"};
    page_put_pager(model, &text);
    page_put_hidden(model, base, NULL);
    json_put_bool(model, "is_partial", page->is_partial);
    json_put_bool(model, "can_jump", query->text == NULL && query->sort == UNIT_SORT_NAME);
    page_put_export(model, "units", base);
}

static bool put_head(Ctx *ctx, const UnitQuery *query, json_t *model, GError **error) {
    int64_t inside = 0;
    if (!unit_list_inside(ctx->db, query->scope, &inside, error)) {
        return false;
    }
    g_autofree char *name = region_full_name(ctx->db, query->scope, error);
    if (name == NULL) {
        return false;
    }
    g_autofree char *number = page_number(inside);
    g_autofree char *text = strlen(query->scope) > 6
                                ? g_strdup_printf("您能看到%s的单位", name)
                                : g_strdup_printf("您能看到%s的 %s 家", name, number);
    json_put_text(model, "subtitle", text);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_UNIT_EDIT));
    json_put_bool(model, "may_import", principal_may(ctx->who, PERM_IMPORT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    return true;
}

/* A question that makes no sense: the filters stay, the list is empty, a sentence says why. */
static bool
fill_list(Ctx *ctx, const UnitQuery *query, const char *problem, json_t *model, GError **error) {
    g_auto(UnitPage) page = {.units = g_array_new(FALSE, FALSE, sizeof(Unit))};
    UnitTotal total = {0};
    if (problem == NULL) {
        unit_page_clear(&page);
        if (!unit_list_page(ctx->db, query, LIMIT_PAGE_ROWS, &page, error) ||
            (!page.has_total && !unit_list_count(ctx->db, query, &page.total, error))) {
            return false;
        }
        total = page.total;
    }
    g_autofree char *count = page_count_text(total.n, total.is_more, "家");
    json_put_text(model, "count_text", count);
    json_put_text(model, "problem", problem);
    put_sort(model, query, "name", UNIT_SORT_NAME);
    put_sort(model, query, "last", UNIT_SORT_LAST);
    put_pager(query, &page, model);
    return put_head(ctx, query, model, error) && put_filters(ctx, query, model, error) &&
           put_chips(ctx, query, model, error) && put_rows(ctx, &page, model, error);
}

Response *units_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(UnitQuery) query = {0};
    const char *problem;
    bool denied;
    unit_query_parse(page_get_query, req, ctx->who->region, ctx->now_us, &query, &problem, &denied);
    if (denied) {
        return page_refuse(ctx, req, problem);
    }
    g_autoptr(json_t) model = json_object();
    if (query.region[0] == '\0') {
        memcpy(query.region, query.scope, sizeof query.region);
    }
    if (query.scope[0] == '\0') {
        region_code_parse(ctx->who->region, query.scope);
        memcpy(query.region, query.scope, sizeof query.region);
    }
    if (!fill_list(ctx, &query, problem, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page_status(
        problem == NULL ? 200 : 422, "registry/units", g_steal_pointer(&model));
}

/* --- one unit -----------------------------------------------------------------------------------
 */

static bool put_place(Db *db, const Unit *unit, json_t *model, GError **error) {
    g_autofree char *place = region_full_name(db, unit->region, error);
    if (place == NULL) {
        return false;
    }
    json_put_text(model, "place", place);
    json_put(model, "building", json_null());
    g_autofree char *point =
        unit->has_point ? g_strdup_printf("%.6f，%.6f", unit->longitude, unit->latitude) : NULL;
    json_put_text(model, "point", page_text(point, "未登记"));
    if (unit->building_id == 0) {
        return true;
    }
    g_auto(Building) building = {0};
    g_autoptr(GError) problem = NULL;
    if (!building_find(db, unit->building_id, &building, &problem)) {
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    json_t *link = json_object();
    json_put_int(link, "id", building.id);
    json_put_text(link, "name", building.name);
    json_put_text(link, "height_class", height_class_name_zh(building.height_class));
    json_put(model, "building", link);
    return true;
}

/* Records that could be this unit, and records that were merged into it. */
static bool put_relatives(Db *db, const Unit *unit, json_t *model, GError **error) {
    json_t *like = json_array();
    json_t *absorbed = json_array();
    json_put(model, "like", like);
    json_put(model, "absorbed", absorbed);
    bool good = unit_store_relatives(db, unit->id, like, absorbed, error);
    json_put_bool(model, "has_like", json_array_size(like) > 0);
    json_put_bool(model, "has_absorbed", json_array_size(absorbed) > 0);
    return good;
}

static bool put_merged(Db *db, const Unit *unit, json_t *model, GError **error) {
    json_put(model, "merged", json_null());
    if (unit->merged_into == 0) {
        return true;
    }
    g_auto(Unit) kept = {0};
    if (!unit_find(db, unit->merged_into, &kept, error)) {
        return false;
    }
    json_t *link = json_object();
    json_put_int(link, "id", kept.id);
    json_put_text(link, "name", kept.name);
    json_put(model, "merged", link);
    return true;
}

Response *unit_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Unit) unit = {0};
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!unit_find(ctx->db, id, &unit, &error)) {
        return response_problem(error, NULL);
    }
    Response *refused = page_refuse_scope(ctx, req, unit.region);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *object = g_strdup_printf("unit:%" G_GINT64_FORMAT, id);
    put_unit_facts(model, &unit);
    json_put_text(model, "legal_person", page_text(unit.legal_person, "未登记"));
    json_put_text(model, "phone", page_text(unit.phone, "未登记"));
    g_autofree char *source =
        unit.source == NULL ? NULL : g_strdup_printf("%s %s", unit.source, unit.source_id);
    json_put_text(model, "source", page_text(source, "在本系统登记"));
    page_put_day(model, "created", unit.created_us, "未登记");
    page_put_day(model, "changed", unit.changed_us, "未登记");
    json_put_bool(
        model, "may_edit", principal_may(ctx->who, PERM_UNIT_EDIT) && unit.merged_into == 0);
    json_put_bool(model, "may_merge", principal_may(ctx->who, PERM_UNIT_EDIT));
    json_put_bool(
        model, "may_unmerge", principal_may(ctx->who, PERM_UNIT_EDIT) && unit.merged_into != 0);
    if (!put_place(ctx->db, &unit, model, &error) ||
        !put_relatives(ctx->db, &unit, model, &error) ||
        !put_merged(ctx->db, &unit, model, &error) ||
        !page_put_proof(ctx->db, model, object, &error) ||
        !page_put_history(ctx->db, model, "unit", id, &error) ||
        !page_put_past(ctx, model, "unit", id, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("registry/unit", g_steal_pointer(&model));
}
