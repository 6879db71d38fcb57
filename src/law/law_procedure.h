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
    const char *const *leads_to; /* kinds of matters that it asks for; ends with NULL */
} LawState;

/* Where an act leads: the first target whose condition holds. */
typedef struct LawTarget {
    const char *field; /* NULL: always */
    const char *const *values;
    const LawState *state;
} LawTarget;

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

/* An act that must have gone before: notice before a decision, a legal review, a hearing offered.
 */
typedef struct LawNeed {
    const char *act;
    const char *rule; /* of the refusal: "notice", "hearing", "legal-review", "collective" … */
    const char *why;  /* shown to people */
    const char *basis_zh;   /* NULL: that of the step */
    const char *when_field; /* only when that field has one of these values; NULL: always */
    const char *const *when_values;
} LawNeed;

/* A clock that runs longer from this act on; once for each clock. */
typedef struct LawExtension {
    const char *clock;
    int amount; /* in the unit of the clock */
} LawExtension;

/* A statutory form that the act makes. */
typedef struct LawStepPaper {
    const char *id; /* of a paper */
    const char *when_field;
    const char *const *when_values;
} LawStepPaper;

/* What an act does besides moving its matter; the form then has the fields that docs/law-format.md
 * names. */
typedef enum LawEffect {
    LAW_EFFECT_NONE,
    LAW_EFFECT_CORRECT,  /* a clerical error of an earlier act is put right; the error stays visible
                          */
    LAW_EFFECT_SERVE,    /* a paper reaches the party */
    LAW_EFFECT_LINK,     /* this matter belongs to another one */
    LAW_EFFECT_PEOPLE,   /* somebody takes part: a party, a witness, an agent */
    LAW_EFFECT_RECUSE,   /* an officer takes no part from here on */
    LAW_EFFECT_EXPEDITE, /* whose turn it is, is asked to bring the matter on */
} LawEffect;

/* When an act may happen: hours of the day, days of the calendar (Asia/Shanghai). */
typedef struct LawWindow {
    bool has_hours;
    int from_minute, to_minute; /* of the day: [from, to) */
    LawConfidence hours_confidence;
    bool working_days;        /* neither weekends nor holidays; make-up days are worked */
    const char *unless_field; /* not held when that field has one of these values; NULL: always */
    const char *const *unless_values;
    const char *why; /* shown to people */
    const char *const *basis;
    const char *basis_zh;
    LawConfidence confidence;
} LawWindow;

typedef struct LawStep {
    const char *id;
    const char *name;
    const char *const *from; /* ids of states; empty: it opens the matter */
    bool is_common;          /* of every procedure, in every state; it leads nowhere else */
    bool after_close;        /* a common act that is possible in a final state, too */
    bool is_aside;           /* possible, but nobody's turn: it leads away from the usual course */
    bool is_once_a_day;      /* the same person takes it once in a working day */
    LawEffect effect;
    const LawTarget *targets;
    unsigned target_count; /* 0: the state stays */
    uint32_t roles;        /* bit set of Role (account.h) */
    int officers;          /* how many must take part, in post and with a valid certificate */
    const char *form;      /* NULL: nothing is asked */
    const char *power; /* the act in agencies.yaml that an agency must be able to do; NULL: none */
    const LawStart *starts;
    unsigned start_count;
    const char *const *meets;   /* clocks that this act stops */
    const char *const *pauses;  /* clocks that stand still from this act on */
    const char *const *resumes; /* and run again */
    const char *const *not_by;  /* acts whose people may not do this one */
    const char *const *only_by; /* acts that may name the officers who alone may do this one */
    const LawNeed *needs;
    unsigned need_count;
    const LawExtension *extensions;
    unsigned extension_count;
    const char *const *not_before; /* clocks that must have ended or been met */
    const LawWindow *window;       /* when it may happen; NULL: at any time */
    const char *cap;               /* how often a year; NULL: no limit */
    const char *cap_field;         /* counted only when that field has one of these values */
    const char *const *cap_values;
    const char *const *cap_not_in; /* states of matters that do not count */
    const LawStepPaper *papers;
    unsigned paper_count;
    const char *basis_zh; /* NULL: that of the procedure */
} LawStep;

typedef struct LawProcedure {
    LawEntry entry;
    const char *prefix; /* of a matter's number */
    const char *object; /* "unit", "building", "any", "none" */
    uint32_t unseals;   /* bit set of Role: who may open sealed fields, each look a ledger entry */
    const char *const *handled_by; /* acts whose officers handle the matter, wherever they serve */
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
/* Does the step open a matter? */
bool law_step_opens(const LawStep *step);
/* May the step be taken in this state (NULL before the matter is open)? */
bool law_step_leaves(const LawStep *step, const LawState *state);
/* Does the data say one of the values? True when field is NULL. */
bool law_when_holds(const char *field, const char *const *values, const json_t *data);

/* --- caps --- */

/* How often something may happen to one object in a calendar year. */
typedef struct LawCap {
    LawEntry entry;
    int max;
} LawCap;
/* NULL: there is none on that day, so nothing is limited. */
const LawCap *law_cap_at(const LawBook *book, const char *id, int64_t time_us);
