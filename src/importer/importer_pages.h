/* The pages of this room. */
#pragma once

#include "importer/importer.h"
#include "web/web.h"

extern const Route importer_routes[];

/* The task {id} of the request if it is this account's; otherwise NULL and *ret_response. */
ImportTask *import_page_task(Ctx *ctx, const Request *req, Response **ret_response);

/* What its rows become; checked when it was uploaded. */
const ImportKind *import_page_kind(const ImportTask *task);
/* May this person import such rows? Otherwise false, the refusal is logged and *ret_response. */
bool import_page_allows(Ctx *ctx,
                        const Request *req,
                        const ImportKind *kind,
                        Response **ret_response);

/* import_kind_pages.c */
Response *import_columns_page(Ctx *ctx, const Request *req);
Response *import_template(Ctx *ctx, const Request *req);
/* mapping_pages.c */
Response *mapping_page(Ctx *ctx, const Request *req, const ImportTask *task);
Response *mapping_post(Ctx *ctx, const Request *req);
/* export_pages.c */
Response *export_get(Ctx *ctx, const Request *req);
Response *export_post(Ctx *ctx, const Request *req);
