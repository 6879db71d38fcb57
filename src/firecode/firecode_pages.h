/* Handlers of this room, by file, and what they share. Thread: the worker's. */
#pragma once

#include "firecode/firecode.h"
#include "web/web.h"

/* code_page.c: everybody */
Response *code_page(Ctx *ctx, const Request *req);
Response *code_score_page(Ctx *ctx, const Request *req);
/* codes_pages.c */
Response *codes_page(Ctx *ctx, const Request *req);
Response *codes_csv(Ctx *ctx, const Request *req);
Response *codes_worse_page(Ctx *ctx, const Request *req);
Response *codes_issue_submit(Ctx *ctx, const Request *req);
/* building_code_page.c: one building, for officers */
Response *building_code_page(Ctx *ctx, const Request *req);
Response *building_code_issue_submit(Ctx *ctx, const Request *req);
Response *building_code_withdraw_submit(Ctx *ctx, const Request *req);
Response *building_keeper_submit(Ctx *ctx, const Request *req);
Response *building_keeper_end_submit(Ctx *ctx, const Request *req);
/* sheet_page.c */
Response *code_sheet_page(Ctx *ctx, const Request *req);
Response *codes_sheets_page(Ctx *ctx, const Request *req);
/* record_pages.c */
Response *records_page_of(Ctx *ctx, const Request *req);
Response *records_csv_of(Ctx *ctx, const Request *req);
Response *record_new_page(Ctx *ctx, const Request *req);
Response *record_new_submit(Ctx *ctx, const Request *req);
/* keeper_pages.c */
Response *keeper_door_page(Ctx *ctx, const Request *req);
Response *keeper_door_submit(Ctx *ctx, const Request *req);
Response *keeper_book_page(Ctx *ctx, const Request *req);
Response *keeper_record_page(Ctx *ctx, const Request *req);
Response *keeper_record_submit(Ctx *ctx, const Request *req);
Response *keeper_leave_submit(Ctx *ctx, const Request *req);

/* --- shared (code_models.c) --- */

/* "https://host/path" as this browser reached us. NULL when it names no host that can be printed.
 * Caller frees. */
char *code_url(const Request *req, const char *path);
/* model.qr, model.url, model.code, model.code_text; qr is null without a host. */
bool code_put_face(const Request *req, const char *code, json_t *model, GError **error);
/* model.hue, word, advice, colour (class), scale. */
void code_put_colour(json_t *model, RiskGrade colour);
/* The table by which the score was computed, for a region. NULL on error. */
const LawRisk *code_risk(const char *region, int64_t now_us, GError **error);
/* model.bad, good, unknown, plain (neither good nor bad): [{name, says, impact, points, basis}],
 * the heaviest first, and how many (bad_count …); model.hidden: a sentence about what the public is
 * not shown, null when nothing is hidden. */
void code_put_reasons(json_t *model,
                      const LawRisk *risk,
                      const FirecodeScore *score,
                      bool is_public);
/* model.duties: [{name, last, is_overdue, is_off, kind}]. */
void code_put_duties(json_t *model,
                     const LawRisk *risk,
                     const FirecodeScore *score,
                     int64_t now_us);
/* model.months: the chart of the last twelve; model.months_zh: the same in a sentence. */
bool code_put_months(Db *db, int64_t building_id, int64_t now_us, json_t *model, GError **error);
/* model.name, address, place, facts ("34 层，住宅，2009 年建成"). */
bool code_put_building(Db *db, const Building *building, json_t *model, GError **error);
/* "71 分，70 到 84 分为黄码". Caller frees. */
char *code_score_text(const LawRisk *risk, const FirecodeScore *score);
/* model.proof of the newest ledger entry on the building; null when there is none. */
bool code_put_proof(Db *db, int64_t building_id, json_t *model, GError **error);

/* The building of the address when it lies in the reader's region; an answer else. */
Response *code_building(Ctx *ctx, const Request *req, Building *ret_building);
/* Who acts, with text that the caller frees. */
FirecodeActor code_actor(const Ctx *ctx, char **ret_actor);
/* A reason from the form, trimmed; problems are added when it is missing or too long. Caller frees.
 */
char *code_reason(const Request *req, const char *name, FormProblems *problems);
/* The page of a building again, with what is wrong (taken over). */
Response *building_code_again(Ctx *ctx, const Request *req, FormProblems *problems);

/* A form of a record on its way in and out. */
typedef struct RecordForm {
    DutyKind kind;
    const LawForm *form;
    const char *action, *back;
    int64_t building_id;
} RecordForm;
/* The fields as a model; with problems its status is 422. Takes over nothing. */
Response *record_form_show(Ctx *ctx,
                           const Request *req,
                           const char *view,
                           const RecordForm *form,
                           const json_t *data,
                           const json_t *problems,
                           json_t *model);
/* Reads, checks and keeps what the browser sent: back with the number of the record, or the form
 * again with what is wrong. */
Response *record_form_keep(Ctx *ctx,
                           const Request *req,
                           const char *view,
                           const RecordForm *form,
                           const FirecodeActor *by,
                           json_t *model);
/* model.records: [{number, time, kind_zh, who, lines: [{label, text}], is_bad}]. */
/* With `is_linked` also [{href, n}] of the photos. */
bool record_put_list(
    const char *region, const GPtrArray *records, bool is_linked, json_t *model, GError **error);
/* Photos that come with the form into data; what is wrong with them into problems. */
bool record_photos_take(Ctx *ctx,
                        const Request *req,
                        const LawForm *form,
                        const FirecodeActor *by,
                        json_t *data,
                        json_t *problems,
                        GError **error);
/* model.takes_photos, model.photo_rule. */
void record_photos_put_form(const LawForm *form, json_t *model);
void record_photos_put(const BuildingRecord *record, bool is_linked, json_t *model);
Response *record_photo_page(Ctx *ctx, const Request *req);
