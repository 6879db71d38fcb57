#include "frame/gb26875_profile.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)
#define ZONE_S INT64_C(28800)        /* UTC+8, no summer time since 1991 */
#define CENTURY_S INT64_C(946684800) /* 2000-01-01T00:00:00Z */
#define CENTURY_DAYS 36525           /* 2000 to 2099 */
#define FOUR_YEARS_DAYS 1461

static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

/* Every fourth year of 2000-2099 is a leap year. */
static unsigned days_until(unsigned year, unsigned month) {
    unsigned leap = year % 4 == 0 && month > 2 ? 1 : 0;
    return year * 365 + (year + 3) / 4 + days_before[month - 1] + leap;
}

static unsigned days_of(unsigned year, unsigned month) {
    unsigned leap = year % 4 == 0 && month == 2 ? 1 : 0;
    return (unsigned)(days_before[month] - days_before[month - 1]) + leap;
}

static bool read_digits(const uint8_t time[6], unsigned ret[6]) {
    for (unsigned i = 0; i < 6; i++) {
        if ((time[i] & 15) > 9 || time[i] >> 4 > 9) {
            return false;
        }
        ret[i] = (unsigned)((time[i] >> 4) * 10 + (time[i] & 15));
    }
    return true;
}

bool gb26875_time(const Gb26875Profile *profile, const uint8_t time[6], int64_t *ret_time_us) {
    unsigned part[6] = {time[0], time[1], time[2], time[3], time[4], time[5]};
    if (profile->is_time_bcd && !read_digits(time, part)) {
        return false;
    }
    unsigned month = part[4], year = part[5];
    if (part[0] > 59 || part[1] > 59 || part[2] > 23 || month < 1 || month > 12 || year > 99 ||
        part[3] < 1 || part[3] > days_of(year, month)) {
        return false;
    }
    int64_t day = days_until(year, month) + part[3] - 1;
    int64_t second = day * 86400 + part[2] * 3600 + part[1] * 60 + part[0];
    *ret_time_us = (second + CENTURY_S - ZONE_S) * SECOND_US;
    return true;
}

void gb26875_time_put(const Gb26875Profile *profile, int64_t time_us, uint8_t ret_time[6]) {
    memset(ret_time, 0, 6);
    int64_t begin_us = (CENTURY_S - ZONE_S) * SECOND_US;
    if (time_us < begin_us || time_us - begin_us >= INT64_C(86400) * CENTURY_DAYS * SECOND_US) {
        return;
    }
    unsigned second = (unsigned)((time_us - begin_us) / SECOND_US % 86400);
    unsigned day = (unsigned)((time_us - begin_us) / SECOND_US / 86400);
    unsigned year = day / FOUR_YEARS_DAYS * 4;
    while (year < 99 && days_until(year + 1, 1) <= day) {
        year++;
    }
    unsigned month = 1;
    while (month < 12 && days_until(year, month + 1) <= day) {
        month++;
    }
    const unsigned part[6] = {second % 60,
                              second / 60 % 60,
                              second / 3600,
                              day - days_until(year, month) + 1,
                              month,
                              year};
    for (unsigned i = 0; i < 6; i++) {
        ret_time[i] = (uint8_t)(profile->is_time_bcd ? part[i] / 10 * 16 + part[i] % 10 : part[i]);
    }
}
