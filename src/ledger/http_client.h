/*
 * Asking other people's servers over HTTP (libcurl): one POST, or the GETs that fetch a log.
 * Blocks; never on a thread that serves pages. http and https only; certificates are checked as the
 * system says.
 */
#pragma once

#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct HttpAnswer {
    long status;
    char *type; /* Content-Type; NULL: none */
    GString *body;
} HttpAnswer;
void http_answer_clear(HttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpAnswer, http_answer_clear)

/* No redirects; answers above 64 KiB are LIMIT, an address that cannot be reached within ten
 * seconds is UNAVAILABLE. */
bool http_post(
    const char *url, const char *body, size_t size, HttpAnswer *ret_answer, GError **error);

/* What all GETs of one reader may take together. */
typedef struct HttpLimits {
    int64_t bytes;
    int64_t requests;
    int64_t seconds;
    const volatile sig_atomic_t *stop; /* ends the reading when it becomes 1; NULL: nothing does */
} HttpLimits;

/* Files from one server, over one connection as long as it lasts. Thread: that of its owner. */
typedef struct HttpReader HttpReader;
HttpReader *http_reader_new(const HttpLimits *limits);
void http_reader_free(HttpReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpReader, http_reader_free)

/* Writes the body of `url` to `file` if the server says 200; *ret_status is what it says. Follows
 * at most three redirects, only to the same host and never from https to http. LIMIT: the body is
 * above `size_max`, or a limit of the reader is reached; UNAVAILABLE: not reached, cut off, or led
 * elsewhere; INVALID: no such address can be asked. Each message names the address. */
bool http_reader_get(HttpReader *reader,
                     const char *url,
                     FILE *file,
                     int64_t size_max,
                     long *ret_status,
                     GError **error);
int64_t http_reader_bytes(const HttpReader *reader); /* read so far */
