#include "law/law_calendar.h"

#include "base/clock.h"
#include "base/embedded.h"
#include "base/error.h"
#include "base/json.h"

#include <pthread.h>
#include <string.h>

#define SHANGHAI_US (8 * INT64_C(3600) * CLOCK_SECOND_US)
#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define YEARS_MAX 100 /* of one term, so that a pause without end cannot loop for ever */

struct LawCalendar {
    int from, to;         /* years, inclusive */
    GHashTable *holidays; /* LawDay -> name */
    GHashTable *workdays; /* LawDay -> name of the holiday that is made up for */
};

/* --- days ---------------------------------------------------------------------------------------
 */

LawDay law_day_of(int64_t time_us) {
    int64_t local = time_us + SHANGHAI_US;
    int64_t day = local / CLOCK_DAY_US;
    return (LawDay)(local % CLOCK_DAY_US < 0 ? day - 1 : day);
}

int64_t law_day_begin(LawDay day) {
    return (int64_t)day * CLOCK_DAY_US - SHANGHAI_US;
}

/* 1970-01-01 was day 719163 of the proleptic calendar that GDate counts from 1. */
#define EPOCH_JULIAN 719163

static void date_of(LawDay day, GDate *ret_date) {
    g_date_clear(ret_date, 1);
    g_date_set_julian(ret_date, (guint32)(day + EPOCH_JULIAN));
}

void law_day_write(LawDay day, char ret_text[11]) {
    GDate date;
    date_of(day, &date);
    g_snprintf(ret_text,
               11,
               "%04u-%02u-%02u",
               (unsigned)g_date_get_year(&date),
               (unsigned)g_date_get_month(&date),
               (unsigned)g_date_get_day(&date));
}

static int year_of(LawDay day) {
    GDate date;
    date_of(day, &date);
    return g_date_get_year(&date);
}

static bool is_weekend(LawDay day) {
    GDate date;
    date_of(day, &date);
    GDateWeekday weekday = g_date_get_weekday(&date);
    return weekday == G_DATE_SATURDAY || weekday == G_DATE_SUNDAY;
}

LawDayKind law_day_kind(const LawCalendar *calendar, LawDay day, const char **ret_name) {
    const char *name = g_hash_table_lookup(calendar->holidays, GINT_TO_POINTER(day));
    if (ret_name != NULL) {
        *ret_name = name;
    }
    int year = year_of(day);
    if (year < calendar->from || year > calendar->to) {
        return LAW_DAY_UNKNOWN;
    }
    if (name != NULL) {
        return LAW_DAY_HOLIDAY;
    }
    if (g_hash_table_contains(calendar->workdays, GINT_TO_POINTER(day))) {
        return LAW_DAY_MAKE_UP;
    }
    return is_weekend(day) ? LAW_DAY_WEEKEND : LAW_DAY_WORKING;
}

/* --- the calendar -------------------------------------------------------------------------------
 */

static bool read_days(const json_t *days, GHashTable *table, GError **error) {
    const char *text;
    json_t *name;
    json_object_foreach((json_t *)days, text, name) {
        int64_t time_us;
        if (!clock_parse(text, &time_us) || !json_is_string(name)) {
            return hz_fail(error, HZ_ERROR_INVALID, "calendar: \"%s\" is no day with a name", text);
        }
        g_hash_table_insert(
            table, GINT_TO_POINTER(law_day_of(time_us)), g_strdup(json_string_value(name)));
    }
    return true;
}

LawCalendar *law_calendar_read(const char *text, size_t size, GError **error) {
    g_autoptr(json_t) whole = json_read(text, size, error);
    if (whole == NULL) {
        return NULL;
    }
    g_autoptr(LawCalendar) calendar = g_new0(LawCalendar, 1);
    calendar->from = (int)json_get_int(whole, "from", 0);
    calendar->to = (int)json_get_int(whole, "to", 0);
    calendar->holidays = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    calendar->workdays = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (calendar->from < 1970 || calendar->to < calendar->from) {
        hz_fail(error, HZ_ERROR_INVALID, "calendar: from and to are no years");
        return NULL;
    }
    return read_days(json_object_get(whole, "holidays"), calendar->holidays, error) &&
                   read_days(json_object_get(whole, "workdays"), calendar->workdays, error)
               ? g_steal_pointer(&calendar)
               : NULL;
}

void law_calendar_free(LawCalendar *calendar) {
    if (calendar != NULL) {
        g_clear_pointer(&calendar->holidays, g_hash_table_unref);
        g_clear_pointer(&calendar->workdays, g_hash_table_unref);
        g_free(calendar);
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static LawCalendar *built_in;
static GError *loading_error;

static void load(void) {
    EmbeddedFile file = embedded_find("assets/calendar.json");
    if (file.data == NULL) {
        hz_fail(&loading_error,
                HZ_ERROR_UNAVAILABLE,
                "this binary was built without the calendar (run make build)");
        return;
    }
    built_in = law_calendar_read(file.data, file.size, &loading_error);
}

const LawCalendar *law_calendar(GError **error) {
    pthread_once(&once, load);
    if (built_in == NULL) {
        g_propagate_error(error, g_error_copy(loading_error));
    }
    return built_in;
}

const char *law_unit_word(LawUnit unit) {
    static const char *const words[] = {"hours", "working-days", "calendar-days", "months"};
    return words[unit];
}

const char *law_unit_zh(LawUnit unit) {
    static const char *const words[] = {"小时", "个工作日", "日", "个月"};
    return words[unit];
}

/* --- counting -----------------------------------------------------------------------------------
 */

void law_due_clear(LawDue *due) {
    g_clear_pointer(&due->counted, g_array_unref);
    g_clear_pointer(&due->trace, g_ptr_array_unref);
}

static void note(LawDue *due, LawDay day, const char *what, const char *name) {
    char text[11];
    law_day_write(day, text);
    g_ptr_array_add(due->trace,
                    name == NULL ? g_strdup_printf("%s %s", text, what)
                                 : g_strdup_printf("%s %s，%s", text, name, what));
}

static void set_unknown(LawDue *due, LawDay day) {
    due->is_known = false;
    due->unknown_year = year_of(day);
    g_ptr_array_add(
        due->trace,
        g_strdup_printf("%d 年的放假和调休安排还没有录入，不能推算", due->unknown_year));
}

static const LawPause *pause_at(const LawSpan *span, LawDay day) {
    int64_t begin = law_day_begin(day);
    for (size_t i = 0; i < span->pause_count; i++) {
        if (span->pauses[i].from_us < begin + CLOCK_DAY_US && begin < span->pauses[i].to_us) {
            return &span->pauses[i];
        }
    }
    return NULL;
}

/* Does this day count? Tells why not. */
static bool counts(const LawCalendar *calendar, const LawSpan *span, LawDay day, LawDue *due) {
    if (pause_at(span, day) != NULL) {
        note(due, day, "中止期间，不计", NULL);
        return false;
    }
    if (span->unit == LAW_CALENDAR_DAYS) {
        return true;
    }
    const char *name = NULL;
    switch (law_day_kind(calendar, day, &name)) {
    case LAW_DAY_WORKING:
        return true;
    case LAW_DAY_MAKE_UP:
        note(due, day, "调休上班，计入", NULL);
        return true;
    case LAW_DAY_WEEKEND:
        note(due, day, "周末，不计", NULL);
        return false;
    case LAW_DAY_HOLIDAY:
        note(due, day, "放假，不计", name);
        return false;
    case LAW_DAY_UNKNOWN:
        set_unknown(due, day);
        return false;
    }
    g_assert_not_reached();
}

static LawDay count_days(const LawCalendar *calendar, const LawSpan *span, LawDue *due) {
    LawDay start = law_day_of(span->from_us);
    LawDay day = start;
    for (int left = span->amount; left > 0 && due->is_known;) {
        day++;
        if (day - start > YEARS_MAX * 366) {
            set_unknown(due, day);
        } else if (counts(calendar, span, day, due)) {
            g_array_append_val(due->counted, day);
            left--;
        }
    }
    return day;
}

/* The same day so many months later; the month's last day where it has no such day. */
static LawDay count_months(const LawSpan *span) {
    GDate date;
    date_of(law_day_of(span->from_us), &date);
    g_date_add_months(&date, (guint)span->amount);
    return (LawDay)g_date_get_julian(&date) - EPOCH_JULIAN;
}

/* Moves a last day that is a day off to the next working day. */
static LawDay roll(const LawCalendar *calendar, LawDay day, LawDue *due) {
    for (;;) {
        const char *name = NULL;
        switch (law_day_kind(calendar, day, &name)) {
        case LAW_DAY_WORKING:
        case LAW_DAY_MAKE_UP:
            return day;
        case LAW_DAY_WEEKEND:
            note(due, day, "是最后一日，逢周末，顺延", NULL);
            break;
        case LAW_DAY_HOLIDAY:
            note(due, day, "是最后一日，逢放假，顺延", name);
            break;
        case LAW_DAY_UNKNOWN:
            set_unknown(due, day);
            return day;
        }
        day++;
    }
}

static int compare_pauses(gconstpointer a, gconstpointer b) {
    const LawPause *x = a;
    const LawPause *y = b;
    return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

/* Every moment outside the pauses counts. */
static int64_t count_hours(const LawSpan *span, LawDue *due) {
    int64_t due_us = span->from_us + span->amount * HOUR_US;
    int64_t passed_us = span->from_us;
    g_autoptr(GArray) pauses = g_array_new(FALSE, FALSE, sizeof(LawPause));
    if (span->pause_count > 0) {
        g_array_append_vals(pauses, span->pauses, (guint)span->pause_count);
    }
    g_array_sort(pauses, compare_pauses);
    for (guint i = 0; i < pauses->len; i++) {
        LawPause pause = g_array_index(pauses, LawPause, i);
        int64_t from_us = MAX(pause.from_us, passed_us);
        if (pause.to_us > from_us && from_us < due_us) {
            due_us += pause.to_us - from_us;
            passed_us = pause.to_us;
            g_autofree char *text = clock_format_minute(from_us);
            g_ptr_array_add(due->trace, g_strdup_printf("%s 起中止，不计", text));
        }
    }
    return due_us;
}

void law_count_span(const LawCalendar *calendar, const LawSpan *span, LawDue *ret_due) {
    *ret_due = (LawDue){.is_known = true,
                        .counted = g_array_new(FALSE, FALSE, sizeof(LawDay)),
                        .trace = g_ptr_array_new_with_free_func(g_free)};
    if (span->unit == LAW_HOURS) {
        ret_due->due_us = count_hours(span, ret_due);
        ret_due->last_day = law_day_of(ret_due->due_us);
        return;
    }
    LawDay last =
        span->unit == LAW_MONTHS ? count_months(span) : count_days(calendar, span, ret_due);
    if (ret_due->is_known && span->rolls) {
        last = roll(calendar, last, ret_due);
    }
    if (ret_due->is_known) {
        ret_due->last_day = last;
        ret_due->due_us = law_day_begin(last + 1);
    } else {
        g_array_set_size(ret_due->counted, 0);
    }
}

static int working_days(const LawCalendar *calendar, LawDay from, LawDay to) {
    int count = 0;
    for (LawDay day = from + 1; day <= to; day++) {
        LawDayKind kind = law_day_kind(calendar, day, NULL);
        count += kind == LAW_DAY_WORKING || kind == LAW_DAY_MAKE_UP;
    }
    return count;
}

int law_days_left(const LawCalendar *calendar,
                  const LawSpan *span,
                  const LawDue *due,
                  int64_t now_us) {
    if (span->unit == LAW_HOURS) {
        int64_t left_us = due->due_us - now_us;
        return (int)(left_us >= 0 ? left_us / HOUR_US : -((-left_us + HOUR_US - 1) / HOUR_US));
    }
    LawDay today = law_day_of(now_us);
    if (span->unit != LAW_WORKING_DAYS) {
        return due->last_day - today;
    }
    return today <= due->last_day ? working_days(calendar, today, due->last_day)
                                  : -working_days(calendar, due->last_day, today);
}
