/* What an act does besides moving its matter: papers are made and served, matters are linked. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "casework/casework_internal.h"
#include "law/law_paper.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

/* --- looking up what the act refers to ----------------------------------------------------------
 */

/* 民事诉讼法95: a notice is served when its time has passed; any other way when it happened. */
static bool served_at(const CaseWork *work, int64_t *ret_us, GError **error) {
    *ret_us = work->act->happened_us;
    if (g_strcmp0(json_get_text(work->data, "way", NULL), "notice") != 0) {
        return true;
    }
    g_auto(LawDeadline) deadline = {0};
    if (!law_deadline(
            work->book, "notice-service", work->act->happened_us, NULL, 0, &deadline, error)) {
        return false;
    }
    *ret_us = deadline.due.due_us;
    return true;
}

static bool check_service(
    Db *db, const CaseWork *work, const Matter *matter, CaseEffect *effect, GError **error) {
    const char *number = json_get_text(work->data, "paper", "");
    if (number[0] == '\0') {
        return served_at(work, &effect->served_us, error);
    }
    bool is_served = false;
    if (!casework_store_paper_by_number(
            db, matter->id, number, &effect->paper_id, &is_served, error)) {
        return false;
    }
    if (effect->paper_id == 0 || is_served) {
        case_refuse_field(
            work->refusal, "paper", is_served ? "这份文书已经送达" : "本案没有这个编号的文书");
    }
    return served_at(work, &effect->served_us, error);
}

static bool
check_link(Db *db, const CaseWork *work, const Matter *matter, CaseEffect *effect, GError **error) {
    if (work->child_id != 0) { /* whoever may open it may link it */
        effect->other_id = work->child_id;
        return true;
    }
    const char *number = json_get_text(work->data, "number", "");
    g_auto(Matter) other = {0};
    if (!casework_store_by_number(db, number, &other, error)) {
        return false;
    }
    if (other.id == 0 || !region_is_inside(other.region, work->actor->region)) {
        case_refuse_field(work->refusal, "number", "辖区内没有这个编号的案件");
    } else if (other.id == matter->id) {
        case_refuse_field(work->refusal, "number", "这就是本案的编号");
    }
    effect->other_id = other.id;
    return true;
}

bool case_effect_check(
    Db *db, const CaseWork *work, const Matter *matter, CaseEffect *ret_effect, GError **error) {
    *ret_effect = (CaseEffect){0};
    switch (work->step->effect) {
    case LAW_EFFECT_SERVE:
        return check_service(db, work, matter, ret_effect, error);
    case LAW_EFFECT_LINK:
        return check_link(db, work, matter, ret_effect, error);
    case LAW_EFFECT_NONE:
    case LAW_EFFECT_CORRECT:
    case LAW_EFFECT_PEOPLE:
    case LAW_EFFECT_RECUSE:
    case LAW_EFFECT_EXPEDITE:
        return true;
    }
    g_assert_not_reached();
}

bool case_effect_apply(Db *db,
                       const CaseWork *work,
                       const Matter *matter,
                       int64_t seq,
                       const CaseEffect *effect,
                       GError **error) {
    if (work->step->effect == LAW_EFFECT_SERVE) {
        PaperService service = {.matter_id = matter->id,
                                .paper_id = effect->paper_id,
                                .before_seq = seq,
                                .way = json_get_text(work->data, "way", ""),
                                .served_us = effect->served_us};
        return casework_store_serve(db, &service, error);
    }
    return work->step->effect != LAW_EFFECT_LINK ||
           casework_store_link(
               db, matter->id, effect->other_id, json_get_text(work->data, "relation", ""), error);
}

/* --- papers -------------------------------------------------------------------------------------
 */

/* The agency in whose name the paper goes out: the actor's, else that of the first officer; of a
 * delegated power the one that delegates. */
static bool agency_name(Db *db, const CaseWork *work, char **ret_name, GError **error) {
    int64_t agency_id = work->actor->agency_id;
    if (agency_id == 0 && work->officers != NULL) {
        agency_id = ((const Officer *)work->officers->pdata[0])->agency_id;
    }
    if (agency_id != 0) {
        return case_power_name(db, work, agency_id, ret_name, error);
    }
    *ret_name = g_strdup("（账号没有登记机构）");
    return true;
}

/* Caller frees. */
static char *officers_text(const CaseWork *work) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; work->officers != NULL && i < work->officers->len; i++) {
        const Officer *officer = work->officers->pdata[i];
        g_string_append_printf(
            out, "%s%s（%s）", out->len > 0 ? "、" : "", officer->name, officer->certificate);
    }
    return g_string_free(out, FALSE);
}

static void put_leaf(json_t *leaf, const LawPaper *paper, const char *number, const char *text) {
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, text, strlen(text), hash);
    g_autofree char *digest = hex_format(hash, sizeof hash);
    json_t *line = json_object();
    json_put_text(line, "paper", paper->entry.id);
    json_put_text(line, "number", number);
    json_put_text(line, "sha256", digest);
    json_array_append_new(leaf, line);
}

static bool make_paper(Db *db,
                       const CaseWork *work,
                       const LawPaper *paper,
                       const LawPaperFacts *known,
                       PaperRow *row,
                       json_t *leaf,
                       GError **error) {
    LawPaperFacts facts = *known;
    g_autofree char *number = NULL;
    if (paper->prefix != NULL) {
        int year = clock_year(work->act->happened_us);
        int64_t serial = 0;
        if (!casework_store_serial(db, paper->prefix, year, &serial, error)) {
            return false;
        }
        number = law_number_zh(paper->prefix, year, serial);
    }
    facts.number = number == NULL ? "" : number;
    g_autofree char *text = law_paper_write(paper, work->form, work->data, &facts, error);
    if (text == NULL) {
        return false;
    }
    row->paper = paper->entry.id;
    row->name = paper->entry.name;
    row->number = number;
    row->text = text;
    row->agency = known->agency;
    put_leaf(leaf, paper, number, text);
    return casework_store_add_paper(db, row, error);
}

bool case_papers_make(Db *db,
                      const CaseWork *work,
                      const Matter *matter,
                      int64_t seq,
                      json_t **ret_leaf,
                      GError **error) {
    g_autoptr(json_t) leaf = json_array();
    g_autofree char *agency = NULL;
    g_autofree char *officers = officers_text(work);
    if (work->step->paper_count > 0 && !agency_name(db, work, &agency, error)) {
        return false;
    }
    LawPaperFacts facts = {.unit = matter->title,
                           .agency = agency,
                           .matter = matter->number,
                           .officers = officers,
                           .time_us = work->act->happened_us};
    for (unsigned i = 0; i < work->step->paper_count; i++) {
        if (!law_step_makes(&work->step->papers[i], work->data)) {
            continue;
        }
        PaperRow row = {.matter_id = matter->id, .seq = seq, .made_us = work->act->happened_us};
        const LawPaper *paper =
            law_paper_at(work->book, work->step->papers[i].id, work->act->happened_us, error);
        if (paper == NULL || !make_paper(db, work, paper, &facts, &row, leaf, error)) {
            return false;
        }
    }
    *ret_leaf = g_steal_pointer(&leaf);
    return true;
}
