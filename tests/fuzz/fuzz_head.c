/* What is ours of a request head: target, query, cookies, framing headers (src/web/head.c) and the
 * route table. Input: the target on the first line, then "Name: value" lines. */
#include "base/limits.h"
#include "web/response.h"
#include "web/router.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Response *nothing(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_not_found();
}

static const Route table[] = {
    {ROUTE_GET, "/", nothing, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/a/{file}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/work/{id}/{word}", nothing, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/work/{id}/edit", nothing, PERM_PUBLIC, CSRF_NONE, 0},
};

static Router *router(void) {
    static Router *made;
    if (made == NULL) {
        g_autoptr(GPtrArray) routes = g_ptr_array_new();
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
            g_ptr_array_add(routes, (gpointer)&table[i]);
        }
        made = router_new(routes, NULL);
    }
    return made;
}

static void check(Request *req) {
    g_assert_cmpuint(strlen(req->target), <=, LIMIT_URI);
    g_assert_cmpuint(req->headers.items->len, <=, LIMIT_HEADERS);
    g_assert_cmpuint(fields_count_folded(&req->headers, "Host"), ==, 1);
    g_assert_cmpuint(fields_count_folded(&req->headers, "Content-Length"), <=, 1);
    g_assert_true(request_header(req, "Content-Length") == NULL ||
                  request_header(req, "Transfer-Encoding") == NULL);
    g_assert_true(g_utf8_validate(request_path(req), -1, NULL));
    g_assert_true(request_path(req)[0] == '/');
    (void)request_wants_json(req);
    if (router_find(router(), req) != ROUTER_FOUND) {
        return;
    }
    int64_t id = 0;
    bool has_id = req->route != &table[0] && req->route != &table[1];
    if (has_id && request_arg_id(req, "id", &id)) {
        g_assert_cmpint(id, >, 0);
    }
    /* Wherever it came from, a redirect to it stays on this server. */
    g_autoptr(Response) redirect = response_redirect(request_path(req));
    g_assert_true(redirect->location[0] == '/' && redirect->location[1] != '/');
    g_assert_null(strpbrk(redirect->location, "\r\n\\"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 16 * KIB) {
        return 0;
    }
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", LIMIT_HEADERS + 8);
    if (lines[0] == NULL) {
        return 0;
    }
    g_autoptr(Request) req = request_new("GET", lines[0]);
    for (char **line = lines + 1; *line != NULL; line++) {
        char *colon = strchr(*line, ':');
        if (colon != NULL) {
            *colon = '\0';
            request_add_header(req, *line, g_strchug(colon + 1));
        }
    }
    HeadVerdict verdict = request_check_head(req);
    if (verdict.status == 0) {
        check(req);
    } else {
        g_assert_nonnull(verdict.reason);
    }
    return 0;
}
