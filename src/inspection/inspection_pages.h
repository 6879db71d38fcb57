/* Handlers of this room; the route table is in inspection_module.c. */
#pragma once

#include "web/web.h"

Response *today_page(Ctx *ctx, const Request *req);
Response *inspections_page(Ctx *ctx, const Request *req);
Response *inspection_page(Ctx *ctx, const Request *req);
Response *check_page(Ctx *ctx, const Request *req);
Response *check_submit(Ctx *ctx, const Request *req);
Response *publish_page(Ctx *ctx, const Request *req);
Response *publish_submit(Ctx *ctx, const Request *req);
Response *close_page(Ctx *ctx, const Request *req);
Response *close_submit(Ctx *ctx, const Request *req);
Response *public_inspection_page(Ctx *ctx, const Request *req);
