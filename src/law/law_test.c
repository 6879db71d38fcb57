/* What law/ holds, and what is refused in it. */
#include "base/clock.h"
#include "base/error.h"
#include "law/draw_weights.h"
#include "law/law_read.h"

#include <string.h>

#define HEAD                                                                                       \
    "checklist: fire-inspection\n"                                                                 \
    "edition: 2021-08\n"                                                                           \
    "name: 表\n"                                                                                  \
    "basis: [消防法/53]\n"                                                                      \
    "confidence: text\n"                                                                           \
    "valid: {from: 2021-04-29, to: 2026-01-01}\n"                                                  \
    "items:\n"
#define ITEM(id, more)                                                                             \
    "  - id: " id "\n"                                                                             \
    "    text: 畅通\n"                                                                           \
    "    how: 走一遍\n"                                                                         \
    "    basis: [消防法/28, 消防法/60]\n"                                                    \
    "    severity: serious\n"                                                                      \
    "    confidence: text\n" more
#define VALID "    valid: {from: 2021-04-29}\n"

static int64_t day(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

static LawFile *read_text(const char *text, GError **error) {
    return law_file_read("x.yaml", text, strlen(text), error);
}

static void test_good(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LawFile) file =
        read_text(HEAD ITEM("exits", VALID) ITEM("late", "    valid: {from: 2024-07-01}\n")
                      ITEM("gone", "    valid: {from: 2021-04-29, to: 2023-01-01}\n"),
                  &error);
    g_assert_no_error(error);
    g_autoptr(LawChecklist) early = law_file_at(file, day("2022-12-31"));
    g_assert_cmpuint(early->count, ==, 2);
    g_assert_nonnull(law_checklist_item(early, "gone"));
    g_assert_null(law_checklist_item(early, "late"));
    g_autoptr(LawChecklist) first_day_without = law_file_at(file, day("2023-01-01"));
    g_assert_cmpuint(first_day_without->count, ==, 1);
    g_autoptr(LawChecklist) late = law_file_at(file, day("2024-07-01"));
    g_assert_cmpuint(late->count, ==, 2);
    const LawItem *item = law_checklist_item(late, "exits");
    g_assert_cmpstr(item->basis_zh, ==, "消防法第28条、消防法第60条");
    g_assert_cmpint(item->severity, ==, LAW_SERIOUS);
    g_assert_true(law_file_covers(file, day("2025-12-31")));
    g_assert_false(law_file_covers(file, day("2026-01-01")));
    g_assert_false(law_file_covers(file, day("2021-04-28")));
}

static void test_bad(void) {
    static const struct {
        const char *text;
        const char *line; /* "x.yaml:8:" */
        const char *what;
    } cases[] = {
        {HEAD ITEM("exits", VALID "    colour: red\n"), "x.yaml:15:", "colour"},
        {HEAD ITEM("exits", ""), "x.yaml:", "valid"},
        {HEAD ITEM("exits", "    valid: {from: yesterday}\n"), "x.yaml:8:", "valid.from"},
        {HEAD ITEM("exits", "    valid: {from: 2022-01-01, to: 2021-01-01}\n"),
         "x.yaml:8:",
         "valid.to"},
        {HEAD ITEM("exits", VALID) ITEM("exits", VALID), "x.yaml:8:", "twice"},
        {HEAD ITEM("Exits 1", VALID), "x.yaml:8:", "a-z"},
        {"checklist: [\n", "x.yaml:", ""},
        {"", "x.yaml:", ""},
        {"items: {}\n", "x.yaml:", ""},
        {"checklist: &a b\nedition: *a\n", "x.yaml:", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LawFile) file = read_text(cases[i].text, &error);
        g_assert_null(file);
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, cases[i].line));
        g_assert_nonnull(strstr(error->message, cases[i].what));
    }
    /* Wrong words of an enumeration and a wrong basis, made from a good file. */
    static const char *const swaps[][2] = {{"severity: serious", "severity: dreadful"},
                                           {"confidence: text", "confidence: sure"},
                                           {"消防法/28", "消防法28"},
                                           {"消防法/28", "消防法/"},
                                           {"checklist: fire", "checklist: FIRE"},
                                           {"from: 2021-04-29, to", "from: 2021-13-29, to"}};
    for (size_t i = 0; i < G_N_ELEMENTS(swaps); i++) {
        g_autoptr(GString) text = g_string_new(HEAD ITEM("exits", VALID));
        g_assert_cmpuint(g_string_replace(text, swaps[i][0], swaps[i][1], 1), ==, 1);
        g_autoptr(GError) error = NULL;
        g_autoptr(LawFile) file = read_text(text->str, &error);
        g_assert_null(file);
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

static void test_overlap(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LawFile) one = read_text(HEAD ITEM("exits", VALID), &error);
    g_autoptr(GString) text = g_string_new(HEAD ITEM("exits", VALID));
    g_string_replace(text, "from: 2021-04-29, to: 2026-01-01", "from: 2026-01-01", 1);
    g_autoptr(LawFile) next = read_text(text->str, &error);
    g_assert_no_error(error);
    g_assert_true(law_files_overlap(one, one));
    g_assert_false(law_files_overlap(one, next));
    g_assert_false(law_files_overlap(next, one));
}

static void test_shipped(void) {
    g_autoptr(GError) error = NULL;
    g_assert_true(law_check(&error));
    g_assert_no_error(error);
    g_autoptr(LawChecklist) now = law_checklist_at("fire-inspection", day("2026-11-22"), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(now->count, ==, 18);
    g_assert_nonnull(law_checklist_item(now, "electric-bicycles"));
    /* The rule on high buildings came into force on 2021-08-01. */
    g_autoptr(LawChecklist) before = law_checklist_at("fire-inspection", day("2021-07-31"), &error);
    g_assert_cmpuint(before->count, ==, 15);
    g_assert_null(law_checklist_item(before, "electric-bicycles"));
    g_assert_null(law_checklist_at("fire-inspection", day("2021-04-28"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

static void test_draw_weights(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DrawWeights) weights = draw_weights_at(day("2026-11-22"), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(weights->cap, ==, 2);
    g_assert_cmpint(weights->cap_confidence, ==, LAW_TEXT);
    g_assert_cmpint(weights->tickets_confidence, ==, LAW_MEMORY);
    for (unsigned risk = 0; risk < DRAW_RISKS; risk++) {
        for (unsigned credit = 2; credit < DRAW_CREDITS; credit++) { /* worse credit, not fewer */
            g_assert_cmpuint(
                weights->tickets[risk][credit], >=, weights->tickets[risk][credit - 1]);
        }
    }
    g_assert_cmpuint(weights->tickets[4][4], ==, 8);
    g_assert_null(draw_weights_at(day("2018-01-01"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

#define WEIGHTS_HEAD                                                                               \
    "draw_weights: x\nedition: 1\nbasis: b\nvalid: {from: 2019-01-01}\ncap: 2\n"                   \
    "cap_confidence: text\ntickets_confidence: memory\ntickets:\n"
#define WEIGHTS_ROW(risk, d) "  - {risk: " risk ", ungraded: 1, A: 1, B: 1, C: 1, D: " d "}\n"
#define WEIGHTS_FOUR                                                                               \
    WEIGHTS_ROW("unknown", "1")                                                                    \
    WEIGHTS_ROW("low", "1") WEIGHTS_ROW("general", "1") WEIGHTS_ROW("higher", "1")

static void test_draw_weights_refused(void) {
    static const char *const bad[] = {
        WEIGHTS_HEAD WEIGHTS_FOUR,                           /* a grade is missing */
        WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("low", "1"),   /* one stands twice */
        WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "0"),  /* nobody is left out by the table */
        WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "65"), /* nor more than 64 */
        WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("extreme", "1"),
        "sort: x\n" WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "1"),
    };
    g_autoptr(GError) error = NULL;
    static const char good[] = WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "64");
    g_autoptr(DrawWeights) weights = draw_weights_read("good", good, strlen(good), &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) problem = NULL;
        g_assert_null(draw_weights_read("bad", bad[i], strlen(bad[i]), &problem));
        g_assert_error(problem, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/law/good", test_good);
    g_test_add_func("/law/bad", test_bad);
    g_test_add_func("/law/overlap", test_overlap);
    g_test_add_func("/law/shipped", test_shipped);
    g_test_add_func("/law/draw-weights/in-force", test_draw_weights);
    g_test_add_func("/law/draw-weights/every-grade-once", test_draw_weights_refused);
    return g_test_run();
}
