/* What falls due on which day of a month, with the days that are worked and those that are not. */
#include "base/clock.h"
#include "base/error.h"
#include "casework/matter_pages.h"

#include <string.h>

#define EPOCH_JULIAN 719163 /* of 1970-01-01 */
#define MONTHS_AHEAD 600    /* either way from today: what an address may ask for */

typedef struct Month {
    GDate first;
    LawDay from, to; /* its days, inclusive */
} Month;

static LawDay law_day(const GDate *date) {
    return (LawDay)g_date_get_julian(date) - EPOCH_JULIAN;
}

static void month_of(const GDate *day, Month *month) {
    month->first = *day;
    g_date_set_day(&month->first, 1);
    GDate last = month->first;
    g_date_add_months(&last, 1);
    g_date_subtract_days(&last, 1);
    month->from = law_day(&month->first);
    month->to = law_day(&last);
}

/* "2026-11"; false if it is none or too far away. */
static bool read_month(const char *text, LawDay today, Month *month) {
    GDate day;
    char today_text[11];
    g_date_clear(&day, 1);
    law_day_write(today, today_text);
    g_autofree char *first = g_strdup_printf("%.7s-01", text == NULL ? today_text : text);
    int64_t time_us;
    if ((text != NULL && strlen(text) != strlen("2026-11")) || !clock_parse(first, &time_us)) {
        return false;
    }
    LawDay at = law_day_of(time_us);
    if (ABS(at - today) > MONTHS_AHEAD * 30) {
        return false;
    }
    g_date_set_julian(&day, (guint32)(at + EPOCH_JULIAN));
    month_of(&day, month);
    return true;
}

static char *month_href(const Month *month, int step) {
    GDate other = month->first;
    if (step > 0) {
        g_date_add_months(&other, 1);
    } else {
        g_date_subtract_months(&other, 1);
    }
    return g_strdup_printf(
        "/work/calendar?month=%04d-%02d", g_date_get_year(&other), (int)g_date_get_month(&other));
}

/* "休 国庆节", "班 调休", … and the class of a day. */
static void put_kind(const LawCalendar *calendar, LawDay day, json_t *cell) {
    const char *name = NULL;
    LawDayKind kind = calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, day, &name);
    g_autofree char *holiday = g_strdup_printf("放假 %s", name == NULL ? "" : name);
    const char *words[] = {NULL, "调休上班", "周末", g_strchomp(holiday), "未公布"};
    json_put_text(cell, "kind", words[kind]);
    json_put_bool(cell, "is_off", kind == LAW_DAY_WEEKEND || kind == LAW_DAY_HOLIDAY);
    json_put_bool(cell, "is_make_up", kind == LAW_DAY_MAKE_UP);
}

static int64_t count_on(const GArray *days, LawDay day) {
    for (guint i = 0; i < days->len; i++) {
        const MatterDay *one = &g_array_index(days, MatterDay, i);
        if (one->day == day) {
            return one->count;
        }
    }
    return 0;
}

static json_t *day_cell(const LawCalendar *calendar, const GArray *days, LawDay day, LawDay today) {
    static const char *const weekdays[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    json_t *cell = json_object();
    char text[11];
    law_day_write(day, text);
    int64_t count = count_on(days, day);
    g_autofree char *href = g_strdup_printf("/work/matters?due=%s", text);
    json_put_bool(cell, "is_day", true);
    json_put_text(cell, "date", text);
    json_put_text(cell, "day", text[8] == '0' ? text + 9 : text + 8);
    json_put_text(cell, "weekday", weekdays[((day + 3) % 7 + 7) % 7]);
    json_put_int(cell, "count", count);
    json_put_text(cell, "href", count > 0 ? href : NULL);
    json_put_bool(cell, "is_today", day == today);
    json_put_bool(cell, "is_late", day < today && count > 0);
    put_kind(calendar, day, cell);
    return cell;
}

/* Weeks of seven cells from Monday; cells outside the month are empty. */
static json_t *weeks_of(const Month *month, const GArray *days, LawDay today) {
    json_t *weeks = json_array();
    const LawCalendar *calendar = law_calendar(NULL);
    LawDay monday = month->from - ((month->from + 3) % 7 + 7) % 7;
    for (LawDay first = monday; first <= month->to; first += 7) {
        json_t *week = json_object();
        json_t *cells = json_array();
        for (LawDay day = first; day < first + 7; day++) {
            json_t *cell = NULL;
            if (day >= month->from && day <= month->to) {
                cell = day_cell(calendar, days, day, today);
            } else {
                cell = json_object();
                json_put_bool(cell, "is_day", false);
            }
            json_array_append_new(cells, cell);
        }
        json_put(week, "cells", cells);
        json_array_append_new(weeks, week);
    }
    return weeks;
}

Response *matter_calendar_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    LawDay today = law_day_of(ctx->now_us);
    Month month;
    if (!read_month(request_query(req, "month"), today, &month)) {
        hz_fail(&error, HZ_ERROR_INVALID, "month is not YYYY-MM");
        return response_problem(error, "月份要写成 2026-11 这样");
    }
    g_autoptr(GArray) days =
        casework_due_days(ctx->db, ctx->who->region, month.from, month.to, &error);
    if (days == NULL) {
        return response_problem(error, NULL);
    }
    int64_t total = 0;
    for (guint i = 0; i < days->len; i++) {
        total += g_array_index(days, MatterDay, i).count;
    }
    json_t *model = json_object();
    g_autofree char *title = g_strdup_printf(
        "%d年%d月", g_date_get_year(&month.first), (int)g_date_get_month(&month.first));
    g_autofree char *previous = month_href(&month, -1);
    g_autofree char *next = month_href(&month, 1);
    json_put_text(model, "month", title);
    json_put_int(model, "total", total);
    json_put_text(model, "previous", previous);
    json_put_text(model, "next", next);
    json_put_bool(model, "is_now", today >= month.from && today <= month.to);
    json_put(model, "weeks", weeks_of(&month, days, today));
    return response_page("casework/calendar", model);
}
