/* Roots and proofs of either tree, from stored nodes: O(log n) look-ups. */
#include "base/error.h"
#include "ledger/ledger_internal.h"

#include <string.h>

/* Largest power of two smaller than `count` (> 1). */
static uint64_t split_of(uint64_t count) {
    uint64_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    return split;
}

/* One tree of a database. */
typedef struct Tree {
    Db *db;
    DigestKind kind;
} Tree;

/* Root of the leaves start … start+count-1, where start is a multiple of the power of two that is
 * not smaller than count. Only the right edge is not a stored node. */
static bool range_hash(const Tree *tree,
                       uint64_t start,
                       uint64_t count,
                       uint8_t ret_hash[DIGEST_SIZE],
                       GError **error) {
    if ((count & (count - 1)) == 0) {
        unsigned level = 0;
        while ((count >> level) > 1) {
            level++;
        }
        return ledger_store_node(tree->db, tree->kind, level, start >> level, ret_hash, error);
    }
    uint64_t split = split_of(count);
    uint8_t left[DIGEST_SIZE];
    uint8_t right[DIGEST_SIZE];
    if (!range_hash(tree, start, split, left, error) ||
        !range_hash(tree, start + split, count - split, right, error)) {
        return false;
    }
    merkle_node(tree->kind, left, right, ret_hash);
    return true;
}

static bool
push_range(const Tree *tree, uint64_t start, uint64_t count, GByteArray *steps, GError **error) {
    uint8_t hash[DIGEST_SIZE];
    if (!range_hash(tree, start, count, hash, error)) {
        return false;
    }
    g_byte_array_append(steps, hash, DIGEST_SIZE);
    return true;
}

/* Collected from the root downwards; proofs run from the leaf upwards. */
static GByteArray *reversed(const GByteArray *steps) {
    GByteArray *proof = g_byte_array_new();
    for (guint at = steps->len; at > 0; at -= DIGEST_SIZE) {
        g_byte_array_append(proof, steps->data + at - DIGEST_SIZE, DIGEST_SIZE);
    }
    return proof;
}

/* The tree of `size` leaves must have been. */
static bool check_size(Db *db, int64_t size, GError **error) {
    LedgerHead head;
    if (!ledger_head(db, &head, error)) {
        return false;
    }
    if (size < 1 || size > head.size) {
        return hz_fail(error,
                       HZ_ERROR_NOT_FOUND,
                       "there was no tree of %" G_GINT64_FORMAT " entries; it has %" G_GINT64_FORMAT
                       " now",
                       size,
                       head.size);
    }
    return true;
}

bool ledger_root_at(
    Db *db, DigestKind kind, int64_t size, uint8_t ret_root[DIGEST_SIZE], GError **error) {
    const Tree tree = {db, kind};
    if (size == 0) {
        digest_of(kind, "", 0, ret_root);
        return true;
    }
    return check_size(db, size, error) && range_hash(&tree, 0, (uint64_t)size, ret_root, error);
}

GByteArray *ledger_prove_in(Db *db, DigestKind kind, int64_t index, int64_t size, GError **error) {
    const Tree tree = {db, kind};
    if (!check_size(db, size, error)) {
        return NULL;
    }
    if (index < 0 || index >= size) {
        hz_fail(error,
                HZ_ERROR_NOT_FOUND,
                "entry %" G_GINT64_FORMAT " is not in the tree of %" G_GINT64_FORMAT,
                index,
                size);
        return NULL;
    }
    g_autoptr(GByteArray) steps = g_byte_array_new();
    uint64_t start = 0;
    uint64_t count = (uint64_t)size;
    while (count > 1) {
        uint64_t split = split_of(count);
        bool goes_left = (uint64_t)index < start + split;
        bool pushed = goes_left ? push_range(&tree, start + split, count - split, steps, error)
                                : push_range(&tree, start, split, steps, error);
        if (!pushed) {
            return NULL;
        }
        start = goes_left ? start : start + split;
        count = goes_left ? split : count - split;
    }
    return reversed(steps);
}

GByteArray *ledger_prove_inclusion(Db *db, int64_t index, int64_t size, GError **error) {
    return ledger_prove_in(db, DIGEST_SHA256, index, size, error);
}

GByteArray *ledger_prove_consistency(Db *db, int64_t old_size, int64_t size, GError **error) {
    const Tree tree = {db, DIGEST_SHA256};
    if (!check_size(db, size, error)) {
        return NULL;
    }
    if (old_size < 1 || old_size > size) {
        hz_fail(error, HZ_ERROR_INVALID, "the old size is not between 1 and the new size");
        return NULL;
    }
    g_autoptr(GByteArray) steps = g_byte_array_new();
    uint64_t start = 0;
    uint64_t count = (uint64_t)size;
    uint64_t end = (uint64_t)old_size; /* the old tree's right edge */
    while (end != start + count) {
        uint64_t split = split_of(count);
        bool goes_left = end <= start + split;
        bool pushed = goes_left ? push_range(&tree, start + split, count - split, steps, error)
                                : push_range(&tree, start, split, steps, error);
        if (!pushed) {
            return NULL;
        }
        start = goes_left ? start : start + split;
        count = goes_left ? split : count - split;
    }
    /* The old tree's own root is known to the asker and left out. */
    if (start > 0 && !push_range(&tree, start, count, steps, error)) {
        return NULL;
    }
    return reversed(steps);
}
