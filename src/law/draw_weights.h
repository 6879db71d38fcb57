/*
 * Tickets by risk and credit grade, as draw-weights.yaml of the national rules or of a city says.
 * Thread: any; results live as long as the program.
 */
#pragma once

#include "law/law_book.h"

#define DRAW_RISKS 5   /* unknown, low, general, higher, high */
#define DRAW_CREDITS 5 /* unknown (not graded), A, B, C, D */
#define DRAW_TICKETS_MAX 64

typedef struct DrawWeights {
    LawEntry entry; /* confidence: of the tickets */
    const char *edition;
    unsigned cap; /* draws of one object in a calendar year */
    LawConfidence cap_confidence;
    unsigned tickets[DRAW_RISKS][DRAW_CREDITS];
} DrawWeights;

/* The words used for the grades in the files of a draw. */
const char *draw_risk_token(unsigned risk);     /* 0 … 4 */
const char *draw_credit_token(unsigned credit); /* 0 … 4 */

/* Those of the book in force at `time_us`; HZ_ERROR_NOT_FOUND if there are none on that day. */
const DrawWeights *draw_weights_at(const LawBook *book, int64_t time_us, GError **error);
