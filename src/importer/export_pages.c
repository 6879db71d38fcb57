/* /work/export: short lists at once, long ones as a job after a word from the person. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "importer/export.h"
#include "importer/importer_pages.h"

#include <glib/gstdio.h>
#include <string.h>

static json_t *read_filters(const Request *req, bool is_form) {
    json_t *filters = json_object();
    for (const char *const *word = export_filter_words; *word != NULL; word++) {
        const char *value = is_form ? request_form(req, *word) : request_query(req, *word);
        if (value != NULL && value[0] != '\0') {
            json_put_text(filters, *word, value);
        }
    }
    return filters;
}

typedef struct Asked {
    const ExportList *list;
    TableFormat format;
    const char *ending;
} Asked;

/* NULL when the question is good; otherwise the answer to it. */
static Response *
read_question(Ctx *ctx, const Request *req, const char *list, const char *format, Asked *asked) {
    g_autoptr(GError) error = NULL;
    asked->list = list != NULL ? export_find_list(list) : NULL;
    asked->ending = format != NULL ? format : "csv";
    if (asked->list == NULL || !table_format_parse(asked->ending, &asked->format)) {
        hz_fail(&error, HZ_ERROR_INVALID, "no such list or format");
        return response_problem(error, "没有这个名单，或者没有这种格式。");
    }
    if (!principal_may(ctx->who, asked->list->permission)) {
        const WebOptions *options = web_options(ctx->server);
        if (options->refused != NULL) {
            options->refused(ctx, req, "export of a list without its permission");
        }
        hz_fail(&error, HZ_ERROR_DENIED, "the list needs another permission");
        return response_problem(error, "您的角色看不到这个名单，所以也不能导出。");
    }
    return NULL;
}

static bool not_too_many(int64_t rows, void *data) {
    bool *is_long = data;
    *is_long = rows > LIMIT_DIRECT_EXPORT;
    return !*is_long;
}

/* The list is long: what would happen, and a button. */
static Response *offer_job(const Asked *asked, const json_t *filters) {
    g_assert(asked->list != NULL);
    json_t *model = json_object();
    json_t *fields = json_array();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)filters, name, value) {
        json_t *field = json_object();
        json_put_text(field, "name", name);
        json_put_text(field, "value", json_string_value(value));
        json_array_append_new(fields, field);
    }
    g_autofree char *limit = job_count_zh(LIMIT_DIRECT_EXPORT);
    json_put_text(model, "title_zh", asked->list->title_zh);
    json_put_text(model, "list", asked->list->name);
    json_put_text(model, "format", asked->ending);
    json_put_text(model, "format_zh", asked->format == TABLE_CSV ? "CSV" : "Excel（XLSX）");
    json_put_text(model, "limit", limit);
    json_put(model, "filters", fields);
    return response_page("importer/export", model);
}

/* A GET has a read-only connection, so the entry is written over one that is opened for it. */
static bool leave_trace(Ctx *ctx, ExportTrace *trace, GError **error) {
    g_autoptr(Db) db = db_open(web_options(ctx->server)->db_url, DB_READ_WRITE, error);
    if (db == NULL) {
        (void)g_unlink(trace->path);
        return false;
    }
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
    trace->actor = actor;
    return export_leave_trace(db, trace, error);
}

Response *export_get(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Asked asked = {0};
    Response *refusal =
        read_question(ctx, req, request_query(req, "list"), request_query(req, "format"), &asked);
    if (refusal != NULL) {
        return refusal;
    }
    g_assert(asked.list != NULL);
    g_autofree char *file = g_strdup_printf("export.%s", asked.ending);
    g_autofree char *path = web_temp_path(ctx, file);
    g_autoptr(json_t) filters = read_filters(req, false);
    ExportQuery query = {
        filters,
        ctx->who->region,
        ctx->now_us,
        ctx->who->officer_id,
        ctx->who->account_id,
        principal_may(ctx->who, PERM_SENSING_EDIT),
    };
    ExportTrace trace = {.list = asked.list, .query = &query, .format = asked.format, .path = path};
    bool is_long = false;
    if (!export_write(ctx->db,
                      asked.list,
                      &query,
                      asked.format,
                      path,
                      not_too_many,
                      &is_long,
                      &trace.rows,
                      &error)) {
        return is_long ? offer_job(&asked, filters) : response_problem(error, NULL);
    }
    if (!leave_trace(ctx, &trace, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *name = g_strdup_printf("%s.%s", asked.list->name, asked.ending);
    return response_file(table_format_mime(asked.format), path, name, true);
}

Response *export_post(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Asked asked = {0};
    Response *refusal =
        read_question(ctx, req, request_form(req, "list"), request_form(req, "format"), &asked);
    if (refusal != NULL) {
        return refusal;
    }
    g_assert(asked.list != NULL);
    g_autofree char *title = g_strdup_printf("导出%s", asked.list->title_zh);
    g_autoptr(json_t) params = json_object();
    json_put_text(params, "title", title);
    json_put_text(params, "list", asked.list->name);
    json_put_text(params, "format", asked.ending);
    json_put_text(params, "scope", ctx->who->region);
    json_put_int(params, "officer", ctx->who->officer_id);
    json_put_bool(params, "sees_unbound", principal_may(ctx->who, PERM_SENSING_EDIT));
    json_put(params, "filters", read_filters(req, true));
    int64_t job = 0;
    if (!job_add(ctx->db, "export", ctx->who->account_id, params, &job, &error)) {
        return response_problem(error, NULL);
    }
    job_hint();
    g_autofree char *location = g_strdup_printf("/work/jobs/%" G_GINT64_FORMAT, job);
    return response_redirect(location);
}

/* --- the job --------------------------------------------------------------------------------- */

static bool on_progress(int64_t rows, void *data) {
    return job_progress(data, rows, 0);
}

static bool
run_export(Job *job, Db *db, const json_t *params, json_t **ret_result, GError **error) {
    const ExportList *list = export_find_list(json_get_text(params, "list", ""));
    const char *ending = json_get_text(params, "format", "");
    const char *scope = json_get_text(params, "scope", NULL);
    TableFormat format = TABLE_CSV;
    if (list == NULL || scope == NULL || !table_format_parse(ending, &format)) {
        return hz_fail(error, HZ_ERROR_INVALID, "the export job lacks its list, format or scope");
    }
    g_autofree char *name = g_strdup_printf("%s.%s", list->name, ending);
    g_autofree char *path = g_build_filename(job_folder(job), name, NULL);
    ExportQuery query = {json_object_get(params, "filters"),
                         scope,
                         clock_now_us(),
                         json_get_int(params, "officer", 0),
                         job_account(job),
                         json_get_bool(params, "sees_unbound", false)};
    int64_t rows = 0;
    if (!export_write(db, list, &query, format, path, on_progress, job, &rows, error)) {
        return false;
    }
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, job_account(job));
    ExportTrace trace = {list, &query, format, path, actor, job_id(job), rows};
    if (!export_leave_trace(db, &trace, error)) {
        return false;
    }
    (void)job_progress(job, rows, rows); /* a stop that comes now changes nothing */
    g_autofree char *count = job_count_zh(rows);
    g_autofree char *text = g_strdup_printf("已写好 %s 行。", count);
    g_autofree char *label = g_strdup_printf("下载 %s", name);
    json_t *result = json_object();
    json_t *file = json_object();
    json_t *files = json_array();
    json_put_text(file, "name", name);
    json_put_text(file, "label_zh", label);
    json_put_text(file, "mime", table_format_mime(format));
    json_array_append_new(files, file);
    json_put_text(result, "text_zh", text);
    json_put_int(result, "rows", rows);
    json_put(result, "files", files);
    *ret_result = result;
    return true;
}

const JobKind export_job = {"export", run_export, true};
