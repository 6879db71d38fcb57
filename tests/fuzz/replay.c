/* Runs a fuzz target over its seed corpus as an ordinary test, for compilers without libFuzzer:
 * program "replay_x" reads tests/fuzz/corpus/fuzz_x and tests/fuzz/regression/fuzz_x. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_folder(const char *source, const char *kind, const char *target) {
    g_autofree char *folder = g_strdup_printf("%s/tests/fuzz/%s/fuzz_%s", source, kind, target);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned count = 0;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL; count++) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        gsize size = 0;
        g_assert_true(g_file_get_contents(path, &text, &size, NULL));
        LLVMFuzzerTestOneInput((const uint8_t *)text, size);
    }
    return count;
}

static void test_replay(const void *data) {
    const char *target = data;
    const char *source = g_getenv("HUOZHENG_SOURCE");
    source = source != NULL ? source : ".";
    unsigned count = replay_folder(source, "corpus", target);
    g_assert_cmpuint(count, >, 0);
    count += replay_folder(source, "regression", target);
    g_test_message("%u inputs", count);
}

int main(int argc, char **argv) {
    const char *mark = strstr(argv[0], "replay_");
    g_assert_nonnull(mark);
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func(
        "/fuzz/every-kept-input-is-survived", mark + strlen("replay_"), test_replay);
    return g_test_run();
}
