/* What the files of this room share. */
#pragma once

#include "base/error.h"
#include "job/job.h"

typedef struct JobRow {
    int64_t id;
    char *kind;
    int64_t account_id;
    char *params;
    JobState state;
    int64_t done;
    int64_t total;
    bool is_cancelled;
    char *data_dir;
    char *token;
    char *result;
    char *error;
    char *error_word;
    int64_t created_us;
    int64_t started_us;
    int64_t changed_us;
} JobRow;
void job_row_free(JobRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobRow, job_row_free)

const char *job_state_word(JobState state);
/* Event topic of one account's jobs; caller frees. */
char *job_topic(int64_t account_id);

bool job_store_add(Db *db,
                   const char *kind,
                   int64_t account_id,
                   const char *params,
                   int64_t now_us,
                   int64_t *ret_id,
                   GError **error);
/* NULL and NOT_FOUND when there is none. */
JobRow *job_store_find(Db *db, int64_t id, GError **error);
/* Array of JobRow *, newest first, ids below `before` (0: from the newest). */
GPtrArray *
job_store_list(Db *db, int64_t account_id, int64_t before, int64_t count, GError **error);
/* Takes the oldest waiting job for this node; *ret_row NULL when none waits. */
bool job_store_claim(Db *db,
                     const char *node,
                     const char *data_dir,
                     const char *token,
                     int64_t now_us,
                     JobRow **ret_row,
                     GError **error);
bool job_store_progress(
    Db *db, int64_t id, int64_t done, int64_t total, int64_t now_us, GError **error);
bool job_store_is_cancelled(Db *db, int64_t id, bool *ret_is_cancelled, GError **error);
bool job_store_ask_cancel(Db *db, int64_t id, int64_t now_us, GError **error);
/* Ends a run (or puts it back to waiting). */
typedef struct JobEnd {
    int64_t id;
    JobState state;
    int64_t done;
    int64_t total;
    const char *result;
    const char *error;
    const char *error_word;
    int64_t now_us;
} JobEnd;
bool job_store_end(Db *db, const JobEnd *end, GError **error);
/* Ids and kinds of jobs left "running" by this node, or by one that is silent since `silent_us`. */
GPtrArray *job_store_orphans(Db *db, const char *node, int64_t silent_us, GError **error);
/* Ended before `before_us`, oldest first: array of JobRow *. */
GPtrArray *job_store_old(Db *db, int64_t before_us, int64_t count, GError **error);
bool job_store_delete(Db *db, int64_t id, GError **error);

/* Progress of the runs in this process, by token: readers see it although the run may sit in one
 * long transaction. Thread: any. */
typedef struct JobLive {
    int64_t done;
    int64_t total;
    int64_t begun_us;   /* of this run */
    int64_t begun_done; /* where this run began, after a crash not 0 */
    bool is_cancelled;
} JobLive;
void job_live_begin(const char *token);
void job_live_end(const char *token);
/* False when there is no such run here. */
bool job_live_get(const char *token, JobLive *ret_live);
void job_live_set(const char *token, int64_t done, int64_t total);
bool job_live_cancel(const char *token);

/* {jobs, has_jobs, has_more, next_before} of one account, newest first. NULL on error. */
json_t *job_list_model(Db *db, int64_t account_id, int64_t before, int64_t count, GError **error);
