/* Trial and import as background jobs. */
#include "base/clock.h"
#include "base/error.h"
#include "importer/importer.h"

#include <glib/gstdio.h>
#include <string.h>

#define REFUSED_NAME "refused-rows.csv"

static bool on_progress(const ImportProgress *progress, void *data) {
    return job_progress(data, progress->rows, progress->total);
}

static Mapping *mapping_of(const ImportTask *task, GError **error) {
    if (task->mapping == NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "the import has no mapping");
        return NULL;
    }
    g_autoptr(json_t) json = json_read(task->mapping, strlen(task->mapping), error);
    return json != NULL ? mapping_read(json, error) : NULL;
}

static char *sentence(const ImportReport *report, ImportMode mode, bool is_done, int64_t id) {
    const ImportCounts *counts = &report->counts;
    g_autofree char *rows = job_count_zh(counts->rows);
    g_autofree char *added = job_count_zh(counts->added);
    g_autofree char *changed = job_count_zh(counts->changed);
    g_autofree char *refused = job_count_zh(counts->refused);
    if (!is_done) {
        return mode == IMPORT_SKIP_BAD && counts->rows > 0
                   ? g_strdup_printf("停下之前，前 %s 行已经写入。再导一次会补上其余的，不会重复。",
                                     rows)
                   : g_strdup("没有写入任何数据。");
    }
    if (mode == IMPORT_TRIAL) {
        return g_strdup_printf("试导入看了 %s 行，没有写入任何数据。", rows);
    }
    if (report->is_refused) {
        return g_strdup_printf("有 %s 行有问题，按“全部成功才写入”，一行也没有写入。", refused);
    }
    return g_strdup_printf("已导入，编号 %" G_GINT64_FORMAT
                           "：新增 %s 条，修改 %s 条，跳过 %s 行。",
                           id,
                           added,
                           changed,
                           refused);
}

static json_t *
result_of(const ImportReport *report, ImportMode mode, bool is_done, const ImportTask *task) {
    json_t *result = import_report_json(report, mode, task);
    if (!is_done && mode != IMPORT_SKIP_BAD) {
        /* Counts of a pass that was not finished and is rolled back say nothing. */
        json_object_del(result, "counts");
    }
    json_t *files = json_array();
    if (report->has_refused_file) {
        json_t *file = json_object();
        json_put_text(file, "name", REFUSED_NAME);
        json_put_text(file, "label_zh", "下载有问题的行（CSV）");
        json_put_text(file, "mime", "text/csv; charset=utf-8");
        json_array_append_new(files, file);
    }
    g_autofree char *text = sentence(report, mode, is_done, task->id);
    json_put_text(result, "text_zh", text);
    json_put(result, "files", files);
    return result;
}

/* NULL: as it is, because the server stops and the job goes on later. */
static const char *state_after(
    const ImportReport *report, ImportMode mode, bool is_done, const Job *job, const GError *why) {
    if (is_done) {
        return mode == IMPORT_TRIAL ? "checked" : report->is_refused ? "refused" : "done";
    }
    if (job_is_cancelled(job)) {
        return mode == IMPORT_TRIAL ? "new" : "cancelled";
    }
    if (g_error_matches(why, HZ_ERROR, HZ_ERROR_CONFLICT)) {
        return NULL;
    }
    return mode == IMPORT_TRIAL ? "new" : "failed";
}

static bool run_task(Job *job,
                     Db *db,
                     ImportMode mode,
                     ImportTask *task,
                     const char *scope,
                     json_t **ret_result,
                     GError **error) {
    g_autoptr(Mapping) mapping = mapping_of(task, error);
    if (mapping == NULL) {
        return false;
    }
    if (task->path == NULL || !g_file_test(task->path, G_FILE_TEST_EXISTS)) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "the uploaded file is no longer kept here");
    }
    g_autofree char *refused = g_build_filename(job_folder(job), REFUSED_NAME, NULL);
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, task->account_id);
    ImportRequest request = {.path = task->path,
                             .mapping = mapping,
                             .mode = mode,
                             .task = mode == IMPORT_TRIAL ? NULL : task,
                             .scope_region = scope,
                             .actor = actor,
                             .job_id = job_id(job),
                             .refused_path = refused,
                             .progress = on_progress,
                             .data = job};
    g_auto(ImportReport) report = {0};
    GError *why = NULL;
    bool is_done = import_run(db, &request, &report, &why);
    *ret_result = result_of(&report, mode, is_done, task);
    const char *state = state_after(&report, mode, is_done, job, why);
    bool is_written = is_done && mode != IMPORT_TRIAL && !report.is_refused;
    if (why != NULL) {
        g_propagate_error(error, why);
    }
    if (state != NULL && !is_written &&
        !import_store_set_state(db, task->id, state, clock_now_us(), is_done ? error : NULL)) {
        return false;
    }
    if (is_written) {
        g_unlink(task->path);
        (void)import_store_forget_file(db, task->id, NULL); /* the purge does it otherwise */
    }
    return is_done;
}

static bool run_with_mode(
    Job *job, Db *db, bool is_trial, const json_t *params, json_t **ret_result, GError **error) {
    g_autoptr(ImportTask) task = import_store_find(db, json_get_int(params, "task", 0), error);
    const char *scope = json_get_text(params, "scope", NULL);
    ImportMode mode = IMPORT_TRIAL;
    if (task == NULL) {
        return false;
    }
    if (scope == NULL || task->account_id != job_account(job)) {
        return hz_fail(error, HZ_ERROR_DENIED, "an import by page needs its officer's region");
    }
    if (!is_trial && !import_mode_parse(task->mode != NULL ? task->mode : "", &mode)) {
        return hz_fail(error, HZ_ERROR_INVALID, "the import was not started");
    }
    if (!is_trial && strcmp(task->state, "done") == 0) {
        /* The process died between the last commit and the end of the job. */
        ImportReport report = {.counts = task->counts,
                               .has_refused_file = task->counts.refused > 0};
        *ret_result = result_of(&report, mode, true, task);
        return true;
    }
    return run_task(job, db, mode, task, scope, ret_result, error);
}

static bool run_trial(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error) {
    return run_with_mode(job, db, true, params, ret_result, error);
}

static bool
run_import(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error) {
    return run_with_mode(job, db, false, params, ret_result, error);
}

const JobKind import_trial_job = {"import-trial", run_trial, true};
const JobKind import_job = {"import", run_import, true};
