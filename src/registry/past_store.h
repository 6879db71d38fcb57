/*
 * SQL of inspections that another system made. Thread: that of the Db.
 */
#pragma once

#include "registry/past.h"
#include "store/store.h"

/* What a batch asks for: units, buildings, or lines that are there already. */
typedef enum PastLookup { PAST_LOOKUP_UNIT, PAST_LOOKUP_BUILDING, PAST_LOOKUP_LINE } PastLookup;
/* Rows (source id, id, region, merged into) of those in the JSON array `ids`. */
DbRows *
past_store_look_up(Db *db, PastLookup lookup, const char *source, const char *ids, GError **error);

typedef struct PastLine {
    const char *source, *source_id;
    int64_t unit_id, building_id; /* 0: not of that kind */
    int64_t opened_us, closed_us;
    const char *item_code, *item_text;
} PastLine;
bool past_store_add(Db *db, const PastLine *lines, size_t count, GError **error);

/* Appends the newest. */
bool past_store_list(Db *db, const PastQuestion *question, GPtrArray *list, GError **error);
