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
#include "registry/search_rules.h"
#include "store/store.h"
#include "web/module.h"

extern const Module casework_module;

/* Nobody's account: what the system does by itself, such as taking over tasks from before. */
#define CASE_SYSTEM_ACCOUNT (-1)

/* Who acts. Borrowed. The public has account_id 0 and ROLE_PUBLIC_BIT: it may do what law/ lets it
 * do and is told apart from everybody else, never from each other. */
typedef struct CaseActor {
    int64_t account_id;
    int64_t sender;     /* in whose name the act's files wait (casework_file.h); 0: the account's */
    int64_t officer_id; /* the officer behind the account; 0: none */
    int64_t agency_id;  /* whose powers count, in whose name papers go out; 0: none told */
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
    const char
        *origin; /* a word of the room that takes it by a rule of its own, which has named the
                  * officers wherever they serve, to its own CaseHooks; NULL: a person does */
} CaseAct;

/* What a new matter is about. */
typedef struct NewMatter {
    const char *kind;        /* id of a procedure */
    const char *object_kind; /* "unit", "building", or NULL */
    int64_t object_id;
    const char *title;   /* NULL: the object's name */
    const char *region;  /* NULL: the object's */
    const char *form_id; /* sent twice, a form opens one matter; NULL: none */
    int64_t from_matter; /* the matter that it grows out of, which is linked; 0: none. Officers whom
                          * that one names may open what its state asks for where it is, whatever
                          * their own district, about the same object */
    bool is_within_cap;  /* whoever chose the object has held the cap: a draw by its pool */
    const char
        *origin; /* a word of the room that opens it to its own CaseHooks.taken; NULL: none */
} NewMatter;

typedef struct Matter {
    int64_t id;
    char *kind, *number, *title, *region;
    char *object_kind; /* NULL: about nothing registered */
    int64_t object_id;
    char *state;
    bool is_closed;
    int64_t version, opened_us;
    int64_t changed_us; /* when state, deadline or turn last changed */
    int64_t due_us;     /* of the clock that ends first; 0: none runs */
    char *due_clock;
    LawUnit due_unit;    /* in which that clock counts */
    uint32_t next_roles; /* who may take the next act: bit set of Role, and CASE_NAMED of it */
} Matter;
/* Roles of which only the officers named in the matter may act. */
#define CASE_NAMED(roles) ((roles) << 16)
#define CASE_NEXT_ROLES(next) (((next) | (next) >> 16) & 0xffff)
void matter_clear(Matter *matter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Matter, matter_clear)

/* The rules for a region: those of its city, or the national ones. */
const LawBook *casework_book(const char *region, GError **error);

/* Opens a matter by its first act, in the caller's transaction if there is one. *ret_id is set on
 * success; a refusal leaves nothing behind. True: done or refused (look at
 * ret_refusal->reason_zh). */
bool casework_open(Db *db,
                   const CaseActor *actor,
                   const NewMatter *matter,
                   const CaseAct *act,
                   int64_t *ret_id,
                   LawRefusal *ret_refusal,
                   GError **error);
/* Takes an act on a matter that is still at `version` (0: at any); CONFLICT when it is not. In the
 * caller's transaction if there is one. */
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

/* Those who could take part in the step when nothing keeps them away: the named ones, else nobody
 * in particular, all different. Gives how many it takes. */
#define CASE_OFFICERS_MAX 8
size_t casework_anybody(const LawCase *course,
                        const LawStep *step,
                        int64_t ret_officers[CASE_OFFICERS_MAX]);
/* Is the officer one of those whom the matter names, for some acts or as one who handles it? They
 * see it and act on it in any district. */
bool casework_is_named(
    Db *db, int64_t matter_id, int64_t officer_id, bool *ret_named, GError **error);

/* Kinds of matters that the officer may open out of `source` (as `from_matter`) where that is,
 * whatever the own district: ends with NULL, constant; empty when it does not name the officer. */
bool casework_sends(Db *db,
                    const Matter *source,
                    int64_t officer_id,
                    const char *const **ret_kinds,
                    GError **error);

/* Could this actor take the step now, the form aside? Officers are not looked at. */
void casework_may(const LawCase *course,
                  const Matter *matter,
                  const CaseActor *actor,
                  const LawStep *step,
                  LawRefusal *ret_refusal);

/* The same, and what other rooms say to it (CaseHooks.refuse). */
bool casework_may_now(Db *db,
                      const LawCase *course,
                      const Matter *matter,
                      const CaseActor *actor,
                      const LawStep *step,
                      LawRefusal *ret_refusal,
                      GError **error);

/* --- papers, links, drafts --- */

/* A statutory form that an act has made; its text never changes. */
typedef struct MatterPaper {
    int64_t id, seq; /* seq: of the act */
    char *paper;     /* id in law/ */
    char *name, *agency, *text;
    char *number; /* NULL: it has none */
    int64_t made_us;
    char *way;         /* how it was served; NULL: not yet */
    int64_t served_us; /* when it counts as served; 0: not yet */
} MatterPaper;
void matter_paper_free(MatterPaper *paper);
/* In the order in which they were made: array of MatterPaper *. */
GPtrArray *casework_papers(Db *db, int64_t matter_id, GError **error);

/* Another matter that belongs to this one. */
typedef struct MatterLink {
    int64_t other_id;
    char *number, *title, *kind, *region;
    char *relation;   /* as the one that was linked first says it */
    bool is_incoming; /* the other matter says it */
} MatterLink;
void matter_link_free(MatterLink *link);
/* Array of MatterLink *. */
GPtrArray *casework_links(Db *db, int64_t matter_id, GError **error);

/* What an account has begun to fill in at a place ("new/complaint", "7/verify"). `data` NULL
 * forgets it. */
bool casework_draft_save(Db *db,
                         int64_t account_id,
                         const char *place,
                         const json_t *data,
                         int64_t now_us,
                         GError **error);
/* *ret_data is NULL when there is none. Caller unrefs. */
bool casework_draft_find(Db *db,
                         int64_t account_id,
                         const char *place,
                         json_t **ret_data,
                         int64_t *ret_saved_us,
                         GError **error);

/* --- what other rooms know --- */

/* How often something happened to an object in a calendar year: matters of `kind` whose first act
 * says one of the values in `field` (NULL: all of them). */
typedef struct CaseCount {
    const char *cap, *kind, *field;
    const char *const *values;
    const char *const *not_in; /* states of matters that do not count; NULL: all do */
    const char *object_kind;
    int64_t object_id;
    int year;
} CaseCount;

/* An act that was taken, in its transaction. Borrowed. */
typedef struct CaseTaken {
    const Matter *matter;     /* as the act has left it */
    const NewMatter *opening; /* NULL: the matter was there before */
    const CaseActor *actor;
    const CaseAct *act;
    const json_t *data;        /* with what follows from it; may be NULL */
    const GPtrArray *officers; /* of Officer *: those of the act; NULL: it has none */
    const char *address;       /* of the object of a new matter; NULL: not told */
    bool names;                /* the act has said whom the matter names */
    int64_t leaf;              /* of the ledger */
} CaseTaken;

/* Stands in src/modules.c, because this room may not know the rooms above it. */
typedef struct CaseHooks {
    /* The first of these officers who must keep away from the object (recusal, kin); 0: none. */
    bool (*recused)(Db *db,
                    const char *object_kind,
                    int64_t object_id,
                    const int64_t *officers,
                    size_t count,
                    int64_t *ret_officer,
                    GError **error);
    /* What is counted elsewhere under the same cap. */
    bool (*count)(Db *db, const CaseCount *count, int64_t *ret_n, GError **error);
    /* Why the act is not a person's to choose: a refusal, perhaps with the place where it is done
     * instead. The act's data is NULL as long as nobody has filled in its form. */
    bool (*refuse)(
        Db *db, const Matter *matter, const CaseAct *act, LawRefusal *ret_refusal, GError **error);
    /* A room that keeps a reading of matters writes it with the act. */
    bool (*taken)(Db *db, const CaseTaken *taken, GError **error);
    /* Where else the matter is found, as far as the reader may go there: appends {text, href}. */
    bool (*see_also)(
        Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error);
} CaseHooks;
extern const CaseHooks case_hooks;

/* --- lists --- */

typedef struct MatterQuery {
    const char *region; /* of the reader */
    const char *kind;   /* NULL: all */
    int64_t account_id; /* only matters on which this account has worked; 0: all */
    int64_t officer_id; /* and those that name this officer, in any district; 0: none */
    bool closed;        /* closed ones instead of open ones */
    int64_t due_after_us, due_to_us; /* open ones with after < due <= to; to 0: all */
    uint32_t next_roles;             /* open ones whose next act one of these (as in Matter) may
                                      * take; 0: all */
    uint32_t away_roles;             /* or, outside `region`, one of these; with next_roles */
    uint32_t other_roles;            /* open ones whose next act none of these may take; 0: all */
    const SearchTerms *terms;        /* newest first; NULL: no search */
    int64_t after_key, after_id;     /* place in the list; 0, 0: the beginning */
    unsigned limit;
} MatterQuery;
/* Open matters by their next deadline (those without one last), closed ones newest first: array of
 * Matter *; at most limit. Without a search. */
GPtrArray *casework_list(Db *db, const MatterQuery *query, GError **error);

typedef struct MatterPage {
    GPtrArray *rows;           /* of Matter * */
    int64_t next_key, next_id; /* 0, 0: there are no more */
} MatterPage;
void matter_page_clear(MatterPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MatterPage, matter_page_clear)
/* One page of such a list or of a search. A search may give fewer rows than limit and yet go on. */
bool casework_list_page(Db *db, const MatterQuery *query, MatterPage *ret_page, GError **error);

/* The matter that has this number or a paper with it; 0: none. */
bool casework_resolve(Db *db, const char *number, int64_t *ret_matter, GError **error);
/* Puts matters from before the search index into it and derives what the desk needs of them. */
bool casework_catch_up(Db *db, int64_t now_us, GError **error);

/* --- figures --- */

typedef struct MatterDay {
    LawDay day;
    int64_t count;
} MatterDay;
/* How many open matters of the region fall due on each day of [from, to]: array of MatterDay, only
 * days that have some. */
GArray *casework_due_days(Db *db, const char *region, LawDay from, LawDay to, GError **error);

/* A line of the board: of a person or of a kind. */
typedef struct MatterTally {
    int64_t account_id; /* of a person */
    char *kind;         /* of a kind */
    int64_t open, over, soon, leader;
} MatterTally;
void matter_tally_free(MatterTally *tally);
typedef struct MatterBoard {
    const char *region;
    int64_t now_us, soon_us;
    uint32_t leader; /* bit of the role that the board asks for */
} MatterBoard;
/* Every kind that has open matters, by id: array of MatterTally *. */
GPtrArray *casework_board_kinds(Db *db, const MatterBoard *board, GError **error);
/* Everybody who has worked on an open matter, most overdue first, at most `limit` people. Only the
 * BOARD_MATTERS matters that are due first are counted; *ret_is_all: these were all. */
#define BOARD_MATTERS 5000
GPtrArray *casework_board_people(
    Db *db, const MatterBoard *board, unsigned limit, bool *ret_is_all, GError **error);
