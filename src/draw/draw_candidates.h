/* Candidates of the assignment (draw_assign.c). Pure. Thread: any. */
#pragma once

#include "draw/draw_rules.h"

/* Inspectors of one target, as indexes into the input, by (h, id). */
typedef struct DrawCandidates {
    int *items;
    int count;
} DrawCandidates;

/* One for each target of the input: those in office until the end of the inspections, not denied,
 * in a district that the rung allows. Caller frees. */
DrawCandidates *draw_candidates_new(const DrawAssignInput *input, DrawRung rung);
void draw_candidates_free(DrawCandidates *candidates, size_t target_count);
