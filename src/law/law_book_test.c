/* Time limits, powers and calendar against worked examples; how mistakes are reported. */
#include "base/clock.h"
#include "base/error.h"
#include "law/law_internal.h"
#include "law/test_law.h"

#include <string.h>

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- all of law/ --- */

static void test_all(void) {
    g_autoptr(GError) error = NULL;
    LawCheckReport report;
    int64_t begun = g_get_monotonic_time();
    g_assert_true(law_check_all(&report, &error));
    g_assert_no_error(error);
    const char *const *cities = law_cities(&error);
    g_assert_cmpuint(g_strv_length((char **)cities), ==, 4);
    g_assert_cmpstr(cities[0], ==, LAW_NATIONAL);
    g_assert_cmpuint(report.examples, >=, 120);
    g_test_message("%u entries, %u examples, %" G_GINT64_FORMAT " us",
                   report.entries,
                   report.examples,
                   g_get_monotonic_time() - begun);
}

static void test_cities_differ_by_data(void) {
    g_autoptr(GError) error = NULL;
    const struct {
        const char *city;
        bool allowed;
    } cases[] = {{"national", false}, {"chongqing", true}, {"zibo", false}, {"liuzhou", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const LawBook *book = law_book(cases[i].city, &error);
        g_assert_no_error(error);
        LawMay may;
        g_assert_true(
            law_may(book, "fine", "township", LAW_EMPOWERED, at("2026-11-22"), &may, &error));
        g_assert_true(may.allowed == cases[i].allowed);
        g_assert_nonnull(may.reason);
    }
    g_assert_null(law_book("atlantis", &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

/* A limit is that of the day of the act: before an Act was in force there is none. */
static void test_edition_by_date(void) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book(NULL, &error);
    g_assert_nonnull(law_term_at(book, "payment", at("2021-07-15"), &error));
    g_assert_null(law_term_at(book, "payment", at("2021-07-14"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_assert_nonnull(law_article_at(book, "消防法/15", at("2021-04-29")));
    g_assert_null(law_article_at(book, "消防法/15", at("2021-04-28")));
}

static void test_facts(void) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book(NULL, &error);
    const LawTerm *term = law_term_at(book, "complaint-verification", at("2026-11-22"), &error);
    const LawSaid exit = {"content", "blocked-exit"};
    const LawSaid other = {"content", "other"};
    g_assert_cmpint(law_term_row(term, &exit, 1, &error)->unit, ==, LAW_HOURS);
    g_assert_cmpint(law_term_row(term, &other, 1, &error)->unit, ==, LAW_WORKING_DAYS);
    const LawSaid wrong[] = {{"content", "noise"}, {"contents", "other"}};
    for (size_t i = 0; i < 3; i++) {
        g_clear_error(&error);
        g_assert_null(law_term_row(term, &wrong[MIN(i, 1)], i < 2 ? 1 : 0, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, i == 0 ? "blocked-exit" : "content"));
    }
}

/* --- counting --- */

static void assert_last(const LawSpan *span, const char *expected) {
    g_autoptr(GError) error = NULL;
    g_auto(LawDue) due = {0};
    law_count_span(law_calendar(&error), span, &due);
    g_assert_no_error(error);
    g_assert_true(due.is_known);
    char text[11];
    law_day_write(due.last_day, text);
    g_assert_cmpstr(text, ==, expected);
}

/* 检验时间不计: a laboratory's days are left out, part days too; two pauses that overlap count
 * once. */
static void test_pauses(void) {
    const LawPause one = {at("2026-06-03T10:00:00"), at("2026-06-05T09:00:00")};
    const LawPause more[] = {one, {at("2026-06-04"), at("2026-06-09")}};
    LawSpan span = {.from_us = at("2026-06-01"), .unit = LAW_WORKING_DAYS, .amount = 3};
    assert_last(&span, "2026-06-04");
    span.pauses = &one;
    span.pause_count = 1;
    assert_last(&span, "2026-06-09"); /* 2; then 8, 9: 3, 4 and 5 are paused, 6 and 7 a weekend */
    span.pauses = more;
    span.pause_count = 2;
    assert_last(&span, "2026-06-10");
    span.unit = LAW_CALENDAR_DAYS;
    span.pauses = &one;
    span.pause_count = 1;
    assert_last(&span, "2026-06-07");
    span.unit = LAW_HOURS;
    span.amount = 24;
    span.from_us = at("2026-06-03T00:00:00");
    g_auto(LawDue) due = {0};
    law_count_span(law_calendar(NULL), &span, &due);
    g_assert_cmpint(due.due_us, ==, at("2026-06-05T23:00:00"));
}

static void test_months(void) {
    LawSpan span = {.from_us = at("2024-08-31"), .unit = LAW_MONTHS, .amount = 6};
    assert_last(&span, "2025-02-28");
    span.from_us = at("2023-08-31");
    assert_last(&span, "2024-02-29");
    span.from_us = at("2026-03-31");
    span.amount = 7;
    assert_last(&span, "2026-10-31"); /* a Saturday: it does not roll unless the law says so */
    span.rolls = true;
    assert_last(&span, "2026-11-02");
}

/* The time of day does not matter for days; the day is that of Shanghai. */
static void test_midnight(void) {
    LawSpan span = {.from_us = at("2026-06-01T23:59:59"), .unit = LAW_WORKING_DAYS, .amount = 1};
    assert_last(&span, "2026-06-02");
    span.from_us = at("2026-06-01T16:00:00Z"); /* already the 2nd in Shanghai */
    assert_last(&span, "2026-06-03");
}

static void test_unknown_year(void) {
    g_auto(LawDue) due = {0};
    LawSpan span = {.from_us = at("2026-12-30"), .unit = LAW_WORKING_DAYS, .amount = 3};
    law_count_span(law_calendar(NULL), &span, &due);
    g_assert_false(due.is_known);
    g_assert_cmpint(due.unknown_year, ==, 2027);
    g_assert_cmpuint(due.counted->len, ==, 0);
    LawSpan plain = {.from_us = at("2026-12-30"), .unit = LAW_CALENDAR_DAYS, .amount = 15};
    assert_last(&plain, "2027-01-14"); /* counting days needs no calendar */
}

/* Working days: counted one by one they are as many as asked, strictly rising, and all worked. */
static void test_counted(void) {
    const LawCalendar *calendar = law_calendar(NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    LawDay first = law_day_of(at("2020-01-01"));
    for (int round = 0; round < 2000; round++) {
        g_auto(LawDue) due = {0};
        LawSpan span = {.from_us = law_day_begin(first + g_rand_int_range(random, 0, 2300)) + 1,
                        .unit = LAW_WORKING_DAYS,
                        .amount = g_rand_int_range(random, 1, 60)};
        law_count_span(calendar, &span, &due);
        g_assert_true(due.is_known);
        g_assert_cmpint(due.counted->len, ==, span.amount);
        LawDay before = law_day_of(span.from_us);
        for (guint i = 0; i < due.counted->len; i++) {
            LawDay day = g_array_index(due.counted, LawDay, i);
            g_assert_cmpint(law_day_kind(calendar, day, NULL), <=, LAW_DAY_MAKE_UP);
            for (LawDay between = before + 1; between < day; between++) {
                g_assert_cmpint(law_day_kind(calendar, between, NULL), >=, LAW_DAY_WEEKEND);
            }
            before = day;
        }
        g_assert_cmpint(due.due_us, ==, law_day_begin(before + 1));
        g_assert_cmpint(law_days_left(calendar, &span, &due, span.from_us), ==, span.amount);
        g_assert_cmpint(law_days_left(calendar, &span, &due, due.due_us - 1), ==, 0);
    }
}

static void test_kinds(void) {
    const LawCalendar *calendar = law_calendar(NULL);
    const struct {
        const char *day;
        LawDayKind kind;
    } days[] = {
        {"2026-02-13", LAW_DAY_WORKING}, /* Friday */
        {"2026-02-14", LAW_DAY_MAKE_UP}, /* Saturday before Spring Festival */
        {"2026-02-15", LAW_DAY_HOLIDAY},
        {"2026-02-23", LAW_DAY_HOLIDAY},
        {"2026-02-24", LAW_DAY_WORKING},
        {"2026-02-28", LAW_DAY_MAKE_UP},
        {"2026-09-20", LAW_DAY_MAKE_UP}, /* Sunday before National Day */
        {"2026-10-07", LAW_DAY_HOLIDAY},
        {"2026-10-08", LAW_DAY_WORKING},
        {"2026-10-10", LAW_DAY_MAKE_UP},
        {"2026-10-11", LAW_DAY_WEEKEND},
        {"2019-12-31", LAW_DAY_UNKNOWN},
        {"2027-01-04", LAW_DAY_UNKNOWN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(days); i++) {
        g_assert_cmpint(
            law_day_kind(calendar, law_day_of(at(days[i].day)), NULL), ==, days[i].kind);
    }
}

/* --- mistakes --- */

#define ARTICLES                                                                                   \
    "instruments:\n"                                                                               \
    "  - short: 甲法\n    name: 甲法\n    confidence: text\n    valid: {from: 2020-01-01}\n"   \
    "    articles: [{no: \"1\", gist: 一}]\n"
#define TERM_HEAD(id)                                                                              \
    "  - id: " id "\n    name: 甲\n    starts: 甲\n    basis: [甲法/1]\n    confidence: text\n"
#define EXAMPLE                                                                                    \
    "examples:\n  - id: e\n    name: 例\n    deadline: {rule: t, from: 2021-01-04}\n"             \
    "    expect: {due: 2021-01-05}\n"

static void test_mistakes(void) {
    static const LawMistake cases[] = {
        {"terms: []\n", "x.yaml:1:8: ", "a list is expected"},
        {"term: []\n", "x.yaml:1:1: ", "unknown key \"term\""},
        {"- a\n", "x.yaml:1:1: ", "a map is expected"},
        {"a: 1\na: 2\n", "x.yaml:2:1: ", "stands twice"},
        {"acts: &a\n  - {id: x, name: y}\nagencies: *a\n", "x.yaml:1:7: ", "aliases"},
        {"acts: [\n", "x.yaml:2:1: ", ""},
        {"acts:\n  - {id: X, name: y, basis: [z]}\n", "x.yaml:2:10: ", "an id is of"},
        {"acts:\n  - {id: x, basis: [甲法/1]}\n", "x.yaml:2:5: ", "\"name\" is missing"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-02-30}\n"
                                            "    table: [{amount: 1, unit: hours}]\n",
         "x.yaml:13:19: ",
         "no day"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01, to: 2021-01-01}\n"
                                            "    table: [{amount: 1, unit: hours}]\n",
         "x.yaml:13:35: ",
         "not after"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                            "    table: [{amount: 0, unit: hours}]\n",
         "x.yaml:14:22: ",
         "whole number"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                            "    table: [{amount: 1, unit: weeks}]\n",
         "x.yaml:14:31: ",
         "none of: hours"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                            "    table: [{amount: 1, unit: hours}]\n",
         "x.yaml:8:5: ",
         "no worked example"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                            "    table:\n      - {amount: 1, unit: hours}\n"
                                            "      - {amount: 2, unit: hours}\n" EXAMPLE,
         "x.yaml:16:9: ",
         "never reached"},
        {ARTICLES "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                            "    facts: {f: {name: 问, values: {a: 甲, b: 乙}}}\n"
                                            "    table:\n"
                                            "      - {when: {f: [a]}, amount: 1, unit: hours}\n",
         "x.yaml:16:7: ",
         "no row for f = b"},
        {ARTICLES
         "terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                   "    table: [{amount: 1, unit: hours}]\n" TERM_HEAD(
                                       "t") "    valid: {from: 2022-01-01}\n"
                                            "    table: [{amount: 2, unit: hours}]\n" EXAMPLE,
         "x.yaml:15:5: ",
         "another edition"},
        {"terms:\n" TERM_HEAD("t") "    valid: {from: 2021-01-01}\n"
                                   "    table: [{amount: 1, unit: hours}]\n" EXAMPLE,
         "x.yaml:5:13: ",
         "no article \"甲法/1\""},
        {ARTICLES "acts: [{id: a, name: 甲, basis: [甲法/1]}]\npowers:\n  - id: p\n    name: 甲\n  "
                  "  acts: [a]\n"
                  "    agencies: [b]\n    modes: [statutory]\n    allow: true\n    reason: 甲\n"
                  "    basis: [甲法/1]\n    confidence: text\n    valid: {from: 2021-01-01}\n",
         "x.yaml:12:16: ",
         "no kind of agency \"b\""},
        {ARTICLES "acts: [{id: a, name: 甲, basis: [甲法/2]}]\n",
         "x.yaml:7:33: ",
         "no article \"甲法/2\""},
    };
    test_law_mistakes(cases, G_N_ELEMENTS(cases));
}

#define WINDOW                                                                                     \
    ARTICLES                                                                                       \
    "procedures:\n  - id: p\n    name: 甲\n    basis: [甲法/1]\n    confidence: text\n"         \
    "    valid: {from: 2021-01-01}\n    prefix: 甲\n    object: any\n    unseals: [leader]\n"     \
    "    states: [{id: e, name: 甲, final: true}]\n    acts:\n      - id: a\n"                    \
    "        name: 甲\n        to: e\n        by: [clerk]\n        window: "
#define REST "why: 夜间, basis: [甲法/1], confidence: text}\n"

static void test_window_mistakes(void) {
    static const LawMistake cases[] = {
        {WINDOW "{" REST, "x.yaml:22:17: ", "hours or days"},
        {WINDOW "{days: holidays, " REST, "x.yaml:22:24: ", "is none of"},
        {WINDOW "{days: working, nights: x, " REST, "x.yaml:22:33: ", "\"nights\""},
        {WINDOW "{days: working}\n", "x.yaml:22:17: ", "\"why\" is missing"},
        {WINDOW "{hours: {from: \"6:00\", to: \"22:00\", confidence: memory}, " REST,
         "x.yaml:22:32: ",
         "no time of day"},
        {WINDOW "{hours: {from: \"06:00\", to: \"24:00\", confidence: memory}, " REST,
         "x.yaml:22:45: ",
         "no time of day"},
        {WINDOW "{hours: {from: \"22:00\", to: \"06:00\", confidence: memory}, " REST,
         "x.yaml:22:45: ",
         "end before they begin"},
        {WINDOW "{hours: {from: \"06:00\", to: \"22:00\"}, " REST,
         "x.yaml:22:25: ",
         "\"confidence\" is missing"},
        {WINDOW "{days: working, " REST, "x.yaml:22:17: ", "has a form"},
    };
    test_law_mistakes(cases, G_N_ELEMENTS(cases));
}

/* An import of officers names agencies and nothing else. */
static void test_kind_by_name(void) {
    static const struct {
        const char *name, *kind;
    } cases[] = {{"重庆市消防救援总队渝中区支队", "fire-detachment"},
                 {"某某区消防救援大队", "fire-brigade"},
                 {"解放碑街道办事处", "township"},
                 {"某某镇人民政府", "township"},
                 {"某某区人民政府", NULL},
                 {"某某公安分局解放碑派出所", "police-station"},
                 {"渝中区消防救援局", NULL}};
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book(NULL, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpstr(law_agency_kind_of(book, cases[i].name), ==, cases[i].kind);
    }
}

/* The public may act, but is never let into what is sealed. */
static void test_public_unseals(void) {
    static const char text[] =
        ARTICLES "procedures:\n  - id: p\n    name: 甲\n    basis: [甲法/1]\n"
                 "    confidence: text\n    valid: {from: 2020-01-01}\n    prefix: 甲\n"
                 "    object: none\n    unseals: [public]\n    states: []\n    acts: []\n";
    g_autoptr(GError) error = NULL;
    g_assert_false(law_book_try("x.yaml", text, strlen(text), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "x.yaml:15:14: the public never opens"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/law/every-book-and-example", test_all);
    g_test_add_func("/law/cities-differ-by-data", test_cities_differ_by_data);
    g_test_add_func("/law/edition-by-date-of-the-act", test_edition_by_date);
    g_test_add_func("/law/facts-choose-the-row", test_facts);
    g_test_add_func("/law/calendar/days-of-2026", test_kinds);
    g_test_add_func("/law/count/pauses", test_pauses);
    g_test_add_func("/law/count/months", test_months);
    g_test_add_func("/law/count/midnight-of-shanghai", test_midnight);
    g_test_add_func("/law/count/unknown-year-is-not-guessed", test_unknown_year);
    g_test_add_func("/law/count/counted-days", test_counted);
    g_test_add_func("/law/kind-of-agency-by-its-name", test_kind_by_name);
    g_test_add_func("/law/mistakes-have-a-place", test_mistakes);
    g_test_add_func("/law/window/mistakes-have-a-place", test_window_mistakes);
    g_test_add_func("/law/the-public-opens-nothing-sealed", test_public_unseals);
    return g_test_run();
}
