/* The answers to what a risk table asks, gathered for one building. Thread: that of the Db. */
#pragma once

#include "firecode/firecode.h"

/* One word of a fact, "floors" of "building.floors", with its answer: set, or left unknown. */
typedef struct FactSheet FactSheet;
void fact_sheet_free(FactSheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FactSheet, fact_sheet_free)

/* Everything that is known of the building now. NULL on error. */
FactSheet *fact_sheet_of(
    Db *db, const Building *building, const LawRisk *risk, int64_t now_us, GError **error);
/* The answer to a fact of the table. Borrowed from the sheet. */
LawRiskAnswer fact_sheet_answer(const FactSheet *sheet, const char *fact);
/* Could the sheet ever answer it? For the test that the table asks nothing that nobody knows. */
bool fact_is_offered(const char *fact);
/* When the last record of each duty was made; 0: never. */
const int64_t *fact_sheet_last(const FactSheet *sheet);
