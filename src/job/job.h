/*
 * Long work in the background: one job thread with its own connection takes jobs from a table,
 * reports progress into it and leaves the result there, so that a person can close the page and
 * come back.
 *
 * A job that was running when the process died is found at start: kinds that can go on continue,
 * others become "interrupted" with a sentence that says what was kept.
 * Thread: job_add, job_cancel and the models on any thread with its own Db; job_progress only
 * inside a run.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"
#include "web/module.h"
#include "web/web.h"

extern const Module job_module;

typedef struct Job Job;

typedef enum JobState {
    JOB_WAITING,
    JOB_RUNNING,
    JOB_DONE,
    JOB_FAILED,
    JOB_INTERRUPTED,
    JOB_CANCELLED,
    JOB_STATE_COUNT
} JobState;

/* Does the work. `params` is what job_add got. Result JSON (owned by the caller) in *ret_result;
 * it may be set also on failure. What job pages understand of a result, all optional:
 *   "text_zh"   one sentence
 *   "facts"     [{"name", "value"}]
 *   "files"     [{"name", "label_zh", "mime"}]: in job_folder, for the owner only
 *   "links"     [{"href", "label_zh"}]
 *   "error_zh"  why it failed, for a person */
typedef bool (*JobRun)(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error);
typedef struct JobKind {
    const char *name; /* "import", "export" */
    JobRun run;
    bool resumes; /* run again from the start after a crash; the kind skips what is done */
} JobKind;

/* Adds a job in the caller's transaction (or alone). `account_id` owns it. params["title"] is its
 * name on pages; params["page"], if set, is the path that shows it instead of /work/jobs/{id}. */
bool job_add(Db *db,
             const char *kind,
             int64_t account_id,
             const json_t *params,
             int64_t *ret_id,
             GError **error);
/* The owner wants it to stop: a waiting job is cancelled at once, a running one at its next
 * job_progress. NOT_FOUND when it is not this account's, CONFLICT when it has ended. */
bool job_cancel(Db *db, int64_t id, int64_t account_id, GError **error);

/* From inside a run. Cheap to call often: written at most twice a second. False once a person has
 * cancelled the job or the server stops: the run should stop and return HZ_ERROR_CONFLICT. Works
 * inside a transaction too: readers in this process see it at once. */
bool job_progress(Job *job, int64_t done, int64_t total);
/* After job_progress was false: a person cancelled it (else the server stops). */
bool job_is_cancelled(const Job *job);
int64_t job_id(const Job *job);
int64_t job_account(const Job *job);
/* The job's own folder for files (made on demand): "<data dir>/jobs/<id>". Borrowed. */
const char *job_folder(Job *job);

/* View model of one job for pages: {id, kind, title, page, state, state_zh, state_icon,
 * state_class, done, total, done_zh, total_zh, percent, rate, rate_zh, remaining_zh, is_running
 * (waiting or running), is_done, result, text_zh, error_zh, error, created_zh, account_id}. NULL
 * and *error if there is none. */
json_t *job_model(Db *db, int64_t id, GError **error);
/* Same, NOT_FOUND when it is not this account's. */
json_t *job_model_of(Db *db, int64_t id, int64_t account_id, GError **error);
/* A file of a job as its result lists it, for its owner; 404 for everybody and everything else. */
Response *job_file_response(Db *db, int64_t id, int64_t account_id, const char *name);

/* Starts the job thread; periodic jobs of the rooms run on it too. `kinds` ends with NULL;
 * `server` may be NULL. */
typedef struct JobRunner JobRunner;
JobRunner *job_runner_start(const char *db_url,
                            const char *data_dir,
                            const JobKind *const *kinds,
                            WebServer *server,
                            GError **error);
/* Wakes the runner after job_add was committed (a hint; it also looks every second). */
void job_runner_wake(JobRunner *runner);
/* Same for every runner of this process, for those who do not hold it. */
void job_hint(void);
/* Asks the running job to stop, waits for it and ends the thread. A job of a kind that resumes
 * goes on at the next start. */
void job_runner_stop(JobRunner *runner);
/* The data folder of this process's runner, for files that wait for a job; NULL without runner.
 * Caller frees. */
char *job_data_dir(void);

/* "约还要 4 秒", "约还要 3 分钟"; "" when it cannot be told. Caller frees. */
char *job_remaining_zh(int64_t done, int64_t total, int64_t elapsed_us);
/* 1234567 -> "1,234,567"; caller frees. */
char *job_count_zh(int64_t count);
