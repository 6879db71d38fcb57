/* Workers: the threads on which handlers run, each with its own database connections. */
#include "web/guard.h"
#include "web/log.h"
#include "web/server.h"

#include "base/clock.h"

#include <string.h>

/* Opened when first needed, closed when they turn out to be dead. */
typedef struct Connections {
    const WebOptions *options;
    Db *read_only;
    Db *read_write;
} Connections;

static Db *open_connection(const WebOptions *options, DbMode mode, GError **error) {
    Db *db = db_open(options->db_url, mode, error);
    if (db != NULL && options->plan_observer != NULL) {
        db_observe_plans(db, options->plan_observer, options->plan_data);
    }
    return db;
}

static Db *connection(Connections *connections, DbMode mode, GError **error) {
    Db **db = mode == DB_READ_ONLY ? &connections->read_only : &connections->read_write;
    if (*db == NULL) {
        *db = open_connection(connections->options, mode, error);
    }
    return *db;
}

static void close_connections(Connections *connections) {
    g_clear_pointer(&connections->read_only, db_close);
    g_clear_pointer(&connections->read_write, db_close);
}

/* "No such session" and "the connection is dead" look the same to authenticate; this tells them
 * apart. True when a new connection was made and asking again makes sense. */
static bool reconnect_if_dead(Connections *connections) {
    g_autoptr(GError) error = NULL;
    int64_t one = 0;
    if (db_query_int(connections->read_only, SQL("SELECT 1"), DB_NO_ARGS, &one, &error)) {
        return false;
    }
    log_problem(LOG_LEVEL_WARNING, "web.db_lost", "error=%s", error->message);
    close_connections(connections);
    return connection(connections, DB_READ_ONLY, NULL) != NULL;
}

static void authenticate(Connections *connections, Request *req, int64_t now_us, Principal *who) {
    const WebOptions *options = connections->options;
    const char *token = request_cookie(req, web_session_cookie(req));
    if (token == NULL || options->authenticate == NULL) {
        return;
    }
    bool is_known = options->authenticate(connections->read_only, token, now_us, who);
    if (!is_known && reconnect_if_dead(connections)) {
        is_known = options->authenticate(connections->read_only, token, now_us, who);
    }
    if (!is_known) {
        *who = (Principal){0};
    }
}

/* Assets are the same for everybody: no session, no database. */
static bool needs_database(const Request *req) {
    return !g_str_has_prefix(req->path, "/a/");
}

static Response *unavailable(const Request *req, GError *error) {
    log_problem(LOG_LEVEL_ERROR, "web.db", "req=%s error=%s", req->id, error->message);
    return response_problem(error, NULL);
}

/* The handler's connection is chosen by method, so that a GET cannot write. */
static Response *run_handler(Connections *connections, Ctx *ctx, const Request *req) {
    if (req->route == NULL) {
        return response_not_found();
    }
    Response *refusal = guard_check(connections->options, ctx, req);
    if (refusal != NULL) {
        return refusal;
    }
    if (req->is_post) {
        g_autoptr(GError) error = NULL;
        Db *db = connection(connections, DB_READ_WRITE, &error);
        if (db == NULL) {
            return unavailable(req, error);
        }
        ctx->db = db;
    }
    Response *response = req->route->handler(ctx, req);
    g_assert(response != NULL);
    return response;
}

static Answer *answer_with(Connections *connections, Ctx *ctx, Request *req, Response *response) {
    char csrf[CSRF_TOKEN_SIZE];
    AnswerContext context = {.ctx = ctx, .req = req, .options = connections->options, .csrf = csrf};
    guard_csrf_token(req, ctx->who, csrf, &context.csrf_is_new);
    return answer_make(&context, response);
}

/* NULL only in a preflight: the body may come. */
static Answer *answer_request(WebServer *server, Connections *connections, Exchange *exchange) {
    Request *req = exchange->request;
    Principal who = {0};
    Ctx ctx = {
        .who = &who,
        .now_us = clock_now_us(),
        .request_id = req->id,
        .server = server,
        .app = connections->options->app,
    };
    g_autoptr(GError) error = NULL;
    if (needs_database(req)) {
        ctx.db = connection(connections, DB_READ_ONLY, &error);
        if (ctx.db == NULL) {
            return answer_with(connections, &ctx, req, unavailable(req, error));
        }
        authenticate(connections, req, ctx.now_us, &who);
        ctx.db = connections->read_only;
    }
    Response *response = NULL;
    if (ctx.db == NULL && needs_database(req)) {
        response = response_status_page(503, NULL, NULL);
    } else if (exchange->is_preflight) {
        response = guard_large_body(connections->options, &ctx, req);
    } else {
        response = run_handler(connections, &ctx, req);
    }
    Answer *answer = response != NULL ? answer_with(connections, &ctx, req, response) : NULL;
    if (who.account_id != 0 && connections->options->release != NULL) {
        connections->options->release(&who);
    }
    if (answer != NULL && answer->is_problem && answer->problem == HZ_ERROR_UNAVAILABLE) {
        close_connections(connections);
    }
    return answer;
}

void *worker_main(void *data) {
    WebServer *server = data;
    Connections connections = {.options = &server->options};
    for (Exchange *exchange = mailbox_take_wait(server->requests); exchange != NULL;
         exchange = mailbox_take_wait(server->requests)) {
        exchange->answer = answer_request(server, &connections, exchange);
        /* `answers` has room for every request that can be under way, so this does not wait. */
        bool is_open = mailbox_put_wait(server->answers, exchange);
        g_assert(is_open);
        loop_wake(server->loop);
    }
    close_connections(&connections);
    return NULL;
}
