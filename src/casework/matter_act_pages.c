/* An act on a matter: its form, taking it, what happens when somebody else was faster. */
#include "base/clock.h"
#include "base/error.h"
#include "casework/act_form.h"
#include "casework/desk.h"

#include <string.h>

/* --- acting -------------------------------------------------------------------------------------
 */

/* What the address has chosen: an answer to correct ("?act=3&field=violation"), a paper to serve
 * ("?paper=消限字…"). NULL: nothing, or nothing that is there. Caller unrefs. */
static json_t *started_of(Ctx *ctx, const Request *req, const ActForm *form) {
    bool is_post = request_is_post(req);
    const char *act = is_post ? request_form(req, "f-act") : request_query(req, "act");
    const char *field = is_post ? request_form(req, "f-field") : request_query(req, "field");
    const char *paper = request_query(req, "paper");
    g_autoptr(json_t) started = json_object();
    g_assert(form->step != NULL);
    if (form->step->effect == LAW_EFFECT_SERVE && paper != NULL) {
        json_put_text(started, "paper", paper);
        return g_steal_pointer(&started);
    }
    if (form->step->effect != LAW_EFFECT_CORRECT || act == NULL || field == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) acts = casework_acts(ctx->db, form->matter->id, false, NULL);
    gint64 number = g_ascii_strtoll(act, NULL, 10);
    if (acts == NULL || number < 1 || number > (gint64)acts->len) {
        return NULL;
    }
    const StoredAct *stored = acts->pdata[number - 1];
    const LawStep *step = law_step(form->procedure, stored->step);
    const LawForm *its = step == NULL || step->form == NULL
                             ? NULL
                             : law_form_at(form->book, step->form, stored->happened_us, NULL);
    const LawField *asked = its == NULL ? NULL : law_form_field(its, field);
    if (asked == NULL) {
        return NULL;
    }
    const char *text = json_get_text(stored->data, field, "");
    g_autofree char *what = g_strdup_printf("第 %" G_GINT64_FORMAT " 步“%s”的“%s”，原来写的是：%s",
                                            number,
                                            step->name,
                                            asked->label,
                                            text);
    json_put_text(started, "act", act);
    json_put_text(started, "field", field);
    json_put_text(started, "now", text);
    json_put_text(started, "what", what);
    return g_steal_pointer(&started);
}

static Response *prepare_act(Ctx *ctx, const Request *req, Matter *matter, ActForm *form) {
    g_autoptr(GError) error = NULL;
    Response *refused = matter_load(ctx, req, matter);
    if (refused != NULL) {
        return refused;
    }
    form->matter = matter;
    form->title = matter->title;
    form->book = casework_book(matter->region, &error);
    form->procedure = form->book == NULL
                          ? NULL
                          : law_procedure_at(form->book, matter->kind, matter->opened_us, &error);
    if (form->procedure == NULL) {
        return response_problem(error, NULL);
    }
    form->step = law_step(form->procedure, request_arg(req, "step"));
    if (form->step == NULL || law_step_opens(form->step)) {
        return response_not_found();
    }
    if (form->step->form != NULL) {
        form->form = law_form_at(form->book, form->step->form, ctx->now_us, &error);
    }
    return form->step->form != NULL && form->form == NULL ? response_problem(error, NULL) : NULL;
}

Response *matter_act_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    g_auto(LawRefusal) refusal = {0};
    ActForm form = {.matter = NULL};
    Response *refused = prepare_act(ctx, req, &matter, &form);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(LawCase) course = casework_replay(ctx->db, &matter, &error);
    if (course == NULL) {
        return response_problem(error, NULL);
    }
    CaseActor actor = matter_actor(ctx);
    if (!casework_may_now(ctx->db, course, &matter, &actor, form.step, &refusal, &error)) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) started = started_of(ctx, req, &form);
    if (form.step->effect == LAW_EFFECT_EXPEDITE) {
        g_autofree char *turn = desk_turn_text(course, ctx->now_us);
        started = json_object();
        json_put_text(started, "to", turn);
    }
    form.started = started;
    form.named = law_case_named(course, form.step);
    return refusal.reason_zh != NULL ? matter_refuse(ctx, req, &refusal)
                                     : act_form_show(ctx, req, &form, &(ActShown){.data = NULL});
}

/* "账号 7 在 10:05 办理了“实地核查”": what the other one did. */
static char *meanwhile(Ctx *ctx, const ActForm *form, int64_t version) {
    g_autoptr(GPtrArray) acts = casework_acts(ctx->db, form->matter->id, false, NULL);
    g_autoptr(GString) out = g_string_new("您填表的时候，");
    for (guint i = 0; acts != NULL && i < acts->len; i++) {
        const StoredAct *act = acts->pdata[i];
        const LawStep *step = law_step(form->procedure, act->step);
        if (act->seq > version) {
            g_autofree char *when = clock_format_minute(act->entered_us);
            g_autofree char *who = matter_account_text(act->actor);
            g_string_append_printf(
                out, "%s 在 %s 办理了“%s”。", who, when, step == NULL ? act->step : step->name);
        }
    }
    g_string_append(out, "您写的都还在下面；核对以后可以再提交，或者回到案件页。");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Was it this very form that was faster: the act that followed the version it has read, by the same
 * account and with the same answers? A button that is pressed twice acts once. */
static bool is_sent_twice(Ctx *ctx, const ActForm *form, const ActRead *read, int64_t version) {
    g_autoptr(GPtrArray) acts = casework_acts(ctx->db, form->matter->id, false, NULL);
    if (acts == NULL || (gint64)acts->len <= version) {
        return false;
    }
    const StoredAct *act = acts->pdata[version];
    g_autoptr(json_t) open = json_deep_copy(read->data);
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        if (form->form->fields[i].sealed) {
            json_object_del(open, form->form->fields[i].id);
        }
    }
    return act->actor == ctx->who->account_id && strcmp(act->step, form->step->id) == 0 &&
           act->happened_us == read->act.happened_us && json_equal(act->data, open);
}

static Response *answer_done(Ctx *ctx, const ActForm *form, const char *words) {
    act_form_done(ctx, form);
    g_autofree char *location =
        g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, form->matter->id);
    return response_redirect_flash(
        location, "%s%s：%s", words, form->step->name, form->matter->number);
}

/* Somebody was faster: the form again, with the new version and everything that was typed. */
static Response *answer_conflict(
    Ctx *ctx, const Request *req, const ActForm *form, const ActRead *read, int64_t version) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) now = {0};
    if (is_sent_twice(ctx, form, read, version)) {
        return answer_done(ctx, form, "这份表已经提交过，已");
    }
    if (!casework_find(ctx->db, form->matter->id, &now, &error)) {
        return response_problem(error, NULL);
    }
    ActForm again = *form;
    again.matter = &now;
    g_autofree char *text = meanwhile(ctx, &again, version);
    return act_form_show(ctx, req, &again, &(ActShown){.data = read->data, .conflict = text});
}

Response *matter_act_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    g_auto(ActRead) read = {.data = NULL};
    g_auto(LawRefusal) refusal = {0};
    ActForm form = {.matter = NULL};
    Response *refused = prepare_act(ctx, req, &matter, &form);
    if (refused != NULL) {
        return refused;
    }
    int64_t version = 0;
    const char *sent = request_form(req, "version");
    if (sent == NULL || !g_ascii_string_to_signed(sent, 10, 1, G_MAXINT64, &version, NULL)) {
        hz_fail(&error, HZ_ERROR_INVALID, "the form has no version");
        return response_problem(error, NULL);
    }
    if (!act_form_read(ctx, req, &form, &read, &error)) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) started = started_of(ctx, req, &form);
    form.started = started;
    Response *kept = act_form_draft(ctx, req, &form, &read);
    if (kept != NULL) {
        return kept;
    }
    if (json_object_size(read.problems) > 0) {
        return act_form_show(
            ctx, req, &form, &(ActShown){.data = read.data, .problems = read.problems});
    }
    CaseActor actor = matter_actor(ctx);
    if (!casework_act(ctx->db, &actor, matter.id, version, &read.act, &refusal, &error)) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                   ? answer_conflict(ctx, req, &form, &read, version)
                   : response_problem(error, NULL);
    }
    if (refusal.reason_zh != NULL) {
        return act_form_refuse(ctx, req, &form, &read, &refusal);
    }
    return answer_done(ctx, &form, "已");
}
