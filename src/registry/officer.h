/*
 * Officers. The agencies they serve in are in agency.h. Thread: that of the Db.
 */
#pragma once

#include "registry/change.h"
#include "registry/intake.h"
#include "registry/registry.h"

typedef struct Officer {
    int64_t id;
    const char *name;
    const char *certificate;       /* 执法证号, unique */
    const char *certificate_until; /* "YYYY-MM-DD", last day it is good; NULL: not told */
    int64_t agency_id;             /* 0: not told */
    const char *agency_name;       /* NULL: not told */
    const char *region;
    int64_t district;
    bool in_post;
    bool can_lead; /* 主办资格 */
    const char *phone;
    int64_t version, created_us, changed_us;
    GStringChunk *texts; /* owns the texts; NULL when they are borrowed */
} Officer;
void officer_clear(Officer *officer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Officer, officer_clear)

/* HZ_ERROR_NOT_FOUND if there is none. */
bool officer_find(Db *db, int64_t id, Officer *ret_officer, GError **error);
/* Those of these ids in their order: array of Officer *. HZ_ERROR_NOT_FOUND if one is not there.
 * One question for all. */
GPtrArray *officers_find(Db *db, const int64_t *ids, size_t count, GError **error);
bool officer_find_certificate(Db *db,
                              const char *certificate,
                              Officer *ret_officer,
                              GError **error);

/* In post and with a certificate that is good on `day` ("YYYY-MM-DD"). Without a registered date
 * nobody can check that: such an officer may not serve and is not drawn. */
bool officer_may_serve(const Officer *officer, const char *day);
/* Days from `day` to the last good day; negative when past; INT64_MAX when not told. */
int64_t officer_days_left(const Officer *officer, const char *day);

/* As building_add and building_change. CONFLICT also when a certificate number is taken. */
bool officer_add(
    Db *db, Officer *const *officers, size_t count, const WriteOptions *options, GError **error);
bool officer_change(
    Db *db, const Officer *old, Officer *now, const WriteOptions *options, GError **error);
