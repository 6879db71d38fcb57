/* Decision tables: answers, unary tests, and what loading refuses. */
#include "base/clock.h"
#include "base/error.h"
#include "law/law_form.h"
#include "law/law_internal.h"
#include "law/law_table_internal.h"
#include "law/test_law.h"

#include <string.h>

static int64_t at(const char *text) {
    int64_t time_us;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- asking -------------------------------------------------------------------------------------
 */

static const char *
proposal(const char *day, const char *place, const char *direct, const char *listed) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book(NULL, &error);
    const LawTable *table = law_table_at(book, "major-hazard", at(day), &error);
    g_assert_no_error(error);
    const LawSaid said[] = {
        {"place", place}, {"direct", direct}, {"listed", listed}, {"all", listed}};
    const LawTableRow *row = law_table_decide(table, said, G_N_ELEMENTS(said), &error);
    g_assert_no_error(error);
    return law_table_answer(table, row, "proposal");
}

/* GB 35181-2017 until 2025-10-31; since then the comprehensive elements are not known: no guess. */
static void test_edition_of_the_day(void) {
    g_assert_cmpstr(proposal("2025-10-31", "assembly", "0", "3"), ==, "major");
    g_assert_cmpstr(proposal("2025-10-31", "assembly", "0", "2"), ==, "not-major");
    g_assert_null(proposal("2025-11-01", "assembly", "0", "3"));
    g_assert_cmpstr(proposal("2025-11-01", "assembly", "1", "0"), ==, "major");
    g_autoptr(GError) error = NULL;
    g_assert_null(law_table_at(law_book(NULL, NULL), "major-hazard", at("2018-06-30"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

static void test_bad_facts(void) {
    const LawTable *table =
        law_table_at(law_book(NULL, NULL), "major-hazard", at("2025-10-31"), NULL);
    const LawSaid cases[][4] = {
        {{"place", "moon"}, {"direct", "0"}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", "-1"}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", "51"}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", "0.5"}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", "two"}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", ""}, {"listed", "0"}, {"all", "0"}},
        {{"place", "other"}, {"direct", "0"}, {"listed", "0"}, {"any", "0"}},
    };
    const char *const named[] = {"place", "direct", "direct", "direct", "direct", "direct", "any"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(law_table_decide(table, cases[i], 4, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, named[i]));
        g_clear_error(&error);
        g_assert_null(law_table_decide(table, cases[i], 3, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

/* --- forms --------------------------------------------------------------------------------------
 */

static json_t *reward(const char *kind, const char *amount) {
    json_t *data = json_object();
    json_put_text(data, "grant", "yes");
    json_put_text(data, "kind", kind);
    json_put_text(data, "amount", amount);
    json_put_text(data, "ground", "甲");
    return data;
}

/* What is left empty is filled in, what is right stays, what is wrong is refused with the row. */
static void test_form(void) {
    const struct {
        const char *kind, *amount, *becomes, *problem;
    } cases[] = {
        {"three-in-one", "", "100", NULL},
        {"three-in-one", "100.00", "100.00", NULL},
        {"exit", "100", "100", "第 2 行"},
        {"other", "", "", "没有写到"},
        {"other", "30", "30", NULL},
        {"", "", "", "请填写"},
        {"", "30", "30", NULL},
    };
    const LawBook *book = law_book("liuzhou", NULL);
    int64_t time_us = at("2026-11-22");
    const LawForm *form = law_form_at(book, "complaint-reward", time_us, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) data = reward(cases[i].kind, cases[i].amount);
        law_form_compute(book, form, data, time_us);
        g_assert_cmpstr(json_get_text(data, "amount", NULL), ==, cases[i].becomes);
        g_autoptr(json_t) problems = law_form_problems(form, data, time_us);
        g_assert_cmpuint(json_object_size(problems), ==, 0);
        law_form_check_tables(book, form, data, time_us, problems);
        const char *problem = json_get_text(problems, "amount", NULL);
        g_assert_true((problem == NULL) == (cases[i].problem == NULL));
        g_assert_true(problem == NULL || strstr(problem, cases[i].problem) != NULL);
    }
}

/* A row that was recalled decides nothing: a person does. */
static void test_memory_decides_nothing(void) {
    const LawBook *book = law_book(NULL, NULL);
    int64_t time_us = at("2025-10-31");
    const LawForm *form = law_form_at(book, "major-hazard-finding", time_us, NULL);
    const char *const names[] = {"place", "direct", "listed", "all"};
    const char *const values[] = {"other", "0", "0", "6"};
    g_autoptr(json_t) data = json_object();
    g_autoptr(json_t) problems = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        json_put_text(data, names[i], values[i]);
    }
    law_form_compute(book, form, data, time_us);
    g_assert_null(json_object_get(data, "proposal"));
    law_form_check_tables(book, form, data, time_us, problems);
    g_assert_nonnull(strstr(json_get_text(problems, "proposal", ""), "核对"));
    json_put_text(data, "proposal", "not-major");
    json_object_clear(problems);
    law_form_check_tables(book, form, data, time_us, problems);
    g_assert_cmpuint(json_object_size(problems), ==, 0);
}

/* --- unary tests --------------------------------------------------------------------------------
 */

#define HEAD                                                                                       \
    "instruments:\n"                                                                               \
    "  - short: 甲法\n    name: 甲法\n    confidence: text\n    valid: {from: 2020-01-01}\n"   \
    "    articles: [{no: \"1\", gist: 一}]\n"                                                     \
    "tables:\n  - id: t\n    name: 甲\n    basis: [甲法/1]\n    confidence: text\n"             \
    "    valid: {from: 2021-01-01}\n"
#define NUMBERS                                                                                    \
    "    inputs: [{id: n, name: 数, decimals: 1, max: 10}]\n"                                     \
    "    outputs: [{id: o, name: 果, values: {a: 甲, b: 乙}}]\n"
#define OUTPUT "    outputs: [{id: o, name: 果, max: 1}]\n    rows: [{then: {o: 1}}]\n"
#define EXAMPLE                                                                                    \
    "examples:\n  - id: e\n    name: 例\n    decide: {table: t, date: 2021-01-04, facts: {n: "    \
    "1}}\n"                                                                                        \
    "    expect: {o: a}\n"

/* Every test of a number, at its bounds: as many tenths from 0 to 10 pass as it says. */
static void test_number_tests(void) {
    const struct {
        const char *test;
        int first, last; /* tenths that pass */
    } cases[] = {{"3", 30, 30},
                 {">= 3", 30, 100},
                 {"> 3", 31, 100},
                 {"<= 3", 0, 30},
                 {"< 3", 0, 29},
                 {"[3..5]", 30, 50},
                 {"(3..5]", 31, 50},
                 {"[3..5)", 30, 49},
                 {"(3..5)", 31, 49},
                 {"[ 3.5 .. 4 ]", 35, 40},
                 {"> 9.9", 100, 100},
                 {"<= 0", 0, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            HEAD "    hit: first\n" NUMBERS
                 "    rows:\n      - {when: {n: \"%s\"}, then: {o: a}}\n      - {then: {o: b}}\n",
            cases[i].test);
        g_autoptr(GError) error = NULL;
        g_autoptr(LawDoc) doc = law_doc_parse("x.yaml", text, strlen(text), &error);
        g_assert_no_error(error);
        LawReader reader = {NULL};
        LawBook book = {.tables = g_ptr_array_new(), .places = g_hash_table_new(NULL, NULL)};
        law_read_tables(&reader, &book, law_get(law_root(doc), "tables"));
        g_assert_no_error(reader.error);
        const LawTable *table = book.tables->pdata[0];
        for (int tenths = 0; tenths <= 100; tenths++) {
            g_autofree char *number = g_strdup_printf("%d.%d", tenths / 10, tenths % 10);
            const LawSaid said = {"n", number};
            const LawTableRow *row = law_table_decide(table, &said, 1, &error);
            g_assert_no_error(error);
            bool passes = cases[i].first <= tenths && tenths <= cases[i].last;
            g_assert_cmpstr(law_table_answer(table, row, "o"), ==, passes ? "a" : "b");
        }
        g_ptr_array_unref(book.tables);
        g_hash_table_unref(book.places);
    }
}

/* --- mistakes -----------------------------------------------------------------------------------
 */

static void test_mistakes(void) {
    static const LawMistake cases[] = {
        {HEAD "    hit: any\n" NUMBERS "    rows: [{then: {o: a}}]\n", "x.yaml:13:10: ", "none of"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {n: \"< 5\"}, then: {o: a}}]\n",
         "x.yaml:16:11: ",
         "no row for n = 5"},
        {HEAD "    hit: first\n" NUMBERS
              "    rows: [{then: {o: a}}, {when: {n: 3}, then: {o: b}}]\n",
         "x.yaml:16:28: ",
         "never reached"},
        {HEAD
         "    hit: unique\n" NUMBERS
         "    rows: [{when: {n: \"<= 3\"}, then: {o: a}}, {when: {n: \">= 3\"}, then: {o: b}}]\n",
         "x.yaml:16:47: ",
         "n = 3 meets an earlier row"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {n: \"=> 3\"}, then: {o: a}}]\n",
         "x.yaml:16:23: ",
         "no test of a number"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {n: 3.55}, then: {o: a}}]\n",
         "x.yaml:16:23: ",
         "no test of a number"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {n: \"> 10\"}, then: {o: a}}]\n",
         "x.yaml:16:23: ",
         "no number of the column"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {m: 3}, then: {o: a}}]\n",
         "x.yaml:16:20: ",
         "no input \"m\""},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{then: {o: c}}]\n",
         "x.yaml:16:23: ",
         "no value of the output"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{then: {o: a}, ask: 问}]\n",
         "x.yaml:16:12: ",
         "either"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{when: {n: 3}}]\n",
         "x.yaml:16:12: ",
         "either"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{then: {o: a}}]\n",
         "x.yaml:8:5: ",
         "no worked example"},
        {HEAD "    hit: first\n" NUMBERS "    rows: [{then: {o: a}, basis: [甲法/9]}]\n" EXAMPLE,
         "x.yaml:16:35: ",
         "no article"},
        {HEAD "    hit: first\n    inputs: [{id: n, name: 数, min: 5, max: 5}]\n" OUTPUT,
         "x.yaml:14:14: ",
         "min must be"},
        {HEAD "    hit: first\n    inputs: [{id: n, name: 数}, {id: n, name: 数}]\n" OUTPUT,
         "x.yaml:14:32: ",
         "twice"},
    };
    test_law_mistakes(cases, G_N_ELEMENTS(cases));
    g_autoptr(GError) error = NULL;
    const char *good = HEAD "    hit: first\n" NUMBERS "    rows: [{then: {o: a}}]\n" EXAMPLE;
    g_assert_true(law_book_try("x.yaml", good, strlen(good), &error));
    g_assert_no_error(error);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/law/table/edition-of-the-day", test_edition_of_the_day);
    g_test_add_func("/law/table/bad-facts-are-named", test_bad_facts);
    g_test_add_func("/law/table/form", test_form);
    g_test_add_func("/law/table/memory-decides-nothing", test_memory_decides_nothing);
    g_test_add_func("/law/table/tests-of-numbers", test_number_tests);
    g_test_add_func("/law/table/mistakes-have-a-place", test_mistakes);
    return g_test_run();
}
