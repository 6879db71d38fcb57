/* Districts that border each other: what is shipped, and what is refused. */
#include "base/clock.h"
#include "law/law_adjacent.h"
#include "law/test_law.h"
#include "registry/region_adjacent.h"

static int64_t day(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* Chongqing as it is since 两江新区 took the place of 江北区 and 渝北区; before, nothing is said.
 */
static void test_shipped(void) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book("chongqing", &error);
    g_assert_no_error(error);
    const LawAdjacent *adjacent = law_adjacent_at(book, day("2026-11-22"));
    g_assert_nonnull(adjacent);
    g_assert_cmpint(adjacent->entry.confidence, ==, LAW_MEMORY);
    unsigned count = 0;
    while (adjacent->districts[count] != NULL) {
        count++;
    }
    g_assert_cmpuint(count, ==, 37);
    const LawDistrict *yuzhong = law_district_find(adjacent, "500103");
    g_assert_cmpstr(yuzhong->name, ==, "渝中区");
    g_assert_true(g_strv_contains(yuzhong->adjacent, "500157"));
    g_assert_false(g_strv_contains(yuzhong->adjacent, "500101"));
    g_assert_null(law_district_find(adjacent, "500105"));
    g_assert_null(law_adjacent_at(book, day("2025-11-05")));
    g_assert_null(law_adjacent_at(law_book(NULL, &error), day("2026-11-22")));
    region_adjacent_check(book, &error);
    g_assert_no_error(error);
}

#define HEAD                                                                                       \
    "adjacent_districts: adjacent-districts\nname: x\nsource: y\nvalid: {from: 2020-01-01}\n"      \
    "districts:\n"
#define ROW(code, codes)                                                                           \
    "  - {code: \"" code "\", name: x, confidence: memory, adjacent: [" codes "]}\n"

static void test_refused(void) {
    static const LawMistake cases[] = {
        {HEAD ROW("500101", "\"500102\""), "x.yaml:6:62: ", "no line of this file is 500102"},
        {HEAD ROW("500101", "\"500102\"") ROW("500102", "\"500103\"") ROW("500103", "\"500102\""),
         "x.yaml:6:62: ",
         "500101 borders 500102 here, but the line of 500102 does not say so"},
        {HEAD ROW("500101", "\"500101\""), "x.yaml:6:62: ", "does not border itself"},
        {HEAD ROW("50010", "\"500101\""), "x.yaml:6:12: ", "six digits"},
        {HEAD ROW("500101", "\"50010a\""), "x.yaml:6:62: ", "six digits"},
        {HEAD ROW("500101", "\"500102\", \"500102\""), "x.yaml:6:72: ", "codes rise"},
        {HEAD ROW("500102", "\"500101\"") ROW("500101", "\"500102\""),
         "x.yaml:7:5: ",
         "codes rise"},
        {HEAD ROW("500101", ""), "x.yaml:6:61: ", "at least one item"},
        {"adjacent_districts: borders\nname: x\nsource: y\nvalid: {from: 2020-01-01}\n"
         "districts:\n" ROW("500101", "\"500102\"") ROW("500102", "\"500101\""),
         "x.yaml:1:21: ",
         "the table is called adjacent-districts"},
        {"basis: []\n" HEAD ROW("500101", "\"500102\""), "x.yaml:1:1: ", "\"basis\""},
    };
    test_law_mistakes(cases, G_N_ELEMENTS(cases));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/law/adjacent/shipped-and-known-to-the-registry", test_shipped);
    g_test_add_func("/law/adjacent/two-lines-say-the-same", test_refused);
    return g_test_run();
}
