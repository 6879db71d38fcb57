#include "sensing/sample_store.h"

#include "base/error.h"

#include <string.h>

#define BLOCK 500 /* arrays asked for at once */

/* --- progress and journal -----------------------------------------------------------------------
 */

bool sample_store_lock(Db *db, GError **error) {
    return db_exec(db,
                   SQL("UPDATE sample_progress SET packed_us = packed_us WHERE id = 1"),
                   DB_NO_ARGS,
                   NULL,
                   error);
}

bool sample_store_progress(
    Db *db, int64_t now_us, int64_t journal_rows, int64_t samples, GError **error) {
    return db_exec(db,
                   SQL("UPDATE sample_progress SET packed_us = $1, "
                       "journal_rows = journal_rows + $2, samples = samples + $3 WHERE id = 1"),
                   DB_ARGS(db_int(now_us), db_int(journal_rows), db_int(samples)),
                   NULL,
                   error);
}

bool sample_store_journal(
    Db *db, int64_t after_id, int64_t limit, JournalVisit visit, void *data, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, body FROM journal WHERE id > $1 ORDER BY id LIMIT $2"),
                 DB_ARGS(db_int(after_id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    GError *problem = NULL;
    bool goes_on = true;
    while (goes_on && db_rows_next(rows)) {
        size_t size;
        const void *body = db_rows_blob(rows, 1, &size);
        goes_on = visit(db_rows_int(rows, 0), body, size, data, &problem);
    }
    if (problem != NULL) {
        g_propagate_error(error, problem);
        return false;
    }
    return !goes_on || db_rows_done(rows, error);
}

bool sample_store_drop_journal(Db *db, const int64_t *ids, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        DbArg id = db_int(ids[i]);
        g_array_append_val(args, id);
    }
    return count == 0 || db_exec_many(db,
                                      SQL("DELETE FROM journal WHERE id = $1"),
                                      1,
                                      (DbArgs){(const DbArg *)(void *)args->data, args->len},
                                      NULL,
                                      error);
}

/* --- arrays -------------------------------------------------------------------------------------
 */

/* "[[day,series,kind,hour],…]". Caller frees. */
static char *keys_json(SampleHour *const *hours, size_t count) {
    GString *text = g_string_new("[");
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(text,
                               "%s[%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
                               ",%" G_GINT64_FORMAT "]",
                               i > 0 ? "," : "",
                               hours[i]->day,
                               hours[i]->series,
                               hours[i]->kind,
                               hours[i]->hour);
    }
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

/* What was told last stands in `hour`: the stored value counts only where that is missing. */
static void fill(SampleHour *hour, const int16_t stored[SAMPLE_SLOTS]) {
    for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
        if (hour->minutes[i] == SAMPLE_MISSING) {
            hour->minutes[i] = stored[i];
        }
    }
}

static bool fill_block(Db *db, SampleHour *const *hours, size_t count, GError **error) {
    g_autofree char *keys = keys_json(hours, count);
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                "SELECT k.key, s.minutes FROM json_each($1) k CROSS JOIN sample_hour s ON "
                "s.day = json_extract(k.value, '$[0]') AND "
                "s.series = json_extract(k.value, '$[1]') AND "
                "s.kind = json_extract(k.value, '$[2]') AND "
                "s.hour = json_extract(k.value, '$[3]')",
                "SELECT k.n - 1, s.minutes FROM json_array_elements($1::json) WITH ORDINALITY "
                "AS k(value, n) JOIN sample_hour s ON s.day = (k.value->>0)::bigint AND "
                "s.series = (k.value->>1)::bigint AND s.kind = (k.value->>2)::bigint AND "
                "s.hour = (k.value->>3)::bigint"),
        DB_ARGS(db_text(keys)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int16_t stored[SAMPLE_SLOTS];
        size_t size;
        size_t at = (size_t)db_rows_int(rows, 0);
        const void *bytes = db_rows_blob(rows, 1, &size);
        if (at >= count || !sample_read(bytes, size, stored)) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a stored hour of samples has another size");
        }
        fill(hours[at], stored);
    }
    return db_rows_done(rows, error);
}

bool sample_store_fill(Db *db, SampleHour *const *hours, size_t count, GError **error) {
    for (size_t at = 0; at < count; at += BLOCK) {
        if (!fill_block(db, hours + at, MIN(BLOCK, count - at), error)) {
            return false;
        }
    }
    return true;
}

static bool put_block(Db *db, SampleHour *const *hours, size_t count, GError **error) {
    g_autofree uint8_t *bytes = g_malloc(count * SAMPLE_BYTES);
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        uint8_t *body = bytes + i * SAMPLE_BYTES;
        sample_write(hours[i]->minutes, body);
        const DbArg row[] = {db_int(hours[i]->day),
                             db_int(hours[i]->series),
                             db_int(hours[i]->kind),
                             db_int(hours[i]->hour),
                             db_blob(body, SAMPLE_BYTES)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(db,
                        SQL("INSERT INTO sample_hour (day, series, kind, hour, minutes) "
                            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (day, series, kind, hour) "
                            "DO UPDATE SET minutes = excluded.minutes"),
                        5,
                        (DbArgs){(const DbArg *)(void *)args->data, args->len},
                        NULL,
                        error);
}

bool sample_store_put(Db *db, SampleHour *const *hours, size_t count, GError **error) {
    for (size_t at = 0; at < count; at += BLOCK) {
        if (!put_block(db, hours + at, MIN(BLOCK, count - at), error)) {
            return false;
        }
    }
    return true;
}

bool sample_store_text(Db *db, const JournalRecord *record, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO device_text (device_id, raw_type, told_us, body) "
                       "VALUES ($1, $2, $3, $4) ON CONFLICT (device_id, raw_type) DO UPDATE "
                       "SET told_us = excluded.told_us, body = excluded.body "
                       "WHERE device_text.told_us <= excluded.told_us"),
                   DB_ARGS(db_int(record->device_id),
                           db_int(record->raw_type),
                           db_int(record->time_us),
                           db_blob(record->raw_size == 0 ? (const uint8_t *)"" : record->raw,
                                   record->raw_size)),
                   NULL,
                   error);
}

/* --- reading ------------------------------------------------------------------------------------
 */

GArray *
sample_hours(Db *db, int64_t series, int64_t kind, int64_t from_us, int64_t to_us, GError **error) {
    SamplePlace from = sample_place(from_us);
    SamplePlace to = sample_place(to_us - 1);
    g_autoptr(GArray) hours = g_array_new(FALSE, FALSE, sizeof(SampleHour));
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT day, hour, minutes FROM sample_hour WHERE day >= $1 AND day <= $2 AND "
            "series = $3 AND kind = $4 AND (day, hour) >= ($1, $5) AND (day, hour) <= ($2, $6) "
            "ORDER BY day, hour"),
        DB_ARGS(db_int(from.day),
                db_int(to.day),
                db_int(series),
                db_int(kind),
                db_int(from.hour),
                db_int(to.hour)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        size_t size;
        const void *bytes = db_rows_blob(rows, 2, &size);
        SampleHour hour = {.day = db_rows_int(rows, 0),
                           .series = series,
                           .kind = kind,
                           .hour = db_rows_int(rows, 1)};
        if (!sample_read(bytes, size, hour.minutes)) {
            hz_fail(error, HZ_ERROR_CORRUPT, "a stored hour of samples has another size");
            return NULL;
        }
        g_array_append_val(hours, hour);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&hours) : NULL;
}

GArray *sample_days(
    Db *db, int64_t series, int64_t kind, int64_t from_day, int64_t to_day, GError **error) {
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(SampleDay));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT day, n, low, high, total FROM sample_day WHERE series = $1 AND "
                     "kind = $2 AND day >= $3 AND day <= $4 ORDER BY day"),
                 DB_ARGS(db_int(series), db_int(kind), db_int(from_day), db_int(to_day)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        SampleDay day = {.day = db_rows_int(rows, 0),
                         .n = db_rows_int(rows, 1),
                         .low = db_rows_int(rows, 2),
                         .high = db_rows_int(rows, 3)};
        day.mean = (double)db_rows_int(rows, 4) / (double)MAX(day.n, 1);
        g_array_append_val(days, day);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&days) : NULL;
}

/* The last slot of the array that is told. */
static bool last_slot(const int16_t minutes[SAMPLE_SLOTS], size_t *ret_slot) {
    for (size_t i = SAMPLE_SLOTS; i > 0; i--) {
        if (minutes[i - 1] != SAMPLE_MISSING) {
            *ret_slot = i - 1;
            return true;
        }
    }
    return false;
}

static bool latest_of_day(
    Db *db, const char *list, int64_t day, GHashTable *seen, GArray *out, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                "SELECT series, kind, hour, minutes FROM sample_hour WHERE day = $1 AND "
                "series IN (SELECT CAST(value AS INTEGER) FROM json_each($2)) AND "
                "kind BETWEEN 1 AND 255 ORDER BY series, kind, hour DESC",
                "SELECT series, kind, hour, minutes FROM sample_hour WHERE day = $1 AND "
                "series IN (SELECT value::bigint FROM json_array_elements_text($2::json) AS value) "
                "AND kind BETWEEN 1 AND 255 ORDER BY series, kind, hour DESC"),
        DB_ARGS(db_int(day), db_text(list)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        SampleLatest latest = {.series = db_rows_int(rows, 0), .kind = db_rows_int(rows, 1)};
        int64_t key = latest.series * 256 + latest.kind;
        int16_t minutes[SAMPLE_SLOTS];
        size_t size;
        size_t slot;
        const void *bytes = db_rows_blob(rows, 3, &size);
        if (!g_hash_table_contains(seen, &key) && sample_read(bytes, size, minutes) &&
            last_slot(minutes, &slot)) {
            latest.value = minutes[slot];
            latest.time_us =
                sample_hour_us(day, db_rows_int(rows, 2)) + (int64_t)slot * 60 * 1000000;
            g_array_append_val(out, latest);
            g_hash_table_add(seen, g_memdup2(&key, sizeof key));
        }
    }
    return db_rows_done(rows, error);
}

static gint by_series(gconstpointer first, gconstpointer second) {
    const SampleLatest *a = first;
    const SampleLatest *b = second;
    return a->series != b->series ? (a->series < b->series ? -1 : 1)
           : a->kind != b->kind   ? (a->kind < b->kind ? -1 : 1)
                                  : 0;
}

GArray *sample_latest(Db *db, const int64_t *series, size_t count, int64_t now_us, GError **error) {
    g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(SampleLatest));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GString) list = g_string_new("[");
    int64_t today = sample_place(now_us).day;
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(list, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", series[i]);
    }
    g_string_append_c(list, ']');
    for (int64_t day = today; count > 0 && day >= today - 1; day--) {
        if (!latest_of_day(db, list->str, day, seen, out, error)) {
            return NULL;
        }
    }
    g_array_sort(out, by_series);
    return g_steal_pointer(&out);
}

/* --- days ---------------------------------------------------------------------------------------
 */

static void add_minutes(SampleSum *sum, const int16_t minutes[SAMPLE_SLOTS]) {
    for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
        int64_t value = minutes[i];
        if (value == SAMPLE_MISSING) {
            continue;
        }
        sum->day.low = sum->day.n == 0 ? value : MIN(sum->day.low, value);
        sum->day.high = sum->day.n == 0 ? value : MAX(sum->day.high, value);
        sum->day.n++;
        sum->total += value;
    }
}

bool sample_store_sums(Db *db,
                       int64_t day,
                       int64_t series,
                       int64_t kind,
                       int64_t limit,
                       GArray *sums,
                       bool *ret_more,
                       GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT series, kind, minutes FROM sample_hour WHERE day = $1 AND "
                     "(series, kind) > ($2, $3) AND kind BETWEEN 1 AND 255 "
                     "ORDER BY series, kind, hour LIMIT $4"),
                 DB_ARGS(db_int(day), db_int(series), db_int(kind), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    int64_t n = 0;
    for (; db_rows_next(rows); n++) {
        SampleSum *last = sums->len == 0 ? NULL : &g_array_index(sums, SampleSum, sums->len - 1);
        SampleSum sum = {
            .series = db_rows_int(rows, 0), .kind = db_rows_int(rows, 1), .day = {.day = day}};
        int16_t minutes[SAMPLE_SLOTS];
        size_t size;
        const void *bytes = db_rows_blob(rows, 2, &size);
        if (!sample_read(bytes, size, minutes)) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a stored hour of samples has another size");
        }
        if (last == NULL || last->series != sum.series || last->kind != sum.kind) {
            g_array_append_val(sums, sum);
            last = &g_array_index(sums, SampleSum, sums->len - 1);
        }
        add_minutes(last, minutes);
    }
    *ret_more = n == limit;
    return db_rows_done(rows, error);
}

bool sample_store_put_days(Db *db, const GArray *sums, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (guint i = 0; i < sums->len; i++) {
        const SampleSum *sum = &g_array_index(sums, SampleSum, i);
        const DbArg row[] = {db_int(sum->series),
                             db_int(sum->kind),
                             db_int(sum->day.day),
                             db_int(sum->day.n),
                             db_int(sum->day.low),
                             db_int(sum->day.high),
                             db_int(sum->total)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return sums->len == 0 ||
           db_exec_many(db,
                        SQL("INSERT INTO sample_day (series, kind, day, n, low, high, total) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7) "
                            "ON CONFLICT (series, kind, day) DO UPDATE SET n = excluded.n, "
                            "low = excluded.low, high = excluded.high, total = excluded.total"),
                        7,
                        (DbArgs){(const DbArg *)(void *)args->data, args->len},
                        NULL,
                        error);
}

bool sample_store_folded(Db *db, int64_t *ret_day, GError **error) {
    return db_query_int(
        db, SQL("SELECT folded_day FROM sample_progress WHERE id = 1"), DB_NO_ARGS, ret_day, error);
}

bool sample_store_set_folded(Db *db, int64_t day, GError **error) {
    return db_exec(db,
                   SQL("UPDATE sample_progress SET folded_day = $1 WHERE id = 1"),
                   DB_ARGS(db_int(day)),
                   NULL,
                   error);
}

bool sample_store_oldest(Db *db, int64_t *ret_day, GError **error) {
    return db_query_int(db,
                        SQL("SELECT coalesce((SELECT day FROM sample_hour ORDER BY day LIMIT 1), "
                            "0)"),
                        DB_NO_ARGS,
                        ret_day,
                        error);
}

/* --- age ----------------------------------------------------------------------------------------
 */

static bool has_partition(Db *db, int64_t day, bool *ret_has, GError **error) {
    g_autofree char *name = g_strdup_printf("sample_hour_%" G_GINT64_FORMAT, day);
    int64_t n = 0;
    bool good = db_query_int(db,
                             SQL("SELECT count(*) FROM pg_class WHERE relname = $1 AND "
                                 "pg_table_is_visible(oid)"),
                             DB_ARGS(db_text(name)),
                             &n,
                             error);
    *ret_has = n > 0;
    return good;
}

bool sample_store_partitions(Db *db, int64_t from_day, int64_t to_day, GError **error) {
    for (int64_t day = from_day; db_engine(db) == DB_ENGINE_PG && day <= to_day; day++) {
        bool is_there;
        int64_t in_rest = 0;
        if (!has_partition(db, day, &is_there, error) ||
            !db_query_int(db,
                          SQL("SELECT count(*) FROM (SELECT 1 FROM sample_hour_rest "
                              "WHERE day = $1 LIMIT 1) AS r"),
                          DB_ARGS(db_int(day)),
                          &in_rest,
                          error)) {
            return false;
        }
        if (is_there || in_rest > 0) {
            continue; /* rows that came before their partition stay where they are */
        }
        /* Only our own numbers: names of tables cannot be parameters. */
        g_autofree char *script =
            g_strdup_printf("CREATE TABLE IF NOT EXISTS sample_hour_%" G_GINT64_FORMAT
                            " PARTITION OF sample_hour FOR VALUES FROM (%" G_GINT64_FORMAT
                            ") TO (%" G_GINT64_FORMAT ")",
                            day,
                            day,
                            day + 1);
        if (!db_script(db, script, error)) {
            return false;
        }
    }
    return true;
}

bool sample_store_drop_day(Db *db, int64_t day, GError **error) {
    bool is_partition = false;
    if (db_engine(db) == DB_ENGINE_PG && !has_partition(db, day, &is_partition, error)) {
        return false;
    }
    if (is_partition) {
        g_autofree char *script = g_strdup_printf("DROP TABLE sample_hour_%" G_GINT64_FORMAT, day);
        return db_script(db, script, error);
    }
    return db_exec(
        db, SQL("DELETE FROM sample_hour WHERE day = $1"), DB_ARGS(db_int(day)), NULL, error);
}

bool sample_store_drop_days_before(Db *db, int64_t day, GError **error) {
    return db_exec(
        db, SQL("DELETE FROM sample_day WHERE day < $1"), DB_ARGS(db_int(day)), NULL, error);
}
