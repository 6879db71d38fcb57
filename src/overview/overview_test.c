/* Outlines and the districts of today, order of floors, texts of shares. No database. */
#include "overview/map_models.h"
#include "overview/outline.h"
#include "overview/overview_models.h"
#include "sensing/floors.h"

#include <string.h>

static void test_outlines(void) {
    g_autoptr(GError) error = NULL;
    const OutlineMap *map = outline_map("500103", &error);
    g_assert_no_error(error);
    g_assert_nonnull(map);
    /* 38 outlines of before 2016 are 37 districts of today */
    g_assert_cmpuint(map->count, ==, 37);
    static const char *const ended[] = {"500105", "500112", "500228", "500232"};
    for (size_t i = 0; i < G_N_ELEMENTS(ended); i++) {
        g_assert_null(outline_find(map, ended[i]));
    }
    const Outline *liangjiang = outline_find(map, "500157");
    g_assert_nonnull(liangjiang);
    g_assert_nonnull(strstr(liangjiang->note, "没有改图"));
    g_assert_cmpstr(liangjiang->confidence, ==, "二手");
    g_assert_null(outline_find(map, "500103")->note);
    for (unsigned i = 0; i < map->count; i++) {
        const Outline *outline = &map->outlines[i];
        g_assert_true(g_str_has_prefix(outline->coarse, "M"));
        g_assert_true(g_str_has_suffix(outline->fine, "z"));
        g_assert_true(outline->box.x >= 0 && outline->box.x + outline->box.width <= map->width + 1);
        g_assert_true(outline->x > outline->box.x);
    }
    g_assert_null(outline_map("370303", &error));
    g_assert_no_error(error);
}

/* 解放碑 lies in 渝中区, and the picture agrees. */
static void test_project(void) {
    const OutlineMap *map = outline_map("50", NULL);
    double x;
    double y;
    outline_project(map, 106.5771, 29.5572, &x, &y);
    OutlineBox box = outline_find(map, "500103")->box;
    g_assert_true(x > box.x && x < box.x + box.width);
    g_assert_true(y > box.y && y < box.y + box.height);
    Picture picture = picture_new(map, box, "渝中区");
    g_assert_true(picture_holds(&picture, x, y));
    g_assert_true(picture_shows(&picture, outline_find(map, "500108")->box));
    g_assert_false(picture_shows(&picture, outline_find(map, "500229")->box));
    PictureMark mark = {.x = box.x + box.width / 2, .y = box.y, .class = "met", .text = "1"};
    picture_mark(&picture, &mark);
    const json_t *made = json_array_get(json_object_get(picture.model, "marks"), 0);
    g_assert_cmpstr(json_get_text(made, "x", NULL), ==, "50.00%");
    g_assert_cmpstr(json_get_text(made, "y", NULL), ==, "0.00%");
    json_decref(picture.model);
}

static void test_floors(void) {
    static const char *const falling[] = {
        "屋顶", "33F", "12层", "2", "1层", "地下", "B2", "-3", "设备间"};
    for (size_t i = 1; i < G_N_ELEMENTS(falling); i++) {
        g_assert_cmpint(floor_order(falling[i - 1]), >, floor_order(falling[i]));
    }
    g_assert_cmpint(floor_order("地下1层"), ==, floor_order("B1"));
    g_assert_cmpint(floor_order("负二"), ==, -1); /* a number in words is not read */
    g_assert_cmpint(floor_order(""), ==, floor_order("大厅"));
}

static void test_texts(void) {
    g_autofree char *almost = share_text(9999, 10000);
    g_autofree char *all = share_text(3, 3);
    g_autofree char *none = share_text(0, 0);
    g_assert_cmpstr(almost, ==, "99.9%"); /* never rounded up to all */
    g_assert_cmpstr(all, ==, "100.0%");
    g_assert_cmpstr(none, ==, "无");
    g_autofree char *autonomous = short_name("石柱土家族自治县");
    g_autofree char *plain = short_name("城口县");
    g_assert_cmpstr(autonomous, ==, "石柱县");
    g_assert_cmpstr(plain, ==, "城口县");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/overview/outlines-are-those-of-today", test_outlines);
    g_test_add_func("/overview/places-lie-in-their-outline", test_project);
    g_test_add_func("/overview/floors-from-the-top", test_floors);
    g_test_add_func("/overview/shares-and-short-names", test_texts);
    return g_test_run();
}
