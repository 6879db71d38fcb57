/*
 * Terms from sensing-upkeep.yaml, a city's own over the national ones. Read on first use and kept.
 * Thread: any; with a Db: that of the Db.
 */
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum UpkeepTerm {
    UPKEEP_LONG_SHIELD,    /* shielding that lasts longer is marked in its ledger */
    UPKEEP_ORDER_DUE,      /* of a maintenance order when nobody writes another day */
    UPKEEP_MINUTE_SAMPLES, /* how long arrays of minutes are kept */
    UPKEEP_DAILY_SAMPLES,  /* how long daily figures are kept */
    UPKEEP_LEARNED,        /* silence after which an unregistered device may be forgotten */
    UPKEEP_TERM_COUNT,
} UpkeepTerm;

/* Length in microseconds in a region ("": of none). Fails only when the file cannot be read. */
bool upkeep_term(const char *region, UpkeepTerm term, int64_t *ret_length_us, GError **error);
/* The longest of those that hold anywhere in this database: samples of all cities lie in the same
 * arrays and go together. */
bool upkeep_term_longest(Db *db, UpkeepTerm term, int64_t *ret_length_us, GError **error);
/* "24 小时（凭记忆，各地可以改）"; "" when the file cannot be read. Caller frees. */
char *upkeep_term_text(const char *region, UpkeepTerm term);
