/* View models and checks that several pages of this room share. Thread: the handler's worker. */
#pragma once

#include "base/error.h"
#include "inspection/inspection.h"
#include "web/web.h"

/* The inspection named in the path, if the reader's region covers it; else a ready answer in
 * *ret_refusal (a refusal by region leaves its mark). */
Inspection *wanted_inspection(Ctx *ctx, const Request *req, Response **ret_refusal);

/* In the reader's region or their own, and their role sees inspections. */
bool may_see_inspection(const Principal *who, const Inspection *inspection);
/* "发现 2 项不合格"; NULL while there is no result. Caller frees. */
char *conclusion_zh(const Inspection *inspection);

/* Everything the pages show of one inspection but its answers; no query. */
json_t *inspection_model(const Inspection *inspection, int64_t now_us);
/* model.groups of answered items: [{answer_zh, count, items}] failing first; model.failed_items,
 * passed_count, na_count. */
bool put_answers(Db *db, json_t *model, const Inspection *inspection, GError **error);
/* {"index_text", "href"} or null when there is no such leaf. */
void put_proof(json_t *model, const char *key, int64_t leaf);
