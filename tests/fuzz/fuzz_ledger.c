/* A proof file or a leaf from a stranger: read whole or refused; what is read has one form only. */
#include "ledger/ledger_rules.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(json_t) proof = json_read((const char *)data, size, NULL);
    if (proof != NULL) {
        g_autoptr(GError) error = NULL;
        g_assert_true(ledger_proof_check(proof, &error) == (error == NULL));
    }
    g_auto(LedgerLeaf) leaf = {0};
    if (ledger_leaf_parse(data, size, &leaf)) {
        /* No value holds a line break: nothing can pass for a line of its own. */
        g_assert_null(strpbrk(leaf.actor, "\r\n "));
        g_assert_null(strpbrk(leaf.object, "\r\n "));
        g_assert_null(strpbrk(leaf.type, "\r\n "));
    }
    return 0;
}
