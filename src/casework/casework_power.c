/*
 * The guard of powers: the agency that acts holds the power of the step on the day of the act, by
 * its kind (法定) or by what it was given (赋权, 委托; registry/agency.h), and so does the agency
 * of each officer who acts for it. A penalty is for the agency that has the power to it, inside its
 * legal powers (行政处罚法 17), and is carried out by people of that agency with a certificate
 * (42); a delegated body acts within its letter, in the name of the agency that delegates, and
 * gives nothing on (20); coercive measures are for the legal agency and are never delegated
 * (行政强制法 17): the rules of powers.yaml say so and are asked here for the agency of everybody
 * who takes part.
 */
#include "account/account.h"
#include "base/error.h"
#include "casework/casework_internal.h"
#include "registry/agency.h"
#include "registry/officer.h"

#include <string.h>

/* One agency, with what it was given. */
typedef struct Holder {
    Agency agency;
    GPtrArray *grants;
} Holder;

static void holder_clear(Holder *holder) {
    agency_clear(&holder->agency);
    g_clear_pointer(&holder->grants, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Holder, holder_clear)

static bool find_holder(Db *db, int64_t agency_id, Holder *ret_holder, GError **error) {
    if (!agency_find(db, agency_id, &ret_holder->agency, error)) {
        return false;
    }
    ret_holder->grants = agency_grants(db, agency_id, error);
    return ret_holder->grants != NULL;
}

static bool judge(const CaseWork *work,
                  const char *kind,
                  const GPtrArray *grants,
                  AgencyAnswer *ret_answer,
                  GError **error) {
    return agency_judge(
        work->book, kind, grants, work->step->power, work->act->happened_us, ret_answer, error);
}

/* `name` NULL: the role tells the kind. */
static void refuse(const CaseWork *work, const char *name, const AgencyAnswer *answer) {
    case_refuse(work->refusal,
                "power",
                answer->basis_zh,
                name == NULL ? g_strdup(answer->reason)
                             : g_strdup_printf("%s：%s", name, answer->reason));
}

static bool check_agency(Db *db, const CaseWork *work, int64_t agency_id, GError **error) {
    g_auto(Holder) holder = {0};
    g_auto(AgencyAnswer) answer = {0};
    if (!find_holder(db, agency_id, &holder, error) ||
        !judge(work, holder.agency.kind, holder.grants, &answer, error)) {
        return false;
    }
    if (!answer.allowed) {
        refuse(work, holder.agency.name, &answer);
    }
    return true;
}

/* An account without an agency: people of townships have a role of their own, everybody else is
 * taken for a fire brigade; nothing was given to a role. */
static bool check_role(const CaseWork *work, GError **error) {
    bool is_township = (work->actor->roles & ROLE_BIT(ROLE_TOWNSHIP_WORKER)) != 0;
    g_auto(AgencyAnswer) answer = {0};
    if (!judge(work, is_township ? "township" : "fire-brigade", NULL, &answer, error)) {
        return false;
    }
    if (!answer.allowed) {
        refuse(work, NULL, &answer);
    }
    return true;
}

bool case_power_actor(Db *db, const CaseWork *work, GError **error) {
    if (work->step->power == NULL) {
        return true;
    }
    return work->actor->agency_id == 0 ? check_role(work, error)
                                       : check_agency(db, work, work->actor->agency_id, error);
}

/* An officer whose agency is not registered acts for that of the actor, which was asked already. */
bool case_power_officers(Db *db, const CaseWork *work, GError **error) {
    int64_t asked = work->actor->agency_id;
    guint count = work->step->power == NULL || work->officers == NULL ? 0 : work->officers->len;
    for (guint i = 0; work->refusal->reason_zh == NULL && i < count; i++) {
        const Officer *officer = work->officers->pdata[i];
        if (officer->agency_id == 0 || officer->agency_id == asked) {
            continue;
        }
        asked = officer->agency_id;
        if (!check_agency(db, work, asked, error)) {
            return false;
        }
    }
    return true;
}

bool case_power_name(
    Db *db, const CaseWork *work, int64_t agency_id, char **ret_name, GError **error) {
    g_auto(Holder) holder = {0};
    g_auto(AgencyAnswer) answer = {0};
    if (!find_holder(db, agency_id, &holder, error) ||
        (work->step->power != NULL &&
         !judge(work, holder.agency.kind, holder.grants, &answer, error))) {
        return false;
    }
    const char *grantor = answer.grant == NULL ? NULL : answer.grant->grantor;
    *ret_name = g_strdup(grantor != NULL ? grantor : holder.agency.name);
    return true;
}
