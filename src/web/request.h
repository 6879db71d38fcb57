/*
 * A request as the web room itself sees it; rooms above see only web.h.
 *
 * Filled on the loop thread from what libmicrohttpd read, then lent to one worker. All texts live
 * in `text` and die with the request.
 */
#pragma once

#include "base/error.h"
#include "web/fields.h"
#include "web/web.h"

#define REQUEST_PEER_SIZE 64
#define REQUEST_ID_SIZE 17

/* An upload with what its file needs until the answer has been sent. */
typedef struct UploadFile {
    Upload face;
    const char *field;
    char *path; /* owned; NULL once upload_keep has moved it */
    int fd;     /* open while bytes arrive, then -1 */
} UploadFile;

struct Request {
    GStringChunk *text;
    const char *method;
    const char *target;  /* as sent, origin form */
    const char *path;    /* decoded, without the query */
    const char *query;   /* as sent, without "?" */
    GPtrArray *segments; /* decoded path segments, const char * */
    Fields headers, cookies, query_fields, form, args;
    GPtrArray *uploads; /* UploadFile *, owned */
    const Route *route; /* NULL: no such page */
    int64_t started_us;
    int64_t body_size; /* bytes that arrived */
    const char *raw;   /* the body of a CSRF_RAW route */
    char id[REQUEST_ID_SIZE];
    char peer[REQUEST_PEER_SIZE];
    bool is_post, is_head;
    bool is_secure; /* came over TLS: cookies get the __Host- prefix, answers HSTS */
};

/* `target` is the request target as sent. Headers are added afterwards with request_add_header. */
Request *request_new(const char *method, const char *target);
void request_free(Request *req); /* deletes upload files that nobody kept */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)
void request_add_header(Request *req, const char *name, const char *value);

/* Why a request head is refused: what libmicrohttpd 0.9.75 lets through but RFC 9112 forbids
 * (sections 3.2, 6.1, 6.3), what we limit, and the parts that we decode ourselves. */
typedef struct HeadVerdict {
    unsigned status;    /* 0: in order */
    const char *reason; /* English, for the log */
} HeadVerdict;
/* Checks the head and takes apart path, query and cookies. Call once, after the headers. */
HeadVerdict request_check_head(Request *req);

/* Declared body length; -1 when there is none or the body is chunked. */
int64_t request_content_length(const Request *req);
bool request_has_body(const Request *req);

/* q value (0 to 1000) that a list header (Accept, Accept-Encoding) gives to `name`; -1 when it does
 * not name it. Wildcards are other names. */
int header_quality(const char *header, const char *name);
/* The message that the last page left behind (see response_redirect_flash); NULL if none. */
const char *request_flash(const Request *req);
