#include "base/digest_many.h"

#include <string.h>

#define BLOCK 64
#define GROUP_BYTES (8 * BLOCK)
#define JOB_SIZE_MAX (GROUP_BYTES - 9)
#define WIDTH_MAX 16

static const uint32_t sha256_initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t sm3_initial[8] = {
    0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
/* T_j turned left by j: 79cc4519 for the first 16 rounds, 7a879d8a after. */
static const uint32_t sm3_constants[64] = {
    0x79cc4519, 0xf3988a32, 0xe7311465, 0xce6228cb, 0x9cc45197, 0x3988a32f, 0x7311465e, 0xe6228cbc,
    0xcc451979, 0x988a32f3, 0x311465e7, 0x6228cbce, 0xc451979c, 0x88a32f39, 0x11465e73, 0x228cbce6,
    0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c, 0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce,
    0x8a7a879d, 0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8, 0x4f50f3b1, 0x9ea1e762, 0x3d43cec5,
    0x7a879d8a, 0xf50f3b14, 0xea1e7629, 0xd43cec53, 0xa879d8a7, 0x50f3b14f, 0xa1e7629e, 0x43cec53d,
    0x879d8a7a, 0x0f3b14f5, 0x1e7629ea, 0x3cec53d4, 0x79d8a7a8, 0xf3b14f50, 0xe7629ea1, 0xcec53d43,
    0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c, 0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce,
    0x8a7a879d, 0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8, 0x4f50f3b1, 0x9ea1e762, 0x3d43cec5};

static inline uint32_t load_word(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return GUINT32_FROM_BE(word);
}

static inline void store_word(uint8_t *bytes, uint32_t word) {
    word = GUINT32_TO_BE(word);
    memcpy(bytes, &word, sizeof word);
}

#define LANES 4
#define TARGET
#define NAME(x) x##_4
#include "base/digest_lanes.inc"
#undef LANES
#undef TARGET
#undef NAME

#ifdef __x86_64__
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#define NAME(x) x##_8
#include "base/digest_lanes.inc"
#undef LANES
#undef TARGET
#undef NAME

#define LANES 16
#define TARGET __attribute__((target("avx512f")))
#define NAME(x) x##_16
#include "base/digest_lanes.inc"
#undef LANES
#undef TARGET
#undef NAME
#endif

typedef void (*HashGroup)(DigestKind kind,
                          const uint8_t blocks[][GROUP_BYTES],
                          const uint8_t *counts,
                          unsigned lanes,
                          uint8_t *ret_hashes);

static unsigned width_limit = WIDTH_MAX;

unsigned digest_many_width(void) {
#ifdef __x86_64__
    if (width_limit >= 16 && __builtin_cpu_supports("avx512f")) {
        return 16;
    }
    if (width_limit >= 8 && __builtin_cpu_supports("avx2")) {
        return 8;
    }
#endif
    return 4;
}

void digest_many_limit(unsigned width) {
    width_limit = width > 0 ? width : WIDTH_MAX;
}

static HashGroup hash_group_of(unsigned width) {
#ifdef __x86_64__
    if (width == 16) {
        return hash_group_16;
    }
    if (width == 8) {
        return hash_group_8;
    }
#endif
    g_assert(width == 4);
    return hash_group_4;
}

/* Completes a message of `size` bytes with its padding; how many blocks that makes. */
static uint8_t pad(uint8_t *blocks, size_t size) {
    size_t padded = (size + 9 + BLOCK - 1) / BLOCK * BLOCK;
    blocks[size] = 0x80;
    memset(blocks + size + 1, 0, padded - size - 1);
    store_word(blocks + padded - 4, (uint32_t)size * 8);
    return (uint8_t)(padded / BLOCK);
}

void digest_many(DigestKind kind,
                 const uint8_t *messages,
                 size_t stride,
                 const uint8_t *sizes,
                 size_t count,
                 uint8_t *ret_hashes) {
    unsigned width = digest_many_width();
    HashGroup hash_group = hash_group_of(width);
    uint8_t blocks[WIDTH_MAX][GROUP_BYTES];
    uint8_t counts[WIDTH_MAX];
    for (size_t first = 0; first < count; first += width) {
        unsigned lanes = (unsigned)MIN((size_t)width, count - first);
        for (unsigned lane = 0; lane < lanes; lane++) {
            g_assert(sizes[first + lane] <= DIGEST_MANY_SIZE_MAX);
            memcpy(blocks[lane], messages + (first + lane) * stride, sizes[first + lane]);
            counts[lane] = pad(blocks[lane], sizes[first + lane]);
        }
        hash_group(kind,
                   (const uint8_t(*)[GROUP_BYTES])blocks,
                   counts,
                   lanes,
                   ret_hashes + first * DIGEST_SIZE);
    }
}

static void hash_alone(DigestKind kind, const DigestJob *job) {
    Digest *digest = digest_own(kind);
    digest_begin(digest);
    digest_add(digest, job->head, job->head_size);
    digest_add(digest, job->tail, job->tail_size);
    digest_end(digest, job->ret_hash);
}

/* Jobs that wait for a full group. */
typedef struct Group {
    uint8_t blocks[WIDTH_MAX][GROUP_BYTES];
    uint8_t counts[WIDTH_MAX];
    uint8_t *ret_hashes[WIDTH_MAX];
    unsigned lanes;
} Group;

static void finish_group(DigestKind kind, HashGroup hash_group, Group *group) {
    uint8_t hashes[WIDTH_MAX * DIGEST_SIZE];
    if (group->lanes == 0) {
        return;
    }
    hash_group(
        kind, (const uint8_t(*)[GROUP_BYTES])group->blocks, group->counts, group->lanes, hashes);
    for (unsigned lane = 0; lane < group->lanes; lane++) {
        memcpy(group->ret_hashes[lane], hashes + (size_t)lane * DIGEST_SIZE, DIGEST_SIZE);
    }
    group->lanes = 0;
}

void digest_jobs(DigestKind kind, const DigestJob *jobs, size_t count) {
    unsigned width = digest_many_width();
    HashGroup hash_group = hash_group_of(width);
    Group group;
    group.lanes = 0;
    for (size_t i = 0; i < count; i++) {
        const DigestJob *job = &jobs[i];
        size_t size = job->head_size + job->tail_size;
        if (size > JOB_SIZE_MAX) {
            hash_alone(kind, job);
            continue;
        }
        uint8_t *blocks = group.blocks[group.lanes];
        memcpy(blocks, job->head, job->head_size);
        memcpy(blocks + job->head_size, job->tail, job->tail_size);
        group.counts[group.lanes] = pad(blocks, size);
        group.ret_hashes[group.lanes] = job->ret_hash;
        if (++group.lanes == width) {
            finish_group(kind, hash_group, &group);
        }
    }
    finish_group(kind, hash_group, &group);
}
