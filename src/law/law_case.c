#include "law/law_case.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_case_internal.h"

#include <string.h>

static void clock_clear(void *data) {
    LawClock *clock = data;
    law_due_clear(&clock->due);
    g_clear_pointer(&clock->pauses, g_array_unref);
}

static void taken_clear(void *data) {
    g_array_unref(((LawTaken *)data)->officers);
}

LawCase *
law_case_new(const LawBook *book, const char *procedure, int64_t opened_us, GError **error) {
    const LawProcedure *found = law_procedure_at(book, procedure, opened_us, error);
    if (found == NULL) {
        return NULL;
    }
    LawCase *matter = g_new0(LawCase, 1);
    matter->book = book;
    matter->procedure = found;
    matter->clocks = g_array_new(FALSE, TRUE, sizeof(LawClock));
    matter->taken = g_array_new(FALSE, TRUE, sizeof(LawTaken));
    matter->recused = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_set_clear_func(matter->clocks, clock_clear);
    g_array_set_clear_func(matter->taken, taken_clear);
    return matter;
}

void law_case_free(LawCase *matter) {
    if (matter != NULL) {
        g_array_unref(matter->clocks);
        g_array_unref(matter->taken);
        g_array_unref(matter->recused);
        g_free(matter);
    }
}

void law_refusal_clear(LawRefusal *refusal) {
    g_clear_pointer(&refusal->reason_zh, g_free);
    g_clear_pointer(&refusal->problems, json_decref);
    g_clear_pointer(&refusal->href, g_free);
}

const LawProcedure *law_case_procedure(const LawCase *matter) {
    return matter->procedure;
}

const LawState *law_case_state(const LawCase *matter) {
    return matter->state;
}

unsigned law_case_acts(const LawCase *matter) {
    return matter->taken->len;
}

const GArray *law_case_clocks(const LawCase *matter) {
    return matter->clocks;
}

const LawClock *law_case_next_due(const LawCase *matter) {
    const LawClock *first = NULL;
    for (guint i = 0; i < matter->clocks->len; i++) {
        const LawClock *clock = &g_array_index(matter->clocks, LawClock, i);
        if (clock->state == LAW_CLOCK_RUNNING && clock->due.is_known &&
            (first == NULL || clock->due.due_us < first->due.due_us)) {
            first = clock;
        }
    }
    return first;
}

/* --- clocks -------------------------------------------------------------------------------------
 */

LawClock *law_case_clock(const LawCase *matter, const char *id) {
    for (guint i = matter->clocks->len; i > 0; i--) {
        LawClock *clock = &g_array_index(matter->clocks, LawClock, i - 1);
        if (strcmp(clock->id, id) == 0 &&
            (clock->state == LAW_CLOCK_RUNNING || clock->state == LAW_CLOCK_PAUSED)) {
            return clock;
        }
    }
    return NULL;
}

static bool recount(LawClock *clock, GError **error) {
    const LawCalendar *calendar = law_calendar(error);
    if (calendar == NULL) {
        return false;
    }
    clock->span.pauses = (const LawPause *)(void *)clock->pauses->data;
    clock->span.pause_count = clock->pauses->len;
    law_due_clear(&clock->due);
    law_count_span(calendar, &clock->span, &clock->due);
    return true;
}

static bool end_pause(LawClock *clock, int64_t time_us, GError **error) {
    if (clock->state != LAW_CLOCK_PAUSED) {
        return true;
    }
    g_array_index(clock->pauses, LawPause, clock->pauses->len - 1).to_us = time_us;
    clock->state = LAW_CLOCK_RUNNING;
    return recount(clock, error);
}

static bool meet(LawClock *clock, int64_t time_us, GError **error) {
    if (!end_pause(clock, time_us, error)) {
        return false;
    }
    bool is_late = clock->due.is_known && time_us >= clock->due.due_us;
    clock->state = is_late ? LAW_CLOCK_LATE : LAW_CLOCK_MET;
    clock->stopped_us = time_us;
    return true;
}

/* A clock that has run out cannot be stopped any more. */
static void hold(LawClock *clock, int64_t time_us) {
    if (clock->state == LAW_CLOCK_RUNNING &&
        (!clock->due.is_known || time_us < clock->due.due_us)) {
        LawPause pause = {time_us, INT64_MAX};
        g_array_append_val(clock->pauses, pause);
        clock->span.pauses = (const LawPause *)(void *)clock->pauses->data;
        clock->state = LAW_CLOCK_PAUSED;
    }
}

static bool change_clocks(LawCase *matter, const LawStep *step, int64_t time_us, GError **error) {
    bool good = true;
    for (size_t i = 0; good && step->resumes[i] != NULL; i++) {
        LawClock *clock = law_case_clock(matter, step->resumes[i]);
        good = clock == NULL || end_pause(clock, time_us, error);
    }
    for (size_t i = 0; good && step->meets[i] != NULL; i++) {
        LawClock *clock = law_case_clock(matter, step->meets[i]);
        good = clock == NULL || meet(clock, time_us, error);
    }
    for (size_t i = 0; good && step->pauses[i] != NULL; i++) {
        LawClock *clock = law_case_clock(matter, step->pauses[i]);
        if (clock != NULL) {
            hold(clock, time_us);
        }
    }
    for (unsigned i = 0; good && i < step->extension_count; i++) {
        LawClock *clock = law_case_clock(matter, step->extensions[i].clock);
        if (clock != NULL) {
            clock->span.amount += step->extensions[i].amount;
            clock->is_extended = true;
            good = recount(clock, error);
        }
    }
    return good;
}

static const char *said(const json_t *data, const char *field) {
    return json_get_text(data, field, NULL);
}

/* A clock that ends on the day that the form names. */
static void run_until(LawClock *clock, int64_t time_us, int64_t day_us) {
    clock->span = (LawSpan){.from_us = time_us,
                            .unit = LAW_CALENDAR_DAYS,
                            .amount = law_day_of(day_us) - law_day_of(time_us)};
}

/* Fills the clock from a term and what the form says. */
static bool run_term(const LawCase *matter,
                     const LawStart *start,
                     const json_t *data,
                     int64_t from_us,
                     LawClock *clock,
                     GError **error) {
    LawSaid facts[G_N_ELEMENTS(start->facts)];
    for (unsigned i = 0; i < start->fact_count; i++) {
        const char *value = said(data, start->facts[i].field);
        facts[i] = (LawSaid){start->facts[i].fact, value == NULL ? "" : value};
    }
    const LawTerm *term = law_term_at(matter->book, start->term, from_us, error);
    const LawTermRow *row =
        term == NULL ? NULL : law_term_row(term, facts, start->fact_count, error);
    if (row == NULL) {
        return false;
    }
    clock->name = term->entry.name;
    clock->basis_zh = term->entry.basis_zh;
    clock->span = (LawSpan){
        .from_us = from_us, .unit = row->unit, .amount = row->amount, .rolls = term->rolls};
    return true;
}

static bool
start_clock(LawCase *matter, const LawDone *done, const LawStart *start, GError **error) {
    if (!law_when_holds(start->when_field, start->when_values, done->data)) {
        return true;
    }
    const char *day = start->from_field == NULL ? NULL : said(done->data, start->from_field);
    int64_t from_us = done->time_us;
    if (start->from_field != NULL && (day == NULL || !clock_parse(day, &from_us))) {
        return true; /* the form did not ask for the date */
    }
    LawClock clock = {.id = start->id,
                      .name = start->name,
                      .started_by = matter->taken->len,
                      .pauses = g_array_new(FALSE, FALSE, sizeof(LawPause))};
    if (start->term == NULL) {
        run_until(&clock, done->time_us, from_us);
    }
    if ((start->term != NULL && !run_term(matter, start, done->data, from_us, &clock, error)) ||
        !recount(&clock, error)) {
        clock_clear(&clock);
        return false;
    }
    LawClock *former = law_case_clock(matter, start->id);
    if (former != NULL) {
        former->state = LAW_CLOCK_REPLACED;
        former->stopped_us = done->time_us;
    }
    g_array_append_val(matter->clocks, clock);
    return true;
}

/* --- taking an act in ---------------------------------------------------------------------------
 */

static const LawState *target_of(const LawCase *matter, const LawStep *step, const json_t *data) {
    for (unsigned i = 0; i < step->target_count; i++) {
        const LawTarget *target = &step->targets[i];
        if (law_when_holds(target->field, target->values, data)) {
            return target->state;
        }
    }
    g_assert(step->target_count == 0); /* the last target has no condition */
    return matter->state;
}

static bool check_form(const LawCase *matter,
                       const LawStep *step,
                       const LawDone *done,
                       LawRefusal *refusal,
                       GError **error) {
    if (step->form == NULL) {
        return true;
    }
    const LawForm *form = law_form_at(matter->book, step->form, done->time_us, error);
    if (form == NULL) {
        return false;
    }
    json_t *problems = law_form_problems(form, done->data, done->time_us);
    if (!done->is_stored) {
        law_form_check_tables(matter->book, form, done->data, done->time_us, problems);
    }
    if (json_object_size(problems) == 0) {
        json_decref(problems);
        return true;
    }
    law_refuse(refusal, "form", NULL, g_strdup_printf("“%s”还没有填好", form->entry.name));
    refusal->problems = problems;
    return true;
}

/* A half-finished change is undone: an error may come after some clocks have moved. */
static LawCase *copy_case(const LawCase *matter) {
    LawCase *copy = g_memdup2(matter, sizeof *matter);
    copy->clocks = g_array_copy(matter->clocks);
    for (guint i = 0; i < copy->clocks->len; i++) {
        LawClock *clock = &g_array_index(copy->clocks, LawClock, i);
        clock->pauses = g_array_copy(clock->pauses);
        clock->span.pauses = (const LawPause *)(void *)clock->pauses->data;
        clock->due.counted = g_array_copy(clock->due.counted);
        clock->due.trace =
            g_ptr_array_copy(clock->due.trace, (GCopyFunc)(void (*)(void))g_strdup, NULL);
    }
    copy->taken = g_array_copy(matter->taken);
    for (guint i = 0; i < copy->taken->len; i++) {
        g_array_ref(g_array_index(copy->taken, LawTaken, i).officers);
    }
    copy->recused = g_array_copy(matter->recused);
    g_array_set_clear_func(copy->clocks, clock_clear);
    g_array_set_clear_func(copy->taken, taken_clear);
    return copy;
}

static bool take(LawCase *matter, const LawStep *step, const LawDone *done, GError **error) {
    LawTaken taken = {.step = step,
                      .time_us = done->time_us,
                      .actor = done->actor,
                      .officers = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    if (done->officer_count > 0) {
        g_array_append_vals(taken.officers, done->officers, (guint)done->officer_count);
    }
    g_array_append_val(matter->taken, taken);
    matter->state = target_of(matter, step, done->data);
    if (step->effect == LAW_EFFECT_RECUSE && done->officer_count > 0) {
        g_array_append_vals(matter->recused, done->officers, (guint)done->officer_count);
    }
    bool good = change_clocks(matter, step, done->time_us, error);
    for (unsigned i = 0; good && i < step->start_count; i++) {
        good = start_clock(matter, done, &step->starts[i], error);
    }
    return good;
}

bool law_case_apply(LawCase *matter, const LawDone *done, LawRefusal *ret_refusal, GError **error) {
    g_auto(LawRefusal) refusal = {0};
    law_case_may(matter, done, &refusal);
    const LawStep *step = law_step(matter->procedure, done->step);
    if (refusal.reason_zh == NULL && !check_form(matter, step, done, &refusal, error)) {
        return false;
    }
    if (refusal.reason_zh != NULL) {
        *ret_refusal = refusal;
        refusal = (LawRefusal){0};
        return false;
    }
    LawCase *next = copy_case(matter);
    if (!take(next, step, done, error)) {
        law_case_free(next);
        return false;
    }
    LawCase before = *matter;
    *matter = *next;
    *next = before;
    law_case_free(next);
    return true;
}
