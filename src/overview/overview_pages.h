/* Handlers of this room, by file. Thread: the worker that runs them. */
#pragma once

#include "web/web.h"

Response *coverage_page(Ctx *ctx, const Request *req);
Response *coverage_csv(Ctx *ctx, const Request *req);
Response *coverage_buildings_page(Ctx *ctx, const Request *req);
Response *coverage_buildings_csv(Ctx *ctx, const Request *req);
Response *map_page(Ctx *ctx, const Request *req);
Response *scene_page(Ctx *ctx, const Request *req);
Response *overview_page(Ctx *ctx, const Request *req);
Response *wall_page(Ctx *ctx, const Request *req);
Response *live_events(Ctx *ctx, const Request *req);
