#include "law/law_procedure.h"

#include "account/account.h"
#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

#define STATES_MAX 40
#define STEPS_MAX 60

/* --- reading ------------------------------------------------------------------------------------
 */

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
        if (!law_keys(reader, map, "id name final? leads-to?")) {
            break;
        }
        LawNode final = law_get(map, "final");
        const char *id = law_id(reader, law_get(map, "id"));
        if (law_state(procedure, id) != NULL) {
            law_wrong(reader, map, "the state \"%s\" stands twice", id);
        }
        states[i] =
            (LawState){.id = id,
                       .name = law_text(reader, law_get(map, "name")),
                       .is_final = law_is_there(final) && law_bool(reader, final),
                       .leads_to = law_read_optional_texts(reader, law_get(map, "leads-to"))};
        procedure->state_count++;
    }
    procedure->states = law_keep(states, sizeof states);
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
        law_read_step(reader, law_at(list, i), procedure, &steps[i]);
        procedure->step_count++;
    }
    procedure->steps = law_keep(steps, (count + 1) * sizeof *steps);
}

void law_read_procedures(LawReader *reader, LawBook *book, LawNode list) {
    static const char *const objects[] = {"unit", "building", "any", "none", NULL};
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawProcedure procedure = {.step_count = 0};
        if (!law_keys(reader,
                      map,
                      "id name basis confidence valid prefix object unseals handled-by? states "
                      "acts")) {
            return;
        }
        law_read_entry(reader, map, &procedure.entry);
        procedure.prefix = law_text(reader, law_get(map, "prefix"));
        procedure.object = objects[law_word(reader, law_get(map, "object"), objects)];
        procedure.unseals = law_read_roles(reader, law_get(map, "unseals"));
        if ((procedure.unseals & ROLE_PUBLIC_BIT) != 0) {
            law_wrong(reader, law_get(map, "unseals"), "the public never opens what is sealed");
            return;
        }
        procedure.handled_by = law_read_optional_texts(reader, law_get(map, "handled-by"));
        read_states(reader, law_get(map, "states"), &procedure);
        if (reader->error == NULL) {
            read_steps(reader, law_get(map, "acts"), &procedure);
        }
        LawProcedure *copy = law_keep(&procedure, sizeof procedure);
        g_ptr_array_add(book->procedures, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

/* Every procedure ends with the common acts, so that asking and replaying know one list only. */
void law_add_common(LawReader *reader, LawBook *book) {
    for (guint i = 0; i < book->procedures->len; i++) {
        const LawProcedure *old = book->procedures->pdata[i];
        unsigned count = old->step_count + book->common->len;
        g_autofree LawStep *steps = g_new0(LawStep, count + 1);
        memcpy(steps, old->steps, old->step_count * sizeof *steps);
        LawNode place = *(LawNode *)g_hash_table_lookup(book->places, old);
        for (guint c = 0; c < book->common->len; c++) {
            const LawStep *common = book->common->pdata[c];
            if (law_step(old, common->id) != NULL) {
                law_wrong(reader, place, "the act \"%s\" stands in common-acts.yaml", common->id);
            }
            steps[old->step_count + c] = *common;
        }
        LawProcedure copy = *old;
        copy.steps = law_keep(steps, (count + 1) * sizeof *steps);
        copy.step_count = count;
        book->procedures->pdata[i] = law_keep(&copy, sizeof copy);
        g_hash_table_insert(
            book->places, book->procedures->pdata[i], law_keep(&place, sizeof place));
    }
}

void law_read_caps(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawCap cap = {.max = 0};
        if (!law_keys(reader, map, "id name basis confidence valid max")) {
            return;
        }
        law_read_entry(reader, map, &cap.entry);
        cap.max = (int)law_int(reader, law_get(map, "max"), 1, 366);
        LawCap *copy = law_keep(&cap, sizeof cap);
        g_ptr_array_add(book->caps, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

const LawProcedure *
law_procedure_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    const LawProcedure *procedure = law_entry_at(book->procedures, id, time_us);
    if (procedure == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no procedure \"%s\" on that day", id);
    }
    return procedure;
}

const LawCap *law_cap_at(const LawBook *book, const char *id, int64_t time_us) {
    return law_entry_at(book->caps, id, time_us);
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

const LawState *law_state(const LawProcedure *procedure, const char *id) {
    for (unsigned i = 0; i < procedure->state_count; i++) {
        if (g_strcmp0(procedure->states[i].id, id) == 0) {
            return &procedure->states[i];
        }
    }
    return NULL;
}

const LawStep *law_step(const LawProcedure *procedure, const char *id) {
    for (unsigned i = 0; i < procedure->step_count; i++) {
        if (g_strcmp0(procedure->steps[i].id, id) == 0) {
            return &procedure->steps[i];
        }
    }
    return NULL;
}

bool law_step_opens(const LawStep *step) {
    return !step->is_common && step->from[0] == NULL;
}

bool law_step_leaves(const LawStep *step, const LawState *state) {
    if (step->is_common) {
        return state != NULL && (!state->is_final || step->after_close);
    }
    return state == NULL ? step->from[0] == NULL : g_strv_contains(step->from, state->id);
}

bool law_when_holds(const char *field, const char *const *values, const json_t *data) {
    const char *said = field == NULL ? NULL : json_get_text(data, field, NULL);
    return field == NULL || (said != NULL && g_strv_contains(values, said));
}
