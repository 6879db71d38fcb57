/* On what ground an agency may act on a day; see agency.h. Pure. */
#include "base/clock.h"
#include "base/error.h"
#include "registry/agency.h"

#include <string.h>

void agency_answer_clear(AgencyAnswer *answer) {
    g_free(answer->reason);
    *answer = (AgencyAnswer){0};
}

const LawBook *agency_book(const char *region, GError **error) {
    const char *city = law_city_of(region, error);
    return city == NULL ? NULL : law_book(city, error);
}

static bool holds_on(const AgencyGrant *grant, const char *day) {
    return strcmp(grant->from, day) <= 0 &&
           (grant->until == NULL || strcmp(day, grant->until) <= 0);
}

/* How much a refusal says: a later one replaces it only when it says more. */
typedef enum Weight { BY_KIND = 1, OUT_OF_TERM, FORBIDDEN } Weight;

static void
refuse(AgencyAnswer *answer, Weight *weight, Weight now, char *reason, const char *basis) {
    if (now <= *weight) {
        g_free(reason);
        return;
    }
    g_free(answer->reason);
    answer->reason = reason;
    answer->basis_zh = basis;
    *weight = now;
}

static char *out_of_term(const AgencyGrant *grant) {
    return g_strdup_printf("%s（%s）从%s%s%s，办理当天不在期限内",
                           law_mode_zh(grant->mode),
                           grant->document,
                           grant->from,
                           grant->until == NULL ? "起" : "到",
                           grant->until == NULL ? "" : grant->until);
}

static void allow(AgencyAnswer *answer, const AgencyGrant *grant, const LawMay *may) {
    agency_answer_clear(answer);
    *answer = (AgencyAnswer){.allowed = true,
                             .mode = grant == NULL ? LAW_STATUTORY : grant->mode,
                             .grant = grant,
                             .reason = g_strdup(may->reason),
                             .basis_zh = may->basis_zh};
}

bool agency_judge(const LawBook *book,
                  const char *kind,
                  const GPtrArray *grants,
                  const char *act,
                  int64_t time_us,
                  AgencyAnswer *ret_answer,
                  GError **error) {
    g_autofree char *day = clock_format_date(time_us);
    Weight weight = 0;
    LawMay may;
    *ret_answer = (AgencyAnswer){.allowed = false};
    if (!law_may(book, act, kind, LAW_STATUTORY, time_us, &may, error)) {
        return false;
    }
    if (may.allowed) {
        allow(ret_answer, NULL, &may);
        return true;
    }
    refuse(ret_answer, &weight, BY_KIND, g_strdup(may.reason), may.basis_zh);
    for (guint i = 0; grants != NULL && i < grants->len; i++) {
        const AgencyGrant *grant = grants->pdata[i];
        if (strcmp(grant->act, act) != 0) {
            continue;
        }
        if (!law_may(book, act, kind, grant->mode, time_us, &may, error)) {
            agency_answer_clear(ret_answer);
            return false;
        }
        if (may.allowed && holds_on(grant, day)) {
            allow(ret_answer, grant, &may);
            return true;
        }
        refuse(ret_answer,
               &weight,
               may.allowed ? OUT_OF_TERM : FORBIDDEN,
               may.allowed ? out_of_term(grant) : g_strdup(may.reason),
               may.basis_zh);
    }
    return true;
}

bool agency_grant_problem(const LawBook *book,
                          const AgencyGrant *grant,
                          const char *kind,
                          const char *grantor_kind,
                          char **ret_problem,
                          GError **error) {
    int64_t from_us = 0;
    LawMay may;
    *ret_problem = NULL;
    if (!clock_parse(grant->from, &from_us)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no day", grant->from);
    }
    if (!law_may(book, grant->act, kind, grant->mode, from_us, &may, error)) {
        return false;
    }
    if (!may.allowed) {
        *ret_problem = g_strdup_printf("%s（%s）", may.reason, may.basis_zh);
        return true;
    }
    if (grant->mode != LAW_DELEGATED) {
        return true;
    }
    const char *basis = may.basis_zh;
    if (!law_may(book, grant->act, grantor_kind, LAW_STATUTORY, from_us, &may, error)) {
        return false;
    }
    if (!may.allowed) {
        *ret_problem = g_strdup_printf(
            "委托机关自己没有法定的这项职权，受委托、被赋权的也不得再委托（%s）", basis);
    }
    return true;
}
