/* The sensing room on both engines. */
#include "sensing/sensing.h"

static void test_words(void) {
    EdgeKind found = EDGE_KIND_COUNT;
    for (EdgeKind kind = EDGE_FIRE; kind < EDGE_KIND_COUNT; kind++) {
        g_assert_true(edge_kind_parse(edge_kind_word(kind), &found));
        g_assert_cmpint(found, ==, kind);
        g_assert_cmpint(g_utf8_strlen(edge_kind_name_zh(kind), -1), >, 1);
    }
    g_assert_false(edge_kind_parse("fires", &found));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sensing/words", test_words);
    return g_test_run();
}
