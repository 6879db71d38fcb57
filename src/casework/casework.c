/* Use cases: one transaction each, with the act, what is derived from it, and the ledger entry. */
#include "casework/casework.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "casework/casework_store.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

/* --- rules --------------------------------------------------------------------------------------
 */

const LawBook *casework_book(const char *region, GError **error) {
    const char *city = law_city_of(region, error);
    return city == NULL ? NULL : law_book(city, error);
}

static int64_t person_of(const CaseActor *actor) {
    return actor->officer_id != 0 ? actor->officer_id : -actor->account_id;
}

static void refuse(LawRefusal *refusal, const char *rule, const char *basis_zh, char *reason_zh) {
    law_refusal_clear(refusal);
    *refusal = (LawRefusal){.rule = rule, .basis_zh = basis_zh, .reason_zh = reason_zh};
}

/* Role and district of the person who acts. */
static void
check_actor(const CaseActor *actor, const LawStep *step, const char *region, LawRefusal *refusal) {
    if (!region_is_inside(region, actor->region)) {
        refuse(refusal, "district", NULL, g_strdup("这件事不在您的辖区"));
    } else if ((actor->roles & step->roles) == 0) {
        g_autofree char *roles = role_set_zh(step->roles);
        refuse(refusal, "role", NULL, g_strdup_printf("%s由%s办理", step->name, roles));
    }
}

/* An agency's kind is known by the role of its people until agencies carry it themselves. */
static bool check_power(const LawBook *book,
                        const CaseActor *actor,
                        const LawStep *step,
                        int64_t time_us,
                        LawRefusal *refusal,
                        GError **error) {
    LawMay may;
    if (step->power == NULL) {
        return true;
    }
    bool is_township = (actor->roles & ROLE_BIT(ROLE_TOWNSHIP_WORKER)) != 0;
    const char *kind = is_township ? "township" : "fire-brigade";
    if (!law_may(book, step->power, kind, LAW_STATUTORY, time_us, &may, error)) {
        return false;
    }
    if (!may.allowed) {
        refuse(refusal,
               "power",
               may.power == NULL ? NULL : may.power->entry.basis_zh,
               g_strdup(may.reason));
    }
    return true;
}

/* Every officer is in post, has a certificate that is valid on the day, and serves there. */
static bool check_officers(
    Db *db, const CaseAct *act, const char *region, LawRefusal *refusal, GError **error) {
    g_autofree char *day = clock_format_date(act->happened_us);
    for (size_t i = 0; i < act->officer_count && refusal->reason_zh == NULL; i++) {
        g_auto(Officer) officer = {0};
        if (!officer_find(db, act->officers[i], &officer, error)) {
            return false;
        }
        if (!officer.in_post) {
            refuse(
                refusal, "in-post", "行政处罚法第42条", g_strdup_printf("%s不在岗", officer.name));
        } else if (!officer_may_serve(&officer, day)) {
            refuse(refusal,
                   "certificate",
                   "行政处罚法第42条",
                   g_strdup_printf("%s的执法证在 %s 不是有效的", officer.name, day));
        } else if (!region_is_inside(region, officer.region) &&
                   !region_is_inside(officer.region, region)) {
            refuse(refusal,
                   "officer-district",
                   NULL,
                   g_strdup_printf("%s不在这个辖区执法", officer.name));
        }
    }
    return true;
}

void casework_may(const LawCase *course,
                  const Matter *matter,
                  const CaseActor *actor,
                  const LawStep *step,
                  LawRefusal *ret_refusal) {
    /* as many officers as it takes, all different: they are checked when they are known */
    int64_t nobody[16];
    for (size_t i = 0; i < G_N_ELEMENTS(nobody); i++) {
        nobody[i] = INT64_MIN + (int64_t)i;
    }
    LawDone done = {.step = step->id,
                    .time_us = actor->now_us,
                    .actor = person_of(actor),
                    .officers = nobody,
                    .officer_count = (size_t)step->officers};
    law_case_may(course, &done, ret_refusal);
    if (ret_refusal->reason_zh == NULL) {
        check_actor(actor, step, matter->region, ret_refusal);
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
                    .officer_count = act->officers->len};
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
    g_autoptr(GPtrArray) acts = casework_store_acts(db, matter_id, error);
    for (guint i = 0; acts != NULL && with_sealed && i < acts->len; i++) {
        if (!casework_store_unseal(db, acts->pdata[i], error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&acts);
}

bool casework_find(Db *db, int64_t id, Matter *ret_matter, GError **error) {
    return casework_store_find(db, id, ret_matter, error);
}

GPtrArray *casework_list(Db *db, const MatterQuery *query, GError **error) {
    return casework_store_list(db, query, error);
}

/* --- taking an act ------------------------------------------------------------------------------
 */

typedef struct Work {
    const CaseActor *actor;
    const NewMatter *opening; /* NULL: an act on a matter that is there */
    const CaseAct *act;
    int64_t matter_id, version;
    LawRefusal *refusal;
    int64_t new_id;
} Work;

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
    matter->number =
        g_strdup_printf("%s〔%d〕第%04" G_GINT64_FORMAT "号", procedure->prefix, year, serial);
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

static bool seal(Db *db, const LawForm *form, const json_t *data, int64_t act_id, GError **error) {
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const char *value = json_get_text(data, form->fields[i].id, NULL);
        if (form->fields[i].sealed && value != NULL && value[0] != '\0' &&
            !casework_store_seal(db, act_id, form->fields[i].id, value, error)) {
            return false;
        }
    }
    return true;
}

static char *officers_text(const CaseAct *act) {
    g_autoptr(json_t) list = json_array();
    for (size_t i = 0; i < act->officer_count; i++) {
        json_array_append_new(list, json_integer(act->officers[i]));
    }
    return json_write(list);
}

/* The leaf holds what was done and the digest of the whole form, sealed fields too, never a text
 * that a person wrote. */
static bool
note(Db *db, const Work *work, const Matter *matter, const ActRow *row, GError **error) {
    g_autoptr(json_t) nothing = json_object();
    g_autofree char *whole =
        json_write_canonical(work->act->data == NULL ? nothing : work->act->data);
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, whole, strlen(whole), hash);
    g_autofree char *digest = hex_format(hash, sizeof hash);
    g_autofree char *happened = clock_format_utc(row->happened_us);
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, work->actor->account_id);
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
    return ledger_append(db,
                         &(LedgerEntry){.time_us = work->actor->now_us,
                                        .type = "matter.act",
                                        .actor = actor,
                                        .object = object,
                                        .payload = payload},
                         NULL,
                         error);
}

static bool store_act(Db *db,
                      const Work *work,
                      const LawCase *course,
                      const char *from,
                      const Matter *matter,
                      GError **error) {
    const LawStep *step = law_step(law_case_procedure(course), work->act->step);
    const LawBook *book = casework_book(matter->region, error);
    const LawForm *form = book == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(book, step->form, work->act->happened_us, error);
    if (book == NULL || (step->form != NULL && form == NULL)) {
        return false;
    }
    g_autoptr(json_t) open = open_part(form, work->act->data);
    g_autofree char *data = json_write(open);
    g_autofree char *officers = officers_text(work->act);
    ActRow row = {.matter_id = matter->id,
                  .seq = law_case_acts(course),
                  .happened_us = work->act->happened_us,
                  .entered_us = work->actor->now_us,
                  .actor = work->actor->account_id,
                  .person = person_of(work->actor),
                  .step = step->id,
                  .officers = officers,
                  .data = data,
                  .state_from = from,
                  .state_to = matter->state};
    int64_t act_id;
    return casework_store_add_act(db, &row, &act_id, error) &&
           seal(db, form, work->act->data, act_id, error) &&
           casework_store_clocks(db, matter->id, law_case_clocks(course), error) &&
           casework_store_person(db, matter->id, work->actor->account_id, error) &&
           note(db, work, matter, &row, error);
}

/* All guards in one place; the course itself checks order, form and own work. */
static bool
guard(Db *db, const Work *work, const LawCase *course, const Matter *matter, GError **error) {
    const LawStep *step = law_step(law_case_procedure(course), work->act->step);
    const LawBook *book = casework_book(matter->region, error);
    if (book == NULL) {
        return false;
    }
    if (work->act->happened_us > work->actor->now_us) {
        refuse(work->refusal, "date", NULL, g_strdup("发生时间还没有到"));
    } else if (step != NULL) {
        check_actor(work->actor, step, matter->region, work->refusal);
    }
    return step == NULL || work->refusal->reason_zh != NULL ||
           (check_power(book, work->actor, step, work->act->happened_us, work->refusal, error) &&
            (work->refusal->reason_zh != NULL ||
             check_officers(db, work->act, matter->region, work->refusal, error)));
}

static bool take(Db *db, Work *work, LawCase *course, Matter *matter, GError **error) {
    const LawState *before = law_case_state(course);
    LawDone done = {.step = work->act->step,
                    .time_us = work->act->happened_us,
                    .data = work->act->data,
                    .actor = person_of(work->actor),
                    .officers = work->act->officers,
                    .officer_count = work->act->officer_count};
    if (!guard(db, work, course, matter, error)) {
        return false;
    }
    if (work->refusal->reason_zh != NULL) {
        return true;
    }
    if (!law_case_apply(course, &done, work->refusal, error)) {
        return work->refusal->reason_zh != NULL;
    }
    derive(course, work->actor, matter);
    MatterRow row = {.matter = matter, .district = region_district(matter->region)};
    if (work->opening != NULL) {
        row.form_id = work->opening->form_id;
        if (!number_matter(db, course, work->act, matter, error) ||
            !casework_store_add(db, &row, &matter->id, error)) {
            return false;
        }
        work->new_id = matter->id;
    } else if (!casework_store_change(db, &row, error)) {
        return false;
    }
    return store_act(db, work, course, before == NULL ? "" : before->id, matter, error);
}

static bool open_work(Db *db, Work *work, GError **error) {
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
    return course != NULL && take(db, work, course, &matter, error);
}

static bool act_work(Db *db, Work *work, GError **error) {
    g_auto(Matter) matter = {0};
    if (!casework_store_find(db, work->matter_id, &matter, error)) {
        return false;
    }
    if (matter.version != work->version) {
        return hz_fail(
            error, HZ_ERROR_CONFLICT, "somebody else has acted on this matter meanwhile");
    }
    g_autoptr(LawCase) course = casework_replay(db, &matter, error);
    return course != NULL && take(db, work, course, &matter, error);
}

/* A refusal ends the transaction without a trace in it. */
static bool run(Db *db, void *data, GError **error) {
    Work *work = data;
    law_refusal_clear(work->refusal);
    *work->refusal = (LawRefusal){.rule = NULL};
    work->new_id = 0;
    return work->opening != NULL ? open_work(db, work, error) : act_work(db, work, error);
}

bool casework_open(Db *db,
                   const CaseActor *actor,
                   const NewMatter *matter,
                   const CaseAct *act,
                   int64_t *ret_id,
                   LawRefusal *ret_refusal,
                   GError **error) {
    Work work = {.actor = actor, .opening = matter, .act = act, .refusal = ret_refusal};
    if (!db_run_tx(db, run, &work, error)) {
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
    Work work = {.actor = actor,
                 .matter_id = matter_id,
                 .version = version,
                 .act = act,
                 .refusal = ret_refusal};
    return db_run_tx(db, run, &work, error);
}
