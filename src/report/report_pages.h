/* Handlers of the room's routes, by file, and what they share. Thread: the worker's. */
#pragma once

#include "account/account.h"
#include "report/report_guest.h"
#include "web/web.h"

/* what_page.c */
Response *report_what_page(Ctx *ctx, const Request *req);
Response *report_what_submit(Ctx *ctx, const Request *req);
Response *report_discard_submit(Ctx *ctx, const Request *req);
/* where_page.c */
Response *report_where_page(Ctx *ctx, const Request *req);
Response *report_where_submit(Ctx *ctx, const Request *req);
/* contact_page.c */
Response *report_contact_page(Ctx *ctx, const Request *req);
Response *report_contact_submit(Ctx *ctx, const Request *req);
/* check_page.c */
Response *report_check_page(Ctx *ctx, const Request *req);
Response *report_check_submit(Ctx *ctx, const Request *req);
Response *report_sent_page(Ctx *ctx, const Request *req);
/* track_pages.c */
Response *track_page(Ctx *ctx, const Request *req);
Response *track_submit(Ctx *ctx, const Request *req);
Response *track_add_submit(Ctx *ctx, const Request *req);
Response *track_leave_submit(Ctx *ctx, const Request *req);
Response *track_file_page(Ctx *ctx, const Request *req);

/* --- shared (report_pages.c) --- */

/* A draft is a JSON object: content, description, where, object ("unit:7", "building:7", "none"),
 * region, inside, near (["building:7"]), photos, named, name, phone. */
typedef struct ReportPage {
    Guest guest; /* perhaps not there */
    ReportLaw law;
} ReportPage;
void report_page_clear(ReportPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReportPage, report_page_clear)

/* Name of the cookie of a guest for this request. */
const char *report_cookie(const Request *req, bool follows);
/* An answer when the page cannot be shown: no rule lets the public report here, or (`must`) there
 * is no draft that has not been sent. */
Response *report_load(Ctx *ctx, const Request *req, bool must, ReportPage *page);
/* What the guest has said; "". */
const char *report_said(const Guest *guest, const char *key);
/* Takes a field of the form into the draft: trimmed, at most `max` characters. */
void report_take(const Request *req, const char *name, glong max, Guest *guest);
/* Which button was pressed: "draft", "find", "near", or "" to go on. */
const char *report_go(const Request *req);
/* The cookie of a draft, for as long as the draft lives. */
void report_put_cookie(Response *response, const Request *req, const Guest *guest);
/* "已存草稿…" on the first page. */
Response *report_kept(const Request *req, const Guest *guest, int64_t now_us);

typedef enum ReportStep { REPORT_WHAT, REPORT_WHERE, REPORT_CONTACT, REPORT_CHECK } ReportStep;
/* What is wrong with the answers of one step; empty: nothing. Caller unrefs. */
FormProblems *report_problems(Ctx *ctx, const ReportPage *page, ReportStep step, GError **error);
/* Head of a step: number, way back, answers so far. */
bool report_put_head(
    Ctx *ctx, const ReportPage *page, ReportStep step, json_t *model, GError **error);
/* The address of a step. */
const char *report_step_path(ReportStep step);
/* What the draft says, as the form in law/ wants it. Caller unrefs. */
json_t *report_form_data(const ReportPage *page);
/* "24 小时内到现场核查" for a content; "" when law/ does not say. NULL on error. Caller frees. */
char *report_promise(const ReportPage *page, const char *content, int64_t now_us, GError **error);
/* The Chinese word of a choice; "" when it is none of them. */
const char *report_choice_zh(const LawForm *form, const char *field, const char *value);

/* --- how often (report_pages.c) --- */

extern const CountLimit report_begun_limit, report_sent_limit, report_file_limit;
extern const CountLimit track_peer_limit, track_number_limit;
/* True: go on. *ret_answer (with true too) is the page that says when to try again, else NULL. */
bool report_may(Ctx *ctx,
                const Request *req,
                const CountLimit *limit,
                const char *subject,
                Response **ret_answer,
                GError **error);

/* --- places (report_places.c) --- */

/* The registered object that the draft names; NULL texts when it names none. Owned texts. */
typedef struct ReportObject {
    const char *kind; /* "unit", "building"; NULL: none */
    int64_t id;
    char *name, *address, *region;
} ReportObject;
void report_object_clear(ReportObject *object);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReportObject, report_object_clear)
/* kind is NULL when `text` names nothing that is there. */
bool report_object_find(Db *db, const char *text, ReportObject *ret_object, GError **error);
/* model.places: what the registry knows around the device and under the words of the draft, the
 * chosen one first. */
bool report_put_places(Ctx *ctx, const ReportPage *page, json_t *model, GError **error);
/* The button "near" was pressed, with the point that the browser told: the draft remembers which
 * buildings are there, and never the point; any other button forgets them. */
bool report_look_near(Ctx *ctx, const Request *req, Guest *guest, GError **error);
/* model.districts for a place that is not registered. */
bool report_put_districts(Ctx *ctx, const ReportPage *page, json_t *model, GError **error);
/* "云岭区石桥路 18 号" as shown to the reporter. Caller frees. */
char *report_object_address(Db *db, const ReportObject *object);

/* --- photos (report_files.c) --- */

/* Takes the files of the form into guest->data[photos], and those out that are not wanted; what was
 * not taken is added to `problems`. *ret_answer: too many files in this hour, as report_may. */
bool report_files_take(Ctx *ctx,
                       const Request *req,
                       const LawForm *form,
                       Guest *guest,
                       FormProblems *problems,
                       Response **ret_answer,
                       GError **error);
/* model.photos: {field, rule, accept, files: [{sha256, file_name, size}]}. */
bool report_files_put(Ctx *ctx,
                      const LawForm *form,
                      const Guest *guest,
                      const FormProblems *problems,
                      json_t *model,
                      GError **error);
