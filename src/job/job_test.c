#include "job/job_internal.h"
#include "test_db.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gint may_go_on; /* the slow kind waits for it */
static gint runs;

static bool run_count(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error) {
    int64_t total = json_get_int(params, "total", 0);
    int64_t seen = 0;
    if (!db_query_int(db, SQL("SELECT count(*) FROM job"), DB_NO_ARGS, &seen, error)) {
        return false;
    }
    for (int64_t i = 1; i <= total; i++) {
        if (!job_progress(job, i, total)) {
            return hz_fail(error, HZ_ERROR_CONFLICT, "stopped at %d", (int)i);
        }
    }
    g_autofree char *path = g_build_filename(job_folder(job), "out.txt", NULL);
    g_assert_true(g_file_set_contents(path, "hello", -1, NULL));
    *ret_result = json_pack("{s:s, s:[{s:s, s:s, s:s}]}",
                            "text_zh",
                            "数完了",
                            "files",
                            "name",
                            "out.txt",
                            "label_zh",
                            "结果",
                            "mime",
                            "text/plain");
    return true;
}

/* Waits, in a transaction when asked, until it is cancelled, stopped or let go. */
static bool run_slow(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error) {
    g_auto(DbTx) tx = {0};
    g_atomic_int_inc(&runs);
    if (json_get_bool(params, "in_tx", false) &&
        (!db_begin(db, &tx, error) ||
         !db_exec(db, SQL("UPDATE job SET error = 'x' WHERE id = 0"), DB_NO_ARGS, NULL, error))) {
        return false;
    }
    *ret_result = NULL;
    for (int64_t done = 7; !g_atomic_int_get(&may_go_on); done++) {
        if (!job_progress(job, done, 1000000)) {
            return hz_fail(error, HZ_ERROR_CONFLICT, "stopped");
        }
        g_usleep(2000);
    }
    return true;
}

static bool run_fail(Job *job G_GNUC_UNUSED,
                     Db *db G_GNUC_UNUSED,
                     const json_t *params G_GNUC_UNUSED,
                     json_t **ret_result G_GNUC_UNUSED,
                     GError **error) {
    return hz_fail(error, HZ_ERROR_LIMIT, "too much");
}

static const JobKind kind_count = {"count", run_count, true};
static const JobKind kind_slow = {"slow", run_slow, true};
static const JobKind kind_once = {"once", run_slow, false};
static const JobKind kind_fail = {"fail", run_fail, false};
static const JobKind *const kinds[] = {&kind_count, &kind_slow, &kind_once, &kind_fail, NULL};

typedef struct Fixture {
    TestDb *fresh;
    Db *db;
    char *folder;
    JobRunner *runner;
} Fixture;

static void start(Fixture *fixture) {
    g_autoptr(GError) error = NULL;
    fixture->runner =
        job_runner_start(test_db_url(fixture->fresh), fixture->folder, kinds, NULL, &error);
    g_assert_no_error(error);
}

static void set_up(Fixture *fixture, DbEngine engine) {
    fixture->fresh = test_db_new(engine, (const char *const[]){"job", NULL});
    fixture->db = test_db_open(fixture->fresh, DB_READ_WRITE);
    fixture->folder = g_dir_make_tmp("job-XXXXXX", NULL);
    g_atomic_int_set(&may_go_on, 0);
    start(fixture);
}

static void tear_down(Fixture *fixture) {
    job_runner_stop(fixture->runner);
    db_close(fixture->db);
    test_db_free(fixture->fresh);
    g_autofree char *jobs = g_build_filename(fixture->folder, "jobs", NULL);
    g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *file = g_build_filename(jobs, name, "out.txt", NULL);
        g_autofree char *inner = g_build_filename(jobs, name, NULL);
        g_unlink(file);
        g_rmdir(inner);
    }
    g_rmdir(jobs);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
}

static int64_t add(Fixture *fixture, const char *kind, json_t *taken) {
    g_autoptr(json_t) params = taken;
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    g_assert_true(job_add(fixture->db, kind, 17, params, &id, &error));
    job_hint();
    return id;
}

/* Waits until the job is in `state` (and has gone `done` far); gives its model. */
static json_t *wait_state(Fixture *fixture, int64_t id, const char *state, int64_t done) {
    for (int i = 0; i < 4000; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) model = job_model(fixture->db, id, &error);
        g_assert_no_error(error);
        if (strcmp(json_get_text(model, "state", ""), state) == 0 &&
            json_get_int(model, "done", 0) >= done) {
            return g_steal_pointer(&model);
        }
        g_usleep(5000);
    }
    g_error("job %d never became %s", (int)id, state);
}

static void test_done(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    int64_t id = add(&fixture, "count", json_pack("{s:i, s:s}", "total", 50000, "title", "数数"));
    g_autoptr(json_t) model = wait_state(&fixture, id, "done", 0);
    g_assert_cmpint(json_get_int(model, "done", 0), ==, 50000);
    g_assert_cmpint(json_get_int(model, "percent", 0), ==, 100);
    g_assert_cmpstr(json_get_text(model, "title", ""), ==, "数数");
    g_assert_cmpstr(json_get_text(model, "done_zh", ""), ==, "50,000");
    g_assert_cmpstr(json_get_text(model, "text_zh", ""), ==, "数完了");
    g_assert_true(json_get_bool(model, "has_files", false));
    Response *file = job_file_response(fixture.db, id, 17, "out.txt");
    g_assert_cmpuint(response_status(file), ==, 200);
    response_free(file);
    /* Nobody else's, nothing the result does not list. */
    file = job_file_response(fixture.db, id, 18, "out.txt");
    g_assert_cmpuint(response_status(file), ==, 404);
    response_free(file);
    file = job_file_response(fixture.db, id, 17, "../../job.db");
    g_assert_cmpuint(response_status(file), ==, 404);
    response_free(file);
    g_autoptr(GError) error = NULL;
    g_assert_null(job_model_of(fixture.db, id, 18, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    tear_down(&fixture);
}

static void test_failed(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    int64_t id = add(&fixture, "fail", json_object());
    g_autoptr(json_t) model = wait_state(&fixture, id, "failed", 0);
    g_assert_cmpstr(json_get_text(model, "error", ""), ==, "too much");
    g_assert_cmpstr(json_get_text(model, "error_zh", ""), ==, "超出了允许的大小。");
    int64_t unknown = add(&fixture, "nothing", json_object());
    g_autoptr(json_t) other = wait_state(&fixture, unknown, "failed", 0);
    g_assert_nonnull(other);
    g_autoptr(GError) error = NULL;
    g_assert_false(job_cancel(fixture.db, id, 17, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    tear_down(&fixture);
}

static void test_cancel(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    /* In a transaction: progress and cancel must get through all the same. */
    int64_t id = add(&fixture, "slow", json_pack("{s:b}", "in_tx", 1));
    int64_t waiting = add(&fixture, "count", json_object());
    g_autoptr(json_t) running = wait_state(&fixture, id, "running", 8);
    g_assert_cmpint(json_get_int(running, "total", 0), ==, 1000000);
    g_autoptr(GError) error = NULL;
    g_assert_false(job_cancel(fixture.db, id, 18, &error));
    g_clear_error(&error);
    g_assert_true(job_cancel(fixture.db, id, 17, &error));
    g_autoptr(json_t) model = wait_state(&fixture, id, "cancelled", 0);
    g_assert_nonnull(model);
    g_autoptr(json_t) next = wait_state(&fixture, waiting, "done", 0);
    g_assert_nonnull(next);
    g_autoptr(json_t) list = job_list_model(fixture.db, 17, 0, 1, &error);
    g_assert_cmpint(json_array_size(json_object_get(list, "jobs")), ==, 1);
    g_assert_cmpint(json_get_int(list, "next_before", 0), ==, waiting);
    tear_down(&fixture);
}

static void test_stop_and_go_on(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    g_atomic_int_set(&runs, 0);
    int64_t id = add(&fixture, "slow", json_object());
    json_decref(wait_state(&fixture, id, "running", 8));
    job_runner_stop(fixture.runner);
    json_decref(wait_state(&fixture, id, "waiting", 0));
    start(&fixture);
    json_decref(wait_state(&fixture, id, "running", 8));
    g_atomic_int_set(&may_go_on, 1);
    json_decref(wait_state(&fixture, id, "done", 0));
    g_assert_cmpint(g_atomic_int_get(&runs), ==, 2);
    tear_down(&fixture);
}

/* What a process that died leaves behind: rows that say "running". */
static void test_after_crash(DbEngine engine) {
    Fixture fixture = {0};
    set_up(&fixture, engine);
    job_runner_stop(fixture.runner);
    g_atomic_int_set(&may_go_on, 1);
    int64_t resumes = add(&fixture, "slow", json_object());
    int64_t once = add(&fixture, "once", json_object());
    int64_t elsewhere = add(&fixture, "once", json_object());
    g_autofree char *real = g_canonicalize_filename(fixture.folder, NULL);
    g_autofree char *node = g_strdup_printf("%s:%s", g_get_host_name(), real);
    test_db_exec(fixture.db,
                 "UPDATE job SET state = 'running', node = $1, token = 'old' WHERE id < $2",
                 db_text(node),
                 db_int(elsewhere));
    test_db_exec(fixture.db,
                 "UPDATE job SET state = 'running', node = 'other:/x' WHERE id = $1",
                 db_int(elsewhere));
    start(&fixture);
    json_decref(wait_state(&fixture, resumes, "done", 0));
    g_autoptr(json_t) gone = wait_state(&fixture, once, "interrupted", 0);
    g_assert_nonnull(json_get_text(gone, "error_zh", NULL));
    json_decref(wait_state(&fixture, elsewhere, "running", 0));
    tear_down(&fixture);
}

static void test_words(void) {
    g_autofree char *seconds = job_remaining_zh(500, 1000, 4000000);
    g_assert_cmpstr(seconds, ==, "约还要 5 秒");
    g_autofree char *minutes = job_remaining_zh(1, 101, 3000000);
    g_assert_cmpstr(minutes, ==, "约还要 6 分钟");
    g_autofree char *hours = job_remaining_zh(1, 3601, 3000000);
    g_assert_cmpstr(hours, ==, "约还要 3.0 小时");
    g_autofree char *unknown = job_remaining_zh(0, 10, 1000000);
    g_assert_cmpstr(unknown, ==, "");
    static const struct {
        int64_t count;
        const char *text;
    } counts[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {1234567, "1,234,567"}, {-123, "-123"}};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autofree char *text = job_count_zh(counts[i].count);
        g_assert_cmpstr(text, ==, counts[i].text);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job/words", test_words);
    test_db_add("/job/done", test_done);
    test_db_add("/job/failed", test_failed);
    test_db_add("/job/cancel", test_cancel);
    test_db_add("/job/stop-and-go-on", test_stop_and_go_on);
    test_db_add("/job/after-crash", test_after_crash);
    return g_test_run();
}
