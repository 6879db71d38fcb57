/*
 * argon2id with a bound on how many run at once. Thread: any.
 *
 * Each hash takes 64 MiB and 50 to 100 ms (libsodium's "interactive" cost, RFC 9106 section 4
 * shape). At most two run at a time; further callers are told to come back rather than to wait, so
 * that a storm of sign-ins leaves workers free for everybody who is already inside.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Caller frees. HZ_ERROR_BUSY when the slots are taken, HZ_ERROR_INTERNAL when memory is short. */
char *password_hash(const char *password, GError **error);

/* *ret_matches: `password` belongs to `hash`. With hash NULL (no such login) it takes the same time
 * and does not match. HZ_ERROR_BUSY as above. */
bool password_verify(const char *hash, const char *password, bool *ret_matches, GError **error);

/* "k7mp-2w4x-…": 80 random bits from letters and digits that cannot be mistaken. Caller frees. */
char *password_make(void);
