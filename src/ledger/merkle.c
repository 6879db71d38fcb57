#include "ledger/merkle.h"

#include "base/digest_many.h"

#include <string.h>

#define PAIRS_AT_ONCE 64
#define LEAVES_AT_ONCE 4096 /* of a whole tree: 128 KiB of hashes */

void merkle_leaf_joined(DigestKind kind,
                        const void *head,
                        size_t head_size,
                        const void *tail,
                        size_t tail_size,
                        uint8_t ret_hash[DIGEST_SIZE]) {
    Digest *digest = digest_own(kind);
    digest_begin(digest);
    digest_add(digest, "\x00", 1);
    digest_add(digest, head, head_size);
    digest_add(digest, tail, tail_size);
    digest_end(digest, ret_hash);
}

void merkle_leaf(DigestKind kind, const void *bytes, size_t size, uint8_t ret_hash[DIGEST_SIZE]) {
    merkle_leaf_joined(kind, "", 0, bytes, size, ret_hash);
}

void merkle_node(DigestKind kind,
                 const uint8_t left[DIGEST_SIZE],
                 const uint8_t right[DIGEST_SIZE],
                 uint8_t ret_hash[DIGEST_SIZE]) {
    uint8_t message[1 + 2 * DIGEST_SIZE] = {0x01};
    memcpy(message + 1, left, DIGEST_SIZE);
    memcpy(message + 1 + DIGEST_SIZE, right, DIGEST_SIZE);
    Digest *digest = digest_own(kind);
    digest_begin(digest);
    digest_add(digest, message, sizeof message);
    digest_end(digest, ret_hash);
}

void merkle_root(DigestKind kind,
                 const uint8_t *leaf_hashes,
                 size_t count,
                 uint8_t ret_root[DIGEST_SIZE]) {
    MerkleFrontier frontier;
    merkle_frontier_init(&frontier, kind);
    for (size_t first = 0; first < count; first += LEAVES_AT_ONCE) {
        merkle_frontier_add_many(&frontier,
                                 leaf_hashes + first * DIGEST_SIZE,
                                 MIN(count - first, LEAVES_AT_ONCE),
                                 NULL,
                                 NULL);
    }
    merkle_frontier_root(&frontier, ret_root);
}

void merkle_frontier_init(MerkleFrontier *frontier, DigestKind kind) {
    frontier->kind = kind;
    frontier->size = 0;
}

void merkle_frontier_add(MerkleFrontier *frontier,
                         const uint8_t leaf_hash[DIGEST_SIZE],
                         MerkleNodeSeen seen,
                         void *data) {
    uint8_t hash[DIGEST_SIZE];
    memcpy(hash, leaf_hash, DIGEST_SIZE);
    unsigned level = 0;
    /* Each set bit is a perfect left sibling: join it, as a carry runs through a binary number. */
    for (; frontier->size >> level & 1; level++) {
        merkle_node(frontier->kind, frontier->peaks[level], hash, hash);
        if (seen != NULL) {
            seen(level + 1, frontier->size >> (level + 1), hash, data);
        }
    }
    g_assert(level < MERKLE_LEVELS);
    memcpy(frontier->peaks[level], hash, DIGEST_SIZE);
    frontier->size++;
}

/* The parents of `count` pairs of hashes end to end. They may lie over the pairs from the first
 * pair's second hash on, since a parent is never written before its pair was read. */
static void hash_pairs(DigestKind kind, const uint8_t *pairs, size_t count, uint8_t *ret_hashes) {
    DigestJob jobs[PAIRS_AT_ONCE] = {0};
    for (size_t first = 0; first < count; first += PAIRS_AT_ONCE) {
        size_t some = MIN(count - first, PAIRS_AT_ONCE);
        for (size_t i = 0; i < some; i++) {
            jobs[i] = (DigestJob){.head = "\x01",
                                  .head_size = 1,
                                  .tail = pairs + (first + i) * 2 * DIGEST_SIZE,
                                  .tail_size = (size_t)2 * DIGEST_SIZE,
                                  .ret_hash = ret_hashes + (first + i) * DIGEST_SIZE};
        }
        digest_jobs(kind, jobs, some);
    }
}

void merkle_frontier_add_many(MerkleFrontier *frontier,
                              const uint8_t *leaf_hashes,
                              size_t count,
                              MerkleNodeSeen seen,
                              void *data) {
    /* One level's new nodes lie behind a slot for the left sibling that was there before. */
    g_autofree uint8_t *row = g_malloc((count + 1) * DIGEST_SIZE);
    uint8_t *first = row + DIGEST_SIZE;
    memcpy(first, leaf_hashes, count * DIGEST_SIZE);
    size_t fresh = count;
    for (unsigned level = 0; fresh > 0; level++) {
        g_assert(level < MERKLE_LEVELS);
        bool has_left = (frontier->size >> level & 1) != 0;
        const uint8_t *from = has_left ? row : first;
        size_t all = fresh + (has_left ? 1 : 0);
        if (has_left) {
            memcpy(row, frontier->peaks[level], DIGEST_SIZE);
        }
        if (all % 2 != 0) {
            memcpy(frontier->peaks[level], from + (all - 1) * DIGEST_SIZE, DIGEST_SIZE);
        }
        fresh = all / 2;
        hash_pairs(frontier->kind, from, fresh, first);
        for (size_t i = 0; seen != NULL && i < fresh; i++) {
            seen(level + 1, (frontier->size >> (level + 1)) + i, first + i * DIGEST_SIZE, data);
        }
    }
    frontier->size += count;
}

void merkle_frontier_root(const MerkleFrontier *frontier, uint8_t ret_root[DIGEST_SIZE]) {
    if (frontier->size == 0) {
        digest_of(frontier->kind, "", 0, ret_root);
        return;
    }
    bool is_first = true;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((frontier->size >> level & 1) == 0) {
            continue;
        }
        if (is_first) {
            memcpy(ret_root, frontier->peaks[level], DIGEST_SIZE);
            is_first = false;
        } else {
            merkle_node(frontier->kind, frontier->peaks[level], ret_root, ret_root);
        }
    }
}

bool merkle_root_from_proof(DigestKind kind,
                            uint64_t index,
                            uint64_t size,
                            const uint8_t leaf_hash[DIGEST_SIZE],
                            const uint8_t *proof,
                            size_t proof_count,
                            uint8_t ret_root[DIGEST_SIZE]) {
    if (index >= size) {
        return false;
    }
    uint64_t node = index;
    uint64_t last = size - 1;
    uint8_t hash[DIGEST_SIZE];
    memcpy(hash, leaf_hash, DIGEST_SIZE);
    for (size_t i = 0; i < proof_count; i++) {
        const uint8_t *sibling = proof + i * DIGEST_SIZE;
        if (last == 0) {
            return false;
        }
        if ((node & 1) != 0 || node == last) {
            merkle_node(kind, sibling, hash, hash);
            /* On the right edge: levels where this node has no sibling carry no hash. */
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(kind, hash, sibling, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0) {
        return false;
    }
    memcpy(ret_root, hash, DIGEST_SIZE);
    return true;
}

bool merkle_verify_inclusion(DigestKind kind,
                             uint64_t index,
                             uint64_t size,
                             const uint8_t leaf_hash[DIGEST_SIZE],
                             const uint8_t *proof,
                             size_t proof_count,
                             const uint8_t root[DIGEST_SIZE]) {
    uint8_t hash[DIGEST_SIZE];
    return merkle_root_from_proof(kind, index, size, leaf_hash, proof, proof_count, hash) &&
           memcmp(hash, root, DIGEST_SIZE) == 0;
}

bool merkle_verify_consistency(DigestKind kind,
                               uint64_t old_size,
                               uint64_t size,
                               const uint8_t old_root[DIGEST_SIZE],
                               const uint8_t root[DIGEST_SIZE],
                               const uint8_t *proof,
                               size_t proof_count) {
    if (old_size == 0 || old_size > size) {
        return false;
    }
    if (old_size == size) {
        return proof_count == 0 && memcmp(old_root, root, DIGEST_SIZE) == 0;
    }
    /* RFC 9162 2.1.4.2 step 2: a power of two is its own first hash and is left out of the proof.
     */
    bool is_power = (old_size & (old_size - 1)) == 0;
    if (proof_count == 0 && !is_power) {
        return false;
    }
    const uint8_t *first = is_power ? old_root : proof;
    size_t next = is_power ? 0 : 1;
    uint64_t node = old_size - 1;
    uint64_t last = size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    uint8_t old_hash[DIGEST_SIZE];
    uint8_t hash[DIGEST_SIZE];
    memcpy(old_hash, first, DIGEST_SIZE);
    memcpy(hash, first, DIGEST_SIZE);
    for (; next < proof_count; next++) {
        const uint8_t *sibling = proof + next * DIGEST_SIZE;
        if (last == 0) {
            return false;
        }
        if ((node & 1) != 0 || node == last) {
            merkle_node(kind, sibling, old_hash, old_hash);
            merkle_node(kind, sibling, hash, hash);
            while ((node & 1) == 0 && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(kind, hash, sibling, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(old_hash, old_root, DIGEST_SIZE) == 0 &&
           memcmp(hash, root, DIGEST_SIZE) == 0;
}
