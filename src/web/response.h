/*
 * A response as the web room itself sees it, and what becomes of it on the wire.
 *
 * Thread: a response belongs to the worker that made it; an Answer moves from worker to loop.
 */
#pragma once

#include "web/fields.h"
#include "web/request.h"
#include "web/web.h"

typedef enum ResponseKind {
    RESPONSE_PAGE,
    RESPONSE_PROBLEM, /* a page whose model the server completes (request id) */
    RESPONSE_REDIRECT,
    RESPONSE_BYTES,
    RESPONSE_FILE,
    RESPONSE_EVENTS,
} ResponseKind;

struct Response {
    ResponseKind kind;
    unsigned status;
    HzErrorCode problem; /* RESPONSE_PROBLEM */
    GStringChunk *text;
    Fields headers; /* set by the handler; win over what the server would set */
    char *view;
    json_t *model;
    char *location, *flash;
    char *mime, *download_name;
    GBytes *bytes;
    char *path;
    bool delete_after;
    bool may_locate;
    char *topic;
};
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Response, response_free)

/* For the web room's own handlers (assets): e.g. Cache-Control, Content-Encoding, ETag. */
void response_set_header(Response *response, const char *name, const char *value);
/* An error page for a status that has no error code of ours (401, 405, 415 …). */
Response *response_status_page(unsigned status, const char *title_zh, const char *message_zh);

/* What an error page says by default for this status; never NULL. */
const char *problem_title_zh(unsigned status);
const char *problem_message_zh(unsigned status);
