/* Targets of coverage: what is shipped for Chongqing, and what is refused. */
#include "base/clock.h"
#include "law/law_coverage.h"
#include "law/test_law.h"

static int64_t day(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

static void test_shipped(void) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book("chongqing", &error);
    g_assert_no_error(error);
    const LawCoverage *coverage = law_coverage_at(book, day("2026-11-22"));
    g_assert_nonnull(coverage);
    g_assert_cmpint(coverage->entry.confidence, ==, LAW_TEXT);
    g_assert_cmpint(coverage->heard_days, ==, 7);
    const LawCoverageGroup *central = law_coverage_group(coverage, "500157");
    g_assert_cmpint(central->share_percent, ==, 100);
    g_assert_cmpint(central->districts_confidence, ==, LAW_MEMORY);
    /* the last day counts as a whole */
    g_assert_cmpint(central->due_us, ==, day("2026-12-01"));
    const LawCoverageGroup *other = law_coverage_group(coverage, "500229");
    g_assert_cmpint(other->share_percent, ==, 80);
    g_assert_cmpint(law_coverage_needed(other, 0), ==, 0);
    g_assert_cmpint(law_coverage_needed(other, 10), ==, 8);
    g_assert_cmpint(law_coverage_needed(other, 11), ==, 9); /* 8 of 11 are only 72.7 % */
    g_assert_cmpint(law_coverage_needed(central, 11), ==, 11);
    /* elsewhere it is said what counts, but no target is set */
    const LawCoverage *nation = law_coverage_at(law_book(NULL, &error), day("2026-11-22"));
    g_assert_nonnull(nation);
    g_assert_null(law_coverage_group(nation, "370303"));
}

#define HEAD                                                                                       \
    "sensing_coverage: high-rise-sensing\nname: x\nconfidence: memory\n"                           \
    "valid: {from: 2020-01-01}\nheard_within_days: 7\nheard_note: y\n"
#define GROUP(more) "  - {id: a, name: b, share_percent: 80, due: 2026-11-30" more "}\n"

static void test_refused(void) {
    static const LawMistake cases[] = {
        {HEAD "groups:\n" GROUP(""), "x.yaml:1:1: ", "a target needs its basis"},
        {HEAD "basis: [法/1]\ngroups:\n" GROUP("") GROUP(""),
         "x.yaml:9:5: ",
         "only the last group"},
        {HEAD
         "basis: [法/1]\ngroups:\n" GROUP(", districts: [\"5001\"], districts_confidence: text"),
         "x.yaml:9:",
         "six digits"},
        {HEAD "basis: [法/1]\ngroups:\n" GROUP(
             ", districts: [\"500102\", \"500101\"], districts_confidence: text"),
         "x.yaml:9:",
         "codes rise"},
        {HEAD "basis: [法/1]\ngroups:\n  - {id: a, name: b, share_percent: 101, due: 2026-11-30}\n",
         "x.yaml:9:",
         "1 to 100"},
    };
    test_law_mistakes(cases, G_N_ELEMENTS(cases));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/law/coverage/shipped-targets-by-district", test_shipped);
    g_test_add_func("/law/coverage/mistakes-are-named-with-their-place", test_refused);
    return g_test_run();
}
