/* Buildings: check, match by source id or address, write row by row. */
#include "registry/building_store.h"
#include "registry/intake_internal.h"

#include "base/error.h"

#include <string.h>

typedef struct Told {
    Building building;
    bool has_category, has_risk, has_credit, has_key;
} Told;

static bool check_words(const BuildingInput *input, IntakeResult *result, Told *told) {
    Building *building = &told->building;
    told->has_category = intake_is_told(input->category);
    told->has_risk = intake_is_told(input->risk);
    told->has_credit = intake_is_told(input->credit);
    told->has_key = intake_is_told(input->is_key_unit);
    return intake_read_category(result, "使用性质", input->category, &building->category) &&
           intake_read_risk(result, input->risk, &building->risk) &&
           intake_read_credit(result, input->credit, &building->credit) &&
           intake_read_bool(result, "is_key_unit", input->is_key_unit, &building->is_key);
}

static bool
read_count(IntakeResult *result, const char *column, const char *text, double max, int64_t *ret_n) {
    double number = (double)*ret_n;
    if (!intake_read_number(result, column, text, 0, max, &number)) {
        return false;
    }
    *ret_n = (int64_t)number;
    return true;
}

static bool check_numbers(const BuildingInput *input, IntakeResult *result, Building *building) {
    return intake_check_point(result, input->longitude, input->latitude, &building->has_point) &&
           intake_read_number(result, "height_m", input->height_m, 0, 1000, &building->height_m) &&
           read_count(result, "floors_above", input->floors_above, 250, &building->floors_above) &&
           read_count(result, "floors_below", input->floors_below, 20, &building->floors_below) &&
           intake_read_number(result, "area_m2", input->area_m2, 0, 1e7, &building->area_m2) &&
           read_count(result, "built_year", input->built_year, 2100, &building->built_year) &&
           intake_read_number(
               result, "longitude", input->longitude, -180, 180, &building->longitude) &&
           intake_read_number(result, "latitude", input->latitude, -90, 90, &building->latitude);
}

static bool check_texts(const BuildingInput *input, IntakeResult *result, Building *building) {
    return intake_read_source(
               result, input->source, input->source_id, &building->source, &building->source_id) &&
           intake_read_text(
               result, "name", "建筑名称", input->name, INTAKE_NAME_MAX_BYTES, &building->name) &&
           intake_read_text(result,
                            "address",
                            "地址",
                            input->address,
                            INTAKE_ADDRESS_MAX_BYTES,
                            &building->address);
}

static bool take_values(Building *building, const Told *row) {
    const Building *told = &row->building;
    bool changed = false;
    intake_take_text(&building->name, told->name, &changed);
    intake_take_text(&building->address, told->address, &changed);
    if (building->source == NULL && told->source != NULL) {
        building->source = told->source;
        building->source_id = told->source_id;
        changed = true;
    }
    if (told->region != NULL && strcmp(building->region, told->region) != 0) {
        building->region = told->region;
        building->district = told->district;
        changed = true;
    }
#define TAKE(has, member)                                                                          \
    if ((has) && building->member != told->member) {                                               \
        building->member = told->member;                                                           \
        changed = true;                                                                            \
    }
#define TAKE_REAL(has, member)                                                                     \
    if ((has) && (building->member < told->member || building->member > told->member)) {           \
        building->member = told->member;                                                           \
        changed = true;                                                                            \
    }
    TAKE(row->has_category, category)
    TAKE(row->has_risk, risk)
    TAKE(row->has_credit, credit)
    TAKE(row->has_key, is_key)
    TAKE(told->floors_above != 0, floors_above)
    TAKE(told->floors_below != 0, floors_below)
    TAKE(told->built_year != 0, built_year)
    TAKE_REAL(told->height_m > 0, height_m)
    TAKE_REAL(told->area_m2 > 0, area_m2)
    TAKE_REAL(told->has_point, longitude)
    TAKE_REAL(told->has_point, latitude)
    TAKE(told->has_point, has_point)
#undef TAKE
#undef TAKE_REAL
    return changed;
}

/* *ret_found false: there is none yet. */
static bool
find_stored(Db *db, const Building *told, Building *ret, bool *ret_found, GError **error) {
    g_autoptr(GError) problem = NULL;
    *ret_found = told->source != NULL &&
                 building_find_source(db, told->source, told->source_id, ret, &problem);
    if (problem != NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (*ret_found || told->address == NULL || told->region == NULL) {
        return true;
    }
    g_clear_error(&problem);
    Building like = *told;
    like.name = told->name == NULL ? told->address : told->name;
    *ret_found = building_find_like(db, &like, ret, &problem);
    if (problem != NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (*ret_found && told->source != NULL && ret->source != NULL &&
        strcmp(told->source, ret->source) == 0 && strcmp(told->source_id, ret->source_id) != 0) {
        building_clear(ret); /* two records of the same other system */
        *ret_found = false;
    }
    return true;
}

static bool
store_row(Db *db, Told *told, const IntakeContext *context, IntakeResult *result, GError **error) {
    BuildingWriteOptions options = {
        .actor = context->actor == NULL ? "system" : context->actor,
        .action = context->log_additions ? "add" : "import",
        .now_us = context->now_us,
        .log_additions = context->log_additions,
    };
    g_auto(Building) old = {0};
    bool found;
    if (!find_stored(db, &told->building, &old, &found, error)) {
        return false;
    }
    Building now = found ? old : told->building;
    now.texts = NULL;
    if (found) {
        if (!region_is_inside(old.region, context->scope_region)) {
            intake_refuse(result, "region", "已登记在别的辖区，您不能修改");
            return true;
        }
        result->outcome = take_values(&now, told) ? INTAKE_CHANGED : INTAKE_SAME;
    } else if (now.address == NULL) {
        intake_refuse(result, "address", "新建筑要写地址");
    } else if (now.region == NULL) {
        intake_refuse(result, "region", "新建筑要写区划代码");
    } else {
        result->outcome = INTAKE_ADDED;
        now.name = now.name == NULL ? now.address : now.name;
    }
    if (result->problem != NULL) {
        return true;
    }
    if (result->outcome != INTAKE_SAME && !context->dry_run &&
        !building_write(db, found ? &old : NULL, &now, &options, error)) {
        return false;
    }
    result->id = now.id;
    return true;
}

/* Everything but matching and writing. `code` must live as long as the row. */
static bool check_row(RegionCache *regions,
                      const BuildingInput *input,
                      char code[REGION_CODE_MAX + 1],
                      IntakeResult *result,
                      Told *told,
                      GError **error) {
    bool refused = !check_texts(input, result, &told->building) ||
                   !check_words(input, result, told) ||
                   !check_numbers(input, result, &told->building);
    if (refused || !intake_is_told(input->region)) {
        return true;
    }
    if (!intake_check_region(regions, input->region, result, code, &refused, error)) {
        return false;
    }
    if (!refused) {
        told->building.region = code;
        told->building.district = region_district(code);
    }
    return true;
}

bool intake_check_building(Db *db,
                           const BuildingInput *input,
                           const IntakeContext *context,
                           GStringChunk *texts,
                           IntakeResult *result,
                           Building *ret_building,
                           GError **error) {
    g_auto(RegionCache) regions;
    region_cache_init(&regions, db, context);
    Told told = {0};
    char code[REGION_CODE_MAX + 1];
    if (!check_row(&regions, input, code, result, &told, error)) {
        return false;
    }
    Building *building = &told.building;
    if (building->address == NULL) {
        intake_refuse(result, "address", "新建筑要写地址");
    } else if (building->region == NULL) {
        intake_refuse(result, "region", "新建筑要写区划代码");
    }
    *ret_building = *building;
    ret_building->address = intake_keep(texts, building->address);
    ret_building->name =
        building->name == NULL ? ret_building->address : intake_keep(texts, building->name);
    ret_building->region = intake_keep(texts, building->region);
    ret_building->source = intake_keep(texts, building->source);
    ret_building->source_id = intake_keep(texts, building->source_id);
    return true;
}

bool intake_buildings(Db *db,
                      const BuildingInput *inputs,
                      size_t count,
                      const IntakeContext *context,
                      IntakeResult *results,
                      GError **error) {
    g_auto(RegionCache) regions;
    region_cache_init(&regions, db, context);
    for (size_t i = 0; i < count; i++) {
        Told told = {0};
        char code[REGION_CODE_MAX + 1];
        if (!check_row(&regions, &inputs[i], code, &results[i], &told, error) ||
            (results[i].problem == NULL && !store_row(db, &told, context, &results[i], error))) {
            return false;
        }
    }
    return true;
}
