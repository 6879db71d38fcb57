/* The course of a matter as its page tells it: each act with its answers, people and proof. */
#include "account/account.h"
#include "base/clock.h"
#include "casework/desk.h"
#include "casework/matter_pages.h"
#include "ledger/ledger.h"
#include "registry/officer.h"

#include <string.h>

#define MARKS_MAX 1000 /* ledger entries on one matter that are looked at */
#define UNFOLDED 8     /* acts; older ones are one click away */

char *matter_officers_text(Db *db, const GArray *officers) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < officers->len; i++) {
        g_auto(Officer) officer = {0};
        if (officer_find(db, g_array_index(officers, int64_t, i), &officer, NULL)) {
            g_string_append_printf(
                out, "%s%s（%s）", out->len > 0 ? "、" : "", officer.name, officer.certificate);
        }
    }
    return g_strdup(out->str);
}

const StoredAct *matter_correction(const MatterShown *shown, int64_t seq, const char *field) {
    const StoredAct *found = NULL;
    for (guint i = 0; i < shown->acts->len; i++) {
        const StoredAct *act = shown->acts->pdata[i];
        const LawStep *step = law_step(shown->procedure, act->step);
        if (step != NULL && step->effect == LAW_EFFECT_CORRECT &&
            g_ascii_strtoll(json_get_text(act->data, "act", ""), NULL, 10) == seq &&
            g_strcmp0(json_get_text(act->data, "field", NULL), field) == 0) {
            found = act;
        }
    }
    return found;
}

static json_t *answer_model(const MatterShown *shown,
                            const LawField *field,
                            const StoredAct *act,
                            bool is_common) {
    g_autofree char *text = law_field_text_zh(field, act->data, act->happened_us);
    if (text[0] == '\0') {
        return NULL;
    }
    json_t *answer = json_object();
    const StoredAct *correction = matter_correction(shown, act->seq, field->id);
    bool may_correct = shown->correct_step != NULL && !is_common && law_field_is_clerical(field);
    g_autofree char *when = correction == NULL ? NULL : clock_format_date(correction->happened_us);
    g_autofree char *href = !may_correct
                                ? NULL
                                : g_strdup_printf("/work/matters/%" G_GINT64_FORMAT
                                                  "/acts/%s?act=%" G_GINT64_FORMAT "&field=%s",
                                                  shown->matter->id,
                                                  shown->correct_step,
                                                  act->seq,
                                                  field->id);
    g_autofree char *trace = law_field_trace_zh(shown->book, field, act->data, act->happened_us);
    json_put_text(answer, "label", field->label);
    json_put_text(answer, "trace", trace);
    json_put_text(
        answer, "text", correction == NULL ? text : json_get_text(correction->data, "now", text));
    json_put_text(answer, "was", correction == NULL ? NULL : text);
    json_put_text(answer, "corrected_on", when);
    json_put_text(answer,
                  "corrected_why",
                  correction == NULL ? NULL : json_get_text(correction->data, "reason", ""));
    json_put_text(answer, "correct_href", href);
    json_put(answer,
             "shots",
             field->type == LAW_FIELD_CHECKLIST ? matter_item_photos(shown, field, act)
                                                : json_array());
    return answer;
}

/* "更正的是：第 1 步的“存在的隐患”", instead of number and id. */
static void put_corrected(json_t *answers, const MatterShown *shown, const StoredAct *act) {
    gint64 seq = g_ascii_strtoll(json_get_text(act->data, "act", ""), NULL, 10);
    const StoredAct *wrong =
        seq < 1 || seq > (gint64)shown->acts->len ? NULL : shown->acts->pdata[seq - 1];
    const LawStep *step = wrong == NULL ? NULL : law_step(shown->procedure, wrong->step);
    const LawForm *form = step == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(shown->book, step->form, wrong->happened_us, NULL);
    const LawField *field =
        form == NULL ? NULL : law_form_field(form, json_get_text(act->data, "field", NULL));
    g_autofree char *text = g_strdup_printf("第 %" G_GINT64_FORMAT " 步“%s”的“%s”",
                                            seq,
                                            step == NULL ? "" : step->name,
                                            field == NULL ? "" : field->label);
    json_t *answer = json_object();
    json_put_text(answer, "label", "更正的是");
    json_put_text(answer, "text", text);
    json_put_text(answer, "was", NULL);
    json_put_text(answer, "trace", NULL);
    json_put_text(answer, "correct_href", NULL);
    json_put(answer, "shots", json_array());
    json_array_append_new(answers, answer);
}

static void
put_answers(json_t *model, const MatterShown *shown, const LawForm *form, const StoredAct *act) {
    json_t *answers = json_array();
    bool has_sealed = false;
    const LawStep *step = law_step(shown->procedure, act->step);
    bool is_common = step != NULL && step->is_common;
    if (step != NULL && step->effect == LAW_EFFECT_CORRECT) {
        put_corrected(answers, shown, act);
    }
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        json_t *answer = answer_model(shown, &form->fields[i], act, is_common);
        bool is_place = step != NULL && step->effect == LAW_EFFECT_CORRECT &&
                        form->fields[i].type != LAW_FIELD_LONG &&
                        strcmp(form->fields[i].id, "reason") != 0;
        has_sealed |= form->fields[i].sealed;
        if (is_place) {
            json_decref(answer); /* said above in words */
        } else if (answer != NULL) {
            json_array_append_new(answers, answer);
        }
    }
    json_put(model, "answers", answers);
    json_put_bool(model, "has_sealed", has_sealed);
}

/* What is read once for all acts. */
typedef struct Timeline {
    const MatterShown *shown;
    GHashTable *names; /* account -> name */
    GArray *marks;     /* of LedgerMark, all of the matter */
} Timeline;

static const char *name_of(Db *db, GHashTable *names, int64_t account_id) {
    char *name = g_hash_table_lookup(names, &account_id);
    if (name == NULL) {
        int64_t *key = g_memdup2(&account_id, sizeof account_id);
        name = matter_account_name(db, account_id);
        g_hash_table_insert(names, key, name);
    }
    return name;
}

/* Each act has left one entry of its type, in order; -1: it is not among those that were read. */
static int64_t leaf_of(const GArray *marks, int64_t seq) {
    int64_t number = 0;
    for (guint i = 0; i < marks->len; i++) {
        const LedgerMark *mark = &g_array_index(marks, LedgerMark, i);
        number += strcmp(mark->type, "matter.act") == 0;
        if (number == seq) {
            return mark->index;
        }
    }
    return -1;
}

static json_t *act_model(Ctx *ctx, const Timeline *page, const StoredAct *act) {
    const MatterShown *shown = page->shown;
    json_t *model = json_object();
    const LawStep *step = law_step(shown->procedure, act->step);
    const LawState *state = law_state(shown->procedure, act->state_to);
    const LawForm *form = step == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(shown->book, step->form, act->happened_us, NULL);
    g_autofree char *happened = clock_format_minute(act->happened_us);
    g_autofree char *entered = clock_format_minute(act->entered_us);
    g_autofree char *officers = matter_officers_text(ctx->db, act->officers);
    bool moves = step != NULL && step->target_count > 0;
    json_put_int(model, "seq", act->seq);
    json_put_text(model, "name", step == NULL ? act->step : step->name);
    json_put_text(model, "state_zh", !moves ? NULL : state == NULL ? act->state_to : state->name);
    json_put_text(model, "happened", happened);
    json_put_text(model, "entered", strcmp(happened, entered) == 0 ? NULL : entered);
    json_put_text(model, "officers", officers[0] == '\0' ? NULL : officers);
    json_put_text(model, "actor", name_of(ctx->db, page->names, act->actor));
    json_put(model, "proof", ledger_badge_at(leaf_of(page->marks, act->seq)));
    put_answers(model, shown, form, act);
    return model;
}

/* Who looked at sealed fields is told as often as it happened; names stand in the ledger's bodies.
 */
static void put_trail(json_t *model, const GArray *marks) {
    int64_t looks = 0;
    for (guint i = 0; i < marks->len; i++) {
        looks += strcmp(g_array_index(marks, LedgerMark, i).type, "matter.look") == 0;
    }
    int64_t last = marks->len == 0 ? -1 : g_array_index(marks, LedgerMark, marks->len - 1).index;
    json_put_int(model, "mark_count", marks->len);
    json_put_int(model, "look_count", looks);
    json_put(model, "proof", ledger_badge_at(last));
}

/* The next act as a dashed line on top. */
static void put_next(Ctx *ctx, const LawCase *course, const Matter *matter, json_t *model) {
    const LawStep *step = desk_next_anybody(course, ctx->now_us);
    if (step == NULL) {
        json_put_text(model, "next_step", NULL);
        return;
    }
    json_t *next = json_object();
    g_autofree char *roles = role_set_zh(step->roles);
    g_autofree char *who =
        step->officers > 0 ? g_strdup_printf("由%s办理，要有 %d 名执法人员", roles, step->officers)
                           : g_strdup_printf("由%s办理", roles);
    g_autofree char *day = matter->due_us == 0 ? NULL : matter_due_text(matter->due_us);
    json_put_text(next, "name", step->name);
    json_put_text(next, "who", who);
    json_put_text(next, "day", day);
    json_put(model, "next_step", next);
}

bool matter_put_timeline(Ctx *ctx,
                         const MatterShown *shown,
                         const LawCase *course,
                         json_t *model,
                         bool *ret_has_sealed,
                         GError **error) {
    g_autofree char *object = g_strdup_printf("matter:%" G_GINT64_FORMAT, shown->matter->id);
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autoptr(GArray) marks = ledger_marks(ctx->db, object, MARKS_MAX, error);
    if (marks == NULL) {
        return false;
    }
    Timeline page = {shown, names, marks};
    json_t *acts = json_array();
    json_t *older = json_array();
    for (guint i = shown->acts->len; i > 0; i--) {
        json_t *line = act_model(ctx, &page, shown->acts->pdata[i - 1]);
        *ret_has_sealed |= json_get_bool(line, "has_sealed", false);
        json_array_append_new(json_array_size(acts) < UNFOLDED ? acts : older, line);
    }
    json_put_int(model, "act_count", shown->acts->len);
    json_put_int(model, "older_count", (int64_t)json_array_size(older));
    json_put(model, "acts", acts);
    json_put(model, "older", older);
    put_trail(model, marks);
    put_next(ctx, course, shown->matter, model);
    return true;
}
