/* `huozheng region move`: what stands in a district that has ended is found by the officers of the
 * one that took over, with its devices; nothing else moves. */
#include "registry/building.h"
#include "registry/intake.h"
#include "registry/region.h"
#include "registry/unit.h"
#include "sensing/device.h"
#include "test_call.h"
#include "test_db.h"

#include <string.h>

static void add_regions(Db *db) {
    static const RegionChange regions[] = {
        {.code = "50", .name = "重庆市", .confidence = "text"},
        {.code = "500103", .name = "渝中区", .parent = "50", .confidence = "text"},
        {.code = "500109", .name = "北碚区", .parent = "50", .confidence = "text"},
        {.code = "500112",
         .name = "渝北区",
         .parent = "50",
         .valid_to = "2025-11-06",
         .confidence = "text"},
        {.code = "500157",
         .name = "两江新区",
         .parent = "50",
         .valid_from = "2025-11-06",
         .confidence = "text"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_assert_true(region_put(db, &regions[i], NULL));
    }
}

/* As it was registered before the district ended: the intake of today would not write it there. */
static int64_t add_building(Db *db, const char *name, const char *region) {
    Building building = {.name = name,
                         .address = name,
                         .region = region,
                         .district = region_district(region),
                         .height_m = 60,
                         .floors_above = 20};
    Building *one = &building;
    WriteOptions options = {.actor = "cli", .action = "add", .now_us = 1};
    g_autoptr(GError) error = NULL;
    building_add(db, &one, 1, &options, &error);
    g_assert_no_error(error);
    return building.id;
}

static void add_unit(Db *db, const char *name, const char *region) {
    Unit unit = {
        .name = name, .address = name, .region = region, .district = region_district(region)};
    UnitWrite write = {NULL, &unit};
    WriteOptions options = {.actor = "cli", .action = "add", .now_us = 1};
    g_autoptr(GError) error = NULL;
    unit_write(db, &write, 1, &options, &error);
    g_assert_no_error(error);
}

static void add_device(Db *db, int64_t building, const char *region) {
    g_autoptr(GError) error = NULL;
    g_auto(Device) device = {0};
    DeviceInput input = {.protocol = "gb26875",
                         .code = "7",
                         .profile = "standard",
                         .name = "",
                         .service_body = "",
                         .service_contact = ""};
    DeviceActor by = {.actor = "cli", .now_us = 2};
    DevicePlace place = {.building_id = building, .region = region, .place = "消控室"};
    int64_t id = 0;
    g_assert_true(device_register(db, &input, &by, &id, &error));
    g_assert_true(device_find(db, id, &device, &error));
    g_assert_true(device_bind(db, id, device.version, &place, &by, &error));
}

static int64_t number(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t found = -1;
    db_query_int(db, sql, DB_NO_ARGS, &found, &error);
    g_assert_no_error(error);
    return found;
}
#define COUNT(db, rest) number(db, SQL("SELECT count(*) FROM " rest))

static void fill(Db *db) {
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, NULL));
    add_regions(db);
    int64_t towers = add_building(db, "江边一号楼", "500112003");
    add_building(db, "北部镇上的楼", "500112119");
    add_building(db, "解放碑大厦", "500103");
    add_unit(db, "江边酒店", "500112");
    add_unit(db, "解放碑商场", "500103");
    g_assert_true(db_commit(&tx, NULL));
    add_device(db, towers, "500112003");
}

static void test_move(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    const char *url = test_db_url(fresh);
    fill(db);
    assert_call(1,
                "region 500103 has not ended",
                "region",
                "move",
                "500103",
                "--to",
                "500157",
                "--db",
                url);
    assert_call(1, "give --to", "region", "move", "500199", "--db", url);
    assert_call(1, "has ended, too", "region", "move", "500112", "--to", "500112", "--db", url);
    assert_call(2, "say move", "region", "go", "500112", "--db", url);
    g_assert_cmpint(COUNT(db, "building WHERE district = 500112"), ==, 2);
    /* a part that went elsewhere first, then the rest to the successor that law/ names */
    assert_call(0,
                "1 buildings, 0 units, 0 devices",
                "region",
                "move",
                "500112119",
                "--to",
                "500109",
                "--db",
                url);
    assert_call(0, "\"devices\":1", "region", "move", "500112", "--json", "--db", url);
    g_assert_cmpint(COUNT(db, "building WHERE region = '500157' AND name = '江边一号楼'"), ==, 1);
    g_assert_cmpint(COUNT(db, "building WHERE region = '500109'"), ==, 1);
    g_assert_cmpint(COUNT(db, "building WHERE region = '500103'"), ==, 1);
    g_assert_cmpint(COUNT(db, "unit WHERE district = 500157"), ==, 1);
    g_assert_cmpint(COUNT(db, "unit WHERE district = 500103"), ==, 1);
    g_assert_cmpint(
        COUNT(db, "device WHERE region = '500157' AND district = 500157 AND version = 3"), ==, 1);
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'region.move'"), ==, 2);
    g_assert_cmpint(
        COUNT(db, "object_change WHERE kind = 'building' AND old LIKE '%500112%'"), ==, 2);
    /* once more: nothing is left, nothing is written */
    assert_call(0, "0 buildings, 0 units, 0 devices", "region", "move", "500112", "--db", url);
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'region.move'"), ==, 2);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/region-cmd/objects-go-to-the-successor", test_move);
    return g_test_run();
}
