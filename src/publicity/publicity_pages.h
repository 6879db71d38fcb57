/* Handlers of publicity's routes, by file. */
#pragma once

#include "web/web.h"

/* start_pages.c */
Response *start_page(Ctx *ctx, const Request *req);
Response *health_page(Ctx *ctx, const Request *req);
Response *help_page(Ctx *ctx, const Request *req);
Response *accessibility_page(Ctx *ctx, const Request *req);
Response *privacy_page(Ctx *ctx, const Request *req);
Response *display_page(Ctx *ctx, const Request *req);
Response *display_submit(Ctx *ctx, const Request *req);

/* unit_pages.c */
Response *search_page(Ctx *ctx, const Request *req);
Response *unit_public_page(Ctx *ctx, const Request *req);

/* plan_page.c */
Response *plan_public_page(Ctx *ctx, const Request *req);

/* rule_pages.c, rule_power_pages.c */
Response *rules_page(Ctx *ctx, const Request *req);
Response *rule_page(Ctx *ctx, const Request *req);
Response *rule_matrix_page(Ctx *ctx, const Request *req);

/* verify_page.c */
Response *verify_offline_page(Ctx *ctx, const Request *req);
Response *verify_share_page(Ctx *ctx, const Request *req);
Response *verify_module(Ctx *ctx, const Request *req);

/* record_pages.c */
Response *records_page(Ctx *ctx, const Request *req);
Response *records_csv(Ctx *ctx, const Request *req);
/* {href, index_text} for the proof badge; null for -1. */
json_t *record_proof_model(int64_t ledger_index);
/* {items: [{href, title, detail, kind_text, icon, tag, date, day, proof}]}, null when empty. */
json_t *record_items_model(const GPtrArray *records, int64_t now_us);
