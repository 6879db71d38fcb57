/*
 * Procedures as data: the states of a kind of matter, the acts that lead from one to the next, and
 * what each act needs and sets going. Thread: any.
 */
#pragma once

#include "law/law_form.h"

typedef struct LawState {
    const char *id;
    const char *name;
    bool is_final;
} LawState;

/* Where an act leads: the first target whose condition holds. */
typedef struct LawTarget {
    const char *field; /* NULL: always */
    const char *const *values;
    const LawState *state;
} LawTarget;

/* A fact of a term, taken from a field of the act's form. */
typedef struct LawFactFrom {
    const char *fact, *field;
} LawFactFrom;

/* A clock that an act sets going. */
typedef struct LawStart {
    const char *id;   /* of the clock: the term's, or the field's */
    const char *term; /* NULL: the last day is what the field says */
    const char *name; /* of a clock without a term */
    const char
        *from_field; /* counted from (with a term) or until (without) this date; NULL: the act */
    LawFactFrom facts[4];
    unsigned fact_count;
    const char *when_field; /* only when that field has one of these values; NULL: always */
    const char *const *when_values;
} LawStart;

typedef struct LawStep {
    const char *id;
    const char *name;
    const char *const *from; /* ids of states; empty: it opens the matter */
    const LawTarget *targets;
    unsigned target_count;
    uint32_t roles;    /* bit set of Role (account.h) */
    int officers;      /* how many must take part, in post and with a valid certificate */
    const char *form;  /* NULL: nothing is asked */
    const char *power; /* the act in agencies.yaml that an agency must be able to do; NULL: none */
    const LawStart *starts;
    unsigned start_count;
    const char *const *meets;   /* clocks that this act stops */
    const char *const *pauses;  /* clocks that stand still from this act on */
    const char *const *resumes; /* and run again */
    const char *const *not_by;  /* acts whose people may not do this one */
    const char *const *papers;
    const char *basis_zh; /* NULL: that of the procedure */
} LawStep;

typedef struct LawProcedure {
    LawEntry entry;
    const char *prefix; /* of a matter's number */
    const char *object; /* "unit", "building", "any", "none" */
    const LawState *states;
    unsigned state_count;
    const LawStep *steps;
    unsigned step_count;
} LawProcedure;

/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawProcedure *
law_procedure_at(const LawBook *book, const char *id, int64_t time_us, GError **error);
/* Ids of all procedures, ends with NULL; caller frees the array only. */
const char **law_procedure_ids(const LawBook *book);
const LawStep *law_step(const LawProcedure *procedure, const char *id);
const LawState *law_state(const LawProcedure *procedure, const char *id);
/* May the step be taken in this state ("" before the matter is open)? */
bool law_step_leaves(const LawStep *step, const char *state);
