/* What must hold between a procedure and the forms, terms, powers and examples around it. */
#include "law/law_internal.h"
#include "law/law_procedure.h"

#include <string.h>

typedef struct Check {
    LawReader *reader;
    const LawBook *book;
    const LawProcedure *procedure;
    LawNode map;
} Check;

static LawNode step_node(const Check *check, unsigned number) {
    const LawStep *step = &check->procedure->steps[number];
    if (step->is_common) {
        for (guint i = 0; i < check->book->common->len; i++) {
            const LawStep *common = check->book->common->pdata[i];
            if (common->id == step->id) {
                return *(LawNode *)g_hash_table_lookup(check->book->places, common);
            }
        }
    }
    return law_at(law_get(check->map, "acts"), number);
}

static const LawForm *any_form(const LawBook *book, const char *id) {
    for (guint i = 0; id != NULL && i < book->forms->len; i++) {
        const LawForm *form = book->forms->pdata[i];
        if (strcmp(form->entry.id, id) == 0) {
            return form;
        }
    }
    return NULL;
}

static const LawTerm *any_term(const LawBook *book, const char *id) {
    for (guint i = 0; i < book->terms->len; i++) {
        const LawTerm *term = book->terms->pdata[i];
        if (strcmp(term->entry.id, id) == 0) {
            return term;
        }
    }
    return NULL;
}

/* A field that always has an answer where a table or a target needs one. */
static const LawField *
need_field(const Check *check, const LawForm *form, LawNode at, const char *id) {
    const LawField *field = form == NULL ? NULL : law_form_field(form, id);
    if (field == NULL) {
        law_wrong(check->reader, at, "the act's form has no field \"%s\"", id);
    }
    return field;
}

/* The field has these values. */
static void check_when(const Check *check,
                       const LawForm *form,
                       LawNode when,
                       const char *id,
                       const char *const *values) {
    const LawField *field = need_field(check, form, law_key(when, 0), id);
    for (unsigned v = 0; field != NULL && values[v] != NULL; v++) {
        if (field->values == NULL || !g_strv_contains(field->values, values[v])) {
            law_wrong(check->reader, law_at(law_value(when, 0), v), "the field has no such value");
        }
    }
}

static void
check_targets(const Check *check, const LawStep *step, const LawForm *form, LawNode map) {
    LawNode to = law_get(map, "to");
    for (unsigned i = 0; i < step->target_count; i++) {
        const LawTarget *target = &step->targets[i];
        if (target->field == NULL) {
            continue;
        }
        check_when(check, form, law_get(law_at(to, i), "when"), target->field, target->values);
    }
}

/* Every value that the form lets a person choose must be one that the table knows. */
static void check_fact(const Check *check,
                       const LawFactFrom *from,
                       const LawTerm *term,
                       const LawForm *form,
                       LawNode at) {
    const LawField *field = need_field(check, form, at, from->field);
    const LawFact *fact = NULL;
    for (unsigned i = 0; i < term->fact_count; i++) {
        fact = strcmp(term->facts[i].id, from->fact) == 0 ? &term->facts[i] : fact;
    }
    if (fact == NULL) {
        law_wrong(check->reader, at, "the term has no fact \"%s\"", from->fact);
        return;
    }
    if (field == NULL) {
        return;
    }
    if (!field->required || field->asks_field != NULL || field->values == NULL) {
        law_wrong(check->reader, at, "a fact comes from a required choice that is always asked");
        return;
    }
    for (unsigned v = 0; field->values[v] != NULL; v++) {
        if (!g_strv_contains(fact->values, field->values[v])) {
            law_wrong(check->reader, at, "the fact has no value \"%s\"", field->values[v]);
        }
    }
}

static void
check_starts(const Check *check, const LawStep *step, const LawForm *form, LawNode map) {
    LawNode list = law_get(map, "starts");
    for (unsigned i = 0; i < step->start_count; i++) {
        const LawStart *start = &step->starts[i];
        LawNode at = law_at(list, i);
        if (start->when_field != NULL) {
            check_when(check, form, law_get(at, "when"), start->when_field, start->when_values);
        }
        if (start->from_field != NULL) {
            const LawField *field = need_field(check, form, at, start->from_field);
            if (field != NULL && field->type != LAW_FIELD_DATE && field->type != LAW_FIELD_TIME) {
                law_wrong(check->reader, at, "the field is no date");
            }
        }
        if (start->term == NULL) {
            continue;
        }
        const LawTerm *term = any_term(check->book, start->term);
        if (term == NULL) {
            law_wrong(check->reader, at, "there is no time limit \"%s\"", start->term);
            return;
        }
        LawNode facts = law_get(at, "facts");
        for (unsigned f = 0; f < start->fact_count; f++) {
            check_fact(check, &start->facts[f], term, form, law_key(facts, f));
        }
        if (start->fact_count != term->fact_count) {
            law_wrong(check->reader, at, "the term asks for %u facts", term->fact_count);
        }
    }
}

static bool starts_clock(const LawProcedure *procedure, const char *id) {
    for (unsigned s = 0; s < procedure->step_count; s++) {
        for (unsigned i = 0; i < procedure->steps[s].start_count; i++) {
            if (strcmp(procedure->steps[s].starts[i].id, id) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void
check_clocks(const Check *check, LawNode map, const char *key, const char *const *clocks) {
    for (unsigned i = 0; clocks[i] != NULL; i++) {
        if (!starts_clock(check->procedure, clocks[i])) {
            law_wrong(check->reader,
                      law_at(law_get(map, key), i),
                      "no act of this procedure starts \"%s\"",
                      clocks[i]);
        }
    }
}

static void
check_papers(const Check *check, const LawStep *step, const LawForm *form, LawNode map) {
    LawNode list = law_get(map, "papers");
    for (unsigned i = 0; i < step->paper_count; i++) {
        const LawStepPaper *paper = &step->papers[i];
        LawNode at = law_at(list, i);
        if (paper->when_field != NULL) {
            check_when(check, form, law_get(at, "when"), paper->when_field, paper->when_values);
        }
        law_check_paper(check->reader, check->book, paper->id, form, at);
    }
}

/* What must have gone before, what is extended, what is counted. */
static void
check_guards(const Check *check, const LawStep *step, const LawForm *form, LawNode map) {
    for (unsigned i = 0; i < step->need_count; i++) {
        const LawNeed *need = &step->needs[i];
        LawNode at = law_at(law_get(map, "needs"), i);
        if (law_step(check->procedure, need->act) == NULL) {
            law_wrong(check->reader, law_get(at, "act"), "there is no act \"%s\"", need->act);
        }
        if (need->when_field != NULL) {
            check_when(check, form, law_get(at, "when"), need->when_field, need->when_values);
        }
    }
    for (unsigned i = 0; i < step->extension_count; i++) {
        const char *clocks[] = {step->extensions[i].clock, NULL};
        LawNode at = law_at(law_get(map, "extends"), i);
        if (!starts_clock(check->procedure, clocks[0])) {
            law_wrong(check->reader, at, "no act of this procedure starts \"%s\"", clocks[0]);
        }
    }
    if (step->cap_field != NULL) {
        LawNode when = law_get(law_get(map, "cap"), "when");
        check_when(check, form, when, step->cap_field, step->cap_values);
    }
}

static void check_acts(const Check *check, LawNode map, const char *key, const char *const *acts) {
    for (unsigned i = 0; acts[i] != NULL; i++) {
        if (law_step(check->procedure, acts[i]) == NULL) {
            law_wrong(
                check->reader, law_at(law_get(map, key), i), "there is no act \"%s\"", acts[i]);
        }
    }
}

/* The moment stands in the form that is sent with the act. */
static void
check_window(const Check *check, const LawStep *step, const LawForm *form, LawNode map) {
    LawNode at = law_get(map, "window");
    if (step->window == NULL) {
        return;
    }
    if (form == NULL) {
        law_wrong(check->reader, at, "an act with a window has a form");
        return;
    }
    law_check_articles(check->reader, check->book, law_get(at, "basis"));
    if (step->window->unless_field != NULL) {
        LawNode unless = law_get(at, "unless");
        check_when(check, form, unless, step->window->unless_field, step->window->unless_values);
    }
}

static void check_step(const Check *check, unsigned number) {
    const LawStep *step = &check->procedure->steps[number];
    LawNode map = step_node(check, number);
    const LawForm *form = any_form(check->book, step->form);
    if (step->form != NULL && form == NULL) {
        law_wrong(check->reader, law_get(map, "form"), "there is no form \"%s\"", step->form);
        return;
    }
    LawNode needs = law_get(map, "needs");
    law_check_articles(check->reader, check->book, law_get(map, "basis"));
    for (unsigned i = 0; i < law_count(needs); i++) {
        law_check_articles(check->reader, check->book, law_get(law_at(needs, i), "basis"));
    }
    if (step->is_common) {
        check_papers(check, step, form, map);
        return;
    }
    if (step->power != NULL && law_word_find(check->book->acts, step->power) == NULL) {
        law_wrong(check->reader, law_get(map, "power"), "there is no act \"%s\"", step->power);
    }
    check_targets(check, step, form, map);
    check_starts(check, step, form, map);
    check_clocks(check, map, "meets", step->meets);
    check_clocks(check, map, "pauses", step->pauses);
    check_clocks(check, map, "resumes", step->resumes);
    check_clocks(check, map, "not-before", step->not_before);
    check_papers(check, step, form, map);
    check_guards(check, step, form, map);
    check_window(check, step, form, map);
    check_acts(check, map, "not-by", step->not_by);
    check_acts(check, map, "only-by", step->only_by);
}

static unsigned state_number(const LawProcedure *procedure, const LawState *state) {
    return (unsigned)(state - procedure->states);
}

/* Marks what can be reached from the opening acts; true when something new was found. */
static bool spread(const LawProcedure *procedure, uint64_t *reached) {
    uint64_t before = *reached;
    for (unsigned s = 0; s < procedure->step_count; s++) {
        const LawStep *step = &procedure->steps[s];
        bool can = law_step_opens(step);
        for (unsigned f = 0; step->from[f] != NULL; f++) {
            can |= *reached >> state_number(procedure, law_state(procedure, step->from[f])) & 1;
        }
        for (unsigned t = 0; can && t < step->target_count; t++) {
            *reached |= UINT64_C(1) << state_number(procedure, step->targets[t].state);
        }
    }
    return *reached != before;
}

/* Every state is reached, and every state that is not final has a way out. */
static void check_ways(const Check *check) {
    const LawProcedure *procedure = check->procedure;
    uint64_t reached = 0;
    while (spread(procedure, &reached)) {
    }
    LawNode states = law_get(check->map, "states");
    for (unsigned i = 0; i < procedure->state_count; i++) {
        const LawState *state = &procedure->states[i];
        bool has_exit = false;
        for (unsigned s = 0; s < procedure->step_count; s++) {
            has_exit |= g_strv_contains(procedure->steps[s].from, state->id);
        }
        if ((reached >> i & 1) == 0) {
            law_wrong(
                check->reader, law_at(states, i), "no act leads to the state \"%s\"", state->id);
        } else if (!state->is_final && !has_exit) {
            law_wrong(check->reader,
                      law_at(states, i),
                      "no act leads out of \"%s\", and it is not final",
                      state->id);
        }
    }
}

/* By an example of this procedure; a common act by one of any. */
static bool is_walked(const Check *check, const LawStep *step) {
    for (guint i = 0; i < check->book->examples->len; i++) {
        const LawExample *example = check->book->examples->pdata[i];
        LawNode acts = law_get(example->walk, "acts");
        bool is_other = g_strcmp0(law_scalar(law_get(example->walk, "procedure")),
                                  check->procedure->entry.id) != 0;
        if (is_other && !step->is_common) {
            continue;
        }
        for (unsigned a = 0; a < law_count(acts); a++) {
            if (g_strcmp0(law_scalar(law_get(law_at(acts, a), "act")), step->id) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool has_procedure(const LawBook *book, const char *id) {
    bool is_there = false;
    for (guint i = 0; i < book->procedures->len; i++) {
        is_there |= strcmp(((LawProcedure *)book->procedures->pdata[i])->entry.id, id) == 0;
    }
    return is_there;
}

/* Kinds that states ask for, and the acts whose officers handle the matter. */
static void check_follow_ups(const Check *check) {
    const LawProcedure *procedure = check->procedure;
    LawNode states = law_get(check->map, "states");
    for (unsigned i = 0; i < procedure->state_count; i++) {
        LawNode kinds = law_get(law_at(states, i), "leads-to");
        for (unsigned k = 0; procedure->states[i].leads_to[k] != NULL; k++) {
            const char *kind = procedure->states[i].leads_to[k];
            if (!has_procedure(check->book, kind)) {
                law_wrong(check->reader, law_at(kinds, k), "there is no procedure \"%s\"", kind);
            }
        }
    }
    check_acts(check, check->map, "handled-by", procedure->handled_by);
}

void law_check_procedures(LawReader *reader, const LawBook *book) {
    for (guint i = 0; i < book->procedures->len && reader->error == NULL; i++) {
        Check check = {.reader = reader, .book = book, .procedure = book->procedures->pdata[i]};
        check.map = *(LawNode *)g_hash_table_lookup(book->places, check.procedure);
        for (unsigned s = 0; s < check.procedure->step_count && reader->error == NULL; s++) {
            check_step(&check, s);
            if (!is_walked(&check, &check.procedure->steps[s])) {
                law_wrong(reader,
                          step_node(&check, s),
                          "no worked example takes the act \"%s\"",
                          check.procedure->steps[s].id);
            }
        }
        if (reader->error == NULL) {
            check_ways(&check);
            check_follow_ups(&check);
        }
    }
}
