#include "web/response.h"

#include "base/error.h"

#include <string.h>

static Response *response_new(ResponseKind kind, unsigned status) {
    Response *response = g_new0(Response, 1);
    response->kind = kind;
    response->status = status;
    response->text = g_string_chunk_new(256);
    fields_init(&response->headers, response->text);
    return response;
}

void response_free(Response *response) {
    if (response == NULL) {
        return;
    }
    fields_clear(&response->headers);
    g_string_chunk_free(response->text);
    g_free(response->view);
    json_decref(response->model);
    g_free(response->location);
    g_free(response->flash);
    g_free(response->mime);
    g_free(response->download_name);
    g_clear_pointer(&response->bytes, g_bytes_unref);
    g_free(response->path);
    g_free(response->topic);
    g_free(response);
}

unsigned response_status(const Response *response) {
    return response->status;
}

Response *response_page_status(unsigned status, const char *view, json_t *model) {
    Response *response = response_new(RESPONSE_PAGE, status);
    response->view = g_strdup(view);
    response->model = model;
    return response;
}

Response *response_page(const char *view, json_t *model) {
    return response_page_status(200, view, model);
}

Response *response_form_again(const char *view, json_t *model, FormProblems *problems) {
    json_put(model, "problems", problems);
    return response_page_status(422, view, model);
}

/* Only a path on this server; anything else (an open redirect) leads to the start page. Bytes that
 * may not stand in a header are encoded. */
static char *local_location(const char *location) {
    bool is_local = location[0] == '/' && location[1] != '/' && location[1] != '\\';
    return percent_encode(is_local ? location : "/", "/?#[]@!$&'()*+,;=:%");
}

Response *response_redirect(const char *location) {
    Response *response = response_new(RESPONSE_REDIRECT, 303);
    response->location = local_location(location);
    return response;
}

Response *response_redirect_flash(const char *location, const char *message, ...) {
    Response *response = response_redirect(location);
    va_list args;
    va_start(args, message);
    response->flash = g_strdup_vprintf(message, args);
    va_end(args);
    return response;
}

/* --- error pages --- */

typedef struct ProblemText {
    unsigned status;
    const char *title, *message;
} ProblemText;

static const ProblemText texts[] = {
    {400, "请求有误", "服务器看不懂这个请求。请返回上一页检查后再试。"},
    {401, "需要登录", "请先登录，再打开这个页面。"},
    {403, "没有权限", "您的账号不能打开或办理这一项。需要时请联系系统管理员。"},
    {404, "没有找到", "这个页面或这条记录不存在，或者不在您的管辖范围内。请检查网址。"},
    {405, "不支持的操作", "这个地址不支持这种请求方式。"},
    {409, "这一步没有做成", "这条记录刚刚被改动过。请重新打开，核对后再提交。"},
    {413, "内容太大", "提交的内容超过了允许的大小。请减小后再试。"},
    {414, "网址太长", "网址超过了允许的长度。请减少筛选条件后再试。"},
    {415, "不支持的内容类型", "服务器不接受这种类型的内容。请用本站的表单提交。"},
    {431, "请求头太大", "请求头超过了允许的大小。请清除本站的 Cookie 后再试。"},
    {500,
     "服务器出错了",
     "这是系统的问题，不是您的操作有误。请稍后再试；反复出现时请报告下面的编号。"},
    {503, "服务器忙", "现在办理的人较多，或者数据库暂时连不上。请过几秒钟再试。"},
    {504, "处理超时", "这次处理用时太长，已经停止。请缩小范围后再试。"},
};

static const ProblemText *text_of(unsigned status) {
    const ProblemText *internal = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].status == status) {
            return &texts[i];
        }
        if (texts[i].status == 500) {
            internal = &texts[i];
        }
    }
    return internal;
}

const char *problem_title_zh(unsigned status) {
    return text_of(status)->title;
}

const char *problem_message_zh(unsigned status) {
    return text_of(status)->message;
}

Response *response_status_page(unsigned status, const char *title_zh, const char *message_zh) {
    Response *response = response_new(RESPONSE_PROBLEM, status);
    response->problem = HZ_ERROR_INVALID;
    response->view = g_strdup("web/problem");
    response->model = json_object();
    json_put_int(response->model, "status", status);
    json_put_text(response->model, "title", title_zh != NULL ? title_zh : problem_title_zh(status));
    json_put_text(
        response->model, "message", message_zh != NULL ? message_zh : problem_message_zh(status));
    json_put_text(response->model, "kept", NULL);
    json_put_text(response->model, "todo", NULL);
    return response;
}

static unsigned status_of(const GError *error) {
    static const unsigned statuses[] = {
        [HZ_ERROR_INVALID] = 400,
        [HZ_ERROR_NOT_FOUND] = 404,
        [HZ_ERROR_DENIED] = 403,
        [HZ_ERROR_CONFLICT] = 409,
        [HZ_ERROR_LIMIT] = 413,
        [HZ_ERROR_BUSY] = 503,
        [HZ_ERROR_TIMEOUT] = 504,
        [HZ_ERROR_UNAVAILABLE] = 503,
        [HZ_ERROR_CORRUPT] = 500,
        [HZ_ERROR_INTERNAL] = 500,
    };
    bool is_ours = error != NULL && error->domain == HZ_ERROR && error->code >= 0 &&
                   (size_t)error->code < G_N_ELEMENTS(statuses);
    return is_ours ? statuses[error->code] : 500;
}

Response *response_problem(const GError *error, const char *message_zh) {
    unsigned status = status_of(error);
    const char *message = message_zh;
    if (message == NULL && error != NULL && status < 500) {
        message = error->message;
    }
    Response *response = response_status_page(status, NULL, message);
    json_put_text(response->model, "code", hz_error_word(error));
    response->problem =
        error != NULL && error->domain == HZ_ERROR ? (HzErrorCode)error->code : HZ_ERROR_INTERNAL;
    return response;
}

Response *response_not_found(void) {
    Response *response = response_status_page(404, NULL, NULL);
    json_put_text(response->model, "code", "not_found");
    response->problem = HZ_ERROR_NOT_FOUND;
    return response;
}

/* --- bytes, files, events --- */

Response *response_bytes(const char *mime, GBytes *bytes, const char *download_name) {
    Response *response = response_new(RESPONSE_BYTES, 200);
    response->mime = g_strdup(mime);
    response->bytes = bytes;
    response->download_name = g_strdup(download_name);
    return response;
}

Response *response_text(unsigned status, const char *mime, char *text) {
    Response *response = response_bytes(mime, g_bytes_new_take(text, strlen(text)), NULL);
    response->status = status;
    return response;
}

Response *
response_file(const char *mime, const char *path, const char *download_name, bool delete_after) {
    Response *response = response_new(RESPONSE_FILE, 200);
    response->mime = g_strdup(mime);
    response->path = g_strdup(path);
    response->download_name = g_strdup(download_name);
    response->delete_after = delete_after;
    return response;
}

Response *response_events(const char *topic) {
    Response *response = response_new(RESPONSE_EVENTS, 200);
    response->topic = g_strdup(topic);
    return response;
}

void response_set_header(Response *response, const char *name, const char *value) {
    g_assert(strpbrk(name, "\r\n:") == NULL && strpbrk(value, "\r\n") == NULL);
    fields_add(&response->headers, name, value);
}

void response_sandbox(Response *response) {
    /* beside the policy that every answer has: both must allow a thing */
    response_set_header(response, "Content-Security-Policy", "sandbox; default-src 'none'");
}

void response_may_locate(Response *response) {
    response->may_locate = true;
}

void response_private(Response *response) {
    response_set_header(response, "Cache-Control", "no-store");
}

void response_immutable(Response *response) {
    response_set_header(response, "Cache-Control", "public, max-age=31536000, immutable");
    response_set_header(response, "Vary", "Accept-Encoding");
}

void response_revalidate(Response *response) {
    response_set_header(response, "Cache-Control", "no-cache");
    response_set_header(response, "Vary", "Accept-Encoding");
}

void response_cookie(
    Response *response, const char *name, const char *value, int64_t max_age_s, bool http_only) {
    g_autofree char *encoded = percent_encode(value, "");
    g_autoptr(GString) cookie = g_string_new(NULL);
    g_string_append_printf(cookie, "%s=%s; Path=/; SameSite=Lax", name, encoded);
    if (max_age_s >= 0) {
        g_string_append_printf(cookie, "; Max-Age=%" G_GINT64_FORMAT, max_age_s);
    }
    if (http_only) {
        g_string_append(cookie, "; HttpOnly");
    }
    /* The prefix is only valid with Secure; the name already says how we are served. */
    if (g_str_has_prefix(name, "__Host-")) {
        g_string_append(cookie, "; Secure");
    }
    response_set_header(response, "Set-Cookie", cookie->str);
}
