/* Which buildings are found, on both engines: around a point, by distance and not by the square
 * that was read; everywhere for the public, who asks with a search only. */
#include "registry/building_list.h"
#include "registry/region.h"
#include "test_db.h"

static const char *const rooms[] = {"registry", NULL};

static void test_parse(void) {
    static const struct {
        const char *longitude, *latitude;
        bool is_good;
    } cases[] = {
        {"106.5516", "29.563", true},
        {"-0.5", "-90", true},
        {"106,5", "29", false},
        {"181", "29", false},
        {"106", "90.1", false},
        {"nan", "29", false},
        {"inf", "29", false},
        {"", "29", false},
        {"106", " ", false},
        {"106 x", "29", false},
    };
    MapPoint point;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpint(
            map_point_parse(cases[i].longitude, cases[i].latitude, &point), ==, cases[i].is_good);
    }
    g_assert_false(map_point_parse(NULL, "29", &point));
    g_assert_true(map_point_parse("106.5", "29.25", &point));
    g_assert_cmpfloat(point.longitude, ==, 106.5);
    g_assert_cmpfloat(point.latitude, ==, 29.25);
}

/* One degree of longitude is some 97 km at 29.5 degrees north. */
static void add(Db *db, const char *name, double longitude, double latitude) {
    test_db_exec(db,
                 "INSERT INTO building (name, address, region, district, longitude, latitude, "
                 "match_key, created_us, changed_us) VALUES ($1, $1, '500103', 500103, $2, $3, 1, "
                 "1, 1)",
                 db_text(name),
                 db_real(longitude),
                 db_real(latitude));
}

static void test_near(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    add(db, "四百米外", 106.5, 29.5036);
    add(db, "百米外", 106.501, 29.5);
    add(db, "角上", 106.5045, 29.5040); /* in the square of 500 m, but 625 m away */
    add(db, "别处", 106.6, 29.5);
    add(db, "此处", 106.5, 29.5);
    test_db_exec(db,
                 "INSERT INTO building (name, address, region, district, match_key, created_us, "
                 "changed_us) VALUES ('没有坐标', '某路', '500103', 500103, 1, 1, 1)");
    MapPoint here = {106.5, 29.5};
    g_autoptr(GArray) found = building_near(db, &here, 500, 9, &error);
    g_assert_no_error(error);
    static const int64_t expected[] = {5, 2, 1};
    g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < found->len; i++) {
        g_assert_cmpint(g_array_index(found, NearBuilding, i).id, ==, expected[i]);
    }
    double metres = g_array_index(found, NearBuilding, 1).metres;
    g_assert_true(metres > 95 && metres < 99);
    g_autoptr(GArray) two = building_near(db, &here, 500, 2, &error);
    g_assert_cmpuint(two->len, ==, 2);
    MapPoint pole = {0, 90};
    g_autoptr(GArray) none = building_near(db, &pole, 500, 9, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->len, ==, 0);
}

static const char *word_of(const void *from, const char *name) {
    return g_strcmp0(name, "q") == 0 ? from : NULL;
}

/* Two buildings in two provinces: the public asks everywhere, with a search only. */
static void test_everywhere(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    Building first = {
        .name = "演示大厦", .address = "甲路", .region = "500103", .district = 500103};
    Building second = {
        .name = "演示中心", .address = "乙路", .region = "370303", .district = 370303};
    Building *const both[] = {&first, &second};
    WriteOptions options = {.actor = "test", .action = "add", .now_us = 1};
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(building_add(db, both, 2, &options, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    static const struct {
        const char *scope, *q;
        unsigned found;
        bool is_good, is_denied;
    } cases[] = {{REGION_EVERYWHERE, "演示", 2, true, false},
                 {REGION_EVERYWHERE, NULL, 0, false, true},
                 {REGION_EVERYWHERE, "演", 0, false, false},
                 {"50", "演示", 1, true, false},
                 {"50", NULL, 1, true, false},
                 {NULL, "演示", 0, false, true}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(BuildingQuery) query = {0};
        g_auto(NamedPage) page = {0};
        const char *problem = NULL;
        bool is_denied = false;
        bool is_good =
            building_query_parse(word_of, cases[i].q, cases[i].scope, &query, &problem, &is_denied);
        g_assert_cmpint(is_good, ==, cases[i].is_good);
        g_assert_cmpint(is_denied, ==, cases[i].is_denied);
        if (is_good) {
            NamedQuery named = building_query_named(&query);
            g_assert_true(named_list_page(db, &named, 9, &page, &error));
            g_assert_no_error(error);
            g_assert_cmpuint(page.rows->len, ==, cases[i].found);
        }
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry/point/as-a-browser-tells-it", test_parse);
    test_db_add("/registry/building/near", test_near);
    test_db_add("/registry/building/everywhere-for-the-public", test_everywhere);
    return g_test_run();
}
