/* Hours and days in which an act may be taken: read, checked, held. */
#include "base/clock.h"
#include "law/law_case_internal.h"
#include "law/law_internal.h"

#include <string.h>

#define DAY_MINUTES (24 * 60)

/* --- reading ------------------------------------------------------------------------------------
 */

/* "06:00" as minutes of the day. */
static int read_clock_time(LawReader *reader, LawNode node) {
    const char *text = law_text(reader, node);
    bool is_time = strlen(text) == 5 && text[2] == ':' && g_ascii_isdigit(text[0]) &&
                   g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[3]) && g_ascii_isdigit(text[4]);
    int hour = is_time ? (text[0] - '0') * 10 + text[1] - '0' : 24;
    int minute = is_time ? (text[3] - '0') * 10 + text[4] - '0' : 60;
    if (hour > 23 || minute > 59) {
        law_wrong(reader, node, "\"%s\" is no time of day of the form 06:00", text);
        return 0;
    }
    return hour * 60 + minute;
}

/* hours: {from: "06:00", to: "22:00", confidence: memory} */
static void read_hours(LawReader *reader, LawNode map, LawWindow *window) {
    if (!law_keys(reader, map, "from to confidence")) {
        return;
    }
    window->has_hours = true;
    window->from_minute = read_clock_time(reader, law_get(map, "from"));
    window->to_minute = read_clock_time(reader, law_get(map, "to"));
    window->hours_confidence = law_read_confidence(reader, law_get(map, "confidence"));
    if (window->from_minute >= window->to_minute) {
        law_wrong(reader, law_get(map, "to"), "the hours end before they begin");
    }
}

const LawWindow *law_read_window(LawReader *reader, LawNode map) {
    static const char *const days[] = {"working", NULL};
    LawWindow window = {.has_hours = false};
    if (!law_is_there(map) || !law_keys(reader, map, "hours? days? unless? why basis confidence")) {
        return NULL;
    }
    LawNode hours = law_get(map, "hours");
    LawNode day = law_get(map, "days");
    LawNode unless = law_get(map, "unless");
    if (!law_is_there(hours) && !law_is_there(day)) {
        law_wrong(reader, map, "a window has hours or days");
        return NULL;
    }
    if (law_is_there(hours)) {
        read_hours(reader, hours, &window);
    }
    if (law_is_there(day)) {
        law_word(reader, day, days);
        window.working_days = true;
    }
    if (law_is_there(unless)) {
        law_read_when(reader, unless, &window.unless_field, &window.unless_values);
    }
    window.why = law_text(reader, law_get(map, "why"));
    window.basis = law_read_texts(reader, law_get(map, "basis"));
    window.basis_zh = law_basis_text(reader, law_get(map, "basis"), window.basis);
    window.confidence = law_read_confidence(reader, law_get(map, "confidence"));
    return law_keep(&window, sizeof window);
}

/* --- holding ------------------------------------------------------------------------------------
 */

static void refuse(const LawWindow *window,
                   const char *rule,
                   LawConfidence sure,
                   char *when,
                   LawRefusal *refusal) {
    g_autofree char *owned = when;
    law_refuse(refusal,
               rule,
               window->basis_zh,
               sure == LAW_TEXT ? g_strdup_printf("%s：%s", owned, window->why)
                                : g_strdup_printf("%s：%s（这一条%s，请核对）",
                                                  owned,
                                                  window->why,
                                                  law_confidence_zh(sure)));
}

static void check_hours(const LawWindow *window, int64_t time_us, LawRefusal *refusal) {
    int64_t begin_us = law_day_begin(law_day_of(time_us));
    int minute = (int)((time_us - begin_us) / (60 * CLOCK_SECOND_US));
    if (minute < window->from_minute || minute >= window->to_minute) {
        refuse(window,
               "hours",
               MAX(window->confidence, window->hours_confidence),
               g_strdup_printf("%02d:%02d不在%02d:%02d到%02d:%02d之间",
                               minute / 60,
                               minute % 60,
                               window->from_minute / 60,
                               window->from_minute % 60,
                               window->to_minute / 60,
                               window->to_minute % 60),
               refusal);
    }
}

static void check_days(const LawWindow *window, int64_t time_us, LawRefusal *refusal) {
    const char *holiday = NULL;
    const LawCalendar *calendar = law_calendar(NULL);
    LawDayKind kind =
        calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, law_day_of(time_us), &holiday);
    g_autofree char *day = clock_format_date(time_us);
    if (kind == LAW_DAY_UNKNOWN) {
        refuse(window,
               "days",
               window->confidence,
               g_strdup_printf("%s所在的年份放假安排未公布，不能判断是不是工作日", day),
               refusal);
    } else if (kind == LAW_DAY_WEEKEND || kind == LAW_DAY_HOLIDAY) {
        refuse(window,
               "days",
               window->confidence,
               g_strdup_printf("%s是%s", day, holiday == NULL ? "周末" : holiday),
               refusal);
    }
}

/* The form says when the act happened, and may claim the exception: without it nothing is known. */
void law_window_check(const LawStep *step, const LawDone *done, LawRefusal *refusal) {
    const LawWindow *window = step->window;
    if (window == NULL || done->data == NULL ||
        (window->unless_field != NULL &&
         law_when_holds(window->unless_field, window->unless_values, done->data))) {
        return;
    }
    if (window->working_days) {
        check_days(window, done->time_us, refusal);
    }
    if (window->has_hours && refusal->reason_zh == NULL) {
        check_hours(window, done->time_us, refusal);
    }
}
