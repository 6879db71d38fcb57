/* Sign-in, sign-out, the own account. */
#include "account/account_pages.h"

#include "account/account_forms.h"
#include "account/account_rules.h"
#include "account/account_store.h"
#include "base/error.h"

#include <string.h>

#define HOME_PATH "/work"
#define PASSWORD_PATH "/work/account/password"

/* --- sign-in ------------------------------------------------------------------------------------
 */

static void
sign_in_model(json_t *model, const char *login, const char *next, const FormProblems *problems) {
    form_line_add(model,
                  &(FormLine){.id = "login",
                              .label = "登录名",
                              .type = "text",
                              .autocomplete = "username",
                              .value = login},
                  problems);
    form_line_add(model,
                  &(FormLine){.id = "password",
                              .label = "密码",
                              .type = "password",
                              .autocomplete = "current-password"},
                  problems);
    json_put_text(model, "next", next);
}

Response *sign_in_page(Ctx *ctx, const Request *req) {
    const char *next = request_query(req, "next");
    if (ctx->who->account_id != 0) {
        return response_redirect(local_path(next) ? next : HOME_PATH);
    }
    json_t *model = json_object();
    form_fresh(model);
    sign_in_model(model, "", local_path(next) ? next : HOME_PATH, NULL);
    return response_page("account/signin", model);
}

static Response *
sign_in_again(const Request *req, const char *next, unsigned status, FormProblems *problems) {
    json_t *model = json_object();
    sign_in_model(model, form_text(req, "login"), next, problems);
    json_put(model, "problems", problems);
    return response_page_status(status, "account/signin", model);
}

static Response *sign_in_answer(const Request *req, const char *next, const SignInResult *result) {
    FormProblems *problems = NULL;
    switch (result->outcome) {
    case SIGN_IN_DONE: {
        Response *response = response_redirect(result->must_change_password ? PASSWORD_PATH : next);
        response_cookie(response,
                        web_session_cookie(req),
                        result->token,
                        SESSION_LIFE_US / CLOCK_SECOND_US,
                        true);
        return response;
    }
    case SIGN_IN_WRONG:
        problems = form_problems_new();
        form_problem_add(problems, "login", "登录名或密码不对。密码区分大小写");
        return sign_in_again(req, next, 422, problems);
    case SIGN_IN_WAIT:
        problems = form_problems_new();
        form_problem_add(problems,
                         "login",
                         "登录失败次数太多，%u 分钟后再试。忘了密码，找系统管理员重设",
                         result->wait_minutes);
        return sign_in_again(req, next, 429, problems);
    case SIGN_IN_LOCKED:
        break;
    }
    problems = form_problems_new();
    form_problem_add(problems, "login", "这个账号已停用，找系统管理员");
    return sign_in_again(req, next, 403, problems);
}

Response *sign_in_submit(Ctx *ctx, const Request *req) {
    const char *next = request_form(req, "next");
    next = local_path(next) ? next : HOME_PATH;
    const char *agent = request_header(req, "User-Agent");
    g_autofree char *short_agent = g_utf8_make_valid(agent != NULL ? agent : "", -1);
    if (strlen(short_agent) > 200) {
        short_agent[200] = '\0';
        g_autofree char *cut = g_utf8_make_valid(short_agent, -1);
        g_strlcpy(short_agent, cut, 200);
    }
    SignInAttempt attempt = {.login = form_text(req, "login"),
                             .password = form_text(req, "password"),
                             .peer = request_peer(req),
                             .agent = short_agent};
    SignInResult result = {0};
    g_autoptr(GError) error = NULL;
    if (!account_sign_in(ctx->db, &attempt, ctx->now_us, &result, &error)) {
        return response_problem(error, "现在登录的人多，过几秒再试一次");
    }
    return sign_in_answer(req, next, &result);
}

Response *sign_out_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    if (!account_sign_out(ctx->db, ctx->who, request_peer(req), ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    Response *response = response_redirect_flash("/signin", "已退出");
    response_cookie(response, web_session_cookie(req), "", 0, true);
    return response;
}

/* --- own account -------------------------------------------------------------------------------
 */

static json_t *session_list(Ctx *ctx, GError **error) {
    g_autoptr(DbRows) rows = session_store_list(ctx->db, ctx->who->account_id, ctx->now_us, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(json_t) list = json_array();
    while (db_rows_next(rows)) {
        json_t *item = json_object();
        json_put_bool(item, "is_this", db_rows_int(rows, 0) == ctx->who->session_id);
        json_put_minute(item, "since", db_rows_int(rows, 1));
        json_put_minute(item, "seen", db_rows_int(rows, 2));
        json_put_text(item, "peer", db_rows_text(rows, 3));
        json_put_text(item, "agent", db_rows_text(rows, 4));
        json_array_append_new(list, item);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

Response *account_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = account_find(ctx->db, ctx->who->account_id, &error);
    g_autoptr(json_t) sessions = account == NULL ? NULL : session_list(ctx, &error);
    if (sessions == NULL) {
        return response_problem(error, NULL);
    }
    g_autofree char *roles = role_set_zh(account->roles);
    json_t *model = json_object();
    json_put_text(model, "login", account->login);
    json_put_text(model, "name", account->name);
    json_put_text(model, "roles", *roles != '\0' ? roles : "还没有角色，找安全管理员授予");
    json_put_text(model, "region", account->region);
    json_put_bool(model, "has_officer", account->officer_id != 0);
    json_put_int(model, "officer_id", account->officer_id);
    json_put_bool(model, "has_others", json_array_size(sessions) > 1);
    json_put(model, "sessions", g_steal_pointer(&sessions));
    return response_page("account/account", model);
}

Response *other_sessions_submit(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    int64_t ended = 0;
    if (!account_end_sessions(
            ctx->db, ctx->who->account_id, ctx->who->session_id, &ended, &error)) {
        return response_problem(error, NULL);
    }
    return response_redirect_flash(
        "/work/account", "已退出其他 %" G_GINT64_FORMAT " 处登录", ended);
}

static void password_lines(json_t *model, const FormProblems *problems) {
    form_line_add(model,
                  &(FormLine){.id = "old",
                              .label = "现在的密码",
                              .type = "password",
                              .autocomplete = "current-password"},
                  problems);
    form_line_add(model,
                  &(FormLine){.id = "new",
                              .label = "新密码",
                              .hint = "10 个字符以上；不到 16 个字符的，大写字母、小写字母、数字、"
                                      "其他符号要有三种",
                              .type = "password",
                              .autocomplete = "new-password"},
                  problems);
    form_line_add(model,
                  &(FormLine){.id = "again",
                              .label = "新密码再写一遍",
                              .type = "password",
                              .autocomplete = "new-password"},
                  problems);
}

Response *password_page(Ctx *ctx, const Request *req) {
    (void)req;
    json_t *model = json_object();
    form_fresh(model);
    json_put_bool(model, "must_change", ctx->who->must_change_password);
    password_lines(model, NULL);
    return response_page("account/password", model);
}

Response *password_submit(Ctx *ctx, const Request *req) {
    PasswordChange change = {.account_id = ctx->who->account_id,
                             .session_id = ctx->who->session_id,
                             .old_password = form_text(req, "old"),
                             .new_password = form_text(req, "new")};
    const char *problem = NULL;
    g_autoptr(GError) error = NULL;
    bool same = strcmp(change.new_password, form_text(req, "again")) == 0;
    if (same && !account_change_password(ctx->db, &change, ctx->now_us, &problem, &error)) {
        return response_problem(error, NULL);
    }
    if (same && problem == NULL) {
        return response_redirect_flash(HOME_PATH, "密码已改，其他设备上的登录已退出");
    }
    FormProblems *problems = form_problems_new();
    if (!same) {
        form_problem_add(problems, "again", "两遍新密码不一样");
    } else {
        bool about_old = strcmp(problem, "现在的密码不对") == 0;
        form_problem_add(problems, about_old ? "old" : "new", "%s", problem);
    }
    json_t *model = json_object();
    json_put_bool(model, "must_change", ctx->who->must_change_password);
    password_lines(model, problems);
    return response_form_again("account/password", model, problems);
}
