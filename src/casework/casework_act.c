/* One act on its way into the store: guards, the course, what is derived, papers, the ledger leaf.
 */
#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "casework/casework_internal.h"
#include "casework/desk.h"
#include "law/law_paper.h"
#include "ledger/ledger.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

/* Its number, and where the engine gives ids by themselves its id, so that the row need not be
 * waited for. */
static bool
number_matter(Db *db, const LawCase *course, const CaseAct *act, Matter *matter, GError **error) {
    const LawProcedure *procedure = law_case_procedure(course);
    int year = clock_year(act->happened_us);
    int64_t serial;
    if (!casework_store_number(db, procedure->prefix, year, &serial, &matter->id, error)) {
        return false;
    }
    matter->number = law_number_zh(procedure->prefix, year, serial);
    return true;
}

static void derive(const LawCase *course, const CaseActor *actor, Matter *matter) {
    const LawState *state = law_case_state(course);
    const LawClock *next = law_case_next_due(course);
    g_free(matter->state);
    g_free(matter->due_clock);
    matter->state = g_strdup(state->id);
    matter->is_closed = state->is_final;
    matter->due_us = next == NULL || state->is_final ? 0 : next->due.due_us;
    matter->due_clock = next == NULL || state->is_final ? NULL : g_strdup(next->id);
    matter->due_unit = next == NULL ? LAW_CALENDAR_DAYS : next->span.unit;
    matter->next_roles = desk_next_roles(course, actor->now_us);
    matter->changed_us = actor->now_us;
    matter->version++;
}

/* Splits the form's data: what is sealed goes to a table of its own. */
static json_t *open_part(const LawForm *form, const json_t *data) {
    json_t *open = json_object();
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        json_t *value = json_object_get(data, form->fields[i].id);
        if (value != NULL && !form->fields[i].sealed) {
            json_put(open, form->fields[i].id, json_incref(value));
        }
    }
    return open;
}

static bool seal(Db *db, const CaseWork *work, const ActRow *row, GError **error) {
    const LawForm *form = work->form;
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const char *field = form->fields[i].id;
        const char *value = json_get_text(work->data, field, NULL);
        if (form->fields[i].sealed && value != NULL && value[0] != '\0' &&
            !casework_store_seal(db, row->matter_id, row->seq, field, value, error)) {
            return false;
        }
    }
    return true;
}

/* Do acts of the procedure ask whom this one has named, or does it say who handles the matter? */
static bool names_officers(const LawCase *course, const CaseWork *work) {
    const LawProcedure *procedure = law_case_procedure(course);
    bool names = g_strv_contains(procedure->handled_by, work->step->id);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        names |= g_strv_contains(procedure->steps[i].only_by, work->step->id);
    }
    return names && work->act->officer_count > 0;
}

static char *officers_text(const CaseAct *act) {
    g_autoptr(json_t) list = json_array();
    for (size_t i = 0; i < act->officer_count; i++) {
        json_array_append_new(list, json_integer(act->officers[i]));
    }
    return json_write(list);
}

/* The leaf holds what was done, the digest of the whole form, sealed fields too, and of each paper;
 * never a text that a person wrote. */
static bool note(Db *db,
                 const CaseWork *work,
                 const Matter *matter,
                 const ActRow *row,
                 const json_t *papers,
                 int64_t *ret_leaf,
                 GError **error) {
    g_autoptr(json_t) nothing = json_object();
    g_autofree char *whole = json_write_canonical(work->data == NULL ? nothing : work->data);
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, whole, strlen(whole), hash);
    g_autofree char *digest = hex_format(hash, sizeof hash);
    g_autofree char *happened = clock_format_utc(row->happened_us);
    int64_t account = work->actor->account_id;
    g_autofree char *actor = account == 0 ? g_strdup("public")
                             : account == CASE_SYSTEM_ACCOUNT
                                 ? g_strdup("system")
                                 : g_strdup_printf("account:%" G_GINT64_FORMAT, account);
    g_autofree char *object = g_strdup_printf("matter:%" G_GINT64_FORMAT, matter->id);
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "kind", matter->kind);
    json_put_text(payload, "number", matter->number);
    json_put_int(payload, "seq", row->seq);
    json_put_text(payload, "step", row->step);
    json_put_text(payload, "from", row->state_from);
    json_put_text(payload, "to", row->state_to);
    json_put_text(payload, "happened", happened);
    json_put_text(payload, "officers", row->officers);
    json_put_text(payload, "data_sha256", digest);
    if (json_array_size(papers) > 0) {
        json_put(payload, "papers", json_incref((json_t *)papers));
    }
    return ledger_append(db,
                         &(LedgerEntry){.time_us = work->actor->now_us,
                                        .type = "matter.act",
                                        .actor = actor,
                                        .object = object,
                                        .payload = payload},
                         ret_leaf,
                         error);
}

/* Those whom the matter names from this act on. */
static bool
store_names(Db *db, const LawCase *course, const Matter *matter, bool is_new, GError **error) {
    g_autoptr(GArray) named = law_case_all_named(course);
    bool good = is_new || casework_store_unname(db, matter->id, error);
    for (guint i = 0; good && i < named->len; i++) {
        good = casework_store_name(db, matter->id, g_array_index(named, int64_t, i), error);
    }
    return good;
}

/* Whoever acts, and the officers who take part as far as they have accounts. */
static bool store_people(
    Db *db, const CaseWork *work, const LawCase *course, const Matter *matter, GError **error) {
    int64_t own = work->actor->account_id;
    bool good = (own <= 0 || casework_store_person(db, matter->id, own, error)) &&
                (!work->names || store_names(db, course, matter, work->opening != NULL, error));
    g_autoptr(GArray) accounts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    good = good &&
           account_of_officers(db, work->act->officers, work->act->officer_count, accounts, error);
    for (guint i = 0; good && i < accounts->len; i++) {
        good = casework_store_person(db, matter->id, g_array_index(accounts, int64_t, i), error);
    }
    return good;
}

static bool store_act(Db *db,
                      const CaseWork *work,
                      const LawCase *course,
                      const char *from,
                      const Matter *matter,
                      const CaseEffect *effect,
                      GError **error) {
    g_autoptr(json_t) open = open_part(work->form, work->data);
    g_autofree char *data = json_write(open);
    g_autofree char *officers = officers_text(work->act);
    g_autoptr(json_t) papers = NULL;
    ActRow row = {.matter_id = matter->id,
                  .seq = law_case_acts(course),
                  .happened_us = work->act->happened_us,
                  .entered_us = work->actor->now_us,
                  .actor = work->actor->account_id,
                  .person = case_person(work->actor),
                  .step = work->step->id,
                  .officers = officers,
                  .data = data,
                  .state_from = from,
                  .state_to = matter->state};
    CaseTaken taken = {.matter = matter,
                       .opening = work->opening,
                       .actor = work->actor,
                       .act = work->act,
                       .data = work->data,
                       .officers = work->officers,
                       .address = work->address,
                       .names = work->names};
    return casework_store_add_act(db, &row, error) && seal(db, work, &row, error) &&
           (work->clocks_stand ||
            casework_store_clocks(db, matter->id, law_case_clocks(course), error)) &&
           store_people(db, work, course, matter, error) &&
           case_effect_apply(db, work, matter, row.seq, effect, error) &&
           case_papers_make(db, work, matter, row.seq, &papers, error) &&
           note(db, work, matter, &row, papers, &taken.leaf, error) &&
           case_files_attach(db, work, matter, row.seq, taken.leaf, error) &&
           case_hooks.taken(db, &taken, error);
}

/* Everything of the clocks that is stored: "running 1772000000000000 0;" for each. Caller frees. */
static char *clock_marks(const LawCase *course) {
    GString *out = g_string_new(NULL);
    const GArray *clocks = law_case_clocks(course);
    for (guint i = 0; i < clocks->len; i++) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i);
        g_string_append_printf(out,
                               "%d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ";",
                               (int)clock->state,
                               clock->due.is_known ? clock->due.due_us : 0,
                               clock->stopped_us);
    }
    return g_string_free(out, FALSE);
}

/* Step, form and whole data of the act. */
static bool prepare(CaseWork *work, const LawCase *course, const char *region, GError **error) {
    work->book = casework_book(region, error);
    work->step = law_step(law_case_procedure(course), work->act->step);
    work->form = NULL;
    g_clear_pointer(&work->data, json_decref);
    g_clear_pointer(&work->officers, g_ptr_array_unref);
    work->data = work->act->data == NULL ? NULL : json_deep_copy(work->act->data);
    if (work->book == NULL) {
        return false;
    }
    if (work->step != NULL && work->step->form != NULL) {
        work->form = law_form_at(work->book, work->step->form, work->act->happened_us, error);
        if (work->form == NULL) {
            return false;
        }
        if (work->data != NULL) {
            law_form_compute(work->book, work->form, work->data, work->act->happened_us);
        }
    }
    if (work->step != NULL && work->step->effect == LAW_EFFECT_EXPEDITE) {
        work->data = work->data == NULL ? json_object() : work->data;
        g_autofree char *turn = desk_turn_text(course, work->actor->now_us);
        json_put_text(work->data, "to", turn);
    }
    return true;
}

/* Read once for guards, papers and whoever follows the act. */
static bool load_officers(Db *db, CaseWork *work, GError **error) {
    const CaseAct *act = work->act;
    work->officers = act->officer_count == 0
                         ? NULL
                         : officers_find(db, act->officers, act->officer_count, error);
    return act->officer_count == 0 || work->officers != NULL;
}

bool case_take(Db *db, CaseWork *work, LawCase *course, Matter *matter, GError **error) {
    const LawState *before = law_case_state(course);
    CaseEffect effect = {0};
    if (!prepare(work, course, matter->region, error) || !load_officers(db, work, error) ||
        !case_guard(db, work, course, matter, error)) {
        return false;
    }
    if (work->refusal->reason_zh != NULL) {
        return true;
    }
    LawDone done = {.step = work->act->step,
                    .time_us = work->act->happened_us,
                    .data = work->data,
                    .actor = case_person(work->actor),
                    .officers = work->act->officers,
                    .officer_count = work->act->officer_count};
    g_autofree char *clocks_before = clock_marks(course);
    if (!law_case_apply(course, &done, work->refusal, error)) {
        return work->refusal->reason_zh != NULL;
    }
    g_autofree char *clocks_now = clock_marks(course);
    work->clocks_stand = strcmp(clocks_before, clocks_now) == 0;
    work->names = names_officers(course, work);
    if (!case_effect_check(db, work, matter, &effect, error) ||
        (work->refusal->reason_zh == NULL && !case_files_check(db, work, matter, error))) {
        return false;
    }
    if (work->refusal->reason_zh != NULL) {
        return true;
    }
    Matter old = *matter; /* its texts are freed by derive */
    g_autofree char *old_clock = g_strdup(old.due_clock);
    g_autofree char *old_state = g_strdup(old.state);
    derive(course, work->actor, matter);
    MatterRow row = {.matter = matter,
                     .district = region_district(matter->region),
                     .is_still = old.due_us == matter->due_us && old.due_unit == matter->due_unit &&
                                 old.next_roles == matter->next_roles && !matter->is_closed &&
                                 g_strcmp0(old_clock, matter->due_clock) == 0 &&
                                 g_strcmp0(old_state, matter->state) == 0};
    if (work->opening != NULL) {
        row.form_id = work->opening->form_id;
        if (!number_matter(db, course, work->act, matter, error) ||
            !casework_store_add(db, &row, &matter->id, error) ||
            !casework_index_add(db, matter, error)) {
            return false;
        }
        work->new_id = matter->id;
    } else if (!casework_store_change(db, &row, error)) {
        return false;
    }
    return store_act(db, work, course, before == NULL ? "" : before->id, matter, &effect, error);
}
