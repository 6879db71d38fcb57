/*
 * What goes onto the wire: a Response made into status, headers and bytes.
 *
 * Thread: made by a worker (or by the loop, for requests that never reach one), then owned by the
 * loop.
 */
#pragma once

#include "web/response.h"

typedef struct Answer {
    unsigned status;
    GStringChunk *text;
    Fields headers;
    GBytes *body;        /* NULL: a file or events */
    int fd;              /* -1: none; owned */
    int64_t fd_size;     /* bytes of the file */
    char *topic;         /* NULL: no events */
    HzErrorCode problem; /* why it failed, when `is_problem` */
    bool is_problem;
} Answer;

void answer_free(Answer *answer);
void answer_set_header(Answer *answer, const char *name, const char *value);

/* Everything that is shown around or put beside a page. */
typedef struct AnswerContext {
    Ctx *ctx; /* db may be NULL when it cannot be reached: then no site model is made */
    Request *req;
    const WebOptions *options;
    const char *csrf;
    bool csrf_is_new; /* the browser has no such cookie yet */
} AnswerContext;

/* Takes `response` over. Renders, negotiates JSON or HTML, compresses, sets the headers. A page
 * that cannot be rendered becomes a 500 page and is logged. */
Answer *answer_make(const AnswerContext *context, Response *response);

/* A small page without layout, for requests that are refused before a worker sees them. */
Answer *answer_plain(unsigned status, const char *request_id);

/* The cookie of visitors without a session that guards their forms (double submit). */
const char *csrf_cookie_name(const Request *req);
