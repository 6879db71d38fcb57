/*
 * Where the web room hands over a refused request.
 *
 * A refused GET has a read-only connection, so the row is written over a connection that is opened
 * for it; the limit on rows also bounds how often that happens.
 */
#include "account/account.h"
#include "account/account_store.h"
#include "web/log.h"

void account_refused(Ctx *ctx, const Request *req, const char *reason) {
    Refusal refusal = {.account_id = ctx->who->account_id,
                       .login = ctx->who->login != NULL ? ctx->who->login : "",
                       .method = request_is_post(req) ? "POST" : "GET",
                       .path = request_path(req),
                       .reason = reason,
                       .peer = request_peer(req)};
    int64_t more = 0;
    if (!refusal_admit(refusal.peer, ctx->now_us, &more)) {
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(web_options(ctx->server)->db_url, DB_READ_WRITE, &error);
    if (db == NULL || !refusal_store_add(db, &refusal, more, ctx->now_us, &error)) {
        /* An edge: there is nobody to hand this error to. */
        log_problem(LOG_LEVEL_ERROR, "account.refusal", "stored=no error=%s", error->message);
    }
}
