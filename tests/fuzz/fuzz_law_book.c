/* A rule file of law/ as a stranger may have written it: read whole or refused with its place. */
#include "law/law_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    bool good = law_book_try("fuzz.yaml", (const char *)data, size, &error);
    g_assert_true(good == (error == NULL));
    g_assert_true(good || g_str_has_prefix(error->message, "fuzz.yaml:"));
    return 0;
}
