/* Handlers of this room; the route table is in inspection_module.c. */
#pragma once

#include "web/web.h"

Response *today_page(Ctx *ctx, const Request *req);
Response *inspections_page(Ctx *ctx, const Request *req);
/* On to the matter; a row without one is shown as it is. */
Response *inspection_page(Ctx *ctx, const Request *req);
Response *inspection_moved(Ctx *ctx, const Request *req);
Response *public_inspection_page(Ctx *ctx, const Request *req);
