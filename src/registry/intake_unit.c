/* Units: check, match, merge the told values, write in one go. */
#include "registry/building_store.h"
#include "registry/intake_internal.h"
#include "registry/intake_keys.h"
#include "registry/object_store.h"
#include "registry/unit_store.h"
#include "registry/uscc.h"

#include "base/json.h"

#include <string.h>

/* One unit that some row of the batch touches. */
typedef struct Slot {
    bool is_stored; /* `old` holds the row as it is in the table */
    Unit old, now;
    bool is_changed;
} Slot;

/* One row after checking. `unit` holds the told values; what was not told is NULL, or its flag is
 * false. */
typedef struct Draft {
    Unit unit;
    bool has_category, has_risk, has_credit, has_key;
    int64_t match_key;
    Slot *slot;       /* what it became part of; NULL when refused */
    const Slot *like; /* looks like this other unit */
    const char *like_reason;
} Draft;

typedef struct Batch {
    Db *db;
    const IntakeContext *context;
    RegionCache regions;
    GStringChunk *texts;
    GHashTable *by_id;     /* int64_t -> Slot */
    GHashTable *by_source; /* "source LF id" -> Slot */
    GHashTable *by_uscc;   /* -> GPtrArray of Slot */
    GHashTable *by_match;  /* int64_t -> GPtrArray of Slot */
    GHashTable *buildings; /* "source LF id" -> int64_t */
    GPtrArray *slots;      /* owns */
} Batch;

static void batch_init(Batch *batch, Db *db, const IntakeContext *context) {
    *batch = (Batch){
        .db = db,
        .context = context,
        .texts = g_string_chunk_new(64 * 1024),
        .by_id = g_hash_table_new(g_int64_hash, g_int64_equal),
        .by_source = g_hash_table_new(g_str_hash, g_str_equal),
        .by_uscc =
            g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref),
        .by_match = g_hash_table_new_full(
            g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref),
        .buildings = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free),
        .slots = g_ptr_array_new_with_free_func(g_free),
    };
    region_cache_init(&batch->regions, db, context);
}

static void batch_clear(Batch *batch) {
    region_cache_clear(&batch->regions);
    g_string_chunk_free(batch->texts);
    g_hash_table_unref(batch->by_id);
    g_hash_table_unref(batch->by_source);
    g_hash_table_unref(batch->by_uscc);
    g_hash_table_unref(batch->by_match);
    g_hash_table_unref(batch->buildings);
    g_ptr_array_unref(batch->slots);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

static const char *source_key(Batch *batch, const char *source, const char *source_id) {
    g_autofree char *key = g_strconcat(source, "\n", source_id, NULL);
    return g_string_chunk_insert(batch->texts, key);
}

/* --- checking one row ---------------------------------------------------------------------------
 */

static bool check_uscc(Batch *batch, const char *text, IntakeResult *result, Unit *unit) {
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *code = uscc_clean(text);
    switch (uscc_judge(code)) {
    case USCC_BAD_LENGTH:
        intake_refuse(result,
                      "uscc",
                      "写 18 位统一社会信用代码，现在是 %zu 位",
                      (size_t)g_utf8_strlen(code, -1));
        return false;
    case USCC_BAD_CHARACTER:
        intake_refuse(result, "uscc", "统一社会信用代码只有数字和不含 I、O、Z、S、V 的大写字母");
        return false;
    case USCC_BAD_CHECK:
        intake_warn(result, "统一社会信用代码的校验位不对，早期发放的代码会这样，请核对");
        break;
    case USCC_GOOD:
        break;
    }
    unit->uscc = g_string_chunk_insert(batch->texts, code);
    return true;
}

static bool check_words(const UnitInput *input, IntakeResult *result, Draft *draft) {
    Unit *unit = &draft->unit;
    draft->has_category = intake_is_told(input->category);
    draft->has_risk = intake_is_told(input->risk);
    draft->has_credit = intake_is_told(input->credit);
    draft->has_key = intake_is_told(input->is_key_unit);
    return intake_read_category(result, "类别", input->category, &unit->category) &&
           intake_read_risk(result, input->risk, &unit->risk) &&
           intake_read_credit(result, input->credit, &unit->credit) &&
           intake_read_bool(result, "is_key_unit", input->is_key_unit, &unit->is_key);
}

/* False and *error: the store failed. A refused row is in `result`. */
static bool check_row(
    Batch *batch, const UnitInput *input, IntakeResult *result, Draft *draft, GError **error) {
    Unit *unit = &draft->unit;
    bool good =
        intake_read_source(
            result, input->source, input->source_id, &unit->source, &unit->source_id) &&
        check_uscc(batch, input->uscc, result, unit) &&
        intake_read_text(
            result, "name", "单位名称", input->name, INTAKE_NAME_MAX_BYTES, &unit->name) &&
        intake_read_text(
            result, "address", "地址", input->address, INTAKE_ADDRESS_MAX_BYTES, &unit->address) &&
        intake_read_text(result,
                         "legal_person",
                         "法定代表人",
                         input->legal_person,
                         INTAKE_SHORT_MAX_BYTES,
                         &unit->legal_person) &&
        intake_read_text(
            result, "phone", "电话", input->phone, INTAKE_SHORT_MAX_BYTES, &unit->phone) &&
        check_words(input, result, draft) &&
        intake_check_point(result, input->longitude, input->latitude, &unit->has_point) &&
        intake_read_number(result, "longitude", input->longitude, -180, 180, &unit->longitude) &&
        intake_read_number(result, "latitude", input->latitude, -90, 90, &unit->latitude);
    if (!good || !intake_is_told(input->region)) {
        return true;
    }
    char code[REGION_CODE_MAX + 1];
    bool refused;
    if (!intake_check_region(&batch->regions, input->region, result, code, &refused, error)) {
        return false;
    }
    if (!refused) {
        unit->region = g_string_chunk_insert_const(batch->texts, code);
        unit->district = region_district(code);
    }
    return true;
}

/* --- what is there already ----------------------------------------------------------------------
 */

static void index_slot(Batch *batch, Slot *slot) {
    const Unit *unit = &slot->now;
    if (unit->source != NULL) {
        g_hash_table_replace(
            batch->by_source, (gpointer)source_key(batch, unit->source, unit->source_id), slot);
    }
    if (unit->uscc != NULL) {
        GPtrArray *list = g_hash_table_lookup(batch->by_uscc, unit->uscc);
        if (list == NULL) {
            list = g_ptr_array_new();
            g_hash_table_insert(batch->by_uscc, (gpointer)unit->uscc, list);
        }
        g_ptr_array_add(list, slot);
    }
    int64_t key = unit_match_key(unit->name, unit->address);
    GPtrArray *list = g_hash_table_lookup(batch->by_match, &key);
    if (list == NULL) {
        list = g_ptr_array_new();
        g_hash_table_insert(batch->by_match, g_memdup2(&key, sizeof key), list);
    }
    g_ptr_array_add(list, slot);
}

static bool load_slots(Batch *batch, GArray *ids, GError **error) {
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(Unit));
    if (ids->len == 0) {
        return true;
    }
    if (!unit_store_load(
            batch->db, (const int64_t *)(void *)ids->data, ids->len, batch->texts, units, error)) {
        return false;
    }
    for (guint i = 0; i < units->len; i++) {
        Slot *slot = g_new0(Slot, 1);
        slot->is_stored = true;
        slot->old = g_array_index(units, Unit, i);
        slot->now = slot->old;
        g_ptr_array_add(batch->slots, slot);
        g_hash_table_insert(batch->by_id, &slot->old.id, slot);
        index_slot(batch, slot);
    }
    return true;
}

/* Merged records are found by their old keys, and the row then goes to the record they went into.
 * A chain is as long as there were merges of merges: read until it ends. */
static bool load_survivors(Batch *batch, GError **error) {
    for (;;) {
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        for (guint i = 0; i < batch->slots->len; i++) {
            Slot *slot = batch->slots->pdata[i];
            int64_t into = slot->old.merged_into;
            if (into != 0 && !g_hash_table_contains(batch->by_id, &into)) {
                g_array_append_val(ids, into);
            }
        }
        if (ids->len == 0) {
            return true;
        }
        if (!load_slots(batch, ids, error)) {
            return false;
        }
    }
}

static void add_ids(GArray *found, GHashTable *seen, GArray *ids) {
    for (guint i = 0; i < found->len; i++) {
        int64_t *id = &g_array_index(found, StoredKey, i).id;
        if (g_hash_table_add(seen, g_memdup2(id, sizeof *id))) {
            g_array_append_val(ids, *id);
        }
    }
}

static bool load_known(Batch *batch, Draft *drafts, size_t count, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(StoredKey));
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_auto(SourceIds) sources;
    source_ids_init(&sources);
    for (size_t i = 0; i < count; i++) {
        Unit *unit = &drafts[i].unit;
        source_ids_add(&sources, unit->source, unit->source_id);
        if (unit->uscc != NULL) {
            g_ptr_array_add(codes, (gpointer)unit->uscc);
        }
        if (unit->name != NULL && unit->address != NULL) {
            drafts[i].match_key = unit_match_key(unit->name, unit->address);
            g_array_append_val(keys, drafts[i].match_key);
        }
    }
    g_autofree char *code_list = intake_text_list(codes);
    g_autofree char *key_list =
        id_list_format(batch->db, (const int64_t *)(void *)keys->data, keys->len);
    if (!source_ids_find(&sources, batch->db, unit_store_by_source, batch->texts, found, error) ||
        !unit_store_by_uscc(batch->db, code_list, batch->texts, found, error) ||
        !unit_store_by_match(batch->db, key_list, found, error)) {
        return false;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    add_ids(found, seen, ids);
    return load_slots(batch, ids, error) && load_survivors(batch, error);
}

/* Ids of the buildings that rows name, by the row's own source. */
static bool load_buildings(
    Batch *batch, const UnitInput *inputs, const Draft *drafts, size_t count, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(StoredKey));
    g_auto(SourceIds) sources;
    source_ids_init(&sources);
    for (size_t i = 0; i < count; i++) {
        if (intake_is_told(inputs[i].building_source_id)) {
            source_ids_add(&sources, drafts[i].unit.source, inputs[i].building_source_id);
        }
    }
    if (!source_ids_find(
            &sources, batch->db, building_store_by_source, batch->texts, found, error)) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const StoredKey *key = &g_array_index(found, StoredKey, i);
        g_hash_table_insert(batch->buildings,
                            (gpointer)source_key(batch, key->source, key->text),
                            g_memdup2(&key->id, sizeof key->id));
    }
    return true;
}

/* --- matching -----------------------------------------------------------------------------------
 */

static Slot *survivor(Batch *batch, Slot *slot) {
    while (slot != NULL && slot->now.merged_into != 0) {
        slot = g_hash_table_lookup(batch->by_id, &slot->now.merged_into);
    }
    return slot;
}

/* The other system keeps these as two records, so we do too. */
static bool is_other_record(const Unit *a, const Unit *b) {
    return a->source != NULL && b->source != NULL && strcmp(a->source, b->source) == 0 &&
           strcmp(a->source_id, b->source_id) != 0;
}

static Slot *match_by_code(Batch *batch, Draft *draft) {
    GPtrArray *list =
        draft->unit.uscc == NULL ? NULL : g_hash_table_lookup(batch->by_uscc, draft->unit.uscc);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        Slot *slot = survivor(batch, list->pdata[i]);
        if (slot == NULL || g_strcmp0(slot->now.uscc, draft->unit.uscc) != 0) {
            continue;
        }
        if (!is_other_record(&slot->now, &draft->unit)) {
            return slot;
        }
        draft->like = slot;
        draft->like_reason = "code";
    }
    return NULL;
}

static Slot *match_by_name(Batch *batch, Draft *draft) {
    GPtrArray *list =
        draft->match_key == 0 ? NULL : g_hash_table_lookup(batch->by_match, &draft->match_key);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        Slot *slot = survivor(batch, list->pdata[i]);
        if (slot == NULL) {
            continue;
        }
        const Unit *known = &slot->now;
        bool codes_differ = known->uscc != NULL && draft->unit.uscc != NULL &&
                            strcmp(known->uscc, draft->unit.uscc) != 0;
        if (!codes_differ && !is_other_record(known, &draft->unit) &&
            g_strcmp0(known->region, draft->unit.region) == 0) {
            return slot;
        }
        if (draft->like == NULL) {
            draft->like = slot;
            draft->like_reason = "name";
        }
    }
    return NULL;
}

static Slot *match_row(Batch *batch, Draft *draft) {
    const Unit *unit = &draft->unit;
    if (unit->source != NULL) {
        g_autofree char *key = g_strconcat(unit->source, "\n", unit->source_id, NULL);
        Slot *slot = survivor(batch, g_hash_table_lookup(batch->by_source, key));
        if (slot != NULL) {
            return slot;
        }
    }
    Slot *slot = match_by_code(batch, draft);
    return slot != NULL ? slot : match_by_name(batch, draft);
}

/* --- taking a row in ----------------------------------------------------------------------------
 */

/* Told values replace what is stored; true if any was different. */
static bool take_values(Unit *unit, const Draft *draft) {
    const Unit *told = &draft->unit;
    bool changed = false;
    intake_take_text(&unit->name, told->name, &changed);
    intake_take_text(&unit->address, told->address, &changed);
    intake_take_text(&unit->uscc, told->uscc, &changed);
    intake_take_text(&unit->legal_person, told->legal_person, &changed);
    intake_take_text(&unit->phone, told->phone, &changed);
    if (unit->source == NULL && told->source != NULL) {
        unit->source = told->source;
        unit->source_id = told->source_id;
        changed = true;
    }
    if (told->region != NULL && strcmp(unit->region, told->region) != 0) {
        unit->region = told->region;
        unit->district = told->district;
        changed = true;
    }
#define TAKE(has, member)                                                                          \
    if ((has) && unit->member != told->member) {                                                   \
        unit->member = told->member;                                                               \
        changed = true;                                                                            \
    }
    TAKE(draft->has_category, category)
    TAKE(draft->has_risk, risk)
    TAKE(draft->has_credit, credit)
    TAKE(draft->has_key, is_key)
    TAKE(told->building_id != 0, building_id)
#undef TAKE
    bool moved = unit->longitude < told->longitude || unit->longitude > told->longitude ||
                 unit->latitude < told->latitude || unit->latitude > told->latitude;
    if (told->has_point && (!unit->has_point || moved)) {
        unit->has_point = true;
        unit->longitude = told->longitude;
        unit->latitude = told->latitude;
        changed = true;
    }
    return changed;
}

static bool refuse_incomplete(const Unit *unit, IntakeResult *result) {
    if (unit->name == NULL) {
        intake_refuse(result, "name", "新单位要写单位名称");
    } else if (unit->address == NULL) {
        intake_refuse(result, "address", "新单位要写地址");
    } else if (unit->region == NULL) {
        intake_refuse(result, "region", "新单位要写区划代码");
    }
    return result->problem != NULL;
}

static void add_unit(Batch *batch, Draft *draft, IntakeResult *result) {
    if (refuse_incomplete(&draft->unit, result)) {
        return;
    }
    Slot *slot = g_new0(Slot, 1);
    slot->now = draft->unit;
    slot->is_changed = true;
    g_ptr_array_add(batch->slots, slot);
    index_slot(batch, slot);
    draft->slot = slot;
    result->outcome = INTAKE_ADDED;
    if (draft->like != NULL) {
        intake_warn(result,
                    "和已有的“%s”%s相同，已列入疑似重复",
                    draft->like->now.name,
                    draft->like_reason[0] == 'c' ? "信用代码" : "名称和地址");
    }
}

static void take_row(Batch *batch, Draft *draft, const UnitInput *input, IntakeResult *result) {
    if (intake_is_told(input->building_source_id) && draft->unit.source != NULL) {
        g_autofree char *key = g_strconcat(input->source, "\n", input->building_source_id, NULL);
        const int64_t *building = g_hash_table_lookup(batch->buildings, key);
        draft->unit.building_id = building == NULL ? 0 : *building;
        if (draft->unit.building_id == 0) {
            intake_warn(result, "没有编号是 %.60s 的建筑", input->building_source_id);
        }
    }
    Slot *slot = match_row(batch, draft);
    if (slot == NULL) {
        add_unit(batch, draft, result);
        return;
    }
    if (!region_is_inside(slot->now.region, batch->context->scope_region)) {
        intake_refuse(result, "region", "已登记在别的辖区，您不能修改");
        return;
    }
    draft->slot = slot;
    bool changed = take_values(&slot->now, draft);
    slot->is_changed |= changed;
    result->outcome = changed ? INTAKE_CHANGED : INTAKE_SAME;
}

static bool write_suspects(Batch *batch, const Draft *drafts, size_t count, GError **error) {
    g_autoptr(GArray) suspects = g_array_new(FALSE, FALSE, sizeof(Suspect));
    for (size_t i = 0; i < count; i++) {
        if (drafts[i].slot == NULL || drafts[i].like == NULL || drafts[i].like == drafts[i].slot ||
            drafts[i].slot->is_stored) {
            continue;
        }
        int64_t a = drafts[i].like->now.id;
        int64_t b = drafts[i].slot->now.id;
        Suspect suspect = {.low_id = MIN(a, b),
                           .high_id = MAX(a, b),
                           .district = drafts[i].slot->now.district,
                           .reason = drafts[i].like_reason};
        g_array_append_val(suspects, suspect);
    }
    return suspects->len == 0 || unit_store_suspect(batch->db,
                                                    (const Suspect *)(void *)suspects->data,
                                                    suspects->len,
                                                    batch->context->now_us,
                                                    error);
}

static bool write_batch(Batch *batch, GError **error) {
    g_autoptr(GArray) writes = g_array_new(FALSE, FALSE, sizeof(UnitWrite));
    for (guint i = 0; i < batch->slots->len; i++) {
        Slot *slot = batch->slots->pdata[i];
        if (slot->is_changed) {
            UnitWrite write = {slot->is_stored ? &slot->old : NULL, &slot->now};
            g_array_append_val(writes, write);
        }
    }
    WriteOptions options = intake_write_options(batch->context);
    return writes->len == 0 ||
           unit_write(batch->db, (UnitWrite *)(void *)writes->data, writes->len, &options, error);
}

bool intake_check_unit(Db *db,
                       const UnitInput *input,
                       const IntakeContext *context,
                       GStringChunk *texts,
                       IntakeResult *result,
                       Unit *ret_unit,
                       GError **error) {
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    Draft draft = {.match_key = 0};
    if (!check_row(&batch, input, result, &draft, error)) {
        return false;
    }
    if (result->problem == NULL) {
        refuse_incomplete(&draft.unit, result);
    }
    *ret_unit = draft.unit;
    ret_unit->source = intake_keep(texts, draft.unit.source);
    ret_unit->source_id = intake_keep(texts, draft.unit.source_id);
    ret_unit->uscc = intake_keep(texts, draft.unit.uscc);
    ret_unit->name = intake_keep(texts, draft.unit.name);
    ret_unit->address = intake_keep(texts, draft.unit.address);
    ret_unit->region = intake_keep(texts, draft.unit.region);
    ret_unit->legal_person = intake_keep(texts, draft.unit.legal_person);
    ret_unit->phone = intake_keep(texts, draft.unit.phone);
    return true;
}

bool intake_units(Db *db,
                  const UnitInput *inputs,
                  size_t count,
                  const IntakeContext *context,
                  IntakeResult *results,
                  GError **error) {
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    g_autofree Draft *drafts = g_new0(Draft, count);
    for (size_t i = 0; i < count; i++) {
        if (!check_row(&batch, &inputs[i], &results[i], &drafts[i], error)) {
            return false;
        }
    }
    if ((!context->dry_run && !object_serialise(db, SEARCH_UNIT, error)) ||
        !load_known(&batch, drafts, count, error) ||
        !load_buildings(&batch, inputs, drafts, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL) {
            take_row(&batch, &drafts[i], &inputs[i], &results[i]);
        }
    }
    if (!context->dry_run &&
        (!write_batch(&batch, error) || !write_suspects(&batch, drafts, count, error))) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        results[i].id = drafts[i].slot == NULL ? 0 : drafts[i].slot->now.id;
    }
    return true;
}
