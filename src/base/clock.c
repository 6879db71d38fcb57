#include "base/clock.h"

#include <glib.h>
#include <string.h>

#define SHANGHAI_OFFSET_US (INT64_C(8) * 3600 * CLOCK_SECOND_US)

static GDateTime *date_time(int64_t time_us) {
    int64_t seconds = time_us / CLOCK_SECOND_US;
    if (time_us % CLOCK_SECOND_US < 0) {
        seconds--;
    }
    GDateTime *made = g_date_time_new_from_unix_utc(seconds);
    g_assert(made != NULL);
    return made;
}

static char *format(int64_t time_us, const char *pattern) {
    g_autoptr(GDateTime) moment = date_time(time_us);
    return g_date_time_format(moment, pattern);
}

/* No file yet: 0. */
static int64_t seconds_in(const char *path) {
    g_autofree char *text = NULL;
    gint64 seconds = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !g_ascii_string_to_signed(g_strchomp(text), 10, 0, 1000000000, &seconds, NULL)) {
        return 0;
    }
    return seconds;
}

int64_t clock_now_us(void) {
    const char *fixed = g_getenv("HUOZHENG_NOW");
    int64_t now_us = 0;
    if (fixed != NULL && clock_parse(fixed, &now_us)) {
        return now_us;
    }
    return g_get_real_time() +
           (fixed != NULL && fixed[0] == '+' ? seconds_in(fixed + 1) : 0) * CLOCK_SECOND_US;
}

bool clock_is_test(void) {
    return g_getenv("HUOZHENG_NOW") != NULL;
}

typedef struct Civil {
    int year, month, day, hour, minute, second;
} Civil;

#define FAST_END_US (INT64_C(253402300800) * CLOCK_SECOND_US) /* year 10000 */

static bool is_fast(int64_t time_us) {
    return time_us >= 0 && time_us < FAST_END_US;
}

/* The civil date of a day counted from 1970-01-01, by whole eras of 400 years beginning in March:
 * the log writes a time for every entry and a list a date for every row, and GDateTime takes longer
 * than all the hashes. */
static Civil civil_of(int64_t time_us) {
    int64_t second = time_us / CLOCK_SECOND_US;
    int64_t day = second / 86400 + 719468; /* since 0000-03-01 */
    int64_t era = day / 146097;
    int64_t of_era = day % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0: March */
    return (Civil){.year = (int)(year + era * 400 + (month >= 10)),
                   .month = (int)(month < 10 ? month + 3 : month - 9),
                   .day = (int)(of_year - (153 * month + 2) / 5 + 1),
                   .hour = (int)(second / 3600 % 24),
                   .minute = (int)(second / 60 % 60),
                   .second = (int)(second % 60)};
}

/* `digits` digits of `number` at `at`; the place behind them. */
static char *put_digits(char *at, int number, int digits) {
    for (int i = digits - 1; i >= 0; i--, number /= 10) {
        at[i] = (char)('0' + number % 10);
    }
    return at + digits;
}

static char *put_date(char *at, const Civil *civil) {
    at = put_digits(at, civil->year, 4);
    *at++ = '-';
    at = put_digits(at, civil->month, 2);
    *at++ = '-';
    return put_digits(at, civil->day, 2);
}

static char *put_minute(char *at, const Civil *civil) {
    at = put_digits(at, civil->hour, 2);
    *at++ = ':';
    return put_digits(at, civil->minute, 2);
}

char *clock_format_utc(int64_t time_us) {
    if (is_fast(time_us)) {
        Civil civil = civil_of(time_us);
        char text[sizeof "2026-11-22T09:15:24.123Z"];
        char *at = put_date(text, &civil);
        *at++ = 'T';
        at = put_minute(at, &civil);
        *at++ = ':';
        at = put_digits(at, civil.second, 2);
        *at++ = '.';
        at = put_digits(at, (int)(time_us % CLOCK_SECOND_US / 1000), 3);
        *at++ = 'Z';
        return g_strndup(text, (gsize)(at - text));
    }
    g_autofree char *whole = format(time_us, "%Y-%m-%dT%H:%M:%S");
    int64_t rest_us = time_us % CLOCK_SECOND_US;
    if (rest_us < 0) {
        rest_us += CLOCK_SECOND_US;
    }
    return g_strdup_printf("%s.%03dZ", whole, (int)(rest_us / 1000));
}

char *clock_format_date(int64_t time_us) {
    int64_t local_us = time_us + SHANGHAI_OFFSET_US;
    if (is_fast(local_us)) {
        Civil civil = civil_of(local_us);
        char text[sizeof "2026-11-22"];
        return g_strndup(text, (gsize)(put_date(text, &civil) - text));
    }
    return format(local_us, "%Y-%m-%d");
}

char *clock_format_minute(int64_t time_us) {
    int64_t local_us = time_us + SHANGHAI_OFFSET_US;
    if (is_fast(local_us)) {
        Civil civil = civil_of(local_us);
        char text[sizeof "2026-11-22 09:15"];
        char *at = put_date(text, &civil);
        *at++ = ' ';
        return g_strndup(text, (gsize)(put_minute(at, &civil) - text));
    }
    return format(local_us, "%Y-%m-%d %H:%M");
}

char *clock_format_day_zh(int64_t time_us, int64_t now_us) {
    static const char *const weekdays[] = {"一", "二", "三", "四", "五", "六", "日"};
    g_autoptr(GDateTime) moment = date_time(time_us + SHANGHAI_OFFSET_US);
    const char *weekday = weekdays[g_date_time_get_day_of_week(moment) - 1];
    if (g_date_time_get_year(moment) == clock_year(now_us)) {
        return g_strdup_printf("%d月%d日 周%s",
                               g_date_time_get_month(moment),
                               g_date_time_get_day_of_month(moment),
                               weekday);
    }
    return g_strdup_printf("%d年%d月%d日 周%s",
                           g_date_time_get_year(moment),
                           g_date_time_get_month(moment),
                           g_date_time_get_day_of_month(moment),
                           weekday);
}

bool clock_parse(const char *text, int64_t *ret_time_us) {
    if (text == NULL || strlen(text) < 10 || strlen(text) > 40) {
        return false;
    }
    g_autoptr(GTimeZone) shanghai = g_time_zone_new_offset(8 * 3600);
    g_autofree char *whole =
        strlen(text) == 10 ? g_strconcat(text, "T00:00:00", NULL) : g_strdup(text);
    if (whole[10] == ' ') {
        whole[10] = 'T';
    }
    g_autoptr(GDateTime) moment = g_date_time_new_from_iso8601(whole, shanghai);
    if (moment == NULL || whole[4] != '-' || whole[7] != '-') {
        return false;
    }
    *ret_time_us =
        g_date_time_to_unix(moment) * CLOCK_SECOND_US + g_date_time_get_microsecond(moment);
    return true;
}

int clock_year(int64_t time_us) {
    int64_t local_us = time_us + SHANGHAI_OFFSET_US;
    if (is_fast(local_us)) {
        return civil_of(local_us).year;
    }
    g_autoptr(GDateTime) moment = date_time(local_us);
    return g_date_time_get_year(moment);
}
