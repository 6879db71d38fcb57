/*
 * HTTP as the rooms see it: a handler gets a context and a request and returns a response.
 *
 * Handlers run on worker threads, each with its own connections; they never touch sockets. One page
 * is one API: a handler returns a view name and a JSON view model; `Accept: application/json` gets
 * the model itself, everything else the rendered template.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"
#include "web/access.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Request Request;
typedef struct Response Response;
typedef struct WebServer WebServer;

/* What a handler stands on. Thread: the worker that runs the handler. */
typedef struct Ctx {
    Db *db;               /* GET and HEAD: a read-only connection; POST: read-write */
    const Principal *who; /* never NULL; account_id 0 when nobody is signed in */
    int64_t now_us;
    const char *request_id; /* 16 hex digits, also in the log and on error pages */
    WebServer *server;
    void *app; /* WebOptions.app */
} Ctx;

typedef Response *(*Handler)(Ctx *ctx, const Request *req);

typedef enum RouteMethod { ROUTE_GET, ROUTE_POST } RouteMethod;
typedef enum RouteCsrf {
    CSRF_NONE,  /* GET, and PERM_PUBLIC POSTs that may come with or without a session (sign-in):
                   the token must equal the cookie "hz_csrf" or the session's token */
    CSRF_TOKEN, /* field "csrf" or header X-CSRF-Token must equal the session's token; without a
                   session (PERM_PUBLIC) the cookie "hz_csrf" */
    CSRF_RAW,   /* a protocol of programs (PERM_PUBLIC): any content type, the body is bytes
                   (request_body), no cookie counts; nothing there may depend on who asks */
} RouteCsrf;

/* One line per page: these columns are the security review. Paths: "/work/units/{id}"; an argument
 * matches one segment. A GET route also answers HEAD. At start the server refuses duplicate paths
 * and a POST that has neither CSRF_TOKEN nor PERM_PUBLIC. */
typedef struct Route {
    RouteMethod method;
    const char *path;
    Handler handler;
    Permission permission;
    RouteCsrf csrf;
    int64_t body_max; /* bytes; 0 for GET */
} Route;

/* --- reading the request -----------------------------------------------------------------------
 */

const char *request_path(const Request *req);
/* Value of {name} in the route's path; never NULL for a name the route has. */
const char *request_arg(const Request *req, const char *name);
/* {name} as a positive int64; false if it is none. */
bool request_arg_id(const Request *req, const char *name, int64_t *ret_id);
/* Query or form value, UTF-8 checked, NUL-free; NULL when absent. The first if repeated. */
const char *request_query(const Request *req, const char *name);
const char *request_form(const Request *req, const char *name);
/* The body as it came on a CSRF_RAW route; NUL added. */
const char *request_body(const Request *req, size_t *ret_size);
/* All values of a repeated form field in order: array of const char *, free with g_ptr_array_unref.
 */
GPtrArray *request_form_all(const Request *req, const char *name);
/* Every form field name in order of arrival, for generated forms. Same ownership. */
GPtrArray *request_form_names(const Request *req);
/* The query string as sent, without "?" ("" if none). */
const char *request_query_string(const Request *req);
const char *request_cookie(const Request *req, const char *name);
const char *request_header(const Request *req, const char *name);
/* Address text: of the TCP peer, or of the client that a trusted proxy names (see proxy.h). */
const char *request_peer(const Request *req);
bool request_wants_json(const Request *req);
bool request_is_post(const Request *req);

/* A file that arrived in a multipart form, already on disk. It is deleted when the response has
 * been sent unless upload_keep moved it. */
typedef struct Upload {
    const char *file_name; /* as the browser said; for display only */
    const char *path;      /* where it lies */
    int64_t size;
} Upload;
/* NULL when the field is absent or its file is empty and nameless. */
const Upload *request_upload(const Request *req, const char *name);
/* All files of a repeated field in order: array of const Upload *, free with g_ptr_array_unref. */
GPtrArray *request_upload_all(const Request *req, const char *name);
bool upload_keep(const Upload *upload, const char *new_path, GError **error);

/* Files for one request lie in the folder of uploads (NULL: the system's) and are named so that
 * what a crash leaves is removed at the next start. A new one, open for writing; -1 on error.
 * Caller closes it and deletes it, or leaves that to response_file. */
int web_temp_file(const char *folder, char **ret_path, GError **error);
const char *web_temp_folder(const Ctx *ctx);
/* A path there for writers that open files themselves; `what` with ending. Caller frees. */
char *web_temp_path(const Ctx *ctx, const char *what);
bool web_write_all(int fd, const void *bytes, size_t size, GError **error);

/* --- form problems ------------------------------------------------------------------------------
 */

/* Mistakes of the user: a value, not an error. JSON array of {field, message}; the summary at the
 * top of the form lists them, each field shows its own. */
typedef json_t FormProblems;
FormProblems *form_problems_new(void);
void form_problem_add(FormProblems *problems, const char *field, const char *message, ...)
    G_GNUC_PRINTF(3, 4);
bool form_has_problems(const FormProblems *problems);
/* model[name] = {"name", "value", "error" (text or null), "has_error"}: what the field partial
 * shows. */
void form_field(json_t *model, const char *name, const char *value, const FormProblems *problems);

/* {value, text, is_selected} to a list of options. */
void form_option(json_t *options, const char *value, const char *text, bool is_selected);
/* {name, label, options} to a list of selects; `options` is taken over. */
void form_select(json_t *selects, const char *name, const char *label, json_t *options);

/* --- answering ----------------------------------------------------------------------------------
 */

/* A page: `view` is "room/name" (embedded file "room/views/name.html"), `model` is taken over. The
 * server adds model["site"] (see site_model in src/site.h). Status 200. */
Response *response_page(const char *view, json_t *model);
Response *response_page_status(unsigned status, const char *view, json_t *model);
/* Form again, status 422: model["problems"] = problems (taken over). */
Response *response_form_again(const char *view, json_t *model, FormProblems *problems);
/* 303 to a path on this server. JSON readers get 200 {"location": …} instead. */
Response *response_redirect(const char *location);
/* Same, and the next page shows `message` under its h1. */
Response *response_redirect_flash(const char *location, const char *message, ...)
    G_GNUC_PRINTF(2, 3);
/* An error page; code decides the status: INVALID 400, DENIED 403, NOT_FOUND 404, CONFLICT 409,
 * LIMIT 413, BUSY 503, TIMEOUT 504, UNAVAILABLE 503, CORRUPT and INTERNAL 500. Does not take
 * `error`. `message_zh` (may be NULL) is shown to the person; error->message is shown only for
 * INVALID, DENIED, NOT_FOUND, CONFLICT and LIMIT when message_zh is NULL. */
Response *response_problem(const GError *error, const char *message_zh);
Response *response_not_found(void);
/* Whole body in memory; takes `bytes` over. `download_name` NULL: shown inline. */
Response *response_bytes(const char *mime, GBytes *bytes, const char *download_name);
/* An answer for programs; takes `text` over. */
Response *response_text(unsigned status, const char *mime, char *text);
/* A file from disk, sent without loading it; deleted afterwards if `delete_after`. */
Response *
response_file(const char *mime, const char *path, const char *download_name, bool delete_after);
/* The body came from outside: a browser may show it as what its type says, and never runs anything
 * in it. */
void response_sandbox(Response *response);
/* Its page may ask the browser where it is, when a person presses a button for it; no other page
 * may. */
void response_may_locate(Response *response);
/* It says what only this reader may know, though nobody is signed in: no cache keeps it. */
void response_private(Response *response);
/* The same bytes for everybody and for ever, such as a tile of the log: any cache may keep them. */
void response_immutable(Response *response);
/* The same for everybody, but it changes: caches ask before they show it again. */
void response_revalidate(Response *response);
/* The browser stays connected to `topic` (SSE). */
Response *response_events(const char *topic);
/* Path=/, SameSite=Lax, Secure for "__Host-" names. The value is percent-encoded and request_cookie
 * decodes it. max_age_s < 0: until the browser closes; 0: deletes it. */
void response_cookie(
    Response *response, const char *name, const char *value, int64_t max_age_s, bool http_only);
void response_free(Response *response);
unsigned response_status(const Response *response);

/* --- live events --------------------------------------------------------------------------------
 */

/* Sends one event to all streams of `topic`. Thread: any. Slow readers are cut, never waited for.
 */
void web_publish(WebServer *server, const char *topic, const char *event, const json_t *data);

/* --- server --------------------------------------------------------------------------------------
 */

typedef struct WebOptions {
    const char *address; /* "127.0.0.1" */
    uint16_t port;       /* 0: any free port */
    const char *db_url;
    unsigned workers;      /* 0: 4 */
    bool strict_templates; /* a missing name in a view is an error (tests) */
    bool secure_cookies;   /* behind TLS: cookie names get the __Host- prefix and Secure */
    /* Proxies whose X-Forwarded-For and -Proto are believed: "10.0.0.0/8"; ends with NULL; may be
     * NULL. */
    const char *const *trusted_proxies;
    const char *upload_dir;  /* temporary uploads; NULL: the system's temporary folder */
    unsigned idle_timeout_s; /* silence, or a request head that does not end; 0: 60 */
    unsigned queue_max;      /* requests waiting for a worker; 0: LIMIT_REQUEST_QUEUE */
    unsigned heartbeat_s; /* a comment line to each event stream, so dead ones are found; 0: 15 */
    DbPlanObserver plan_observer; /* NULL: none */
    void *plan_data;
    void *app;
    /* Fills *ret_who from the session token; false: no such session (not an error). `db` is
     * read-only. Texts inside *ret_who are freed by `release`. */
    bool (*authenticate)(Db *db, const char *token, int64_t now_us, Principal *ret_who);
    void (*release)(Principal *who);
    /* What every page shows around its content; the server stores it as model["site"] and adds
     * csrf (the token for this page's forms), flash (text or null), request_id and path. May be
     * NULL. */
    json_t *(*site)(Ctx *ctx, const Request *req);
    /* May somebody who is not signed in send a body larger than LIMIT_FORM_BODY to this PERM_PUBLIC
     * route? Asked before the body is read, over a read-only connection. NULL: yes. */
    bool (*admits)(Ctx *ctx, const Request *req);
    /* A request was refused (permission, CSRF, scope): leaves its mark. Called on the worker. */
    void (*refused)(Ctx *ctx, const Request *req, const char *reason);
} WebOptions;

/* The session cookie's name for this request ("hz_session" or "__Host-hz_session"). */
const char *web_session_cookie(const Request *req);

/* Starts listening; `routes` is an array of `const Route *`. The caller's thread stays free. */
WebServer *web_start(const WebOptions *options, GPtrArray *routes, GError **error);
uint16_t web_port(const WebServer *server);
const WebOptions *web_options(const WebServer *server);
/* Ends open requests, then the loop and the workers. */
void web_stop(WebServer *server);
/* "/a/hz.1a2b3c4d.css" for "hz.css"; NULL if there is no such asset. */
const char *web_asset_url(const char *name);
