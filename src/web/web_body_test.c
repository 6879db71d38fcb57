/* Bodies, event streams, load and end, against a real server through raw sockets. */
#include "base/limits.h"
#include "web/test_server.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* A protocol of programs: no token, any type, bytes stay bytes; the limit holds. */
static void test_raw(Fixture *fixture, gconstpointer data) {
    (void)data;
    static const char zero[] = "POST /raw HTTP/1.1\r\nOrigin: http://elsewhere\r\n"
                               "Content-Length: 4\r\n" END "a\0%\xff";
    g_autofree char *answer = ask_n(fixture, zero, sizeof zero - 1);
    expect_status(answer, 409);
    g_assert_nonnull(strstr(answer, "Content-Type: text/x.raw"));
    g_assert_true(g_str_has_suffix(answer, "\r\n\r\n610025ff"));
    g_autofree char *huge = g_strnfill(65, 'x');
    expect_post(fixture, 413, "/raw", "", huge);
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

#define NAMELESS_PART                                                                              \
    "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n"

/* Browsers send a nameless empty part for each file input that was left alone: these are no files,
 * however many the form has. Bytes make a file of it. */
static void test_empty_inputs(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autoptr(GString) left = g_string_new(PART("csrf") TOKEN "\r\n" PART("note") "x\r\n");
    g_autoptr(GString) full = g_string_new(left->str);
    for (int i = 0; i < 2 * LIMIT_UPLOAD_FILES; i++) {
        g_string_append(left, NAMELESS_PART "\r\n");
        g_string_append(full, NAMELESS_PART "bytes\r\n");
    }
    g_autofree char *one = g_strconcat(left->str, FILE_PART "abc\r\n" LAST, NULL);
    g_autofree char *request = multipart_text("/upload", ANYBODY, strlen(one), one);
    g_autofree char *answer = ask(fixture, request);
    expect_status(answer, 200);
    g_assert_nonnull(strstr(answer, "名\".csv "));
    g_string_append(full, LAST);
    g_autofree char *many = multipart_text("/upload", ANYBODY, full->len, full->str);
    expect(fixture, 413, many);
    g_string_append(left, LAST);
    g_autofree char *none = multipart_text("/upload", ANYBODY, left->len, left->str);
    expect(fixture, 404, none);
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

/* A large body is only read once its sender may send it. */
static void test_upload_needs_permission(Fixture *fixture, gconstpointer data) {
    (void)data;
    g_autofree char *content = g_strnfill(3 * MIB, 'y');
    g_autofree char *body = g_strconcat(
        PART("csrf") TOKEN "\r\n" PART("note") "1\r\n" FILE_PART, content, "\r\n" LAST, NULL);
    g_autofree char *stranger = multipart_text("/private-upload", ANYBODY, strlen(body), body);
    expect(fixture, 401, stranger);
    g_autofree char *inspector = multipart_text("/private-upload", SESSION, strlen(body), body);
    expect(fixture, 403, inspector);
    g_autofree char *clerk =
        multipart_text("/private-upload", "Cookie: hz_session=clerk\r\n", strlen(body), body);
    expect(fixture, 200, clerk);
    g_autofree char *chunked =
        g_strdup_printf("POST /private-upload HTTP/1.1\r\nCookie: "
                        "hz_session=clerk\r\nContent-Type: multipart/form-data; boundary=" BOUNDARY
                        "\r\nTransfer-Encoding: chunked\r\n" END "%zx\r\n%s\r\n0\r\n\r\n",
                        strlen(body),
                        body);
    expect(fixture, 200, chunked);
    g_autofree char *empty =
        g_strdup("POST /private-upload HTTP/1.1\r\nCookie: hz_session=clerk\r\nContent-Type: "
                 "multipart/form-data; boundary=" BOUNDARY "\r\nTransfer-Encoding: chunked\r\n" END
                 "0\r\n\r\n");
    expect(fixture, 400, empty);
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
    gate_close();
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
    gate_open();
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
    gate_close();
    const char request[] = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
    int fd = dial(&fixture);
    tell(fd, request, strlen(request));
    wait_for(&slow_running, 1);
    GThread *stopper = g_thread_new("stop", stop_server, fixture.server);
    g_usleep(100000);
    gate_open();
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

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD("/web/body/forms", test_forms);
    ADD("/web/body/raw", test_raw);
    ADD("/web/body/chunked", test_chunked);
    ADD("/web/body/upload", test_upload);
    ADD("/web/body/empty-inputs-are-no-files", test_empty_inputs);
    ADD("/web/body/bad-uploads", test_bad_uploads);
    ADD("/web/body/upload-limits", test_upload_limits);
    ADD("/web/body/large-upload-needs-permission-first", test_upload_needs_permission);
    ADD("/web/events/reach-their-topic-only", test_events);
    ADD("/web/events/slow-reader-is-cut", test_slow_reader);
    g_test_add_func("/web/events/heartbeat-and-graceful-end", test_heartbeat_and_stop);
    g_test_add_func("/web/load/full-queue-is-503", test_full_queue);
    g_test_add_func("/web/load/stop-answers-open-requests", test_stop_answers_open_requests);
    g_test_add_func("/web/load/slow-head-is-cut", test_slow_head);
    return g_test_run();
}
