#include "law/law_procedure.h"

#include "account/account.h"
#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

#define STATES_MAX 40
#define STEPS_MAX 60
#define TARGETS_MAX 8
#define STARTS_MAX 6
#define OFFICERS_MAX 8

static const char *const nothing[] = {NULL};

/* --- reading ------------------------------------------------------------------------------------
 */

static const char *const *optional_texts(LawReader *reader, LawNode node) {
    return law_is_there(node) ? law_read_texts(reader, node) : nothing;
}

const LawState *law_state(const LawProcedure *procedure, const char *id) {
    for (unsigned i = 0; i < procedure->state_count; i++) {
        if (g_strcmp0(procedure->states[i].id, id) == 0) {
            return &procedure->states[i];
        }
    }
    return NULL;
}

static void read_states(LawReader *reader, LawNode list, LawProcedure *procedure) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > STATES_MAX) {
        law_wrong(reader, list, "at most %d states", STATES_MAX);
        return;
    }
    LawState states[STATES_MAX] = {0};
    procedure->states = states;
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "id name final?")) {
            break;
        }
        LawNode final = law_get(map, "final");
        const char *id = law_id(reader, law_get(map, "id"));
        if (law_state(procedure, id) != NULL) {
            law_wrong(reader, map, "the state \"%s\" stands twice", id);
        }
        states[i] = (LawState){.id = id,
                               .name = law_text(reader, law_get(map, "name")),
                               .is_final = law_is_there(final) && law_bool(reader, final)};
        procedure->state_count++;
    }
    procedure->states = law_keep(states, sizeof states);
}

static const LawState *read_state(LawReader *reader, LawNode node, const LawProcedure *procedure) {
    const LawState *state = law_state(procedure, law_text(reader, node));
    if (state == NULL) {
        law_wrong(reader, node, "there is no state \"%s\"", law_text(reader, node));
    }
    return state;
}

/* {field: [values]} */
static void
read_when(LawReader *reader, LawNode when, const char **ret_field, const char *const **ret_values) {
    if (law_is_there(when) && law_pairs(when) != 1) {
        law_wrong(reader, when, "{field: [values]} is expected");
    } else if (law_is_there(when)) {
        *ret_field = law_id(reader, law_key(when, 0));
        *ret_values = law_read_texts(reader, law_value(when, 0));
    }
}

/* "to: verified", or a list of {when: {field: [values]}, state: verified}, the last without when.
 */
static void
read_targets(LawReader *reader, LawNode to, const LawProcedure *procedure, LawStep *step) {
    LawTarget targets[TARGETS_MAX] = {0};
    if (law_scalar(to) != NULL) {
        targets[0].state = read_state(reader, to, procedure);
        step->target_count = 1;
    }
    for (unsigned i = 0; law_scalar(to) == NULL && law_list(reader, to) && i < law_count(to); i++) {
        LawNode map = law_at(to, i);
        if (i == TARGETS_MAX || !law_keys(reader, map, "when? state")) {
            law_wrong(reader, map, "at most %d targets", TARGETS_MAX);
            return;
        }
        LawNode when = law_get(map, "when");
        if (law_is_there(when) == (i + 1 == law_count(to))) {
            law_wrong(reader, map, "every target but the last has when: {field: [values]}");
            return;
        }
        read_when(reader, when, &targets[i].field, &targets[i].values);
        targets[i].state = read_state(reader, law_get(map, "state"), procedure);
        step->target_count++;
    }
    step->targets = law_keep(targets, sizeof targets);
}

static void read_start(LawReader *reader, LawNode map, LawStart *start) {
    if (!law_keys(reader, map, "term? field? name? from? facts? when?")) {
        return;
    }
    start->term = law_text_or_null(reader, law_get(map, "term"));
    const char *field = law_text_or_null(reader, law_get(map, "field"));
    const char *from = law_text_or_null(reader, law_get(map, "from"));
    start->name = law_text_or_null(reader, law_get(map, "name"));
    if ((start->term == NULL) == (field == NULL) || (field != NULL && start->name == NULL) ||
        (field != NULL && from != NULL)) {
        law_wrong(reader, map, "a clock is {term, from?, facts?} or {field, name}");
        return;
    }
    start->id = start->term != NULL ? start->term : field;
    start->from_field = start->term != NULL ? from : field;
    read_when(reader, law_get(map, "when"), &start->when_field, &start->when_values);
    LawNode facts = law_get(map, "facts");
    start->fact_count = law_pairs(facts);
    if (start->fact_count > G_N_ELEMENTS(start->facts)) {
        law_wrong(reader, facts, "at most 4 facts");
        return;
    }
    for (unsigned i = 0; i < start->fact_count; i++) {
        start->facts[i] =
            (LawFactFrom){law_id(reader, law_key(facts, i)), law_id(reader, law_value(facts, i))};
    }
}

static void read_starts(LawReader *reader, LawNode list, LawStep *step) {
    LawStart starts[STARTS_MAX] = {0};
    unsigned count = law_is_there(list) && law_list(reader, list) ? law_count(list) : 0;
    if (count > STARTS_MAX) {
        law_wrong(reader, list, "at most %d clocks", STARTS_MAX);
        return;
    }
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_start(reader, law_at(list, i), &starts[i]);
    }
    step->start_count = count;
    step->starts = law_keep(starts, sizeof starts);
}

/* Role words with "-", as all ids here: "legal-reviewer". "system" is no role. */
static void read_roles(LawReader *reader, LawNode list, LawStep *step) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        g_autofree char *word = g_strdelimit(g_strdup(law_id(reader, law_at(list, i))), "-", '_');
        Role role;
        if (!role_parse(word, &role)) {
            law_wrong(reader, law_at(list, i), "there is no role of this name");
            return;
        }
        step->roles |= ROLE_BIT(role);
    }
}

static void
read_from(LawReader *reader, LawNode list, const LawProcedure *procedure, LawStep *step) {
    step->from = optional_texts(reader, list);
    for (unsigned i = 0; reader->error == NULL && step->from[i] != NULL; i++) {
        const LawState *state = read_state(reader, law_at(list, i), procedure);
        if (state != NULL && state->is_final) {
            law_wrong(reader, law_at(list, i), "nothing leads out of a final state");
        }
    }
}

static void
read_step(LawReader *reader, LawNode map, const LawProcedure *procedure, LawStep *step) {
    if (!law_keys(reader,
                  map,
                  "id name from? to by officers? form? power? starts? meets? pauses? resumes? "
                  "not-by? papers? basis?")) {
        return;
    }
    step->id = law_id(reader, law_get(map, "id"));
    step->name = law_text(reader, law_get(map, "name"));
    if (law_step(procedure, step->id) != NULL) {
        law_wrong(reader, map, "the act \"%s\" stands twice", step->id);
    }
    read_from(reader, law_get(map, "from"), procedure, step);
    read_targets(reader, law_get(map, "to"), procedure, step);
    read_roles(reader, law_get(map, "by"), step);
    LawNode officers = law_get(map, "officers");
    step->officers = law_is_there(officers) ? (int)law_int(reader, officers, 1, OFFICERS_MAX) : 0;
    step->form = law_text_or_null(reader, law_get(map, "form"));
    step->power = law_text_or_null(reader, law_get(map, "power"));
    read_starts(reader, law_get(map, "starts"), step);
    step->meets = optional_texts(reader, law_get(map, "meets"));
    step->pauses = optional_texts(reader, law_get(map, "pauses"));
    step->resumes = optional_texts(reader, law_get(map, "resumes"));
    step->not_by = optional_texts(reader, law_get(map, "not-by"));
    step->papers = optional_texts(reader, law_get(map, "papers"));
    LawNode basis = law_get(map, "basis");
    if (law_is_there(basis)) {
        step->basis_zh = law_basis_text(reader, basis, law_read_texts(reader, basis));
    }
}

static void read_steps(LawReader *reader, LawNode list, LawProcedure *procedure) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > STEPS_MAX) {
        law_wrong(reader, list, "at most %d acts", STEPS_MAX);
        return;
    }
    g_autofree LawStep *steps = g_new0(LawStep, count + 1);
    procedure->steps = steps;
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_step(reader, law_at(list, i), procedure, &steps[i]);
        procedure->step_count++;
    }
    procedure->steps = law_keep(steps, (count + 1) * sizeof *steps);
}

void law_read_procedures(LawReader *reader, LawBook *book, LawNode list) {
    static const char *const objects[] = {"unit", "building", "any", "none", NULL};
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawProcedure procedure = {.step_count = 0};
        if (!law_keys(reader, map, "id name basis confidence valid prefix object states acts")) {
            return;
        }
        law_read_entry(reader, map, &procedure.entry);
        procedure.prefix = law_text(reader, law_get(map, "prefix"));
        procedure.object = objects[law_word(reader, law_get(map, "object"), objects)];
        read_states(reader, law_get(map, "states"), &procedure);
        if (reader->error == NULL) {
            read_steps(reader, law_get(map, "acts"), &procedure);
        }
        LawProcedure *copy = law_keep(&procedure, sizeof procedure);
        g_ptr_array_add(book->procedures, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

const LawProcedure *
law_procedure_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    for (guint i = 0; i < book->procedures->len; i++) {
        const LawProcedure *procedure = book->procedures->pdata[i];
        if (strcmp(procedure->entry.id, id) == 0 && procedure->entry.from_us <= time_us &&
            time_us < procedure->entry.to_us) {
            return procedure;
        }
    }
    hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no procedure \"%s\" on that day", id);
    return NULL;
}

const char **law_procedure_ids(const LawBook *book) {
    GPtrArray *ids = g_ptr_array_new();
    for (guint i = 0; i < book->procedures->len; i++) {
        const char *id = ((LawProcedure *)book->procedures->pdata[i])->entry.id;
        if (!g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL)) {
            g_ptr_array_add(ids, (gpointer)id);
        }
    }
    g_ptr_array_add(ids, NULL);
    return (const char **)g_ptr_array_free(ids, FALSE);
}

const LawStep *law_step(const LawProcedure *procedure, const char *id) {
    for (unsigned i = 0; i < procedure->step_count; i++) {
        if (g_strcmp0(procedure->steps[i].id, id) == 0) {
            return &procedure->steps[i];
        }
    }
    return NULL;
}

bool law_step_leaves(const LawStep *step, const char *state) {
    return state[0] == '\0' ? step->from[0] == NULL : g_strv_contains(step->from, state);
}
