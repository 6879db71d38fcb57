#include "web/test_server.h"

#include "base/digest.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the rooms of this test --- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
atomic_int slow_running;
atomic_int refusals;

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

/* The body itself, as it came. */
static Response *raw(Ctx *ctx, const Request *req) {
    (void)ctx;
    size_t size = 0;
    const char *body = request_body(req, &size);
    g_autofree char *hex = hex_format((const uint8_t *)body, size);
    return response_text(409, "text/x.raw", g_strdup(hex));
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
    {ROUTE_POST, "/raw", raw, PERM_PUBLIC, CSRF_RAW, 64},
    {ROUTE_POST, "/act", echo, PERM_UNIT_EDIT, CSRF_TOKEN, LIMIT_FORM_BODY},
    {ROUTE_POST, "/upload", upload, PERM_PUBLIC, CSRF_TOKEN, MIB},
    {ROUTE_POST, "/private-upload", upload, PERM_IMPORT, CSRF_TOKEN, 8 * MIB},
    {0},
};

static bool authenticate(Db *db, const char *token, int64_t now_us, Principal *ret_who) {
    (void)db;
    (void)now_us;
    static const char *const tokens[] = {"inspector", "newcomer", "clerk", NULL};
    if (!g_strv_contains(tokens, token)) {
        return false;
    }
    *ret_who = (Principal){
        .account_id = 7,
        .login = "inspector",
        .permissions = 1u << PERM_SIGNED_IN | 1u << PERM_UNIT_VIEW | 1u << PERM_UNIT_EDIT,
        .must_change_password = strcmp(token, "newcomer") == 0,
        .csrf = TOKEN,
    };
    if (strcmp(token, "clerk") == 0) {
        ret_who->permissions |= 1u << PERM_IMPORT;
    }
    return true;
}

static void count_refusal(Ctx *ctx, const Request *req, const char *reason) {
    (void)ctx;
    (void)req;
    g_assert_nonnull(reason);
    atomic_fetch_add(&refusals, 1);
}

void gate_close(void) {
    pthread_mutex_lock(&gate);
}

void gate_open(void) {
    pthread_mutex_unlock(&gate);
}

void start_with(Fixture *fixture, WebOptions options) {
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

void start(Fixture *fixture, gconstpointer data) {
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

void clean(Fixture *fixture) {
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

void stop(Fixture *fixture, gconstpointer data) {
    (void)data;
    web_stop(fixture->server);
    clean(fixture);
}

int dial(const Fixture *fixture) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

void tell(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

char *hear_all(int fd) {
    GString *heard = g_string_new(NULL);
    char buffer[4096];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
        g_string_append_len(heard, buffer, got);
    }
    close(fd);
    return g_string_free(heard, FALSE);
}

void hear_until(int fd, GString *heard, const char *text) {
    char buffer[4096];
    while (strstr(heard->str, text) == NULL) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        g_assert_cmpint(got, >, 0);
        g_string_append_len(heard, buffer, got);
    }
}

char *ask_n(const Fixture *fixture, const char *request, size_t size) {
    int fd = dial(fixture);
    tell(fd, request, size);
    return hear_all(fd);
}

char *ask(const Fixture *fixture, const char *request) {
    return ask_n(fixture, request, strlen(request));
}

void expect_status(const char *answer, unsigned status) {
    g_autofree char *wanted = g_strdup_printf("HTTP/1.1 %u ", status);
    if (!g_str_has_prefix(answer, wanted)) {
        g_test_message("wanted %u, got: %.300s", status, answer);
    }
    g_assert_true(g_str_has_prefix(answer, wanted));
}

void expect(const Fixture *fixture, unsigned status, const char *request) {
    g_autofree char *answer = ask(fixture, request);
    expect_status(answer, status);
}

void expect_alive(const Fixture *fixture) {
    g_autofree char *answer =
        ask(fixture, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect_status(answer, 200);
    g_assert_true(g_str_has_suffix(answer, "hello world"));
}

static char *post_text(const char *path, const char *headers, const char *body) {
    return g_strdup_printf("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: %zu\r\n%s\r\n%s",
                           path,
                           strlen(body),
                           headers,
                           body);
}

char *post(const Fixture *fixture, const char *path, const char *headers, const char *body) {
    g_autofree char *request = post_text(path, headers, body);
    return ask(fixture, request);
}

void expect_post(
    const Fixture *f, unsigned status, const char *path, const char *headers, const char *body) {
    g_autofree char *answer = post(f, path, headers, body);
    expect_status(answer, status);
}
