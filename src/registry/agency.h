/*
 * Agencies: what kind they are, and what each was given beside the powers of its kind.
 *
 * An agency acts on one of three grounds (law/national/powers.yaml): statutory, by its kind;
 * empowered (赋权), in its own name, by a published list of the province (行政处罚法 24); delegated
 * (委托), in the name of the agency that delegates, by a published letter that says what and how
 * long (行政处罚法 20). The last two are data of the agency: an AgencyGrant. Thread: that of the
 * Db.
 */
#pragma once

#include "law/law_book.h"
#include "registry/change.h"

typedef struct Agency {
    int64_t id;
    char *code, *name, *region; /* code may be NULL */
    char *kind;                 /* of law/national/agencies.yaml: "township" */
    int64_t version, created_us, changed_us;
} Agency;
void agency_clear(Agency *agency);
void agency_free(Agency *agency);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Agency, agency_clear)

/* By name or code; HZ_ERROR_NOT_FOUND if there is none. */
bool agency_find_named(Db *db, const char *name_or_code, Agency *ret_agency, GError **error);
bool agency_find(Db *db, int64_t id, Agency *ret_agency, GError **error);
/* A new one; CONFLICT if name or code is taken. `code` may be NULL; `kind` NULL: the one that the
 * name tells, else a fire brigade. */
typedef struct NewAgency {
    const char *code, *name, *region, *kind;
} NewAgency;
bool agency_add(Db *db, const NewAgency *agency, int64_t now_us, int64_t *ret_id, GError **error);
/* Code, name, region and kind, with their history; CONFLICT when the row's version is not
 * old->version or name or code is taken. */
bool agency_change(
    Db *db, const Agency *old, const NewAgency *now, const WriteOptions *options, GError **error);
/* At most 2000 agencies (a city has about a thousand townships and streets), by name: array of
 * Agency *. */
GPtrArray *agency_list(Db *db, GError **error);
/* At most `limit` agencies of a region whose name comes after `after` (NULL: the first), by name.
 */
GPtrArray *
agency_list_inside(Db *db, const char *region, const char *after, unsigned limit, GError **error);

/* --- what it was given --- */

typedef struct AgencyGrant {
    int64_t id, agency_id;
    char *act;    /* of agencies.yaml: "fine" */
    LawMode mode; /* empowered or delegated */
    char *from;   /* "YYYY-MM-DD", first day */
    char *until;  /* last day; NULL: open */
    char *document;
    int64_t grantor_id; /* of a delegation: in whose name; 0: in its own */
    char *grantor;      /* its name; NULL: none */
} AgencyGrant;
void agency_grant_free(AgencyGrant *grant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgencyGrant, agency_grant_free)

/* All of an agency, newest first: array of AgencyGrant *. */
GPtrArray *agency_grants(Db *db, int64_t agency_id, GError **error);
/* Only stores it, with its history; whether the law lets this be given is agency_grant_problem. */
bool agency_grant_add(
    Db *db, const AgencyGrant *grant, const WriteOptions *options, int64_t *ret_id, GError **error);
/* Its last day; never later than the one it has. NOT_FOUND: the agency has no such grant. */
bool agency_grant_end(Db *db,
                      const AgencyGrant *grant,
                      const char *until,
                      const WriteOptions *options,
                      GError **error);

/* --- what it may (agency_rules.c; pure) --- */

typedef struct AgencyAnswer {
    bool allowed;
    LawMode mode;
    const AgencyGrant *grant; /* it acts by this one; NULL: by the powers of its kind. Borrowed */
    char *reason;             /* in Chinese; owned */
    const char *basis_zh;     /* constant */
} AgencyAnswer;
void agency_answer_clear(AgencyAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AgencyAnswer, agency_answer_clear)

/* May an agency of this kind that holds these grants (NULL: none) do the act at that time? First by
 * its kind, then by each grant of the day. The refusal is the most telling one: of a grant that the
 * law forbids, of a grant that does not hold on the day, of the kind. */
bool agency_judge(const LawBook *book,
                  const char *kind,
                  const GPtrArray *grants,
                  const char *act,
                  int64_t time_us,
                  AgencyAnswer *ret_answer,
                  GError **error);

/* Why the grant cannot be given from its first day on: a rule of powers.yaml forbids it or none
 * allows it, or (a delegation) the grantor does not have the power by its own kind, and what was
 * given is not given on (行政处罚法 20). NULL in *ret_problem: it can. Caller frees. */
bool agency_grant_problem(const LawBook *book,
                          const AgencyGrant *grant,
                          const char *kind,
                          const char *grantor_kind,
                          char **ret_problem,
                          GError **error);
/* The rules of a region: those of its city, or the national ones. */
const LawBook *agency_book(const char *region, GError **error);
