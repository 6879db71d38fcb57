/* Use cases: one transaction each, with the act, what is derived from it, and the ledger entry. */
#include "casework/casework.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "casework/casework_internal.h"
#include "casework/desk.h"
#include "law/law_paper.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

/* --- rules --------------------------------------------------------------------------------------
 */

const LawBook *casework_book(const char *region, GError **error) {
    const char *city = law_city_of(region, error);
    return city == NULL ? NULL : law_book(city, error);
}

size_t casework_anybody(const LawCase *course,
                        const LawStep *step,
                        int64_t ret_officers[CASE_OFFICERS_MAX]) {
    const GArray *named = law_case_named(course, step);
    size_t count = MIN((size_t)step->officers, CASE_OFFICERS_MAX);
    for (size_t i = 0; i < count; i++) {
        ret_officers[i] = named != NULL && i < named->len ? g_array_index(named, int64_t, i)
                                                          : INT64_MIN + (int64_t)i;
    }
    return count;
}

void casework_may(const LawCase *course,
                  const Matter *matter,
                  const CaseActor *actor,
                  const LawStep *step,
                  LawRefusal *ret_refusal) {
    /* they are checked when they are known */
    int64_t anybody[CASE_OFFICERS_MAX];
    size_t count = casework_anybody(course, step, anybody);
    LawDone done = {.step = step->id,
                    .time_us = actor->now_us,
                    .actor = case_person(actor),
                    .officers = anybody,
                    .officer_count = count};
    law_case_may(course, &done, ret_refusal);
    if (ret_refusal->reason_zh == NULL) {
        case_check_actor(actor, course, step, matter->region, ret_refusal);
    }
}

/* --- replay -------------------------------------------------------------------------------------
 */

static bool apply_stored(LawCase *course, const StoredAct *act, GError **error) {
    g_auto(LawRefusal) refusal = {0};
    LawDone done = {.step = act->step,
                    .time_us = act->happened_us,
                    .data = act->data,
                    .actor = act->person,
                    .officers = (const int64_t *)(void *)act->officers->data,
                    .officer_count = act->officers->len,
                    .is_stored = true};
    if (law_case_apply(course, &done, &refusal, error)) {
        return true;
    }
    return refusal.reason_zh == NULL || hz_fail(error,
                                                HZ_ERROR_CORRUPT,
                                                "act %" G_GINT64_FORMAT " cannot be replayed: %s",
                                                act->id,
                                                refusal.reason_zh);
}

LawCase *casework_replay(Db *db, const Matter *matter, GError **error) {
    const LawBook *book = casework_book(matter->region, error);
    g_autoptr(GPtrArray) acts = book == NULL ? NULL : casework_acts(db, matter->id, true, error);
    if (acts == NULL) {
        return NULL;
    }
    int64_t opened_us =
        acts->len == 0 ? matter->opened_us : ((StoredAct *)acts->pdata[0])->happened_us;
    g_autoptr(LawCase) course = law_case_new(book, matter->kind, opened_us, error);
    for (guint i = 0; course != NULL && i < acts->len; i++) {
        if (!apply_stored(course, acts->pdata[i], error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&course);
}

GPtrArray *casework_acts(Db *db, int64_t matter_id, bool with_sealed, GError **error) {
    return casework_store_acts(db, matter_id, with_sealed, error);
}

bool casework_is_named(
    Db *db, int64_t matter_id, int64_t officer_id, bool *ret_named, GError **error) {
    return casework_store_is_named(db, matter_id, officer_id, ret_named, error);
}

bool casework_find(Db *db, int64_t id, Matter *ret_matter, GError **error) {
    return casework_store_find(db, id, ret_matter, error);
}

/* --- taking an act ------------------------------------------------------------------------------
 */

/* What the object library says about the object of a new matter. */
static bool read_object(Db *db, const NewMatter *opening, Matter *matter, GError **error) {
    matter->title = g_strdup(opening->title);
    matter->region = g_strdup(opening->region);
    if (opening->object_kind == NULL) {
        return opening->region != NULL ||
               hz_fail(error, HZ_ERROR_INVALID, "a matter without an object needs a region");
    }
    matter->object_kind = g_strdup(opening->object_kind);
    matter->object_id = opening->object_id;
    g_auto(Unit) unit = {0};
    g_auto(Building) building = {0};
    bool is_unit = strcmp(opening->object_kind, "unit") == 0;
    if (is_unit ? !unit_find(db, opening->object_id, &unit, error)
                : !building_find(db, opening->object_id, &building, error)) {
        return false;
    }
    if (matter->title == NULL) {
        matter->title = g_strdup(is_unit ? unit.name : building.name);
    }
    if (matter->region == NULL) {
        matter->region = g_strdup(is_unit ? unit.region : building.region);
    }
    return true;
}

static bool
number_matter(Db *db, const LawCase *course, const CaseAct *act, Matter *matter, GError **error) {
    const LawProcedure *procedure = law_case_procedure(course);
    int year = clock_year(act->happened_us);
    int64_t serial;
    if (!casework_store_serial(db, procedure->prefix, year, &serial, error)) {
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

/* Do acts of the procedure ask whom this one has named? */
static bool names_officers(const LawCase *course, const CaseWork *work) {
    const LawProcedure *procedure = law_case_procedure(course);
    bool names = false;
    for (unsigned i = 0; work->act->officer_count > 0 && i < procedure->step_count; i++) {
        names |= g_strv_contains(procedure->steps[i].only_by, work->step->id);
    }
    return names;
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

/* Whoever acts, and the officers who take part as far as they have accounts. */
static bool store_people(Db *db, const CaseWork *work, const Matter *matter, GError **error) {
    int64_t own = work->actor->account_id;
    bool good = (own <= 0 || casework_store_person(db, matter->id, own, error)) &&
                (!work->names || casework_store_unname(db, matter->id, error));
    for (size_t i = 0; good && i < work->act->officer_count; i++) {
        int64_t account = 0;
        good = account_of_officer(db, work->act->officers[i], &account, error) &&
               (account == 0 || casework_store_person(db, matter->id, account, error)) &&
               (!work->names || casework_store_name(db, matter->id, work->act->officers[i], error));
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
                       .names = work->names};
    return casework_store_add_act(db, &row, error) && seal(db, work, &row, error) &&
           (work->clocks_stand ||
            casework_store_clocks(db, matter->id, law_case_clocks(course), error)) &&
           store_people(db, work, matter, error) &&
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
    return true;
}

static bool take(Db *db, CaseWork *work, LawCase *course, Matter *matter, GError **error) {
    const LawState *before = law_case_state(course);
    CaseEffect effect = {0};
    if (!prepare(work, course, matter->region, error) ||
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

static bool act_work(Db *db, CaseWork *work, GError **error) {
    g_auto(Matter) matter = {0};
    if (!casework_store_find(db, work->matter_id, &matter, error)) {
        return false;
    }
    if (work->version != 0 && matter.version != work->version) {
        return hz_fail(
            error, HZ_ERROR_CONFLICT, "somebody else has acted on this matter meanwhile");
    }
    g_autoptr(LawCase) course = casework_replay(db, &matter, error);
    return course != NULL && take(db, work, course, &matter, error);
}

/* A matter that grows out of another one: the other one says so by an act of its own. */
static bool link_parent(Db *db, const CaseWork *work, const Matter *child, GError **error) {
    g_auto(Matter) parent = {0};
    if (!casework_store_find(db, work->opening->from_matter, &parent, error)) {
        return false;
    }
    g_autoptr(LawCase) course = casework_replay(db, &parent, error);
    const LawStep *link = NULL;
    for (unsigned i = 0; course != NULL && i < law_case_procedure(course)->step_count; i++) {
        const LawStep *step = &law_case_procedure(course)->steps[i];
        link = step->effect == LAW_EFFECT_LINK ? step : link;
    }
    if (course == NULL || link == NULL) {
        return course != NULL;
    }
    g_autoptr(json_t) data = json_object();
    json_put_text(data, "number", child->number);
    json_put_text(data, "relation", "leads-to");
    CaseAct act = {.step = link->id, .happened_us = work->act->happened_us, .data = data};
    CaseWork other = {.actor = work->actor, .act = &act, .refusal = work->refusal};
    bool good = take(db, &other, course, &parent, error);
    g_clear_pointer(&other.data, json_decref);
    return good;
}

static bool open_work(Db *db, CaseWork *work, GError **error) {
    g_auto(Matter)
        matter = {.kind = g_strdup(work->opening->kind), .opened_us = work->act->happened_us};
    if (work->opening->form_id != NULL &&
        (!casework_store_by_form(db, work->opening->form_id, &work->new_id, error) ||
         work->new_id != 0)) {
        return work->new_id != 0;
    }
    if (!read_object(db, work->opening, &matter, error)) {
        return false;
    }
    const LawBook *book = casework_book(matter.region, error);
    g_autoptr(LawCase) course =
        book == NULL ? NULL : law_case_new(book, matter.kind, work->act->happened_us, error);
    if (course == NULL || !take(db, work, course, &matter, error)) {
        return false;
    }
    if (work->refusal->reason_zh != NULL || work->opening->from_matter == 0) {
        return true;
    }
    if (!link_parent(db, work, &matter, error)) {
        return false;
    }
    return work->refusal->reason_zh == NULL ||
           hz_fail(error, HZ_ERROR_DENIED, "the matter it grows out of cannot be linked");
}

/* A refusal ends the transaction without a trace in it. */
static bool run(Db *db, void *data, GError **error) {
    CaseWork *work = data;
    law_refusal_clear(work->refusal);
    *work->refusal = (LawRefusal){.rule = NULL};
    work->new_id = 0;
    bool good = work->opening != NULL ? open_work(db, work, error) : act_work(db, work, error);
    g_clear_pointer(&work->data, json_decref);
    return good;
}

/* In the caller's transaction if there is one. */
static bool run_work(Db *db, CaseWork *work, GError **error) {
    return db_in_tx(db) ? run(db, work, error) : db_run_tx(db, run, work, error);
}

bool casework_open(Db *db,
                   const CaseActor *actor,
                   const NewMatter *matter,
                   const CaseAct *act,
                   int64_t *ret_id,
                   LawRefusal *ret_refusal,
                   GError **error) {
    CaseWork work = {.actor = actor, .opening = matter, .act = act, .refusal = ret_refusal};
    GError *problem = NULL;
    if (!run_work(db, &work, &problem)) {
        /* the link was refused: the new matter is gone with the transaction, the reason stays */
        bool is_refused = ret_refusal->reason_zh != NULL && !db_in_tx(db) &&
                          g_error_matches(problem, HZ_ERROR, HZ_ERROR_DENIED);
        if (is_refused) {
            g_clear_error(&problem);
            *ret_id = 0;
            return true;
        }
        g_propagate_error(error, problem);
        return false;
    }
    *ret_id = work.new_id;
    return true;
}

bool casework_act(Db *db,
                  const CaseActor *actor,
                  int64_t matter_id,
                  int64_t version,
                  const CaseAct *act,
                  LawRefusal *ret_refusal,
                  GError **error) {
    CaseWork work = {.actor = actor,
                     .matter_id = matter_id,
                     .version = version,
                     .act = act,
                     .refusal = ret_refusal};
    return run_work(db, &work, error);
}

/* --- drafts ----------------------------------------------------------------------
 */

typedef struct DraftWork {
    int64_t account_id, now_us;
    const char *place;
    const json_t *data; /* NULL: forget it */
} DraftWork;

static bool draft_work(Db *db, void *data, GError **error) {
    const DraftWork *work = data;
    return casework_store_draft(db, work->account_id, work->place, work->data, work->now_us, error);
}

bool casework_draft_save(Db *db,
                         int64_t account_id,
                         const char *place,
                         const json_t *data,
                         int64_t now_us,
                         GError **error) {
    DraftWork work = {account_id, now_us, place, data};
    return db_run_tx(db, draft_work, &work, error);
}
