/* SQL of samples. Thread: that of the Db. */
#pragma once

#include "sensing/journal.h"
#include "sensing/sample.h"

/* Locks the one row of progress until the transaction ends: one packer at a time. */
bool sample_store_lock(Db *db, GError **error);
bool sample_store_progress(
    Db *db, int64_t now_us, int64_t journal_rows, int64_t samples, GError **error);

/* Gives the oldest journal rows after `after_id` to `visit`, which returns false to stop before
 * the row (without error) or to fail (with it). */
typedef bool (*JournalVisit)(int64_t id, const void *body, size_t size, void *data, GError **error);
bool sample_store_journal(
    Db *db, int64_t after_id, int64_t limit, JournalVisit visit, void *data, GError **error);
bool sample_store_drop_journal(Db *db, const int64_t *ids, size_t count, GError **error);

/* Adds what is stored of these arrays to those that are empty there: slots of `hours` that are
 * missing are filled. */
bool sample_store_fill(Db *db, SampleHour *const *hours, size_t count, GError **error);
bool sample_store_put(Db *db, SampleHour *const *hours, size_t count, GError **error);
bool sample_store_text(Db *db, const JournalRecord *record, GError **error);

/* Sums of one day, after (series, kind), at most `limit` arrays: appends SampleSum. *ret_more:
 * there are others. */
typedef struct SampleSum {
    int64_t series, kind;
    SampleDay day;
    int64_t total;
} SampleSum;
bool sample_store_sums(Db *db,
                       int64_t day,
                       int64_t series,
                       int64_t kind,
                       int64_t limit,
                       GArray *sums,
                       bool *ret_more,
                       GError **error);
bool sample_store_put_days(Db *db, const GArray *sums, GError **error);
bool sample_store_folded(Db *db, int64_t *ret_day, GError **error);
bool sample_store_set_folded(Db *db, int64_t day, GError **error);
/* The oldest day that has arrays; 0: none. */
bool sample_store_oldest(Db *db, int64_t *ret_day, GError **error);
bool sample_store_drop_day(Db *db, int64_t day, GError **error);
bool sample_store_drop_days_before(Db *db, int64_t day, GError **error);
/* PostgreSQL: the partitions of these days, unless they are there. */
bool sample_store_partitions(Db *db, int64_t from_day, int64_t to_day, GError **error);
