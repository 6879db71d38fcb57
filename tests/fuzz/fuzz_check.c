/* Proofs and histories from strangers, as `huozheng verify` takes them: every one gets a verdict on
 * every check, and a document in words. */
#include "ledger/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GArray) given = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    g_autofree char *text = g_strndup((const char *)data, size); /* as a file is read: NUL added */
    CheckTrust trust = {.given = given};
    static const char *const kinds[] = {"proof", "history"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(Verdict) verdict = verdict_new(kinds[i]);
        bool is_valid = i == 0 ? check_proof(verdict, text, size, "file", &trust)
                               : check_history(verdict, text, size, "file", &trust);
        g_assert_true(is_valid == verdict_is_valid(verdict));
        g_autoptr(json_t) document = verdict_document(verdict);
        g_assert_nonnull(json_get_text(document, "zh", NULL));
    }
    return 0;
}
