/* The intake, on both engines; codes, words and regions. */
#include "registry/agency.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/unit.h"
#include "registry/uscc.h"
#include "registry_test_support.h"

#include "base/error.h"

#include <pthread.h>
#include <string.h>

static const char *const rooms[] = {"registry", NULL};

/* --- 统一社会信用代码 --------------------------------------------------------------------------
 */

static void test_uscc_check_digit(void) {
    static const char *const good[] = {
        "91152201078377449P", "91310112087994932F", "91340600MA2PBM9HXD", "121200004013590816"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_cmpint(uscc_judge(good[i]), ==, USCC_GOOD);
        /* the check finds every single wrong digit in the body */
        for (int at = 0; at < USCC_LENGTH - 1; at++) {
            g_autofree char *bad = g_strdup(good[i]);
            bad[at] = bad[at] == '7' ? '8' : '7';
            g_assert_cmpint(uscc_judge(bad), ==, USCC_BAD_CHECK);
        }
    }
    g_assert_cmpint(uscc_judge("9115220107837744"), ==, USCC_BAD_LENGTH);
    for (const char *letter = "IOZSVabc-"; *letter != '\0'; letter++) {
        g_autofree char *bad = g_strdup(good[0]);
        bad[9] = *letter;
        g_assert_cmpint(uscc_judge(bad), ==, USCC_BAD_CHARACTER);
    }
    g_autofree char *clean = uscc_clean(" ９1152201-07837744９p\t");
    g_assert_cmpstr(clean, ==, "91152201078377449P");
}

static void test_uscc_real_codes(void) {
    g_autofree char *path = g_build_filename(
        g_getenv("HUOZHENG_SOURCE"), "..", "shared", "data", "uscc_valid.txt", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_test_skip("uscc_valid.txt is not here");
        return;
    }
    g_auto(GStrv) codes = g_strsplit(g_strstrip(text), "\n", -1);
    g_assert_cmpuint(g_strv_length(codes), >, 50);
    for (char **code = codes; *code != NULL; code++) {
        g_assert_cmpint(uscc_judge(g_strstrip(*code)), ==, USCC_GOOD);
    }
}

/* --- regions ------------------------------------------------------------------------------------
 */

static void test_region_codes(void) {
    char code[REGION_CODE_MAX + 1];
    g_assert_true(region_code_parse("500103000000", code));
    g_assert_cmpstr(code, ==, "500103");
    g_assert_true(region_code_parse("500000", code));
    g_assert_cmpstr(code, ==, "50");
    g_assert_true(region_code_parse("500103001000", code));
    g_assert_cmpstr(code, ==, "500103001");
    g_assert_true(region_code_parse("500110", code));
    g_assert_cmpstr(code, ==, "500110");
    g_assert_false(region_code_parse("5", code));
    g_assert_false(region_code_parse("50010a", code));
    g_assert_false(region_code_parse("5001030010010", code));
    g_assert_true(region_is_inside("500103001", "500000"));
    g_assert_true(region_is_inside("500103", "500103"));
    g_assert_false(region_is_inside("500106", "500103"));
    g_assert_false(region_is_inside("50", "500103"));
    g_assert_cmpint(region_district("500103001"), ==, 500103);
    g_assert_cmpint(region_district("50"), ==, 500000);
}

static void test_region_dates(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    g_auto(Region) gone = {0};
    g_auto(Region) fresh_one = {0};
    g_assert_true(region_find(db, "500105", &gone, &error));
    g_assert_true(region_find(db, "500157", &fresh_one, &error));
    g_assert_true(region_is_valid_on(&gone, "2025-11-05"));
    g_assert_false(region_is_valid_on(&gone, "2025-11-06"));
    g_assert_false(region_is_valid_on(&fresh_one, "2025-11-05"));
    g_assert_true(region_is_valid_on(&fresh_one, "2025-11-06"));
    g_autoptr(GPtrArray) before = region_districts(db, "50", "2025-01-01", &error);
    g_autoptr(GPtrArray) after = region_districts(db, "500000", "2026-01-01", &error);
    g_assert_cmpuint(before->len, ==, 3);
    g_assert_cmpuint(after->len, ==, 3);
    g_assert_cmpstr(((Region *)before->pdata[1])->name, ==, "江北区");
    g_assert_cmpstr(((Region *)after->pdata[2])->name, ==, "两江新区");
    g_autofree char *name = region_full_name(db, "500103002", &error);
    g_assert_cmpstr(name, ==, "渝中区 解放碑街道");
}

static void test_region_data_set(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    int64_t added = 0;
    bool loaded = region_load(db, "50", &added, &error);
    if (!loaded && g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE)) {
        g_test_skip("built without assets/regions.tsv.gz");
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpint(added, >, 12000);
    g_assert_true(region_load(db, "50", &added, &error));
    g_assert_cmpint(added, ==, 0);
    g_assert_true(db_commit(&tx, &error));
    g_autoptr(GPtrArray) districts = region_districts(db, "50", "2026-11-22", &error);
    g_assert_cmpuint(districts->len, ==, 37); /* 25 districts, 8 + 4 counties */
    int64_t open = -1;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM region WHERE code > '500112' "
                                   "AND code < '500112:' AND valid_to IS NULL"),
                               DB_NO_ARGS,
                               &open,
                               &error));
    g_assert_cmpint(open, ==, 0);
    g_assert_cmpstr(region_successor("500112003"), ==, "500157");
}

/* --- units --------------------------------------------------------------------------------------
 */

static int64_t count_rows(Db *db) {
    g_autoptr(GError) error = NULL;
    int64_t n = -1;
    g_assert_true(db_query_int(db, SQL("SELECT count(*) FROM unit"), DB_NO_ARGS, &n, &error));
    return n;
}

static void clear_results(IntakeResult *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        intake_result_clear(&results[i]);
    }
}

static void test_units_again_change_nothing(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    enum { COUNT = 300 };
    UnitInput inputs[COUNT] = {0};
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < COUNT; i++) {
        g_ptr_array_add(texts, g_strdup_printf("S%04d", i));
        g_ptr_array_add(texts, g_strdup_printf("演示单位%d号", i));
        inputs[i] = (UnitInput){.source = i % 3 == 0 ? NULL : "演示",
                                .source_id = texts->pdata[texts->len - 2],
                                .name = texts->pdata[texts->len - 1],
                                .address = "渝中区演示路1号",
                                .region = i % 2 == 0 ? "500103001" : "500106",
                                .category = "饭店",
                                .risk = "一般"};
    }
    IntakeResult results[COUNT] = {0};
    support_intake(db, INTAKE_UNIT, inputs, COUNT, NULL, results);
    for (int i = 0; i < COUNT; i++) {
        g_assert_cmpint(results[i].outcome, ==, INTAKE_ADDED);
        g_assert_cmpint(results[i].id, >, 0);
    }
    clear_results(results, COUNT);
    inputs[7].phone = "02311111111";
    support_intake(db, INTAKE_UNIT, inputs, COUNT, NULL, results);
    for (int i = 0; i < COUNT; i++) {
        g_assert_cmpint(results[i].outcome, ==, i == 7 ? INTAKE_CHANGED : INTAKE_SAME);
    }
    clear_results(results, COUNT);
    g_assert_cmpint(count_rows(db), ==, COUNT);
    int64_t history = 0;
    g_autoptr(GError) error = NULL;
    g_assert_true(
        db_query_int(db, SQL("SELECT count(*) FROM object_change"), DB_NO_ARGS, &history, &error));
    g_assert_cmpint(history, ==, 1);
    int64_t counted = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT sum(n) FROM unit_count WHERE scope = 500103"),
                               DB_NO_ARGS,
                               &counted,
                               &error));
    g_assert_cmpint(counted, ==, COUNT / 2);
}

static void test_units_match(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    int64_t first = support_add_unit(db,
                                     &(UnitInput){.source = "甲",
                                                  .source_id = "1",
                                                  .uscc = "91152201078377449P",
                                                  .name = "演示宾馆",
                                                  .address = "演示路 １号",
                                                  .region = "500103001",
                                                  .phone = "1"});
    /* by source id, whatever the rest says; what is absent stays */
    g_assert_cmpint(
        support_add_unit(db,
                         &(UnitInput){.source = "甲", .source_id = "1", .name = "演示宾馆（新）"}),
        ==,
        first);
    /* by code, from another system */
    g_assert_cmpint(support_add_unit(db,
                                     &(UnitInput){.source = "乙",
                                                  .source_id = "77",
                                                  .uscc = "91152201078377449p",
                                                  .name = "演示宾馆",
                                                  .address = "演示路 1号",
                                                  .region = "500103001"}),
                    ==,
                    first);
    /* by name, address (width and case aside) and region */
    g_assert_cmpint(
        support_add_unit(
            db,
            &(UnitInput){.name = "演示宾馆", .address = "演示路  1号", .region = "500103001000"}),
        ==,
        first);
    g_auto(Unit) unit = {0};
    g_assert_true(unit_find(db, first, &unit, &error));
    g_assert_cmpstr(unit.phone, ==, "1");
    g_assert_cmpstr(unit.source, ==, "甲");
    /* the same system says these are two: added, and put before a person */
    int64_t second = support_add_unit(db,
                                      &(UnitInput){.source = "甲",
                                                   .source_id = "2",
                                                   .uscc = "91152201078377449P",
                                                   .name = "演示宾馆分店",
                                                   .address = "别处",
                                                   .region = "500103001"});
    g_assert_cmpint(second, !=, first);
    int64_t suspects = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM unit_suspect WHERE low_id = $1 "
                                   "AND high_id = $2 AND reason = 'code'"),
                               DB_ARGS(db_int(first), db_int(second)),
                               &suspects,
                               &error));
    g_assert_cmpint(suspects, ==, 1);
    g_assert_cmpint(count_rows(db), ==, 2);
}

typedef struct Refusal {
    UnitInput input;
    const char *column;
} Refusal;

static void test_units_refused(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
#define GOOD .name = "甲单位", .address = "演示路1号", .region = "500103"
    const Refusal cases[] = {
        {{.address = "演示路1号", .region = "500103"}, "name"},
        {{.name = "甲单位", .region = "500103"}, "address"},
        {{.name = "甲单位", .address = "演示路1号"}, "region"},
        {{.name = "甲单位", .address = "演示路1号", .region = "999999"}, "region"},
        {{.name = "甲单位", .address = "演示路1号", .region = "370302"}, "region"},
        {{.name = "甲单位", .address = "演示路1号", .region = "50 01"}, "region"},
        {{GOOD, .uscc = "9115220107837744"}, "uscc"},
        {{GOOD, .uscc = "91152201O78377449P"}, "uscc"},
        {{GOOD, .category = "飞船"}, "category"},
        {{GOOD, .risk = "紫"}, "risk"},
        {{GOOD, .credit = "E"}, "credit"},
        {{GOOD, .is_key_unit = "也许"}, "is_key_unit"},
        {{GOOD, .longitude = "106.5"}, "latitude"},
        {{GOOD, .longitude = "206.5", .latitude = "29"}, "longitude"},
        {{GOOD, .longitude = "nan", .latitude = "29"}, "longitude"},
        {{.name = "\xff\xfe", .address = "演示路1号", .region = "500103"}, "name"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        IntakeResult result = {0};
        support_intake(db, INTAKE_UNIT, &cases[i].input, 1, NULL, &result);
        g_assert_cmpint(result.outcome, ==, INTAKE_REFUSED);
        g_assert_cmpstr(result.column, ==, cases[i].column);
        g_assert_nonnull(result.problem);
        intake_result_clear(&result);
    }
    g_assert_cmpint(count_rows(db), ==, 0);
    /* accepted with a word of warning: early code, abolished district */
    IntakeResult result = {0};
    UnitInput early = {
        .name = "甲单位", .address = "演示路1号", .region = "500105", .uscc = "911522010783774490"};
    support_intake(db, INTAKE_UNIT, &early, 1, NULL, &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_ADDED);
    g_assert_nonnull(strstr(result.warning, "校验位"));
    g_assert_nonnull(strstr(result.warning, "归到 500157"));
    intake_result_clear(&result);
    /* it stands where the officers of today find it, who may write it themselves */
    int64_t there = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM unit WHERE region = '500157' AND "
                                   "district = 500157"),
                               DB_NO_ARGS,
                               &there,
                               NULL));
    g_assert_cmpint(there, ==, 1);
    early.risk = "red";
    support_intake(db, INTAKE_UNIT, &early, 1, "500157", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_CHANGED);
    intake_result_clear(&result);
    support_intake(db, INTAKE_UNIT, &early, 1, "500106", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_REFUSED);
    intake_result_clear(&result);
}

static void test_units_scope(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(db);
    UnitInput mine = {.source = "甲",
                      .source_id = "1",
                      .name = "甲单位",
                      .address = "演示路1号",
                      .region = "500106"};
    support_add_unit(db, &mine);
    IntakeResult result = {0};
    /* another district may neither add there nor change what stands there, nor pull it over */
    support_intake(db, INTAKE_UNIT, &mine, 1, "500103", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_REFUSED);
    intake_result_clear(&result);
    UnitInput pull = {.source = "甲", .source_id = "1", .region = "500103"};
    support_intake(db, INTAKE_UNIT, &pull, 1, "500103", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_REFUSED);
    intake_result_clear(&result);
    support_intake(db, INTAKE_UNIT, &mine, 1, "500106", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_SAME);
    intake_result_clear(&result);
}

static void test_dry_run_writes_nothing(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Db) reader = NULL;
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    reader = test_db_open(fresh, DB_READ_ONLY);
    IntakeContext context = {.scope_region = "50", .now_us = TEST_NOW, .dry_run = true};
    UnitInput units[] = {{.name = "甲单位", .address = "演示路1号", .region = "500103"},
                         {.name = "甲单位", .address = "演示路1号", .region = "500103"},
                         {.name = "乙单位", .address = "演示路1号", .region = "000000"}};
    IntakeResult results[3] = {0};
    g_assert_true(intake_batch(reader, INTAKE_UNIT, units, 3, &context, results, &error));
    g_assert_no_error(error);
    g_assert_cmpint(results[0].outcome, ==, INTAKE_ADDED);
    g_assert_cmpint(results[0].id, ==, 0);
    g_assert_cmpint(results[1].outcome, ==, INTAKE_SAME);
    g_assert_cmpint(results[2].outcome, ==, INTAKE_REFUSED);
    clear_results(results, 3);
    BuildingInput building = {.address = "演示路1号", .region = "500103"};
    OfficerInput officer = {
        .name = "李某", .certificate = "1", .region = "500103", .agency = "演示支队"};
    g_assert_true(intake_batch(reader, INTAKE_BUILDING, &building, 1, &context, results, &error));
    g_assert_cmpint(results[0].outcome, ==, INTAKE_ADDED);
    g_assert_true(intake_batch(reader, INTAKE_OFFICER, &officer, 1, &context, results, &error));
    g_assert_no_error(error);
    g_assert_cmpint(results[0].outcome, ==, INTAKE_ADDED);
    g_assert_cmpint(count_rows(db), ==, 0);
    intake_result_clear(&results[0]);
}

/* Two imports of the same rows at the same time: the second waits and then finds them. */
typedef struct Rival {
    const TestDb *fresh;
    UnitInput input;
    IntakeOutcome outcome;
} Rival;

static void *rival_main(void *data) {
    Rival *rival = data;
    g_autoptr(Db) db = test_db_open(rival->fresh, DB_READ_WRITE);
    IntakeResult result = {0};
    support_intake(db, INTAKE_UNIT, &rival->input, 1, NULL, &result);
    rival->outcome = result.outcome;
    intake_result_clear(&result);
    return NULL;
}

static void test_units_at_the_same_time(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    Rival rival = {.fresh = fresh,
                   .input = {.name = "演示甲店", .address = "一号", .region = "500103"}};
    IntakeResult result = {0};
    IntakeContext context = {.scope_region = "50", .now_us = TEST_NOW};
    pthread_t thread;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(intake_batch(db, INTAKE_UNIT, &rival.input, 1, &context, &result, &error));
    g_assert_cmpint(pthread_create(&thread, NULL, rival_main, &rival), ==, 0);
    g_usleep(100000); /* long enough that the other is waiting; too short only weakens the test */
    g_assert_true(db_commit(&tx, &error));
    pthread_join(thread, NULL);
    g_assert_cmpint(result.outcome, ==, INTAKE_ADDED);
    g_assert_cmpint(rival.outcome, ==, INTAKE_SAME);
    g_assert_cmpint(count_rows(db), ==, 1);
}

static void test_blanks_are_cut(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    int64_t id = support_add_unit(
        db, &(UnitInput){.name = " 　演示 甲店\t", .address = "一号　", .region = " 500103 "});
    g_auto(Unit) unit = {0};
    g_assert_true(unit_find(db, id, &unit, &error));
    g_assert_cmpstr(unit.name, ==, "演示 甲店");
    g_assert_cmpstr(unit.address, ==, "一号");
}

/* --- other kinds --------------------------------------------------------------------------------
 */

static void test_buildings(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    const struct {
        BuildingInput input;
        HeightClass expected;
    } cases[] = {
        {{.address = "一号", .category = "住宅", .height_m = "27", .floors_above = "9"},
         HEIGHT_LOW},
        {{.address = "二号", .category = "住宅", .height_m = "27.1", .floors_above = "9"},
         HEIGHT_HIGH},
        {{.address = "三号", .category = "办公", .height_m = "24", .floors_above = "6"},
         HEIGHT_LOW},
        {{.address = "四号", .category = "办公", .height_m = "24.5", .floors_above = "6"},
         HEIGHT_HIGH},
        {{.address = "五号", .category = "体育场馆和会堂", .height_m = "40", .floors_above = "1"},
         HEIGHT_LOW},
        {{.address = "六号", .category = "住宅", .height_m = "100", .floors_above = "33"},
         HEIGHT_HIGH},
        {{.address = "七号", .category = "住宅", .height_m = "100.5", .floors_above = "33"},
         HEIGHT_SUPER},
        {{.address = "八号", .category = "办公"}, HEIGHT_UNKNOWN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        BuildingInput input = cases[i].input;
        input.region = "500103001";
        IntakeResult result = {0};
        support_intake(db, INTAKE_BUILDING, &input, 1, NULL, &result);
        g_assert_cmpstr(result.problem, ==, NULL);
        g_assert_cmpint(result.outcome, ==, INTAKE_ADDED);
        g_auto(Building) building = {0};
        g_assert_true(building_find(db, result.id, &building, &error));
        g_assert_cmpint(building.height_class, ==, cases[i].expected);
        g_assert_cmpstr(building.name, ==, input.address);
        support_intake(db, INTAKE_BUILDING, &input, 1, NULL, &result);
        g_assert_cmpint(result.outcome, ==, INTAKE_SAME);
        g_assert_cmpint(result.id, ==, building.id);
    }
}

static void test_officers(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    OfficerInput input = {.name = "李某",
                          .certificate = "50010001",
                          .certificate_until = "2026/11/30",
                          .agency = "渝中演示支队",
                          .region = "500103",
                          .can_lead = "是"};
    IntakeResult result = {0};
    support_intake(db, INTAKE_OFFICER, &input, 1, NULL, &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_ADDED);
    g_auto(Officer) officer = {0};
    g_assert_true(officer_find(db, result.id, &officer, &error));
    g_assert_cmpstr(officer.certificate_until, ==, "2026-11-30");
    g_assert_cmpstr(officer.agency_name, ==, "渝中演示支队");
    g_assert_true(officer.in_post && officer.can_lead);
    g_assert_true(officer_may_serve(&officer, "2026-11-30"));
    g_assert_false(officer_may_serve(&officer, "2026-12-01"));
    g_assert_cmpint(officer_days_left(&officer, "2026-11-22"), ==, 8);
    support_intake(db, INTAKE_OFFICER, &input, 1, NULL, &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_SAME);
    input.in_post = "否";
    support_intake(db, INTAKE_OFFICER, &input, 1, NULL, &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_CHANGED);
    support_intake(db, INTAKE_OFFICER, &input, 1, "500106", &result);
    g_assert_cmpint(result.outcome, ==, INTAKE_REFUSED);
    intake_result_clear(&result);
}

/* A new agency has the kind that its name tells; before this edition agencies had none. */
static void test_agency_kinds(DbEngine engine) {
    static const struct {
        const char *name, *kind;
    } cases[] = {{"重庆市消防救援总队渝中区支队", "fire-detachment"},
                 {"渝中区消防救援大队", "fire-brigade"},
                 {"重庆市消防救援总队", "fire-corps"},
                 {"解放碑街道办事处", "township"},
                 {"某某镇人民政府", "township"},
                 {"某某公安分局解放碑派出所", "police-station"},
                 {"某某区公安分局", "police"},
                 {"某某区市场监督管理局", "market"},
                 {"某某区住房和城乡建设委员会", "housing"},
                 {"某某区人民政府", "fire-brigade"}};
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    for (int old = 0; old < 2; old++) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_auto(Agency) agency = {0};
            NewAgency new = {.name = cases[i].name, .region = "500103"};
            int64_t id;
            g_assert_true(old == 1 || agency_add(db, &new, 1, &id, &error));
            g_assert_true(agency_find_named(db, cases[i].name, &agency, &error));
            g_assert_cmpstr(agency.kind, ==, cases[i].kind);
        }
        /* the second time as rows from before the migration */
        test_db_exec(db, "DROP TABLE agency_grant");
        test_db_exec(db, "ALTER TABLE agency DROP COLUMN kind");
        test_db_exec(db, "DELETE FROM migration WHERE room = 'registry' AND number = 4");
        g_assert_true(db_migrate(db, "registry", &error));
        g_assert_no_error(error);
    }
}

static void test_past_inspections(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    BuildingInput building = {
        .source = "旧", .source_id = "B1", .address = "一号", .region = "500103"};
    IntakeResult results[3] = {0};
    support_intake(db, INTAKE_BUILDING, &building, 1, NULL, results);
    int64_t id = results[0].id;
    PastInspectionInput lines[] = {
        {.source = "旧",
         .source_id = "1",
         .object_source_id = "B1",
         .opened = "2017-01-26T09:45:44",
         .item_code = "2.5.1.2",
         .item_text = "通道堆物"},
        {.source = "旧", .source_id = "1", .object_source_id = "B1", .opened = "2017-01-26"},
        {.source = "旧", .source_id = "2", .object_source_id = "B9", .opened = "2017-01-26"},
    };
    support_intake(db, INTAKE_PAST_INSPECTION, lines, 3, NULL, results);
    g_assert_cmpint(results[0].outcome, ==, INTAKE_ADDED);
    g_assert_cmpint(results[1].outcome, ==, INTAKE_SAME);
    g_assert_cmpint(results[2].outcome, ==, INTAKE_REFUSED);
    clear_results(results, 3);
    support_intake(db, INTAKE_PAST_INSPECTION, lines, 1, NULL, results);
    g_assert_cmpint(results[0].outcome, ==, INTAKE_SAME);
    g_auto(Building) found = {0};
    g_assert_true(building_find(db, id, &found, &error));
    g_assert_cmpint(found.last_inspected_us, ==, INT64_C(1485395144000000));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry/uscc/check-digit", test_uscc_check_digit);
    g_test_add_func("/registry/uscc/real-codes-pass", test_uscc_real_codes);
    g_test_add_func("/registry/region/codes", test_region_codes);
    test_db_add("/registry/region/valid-by-day", test_region_dates);
    test_db_add("/registry/region/data-set", test_region_data_set);
    test_db_add("/registry/units/again-changes-nothing", test_units_again_change_nothing);
    test_db_add("/registry/units/match", test_units_match);
    test_db_add("/registry/units/refusals-name-the-column", test_units_refused);
    test_db_add("/registry/units/scope", test_units_scope);
    test_db_add("/registry/units/at-the-same-time", test_units_at_the_same_time);
    test_db_add("/registry/units/blanks-are-cut", test_blanks_are_cut);
    test_db_add("/registry/dry-run-writes-nothing", test_dry_run_writes_nothing);
    test_db_add("/registry/buildings/height-class", test_buildings);
    test_db_add("/registry/officers", test_officers);
    test_db_add("/registry/agencies/kind-by-name", test_agency_kinds);
    test_db_add("/registry/past-inspections", test_past_inspections);
    return g_test_run();
}
