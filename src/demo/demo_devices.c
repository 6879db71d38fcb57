/* Synthetic devices in the high buildings of the demo city, for `huozheng simulate devices`. */
#include "base/error.h"
#include "demo/demo.h"
#include "demo/demo_internal.h"
#include "sensing/roster.h"

#define DEVICES_AT_ONCE 200 /* in one transaction */

static bool add_device(Db *db,
                       const DemoDevices *wanted,
                       const DemoBuilding *building,
                       unsigned number,
                       int64_t *added,
                       GError **error) {
    g_autoptr(GArray) points = scene_points(wanted->seed, number, building->floors);
    SceneDevice device = {.address = SCENE_ADDRESS_BASE + 1 + number, .points = points};
    g_autofree char *name = g_strdup_printf("用户信息传输装置 %u（演示）", number + 1);
    RosterPlace place = {.name = name,
                         .building_id = building->id,
                         .region = building->region,
                         .district = building->district,
                         .place = "消防控制室",
                         .service_body = "维保单位（演示）",
                         .service_contact = ""};
    bool is_new = false;
    if (!roster_add(db, &place, &device, wanted->now_us, &is_new, error)) {
        return false;
    }
    *added += is_new ? 1 : 0;
    return true;
}

static bool add_some(
    Db *db, const DemoDevices *wanted, const GArray *buildings, unsigned from, int64_t *added, GError **error) {
    unsigned until = MIN(from + DEVICES_AT_ONCE, wanted->count);
    int64_t before = *added;
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, error)) {
        return false;
    }
    for (unsigned i = from; i < until; i++) {
        const DemoBuilding *building =
            &g_array_index(buildings, DemoBuilding, i % buildings->len);
        if (!add_device(db, wanted, building, wanted->first + i, added, error)) {
            return false;
        }
    }
    json_t *payload = json_object();
    json_put_text(payload, "kind", "device");
    json_put_int(payload, "first", wanted->first + from);
    json_put_int(payload, "count", *added - before);
    return demo_note(db, "demo.fill", payload, wanted->now_us, error) && db_commit(&tx, error);
}

bool demo_devices(Db *db, const DemoDevices *wanted, int64_t *ret_added, GError **error) {
    GStringChunk *texts = g_string_chunk_new(4096);
    g_autoptr(GArray) buildings = demo_high_buildings(db, MAX(wanted->count, 1), texts, error);
    bool good = buildings != NULL &&
                (buildings->len > 0 || wanted->count == 0 ||
                 hz_fail(error,
                         HZ_ERROR_NOT_FOUND,
                         "devices are only made for the synthetic city of init --demo"));
    int64_t added = 0;
    for (unsigned from = 0; good && from < wanted->count; from += DEVICES_AT_ONCE) {
        good = add_some(db, wanted, buildings, from, &added, error);
    }
    g_string_chunk_free(texts);
    *ret_added = added;
    return good;
}
