/* Alarms of the last 24 hours, hour by hour: bars from the server, the same as a table. */
#include "base/clock.h"
#include "overview/overview_alarms.h"
#include "overview/overview_models.h"

#include <string.h>

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define LABEL_EVERY 3  /* hours between two words under the bars: they fit on a phone */
#define TOP_TENTHS 180 /* of the height in tenths of a percent: above stands the highest number */
#define FOOT_TENTHS 800

static int hour_of(int64_t time_us) {
    g_autofree char *minute = clock_format_minute(time_us);
    return (int)g_ascii_strtoll(minute + strlen("2026-11-23 "), NULL, 10);
}

static unsigned highest(const AlarmHours *hours) {
    unsigned at = 0;
    for (unsigned i = 1; i < ALARM_HOURS; i++) {
        at = hours->all[i] > hours->all[at] ? i : at;
    }
    return at;
}

static void put_percent(json_t *object, const char *key, int64_t tenths) {
    put_format(object, key, "%d.%d%%", (int)(tenths / 10), (int)(tenths % 10));
}

/* A part of a bar: from its foot `below`, so high that `most` fills the picture. */
static void put_part(json_t *bar, const char *key, int64_t below, int64_t count, int64_t most) {
    int64_t whole = FOOT_TENTHS - TOP_TENTHS;
    int64_t height = count * whole / MAX(most, 1);
    json_t *part = json_null();
    if (count > 0) {
        part = json_object();
        put_percent(part, "height", MAX(height, 10));
        put_percent(part, "y", FOOT_TENTHS - below * whole / MAX(most, 1) - MAX(height, 10));
    }
    json_put(bar, key, part);
}

static json_t *bar_model(const AlarmHours *hours, unsigned i, unsigned most_at) {
    json_t *bar = json_object();
    int64_t most = hours->all[most_at];
    int64_t left = (int64_t)i * 1000 / ALARM_HOURS;
    put_percent(bar, "x", left + 5);
    put_percent(bar, "middle", left + 21);
    put_part(bar, "grave", 0, hours->grave[i], most);
    put_part(bar, "rest", hours->grave[i], hours->all[i] - hours->grave[i], most);
    int hour = hour_of(hours->begin_us + (int64_t)i * HOUR_US);
    json_put_text(bar, "label", NULL);
    if (hour % LABEL_EVERY == 0 && i > 0 && i + 1 < ALARM_HOURS) { /* none beyond the edge */
        put_format(bar, "label", "%d时", hour);
    }
    json_put_text(bar, "peak", NULL);
    if (i == most_at && most > 0) {
        put_format(bar, "peak", "%" G_GINT64_FORMAT, most);
    }
    return bar;
}

/* The newest hour first, as people look for it. */
static json_t *row_model(const AlarmHours *hours, unsigned i, int64_t now_us) {
    json_t *row = json_object();
    int64_t from_us = hours->begin_us + (int64_t)i * HOUR_US;
    g_autofree char *from = moment_text(from_us, now_us);
    put_format(row, "hour", "%s 起一小时%s", from, i == ALARM_HOURS - 1 ? "（还没有过完）" : "");
    json_put_int(row, "all", hours->all[i]);
    json_put_int(row, "grave", hours->grave[i]);
    return row;
}

bool hours_put(Ctx *ctx, const char *region, json_t *model, GError **error) {
    AlarmHours hours;
    if (!alarm_by_hour(ctx->db, region, ctx->now_us, &hours, error)) {
        return false;
    }
    json_t *object = json_object();
    json_t *bars = json_array();
    json_t *rows = json_array();
    int64_t total = 0;
    int64_t grave = 0;
    unsigned most = highest(&hours);
    for (unsigned i = 0; i < ALARM_HOURS; i++) {
        json_array_append_new(bars, bar_model(&hours, i, most));
        json_array_append_new(rows, row_model(&hours, ALARM_HOURS - 1 - i, ctx->now_us));
        total += hours.all[i];
        grave += hours.grave[i];
    }
    g_autofree char *peak = moment_text(hours.begin_us + (int64_t)most * HOUR_US, ctx->now_us);
    if (total == 0) {
        json_put_text(object, "label", "最近 24 小时没有报警");
    } else {
        put_format(object,
                   "label",
                   "最近 24 小时报警 %d 件，其中火警、燃气 %d 件；%s 起的一小时最多，%d 件",
                   (int)total,
                   (int)grave,
                   peak,
                   (int)hours.all[most]);
    }
    json_put(object, "bars", bars);
    json_put(object, "rows", rows);
    json_put_int(object, "total", total);
    json_put_int(object, "grave", grave);
    json_put_bool(object, "has_any", total > 0);
    json_put(model, "hours", object);
    return true;
}
