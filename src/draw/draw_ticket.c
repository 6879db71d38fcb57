/* Keys and tickets: steps 4 and 5 of FSS-DRAW/1. */
#include "draw/draw_rules.h"

#include <string.h>

static bool made_of(const char *text, const char *alphabet, size_t size_max) {
    size_t size = text != NULL ? strlen(text) : 0;
    return size >= 1 && size <= size_max && strspn(text, alphabet) == size;
}

bool draw_id_valid(const char *id) {
    return made_of(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-", DRAW_ID_MAX);
}

bool draw_stratum_valid(const char *stratum) {
    return made_of(stratum, "0123456789abcdefghijklmnopqrstuvwxyz_-", 32);
}

static void derive(Digest *digest,
                   const char *label,
                   const uint8_t seed[DIGEST_SIZE],
                   uint8_t ret_key[DIGEST_SIZE]) {
    digest_begin(digest);
    digest_add(digest, label, strlen(label) + 1); /* the NUL belongs to the label */
    digest_add(digest, seed, DIGEST_SIZE);
    digest_end(digest, ret_key);
}

void draw_keys(DigestKind kind,
               const uint8_t commit[DIGEST_SIZE],
               const void *seed,
               size_t seed_size,
               const DrawShare *shares,
               unsigned share_count,
               DrawKeys *ret_keys) {
    static const char label[] = "FSS-SEED/1";
    g_assert(seed_size <= DRAW_SEED_MAX && share_count <= UINT8_MAX);
    g_autoptr(Digest) digest = digest_new(kind);
    digest_begin(digest);
    digest_add(digest, label, sizeof label);
    digest_add(digest, commit, DIGEST_SIZE);
    digest_add(digest, &(uint8_t){(uint8_t)seed_size}, 1);
    digest_add(digest, seed, seed_size);
    digest_add(digest, &(uint8_t){(uint8_t)share_count}, 1);
    for (unsigned i = 0; i < share_count; i++) {
        digest_add(digest, &shares[i].number, 1);
        digest_add(digest, shares[i].bytes, sizeof shares[i].bytes);
    }
    digest_end(digest, ret_keys->seed);
    derive(digest, "FSS-TARGET/1", ret_keys->seed, ret_keys->target);
    derive(digest, "FSS-INSP/1", ret_keys->seed, ret_keys->inspector);
}

void draw_ticket(Digest *digest,
                 const uint8_t target_key[DIGEST_SIZE],
                 const char *id,
                 unsigned weight,
                 uint8_t ret_ticket[DIGEST_SIZE]) {
    size_t id_size = strlen(id);
    g_assert(id_size >= 1 && id_size <= DRAW_ID_MAX && weight >= 1 && weight <= DRAW_WEIGHT_MAX);
    uint8_t message[DIGEST_SIZE + 1 + DRAW_ID_MAX + 2];
    size_t size = DIGEST_SIZE + 1 + id_size + 2;
    memcpy(message, target_key, DIGEST_SIZE);
    message[DIGEST_SIZE] = (uint8_t)id_size;
    memcpy(message + DIGEST_SIZE + 1, id, id_size);
    memset(ret_ticket, 0xff, DIGEST_SIZE);
    for (unsigned j = 0; j < weight; j++) {
        message[size - 2] = (uint8_t)(j >> 8);
        message[size - 1] = (uint8_t)j;
        uint8_t hash[DIGEST_SIZE];
        digest_begin(digest);
        digest_add(digest, message, size);
        digest_end(digest, hash);
        if (memcmp(hash, ret_ticket, DIGEST_SIZE) < 0) {
            memcpy(ret_ticket, hash, DIGEST_SIZE);
        }
    }
}
