/*
 * Who may pass: session, permission, first password, CSRF. In this order, before any handler.
 * Thread: worker.
 */
#pragma once

#include "web/request.h"
#include "web/response.h"

#define CSRF_TOKEN_SIZE 33 /* 32 hex digits and NUL */

/* Fills `token` with what this visitor's forms must carry: the session's token, else that of the
 * cookie, else a new one (*ret_is_new). */
void guard_csrf_token(const Request *req,
                      const Principal *who,
                      char token[CSRF_TOKEN_SIZE],
                      bool *ret_is_new);

/* NULL: let it pass. Otherwise the answer: a refusal (already logged and marked through
 * options->refused) or a redirect to sign-in or to the password page. */
Response *guard_check(const WebOptions *options, Ctx *ctx, const Request *req);

/* Same for a request whose body has not been read yet: everything but the token in the form. So a
 * stranger cannot fill the disk first and be refused afterwards. */
Response *guard_preflight(const WebOptions *options, Ctx *ctx, const Request *req);

/* That, and for somebody who is not signed in whether options->admits lets the body come. */
Response *guard_large_body(const WebOptions *options, Ctx *ctx, const Request *req);

/* "查看单位和建筑" for PERM_UNIT_VIEW. */
const char *permission_name_zh(Permission permission);
