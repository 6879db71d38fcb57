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
    json_put(model, "lines", lines_of(paper->text));
    put_signers(&matter, paper, model);
    return response_page("casework/paper", model);
}
