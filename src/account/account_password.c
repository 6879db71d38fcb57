/* argon2id behind two slots. A third sign-in waits a moment, so that three people who arrive
 * together all get in; more than that are told to try again, so that a storm of sign-ins always
 * leaves workers for everybody else. */
#include "account/account_password.h"

#include "base/digest.h"
#include "base/error.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#define HASHING_SLOTS 2
#define HASHING_WAITERS 1 /* of the four workers: two hash, one waits, one serves pages */
#define HASHING_WAIT_S 4  /* some 40 hashes */

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t slot_free = PTHREAD_COND_INITIALIZER;
static unsigned slots_taken;
static unsigned slots_waited_for;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char nobody_hash[crypto_pwhash_STRBYTES];

/* A hash that no password has, of the same cost as the real ones. */
static void prepare(void) {
    int started = sodium_init();
    g_assert(started >= 0);
    char secret[32];
    random_bytes(secret, sizeof secret);
    int made = crypto_pwhash_str(nobody_hash,
                                 secret,
                                 sizeof secret,
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE);
    g_assert(made == 0);
}

/* With the lock held: waits until a slot is free or the time is over. */
static void wait_for_slot(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HASHING_WAIT_S;
    slots_waited_for++;
    while (slots_taken == HASHING_SLOTS &&
           pthread_cond_timedwait(&slot_free, &slots_lock, &until) == 0) {
    }
    slots_waited_for--;
}

static bool take_slot(GError **error) {
    pthread_once(&once, prepare);
    pthread_mutex_lock(&slots_lock);
    if (slots_taken == HASHING_SLOTS && slots_waited_for < HASHING_WAITERS) {
        wait_for_slot();
    }
    bool taken = slots_taken < HASHING_SLOTS;
    slots_taken += taken;
    pthread_mutex_unlock(&slots_lock);
    return taken || hz_fail(error, HZ_ERROR_BUSY, "too many sign-ins at this moment");
}

static void give_slot(void) {
    pthread_mutex_lock(&slots_lock);
    slots_taken--;
    pthread_cond_signal(&slot_free);
    pthread_mutex_unlock(&slots_lock);
}

char *password_hash(const char *password, GError **error) {
    if (!take_slot(error)) {
        return NULL;
    }
    char hash[crypto_pwhash_STRBYTES];
    int made = crypto_pwhash_str(hash,
                                 password,
                                 strlen(password),
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                 crypto_pwhash_MEMLIMIT_INTERACTIVE);
    give_slot();
    if (made != 0) {
        hz_fail(error, HZ_ERROR_INTERNAL, "not enough memory to hash a password");
        return NULL;
    }
    return g_strdup(hash);
}

bool password_verify(const char *hash, const char *password, bool *ret_matches, GError **error) {
    if (!take_slot(error)) {
        return false;
    }
    const char *against = hash != NULL ? hash : nobody_hash;
    bool matches = crypto_pwhash_str_verify(against, password, strlen(password)) == 0;
    give_slot();
    *ret_matches = matches && hash != NULL;
    return true;
}

char *password_make(void) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789-";
    uint8_t random[16];
    random_bytes(random, sizeof random);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 4 == 0) {
            g_string_append_c(text, '-');
        }
        /* 31 letters: a byte of 248 and more would favour some of them. */
        while (random[i] >= 248) {
            random_bytes(&random[i], 1);
        }
        g_string_append_c(text, letters[random[i] % 31]);
    }
    return g_string_free(text, FALSE);
}
