/*
 * The job thread: takes the oldest waiting job, runs it, writes what came of it; between jobs runs
 * the rooms' periodic work and removes jobs that are long over with their files.
 */
#include "job/job_internal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/folder.h"
#include "web/log.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK_EVERY_S 1
#define PROGRESS_EVERY_US (CLOCK_SECOND_US / 2)
#define SILENT_US                                                                                  \
    (120 * CLOCK_SECOND_US)         /* another node's job without a sign for so long is dead */
#define KEEP_US (30 * CLOCK_DAY_US) /* results and their files; refused rows are personal data */
#define EXPIRE_EVERY_US (3600 * CLOCK_SECOND_US)

struct JobRunner {
    char *db_url;
    char *data_dir;
    char *node;
    const JobKind *const *kinds;
    WebServer *server; /* NULL: nobody watches */
    Db *db;            /* the job thread's; NULL after the connection was lost */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping;     /* under lock */
    bool has_hint;        /* under lock */
    GHashTable *last_run; /* periodic job's name -> int64_t * of its last start */
    int64_t last_expire_us;
};

struct Job {
    JobRunner *runner;
    const JobRow *row;
    char *folder;
    int64_t done;
    int64_t total;
    int64_t written_us; /* monotonic */
    bool is_cancelled;
};

static pthread_mutex_t runners_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *runners; /* of this process, for job_hint and job_data_dir */

/* --- inside a run ---------------------------------------------------------------------------- */

static bool is_stopping(JobRunner *runner) {
    pthread_mutex_lock(&runner->lock);
    bool stopping = runner->is_stopping;
    pthread_mutex_unlock(&runner->lock);
    return stopping;
}

/* Tells the owner's open pages; they fetch what they show. */
static void publish(JobRunner *runner, const JobRow *row, JobState state) {
    if (runner->server == NULL) {
        return;
    }
    g_autofree char *topic = job_topic(row->account_id);
    g_autoptr(json_t) data = json_object();
    json_put_int(data, "id", row->id);
    json_put_text(data, "state", job_state_word(state));
    web_publish(runner->server, topic, "change", data);
}

/* Both are hints: the run itself does not fail because a sign of life could not be written. */
static void show_life(Job *job) {
    Db *db = job->runner->db;
    bool is_cancelled = false;
    if (job_store_is_cancelled(db, job->row->id, &is_cancelled, NULL) && is_cancelled) {
        job->is_cancelled = true;
    }
    if (!db_in_tx(db)) {
        (void)job_store_progress(db, job->row->id, job->done, job->total, clock_now_us(), NULL);
    }
}

bool job_progress(Job *job, int64_t done, int64_t total) {
    job->done = done;
    job->total = total;
    job_live_set(job->row->token, done, total);
    JobLive live;
    if (job_live_get(job->row->token, &live) && live.is_cancelled) {
        job->is_cancelled = true;
    }
    int64_t now_us = g_get_monotonic_time();
    if (!job->is_cancelled && now_us - job->written_us >= PROGRESS_EVERY_US) {
        job->written_us = now_us;
        show_life(job);
        publish(job->runner, job->row, JOB_RUNNING);
    }
    return !job->is_cancelled && !is_stopping(job->runner);
}

bool job_is_cancelled(const Job *job) {
    return job->is_cancelled;
}

int64_t job_id(const Job *job) {
    return job->row->id;
}

int64_t job_account(const Job *job) {
    return job->row->account_id;
}

const char *job_folder(Job *job) {
    if (job->folder == NULL) {
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, job->row->id);
        job->folder = g_build_filename(job->runner->data_dir, "jobs", number, NULL);
        if (g_mkdir_with_parents(job->folder, 0700) != 0) {
            /* Whoever writes into it gets the same error with the path. */
            log_problem(
                LOG_LEVEL_ERROR, "job.folder", "job=%s error=%s", number, g_strerror(errno));
        }
    }
    return job->folder;
}

/* --- one job --------------------------------------------------------------------------------- */

static const JobKind *find_kind(const JobRunner *runner, const char *name) {
    for (const JobKind *const *kind = runner->kinds; *kind != NULL; kind++) {
        if (strcmp((*kind)->name, name) == 0) {
            return *kind;
        }
    }
    return NULL;
}

static bool write_end(Db *db, void *data, GError **error) {
    return job_store_end(db, data, error);
}

static void end_job(JobRunner *runner, JobEnd *end) {
    g_autoptr(GError) error = NULL;
    end->now_us = clock_now_us();
    if (!db_run_tx(runner->db, write_end, end, &error)) {
        /* It stays "running" and is found as an orphan at the next start. */
        log_problem(LOG_LEVEL_ERROR,
                    "job.end",
                    "job=%" G_GINT64_FORMAT " error=%s",
                    end->id,
                    error->message);
    }
}

static JobState state_after(const Job *job, const JobKind *kind, bool is_done, const GError *why) {
    if (is_done) {
        return JOB_DONE;
    }
    if (g_error_matches(why, HZ_ERROR, HZ_ERROR_CONFLICT)) {
        if (job->is_cancelled) {
            return JOB_CANCELLED;
        }
        if (is_stopping(job->runner)) {
            return kind->resumes ? JOB_WAITING : JOB_INTERRUPTED;
        }
    }
    return JOB_FAILED;
}

static void run_job(JobRunner *runner, const JobRow *row) {
    const JobKind *kind = find_kind(runner, row->kind);
    Job job = {.runner = runner, .row = row, .done = row->done, .total = row->total};
    g_autoptr(json_t) params = json_read(row->params, strlen(row->params), NULL);
    json_t *made = NULL;
    GError *why = NULL;
    int64_t begun_us = g_get_monotonic_time();
    bool is_done = false;
    job_live_begin(row->token);
    if (kind == NULL || params == NULL) {
        hz_fail(&why, HZ_ERROR_INVALID, "no such kind of job: \"%s\"", row->kind);
    } else {
        is_done = kind->run(&job, runner->db, params, &made, &why);
    }
    g_autoptr(json_t) result = made;
    g_autofree char *text = result != NULL ? json_write(result) : NULL;
    JobEnd end = {.id = row->id,
                  .state = kind == NULL ? JOB_FAILED : state_after(&job, kind, is_done, why),
                  .done = job.done,
                  .total = job.total,
                  .result = text,
                  .error = is_done ? NULL : why->message,
                  .error_word = is_done ? NULL : hz_error_word(why)};
    end_job(runner, &end);
    job_live_end(row->token);
    publish(runner, row, end.state);
    log_event("job.end",
              "job=%" G_GINT64_FORMAT " kind=%s state=%s ms=%" G_GINT64_FORMAT,
              row->id,
              row->kind,
              job_state_word(end.state),
              (g_get_monotonic_time() - begun_us) / 1000);
    g_clear_error(&why);
    g_free(job.folder);
}

/* True if there was one. */
static bool run_next(JobRunner *runner, GError **error) {
    uint8_t random[16];
    random_bytes(random, sizeof random);
    g_autofree char *token = hex_format(random, sizeof random);
    g_autoptr(JobRow) row = NULL;
    if (!job_store_claim(
            runner->db, runner->node, runner->data_dir, token, clock_now_us(), &row, error) ||
        row == NULL) {
        return false;
    }
    run_job(runner, row);
    return true;
}

/* --- between jobs ---------------------------------------------------------------------------- */

static bool recover(JobRunner *runner, GError **error) {
    g_autoptr(GPtrArray) orphans =
        job_store_orphans(runner->db, runner->node, clock_now_us() - SILENT_US, error);
    if (orphans == NULL) {
        return false;
    }
    for (size_t i = 0; i < orphans->len; i++) {
        const JobRow *row = orphans->pdata[i];
        const JobKind *kind = find_kind(runner, row->kind);
        bool resumes = kind != NULL && kind->resumes && !row->is_cancelled;
        JobEnd end = {.id = row->id,
                      .state = resumes             ? JOB_WAITING
                               : row->is_cancelled ? JOB_CANCELLED
                                                   : JOB_INTERRUPTED,
                      .done = row->done,
                      .total = row->total,
                      .result = row->result};
        end_job(runner, &end);
        log_event("job.recovered",
                  "job=%" G_GINT64_FORMAT " kind=%s state=%s",
                  row->id,
                  row->kind,
                  job_state_word(end.state));
    }
    return true;
}

static void run_periodic(JobRunner *runner, const PeriodicJob *periodic) {
    int64_t now_us = g_get_monotonic_time();
    int64_t *last = g_hash_table_lookup(runner->last_run, periodic->name);
    if (last != NULL && now_us - *last < (int64_t)periodic->every_s * CLOCK_SECOND_US) {
        return;
    }
    if (last == NULL) {
        last = g_new0(int64_t, 1);
        g_hash_table_insert(runner->last_run, (gpointer)(uintptr_t)periodic->name, last);
    }
    *last = now_us;
    g_autoptr(GError) error = NULL;
    if (!periodic->run(runner->db, clock_now_us(), &error)) {
        log_problem(
            LOG_LEVEL_WARNING, "job.periodic", "name=%s error=%s", periodic->name, error->message);
    }
}

static void expire(JobRunner *runner) {
    int64_t now_us = g_get_monotonic_time();
    if (runner->last_expire_us != 0 && now_us - runner->last_expire_us < EXPIRE_EVERY_US) {
        return;
    }
    runner->last_expire_us = now_us;
    g_autoptr(GPtrArray) old = job_store_old(runner->db, clock_now_us() - KEEP_US, 100, NULL);
    for (size_t i = 0; old != NULL && i < old->len; i++) {
        const JobRow *row = old->pdata[i];
        if (row->data_dir != NULL && strcmp(row->data_dir, runner->data_dir) != 0) {
            continue; /* the files lie on another node, which removes both */
        }
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, row->id);
        g_autofree char *folder = g_build_filename(runner->data_dir, "jobs", number, NULL);
        (void)folder_remove(folder);                       /* a job need not have one */
        (void)job_store_delete(runner->db, row->id, NULL); /* tried again in an hour */
    }
}

static void work(JobRunner *runner) {
    g_autoptr(GError) error = NULL;
    if (runner->db == NULL) {
        runner->db = db_open(runner->db_url, DB_READ_WRITE, &error);
        if (runner->db != NULL && !recover(runner, &error)) {
            g_clear_pointer(&runner->db, db_close);
        }
    }
    while (runner->db != NULL && !is_stopping(runner) && run_next(runner, &error)) {
    }
    if (error != NULL) {
        log_problem(LOG_LEVEL_WARNING, "job.runner", "error=%s", error->message);
        if (g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE)) {
            g_clear_pointer(&runner->db, db_close);
        }
    }
    for (const Module *const *module = modules; runner->db != NULL && *module != NULL; module++) {
        const PeriodicJob *periodic = (*module)->jobs;
        for (; periodic != NULL && periodic->name != NULL && !is_stopping(runner); periodic++) {
            run_periodic(runner, periodic);
        }
    }
    if (runner->db != NULL && !is_stopping(runner)) {
        expire(runner);
    }
}

static bool wait_for_work(JobRunner *runner) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LOOK_EVERY_S;
    pthread_mutex_lock(&runner->lock);
    int result = 0;
    while (!runner->is_stopping && !runner->has_hint && result == 0) {
        result = pthread_cond_timedwait(&runner->wake, &runner->lock, &until);
    }
    runner->has_hint = false;
    bool goes_on = !runner->is_stopping;
    pthread_mutex_unlock(&runner->lock);
    return goes_on;
}

static void *thread_main(void *data) {
    JobRunner *runner = data;
    do {
        work(runner);
    } while (wait_for_work(runner));
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

static void runner_free(JobRunner *runner) {
    db_close(runner->db);
    pthread_cond_destroy(&runner->wake);
    pthread_mutex_destroy(&runner->lock);
    g_hash_table_unref(runner->last_run);
    g_free(runner->db_url);
    g_free(runner->data_dir);
    g_free(runner->node);
    g_free(runner);
}

static void enlist(JobRunner *runner) {
    pthread_mutex_lock(&runners_lock);
    if (runners == NULL) {
        runners = g_ptr_array_new();
    }
    g_ptr_array_add(runners, runner);
    pthread_mutex_unlock(&runners_lock);
}

static void delist(JobRunner *runner) {
    pthread_mutex_lock(&runners_lock);
    g_ptr_array_remove(runners, runner);
    if (runners->len == 0) {
        g_clear_pointer(&runners, g_ptr_array_unref);
    }
    pthread_mutex_unlock(&runners_lock);
}

JobRunner *job_runner_start(const char *db_url,
                            const char *data_dir,
                            const JobKind *const *kinds,
                            WebServer *server,
                            GError **error) {
    if (g_mkdir_with_parents(data_dir, 0700) != 0) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "cannot make the folder \"%s\": %s",
                data_dir,
                g_strerror(errno));
        return NULL;
    }
    JobRunner *runner = g_new0(JobRunner, 1);
    runner->db_url = g_strdup(db_url);
    runner->data_dir = g_canonicalize_filename(data_dir, NULL);
    runner->node = g_strdup_printf("%s:%s", g_get_host_name(), runner->data_dir);
    runner->kinds = kinds;
    runner->server = server;
    runner->last_run = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    pthread_mutex_init(&runner->lock, NULL);
    pthread_cond_init(&runner->wake, NULL);
    runner->db = db_open(db_url, DB_READ_WRITE, error);
    if (runner->db == NULL || !recover(runner, error)) {
        runner_free(runner);
        return NULL;
    }
    enlist(runner);
    int failed = pthread_create(&runner->thread, NULL, thread_main, runner);
    g_assert(failed == 0);
    return runner;
}

void job_runner_wake(JobRunner *runner) {
    pthread_mutex_lock(&runner->lock);
    runner->has_hint = true;
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
}

void job_hint(void) {
    pthread_mutex_lock(&runners_lock);
    for (size_t i = 0; runners != NULL && i < runners->len; i++) {
        job_runner_wake(runners->pdata[i]);
    }
    pthread_mutex_unlock(&runners_lock);
}

char *job_data_dir(void) {
    pthread_mutex_lock(&runners_lock);
    char *data_dir =
        runners != NULL ? g_strdup(((const JobRunner *)runners->pdata[0])->data_dir) : NULL;
    pthread_mutex_unlock(&runners_lock);
    return data_dir;
}

void job_runner_stop(JobRunner *runner) {
    if (runner == NULL) {
        return;
    }
    pthread_mutex_lock(&runner->lock);
    runner->is_stopping = true;
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->thread, NULL);
    delist(runner);
    runner_free(runner);
}
