/*
 * What the pages of this room share: scope, region names, fields, pagers, ledger entries. Thread:
 * the worker that runs the handler.
 */
#pragma once

#include "registry/intake.h"
#include "registry/named_list.h"
#include "registry/region.h"
#include "web/web.h"

/* request_query as UnitQueryGet (unit_query.h). */
const char *page_get_query(const void *req, const char *name);

/* The reader's region does not cover `region`: leaves a mark and answers 403; NULL when it does. */
Response *page_refuse_scope(Ctx *ctx, const Request *req, const char *region);
/* Marks and answers a question that reaches outside the scope. */
Response *page_refuse(Ctx *ctx, const Request *req, const char *reason_zh);

/* "account:17". Caller frees. */
char *page_actor(const Ctx *ctx);
IntakeContext page_intake_context(const Ctx *ctx, const char *actor);

/* select: {name, label, options}. */
json_t *page_select(json_t *selects, const char *name, const char *label);
void page_option(json_t *select, const char *value, const char *text, const char *chosen);
/* model[name]: an empty list of options, borrowed; and one more option in such a list. */
json_t *page_options(json_t *model, const char *name);
void page_add_option(json_t *options, const char *value, const char *text, const char *chosen);
/* {label, mine, theirs} unless both are the same; NULL and "" are both empty. */
void page_add_conflict(json_t *lines, const char *label, const char *mine, const char *theirs);
/* Back to the object's page: "已登记，编号 7", with the warning if there is one. */
Response *page_done(const char *path, const char *done_zh, int64_t id, const IntakeResult *result);
/* model["csv_href"], model["xlsx_href"]. */
void page_put_export(json_t *model, const char *list, const char *query);
/* The region select of a list: districts of the scope, streets of the chosen district. */
bool page_region_select(
    Db *db, json_t *selects, const char *scope, const char *region, GError **error);
/* What partial account/region_field shows for `code` (NULL: nothing chosen yet): the districts of
 * the reader's region, and the streets of the district once it is known. What was chosen stays a
 * choice, whatever it is. */
bool page_put_region(Ctx *ctx, json_t *model, const char *code, GError **error);
/* form_region without blanks; NULL when there is nothing. Lives as long as `texts`. */
const char *page_form_region(const Request *req, GStringChunk *texts);

/* model["proof"] for the newest ledger entry on `object` ("unit:42"); null when there is none. */
bool page_put_proof(Db *db, json_t *model, const char *object, GError **error);
/* model["history"] for templates: change_list with readable actors. */
bool page_put_history(Db *db, json_t *model, const char *kind, int64_t id, GError **error);
/* model["past"]: past inspections, imported and our own, newest first, [{opened, href, result,
 * officers, item_code, progress, source}]; with has_past and has_more_past. */
bool page_put_past(Ctx *ctx, json_t *model, const char *kind, int64_t id, GError **error);

/* Ledger entry on "kind:id" in the caller's transaction. Takes `payload` over. */
bool page_ledger(Db *db,
                 const Ctx *ctx,
                 const char *type,
                 const char *kind,
                 int64_t id,
                 json_t *payload,
                 GError **error);

/* Places of the pager: NULL texts for what there is not. */
typedef struct PagerText {
    const char *path, *query;    /* "/work/units", "q=…" */
    const char *previous, *next; /* "before=…", "after=…" or NULL */
    bool has_first;
    const char *note;
} PagerText;
void page_put_pager(json_t *model, const PagerText *pager);
/* model["hidden"]: the question as hidden fields, but for `without`. */
void page_put_hidden(json_t *model, const char *query, const char *without);
void page_add_chip(json_t *model, const char *text, const char *path, const char *query);
/* "1,000,000". Caller frees. */
char *page_number(int64_t n);
/* "23,418 家符合" or "1,000 家以上符合". Caller frees. */
char *page_count_text(int64_t n, bool is_more, const char *unit_zh);
void page_put_day(json_t *model, const char *key, int64_t time_us, const char *none);
const char *page_text(const char *text, const char *none);
/* The form value without blanks around it; NULL when there is nothing. Lives as long as `texts`. */
const char *page_form(const Request *req, GStringChunk *texts, const char *name);

/* --- a list of buildings or officers --- */

typedef struct PageList {
    const char *path, *name; /* "/work/buildings"; the word of its export */
    const char *measure;     /* 栋, 人 */
    Permission permission;   /* that adds and changes */
    const NamedAsk *ask;
    const void *query;                                      /* of `words` */
    char *(*words)(const void *query, const char *without); /* as unit_query_string */
} PageList;
/* The facts of one row as an object. */
typedef json_t *(*PageListRow)(const Ctx *ctx, const void *row);
/* Rows with their places, count, pager, export links, what the reader may do. With a `problem` the
 * list is empty and the sentence stands above it. */
bool page_list_fill(Ctx *ctx,
                    const PageList *list,
                    const NamedQuery *named,
                    PageListRow row_model,
                    const char *problem,
                    json_t *model,
                    GError **error);
/* model["chips"]: first those of search and region, then the list's own, then the way back. */
bool page_list_start_chips(Ctx *ctx, const PageList *list, json_t *model, GError **error);
void page_list_chip(const PageList *list, json_t *model, const char *word, const char *text);
void page_list_end_chips(const PageList *list, json_t *model);

/* Handlers, by file. */
Response *units_page(Ctx *ctx, const Request *req);
Response *unit_page(Ctx *ctx, const Request *req);
Response *unit_new_page(Ctx *ctx, const Request *req);
Response *unit_new_submit(Ctx *ctx, const Request *req);
Response *unit_edit_page(Ctx *ctx, const Request *req);
Response *unit_edit_submit(Ctx *ctx, const Request *req);
Response *unit_unmerge_submit(Ctx *ctx, const Request *req);
Response *merge_page(Ctx *ctx, const Request *req);
Response *merge_submit(Ctx *ctx, const Request *req);
Response *buildings_page(Ctx *ctx, const Request *req);
Response *building_page(Ctx *ctx, const Request *req);
Response *building_new_page(Ctx *ctx, const Request *req);
Response *building_new_submit(Ctx *ctx, const Request *req);
Response *building_edit_page(Ctx *ctx, const Request *req);
Response *building_edit_submit(Ctx *ctx, const Request *req);
Response *officers_page(Ctx *ctx, const Request *req);
Response *officer_page(Ctx *ctx, const Request *req);
Response *officer_new_page(Ctx *ctx, const Request *req);
Response *officer_new_submit(Ctx *ctx, const Request *req);
Response *officer_edit_page(Ctx *ctx, const Request *req);
Response *officer_edit_submit(Ctx *ctx, const Request *req);
Response *agencies_page(Ctx *ctx, const Request *req);
Response *agency_page(Ctx *ctx, const Request *req);
Response *agency_new_page(Ctx *ctx, const Request *req);
Response *agency_new_submit(Ctx *ctx, const Request *req);
Response *agency_edit_page(Ctx *ctx, const Request *req);
Response *agency_edit_submit(Ctx *ctx, const Request *req);
Response *agency_grant_page(Ctx *ctx, const Request *req);
Response *agency_grant_submit(Ctx *ctx, const Request *req);
Response *agency_end_page(Ctx *ctx, const Request *req);
Response *agency_end_submit(Ctx *ctx, const Request *req);
