#include "base/digest.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

struct Digest {
    EVP_MD_CTX *ctx;
    EVP_MD *algorithm;
};

Digest *digest_new(DigestKind kind) {
    Digest *digest = g_new0(Digest, 1);
    digest->ctx = EVP_MD_CTX_new();
    digest->algorithm = EVP_MD_fetch(NULL, kind == DIGEST_SM3 ? "SM3" : "SHA256", NULL);
    g_assert(digest->ctx != NULL && digest->algorithm != NULL);
    return digest;
}

void digest_free(Digest *digest) {
    if (digest == NULL) {
        return;
    }
    EVP_MD_CTX_free(digest->ctx);
    EVP_MD_free(digest->algorithm);
    g_free(digest);
}

void digest_begin(Digest *digest) {
    int done = EVP_DigestInit_ex2(digest->ctx, digest->algorithm, NULL);
    g_assert(done == 1);
}

void digest_add(Digest *digest, const void *bytes, size_t size) {
    int done = EVP_DigestUpdate(digest->ctx, bytes, size);
    g_assert(done == 1);
}

void digest_end(Digest *digest, uint8_t ret_hash[DIGEST_SIZE]) {
    unsigned size = 0;
    int done = EVP_DigestFinal_ex(digest->ctx, ret_hash, &size);
    g_assert(done == 1 && size == DIGEST_SIZE);
}

Digest *digest_own(DigestKind kind) {
    static GPrivate sha256 = G_PRIVATE_INIT((GDestroyNotify)digest_free);
    static GPrivate sm3 = G_PRIVATE_INIT((GDestroyNotify)digest_free);
    GPrivate *slot = kind == DIGEST_SM3 ? &sm3 : &sha256;
    Digest *digest = g_private_get(slot);
    if (digest == NULL) {
        digest = digest_new(kind);
        g_private_set(slot, digest);
    }
    return digest;
}

void digest_of(DigestKind kind, const void *bytes, size_t size, uint8_t ret_hash[DIGEST_SIZE]) {
    Digest *digest = digest_own(kind);
    digest_begin(digest);
    digest_add(digest, bytes, size);
    digest_end(digest, ret_hash);
}

char *hex_format(const uint8_t *bytes, size_t size) {
    char *text = g_malloc(2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

bool hex_parse(const char *text, uint8_t *ret_bytes, size_t size) {
    if (text == NULL || strlen(text) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < 2 * size; i++) {
        if (!g_ascii_isxdigit(text[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < size; i++) {
        ret_bytes[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                                 g_ascii_xdigit_value(text[2 * i + 1]));
    }
    return true;
}

void random_bytes(void *buffer, size_t size) {
    int ready = sodium_init();
    g_assert(ready >= 0);
    randombytes_buf(buffer, size);
}
