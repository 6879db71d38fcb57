/* Deadlines as the page of a matter shows them: the next one day by day, then all of them. */
#include "base/clock.h"
#include "casework/desk.h"
#include "casework/matter_pages.h"
#include "law/law_list.h"

#include <string.h>

#define DAYS_WHOLE 10 /* longer strips show beginning, today and end */
#define DAYS_EDGE 3

/* --- day by day ---------------------------------------------------------------------------------
 */

/* The number of a counted day, from 1; 0: it does not count. */
static int number_of(const LawDue *due, LawDay day) {
    for (guint i = 0; i < due->counted->len; i++) {
        if (g_array_index(due->counted, LawDay, i) == day) {
            return (int)i + 1;
        }
    }
    return 0;
}

static bool is_paused(const LawClock *clock, LawDay day) {
    for (guint i = 0; i < clock->pauses->len; i++) {
        const LawPause *pause = &g_array_index(clock->pauses, LawPause, i);
        if (law_day_begin(day + 1) > pause->from_us && law_day_begin(day) < pause->to_us) {
            return true;
        }
    }
    return false;
}

/* Why a day does not count. Caller frees. */
static char *reason_of(const LawClock *clock, LawDay day) {
    const LawCalendar *calendar = law_calendar(NULL);
    const char *name = NULL;
    LawDayKind kind = calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, day, &name);
    return is_paused(clock, day)     ? g_strdup("中止")
           : kind == LAW_DAY_HOLIDAY ? g_strdup(name == NULL ? "放假" : name)
           : kind == LAW_DAY_WEEKEND ? g_strdup("周末")
                                     : g_strdup("不计");
}

/* "第 2 天", "起算", "周末 不计", with "今天" before it. Caller frees. */
static char *day_text(const LawClock *clock, LawDay day, LawDay today) {
    const char *now = day == today ? "今天 " : "";
    int number = number_of(&clock->due, day);
    if (day == law_day_of(clock->span.from_us)) {
        return g_strdup_printf("%s起算", now);
    }
    if (number > 0 || clock->due.counted->len == 0) {
        return number > 0 && day == today   ? g_strdup_printf("今天 第 %d", number)
               : number > 0                 ? g_strdup_printf("第 %d 天", number)
               : day == clock->due.last_day ? g_strdup_printf("%s届满", now)
                                            : g_strdup(now);
    }
    g_autofree char *reason = reason_of(clock, day);
    return day == clock->due.last_day ? g_strdup_printf("%s顺延到", now)
                                      : g_strdup_printf("%s%s", now, reason);
}

static json_t *day_model(const LawClock *clock, LawDay day, LawDay today, bool with_month) {
    static const char *const weekdays[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    json_t *model = json_object();
    char date[11];
    law_day_write(day, date);
    int month = (int)g_ascii_strtoll(date + 5, NULL, 10);
    int number = (int)g_ascii_strtoll(date + 8, NULL, 10);
    g_autofree char *head = with_month || number == 1 ? g_strdup_printf("%d.%d", month, number)
                                                      : g_strdup_printf("%d", number);
    g_autofree char *text = day_text(clock, day, today);
    bool is_off = clock->due.counted->len > 0 && number_of(&clock->due, day) == 0 &&
                  day != law_day_of(clock->span.from_us) && day != clock->due.last_day;
    json_put_bool(model, "is_gap", false);
    json_put_text(model, "head", head);
    json_put_text(model, "weekday", weekdays[((day + 3) % 7 + 7) % 7]);
    json_put_text(model, "text", text);
    json_put_text(model,
                  "class",
                  day == clock->due.last_day ? "end"
                  : day == today             ? "cur"
                  : is_off                   ? "off"
                                             : NULL);
    return model;
}

static json_t *gap_model(const LawClock *clock, LawDay from, LawDay to) {
    json_t *model = json_object();
    int counted = 0;
    for (guint i = 0; i < clock->due.counted->len; i++) {
        LawDay day = g_array_index(clock->due.counted, LawDay, i);
        counted += day >= from && day <= to;
    }
    g_autofree char *days = g_strdup_printf("%d 天", to - from + 1);
    g_autofree char *text = clock->due.counted->len == 0 || counted == to - from + 1
                                ? NULL
                                : g_strdup_printf("计 %d 天", counted);
    json_put_bool(model, "is_gap", true);
    json_put_text(model, "head", days);
    json_put_text(model, "text", text);
    return model;
}

/* From the day it is counted from to the last day; a long strip leaves out its middle but today. */
static json_t *strip_of(const LawClock *clock, LawDay today) {
    json_t *days = json_array();
    LawDay first = law_day_of(clock->span.from_us);
    LawDay last = clock->due.last_day;
    bool is_whole = last - first < DAYS_WHOLE;
    LawDay gap = 0; /* first day of the gap that is open; 0: none */
    for (LawDay day = first; day <= last; day++) {
        bool is_shown =
            is_whole || day - first < DAYS_EDGE || last - day < DAYS_EDGE || day == today;
        if (is_shown && gap != 0) {
            json_array_append_new(days, gap_model(clock, gap, day - 1));
        }
        if (is_shown) {
            json_array_append_new(days, day_model(clock, day, today, day == first || gap != 0));
            gap = 0;
        } else if (gap == 0) {
            gap = day;
        }
    }
    return days;
}

/* How the day comes about, in one sentence. Caller frees. */
static char *sentence_of(const LawClock *clock) {
    g_autofree char *minute = clock_format_minute(clock->span.from_us);
    g_autofree char *day = clock_format_date(clock->span.from_us);
    const char *more = clock->is_extended ? "已经批准延长过，延长的一并算在内。" : "";
    if (clock->basis_zh == NULL) {
        return g_strdup_printf("按文书上定的日期，从 %s 到那一天为止。%s", day, more);
    }
    switch (clock->span.unit) {
    case LAW_HOURS:
        return g_strdup_printf(
            "从 %s 起 %d 小时，休息日也算。%s", minute, clock->span.amount, more);
    case LAW_WORKING_DAYS:
        return g_strdup_printf("从 %s 起算，当天不计，数 %d 个工作日；周末和放假不计。%s",
                               day,
                               clock->span.amount,
                               more);
    case LAW_CALENDAR_DAYS:
    case LAW_MONTHS:
        break;
    }
    return g_strdup_printf("从 %s 起算，当天不计，数 %d %s%s。%s",
                           day,
                           clock->span.amount,
                           law_unit_zh(clock->span.unit),
                           clock->span.rolls ? "，最后一日逢休息日顺延" : "",
                           more);
}

/* A clock that stands still; NULL: none. */
static const LawClock *stopped_clock(const LawCase *course) {
    const GArray *clocks = law_case_clocks(course);
    for (guint i = clocks->len; i > 0; i--) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i - 1);
        if (clock->state == LAW_CLOCK_PAUSED) {
            return clock;
        }
    }
    return NULL;
}

static json_t *next_model(const Ctx *ctx, const MatterShown *shown, const LawClock *clock) {
    static const char *const classes[] = {"bad", "warn", "warn", ""};
    const LawTerm *term = law_term_at(shown->book, clock->id, clock->span.from_us, NULL);
    g_auto(DeskDue) due = {0};
    desk_due(clock->due.due_us, clock->span.unit, ctx->now_us, &due);
    g_autofree char *moment = matter_due_text(clock->due.due_us);
    g_autofree char *day = clock_format_day_zh(clock->due.due_us - 1, ctx->now_us);
    g_autofree char *how = sentence_of(clock);
    bool has_days = clock->span.unit != LAW_HOURS && clock->due.last_day > 0;
    json_t *next = json_object();
    json_put_text(next, "name", clock->name);
    json_put_text(next, "day", has_days ? day : moment);
    json_put_text(next, "left", due.sentence);
    json_put_text(next, "class", classes[due.group]);
    json_put_text(next, "how", how);
    json_put_bool(next, "has_days", has_days);
    json_put(next, "days", has_days ? strip_of(clock, law_day_of(ctx->now_us)) : json_array());
    g_autofree char *rule =
        term == NULL ? NULL
                     : law_rule_href(shown->book, LAW_KIND_TERM, clock->id, clock->span.from_us);
    json_put_text(next, "basis", clock->basis_zh);
    json_put_text(next, "rule_href", rule);
    json_put_text(
        next, "confidence", term == NULL ? NULL : law_confidence_zh(term->entry.confidence));
    return next;
}

/* --- all of them --------------------------------------------------------------------------------
 */

/* In a closed matter nothing runs any more, even if no act has met the term. */
static json_t *clock_model(const LawClock *clock, bool is_closed) {
    static const char *const words[] = {"进行中", "中止", "按时完成", "超期完成", "已重新起算"};
    static const char *const classes[] = {"i", "w", "k", "b", ""};
    json_t *model = json_object();
    json_t *trace = json_array();
    for (guint i = 0; i < clock->due.trace->len; i++) {
        json_array_append_new(trace, json_string(clock->due.trace->pdata[i]));
    }
    g_autofree char *due = clock->due.is_known ? matter_due_text(clock->due.due_us)
                                               : g_strdup("放假安排未公布，不能推算");
    g_autofree char *from = clock_format_minute(clock->span.from_us);
    g_autofree char *how =
        clock->basis_zh == NULL
            ? g_strdup("按通知书确定的日期")
            : g_strdup_printf(
                  "自 %s 起 %d %s", from, clock->span.amount, law_unit_zh(clock->span.unit));
    json_put_text(model, "name", clock->name);
    json_put_text(model, "due", due);
    json_put_text(model, "how", how);
    json_put_text(model, "basis", clock->basis_zh);
    bool is_over = is_closed && clock->state <= LAW_CLOCK_PAUSED;
    json_put_text(model, "state_zh", is_over ? "随案办结" : words[clock->state]);
    json_put_text(model, "state_class", is_over ? "" : classes[clock->state]);
    json_put(model, "trace", trace);
    json_put_bool(model, "has_trace", clock->due.trace->len > 0);
    return model;
}

void matter_put_deadlines(const Ctx *ctx,
                          const MatterShown *shown,
                          const LawCase *course,
                          json_t *model) {
    json_t *clocks = json_array();
    bool is_closed = shown->matter->is_closed;
    for (guint i = 0; i < law_case_clocks(course)->len; i++) {
        const LawClock *clock = &g_array_index(law_case_clocks(course), LawClock, i);
        json_array_append_new(clocks, clock_model(clock, is_closed));
    }
    const LawClock *next = is_closed ? NULL : law_case_next_due(course);
    const LawClock *stopped = is_closed ? NULL : stopped_clock(course);
    json_put_int(model, "clock_count", (int64_t)json_array_size(clocks));
    json_put(model, "clocks", clocks);
    json_put_bool(model, "has_clocks", json_array_size(clocks) > 0);
    json_put(model, "next_due", next == NULL ? json_null() : next_model(ctx, shown, next));
    json_put_text(model, "stopped", stopped == NULL ? NULL : stopped->name);
}
