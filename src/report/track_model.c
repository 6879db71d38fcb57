#include "report/track_model.h"

#include "base/clock.h"
#include "base/error.h"
#include "casework/case_upload.h"
#include "casework/desk.h"
#include "report/report_rules.h"

#include <string.h>

typedef struct Followed {
    Matter matter;
    ReportLaw law;
    GPtrArray *acts;  /* of StoredAct * */
    GPtrArray *files; /* of CaseFile * */
    LawCase *course;
} Followed;

static void followed_clear(Followed *one) {
    matter_clear(&one->matter);
    g_clear_pointer(&one->acts, g_ptr_array_unref);
    g_clear_pointer(&one->files, g_ptr_array_unref);
    g_clear_pointer(&one->course, law_case_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Followed, followed_clear)

static bool load(Ctx *ctx, int64_t matter_id, Followed *one, GError **error) {
    if (!casework_find(ctx->db, matter_id, &one->matter, error) ||
        !report_law(ctx->db, one->matter.region, one->matter.opened_us, &one->law, error)) {
        return false;
    }
    one->acts = casework_acts(ctx->db, matter_id, false, error);
    one->files = one->acts == NULL ? NULL : casework_files(ctx->db, matter_id, error);
    one->course = one->files == NULL ? NULL : casework_replay(ctx->db, &one->matter, error);
    return one->course != NULL;
}

static bool is_public(const StoredAct *act) {
    return act->actor == 0;
}

bool track_is_theirs(
    Db *db, int64_t matter_id, const CaseFile *file, bool *ret_is_theirs, GError **error) {
    g_autoptr(GPtrArray) acts = casework_acts(db, matter_id, false, error);
    if (acts == NULL) {
        return false;
    }
    *ret_is_theirs =
        file->seq >= 1 && file->seq <= (int64_t)acts->len && is_public(acts->pdata[file->seq - 1]);
    return true;
}

/* --- what happened ------------------------------------------------------------------------------
 */

/* The text that the reporter is told, as it was put right last; "". */
static const char *told_text(const Followed *one, const StoredAct *act) {
    const char *told = json_get_text(act->data, REPORT_TOLD, "");
    for (guint i = 0; told[0] != '\0' && i < one->acts->len; i++) {
        const StoredAct *later = one->acts->pdata[i];
        const LawStep *step = law_step(one->law.procedure, later->step);
        bool corrects =
            step != NULL && step->effect == LAW_EFFECT_CORRECT &&
            g_ascii_strtoll(json_get_text(later->data, "act", ""), NULL, 10) == act->seq &&
            strcmp(json_get_text(later->data, "field", ""), REPORT_TOLD) == 0;
        told = corrects ? json_get_text(later->data, "now", told) : told;
    }
    return told;
}

static json_t *photos_of(const Followed *one, const StoredAct *act) {
    json_t *list = json_array();
    for (guint i = 0; i < one->files->len; i++) {
        const CaseFile *file = one->files->pdata[i];
        if (file->seq == act->seq) {
            bool has_copy = file_kind_info(file->kind)->is_strippable;
            g_autofree char *href =
                has_copy ? g_strdup_printf("/track/files/%s", file->sha256) : NULL;
            g_autofree char *size = case_size_text(file->size);
            json_t *line = json_object();
            json_put_text(line, "href", href);
            json_put_text(line, "file_name", file->name);
            json_put_text(line, "size", size);
            json_array_append_new(list, line);
        }
    }
    return list;
}

/* NULL: it does not concern the reporter. */
static json_t *event_of(const Followed *one, const StoredAct *act) {
    const LawStep *step = law_step(one->law.procedure, act->step);
    const LawState *state = law_state(one->law.procedure, act->state_to);
    if (step == NULL || (step->target_count == 0 && !is_public(act))) {
        return NULL;
    }
    g_autofree char *time = clock_format_minute(act->happened_us);
    const char *told = told_text(one, act);
    const char *said = !is_public(act) ? ""
                       : json_get_text(act->data, REPORT_WORDS, "")[0] != '\0'
                           ? json_get_text(act->data, REPORT_WORDS, "")
                           : json_get_text(act->data, REPORT_DESCRIPTION, "");
    json_t *event = json_object();
    json_put_text(event, "name", is_public(act) && law_step_opens(step) ? "您的举报" : step->name);
    json_put_text(event,
                  "state",
                  state == NULL || step->target_count == 0 || is_public(act) ? NULL : state->name);
    json_put_text(event, "time", time);
    json_put_text(event, "told", told[0] == '\0' ? NULL : told);
    json_put_text(event, "said", said[0] == '\0' ? NULL : said);
    json_put(event, "sent_photos", is_public(act) ? photos_of(one, act) : json_array());
    return event;
}

static void put_events(const Followed *one, json_t *model) {
    json_t *events = json_array();
    for (guint i = one->acts->len; i > 0; i--) {
        json_t *event = event_of(one, one->acts->pdata[i - 1]);
        if (event != NULL) {
            json_array_append_new(events, event);
        }
    }
    json_put(model, "events", events);
}

/* --- what comes next ----------------------------------------------------------------------------
 */

static void put_state(Ctx *ctx, const Followed *one, json_t *model) {
    const Matter *matter = &one->matter;
    const LawState *state = law_state(one->law.procedure, matter->state);
    const LawStep *next = desk_next_anybody(one->course, ctx->now_us);
    g_autofree char *due =
        matter->due_us == 0 ? NULL : report_due_text(matter->due_us, matter->due_unit, ctx->now_us);
    json_put_text(model, "number", matter->number);
    json_put_text(model, "title", matter->title);
    json_put_text(model, "state", state == NULL ? matter->state : state->name);
    json_put_bool(model, "is_closed", matter->is_closed);
    json_put_text(model, "next", next == NULL || matter->is_closed ? NULL : next->name);
    json_put_text(model, "due", due);
    json_put_bool(model, "is_over", matter->due_us != 0 && matter->due_us < ctx->now_us);
}

static bool put_form(Ctx *ctx,
                     const Followed *one,
                     const Guest *guest,
                     const FormProblems *problems,
                     json_t *model,
                     GError **error) {
    g_auto(LawRefusal) refusal = {0};
    CaseActor actor = report_actor(guest, one->matter.region, ctx->now_us);
    json_put(model, "form", json_null());
    if (one->law.adds == NULL) {
        return true;
    }
    casework_may(one->course, &one->matter, &actor, one->law.adds, &refusal);
    if (refusal.reason_zh != NULL) {
        return true;
    }
    json_t *form = json_object();
    json_put(model, "form", form);
    json_put_int(form, "version", one->matter.version);
    form_field(form, "words", report_said(guest, "words"), problems);
    return report_files_put(ctx, one->law.add_form, guest, problems, form, error);
}

Response *track_show(Ctx *ctx, const Guest *guest, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_auto(Followed) one = {0};
    g_autoptr(json_t) wrong = problems;
    g_autoptr(json_t) model = json_object();
    if (!load(ctx, guest->matter_id, &one, &error)) {
        return response_problem(error, NULL);
    }
    put_state(ctx, &one, model);
    put_events(&one, model);
    if (!put_form(ctx, &one, guest, wrong, model, &error)) {
        return response_problem(error, NULL);
    }
    if (wrong != NULL) {
        return response_form_again(
            "report/tracked", g_steal_pointer(&model), g_steal_pointer(&wrong));
    }
    json_put(model, "problems", json_null());
    Response *response = response_page("report/tracked", g_steal_pointer(&model));
    response_private(response);
    return response;
}
