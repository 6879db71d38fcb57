/* Regions: matched by code. */
#include "registry/intake_internal.h"

#include "base/error.h"

#include <string.h>

static bool is_same(const Region *known, const RegionChange *told) {
    return strcmp(known->name, told->name) == 0 &&
           (told->parent == NULL || strcmp(known->parent, told->parent) == 0) &&
           (told->valid_from == NULL || g_strcmp0(known->valid_from, told->valid_from) == 0) &&
           (told->valid_to == NULL || g_strcmp0(known->valid_to, told->valid_to) == 0);
}

static bool store_row(Db *db,
                      RegionChange *told,
                      const IntakeContext *context,
                      IntakeResult *result,
                      GError **error) {
    g_auto(Region) known = {0};
    g_autoptr(GError) problem = NULL;
    bool found = region_find(db, told->code, &known, &problem);
    if (problem != NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (told->name == NULL && !found) {
        intake_refuse(result, "name", "新区划要写名称");
        return true;
    }
    told->name = told->name == NULL ? known.name : told->name;
    result->outcome = !found ? INTAKE_ADDED : is_same(&known, told) ? INTAKE_SAME : INTAKE_CHANGED;
    result->id = 0; /* regions go by code */
    return result->outcome == INTAKE_SAME || context->dry_run || region_put(db, told, error);
}

bool intake_regions(Db *db,
                    const RegionInput *inputs,
                    size_t count,
                    const IntakeContext *context,
                    IntakeResult *results,
                    GError **error) {
    for (size_t i = 0; i < count; i++) {
        IntakeResult *result = &results[i];
        char code[REGION_CODE_MAX + 1];
        char parent[REGION_CODE_MAX + 1];
        char from[11] = {0};
        char to[11] = {0};
        RegionChange told = {.code = code, .confidence = "text"};
        if (inputs[i].code == NULL || !region_code_parse(inputs[i].code, code)) {
            intake_refuse(result, "code", "区划代码写 2 到 12 位数字");
            continue;
        }
        if (!region_is_inside(code, context->scope_region)) {
            intake_refuse(result, "code", "不在您的辖区");
            continue;
        }
        if (intake_is_told(inputs[i].parent)) {
            if (!region_code_parse(inputs[i].parent, parent)) {
                intake_refuse(result, "parent", "上级代码写 2 到 12 位数字");
                continue;
            }
            told.parent = parent;
        }
        if (!intake_read_text(result, "name", "名称", inputs[i].name, 120, &told.name) ||
            !intake_read_day(result, "valid_from", inputs[i].valid_from, from) ||
            !intake_read_day(result, "valid_to", inputs[i].valid_to, to)) {
            continue;
        }
        told.valid_from = from[0] == '\0' ? NULL : from;
        told.valid_to = to[0] == '\0' ? NULL : to;
        if (!store_row(db, &told, context, result, error)) {
            return false;
        }
    }
    return true;
}
