/* Shared by law_case.c (the course) and law_case_guard.c (what may be done). */
#pragma once

#include "law/law_case.h"

/* One act that was taken in: what later acts ask about it. */
typedef struct LawTaken {
    const LawStep *step;
    int64_t time_us;
    int64_t actor;
    GArray *officers; /* of int64_t */
} LawTaken;

struct LawCase {
    const LawBook *book;
    const LawProcedure *procedure;
    const LawState *state; /* NULL before the first act */
    GArray *clocks;        /* of LawClock */
    GArray *taken;         /* of LawTaken */
    GArray *recused;       /* of int64_t: officers who take no part any more */
};

/* The clock of this id that runs or stands still; NULL: none. */
LawClock *law_case_clock(const LawCase *matter, const char *id);
/* Rules "days" and "hours" of the step's window. */
void law_window_check(const LawStep *step, const LawDone *done, LawRefusal *refusal);
void law_refuse(LawRefusal *refusal, const char *rule, const char *basis_zh, char *reason_zh);
