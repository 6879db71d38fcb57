/*
 * Signing keys and bare signatures, pure apart from randomness: Ed25519 (RFC 8032) and SM2 with SM3
 * (GB/T 32918.2). SM2 hashes the signer's ID into every signature; it is always the 16 bytes
 * "1234567812345678" of GB/T 32918.5 here, set explicitly, because OpenSSL 3's default is the empty
 * one and OpenSSL 4's is not. Thread: any; a key is only read.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum SignKind { SIGN_ED25519, SIGN_SM2 } SignKind;

#define SIGN_ED25519_PUBLIC 32 /* bytes, as RFC 8032 encodes it */
#define SIGN_SM2_PUBLIC 65     /* 0x04‖x‖y */
#define SIGN_PUBLIC_MAX 65
#define SIGN_SIGNATURE_MAX 72 /* Ed25519: 64; SM2: DER of two integers */

/* The public half as it is hashed, written and compared. */
typedef struct SignPublic {
    SignKind kind;
    uint8_t bytes[SIGN_PUBLIC_MAX];
    size_t size;
} SignPublic;
bool sign_public_equal(const SignPublic *left, const SignPublic *right);

typedef struct SignKey SignKey;

/* A new key from the kernel's randomness. */
SignKey *sign_key_new(SignKind kind);
void sign_key_free(SignKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SignKey, sign_key_free)
/* PEM (PKCS#8), without a passphrase. HZ_ERROR_INVALID when it is no such key. */
SignKey *sign_key_read(SignKind kind, const char *pem, GError **error);
/* Caller wipes and frees with sign_key_pem_free. */
char *sign_key_pem(const SignKey *key);
void sign_key_pem_free(char *pem);
const SignPublic *sign_key_public(const SignKey *key);

/* Signs; appends to `ret_signature`. HZ_ERROR_INTERNAL when the library refuses. */
bool sign_key_sign(const SignKey *key,
                   const void *message,
                   size_t size,
                   GByteArray *ret_signature,
                   GError **error);

/* False for a wrong signature, also when the public key is none. */
bool sign_verify(const SignPublic *key,
                 const void *message,
                 size_t size,
                 const uint8_t *signature,
                 size_t signature_size);
