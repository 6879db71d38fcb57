/*
 * A real server with a few small rooms, and a client that speaks raw bytes: for the web tests.
 */
#pragma once

#include "web/web.h"

#include <stdatomic.h>

#define TOKEN "0123456789abcdef0123456789abcdef" /* of the session, and fit for the cookie */
#define SESSION "Cookie: hz_session=inspector\r\n"
#define END "Host: a\r\nConnection: close\r\n\r\n"

typedef struct Fixture {
    char *folder; /* database, uploads, and nothing else */
    char *file;   /* what /file answers with */
    WebServer *server;
    uint16_t port;
} Fixture;

/* /slow waits until the gate is open; slow_running counts those inside. */
void gate_close(void);
void gate_open(void);
extern atomic_int slow_running;
/* Calls of WebOptions.refused. */
extern atomic_int refusals;

/* Test set-up and tear-down. `clean` after web_stop: also checks that no upload was left behind. */
void start_with(Fixture *fixture, WebOptions options);
void start(Fixture *fixture, gconstpointer data);
void clean(Fixture *fixture);
void stop(Fixture *fixture, gconstpointer data);
#define ADD(path, function) g_test_add(path, Fixture, NULL, start, function, stop)

/* A connected socket whose reads wait at most 20 s. */
int dial(const Fixture *fixture);
/* Sends as much as the server takes; it may well close before the end. */
void tell(int fd, const char *bytes, size_t size);
/* Until the server closes; closes `fd`. Caller frees. */
char *hear_all(int fd);
/* Until `text` has been heard. */
void hear_until(int fd, GString *heard, const char *text);

/* One request on its own connection; the whole answer. Caller frees. */
char *ask_n(const Fixture *fixture, const char *request, size_t size);
char *ask(const Fixture *fixture, const char *request);
/* A urlencoded POST; `headers` are whole lines. Caller frees. */
char *post(const Fixture *fixture, const char *path, const char *headers, const char *body);

void expect_status(const char *answer, unsigned status);
void expect(const Fixture *fixture, unsigned status, const char *request);
void expect_post(const Fixture *fixture,
                 unsigned status,
                 const char *path,
                 const char *headers,
                 const char *body);
void expect_alive(const Fixture *fixture);
