/* /rules/matrix: who may do what, on which ground (C1): the answers of law_may in a table. */
#include "publicity/publicity_pages.h"
#include "publicity/rule_models.h"

#include <string.h>

/* One act of one agency: the modes in which it is allowed, with the rule; else why not. */
static json_t *cell_model(const RuleQuestion *question, const LawName *act, const LawName *agency) {
    json_t *cell = json_object();
    json_t *modes = json_array();
    for (LawMode mode = LAW_STATUTORY; mode <= LAW_DELEGATED; mode++) {
        LawMay may = {0};
        if (!law_may(question->book, act->id, agency->id, mode, question->time_us, &may, NULL) ||
            !may.allowed) {
            continue;
        }
        g_autofree char *href =
            law_rule_href(question->book, LAW_KIND_POWER, may.power->entry.id, question->time_us);
        json_t *line = json_object();
        json_put_text(line, "text", law_mode_zh(mode));
        json_put_text(line, "href", href);
        json_put_bool(line, "is_sure", may.power->entry.confidence == LAW_TEXT);
        json_put_text(line, "confidence", law_confidence_zh(may.power->entry.confidence));
        json_array_append_new(modes, line);
    }
    json_put_text(cell, "agency", agency->name);
    json_put_bool(cell, "is_allowed", json_array_size(modes) > 0);
    json_put(cell, "modes", modes);
    return cell;
}

Response *rule_matrix_page(Ctx *ctx, const Request *req) {
    RuleQuestion question;
    Response *problem = rule_question(ctx, req, &question);
    if (problem != NULL) {
        return problem;
    }
    g_autoptr(GArray) acts = law_act_names(question.book);
    g_autoptr(GArray) agencies = law_agency_names(question.book);
    json_t *model = json_object();
    json_t *heads = json_array();
    json_t *rows = json_array();
    for (guint g = 0; g < agencies->len; g++) {
        json_array_append_new(heads, json_string(g_array_index(agencies, LawName, g).name));
    }
    for (guint a = 0; a < acts->len; a++) {
        const LawName *act = &g_array_index(acts, LawName, a);
        json_t *row = json_object();
        json_t *cells = json_array();
        for (guint g = 0; g < agencies->len; g++) {
            json_array_append_new(cells,
                                  cell_model(&question, act, &g_array_index(agencies, LawName, g)));
        }
        json_put_text(row, "act", act->name);
        json_put(row, "cells", cells);
        json_array_append_new(rows, row);
    }
    rule_put_question(model, &question);
    json_put(model, "agencies", heads);
    json_put(model, "rows", rows);
    return response_page("publicity/rule_matrix", model);
}
