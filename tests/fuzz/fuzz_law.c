/* A file of law/ as a stranger may have written it: read whole or refused with its line. */
#include "law/law_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LawFile) file = law_file_read("fuzz.yaml", (const char *)data, size, &error);
    g_assert_true((file == NULL) == (error != NULL));
    if (file != NULL) {
        g_autoptr(LawChecklist) checklist = law_file_at(file, 1763800000000000);
        g_assert_null(law_checklist_item(checklist, "no such item"));
    }
    return 0;
}
