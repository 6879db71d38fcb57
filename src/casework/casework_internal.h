/* Shared by the use cases of this room: one act on its way through guards, effects and papers.
 * Thread: that of the Db. */
#pragma once

#include "casework/casework.h"
#include "casework/casework_store.h"

/* The matter that a new one grows out of, as it stands. */
typedef struct CaseSource {
    Matter matter;
    LawCase *course;
} CaseSource;

typedef struct CaseWork {
    const CaseActor *actor;
    const NewMatter *opening; /* NULL: an act on a matter that is there */
    const CaseSource *source; /* of a new matter; NULL: it grows out of none */
    int64_t child_id;         /* the new matter that the act links; 0: none, the form names it */
    const CaseAct *act;
    json_t *data;        /* the act's, with what follows from it; owned; may be NULL */
    GPtrArray *officers; /* of Officer *: those of the act; owned; NULL: it has none */
    char *address;       /* of the object of a new matter; owned; may be NULL */
    int64_t matter_id, version;
    LawRefusal *refusal;
    int64_t new_id;
    const LawBook *book;
    const LawStep *step; /* NULL: the procedure has no such act */
    const LawForm *form; /* NULL: the step asks for nothing */
    bool clocks_stand;   /* the act has moved no clock: what is stored of them holds */
    bool names;          /* it has said whom the matter names */
} CaseWork;

/* What the work owns. */
void case_work_clear(CaseWork *work);

/* The person behind an actor: the officer, else minus the account; for the public and the system
 * numbers that nobody else has. */
#define CASE_PUBLIC_PERSON (INT64_MIN / 2)
#define CASE_SYSTEM_PERSON (INT64_MIN / 2 + 1)
int64_t case_person(const CaseActor *actor);
void case_refuse(LawRefusal *refusal, const char *rule, const char *basis_zh, char *reason_zh);
/* A refusal that belongs to one field of the form. */
void case_refuse_field(LawRefusal *refusal, const char *field, const char *problem_zh);

/* Takes the act in and stores it with all that follows from it (casework_act.c), in the caller's
 * transaction. True with a refusal: nothing was written. */
bool case_take(Db *db, CaseWork *work, LawCase *course, Matter *matter, GError **error);

/* --- guards (casework_guard.c): people, district, powers, lists, caps; the course itself checks
 * order, form and own work --- */

/* `is_sent`: another matter has sent the actor into this district. */
void case_check_actor(const CaseActor *actor,
                      const LawCase *course,
                      const LawStep *step,
                      const char *region,
                      bool is_sent,
                      LawRefusal *refusal);
/* What is expedited (催办) waits for somebody else than the actor. */
void case_check_turn(const CaseActor *actor,
                     const LawCase *course,
                     const Matter *matter,
                     const LawStep *step,
                     LawRefusal *refusal);
/* Does the source send the officer to open this matter: it names the officer, its state asks for a
 * matter of this kind, and this one is about the same object in the same district? */
bool case_is_sent(const CaseSource *source, const Matter *matter, int64_t officer_id);
bool case_guard(
    Db *db, const CaseWork *work, const LawCase *course, const Matter *matter, GError **error);

/* --- powers of agencies (casework_power.c) --- */

/* The actor's agency holds the power of the step on the day of the act; without an agency it is the
 * actor's role that tells the kind. */
bool case_power_actor(Db *db, const CaseWork *work, GError **error);
/* So does the agency of each officer. Looks at nothing of the matter. */
bool case_power_officers(Db *db, const CaseWork *work, GError **error);
/* In whose name the agency takes this act: its own, or (delegation) that of the agency that
 * delegates. Caller frees. */
bool case_power_name(
    Db *db, const CaseWork *work, int64_t agency_id, char **ret_name, GError **error);

/* --- what an act does besides moving its matter (casework_effect.c) --- */

/* What the act refers to is looked up before it is taken: a paper, another matter. */
typedef struct CaseEffect {
    int64_t other_id; /* the matter that is linked; 0: none */
    int64_t paper_id; /* the paper that is served; 0: all that wait */
    int64_t served_us;
} CaseEffect;
bool case_effect_check(
    Db *db, const CaseWork *work, const Matter *matter, CaseEffect *ret_effect, GError **error);
bool case_effect_apply(Db *db,
                       const CaseWork *work,
                       const Matter *matter,
                       int64_t seq,
                       const CaseEffect *effect,
                       GError **error);

/* --- files that the act's data names (casework_file.c) --- */

/* Refuses the field when one of them is not the actor's and not in the matter. */
bool case_files_check(Db *db, const CaseWork *work, const Matter *matter, GError **error);
/* They belong to the matter from now on; `leaf`: of the act. */
bool case_files_attach(
    Db *db, const CaseWork *work, const Matter *matter, int64_t seq, int64_t leaf, GError **error);

/* Writes the papers of the act; *ret_leaf is their list for the ledger: [{paper, number, sha256}].
 * Caller unrefs. */
bool case_papers_make(Db *db,
                      const CaseWork *work,
                      const Matter *matter,
                      int64_t seq,
                      json_t **ret_leaf,
                      GError **error);
