/* Pure decisions on inspections: no clock, no database. Thread: any. */
#pragma once

#include "inspection/inspection.h"

/* One of the two officers as of now. */
typedef struct OfficerFacts {
    int64_t id;
    bool in_post;
    int64_t certificate_until_us; /* midnight that begins its last day; 0: not told */
} OfficerFacts;

typedef struct RecordFacts {
    InspectionState state;
    int64_t recorder_id;
    OfficerFacts lead, second;
    int64_t created_us, now_us;
} RecordFacts;

/* NULL when the result may be recorded, else why not: a Chinese sentence; *ret_field (static or
 * from an answer) is the form field it is about. The order is: who, when, then each item. Order 120
 * article 14 wants two officers with credentials; law.md section 3. */
const char *record_problem_zh(const RecordFacts *facts,
                              const InspectionResult *result,
                              const LawChecklist *checklist,
                              const char **ret_field);

/* Midnight in Shanghai that begins the day of `time_us`. */
int64_t day_begin(int64_t time_us);
/* Working days from the day of `from_us` to the day of `to_us`, start excluded; negative when `to`
 * lies before. By the State Council's notices on holidays and make-up days; Monday to Friday in a
 * year without one, so for sorting and wording tasks only, never for a legal term. */
int working_days_between(int64_t from_us, int64_t to_us);
/* The day that is `count` (>= 0) working days after the day of `from_us`. */
int64_t working_days_after(int64_t from_us, int count);

typedef enum DueGroup { DUE_OVER, DUE_TODAY, DUE_SOON, DUE_LATER, DUE_GROUP_COUNT } DueGroup;
DueGroup due_group(int64_t due_us, int64_t now_us);
/* Big and small line of the days-left signal: "逾期 1 天" / "应于 11月19日 周四". Callers free. */
void due_texts(int64_t due_us, int64_t now_us, char **ret_big, char **ret_small);
const char *due_class(DueGroup group); /* over, now, soon, "" */
