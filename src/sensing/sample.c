/* Packing the journal into hourly arrays, summing up days, forgetting what is old. */
#include "sensing/sample.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "sensing/sample_store.h"
#include "sensing/upkeep.h"

#include <stdlib.h>
#include <string.h>

#define FOLD_ARRAYS 20000 /* summed up in one transaction */
#define PARTITIONS_AHEAD 2

/* --- packing ------------------------------------------------------------------------------------
 */

typedef struct Packing {
    Db *db;
    int64_t now_us;
    GHashTable *hours; /* SampleHour -> itself, by key */
    GArray *ids;       /* journal rows taken */
    int64_t after_id, rows_max;
    guint hours_max;
    int64_t oldest_us, newest_us; /* times outside count as received now */
    SamplePacked packed;
    GArray *texts; /* of JournalRecord whose bytes are owned */
    bool is_full;
} Packing;

static guint hour_hash(gconstpointer key) {
    const SampleHour *hour = key;
    uint64_t mix = (uint64_t)hour->series * UINT64_C(0x9e3779b97f4a7c15);
    mix ^= (uint64_t)(hour->day * 24 + hour->hour) * UINT64_C(0xc2b2ae3d27d4eb4f);
    mix ^= (uint64_t)hour->kind << 32;
    return (guint)(mix ^ mix >> 32);
}

static gboolean hour_equal(gconstpointer first, gconstpointer second) {
    const SampleHour *a = first;
    const SampleHour *b = second;
    return a->series == b->series && a->hour == b->hour && a->day == b->day && a->kind == b->kind;
}

static SampleHour *hour_of(Packing *packing, int64_t series, int64_t kind, SamplePlace place) {
    SampleHour key = {.day = place.day, .series = series, .kind = kind, .hour = place.hour};
    SampleHour *hour = g_hash_table_lookup(packing->hours, &key);
    if (hour == NULL) {
        hour = g_memdup2(&key, sizeof key);
        for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
            hour->minutes[i] = SAMPLE_MISSING;
        }
        g_hash_table_add(packing->hours, hour);
    }
    return hour;
}

static void keep_text(Packing *packing, const JournalRecord *record) {
    JournalRecord copy = *record;
    copy.raw = g_memdup2(record->raw, record->raw_size);
    g_array_append_val(packing->texts, copy);
}

static void take(Packing *packing, const JournalRecord *record, int64_t base_us) {
    bool is_plausible =
        record->time_us >= packing->oldest_us && record->time_us <= packing->newest_us;
    SamplePlace place = sample_place(is_plausible ? record->time_us : base_us);
    int64_t series = sample_series(record->device_id, record->point_id);
    packing->packed.samples++;
    switch (record->kind) {
    case JOURNAL_ALIVE:
        hour_of(packing, -record->device_id, SAMPLE_HEARD, place)->minutes[place.slot] = 1;
        break;
    case JOURNAL_STATE: {
        /* 0x8000 is the mark of a missing value; bit 0 says nothing (sensing_names.c) */
        uint16_t bits = (uint16_t)record->state_bits;
        hour_of(packing, series, SAMPLE_STATE, place)->minutes[place.slot] =
            (int16_t)(bits == 0x8000 ? 0x8001 : bits);
        break;
    }
    case JOURNAL_VALUE:
        hour_of(packing, series, record->analog_type, place)->minutes[place.slot] =
            sample_clamp(record->value);
        break;
    case JOURNAL_RAW:
        keep_text(packing, record);
        break;
    }
}

/* A row that is no journal stays where it is, so that its bytes can be looked at. */
static bool take_row(int64_t id, const void *body, size_t size, void *data, GError **error) {
    (void)error;
    Packing *packing = data;
    g_autoptr(GError) problem = NULL;
    JournalReader reader;
    JournalRecord record;
    packing->after_id = id;
    if (!journal_open(&reader, body, size, &problem)) {
        g_warning("journal row %" G_GINT64_FORMAT ": %s", id, problem->message);
        packing->packed.unreadable++;
        return true;
    }
    while (journal_next(&reader, &record, &problem)) {
        take(packing, &record, reader.base_us);
    }
    if (problem != NULL) {
        g_warning("journal row %" G_GINT64_FORMAT ": %s", id, problem->message);
        packing->packed.unreadable++;
        return true; /* what could be read of it is packed; the row stays */
    }
    g_array_append_val(packing->ids, id);
    packing->is_full = g_hash_table_size(packing->hours) >= packing->hours_max;
    return !packing->is_full;
}

/* In order of the key, so that rows and their index grow at one end. */
static int by_key(const void *first, const void *second) {
    const SampleHour *a = *(SampleHour *const *)first;
    const SampleHour *b = *(SampleHour *const *)second;
    const int64_t pairs[][2] = {
        {a->day, b->day}, {a->series, b->series}, {a->kind, b->kind}, {a->hour, b->hour}};
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (pairs[i][0] != pairs[i][1]) {
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
        }
    }
    return 0;
}

static bool write_all(Db *db, Packing *packing, GError **error) {
    guint count = 0;
    g_autofree SampleHour **hours =
        (SampleHour **)g_hash_table_get_keys_as_array(packing->hours, &count);
    qsort(hours, count, sizeof *hours, by_key);
    for (guint i = 0; i < packing->texts->len; i++) {
        if (!sample_store_text(db, &g_array_index(packing->texts, JournalRecord, i), error)) {
            return false;
        }
    }
    packing->packed.arrays += count;
    packing->packed.journal_rows += packing->ids->len;
    return sample_store_fill(db, hours, count, error) &&
           sample_store_put(db, hours, count, error) &&
           sample_store_drop_journal(
               db, (const int64_t *)(void *)packing->ids->data, packing->ids->len, error) &&
           sample_store_progress(
               db, packing->now_us, packing->ids->len, packing->packed.samples, error);
}

static void free_text(void *data) {
    g_free((void *)((JournalRecord *)data)->raw);
}

/* One transaction: what it took, packed and deleted; all or nothing. */
static bool pack_some(Db *db, void *data, GError **error) {
    Packing *packing = data;
    packing->packed = (SamplePacked){0};
    packing->hours = g_hash_table_new_full(hour_hash, hour_equal, g_free, NULL);
    packing->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    packing->texts = g_array_new(FALSE, FALSE, sizeof(JournalRecord));
    g_array_set_clear_func(packing->texts, free_text);
    int64_t begin = packing->after_id;
    packing->is_full = false;
    bool good = sample_store_lock(db, error) &&
                sample_store_journal(db, begin, packing->rows_max, take_row, packing, error) &&
                write_all(db, packing, error);
    if (!good) {
        packing->after_id = begin; /* tried again from there */
    }
    g_hash_table_unref(packing->hours);
    g_array_unref(packing->ids);
    g_array_unref(packing->texts);
    return good;
}

bool sample_pack(Db *db, int64_t now_us, SamplePacked *ret_packed, GError **error) {
    bool is_sqlite = db_engine(db) == DB_ENGINE_SQLITE;
    int64_t kept_us;
    SamplePacked all = {0};
    if (!upkeep_term_longest(db, UPKEEP_MINUTE_SAMPLES, &kept_us, error)) {
        return false;
    }
    Packing packing = {.now_us = now_us,
                       .rows_max = is_sqlite ? LIMIT_PACK_ROWS_SQLITE : LIMIT_PACK_ROWS,
                       .hours_max = is_sqlite ? LIMIT_PACK_ARRAYS_SQLITE : LIMIT_PACK_ARRAYS,
                       .oldest_us = now_us - kept_us,
                       .newest_us = now_us + CLOCK_DAY_US};
    do {
        if (!db_run_tx(db, pack_some, &packing, error)) {
            return false;
        }
        all.journal_rows += packing.packed.journal_rows;
        all.samples += packing.packed.samples;
        all.arrays += packing.packed.arrays;
        all.unreadable += packing.packed.unreadable;
    } while (packing.packed.journal_rows + packing.packed.unreadable > 0);
    *ret_packed = all;
    return true;
}

bool sample_pack_job(Db *db, int64_t now_us, GError **error) {
    SamplePacked packed;
    return sample_pack(db, now_us, &packed, error);
}

/* --- days ---------------------------------------------------------------------------------------
 */

typedef struct Folding {
    int64_t day, series, kind;
    bool has_more;
} Folding;

static bool fold_some(Db *db, void *data, GError **error) {
    Folding *folding = data;
    g_autoptr(GArray) sums = g_array_new(FALSE, FALSE, sizeof(SampleSum));
    bool has_more;
    if (!sample_store_sums(db,
                           folding->day,
                           folding->series,
                           folding->kind,
                           FOLD_ARRAYS,
                           sums,
                           &has_more,
                           error)) {
        return false;
    }
    if (has_more && sums->len > 1) {
        g_array_set_size(sums, sums->len - 1); /* perhaps not all of its hours were read */
    }
    if (!sample_store_put_days(db, sums, error)) {
        return false;
    }
    if (sums->len > 0) {
        const SampleSum *last = &g_array_index(sums, SampleSum, sums->len - 1);
        folding->series = last->series;
        folding->kind = last->kind;
    }
    folding->has_more = has_more;
    return true;
}

/* Again and again with the same outcome: it counts from the arrays, not from what it had. */
static bool fold_day(Db *db, int64_t day, GError **error) {
    Folding folding = {.day = day, .series = INT64_MIN, .has_more = true};
    while (folding.has_more) {
        if (!db_run_tx(db, fold_some, &folding, error)) {
            return false;
        }
    }
    return true;
}

static bool fold_past(Db *db, int64_t today, GError **error) {
    int64_t folded;
    int64_t oldest;
    if (!sample_store_folded(db, &folded, error) || !sample_store_oldest(db, &oldest, error)) {
        return false;
    }
    for (int64_t day = MAX(folded + 1, oldest); oldest != 0 && day < today; day++) {
        if (!fold_day(db, day, error) || !sample_store_set_folded(db, day, error)) {
            return false;
        }
    }
    return true;
}

/* What came late is counted once more before the arrays go. */
static bool forget_old(Db *db, int64_t first_kept, GError **error) {
    int64_t oldest;
    for (;;) {
        if (!sample_store_oldest(db, &oldest, error)) {
            return false;
        }
        if (oldest == 0 || oldest >= first_kept) {
            return true;
        }
        if (!fold_day(db, oldest, error) || !sample_store_drop_day(db, oldest, error)) {
            return false;
        }
    }
}

bool sample_keep(Db *db, int64_t now_us, GError **error) {
    int64_t today = sample_place(now_us).day;
    int64_t minutes_us;
    int64_t days_us;
    return upkeep_term_longest(db, UPKEEP_MINUTE_SAMPLES, &minutes_us, error) &&
           upkeep_term_longest(db, UPKEEP_DAILY_SAMPLES, &days_us, error) &&
           sample_store_partitions(db, today, today + PARTITIONS_AHEAD, error) &&
           fold_past(db, today, error) &&
           forget_old(db, today - minutes_us / CLOCK_DAY_US, error) &&
           sample_store_drop_days_before(db, today - days_us / CLOCK_DAY_US, error);
}
