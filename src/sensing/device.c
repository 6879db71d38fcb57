/* Use cases of the register of devices: each one transaction with its history and ledger entry. */
#include "sensing/device.h"

#include "base/digest.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/change.h"
#include "registry/region.h"
#include "sensing/device_store.h"
#include "sensing/sensing_names.h"

#include <string.h>

#define KEY_BYTES 16

/* --- marks --------------------------------------------------------------------------------------
 */

/* History of the device and entry in the ledger. Takes both objects over. */
static bool leave_mark(Db *db,
                       const DeviceActor *by,
                       int64_t id,
                       const char *action,
                       json_t *before,
                       json_t *after,
                       GError **error) {
    g_autoptr(json_t) old = before;
    g_autoptr(json_t) now = after;
    g_autofree char *old_text = json_object_size(old) == 0 ? NULL : json_write(old);
    g_autofree char *new_text = json_object_size(now) == 0 ? NULL : json_write(now);
    g_autofree char *type = g_strconcat("device.", action, NULL);
    g_autofree char *object = g_strdup_printf("device:%" G_GINT64_FORMAT, id);
    Change change = {.kind = "device",
                     .object_id = id,
                     .action = action,
                     .actor = by->actor,
                     .changed_us = by->now_us,
                     .old_json = old_text,
                     .new_json = new_text};
    json_put_int(now, "id", id);
    LedgerEntry entry = {
        .time_us = by->now_us, .type = type, .actor = by->actor, .object = object, .payload = now};
    return change_add(db, &change, 1, error) && ledger_append(db, &entry, NULL, error);
}

/* What is empty reads as "not registered". */
static const char *told(const char *text) {
    return text == NULL || text[0] == '\0' ? NULL : text;
}

void device_note_differences(const Device *old, const Device *now, json_t *before, json_t *after) {
    change_note_text(before, after, "profile", told(old->profile), told(now->profile));
    change_note_text(before, after, "name", told(old->name), told(now->name));
    change_note_text(
        before, after, "state", device_state_name_zh(old->state), device_state_name_zh(now->state));
    change_note_text(before, after, "region", told(old->region), told(now->region));
    change_note_text(before, after, "building", told(old->building_name), told(now->building_name));
    change_note_text(before, after, "unit", told(old->unit_name), told(now->unit_name));
    change_note_text(before, after, "place", told(old->place), told(now->place));
    change_note_text(
        before, after, "service_body", told(old->service_body), told(now->service_body));
    change_note_text(
        before, after, "service_contact", told(old->service_contact), told(now->service_contact));
}

/* Writes a changed row and its marks; one that says the same is not written. */
static bool write_change(Db *db,
                         const Device *old,
                         const Device *now,
                         const char *action,
                         const DeviceActor *by,
                         GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    device_note_differences(old, now, before, after);
    return json_object_size(after) == 0 ||
           (device_update(db, now, by->now_us, error) &&
            leave_mark(
                db, by, now->id, action, g_steal_pointer(&before), g_steal_pointer(&after), error));
}

/* --- registering --------------------------------------------------------------------------------
 */

typedef struct Work {
    const DeviceActor *by;
    const DeviceInput *input;
    const DevicePlace *place;
    const PointInput *point;
    const LimitRule *rule;
    int64_t id, version, analog_type;
    bool is_back;
    const char *key;
} Work;

static bool do_register(Db *db, void *data, GError **error) {
    Work *work = data;
    const DeviceInput *input = work->input;
    Device device = {.protocol = input->protocol,
                     .code = input->code,
                     .profile = input->profile,
                     .name = input->name,
                     .state = DEVICE_LEARNING,
                     .service_body = input->service_body,
                     .service_contact = input->service_contact,
                     .created_us = work->by->now_us};
    if (!device_insert(db, &device, &work->id, error)) {
        return false;
    }
    json_t *after = json_object();
    json_put_text(after, "protocol", input->protocol);
    json_put_text(after, "code", input->code);
    json_put_text(after, "profile", input->profile);
    json_put_text(after, "name", told(input->name));
    return leave_mark(db, work->by, work->id, "add", json_object(), after, error);
}

bool device_register(
    Db *db, const DeviceInput *input, const DeviceActor *by, int64_t *ret_id, GError **error) {
    Work work = {.by = by, .input = input};
    if (!db_run_tx(db, do_register, &work, error)) {
        return false;
    }
    *ret_id = work.id;
    return true;
}

/* --- changing -----------------------------------------------------------------------------------
 */

/* The row as it is, for a change by somebody who saw `version` of it. */
static bool find_same(Db *db, const Work *work, Device *ret_device, GError **error) {
    return device_find(db, work->id, ret_device, error) &&
           (ret_device->version == work->version ||
            hz_fail(error, HZ_ERROR_CONFLICT, "device was changed by somebody else meanwhile"));
}

static bool do_change(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Device) old = {0};
    if (!find_same(db, work, &old, error)) {
        return false;
    }
    Device now = old;
    now.profile = work->input->profile;
    now.name = work->input->name;
    now.service_body = work->input->service_body;
    now.service_contact = work->input->service_contact;
    return write_change(db, &old, &now, "change", work->by, error);
}

bool device_change(Db *db,
                   int64_t id,
                   int64_t version,
                   const DeviceInput *input,
                   const DeviceActor *by,
                   GError **error) {
    Work work = {.by = by, .input = input, .id = id, .version = version};
    return db_run_tx(db, do_change, &work, error);
}

static bool do_bind(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Device) old = {0};
    if (!find_same(db, work, &old, error)) {
        return false;
    }
    Device now = old;
    now.building_id = work->place->building_id;
    now.unit_id = work->place->unit_id;
    now.building_name = work->place->building_name;
    now.unit_name = work->place->unit_name;
    now.region = work->place->region;
    now.district = region_district(work->place->region);
    now.place = work->place->place;
    now.state = old.state == DEVICE_RETIRED ? DEVICE_RETIRED : DEVICE_ACTIVE;
    return write_change(db, &old, &now, "bind", work->by, error) &&
           device_move_points(db, &now, error);
}

bool device_bind(Db *db,
                 int64_t id,
                 int64_t version,
                 const DevicePlace *place,
                 const DeviceActor *by,
                 GError **error) {
    Work work = {.by = by, .place = place, .id = id, .version = version};
    return db_run_tx(db, do_bind, &work, error);
}

static bool do_retire(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Device) old = {0};
    if (!find_same(db, work, &old, error)) {
        return false;
    }
    Device now = old;
    bool is_bound = old.region[0] != '\0';
    now.state = !work->is_back ? DEVICE_RETIRED : is_bound ? DEVICE_ACTIVE : DEVICE_LEARNING;
    return write_change(db, &old, &now, work->is_back ? "restore" : "retire", work->by, error);
}

bool device_retire(
    Db *db, int64_t id, int64_t version, bool is_back, const DeviceActor *by, GError **error) {
    Work work = {.by = by, .id = id, .version = version, .is_back = is_back};
    return db_run_tx(db, do_retire, &work, error);
}

static bool do_key(Db *db, void *data, GError **error) {
    const Work *work = data;
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, work->key, strlen(work->key), hash);
    return device_set_key(db, work->id, hash, sizeof hash, error) &&
           device_touch(db, work->id, work->by->now_us, error) &&
           leave_mark(db, work->by, work->id, "key", json_object(), json_object(), error);
}

bool device_new_key(Db *db, int64_t id, const DeviceActor *by, char **ret_key, GError **error) {
    uint8_t bytes[KEY_BYTES];
    GString *key = g_string_new(NULL);
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        g_string_append_printf(key, "%02x", bytes[i]);
    }
    Work work = {.by = by, .id = id, .key = key->str};
    bool good = db_run_tx(db, do_key, &work, error);
    char *text = g_string_free(key, FALSE);
    if (good) {
        *ret_key = text;
    } else {
        g_free(text);
    }
    return good;
}

/* --- points -------------------------------------------------------------------------------------
 */

static bool do_point(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Point) old = {0};
    if (!point_find(db, work->id, &old, error)) {
        return false;
    }
    Point now = old;
    now.name = work->point->name;
    now.floor = work->point->floor;
    now.room = work->point->room;
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    change_note_text(before, after, "name", told(old.name), told(now.name));
    change_note_text(before, after, "floor", told(old.floor), told(now.floor));
    change_note_text(before, after, "room", told(old.room), told(now.room));
    if (json_object_size(after) == 0) {
        return true;
    }
    g_autofree char *title = point_title(&old);
    json_put_text(after, "point", title);
    json_put_int(after, "point_id", old.id);
    return point_update(db, &now, error) &&
           device_touch(db, old.device_id, work->by->now_us, error) &&
           leave_mark(db,
                      work->by,
                      old.device_id,
                      "point",
                      g_steal_pointer(&before),
                      g_steal_pointer(&after),
                      error);
}

bool point_change(
    Db *db, int64_t id, const PointInput *input, const DeviceActor *by, GError **error) {
    Work work = {.by = by, .point = input, .id = id};
    return db_run_tx(db, do_point, &work, error);
}

char *device_rule_text(int64_t analog_type, const LimitRule *rule) {
    if (rule == NULL) {
        return g_strdup("用默认值");
    }
    g_autofree char *low = analog_text(analog_type, rule->low);
    g_autofree char *high = analog_text(analog_type, rule->high);
    g_autofree char *back = analog_text(analog_type, rule->hysteresis);
    return g_strdup_printf("%s：下限 %s，上限 %s，回差 %s",
                           analog_type_get(analog_type)->name_zh,
                           rule->has_low ? low : "无",
                           rule->has_high ? high : "无",
                           back);
}

static bool do_limit(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Point) point = {0};
    if (!point_find(db, work->id, &point, error)) {
        return false;
    }
    bool good;
    if (work->rule == NULL) {
        good = limit_delete(db, point.id, work->analog_type, error);
    } else {
        PointLimit limit = {
            .point_id = point.id, .analog_type = work->analog_type, .rule = *work->rule};
        good = limit_put(db, &limit, work->by, error);
    }
    g_autofree char *text = device_rule_text(work->analog_type, work->rule);
    json_t *after = json_object();
    g_autofree char *title = point_title(&point);
    json_put_text(after, "point", title);
    json_put_int(after, "point_id", point.id);
    json_put_text(after, "limits", text);
    if (!good || !device_touch(db, point.device_id, work->by->now_us, error)) {
        json_decref(after);
        return false;
    }
    return leave_mark(db, work->by, point.device_id, "limit", json_object(), after, error);
}

bool point_set_limit(Db *db,
                     int64_t id,
                     int64_t analog_type,
                     const LimitRule *rule,
                     const DeviceActor *by,
                     GError **error) {
    g_assert(rule == NULL || limit_rule_is_sound(rule));
    Work work = {.by = by, .id = id, .analog_type = analog_type, .rule = rule};
    return db_run_tx(db, do_limit, &work, error);
}
