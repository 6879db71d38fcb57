/*
 * RFC 9162 Merkle tree arithmetic, pure: hashes, roots and the two verifications.
 * leaf = H(0x00‖d), node = H(0x01‖l‖r), empty tree = H(""). Thread: any.
 */
#pragma once

#include "base/digest.h"

void merkle_leaf(DigestKind kind, const void *bytes, size_t size, uint8_t ret_hash[DIGEST_SIZE]);
/* A leaf whose bytes come in two parts, such as salt and line: H(0x00‖head‖tail). */
void merkle_leaf_joined(DigestKind kind,
                        const void *head,
                        size_t head_size,
                        const void *tail,
                        size_t tail_size,
                        uint8_t ret_hash[DIGEST_SIZE]);
void merkle_node(DigestKind kind,
                 const uint8_t left[DIGEST_SIZE],
                 const uint8_t right[DIGEST_SIZE],
                 uint8_t ret_hash[DIGEST_SIZE]);
/* Root over `count` leaf hashes laid end to end. */
void merkle_root(DigestKind kind,
                 const uint8_t *leaf_hashes,
                 size_t count,
                 uint8_t ret_root[DIGEST_SIZE]);

/* A tree that grows leaf by leaf and remembers only the perfect subtrees of its right edge:
 * peaks[l] holds 2^l leaves and is set when bit l of `size` is. At most 63 levels. */
#define MERKLE_LEVELS 63
typedef struct MerkleFrontier {
    DigestKind kind;
    uint64_t size;
    uint8_t peaks[MERKLE_LEVELS][DIGEST_SIZE];
} MerkleFrontier;

void merkle_frontier_init(MerkleFrontier *frontier, DigestKind kind);
/* Called for each inner node (level >= 1) that the new leaf completes: node `position` of `level`
 * covers the leaves position*2^level … (position+1)*2^level - 1. */
typedef void (*MerkleNodeSeen)(unsigned level,
                               uint64_t position,
                               const uint8_t hash[DIGEST_SIZE],
                               void *data);
/* `seen` may be NULL. */
void merkle_frontier_add(MerkleFrontier *frontier,
                         const uint8_t leaf_hash[DIGEST_SIZE],
                         MerkleNodeSeen seen,
                         void *data);
/* The same for many leaf hashes end to end, level by level: nodes of one level are hashed side by
 * side (base/digest_many.h), and `seen` tells them level by level. */
void merkle_frontier_add_many(MerkleFrontier *frontier,
                              const uint8_t *leaf_hashes,
                              size_t count,
                              MerkleNodeSeen seen,
                              void *data);
void merkle_frontier_root(const MerkleFrontier *frontier, uint8_t ret_root[DIGEST_SIZE]);

/* The root that leaf and proof lead to (RFC 9162 2.1.3.2 without its last comparison); false when
 * the proof has the wrong length for this place. */
bool merkle_root_from_proof(DigestKind kind,
                            uint64_t index,
                            uint64_t size,
                            const uint8_t leaf_hash[DIGEST_SIZE],
                            const uint8_t *proof,
                            size_t proof_count,
                            uint8_t ret_root[DIGEST_SIZE]);
/* RFC 9162 2.1.3.2. `proof` is `proof_count` hashes end to end. */
bool merkle_verify_inclusion(DigestKind kind,
                             uint64_t index,
                             uint64_t size,
                             const uint8_t leaf_hash[DIGEST_SIZE],
                             const uint8_t *proof,
                             size_t proof_count,
                             const uint8_t root[DIGEST_SIZE]);
/* RFC 9162 2.1.4.2. Sizes must satisfy 0 < old_size <= size (as the shared vectors want). */
bool merkle_verify_consistency(DigestKind kind,
                               uint64_t old_size,
                               uint64_t size,
                               const uint8_t old_root[DIGEST_SIZE],
                               const uint8_t root[DIGEST_SIZE],
                               const uint8_t *proof,
                               size_t proof_count);
