/* Runs of this process. Few entries, short critical sections. */
#include "job/job_internal.h"

#include "base/clock.h"

#include <pthread.h>

static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *live_runs; /* token -> JobLive * */

void job_live_begin(const char *token) {
    JobLive *live = g_new0(JobLive, 1);
    live->begun_us = g_get_monotonic_time();
    live->begun_done = -1;
    pthread_mutex_lock(&live_lock);
    if (live_runs == NULL) {
        live_runs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    g_hash_table_insert(live_runs, g_strdup(token), live);
    pthread_mutex_unlock(&live_lock);
}

void job_live_end(const char *token) {
    pthread_mutex_lock(&live_lock);
    g_hash_table_remove(live_runs, token);
    if (g_hash_table_size(live_runs) == 0) {
        g_clear_pointer(&live_runs, g_hash_table_unref);
    }
    pthread_mutex_unlock(&live_lock);
}

static JobLive *find(const char *token) {
    return live_runs != NULL && token != NULL ? g_hash_table_lookup(live_runs, token) : NULL;
}

bool job_live_get(const char *token, JobLive *ret_live) {
    pthread_mutex_lock(&live_lock);
    const JobLive *live = find(token);
    if (live != NULL) {
        *ret_live = *live;
    }
    pthread_mutex_unlock(&live_lock);
    return live != NULL;
}

void job_live_set(const char *token, int64_t done, int64_t total) {
    pthread_mutex_lock(&live_lock);
    JobLive *live = find(token);
    if (live != NULL) {
        if (live->begun_done < 0 || done < live->begun_done) {
            live->begun_done = done;
            live->begun_us = g_get_monotonic_time();
        }
        live->done = done;
        live->total = total;
    }
    pthread_mutex_unlock(&live_lock);
}

bool job_live_cancel(const char *token) {
    pthread_mutex_lock(&live_lock);
    JobLive *live = find(token);
    if (live != NULL) {
        live->is_cancelled = true;
    }
    pthread_mutex_unlock(&live_lock);
    return live != NULL;
}
