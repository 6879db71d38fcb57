/* Where a device stands: search a building or unit, choose it, write the place. */
#include "base/error.h"
#include "registry/building_list.h"
#include "registry/unit.h"
#include "registry/unit_list.h"
#include "sensing/sensing_pages.h"

#include <string.h>

#define PATH "/work/devices"
#define FOUND_MAX 20
#define UNITS_MAX 200

/* --- searching ----------------------------------------------------------------------------------
 */

static const char *only_search(const void *req, const char *name) {
    return strcmp(name, "q") == 0 ? request_query(req, "q") : NULL;
}

static void
add_found(json_t *list, const char *word, int64_t id, const char *name, const char *at) {
    json_t *line = json_object();
    g_autofree char *query = g_strdup_printf("%s=%" G_GINT64_FORMAT, word, id);
    json_put_text(line, "choice", query);
    json_put_text(line, "name", name);
    json_put_text(line, "address", at);
    json_put_bool(line, "is_unit", strcmp(word, "unit") == 0);
    json_array_append_new(list, line);
}

static bool find_buildings(
    Ctx *ctx, const Request *req, json_t *found, const char **ret_problem, GError **error) {
    g_auto(BuildingQuery) query = {0};
    g_auto(NamedPage) page = {0};
    bool denied;
    if (!building_query_parse(only_search, req, ctx->who->region, &query, ret_problem, &denied)) {
        return true;
    }
    NamedQuery named = building_query_named(&query);
    if (!named_list_page(ctx->db, &named, FOUND_MAX, &page, error)) {
        return false;
    }
    for (guint i = 0; page.rows != NULL && i < page.rows->len; i++) {
        const Building *building = &g_array_index(page.rows, Building, i);
        add_found(found, "building", building->id, building->name, building->address);
    }
    return true;
}

static bool
find_units(Ctx *ctx, const Request *req, json_t *found, const char **ret_problem, GError **error) {
    g_auto(UnitQuery) query = {0};
    g_auto(UnitPage) page = {0};
    bool denied;
    if (!unit_query_parse(
            only_search, req, ctx->who->region, ctx->now_us, &query, ret_problem, &denied)) {
        return true;
    }
    if (!unit_list_page(ctx->db, &query, FOUND_MAX, &page, error)) {
        return false;
    }
    for (guint i = 0; page.units != NULL && i < page.units->len; i++) {
        const Unit *unit = &g_array_index(page.units, Unit, i);
        add_found(found, "unit", unit->id, unit->name, unit->address);
    }
    return true;
}

static bool put_found(Ctx *ctx, const Request *req, json_t *model, GError **error) {
    const char *text = request_query(req, "q");
    const char *problem = NULL;
    json_t *found = json_array();
    json_put(model, "found", found);
    json_put_text(model, "q", text);
    bool good = text == NULL || text[0] == '\0' ||
                (find_buildings(ctx, req, found, &problem, error) &&
                 (problem != NULL || find_units(ctx, req, found, &problem, error)));
    json_put_text(model, "problem", problem);
    json_put_bool(model, "has_found", json_array_size(found) > 0);
    json_put_bool(model,
                  "is_empty",
                  text != NULL && text[0] != '\0' && problem == NULL &&
                      json_array_size(found) == 0);
    return good;
}

/* --- the chosen place ---------------------------------------------------------------------------
 */

typedef struct Chosen {
    int64_t building_id, unit_id;
    char region[REGION_CODE_MAX + 1];
    char *building, *unit; /* names; NULL: none */
} Chosen;

static void chosen_clear(Chosen *chosen) {
    g_clear_pointer(&chosen->building, g_free);
    g_clear_pointer(&chosen->unit, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chosen, chosen_clear)

static int64_t id_of(const char *text) {
    int64_t id = 0;
    return text != NULL && g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &id, NULL) ? id : 0;
}

/* Looks up what was named. A unit brings its building; both must fit together. */
static bool
read_chosen(Ctx *ctx, int64_t building_id, int64_t unit_id, Chosen *ret, GError **error) {
    *ret = (Chosen){.building_id = building_id, .unit_id = unit_id};
    if (unit_id != 0) {
        g_auto(Unit) unit = {0};
        if (!unit_find(ctx->db, unit_id, &unit, error)) {
            return false;
        }
        if (building_id != 0 && unit.building_id != 0 && unit.building_id != building_id) {
            return hz_fail(error, HZ_ERROR_INVALID, "the unit is in another building");
        }
        ret->unit = g_strdup(unit.name);
        ret->building_id = building_id != 0 ? building_id : unit.building_id;
        g_strlcpy(ret->region, unit.region, sizeof ret->region);
    }
    if (ret->building_id != 0) {
        g_auto(Building) building = {0};
        if (!building_find(ctx->db, ret->building_id, &building, error)) {
            return false;
        }
        ret->building = g_strdup(building.name);
        g_strlcpy(ret->region, building.region, sizeof ret->region);
    }
    return true;
}

static bool put_units(Ctx *ctx, const Chosen *chosen, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(1024);
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(NearUnit));
    json_t *options = json_array();
    json_put(model, "unit_options", options);
    if (chosen->building_id == 0) {
        return true;
    }
    form_option(options, "", "整栋建筑，不属于某一个单位", chosen->unit_id == 0);
    if (!device_units_of_building(ctx->db, chosen->building_id, UNITS_MAX, texts, units, error)) {
        return false;
    }
    for (guint i = 0; i < units->len; i++) {
        const NearUnit *unit = &g_array_index(units, NearUnit, i);
        g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, unit->id);
        form_option(options, value, unit->name, unit->id == chosen->unit_id);
    }
    return true;
}

static void put_device(json_t *model, const Device *device) {
    g_autofree char *title = device_title(device);
    json_put_int(model, "id", device->id);
    json_put_int(model, "version", device->version);
    json_put_text(model, "title", title);
    json_put_bool(model, "is_learning", device->state == DEVICE_LEARNING);
    sensing_put_bound(model, device);
}

static json_t *bind_model(Ctx *ctx,
                          const Device *device,
                          const Chosen *chosen,
                          const char *place,
                          const FormProblems *problems,
                          GError **error) {
    g_autoptr(json_t) model = json_object();
    bool is_chosen = chosen->building_id != 0 || chosen->unit_id != 0;
    put_device(model, device);
    form_field(model, "place", place, problems);
    json_put(model, "problems", json_null());
    json_put_bool(model, "is_chosen", is_chosen);
    json_put_text(model, "chosen_building", chosen->building);
    json_put_text(model, "chosen_unit", chosen->unit);
    json_put_int(model, "building_id", chosen->building_id);
    json_put_int(model, "unit_id", chosen->unit_id);
    if (!put_units(ctx, chosen, model, error)) {
        return NULL;
    }
    json_put_bool(model, "has_units", json_array_size(json_object_get(model, "unit_options")) > 1);
    return g_steal_pointer(&model);
}

static Response *outside(Ctx *ctx, const Request *req) {
    return sensing_refuse(ctx, req, "这栋建筑或这个单位不在您的辖区");
}

Response *device_bind_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Device) device = {0};
    g_auto(Chosen) chosen = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    int64_t building = id_of(request_query(req, "building"));
    int64_t unit = id_of(request_query(req, "unit"));
    if (!read_chosen(ctx, building, unit, &chosen, &error)) {
        return response_problem(error, NULL);
    }
    if (building + unit != 0 && !region_is_inside(chosen.region, ctx->who->region)) {
        return outside(ctx, req);
    }
    g_autoptr(json_t) model = bind_model(ctx, &device, &chosen, device.place, NULL, &error);
    if (model == NULL || !put_found(ctx, req, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page_status(json_get_text(model, "problem", NULL) == NULL ? 200 : 422,
                                "sensing/device_bind",
                                g_steal_pointer(&model));
}

static Response *bind_again(
    Ctx *ctx, const Request *req, const Device *device, const Chosen *chosen, const char *place) {
    g_autoptr(GError) error = NULL;
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, "place", "位置最多 100 个字");
    g_autoptr(json_t) model = bind_model(ctx, device, chosen, place, problems, &error);
    if (model == NULL || !put_found(ctx, req, model, &error)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("sensing/device_bind", g_steal_pointer(&model), problems);
}

Response *device_bind_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(128);
    g_auto(Device) device = {0};
    g_auto(Chosen) chosen = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    if (!read_chosen(ctx,
                     id_of(request_form(req, "building")),
                     id_of(request_form(req, "unit")),
                     &chosen,
                     &error)) {
        return response_problem(error, NULL);
    }
    if (chosen.building_id == 0 && chosen.unit_id == 0) {
        hz_fail(&error, HZ_ERROR_INVALID, "nothing was chosen");
        return response_problem(error, "还没有选建筑或单位，请回到上一页选一个");
    }
    if (!region_is_inside(chosen.region, ctx->who->region)) {
        return outside(ctx, req);
    }
    const char *text = sensing_form(req, texts, "place");
    if (g_utf8_strlen(text, -1) > 100) {
        return bind_again(ctx, req, &device, &chosen, text);
    }
    DeviceActor by = sensing_actor(ctx, texts);
    DevicePlace place = {.building_id = chosen.building_id,
                         .unit_id = chosen.unit_id,
                         .building_name = chosen.building,
                         .unit_name = chosen.unit,
                         .region = chosen.region,
                         .place = text};
    int64_t version = g_ascii_strtoll(sensing_form(req, texts, "version"), NULL, 10);
    if (!device_bind(ctx->db, device.id, version, &place, &by, &error)) {
        return response_problem(error,
                                g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                                    ? "您打开这一页以后，别人改了这台设备。请回到设备的页面再看"
                                    : NULL);
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, device.id);
    return response_redirect_flash(
        path, "已绑定到%s。绑错了可以再绑一次", chosen.building ? chosen.building : chosen.unit);
}
