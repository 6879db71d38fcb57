/* A building as those need it who are on their way: alarms, floors and points, who maintains the
 * devices, who is responsible there. What is not registered is said, never guessed. */
#include "base/error.h"
#include "base/limits.h"
#include "overview/overview.h"
#include "overview/overview_alarms.h"
#include "overview/overview_models.h"
#include "overview/overview_pages.h"
#include "registry/agency.h"
#include "registry/building.h"
#include "registry/building_section.h"
#include "sensing/floors.h"
#include "sensing/sensing_names.h"
#include "sensing/sensing_state.h"

#include <string.h>

#define PATH "/work/map/buildings"
#define AGENCIES_SHOWN 6
#define DEVICES_SHOWN 20

/* --- floors -------------------------------------------------------------------------------------
 */

static json_t *floor_model(int64_t building, const FloorState *floor) {
    json_t *model = json_object();
    g_autofree char *escaped = g_uri_escape_string(floor->floor, NULL, false);
    json_put_text(model, "name", floor->floor[0] == '\0' ? "没有写楼层" : floor->floor);
    put_format(model,
               "href",
               PATH "/%" G_GINT64_FORMAT "?floor=%s#points",
               building,
               floor->floor[0] == '\0' ? "-" : escaped);
    json_put_int(model, "points", floor->points);
    json_put_int(model, "fire", floor->fire);
    json_put_int(model, "fault", floor->fault);
    json_put_int(model, "shield", floor->shield);
    json_put_bool(model, "is_fire", floor->fire > 0);
    json_put_bool(model, "is_fault", floor->fault > 0);
    json_put_bool(model, "is_shield", floor->shield > 0);
    json_put_bool(model, "is_good", floor->fire + floor->fault + floor->shield == 0);
    return model;
}

static bool put_floors(Ctx *ctx, int64_t building, json_t *model, GError **error) {
    g_autoptr(GArray) floors = floors_of_building(ctx->db, building, error);
    json_t *list = json_array();
    json_put(model, "floors", list);
    for (guint i = 0; floors != NULL && i < floors->len; i++) {
        json_array_append_new(list, floor_model(building, &g_array_index(floors, FloorState, i)));
    }
    json_put_bool(model, "has_floors", floors != NULL && floors->len > 0);
    return floors != NULL;
}

static json_t *point_model(const Point *point, int64_t now_us) {
    json_t *model = json_object();
    bool is_system = point->component_type == COMPONENT_SYSTEM;
    g_autofree char *title = point_title(point);
    g_autofree char *place = point_place(point);
    g_autofree char *state = point_state_text(is_system, point->state_bits);
    g_autofree char *since = moment_text(point->state_us, now_us);
    g_autofree char *system = system_type_text(point->system_type);
    json_put_int(model, "id", point->id);
    put_format(model, "href", "/work/points/%" G_GINT64_FORMAT, point->id);
    json_put_text(model, "title", title);
    json_put_text(model, "place", place[0] == '\0' ? "没有写位置" : place);
    json_put_text(model, "system", system);
    json_put_text(model, "state", state);
    json_put_text(model, "state_class", point_state_class(point->state_bits));
    json_put_text(model, "since", point->state_us == 0 ? "没有变化" : since);
    return model;
}

static bool put_points(Ctx *ctx, const Request *req, int64_t id, json_t *model, GError **error) {
    const char *floor = request_query(req, "floor");
    const char *after = request_query(req, "after");
    gint64 after_id = 0;
    g_auto(PointPage) page = {.rows = NULL};
    json_t *list = json_array();
    json_put(model, "points", list);
    json_put_text(model, "floor", NULL);
    json_put_text(model, "next_href", NULL);
    json_put_bool(model, "has_floor", floor != NULL);
    json_put_bool(model, "has_points", false);
    if (floor == NULL) {
        return true;
    }
    if (after != NULL && !g_ascii_string_to_signed(after, 10, 0, INT64_MAX, &after_id, NULL)) {
        after_id = 0;
    }
    const char *stored = strcmp(floor, "-") == 0 ? "" : floor;
    if (!floor_points(ctx->db, id, stored, after_id, LIMIT_PAGE_ROWS, &page, error)) {
        return false;
    }
    for (guint i = 0; i < page.rows->len; i++) {
        json_array_append_new(list, point_model(&g_array_index(page.rows, Point, i), ctx->now_us));
    }
    json_put_bool(model, "has_points", page.rows->len > 0);
    json_put_text(model, "floor", stored[0] == '\0' ? "没有写楼层" : stored);
    if (page.next_id != 0) {
        g_autofree char *escaped = g_uri_escape_string(floor, NULL, false);
        put_format(model,
                   "next_href",
                   PATH "/%" G_GINT64_FORMAT "?floor=%s&after=%" G_GINT64_FORMAT "#points",
                   id,
                   escaped,
                   page.next_id);
    }
    return true;
}

/* --- who and what -------------------------------------------------------------------------------
 */

static bool put_devices(Ctx *ctx, const Building *building, json_t *model, GError **error) {
    g_auto(DeviceQuery) query = {.state = DEVICE_ACTIVE, .online = -1, .building_id = building->id};
    g_auto(DevicePage) page = {.rows = NULL};
    g_strlcpy(query.region, ctx->who->region, sizeof query.region);
    json_t *list = json_array();
    json_put(model, "devices", list);
    if (!device_list(ctx->db, &query, DEVICES_SHOWN, &page, error)) {
        return false;
    }
    for (guint i = 0; i < page.rows->len; i++) {
        const Device *device = &g_array_index(page.rows, Device, i);
        json_t *one = json_object();
        g_autofree char *title = device_title(device);
        g_autofree char *seen = moment_text(device->seen_us, ctx->now_us);
        put_format(one, "href", "/work/devices/%" G_GINT64_FORMAT, device->id);
        json_put_text(one, "title", title);
        json_put_text(one, "place", device->place);
        json_put_bool(one, "is_online", device->is_online);
        json_put_text(one, "seen", seen);
        json_put_text(
            one, "body", device->service_body[0] == '\0' ? "没有登记" : device->service_body);
        json_put_text(one, "contact", device->service_contact);
        json_array_append_new(list, one);
    }
    json_put_bool(model, "has_devices", page.rows->len > 0);
    json_put_bool(model, "has_more_devices", page.next_id != 0);
    return true;
}

/* Agencies of the district: where their stations stand is not registered, so no distance. */
static bool put_agencies(Ctx *ctx, const Building *building, json_t *model, GError **error) {
    char district[7];
    g_strlcpy(district, building->region, sizeof district);
    g_autoptr(GPtrArray) found = agency_list_inside(ctx->db, district, NULL, AGENCIES_SHOWN, error);
    json_t *list = json_array();
    json_put(model, "agencies", list);
    for (guint i = 0; found != NULL && i < found->len; i++) {
        const Agency *agency = found->pdata[i];
        json_t *one = json_object();
        json_put_text(one, "name", agency->name);
        json_array_append_new(list, one);
    }
    json_put_bool(model, "has_agencies", found != NULL && found->len > 0);
    return found != NULL;
}

static void put_facts(json_t *model, const Building *building) {
    json_put_int(model, "id", building->id);
    json_put_text(model, "name", building->name);
    json_put_text(model, "address", building->address);
    json_put_text(model, "height_class", height_class_name_zh(building->height_class));
    json_put_text(model, "category", category_get(building->category)->name_zh);
    json_put_text(model, "height", NULL);
    json_put_text(model, "floors_text", NULL);
    json_put_text(model, "position", NULL);
    put_format(model, "building_href", "/work/buildings/%" G_GINT64_FORMAT, building->id);
    if (building->height_m > 0) {
        put_format(model, "height", "%g 米", building->height_m);
    }
    if (building->floors_above > 0) {
        put_format(model,
                   "floors_text",
                   "地上 %d 层，地下 %d 层",
                   (int)building->floors_above,
                   (int)building->floors_below);
    }
    if (building->has_point) {
        put_format(
            model, "position", "东经 %.5f，北纬 %.5f", building->longitude, building->latitude);
    }
}

static bool put_alarms(Ctx *ctx, int64_t id, json_t *model, GError **error) {
    g_auto(OpenAlarms) all = {.list = NULL};
    if (!open_alarms(ctx, ctx->who->region, &all, error)) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = 0; i < all.list->len; i++) {
        const Alarm *alarm = all.list->pdata[i];
        if (alarm->building_id == id) {
            json_array_append_new(list, open_alarm_model(alarm, ctx->now_us));
        }
    }
    json_put_bool(model, "has_alarms", json_array_size(list) > 0);
    json_put(model, "alarms", list);
    return true;
}

static bool put_state(Ctx *ctx, int64_t id, json_t *model, GError **error) {
    g_auto(BuildingState) state = {.devices = 0};
    if (!sensing_building_state(ctx->db, id, &state, error)) {
        return false;
    }
    g_autofree char *seen = moment_text(state.seen_us, ctx->now_us);
    json_put_int(model, "device_count", state.devices);
    json_put_int(model, "offline_count", state.offline_devices);
    json_put_bool(model, "is_offline", state.offline_devices > 0);
    json_put_text(model, "seen", state.devices == 0 ? NULL : seen);
    return true;
}

Response *scene_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!building_find(ctx->db, id, &building, &error)) {
        return response_problem(error, NULL);
    }
    if (!region_is_inside(building.region, ctx->who->region)) {
        return area_refuse(ctx, req);
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *place = region_full_name(ctx->db, building.region, &error);
    if (place == NULL) {
        return response_problem(error, NULL);
    }
    put_facts(model, &building);
    json_put_text(model, "place", place);
    put_format(model, "map_href", "/work/map?region=%.6s", building.region);
    bool good = put_alarms(ctx, id, model, &error) && put_state(ctx, id, model, &error) &&
                put_floors(ctx, id, model, &error) && put_points(ctx, req, id, model, &error) &&
                put_devices(ctx, &building, model, &error) &&
                put_agencies(ctx, &building, model, &error);
    return good ? response_page("overview/scene", g_steal_pointer(&model))
                : response_problem(error, NULL);
}

bool overview_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error) {
    (void)error;
    if (principal_may(ctx->who, PERM_SENSING_VIEW)) {
        g_autofree char *href = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, building_id);
        json_t *section = building_section_add(sections, "scene", "到场信息");
        building_section_link(section, href, "楼层、点位和到场要知道的");
    }
    return true;
}
