/* Notes, checkpoints, proofs, policies, keys and tile paths from strangers: read whole or refused;
 * what is read has one form only. The first byte says what the rest is taken for. */
#include "ledger/checkpoint.h"
#include "ledger/policy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_note(const char *text, size_t size) {
    g_auto(Note) note = {0};
    Checkpoint checkpoint;
    if (note_parse(text, size, &note, NULL)) {
        g_assert_cmpuint(note.text_size, <, size);
        g_assert_true(note.text[note.text_size - 1] == '\n');
        g_assert_cmpuint(note.signatures->len, >, 0);
    }
    if (checkpoint_parse(text, size, &checkpoint, NULL) && !checkpoint.has_extensions) {
        g_autofree char *again =
            checkpoint_body(checkpoint.origin, checkpoint.size, checkpoint.root);
        g_assert_true(strlen(again) == size && memcmp(again, text, size) == 0);
    }
}

static void try_proof(const char *text, size_t size) {
    g_auto(TlogProof) proof = {0};
    if (tlog_proof_parse(text, size, &proof, NULL)) {
        g_autofree char *again = tlog_proof_format(&proof);
        g_assert_true(strlen(again) == size && memcmp(again, text, size) == 0);
    }
}

static void try_policy(const char *text, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = policy_parse(text, size, &error);
    g_assert_true((policy == NULL) == (error != NULL));
    if (policy != NULL) {
        /* More witnesses never make a quorum fail. */
        g_assert_true(policy_is_met(policy, UINT32_MAX) || !policy_is_met(policy, 0));
    }
}

static void try_small(const char *text, size_t size) {
    g_autofree char *copy = g_strndup(text, size);
    NoteKey key;
    TilePath tile;
    if (note_key_parse(copy, &key, NULL)) {
        NoteKey again;
        g_autofree char *written = note_key_format(&key);
        g_assert_true(note_key_parse(written, &again, NULL));
        g_assert_cmpstr(again.name, ==, key.name);
        g_assert_true(again.type == key.type && sign_public_equal(&again.key, &key.key));
    }
    if (tile_path_parse(copy, &tile)) {
        g_autofree char *written = tile_path_format(&tile);
        g_assert_cmpstr(written, ==, copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data + 1;
    if (size == 0) {
        return 0;
    }
    switch (data[0]) {
    case 'n':
        try_note(text, size - 1);
        break;
    case 'p':
        try_proof(text, size - 1);
        break;
    case 'q':
        try_policy(text, size - 1);
        break;
    default:
        try_small(text, size - 1);
    }
    return 0;
}
