/* HTTP, answers and access, against a real server on a free port through raw sockets. */
#include "base/error.h"
#include "base/limits.h"
#include "web/test_server.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

/* --- plain HTTP --- */

static void test_keep_alive(Fixture *fixture, gconstpointer data) {
    (void)data;
    int fd = dial(fixture);
    g_autoptr(GString) heard = g_string_new(NULL);
    const char first[] = "GET /hello?name=a%20b HTTP/1.1\r\nHost: a\r\n\r\n";
    tell(fd, first, strlen(first));
    hear_until(fd, heard, "hello a b");
    /* Two more in one packet: pipelined. */
    const char more[] = "GET /hello?name=1 HTTP/1.1\r\nHost: a\r\n\r\n"
                        "GET /hello?name=2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    tell(fd, more, strlen(more));
    g_autofree char *rest = hear_all(fd);
    const char *one = strstr(rest, "hello 1");
    g_assert_nonnull(one);
    g_assert_nonnull(strstr(one, "hello 2"));
}

static void test_head(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *answer = ask(fixture, "HEAD /hello HTTP/1.1\r\n" END);
    expect_status(answer, 200);
    g_assert_nonnull(strstr(answer, "Content-Length: 11\r\n"));
    g_assert_true(g_str_has_suffix(answer, "\r\n\r\n"));
}

static void test_paths_and_methods(Fixture *fixture, gconstpointer data) {
    (void)data;
    expect(fixture, 404, "GET /nope HTTP/1.1\r\n" END);
    expect(fixture, 404, "POST /nope HTTP/1.1\r\nContent-Length: 0\r\n" END);
    expect(fixture, 405, "POST /hello HTTP/1.1\r\nContent-Length: 0\r\n" END);
    expect(fixture, 405, "GET /echo HTTP/1.1\r\n" END);
    expect(fixture, 405, "PUT /hello HTTP/1.1\r\nContent-Length: 0\r\n" END);
    expect(fixture, 405, "TRACE / HTTP/1.1\r\n" END);
    expect(fixture, 400, "OPTIONS * HTTP/1.1\r\n" END);
    expect(fixture, 400, "GET /hello HTTP/1.1\r\nContent-Length: 3\r\n" END "abc");
}

static void test_smuggling(Fixture *fixture, gconstpointer data) {
    (void)data;
    static const char *const bad[] = {
        "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" END
        "0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n" END "a=b&c",
        "POST /echo HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 6\r\n" END "a=b&c",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" END,
        "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: b\r\n" END,
        "GET /hello HTTP/1.1\r\nCookie: a=1\r\nCookie: a=2\r\n" END,
        "GET /%zz HTTP/1.1\r\n" END,
        "GET /hello?name=%ff HTTP/1.1\r\n" END,
        "GET http://a/hello HTTP/1.1\r\n" END,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("case %zu", i);
        expect(fixture, 400, bad[i]);
    }
    expect_alive(fixture);
}

static void test_oversize_head(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *word = g_strnfill(LIMIT_URI, 'a');
    g_autofree char *uri = g_strdup_printf("GET /%s HTTP/1.1\r\n" END, word);
    expect(fixture, 414, uri);
    g_autofree char *huge = g_strnfill(64 * KIB, 'a');
    g_autofree char *header = g_strdup_printf("GET /hello HTTP/1.1\r\nX: %s\r\n" END, huge);
    expect(fixture, 431, header);
    g_autoptr(GString) many = g_string_new("GET /hello HTTP/1.1\r\n");
    for (int i = 0; i <= LIMIT_HEADERS; i++) {
        g_string_append_printf(many, "X%d: 1\r\n", i);
    }
    g_string_append(many, END);
    expect(fixture, 431, many->str);
    expect_alive(fixture);
}

static void test_garbage(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *noise = g_malloc(32 * KIB);
    for (unsigned seed = 1; seed <= 20; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        for (size_t i = 0; i < 32 * KIB; i++) {
            noise[i] = (char)g_rand_int_range(random, 0, 256);
        }
        int fd = dial(fixture);
        tell(fd, noise, 32 * KIB);
        shutdown(fd, SHUT_WR);
        g_autofree char *answer = hear_all(fd);
        g_assert_false(g_str_has_prefix(answer, "HTTP/1.1 200"));
    }
    expect_alive(fixture);
}

/* --- answers --- */

static void test_negotiation(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *html = ask(fixture, "GET /page HTTP/1.1\r\n" END);
    expect_status(html, 200);
    g_assert_nonnull(strstr(html, "Content-Type: text/html; charset=utf-8\r\n"));
    g_assert_nonnull(strstr(html, "<h1>&lt;火正&gt;</h1>"));
    g_autofree char *json = ask(fixture, "GET /page HTTP/1.1\r\nAccept: application/json\r\n" END);
    g_assert_nonnull(strstr(json, "Content-Type: application/json; charset=utf-8\r\n"));
    g_assert_true(g_str_has_suffix(json,
                                   "{\"status\":200,\"title\":\"<火正>\",\"message\":\"一页\","
                                   "\"kept\":null,\"todo\":null}"));
}

static void test_security_headers(Fixture *fixture, gconstpointer data) {
    (void)data;
    static const char *const wanted[] = {
        "\r\nContent-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'\r\n",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nReferrer-Policy: same-origin\r\n",
        "\r\nCross-Origin-Opener-Policy: same-origin\r\n",
        "\r\nPermissions-Policy: ",
    };
    static const char *const requests[] = {
        "GET /page HTTP/1.1\r\n" END,
        "GET /nope HTTP/1.1\r\n" END,
        "GET /file HTTP/1.1\r\n" END,
        "GET /%zz HTTP/1.1\r\n" END,
        "PUT / HTTP/1.1\r\n" END,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autofree char *answer = ask(fixture, requests[i]);
        for (size_t j = 0; j < G_N_ELEMENTS(wanted); j++) {
            g_assert_nonnull(strstr(answer, wanted[j]));
        }
    }
    g_autofree char *personal =
        ask(fixture, "GET /secret HTTP/1.1\r\nCookie: hz_session=inspector\r\n" END);
    expect_status(personal, 200);
    g_assert_nonnull(strstr(personal, "\r\nCache-Control: no-store\r\n"));
}

static void test_compression(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *br = ask(fixture, "GET /large HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n" END);
    g_assert_nonnull(strstr(br, "\r\nContent-Encoding: br\r\n"));
    g_autofree char *gz =
        ask(fixture, "GET /large HTTP/1.1\r\nAccept-Encoding: br;q=0, gzip\r\n" END);
    g_assert_nonnull(strstr(gz, "\r\nContent-Encoding: gzip\r\n"));
    g_autofree char *plain = ask(fixture, "GET /large HTTP/1.1\r\n" END);
    g_assert_nonnull(strstr(plain, "\r\nContent-Length: 102400\r\n"));
    g_assert_nonnull(strstr(plain, "filename=\"_______.txt\"; filename*=UTF-8''%E5%A4%A7%20%E8"));
    g_autofree char *small = ask(fixture, "GET /hello HTTP/1.1\r\nAccept-Encoding: gzip\r\n" END);
    g_assert_null(strstr(small, "Content-Encoding"));
}

static void test_flash(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *moved_answer = ask(fixture, "GET /moved HTTP/1.1\r\n" END);
    expect_status(moved_answer, 303);
    g_assert_nonnull(strstr(moved_answer, "\r\nLocation: /page\r\n"));
    g_assert_nonnull(strstr(moved_answer, "Set-Cookie: hz_flash=%E5%B7%B2"));
    g_autofree char *shown =
        ask(fixture,
            "GET /page HTTP/1.1\r\nCookie: hz_flash=%3Cb%3E%E5%B7%B2%E4%BF%9D%E5%AD%98\r\n" END);
    g_assert_nonnull(strstr(shown, "&lt;b&gt;已保存"));
    g_assert_nonnull(strstr(shown, "Set-Cookie: hz_flash=; "));
    g_assert_nonnull(strstr(shown, "Max-Age=0"));
    g_autofree char *json = ask(fixture, "GET /moved HTTP/1.1\r\nAccept: application/json\r\n" END);
    expect_status(json, 200);
    g_assert_true(g_str_has_suffix(json, "{\"location\":\"/page\",\"message\":\"已保存 3 条\"}"));
}

static void test_file(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *answer = ask(fixture, "GET /file HTTP/1.1\r\n" END);
    expect_status(answer, 200);
    g_assert_nonnull(strstr(answer, "Content-Type: text/csv; charset=utf-8"));
    g_assert_true(g_str_has_suffix(answer, "\r\n\r\na,b\n1,2\n"));
    g_assert_cmpint(g_unlink(fixture->file), ==, 0);
    expect(fixture, 500, "GET /file HTTP/1.1\r\n" END);
    g_assert_true(g_file_set_contents(fixture->file, "a,b\n", -1, NULL));
}

static void test_broken_view(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *answer = ask(fixture, "GET /broken HTTP/1.1\r\n" END);
    expect_status(answer, 500);
    g_assert_nonnull(strstr(answer, "服务器出错了"));
}

/* When the database cannot be opened, people get a page that says so, and it is tried again. */
static void test_no_database(void) {
    Fixture fixture;
    start_with(&fixture, (WebOptions){.workers = 1});
    g_autofree char *path = g_build_filename(fixture.folder, "web.db", NULL);
    g_autofree char *away = g_build_filename(fixture.folder, "away.db", NULL);
    g_assert_cmpint(g_rename(path, away), ==, 0);
    g_autofree char *answer = ask(&fixture, "GET /page HTTP/1.1\r\n" END);
    expect_status(answer, 503);
    g_assert_nonnull(strstr(answer, "\r\nRetry-After: "));
    g_assert_nonnull(strstr(answer, "<h1>服务器忙</h1>"));
    g_assert_cmpint(g_rename(away, path), ==, 0);
    expect(&fixture, 200, "GET /page HTTP/1.1\r\n" END);
    stop(&fixture, NULL);
}

/* --- who may pass --- */

static void test_permission(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *stranger = ask(fixture, "GET /secret?a=1&b=2 HTTP/1.1\r\n" END);
    expect_status(stranger, 303);
    g_assert_nonnull(strstr(stranger, "\r\nLocation: /signin?next=/secret%3Fa%3D1%26b%3D2\r\n"));
    expect(fixture, 401, "GET /secret HTTP/1.1\r\nAccept: application/json\r\n" END);
    int before = atomic_load(&refusals);
    g_autofree char *refused =
        ask(fixture, "GET /audit HTTP/1.1\r\nCookie: hz_session=inspector\r\n" END);
    expect_status(refused, 403);
    g_assert_nonnull(strstr(refused, "查看审计记录"));
    g_assert_cmpint(atomic_load(&refusals), ==, before + 1);
    expect(fixture, 303, "GET /secret HTTP/1.1\r\nCookie: hz_session=unknown\r\n" END);
    g_autofree char *newcomer =
        ask(fixture, "GET /secret HTTP/1.1\r\nCookie: hz_session=newcomer\r\n" END);
    expect_status(newcomer, 303);
    g_assert_nonnull(strstr(newcomer, "\r\nLocation: /work/account/password\r\n"));
}

static void test_csrf(Fixture *fixture, gconstpointer data) {
    (void)data;
    const char *other = "csrf=ffffffffffffffffffffffffffffffff";
    expect_post(fixture, 403, "/act", SESSION, "a=1");
    expect_post(fixture, 403, "/act", SESSION, other);
    expect_post(fixture, 403, "/act", SESSION, "csrf=");
    expect_post(fixture, 200, "/act", SESSION, "csrf=" TOKEN);
    expect_post(fixture, 200, "/act", SESSION "X-CSRF-Token: " TOKEN "\r\n", "a=1");
    expect_post(fixture, 403, "/act", SESSION "Sec-Fetch-Site: cross-site\r\n", "csrf=" TOKEN);
    expect_post(fixture, 403, "/act", SESSION "Origin: https://evil.example\r\n", "csrf=" TOKEN);
    expect_post(fixture, 403, "/act", SESSION "Origin: null\r\n", "csrf=" TOKEN);
    expect_post(fixture, 200, "/act", SESSION "Origin: http://a\r\n", "csrf=" TOKEN);
    expect_post(fixture, 401, "/act", "", "csrf=" TOKEN);
    /* Without a session the cookie is the second half. */
    expect_post(fixture, 403, "/echo", "", "csrf=" TOKEN);
    expect_post(fixture, 200, "/echo", "Cookie: hz_csrf=" TOKEN "\r\n", "csrf=" TOKEN);
    expect_post(fixture, 403, "/echo", "Cookie: hz_csrf=x\r\n", "csrf=x");
    /* With one, the cookie alone is worth nothing. */
    expect_post(fixture,
                403,
                "/act",
                "Cookie: hz_session=inspector; hz_csrf=ffffffffffffffffffffffffffffffff\r\n",
                other);
}

static void test_csrf_cookie_is_given(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *first = ask(fixture, "GET /page HTTP/1.1\r\n" END);
    g_assert_nonnull(strstr(first, "Set-Cookie: hz_csrf="));
    g_autofree char *again =
        ask(fixture, "GET /page HTTP/1.1\r\nCookie: hz_csrf=" TOKEN "\r\n" END);
    g_assert_null(strstr(again, "Set-Cookie"));
}

static void test_port_in_use(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    WebOptions options = {.port = fixture->port, .db_url = "sqlite::memory:"};
    g_assert_null(web_start(&options, none, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD("/web/http/keep-alive-and-pipelining", test_keep_alive);
    ADD("/web/http/head-has-no-body", test_head);
    ADD("/web/http/unknown-paths-and-methods", test_paths_and_methods);
    ADD("/web/http/refuses-smuggling", test_smuggling);
    ADD("/web/http/refuses-oversize-heads", test_oversize_head);
    ADD("/web/http/survives-garbage", test_garbage);
    ADD("/web/http/port-in-use-is-an-error", test_port_in_use);
    ADD("/web/answer/html-or-json", test_negotiation);
    ADD("/web/answer/security-headers-on-everything", test_security_headers);
    ADD("/web/answer/compression", test_compression);
    ADD("/web/answer/flash-shows-once-and-escaped", test_flash);
    ADD("/web/answer/file", test_file);
    ADD("/web/answer/broken-view-is-a-500-page", test_broken_view);
    g_test_add_func("/web/answer/lost-database-is-a-503-page", test_no_database);
    ADD("/web/guard/permission", test_permission);
    ADD("/web/guard/csrf", test_csrf);
    ADD("/web/guard/visitors-get-a-csrf-cookie", test_csrf_cookie_is_given);
    return g_test_run();
}
