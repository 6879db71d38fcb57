/*
 * Which districts of a city border each other, as adjacent-districts.yaml of the city says. Thread:
 * any; results live as long as the program.
 */
#pragma once

#include "law/law_book.h"

typedef struct LawDistrict {
    const char *code; /* six digits */
    const char *name;
    LawConfidence confidence;
    const char *const *adjacent; /* rising codes; each names this one, too; ends with NULL */
} LawDistrict;

typedef struct LawAdjacent {
    LawEntry entry;                      /* confidence: of the least sure line; no basis */
    const LawDistrict *const *districts; /* rising codes; ends with NULL */
} LawAdjacent;

/* In force at `time_us`; NULL: the city says nothing for that day. */
const LawAdjacent *law_adjacent_at(const LawBook *book, int64_t time_us);
/* All editions: `number` from 0; NULL after the last. */
const LawAdjacent *law_adjacent_edition(const LawBook *book, unsigned number);
/* NULL: it has no line. */
const LawDistrict *law_district_find(const LawAdjacent *adjacent, const char *code);
/* "law/chongqing/adjacent-districts.yaml:9:5". Caller frees. */
char *law_district_place(const LawBook *book, const LawDistrict *district);
