/* Shared by the tests of this room. */
#pragma once

#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

/* A file with one mistake: where it is reported, and words of the report. */
typedef struct LawMistake {
    const char *text, *where, *what;
} LawMistake;

static inline void test_law_mistakes(const LawMistake *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(law_book_try("x.yaml", cases[i].text, strlen(cases[i].text), &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, cases[i].where));
        g_assert_nonnull(strstr(error->message, cases[i].what));
    }
}
