/* What the auditor sees: sign-ins and refusals, as pages and as CSV. */
#include "account/account_forms.h"
#include "account/account_pages.h"
#include "account/account_store.h"
#include "base/limits.h"

#include <string.h>

typedef struct AuditList {
    DbRows *(*list)(Db *db,
                    const char *first,
                    const char *second,
                    int64_t before,
                    unsigned limit,
                    GError **error);
    json_t *(*row)(const DbRows *rows);
    const char *first_field, *second_field; /* names of the filters in the query */
    const char *view, *path, *csv_name;
    const char *const *csv_heads; /* Chinese; ends with NULL */
    const char *const *csv_keys;
} AuditList;

static const char *outcome_zh(const char *outcome) {
    static const char *const words[][2] = {
        {"in", "登录"}, {"out", "退出"}, {"failed", "失败"}, {"locked", "账号已停用"}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i][0], outcome) == 0) {
            return words[i][1];
        }
    }
    return outcome;
}

static json_t *sign_in_row(const DbRows *rows) {
    json_t *item = json_object();
    json_put_int(item, "id", db_rows_int(rows, 0));
    json_put_minute(item, "time", db_rows_int(rows, 1));
    json_put_text(item, "login", db_rows_text(rows, 2));
    json_put_text(item, "peer", db_rows_text(rows, 4));
    json_put_text(item, "outcome", outcome_zh(db_rows_text(rows, 5)));
    json_put_bool(item, "is_bad", strcmp(db_rows_text(rows, 5), "failed") == 0);
    g_autofree char *leaf = g_strdup_printf("%" G_GINT64_FORMAT, db_rows_int(rows, 6));
    json_put_text(item, "leaf", leaf);
    return item;
}

/* The words of web/guard.c for people; anything else is shown as it was stored. */
static const char *reason_zh(const char *reason) {
    static const char *const words[][2] = {{"missing permission", "没有权限"},
                                           {"not signed in", "没有登录"},
                                           {"csrf", "表单令牌不对"},
                                           {"foreign origin", "从别的网站提交"}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i][0], reason) == 0) {
            return words[i][1];
        }
    }
    return reason;
}

static json_t *refusal_row(const DbRows *rows) {
    json_t *item = json_object();
    json_put_int(item, "id", db_rows_int(rows, 0));
    json_put_minute(item, "time", db_rows_int(rows, 1));
    json_put_text(item, "login", db_rows_text(rows, 3));
    json_put_text(item, "method", db_rows_text(rows, 4));
    json_put_text(item, "path", db_rows_text(rows, 5));
    json_put_text(item, "reason", reason_zh(db_rows_text(rows, 6)));
    json_put_text(item, "peer", db_rows_text(rows, 7));
    int64_t more = db_rows_int(rows, 8);
    g_autofree char *text =
        more == 0 ? g_strdup("") : g_strdup_printf("另 %" G_GINT64_FORMAT " 次", more);
    json_put_text(item, "more", text);
    return item;
}

static json_t *
read_list(Ctx *ctx, const Request *req, const AuditList *list, unsigned limit, GError **error) {
    int64_t before = g_ascii_strtoll(query_text(req, "after"), NULL, 10);
    g_autoptr(DbRows) rows = list->list(ctx->db,
                                        query_text(req, list->first_field),
                                        query_text(req, list->second_field),
                                        before,
                                        limit,
                                        error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(json_t) items = json_array();
    while (db_rows_next(rows)) {
        json_array_append_new(items, list->row(rows));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&items) : NULL;
}

static Response *csv(const json_t *items, const AuditList *list) {
    GString *out = g_string_new("\xEF\xBB\xBF"); /* so that Excel reads UTF-8 */
    for (const char *const *head = list->csv_heads; *head != NULL; head++) {
        csv_cell(out, *head, head[1] == NULL);
    }
    size_t index;
    json_t *item;
    json_array_foreach(items, index, item) {
        for (const char *const *key = list->csv_keys; *key != NULL; key++) {
            csv_cell(out, json_get_text(item, *key, ""), key[1] == NULL);
        }
    }
    return csv_response(out, list->csv_name);
}

/* The query that leads to the same list: "login=x&outcome=y". Caller frees. */
static char *filter_query(const Request *req, const AuditList *list) {
    g_autofree char *first = g_uri_escape_string(query_text(req, list->first_field), NULL, FALSE);
    g_autofree char *second = g_uri_escape_string(query_text(req, list->second_field), NULL, FALSE);
    return g_strdup_printf("%s=%s&%s=%s", list->first_field, first, list->second_field, second);
}

/* Choices of the outcome filter; the refusal list has none. */
static json_t *outcome_choices(const char *chosen) {
    static const char *const words[] = {"", "in", "out", "failed", "locked"};
    json_t *choices = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        json_t *choice = json_object();
        json_put_text(choice, "word", words[i]);
        json_put_text(choice, "name", i == 0 ? "全部" : outcome_zh(words[i]));
        json_put_bool(choice, "selected", strcmp(words[i], chosen) == 0);
        json_array_append_new(choices, choice);
    }
    return choices;
}

static Response *audit_page(Ctx *ctx, const Request *req, const AuditList *list) {
    bool wants_csv = strcmp(query_text(req, "format"), "csv") == 0;
    unsigned limit = wants_csv ? LIMIT_DIRECT_EXPORT : LIMIT_PAGE_ROWS + 1;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) items = read_list(ctx, req, list, limit, &error);
    if (items == NULL) {
        return response_problem(error, NULL);
    }
    if (wants_csv) {
        return csv(items, list);
    }
    g_autofree char *filter = filter_query(req, list);
    g_autofree char *next = NULL;
    if (json_array_size(items) > LIMIT_PAGE_ROWS) {
        json_array_remove(items, LIMIT_PAGE_ROWS);
        const json_t *last = json_array_get(items, LIMIT_PAGE_ROWS - 1);
        next = g_strdup_printf(
            "%s?%s&after=%" G_GINT64_FORMAT, list->path, filter, json_get_int(last, "id", 0));
    }
    g_autofree char *csv_url = g_strdup_printf("%s?%s&format=csv", list->path, filter);
    json_t *model = json_object();
    json_put_bool(model, "is_empty", json_array_size(items) == 0);
    json_put(model, "rows", g_steal_pointer(&items));
    json_put_text(model, "first", query_text(req, list->first_field));
    json_put_text(model, "second", query_text(req, list->second_field));
    json_put_text(model, "next", next);
    json_put_text(model, "csv", csv_url);
    json_put(model, "outcomes", outcome_choices(query_text(req, list->second_field)));
    return response_page(list->view, model);
}

Response *sign_ins_page(Ctx *ctx, const Request *req) {
    static const char *const heads[] = {"时间", "登录名", "地址", "结果", "账本序号", NULL};
    static const char *const keys[] = {"time", "login", "peer", "outcome", "leaf", NULL};
    static const AuditList list = {.list = sign_in_store_list,
                                   .row = sign_in_row,
                                   .first_field = "login",
                                   .second_field = "outcome",
                                   .view = "account/sign_ins",
                                   .path = "/work/admin/sign-ins",
                                   .csv_name = "sign-ins.csv",
                                   .csv_heads = heads,
                                   .csv_keys = keys};
    return audit_page(ctx, req, &list);
}

Response *refusals_page(Ctx *ctx, const Request *req) {
    static const char *const heads[] = {
        "时间", "登录名", "地址", "方法", "路径", "原因", "更多", NULL};
    static const char *const keys[] = {
        "time", "login", "peer", "method", "path", "reason", "more", NULL};
    static const AuditList list = {.list = refusal_store_list,
                                   .row = refusal_row,
                                   .first_field = "login",
                                   .second_field = "peer",
                                   .view = "account/refusals",
                                   .path = "/work/admin/refusals",
                                   .csv_name = "refusals.csv",
                                   .csv_heads = heads,
                                   .csv_keys = keys};
    return audit_page(ctx, req, &list);
}
