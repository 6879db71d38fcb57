/*
 * Samples: values and unchanged states, one a minute, as arrays of an hour (about 3 bytes each
 * instead of 170 as rows; scale.md section 2). The newest value of a minute counts.
 *
 * Packing reads journal rows, merges them into arrays by position and deletes them in one
 * transaction, so a row that comes twice changes nothing. Thread: that of the Db; the functions
 * without a Db: any.
 */
#pragma once

#include "store/store.h"

#define SAMPLE_SLOTS 60
#define SAMPLE_MISSING INT16_MIN
#define SAMPLE_BYTES (2 * SAMPLE_SLOTS)

#define SAMPLE_STATE 0   /* state bits, as unsigned 16 bits */
#define SAMPLE_HEARD 256 /* 1: the device was heard in that minute */

/* What a series is about. */
static inline int64_t sample_series(int64_t device_id, int64_t point_id) {
    return point_id != 0 ? point_id : -device_id;
}

/* A minute as a place: day and hour in Asia/Shanghai, slot 0 to 59. */
typedef struct SamplePlace {
    int64_t day, hour;
    unsigned slot;
} SamplePlace;
SamplePlace sample_place(int64_t time_us);
/* The beginning of that hour. */
int64_t sample_hour_us(int64_t day, int64_t hour);
/* Fits into a slot: larger ones become the largest that fits. */
int16_t sample_clamp(int64_t value);

typedef struct SampleHour {
    int64_t day, series, kind, hour;
    int16_t minutes[SAMPLE_SLOTS];
} SampleHour;
/* The portable form: 60 int16, little endian. */
void sample_write(const int16_t minutes[SAMPLE_SLOTS], uint8_t ret_bytes[SAMPLE_BYTES]);
/* False unless it has SAMPLE_BYTES. */
bool sample_read(const void *bytes, size_t size, int16_t ret_minutes[SAMPLE_SLOTS]);

/* --- reading ---------------------------------------------------------------------------------- */

/* Arrays of one series from `from_us` to before `to_us` in order: array of SampleHour. */
GArray *
sample_hours(Db *db, int64_t series, int64_t kind, int64_t from_us, int64_t to_us, GError **error);

typedef struct SampleDay {
    int64_t day, n, low, high;
    double mean;
} SampleDay;
/* Days of one series in order, from..to inclusive, those that are over: array of SampleDay. */
GArray *
sample_days(Db *db, int64_t series, int64_t kind, int64_t from_day, int64_t to_day, GError **error);

/* The newest sample of a series and kind. */
typedef struct SampleLatest {
    int64_t series, kind, value, time_us;
} SampleLatest;
/* Of these series, of analog kinds, told on the day of `now_us` or the day before, by series and
 * kind: array of SampleLatest. */
GArray *sample_latest(Db *db, const int64_t *series, size_t count, int64_t now_us, GError **error);

/* --- keeping ---------------------------------------------------------------------------------- */

typedef struct SamplePacked {
    int64_t journal_rows, samples, arrays;
    int64_t unreadable; /* journal rows that were no journal; they stay, for whoever mends it */
} SamplePacked;
/* Packs every journal row there is, in transactions of bounded size. */
bool sample_pack(Db *db, int64_t now_us, SamplePacked *ret_packed, GError **error);

/* Sums up days that are over, deletes what is older than the rules keep (upkeep.h) and makes the
 * partitions of the next days. */
bool sample_keep(Db *db, int64_t now_us, GError **error);

/* Periodic jobs. */
bool sample_pack_job(Db *db, int64_t now_us, GError **error);
