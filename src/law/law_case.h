/*
 * The course of one matter, derived from its acts alone: state, clocks, who did what. Pure: no
 * database, no clock of its own; the same acts give the same result anywhere. The casework room
 * stores acts and replays them through here. Thread: that of the owner.
 */
#pragma once

#include "law/law_procedure.h"

/* One act as it was done. Everything is borrowed for the call. */
typedef struct LawDone {
    const char *step;
    int64_t time_us; /* when it happened, not when it was entered */
    const json_t *data;
    int64_t actor; /* account; 0: the system */
    const int64_t *officers;
    size_t officer_count;
    bool is_stored; /* it was taken before: its form is not held against decision tables again */
} LawDone;

typedef enum LawClockState {
    LAW_CLOCK_RUNNING,
    LAW_CLOCK_PAUSED,
    LAW_CLOCK_MET,      /* stopped in time */
    LAW_CLOCK_LATE,     /* stopped after its end */
    LAW_CLOCK_REPLACED, /* an act started it anew */
} LawClockState;

/* A deadline of the matter. */
typedef struct LawClock {
    const char *id;
    const char *name;
    const char *basis_zh; /* NULL for a clock without a term */
    unsigned started_by;  /* number of the act, from 1 */
    LawClockState state;
    bool is_extended;
    LawSpan span; /* pauses are those of `pauses` */
    LawDue due;
    GArray *pauses; /* of LawPause; the last one open (to_us INT64_MAX) while paused */
    int64_t stopped_us;
} LawClock;

typedef struct LawCase LawCase;

/* Why an act is not possible: a value, not an error. */
typedef struct LawRefusal {
    /* "state", "form", "order", "officers", "named", "own-work", "recusal", "date", "not-before",
     * "days", "hours", "extension", "clerical", "once", or that of a need ("notice",
     * "legal-review" …) */
    const char *rule;
    char *reason_zh; /* owned; NULL: not refused */
    const char *basis_zh;
    json_t *problems; /* of the form, by field; owned; NULL unless rule is "form" */
    char *href;       /* where what is wanted is done instead; owned; NULL: nowhere */
} LawRefusal;
void law_refusal_clear(LawRefusal *refusal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawRefusal, law_refusal_clear)

/* A matter before its first act; the procedure is that of `opened_us`. */
LawCase *
law_case_new(const LawBook *book, const char *procedure, int64_t opened_us, GError **error);
void law_case_free(LawCase *matter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LawCase, law_case_free)

/* May this step be taken now, as far as order, people and dates go? The form is not looked at. */
void law_case_may(const LawCase *matter, const LawDone *done, LawRefusal *ret_refusal);
/* Takes the act in. False with a refusal (the case is unchanged) or with an error. */
bool law_case_apply(LawCase *matter, const LawDone *done, LawRefusal *ret_refusal, GError **error);

const LawProcedure *law_case_procedure(const LawCase *matter);
const LawState *law_case_state(const LawCase *matter); /* NULL before the first act */
unsigned law_case_acts(const LawCase *matter);
/* The officers who alone may take the step, as the latest act of its `only-by` has named them:
 * array of int64_t, borrowed; NULL: nobody was named. */
const GArray *law_case_named(const LawCase *matter, const LawStep *step);
/* Those who handle the matter, as the latest act of the procedure's `handled-by` has them; as
 * above.
 */
const GArray *law_case_handlers(const LawCase *matter);
/* Everybody whom the matter names: for any step, or as one who handles it. Array of int64_t; caller
 * unrefs. */
GArray *law_case_all_named(const LawCase *matter);
/* Is the officer one of these? */
bool law_case_names(const LawCase *matter, int64_t officer);
/* How often the matter was expedited (催办) since an act last brought it on; of the last time: when
 * and by whom (as LawDone.actor). */
typedef struct LawExpedited {
    unsigned count;
    int64_t time_us, actor;
} LawExpedited;
LawExpedited law_case_expedited(const LawCase *matter);
/* Those of the latest act that had officers: array of int64_t, borrowed; NULL: none had. */
const GArray *law_case_last_officers(const LawCase *matter);
/* Does the state that the matter is in ask for one of this kind (`leads-to`)? */
bool law_case_leads_to(const LawCase *matter, const char *kind);
/* All clocks in the order in which they were started: array of LawClock, borrowed. */
const GArray *law_case_clocks(const LawCase *matter);
/* The running clock that ends first; NULL when none runs or none can be counted. */
const LawClock *law_case_next_due(const LawCase *matter);
