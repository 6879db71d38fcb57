/*
 * Limits of analog values: by default those of sensing-limits.yaml (of the city, else national) for
 * a kind of value and component, else those that a person set for one point. Thread: that of the
 * Db; the defaults: any.
 */
#pragma once

#include "sensing/limit_rules.h"
#include "store/store.h"

typedef struct PointLimit {
    int64_t point_id;
    int64_t analog_type;
    LimitRule rule;
    bool is_own; /* set for this point; else the default */
    const char *source_zh; /* "默认：剩余电流，依据 GB 14287，凭记忆"; constant; NULL when own */
} PointLimit;

/* The default for a kind of value on a kind of component in a region ("": of none). False in
 * *ret_found when there is none: then the value is stored and shown but never judged. Fails only
 * when the file cannot be read. */
bool limit_default(const char *region,
                   int64_t component_type,
                   int64_t analog_type,
                   PointLimit *ret_limit,
                   bool *ret_found,
                   GError **error);

/* What holds for a point: its own limits, else the default. */
bool limit_find(Db *db,
                int64_t point_id,
                int64_t component_type,
                int64_t analog_type,
                PointLimit *ret_limit,
                bool *ret_found,
                GError **error);

/* The limits that persons have set on points of a device, for ingest, which keeps them while it
 * serves the device: array of PointLimit. Every change of a device, its points or their limits
 * raises device.version; whoever keeps any of it compares that number. */
GArray *limits_of_device(Db *db, int64_t device_id, GError **error);
