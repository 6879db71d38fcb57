/* The demo city is the same wherever and whenever it is made from the same numbers. */
#include "base/clock.h"
#include "base/digest.h"
#include "demo/demo.h"
#include "demo/demo_rules.h"
#include "inspection/inspection.h"
#include "ledger/ledger.h"
#include "registry/region.h"
#include "registry/uscc.h"
#include "test_db.h"

#include <string.h>

#define NOW (INT64_C(1795316400) * CLOCK_SECOND_US) /* 2026-11-22 */

static DemoCity *small_city(void) {
    DemoCity *city = demo_city_new(NOW);
    demo_city_add_district(city, "500103", "渝中区");
    demo_city_add_street(city, "500103001", "甲街道");
    demo_city_add_street(city, "500103002", "乙街道");
    demo_city_add_district(city, "500157", "两江新区");
    demo_city_place_buildings(city, 50);
    return city;
}

static void test_rows(void) {
    g_autoptr(DemoCity) city = small_city();
    GStringChunk *texts = g_string_chunk_new(4096);
    g_autoptr(GHashTable) codes = g_hash_table_new(g_str_hash, g_str_equal);
    for (int64_t index = 0; index < 500; index++) {
        UnitInput unit = {0};
        BuildingInput building = {0};
        OfficerInput officer = {0};
        demo_unit(city, index, texts, &unit);
        demo_building(city, index, texts, &building);
        demo_officer(city, index, texts, &officer);
        g_assert_cmpint(uscc_judge(unit.uscc), ==, USCC_GOOD);
        g_assert_true(g_str_has_prefix(unit.uscc, "91990000MADE"));
        g_assert_true(g_hash_table_add(codes, (gpointer)unit.uscc));
        g_assert_nonnull(strstr(unit.name, "演示"));
        g_assert_nonnull(strstr(building.name, "演示"));
        g_assert_nonnull(strstr(officer.agency, "（演示）"));
        g_assert_true(g_str_has_prefix(unit.phone, "023-0"));
        /* Made alone, it is the same. */
        UnitInput again = {0};
        demo_unit(city, index, texts, &again);
        g_assert_cmpstr(again.name, ==, unit.name);
        g_assert_cmpstr(again.address, ==, unit.address);
    }
    /* The code of the last unit the city may have still fits. */
    UnitInput last = {0};
    demo_unit(city, DEMO_COUNT_MAX - 1, texts, &last);
    g_assert_cmpint(uscc_judge(last.uscc), ==, USCC_GOOD);
    g_string_chunk_free(texts);
}

/* A hash over whole tables in the order of their keys. What was inspected is left out: a draw's
 * commitment covers the log, whose entries are salted, so each city draws its own objects. */
static char *fingerprint(Db *db) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    digest_begin(digest);
    const Sql tables[] = {
        SQL("SELECT id, source_id, uscc, name, address, region, category, risk, credit, is_key, "
            "building_id, legal_person, phone, longitude, latitude, created_us "
            "FROM unit ORDER BY id"),
        SQL("SELECT id, source_id, name, address, region, category, height_m, floors_above, "
            "floors_below, area_m2, built_year, height_class, risk, credit, is_key, longitude, "
            "latitude FROM building ORDER BY id"),
        SQL("SELECT id, name, certificate, certificate_until, agency_id, region, in_post, "
            "can_lead, "
            "phone FROM officer ORDER BY id"),
        SQL("SELECT id, code, name, region, kind FROM agency ORDER BY id"),
        SQL("SELECT code, name, parent, valid_from, valid_to FROM region ORDER BY length(code), "
            "CAST(code AS BIGINT)"),
    };
    static const int columns[] = {16, 17, 9, 5, 5};
    for (size_t table = 0; table < G_N_ELEMENTS(tables); table++) {
        int64_t count = 0;
        g_autoptr(DbRows) rows = db_query(db, tables[table], DB_NO_ARGS, &error);
        g_assert_no_error(error);
        for (; db_rows_next(rows); count++) {
            for (int column = 0; column < columns[table]; column++) {
                /* Both engines give the same number for the same text, not the same text. */
                bool is_null = db_rows_is_null(rows, column);
                double real = db_rows_real(rows, column);
                const char *text = db_rows_text(rows, column);
                bool is_number =
                    text != NULL && *text != '\0' && strspn(text, "0123456789.-+e") == strlen(text);
                g_autofree char *cell = is_null     ? g_strdup("~")
                                        : is_number ? g_strdup_printf("%.6f", real)
                                                    : g_strdup(text);
                digest_add(digest, cell, strlen(cell) + 1);
            }
        }
        g_assert_true(db_rows_done(rows, &error));
        g_assert_cmpint(count, >, 3);
    }
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, hash);
    return hex_format(hash, sizeof hash);
}

static char *first_fingerprint; /* of the first city; both engines must give it again */

static json_t *make_city(Db *db) {
    g_autoptr(GError) error = NULL;
    DemoOptions options = {.now_us = NOW, .password = "Feng-huo-2026"};
    json_t *summary = NULL;
    demo_scale(&options, 0.02);
    demo_fill(db, &options, &summary, &error);
    g_assert_no_error(error);
    return summary;
}

static void test_city(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    for (int run = 0; run < (engine == DB_ENGINE_SQLITE ? 2 : 1); run++) {
        g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
        g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
        g_autoptr(json_t) summary = make_city(db);
        g_assert_cmpuint(json_array_size(json_object_get(summary, "accounts")), ==, 10);
        g_autofree char *print = fingerprint(db);
        if (first_fingerprint == NULL) {
            first_fingerprint = g_strdup(print);
        }
        g_assert_cmpstr(print, ==, first_fingerprint);
        /* Every state has somebody in it, and the log is whole. */
        for (int state = INSPECTION_PLANNED; state <= INSPECTION_PUBLISHED; state++) {
            InspectionFilter filter = {.region = "50", .state = state, .limit = 5};
            g_autoptr(GPtrArray) list = inspection_list(db, &filter, &error);
            g_assert_no_error(error);
            g_test_message("state %d: %u", state, list->len);
            g_assert_cmpuint(list->len, >, 0);
        }
        g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
        g_assert_no_error(error);
        /* A second city does not fit on top. */
        DemoOptions options = {.now_us = NOW};
        json_t *nothing = NULL;
        demo_scale(&options, 0.02);
        g_assert_false(demo_fill(db, &options, &nothing, &error));
        g_clear_error(&error);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/demo/rows", test_rows);
    test_db_add("/demo/city", test_city);
    int result = g_test_run();
    g_free(first_fingerprint);
    return result;
}
