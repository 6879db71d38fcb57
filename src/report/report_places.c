/* What the registry knows under the words of a reporter: buildings and units to choose from. */
#include "base/clock.h"
#include "base/error.h"
#include "registry/building_list.h"
#include "registry/unit_list.h"
#include "report/report_pages.h"

#include <string.h>

#define EACH_MAX 4 /* buildings, and units */
#define NEAR_MAX 6
#define NEAR_METRES                                                                                \
    500 /* a phone is right to some 50 m, a registered point may be of another datum */

void report_object_clear(ReportObject *object) {
    g_free(object->name);
    g_free(object->address);
    g_free(object->region);
    *object = (ReportObject){.kind = NULL};
}

static ReportObject unit_object(const Unit *unit) {
    return (ReportObject){.kind = "unit",
                          .id = unit->id,
                          .name = g_strdup(unit->name),
                          .address = g_strdup(unit->address),
                          .region = g_strdup(unit->region)};
}

static ReportObject building_object(const Building *building) {
    bool is_named = g_strcmp0(building->name, building->address) != 0;
    return (ReportObject){.kind = "building",
                          .id = building->id,
                          .name = g_strdup(building->name),
                          .address = g_strdup(is_named ? building->address : ""),
                          .region = g_strdup(building->region)};
}

/* A unit that was merged into another leads to the one that stays. */
static bool find_unit(Db *db, int64_t id, ReportObject *ret_object, GError **error) {
    g_auto(Unit) unit = {0};
    g_auto(Unit) kept = {0};
    if (!unit_find(db, id, &unit, error)) {
        return false;
    }
    if (unit.merged_into != 0 && !unit_find(db, unit.merged_into, &kept, error)) {
        return false;
    }
    *ret_object = unit_object(unit.merged_into != 0 ? &kept : &unit);
    return true;
}

bool report_object_find(Db *db, const char *text, ReportObject *ret_object, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_auto(Building) building = {0};
    int64_t id = 0;
    *ret_object = (ReportObject){.kind = NULL};
    bool is_unit = g_str_has_prefix(text, "unit:");
    bool is_building = g_str_has_prefix(text, "building:");
    if ((!is_unit && !is_building) ||
        !g_ascii_string_to_signed(strchr(text, ':') + 1, 10, 1, G_MAXINT64, &id, NULL)) {
        return true;
    }
    if (is_unit ? find_unit(db, id, ret_object, &problem)
                : building_find(db, id, &building, &problem)) {
        if (is_building) {
            *ret_object = building_object(&building);
        }
        return true;
    }
    if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

char *report_object_address(Db *db, const ReportObject *object) {
    const char *address = object->address == NULL ? "" : object->address;
    g_autofree char *region =
        object->region == NULL ? NULL : region_full_name(db, object->region, NULL);
    g_auto(GStrv) names = g_strsplit(region == NULL ? "" : region, " ", 2);
    bool is_said = names[0] == NULL || strstr(address, names[0]) != NULL;
    return is_said ? g_strdup(address)
                   : g_strdup_printf("%s%s%s", names[0], address[0] == '\0' ? "" : " ", address);
}

/* --- search -------------------------------------------------------------------------------------
 */

typedef struct Places {
    Ctx *ctx;
    const ReportPage *page;
    json_t *list;
} Places;

/* Takes the object over. */
static void add_place(Places *places, ReportObject *object) {
    g_auto(ReportObject) own = *object;
    *object = (ReportObject){.kind = NULL};
    const Guest *guest = &places->page->guest;
    g_autofree char *value = g_strdup_printf("%s:%" G_GINT64_FORMAT, own.kind, own.id);
    bool is_chosen = strcmp(report_said(guest, "object"), value) == 0;
    bool is_known = false;
    for (size_t i = 0; i < json_array_size(places->list); i++) {
        is_known =
            is_known ||
            g_strcmp0(json_get_text(json_array_get(places->list, i), "value", ""), value) == 0;
    }
    if (is_known) {
        return;
    }
    g_autofree char *address = report_object_address(places->ctx->db, &own);
    json_t *place = json_object();
    json_put_text(place, "value", value);
    json_put_text(place, "text", own.name);
    json_put_text(place, "more", address);
    json_put_bool(place, "is_chosen", is_chosen);
    json_array_append_new(places->list, place);
}

/* The one word that the lists are asked: `from` is what was typed. */
static const char *typed_word(const void *from, const char *name) {
    return strcmp(name, "q") == 0 ? from : NULL;
}

static bool add_buildings(Places *places, const char *typed, GError **error) {
    g_auto(BuildingQuery) query = {0};
    g_auto(NamedPage) found = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!building_query_parse(typed_word, typed, REGION_EVERYWHERE, &query, &problem, &is_denied)) {
        return true; /* one character only: nothing can be looked for */
    }
    NamedQuery named = building_query_named(&query);
    bool good = named_list_page(places->ctx->db, &named, EACH_MAX, &found, error);
    for (guint i = 0; good && i < found.rows->len; i++) {
        ReportObject object = building_object(&g_array_index(found.rows, Building, i));
        add_place(places, &object);
    }
    return good;
}

static bool add_units(Places *places, const char *typed, GError **error) {
    g_auto(UnitQuery) query = {0};
    g_auto(UnitPage) found = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!unit_query_parse(typed_word,
                          typed,
                          REGION_EVERYWHERE,
                          places->ctx->now_us,
                          &query,
                          &problem,
                          &is_denied)) {
        return true;
    }
    bool good = unit_list_page(places->ctx->db, &query, EACH_MAX, &found, error);
    for (guint i = 0; good && i < found.units->len; i++) {
        ReportObject object = unit_object(&g_array_index(found.units, Unit, i));
        add_place(places, &object);
    }
    return good;
}

/* What was found around the device, the nearest first. */
static bool add_near(Places *places, const json_t *near, GError **error) {
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(near); i++) {
        ReportObject object = {.kind = NULL};
        const char *value = json_string_value(json_array_get(near, i));
        good = report_object_find(places->ctx->db, value, &object, error);
        if (good && object.kind != NULL) {
            add_place(places, &object);
        }
    }
    return good;
}

bool report_put_places(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    Places places = {ctx, page, json_array()};
    const char *typed = report_said(&page->guest, "where");
    const char *chosen = report_said(&page->guest, "object");
    ReportObject object = {.kind = NULL};
    const json_t *near = json_object_get(page->guest.data, "near");
    json_put(model, "places", places.list);
    if (!report_object_find(ctx->db, chosen, &object, error)) {
        return false;
    }
    if (object.kind != NULL) {
        add_place(&places, &object);
    }
    if (!add_near(&places, near, error) ||
        (typed[0] != '\0' &&
         (!add_buildings(&places, typed, error) || !add_units(&places, typed, error)))) {
        return false;
    }
    size_t found = json_array_size(places.list);
    json_put_bool(model, "is_searched", typed[0] != '\0' || near != NULL);
    json_put_bool(model, "is_located", near != NULL);
    json_put_bool(model, "is_nothing", near == NULL && typed[0] != '\0' && found == 0);
    json_put_bool(model, "is_nowhere", near != NULL && json_array_size(near) == 0);
    json_put_bool(model, "is_none", strcmp(chosen, "none") == 0 || found == 0);
    return true;
}

bool report_look_near(Ctx *ctx, const Request *req, Guest *guest, GError **error) {
    MapPoint point;
    json_object_del(guest->data, "near");
    if (strcmp(report_go(req), "near") != 0 ||
        !map_point_parse(request_form(req, "longitude"), request_form(req, "latitude"), &point)) {
        return true;
    }
    g_autoptr(GArray) found = building_near(ctx->db, &point, NEAR_METRES, NEAR_MAX, error);
    json_t *near = json_array();
    for (guint i = 0; found != NULL && i < found->len; i++) {
        json_array_append_new(
            near,
            json_sprintf("building:%" G_GINT64_FORMAT, g_array_index(found, NearBuilding, i).id));
    }
    json_put(guest->data, "near", near);
    return found != NULL;
}

bool report_put_districts(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    const char *chosen = report_said(&page->guest, "region");
    g_autoptr(GPtrArray) districts = report_districts(ctx->db, ctx->now_us, error);
    json_t *options = json_array();
    json_put(model, "districts", options);
    for (guint i = 0; districts != NULL && i < districts->len; i++) {
        const Region *region = districts->pdata[i];
        form_option(options, region->code, region->name, strcmp(chosen, region->code) == 0);
    }
    return districts != NULL;
}
