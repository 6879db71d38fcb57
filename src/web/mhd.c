#include "web/mhd.h"

#include "base/clock.h"
#include "base/limits.h"
#include "web/linger.h"
#include "web/log.h"
#include "web/proxy.h"
#include "web/stream.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW_MS 500
#define EVENT_BLOCK 1024 /* libmicrohttpd allocates it for each stream */

/* One TCP connection. */
typedef struct Conn {
    GList link;
    int fd;
    char *target;       /* of the request whose head is arriving, as sent */
    int64_t waiting_us; /* accepted, or the last exchange ended */
    Exchange *exchange; /* NULL between requests */
    bool lingers;       /* refused while it still sends */
} Conn;

struct Mhd {
    WebServer *server;
    struct MHD_Daemon *daemon;
    int epoll_fd;
    int listen_fd; /* -1 once closed */
    GQueue conns;
    Streams *streams;
    Linger *linger;
    GBytes *heartbeat;
    unsigned exchanges; /* under way */
    bool is_quiet;
};

/* --- small things about connections --- */

static Conn *conn_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static void on_socket(void *cls,
                      struct MHD_Connection *connection,
                      void **socket_context,
                      enum MHD_ConnectionNotificationCode code) {
    Mhd *mhd = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        Conn *conn = g_new0(Conn, 1);
        conn->link.data = conn;
        conn->fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        conn->waiting_us = g_get_monotonic_time();
        g_queue_push_tail_link(&mhd->conns, &conn->link);
        *socket_context = conn;
        return;
    }
    Conn *conn = *socket_context;
    /* A target without an exchange: libmicrohttpd itself refused the head. */
    if (conn->lingers || conn->target != NULL) {
        int copy = dup(conn->fd);
        if (copy >= 0) {
            linger_add(mhd->linger, copy, g_get_monotonic_time());
        }
    }
    g_queue_unlink(&mhd->conns, &conn->link);
    g_free(conn->target);
    g_free(conn);
}

/* The target before libmicrohttpd takes it apart; we decode it ourselves (head.c). Its own copy of
 * the query is ended here: 0.9.75 would spend 64 bytes of the connection's memory on each "&" and
 * drop the connection without an answer when a few hundred do not fit. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection) {
    (void)cls;
    Conn *conn = conn_of(connection);
    g_free(conn->target);
    conn->target = g_strdup(uri);
    char *query = strchr(uri, '?'); /* in the connection's read buffer, which is writable */
    if (query != NULL) {
        query[1] = '\0';
    }
    return NULL;
}

static size_t leave_escapes(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void G_GNUC_PRINTF(2, 0) on_message(void *cls, const char *format, va_list args) {
    (void)cls;
    if (log_is_debug()) {
        g_autofree char *text = g_strdup_vprintf(format, args);
        log_debug("web.mhd", "message=%s", g_strchomp(text));
    }
}

static const struct sockaddr *peer_of(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

/* --- answering --- */

static void unref_bytes(void *bytes) {
    g_bytes_unref(bytes);
}

static ssize_t read_events(void *cls, uint64_t position, char *buffer, size_t max) {
    (void)position;
    Exchange *exchange = cls;
    Stream *stream = exchange->stream;
    size_t size = stream->is_cut ? 0 : stream_read(stream, buffer, max);
    if (size > 0) {
        return (ssize_t)size;
    }
    if (stream->is_cut) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->is_over) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    stream->is_suspended = true;
    MHD_suspend_connection(exchange->connection);
    return 0;
}

static struct MHD_Response *response_of(Mhd *mhd, Exchange *exchange) {
    Answer *answer = exchange->answer;
    if (answer->topic != NULL) {
        exchange->stream =
            stream_open(mhd->streams, answer->topic, g_get_monotonic_time(), exchange);
        exchange->stream->is_over = mhd->is_quiet;
        return MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, EVENT_BLOCK, read_events, exchange, NULL);
    }
    if (answer->fd >= 0) {
        int fd = answer->fd;
        answer->fd = -1; /* libmicrohttpd closes it */
        return MHD_create_response_from_fd64((uint64_t)answer->fd_size, fd);
    }
    size_t size = 0;
    const void *data = g_bytes_get_data(answer->body, &size);
    /* libmicrohttpd takes a plain pointer but only reads from it. */
    return MHD_create_response_from_buffer_with_free_callback_cls(
        size, (void *)(uintptr_t)data, unref_bytes, g_bytes_ref(answer->body));
}

static enum MHD_Result send_answer(Mhd *mhd, Exchange *exchange) {
    Answer *answer = exchange->answer;
    struct MHD_Response *response = response_of(mhd, exchange);
    for (guint i = 0; i < answer->headers.items->len; i++) {
        const Field *field = &g_array_index(answer->headers.items, Field, i);
        (void)MHD_add_response_header(response, field->name, field->value);
    }
    if (mhd->is_quiet) {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
    enum MHD_Result result = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Sends the answer although the body has not been read: the connection ends. */
static enum MHD_Result refuse_with(Mhd *mhd, Exchange *exchange) {
    answer_set_header(exchange->answer, "Connection", "close");
    conn_of(exchange->connection)->lingers = request_has_body(exchange->request);
    return send_answer(mhd, exchange);
}

/* Refuses before a worker has seen the request. */
static enum MHD_Result
refuse_early(Mhd *mhd, Exchange *exchange, unsigned status, const char *why) {
    const Request *req = exchange->request;
    log_event("web.refused",
              "req=%s status=%u reason=%s method=%s peer=%s",
              req->id,
              status,
              why,
              req->method,
              req->peer);
    exchange->answer = answer_plain(status, req->id);
    return refuse_with(mhd, exchange);
}

/* In the middle of a body libmicrohttpd takes no response any more. Nothing of ours has been
 * written for this request yet and the connection ends, so the bytes may go straight to the socket.
 */
static enum MHD_Result refuse_body(Exchange *exchange, unsigned status, const char *why) {
    const Request *req = exchange->request;
    log_event("web.refused",
              "req=%s status=%u reason=%s method=%s path=%s peer=%s",
              req->id,
              status,
              why,
              req->method,
              req->path,
              req->peer);
    g_autoptr(GString) wire = g_string_new(NULL);
    Answer *answer = answer_plain(status, req->id);
    size_t size = 0;
    const char *body = g_bytes_get_data(answer->body, &size);
    g_string_append_printf(
        wire, "HTTP/1.1 %u Refused\r\nConnection: close\r\nContent-Length: %zu\r\n", status, size);
    for (guint i = 0; i < answer->headers.items->len; i++) {
        const Field *field = &g_array_index(answer->headers.items, Field, i);
        g_string_append_printf(wire, "%s: %s\r\n", field->name, field->value);
    }
    g_string_append(wire, "\r\n");
    g_string_append_len(wire, body, (gssize)size);
    answer_free(answer);
    Conn *conn = conn_of(exchange->connection);
    conn->lingers = true;
    /* The send buffer is empty and far larger; a client that is gone needs no answer. */
    ssize_t sent = send(conn->fd, wire->str, wire->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    return MHD_NO;
}

/* --- reading a request --- */

typedef struct HeaderCopy {
    Request *req;
    bool has_nul;
} HeaderCopy;

static enum MHD_Result copy_header(void *cls,
                                   enum MHD_ValueKind kind,
                                   const char *name,
                                   size_t name_size,
                                   const char *value,
                                   size_t value_size) {
    (void)kind;
    HeaderCopy *copy = cls;
    const char *text = value != NULL ? value : "";
    copy->has_nul = copy->has_nul || strlen(name) != name_size || strlen(text) != value_size;
    request_add_header(copy->req, name, text);
    return MHD_YES;
}

static unsigned status_of_body_error(const GError *error) {
    if (error->domain != HZ_ERROR) {
        return 500;
    }
    return error->code == HZ_ERROR_LIMIT ? 413 : error->code == HZ_ERROR_INVALID ? 400 : 503;
}

static enum MHD_Result to_workers(Mhd *mhd, Exchange *exchange) {
    exchange->asked_us = g_get_monotonic_time();
    MHD_suspend_connection(exchange->connection);
    if (!mailbox_put(mhd->server->requests, exchange)) {
        MHD_resume_connection(exchange->connection);
        return refuse_early(mhd, exchange, 503, "queue full");
    }
    return MHD_YES;
}

/* A body of this size is worth asking first who sends it. */
static bool needs_preflight(const Request *req) {
    bool is_large = request_content_length(req) > LIMIT_FORM_BODY ||
                    request_header(req, "Transfer-Encoding") != NULL;
    return is_large && req->route->body_max > LIMIT_FORM_BODY;
}

/* A POST's body may come when its length and type are in order. */
static enum MHD_Result expect_body(Mhd *mhd, Exchange *exchange) {
    Request *req = exchange->request;
    g_autoptr(GError) error = NULL;
    exchange->body = body_new(req, req->route->body_max, mhd->server->options.upload_dir, &error);
    if (exchange->body == NULL) {
        return refuse_early(mhd, exchange, 415, error->message);
    }
    if (request_content_length(req) > body_limit(exchange->body)) {
        return refuse_early(mhd, exchange, 413, "Content-Length too large");
    }
    exchange->is_preflight = needs_preflight(req);
    return exchange->is_preflight ? to_workers(mhd, exchange) : MHD_YES;
}

static enum MHD_Result route_request(Mhd *mhd, Exchange *exchange) {
    Request *req = exchange->request;
    switch (router_find(mhd->server->router, req)) {
    case ROUTER_OTHER_METHOD:
        return refuse_early(mhd, exchange, 405, "method not for this path");
    case ROUTER_NO_PATH:
        /* A reader gets the site's own page from a worker; a POST is not worth its body. */
        return req->is_post ? refuse_early(mhd, exchange, 404, "no such path") : MHD_YES;
    case ROUTER_FOUND:
        break;
    }
    return req->is_post ? expect_body(mhd, exchange) : MHD_YES;
}

static bool method_is_known(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

/* The head is complete. */
static enum MHD_Result
begin_exchange(Mhd *mhd, struct MHD_Connection *connection, const char *method, void **con_cls) {
    Conn *conn = conn_of(connection);
    Exchange *exchange = g_new0(Exchange, 1);
    exchange->connection = connection;
    exchange->request = request_new(method, conn->target);
    g_clear_pointer(&conn->target, g_free);
    conn->exchange = exchange;
    mhd->exchanges++;
    *con_cls = exchange;

    Request *req = exchange->request;
    HeaderCopy copy = {.req = req};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, copy_header, &copy);
    req->is_secure = mhd->server->options.secure_cookies;
    proxy_take_peer(req, peer_of(connection), mhd->server->proxies);
    if (copy.has_nul) {
        return refuse_early(mhd, exchange, 400, "NUL in header");
    }
    HeadVerdict verdict = request_check_head(req);
    if (verdict.status != 0) {
        return refuse_early(mhd, exchange, verdict.status, verdict.reason);
    }
    if (!method_is_known(method)) {
        return refuse_early(mhd, exchange, 405, "unknown method");
    }
    if (!req->is_post && request_has_body(req)) {
        return refuse_early(mhd, exchange, 400, "GET with a body");
    }
    return route_request(mhd, exchange);
}

static enum MHD_Result take_bytes(Exchange *exchange, const char *bytes, size_t *size) {
    g_autoptr(GError) error = NULL;
    if (exchange->body == NULL || !body_feed(exchange->body, bytes, *size, &error)) {
        unsigned status = error != NULL ? status_of_body_error(error) : 400;
        return refuse_body(exchange, status, error != NULL ? error->message : "unexpected body");
    }
    *size = 0;
    return MHD_YES;
}

/* The request is complete: off to the workers. */
static enum MHD_Result dispatch(Mhd *mhd, Exchange *exchange) {
    g_autoptr(GError) error = NULL;
    if (exchange->body != NULL) {
        bool is_good = body_done(exchange->body, &error);
        g_clear_pointer(&exchange->body, body_free);
        if (!is_good) {
            return refuse_early(mhd, exchange, status_of_body_error(error), error->message);
        }
    }
    return to_workers(mhd, exchange);
}

static enum MHD_Result on_request(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *url,
                                  const char *method,
                                  const char *version,
                                  const char *upload_data,
                                  size_t *upload_data_size,
                                  void **con_cls) {
    (void)url;
    (void)version;
    Mhd *mhd = cls;
    Exchange *exchange = *con_cls;
    if (exchange == NULL) {
        return begin_exchange(mhd, connection, method, con_cls);
    }
    if (exchange->is_preflight) {
        /* libmicrohttpd calls once more with the head before the body comes. */
        exchange->is_preflight = false;
        return exchange->answer == NULL ? MHD_YES : refuse_with(mhd, exchange);
    }
    if (*upload_data_size > 0) {
        return take_bytes(exchange, upload_data, upload_data_size);
    }
    return exchange->answer == NULL ? dispatch(mhd, exchange) : send_answer(mhd, exchange);
}

static void log_exchange(const Exchange *exchange) {
    const Request *req = exchange->request;
    unsigned status = exchange->answer != NULL ? exchange->answer->status : 0;
    /* Without the time that a slow client takes to send and to read. */
    int64_t ms = exchange->worked_us / 1000;
    if (status < 500 && ms <= SLOW_MS && !log_is_debug()) {
        return;
    }
    log_event("web.request",
              "req=%s status=%u ms=%" G_GINT64_FORMAT " method=%s path=%s peer=%s",
              req->id,
              status,
              ms,
              req->method,
              req->path,
              req->peer);
}

static void on_completed(void *cls,
                         struct MHD_Connection *connection,
                         void **con_cls,
                         enum MHD_RequestTerminationCode code) {
    (void)code;
    Mhd *mhd = cls;
    Exchange *exchange = *con_cls;
    if (exchange == NULL) {
        return;
    }
    *con_cls = NULL;
    log_exchange(exchange);
    Conn *conn = conn_of(connection);
    conn->exchange = NULL;
    conn->waiting_us = g_get_monotonic_time();
    if (exchange->stream != NULL) {
        stream_close(mhd->streams, exchange->stream);
    }
    body_free(exchange->body);
    answer_free(exchange->answer);
    request_free(exchange->request);
    g_free(exchange);
    mhd->exchanges--;
}

/* --- what the loop asks --- */

static struct MHD_Daemon *start_daemon(Mhd *mhd) {
    /* No limit per address: behind a reverse proxy all connections come from one. */
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME,
                            0,
                            NULL,
                            NULL,
                            on_request,
                            mhd,
                            MHD_OPTION_EXTERNAL_LOGGER,
                            on_message,
                            NULL,
                            MHD_OPTION_LISTEN_SOCKET,
                            mhd->listen_fd,
                            MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed,
                            mhd,
                            MHD_OPTION_NOTIFY_CONNECTION,
                            on_socket,
                            mhd,
                            MHD_OPTION_URI_LOG_CALLBACK,
                            on_target,
                            mhd,
                            MHD_OPTION_UNESCAPE_CALLBACK,
                            leave_escapes,
                            NULL,
                            MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)LIMIT_CONNECTIONS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)LIMIT_CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_TIMEOUT,
                            mhd->server->options.idle_timeout_s,
                            MHD_OPTION_STRICT_FOR_CLIENT,
                            1,
                            MHD_OPTION_END);
}

Mhd *mhd_start(WebServer *server, int listen_fd, GError **error) {
    Mhd *mhd = g_new0(Mhd, 1);
    mhd->server = server;
    mhd->listen_fd = listen_fd;
    g_queue_init(&mhd->conns);
    mhd->streams = streams_new();
    mhd->linger = linger_new();
    mhd->heartbeat = g_bytes_new_static(": \n\n", 4);
    mhd->daemon = start_daemon(mhd);
    if (mhd->daemon == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not start the HTTP server");
        close(listen_fd);
        mhd->listen_fd = -1;
        mhd_stop(mhd);
        return NULL;
    }
    mhd->epoll_fd = MHD_get_daemon_info(mhd->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return mhd;
}

int mhd_epoll_fd(const Mhd *mhd) {
    return mhd->epoll_fd;
}

int64_t mhd_run(Mhd *mhd) {
    (void)MHD_run(mhd->daemon);
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    return MHD_get_timeout(mhd->daemon, &wait_ms) == MHD_YES ? (int64_t)wait_ms : -1;
}

static void wake_stream(Stream *stream) {
    if (stream->is_suspended) {
        stream->is_suspended = false;
        MHD_resume_connection(((Exchange *)stream->owner)->connection);
    }
}

/* A socket that takes no more bytes is not asked again by libmicrohttpd; shutting it down is what
 * ends the connection. */
static void cut_stream(Stream *stream) {
    struct MHD_Connection *connection = ((Exchange *)stream->owner)->connection;
    (void)shutdown(conn_of(connection)->fd, SHUT_RDWR);
    wake_stream(stream);
}

static void push_event(Stream *stream, void *data) {
    if (stream_push(stream, data, g_get_monotonic_time())) {
        wake_stream(stream);
    } else {
        log_event("web.stream_cut", "topic=%s reason=slow", stream->topic);
        cut_stream(stream);
    }
}

void mhd_deliver(Mhd *mhd) {
    for (Exchange *exchange = mailbox_take(mhd->server->answers); exchange != NULL;
         exchange = mailbox_take(mhd->server->answers)) {
        exchange->worked_us = g_get_monotonic_time() - exchange->asked_us;
        MHD_resume_connection(exchange->connection);
    }
    for (WebEvent *event = mailbox_take(mhd->server->events); event != NULL;
         event = mailbox_take(mhd->server->events)) {
        streams_each(mhd->streams, event->topic, push_event, event->bytes);
        web_event_free(event);
    }
}

/* A browser never closes only its sending half, so an end of input means that it is gone. */
static bool reader_is_gone(int fd) {
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void beat(Stream *stream, void *data) {
    Mhd *mhd = data;
    int64_t now_us = g_get_monotonic_time();
    int64_t every_us = mhd->server->options.heartbeat_s * CLOCK_SECOND_US;
    if (now_us - stream->written_us < every_us) {
        return;
    }
    if (reader_is_gone(conn_of(((Exchange *)stream->owner)->connection)->fd)) {
        cut_stream(stream);
    } else {
        push_event(stream, mhd->heartbeat);
    }
}

/* A client that drips its head or body byte by byte is never idle for libmicrohttpd. A head must be
 * complete within the idle time, a body must keep up LIMIT_BODY_RATE after it. */
static bool is_too_slow(const Conn *conn, int64_t now_us, int64_t grace_us) {
    if (conn->exchange == NULL) {
        return now_us - conn->waiting_us > grace_us;
    }
    const Request *req = conn->exchange->request;
    int64_t age_us = now_us - req->started_us;
    return conn->exchange->body != NULL && age_us > grace_us &&
           req->body_size < (age_us / CLOCK_SECOND_US) * LIMIT_BODY_RATE;
}

void mhd_tick(Mhd *mhd) {
    streams_each(mhd->streams, NULL, beat, mhd);
    int64_t now_us = g_get_monotonic_time();
    int64_t grace_us = (int64_t)mhd->server->options.idle_timeout_s * CLOCK_SECOND_US;
    for (GList *at = mhd->conns.head; at != NULL; at = at->next) {
        const Conn *conn = at->data;
        if (is_too_slow(conn, now_us, grace_us)) {
            (void)shutdown(conn->fd, SHUT_RDWR);
        }
    }
}

bool mhd_linger(Mhd *mhd) {
    return linger_run(mhd->linger, g_get_monotonic_time());
}

static void end_stream(Stream *stream, void *data) {
    (void)data;
    stream->is_over = true;
    wake_stream(stream);
}

void mhd_quiesce(Mhd *mhd) {
    mhd->is_quiet = true;
    int fd = MHD_quiesce_daemon(mhd->daemon);
    if (fd >= 0) {
        close(fd);
        mhd->listen_fd = -1;
    }
    streams_each(mhd->streams, NULL, end_stream, NULL);
}

bool mhd_is_idle(const Mhd *mhd) {
    return mhd->exchanges == 0;
}

void mhd_stop(Mhd *mhd) {
    if (mhd->daemon != NULL) {
        MHD_stop_daemon(mhd->daemon);
    }
    linger_free(mhd->linger);
    streams_free(mhd->streams);
    g_bytes_unref(mhd->heartbeat);
    g_free(mhd);
}
