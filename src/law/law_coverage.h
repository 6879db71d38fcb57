/*
 * Which share of a district's high-rises must be covered by sensing devices and by when, as
 * sensing-coverage.yaml of the city says (requirement G4). Thread: any; results live as long as the
 * program.
 */
#pragma once

#include "law/law_book.h"

/* Districts with one target. */
typedef struct LawCoverageGroup {
    const char *id, *name; /* "central", "中心城区" */
    int share_percent;
    int64_t due_us;               /* first moment after the last day */
    const char *const *districts; /* six digits, rising; ends with NULL; NULL: all others */
    LawConfidence districts_confidence;
    const char *districts_note; /* why these; NULL: nothing to say */
} LawCoverageGroup;

typedef struct LawCoverage {
    LawEntry entry;
    int heard_days;         /* a device that was heard within so many days counts */
    const char *heard_note; /* where that number comes from */
    const LawCoverageGroup *groups;
    unsigned group_count; /* 0: the city sets no target */
} LawCoverage;

/* In force at `time_us`; NULL: nothing is said for that day. */
const LawCoverage *law_coverage_at(const LawBook *book, int64_t time_us);
/* The target of a district ("500103"); NULL: none. */
const LawCoverageGroup *law_coverage_group(const LawCoverage *coverage, const char *district);
/* The smallest number of `buildings` that makes the share. */
int64_t law_coverage_needed(const LawCoverageGroup *group, int64_t buildings);
