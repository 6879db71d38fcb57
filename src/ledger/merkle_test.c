/*
 * The tree against third-party vectors, against the eight-leaf roots of the reference, and against
 * the RFC's own recursive definition.
 */
#include "base/error.h"
#include "base/json.h"
#include "ledger/merkle.h"

#include <string.h>

/* RFC 9162 2.1.1, word by word. */
static void naive_root(const uint8_t *leaves, size_t count, uint8_t ret_root[DIGEST_SIZE]) {
    if (count == 0) {
        digest_of(DIGEST_SHA256, "", 0, ret_root);
        return;
    }
    if (count == 1) {
        memcpy(ret_root, leaves, DIGEST_SIZE);
        return;
    }
    size_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    uint8_t left[DIGEST_SIZE];
    uint8_t right[DIGEST_SIZE];
    naive_root(leaves, split, left);
    naive_root(leaves + split * DIGEST_SIZE, count - split, right);
    merkle_node(DIGEST_SHA256, left, right, ret_root);
}

/* RFC 9162 2.1.3.1. */
static void naive_path(const uint8_t *leaves, size_t index, size_t count, GByteArray *proof) {
    if (count == 1) {
        return;
    }
    size_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    uint8_t sibling[DIGEST_SIZE];
    if (index < split) {
        naive_path(leaves, index, split, proof);
        naive_root(leaves + split * DIGEST_SIZE, count - split, sibling);
    } else {
        naive_path(leaves + split * DIGEST_SIZE, index - split, count - split, proof);
        naive_root(leaves, split, sibling);
    }
    g_byte_array_append(proof, sibling, DIGEST_SIZE);
}

/* RFC 9162 2.1.4.1. */
static void naive_subproof(
    const uint8_t *leaves, size_t old_count, size_t count, bool is_whole, GByteArray *proof) {
    uint8_t hash[DIGEST_SIZE];
    if (old_count == count) {
        if (!is_whole) {
            naive_root(leaves, count, hash);
            g_byte_array_append(proof, hash, DIGEST_SIZE);
        }
        return;
    }
    size_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    if (old_count <= split) {
        naive_subproof(leaves, old_count, split, is_whole, proof);
        naive_root(leaves + split * DIGEST_SIZE, count - split, hash);
    } else {
        naive_subproof(
            leaves + split * DIGEST_SIZE, old_count - split, count - split, false, proof);
        naive_root(leaves, split, hash);
    }
    g_byte_array_append(proof, hash, DIGEST_SIZE);
}

#define LEAVES 64

static void fill_leaves(uint8_t leaves[LEAVES * DIGEST_SIZE]) {
    for (size_t i = 0; i < LEAVES; i++) {
        g_autofree char *text = g_strdup_printf("leaf %zu", i);
        merkle_leaf(DIGEST_SHA256, text, strlen(text), leaves + i * DIGEST_SIZE);
    }
}

static void test_eight_leaves(void) {
    /* Inputs and roots: transparency-dev/merkle, testonly/constants.go. */
    static const char *const inputs[] = {
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    };
    static const char *const roots[][2] = {
        {"e3b0c442", "b855"},
        {"6e340b9c", "a01d"},
        {"fac54203", "c125"},
        {"aeb6bcfe", "6e77"},
        {"d37ee418", "14b7"},
        {"4e3bbb1f", "64d4"},
        {"76e67dad", "7ef"},
        {"ddb89be4", "4c8c"},
        {"5dc9da79", "4328"},
    };
    uint8_t leaves[8 * DIGEST_SIZE];
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[16];
        size_t size = strlen(inputs[i]) / 2;
        g_assert_true(hex_parse(inputs[i], bytes, size));
        merkle_leaf(DIGEST_SHA256, bytes, size, leaves + i * DIGEST_SIZE);
    }
    for (size_t count = 0; count <= 8; count++) {
        uint8_t root[DIGEST_SIZE];
        merkle_root(DIGEST_SHA256, leaves, count, root);
        g_autofree char *hex = hex_format(root, DIGEST_SIZE);
        g_assert_true(g_str_has_prefix(hex, roots[count][0]));
        g_assert_true(g_str_has_suffix(hex, roots[count][1]));
    }
}

static void test_definition(void) {
    uint8_t leaves[LEAVES * DIGEST_SIZE];
    fill_leaves(leaves);
    for (size_t count = 0; count <= LEAVES; count++) {
        uint8_t expected[DIGEST_SIZE];
        uint8_t root[DIGEST_SIZE];
        naive_root(leaves, count, expected);
        merkle_root(DIGEST_SHA256, leaves, count, root);
        g_assert_cmpmem(root, DIGEST_SIZE, expected, DIGEST_SIZE);
    }
}

typedef struct Seen {
    unsigned level;
    uint64_t position;
    uint8_t hash[DIGEST_SIZE];
} Seen;

static void
note_seen(unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], void *data) {
    Seen seen = {.level = level, .position = position};
    memcpy(seen.hash, hash, DIGEST_SIZE);
    g_array_append_val((GArray *)data, seen);
}

static int compare_seen(gconstpointer left, gconstpointer right) {
    const Seen *a = left;
    const Seen *b = right;
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    return (a->position > b->position) - (a->position < b->position);
}

/* From every size on, many leaves at once make the tree that they make one by one. */
static void test_many(DigestKind kind) {
    uint8_t leaves[LEAVES * DIGEST_SIZE];
    fill_leaves(leaves);
    for (size_t begun = 0; begun < LEAVES; begun++) {
        MerkleFrontier single;
        MerkleFrontier many;
        g_autoptr(GArray) singly = g_array_new(FALSE, TRUE, sizeof(Seen));
        g_autoptr(GArray) at_once = g_array_new(FALSE, TRUE, sizeof(Seen));
        merkle_frontier_init(&single, kind);
        for (size_t i = 0; i < begun; i++) {
            merkle_frontier_add(&single, leaves + i * DIGEST_SIZE, NULL, NULL);
        }
        many = single;
        for (size_t i = begun; i < LEAVES; i++) {
            merkle_frontier_add(&single, leaves + i * DIGEST_SIZE, note_seen, singly);
        }
        merkle_frontier_add_many(
            &many, leaves + begun * DIGEST_SIZE, LEAVES - begun, note_seen, at_once);
        g_array_sort(singly, compare_seen);
        g_assert_cmpuint(at_once->len, ==, singly->len);
        for (guint i = 0; i < singly->len; i++) {
            const Seen *seen = &g_array_index(at_once, Seen, i);
            g_assert_cmpint(compare_seen(seen, &g_array_index(singly, Seen, i)), ==, 0);
            g_assert_cmpmem(
                seen->hash, DIGEST_SIZE, g_array_index(singly, Seen, i).hash, DIGEST_SIZE);
        }
        g_assert_cmpuint(many.size, ==, single.size);
        uint8_t root[DIGEST_SIZE];
        uint8_t expected[DIGEST_SIZE];
        merkle_frontier_root(&single, expected);
        merkle_frontier_root(&many, root);
        g_assert_cmpmem(root, DIGEST_SIZE, expected, DIGEST_SIZE);
    }
}

static void test_many_at_once(void) {
    test_many(DIGEST_SHA256);
    test_many(DIGEST_SM3);
}

/* A proof for one place must not pass for any other place, and no flipped bit may pass. */
static void test_inclusion(void) {
    uint8_t leaves[LEAVES * DIGEST_SIZE];
    fill_leaves(leaves);
    for (size_t size = 1; size <= LEAVES; size++) {
        uint8_t root[DIGEST_SIZE];
        naive_root(leaves, size, root);
        for (size_t index = 0; index < size; index++) {
            g_autoptr(GByteArray) proof = g_byte_array_new();
            naive_path(leaves, index, size, proof);
            const uint8_t *leaf = leaves + index * DIGEST_SIZE;
            size_t count = proof->len / DIGEST_SIZE;
            for (size_t other = 0; other <= size; other++) {
                bool passes = merkle_verify_inclusion(
                    DIGEST_SHA256, other, size, leaf, proof->data, count, root);
                g_assert_true(passes == (other == index));
            }
            if (proof->len > 0) {
                size_t byte = (index * 7 + size) % proof->len;
                proof->data[byte] ^= 0x10;
                g_assert_false(merkle_verify_inclusion(
                    DIGEST_SHA256, index, size, leaf, proof->data, count, root));
                proof->data[byte] ^= 0x10;
                g_assert_false(merkle_verify_inclusion(
                    DIGEST_SHA256, index, size, leaf, proof->data, count - 1, root));
            }
        }
    }
}

static void test_consistency(void) {
    uint8_t leaves[LEAVES * DIGEST_SIZE];
    fill_leaves(leaves);
    for (size_t size = 1; size <= LEAVES; size++) {
        uint8_t root[DIGEST_SIZE];
        naive_root(leaves, size, root);
        for (size_t old_size = 1; old_size <= size; old_size++) {
            uint8_t old_root[DIGEST_SIZE];
            naive_root(leaves, old_size, old_root);
            g_autoptr(GByteArray) proof = g_byte_array_new();
            naive_subproof(leaves, old_size, size, true, proof);
            size_t count = proof->len / DIGEST_SIZE;
            g_assert_true(merkle_verify_consistency(
                DIGEST_SHA256, old_size, size, old_root, root, proof->data, count));
            old_root[3] ^= 1;
            g_assert_false(merkle_verify_consistency(
                DIGEST_SHA256, old_size, size, old_root, root, proof->data, count));
            old_root[3] ^= 1;
            if (proof->len > 0) {
                proof->data[(size * 5 + old_size) % proof->len] ^= 1;
                g_assert_false(merkle_verify_consistency(
                    DIGEST_SHA256, old_size, size, old_root, root, proof->data, count));
            }
        }
    }
    uint8_t empty[DIGEST_SIZE];
    naive_root(leaves, 0, empty);
    g_assert_false(merkle_verify_consistency(DIGEST_SHA256, 0, 0, empty, empty, NULL, 0));
}

/* --- third-party vectors --------------------------------------------------------------------- */

/* Base64 of exactly one hash; a hash of any other length is refused, as our own reader does. */
static bool read_hash(const json_t *value, GByteArray *out) {
    const char *text = json_string_value(value);
    gsize size = 0;
    g_autofree guchar *bytes = text != NULL ? g_base64_decode(text, &size) : NULL;
    if (bytes == NULL || size != DIGEST_SIZE) {
        return false;
    }
    g_byte_array_append(out, bytes, DIGEST_SIZE);
    return true;
}

static bool read_proof(const json_t *vector, GByteArray *out) {
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(vector, "proof"), i, item) {
        if (!read_hash(item, out)) {
            return false;
        }
    }
    return true;
}

static bool passes_vector(const json_t *vector) {
    g_autoptr(GByteArray) hashes = g_byte_array_new();
    g_autoptr(GByteArray) proof = g_byte_array_new();
    bool is_inclusion = json_object_get(vector, "leafIdx") != NULL;
    if (!read_hash(json_object_get(vector, is_inclusion ? "leafHash" : "root1"), hashes) ||
        !read_hash(json_object_get(vector, is_inclusion ? "root" : "root2"), hashes) ||
        !read_proof(vector, proof)) {
        return false;
    }
    size_t count = proof->len / DIGEST_SIZE;
    if (is_inclusion) {
        return merkle_verify_inclusion(DIGEST_SHA256,
                                       (uint64_t)json_get_int(vector, "leafIdx", -1),
                                       (uint64_t)json_get_int(vector, "treeSize", -1),
                                       hashes->data,
                                       proof->data,
                                       count,
                                       hashes->data + DIGEST_SIZE);
    }
    return merkle_verify_consistency(DIGEST_SHA256,
                                     (uint64_t)json_get_int(vector, "size1", -1),
                                     (uint64_t)json_get_int(vector, "size2", -1),
                                     hashes->data,
                                     hashes->data + DIGEST_SIZE,
                                     proof->data,
                                     count);
}

static void check_folder(const char *folder, unsigned *checked, unsigned *valid) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            check_folder(path, checked, valid);
            continue;
        }
        if (!g_str_has_suffix(name, ".json")) {
            continue;
        }
        g_autofree char *text = NULL;
        gsize size = 0;
        g_autoptr(GError) error = NULL;
        g_file_get_contents(path, &text, &size, &error);
        g_assert_no_error(error);
        /* 2^64 - 1 does not fit a JSON integer here; -1 becomes the same bits. */
        g_autoptr(GString) readable = g_string_new_len(text, (gssize)size);
        g_string_replace(readable, "18446744073709551615", "-1", 0);
        g_autoptr(json_t) vector = json_read(readable->str, readable->len, &error);
        g_assert_no_error(error);
        bool expected = !json_is_true(json_object_get(vector, "wantErr"));
        if (passes_vector(vector) != expected) {
            g_error("%s: expected %s", path, expected ? "valid" : "invalid");
        }
        *checked += 1;
        *valid += expected ? 1 : 0;
    }
}

static void test_vectors(void) {
    g_autofree char *folder =
        g_build_filename(g_getenv("HUOZHENG_SOURCE") != NULL ? g_getenv("HUOZHENG_SOURCE") : ".",
                         "..",
                         "shared",
                         "data",
                         "merkle-vectors",
                         NULL);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_test_skip("../shared/data/merkle-vectors is not here");
        return;
    }
    unsigned checked = 0;
    unsigned valid = 0;
    check_folder(folder, &checked, &valid);
    g_test_message("%u vectors, %u of them valid proofs", checked, valid);
    g_assert_cmpuint(checked, >=, 90);
    g_assert_cmpuint(valid, >=, 4);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/merkle/roots-of-the-eight-standard-leaves", test_eight_leaves);
    g_test_add_func("/ledger/merkle/root-follows-the-definition", test_definition);
    g_test_add_func("/ledger/merkle/many-leaves-at-once-make-the-same-tree", test_many_at_once);
    g_test_add_func("/ledger/merkle/inclusion-passes-only-at-its-place", test_inclusion);
    g_test_add_func("/ledger/merkle/consistency-passes-only-unaltered", test_consistency);
    g_test_add_func("/ledger/merkle/third-party-vectors", test_vectors);
    return g_test_run();
}
