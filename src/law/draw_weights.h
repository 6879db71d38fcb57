/*
 * Tickets by risk and credit grade, as law/national/draw-weights.yaml says. Thread: any; results
 * live as long as the program.
 */
#pragma once

#include "law/law.h"

#define DRAW_RISKS 5   /* unknown, low, general, higher, high */
#define DRAW_CREDITS 5 /* unknown (not graded), A, B, C, D */
#define DRAW_TICKETS_MAX 64

typedef struct DrawWeights {
    char *edition;
    char *basis_zh;
    unsigned cap; /* draws of one object in a calendar year */
    LawConfidence cap_confidence;
    LawConfidence tickets_confidence;
    unsigned tickets[DRAW_RISKS][DRAW_CREDITS];
    int64_t from_us, to_us; /* valid [from, to) */
} DrawWeights;
void draw_weights_free(DrawWeights *weights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawWeights, draw_weights_free)

/* The words used for the grades in the files of a draw. */
const char *draw_risk_token(unsigned risk);     /* 0 … 4 */
const char *draw_credit_token(unsigned credit); /* 0 … 4 */

/* One file; pure. HZ_ERROR_INVALID: "NAME: …". Caller frees. */
DrawWeights *draw_weights_read(const char *name, const char *text, size_t size, GError **error);
/* Those in force at `time_us`; HZ_ERROR_NOT_FOUND if there are none on that day. Caller frees. */
DrawWeights *draw_weights_at(int64_t time_us, GError **error);
