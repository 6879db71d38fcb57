/*
 * Time: int64_t microseconds UTC since 1970 inside, text only at the edge.
 *
 * Legal dates and everything shown are Asia/Shanghai (UTC+8, no summer time since 1991).
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SECOND_US INT64_C(1000000)
#define CLOCK_DAY_US (INT64_C(86400) * CLOCK_SECOND_US)

/* Wall clock now. For tests and demos HUOZHENG_NOW fixes it ("2026-11-22T09:15:00Z"), or, as
 * "+FILE", lets it run ahead by the seconds that stand in the file. Whoever can set it can set the
 * machine's clock too; pages whose meaning hangs on time say so (clock_is_test). */
int64_t clock_now_us(void);
/* HUOZHENG_NOW is set. */
bool clock_is_test(void);

/* "2026-11-22T09:15:24.123Z" (RFC 3339, UTC, milliseconds; truncated). Caller frees. */
char *clock_format_utc(int64_t time_us);

/* "2026-11-22" in Asia/Shanghai. Caller frees. */
char *clock_format_date(int64_t time_us);

/* "2026-11-22 17:15" in Asia/Shanghai. Caller frees. */
char *clock_format_minute(int64_t time_us);

/* For people: "11月22日 周日", with the year when it is not the year of `now_us`. Caller frees. */
char *clock_format_day_zh(int64_t time_us, int64_t now_us);

/* "YYYY-MM-DD" (Asia/Shanghai midnight) or RFC 3339 with offset or Z, also without an offset
 * ("2017-01-12T14:19:17", read as Asia/Shanghai). False if it is no such time. */
bool clock_parse(const char *text, int64_t *ret_time_us);

/* Calendar year in Asia/Shanghai. */
int clock_year(int64_t time_us);
