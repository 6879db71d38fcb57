/* Which building and which unit a row of a file means. */
#include "base/error.h"
#include "registry/region.h"
#include "sensing/device_intake_internal.h"

#include <string.h>

#define DISTRICT_DIGITS 6
#define NUMBER_HINT "请改用系统编号：导出名单，里面的“系统编号”就是"

/* What is being looked for, for sentences. */
typedef struct Seeking {
    const char *column;  /* field of the row that names it */
    const char *what_zh; /* "建筑" */
    const char *text;    /* as the row names it */
    const char *region;  /* inside this one only; NULL: anywhere */
    int64_t prefer;      /* of several this one; 0: none */
} Seeking;

/* Keeps the one that is meant. Outside the reader's region only "not yours" is said. */
static void choose(const GArray *found,
                   const Seeking *seeking,
                   const char *scope,
                   PlaceFound *ret,
                   IntakeResult *result) {
    size_t count = 0;
    size_t outside = 0;
    bool is_preferred = false;
    for (guint i = 0; i < found->len; i++) {
        const PlaceFound *one = &g_array_index(found, PlaceFound, i);
        if (seeking->region != NULL && !region_is_inside(one->region, seeking->region)) {
            continue;
        }
        if (!region_is_inside(one->region, scope)) {
            outside++;
            continue;
        }
        if (!is_preferred) {
            *ret = *one;
        }
        is_preferred |= one->id == seeking->prefer;
        count++;
    }
    if (count == 0) {
        *ret = (PlaceFound){0};
        if (outside > 0) {
            intake_refuse(
                result, seeking->column, "%s“%.60s”不在您的辖区", seeking->what_zh, seeking->text);
        } else {
            intake_refuse(result,
                          seeking->column,
                          "没有登记%s“%.60s”：先登记或导入它",
                          seeking->what_zh,
                          seeking->text);
        }
    } else if (count > 1 && !is_preferred) {
        intake_refuse(result,
                      seeking->column,
                      "有 %zu 个%s都是“%.60s”，" NUMBER_HINT,
                      count,
                      seeking->what_zh,
                      seeking->text);
    }
}

static bool read_id(const char *text, const char *column, int64_t *ret_id, IntakeResult *result) {
    if (g_ascii_string_to_signed(text, 10, 1, INT64_MAX, ret_id, NULL)) {
        return true;
    }
    intake_refuse(result, column, "系统编号是一个数，从导出的名单里抄，现在是“%.40s”", text);
    return false;
}

/* A number and a name that do not belong together: alarms would send people to the wrong door. */
static void check_name(const PlaceFound *found,
                       const char *name,
                       const char *column,
                       const char *what_zh,
                       IntakeResult *result) {
    if (found->id != 0 && row_tells(name) && strcmp(found->name, name) != 0) {
        intake_refuse(result,
                      column,
                      "编号指的%s叫“%.60s”，不是“%.60s”：改正，或者只留一样",
                      what_zh,
                      found->name,
                      name);
    }
}

/* The district in which names are looked up: what the row says, else the reader's own. */
static bool read_region(const DeviceRow *row,
                        const char *scope,
                        char ret_code[REGION_CODE_MAX + 1],
                        IntakeResult *result) {
    bool is_told = row_tells(row->region);
    bool is_code = region_code_parse(is_told ? row->region : scope, ret_code) &&
                   strlen(ret_code) >= DISTRICT_DIGITS;
    if (!is_code && !is_told) {
        intake_refuse(result, "region", "只写了名称，还要写区县的区划代码");
    } else if (!is_code) {
        intake_refuse(
            result, "region", "写区县或街道的区划代码，6 到 12 位数字，现在是“%.40s”", row->region);
    } else if (!region_is_inside(ret_code, scope) && !region_is_inside(scope, ret_code)) {
        intake_refuse(result, "region", "%s 不在您的辖区", ret_code);
    }
    return result->problem == NULL;
}

static bool find_named(Db *db,
                       const DeviceRow *row,
                       const IntakeContext *context,
                       Seeking *seeking,
                       GStringChunk *texts,
                       GArray *found,
                       IntakeResult *result,
                       GError **error) {
    char code[REGION_CODE_MAX + 1];
    if (!read_region(row, context->scope_region, code, result)) {
        return true;
    }
    seeking->region = g_string_chunk_insert(texts, code);
    int64_t district = region_district(code);
    if (row_tells(row->address) &&
        !place_buildings_by_address(db, district, row->address, texts, found, error)) {
        return false;
    }
    for (guint i = found->len; found->len > 1 && row_tells(row->building) && i > 0; i--) {
        if (strcmp(g_array_index(found, PlaceFound, i - 1).name, row->building) != 0) {
            g_array_remove_index(found, i - 1);
        }
    }
    return found->len > 0 || !row_tells(row->building) ||
           place_buildings_by_name(db, district, row->building, texts, found, error);
}

static bool find_building(Db *db,
                          const DeviceRow *row,
                          const IntakeContext *context,
                          int64_t now_building,
                          GStringChunk *texts,
                          PlaceFound *ret,
                          IntakeResult *result,
                          GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(PlaceFound));
    Seeking seeking = {.what_zh = "建筑", .prefer = now_building};
    bool is_good = true;
    int64_t id = 0;
    if (row_tells(row->building_id)) {
        seeking.column = "building_id";
        seeking.text = row->building_id;
        is_good = !read_id(row->building_id, seeking.column, &id, result) ||
                  place_buildings_by_id(db, id, texts, found, error);
    } else if (row_tells(row->building_source_id)) {
        seeking.column = "building_source_id";
        seeking.text = row->building_source_id;
        is_good = place_buildings_by_source(db,
                                            row_tells(row->source) ? row->source : "",
                                            row->building_source_id,
                                            texts,
                                            found,
                                            error);
    } else if (row_tells(row->building) || row_tells(row->address)) {
        bool is_named = row_tells(row->building);
        seeking.column = is_named ? "building" : "address";
        seeking.text = is_named ? row->building : row->address;
        is_good = find_named(db, row, context, &seeking, texts, found, result, error);
    } else {
        return true;
    }
    if (is_good && result->problem == NULL) {
        choose(found, &seeking, context->scope_region, ret, result);
        bool is_by_key =
            strcmp(seeking.column, "building") != 0 && strcmp(seeking.column, "address") != 0;
        if (is_by_key) {
            check_name(ret, row->building, "building", "建筑", result);
        }
    }
    return is_good;
}

/* Units of the building, and those of which nobody wrote in which building they are. */
static void keep_of_building(GArray *found, int64_t building_id) {
    for (guint i = found->len; building_id != 0 && i > 0; i--) {
        int64_t other = g_array_index(found, PlaceFound, i - 1).building_id;
        if (other != 0 && other != building_id) {
            g_array_remove_index(found, i - 1);
        }
    }
}

static bool find_unit(Db *db,
                      const DeviceRow *row,
                      const IntakeContext *context,
                      const PlaceFound *building,
                      GStringChunk *texts,
                      PlaceFound *ret,
                      IntakeResult *result,
                      GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(PlaceFound));
    Seeking seeking = {.what_zh = "单位"};
    bool is_good = true;
    int64_t id = 0;
    if (row_tells(row->unit_id)) {
        seeking.column = "unit_id";
        seeking.text = row->unit_id;
        is_good = !read_id(row->unit_id, seeking.column, &id, result) ||
                  place_units_by_id(db, id, texts, found, error);
    } else if (row_tells(row->unit_uscc)) {
        seeking.column = "unit_uscc";
        seeking.text = row->unit_uscc;
        is_good = place_units_by_uscc(db, row->unit_uscc, texts, found, error);
    } else if (row_tells(row->unit)) {
        char code[REGION_CODE_MAX + 1];
        seeking.column = "unit";
        seeking.text = row->unit;
        if (building->id != 0) {
            g_strlcpy(code, building->region, sizeof code);
        } else if (!read_region(row, context->scope_region, code, result)) {
            return true;
        }
        is_good = place_units_by_name(db, region_district(code), row->unit, texts, found, error);
        keep_of_building(found, building->id);
    } else {
        return true;
    }
    if (is_good && result->problem == NULL) {
        choose(found, &seeking, context->scope_region, ret, result);
        check_name(ret, row->unit, "unit", "单位", result);
    }
    return is_good;
}

bool device_row_place(Db *db,
                      const DeviceRow *row,
                      const IntakeContext *context,
                      int64_t now_building,
                      GStringChunk *texts,
                      RowPlace *ret_place,
                      IntakeResult *result,
                      GError **error) {
    *ret_place = (RowPlace){0};
    PlaceFound *building = &ret_place->building;
    PlaceFound *unit = &ret_place->unit;
    if (!find_building(db, row, context, now_building, texts, building, result, error)) {
        return false;
    }
    if (result->problem != NULL) {
        return true;
    }
    if (!find_unit(db, row, context, building, texts, unit, result, error)) {
        return false;
    }
    if (result->problem != NULL || unit->id == 0 || unit->building_id == building->id) {
        return true;
    }
    if (building->id != 0) {
        if (unit->building_id != 0) {
            intake_refuse(result, "unit", "单位“%.60s”登记在另一栋建筑里", unit->name);
        }
        return true;
    }
    /* A unit brings its building. */
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(PlaceFound));
    Seeking seeking = {.column = "unit", .what_zh = "单位所在的建筑", .text = unit->name};
    if (!place_buildings_by_id(db, unit->building_id, texts, found, error)) {
        return false;
    }
    choose(found, &seeking, context->scope_region, building, result);
    return true;
}
