/* /work/import: choose a file; /work/import/{id}: its columns, its trial, its result. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "importer/importer_pages.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define RECENT 20

static const struct {
    const char *state;
    const char *name_zh;
    const char *icon;
    const char *css;
} states[] = {
    {"new", "待对列", "table-import", "w"},
    {"checked", "待确认", "user-check", "w"},
    {"running", "办理中", "progress", "i"},
    {"done", "已导入", "circle-check", "k"},
    {"refused", "没有写入", "circle-x", "b"},
    {"cancelled", "已取消", "ban", ""},
    {"failed", "中途停下", "circle-x", "b"},
};

static void put_state(json_t *model, const ImportTask *task) {
    size_t at = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        at = strcmp(states[i].state, task->state) == 0 ? i : at;
    }
    json_put_text(model, "state", task->state);
    json_put_text(model, "state_zh", states[at].name_zh);
    json_put_text(model, "state_icon", states[at].icon);
    json_put_text(model, "state_class", states[at].css);
}

static json_t *task_model(const ImportTask *task) {
    json_t *model = json_object();
    const ImportKind *kind = import_kind_find(task->kind);
    g_autofree char *created = clock_format_minute(task->created_us);
    g_autofree char *rows = job_count_zh(task->counts.rows);
    json_put_int(model, "id", task->id);
    json_put_text(model, "file_name", task->file_name);
    json_put_text(model, "kind", task->kind);
    json_put_text(model, "kind_zh", kind != NULL ? kind->name_zh : task->kind);
    json_put_text(model, "created_zh", created);
    json_put_text(model, "rows_zh", rows);
    put_state(model, task);
    return model;
}

/* --- start ----------------------------------------------------------------------------------- */

static json_t *
start_model(Ctx *ctx, const char *chosen, const FormProblems *problems, GError **error) {
    json_t *model = json_object();
    json_t *options = json_array();
    for (const ImportKind *const *kind = import_kinds; *kind != NULL; kind++) {
        if (principal_may(ctx->who, (*kind)->permission)) {
            const char *word = (*kind)->word;
            form_option(options, word, (*kind)->name_zh, g_strcmp0(chosen, word) == 0);
        }
    }
    json_t *recent = json_array();
    g_autoptr(GPtrArray) tasks = import_store_list(ctx->db, ctx->who->account_id, RECENT, error);
    for (size_t i = 0; tasks != NULL && i < tasks->len; i++) {
        json_array_append_new(recent, task_model(tasks->pdata[i]));
    }
    form_field(model, "kind", chosen, problems);
    form_field(model, "file", NULL, problems);
    json_put(model, "kind_options", options);
    json_put(model, "recent", recent);
    json_put_bool(model, "has_recent", json_array_size(recent) > 0);
    json_put(model, "problems", json_null());
    if (tasks == NULL) {
        g_clear_pointer(&model, json_decref);
    }
    return model;
}

static Response *page_start(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *kind = request_query(req, "kind");
    json_t *model = start_model(ctx, kind != NULL ? kind : "unit", NULL, &error);
    return model != NULL ? response_page("importer/start", model) : response_problem(error, NULL);
}

/* Moves the upload to where jobs find it. Caller frees; NULL on error. */
static char *keep_file(Ctx *ctx, const Upload *upload, GError **error) {
    g_autofree char *own = job_data_dir();
    const char *data_dir = own != NULL ? own : web_options(ctx->server)->upload_dir;
    g_autofree char *folder =
        g_build_filename(data_dir != NULL ? data_dir : g_get_tmp_dir(), "imports", NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "cannot make the folder \"%s\": %s",
                folder,
                g_strerror(errno));
        return NULL;
    }
    uint8_t random[16];
    random_bytes(random, sizeof random);
    g_autofree char *name = hex_format(random, sizeof random);
    char *path = g_build_filename(folder, name, NULL);
    if (!upload_keep(upload, path, error)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

static Response *start_again(Ctx *ctx, const char *kind, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    json_t *model = start_model(ctx, kind, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("importer/start", model, problems);
}

static Response *post_upload(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    FormProblems *problems = form_problems_new();
    const char *word = request_form(req, "kind");
    const Upload *upload = request_upload(req, "file");
    const ImportKind *kind = import_kind_find(word);
    if (kind == NULL) {
        form_problem_add(problems, "kind", "选一种要导入的内容");
    }
    if (upload == NULL || upload->size == 0) {
        form_problem_add(problems, "file", "选一个 CSV 或 XLSX 文件，文件不能是空的");
    }
    if (form_has_problems(problems)) {
        return start_again(ctx, word, problems);
    }
    json_decref(problems);
    Response *refusal = NULL;
    if (!import_page_allows(ctx, req, kind, &refusal)) {
        return refusal;
    }
    g_autoptr(ImportTask) task = g_new0(ImportTask, 1);
    task->account_id = ctx->who->account_id;
    task->kind = g_strdup(word);
    task->file_name = g_utf8_make_valid(upload->file_name != NULL ? upload->file_name : "", -1);
    task->file_size = upload->size;
    task->path = keep_file(ctx, upload, &error);
    if (task->path == NULL) {
        return response_problem(error, "文件没有保存成功。请再上传一次。");
    }
    if (!import_store_add(ctx->db, task, ctx->now_us, &error)) {
        g_unlink(task->path);
        return response_problem(error, NULL);
    }
    g_autofree char *location = g_strdup_printf("/work/import/%" G_GINT64_FORMAT, task->id);
    return response_redirect(location);
}

/* --- one file -------------------------------------------------------------------------------- */

ImportTask *import_page_task(Ctx *ctx, const Request *req, Response **ret_response) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        *ret_response = response_not_found();
        return NULL;
    }
    ImportTask *task = import_store_find(ctx->db, id, &error);
    if (task == NULL) {
        *ret_response = response_problem(error, "没有这次导入，或者不是您发起的。");
    } else if (task->account_id != ctx->who->account_id) {
        g_clear_pointer(&task, import_task_free);
        *ret_response = response_not_found();
    }
    return task;
}

static void put_counts(json_t *model, const json_t *result) {
    static const char *const names[] = {"rows", "added", "changed", "same", "refused", "warned"};
    const json_t *counts = json_object_get(result, "counts");
    json_t *texts = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = job_count_zh(json_get_int(counts, names[i], 0));
        json_put_text(texts, names[i], text);
    }
    json_put(model, "counts", texts);
    json_put_bool(model, "has_refused", json_get_int(counts, "refused", 0) > 0);
    json_put_bool(model, "has_warned", json_get_int(counts, "warned", 0) > 0);
    bool writes = json_get_int(counts, "added", 0) + json_get_int(counts, "changed", 0) > 0;
    json_put_bool(model, "has_writes", writes);
    static const char *const lists[] = {"refused_rows", "warned_rows"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        const json_t *list = json_object_get(result, lists[i]);
        json_put(model, lists[i], json_is_array(list) ? json_deep_copy(list) : json_array());
        g_autofree char *shown = g_strdup_printf("has_%s", lists[i]);
        json_put_bool(model, shown, json_array_size(list) > 0);
    }
}

/* What the two ways would do with this file, as sentences. */
static void put_choices(json_t *model, const json_t *result) {
    const json_t *counts = json_object_get(result, "counts");
    g_autofree char *refused = job_count_zh(json_get_int(counts, "refused", 0));
    g_autofree char *writes =
        job_count_zh(json_get_int(counts, "added", 0) + json_get_int(counts, "changed", 0));
    bool is_clean = json_get_int(counts, "refused", 0) == 0;
    /* Alarms come before an import that can be repeated. */
    bool is_long = json_get_bool(result, "must_be_chunked", false);
    g_autofree char *all = is_long ? g_strdup("文件太大：一次写完会让报警等着，只能分批写入。")
                           : is_clean
                               ? g_strdup_printf("写入 %s 条；中途出任何问题就一条也不写。", writes)
                               : g_strdup_printf("有 %s 行有问题，现在选它会一行也不写。", refused);
    g_autofree char *skip =
        is_clean ? g_strdup_printf("分批写入 %s 条；写入过的不会因为后面出问题而撤回。", writes)
                 : g_strdup_printf("写入 %s 条，跳过有问题的 %s 行，跳过的行可以下载改好再导。",
                                   writes,
                                   refused);
    json_put_text(model, "all_text", all);
    json_put_text(model, "skip_text", skip);
    json_put_bool(model, "is_clean", is_clean);
    json_put_bool(model, "must_be_chunked", json_get_bool(result, "must_be_chunked", false));
}

static Response *page_job(Ctx *ctx, const ImportTask *task) {
    g_autoptr(GError) error = NULL;
    bool is_trial = task->run_job_id == 0;
    int64_t job = is_trial ? task->dry_job_id : task->run_job_id;
    json_t *shown = job_model_of(ctx->db, job, ctx->who->account_id, &error);
    if (shown == NULL) {
        return response_problem(error, "这次导入的任务记录已经过期删除。");
    }
    json_t *model = json_object();
    const json_t *result = json_object_get(shown, "result");
    bool is_done = json_get_bool(shown, "is_done", false);
    put_counts(model, result);
    put_choices(model, result);
    json_put(model, "task", task_model(task));
    json_put_bool(model, "is_trial", is_trial);
    json_put_bool(model, "is_running", json_get_bool(shown, "is_running", false));
    json_put_bool(model, "has_counts", json_is_object(json_object_get(result, "counts")));
    json_put_bool(model, "may_confirm", is_trial && is_done);
    /* The rows are committed a moment before the job says so; until then the page shows progress.
     */
    bool is_written =
        !json_get_bool(shown, "is_running", false) && strcmp(task->state, "done") == 0;
    bool is_partly = !is_trial && g_strcmp0(task->mode, "skip-bad") == 0;
    json_put_bool(model, "is_written", is_written);
    json_put_bool(model, "is_counted", is_written || is_partly);
    bool may_retry = is_trial || strcmp(task->state, "refused") == 0;
    json_put_bool(model, "may_edit", may_retry && task->path != NULL);
    g_autofree char *leaves = task->ledger_first < 0
                                  ? NULL
                                  : g_strdup_printf("%" G_GINT64_FORMAT " 至 %" G_GINT64_FORMAT,
                                                    task->ledger_first,
                                                    task->ledger_last);
    g_autofree char *proof =
        task->ledger_first < 0
            ? NULL
            : g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, task->ledger_last);
    json_put_text(model, "leaves", leaves);
    json_put_text(model, "proof_href", proof);
    json_put(model, "job", shown);
    return response_page("importer/task", model);
}

static Response *page_task(Ctx *ctx, const Request *req) {
    Response *response = NULL;
    g_autoptr(ImportTask) task = import_page_task(ctx, req, &response);
    if (task == NULL) {
        return response;
    }
    bool may_edit = task->path != NULL &&
                    (strcmp(task->state, "new") == 0 || strcmp(task->state, "checked") == 0 ||
                     strcmp(task->state, "refused") == 0);
    if (may_edit && (task->dry_job_id == 0 || request_query(req, "edit") != NULL)) {
        return mapping_page(ctx, req, task);
    }
    return page_job(ctx, task);
}

typedef struct StartWork {
    const ImportTask *task;
    const char *mode;
    const char *region;
    int64_t now_us;
} StartWork;

static bool start_run(Db *db, void *data, GError **error) {
    const StartWork *work = data;
    g_autofree char *title = g_strdup_printf("导入 %s", work->task->file_name);
    g_autofree char *page = g_strdup_printf("/work/import/%" G_GINT64_FORMAT, work->task->id);
    g_autoptr(json_t) params = json_object();
    json_put_text(params, "title", title);
    json_put_text(params, "page", page);
    json_put_int(params, "task", work->task->id);
    json_put_text(params, "scope", work->region);
    int64_t job = 0;
    return job_add(db, "import", work->task->account_id, params, &job, error) &&
           import_store_start(db, work->task->id, work->mode, job, work->now_us, error);
}

static Response *post_run(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Response *response = NULL;
    g_autoptr(ImportTask) task = import_page_task(ctx, req, &response);
    if (task == NULL) {
        return response;
    }
    const char *mode = request_form(req, "mode");
    g_autofree char *location = g_strdup_printf("/work/import/%" G_GINT64_FORMAT, task->id);
    ImportMode parsed;
    if (mode == NULL || !import_mode_parse(mode, &parsed) || parsed == IMPORT_TRIAL) {
        return response_redirect_flash(location, "先选一种导入方式。");
    }
    if (strcmp(task->state, "checked") != 0) {
        return response_redirect_flash(location, "先试导入，再确认。");
    }
    StartWork work = {task, mode, ctx->who->region, ctx->now_us};
    if (!db_run_tx(ctx->db, start_run, &work, &error)) {
        return response_problem(error, NULL);
    }
    job_hint();
    return response_redirect(location);
}

const Route importer_routes[] = {
    {ROUTE_GET, "/work/import", page_start, PERM_IMPORT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/import", post_upload, PERM_IMPORT, CSRF_TOKEN, LIMIT_UPLOAD + MIB},
    {ROUTE_GET, "/work/import/columns", import_columns_page, PERM_IMPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/import/template", import_template, PERM_IMPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/import/{id}", page_task, PERM_IMPORT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/import/{id}/mapping", mapping_post, PERM_IMPORT, CSRF_TOKEN, 256 * KIB},
    {ROUTE_POST, "/work/import/{id}/run", post_run, PERM_IMPORT, CSRF_TOKEN, LIMIT_FORM_BODY},
    {ROUTE_GET, "/work/export", export_get, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/export", export_post, PERM_EXPORT, CSRF_TOKEN, LIMIT_FORM_BODY},
    {0},
};
