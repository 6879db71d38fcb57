#include "web/guard.h"

#include "base/digest.h"
#include "web/answer.h"
#include "web/log.h"

#include <string.h>

static const char *const names[PERM_COUNT] = {
    [PERM_PUBLIC] = "公开访问",
    [PERM_SIGNED_IN] = "登录后访问",
    [PERM_UNIT_VIEW] = "查看单位和建筑",
    [PERM_UNIT_EDIT] = "登记和修改单位",
    [PERM_OFFICER_VIEW] = "查看执法人员名录",
    [PERM_OFFICER_EDIT] = "修改执法人员名录",
    [PERM_IMPORT] = "导入数据",
    [PERM_EXPORT] = "导出数据",
    [PERM_PLAN_VIEW] = "查看检查计划",
    [PERM_PLAN_EDIT] = "制定检查计划",
    [PERM_DRAW_RUN] = "执行随机抽取",
    [PERM_INSPECTION_VIEW] = "查看检查任务",
    [PERM_PUBLISH] = "公示结果",
    [PERM_AUDIT_VIEW] = "查看审计记录",
    [PERM_ACCOUNT_ADMIN] = "管理账号",
    [PERM_ROLE_ADMIN] = "授予角色和管辖范围",
    [PERM_SENSING_VIEW] = "查看物联设备和报警",
    [PERM_SENSING_EDIT] = "登记物联设备",
    [PERM_ALARM_HANDLE] = "处理报警和查岗",
};

const char *permission_name_zh(Permission permission) {
    g_assert((unsigned)permission < PERM_COUNT);
    return names[permission];
}

/* --- CSRF --- */

static bool is_token(const char *text) {
    return text != NULL && strlen(text) == CSRF_TOKEN_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == CSRF_TOKEN_SIZE - 1;
}

void guard_csrf_token(const Request *req,
                      const Principal *who,
                      char token[CSRF_TOKEN_SIZE],
                      bool *ret_is_new) {
    *ret_is_new = false;
    const char *cookie = request_cookie(req, csrf_cookie_name(req));
    if (who->account_id != 0) {
        g_strlcpy(token, who->csrf, CSRF_TOKEN_SIZE);
    } else if (is_token(cookie)) {
        g_strlcpy(token, cookie, CSRF_TOKEN_SIZE);
    } else {
        uint8_t bytes[(CSRF_TOKEN_SIZE - 1) / 2];
        random_bytes(bytes, sizeof bytes);
        g_autofree char *hex = hex_format(bytes, sizeof bytes);
        g_strlcpy(token, hex, CSRF_TOKEN_SIZE);
        *ret_is_new = true;
    }
}

/* Takes the same time wherever the texts differ. */
static bool same_token(const char *given, const char *expected) {
    if (!is_token(given) || !is_token(expected)) {
        return false;
    }
    unsigned difference = 0;
    for (size_t i = 0; i < CSRF_TOKEN_SIZE - 1; i++) {
        difference |= (unsigned)(given[i] ^ expected[i]);
    }
    return difference == 0;
}

static bool token_is_good(const Ctx *ctx, const Request *req) {
    const char *given = request_header(req, "X-CSRF-Token");
    if (given == NULL) {
        given = request_form(req, "csrf");
    }
    bool has_session = ctx->who->account_id != 0;
    if (has_session && same_token(given, ctx->who->csrf)) {
        return true;
    }
    bool cookie_counts = !has_session || req->route->csrf == CSRF_NONE;
    return cookie_counts && same_token(given, request_cookie(req, csrf_cookie_name(req)));
}

/* The second line: what the browser itself says about where the form stood. */
static bool origin_is_ours(const Request *req) {
    const char *site = request_header(req, "Sec-Fetch-Site");
    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return false;
    }
    const char *origin = request_header(req, "Origin");
    if (origin == NULL) {
        return true;
    }
    const char *host = strstr(origin, "://");
    return host != NULL && g_ascii_strcasecmp(host + 3, request_header(req, "Host")) == 0;
}

/* --- refusals --- */

static Response *refuse(const WebOptions *options,
                        Ctx *ctx,
                        const Request *req,
                        const char *reason,
                        Response *response) {
    log_event("web.refused",
              "req=%s status=%u reason=%s method=%s path=%s account=%" G_GINT64_FORMAT " peer=%s",
              req->id,
              response->status,
              reason,
              req->method,
              req->path,
              ctx->who->account_id,
              req->peer);
    if (options->refused != NULL) {
        options->refused(ctx, req, reason);
    }
    return response;
}

static Response *ask_to_sign_in(const WebOptions *options, Ctx *ctx, const Request *req) {
    if (!req->is_post && !request_wants_json(req)) {
        g_autofree char *next = percent_encode(req->target, "/");
        g_autofree char *location = g_strconcat("/signin?next=", next, NULL);
        return response_redirect(location);
    }
    return refuse(options, ctx, req, "not signed in", response_status_page(401, NULL, NULL));
}

static Response *refuse_permission(const WebOptions *options, Ctx *ctx, const Request *req) {
    g_autofree char *message =
        g_strdup_printf("您的账号没有“%s”的权限。需要时请联系安全管理员授予角色。",
                        permission_name_zh(req->route->permission));
    return refuse(
        options, ctx, req, "missing permission", response_status_page(403, NULL, message));
}

static Response *refuse_token(const WebOptions *options, Ctx *ctx, const Request *req) {
    return refuse(
        options,
        ctx,
        req,
        "csrf",
        response_status_page(
            403, "页面已过期", "这个表单不是从本站当前的会话提交的。请重新打开页面，再提交一次。"));
}

static bool may_stay_without_password(const Request *req) {
    return strcmp(req->path, "/work/account/password") == 0 || strcmp(req->path, "/signout") == 0;
}

Response *guard_preflight(const WebOptions *options, Ctx *ctx, const Request *req) {
    const Route *route = req->route;
    if (!principal_may(ctx->who, route->permission)) {
        return ctx->who->account_id == 0 ? ask_to_sign_in(options, ctx, req)
                                         : refuse_permission(options, ctx, req);
    }
    bool is_bound = ctx->who->must_change_password && route->permission != PERM_PUBLIC;
    if (is_bound && !may_stay_without_password(req)) {
        return response_redirect("/work/account/password");
    }
    if (req->is_post && route->csrf != CSRF_RAW && !origin_is_ours(req)) {
        return refuse(options, ctx, req, "foreign origin", response_status_page(403, NULL, NULL));
    }
    return NULL;
}

Response *guard_large_body(const WebOptions *options, Ctx *ctx, const Request *req) {
    Response *refusal = guard_preflight(options, ctx, req);
    if (refusal == NULL && req->route->permission == PERM_PUBLIC && options->admits != NULL &&
        !options->admits(ctx, req)) {
        refusal = refuse(
            options,
            ctx,
            req,
            "large body",
            response_status_page(
                403, "文件没有收", "这一页已经过期，或者不收文件。请从头打开页面，再传一次。"));
    }
    return refusal;
}

Response *guard_check(const WebOptions *options, Ctx *ctx, const Request *req) {
    Response *refusal = guard_preflight(options, ctx, req);
    bool needs_token = req->is_post && req->route->csrf != CSRF_RAW;
    if (refusal == NULL && needs_token && !token_is_good(ctx, req)) {
        refusal = refuse_token(options, ctx, req);
    }
    return refusal;
}
