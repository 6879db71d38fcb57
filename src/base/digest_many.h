/*
 * Many short messages hashed side by side: 16, 8 or 4 of them in the lanes of one vector register
 * (AVX-512, AVX2, or what every machine has), chosen when the program runs. The hashes are those of
 * digest.h, byte for byte; only the time differs. Thread: any.
 */
#pragma once

#include "base/digest.h"

/* Bytes that fit four blocks beside the padding of FIPS 180-4 and GB/T 32905 (9 bytes at least). */
#define DIGEST_MANY_SIZE_MAX (4 * 64 - 9)

/* Messages end to end at a fixed distance: message i is sizes[i] <= DIGEST_MANY_SIZE_MAX bytes at
 * messages + i * stride. Hash i goes to ret_hashes + i * DIGEST_SIZE. Work goes by groups of the
 * width, fastest where messages of one group have the same number of blocks. */
void digest_many(DigestKind kind,
                 const uint8_t *messages,
                 size_t stride,
                 const uint8_t *sizes,
                 size_t count,
                 uint8_t *ret_hashes);

/* One message of any size in two parts (not NULL; either may be empty), and where its hash goes. */
typedef struct DigestJob {
    const void *head, *tail;
    size_t head_size, tail_size;
    uint8_t *ret_hash;
} DigestJob;
/* Long messages (above 503 bytes) are hashed one by one. A hash may lie over a message of the same
 * or an earlier job, not of a later one. */
void digest_jobs(DigestKind kind, const DigestJob *jobs, size_t count);

/* Messages hashed side by side on this machine: 16, 8 or 4. */
unsigned digest_many_width(void);
/* For tests and comparisons: use at most this width from now on (0: the best again). Not while
 * another thread hashes. */
void digest_many_limit(unsigned width);
