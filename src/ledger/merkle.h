/*
 * RFC 9162 Merkle tree arithmetic, pure: hashes, roots and the two verifications.
 * leaf = H(0x00‖d), node = H(0x01‖l‖r), empty tree = H(""). Thread: any.
 */
#pragma once

#include "base/digest.h"

void merkle_leaf(DigestKind kind, const void *bytes, size_t size, uint8_t ret_hash[DIGEST_SIZE]);
void merkle_node(DigestKind kind,
                 const uint8_t left[DIGEST_SIZE],
                 const uint8_t right[DIGEST_SIZE],
                 uint8_t ret_hash[DIGEST_SIZE]);
/* Root over `count` leaf hashes laid end to end. */
void merkle_root(DigestKind kind,
                 const uint8_t *leaf_hashes,
                 size_t count,
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
