/*
 * Working days and the counting of legal terms. Pure; days are those of Asia/Shanghai.
 *
 * The day on which a term begins is not counted (民事诉讼法 85). Working days follow the notices of
 * the State Council on holidays and make-up working days, which are published year by year: a year
 * that is not in the calendar is never guessed, the result says so instead.
 * Thread: any; the calendar is constant.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct LawCalendar LawCalendar;
/* {"from": 2020, "to": 2026, "holidays": {"2026-10-01": "国庆节"}, "workdays": {…}} */
LawCalendar *law_calendar_read(const char *text, size_t size, GError **error);
void law_calendar_free(LawCalendar *calendar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LawCalendar, law_calendar_free)
/* The one that was made at build time from chinese-days; NULL with HZ_ERROR_UNAVAILABLE when the
 * binary was built without it. */
const LawCalendar *law_calendar(GError **error);

/* A day as a number: days since 1970-01-01 in Asia/Shanghai. */
typedef int32_t LawDay;
LawDay law_day_of(int64_t time_us);
/* Its first microsecond. */
int64_t law_day_begin(LawDay day);
/* "2026-11-22" */
void law_day_write(LawDay day, char ret_text[11]);

typedef enum LawDayKind {
    LAW_DAY_WORKING,
    LAW_DAY_MAKE_UP, /* a Saturday or Sunday that is worked */
    LAW_DAY_WEEKEND,
    LAW_DAY_HOLIDAY,
    LAW_DAY_UNKNOWN, /* its year is not in the calendar */
} LawDayKind;
/* *ret_name (may be NULL): the holiday's name, or NULL. */
LawDayKind law_day_kind(const LawCalendar *calendar, LawDay day, const char **ret_name);

typedef enum LawUnit {
    LAW_HOURS,
    LAW_WORKING_DAYS,
    LAW_CALENDAR_DAYS,
    LAW_MONTHS,
} LawUnit;
const char *law_unit_word(LawUnit unit); /* "working-days" */
const char *law_unit_zh(LawUnit unit);   /* "个工作日" */

/* Time that does not count: a laboratory's, a hearing's. [from_us, to_us). */
typedef struct LawPause {
    int64_t from_us, to_us;
} LawPause;

typedef struct LawSpan {
    int64_t from_us; /* what the term is counted from */
    LawUnit unit;
    int amount;             /* with approved extensions added */
    bool rolls;             /* the last day on a day off moves to the next working day */
    const LawPause *pauses; /* borrowed; may be NULL */
    size_t pause_count;
} LawSpan;

typedef struct LawDue {
    bool is_known;    /* false: a year is missing in the calendar; nothing else is set */
    int unknown_year; /* that year */
    int64_t due_us;   /* hours: that moment; days: the first moment after the last day */
    LawDay last_day;  /* days and months */
    GArray *counted;  /* of LawDay: the days that count, in order; empty for hours and months */
    GPtrArray *trace; /* of char *: in Chinese, what was left out or moved, and why */
} LawDue;
void law_due_clear(LawDue *due);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawDue, law_due_clear)

void law_count_span(const LawCalendar *calendar, const LawSpan *span, LawDue *ret_due);

/* Days, or hours, that are left at `now_us`: working days for such terms. Negative: overdue by so
 * many. */
int law_days_left(const LawCalendar *calendar,
                  const LawSpan *span,
                  const LawDue *due,
                  int64_t now_us);
