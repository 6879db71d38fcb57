/* Handlers and what they share. Thread: the worker. */
#pragma once

#include "casework/casework.h"
#include "web/web.h"

Response *matters_page(Ctx *ctx, const Request *req);
Response *matter_page(Ctx *ctx, const Request *req);
Response *matter_sealed_submit(Ctx *ctx, const Request *req);
Response *matter_new_page(Ctx *ctx, const Request *req);
Response *matter_new_submit(Ctx *ctx, const Request *req);
Response *matter_act_page(Ctx *ctx, const Request *req);
Response *matter_act_submit(Ctx *ctx, const Request *req);

CaseActor matter_actor(const Ctx *ctx);
/* A refusal as a page (403) with its rule in the log. */
Response *matter_refuse(Ctx *ctx, const Request *req, const LawRefusal *refusal);
/* In the reader's region, or the matter names the reader. */
bool matter_reaches(const Ctx *ctx, int64_t id, const char *region);
bool matter_is_within(const Ctx *ctx, const Matter *matter);
/* The matter, or the response that says why not (not there, not in the reader's region). */
Response *matter_load(Ctx *ctx, const Request *req, Matter *ret_matter);
/* Every kind of matter that is there today: {value, text, is_selected, may_open}. */
json_t *matter_kinds(const LawBook *book, const Ctx *ctx, const char *chosen);
/* Time left in words: {"text", "when", "class", "icon", "note_class", "day", "clock"}; JSON null
 * when nothing runs. */
json_t *matter_due_model(const Ctx *ctx, const Matter *matter, const LawBook *book);
/* What a list shows of a matter: number, title, kind, state, deadline. */
json_t *matter_row_model(const Ctx *ctx, const Matter *matter);
/* "2026-11-22", or with the minute when the deadline is none of whole days. Caller frees. */
char *matter_due_text(int64_t due_us);

/* What the page of a matter knows of it. Borrowed. */
typedef struct MatterShown {
    const Matter *matter;
    const LawBook *book;
    const LawProcedure *procedure;
    const GPtrArray *acts;    /* StoredAct * in order */
    const GPtrArray *files;   /* CaseFile * in order */
    const char *correct_step; /* the act that puts errors right, when this reader may take it */
} MatterShown;
/* The latest correction of an answer; NULL: it stands as it was written. */
const StoredAct *matter_correction(const MatterShown *shown, int64_t seq, const char *field);
/* model["files"]: every file with the act that added it (matter_file_pages.c). */
bool matter_put_files(const MatterShown *shown, json_t *model, GError **error);
/* The photos that stand at the items of a checklist: [{item_text, files: [{href, number, file_name,
 * is_image}]}], only items that have some. Caller unrefs. */
json_t *matter_item_photos(const MatterShown *shown, const LawField *field, const StoredAct *act);
/* The bytes of one file: the original, or with ?copy=public what anybody may see. */
Response *matter_file_page(Ctx *ctx, const Request *req);
/* A file that the reader's own account has sent and that waits for an act. */
Response *matter_upload_page(Ctx *ctx, const Request *req);
/* model: next_due with its days, clocks, stopped. */
void matter_put_deadlines(const Ctx *ctx,
                          const MatterShown *shown,
                          const LawCase *course,
                          json_t *model);
/* model: acts and older ones, newest first, each with its proof; next_step; what the ledger holds.
 */
bool matter_put_timeline(Ctx *ctx,
                         const MatterShown *shown,
                         const LawCase *course,
                         json_t *model,
                         bool *ret_has_sealed,
                         GError **error);
/* "吕晓远（C-1）、…". Caller frees. */
char *matter_officers_text(Db *db, const GArray *officers);
/* "账号 7"; "公众（网上）" for somebody who was not signed in. Caller frees. */
char *matter_account_text(int64_t account_id);
/* The name of the person behind an account, else as matter_account_text. Caller frees. */
char *matter_account_name(Db *db, int64_t account_id);
/* A number typed or scanned, to the page that it belongs to. */
Response *matter_go_page(Ctx *ctx, const Request *req);
Response *matter_calendar_page(Ctx *ctx, const Request *req);
Response *matter_team_page(Ctx *ctx, const Request *req);
/* One paper, for reading and printing. */
Response *matter_paper_page(Ctx *ctx, const Request *req);
