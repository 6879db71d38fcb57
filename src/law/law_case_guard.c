/* May an act be taken now? Order, people, dates, what must have gone before. Each refusal names its
 * rule and its article. */
#include "account/account.h"
#include "base/clock.h"
#include "law/law_case_internal.h"

#include <string.h>

void law_refuse(LawRefusal *refusal, const char *rule, const char *basis_zh, char *reason_zh) {
    law_refusal_clear(refusal);
    *refusal = (LawRefusal){.rule = rule, .basis_zh = basis_zh, .reason_zh = reason_zh};
}

/* --- people -------------------------------------------------------------------------------------
 */

static bool holds(const GArray *people, int64_t person) {
    for (guint i = 0; i < people->len; i++) {
        if (g_array_index(people, int64_t, i) == person) {
            return true;
        }
    }
    return false;
}

/* Nobody reviews or approves what they did themselves. */
static const LawStep *own_work(const LawCase *matter, const LawStep *step, int64_t person) {
    for (guint i = 0; person != 0 && i < matter->taken->len; i++) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i);
        if (g_strv_contains(step->not_by, taken->step->id) &&
            (taken->actor == person || holds(taken->officers, person))) {
            return taken->step;
        }
    }
    return NULL;
}

/* Those of the latest of these acts that had any. */
static const GArray *latest_officers(const LawCase *matter, const char *const *acts) {
    for (guint i = matter->taken->len; i > 0; i--) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i - 1);
        if (taken->officers->len > 0 && g_strv_contains(acts, taken->step->id)) {
            return taken->officers;
        }
    }
    return NULL;
}

const GArray *law_case_named(const LawCase *matter, const LawStep *step) {
    return latest_officers(matter, step->only_by);
}

const GArray *law_case_handlers(const LawCase *matter) {
    return latest_officers(matter, matter->procedure->handled_by);
}

const GArray *law_case_last_officers(const LawCase *matter) {
    for (guint i = matter->taken->len; i > 0; i--) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i - 1);
        if (taken->officers->len > 0) {
            return taken->officers;
        }
    }
    return NULL;
}

static void add_officers(GArray *all, const GArray *some) {
    for (guint i = 0; some != NULL && i < some->len; i++) {
        if (!holds(all, g_array_index(some, int64_t, i))) {
            g_array_append_val(all, g_array_index(some, int64_t, i));
        }
    }
}

GArray *law_case_all_named(const LawCase *matter) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int64_t));
    add_officers(all, law_case_handlers(matter));
    for (unsigned i = 0; i < matter->procedure->step_count; i++) {
        add_officers(all, law_case_named(matter, &matter->procedure->steps[i]));
    }
    return all;
}

bool law_case_names(const LawCase *matter, int64_t officer) {
    g_autoptr(GArray) all = law_case_all_named(matter);
    return holds(all, officer);
}

bool law_case_leads_to(const LawCase *matter, const char *kind) {
    return matter->state != NULL && g_strv_contains(matter->state->leads_to, kind);
}

LawExpedited law_case_expedited(const LawCase *matter) {
    LawExpedited found = {0};
    for (guint i = matter->taken->len; i > 0; i--) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i - 1);
        bool is_public = taken->step->roles == ROLE_PUBLIC_BIT; /* words of theirs move nothing */
        if (!taken->step->is_common && !is_public) {
            break;
        }
        if (taken->step->effect == LAW_EFFECT_EXPEDITE) {
            found.time_us = found.count == 0 ? taken->time_us : found.time_us;
            found.actor = found.count == 0 ? taken->actor : found.actor;
            found.count++;
        }
    }
    return found;
}

/* Those who were named, and no others; 0 is nobody in particular. */
static bool is_for_others(const LawCase *matter, const LawStep *step, const LawDone *done) {
    const GArray *named = law_case_named(matter, step);
    bool is_wrong = named != NULL && done->actor != 0 && !holds(named, done->actor);
    for (size_t i = 0; named != NULL && i < done->officer_count; i++) {
        is_wrong |= !holds(named, done->officers[i]);
    }
    return is_wrong;
}

static bool has_twins(const LawDone *done) {
    for (size_t i = 0; i < done->officer_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (done->officers[i] == done->officers[k]) {
                return true;
            }
        }
    }
    return false;
}

static void check_people(const LawCase *matter,
                         const LawStep *step,
                         const LawDone *done,
                         const char *basis,
                         LawRefusal *refusal) {
    const LawStep *own = own_work(matter, step, done->actor);
    bool is_recused = holds(matter->recused, done->actor);
    for (size_t i = 0; i < done->officer_count; i++) {
        own = own != NULL ? own : own_work(matter, step, done->officers[i]);
        is_recused |= holds(matter->recused, done->officers[i]);
    }
    if (own != NULL) {
        law_refuse(refusal,
                   "own-work",
                   basis,
                   g_strdup_printf("办理过“%s”的人不能%s", own->name, step->name));
    } else if (is_recused) {
        law_refuse(refusal,
                   "recusal",
                   "行政处罚法第43条",
                   g_strdup_printf("已经回避本案的人不能%s", step->name));
    } else if (is_for_others(matter, step, done)) {
        law_refuse(refusal,
                   "named",
                   basis,
                   g_strdup_printf("本案指定了检查人员，只有他们能%s", step->name));
    } else if (done->officer_count < (size_t)step->officers || has_twins(done)) {
        law_refuse(refusal,
                   "officers",
                   basis,
                   g_strdup_printf("%s要有 %d 名不同的执法人员", step->name, step->officers));
    }
}

/* --- what goes before ---------------------------------------------------------------------------
 */

static bool was_taken(const LawCase *matter, const char *act) {
    for (guint i = 0; i < matter->taken->len; i++) {
        if (strcmp(g_array_index(matter->taken, LawTaken, i).step->id, act) == 0) {
            return true;
        }
    }
    return false;
}

/* A need that depends on the form is looked at when the form is there. */
static void check_needs(const LawCase *matter,
                        const LawStep *step,
                        const LawDone *done,
                        const char *basis,
                        LawRefusal *refusal) {
    for (unsigned i = 0; i < step->need_count; i++) {
        const LawNeed *need = &step->needs[i];
        if (law_when_holds(need->when_field, need->when_values, done->data) &&
            !was_taken(matter, need->act)) {
            law_refuse(refusal,
                       need->rule,
                       need->basis_zh != NULL ? need->basis_zh : basis,
                       g_strdup(need->why));
            return;
        }
    }
}

static char *last_day_text(const LawClock *clock) {
    return clock->span.unit == LAW_HOURS ? clock_format_minute(clock->due.due_us)
                                         : clock_format_date(clock->due.due_us - 1);
}

static void check_clocks(const LawCase *matter,
                         const LawStep *step,
                         const LawDone *done,
                         const char *basis,
                         LawRefusal *refusal) {
    for (size_t i = 0; step->not_before[i] != NULL; i++) {
        const LawClock *clock = law_case_clock(matter, step->not_before[i]);
        if (clock != NULL && (!clock->due.is_known || done->time_us < clock->due.due_us)) {
            g_autofree char *day = clock->due.is_known ? last_day_text(clock) : NULL;
            law_refuse(
                refusal,
                "not-before",
                clock->basis_zh != NULL ? clock->basis_zh : basis,
                day == NULL
                    ? g_strdup_printf("“%s”的放假安排未公布，不能推算", clock->name)
                    : g_strdup_printf("“%s”到 %s 才满，不能提前%s", clock->name, day, step->name));
            return;
        }
    }
    for (unsigned i = 0; i < step->extension_count; i++) {
        const LawClock *clock = law_case_clock(matter, step->extensions[i].clock);
        bool has_ended =
            clock == NULL || (clock->state == LAW_CLOCK_RUNNING && clock->due.is_known &&
                              done->time_us >= clock->due.due_us);
        if (has_ended || clock->is_extended) {
            law_refuse(refusal,
                       "extension",
                       basis,
                       g_strdup_printf(has_ended ? "期限没有在走或者已经届满，不能%s"
                                                 : "已经延长过一次，不能再%s",
                                       step->name));
            return;
        }
    }
}

/* --- a clerical error ---------------------------------------------------------------------------
 */

static const LawField *
corrected_field(const LawCase *matter, const json_t *data, const LawTaken **ret_taken) {
    const char *number = json_get_text(data, "act", "");
    const char *field = json_get_text(data, "field", "");
    gint64 act = g_ascii_strtoll(number, NULL, 10);
    if (act < 1 || act > (gint64)matter->taken->len) {
        return NULL;
    }
    const LawTaken *taken = &g_array_index(matter->taken, LawTaken, (guint)act - 1);
    const LawForm *form = taken->step->form == NULL || taken->step->is_common
                              ? NULL
                              : law_form_at(matter->book, taken->step->form, taken->time_us, NULL);
    *ret_taken = taken;
    return form == NULL ? NULL : law_form_field(form, field);
}

/* Only words can be put right. What decides the state, a date or an amount is changed by an act of
 * its own, because deadlines and rights hang on it. */
static void check_correction(const LawCase *matter,
                             const LawStep *step,
                             const LawDone *done,
                             const char *basis,
                             LawRefusal *refusal) {
    if (step->effect != LAW_EFFECT_CORRECT || done->data == NULL) {
        return;
    }
    const LawTaken *taken = NULL;
    const LawField *field = corrected_field(matter, done->data, &taken);
    const char *now = json_get_text(done->data, "now", "");
    if (field == NULL) {
        law_refuse(refusal, "clerical", basis, g_strdup("没有要更正的这一项"));
    } else if (!law_field_is_clerical(field)) {
        law_refuse(refusal,
                   "clerical",
                   basis,
                   g_strdup_printf("“%s”影响处理结果、期限或者权利，不是笔误，不能这样更正",
                                   field->label));
    } else if (g_utf8_strlen(now, -1) > field->max) {
        law_refuse(refusal,
                   "clerical",
                   basis,
                   g_strdup_printf("“%s”最多 %" G_GINT64_FORMAT " 个字", field->label, field->max));
    }
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static void check_order(const LawCase *matter,
                        const LawStep *step,
                        const LawDone *done,
                        const char *basis,
                        LawRefusal *refusal) {
    const LawTaken *last =
        NULL; /* who expedites must not keep others from saying when they acted */
    for (guint i = matter->taken->len; last == NULL && i > 0; i--) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i - 1);
        last = taken->step->effect == LAW_EFFECT_EXPEDITE ? NULL : taken;
    }
    if (!law_step_leaves(step, matter->state)) {
        law_refuse(refusal,
                   "state",
                   NULL,
                   matter->state == NULL
                       ? g_strdup_printf("还没有立案，不能%s", step->name)
                       : g_strdup_printf("现在是“%s”，不能%s", matter->state->name, step->name));
    } else if (last != NULL && done->time_us < last->time_us) {
        law_refuse(
            refusal, "date", basis, g_strdup_printf("发生时间早于上一步“%s”", last->step->name));
    }
}

/* Has a working day begun since? In a year that the calendar lacks every day is one. */
static bool is_later_working_day(int64_t before_us, int64_t now_us) {
    const LawCalendar *calendar = law_calendar(NULL);
    LawDay last = law_day_of(now_us);
    for (LawDay day = law_day_of(before_us) + 1; day <= last; day++) {
        LawDayKind kind = calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, day, NULL);
        if (kind != LAW_DAY_WEEKEND && kind != LAW_DAY_HOLIDAY) {
            return true;
        }
    }
    return false;
}

/* The same person, on the same working day. */
static void check_once(const LawCase *matter,
                       const LawStep *step,
                       const LawDone *done,
                       const char *basis,
                       LawRefusal *refusal) {
    for (guint i = matter->taken->len; step->is_once_a_day && i > 0; i--) {
        const LawTaken *taken = &g_array_index(matter->taken, LawTaken, i - 1);
        if (taken->actor != done->actor || strcmp(taken->step->id, step->id) != 0) {
            continue;
        }
        if (!is_later_working_day(taken->time_us, done->time_us)) {
            law_refuse(refusal,
                       "once",
                       basis,
                       g_strdup_printf(
                           "您在这个工作日已经%s过，下一个工作日才能再%s", step->name, step->name));
        }
        return;
    }
}

static void check_window(const LawCase *matter,
                         const LawStep *step,
                         const LawDone *done,
                         const char *basis,
                         LawRefusal *refusal) {
    (void)matter;
    (void)basis; /* the window has its own */
    law_window_check(step, done, refusal);
}

void law_case_may(const LawCase *matter, const LawDone *done, LawRefusal *ret_refusal) {
    typedef void (*Check)(
        const LawCase *, const LawStep *, const LawDone *, const char *, LawRefusal *);
    static const Check checks[] = {check_order,
                                   check_people,
                                   check_needs,
                                   check_clocks,
                                   check_once,
                                   check_window,
                                   check_correction};
    const LawStep *step = law_step(matter->procedure, done->step);
    *ret_refusal = (LawRefusal){.rule = NULL};
    if (step == NULL) {
        law_refuse(ret_refusal,
                   "order",
                   NULL,
                   g_strdup_printf("%s没有“%s”这一步", matter->procedure->entry.name, done->step));
        return;
    }
    const char *basis = step->basis_zh != NULL ? step->basis_zh : matter->procedure->entry.basis_zh;
    for (size_t i = 0; i < G_N_ELEMENTS(checks) && ret_refusal->reason_zh == NULL; i++) {
        checks[i](matter, step, done, basis, ret_refusal);
    }
}
