/* Starting and stopping the server, and publishing events: what web.h promises. */
#include "web/server.h"

#include "base/limits.h"
#include "web/listen.h"
#include "web/proxy.h"
#include "web/stream.h"

#include <unistd.h>

#define WORKERS_DEFAULT 4
#define WORKERS_MAX 64

const char *web_session_cookie(const Request *req) {
    return req->is_secure ? "__Host-hz_session" : "hz_session";
}

uint16_t web_port(const WebServer *server) {
    return server->port;
}

const WebOptions *web_options(const WebServer *server) {
    return &server->options;
}

void web_event_free(gpointer event) {
    WebEvent *owned = event;
    g_free(owned->topic);
    g_bytes_unref(owned->bytes);
    g_free(owned);
}

static void exchange_never_left(gpointer data) {
    (void)data;
    g_assert_not_reached(); /* loop_stop has delivered every answer */
}

static void server_free(WebServer *server) {
    router_free(server->router);
    g_array_unref(server->proxies);
    mailbox_free(server->requests, exchange_never_left);
    mailbox_free(server->answers, exchange_never_left);
    mailbox_free(server->events, web_event_free);
    g_free(server->workers);
    g_free((char *)server->options.address);
    g_free((char *)server->options.db_url);
    g_free((char *)server->options.upload_dir);
    g_free(server);
}

static unsigned or_default(unsigned given, unsigned fallback) {
    return given != 0 ? given : fallback;
}

static WebServer *server_new(const WebOptions *options, Router *router) {
    WebServer *server = g_new0(WebServer, 1);
    WebOptions *own = &server->options;
    *own = *options;
    own->address = g_strdup(options->address != NULL ? options->address : "127.0.0.1");
    own->db_url = g_strdup(options->db_url);
    own->upload_dir = g_strdup(options->upload_dir != NULL ? options->upload_dir : g_get_tmp_dir());
    own->workers = MIN(or_default(options->workers, WORKERS_DEFAULT), WORKERS_MAX);
    own->idle_timeout_s = or_default(options->idle_timeout_s, 60);
    own->heartbeat_s = or_default(options->heartbeat_s, 15);
    own->queue_max = or_default(options->queue_max, LIMIT_REQUEST_QUEUE);
    own->trusted_proxies = NULL; /* read into `proxies` */
    server->router = router;
    server->proxies = g_array_new(FALSE, FALSE, sizeof(ProxyNet));
    server->requests = mailbox_new(own->queue_max);
    server->answers = mailbox_new(own->queue_max + own->workers + 1);
    server->events = mailbox_new(LIMIT_EVENTS_QUEUE);
    return server;
}

static void start_workers(WebServer *server) {
    server->workers = g_new0(pthread_t, server->options.workers);
    for (unsigned i = 0; i < server->options.workers; i++) {
        int failed = pthread_create(&server->workers[i], NULL, worker_main, server);
        g_assert(failed == 0);
        server->worker_count++;
    }
}

static bool read_proxies(WebServer *server, const char *const *texts, GError **error) {
    for (; texts != NULL && *texts != NULL; texts++) {
        ProxyNet net;
        if (!proxy_net_parse(*texts, &net, error)) {
            return false;
        }
        g_array_append_val(server->proxies, net);
    }
    return true;
}

WebServer *web_start(const WebOptions *options, GPtrArray *routes, GError **error) {
    Router *router = router_new(routes, error);
    if (router == NULL) {
        return NULL;
    }
    WebServer *server = server_new(options, router);
    int fd = -1;
    if (read_proxies(server, options->trusted_proxies, error)) {
        fd = listen_open(server->options.address, options->port, &server->port, error);
    }
    if (fd >= 0) {
        server->loop = loop_start(server, fd, error);
    }
    if (server->loop == NULL) {
        server_free(server);
        return NULL;
    }
    start_workers(server);
    return server;
}

void web_stop(WebServer *server) {
    if (server == NULL) {
        return;
    }
    loop_quiesce(server->loop);
    mailbox_close(server->requests);
    for (unsigned i = 0; i < server->worker_count; i++) {
        pthread_join(server->workers[i], NULL);
    }
    loop_stop(server->loop);
    server_free(server);
}

void web_publish(WebServer *server, const char *topic, const char *event, const json_t *data) {
    g_autofree char *json = json_write(data);
    WebEvent *published = g_new0(WebEvent, 1);
    published->topic = g_strdup(topic);
    int64_t number = atomic_fetch_add(&server->event_number, 1) + 1;
    published->bytes = stream_format_event(number, event, json);
    if (mailbox_put_wait(server->events, published)) {
        loop_wake(server->loop);
    } else {
        web_event_free(published);
    }
}
