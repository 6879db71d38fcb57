#include "ledger/sign_key.h"

#include "base/error.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <string.h>

/* Sixteen bytes: the NUL of the literal does not belong to the ID. */
static const char sm2_id[] = "1234567812345678";
#define SM2_ID_SIZE (sizeof sm2_id - 1)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)

struct SignKey {
    EVP_PKEY *pkey;
    SignPublic public;
};

bool sign_public_equal(const SignPublic *left, const SignPublic *right) {
    return left->kind == right->kind && left->size == right->size &&
           memcmp(left->bytes, right->bytes, left->size) == 0;
}

static const char *name_of(SignKind kind) {
    return kind == SIGN_SM2 ? "SM2" : "ED25519";
}

static bool read_public(const EVP_PKEY *pkey, SignKind kind, SignPublic *ret_public) {
    SignPublic public = {.kind = kind};
    if (kind == SIGN_ED25519) {
        public.size = SIGN_ED25519_PUBLIC;
        if (EVP_PKEY_get_raw_public_key(pkey, public.bytes, &public.size) != 1 ||
            public.size != SIGN_ED25519_PUBLIC) {
            return false;
        }
    } else {
        unsigned char *point = NULL;
        size_t size = EVP_PKEY_get1_encoded_public_key((EVP_PKEY *)pkey, &point);
        bool is_point = size == SIGN_SM2_PUBLIC && point[0] == 0x04;
        if (is_point) {
            memcpy(public.bytes, point, size);
            public.size = size;
        }
        OPENSSL_free(point);
        if (!is_point) {
            return false;
        }
    }
    *ret_public = public;
    return true;
}

/* Takes `pkey` over. NULL when it is not of this kind. */
static SignKey *key_of(EVP_PKEY *pkey, SignKind kind) {
    SignKey *key = g_new0(SignKey, 1);
    key->pkey = pkey;
    if (pkey == NULL || !EVP_PKEY_is_a(pkey, name_of(kind)) ||
        !read_public(pkey, kind, &key->public)) {
        sign_key_free(key);
        return NULL;
    }
    return key;
}

SignKey *sign_key_new(SignKind kind) {
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, name_of(kind), NULL);
    EVP_PKEY *pkey = NULL;
    bool made = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1;
    SignKey *key = made ? key_of(pkey, kind) : NULL;
    g_assert(key != NULL); /* the algorithms are compiled in; only memory could be missing */
    return key;
}

void sign_key_free(SignKey *key) {
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        g_free(key);
    }
}

SignKey *sign_key_read(SignKind kind, const char *pem, GError **error) {
    g_autoptr(BIO) bio = BIO_new_mem_buf(pem, (int)strlen(pem));
    /* "" as passphrase: never ask a terminal for one. */
    EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
    SignKey *key = key_of(pkey, kind);
    if (key == NULL) {
        ERR_clear_error();
        hz_fail(error, HZ_ERROR_INVALID, "not a private %s key in PEM form", name_of(kind));
    }
    return key;
}

char *sign_key_pem(const SignKey *key) {
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    bool written = bio != NULL &&
                   PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
    g_assert(written);
    char *text = NULL;
    long size = BIO_get_mem_data(bio, &text);
    return g_strndup(text, (gsize)size);
}

void sign_key_pem_free(char *pem) {
    if (pem != NULL) {
        OPENSSL_cleanse(pem, strlen(pem));
        g_free(pem);
    }
}

const SignPublic *sign_key_public(const SignKey *key) {
    return &key->public;
}

static const EVP_MD *digest_for(SignKind kind) {
    return kind == SIGN_SM2 ? EVP_sm3() : NULL; /* Ed25519 hashes by itself */
}

static bool set_id(EVP_PKEY_CTX *ctx, SignKind kind) {
    return kind != SIGN_SM2 || EVP_PKEY_CTX_set1_id(ctx, sm2_id, SM2_ID_SIZE) == 1;
}

bool sign_key_sign(const SignKey *key,
                   const void *message,
                   size_t size,
                   GByteArray *ret_signature,
                   GError **error) {
    SignKind kind = key->public.kind;
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL; /* belongs to ctx */
    uint8_t signature[SIGN_SIGNATURE_MAX + 8];
    size_t signature_size = sizeof signature;
    bool done = ctx != NULL &&
                EVP_DigestSignInit(ctx, &pkey_ctx, digest_for(kind), NULL, key->pkey) == 1 &&
                set_id(pkey_ctx, kind) &&
                EVP_DigestSign(ctx, signature, &signature_size, message, size) == 1;
    if (!done) {
        unsigned long code = ERR_get_error();
        ERR_clear_error();
        return hz_fail(error,
                       HZ_ERROR_INTERNAL,
                       "signing with %s failed: %s",
                       name_of(kind),
                       code != 0 ? ERR_reason_error_string(code) : "no reason given");
    }
    g_byte_array_append(ret_signature, signature, (guint)signature_size);
    return true;
}

static EVP_PKEY *sm2_public(const SignPublic *key) {
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    EVP_PKEY *pkey = NULL;
    char group[] = "SM2";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)key->bytes, key->size),
        OSSL_PARAM_construct_end(),
    };
    bool done = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
    return done ? pkey : NULL;
}

static EVP_PKEY *public_key(const SignPublic *key) {
    if (key->kind == SIGN_ED25519) {
        return key->size == SIGN_ED25519_PUBLIC
                   ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, key->size)
                   : NULL;
    }
    bool is_point = key->size == SIGN_SM2_PUBLIC && key->bytes[0] == 0x04;
    return is_point ? sm2_public(key) : NULL;
}

bool sign_verify(const SignPublic *key,
                 const void *message,
                 size_t size,
                 const uint8_t *signature,
                 size_t signature_size) {
    g_autoptr(EVP_PKEY) pkey = public_key(key);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey_ctx = NULL;
    bool is_valid = pkey != NULL && ctx != NULL &&
                    EVP_DigestVerifyInit(ctx, &pkey_ctx, digest_for(key->kind), NULL, pkey) == 1 &&
                    set_id(pkey_ctx, key->kind) &&
                    EVP_DigestVerify(ctx, signature, signature_size, message, size) == 1;
    ERR_clear_error(); /* a wrong signature is an answer, not a failure to report later */
    return is_valid;
}
