/* One statutory form, for reading and printing: the text as it was made, with number, signatures
 * and seal places. */
#include "base/clock.h"
#include "base/error.h"
#include "casework/matter_pages.h"
#include "law/law_paper.h"

#include <string.h>

static json_t *lines_of(const char *text) {
    json_t *lines = json_array();
    g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
    for (char **part = parts; *part != NULL; part++) {
        json_array_append_new(lines, json_string(*part));
    }
    return lines;
}

static void put_signers(const Matter *matter, const MatterPaper *paper, json_t *model) {
    const LawBook *book = casework_book(matter->region, NULL);
    const LawPaper *law =
        book == NULL ? NULL : law_paper_at(book, paper->paper, paper->made_us, NULL);
    json_t *signers = json_array();
    for (size_t i = 0; law != NULL && law->signers[i] != NULL; i++) {
        json_array_append_new(signers, json_string(law->signers[i]));
    }
    json_put(model, "signers", signers);
    json_put_bool(model, "is_sealed", law != NULL && law->is_sealed);
    json_put_text(model, "basis", law == NULL ? NULL : law->entry.basis_zh);
    json_put_text(
        model, "confidence", law == NULL ? NULL : law_confidence_zh(law->entry.confidence));
}

/* Where its service is registered: NULL when it is served, or this person may not do it now. Caller
 * frees. */
static char *serve_href(Ctx *ctx, const Matter *matter, const MatterPaper *paper) {
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(LawCase) course =
        paper->served_us != 0 ? NULL : casework_replay(ctx->db, matter, NULL);
    const LawProcedure *procedure = course == NULL ? NULL : law_case_procedure(course);
    const LawStep *step = NULL;
    for (unsigned i = 0; procedure != NULL && i < procedure->step_count; i++) {
        step = procedure->steps[i].effect == LAW_EFFECT_SERVE ? &procedure->steps[i] : step;
    }
    if (step == NULL) {
        return NULL;
    }
    CaseActor actor = matter_actor(ctx);
    casework_may(course, matter, &actor, step, &refusal);
    g_autofree char *number =
        g_uri_escape_string(paper->number == NULL ? "" : paper->number, NULL, FALSE);
    return refusal.reason_zh != NULL
               ? NULL
               : g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s?paper=%s",
                                 matter->id,
                                 step->id,
                                 number);
}

Response *matter_paper_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    int64_t id = 0;
    Response *refused = matter_load(ctx, req, &matter);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(GPtrArray) papers = casework_papers(ctx->db, matter.id, &error);
    if (papers == NULL) {
        return response_problem(error, NULL);
    }
    const MatterPaper *paper = NULL;
    for (guint i = 0; request_arg_id(req, "paper", &id) && i < papers->len; i++) {
        const MatterPaper *one = papers->pdata[i];
        paper = one->id == id ? one : paper;
    }
    if (paper == NULL) {
        return response_not_found();
    }
    json_t *model = json_object();
    g_autofree char *made = clock_format_date(paper->made_us);
    g_autofree char *served = paper->served_us == 0 ? NULL : clock_format_date(paper->served_us);
    json_put_int(model, "id", matter.id);
    json_put_text(model, "matter_number", matter.number);
    json_put_text(model, "matter_title", matter.title);
    json_put_text(model, "name", paper->name);
    json_put_text(model, "number", paper->number);
    json_put_text(model, "agency", paper->agency);
    json_put_text(model, "made", made);
    json_put_text(model, "served", served);
    json_put_bool(model, "is_waiting", paper->served_us > ctx->now_us);
    g_autofree char *serve = serve_href(ctx, &matter, paper);
    json_put_text(model, "serve_href", serve);
    json_put(model, "lines", lines_of(paper->text));
    put_signers(&matter, paper, model);
    return response_page("casework/paper", model);
}
