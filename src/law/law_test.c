/* What law/ holds, and what is refused in it. */
#include "base/clock.h"
#include "base/error.h"
#include "law/draw_weights.h"
#include "law/law_internal.h"
#include "test_folder.h"

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

typedef struct Mistake {
    const char *text;
    const char *where; /* "x.yaml:8:9: " */
    const char *what;
} Mistake;

static void assert_mistakes(const Mistake *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(law_book_try("x.yaml", cases[i].text, strlen(cases[i].text), &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, cases[i].where));
        g_assert_nonnull(strstr(error->message, cases[i].what));
    }
}

static void test_bad(void) {
    static const Mistake cases[] = {
        {HEAD ITEM("exits", VALID "    colour: red\n"), "x.yaml:15:5: ", "\"colour\""},
        {HEAD ITEM("exits", ""), "x.yaml:8:5: ", "\"valid\" is missing"},
        {HEAD ITEM("exits", "    valid: {from: yesterday}\n"), "x.yaml:14:19: ", "yesterday"},
        {HEAD ITEM("exits", "    valid: {from: 2022-01-01, to: 2021-01-01}\n"),
         "x.yaml:14:35: ",
         "valid.to is not after"},
        {HEAD ITEM("exits", VALID) ITEM("exits", VALID), "x.yaml:15:5: ", "stands twice"},
        {HEAD ITEM("Exits 1", VALID), "x.yaml:8:9: ", "an id is of"},
        {"checklist: [\n", "x.yaml:2:1: ", ""},
        {"checklist: &a b\nedition: *a\n", "x.yaml:", "aliases"},
        {"checklist: x\nitems: {}\n", "x.yaml:1:1: ", "\"edition\" is missing"},
        /* in order but for the articles, which are not in this file */
        {HEAD ITEM("exits", VALID), "x.yaml:4:9: ", "no article \"消防法/53\""},
    };
    assert_mistakes(cases, G_N_ELEMENTS(cases));
    /* Wrong words of an enumeration and a wrong basis, made from a good file. */
    static const char *const swaps[][3] = {
        {"severity: serious", "severity: dreadful", "x.yaml:12:15: "},
        {"消防法/28", "消防法28", "x.yaml:11:13: "},
        {"消防法/28", "消防法/", "x.yaml:11:13: "},
        {"checklist: fire", "checklist: FIRE", "x.yaml:1:12: "},
        {"from: 2021-04-29, to", "from: 2021-13-29, to", "x.yaml:6:15: "}};
    for (size_t i = 0; i < G_N_ELEMENTS(swaps); i++) {
        g_autoptr(GString) text = g_string_new(HEAD ITEM("exits", VALID));
        g_assert_cmpuint(g_string_replace(text, swaps[i][0], swaps[i][1], 1), ==, 1);
        assert_mistakes(&(Mistake){text->str, swaps[i][2], ""}, 1);
    }
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
    const LawBook *book = law_book(NULL, &error);
    g_assert_no_error(error);
    const DrawWeights *weights = draw_weights_at(book, day("2026-11-22"), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(weights->entry.basis_zh, ==, "重庆消防执法改革意见六");
    g_assert_cmpuint(weights->cap, ==, 2);
    g_assert_cmpint(weights->cap_confidence, ==, LAW_TEXT);
    g_assert_cmpint(weights->entry.confidence, ==, LAW_MEMORY);
    for (unsigned risk = 0; risk < DRAW_RISKS; risk++) {
        for (unsigned credit = 2; credit < DRAW_CREDITS; credit++) { /* worse credit, not fewer */
            g_assert_cmpuint(
                weights->tickets[risk][credit], >=, weights->tickets[risk][credit - 1]);
        }
    }
    g_assert_cmpuint(weights->tickets[4][4], ==, 8);
    g_assert_null(draw_weights_at(book, day("2018-01-01"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
}

#define WEIGHTS_HEAD                                                                               \
    "draw_weights: object-draw\nedition: 1\nname: x\nbasis: [b/1]\nvalid: {from: 2019-01-01}\n"    \
    "cap: 2\ncap_confidence: text\ntickets_confidence: memory\ntickets:\n"
#define WEIGHTS_ROW(risk, d) "  - {risk: " risk ", ungraded: 1, A: 1, B: 1, C: 1, D: " d "}\n"
#define WEIGHTS_FOUR                                                                               \
    WEIGHTS_ROW("unknown", "1")                                                                    \
    WEIGHTS_ROW("low", "1") WEIGHTS_ROW("general", "1") WEIGHTS_ROW("higher", "1")

/* Nobody is left out by the table. */
static void test_draw_weights_refused(void) {
    static const Mistake cases[] = {
        {WEIGHTS_HEAD WEIGHTS_FOUR, "x.yaml:10:3: ", "no row of the risk \"high\""},
        {WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("low", "1"), "x.yaml:14:12: ", "stands twice"},
        {WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "0"), "x.yaml:14:52: ", "1 to 64"},
        {WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "65"), "x.yaml:14:52: ", "1 to 64"},
        {WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("extreme", "1"), "x.yaml:14:12: ", "extreme"},
        {"sort: x\n" WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "1"), "x.yaml:1:1: ", "sort"},
        /* in order but for the article */
        {WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "64"), "x.yaml:4:9: ", "no article \"b/1\""},
    };
    assert_mistakes(cases, G_N_ELEMENTS(cases));
}

/* --- a city over it -----------------------------------------------------------------------------
 */

static void put_file(const char *folder, const char *path, const char *text, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(full, text, (gssize)size, &error));
}

#define LIST "law/national/checklists/fire-inspection.yaml"

/* All shipped rules, and a list and a table of Zibo's own: its list has two items more. Before the
 * first use of any rule. */
static char *make_folder(void) {
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("law-XXXXXX", &error);
    g_autoptr(GArray) files = law_sources("law/", &error);
    g_assert_no_error(error);
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < files->len; i++) {
        const LawSource *file = &g_array_index(files, LawSource, i);
        put_file(folder, file->path + strlen("law/"), file->text, file->size);
        if (strcmp(file->path, LIST) == 0) {
            g_string_append_len(list, file->text, (gssize)file->size);
        }
    }
    g_string_append(list,
                    ITEM("late", "    valid: {from: 2024-07-01}\n")
                        ITEM("gone", "    valid: {from: 2021-04-29, to: 2023-01-01}\n"));
    g_autoptr(GString) table = g_string_new(WEIGHTS_HEAD WEIGHTS_FOUR WEIGHTS_ROW("high", "9"));
    g_string_replace(table, "b/1", "重庆消防执法改革意见/六", 1);
    put_file(folder, "zibo/checklists/fire.yaml", list->str, list->len);
    put_file(folder, "zibo/draw-weights.yaml", table->str, table->len);
    return folder;
}

static bool has_item(const char *city, const char *when, const char *item) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = law_book(city, &error);
    g_assert_no_error(error);
    g_autoptr(LawChecklist) list = law_checklist_of(book, "fire-inspection", day(when), &error);
    g_assert_no_error(error);
    return law_checklist_item(list, item) != NULL;
}

/* The city's list replaces the national one, also in the forms of its book; items by their days. */
static void test_city(void) {
    g_autoptr(GError) error = NULL;
    g_assert_true(has_item("zibo", "2022-12-31", "gone"));
    g_assert_false(has_item("zibo", "2022-12-31", "late"));
    g_assert_false(has_item("zibo", "2023-01-01", "gone"));
    g_assert_true(has_item("zibo", "2024-07-01", "late"));
    g_assert_false(has_item("national", "2024-07-01", "late"));
    const LawBook *zibo = law_book("zibo", &error);
    g_assert_no_error(error);
    const LawForm *form = law_form_at(zibo, "inspection-record", day("2026-11-22"), &error);
    g_assert_no_error(error);
    g_autoptr(LawChecklist) asked =
        law_field_list(law_form_field(form, "items"), day("2026-11-22"), &error);
    const LawItem *item = law_checklist_item(asked, "late");
    g_assert_cmpstr(item->basis_zh, ==, "消防法第28条、消防法第60条");
    g_assert_cmpint(item->severity, ==, LAW_SERIOUS);
    g_assert_cmpuint(draw_weights_at(zibo, day("2026-11-22"), &error)->tickets[4][4], ==, 9);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = make_folder();
    g_assert_true(law_use_folder(folder, &error));
    g_test_add_func("/law/checklist/mistakes-have-a-place", test_bad);
    g_test_add_func("/law/checklist/shipped", test_shipped);
    g_test_add_func("/law/checklist/of-a-city", test_city);
    g_test_add_func("/law/draw-weights/in-force", test_draw_weights);
    g_test_add_func("/law/draw-weights/every-grade-once", test_draw_weights_refused);
    int result = g_test_run();
    test_folder_remove(folder);
    return result;
}
