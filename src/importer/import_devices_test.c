/* Devices and points from files: what is good goes in, what differs changes, what is not ours
 * stays, and a running ingest notices. */
#include "base/clock.h"
#include "importer/export.h"
#include "importer_test_support.h"
#include "sensing/ingest_internal.h"

#include <string.h>

#define BUILDINGS                                                                                  \
    "来源系统,来源编号,建筑名称,地址,区划代码\n"                                 \
    "住建,B1,演示大厦一,渝中区一路1号,500103\n"                                       \
    "住建,B2,演示大厦二,沙坪坝区二路2号,500106\n"                                    \
    "住建,B3,同名大厦,渝中区三路3号,500103\n"                                          \
    "住建,B4,同名大厦,渝中区四路4号,500103\n"
#define UNIT                                                                                       \
    "来源系统,来源编号,单位名称,地址,区划代码,所在建筑编号\n"              \
    "住建,U1,演示饭店一,渝中区一路1号一层,500103,B1\n"
#define DEVICES                                                                                                                           \
    "协议,设备编号,所在建筑,建筑来源编号,区划代码,单位名称,安装位置,设备名称,报文方言,维保单位\n" \
    "GB/T 26875.3,1001,演示大厦一,,500103,演示饭店一,负一层,一号装置,standard,演示维保\n"                            \
    "MQTT,hydrant-2,,B2,,,泵房,,,\n"                                                                                                    \
    ",0777,演示大厦一,,500103,,,,dahua,\n"
#define POINTS                                                                                                           \
    "设备编号,系统类型,系统地址,部件类型,部件地址,名称,楼层,房间,数值类型,下限,上限\n" \
    "1001,火灾报警系统,1,点型光电感烟火灾探测器,2 区 14 号,走道烟感,12 层,1203 室,,,\n"         \
    "1001,1,1,系统,0,,,,,,\n"                                                                                          \
    "1001,12,1,99,7,末端压力,负一层,泵房,压力（kPa）,300,1200\n"

#define DEVICE_ROWS SQL("SELECT count(*) FROM device")
#define POINT_ROWS SQL("SELECT count(*) FROM point")
#define HISTORY SQL("SELECT count(*) FROM object_change WHERE kind = 'device'")

static char *take(const Fixture *fixture, const char *kind, const char *text, const char *wanted) {
    g_autofree char *name = g_strconcat(kind, ".csv", NULL);
    char *path = support_put_file(fixture, name, text, -1);
    Call call = {.kind = kind, .source = strcmp(kind, "point") == 0 ? NULL : "住建", .chunk = 2};
    support_expect(fixture->db, path, IMPORT_TRIAL, call, wanted);
    support_expect(fixture->db, path, IMPORT_SKIP_BAD, call, wanted);
    return path;
}

static void
take_in(const Fixture *fixture, const char *kind, const char *text, const char *wanted) {
    g_autofree char *path = take(fixture, kind, text, wanted);
    g_assert_nonnull(path);
}

static void set_up(Fixture *fixture, DbEngine engine) {
    support_set_up(fixture, engine);
    take_in(fixture, "building", BUILDINGS, "4 4 0 0 0");
    take_in(fixture, "unit", UNIT, "1 1 0 0 0");
}

/* The gateway heard of it before anybody wrote it down. */
static void learn(const Fixture *fixture, const char *code) {
    g_autoptr(GError) error = NULL;
    db_exec(fixture->db,
            SQL("INSERT INTO device (protocol, code, profile, name, state, region, district, "
                "building_id, unit_id, place, service_body, service_contact, is_online, seen_us, "
                "state_bits, version, created_us, changed_us) VALUES ('gb26875', $1, 'standard', "
                "'', 'learning', '', 0, 0, 0, '', '', '', 1, 5, 0, 0, 5, 5)"),
            DB_ARGS(db_text(code)),
            NULL,
            &error);
    db_exec(fixture->db,
            SQL("INSERT INTO point (device_id, system_type, system_address, component_type, "
                "address, name, floor, room, building_id, district, state_bits, state_us, "
                "created_us) SELECT id, 1, 1, 42, 917506, '设备的描述', '', '', 0, 0, 4, 5, 5 "
                "FROM device WHERE code = $1"),
            DB_ARGS(db_text(code)),
            NULL,
            &error);
    g_assert_no_error(error);
}

static char *text_of(Db *db, Sql sql, const char *code) {
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    db_query_text(db, sql, DB_ARGS(db_text(code)), &text, &error);
    g_assert_no_error(error);
    return text;
}

/* "state building unit profile name place" */
static void assert_device(Db *db, const char *code, const char *wanted) {
    g_autofree char *text = text_of(
        db,
        SQL("SELECT d.state || ' ' || coalesce(b.name, '-') || ' ' || coalesce(u.name, '-') || ' ' "
            "|| d.profile || ' ' || d.name || ' ' || d.place FROM device d "
            "LEFT JOIN building b ON b.id = d.building_id LEFT JOIN unit u ON u.id = d.unit_id "
            "WHERE d.code = $1"),
        code);
    g_assert_cmpstr(text, ==, wanted);
}

static void test_devices(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    learn(&fixture, "777");
    int64_t leaves = support_count(fixture.db, LEAVES);
    g_autofree char *path = take(&fixture, "device", DEVICES, "3 2 1 0 0");
    g_assert_cmpint(support_count(fixture.db, LEAVES), ==, leaves + 2); /* one for each chunk */
    assert_device(fixture.db, "1001", "active 演示大厦一 演示饭店一 standard 一号装置 负一层");
    assert_device(fixture.db, "hydrant-2", "active 演示大厦二 - standard  泵房");
    /* Learned, now registered: bound, its points with it; what it told stays. */
    assert_device(fixture.db, "777", "active 演示大厦一 - dahua  ");
    g_assert_cmpint(support_count(fixture.db,
                                  SQL("SELECT count(*) FROM point p JOIN device d ON d.id = "
                                      "p.device_id WHERE d.code = '777' AND p.building_id = "
                                      "d.building_id AND p.district = 500103 AND d.seen_us = 5 "
                                      "AND p.name = '设备的描述' AND d.version = 1")),
                    ==,
                    1);
    g_assert_cmpint(support_count(fixture.db, HISTORY), ==, 1); /* of the learned one */
    /* Again: nothing changes, nothing is noted. */
    support_expect(
        fixture.db, path, IMPORT_ALL, (Call){.kind = "device", .source = "住建"}, "3 0 0 3 0");
    g_assert_cmpint(support_count(fixture.db, HISTORY), ==, 1);
    g_assert_cmpint(
        support_count(fixture.db, SQL("SELECT count(*) FROM device WHERE version > 2")), ==, 0);
    support_tear_down(&fixture);
}

static void test_changes(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    take_in(&fixture, "device", DEVICES, "3 3 0 0 0");
    /* An empty cell changes nothing; another building leaves the unit behind; out of use. */
    take_in(
        &fixture,
        "device",
        "编号,协议,建筑来源编号,名称,状态\n1001,,B3,,\nhydrant-2,mqtt,,新名称,停用\n777,,,,在用\n",
        "3 0 2 1 0");
    assert_device(fixture.db, "1001", "active 同名大厦 - standard 一号装置 负一层");
    assert_device(fixture.db, "hydrant-2", "retired 演示大厦二 - standard 新名称 泵房");
    take_in(
        &fixture, "device", "编号,协议,状态\nhydrant-2,mqtt,\nhydrant-2,mqtt,在用\n", "2 0 1 1 0");
    g_assert_cmpint(support_count(fixture.db, HISTORY), ==, 3);
    /* Two rows for one new device: the second changes what the first wrote. */
    take_in(&fixture, "device", "编号,名称\n5005,甲\n5005,乙\n", "2 1 1 0 0");
    assert_device(fixture.db, "5005", "learning - - standard 乙 ");
    support_tear_down(&fixture);
}

/* Line, column and a word of the reason of each refused row, in order. */
typedef struct Refused {
    int64_t line;
    const char *column, *reason;
} Refused;

static void assert_refused(
    const Fixture *fixture, Call call, const char *text, const Refused *wanted, size_t count) {
    g_autoptr(GError) error = NULL;
    g_auto(ImportReport) report = {0};
    g_autofree char *path = support_put_file(fixture, "bad.csv", text, -1);
    g_assert_true(support_run_file(fixture->db, path, IMPORT_SKIP_BAD, &call, &report, &error));
    g_assert_no_error(error);
    g_assert_nonnull(report.refusals);
    for (size_t i = 0; i < MIN(count, report.refusals->len); i++) {
        const ImportRefusal *refusal = report.refusals->pdata[i];
        g_assert_cmpint(refusal->line, ==, wanted[i].line);
        g_assert_cmpstr(refusal->column, ==, wanted[i].column);
        if (strstr(refusal->reason, wanted[i].reason) == NULL) {
            g_error("\"%s\" is not in \"%s\"", wanted[i].reason, refusal->reason);
        }
    }
    g_assert_cmpint(report.counts.refused, ==, count);
}

static void test_bad_devices(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    g_autofree char *text = g_strdup_printf(
        "编号,协议,区划代码,建筑,建筑系统编号,单位,报文方言,状态\n"
        "abc,,500103,演示大厦一,,,,\n"
        "1,烽火,500103,演示大厦一,,,,\n"
        "2,,500103,没有这栋,,,,\n"
        "3,,500103,同名大厦,,,,\n"
        "4,,,演示大厦一,,,,\n"
        "5,,500103,演示大厦二,%" G_GINT64_FORMAT ",,,\n"
        "6,,500103,演示大厦一,,没有这家,,\n"
        "7,,500103,演示大厦一,,,klingon,\n"
        "8,,500103,演示大厦一,,,,坏了\n"
        "9,,,,,,,在用\n"
        "10,,500103,演示大厦一,,,,\n",
        support_count(fixture.db, SQL("SELECT id FROM building WHERE name = '演示大厦一'")));
    static const Refused wanted[] = {
        {2, "编号", "十进制"},
        {3, "协议", "烽火"},
        {4, "建筑", "没有登记建筑"},
        {5, "建筑", "有 2 个建筑都是"},
        {6, "区划代码", "还要写"},
        {7, "建筑", "不是"},
        {8, "单位", "没有登记单位"},
        {9, "报文方言", "klingon"},
        {10, "状态", "坏了"},
        {11, "状态", "哪栋建筑"},
    };
    assert_refused(
        &fixture, (Call){.kind = "device", .chunk = 3}, text, wanted, G_N_ELEMENTS(wanted));
    g_assert_cmpint(support_count(fixture.db, DEVICE_ROWS), ==, 1);
    support_tear_down(&fixture);
}

static void test_other_district(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    take_in(&fixture, "device", DEVICES, "3 3 0 0 0");
    learn(&fixture, "888");
    Call call = {.kind = "device", .source = "住建", .scope = "500106"};
    static const char devices[] = "编号,区划代码,建筑,建筑来源编号,名称\n"
                                  "888,500103,演示大厦一,,\n"
                                  "888,,,B1,\n"
                                  "1001,,,B2,抢来的\n"
                                  "888,,演示大厦二,,我们的\n";
    static const Refused refused[] = {{2, "区划代码", "不在您的辖区"},
                                      {3, "建筑来源编号", "不在您的辖区"},
                                      {4, "编号", "别的辖区"}};
    assert_refused(&fixture, call, devices, refused, G_N_ELEMENTS(refused));
    assert_device(fixture.db, "1001", "active 演示大厦一 演示饭店一 standard 一号装置 负一层");
    assert_device(fixture.db, "888", "active 演示大厦二 - standard 我们的 ");
    call.kind = "point";
    static const char points[] = "设备编号,系统类型,系统地址,部件类型,部件地址,名称\n"
                                 "1001,1,1,42,1,别人的\n888,1,1,42,1,我们的\n";
    static const Refused not_ours[] = {{2, "设备编号", "不在您的辖区"}};
    assert_refused(&fixture, call, points, not_ours, 1);
    g_assert_cmpint(
        support_count(fixture.db, SQL("SELECT count(*) FROM point WHERE name = '别人的'")), ==, 0);
    support_tear_down(&fixture);
}

static void test_points(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    take_in(&fixture, "device", DEVICES, "3 3 0 0 0");
    g_autofree char *path = take(&fixture, "point", POINTS, "3 3 0 0 0");
    g_assert_cmpint(support_count(fixture.db,
                                  SQL("SELECT count(*) FROM point p JOIN point_limit l ON "
                                      "l.point_id = p.id WHERE p.name = '末端压力' AND "
                                      "l.analog_type = 5 AND l.low = 3000 AND l.high = 12000")),
                    ==,
                    1);
    g_assert_cmpint(support_count(fixture.db,
                                  SQL("SELECT count(*) FROM point WHERE address = 917506 AND "
                                      "component_type = 42 AND district = 500103 AND floor = "
                                      "'12 层' AND building_id <> 0")),
                    ==,
                    1);
    int64_t history = support_count(fixture.db, HISTORY);
    support_expect(fixture.db, path, IMPORT_ALL, (Call){.kind = "point"}, "3 0 0 3 0");
    g_assert_cmpint(support_count(fixture.db, HISTORY), ==, history);
    take_in(&fixture,
            "point",
            "设备编号,系统类型,系统地址,部件类型,部件地址,名称,房间,数值类型,上限\n"
            "1001,1,1,42,2-14,,1204 室,,\n"
            "1001,12,1,99,7,,,压力（kPa）,1300\n",
            "2 0 2 0 0");
    g_assert_cmpint(support_count(fixture.db, HISTORY), ==, history + 2);
    g_assert_cmpint(support_count(fixture.db,
                                  SQL("SELECT count(*) FROM point WHERE name = '走道烟感' AND "
                                      "floor = '12 层' AND room = '1204 室'")),
                    ==,
                    1);
    static const char bad[] = "设备编号,系统类型,系统地址,部件类型,部件地址,数值类型,下限,上限\n"
                              "4711,1,1,42,1,,,\n"
                              "1001,星际系统,1,42,1,,,\n"
                              "1001,1,300,42,1,,,\n"
                              "1001,1,1,星际部件,1,,,\n"
                              "1001,1,1,42,一区,,,\n"
                              "1001,1,1,系统,5,,,\n"
                              "1001,1,1,42,1,,5,\n"
                              "1001,1,1,42,1,温度,9,5\n"
                              "1001,1,1,42,1,温度,0.05,\n";
    static const Refused wanted[] = {{2, "设备编号", "没有登记设备 4711"},
                                     {3, "系统类型", "星际系统"},
                                     {4, "系统地址", "300"},
                                     {5, "部件类型", "星际部件"},
                                     {6, "部件地址", "2 区 14 号"},
                                     {7, "部件地址", "写 0"},
                                     {8, "数值类型", "还要写数值类型"},
                                     {9, "上限", "上限要比下限高"},
                                     {10, "下限", "最小到 0.1"}};
    assert_refused(&fixture, (Call){.kind = "point"}, bad, wanted, G_N_ELEMENTS(wanted));
    g_assert_cmpint(support_count(fixture.db, POINT_ROWS), ==, 3);
    support_tear_down(&fixture);
}

/* Memory of ingest as it was before the import sees new dialect, standing, place and points. */
static void test_ingest_notices(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    Fixture fixture = {0};
    set_up(&fixture, engine);
    learn(&fixture, "777");
    IngestState *state = ingest_state_new();
    g_assert_true(ingest_load(fixture.db, state, CLOCK_DAY_US, &error));
    const IngestDevice *device = ingest_state_find(state, "gb26875", "777");
    g_assert_cmpstr(device->profile->name, ==, "standard");
    int64_t began_us = clock_now_us();
    take_in(&fixture, "device", DEVICES, "3 2 1 0 0");
    take_in(&fixture,
            "point",
            "设备编号,系统类型,系统地址,部件类型,部件地址\n777,1,1,42,3\n1001,1,1,42,4\n",
            "2 2 0 0 0");
    g_assert_true(ingest_load_changed(fixture.db, state, clock_now_us(), CLOCK_DAY_US, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(device->profile->name, ==, "dahua");
    g_assert_cmpint(device->standing, ==, DEVICE_ACTIVE);
    g_assert_cmpint(device->building_id, >, 0);
    g_assert_cmpuint(device->points->len, ==, 2);
    const IngestDevice *fresh = ingest_state_find(state, "gb26875", "1001");
    g_assert_nonnull(fresh);
    g_assert_cmpuint(fresh->points->len, ==, 1);
    ingest_state_free(state);
    /* Dated at the end of the transaction, not when the chunk began. */
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, began_us);
    g_autofree char *late = text_of(
        fixture.db,
        SQL("SELECT CAST(count(*) AS TEXT) FROM device WHERE changed_us < CAST($1 AS BIGINT)"),
        number);
    g_assert_cmpstr(late, ==, "0");
    support_tear_down(&fixture);
}

static char *export_list(const Fixture *fixture, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) filters = json_object();
    g_autofree char *file = g_strconcat("out-", name, ".csv", NULL);
    char *path = g_build_filename(fixture->folder, file, NULL);
    ExportQuery query = {filters, "500103", TEST_NOW_US, 0, 0, true};
    g_assert_true(export_write(
        fixture->db, export_find_list(name), &query, TABLE_CSV, path, NULL, NULL, NULL, &error));
    g_assert_no_error(error);
    return path;
}

/* What went out comes in again and changes nothing; two buildings of one name stay apart. */
static void test_round_trip(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    learn(&fixture, "888");
    take_in(&fixture, "device", DEVICES, "3 3 0 0 0");
    take_in(&fixture, "device", "编号,建筑来源编号\n2002,B4\n", "1 1 0 0 0");
    take_in(&fixture, "point", POINTS, "3 3 0 0 0");
    g_autofree char *devices = export_list(&fixture, "devices");
    support_expect(fixture.db, devices, IMPORT_ALL, (Call){.kind = "device"}, "4 0 0 4 0");
    g_autofree char *points = export_list(&fixture, "points");
    support_expect(fixture.db, points, IMPORT_ALL, (Call){.kind = "point"}, "4 0 0 4 0");
    support_tear_down(&fixture);
}

/* A transaction of minutes would make alarms wait, so a large file goes in by chunks only. */
static void test_large_files_are_never_one_transaction(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    Fixture fixture = {0};
    set_up(&fixture, engine);
    take_in(&fixture, "device", "编号,建筑来源编号\n2002,B4\n", "1 1 0 0 0");
    GString *text = g_string_new("设备编号,系统类型,系统地址,部件类型,部件地址,说明\n");
    g_autofree char *filler = g_strnfill(30000, 'x');
    while (text->len <= IMPORT_TRIAL_BYTES) {
        g_string_append_printf(text, "2002,1,1,42,%zu,%s\n", text->len % 3, filler);
    }
    g_autofree char *path = support_put_file(&fixture, "large.csv", text->str, -1);
    g_string_free(text, TRUE);
    g_auto(ImportReport) trial = {0};
    Call call = {.kind = "point"};
    g_assert_true(support_run_file(fixture.db, path, IMPORT_TRIAL, &call, &trial, &error));
    g_assert_true(trial.must_be_chunked);
    g_assert_cmpint(trial.counts.refused, ==, 0);
    g_assert_cmpint(support_count(fixture.db, POINT_ROWS), ==, 0);
    g_auto(ImportReport) all = {0};
    g_assert_false(support_run_file(fixture.db, path, IMPORT_ALL, &call, &all, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    g_assert_cmpint(support_count(fixture.db, POINT_ROWS), ==, 0);
    g_auto(ImportReport) chunks = {0};
    g_clear_error(&error);
    g_assert_true(support_run_file(fixture.db, path, IMPORT_SKIP_BAD, &call, &chunks, &error));
    g_assert_cmpint(chunks.counts.added, ==, support_count(fixture.db, POINT_ROWS));
    support_tear_down(&fixture);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/import-devices/file-registers-adds-and-binds", test_devices);
    test_db_add("/import-devices/only-what-is-told-and-differs-changes", test_changes);
    test_db_add("/import-devices/bad-rows-name-line-column-and-reason", test_bad_devices);
    test_db_add("/import-devices/another-district-is-out-of-reach", test_other_district);
    test_db_add("/import-devices/points-with-places-and-limits", test_points);
    test_db_add("/import-devices/running-ingest-notices", test_ingest_notices);
    test_db_add("/import-devices/export-comes-in-again", test_round_trip);
    test_db_add("/import-devices/large-files-are-never-one-transaction",
                test_large_files_are_never_one_transaction);
    return g_test_run();
}
