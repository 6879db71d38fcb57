/* Log lines, fields, request heads, responses, forms and routes: everything without a socket. */
#include "base/limits.h"
#include "web/log.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"

#include <inttypes.h>
#include <string.h>

static void test_log(void) {
    g_autofree char *plain = log_line("web.request", "status=%u path=%s ms=%.1f", 200u, "/a", 1.5);
    g_assert_cmpstr(plain, ==, "event=web.request status=200 path=/a ms=1.5");
    g_autofree char *hostile =
        log_line("web.x", "path=%s n=%" PRId64, "a\nevent=b \"q\"", INT64_C(7));
    g_assert_cmpstr(hostile, ==, "event=web.x path=\"a\\x0aevent=b \\\"q\\\"\" n=7");
    g_autofree char *odd = log_line("web.x", "a=%s b=%.*s c=%zu d=%%", "", 2, "xyz", (size_t)3);
    g_assert_cmpstr(odd, ==, "event=web.x a=\"\" b=xy c=3 d=%");
}

static void test_urlencoded(void) {
    g_autoptr(GError) error = NULL;
    GStringChunk *text = g_string_chunk_new(64);
    Fields fields;
    fields_init(&fields, text);
    const char *good = "a=1&b=%E7%81%AB+%2B&&a=2&flag&=x";
    g_assert_true(fields_parse_urlencoded(&fields, good, strlen(good), &error));
    g_assert_no_error(error);
    g_assert_cmpuint(fields.items->len, ==, 5);
    g_assert_cmpstr(fields_find(&fields, "a"), ==, "1");
    g_assert_cmpstr(fields_find(&fields, "b"), ==, "火 +");
    g_assert_cmpstr(fields_find(&fields, "flag"), ==, "");
    g_assert_null(fields_find(&fields, "c"));
    const char *bad[] = {"a=%", "a=%4", "a=%zz", "a=%00", "a=%FF", "%C0%80=1", "a=%ED%A0%80"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(fields_parse_urlencoded(&fields, bad[i], strlen(bad[i]), &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
        g_clear_error(&error);
    }
    fields_clear(&fields);
    g_string_chunk_free(text);
}

static void expect_limit(const char *text) {
    g_autoptr(GError) error = NULL;
    GStringChunk *chunk = g_string_chunk_new(64);
    Fields fields;
    fields_init(&fields, chunk);
    g_assert_false(fields_parse_urlencoded(&fields, text, strlen(text), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    fields_clear(&fields);
    g_string_chunk_free(chunk);
}

static void test_field_limits(void) {
    g_autoptr(GString) many = g_string_new(NULL);
    for (int i = 0; i <= LIMIT_FORM_FIELDS; i++) {
        g_string_append(many, "a=1&");
    }
    expect_limit(many->str);
    g_autofree char *longest = g_strnfill(LIMIT_FIELD + 1, 'x');
    g_autofree char *large = g_strconcat("a=", longest, NULL);
    expect_limit(large);
}

static Request *head_of(const char *target, const char *const *headers, HeadVerdict *ret_verdict) {
    Request *req = request_new("GET", target);
    for (; *headers != NULL; headers += 2) {
        request_add_header(req, headers[0], headers[1]);
    }
    *ret_verdict = request_check_head(req);
    return req;
}

static void test_head(void) {
    HeadVerdict verdict;
    const char *headers[] = {"host", "a.example:8", "Cookie", "x=1; hz=\"a b\"; ; =z; y", NULL};
    g_autoptr(Request) req = head_of("/work/%E7%81%AB/a%2Fb?q=%E6%AD%A3&q=2", headers, &verdict);
    g_assert_cmpuint(verdict.status, ==, 0);
    g_assert_cmpstr(request_path(req), ==, "/work/火/a/b");
    g_assert_cmpuint(req->segments->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(req->segments, 2), ==, "a/b");
    g_assert_cmpstr(request_query(req, "q"), ==, "正");
    g_assert_cmpstr(request_query_string(req), ==, "q=%E6%AD%A3&q=2");
    g_assert_cmpstr(request_cookie(req, "x"), ==, "1");
    g_assert_cmpstr(request_cookie(req, "hz"), ==, "a b");
    g_assert_cmpstr(request_header(req, "HOST"), ==, "a.example:8");
}

static void test_bad_heads(void) {
    static const struct {
        unsigned status;
        const char *target;
        const char *headers[5];
    } cases[] = {
        {400, "/", {"Accept", "*/*", NULL}},
        {400, "/", {"Host", "a", "Host", "a", NULL}},
        {400, "/", {"Host", "a b", NULL}},
        {400, "/", {"Host", "", NULL}},
        {400, "http://a/", {"Host", "a", NULL}},
        {400, "*", {"Host", "a", NULL}},
        {400, "/%zz", {"Host", "a", NULL}},
        {400, "/%00", {"Host", "a", NULL}},
        {400, "/%ff", {"Host", "a", NULL}},
        {400, "/?a=%f", {"Host", "a", NULL}},
        {400, "/", {"Cookie", "a=1", "cookie", "a=2", NULL}},
        {400, "/", {"Host", "a", "X", "a\x01", NULL}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        HeadVerdict verdict;
        g_autoptr(Request) req = head_of(cases[i].target, cases[i].headers, &verdict);
        g_assert_cmpuint(verdict.status, ==, cases[i].status);
    }
}

static void test_framing(void) {
    HeadVerdict verdict;
    const char *both[] = {"Host", "a", "Content-Length", "3", "Transfer-Encoding", "chunked", NULL};
    g_autoptr(Request) smuggled = head_of("/", both, &verdict);
    g_assert_cmpuint(verdict.status, ==, 400);
    const char *two[] = {"Host", "a", "Content-Length", "3", "content-length", "3", NULL};
    g_autoptr(Request) twice = head_of("/", two, &verdict);
    g_assert_cmpuint(verdict.status, ==, 400);
    const char *lengths[] = {"-1", "+3", " 3", "3,3", "0x3", "99999999999999999999"};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const char *headers[] = {"Host", "a", "Content-Length", lengths[i], NULL};
        g_autoptr(Request) req = head_of("/", headers, &verdict);
        g_assert_cmpuint(verdict.status, ==, 400);
    }
    const char *coding[] = {"Host", "a", "Transfer-Encoding", "gzip, chunked", NULL};
    g_autoptr(Request) unknown = head_of("/", coding, &verdict);
    g_assert_cmpuint(verdict.status, ==, 400);
    g_autofree char *long_path = g_strnfill(LIMIT_URI, 'a');
    g_autofree char *target = g_strconcat("/", long_path, NULL);
    const char *host[] = {"Host", "a", NULL};
    g_autoptr(Request) too_long = head_of(target, host, &verdict);
    g_assert_cmpuint(verdict.status, ==, 414);
}

static void test_accept(void) {
    static const struct {
        const char *accept;
        bool wants_json;
    } cases[] = {
        {"application/json", true},
        {"*/*", false},
        {"text/html,application/xhtml+xml,*/*;q=0.8", false},
        {"application/json;q=0.5, text/html", false},
        {"text/html;q=0.2 , Application/JSON; q=0.9", true},
        {"application/json;q=0", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        HeadVerdict verdict;
        const char *headers[] = {"Host", "a", "Accept", cases[i].accept, NULL};
        g_autoptr(Request) req = head_of("/", headers, &verdict);
        g_assert_cmpint(request_wants_json(req), ==, cases[i].wants_json);
    }
}

static Response *nothing(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_not_found();
}

static GPtrArray *routes_of(const Route *routes) {
    GPtrArray *all = g_ptr_array_new();
    for (; routes->path != NULL; routes++) {
        g_ptr_array_add(all, (gpointer)routes);
    }
    return all;
}

static void test_router(void) {
    static const Route table[] = {
        {ROUTE_GET, "/", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/units/{id}", nothing, PERM_UNIT_VIEW, CSRF_NONE, 0},
        {ROUTE_GET, "/units/new", nothing, PERM_UNIT_EDIT, CSRF_NONE, 0},
        {ROUTE_POST, "/units/{id}/edit", nothing, PERM_UNIT_EDIT, CSRF_TOKEN, 1024},
        {0},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) routes = routes_of(table);
    Router *router = router_new(routes, &error);
    g_assert_no_error(error);
    static const struct {
        const char *target;
        RouterVerdict verdict;
        const Route *route;
    } cases[] = {
        {"/", ROUTER_FOUND, &table[0]},
        {"/units/new", ROUTER_FOUND, &table[2]},
        {"/units/7", ROUTER_FOUND, &table[1]},
        {"/units/7?x=1", ROUTER_FOUND, &table[1]},
        {"/units/", ROUTER_NO_PATH, NULL},
        {"/units", ROUTER_NO_PATH, NULL},
        {"//", ROUTER_NO_PATH, NULL},
        {"/units/7/edit", ROUTER_OTHER_METHOD, NULL},
        {"/units/7/edit/", ROUTER_NO_PATH, NULL},
    };
    const char *host[] = {"Host", "a", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        HeadVerdict head;
        g_autoptr(Request) req = head_of(cases[i].target, host, &head);
        g_assert_cmpint(router_find(router, req), ==, cases[i].verdict);
        g_assert_true(req->route == cases[i].route);
    }
    router_free(router);
}

/* In whatever order rooms come: "new" is never taken for an id. Patterns that have nothing to do
 * with each other must not disturb the order of those that have. */
static void test_router_order(void) {
    static const Route table[] = {
        {ROUTE_GET, "/", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/{a}/{b}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/r/{kind}/{id}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/a/b/{id}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/a/b/new", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/a/{id}/edit", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/c/{id}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/c/{id}/d/{n}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/c/new", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {ROUTE_GET, "/w/c/list.csv", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {0},
    };
    static const struct {
        const char *target;
        int route;
    } cases[] = {
        {"/w/a/b/new", 5}, {"/w/a/b/7", 4}, {"/w/c/new", 9}, {"/w/c/7", 7}, {"/r/c/new", 3}};
    const char *host[] = {"Host", "a", NULL};
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    for (int round = 0; round < 500; round++) {
        g_autoptr(GPtrArray) routes = routes_of(table);
        for (guint i = routes->len; i > 1; i--) {
            guint other = (guint)g_rand_int_range(random, 0, (gint32)i);
            gpointer kept = routes->pdata[i - 1];
            routes->pdata[i - 1] = routes->pdata[other];
            routes->pdata[other] = kept;
        }
        Router *router = router_new(routes, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            HeadVerdict head;
            g_autoptr(Request) req = head_of(cases[i].target, host, &head);
            g_assert_cmpint(router_find(router, req), ==, ROUTER_FOUND);
            g_assert_cmpstr(req->route->path, ==, table[cases[i].route].path);
        }
        router_free(router);
    }
}

static void test_route_args(void) {
    static const Route table[] = {
        {ROUTE_GET, "/a/{id}/{word}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
        {0},
    };
    g_autoptr(GPtrArray) routes = routes_of(table);
    Router *router = router_new(routes, NULL);
    HeadVerdict head;
    const char *host[] = {"Host", "a", NULL};
    g_autoptr(Request) req = head_of("/a/42/%E7%81%AB", host, &head);
    g_assert_cmpint(router_find(router, req), ==, ROUTER_FOUND);
    int64_t id = 0;
    g_assert_true(request_arg_id(req, "id", &id));
    g_assert_cmpint(id, ==, 42);
    g_assert_cmpstr(request_arg(req, "word"), ==, "火");
    g_assert_false(request_arg_id(req, "word", &id));
    const char *bad[] = {"/a/0/x", "/a/-1/x", "/a/9223372036854775808/x", "/a/1%20/x"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Request) other = head_of(bad[i], host, &head);
        g_assert_cmpint(router_find(router, other), ==, ROUTER_FOUND);
        g_assert_false(request_arg_id(other, "id", &id));
    }
    router_free(router);
}

static void expect_refused_table(const Route *table) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) routes = routes_of(table);
    g_assert_null(router_new(routes, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
}

static void test_unsafe_tables(void) {
    const Route no_csrf[] = {{ROUTE_POST, "/a", nothing, PERM_UNIT_EDIT, CSRF_NONE, 9}, {0}};
    const Route twice[] = {{ROUTE_GET, "/a/{x}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
                           {ROUTE_GET, "/a/{y}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
                           {0}};
    const Route no_limit[] = {{ROUTE_POST, "/a", nothing, PERM_PUBLIC, CSRF_TOKEN, 0}, {0}};
    const Route no_slash[] = {{ROUTE_GET, "a", nothing, PERM_PUBLIC, CSRF_NONE, 0}, {0}};
    const Route no_handler[] = {{ROUTE_GET, "/a", NULL, PERM_PUBLIC, CSRF_NONE, 0}, {0}};
    expect_refused_table(no_csrf);
    expect_refused_table(twice);
    expect_refused_table(no_limit);
    expect_refused_table(no_slash);
    expect_refused_table(no_handler);
}

static void test_forms(void) {
    g_autoptr(json_t) model = json_object();
    FormProblems *problems = form_problems_new();
    g_assert_false(form_has_problems(problems));
    form_problem_add(problems, "name", "请填写%s", "名称");
    g_assert_true(form_has_problems(problems));
    form_field(model, "name", NULL, problems);
    form_field(model, "phone", "1", problems);
    g_autofree char *text = json_write(model);
    g_assert_cmpstr(text,
                    ==,
                    "{\"name\":{\"name\":\"name\",\"value\":\"\",\"error\":\"请填写名称\","
                    "\"has_error\":true},\"phone\":{\"name\":\"phone\",\"value\":\"1\","
                    "\"error\":null,\"has_error\":false}}");
    g_autoptr(Response) again = response_form_again("x/y", json_incref(model), problems);
    g_assert_cmpuint(response_status(again), ==, 422);
    g_assert_cmpuint(json_array_size(json_object_get(model, "problems")), ==, 1);
}

static void test_redirects_stay_here(void) {
    static const char *const cases[][2] = {
        {"/work?a=%E7%81%AB&b=1", "/work?a=%E7%81%AB&b=1"},
        {"/work/火", "/work/%E7%81%AB"},
        {"//evil.example/", "/"},
        {"/\\evil.example/", "/"},
        {"https://evil.example/", "/"},
        {"/a\r\nSet-Cookie: x=1", "/a%0D%0ASet-Cookie:%20x=1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Response) response = response_redirect(cases[i][0]);
        g_assert_cmpstr(response->location, ==, cases[i][1]);
    }
}

static void test_problems(void) {
    g_autoptr(GError) denied = NULL;
    hz_fail(&denied, HZ_ERROR_DENIED, "other region");
    g_autoptr(Response) shown = response_problem(denied, NULL);
    g_assert_cmpuint(response_status(shown), ==, 403);
    g_assert_cmpstr(json_get_text(shown->model, "message", ""), ==, "other region");
    g_autoptr(GError) broken = NULL;
    hz_fail(&broken, HZ_ERROR_CORRUPT, "secret detail");
    g_autoptr(Response) hidden = response_problem(broken, NULL);
    g_assert_cmpuint(response_status(hidden), ==, 500);
    g_assert_null(strstr(json_get_text(hidden->model, "message", ""), "secret"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/log/hostile-values-stay-inside-their-quotes", test_log);
    g_test_add_func("/web/fields/urlencoded", test_urlencoded);
    g_test_add_func("/web/fields/limits", test_field_limits);
    g_test_add_func("/web/head/takes-apart-path-query-cookies", test_head);
    g_test_add_func("/web/head/refuses-bad-targets-and-headers", test_bad_heads);
    g_test_add_func("/web/head/refuses-ambiguous-framing", test_framing);
    g_test_add_func("/web/head/json-only-when-preferred", test_accept);
    g_test_add_func("/web/router/literal-before-argument", test_router);
    g_test_add_func("/web/router/literal-before-argument-order", test_router_order);
    g_test_add_func("/web/router/arguments", test_route_args);
    g_test_add_func("/web/router/refuses-unsafe-tables", test_unsafe_tables);
    g_test_add_func("/web/form/problems-stand-beside-fields", test_forms);
    g_test_add_func("/web/response/redirects-stay-on-this-server", test_redirects_stay_here);
    g_test_add_func("/web/response/inner-errors-are-not-shown", test_problems);
    return g_test_run();
}
