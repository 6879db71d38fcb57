/* Buildings: check, match by source id or address, write the new ones together. */
#include "registry/building_store.h"
#include "registry/intake_internal.h"
#include "registry/intake_keys.h"
#include "registry/object_store.h"

#include "base/error.h"

#include <string.h>

typedef struct Told {
    Building building;
    bool has_category, has_risk, has_credit, has_key;
    char code[REGION_CODE_MAX + 1];
    RowKeys keys;
} Told;

typedef struct Batch {
    Db *db;
    const IntakeContext *context;
    WriteOptions options;
    NewRows fresh; /* of Building */
    GStringChunk *texts;
} Batch;

static void batch_init(Batch *batch, Db *db, const IntakeContext *context) {
    *batch = (Batch){
        .db = db,
        .context = context,
        .options = intake_write_options(context),
        .texts = g_string_chunk_new(16 * 1024),
    };
    new_rows_init(&batch->fresh);
}

static void batch_clear(Batch *batch) {
    new_rows_clear(&batch->fresh);
    g_string_chunk_free(batch->texts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

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

/* --- what is there already ----------------------------------------------------------------------
 */

static const char *source_key(Batch *batch, const char *source, const char *source_id) {
    g_autofree char *key = g_strdup_printf("source %s\n%s", source, source_id);
    return g_string_chunk_insert(batch->texts, key);
}

static const char *address_key(Batch *batch, int64_t match_key) {
    g_autofree char *key = g_strdup_printf("address %" G_GINT64_FORMAT, match_key);
    return g_string_chunk_insert(batch->texts, key);
}

/* The keys of every row, and which of them are stored. */
static bool load_known(Batch *batch, Told *rows, size_t count, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(StoredKey));
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_auto(SourceIds) sources;
    source_ids_init(&sources);
    for (size_t i = 0; i < count; i++) {
        const Building *told = &rows[i].building;
        if (told->source != NULL && told->source_id != NULL) {
            source_ids_add(&sources, told->source, told->source_id);
            rows[i].keys.texts[0] = source_key(batch, told->source, told->source_id);
        }
        if (told->address != NULL && told->region != NULL) {
            int64_t key = building_match_key(told->address);
            g_array_append_val(addresses, key);
            rows[i].keys.texts[1] = address_key(batch, key);
        }
    }
    g_autofree char *list =
        id_list_format(batch->db, (const int64_t *)(void *)addresses->data, addresses->len);
    if (!source_ids_find(
            &sources, batch->db, building_store_by_source, batch->texts, found, error) ||
        !building_store_by_match(batch->db, list, found, error)) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const StoredKey *key = &g_array_index(found, StoredKey, i);
        const char *text = key->text == NULL ? address_key(batch, key->number)
                                             : source_key(batch, key->source, key->text);
        new_rows_note_stored(&batch->fresh, &(RowKeys){{text}});
    }
    return true;
}

static bool write_new_rows(Batch *batch, GError **error) {
    NewRows *fresh = &batch->fresh;
    if (!building_add(batch->db,
                      (Building *const *)fresh->rows->pdata,
                      fresh->rows->len,
                      &batch->options,
                      error)) {
        return false;
    }
    new_rows_written(fresh);
    return true;
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

/* --- taking a row in ----------------------------------------------------------------------------
 */

static void add_row(Batch *batch, Told *told, IntakeResult *result) {
    Building *building = &told->building;
    if (building->address == NULL) {
        intake_refuse(result, "address", "新建筑要写地址");
    } else if (building->region == NULL) {
        intake_refuse(result, "region", "新建筑要写区划代码");
    }
    if (result->problem != NULL) {
        return;
    }
    building->name = building->name == NULL ? building->address : building->name;
    result->outcome = INTAKE_ADDED;
    if (!batch->context->dry_run) {
        new_rows_wait(&batch->fresh, building, &told->keys);
    }
}

static bool change_row(
    Batch *batch, const Told *told, const Building *old, IntakeResult *result, GError **error) {
    if (!region_is_inside(old->region, batch->context->scope_region)) {
        intake_refuse(result, "region", "已登记在别的辖区，您不能修改");
        return true;
    }
    Building now = *old;
    now.texts = NULL;
    result->id = now.id;
    result->outcome = take_values(&now, told) ? INTAKE_CHANGED : INTAKE_SAME;
    if (result->outcome == INTAKE_SAME || batch->context->dry_run) {
        return true;
    }
    RowKeys keys = {{told->keys.texts[0], address_key(batch, building_match_key(now.address))}};
    new_rows_note_stored(&batch->fresh, &keys);
    return building_change(batch->db, old, &now, &batch->options, error);
}

static bool take_row(Batch *batch, Told *told, IntakeResult *result, GError **error) {
    g_auto(Building) old = {0};
    bool found = false;
    KeyState state = new_rows_look(&batch->fresh, &told->keys);
    if ((state == KEY_WAITING && !write_new_rows(batch, error)) ||
        (state != KEY_UNKNOWN && !find_stored(batch->db, &told->building, &old, &found, error))) {
        return false;
    }
    if (found) {
        return change_row(batch, told, &old, result, error);
    }
    add_row(batch, told, result);
    return true;
}

/* Everything but matching and writing. */
static bool check_row(RegionCache *regions,
                      const BuildingInput *input,
                      IntakeResult *result,
                      Told *told,
                      GError **error) {
    bool refused = !check_texts(input, result, &told->building) ||
                   !check_words(input, result, told) ||
                   !check_numbers(input, result, &told->building);
    if (refused || !intake_is_told(input->region)) {
        return true;
    }
    if (!intake_check_region(regions, input->region, result, told->code, &refused, error)) {
        return false;
    }
    if (!refused) {
        told->building.region = told->code;
        told->building.district = region_district(told->code);
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
    if (!check_row(&regions, input, result, &told, error)) {
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
    g_auto(Batch) batch;
    region_cache_init(&regions, db, context);
    batch_init(&batch, db, context);
    g_autofree Told *rows = g_new0(Told, count);
    for (size_t i = 0; i < count; i++) {
        if (!check_row(&regions, &inputs[i], &results[i], &rows[i], error)) {
            return false;
        }
    }
    if ((!context->dry_run && !object_serialise(db, SEARCH_BUILDING, error)) ||
        !load_known(&batch, rows, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL && !take_row(&batch, &rows[i], &results[i], error)) {
            return false;
        }
    }
    if (!write_new_rows(&batch, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].outcome == INTAKE_ADDED) {
            results[i].id = rows[i].building.id;
        }
    }
    return true;
}
