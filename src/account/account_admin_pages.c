/* Pages of the system administrator (accounts) and the security administrator (roles, scope). */
#include "account/account_forms.h"
#include "account/account_pages.h"
#include "account/account_rules.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define ACCOUNTS_PATH "/work/admin/accounts"
#define ROLES_PATH "/work/admin/roles"

/* --- lists -------------------------------------------------------------------------------------
 */

static json_t *account_json(const Account *account) {
    g_autofree char *roles = role_set_zh(account->roles);
    json_t *item = json_object();
    json_put_int(item, "id", account->id);
    json_put_text(item, "login", account->login);
    json_put_text(item, "name", account->name);
    json_put_text(item, "roles", *roles != '\0' ? roles : "无");
    json_put_text(item, "region", account->region);
    json_put_bool(item, "is_locked", account->is_locked);
    json_put_bool(item, "must_change", account->must_change_password);
    json_put_minute(item, "signed_in", account->signed_in_us);
    json_put_minute(item, "created", account->created_us);
    json_put_int(item, "version", account->version);
    return item;
}

static Response *list_page(Ctx *ctx, const Request *req, const char *view) {
    g_autofree char *prefix = g_ascii_strdown(query_text(req, "q"), -1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        account_list(ctx->db, prefix, query_text(req, "after"), LIMIT_PAGE_ROWS + 1, &error);
    if (list == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *items = json_array();
    bool has_more = list->len > LIMIT_PAGE_ROWS;
    for (unsigned i = 0; i < list->len && i < LIMIT_PAGE_ROWS; i++) {
        json_array_append_new(items, account_json(g_ptr_array_index(list, i)));
    }
    json_put_bool(model, "is_empty", list->len == 0);
    json_put(model, "accounts", items);
    json_put_text(model, "q", prefix);
    const Account *last = has_more ? g_ptr_array_index(list, LIMIT_PAGE_ROWS - 1) : NULL;
    json_put_text(model, "next", last == NULL ? NULL : last->login);
    return response_page(view, model);
}

Response *accounts_page(Ctx *ctx, const Request *req) {
    return list_page(ctx, req, "account/accounts");
}

Response *role_list_page(Ctx *ctx, const Request *req) {
    return list_page(ctx, req, "account/role_list");
}

/* --- a new account -----------------------------------------------------------------------------
 */

static void new_lines(json_t *model, const Request *req, const FormProblems *problems) {
    bool is_post = request_is_post(req);
    form_line_add(model,
                  &(FormLine){.id = "login",
                              .label = "登录名",
                              .hint = "2 至 32 个小写字母、数字、点、下划线、连字符，以后不能改",
                              .type = "text",
                              .autocomplete = "off",
                              .value = is_post ? form_text(req, "login") : ""},
                  problems);
    form_line_add(model,
                  &(FormLine){.id = "name",
                              .label = "姓名",
                              .type = "text",
                              .autocomplete = "off",
                              .value = is_post ? form_text(req, "name") : ""},
                  problems);
}

Response *account_new_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    json_t *model = json_object();
    form_fresh(model);
    new_lines(model, req, NULL);
    return response_page("account/account_new", model);
}

static Response *new_again(const Request *req, FormProblems *problems) {
    json_t *model = json_object();
    new_lines(model, req, problems);
    return response_form_again("account/account_new", model, problems);
}

/* The only time the password is seen: an answer to the POST, never a page to come back to. */
static Response *
one_time_page(int64_t id, const char *login, const char *password, const char *done) {
    json_t *model = json_object();
    json_put_int(model, "id", id);
    json_put_text(model, "login", login);
    json_put_text(model, "password", password);
    json_put_text(model, "done", done);
    return response_page("account/one_time", model);
}

Response *account_new_submit(Ctx *ctx, const Request *req) {
    NewAccount account = {.login = form_text(req, "login"),
                          .name = form_text(req, "name"),
                          .region = ctx->who->region};
    FormProblems *problems = form_problems_new();
    if (!login_valid(account.login)) {
        form_problem_add(problems, "login", "写 2 至 32 个小写字母、数字、点、下划线或连字符");
    }
    if (*account.name == '\0' || strlen(account.name) > 100) {
        form_problem_add(problems, "name", "写姓名，最多 33 个字");
    }
    if (form_has_problems(problems)) {
        return new_again(req, problems);
    }
    g_autofree char *actor = account_actor(ctx->who);
    g_autofree char *password = NULL;
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (account_create(ctx->db, &account, actor, ctx->now_us, &id, &password, &error)) {
        json_decref(problems);
        return one_time_page(id, account.login, password, "账号已建立，还没有角色");
    }
    if (!g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    form_problem_add(problems, "login", "这个登录名已有人用，换一个");
    return new_again(req, problems);
}

/* --- one account -------------------------------------------------------------------------------
 */

static Account *wanted_account(Ctx *ctx, const Request *req, GError **error) {
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no such account");
        return NULL;
    }
    return account_find(ctx->db, id, error);
}

Response *account_admin_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = wanted_account(ctx, req, &error);
    if (account == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = account_json(account);
    bool is_self = account->id == ctx->who->account_id;
    json_put_bool(model, "is_self", is_self);
    json_put_bool(model, "can_reset", !is_self && !role_set_separated(account->roles));
    json_put_bool(model, "reset_at_server", !is_self && role_set_separated(account->roles));
    return response_page("account/account_admin", model);
}

static Response *set_locked(Ctx *ctx, const Request *req, bool locked) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = wanted_account(ctx, req, &error);
    g_autofree char *actor = account_actor(ctx->who);
    if (account == NULL ||
        !account_set_locked(ctx->db, account->id, locked, actor, ctx->now_us, &error)) {
        return response_problem(
            error,
            g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED) ? "不能停用或启用自己的账号" : NULL);
    }
    g_autofree char *path = g_strdup_printf(ACCOUNTS_PATH "/%" G_GINT64_FORMAT, account->id);
    return response_redirect_flash(
        path, locked ? "已停用 %s，它的登录已全部退出" : "已启用 %s", account->login);
}

Response *account_lock_submit(Ctx *ctx, const Request *req) {
    return set_locked(ctx, req, true);
}

Response *account_unlock_submit(Ctx *ctx, const Request *req) {
    return set_locked(ctx, req, false);
}

Response *account_reset_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = wanted_account(ctx, req, &error);
    if (account == NULL) {
        return response_problem(error, NULL);
    }
    /* Who could reset the other two administrators' passwords could become them. */
    if (account->id == ctx->who->account_id || role_set_separated(account->roles)) {
        hz_fail(&error, HZ_ERROR_DENIED, "this password is reset at the server only");
        return response_problem(
            error, "管理和审计账号的密码只能在服务器上重设：huozheng user passwd 登录名");
    }
    g_autofree char *actor = account_actor(ctx->who);
    g_autofree char *password = NULL;
    if (!account_reset_password(
            ctx->db, account->id, NULL, actor, ctx->now_us, &password, &error)) {
        return response_problem(error, NULL);
    }
    return one_time_page(
        account->id, account->login, password, "密码已重设，这个账号的登录已全部退出");
}

/* --- roles and scope ---------------------------------------------------------------------------
 */

static json_t *role_boxes(uint32_t roles) {
    json_t *boxes = json_array();
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        json_t *box = json_object();
        json_put_text(box, "word", role_word((Role)role));
        json_put_text(box, "name", role_name_zh((Role)role));
        json_put_bool(box, "checked", (roles & ROLE_BIT(role)) != 0);
        json_put_bool(box, "stands_alone", role_set_separated(ROLE_BIT(role)));
        json_array_append_new(boxes, box);
    }
    return boxes;
}

/* What the form shows: of the account, or as it was sent. */
typedef struct RoleForm {
    const Account *account;
    uint32_t roles;
    int64_t version;
    const char *region, *agency, *officer;
    const char *roles_problem;
} RoleForm;

static json_t *
role_model(Ctx *ctx, const RoleForm *form, const FormProblems *problems, GError **error) {
    g_autoptr(json_t) model = account_json(form->account);
    form_fresh(model);
    json_put_bool(model, "is_self", form->account->id == ctx->who->account_id);
    json_put_int(model, "version", form->version);
    json_put(model, "boxes", role_boxes(form->roles));
    json_put_text(model, "roles_error", form->roles_problem);
    form_field(model, "region", form->region, problems);
    form_field(model, "agency", form->agency, problems);
    form_line_add(model,
                  &(FormLine){.id = "officer",
                              .label = "对应的执法人员编号",
                              .hint = "执法人员库里的编号；不是执法人员写 0",
                              .type = "text",
                              .autocomplete = "off",
                              .value = form->officer},
                  problems);
    bool is_put = account_places->put_region(ctx, model, form->region, error) &&
                  account_places->put_agencies(ctx, model, form->agency, error);
    return is_put ? g_steal_pointer(&model) : NULL;
}

Response *role_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = wanted_account(ctx, req, &error);
    if (account == NULL) {
        return response_problem(error, NULL);
    }
    g_autofree char *agency = g_strdup_printf("%" G_GINT64_FORMAT, account->agency_id);
    g_autofree char *officer = g_strdup_printf("%" G_GINT64_FORMAT, account->officer_id);
    RoleForm form = {.account = account,
                     .roles = account->roles,
                     .version = account->version,
                     .region = account->region,
                     .agency = agency,
                     .officer = officer};
    json_t *model = role_model(ctx, &form, NULL, &error);
    return model == NULL ? response_problem(error, NULL) : response_page("account/roles", model);
}

static bool number_of(const char *text, int64_t *ret_number) {
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, (guint64 *)ret_number, NULL);
}

static uint32_t sent_roles(const Request *req) {
    uint32_t roles = 0;
    g_autoptr(GPtrArray) words = request_form_all(req, "role");
    for (unsigned i = 0; i < words->len; i++) {
        Role role;
        if (role_parse(g_ptr_array_index(words, i), &role)) {
            roles |= ROLE_BIT(role);
        }
    }
    return roles;
}

static void read_change(const Request *req,
                        RoleChange *change,
                        FormProblems *problems,
                        const char **ret_reason) {
    change->roles = sent_roles(req);
    change->region = form_region(req);
    if (!role_set_allowed(change->roles, ret_reason)) {
        form_problem_add(problems, "role", "%s", *ret_reason);
    }
    if (!region_code_valid(change->region)) {
        form_problem_add(problems, "region", "选管辖区域");
    }
    if (!number_of(form_text(req, "agency"), &change->agency_id)) {
        form_problem_add(problems, "agency", "选所属机构，没有选“没有”");
    }
    if (!number_of(form_text(req, "officer"), &change->officer_id)) {
        form_problem_add(problems, "officer", "写数字，没有写 0");
    }
    if (!number_of(form_text(req, "version"), &change->version)) {
        form_problem_add(problems, "role", "页面不完整，重新打开再改");
    }
}

/* What the account has already may stay, also when it has been abolished meanwhile. */
static bool check_places(Ctx *ctx,
                         const Account *account,
                         const RoleChange *change,
                         FormProblems *problems,
                         GError **error) {
    const char *region = NULL;
    const char *agency = NULL;
    bool keeps_region = strcmp(change->region, account->region) == 0;
    bool keeps_agency = change->agency_id == account->agency_id;
    if ((!keeps_region && region_code_valid(change->region) &&
         !account_places->check_region(ctx, change->region, &region, error)) ||
        (!keeps_agency && !account_places->check_agency(ctx, change->agency_id, &agency, error))) {
        return false;
    }
    if (region != NULL) {
        form_problem_add(problems, "region", "%s", region);
    }
    if (agency != NULL) {
        form_problem_add(problems, "agency", "%s", agency);
    }
    return true;
}

static Response *
role_again(Ctx *ctx, const Request *req, const RoleForm *form, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    RoleForm sent = *form;
    sent.agency = form_text(req, "agency");
    sent.officer = form_text(req, "officer");
    json_t *model = role_model(ctx, &sent, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return problems == NULL ? response_page("account/roles", model)
                            : response_form_again("account/roles", model, problems);
}

/* The person only wants to see the streets, or the form has mistakes; NULL: it is in order. */
static Response *
refuse_change(Ctx *ctx, const Request *req, const Account *account, RoleChange *change) {
    g_autoptr(GError) error = NULL;
    const char *reason = NULL;
    const char *problem = NULL;
    FormProblems *problems = form_problems_new();
    read_change(req, change, problems, &reason);
    RoleForm form = {.account = account,
                     .roles = change->roles,
                     .version = change->version,
                     .region = change->region,
                     .roles_problem = reason};
    if (form_region_unfinished(req, &problem) && problem == NULL) {
        json_decref(problems);
        form.roles_problem = NULL;
        return role_again(ctx, req, &form, NULL);
    }
    if (problem != NULL) {
        form_problem_add(problems, "region", "%s", problem);
    }
    if (!check_places(ctx, account, change, problems, &error)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    if (form_has_problems(problems)) {
        return role_again(ctx, req, &form, problems);
    }
    json_decref(problems);
    return NULL;
}

Response *role_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Account) account = wanted_account(ctx, req, &error);
    if (account == NULL) {
        return response_problem(error, NULL);
    }
    RoleChange change = {.account_id = account->id};
    Response *refused = refuse_change(ctx, req, account, &change);
    if (refused != NULL) {
        return refused;
    }
    g_autofree char *actor = account_actor(ctx->who);
    if (!account_set_roles(ctx->db, &change, actor, ctx->now_us, &error)) {
        bool denied = g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED);
        return response_problem(
            error, denied ? "不能改自己的角色" : "有人刚改过这个账号，重新打开看看再改");
    }
    return response_redirect_flash(ROLES_PATH, "已改 %s 的角色和管辖范围", account->login);
}
