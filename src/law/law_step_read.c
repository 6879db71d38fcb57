/* Reading one act of a procedure. */
#include "account/account.h"
#include "law/law_internal.h"
#include "law/law_procedure.h"

#include <string.h>

#define TARGETS_MAX 8
#define STARTS_MAX 6
#define NEEDS_MAX 6
#define EXTENSIONS_MAX 4
#define PAPERS_MAX 8
#define OFFICERS_MAX 8
#define EXTENSION_MAX 366

static const char *const nothing[] = {NULL};

const char *const *law_read_optional_texts(LawReader *reader, LawNode node) {
    return law_is_there(node) ? law_read_texts(reader, node) : nothing;
}

/* Items of a list that may be missing; 0 with a mistake when there are too many. */
static unsigned optional_count(LawReader *reader, LawNode list, unsigned max, const char *what) {
    unsigned count = law_is_there(list) && law_list(reader, list) ? law_count(list) : 0;
    if (count > max) {
        law_wrong(reader, list, "at most %u %s", max, what);
        return 0;
    }
    return count;
}

static const LawState *read_state(LawReader *reader, LawNode node, const LawProcedure *procedure) {
    const LawState *state = law_state(procedure, law_text(reader, node));
    if (state == NULL) {
        law_wrong(reader, node, "there is no state \"%s\"", law_text(reader, node));
    }
    return state;
}

/* {field: [values]} */
void law_read_when(LawReader *reader,
                   LawNode when,
                   const char **ret_field,
                   const char *const **ret_values) {
    if (law_is_there(when) && law_pairs(when) != 1) {
        law_wrong(reader, when, "{field: [values]} is expected");
    } else if (law_is_there(when)) {
        *ret_field = law_id(reader, law_key(when, 0));
        *ret_values = law_read_texts(reader, law_value(when, 0));
    }
}

/* --- where it leads -----------------------------------------------------------------------------
 */

/* "to: verified", or a list of {when: {field: [values]}, state: verified}, the last without when.
 * Without `to` the state stays. */
static void
read_targets(LawReader *reader, LawNode to, const LawProcedure *procedure, LawStep *step) {
    LawTarget targets[TARGETS_MAX] = {0};
    if (!law_is_there(to)) {
        return;
    }
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
        law_read_when(reader, when, &targets[i].field, &targets[i].values);
        targets[i].state = read_state(reader, law_get(map, "state"), procedure);
        step->target_count++;
    }
    step->targets = law_keep(targets, sizeof targets);
}

static void
read_from(LawReader *reader, LawNode list, const LawProcedure *procedure, LawStep *step) {
    step->from = law_read_optional_texts(reader, list);
    for (unsigned i = 0; reader->error == NULL && step->from[i] != NULL; i++) {
        const LawState *state = read_state(reader, law_at(list, i), procedure);
        if (state != NULL && state->is_final && step->target_count > 0) {
            law_wrong(reader, law_at(list, i), "nothing leads out of a final state");
        }
    }
}

/* --- clocks -------------------------------------------------------------------------------------
 */

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
    law_read_when(reader, law_get(map, "when"), &start->when_field, &start->when_values);
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
    step->start_count = optional_count(reader, list, STARTS_MAX, "clocks");
    for (unsigned i = 0; i < step->start_count && reader->error == NULL; i++) {
        read_start(reader, law_at(list, i), &starts[i]);
    }
    step->starts = law_keep(starts, sizeof starts);
}

/* extends: [{clock: seal-term, amount: 30}] */
static void read_extensions(LawReader *reader, LawNode list, LawStep *step) {
    LawExtension extensions[EXTENSIONS_MAX] = {0};
    step->extension_count = optional_count(reader, list, EXTENSIONS_MAX, "clocks");
    for (unsigned i = 0; i < step->extension_count; i++) {
        LawNode map = law_at(list, i);
        if (law_keys(reader, map, "clock amount")) {
            extensions[i] =
                (LawExtension){law_id(reader, law_get(map, "clock")),
                               (int)law_int(reader, law_get(map, "amount"), 1, EXTENSION_MAX)};
        }
    }
    step->extensions = law_keep(extensions, sizeof extensions);
}

/* --- guards -------------------------------------------------------------------------------------
 */

/* Role words with "-", as all ids here: "legal-reviewer"; "public" is who is not signed in.
 * "system" is no role. */
uint32_t law_read_roles(LawReader *reader, LawNode list) {
    uint32_t roles = 0;
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        g_autofree char *word = g_strdelimit(g_strdup(law_id(reader, law_at(list, i))), "-", '_');
        Role role;
        if (strcmp(word, "public") == 0) {
            roles |= ROLE_PUBLIC_BIT;
            continue;
        }
        if (!role_parse(word, &role)) {
            law_wrong(reader, law_at(list, i), "there is no role of this name");
            return 0;
        }
        roles |= ROLE_BIT(role);
    }
    return roles;
}

static const char *optional_basis(LawReader *reader, LawNode basis) {
    return law_is_there(basis) ? law_basis_text(reader, basis, law_read_texts(reader, basis))
                               : NULL;
}

/* needs: [{act: notify, rule: notice, why: …, basis: […], when: {field: [values]}}] */
static void read_needs(LawReader *reader, LawNode list, LawStep *step) {
    LawNeed needs[NEEDS_MAX] = {0};
    step->need_count = optional_count(reader, list, NEEDS_MAX, "acts");
    for (unsigned i = 0; i < step->need_count && reader->error == NULL; i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "act rule why basis? when?")) {
            return;
        }
        needs[i].act = law_id(reader, law_get(map, "act"));
        needs[i].rule = law_id(reader, law_get(map, "rule"));
        needs[i].why = law_text(reader, law_get(map, "why"));
        needs[i].basis_zh = optional_basis(reader, law_get(map, "basis"));
        law_read_when(reader, law_get(map, "when"), &needs[i].when_field, &needs[i].when_values);
    }
    step->needs = law_keep(needs, sizeof needs);
}

/* cap: {id: random-checks, when: {source: [random]}, not-in: [not-done]} */
static void read_cap(LawReader *reader, LawNode map, const LawProcedure *procedure, LawStep *step) {
    LawNode not_in = law_get(map, "not-in");
    step->cap_not_in = law_read_optional_texts(reader, not_in);
    for (unsigned i = 0; reader->error == NULL && step->cap_not_in[i] != NULL; i++) {
        read_state(reader, law_at(not_in, i), procedure);
    }
    if (law_is_there(map) && law_keys(reader, map, "id when? not-in?")) {
        step->cap = law_id(reader, law_get(map, "id"));
        law_read_when(reader, law_get(map, "when"), &step->cap_field, &step->cap_values);
    }
}

/* papers: [correction-order, {paper: at-once-order, when: {kind: [at-once]}}] */
static void read_papers(LawReader *reader, LawNode list, LawStep *step) {
    LawStepPaper papers[PAPERS_MAX] = {0};
    step->paper_count = optional_count(reader, list, PAPERS_MAX, "papers");
    for (unsigned i = 0; i < step->paper_count && reader->error == NULL; i++) {
        LawNode item = law_at(list, i);
        if (law_scalar(item) != NULL) {
            papers[i].id = law_id(reader, item);
        } else if (law_keys(reader, item, "paper when")) {
            papers[i].id = law_id(reader, law_get(item, "paper"));
            law_read_when(
                reader, law_get(item, "when"), &papers[i].when_field, &papers[i].when_values);
        }
    }
    step->papers = law_keep(papers, sizeof papers);
}

/* --- the whole ----------------------------------------------------------------------------------
 */

/* What acts of a procedure and common acts have alike. */
static void read_shared(LawReader *reader, LawNode map, LawStep *step) {
    static const char *const effects[] = {
        "none", "correct", "serve", "link", "people", "recuse", "expedite", NULL};
    step->id = law_id(reader, law_get(map, "id"));
    step->name = law_text(reader, law_get(map, "name"));
    step->roles = law_read_roles(reader, law_get(map, "by"));
    LawNode officers = law_get(map, "officers");
    step->officers = law_is_there(officers) ? (int)law_int(reader, officers, 1, OFFICERS_MAX) : 0;
    step->form = law_text_or_null(reader, law_get(map, "form"));
    LawNode effect = law_get(map, "effect");
    step->effect = law_is_there(effect) ? (LawEffect)law_word(reader, effect, effects) : 0;
    static const char *const onces[] = {"working-day", NULL};
    LawNode once = law_get(map, "once");
    step->is_once_a_day =
        law_is_there(once) && law_word(reader, once, onces) == 0 && reader->error == NULL;
    read_papers(reader, law_get(map, "papers"), step);
    step->basis_zh = optional_basis(reader, law_get(map, "basis"));
}

void law_read_step(LawReader *reader,
                   LawNode map,
                   const LawProcedure *procedure,
                   LawStep *ret_step) {
    if (!law_keys(reader,
                  map,
                  "id name from? to? by officers? form? power? starts? meets? pauses? resumes? "
                  "extends? not-by? only-by? aside? once? needs? not-before? window? cap? effect? "
                  "papers? basis?")) {
        return;
    }
    read_shared(reader, map, ret_step);
    if (law_step(procedure, ret_step->id) != NULL) {
        law_wrong(reader, map, "the act \"%s\" stands twice", ret_step->id);
    }
    read_targets(reader, law_get(map, "to"), procedure, ret_step);
    read_from(reader, law_get(map, "from"), procedure, ret_step);
    if (ret_step->from[0] == NULL && ret_step->target_count == 0) {
        law_wrong(reader, map, "an act that opens a matter leads to a state");
    }
    ret_step->power = law_text_or_null(reader, law_get(map, "power"));
    read_starts(reader, law_get(map, "starts"), ret_step);
    ret_step->meets = law_read_optional_texts(reader, law_get(map, "meets"));
    ret_step->pauses = law_read_optional_texts(reader, law_get(map, "pauses"));
    ret_step->resumes = law_read_optional_texts(reader, law_get(map, "resumes"));
    read_extensions(reader, law_get(map, "extends"), ret_step);
    ret_step->not_by = law_read_optional_texts(reader, law_get(map, "not-by"));
    ret_step->only_by = law_read_optional_texts(reader, law_get(map, "only-by"));
    LawNode aside = law_get(map, "aside");
    ret_step->is_aside = law_is_there(aside) && law_bool(reader, aside);
    read_needs(reader, law_get(map, "needs"), ret_step);
    ret_step->not_before = law_read_optional_texts(reader, law_get(map, "not-before"));
    ret_step->window = law_read_window(reader, law_get(map, "window"));
    read_cap(reader, law_get(map, "cap"), procedure, ret_step);
}

/* Acts that every matter knows: they stand once, and no procedure repeats them. */
void law_read_common(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawStep step = {.is_common = true,
                        .from = nothing,
                        .meets = nothing,
                        .pauses = nothing,
                        .resumes = nothing,
                        .not_by = nothing,
                        .only_by = nothing,
                        .not_before = nothing,
                        .cap_not_in = nothing};
        if (!law_keys(reader,
                      map,
                      "id name by officers? form effect? after-close? once? papers? basis")) {
            return;
        }
        read_shared(reader, map, &step);
        LawNode after = law_get(map, "after-close");
        step.after_close = law_is_there(after) && law_bool(reader, after);
        LawStep *copy = law_keep(&step, sizeof step);
        g_ptr_array_add(book->common, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}
