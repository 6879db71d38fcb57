/* A person's own jobs: list, one job, cancel, files. Nobody sees another account's job. */
#include "job/job_internal.h"

#include "base/limits.h"

static Response *page_list(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *before = request_query(req, "before");
    int64_t from = before != NULL ? g_ascii_strtoll(before, NULL, 10) : 0;
    json_t *model = job_list_model(ctx->db, ctx->who->account_id, from, LIMIT_PAGE_ROWS, &error);
    if (model == NULL) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "is_later_page", from > 0);
    return response_page("job/list", model);
}

/* The browser hears when one of this account's jobs has got on or ended. */
static Response *page_events(Ctx *ctx, const Request *req) {
    (void)req;
    g_autofree char *topic = job_topic(ctx->who->account_id);
    return response_events(topic);
}

static Response *page_one(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    json_t *job = job_model_of(ctx->db, id, ctx->who->account_id, &error);
    if (job == NULL) {
        return response_problem(error, "没有这项任务，或者不是您发起的。");
    }
    json_t *model = json_object();
    json_put(model, "job", job);
    return response_page("job/one", model);
}

static Response *post_cancel(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!job_cancel(ctx->db, id, ctx->who->account_id, &error)) {
        bool has_ended = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, has_ended ? "这项任务已经结束，不用再取消。" : NULL);
    }
    g_autoptr(json_t) job = job_model_of(ctx->db, id, ctx->who->account_id, &error);
    if (job == NULL) {
        return response_problem(error, NULL);
    }
    return response_redirect_flash(
        json_get_text(job, "page", "/work/jobs"), "已要求停止任务 %" G_GINT64_FORMAT "。", id);
}

static Response *page_file(Ctx *ctx, const Request *req) {
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    return job_file_response(ctx->db, id, ctx->who->account_id, request_arg(req, "name"));
}

static const Route routes[] = {
    {ROUTE_GET, "/work/jobs", page_list, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/jobs/events", page_events, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/jobs/{id}", page_one, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_POST, "/work/jobs/{id}/cancel", post_cancel, PERM_SIGNED_IN, CSRF_TOKEN, 4 * KIB},
    {ROUTE_GET, "/work/jobs/{id}/files/{name}", page_file, PERM_SIGNED_IN, CSRF_NONE, 0},
    {0},
};

const Module job_module = {.name = "job", .routes = routes};
