/* Guards that need the registry: who acts, where; officers in post and without a conflict; how
 * often a year. Powers are in casework_power.c. No client passes by them: every act goes through
 * case_guard. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework_internal.h"
#include "casework/desk.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

#define OFFICERS_BASIS "行政处罚法第42条"
#define RECUSAL_BASIS "行政处罚法第43条"

void case_refuse(LawRefusal *refusal, const char *rule, const char *basis_zh, char *reason_zh) {
    law_refusal_clear(refusal);
    *refusal = (LawRefusal){.rule = rule, .basis_zh = basis_zh, .reason_zh = reason_zh};
}

void case_refuse_field(LawRefusal *refusal, const char *field, const char *problem_zh) {
    case_refuse(refusal, "form", NULL, g_strdup(problem_zh));
    refusal->problems = json_object();
    json_put_text(refusal->problems, field, problem_zh);
}

int64_t case_person(const CaseActor *actor) {
    if (actor->officer_id != 0) {
        return actor->officer_id;
    }
    return actor->account_id == 0                     ? CASE_PUBLIC_PERSON
           : actor->account_id == CASE_SYSTEM_ACCOUNT ? CASE_SYSTEM_PERSON
                                                      : -actor->account_id;
}

bool case_is_sent(const CaseSource *source, const Matter *matter, int64_t officer_id) {
    if (source == NULL || officer_id == 0) {
        return false;
    }
    const Matter *from = &source->matter;
    bool is_same_object = g_strcmp0(from->object_kind, matter->object_kind) == 0 &&
                          from->object_id == matter->object_id &&
                          (from->object_kind != NULL || g_strcmp0(from->title, matter->title) == 0);
    return is_same_object && region_district(from->region) == region_district(matter->region) &&
           law_case_leads_to(source->course, matter->kind) &&
           law_case_names(source->course, officer_id);
}

/* Role and district of the person who acts; an officer whom the matter names acts on it anywhere.
 */
void case_check_actor(const CaseActor *actor,
                      const LawCase *course,
                      const LawStep *step,
                      const char *region,
                      bool is_sent,
                      LawRefusal *refusal) {
    bool is_named = actor->officer_id != 0 && law_case_names(course, actor->officer_id);
    if (!is_named && !is_sent && !region_is_inside(region, actor->region)) {
        case_refuse(refusal, "district", NULL, g_strdup("这件事不在您的辖区"));
    } else if ((actor->roles & step->roles) == 0) {
        g_autofree char *roles = role_set_zh(step->roles);
        case_refuse(refusal, "role", NULL, g_strdup_printf("%s由%s办理", step->name, roles));
    }
}

void case_check_turn(const CaseActor *actor,
                     const LawCase *course,
                     const Matter *matter,
                     const LawStep *step,
                     LawRefusal *refusal) {
    if (step->effect != LAW_EFFECT_EXPEDITE) {
        return;
    }
    if (desk_next_step(course, matter, actor) != NULL) {
        case_refuse(refusal, "turn", NULL, g_strdup("现在轮到您自己办，不用催办"));
    } else if (desk_turn(course, actor->now_us) == 0) {
        case_refuse(refusal, "turn", NULL, g_strdup("现在没有轮到谁办，不用催办"));
    }
}

/* What the officers of an act are checked against. */
typedef struct Guard {
    const CaseWork *work;
    const LawCase *course;
    const Matter *matter;
} Guard;

/* Serving there, or sent there: by a draw, which asks for nobody but names them, by a room that has
 * named them by its own rule, or by the matter that this one grows out of. */
static bool serves_there(const Guard *guard, const Officer *officer) {
    return region_is_inside(guard->matter->region, officer->region) ||
           region_is_inside(officer->region, guard->matter->region) ||
           guard->work->act->origin != NULL || guard->work->step->officers == 0 ||
           law_case_names(guard->course, officer->id) ||
           case_is_sent(guard->work->source, guard->matter, officer->id);
}

/* In post, with a certificate that is good on the day, serving there, not on the list of those who
 * must keep away from this object. */
static void check_officer(const Guard *guard, const Officer *officer, int64_t recused) {
    const CaseWork *work = guard->work;
    g_autofree char *day = clock_format_date(work->act->happened_us);
    LawRefusal *refusal = work->refusal;
    if (!officer->in_post) {
        case_refuse(refusal, "in-post", OFFICERS_BASIS, g_strdup_printf("%s不在岗", officer->name));
    } else if (!officer_may_serve(officer, day)) {
        case_refuse(refusal,
                    "certificate",
                    OFFICERS_BASIS,
                    g_strdup_printf("%s的执法证在 %s 不是有效的", officer->name, day));
    } else if (!serves_there(guard, officer)) {
        case_refuse(refusal,
                    "officer-district",
                    NULL,
                    g_strdup_printf("%s不在这个辖区执法", officer->name));
    } else if (officer->id == recused) {
        case_refuse(refusal,
                    "conflict",
                    RECUSAL_BASIS,
                    g_strdup_printf("%s与这家单位（建筑）登记了利害关系，应当回避", officer->name));
    }
}

/* A recusal names an officer who may have left, or whose certificate has ended: nothing is asked of
 * him. */
static bool check_officers(Db *db, const Guard *guard, GError **error) {
    const CaseWork *work = guard->work;
    const Matter *matter = guard->matter;
    int64_t recused = 0;
    if (work->step->effect == LAW_EFFECT_RECUSE || work->officers == NULL) {
        return true;
    }
    if (matter->object_kind != NULL && !case_hooks.recused(db,
                                                           matter->object_kind,
                                                           matter->object_id,
                                                           work->act->officers,
                                                           work->act->officer_count,
                                                           &recused,
                                                           error)) {
        return false;
    }
    for (guint i = 0; work->refusal->reason_zh == NULL && i < work->officers->len; i++) {
        check_officer(guard, work->officers->pdata[i], recused);
    }
    return true;
}

/* How often it happened to this object in the calendar year of the act, here and in other rooms. */
static bool check_cap(Db *db, const Guard *guard, GError **error) {
    const CaseWork *work = guard->work;
    const Matter *matter = guard->matter;
    const LawStep *step = work->step;
    const LawCap *cap =
        step->cap == NULL ? NULL : law_cap_at(work->book, step->cap, work->act->happened_us);
    if (cap == NULL || work->opening == NULL || work->opening->is_within_cap ||
        matter->object_kind == NULL ||
        !law_when_holds(step->cap_field, step->cap_values, work->data)) {
        return true;
    }
    CaseCount count = {.cap = step->cap,
                       .kind = matter->kind,
                       .field = step->cap_field,
                       .values = step->cap_values,
                       .not_in = step->cap_not_in,
                       .object_kind = matter->object_kind,
                       .object_id = matter->object_id,
                       .year = clock_year(work->act->happened_us)};
    int64_t here = 0;
    int64_t elsewhere = 0;
    if (!casework_store_count(db, &count, &here, error) ||
        !case_hooks.count(db, &count, &elsewhere, error)) {
        return false;
    }
    if (here + elsewhere >= cap->max) {
        case_refuse(work->refusal,
                    "annual-cap",
                    cap->entry.basis_zh,
                    g_strdup_printf("%s：%d 年已有 %" G_GINT64_FORMAT " 次，上限是 %d 次",
                                    cap->entry.name,
                                    count.year,
                                    here + elsewhere,
                                    cap->max));
    }
    return true;
}

/* What a room above has settled is not chosen here. */
static bool check_rooms(Db *db, const Guard *guard, GError **error) {
    const CaseWork *work = guard->work;
    return work->opening != NULL ||
           case_hooks.refuse(db, guard->matter, work->act, work->refusal, error);
}

static bool check_powers(Db *db, const Guard *guard, GError **error) {
    return case_power_officers(db, guard->work, error);
}

bool case_guard(
    Db *db, const CaseWork *work, const LawCase *course, const Matter *matter, GError **error) {
    typedef bool (*Check)(Db *, const Guard *, GError **);
    static const Check checks[] = {check_rooms, check_officers, check_powers, check_cap};
    Guard guard = {work, course, matter};
    if (work->act->happened_us > work->actor->now_us) {
        case_refuse(work->refusal, "date", NULL, g_strdup("发生时间还没有到"));
    } else if (work->step != NULL) {
        bool is_sent = case_is_sent(work->source, matter, work->actor->officer_id);
        case_check_actor(work->actor, course, work->step, matter->region, is_sent, work->refusal);
        if (work->refusal->reason_zh == NULL) {
            case_check_turn(work->actor, course, matter, work->step, work->refusal);
        }
        if (work->refusal->reason_zh == NULL && !case_power_actor(db, work, error)) {
            return false;
        }
    }
    for (size_t i = 0;
         work->step != NULL && work->refusal->reason_zh == NULL && i < G_N_ELEMENTS(checks);
         i++) {
        if (!checks[i](db, &guard, error)) {
            return false;
        }
    }
    return true;
}
