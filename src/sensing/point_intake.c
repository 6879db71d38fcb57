/* Points of a file: check, match by device and address, write what differs. */
#include "base/error.h"
#include "base/limits.h"
#include "registry/change.h"
#include "registry/region.h"
#include "sensing/device_intake_internal.h"
#include "sensing/sensing_names.h"

#include <string.h>

#define FIELD(member, name, required, example, hint)                                               \
    { #member, name, required, example, offsetof(PointRow, member), hint }

const IntakeField point_row_fields[] = {
    FIELD(device, "设备编号", true, "7340033", "先登记或导入设备，再导入它的点位"),
    FIELD(protocol, "协议", false, "GB/T 26875.3", "不写就是 GB/T 26875.3；还可以写 MQTT、HTTP"),
    FIELD(system_type, "系统类型", true, "火灾报警系统", "名称，或者 GB/T 26875.3 表 4 的数"),
    FIELD(system_address, "系统地址", true, "1", "0 到 255 的数，与设备报文里的一样"),
    FIELD(component_type,
          "部件类型",
          true,
          "点型光电感烟火灾探测器",
          "名称，或者表 5 的数；整个系统写“系统”"),
    FIELD(address, "部件地址", true, "2 区 14 号", "“2 区 14 号”，或者一个数；整个系统写 0"),
    FIELD(name, "名称", false, "1203 室烟感", NULL),
    FIELD(floor, "楼层", false, "12 层", NULL),
    FIELD(room, "房间", false, "1203 室", NULL),
    FIELD(analog_type, "数值类型", false, "压力（kPa）", "要给数值设上下限时写"),
    FIELD(low, "下限", false, "300", NULL),
    FIELD(high, "上限", false, "1200", NULL),
    FIELD(hysteresis, "回差", false, "20", "回到限内这么多才算恢复；不写就是 0"),
    {NULL, NULL, false, NULL, 0, NULL},
};

/* A device that rows of the batch name. */
typedef struct Owner {
    Device device;
    int64_t points; /* that it has; -1: not asked yet */
    bool is_touched;
} Owner;

/* One point of the batch: as stored and as the rows make it. */
typedef struct Entry {
    Point old, now; /* old.id 0: it is new */
    Owner *owner;
} Entry;

/* What a row says, checked. */
typedef struct Told {
    Owner *owner;
    Entry *entry;
    PointKey key;
    const char *protocol, *code;
    bool has_limit;
    int64_t analog_type;
    LimitRule rule;
} Told;

typedef struct Batch {
    Db *db;
    const IntakeContext *context;
    GStringChunk *texts;
    GHashTable *owners;  /* "protocol code" -> Owner, owned */
    GHashTable *entries; /* PointKey -> Entry, owned; the key is of the Told that came first */
    GPtrArray *order;    /* of Entry: as they came */
} Batch;

static guint key_hash(gconstpointer data) {
    const PointKey *key = data;
    uint64_t hash = (uint64_t)key->device_id * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= ((uint64_t)key->system_type << 56) ^ ((uint64_t)key->system_address << 48) ^
            ((uint64_t)(key->component_type + 1) << 32) ^ (uint64_t)key->address;
    hash *= UINT64_C(0xBF58476D1CE4E5B9);
    return (guint)(hash >> 32);
}

static gboolean key_equal(gconstpointer a, gconstpointer b) {
    const PointKey *one = a;
    const PointKey *other = b;
    return one->device_id == other->device_id && one->system_type == other->system_type &&
           one->system_address == other->system_address &&
           one->component_type == other->component_type && one->address == other->address;
}

static void batch_init(Batch *batch, Db *db, const IntakeContext *context) {
    *batch = (Batch){.db = db,
                     .context = context,
                     .texts = g_string_chunk_new(64 * 1024),
                     .owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                     .entries = g_hash_table_new_full(key_hash, key_equal, NULL, g_free),
                     .order = g_ptr_array_new()};
}

static void batch_clear(Batch *batch) {
    g_string_chunk_free(batch->texts);
    g_ptr_array_unref(batch->order);
    g_hash_table_unref(batch->entries);
    g_hash_table_unref(batch->owners);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

/* --- checking -----------------------------------------------------------------------------------
 */

/* Digits at *at into *ret, with the blanks and the word behind them. */
static bool take_number(const char **at, const char *word, int64_t most, int64_t *ret) {
    char *end = NULL;
    guint64 number = g_ascii_strtoull(*at, &end, 10);
    if (!g_ascii_isdigit(**at) || number > (guint64)most) {
        return false;
    }
    end += strspn(end, " ");
    end += g_str_has_prefix(end, word) ? strlen(word) : 0;
    end += strspn(end, " ");
    *ret = (int64_t)number;
    *at = end;
    return true;
}

/* "131074", "2 区 14 号", "2-14": the halves as point_title shows them. */
static bool read_address(const char *text, int64_t *ret_address) {
    const char *at = text;
    int64_t first = 0;
    int64_t second = 0;
    if (!take_number(&at, "区", UINT32_MAX, &first)) {
        return false;
    }
    if (at[0] == '\0') {
        *ret_address = first;
        return strstr(text, "区") == NULL;
    }
    at += at[0] == '-' ? 1 : 0;
    if (!take_number(&at, "号", UINT16_MAX, &second) || at[0] != '\0' || first > UINT16_MAX) {
        return false;
    }
    *ret_address = first | second << 16;
    return true;
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

static void check_address(const PointRow *row, PointKey *key, IntakeResult *result) {
    if (!system_type_parse(or_empty(row->system_type), &key->system_type)) {
        intake_refuse(result,
                      "system_type",
                      "没有“%.60s”这种系统：写“火灾报警系统”这样的名称，或者 0 到 255 的数",
                      or_empty(row->system_type));
    } else if (!g_ascii_string_to_signed(
                   or_empty(row->system_address), 10, 0, 255, &key->system_address, NULL)) {
        intake_refuse(result,
                      "system_address",
                      "系统地址写 0 到 255 的数，现在是“%.40s”",
                      or_empty(row->system_address));
    } else if (!component_type_parse(or_empty(row->component_type), &key->component_type)) {
        intake_refuse(
            result,
            "component_type",
            "没有“%.60s”这种部件：写“点型光电感烟火灾探测器”这样的名称，或者 0 到 255 的数",
            or_empty(row->component_type));
    } else if (!read_address(or_empty(row->address), &key->address)) {
        intake_refuse(result,
                      "address",
                      "部件地址写“2 区 14 号”，或者一个数，现在是“%.40s”",
                      or_empty(row->address));
    } else if (key->component_type == COMPONENT_SYSTEM && key->address != 0) {
        intake_refuse(result, "address", "整个系统没有部件地址，写 0");
    }
}

static const char *field_word(const char *name) {
    for (const IntakeField *field = point_row_fields; field->word != NULL; field++) {
        if (strcmp(field->word, name) == 0) {
            return field->word;
        }
    }
    return NULL;
}

/* The rules of the form. */
static void check_as_form(const PointRow *row, IntakeResult *result) {
    FormProblems *problems = form_problems_new();
    PointInput input = {or_empty(row->name), or_empty(row->floor), or_empty(row->room)};
    point_input_check(&input, problems);
    const json_t *first = json_array_get(problems, 0);
    if (first != NULL) {
        intake_refuse(result,
                      field_word(json_get_text(first, "field", "")),
                      "%s",
                      json_get_text(first, "message", ""));
    }
    json_decref(problems);
}

static bool check_value(const char *column,
                        const char *text,
                        int64_t analog_type,
                        bool *ret_told,
                        int64_t *ret_value,
                        IntakeResult *result) {
    *ret_told = row_tells(text);
    if (*ret_told && !analog_parse(analog_type, text, ret_value)) {
        intake_refuse(result,
                      column,
                      "写一个数，最小到 %g，现在是“%.40s”",
                      analog_least_unit(analog_type),
                      text);
        return false;
    }
    return true;
}

static void check_limit(const PointRow *row, Told *told, IntakeResult *result) {
    LimitRule *rule = &told->rule;
    bool has_back = false;
    bool is_told = row_tells(row->low) || row_tells(row->high) || row_tells(row->hysteresis);
    if (!is_told) {
        return;
    }
    if (!analog_type_parse(or_empty(row->analog_type), &told->analog_type)) {
        intake_refuse(result,
                      "analog_type",
                      "写了上下限，还要写数值类型，例如“温度”“压力（kPa）”，现在是“%.40s”",
                      or_empty(row->analog_type));
        return;
    }
    told->has_limit =
        check_value("low", row->low, told->analog_type, &rule->has_low, &rule->low, result) &&
        check_value("high", row->high, told->analog_type, &rule->has_high, &rule->high, result) &&
        check_value(
            "hysteresis", row->hysteresis, told->analog_type, &has_back, &rule->hysteresis, result);
    if (told->has_limit && !rule->has_low && !rule->has_high) {
        intake_refuse(result, "low", "写下限或上限");
    } else if (told->has_limit && !limit_rule_is_sound(rule)) {
        intake_refuse(result, "high", "上限要比下限高，中间还要容得下两个回差");
    }
}

static void check_row(Batch *batch, const PointRow *row, Told *told, IntakeResult *result) {
    told->protocol = device_row_protocol(row->protocol);
    if (told->protocol == NULL) {
        intake_refuse(
            result, "protocol", "协议写 GB/T 26875.3、MQTT 或 HTTP，现在是“%.40s”", row->protocol);
    } else if (!row_tells(row->device)) {
        intake_refuse(result, "device", "写设备编号");
    } else {
        told->code = device_row_code(told->protocol, row->device, batch->texts);
        check_address(row, &told->key, result);
        check_as_form(row, result);
        check_limit(row, told, result);
    }
}

/* --- whose points -------------------------------------------------------------------------------
 */

static char *owner_key(const char *protocol, const char *code) {
    return g_strconcat(protocol, " ", code, NULL);
}

/* Every code once: a panel has hundreds of rows. */
static char *codes_of(const char *protocol, const Told *rows, size_t count) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code != NULL && strcmp(rows[i].protocol, protocol) == 0 &&
            g_hash_table_add(known, (void *)(uintptr_t)rows[i].code)) {
            g_ptr_array_add(codes, (void *)(uintptr_t)rows[i].code);
        }
    }
    return codes->len == 0 ? NULL : intake_text_list(codes);
}

static bool load_owners(Batch *batch, const Told *rows, size_t count, GError **error) {
    static const char *const protocols[] = {"gb26875", "mqtt", "http"};
    for (size_t p = 0; p < G_N_ELEMENTS(protocols); p++) {
        g_autofree char *list = codes_of(protocols[p], rows, count);
        g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(Device));
        if (list != NULL && !device_find_codes(batch->db,
                                               protocols[p],
                                               list,
                                               !batch->context->dry_run,
                                               batch->texts,
                                               devices,
                                               error)) {
            return false;
        }
        for (guint i = 0; i < devices->len; i++) {
            Owner *owner = g_new0(Owner, 1);
            *owner = (Owner){.device = g_array_index(devices, Device, i), .points = -1};
            g_hash_table_insert(batch->owners, owner_key(protocols[p], owner->device.code), owner);
        }
    }
    return true;
}

static void find_owner(Batch *batch, Told *told, IntakeResult *result) {
    g_autofree char *key = owner_key(told->protocol, told->code);
    Owner *owner = g_hash_table_lookup(batch->owners, key);
    if (owner == NULL) {
        intake_refuse(result, "device", "没有登记设备 %.64s：先登记或导入它", told->code);
    } else if (owner->device.region[0] != '\0' &&
               !region_is_inside(owner->device.region, batch->context->scope_region)) {
        intake_refuse(result, "device", "设备 %.64s 不在您的辖区", told->code);
    } else {
        told->owner = owner;
        told->key.device_id = owner->device.id;
    }
}

/* --- what is there already ----------------------------------------------------------------------
 */

static void add_entry(Batch *batch, const PointKey *key, const Point *point, Owner *owner) {
    Entry *entry = g_new0(Entry, 1);
    *entry = (Entry){.old = *point, .now = *point, .owner = owner};
    g_hash_table_insert(batch->entries, (void *)(uintptr_t)key, entry);
    g_ptr_array_add(batch->order, entry);
}

static bool load_points(Batch *batch, Told *rows, size_t count, GError **error) {
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(PointKey));
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(Point));
    g_autoptr(GHashTable) asked = g_hash_table_new(key_hash, key_equal);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].owner != NULL && g_hash_table_insert(asked, &rows[i].key, &rows[i])) {
            g_array_append_val(keys, rows[i].key);
        }
    }
    if (!point_find_keys(batch->db,
                         (const PointKey *)(const void *)keys->data,
                         keys->len,
                         batch->texts,
                         points,
                         error)) {
        return false;
    }
    for (guint i = 0; i < points->len; i++) {
        const Point *point = &g_array_index(points, Point, i);
        PointKey key = {point->device_id,
                        point->system_type,
                        point->system_address,
                        point->component_type,
                        point->address};
        const Told *told = g_hash_table_lookup(asked, &key);
        g_assert(told != NULL);
        add_entry(batch, &told->key, point, told->owner);
    }
    return true;
}

/* How many points the devices have that get new ones. */
static bool count_points(Batch *batch, const Told *rows, size_t count, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(PointCount));
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (size_t i = 0; i < count; i++) {
        Owner *owner = rows[i].owner;
        if (owner != NULL && owner->points < 0 &&
            !g_hash_table_contains(batch->entries, &rows[i].key)) {
            owner->points = 0;
            g_array_append_val(ids, owner->device.id);
            g_hash_table_insert(by_id, &owner->device.id, owner);
        }
    }
    if (ids->len > 0 &&
        !point_count_of(
            batch->db, (const int64_t *)(const void *)ids->data, ids->len, counts, error)) {
        return false;
    }
    for (guint i = 0; i < counts->len; i++) {
        const PointCount *one = &g_array_index(counts, PointCount, i);
        Owner *owner = g_hash_table_lookup(by_id, &one->device_id);
        owner->points = one->n;
    }
    return true;
}

/* --- taking a row in ----------------------------------------------------------------------------
 */

static void take_text(const char **kept, const char *told, bool *changed) {
    if (row_tells(told) && strcmp(*kept, told) != 0) {
        *kept = told;
        *changed = true;
    }
}

static bool is_same_rule(const LimitRule *one, const LimitRule *other) {
    return one->has_low == other->has_low && one->has_high == other->has_high &&
           (!one->has_low || one->low == other->low) &&
           (!one->has_high || one->high == other->high) && one->hysteresis == other->hysteresis;
}

/* Does the row's limit say something new? One that says what is stored is not written again. */
static bool judge_limit(Batch *batch, Told *told, bool *changed, GError **error) {
    PointLimit limit = {0};
    bool found = false;
    int64_t id = told->entry->old.id;
    if (!told->has_limit) {
        return true;
    }
    if (id != 0 &&
        !limit_find(
            batch->db, id, told->key.component_type, told->analog_type, &limit, &found, error)) {
        return false;
    }
    told->has_limit = !found || !limit.is_own || !is_same_rule(&limit.rule, &told->rule);
    *changed |= told->has_limit;
    return true;
}

static Point new_point(const Told *told) {
    const Device *device = &told->owner->device;
    return (Point){.device_id = device->id,
                   .system_type = told->key.system_type,
                   .system_address = told->key.system_address,
                   .component_type = told->key.component_type,
                   .address = told->key.address,
                   .name = "",
                   .floor = "",
                   .room = "",
                   .building_id = device->building_id,
                   .district = device->district};
}

static bool
take_row(Batch *batch, const PointRow *row, Told *told, IntakeResult *result, GError **error) {
    Owner *owner = told->owner;
    g_assert(owner != NULL); /* the row would be refused */
    told->entry = g_hash_table_lookup(batch->entries, &told->key);
    bool is_new = told->entry == NULL;
    bool changed = false;
    if (is_new && owner->points >= LIMIT_DEVICE_POINTS) {
        intake_refuse(result, "device", "一台设备最多 %d 个点位", LIMIT_DEVICE_POINTS);
        return true;
    }
    if (is_new) {
        Point point = new_point(told);
        add_entry(batch, &told->key, &point, owner);
        told->entry = g_hash_table_lookup(batch->entries, &told->key);
        owner->points++;
    }
    Point *now = &told->entry->now;
    take_text(&now->name, row->name, &changed);
    take_text(&now->floor, row->floor, &changed);
    take_text(&now->room, row->room, &changed);
    if (!judge_limit(batch, told, &changed, error)) {
        return false;
    }
    owner->is_touched |= is_new || changed;
    result->outcome = is_new ? INTAKE_ADDED : changed ? INTAKE_CHANGED : INTAKE_SAME;
    result->id = batch->context->dry_run ? 0 : told->entry->old.id;
    return true;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool is_same_point(const Entry *entry) {
    return strcmp(entry->old.name, entry->now.name) == 0 &&
           strcmp(entry->old.floor, entry->now.floor) == 0 &&
           strcmp(entry->old.room, entry->now.room) == 0;
}

static const char *or_null(const char *text) {
    return text[0] == '\0' ? NULL : text;
}

static bool note(Batch *batch, const Point *point, json_t *before, json_t *after, GError **error) {
    g_autofree char *title = point_title(point);
    json_put_text(after, "point", title);
    json_put_int(after, "point_id", point->id);
    g_autofree char *old_text = json_write(before);
    g_autofree char *new_text = json_write(after);
    const char *actor = batch->context->actor;
    Change change = {.kind = "device",
                     .object_id = point->device_id,
                     .action = "import",
                     .actor = actor == NULL ? "system" : actor,
                     .changed_us = batch->context->now_us,
                     .old_json = json_object_size(before) == 0 ? NULL : old_text,
                     .new_json = new_text};
    return change_add(batch->db, &change, 1, error);
}

static bool write_history(Batch *batch, const Entry *entry, GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    const Point *old = &entry->old;
    const Point *now = &entry->now;
    change_note_text(before, after, "name", or_null(old->name), or_null(now->name));
    change_note_text(before, after, "floor", or_null(old->floor), or_null(now->floor));
    change_note_text(before, after, "room", or_null(old->room), or_null(now->room));
    return note(batch, old, before, after, error);
}

static bool write_points(Batch *batch, GError **error) {
    g_autoptr(GPtrArray) added = g_ptr_array_new();
    g_autoptr(GPtrArray) changed = g_ptr_array_new();
    for (guint i = 0; i < batch->order->len; i++) {
        Entry *entry = batch->order->pdata[i];
        if (entry->old.id == 0) {
            g_ptr_array_add(added, &entry->now);
        } else if (!is_same_point(entry)) {
            g_ptr_array_add(changed, &entry->now);
            if (!write_history(batch, entry, error)) {
                return false;
            }
        }
    }
    return point_insert_many(batch->db,
                             (const Point *const *)added->pdata,
                             added->len,
                             batch->context->now_us,
                             error) &&
           point_update_many(batch->db, (const Point *const *)changed->pdata, changed->len, error);
}

static bool write_limit(Batch *batch, const Told *told, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Point));
    const char *actor = batch->context->actor;
    if (!point_find_keys(batch->db, &told->key, 1, batch->texts, found, error)) {
        return false;
    }
    g_assert(found->len == 1); /* written a moment ago at the latest */
    const Point *point = &g_array_index(found, Point, 0);
    PointLimit limit = {
        .point_id = point->id, .analog_type = told->analog_type, .rule = told->rule};
    DeviceActor by = {actor == NULL ? "system" : actor, batch->context->now_us};
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    g_autofree char *text = device_rule_text(told->analog_type, &told->rule);
    json_put_text(after, "limits", text);
    return limit_put(batch->db, &limit, &by, error) && note(batch, point, before, after, error);
}

static bool write_limits(Batch *batch, const Told *rows, size_t count, GError **error) {
    for (size_t i = 0; i < count; i++) {
        if (rows[i].entry != NULL && rows[i].has_limit && !write_limit(batch, &rows[i], error)) {
            return false;
        }
    }
    return true;
}

static void touch(Batch *batch) {
    GHashTableIter iter;
    void *data;
    g_hash_table_iter_init(&iter, batch->owners);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const Owner *owner = data;
        if (owner->is_touched) {
            device_touch_at_commit(batch->db, &owner->device.id, 1);
        }
    }
}

static bool prepare(Batch *batch, Told *told, size_t count, IntakeResult *results, GError **error) {
    if (!load_owners(batch, told, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL) {
            find_owner(batch, &told[i], &results[i]);
        }
    }
    return load_points(batch, told, count, error) && count_points(batch, told, count, error);
}

bool point_rows_take(Db *db,
                     const void *rows,
                     size_t count,
                     const IntakeContext *context,
                     IntakeResult *results,
                     GError **error) {
    g_assert(context->dry_run || db_in_tx(db));
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    memset(results, 0, count * sizeof *results);
    g_autofree PointRow *trimmed =
        intake_trim(point_row_fields, sizeof(PointRow), rows, count, batch.texts);
    g_autofree Told *told = g_new0(Told, count);
    for (size_t i = 0; i < count; i++) {
        check_row(&batch, &trimmed[i], &told[i], &results[i]);
    }
    if (!prepare(&batch, told, count, results, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL &&
            !take_row(&batch, &trimmed[i], &told[i], &results[i], error)) {
            return false;
        }
    }
    if (context->dry_run) {
        return true;
    }
    touch(&batch);
    return write_points(&batch, error) && write_limits(&batch, told, count, error);
}
