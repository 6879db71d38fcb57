/*
 * Hashes and random bytes (OpenSSL EVP, libsodium). Thread: a Digest belongs to one thread.
 *
 * SHA-256: FIPS 180-4. SM3: GB/T 32905-2016.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 32

typedef enum DigestKind { DIGEST_SHA256, DIGEST_SM3 } DigestKind;

typedef struct Digest Digest;

/* A running hash, reusable: begin, add …, end. */
Digest *digest_new(DigestKind kind);
void digest_free(Digest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digest, digest_free)
void digest_begin(Digest *digest);
void digest_add(Digest *digest, const void *bytes, size_t size);
void digest_end(Digest *digest, uint8_t ret_hash[DIGEST_SIZE]);

/* This thread's own one, for a hash that is begun and ended at once: fetching an algorithm costs
 * more than hashing 65 bytes. Never freed by the caller. */
Digest *digest_own(DigestKind kind);

/* One shot. */
void digest_of(DigestKind kind, const void *bytes, size_t size, uint8_t ret_hash[DIGEST_SIZE]);

/* Lower-case hex; caller frees. */
char *hex_format(const uint8_t *bytes, size_t size);
/* Exactly `size` bytes from 2*size hex digits of either case; false otherwise. */
bool hex_parse(const char *text, uint8_t *ret_bytes, size_t size);

/* Unpredictable bytes from the kernel. */
void random_bytes(void *buffer, size_t size);
