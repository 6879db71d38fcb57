/* The form of an act on its way in and out: what it is about, shown, read. Used by
 * matter_act_pages.c (acts on a matter) and matter_new_pages.c (the first act). Thread: the worker.
 */
#pragma once

#include "casework/matter_form.h"
#include "casework/matter_pages.h"

#define MATTER_OFFICERS_MAX 8

/* What one form is about. */
typedef struct ActForm {
    const Matter *matter; /* NULL: it opens one */
    const LawBook *book;
    const LawProcedure *procedure;
    const LawStep *step;
    const LawForm *form; /* NULL: the step asks nothing */
    const char *object_kind;
    int64_t object_id;
    const char *title, *region;
    const json_t *known;   /* what the library says, by LawField.prefill; may be NULL */
    const Matter *parent;  /* the matter that a new one grows out of; NULL: none */
    const GArray *named;   /* officers whom the matter names for this step; NULL: none */
    const json_t *started; /* first values from the address: which act is corrected, which paper is
                            * served; may be NULL */
} ActForm;

typedef struct ActShown {
    const json_t *data, *problems; /* may be NULL */
    const char *conflict;          /* what happened meanwhile; NULL: nothing */
} ActShown;

/* The page: 200, 422 with problems, 409 with a conflict. */
Response *act_form_show(Ctx *ctx, const Request *req, const ActForm *form, const ActShown *shown);

/* What the browser sent. */
typedef struct ActRead {
    CaseAct act;
    json_t *data, *problems;
    int64_t officers[MATTER_OFFICERS_MAX];
} ActRead;
void act_read_clear(ActRead *read);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ActRead, act_read_clear)
bool act_form_read(
    Ctx *ctx, const Request *req, const ActForm *form, ActRead *ret_read, GError **error);

/* --- files (act_files.c) --- */

/* Stores what arrived and completes the data: hashes that were kept, without those taken away, and
 * the new ones, of the items of a checklist too (its edition is that of `time_us`). Problems by
 * field id, or "items.escape-routes.photos", in *problems. Files stay stored whatever becomes of
 * the form. */
bool act_files_read(Ctx *ctx,
                    const Request *req,
                    const ActForm *form,
                    int64_t time_us,
                    json_t *data,
                    json_t *problems,
                    GError **error);
/* Names and sizes of the files that the form holds already. */
bool act_files_show(
    Ctx *ctx, const ActForm *form, const json_t *data, json_t *model, GError **error);

/* --- drafts --- */

/* Where this form's draft lies: "new/complaint", "7/verify". Caller frees. */
char *act_form_place(const ActForm *form);
/* The draft button was pressed: what was typed is kept, sealed fields left out, and the answer says
 * so; NULL when another button was pressed. */
Response *act_form_draft(Ctx *ctx, const Request *req, const ActForm *form, const ActRead *read);
/* The act is done: its draft is not needed any more. */
void act_form_done(Ctx *ctx, const ActForm *form);

/* A refusal by the form goes back to its fields; any other is a page of its own. */
Response *act_form_refuse(Ctx *ctx,
                          const Request *req,
                          const ActForm *form,
                          const ActRead *read,
                          const LawRefusal *refusal);
