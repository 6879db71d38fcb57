#include "importer/import_kind.h"

#include "sensing/device_intake.h"

#include <string.h>

/* Why so many small functions: a kind of the registry is an enum there, a function here. */
#define REGISTRY_BATCH(name, kind)                                                                 \
    static bool name(Db *db,                                                                       \
                     const void *inputs,                                                           \
                     size_t count,                                                                 \
                     const IntakeContext *context,                                                 \
                     IntakeResult *results,                                                        \
                     GError **error) {                                                             \
        return intake_batch(db, kind, inputs, count, context, results, error);                     \
    }
REGISTRY_BATCH(take_units, INTAKE_UNIT)
REGISTRY_BATCH(take_buildings, INTAKE_BUILDING)
REGISTRY_BATCH(take_officers, INTAKE_OFFICER)
REGISTRY_BATCH(take_past_inspections, INTAKE_PAST_INSPECTION)
REGISTRY_BATCH(take_regions, INTAKE_REGION)

static const ImportKind unit_kind = {.word = "unit",
                                     .name_zh = "单位",
                                     .permission = PERM_IMPORT,
                                     .fields = intake_unit_fields,
                                     .size = sizeof(UnitInput),
                                     .batch = take_units};
static const ImportKind building_kind = {.word = "building",
                                         .name_zh = "建筑",
                                         .permission = PERM_IMPORT,
                                         .fields = intake_building_fields,
                                         .size = sizeof(BuildingInput),
                                         .batch = take_buildings};
static const ImportKind officer_kind = {.word = "officer",
                                        .name_zh = "执法人员",
                                        .permission = PERM_IMPORT,
                                        .fields = intake_officer_fields,
                                        .size = sizeof(OfficerInput),
                                        .batch = take_officers};
static const ImportKind past_kind = {.word = "past_inspection",
                                     .name_zh = "历史检查",
                                     .permission = PERM_IMPORT,
                                     .fields = intake_past_fields,
                                     .size = sizeof(PastInspectionInput),
                                     .batch = take_past_inspections};
static const ImportKind region_kind = {.word = "region",
                                       .name_zh = "行政区划",
                                       .permission = PERM_IMPORT,
                                       .fields = intake_region_fields,
                                       .size = sizeof(RegionInput),
                                       .batch = take_regions};

static const char *const device_key[] = {"protocol", "code", NULL};
static const ImportKind device_kind = {.word = "device",
                                       .name_zh = "物联设备",
                                       .permission = PERM_SENSING_EDIT,
                                       .fields = device_row_fields,
                                       .size = sizeof(DeviceRow),
                                       .key = device_key,
                                       .is_heard = true,
                                       .batch = device_rows_take};
static const char *const point_key[] = {
    "protocol", "device", "system_type", "system_address", "component_type", "address", NULL};
static const ImportKind point_kind = {.word = "point",
                                      .name_zh = "点位",
                                      .permission = PERM_SENSING_EDIT,
                                      .fields = point_row_fields,
                                      .size = sizeof(PointRow),
                                      .key = point_key,
                                      .is_heard = true,
                                      .batch = point_rows_take};

const ImportKind *const import_kinds[] = {&unit_kind,
                                          &building_kind,
                                          &officer_kind,
                                          &past_kind,
                                          &region_kind,
                                          &device_kind,
                                          &point_kind,
                                          NULL};

const ImportKind *import_kind_find(const char *word) {
    for (const ImportKind *const *kind = import_kinds; word != NULL && *kind != NULL; kind++) {
        if (strcmp((*kind)->word, word) == 0) {
            return *kind;
        }
    }
    return NULL;
}

const IntakeField *import_kind_field(const ImportKind *kind, const char *word) {
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        if (strcmp(field->word, word) == 0) {
            return field;
        }
    }
    return NULL;
}

const char *import_kind_source_key(const ImportKind *kind) {
    static const char *const keys[] = {"source_id", "building_source_id"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (import_kind_field(kind, keys[i]) != NULL) {
            return keys[i];
        }
    }
    return NULL;
}
