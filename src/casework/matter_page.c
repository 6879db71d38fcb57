/* The page of one matter: the same for every kind. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework_file.h"
#include "casework/desk.h"
#include "casework/matter_pages.h"
#include "law/law_list.h"
#include "ledger/ledger.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

/* Matters of their own that the state asks for and the reader may open. */
static void
put_follow_ups(const Ctx *ctx, const LawCase *course, const Matter *matter, json_t *can) {
    const LawState *state = law_case_state(course);
    const LawBook *book = state->leads_to[0] == NULL ? NULL : casework_book(matter->region, NULL);
    g_autoptr(json_t) kinds = book == NULL ? json_array() : matter_kinds(book, ctx, NULL);
    size_t i;
    json_t *kind;
    json_array_foreach(kinds, i, kind) {
        const char *id = json_get_text(kind, "value", "");
        if (!json_get_bool(kind, "may_open", false) || !g_strv_contains(state->leads_to, id)) {
            continue;
        }
        g_autofree char *href =
            g_strdup_printf("/work/matters/new?kind=%s&from=%" G_GINT64_FORMAT, id, matter->id);
        g_autofree char *name = g_strdup_printf("另立“%s”", json_get_text(kind, "text", id));
        json_t *line = json_object();
        json_put_text(line, "href", href);
        json_put_text(line, "name", name);
        json_put_text(line, "why", NULL);
        json_put_text(line, "basis", NULL);
        json_array_append_new(can, line);
    }
}

/* What may be done now, and why not the rest. */
static bool
put_steps(Ctx *ctx, const LawCase *course, const Matter *matter, json_t *model, GError **error) {
    json_t *can = json_array();
    json_t *cannot = json_array();
    json_t *common = json_array();
    json_put(model, "common", common);
    json_put(model, "can", can);
    json_put(model, "cannot", cannot);
    CaseActor actor = matter_actor(ctx);
    const LawProcedure *procedure = law_case_procedure(course);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (law_step_opens(step) || step->effect == LAW_EFFECT_CORRECT ||
            step->roles == ROLE_PUBLIC_BIT) {
            continue; /* an error is put right from the answer that has it; the public has own pages
                       */
        }
        if (!casework_may_now(ctx->db, course, matter, &actor, step, &refusal, error)) {
            return false;
        }
        json_t *line = json_object();
        g_autofree char *href =
            g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s", matter->id, step->id);
        json_put_text(line, "href", href);
        json_put_text(line, "name", step->name);
        json_put_text(line, "why", refusal.reason_zh);
        json_put_text(line, "basis", refusal.basis_zh);
        json_put_text(line, "instead", refusal.href);
        bool is_possible = refusal.reason_zh == NULL;
        bool is_common = step->is_common && step->effect != LAW_EFFECT_EXPEDITE;
        bool is_told = !step->is_common || g_strcmp0(refusal.rule, "once") == 0;
        json_t *to = is_possible ? (is_common ? common : can) : cannot;
        if (is_possible || is_told) {
            json_array_append_new(to, line);
        } else {
            json_decref(line); /* the page would only repeat for each that the role is another's */
        }
    }
    put_follow_ups(ctx, course, matter, can);
    g_autofree char *expedited = desk_expedited_text(ctx, course);
    json_put_text(model, "expedited", expedited);
    json_put_bool(model, "has_can", json_array_size(can) > 0);
    json_put_bool(model, "has_cannot", json_array_size(cannot) > 0);
    json_put_bool(model, "has_common", json_array_size(common) > 0);
    json_put_int(model, "cannot_count", (int64_t)json_array_size(cannot));
    return true;
}

/* Papers with their number, and whether they have reached the party. */
static bool put_papers(Ctx *ctx, const MatterShown *shown, json_t *model, GError **error) {
    g_autoptr(GPtrArray) papers = casework_papers(ctx->db, shown->matter->id, error);
    if (papers == NULL) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = 0; i < papers->len; i++) {
        const MatterPaper *paper = papers->pdata[i];
        json_t *line = json_object();
        g_autofree char *href =
            g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/papers/%" G_GINT64_FORMAT,
                            shown->matter->id,
                            paper->id);
        g_autofree char *made = clock_format_date(paper->made_us);
        /* the day before a midnight is the last day of a notice */
        g_autofree char *served =
            paper->served_us == 0 ? NULL : clock_format_date(paper->served_us);
        json_put_text(line, "href", href);
        json_put_text(line, "name", paper->name);
        json_put_text(line, "number", paper->number);
        json_put_text(line, "made", made);
        json_put_text(line, "served", served);
        json_put_bool(line, "is_waiting", paper->served_us > ctx->now_us);
        json_array_append_new(list, line);
    }
    json_put_bool(model, "has_papers", papers->len > 0);
    json_put_int(model, "paper_count", papers->len);
    json_put(model, "papers", list);
    return true;
}

static const char *relation_zh(const MatterLink *link) {
    static const struct {
        const char *word, *out, *in;
    } words[] = {{"leads-to", "由本案引出", "引出本案"},
                 {"follows", "引出本案", "由本案引出"},
                 {"same-facts", "同一事实", "同一事实"},
                 {"same-party", "同一当事人", "同一当事人"}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, link->relation) == 0) {
            return link->is_incoming ? words[i].in : words[i].out;
        }
    }
    return link->relation;
}

/* A matter of another district is named, not opened, unless it names the reader. */
static bool put_links(Ctx *ctx, const MatterShown *shown, json_t *model, GError **error) {
    g_autoptr(GPtrArray) links = casework_links(ctx->db, shown->matter->id, error);
    if (links == NULL) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = 0; i < links->len; i++) {
        const MatterLink *link = links->pdata[i];
        json_t *line = json_object();
        bool is_ours = matter_reaches(ctx, link->other_id, link->region);
        g_autofree char *href =
            is_ours ? g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, link->other_id) : NULL;
        json_put_text(line, "href", href);
        json_put_text(line, "number", link->number);
        json_put_text(line, "title", is_ours ? link->title : NULL);
        json_put_text(line, "relation", relation_zh(link));
        json_array_append_new(list, line);
    }
    json_put_bool(model, "has_links", links->len > 0);
    json_put(model, "links", list);
    return true;
}

/* Those who take part as acts say: officers and people that were registered. */
static void put_people(Ctx *ctx, const MatterShown *shown, json_t *model) {
    json_t *list = json_array();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < shown->acts->len; i++) {
        const StoredAct *act = shown->acts->pdata[i];
        const LawStep *step = law_step(shown->procedure, act->step);
        LawEffect effect = step == NULL ? LAW_EFFECT_NONE : step->effect;
        const LawForm *form = step == NULL || step->form == NULL
                                  ? NULL
                                  : law_form_at(shown->book, step->form, act->happened_us, NULL);
        const LawField *part = form == NULL ? NULL : law_form_field(form, "part");
        g_autofree char *officers = matter_officers_text(ctx->db, act->officers);
        g_autofree char *role = effect == LAW_EFFECT_PEOPLE && part != NULL
                                    ? law_field_text_zh(part, act->data, act->happened_us)
                                    : g_strdup(effect == LAW_EFFECT_RECUSE ? "已回避" : "执法人员");
        const char *name =
            effect == LAW_EFFECT_PEOPLE ? json_get_text(act->data, "name", "") : officers;
        g_autofree char *key = g_strconcat(role, " ", name, NULL);
        if (name[0] != '\0' && g_hash_table_add(seen, g_steal_pointer(&key))) {
            json_t *line = json_object();
            json_put_text(line, "role", role);
            json_put_text(line, "name", name);
            json_array_append_new(list, line);
        }
    }
    json_put_bool(model, "has_people", json_array_size(list) > 0);
    json_put(model, "people", list);
}

/* Who may open what is sealed stands in law/ (`unseals` of the procedure). */
static bool may_see_sealed(const Ctx *ctx, const LawProcedure *procedure) {
    return (ctx->who->roles & procedure->unseals) != 0;
}

/* The act that puts clerical errors right, when this reader may take it now. */
static const char *correct_step(const Ctx *ctx, const LawCase *course, const Matter *matter) {
    const LawProcedure *procedure = law_case_procedure(course);
    CaseActor actor = matter_actor(ctx);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (step->effect != LAW_EFFECT_CORRECT) {
            continue;
        }
        casework_may(course, matter, &actor, step, &refusal);
        return refusal.reason_zh == NULL ? step->id : NULL;
    }
    return NULL;
}

static Response *show(Ctx *ctx, const Matter *matter, bool with_sealed) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = casework_book(matter->region, &error);
    g_autoptr(LawCase) course = book == NULL ? NULL : casework_replay(ctx->db, matter, &error);
    g_autoptr(GPtrArray) acts =
        course == NULL ? NULL : casework_acts(ctx->db, matter->id, with_sealed, &error);
    g_autofree char *place =
        acts == NULL ? NULL : region_full_name(ctx->db, matter->region, &error);
    if (place == NULL) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) model = matter_row_model(ctx, matter);
    const LawProcedure *procedure = law_case_procedure(course);
    g_autoptr(GPtrArray) files = casework_files(ctx->db, matter->id, &error);
    if (files == NULL) {
        return response_problem(error, NULL);
    }
    MatterShown shown = {.matter = matter,
                         .book = book,
                         .procedure = procedure,
                         .acts = acts,
                         .files = files,
                         .correct_step = correct_step(ctx, course, matter)};
    bool has_sealed = false;
    if (!matter_put_timeline(ctx, &shown, course, model, &has_sealed, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *href = matter->object_kind == NULL
                                ? NULL
                                : g_strdup_printf("/work/%ss/%" G_GINT64_FORMAT,
                                                  matter->object_kind,
                                                  matter->object_id);
    g_autofree char *now = clock_format_minute(ctx->now_us);
    json_put_text(model, "now", now);
    json_put_text(model, "place", place);
    json_put_text(model, "object_href", href);
    json_put_text(model, "basis", procedure->entry.basis_zh);
    g_autofree char *rule =
        law_rule_href(shown.book, LAW_KIND_PROCEDURE, procedure->entry.id, shown.matter->opened_us);
    json_put_text(model, "confidence", law_confidence_zh(procedure->entry.confidence));
    json_put_text(model, "rule_href", rule);
    json_put_bool(
        model, "may_unseal", has_sealed && !with_sealed && may_see_sealed(ctx, procedure));
    json_put_bool(model, "is_unsealed", with_sealed);
    matter_put_deadlines(ctx, &shown, course, model);
    if (!put_steps(ctx, course, matter, model, &error)) {
        return response_problem(error, NULL);
    }
    put_people(ctx, &shown, model);
    json_t *elsewhere = json_array();
    json_put(model, "elsewhere", elsewhere);
    if (!case_hooks.see_also(ctx->db, matter, ctx->who, elsewhere, &error) ||
        !put_papers(ctx, &shown, model, &error) || !matter_put_files(&shown, model, &error) ||
        !put_links(ctx, &shown, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("casework/matter", g_steal_pointer(&model));
}

Response *matter_page(Ctx *ctx, const Request *req) {
    g_auto(Matter) matter = {0};
    Response *refused = matter_load(ctx, req, &matter);
    return refused != NULL ? refused : show(ctx, &matter, false);
}

/* Looking at who reported is an act of its own: the mark comes before the names. */
static bool note_look(Db *db, void *data, GError **error) {
    const LedgerEntry *entry = data;
    return ledger_append(db, entry, NULL, error);
}

Response *matter_sealed_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    Response *refused = matter_load(ctx, req, &matter);
    if (refused != NULL) {
        return refused;
    }
    const LawBook *book = casework_book(matter.region, &error);
    const LawProcedure *procedure =
        book == NULL ? NULL : law_procedure_at(book, matter.kind, matter.opened_us, &error);
    if (procedure == NULL) {
        return response_problem(error, NULL);
    }
    if (!may_see_sealed(ctx, procedure)) {
        g_autofree char *roles = role_set_zh(procedure->unseals);
        g_auto(LawRefusal) refusal = {.rule = "sealed",
                                      .reason_zh = g_strdup_printf("密封的信息只有%s能看", roles)};
        return matter_refuse(ctx, req, &refusal);
    }
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
    g_autofree char *object = g_strdup_printf("matter:%" G_GINT64_FORMAT, matter.id);
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "number", matter.number);
    LedgerEntry entry = {.time_us = ctx->now_us,
                         .type = "matter.look",
                         .actor = actor,
                         .object = object,
                         .payload = payload};
    if (!db_run_tx(ctx->db, note_look, &entry, &error)) {
        return response_problem(error, NULL);
    }
    return show(ctx, &matter, true);
}
