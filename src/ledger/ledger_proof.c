/* Proofs that stand alone: made from the log, checked without it. */
#include "base/error.h"
#include "ledger/ledger_rules.h"
#include "ledger/merkle.h"

#include <string.h>

#define FORMAT "huozheng-proof/1"

static void put_hash(json_t *object, const char *key, const uint8_t hash[DIGEST_SIZE]) {
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    json_put_text(object, key, hex);
}

json_t *ledger_proof_make(Db *db, int64_t index, int64_t size, GError **error) {
    LedgerHead head;
    g_auto(LedgerRecord) record = {0};
    if (!ledger_head(db, &head, error) || !ledger_find(db, index, &record, error)) {
        return NULL;
    }
    if (size == 0) {
        size = head.size;
    }
    g_autoptr(GByteArray) proof = ledger_prove_inclusion(db, index, size, error);
    if (proof == NULL) {
        return NULL;
    }
    uint8_t root[DIGEST_SIZE];
    bool comes_out = merkle_root_from_proof(DIGEST_SHA256,
                                            (uint64_t)index,
                                            (uint64_t)size,
                                            record.leaf_hash,
                                            proof->data,
                                            proof->len / DIGEST_SIZE,
                                            root);
    /* A proof that does not lead to the head we know is not handed out. */
    if (!comes_out || (size == head.size && memcmp(root, head.root, DIGEST_SIZE) != 0)) {
        hz_fail(error,
                HZ_ERROR_CORRUPT,
                "entry %" G_GINT64_FORMAT " does not lead to the log's root",
                index);
        return NULL;
    }
    json_t *made = json_object();
    json_put_text(made, "format", FORMAT);
    json_put_int(made, "index", index);
    json_put_int(made, "size", size);
    g_autofree char *leaf = g_base64_encode((const guchar *)record.bytes, record.size);
    json_put_text(made, "leaf", leaf);
    put_hash(made, "leaf_hash", record.leaf_hash);
    json_t *steps = json_array();
    for (guint at = 0; at < proof->len; at += DIGEST_SIZE) {
        g_autofree char *hex = hex_format(proof->data + at, DIGEST_SIZE);
        json_array_append_new(steps, json_string(hex));
    }
    json_put(made, "proof", steps);
    put_hash(made, "root", root);
    return made;
}

static bool read_steps(const json_t *steps, uint8_t *ret_hashes, size_t *ret_count) {
    if (!json_is_array(steps) || json_array_size(steps) > LEDGER_PROOF_MAX) {
        return false;
    }
    *ret_count = json_array_size(steps);
    for (size_t i = 0; i < *ret_count; i++) {
        const char *hex = json_string_value(json_array_get(steps, i));
        if (!hex_parse(hex, ret_hashes + i * DIGEST_SIZE, DIGEST_SIZE)) {
            return false;
        }
    }
    return true;
}

bool ledger_proof_check(const json_t *proof, GError **error) {
    uint8_t steps[LEDGER_PROOF_MAX * DIGEST_SIZE];
    size_t count = 0;
    uint8_t leaf_hash[DIGEST_SIZE];
    uint8_t root[DIGEST_SIZE];
    const char *leaf = json_get_text(proof, "leaf", NULL);
    int64_t index = json_get_int(proof, "index", -1);
    int64_t size = json_get_int(proof, "size", -1);
    if (strcmp(json_get_text(proof, "format", ""), FORMAT) != 0 || leaf == NULL || index < 0 ||
        size < 1 || !hex_parse(json_get_text(proof, "leaf_hash", NULL), leaf_hash, DIGEST_SIZE) ||
        !hex_parse(json_get_text(proof, "root", NULL), root, DIGEST_SIZE) ||
        !read_steps(json_object_get(proof, "proof"), steps, &count)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a proof in the form %s", FORMAT);
    }
    gsize leaf_size = 0;
    g_autofree guchar *bytes = g_base64_decode(leaf, &leaf_size);
    g_auto(LedgerLeaf) parsed = {0};
    if (!ledger_leaf_parse(bytes, leaf_size, &parsed)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the leaf is not in the form fss-entry/1");
    }
    uint8_t hash[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, bytes, leaf_size, hash);
    if (memcmp(hash, leaf_hash, DIGEST_SIZE) != 0) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the leaf does not fit its hash");
    }
    if (!merkle_verify_inclusion(
            DIGEST_SHA256, (uint64_t)index, (uint64_t)size, leaf_hash, steps, count, root)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the proof does not lead to the root");
    }
    return true;
}
