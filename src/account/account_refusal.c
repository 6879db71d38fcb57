/*
 * Every refusal leaves a mark. A sender gets ten rows a minute; what it sends beyond them is
 * counted and lands in one further row, so that a flood cannot fill the disk.
 */
#include "account/account.h"
#include "account/account_jobs.h"
#include "account/account_store.h"

#include <pthread.h>
#include <string.h>

#define ROWS_PER_MINUTE 10
#define ROWS_PER_MINUTE_ALL 300 /* over all senders */
#define SENDERS_MAX 4096        /* senders told apart within a minute; the rest share one line */
#define MINUTE_US (60 * CLOCK_SECOND_US)

typedef struct Sender {
    unsigned rows;
    int64_t more; /* counted, not yet written */
} Sender;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *senders; /* address -> Sender */
static int64_t minute_us;
static unsigned rows_in_minute;

static Sender *sender_of(const char *peer) {
    if (senders == NULL) {
        senders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    const char *key =
        g_hash_table_size(senders) < SENDERS_MAX || g_hash_table_contains(senders, peer) ? peer
                                                                                         : "*";
    Sender *sender = g_hash_table_lookup(senders, key);
    if (sender == NULL) {
        sender = g_new0(Sender, 1);
        g_hash_table_insert(senders, g_strdup(key), sender);
    }
    return sender;
}

/* A new minute: senders that owe no count are forgotten. */
static void turn_minute(int64_t now_us) {
    if (now_us - minute_us < MINUTE_US && now_us >= minute_us) {
        return;
    }
    minute_us = now_us;
    rows_in_minute = 0;
    GHashTableIter iter;
    void *value;
    if (senders == NULL) {
        return;
    }
    g_hash_table_iter_init(&iter, senders);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Sender *sender = value;
        sender->rows = 0;
        if (sender->more == 0) {
            g_hash_table_iter_remove(&iter);
        }
    }
}

bool refusal_admit(const char *peer, int64_t now_us, int64_t *ret_more) {
    pthread_mutex_lock(&lock);
    turn_minute(now_us);
    Sender *sender = sender_of(peer);
    bool admitted = sender->rows < ROWS_PER_MINUTE && rows_in_minute < ROWS_PER_MINUTE_ALL;
    if (admitted) {
        sender->rows++;
        rows_in_minute++;
        *ret_more = sender->more;
        sender->more = 0;
    } else {
        sender->more++;
    }
    pthread_mutex_unlock(&lock);
    return admitted;
}

/* Takes what is still owed: address -> count. */
static GHashTable *take_owed(void) {
    GHashTable *owed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter iter;
    void *key, *value;
    pthread_mutex_lock(&lock);
    if (senders != NULL) {
        g_hash_table_iter_init(&iter, senders);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
            Sender *sender = value;
            if (sender->more > 0) {
                g_hash_table_insert(
                    owed, g_strdup(key), g_memdup2(&sender->more, sizeof sender->more));
                sender->more = 0;
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return owed;
}

bool account_refusals_job(Db *db, int64_t now_us, GError **error) {
    g_autoptr(GHashTable) owed = take_owed();
    GHashTableIter iter;
    void *key, *value;
    g_hash_table_iter_init(&iter, owed);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        Refusal refusal = {
            .login = "", .method = "", .path = "", .reason = "更多拒绝，只计数", .peer = key};
        if (!refusal_store_add(db, &refusal, *(int64_t *)value, now_us, error)) {
            return false;
        }
    }
    return true;
}

bool refusal_store(Db *db, const Refusal *refusal, int64_t now_us, GError **error) {
    int64_t more = 0;
    return !refusal_admit(refusal->peer, now_us, &more) ||
           refusal_store_add(db, refusal, more, now_us, error);
}
