/*
 * The inside of a running server: which thread holds what.
 *
 *   loop thread   sockets, Exchange objects, event streams (loop.c, mhd.c, stream.c)
 *   workers       one pair of database connections each (worker.c)
 *
 *   loop --requests--> worker --answers--> loop        any thread --events--> loop
 *
 * An Exchange moves with its request: while it is in `requests`, with a worker or in `answers`, its
 * connection is suspended and the loop does not touch it.
 */
#pragma once

#include "base/mailbox.h"
#include "web/answer.h"
#include "web/body.h"
#include "web/router.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Loop Loop;
typedef struct Stream Stream;

/* One request and its answer. */
typedef struct Exchange {
    Request *request;
    Body *body;        /* while it arrives */
    Answer *answer;    /* once it is known */
    Stream *stream;    /* an answer that goes on */
    void *connection;  /* mhd.c's */
    int64_t asked_us;  /* given to the workers */
    int64_t worked_us; /* how long it was with them, waiting included */
    bool is_preflight; /* only the head is here: may this client send such a large body? */
} Exchange;

/* One published event, already in wire form, shared by all its readers. */
typedef struct WebEvent {
    char *topic;
    GBytes *bytes;
} WebEvent;
void web_event_free(gpointer event);

struct WebServer {
    WebOptions options; /* texts are copies */
    Router *router;
    Mailbox *requests; /* Exchange, loop to workers */
    Mailbox *answers;  /* Exchange, workers to loop */
    Mailbox *events;   /* WebEvent, any thread to loop */
    pthread_t *workers;
    unsigned worker_count;
    atomic_int_least64_t event_number;
    GArray *proxies; /* ProxyNet */
    uint16_t port;
    Loop *loop;
};

/* worker.c: pthread start routine, `data` is the WebServer; ends when `requests` is closed. */
void *worker_main(void *data);

/* loop.c: starts the loop thread on a listening socket, which it takes over. */
Loop *loop_start(WebServer *server, int listen_fd, GError **error);
/* Something is in a mailbox. Thread: any. */
void loop_wake(Loop *loop);
/* No new connections, event streams end; open requests go on. Thread: the one that stops. */
void loop_quiesce(Loop *loop);
/* Sends what is ready, ends the thread, frees. The workers must have ended. */
void loop_stop(Loop *loop);
