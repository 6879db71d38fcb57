/*
 * What a random draw reads: every object of a region with what its chance depends on, and the
 * officers. Narrow rows, so that a million objects pass in about a second. Thread: that of the Db.
 */
#pragma once

#include "registry/officer.h"
#include "registry/registry.h"

typedef struct PoolObject {
    int64_t id, district;
    int category; /* UseCategory.id */
    RiskGrade risk;
    CreditGrade credit;
} PoolObject;
typedef bool (*PoolVisitor)(const PoolObject *object, void *data, GError **error);

/* Gives every living "unit" or "building" of a region and some categories (bit n = UseCategory.id
 * n) to `visit`, in id order; memory stays bounded. The visitor stops the walk by failing. */
bool pool_visit(Db *db,
                const char *object_kind,
                const char *region,
                uint32_t categories,
                PoolVisitor visit,
                void *data,
                GError **error);

/* Gives every officer in post inside a region to `visit`, in id order, whatever the date of their
 * certificate (officer_may_serve decides with the day of the inspection); name, certificate and
 * agency are not filled in. */
bool pool_visit_officers(Db *db,
                         const char *region,
                         bool (*visit)(const Officer *officer, void *data, GError **error),
                         void *data,
                         GError **error);

/* How many of a kind stand in each category: counts[UseCategory.id], CATEGORY_COUNT of them. From
 * the kept counts for units of a region down to district level, else from an index. */
bool pool_count(
    Db *db, const char *object_kind, const char *region, int64_t *ret_counts, GError **error);
