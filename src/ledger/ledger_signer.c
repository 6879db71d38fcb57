#include "ledger/ledger_signer.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger_heads.h"
#include "web/log.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_S 1

struct LedgerSigner {
    char *db_url;
    char *folder;
    Db *db;           /* NULL: not reached */
    LedgerKeys *keys; /* NULL: not opened */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping; /* under lock */
};

/* What the pages of this process show. */
static pthread_mutex_t problem_lock = PTHREAD_MUTEX_INITIALIZER;
static char *problem_text;

char *ledger_signer_problem(void) {
    pthread_mutex_lock(&problem_lock);
    char *copy = g_strdup(problem_text);
    pthread_mutex_unlock(&problem_lock);
    return copy;
}

/* Logged when it changes, not every second. */
static void say(const char *text) {
    pthread_mutex_lock(&problem_lock);
    bool is_new = g_strcmp0(text, problem_text) != 0;
    if (is_new) {
        g_free(problem_text);
        problem_text = g_strdup(text);
    }
    pthread_mutex_unlock(&problem_lock);
    if (is_new && text != NULL) {
        log_problem(LOG_LEVEL_ERROR, "ledger.not_signing", "reason=%s", text);
    } else if (is_new) {
        log_event("ledger.signing", "state=%s", "ok");
    }
}

static bool sign_once(LedgerSigner *signer, GError **error) {
    int64_t now_us = clock_now_us();
    if (signer->db == NULL) {
        signer->db = db_open(signer->db_url, DB_READ_WRITE, error);
    }
    if (signer->db != NULL && signer->keys == NULL) {
        signer->keys = ledger_keys_prepare(signer->db, signer->folder, NULL, now_us, error);
    }
    return signer->keys != NULL && signer->db != NULL &&
           ledger_sign_heads(signer->db, signer->keys, now_us, NULL, error);
}

static void work(LedgerSigner *signer) {
    g_autoptr(GError) error = NULL;
    if (sign_once(signer, &error)) {
        say(NULL);
        return;
    }
    bool is_rotated = signer->keys != NULL && g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE)) {
        g_clear_pointer(&signer->db, db_close);
    }
    /* Whatever it was, the keys are looked at anew: somebody may have put them right. */
    g_clear_pointer(&signer->keys, ledger_keys_free);
    if (!is_rotated && !g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY)) {
        say(error->message);
    }
}

static bool wait_a_while(LedgerSigner *signer) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_EVERY_S;
    pthread_mutex_lock(&signer->lock);
    int result = 0;
    while (!signer->is_stopping && result == 0) {
        result = pthread_cond_timedwait(&signer->wake, &signer->lock, &until);
    }
    bool goes_on = !signer->is_stopping;
    pthread_mutex_unlock(&signer->lock);
    return goes_on;
}

static void *thread_main(void *data) {
    LedgerSigner *signer = data;
    do {
        work(signer);
    } while (wait_a_while(signer));
    return NULL;
}

LedgerSigner *ledger_signer_start(const char *db_url, const char *folder) {
    LedgerSigner *signer = g_new0(LedgerSigner, 1);
    signer->db_url = g_strdup(db_url);
    signer->folder = g_strdup(folder);
    pthread_mutex_init(&signer->lock, NULL);
    pthread_cond_init(&signer->wake, NULL);
    int failed = pthread_create(&signer->thread, NULL, thread_main, signer);
    g_assert(failed == 0);
    return signer;
}

void ledger_signer_stop(LedgerSigner *signer) {
    if (signer == NULL) {
        return;
    }
    pthread_mutex_lock(&signer->lock);
    signer->is_stopping = true;
    pthread_cond_signal(&signer->wake);
    pthread_mutex_unlock(&signer->lock);
    pthread_join(signer->thread, NULL);
    ledger_keys_free(signer->keys);
    db_close(signer->db);
    pthread_cond_destroy(&signer->wake);
    pthread_mutex_destroy(&signer->lock);
    g_free(signer->db_url);
    g_free(signer->folder);
    g_free(signer);
    pthread_mutex_lock(&problem_lock);
    g_clear_pointer(&problem_text, g_free);
    pthread_mutex_unlock(&problem_lock);
}
