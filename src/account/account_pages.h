/* Handlers of this room's pages; the route table is in account_module.c. */
#pragma once

#include "web/web.h"

Response *sign_in_page(Ctx *ctx, const Request *req);
Response *sign_in_submit(Ctx *ctx, const Request *req);
Response *sign_out_submit(Ctx *ctx, const Request *req);
Response *account_page(Ctx *ctx, const Request *req);
Response *other_sessions_submit(Ctx *ctx, const Request *req);
Response *password_page(Ctx *ctx, const Request *req);
Response *password_submit(Ctx *ctx, const Request *req);

/* system administrator */
Response *accounts_page(Ctx *ctx, const Request *req);
Response *account_new_page(Ctx *ctx, const Request *req);
Response *account_new_submit(Ctx *ctx, const Request *req);
Response *account_admin_page(Ctx *ctx, const Request *req);
Response *account_lock_submit(Ctx *ctx, const Request *req);
Response *account_unlock_submit(Ctx *ctx, const Request *req);
Response *account_reset_submit(Ctx *ctx, const Request *req);

/* security administrator */
Response *role_list_page(Ctx *ctx, const Request *req);
Response *role_page(Ctx *ctx, const Request *req);
Response *role_submit(Ctx *ctx, const Request *req);

/* auditor */
Response *refusals_page(Ctx *ctx, const Request *req);
Response *sign_ins_page(Ctx *ctx, const Request *req);
