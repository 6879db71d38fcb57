/*
 * Inspections: what the lists, the public pages and the object library read of matters of kind
 * "inspection" (casework). A finished draw opens one matter for each target.
 *
 * A row is written with the acts of its matter, in their transaction, and never otherwise; rows
 * from before there were matters are read as they are. States: planned -> recorded -> published, or
 * closed. Stands above draw and casework, which know nothing of this room. Thread: that of the Db.
 */
#pragma once

#include "casework/casework.h"
#include "draw/draw_substitute.h"
#include "law/law.h"
#include "registry/past.h"
#include "registry/search_rules.h"
#include "store/store.h"
#include "web/module.h"

#include <glib.h>

extern const Module inspection_module;

#define INSPECTION_KIND "inspection" /* the procedure in law/ */
#define INSPECTION_CHECKLIST "fire-inspection"
/* The list of items that inspections in a region go by on that day: the city's own, else the
 * national one. HZ_ERROR_NOT_FOUND. Caller frees. */
LawChecklist *inspection_checklist(const char *region, int64_t time_us, GError **error);

typedef enum ObjectKind { OBJECT_UNIT, OBJECT_BUILDING } ObjectKind;
const char *object_kind_word(ObjectKind kind); /* "unit" */

typedef enum InspectionState {
    INSPECTION_PLANNED,
    INSPECTION_RECORDED,
    INSPECTION_PUBLISHED,
    INSPECTION_CLOSED,
    INSPECTION_STATE_COUNT,
} InspectionState;
const char *inspection_state_word(InspectionState state); /* "planned" */
const char *inspection_state_zh(InspectionState state);   /* "待检查" */
bool inspection_state_parse(const char *word, InspectionState *ret_state);

typedef enum Answer { ANSWER_PASS, ANSWER_FAIL, ANSWER_NOT_APPLICABLE, ANSWER_COUNT } Answer;
const char *answer_word(Answer answer); /* "pass", "fail", "na" */
const char *answer_zh(Answer answer);   /* "合格" */
bool answer_parse(const char *word, Answer *ret_answer);

typedef struct Inspection {
    int64_t id;
    int64_t matter_id; /* 0: from before there were matters */
    int64_t draw_id;   /* 0: not from a draw */
    ObjectKind object_kind;
    int64_t object_id;
    /* As they were when the task was set, so that a record stays what it was and a list needs no
     * further query. */
    char *object_name, *object_address, *region, *region_name;
    int64_t lead_id, second_id; /* officers; 0 and empty texts: nobody was named yet */
    char *lead_name, *lead_certificate, *second_name, *second_certificate;
    int64_t due_us; /* Shanghai midnight that begins the last day */
    InspectionState state;
    char *closed_reason; /* NULL unless closed */
    /* Result; NULL and 0 while planned. */
    int64_t inspected_us; /* Shanghai midnight that begins the day of the inspection */
    char *checklist, *edition;
    int64_t failed; /* items */
    char *note;
    int64_t recorded_us, recorded_by; /* officer */
    int64_t record_leaf;              /* ledger index; -1: none */
    int64_t published_us;             /* on this site; 0: not here */
    int64_t publish_leaf;
    int64_t created_us;
} Inspection;
void inspection_free(Inspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspection, inspection_free)
/* NULL and HZ_ERROR_NOT_FOUND if there is none. */
Inspection *inspection_find(Db *db, int64_t id, GError **error);
/* May anybody read it? */
bool inspection_is_public(const Inspection *inspection);
/* Is its result one that no matter has: recorded before there were matters? */
bool inspection_is_old_result(const Inspection *inspection);

/* --- tasks ------------------------------------------------------------------------------------ */

/* An inspection that the system itself assigns to two officers: by a draw. Borrowed. */
typedef struct InspectionTask {
    const char *source, *reference; /* as the form inspection-assignment has them */
    const char *origin;             /* "draw:7", "inspection:77" (a row from before); NULL: none */
    const char *object_kind;
    int64_t object_id;
    const char *region;
    int64_t lead_id, second_id; /* 0: nobody is named */
    int64_t due_us;             /* midnight that begins the last day */
    const char *actor;          /* "account:7", or a word for the system */
    int64_t assigned_us, now_us;
} InspectionTask;
/* Opens its matter, in the caller's transaction if there is one. A refusal is a value, see
 * casework_open; a draw sets one task for an object, a second one fails. */
bool inspection_assign(Db *db,
                       const InspectionTask *task,
                       int64_t *ret_matter,
                       LawRefusal *ret_refusal,
                       GError **error);
/* Opens the matters of all targets of a finished draw, in the caller's transaction; reserves and
 * targets without officers wait. Stands in draw_done_hooks (src/modules.c), so that no draw is ever
 * without its tasks. HZ_ERROR_CONFLICT when a guard refuses one. */
bool inspection_take_draw(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error);
/* The matters follow a substitution after a draw, in the caller's transaction: the one of an object
 * that fell out is given up, the substitute gets its own, an officer who fell out is replaced.
 * Stands in draw_substituted_hooks (src/modules.c). HZ_ERROR_CONFLICT, with a sentence in Chinese,
 * when a result was recorded already or a guard refuses. */
bool inspection_take_substitution(Db *db, const DrawPlaceChange *change, GError **error);
/* Gives open tasks from before there were matters theirs; a periodic job. One that fails does not
 * keep the others from it. */
bool inspection_adopt(Db *db, int64_t now_us, GError **error);

/* --- what other rooms ask through src/modules.c ----------------------------------------------- */

/* Writes what an act on a matter says (case_hooks). */
bool inspection_follow(Db *db, const CaseTaken *taken, GError **error);
/* A draw has chosen object and officers: as long as there is no result they change by its
 * substitutions alone (case_hooks). */
bool inspection_refuse(
    Db *db, const Matter *matter, const CaseAct *act, LawRefusal *ret_refusal, GError **error);
/* The draw behind a matter, its result for everybody (case_hooks). */
bool inspection_see_also(
    Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error);
/* The inspections of an object that were carried out and that the reader may see; of others what
 * is published (past_sources), for the pages of units and buildings. */
bool inspection_past(Db *db, const PastQuestion *question, GPtrArray *list, GError **error);
/* Random checks of an object in a year from before there were matters, which are counted by
 * casework; tasks that were closed without a visit do not count (case_hooks). */
bool inspection_count(Db *db, const CaseCount *count, int64_t *ret_n, GError **error);

/* --- results ---------------------------------------------------------------------------------- */

/* One answer of the checklist; texts are owned. */
typedef struct StoredAnswer {
    char *item_id;
    Answer answer;
    char *note;
} StoredAnswer;
/* Array of StoredAnswer (owned) in no particular order, from the act that recorded them. NULL on
 * error. */
GPtrArray *inspection_answers(Db *db, const Inspection *inspection, GError **error);

/* --- lists ------------------------------------------------------------------------------------ */

typedef struct InspectionFilter {
    const char *region;             /* scope of the reader, always; "" for nobody's */
    int state;                      /* InspectionState, -1: all */
    int64_t officer_id;             /* 0: all */
    const SearchTerms *terms;       /* NULL: no search; else in name of the object or number */
    int64_t after_due_us, after_id; /* keyset; after_id 0: from the beginning */
    unsigned limit;
} InspectionFilter;
typedef struct InspectionPage {
    GPtrArray *rows;              /* of Inspection, at most `limit`; owned */
    int64_t next_due_us, next_id; /* where the next page goes on; next_id 0: there is none */
} InspectionPage;
void inspection_page_clear(InspectionPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InspectionPage, inspection_page_clear)
/* By due date, oldest first; a search in order of numbers. A search looks at a bounded number of
 * rows: a page may hold fewer than `limit`, even none, and yet have a next one. */
bool inspection_list_page(Db *db,
                          const InspectionFilter *filter,
                          InspectionPage *ret_page,
                          GError **error);
/* The rows of one page without search: array of Inspection (owned). NULL on error. */
GPtrArray *inspection_list(Db *db, const InspectionFilter *filter, GError **error);

/* What the public may see, newest first. */
typedef struct PublicInspectionFilter {
    int64_t from_us, to_us;       /* published in [from, to); 0: open */
    int64_t unit_id;              /* 0: all objects */
    int64_t before_us, before_id; /* strictly older than this; before_id 0: from the newest */
    unsigned limit;
} PublicInspectionFilter;
GPtrArray *inspection_public_list(Db *db, const PublicInspectionFilter *filter, GError **error);
