/* Use cases: one transaction each, with the act, what is derived from it, and the ledger entry. */
#include "casework/casework.h"

#include "account/account.h"
#include "base/error.h"
#include "casework/casework_internal.h"
#include "registry/building.h"
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
        case_check_actor(actor, course, step, matter->region, false, ret_refusal);
    }
    if (ret_refusal->reason_zh == NULL) {
        case_check_turn(actor, course, matter, step, ret_refusal);
    }
}

bool casework_may_now(Db *db,
                      const LawCase *course,
                      const Matter *matter,
                      const CaseActor *actor,
                      const LawStep *step,
                      LawRefusal *ret_refusal,
                      GError **error) {
    casework_may(course, matter, actor, step, ret_refusal);
    CaseAct act = {.step = step->id, .happened_us = actor->now_us};
    return ret_refusal->reason_zh != NULL ||
           case_hooks.refuse(db, matter, &act, ret_refusal, error);
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

bool casework_sends(Db *db,
                    const Matter *source,
                    int64_t officer_id,
                    const char *const **ret_kinds,
                    GError **error) {
    static const char *const none[] = {NULL};
    *ret_kinds = none;
    if (officer_id == 0) {
        return true;
    }
    g_autoptr(LawCase) course = casework_replay(db, source, error);
    if (course != NULL && law_case_names(course, officer_id)) {
        *ret_kinds = law_case_state(course)->leads_to;
    }
    return course != NULL;
}

/* --- taking an act ------------------------------------------------------------------------------
 */

void case_work_clear(CaseWork *work) {
    g_clear_pointer(&work->data, json_decref);
    g_clear_pointer(&work->officers, g_ptr_array_unref);
    g_clear_pointer(&work->address, g_free);
}

/* What the object library says about the object of a new matter. */
static bool read_object(Db *db, CaseWork *work, Matter *matter, GError **error) {
    const NewMatter *opening = work->opening;
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
    g_free(work->address);
    work->address = g_strdup(is_unit ? unit.address : building.address);
    return true;
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
    return course != NULL && case_take(db, work, course, &matter, error);
}

static void source_clear(CaseSource *source) {
    matter_clear(&source->matter);
    g_clear_pointer(&source->course, law_case_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CaseSource, source_clear)

static bool load_source(Db *db, int64_t matter_id, CaseSource *ret_source, GError **error) {
    if (!casework_store_find(db, matter_id, &ret_source->matter, error)) {
        return false;
    }
    ret_source->course = casework_replay(db, &ret_source->matter, error);
    return ret_source->course != NULL;
}

/* A matter that grows out of another one: the other one says so by an act of its own. */
static bool
link_source(Db *db, const CaseWork *work, CaseSource *source, const Matter *child, GError **error) {
    const LawProcedure *procedure = law_case_procedure(source->course);
    const LawStep *link = NULL;
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        link = step->effect == LAW_EFFECT_LINK ? step : link;
    }
    if (link == NULL) {
        return true;
    }
    g_autoptr(json_t) data = json_object();
    json_put_text(data, "number", child->number);
    json_put_text(data, "relation", "leads-to");
    CaseAct act = {.step = link->id, .happened_us = work->act->happened_us, .data = data};
    CaseWork other = {
        .actor = work->actor, .act = &act, .child_id = child->id, .refusal = work->refusal};
    bool good = case_take(db, &other, source->course, &source->matter, error);
    case_work_clear(&other);
    return good && (work->refusal->reason_zh == NULL ||
                    hz_fail(error, HZ_ERROR_DENIED, "the matter it grows out of cannot be linked"));
}

static bool open_new(Db *db, CaseWork *work, CaseSource *source, Matter *matter, GError **error) {
    if (!read_object(db, work, matter, error)) {
        return false;
    }
    const LawBook *book = casework_book(matter->region, error);
    g_autoptr(LawCase) course =
        book == NULL ? NULL : law_case_new(book, matter->kind, work->act->happened_us, error);
    return course != NULL && case_take(db, work, course, matter, error) &&
           (work->refusal->reason_zh != NULL || source == NULL ||
            link_source(db, work, source, matter, error));
}

static bool open_work(Db *db, CaseWork *work, GError **error) {
    g_auto(Matter)
        matter = {.kind = g_strdup(work->opening->kind), .opened_us = work->act->happened_us};
    g_auto(CaseSource) source = {.course = NULL};
    int64_t from = work->opening->from_matter;
    if (work->opening->form_id != NULL &&
        (!casework_store_by_form(db, work->opening->form_id, &work->new_id, error) ||
         work->new_id != 0)) {
        return work->new_id != 0;
    }
    if (from != 0 && !load_source(db, from, &source, error)) {
        return false;
    }
    work->source = from == 0 ? NULL : &source;
    bool good = open_new(db, work, from == 0 ? NULL : &source, &matter, error);
    work->source = NULL;
    return good;
}

/* A refusal ends the transaction without a trace in it. */
static bool run(Db *db, void *data, GError **error) {
    CaseWork *work = data;
    law_refusal_clear(work->refusal);
    *work->refusal = (LawRefusal){.rule = NULL};
    work->new_id = 0;
    bool good = work->opening != NULL ? open_work(db, work, error) : act_work(db, work, error);
    case_work_clear(work);
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
