/* The list of buildings and the page of one building. Forms are in building_form_pages.c. */
#include "base/error.h"
#include "base/limits.h"
#include "registry/building_list.h"
#include "registry/building_section.h"
#include "registry/building_store.h"
#include "registry/registry_pages.h"

#include <string.h>

#define PATH "/work/buildings"
#define UNITS_MAX 100

/* --- the list -----------------------------------------------------------------------------------
 */

static bool put_filters(Ctx *ctx, const BuildingQuery *query, json_t *model, GError **error) {
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", query->ask.text);
    if (!page_region_select(ctx->db, selects, query->ask.scope, query->ask.region, error)) {
        return false;
    }
    json_t *category = page_select(selects, "category", "使用性质");
    page_option(category, "", "全部", query->category_word);
    page_option(category, "crowded", "人员密集场所", query->category_word);
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        page_option(
            category, category_get(i)->word, category_get(i)->name_zh, query->category_word);
    }
    json_t *height = page_select(selects, "height", "高度");
    page_option(height, "", "不限", query->height_word);
    page_option(height, "high", "高层和超高层", query->height_word);
    page_option(height, "super", "超高层", query->height_word);
    page_option(height, "unknown", "高度未登记", query->height_word);
    json_t *risk = page_select(selects, "risk", "风险");
    page_option(risk, "", "全部风险", query->risk_word);
    page_option(risk, "raised", "橙和红", query->risk_word);
    for (int i = RISK_HIGH; i >= RISK_LOW; i--) {
        page_option(risk, risk_word((RiskGrade)i), risk_name_zh((RiskGrade)i), query->risk_word);
    }
    return true;
}

static char *words(const void *query, const char *without) {
    return building_query_string(query, without);
}

static PageList list_of(const BuildingQuery *query) {
    return (PageList){.path = PATH,
                      .name = "buildings",
                      .measure = "栋",
                      .permission = PERM_UNIT_EDIT,
                      .ask = &query->ask,
                      .query = query,
                      .words = words};
}

static bool put_chips(Ctx *ctx, const BuildingQuery *query, json_t *model, GError **error) {
    PageList list = list_of(query);
    if (!page_list_start_chips(ctx, &list, model, error)) {
        return false;
    }
    if (query->category_word != NULL) {
        const UseCategory *category = category_parse(query->category_word);
        page_list_chip(
            &list, model, "category", category == NULL ? "人员密集场所" : category->name_zh);
    }
    if (query->height_word != NULL) {
        page_list_chip(&list,
                       model,
                       "height",
                       strcmp(query->height_word, "high") == 0    ? "高层和超高层"
                       : strcmp(query->height_word, "super") == 0 ? "超高层"
                                                                  : "高度未登记");
    }
    RiskGrade grade = RISK_UNKNOWN;
    if (query->risk_word != NULL) {
        bool one = risk_parse(query->risk_word, &grade);
        page_list_chip(&list, model, "risk", one ? risk_name_zh(grade) : "风险橙和红");
    }
    if (query->filter.key >= 0) {
        page_list_chip(&list, model, "key", query->filter.key > 0 ? "重点单位" : "不是重点单位");
    }
    page_list_end_chips(&list, model);
    return true;
}

static void put_facts(json_t *model, const Building *building) {
    g_autofree char *height =
        building->height_m > 0 ? g_strdup_printf("%g 米", building->height_m) : NULL;
    json_put_int(model, "id", building->id);
    json_put_text(model, "name", building->name);
    json_put_text(model, "address", building->address);
    json_put_text(model, "region", building->region);
    json_put_text(model, "category", category_get(building->category)->name_zh);
    json_put_text(model, "height_class", height_class_name_zh(building->height_class));
    json_put_text(model, "height", height);
    json_put_text(model, "risk", risk_name_zh(building->risk));
    json_put_text(model, "risk_colour", risk_colour(building->risk));
    json_put_text(model, "credit", page_text(credit_word(building->credit), "未评"));
    json_put_bool(model, "is_key", building->is_key);
    page_put_day(model, "last_inspected", building->last_inspected_us, "没查过");
}

static json_t *row_model(const Ctx *ctx, const void *row) {
    (void)ctx;
    json_t *model = json_object();
    put_facts(model, row);
    return model;
}

static bool fill_list(
    Ctx *ctx, const BuildingQuery *query, const char *problem, json_t *model, GError **error) {
    NamedQuery named = building_query_named(query);
    PageList list = list_of(query);
    return page_list_fill(ctx, &list, &named, row_model, problem, model, error) &&
           put_filters(ctx, query, model, error) && put_chips(ctx, query, model, error);
}

Response *buildings_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(BuildingQuery) query = {0};
    const char *problem;
    bool denied;
    building_query_parse(page_get_query, req, ctx->who->region, &query, &problem, &denied);
    if (denied) {
        return page_refuse(ctx, req, problem);
    }
    g_autoptr(json_t) model = json_object();
    if (!fill_list(ctx, &query, problem, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page_status(
        problem == NULL ? 200 : 422, "registry/buildings", g_steal_pointer(&model));
}

/* --- one building -------------------------------------------------------------------------------
 */

static bool put_units(Ctx *ctx, int64_t id, json_t *model, GError **error) {
    json_t *list = json_array();
    bool good = building_store_units(ctx->db, id, UNITS_MAX, list, error);
    json_put_bool(model, "has_units", json_array_size(list) > 0);
    json_put_bool(model, "has_more_units", json_array_size(list) == UNITS_MAX);
    json_put(model, "units", list);
    return good;
}

static bool put_sections(Ctx *ctx, int64_t id, json_t *model, GError **error) {
    json_t *sections = json_array();
    json_put(model, "sections", sections);
    for (const BuildingSource *source = building_sources; *source != NULL; source++) {
        if (!(*source)(ctx, id, sections, error)) {
            return false;
        }
    }
    return true;
}

static void put_measures(json_t *model, const Building *building) {
    g_autofree char *floors =
        building->floors_above == 0
            ? NULL
            : g_strdup_printf("地上 %" G_GINT64_FORMAT " 层，地下 %" G_GINT64_FORMAT " 层",
                              building->floors_above,
                              building->floors_below);
    g_autofree char *area =
        building->area_m2 > 0 ? g_strdup_printf("%.0f 平方米", building->area_m2) : NULL;
    g_autofree char *built = building->built_year == 0
                                 ? NULL
                                 : g_strdup_printf("%" G_GINT64_FORMAT " 年", building->built_year);
    g_autofree char *point =
        building->has_point ? g_strdup_printf("%.6f，%.6f", building->longitude, building->latitude)
                            : NULL;
    g_autofree char *source = building->source == NULL
                                  ? NULL
                                  : g_strdup_printf("%s %s", building->source, building->source_id);
    g_autofree char *reason = building_height_reason(building);
    json_put_text(model, "height_text", json_get_text(model, "height", "未登记"));
    json_put_text(model, "floors_text", page_text(floors, "未登记"));
    json_put_text(model, "area_text", page_text(area, "未登记"));
    json_put_text(model, "built_text", page_text(built, "未登记"));
    json_put_text(model, "point", page_text(point, "未登记"));
    json_put_text(model, "source", page_text(source, "在本系统登记"));
    json_put_text(model, "height_reason", reason);
}

Response *building_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!building_find(ctx->db, id, &building, &error)) {
        return response_problem(error, NULL);
    }
    Response *refused = page_refuse_scope(ctx, req, building.region);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *object = g_strdup_printf("building:%" G_GINT64_FORMAT, id);
    g_autofree char *place = region_full_name(ctx->db, building.region, &error);
    put_facts(model, &building);
    put_measures(model, &building);
    json_put_text(model, "place", place);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_UNIT_EDIT));
    page_put_day(model, "created", building.created_us, "未登记");
    page_put_day(model, "changed", building.changed_us, "未登记");
    if (place == NULL || !put_units(ctx, id, model, &error) ||
        !put_sections(ctx, id, model, &error) || !page_put_proof(ctx->db, model, object, &error) ||
        !page_put_history(ctx->db, model, "building", id, &error) ||
        !page_put_past(ctx, model, "building", id, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("registry/building", g_steal_pointer(&model));
}
