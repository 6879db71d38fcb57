/* Pure decisions on inspections: no clock, no database. Thread: any. */
#pragma once

#include <stdint.h>

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
