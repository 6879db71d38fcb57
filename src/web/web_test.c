/* A real server on a free port, spoken to through raw sockets. */
#include "base/limits.h"
#include "web/log.h"
#include "web/request.h"
#include "web/response.h"
#include "web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the rooms of this test --- */

#define TOKEN "0123456789abcdef0123456789abcdef"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* /slow waits for it */
static atomic_int slow_running;
static atomic_int refusals;

static Response *hello(Ctx *ctx, const Request *req) {
    (void)ctx;
    const char *name = request_query(req, "name");
    g_autofree char *text = g_strdup_printf("hello %s", name != NULL ? name : "world");
    return response_bytes("text/plain", g_bytes_new(text, strlen(text)), NULL);
}

static Response *page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    json_t *model = json_object();
    json_put_int(model, "status", 200);
    json_put_text(model, "title", "<火正>");
    json_put_text(model, "message", "一页");
    json_put_text(model, "kept", NULL);
    json_put_text(model, "todo", NULL);
    return response_page("web/problem", model);
}

static Response *large(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    char *text = g_strnfill(100 * KIB, 'a');
    return response_bytes("text/plain", g_bytes_new_take(text, 100 * KIB), "大 表.txt");
}

static Response *slow(Ctx *ctx, const Request *req) {
    atomic_fetch_add(&slow_running, 1);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return hello(ctx, req);
}

static Response *echo(Ctx *ctx, const Request *req) {
    (void)ctx;
    json_t *model = json_object();
    g_autoptr(GPtrArray) names = request_form_names(req);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        json_put_text(model, name, request_form(req, name));
    }
    return response_page("web/problem", model);
}

static Response *moved(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_redirect_flash("/page", "已保存 %d 条", 3);
}

static Response *broken(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_page("web/no-such-view", json_object());
}

static Response *events(Ctx *ctx, const Request *req) {
    (void)ctx;
    return response_events(request_arg(req, "topic"));
}

static Response *file_page(Ctx *ctx, const Request *req) {
    (void)req;
    return response_file("text/csv", ctx->app, "a.csv", false);
}

static Response *upload(Ctx *ctx, const Request *req) {
    (void)ctx;
    const Upload *file = request_upload(req, "file");
    if (file == NULL) {
        return response_not_found();
    }
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(file->path, &bytes, &size, NULL));
    g_assert_cmpuint(size, ==, (gsize)file->size);
    g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)bytes, size);
    g_autofree char *text =
        g_strdup_printf("%s %s %s", file->file_name, hash, request_form(req, "note"));
    return response_bytes("text/plain", g_bytes_new(text, strlen(text)), NULL);
}

static const Route routes[] = {
    {ROUTE_GET, "/hello", hello, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/page", page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/large", large, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/slow", slow, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/moved", moved, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/broken", broken, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/events/{topic}", events, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/file", file_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/secret", hello, PERM_UNIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/audit", hello, PERM_AUDIT_VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/echo", echo, PERM_PUBLIC, CSRF_TOKEN, LIMIT_FORM_BODY},
    {ROUTE_POST, "/act", echo, PERM_UNIT_EDIT, CSRF_TOKEN, LIMIT_FORM_BODY},
    {ROUTE_POST, "/upload", upload, PERM_PUBLIC, CSRF_TOKEN, MIB},
    {ROUTE_POST, "/private-upload", upload, PERM_IMPORT, CSRF_TOKEN, 8 * MIB},
    {0},
};

static bool authenticate(Db *db, const char *token, int64_t now_us, Principal *ret_who) {
    (void)db;
    (void)now_us;
    if (strcmp(token, "inspector") != 0 && strcmp(token, "newcomer") != 0) {
        return false;
    }
    *ret_who = (Principal){
        .account_id = 7,
        .login = "inspector",
        .permissions = 1u << PERM_SIGNED_IN | 1u << PERM_UNIT_VIEW | 1u << PERM_UNIT_EDIT,
        .must_change_password = strcmp(token, "newcomer") == 0,
        .csrf = TOKEN,
    };
    return true;
}

static void count_refusal(Ctx *ctx, const Request *req, const char *reason) {
    (void)ctx;
    (void)req;
    g_assert_nonnull(reason);
    atomic_fetch_add(&refusals, 1);
}

/* --- server and client --- */

typedef struct Fixture {
    char *folder;
    char *file;
    WebServer *server;
    uint16_t port;
} Fixture;

static void start_with(Fixture *fixture, WebOptions options) {
    fixture->folder = g_dir_make_tmp("web-test-XXXXXX", NULL);
    fixture->file = g_build_filename(fixture->folder, "a.csv", NULL);
    g_assert_true(g_file_set_contents(fixture->file, "a,b\n1,2\n", -1, NULL));
    g_autofree char *url = g_strdup_printf("sqlite:%s/web.db", fixture->folder);
    /* Read-only connections do not create the file. */
    db_close(db_open(url, DB_READ_WRITE, NULL));
    options.db_url = url;
    options.upload_dir = fixture->folder;
    options.app = fixture->file;
    options.authenticate = authenticate;
    options.refused = count_refusal;
    g_autoptr(GPtrArray) table = g_ptr_array_new();
    for (const Route *route = routes; route->path != NULL; route++) {
        g_ptr_array_add(table, (gpointer)route);
    }
    g_autoptr(GError) error = NULL;
    fixture->server = web_start(&options, table, &error);
    g_assert_no_error(error);
    fixture->port = web_port(fixture->server);
}

static void start(Fixture *fixture, gconstpointer data) {
    (void)data;
    start_with(fixture, (WebOptions){.workers = 2});
}

/* What is left in the upload folder besides the test's own files. */
static unsigned uploads_left(const Fixture *fixture) {
    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    unsigned count = 0;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        count += g_str_has_prefix(name, "upload-");
    }
    return count;
}

static void clean(Fixture *fixture) {
    g_assert_cmpuint(uploads_left(fixture), ==, 0);
    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->file);
}

static void stop(Fixture *fixture, gconstpointer data) {
    (void)data;
    web_stop(fixture->server);
    clean(fixture);
}

static int dial(const Fixture *fixture) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

/* Sends as much as the server takes; it may well close before the end. */
static void tell(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

static char *hear_all(int fd) {
    GString *heard = g_string_new(NULL);
    char buffer[4096];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
        g_string_append_len(heard, buffer, got);
    }
    close(fd);
    return g_string_free(heard, FALSE);
}

/* Until `text` has been heard; fails after the socket's patience. */
static void hear_until(int fd, GString *heard, const char *text) {
    char buffer[4096];
    while (strstr(heard->str, text) == NULL) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        g_assert_cmpint(got, >, 0);
        g_string_append_len(heard, buffer, got);
    }
}

/* One request on its own connection; the whole answer. */
static char *ask_n(const Fixture *fixture, const char *request, size_t size) {
    int fd = dial(fixture);
    tell(fd, request, size);
    return hear_all(fd);
}

static char *ask(const Fixture *fixture, const char *request) {
    return ask_n(fixture, request, strlen(request));
}

static void expect_status(const char *answer, unsigned status) {
    g_autofree char *wanted = g_strdup_printf("HTTP/1.1 %u ", status);
    if (!g_str_has_prefix(answer, wanted)) {
        g_test_message("wanted %u, got: %.300s", status, answer);
    }
    g_assert_true(g_str_has_prefix(answer, wanted));
}

static void expect(const Fixture *fixture, unsigned status, const char *request) {
    g_autofree char *answer = ask(fixture, request);
    expect_status(answer, status);
}

static void expect_alive(const Fixture *fixture) {
    g_autofree char *answer =
        ask(fixture, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect_status(answer, 200);
    g_assert_true(g_str_has_suffix(answer, "hello world"));
}

#define END "Host: a\r\nConnection: close\r\n\r\n"

static char *post_text(const char *path, const char *headers, const char *body) {
    return g_strdup_printf("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: %zu\r\n%s\r\n%s",
                           path,
                           strlen(body),
                           headers,
                           body);
}

static char *post(const Fixture *fixture, const char *path, const char *headers, const char *body) {
    g_autofree char *request = post_text(path, headers, body);
    return ask(fixture, request);
}

static void expect_post(
    const Fixture *f, unsigned status, const char *path, const char *headers, const char *body) {
    g_autofree char *answer = post(f, path, headers, body);
    expect_status(answer, status);
}

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

#define SESSION "Cookie: hz_session=inspector\r\n"

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

/* --- bodies --- */

#define ANYBODY "Cookie: hz_csrf=" TOKEN "\r\nAccept: application/json\r\n"
#define CSRF "csrf=" TOKEN

static void test_forms(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *good = post(fixture, "/echo", ANYBODY, CSRF "&a=%E7%81%AB+1&b=");
    expect_status(good, 200);
    g_assert_true(g_str_has_suffix(good, "\"a\":\"火 1\",\"b\":\"\"}"));
    expect_post(fixture, 400, "/echo", ANYBODY, CSRF "&a=%4");
    expect_post(fixture, 400, "/echo", ANYBODY, CSRF "&a=%ff");
    expect_post(fixture, 400, "/echo", ANYBODY, CSRF "&a=%00");
    g_autofree char *longest = g_strnfill(LIMIT_FIELD + 1, 'x');
    g_autofree char *field = g_strconcat(CSRF "&a=", longest, NULL);
    expect_post(fixture, 413, "/echo", ANYBODY, field);
    g_autofree char *huge = g_strnfill(LIMIT_FORM_BODY + 1, 'x');
    expect_post(fixture, 413, "/echo", ANYBODY, huge);
    expect(fixture,
           415,
           "POST /echo HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n" END "a=b");
    expect(fixture, 415, "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n" END "a=b");
    expect(fixture,
           413,
           "POST /echo HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
           "Content-Length: 99999999999\r\n" END);
}

/* A body in chunks has no length to look at: the bytes are counted. */
static void test_chunked(Fixture *fixture, gconstpointer data) {
    (void)data;
    const char *head = "POST /echo HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                       "Transfer-Encoding: chunked\r\n" ANYBODY END;
    g_autofree char *good = g_strdup_printf(
        "%s%zx\r\n%s\r\n3\r\n&x=\r\n2\r\n42\r\n0\r\n\r\n", head, strlen(CSRF), CSRF);
    g_autofree char *answer = ask(fixture, good);
    expect_status(answer, 200);
    g_assert_nonnull(strstr(answer, "\"x\":\"42\""));
    g_autoptr(GString) endless = g_string_new(head);
    g_autofree char *chunk = g_strnfill(KIB, 'x');
    for (int i = 0; i < 4096; i++) {
        g_string_append_printf(endless, "400\r\n%s\r\n", chunk);
    }
    g_autofree char *refused = ask_n(fixture, endless->str, endless->len);
    expect_status(refused, 413);
    expect_alive(fixture);
}

#define BOUNDARY "----x"
#define PART(name) "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART                                                                                  \
    "--" BOUNDARY                                                                                  \
    "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\x\\名%22.csv\""            \
    "\r\nContent-Type: text/csv\r\n\r\n"
#define LAST "--" BOUNDARY "--\r\n"

static char *
multipart_text(const char *path, const char *headers, size_t length, const char *body) {
    return g_strdup_printf("POST %s HTTP/1.1\r\n%sContent-Type: multipart/form-data; "
                           "boundary=" BOUNDARY "\r\nContent-Length: %zu\r\n" END "%s",
                           path,
                           headers,
                           length,
                           body);
}

static void test_upload(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *content = g_strnfill(300 * KIB, 'y');
    g_autofree char *body = g_strconcat(
        PART("csrf") TOKEN "\r\n" PART("note") "备注\r\n" FILE_PART, content, "\r\n" LAST, NULL);
    g_autofree char *request = multipart_text("/upload", ANYBODY, strlen(body), body);
    g_autofree char *answer = ask(fixture, request);
    expect_status(answer, 200);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
    g_autofree char *wanted = g_strdup_printf("\r\n\r\n名\".csv %s 备注", hash);
    g_assert_true(g_str_has_suffix(answer, wanted));
}

static void test_bad_uploads(Fixture *fixture, gconstpointer data) {
    (void)data;
    static const char *const bodies[] = {
        PART("csrf") TOKEN "\r\n" FILE_PART "cut off",
        "no delimiter at all",
        "--" BOUNDARY "\r\n\r\nno head\r\n" LAST,
        "--" BOUNDARY "\r\nContent-Disposition: form-data\r\n\r\nno name\r\n" LAST,
        "--" BOUNDARY "x\r\n" LAST,
        PART("a\xff") "1\r\n" LAST,
        PART("a") "\xff\r\n" LAST,
        "",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_test_message("body %zu", i);
        g_autofree char *request = multipart_text("/upload", ANYBODY, strlen(bodies[i]), bodies[i]);
        expect(fixture, 400, request);
    }
    /* The client goes away in the middle. */
    g_autofree char *cut = multipart_text("/upload", ANYBODY, 100000, FILE_PART "some bytes");
    int fd = dial(fixture);
    tell(fd, cut, strlen(cut));
    g_usleep(50000);
    close(fd);
    expect_alive(fixture);
}

static void test_upload_limits(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *announced = multipart_text("/upload", ANYBODY, MIB + 1, "");
    expect(fixture, 413, announced);
    g_autofree char *content = g_strnfill(2 * MIB, 'y');
    g_autofree char *chunked = g_strconcat(
        "POST /upload HTTP/1.1\r\n" ANYBODY "Content-Type: multipart/form-data; boundary=" BOUNDARY
        "\r\nTransfer-Encoding: chunked\r\n" END "200100\r\n" FILE_PART,
        content,
        NULL);
    g_autofree char *answer = ask(fixture, chunked);
    expect_status(answer, 413);
    g_autoptr(GString) many = g_string_new(NULL);
    for (int i = 0; i < 3000; i++) {
        g_string_append(many, PART("a") "1\r\n");
    }
    g_autofree char *parts = multipart_text("/upload", ANYBODY, many->len, many->str);
    expect(fixture, 413, parts);
    g_autofree char *field = g_strnfill(LIMIT_FIELD + 1, 'f');
    g_autofree char *body = g_strconcat(PART("a"), field, "\r\n" LAST, NULL);
    g_autofree char *request = multipart_text("/upload", ANYBODY, strlen(body), body);
    expect(fixture, 413, request);
    expect_alive(fixture);
}

/* --- events --- */

static int listen_to(const Fixture *fixture, const char *topic, GString *heard) {
    int fd = dial(fixture);
    g_autofree char *request = g_strdup_printf("GET /events/%s HTTP/1.1\r\nHost: a\r\n\r\n", topic);
    tell(fd, request, strlen(request));
    hear_until(fd, heard, ": open");
    return fd;
}

static void publish(const Fixture *fixture, const char *topic, int number) {
    g_autoptr(json_t) data = json_object();
    json_put_int(data, "number", number);
    web_publish(fixture->server, topic, "tick", data);
}

static void test_events(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    g_autoptr(GString) other = g_string_new(NULL);
    int a = listen_to(fixture, "alarms", first);
    int b = listen_to(fixture, "alarms", second);
    int c = listen_to(fixture, "jobs", other);
    g_assert_nonnull(strstr(first->str, "Content-Type: text/event-stream"));
    g_assert_nonnull(strstr(first->str, "retry: 3000"));
    publish(fixture, "alarms", 1);
    publish(fixture, "jobs", 2);
    publish(fixture, "alarms", 3);
    hear_until(a, first, "id: 3\nevent: tick\ndata: {\"number\":3}\n\n");
    hear_until(b, second, "id: 3\nevent: tick\ndata: {\"number\":3}\n\n");
    hear_until(c, other, "{\"number\":2}");
    g_assert_nonnull(strstr(first->str, "id: 1\nevent: tick\ndata: {\"number\":1}\n\n"));
    g_assert_null(strstr(first->str, "{\"number\":2}"));
    close(b);
    publish(fixture, "alarms", 4);
    hear_until(a, first, "{\"number\":4}");
    close(a);
    close(c);
    expect_alive(fixture);
}

static void test_heartbeat_and_stop(void) {
    Fixture fixture;
    start_with(&fixture, (WebOptions){.workers = 1, .heartbeat_s = 1});
    g_autoptr(GString) heard = g_string_new(NULL);
    int fd = listen_to(&fixture, "x", heard);
    g_string_truncate(heard, 0);
    hear_until(fd, heard, ": \n\n");
    /* A graceful stop ends the stream in order: with the last chunk. */
    int64_t before = g_get_monotonic_time();
    web_stop(fixture.server);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 2 * G_USEC_PER_SEC);
    g_autofree char *rest = hear_all(fd);
    g_assert_true(g_str_has_suffix(rest, "0\r\n\r\n"));
    clean(&fixture);
}

/* A reader that does not read is cut, and nobody else notices. */
static void test_slow_reader(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autoptr(GString) ignored = g_string_new(NULL);
    g_autoptr(GString) heard = g_string_new(NULL);
    int lazy = listen_to(fixture, "x", ignored);
    int eager = listen_to(fixture, "x", heard);
    g_autoptr(json_t) big = json_object();
    g_autofree char *text = g_strnfill(30 * KIB, 'z');
    json_put_text(big, "text", text);
    for (int i = 1; i <= 400; i++) {
        web_publish(fixture->server, "x", "tick", big);
        g_autofree char *mark = g_strdup_printf("id: %d\n", i);
        g_string_truncate(heard, 0);
        hear_until(eager, heard, mark);
    }
    g_autofree char *rest = hear_all(lazy);
    g_assert_cmpuint(strlen(rest), <, 400 * 30 * KIB);
    close(eager);
    expect_alive(fixture);
}

/* --- load and end --- */

static void wait_for(atomic_int *number, int wanted) {
    for (int i = 0; i < 5000 && atomic_load(number) < wanted; i++) {
        g_usleep(1000);
    }
    g_assert_cmpint(atomic_load(number), >=, wanted);
}

static void test_full_queue(void) {
    Fixture fixture;
    start_with(&fixture, (WebOptions){.workers = 1, .queue_max = 1});
    atomic_store(&slow_running, 0);
    pthread_mutex_lock(&gate);
    const char request[] = "GET /slow HTTP/1.1\r\n" END;
    int running = dial(&fixture);
    tell(running, request, strlen(request));
    wait_for(&slow_running, 1);
    int waiting = dial(&fixture);
    tell(waiting, request, strlen(request));
    g_usleep(100000); /* until the loop has put it into the queue */
    g_autofree char *refused = ask(&fixture, request);
    expect_status(refused, 503);
    g_assert_nonnull(strstr(refused, "\r\nRetry-After: "));
    pthread_mutex_unlock(&gate);
    g_autofree char *first = hear_all(running);
    g_autofree char *second = hear_all(waiting);
    expect_status(first, 200);
    expect_status(second, 200);
    stop(&fixture, NULL);
}

static gpointer stop_server(gpointer server) {
    web_stop(server);
    return NULL;
}

/* What was accepted is answered, also when the server is told to stop meanwhile. */
static void test_stop_answers_open_requests(void) {
    Fixture fixture;
    start_with(&fixture, (WebOptions){.workers = 1});
    atomic_store(&slow_running, 0);
    pthread_mutex_lock(&gate);
    const char request[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    int fd = dial(&fixture);
    tell(fd, request, strlen(request));
    wait_for(&slow_running, 1);
    GThread *stopper = g_thread_new("stop", stop_server, fixture.server);
    g_usleep(100000);
    pthread_mutex_unlock(&gate);
    g_autofree char *answer = hear_all(fd);
    expect_status(answer, 200);
    g_thread_join(stopper);
    clean(&fixture);
}

/* A head that drips in is not idle for libmicrohttpd, but it is for us. */
static void test_slow_head(void) {
    Fixture fixture;
    start_with(&fixture, (WebOptions){.workers = 1, .idle_timeout_s = 1});
    int fd = dial(&fixture);
    tell(fd, "GET /hello HTTP/1.1\r\n", 21);
    int64_t before = g_get_monotonic_time();
    bool is_open = true;
    while (is_open && g_get_monotonic_time() - before < 10 * G_USEC_PER_SEC) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        is_open = poll(&ready, 1, 200) == 0;
        tell(fd, "X", 1);
    }
    g_assert_false(is_open);
    close(fd);
    expect_alive(&fixture);
    stop(&fixture, NULL);
}

static void test_port_in_use(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    WebOptions options = {.port = fixture->port, .db_url = "sqlite::memory:"};
    g_assert_null(web_start(&options, none, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, start, function, stop)

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
    ADD("/web/guard/permission", test_permission);
    ADD("/web/guard/csrf", test_csrf);
    ADD("/web/guard/visitors-get-a-csrf-cookie", test_csrf_cookie_is_given);
    ADD("/web/body/forms", test_forms);
    ADD("/web/body/chunked", test_chunked);
    ADD("/web/body/upload", test_upload);
    ADD("/web/body/bad-uploads", test_bad_uploads);
    ADD("/web/body/upload-limits", test_upload_limits);
    ADD("/web/events/reach-their-topic-only", test_events);
    ADD("/web/events/slow-reader-is-cut", test_slow_reader);
    g_test_add_func("/web/events/heartbeat-and-graceful-end", test_heartbeat_and_stop);
    g_test_add_func("/web/load/full-queue-is-503", test_full_queue);
    g_test_add_func("/web/load/stop-answers-open-requests", test_stop_answers_open_requests);
    g_test_add_func("/web/load/slow-head-is-cut", test_slow_head);
    return g_test_run();
}
