#include "web/answer.h"

#include "base/limits.h"
#include "web/compress.h"
#include "web/log.h"
#include "web/template.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PERMISSIONS "Permissions-Policy"
#define PERMISSIONS_OF(geolocation)                                                                \
    "camera=(), geolocation=" geolocation ", microphone=(), payment=(), usb=()"

static const Field security_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
     "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {PERMISSIONS, PERMISSIONS_OF("()")},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

void answer_free(Answer *answer) {
    if (answer == NULL) {
        return;
    }
    fields_clear(&answer->headers);
    g_string_chunk_free(answer->text);
    g_clear_pointer(&answer->body, g_bytes_unref);
    if (answer->fd >= 0) {
        close(answer->fd);
    }
    g_free(answer->topic);
    g_free(answer);
}

void answer_set_header(Answer *answer, const char *name, const char *value) {
    fields_add(&answer->headers, name, value);
}

static Answer *answer_new(unsigned status) {
    Answer *answer = g_new0(Answer, 1);
    answer->status = status;
    answer->fd = -1;
    answer->text = g_string_chunk_new(512);
    fields_init(&answer->headers, answer->text);
    for (size_t i = 0; i < G_N_ELEMENTS(security_headers); i++) {
        answer_set_header(answer, security_headers[i].name, security_headers[i].value);
    }
    return answer;
}

static void take_text(Answer *answer, char *text) {
    answer->body = g_bytes_new_take(text, strlen(text));
}

static char *plain_page(unsigned status, const char *request_id) {
    const char *title = problem_title_zh(status);
    return g_strdup_printf("<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
                           "<meta name=\"viewport\" content=\"width=device-width\">"
                           "<title>%s · 火正</title></head><body><main><h1>%s</h1><p>%s</p>"
                           "<p>状态 %u，编号 %s</p><p><a href=\"/\">返回首页</a></p></main>"
                           "</body></html>\n",
                           title,
                           title,
                           problem_message_zh(status),
                           status,
                           request_id);
}

Answer *answer_plain(unsigned status, const char *request_id) {
    Answer *answer = answer_new(status);
    answer_set_header(answer, "Content-Type", "text/html; charset=utf-8");
    answer_set_header(answer, "Cache-Control", "no-store");
    if (status == 503) {
        answer_set_header(answer, "Retry-After", "2");
    }
    if (status == 405) {
        answer_set_header(answer, "Allow", "GET, HEAD, POST");
    }
    take_text(answer, plain_page(status, request_id));
    return answer;
}

const char *csrf_cookie_name(const Request *req) {
    return req->is_secure ? "__Host-hz_csrf" : "hz_csrf";
}

/* --- pages --- */

static json_t *site_of(const AnswerContext *context) {
    json_t *site = NULL;
    if (context->options->site != NULL && context->ctx->db != NULL) {
        site = context->options->site(context->ctx, context->req);
    }
    if (site == NULL) {
        site = json_object();
    }
    json_put_text(site, "csrf", context->csrf);
    json_put_text(site, "flash", request_flash(context->req));
    json_put_text(site, "request_id", context->req->id);
    json_put_text(site, "path", context->req->path);
    return site;
}

/* A cookie of the server itself: no script needs it. */
static void add_cookie(Response *response, const char *name, const char *value, int64_t max_age_s) {
    response_cookie(response, name, value, max_age_s, true);
}

static bool render(const AnswerContext *context, const Response *response, char **ret_html) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) html = g_string_sized_new(8 * KIB);
    json_put(response->model, "site", site_of(context));
    if (!view_render(
            response->view, response->model, context->options->strict_templates, html, &error)) {
        log_problem(LOG_LEVEL_ERROR,
                    "web.render",
                    "req=%s view=%s error=%s",
                    context->req->id,
                    response->view,
                    error->message);
        return false;
    }
    *ret_html = g_string_free(g_steal_pointer(&html), FALSE);
    return true;
}

/* The HTML of a page, of the 500 page when that fails, of the plain page when that fails too.
 * Without a database there is no frame to put a page into. */
static char *page_html(const AnswerContext *context, Response *response, Answer *answer) {
    char *html = NULL;
    if (context->ctx->db == NULL) {
        return plain_page(answer->status, context->req->id);
    }
    if (render(context, response, &html)) {
        return html;
    }
    if (response->kind != RESPONSE_PROBLEM) {
        answer->status = 500;
        answer->is_problem = true;
        answer->problem = HZ_ERROR_INTERNAL;
        g_autoptr(Response) problem = response_status_page(500, NULL, NULL);
        json_put_text(problem->model, "code", "internal");
        json_put_text(problem->model, "request_id", context->req->id);
        if (render(context, problem, &html)) {
            return html;
        }
    }
    return plain_page(answer->status, context->req->id);
}

static void answer_page(const AnswerContext *context, Response *response, Answer *answer) {
    if (response->kind == RESPONSE_PROBLEM) {
        json_put_text(response->model, "request_id", context->req->id);
        answer->is_problem = true;
        answer->problem = response->problem;
    }
    if (request_wants_json(context->req)) {
        answer_set_header(answer, "Content-Type", "application/json; charset=utf-8");
        take_text(answer, json_write(response->model));
        /* A program has no form to find it in; it sends it back under the same name. */
        answer_set_header(answer, "X-CSRF-Token", context->csrf);
    } else {
        answer_set_header(answer, "Content-Type", "text/html; charset=utf-8");
        take_text(answer, page_html(context, response, answer));
    }
    if (context->csrf_is_new) {
        add_cookie(response, csrf_cookie_name(context->req), context->csrf, -1);
    }
    bool shows_flash = request_flash(context->req) != NULL && !request_wants_json(context->req);
    if (shows_flash && !context->req->is_head) {
        add_cookie(response, "hz_flash", "", 0);
    }
}

static void answer_redirect(const AnswerContext *context, Response *response, Answer *answer) {
    if (request_wants_json(context->req)) {
        g_autoptr(json_t) model = json_object();
        json_put_text(model, "location", response->location);
        json_put_text(model, "message", response->flash);
        answer->status = 200;
        answer_set_header(answer, "Content-Type", "application/json; charset=utf-8");
        take_text(answer, json_write(model));
        return;
    }
    answer_set_header(answer, "Location", response->location);
    take_text(answer, g_strdup(""));
    if (response->flash != NULL) {
        add_cookie(response, "hz_flash", response->flash, 60);
    }
}

/* --- bytes and files --- */

/* RFC 6266: an ASCII name for old readers and the real one beside it. */
static void add_disposition(Answer *answer, const char *download_name) {
    if (download_name == NULL) {
        return;
    }
    g_autofree char *encoded = percent_encode(download_name, "");
    g_autofree char *ascii = g_strdup(download_name);
    for (char *at = ascii; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && strchr("-._", *at) == NULL) {
            *at = '_';
        }
    }
    g_autofree char *value =
        g_strdup_printf("attachment; filename=\"%s\"; filename*=UTF-8''%s", ascii, encoded);
    answer_set_header(answer, "Content-Disposition", value);
}

static void add_type(Answer *answer, const char *mime) {
    /* A protocol's own type is compared whole by its clients. */
    bool needs_charset = g_str_has_prefix(mime, "text/") && !g_str_has_prefix(mime, "text/x.") &&
                         strstr(mime, "charset") == NULL;
    g_autofree char *type = g_strconcat(mime, needs_charset ? "; charset=utf-8" : "", NULL);
    answer_set_header(answer, "Content-Type", type);
}

static bool open_file(const Response *response, Answer *answer, const char *request_id) {
    struct stat status;
    answer->fd = open(response->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (answer->fd < 0 || fstat(answer->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        log_problem(LOG_LEVEL_ERROR,
                    "web.file",
                    "req=%s path=%s error=%s",
                    request_id,
                    response->path,
                    g_strerror(errno));
        return false;
    }
    answer->fd_size = status.st_size;
    if (response->delete_after) {
        /* The open descriptor keeps the bytes until they are sent. */
        (void)unlink(response->path);
    }
    return true;
}

static const char *header_of(const Answer *answer, const char *name) {
    return fields_find_folded(&answer->headers, name);
}

static void compress_body(const AnswerContext *context, Answer *answer) {
    if (answer->body == NULL || header_of(answer, "Content-Encoding") != NULL ||
        !compress_is_worthwhile(header_of(answer, "Content-Type"), answer->body)) {
        return;
    }
    const char *coding = NULL;
    GBytes *packed =
        compress_for(request_header(context->req, "Accept-Encoding"), answer->body, &coding);
    if (packed != NULL) {
        g_bytes_unref(answer->body);
        answer->body = packed;
        answer_set_header(answer, "Content-Encoding", coding);
    }
}

static void add_common_headers(const AnswerContext *context, Answer *answer) {
    if (header_of(answer, "Cache-Control") == NULL) {
        bool is_personal = context->ctx->who->account_id != 0;
        answer_set_header(answer, "Cache-Control", is_personal ? "no-store" : "private, no-cache");
    }
    if (header_of(answer, "Vary") == NULL) {
        answer_set_header(answer, "Vary", "Accept, Accept-Encoding, Cookie");
    }
    if (context->req->is_secure) {
        answer_set_header(answer, "Strict-Transport-Security", "max-age=31536000");
    }
    if (answer->status == 503 && header_of(answer, "Retry-After") == NULL) {
        answer_set_header(answer, "Retry-After", "2");
    }
}

static bool fill(const AnswerContext *context, Response *response, Answer *answer) {
    switch (response->kind) {
    case RESPONSE_PAGE:
    case RESPONSE_PROBLEM:
        answer_page(context, response, answer);
        return true;
    case RESPONSE_REDIRECT:
        answer_redirect(context, response, answer);
        return true;
    case RESPONSE_BYTES:
        add_type(answer, response->mime);
        add_disposition(answer, response->download_name);
        answer->body = g_bytes_ref(response->bytes);
        return true;
    case RESPONSE_FILE:
        add_type(answer, response->mime);
        add_disposition(answer, response->download_name);
        return open_file(response, answer, context->req->id);
    case RESPONSE_EVENTS:
        answer_set_header(answer, "Content-Type", "text/event-stream; charset=utf-8");
        answer_set_header(answer, "Cache-Control", "no-store");
        answer->topic = g_strdup(response->topic);
        return true;
    }
    g_assert_not_reached();
}

Answer *answer_make(const AnswerContext *context, Response *response) {
    g_autoptr(Response) owned = response;
    Answer *answer = answer_new(owned->status);
    if (!fill(context, owned, answer)) {
        answer_free(answer);
        return answer_make(context, response_status_page(500, NULL, NULL));
    }
    for (guint i = 0; i < owned->headers.items->len; i++) {
        const Field *field = &g_array_index(owned->headers.items, Field, i);
        answer_set_header(answer, field->name, field->value);
    }
    if (owned->may_locate) {
        fields_set(&answer->headers, PERMISSIONS, PERMISSIONS_OF("(self)"));
    }
    add_common_headers(context, answer);
    compress_body(context, answer);
    return answer;
}
