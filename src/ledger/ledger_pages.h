/* Handlers of this room's pages. */
#pragma once

#include "web/web.h"

/* /log/…: the public log. */
Response *log_checkpoint_page(Ctx *ctx, const Request *req);
Response *log_keys_page(Ctx *ctx, const Request *req);
Response *log_policy_page(Ctx *ctx, const Request *req);
Response *log_tile_page(Ctx *ctx, const Request *req);
