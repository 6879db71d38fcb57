/*
 * Long work in the background: one job thread with its own connection takes jobs from a table,
 * reports progress into it and leaves the result there, so that a person can close the page and
 * come back.
 *
 * A job that was running when the process died is found at start: kinds that can go on continue,
 * others become "interrupted" with a sentence that says what was kept.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"
#include "web/web.h"

typedef struct Job Job;

typedef enum JobState {
    JOB_WAITING,
    JOB_RUNNING,
    JOB_DONE,
    JOB_FAILED,
    JOB_INTERRUPTED,
    JOB_CANCELLED
} JobState;

/* Does the work. `params` is what job_add got. Result JSON (owned by the caller) in *ret_result. */
typedef bool (*JobRun)(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error);
typedef struct JobKind {
    const char *name; /* "import", "export" */
    JobRun run;
    bool resumes; /* run again from the start after a crash; the kind skips what is done */
} JobKind;

/* Adds a job in the caller's transaction (or alone). `account_id` owns it. */
bool job_add(Db *db,
             const char *kind,
             int64_t account_id,
             const json_t *params,
             int64_t *ret_id,
             GError **error);
/* From inside a run. Cheap to call often: written at most twice a second. False once a person has
 * cancelled the job: the run should stop and return HZ_ERROR_CONFLICT. */
bool job_progress(Job *job, int64_t done, int64_t total);
int64_t job_id(const Job *job);
int64_t job_account(const Job *job);
/* The job's own folder for files (made on demand): "<data dir>/jobs/<id>". Borrowed. */
const char *job_folder(Job *job);

/* View model of one job for pages: {id, kind, state, state_zh, done, total, percent, rate,
 * remaining_zh, is_running, result, error}. NULL and *error if there is none. */
json_t *job_model(Db *db, int64_t id, GError **error);

/* Starts the job thread; periodic jobs of the rooms run on it too. */
typedef struct JobRunner JobRunner;
JobRunner *job_runner_start(const char *db_url,
                            const char *data_dir,
                            const JobKind *const *kinds,
                            WebServer *server,
                            GError **error);
/* Wakes the runner after job_add was committed (a hint; it also looks every second). */
void job_runner_wake(JobRunner *runner);
void job_runner_stop(JobRunner *runner);
