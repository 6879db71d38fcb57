/*
 * Terms from law/national/sensing-upkeep.yaml. Read on first use and kept. Thread: any.
 */
#pragma once

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

/* Length in microseconds. Fails only when the file cannot be read. */
bool upkeep_term(UpkeepTerm term, int64_t *ret_length_us, GError **error);
/* "24 小时（凭记忆，各地可改）"; "" when the file cannot be read. Caller frees. */
char *upkeep_term_text(UpkeepTerm term);
