/* One HTTP POST to somebody else's server (libcurl). Blocks; never on a thread that serves pages.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct HttpAnswer {
    long status;
    char *type; /* Content-Type; NULL: none */
    GString *body;
} HttpAnswer;
void http_answer_clear(HttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpAnswer, http_answer_clear)

/* http and https only, no redirects; answers above 64 KiB are LIMIT, an address that cannot be
 * reached within ten seconds is UNAVAILABLE. Certificates are checked as the system says. */
bool http_post(
    const char *url, const char *body, size_t size, HttpAnswer *ret_answer, GError **error);
