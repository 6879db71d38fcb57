/* Devices of a file: check, match by protocol and code, write what differs. */
#include "sensing/device_intake.h"

#include "base/error.h"
#include "frame/gb26875_profile.h"
#include "registry/change.h"
#include "registry/region.h"
#include "sensing/device_intake_internal.h"

#include <string.h>

#define PLACE_LETTERS 100 /* as in the form that binds a device */

#define FIELD(member, name, required, example, hint)                                               \
    { #member, name, required, example, offsetof(DeviceRow, member), hint }

/* Names of places go before the device's own name: a column called 建筑名称 is a building. */
const IntakeField device_row_fields[] = {
    FIELD(code, "编号", true, "7340033", "设备在报文里报的地址（十进制）或自己的编号"),
    FIELD(protocol, "协议", false, "GB/T 26875.3", "不写就是 GB/T 26875.3；还可以写 MQTT、HTTP"),
    FIELD(region, "区划代码", false, "500103", "写建筑名称或单位名称时要写，区县就够"),
    FIELD(building, "建筑", false, "演示大厦", "已登记建筑的名称"),
    FIELD(address, "建筑地址", false, "渝中区演示路1号", "写了建筑名称就可以不写"),
    FIELD(source, "来源系统", false, "住建", "下一列的编号是哪个系统的"),
    FIELD(building_source_id, "建筑来源编号", false, "B0001", "导入建筑时用过的来源编号"),
    FIELD(building_id, "建筑系统编号", false, "17", "导出建筑名单里的“系统编号”，同名时用它"),
    FIELD(unit, "单位", false, "演示饭店", "设备只属于楼里一个单位时写"),
    FIELD(unit_uscc, "单位统一社会信用代码", false, "91500103MA5U0000X0", NULL),
    FIELD(unit_id, "单位系统编号", false, "230", "导出单位名单里的“系统编号”"),
    FIELD(place, "位置", false, "负一层消防控制室", "设备装在哪里"),
    FIELD(name, "名称", false, "1 号楼用户信息传输装置", NULL),
    FIELD(profile, "报文方言", false, "standard", "厂家报文与标准不同时写；不知道就不写"),
    FIELD(state, "状态", false, "在用", "在用或停用；不写的话，有了建筑或单位就是在用"),
    FIELD(service_body, "维保单位", false, "演示维保公司", NULL),
    FIELD(service_contact, "维保联系方式", false, "02300000000", NULL),
    {NULL, NULL, false, NULL, 0, NULL},
};

/* One device of the batch: as stored and as the rows make it. */
typedef struct Entry {
    Device old, now; /* old.id 0: it is new */
    bool is_changed;
} Entry;

typedef struct Batch {
    Db *db;
    const IntakeContext *context;
    GStringChunk *texts;
    GHashTable *entries; /* "protocol code" -> Entry, owned */
    GPtrArray *order;    /* of Entry: as they came */
} Batch;

/* What a row says, checked. */
typedef struct Told {
    const char *protocol, *code;
    const char *profile; /* NULL: not told */
    int state;           /* DeviceState; -1: not told */
} Told;

static void batch_init(Batch *batch, Db *db, const IntakeContext *context) {
    *batch = (Batch){.db = db,
                     .context = context,
                     .texts = g_string_chunk_new(16 * 1024),
                     .entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                     .order = g_ptr_array_new()};
}

static void batch_clear(Batch *batch) {
    g_string_chunk_free(batch->texts);
    g_hash_table_unref(batch->entries);
    g_ptr_array_unref(batch->order);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

/* --- checking -----------------------------------------------------------------------------------
 */

const char *device_row_protocol(const char *text) {
    static const char *const words[] = {"gb26875", "mqtt", "http"};
    if (!row_tells(text)) {
        return words[0];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0 ||
            g_ascii_strcasecmp(text, device_protocol_name_zh(words[i])) == 0) {
            return words[i];
        }
    }
    return NULL;
}

const char *device_row_code(const char *protocol, const char *code, GStringChunk *texts) {
    guint64 address = 0;
    if (strcmp(protocol, "gb26875") != 0 || code[0] != '0' ||
        !g_ascii_string_to_unsigned(code, 10, 0, G_MAXUINT64, &address, NULL)) {
        return code;
    }
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, address);
    return g_string_chunk_insert(texts, text);
}

/* By word or by name; NULL: there is none. */
static const char *read_profile(const char *text) {
    for (const Gb26875Profile *const *one = gb26875_profiles(); *one != NULL; one++) {
        if (strcmp((*one)->name, text) == 0 || strcmp((*one)->name_zh, text) == 0) {
            return (*one)->name;
        }
    }
    return NULL;
}

static int read_state(const char *text) {
    DeviceState state;
    for (int i = 0; i < DEVICE_STATE_COUNT; i++) {
        if (strcmp(device_state_name_zh((DeviceState)i), text) == 0) {
            return i;
        }
    }
    return device_state_parse(text, &state) ? (int)state : -1;
}

static const char *field_word(const char *name) {
    for (const IntakeField *field = device_row_fields; field->word != NULL; field++) {
        if (strcmp(field->word, name) == 0) {
            return field->word;
        }
    }
    return NULL;
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* The rules of the form. */
static void check_as_form(const DeviceRow *row, const Told *told, IntakeResult *result) {
    FormProblems *problems = form_problems_new();
    DeviceInput input = {.protocol = told->protocol,
                         .code = told->code,
                         .profile = told->profile == NULL ? "standard" : told->profile,
                         .name = or_empty(row->name),
                         .service_body = or_empty(row->service_body),
                         .service_contact = or_empty(row->service_contact)};
    device_input_check(&input, problems);
    const json_t *first = json_array_get(problems, 0);
    if (first != NULL) {
        intake_refuse(result,
                      field_word(json_get_text(first, "field", "")),
                      "%s",
                      json_get_text(first, "message", ""));
    }
    json_decref(problems);
}

static void check_row(Batch *batch, const DeviceRow *row, Told *told, IntakeResult *result) {
    *told = (Told){.protocol = device_row_protocol(row->protocol), .state = -1};
    if (told->protocol == NULL) {
        intake_refuse(
            result, "protocol", "协议写 GB/T 26875.3、MQTT 或 HTTP，现在是“%.40s”", row->protocol);
        return;
    }
    told->code = device_row_code(told->protocol, or_empty(row->code), batch->texts);
    if (row_tells(row->profile) && (told->profile = read_profile(row->profile)) == NULL) {
        intake_refuse(result, "profile", "没有“%.40s”这种报文方言", row->profile);
    }
    if (row_tells(row->state) && (told->state = read_state(row->state)) < 0) {
        intake_refuse(result, "state", "状态写在用或停用，现在是“%.40s”", row->state);
    }
    if (row_tells(row->place) && g_utf8_strlen(row->place, -1) > PLACE_LETTERS) {
        intake_refuse(result, "place", "位置最多 %d 个字", PLACE_LETTERS);
    }
    check_as_form(row, told, result);
}

/* --- what is there already ----------------------------------------------------------------------
 */

static char *key_of(const char *protocol, const char *code) {
    return g_strconcat(protocol, " ", code, NULL);
}

static bool
load_protocol(Batch *batch, const char *protocol, const Told *rows, size_t count, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(Device));
    for (size_t i = 0; i < count; i++) {
        if (rows[i].protocol != NULL && strcmp(rows[i].protocol, protocol) == 0) {
            g_ptr_array_add(codes, (void *)(uintptr_t)rows[i].code);
        }
    }
    g_autofree char *list = codes->len == 0 ? NULL : intake_text_list(codes);
    if (list != NULL &&
        !device_find_codes(
            batch->db, protocol, list, !batch->context->dry_run, batch->texts, devices, error)) {
        return false;
    }
    for (guint i = 0; i < devices->len; i++) {
        const Device *device = &g_array_index(devices, Device, i);
        Entry *entry = g_new0(Entry, 1);
        *entry = (Entry){.old = *device, .now = *device};
        g_hash_table_insert(batch->entries, key_of(device->protocol, device->code), entry);
        g_ptr_array_add(batch->order, entry);
    }
    return true;
}

static bool load_known(Batch *batch, const Told *rows, size_t count, GError **error) {
    static const char *const protocols[] = {"gb26875", "mqtt", "http"};
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (!load_protocol(batch, protocols[i], rows, count, error)) {
            return false;
        }
    }
    return true;
}

/* --- taking a row in ----------------------------------------------------------------------------
 */

static void take_text(const char **kept, const char *told) {
    if (row_tells(told)) {
        *kept = told;
    }
}

static void take_place(Device *device, const RowPlace *place) {
    const PlaceFound *building = &place->building;
    const PlaceFound *unit = &place->unit;
    if (building->id == 0 && unit->id == 0) {
        return;
    }
    /* Another building is another place: the old unit stays behind, unless the row names one. */
    bool is_moved = device->building_id != building->id;
    device->building_id = building->id;
    device->building_name = building->id != 0 ? building->name : "";
    if (unit->id != 0 || is_moved) {
        device->unit_id = unit->id;
        device->unit_name = unit->id != 0 ? unit->name : "";
    }
    device->region = building->id != 0 ? building->region : unit->region;
    device->district = region_district(device->region);
}

/* Bound and in use are the same thing; "learning" in a file is what an export of devices that wait
 * says, and a building beside it registers them. */
static void take_state(Device *device, const Told *told, IntakeResult *result) {
    bool is_bound = device->building_id != 0 || device->unit_id != 0;
    bool is_retired = told->state == DEVICE_RETIRED ||
                      (told->state != DEVICE_ACTIVE && device->state == DEVICE_RETIRED);
    if (told->state == DEVICE_ACTIVE && !is_bound) {
        intake_refuse(result, "state", "在用的设备要写它在哪栋建筑或哪个单位");
        return;
    }
    device->state = is_retired ? DEVICE_RETIRED : is_bound ? DEVICE_ACTIVE : DEVICE_LEARNING;
    if (device->state == DEVICE_LEARNING) {
        intake_warn(result, "没有写建筑或单位：报警还没有人收到，登记后要绑定");
    }
}

static bool is_same(const Device *one, const Device *other) {
    return one->building_id == other->building_id && one->unit_id == other->unit_id &&
           one->state == other->state && strcmp(one->region, other->region) == 0 &&
           strcmp(one->profile, other->profile) == 0 && strcmp(one->name, other->name) == 0 &&
           strcmp(one->place, other->place) == 0 &&
           strcmp(one->service_body, other->service_body) == 0 &&
           strcmp(one->service_contact, other->service_contact) == 0;
}

static Device new_device(const Told *told) {
    return (Device){.protocol = told->protocol,
                    .code = told->code,
                    .profile = "standard",
                    .name = "",
                    .state = DEVICE_LEARNING,
                    .region = "",
                    .building_name = "",
                    .unit_name = "",
                    .place = "",
                    .service_body = "",
                    .service_contact = ""};
}

/* NULL: the device of that code stands in another region. */
static Entry *entry_of(Batch *batch, const Told *told, IntakeResult *result, bool *ret_new) {
    g_autofree char *key = key_of(told->protocol, told->code);
    Entry *entry = g_hash_table_lookup(batch->entries, key);
    *ret_new = entry == NULL;
    if (entry == NULL) {
        entry = g_new0(Entry, 1);
        entry->now = new_device(told);
        return entry;
    }
    if (entry->now.region[0] != '\0' &&
        !region_is_inside(entry->now.region, batch->context->scope_region)) {
        intake_refuse(result, "code", "已登记在别的辖区，您不能修改");
        return NULL;
    }
    return entry;
}

static void keep_new(Batch *batch, Entry *entry, const Told *told) {
    g_hash_table_insert(batch->entries, key_of(told->protocol, told->code), entry);
    g_ptr_array_add(batch->order, entry);
}

static bool take_row(
    Batch *batch, const DeviceRow *row, const Told *told, IntakeResult *result, GError **error) {
    bool is_new = false;
    RowPlace place;
    Entry *entry = entry_of(batch, told, result, &is_new);
    if (entry == NULL) {
        return true;
    }
    bool good = device_row_place(batch->db,
                                 row,
                                 batch->context,
                                 entry->now.building_id,
                                 batch->texts,
                                 &place,
                                 result,
                                 error);
    Device now = entry->now;
    if (good && result->problem == NULL) {
        take_text(&now.profile, told->profile);
        take_text(&now.name, row->name);
        take_text(&now.place, row->place);
        take_text(&now.service_body, row->service_body);
        take_text(&now.service_contact, row->service_contact);
        take_place(&now, &place);
        take_state(&now, told, result);
    }
    if (!good || result->problem != NULL) {
        if (is_new) {
            g_free(entry);
        }
        return good;
    }
    bool is_other = !is_same(&entry->now, &now);
    result->outcome = is_new ? INTAKE_ADDED : is_other ? INTAKE_CHANGED : INTAKE_SAME;
    result->id = batch->context->dry_run ? 0 : entry->old.id;
    entry->now = now;
    entry->is_changed |= is_other;
    if (is_new) {
        keep_new(batch, entry, told);
    }
    return true;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool write_history(Batch *batch, const Entry *entry, GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    device_note_differences(&entry->old, &entry->now, before, after);
    g_autofree char *old_text = json_write(before);
    g_autofree char *new_text = json_write(after);
    const char *actor = batch->context->actor;
    Change change = {.kind = "device",
                     .object_id = entry->old.id,
                     .action = "import",
                     .actor = actor == NULL ? "system" : actor,
                     .changed_us = batch->context->now_us,
                     .old_json = old_text,
                     .new_json = new_text};
    return change_add(batch->db, &change, 1, error);
}

/* Ids of the new rows: ingest must notice them, and points that were learned meanwhile move. */
static bool find_new(Batch *batch, const GPtrArray *added, GArray *ids, GError **error) {
    static const char *const protocols[] = {"gb26875", "mqtt", "http"};
    for (size_t p = 0; p < G_N_ELEMENTS(protocols); p++) {
        g_autoptr(GPtrArray) codes = g_ptr_array_new();
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Device));
        for (guint i = 0; i < added->len; i++) {
            const Device *device = added->pdata[i];
            if (strcmp(device->protocol, protocols[p]) == 0) {
                g_ptr_array_add(codes, (void *)(uintptr_t)device->code);
            }
        }
        g_autofree char *list = codes->len == 0 ? NULL : intake_text_list(codes);
        if (list != NULL &&
            !device_find_codes(batch->db, protocols[p], list, false, batch->texts, found, error)) {
            return false;
        }
        for (guint i = 0; i < found->len; i++) {
            g_array_append_val(ids, g_array_index(found, Device, i).id);
        }
    }
    return true;
}

static bool write_all(Batch *batch, GError **error) {
    g_autoptr(GPtrArray) added = g_ptr_array_new();
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    g_autoptr(GArray) touched = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < batch->order->len; i++) {
        Entry *entry = batch->order->pdata[i];
        if (entry->old.id == 0) {
            g_ptr_array_add(added, &entry->now);
        } else if (entry->is_changed && !is_same(&entry->old, &entry->now)) {
            g_ptr_array_add(changed, &entry->now);
            g_array_append_val(touched, entry->old.id);
            bool is_moved = entry->old.building_id != entry->now.building_id ||
                            entry->old.district != entry->now.district;
            g_array_append_vals(moved, &entry->old.id, is_moved ? 1 : 0);
            if (!write_history(batch, entry, error)) {
                return false;
            }
        }
    }
    const Device *const *fresh = (const Device *const *)added->pdata;
    const Device *const *other = (const Device *const *)changed->pdata;
    guint known = touched->len;
    if (!device_insert_many(batch->db, fresh, added->len, batch->context->now_us, error) ||
        !device_update_many(batch->db, other, changed->len, error) ||
        !find_new(batch, added, touched, error)) {
        return false;
    }
    if (touched->len > known) {
        g_array_append_vals(moved, &g_array_index(touched, int64_t, known), touched->len - known);
    }
    const int64_t *ids = (const int64_t *)(const void *)touched->data;
    device_touch_at_commit(batch->db, ids, touched->len);
    return device_carry_points(
        batch->db, (const int64_t *)(const void *)moved->data, moved->len, error);
}

bool device_rows_take(Db *db,
                      const void *rows,
                      size_t count,
                      const IntakeContext *context,
                      IntakeResult *results,
                      GError **error) {
    g_assert(context->dry_run || db_in_tx(db));
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    memset(results, 0, count * sizeof *results);
    g_autofree DeviceRow *trimmed =
        intake_trim(device_row_fields, sizeof(DeviceRow), rows, count, batch.texts);
    g_autofree Told *told = g_new0(Told, count);
    for (size_t i = 0; i < count; i++) {
        check_row(&batch, &trimmed[i], &told[i], &results[i]);
    }
    if (!load_known(&batch, told, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL &&
            !take_row(&batch, &trimmed[i], &told[i], &results[i], error)) {
            return false;
        }
    }
    return context->dry_run || write_all(&batch, error);
}
