/*
 * Inspections: the task that a draw (or a person) sets, its result item by item, its publication.
 *
 * States: planned -> recorded -> published, or planned/recorded -> closed with a reason. A result
 * may be recorded again until it is published; every recording is its own ledger entry. Stands
 * above draw and reads its targets; draw knows nothing of this room. Thread: that of the Db.
 */
#pragma once

#include "casework/casework.h"
#include "law/law.h"
#include "registry/past.h"
#include "registry/search_rules.h"
#include "store/store.h"
#include "web/module.h"

#include <glib.h>

extern const Module inspection_module;

#define INSPECTION_CHECKLIST "fire-inspection"

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
    int64_t draw_id; /* 0: not from a draw */
    ObjectKind object_kind;
    int64_t object_id;
    /* As they were when the task was set, so that a record stays what it was and a list needs no
     * further query. */
    char *object_name, *object_address, *region, *region_name;
    int64_t lead_id, second_id; /* officers */
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
    int64_t published_us, publish_leaf;
    int64_t version;
    int64_t created_us;
} Inspection;
void inspection_free(Inspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspection, inspection_free)
/* NULL and HZ_ERROR_NOT_FOUND if there is none. */
Inspection *inspection_find(Db *db, int64_t id, GError **error);

/* --- tasks ------------------------------------------------------------------------------------ */

typedef struct NewInspection {
    int64_t draw_id; /* 0: none */
    ObjectKind object_kind;
    int64_t object_id;
    int64_t lead_id, second_id;
    int64_t due_us;
} NewInspection;
/* Adds a task with its ledger entry, in the caller's transaction. The same object of the same draw
 * a second time changes nothing and gives the task that is there. */
bool inspection_task_add(Db *db,
                         const NewInspection *task,
                         const char *actor,
                         int64_t now_us,
                         int64_t *ret_id,
                         GError **error);
/* Makes the tasks of all targets of a finished draw, in the caller's transaction; targets that have
 * theirs already are passed over, reserves and targets without officers wait. Stands in
 * draw_done_hooks (src/modules.c), so that no draw is ever without its tasks. */
bool inspection_take_draw(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error);
/* The inspections of an object that were carried out and that the reader may see; of others what
 * is published. Stands in past_sources (src/modules.c), for the pages of units and buildings. */
bool inspection_past(Db *db, const PastQuestion *question, GPtrArray *list, GError **error);
/* Random checks of an object in a year, for the cap on them; tasks that were closed without a visit
 * do not count. Stands in case_hooks (src/modules.c). */
bool inspection_count(Db *db, const CaseCount *count, int64_t *ret_n, GError **error);
/* HZ_ERROR_CONFLICT when it is published or closed already, or changed since `version`. */
bool inspection_close(Db *db,
                      int64_t id,
                      int64_t version,
                      const char *reason,
                      const char *actor,
                      int64_t now_us,
                      GError **error);

/* --- results ---------------------------------------------------------------------------------- */

typedef struct ItemAnswer {
    const char *item_id;
    Answer answer;
    const char *note; /* what and where; needed for a failing item */
} ItemAnswer;
typedef struct InspectionResult {
    int64_t inspection_id;
    int64_t version;     /* as read */
    const char *form_id; /* one for each form that was shown: a second submit is recognised */
    int64_t officer_id;  /* who records; one of the two */
    int64_t inspected_us;
    const ItemAnswer *answers;
    size_t answer_count;
    const char *note;
} InspectionResult;
typedef struct RecordOutcome {
    /* Chinese sentence and the item or field it is about when the result was not taken; then
     * nothing was written. `field` is borrowed from the result or static. */
    const char *problem_zh, *field;
    bool was_there; /* this very form had been saved already */
    int64_t leaf;
} RecordOutcome;
/* Guards: see inspection_rules.h. Answers, conclusion and ledger entry in one transaction. `actor`
 * "account:17". HZ_ERROR_CONFLICT when somebody recorded since `version`. */
bool inspection_record(Db *db,
                       const InspectionResult *result,
                       const char *actor,
                       int64_t now_us,
                       RecordOutcome *ret_outcome,
                       GError **error);
/* HZ_ERROR_CONFLICT unless it is recorded and unchanged since `version`. */
bool inspection_publish(Db *db,
                        int64_t id,
                        int64_t version,
                        const char *actor,
                        int64_t now_us,
                        int64_t *ret_leaf,
                        GError **error);

/* One stored answer; texts are owned. */
typedef struct StoredAnswer {
    char *item_id;
    Answer answer;
    char *note;
} StoredAnswer;
/* Array of StoredAnswer (owned) in no particular order. NULL on error. */
GPtrArray *inspection_answers(Db *db, int64_t id, GError **error);

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
