/*
 * Matters (案件) of every kind: a matter changes only by an act, and everything about it - state,
 * deadlines, who holds it - is derived from its acts in the same transaction.
 *
 * What may be done, by whom, with which form and by when stands in law/ (law/law_case.h replays
 * it); this room stores acts, checks the people against the registry and answers lists. A refusal
 * is a value with rule and reason, never an error. Thread: that of the Db.
 */
#pragma once

#include "law/law_case.h"
#include "store/store.h"
#include "web/module.h"

extern const Module casework_module;

/* Who acts. Borrowed. */
typedef struct CaseActor {
    int64_t account_id;
    int64_t officer_id; /* the officer behind the account; 0: none */
    uint32_t roles;     /* bit set of Role */
    const char *region;
    int64_t now_us;
} CaseActor;

/* One act as a person enters it. Borrowed. */
typedef struct CaseAct {
    const char *step;
    int64_t happened_us;
    const json_t *data; /* of the step's form; may be NULL when it has none */
    const int64_t *officers;
    size_t officer_count;
} CaseAct;

/* What a new matter is about. */
typedef struct NewMatter {
    const char *kind;        /* id of a procedure */
    const char *object_kind; /* "unit", "building", or NULL */
    int64_t object_id;
    const char *title;   /* NULL: the object's name */
    const char *region;  /* NULL: the object's */
    const char *form_id; /* sent twice, a form opens one matter; NULL: none */
} NewMatter;

typedef struct Matter {
    int64_t id;
    char *kind, *number, *title, *region;
    char *object_kind; /* NULL: about nothing registered */
    int64_t object_id;
    char *state;
    bool is_closed;
    int64_t version, opened_us, changed_us;
    int64_t due_us; /* of the clock that ends first; 0: none runs */
    char *due_clock;
} Matter;
void matter_clear(Matter *matter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Matter, matter_clear)

/* The rules for a region: those of its city, or the national ones. */
const LawBook *casework_book(const char *region, GError **error);

/* Opens a matter by its first act. *ret_id is set on success; a refusal leaves nothing behind.
 * True: done or refused (look at ret_refusal->reason_zh). */
bool casework_open(Db *db,
                   const CaseActor *actor,
                   const NewMatter *matter,
                   const CaseAct *act,
                   int64_t *ret_id,
                   LawRefusal *ret_refusal,
                   GError **error);
/* Takes an act on a matter that is still at `version`; CONFLICT when it is not. */
bool casework_act(Db *db,
                  const CaseActor *actor,
                  int64_t matter_id,
                  int64_t version,
                  const CaseAct *act,
                  LawRefusal *ret_refusal,
                  GError **error);

/* HZ_ERROR_NOT_FOUND if there is none. */
bool casework_find(Db *db, int64_t id, Matter *ret_matter, GError **error);

/* One stored act, with its texts. */
typedef struct StoredAct {
    int64_t id, seq;
    char *step, *state_to;
    int64_t happened_us, entered_us, actor, person;
    json_t *data;     /* without sealed fields */
    GArray *officers; /* of int64_t */
} StoredAct;
void stored_act_free(StoredAct *act);
/* All acts in order: array of StoredAct *. `with_sealed`: sealed fields too (the caller must leave
 * a mark of the look). */
GPtrArray *casework_acts(Db *db, int64_t matter_id, bool with_sealed, GError **error);

/* The matter's course, replayed from its acts. Caller frees. */
LawCase *casework_replay(Db *db, const Matter *matter, GError **error);

/* Could this actor take the step now, the form aside? Officers are not looked at. */
void casework_may(const LawCase *course,
                  const Matter *matter,
                  const CaseActor *actor,
                  const LawStep *step,
                  LawRefusal *ret_refusal);

/* --- lists --- */

typedef enum MatterOrder { MATTER_BY_DUE, MATTER_NEWEST } MatterOrder;
typedef struct MatterQuery {
    const char *region;          /* of the reader */
    const char *kind;            /* NULL: all */
    int64_t account_id;          /* only matters in which this account has acted; 0: all */
    bool closed;                 /* closed ones instead of open ones */
    int64_t after_key, after_id; /* place in the list; 0, 0: the beginning */
    unsigned limit;
} MatterQuery;
/* Open matters by their next deadline (those without one last), closed ones newest first: array of
 * Matter *; at most limit. */
GPtrArray *casework_list(Db *db, const MatterQuery *query, GError **error);
/* The place behind a row. */
void casework_place(const MatterQuery *query,
                    const Matter *last,
                    int64_t *ret_key,
                    int64_t *ret_id);
