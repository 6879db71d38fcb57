/* Limits, samples and their packing, on both engines. */
#include "base/clock.h"
#include "sensing/journal.h"
#include "sensing/limits.h"
#include "sensing/sample.h"
#include "sensing/sensing_names.h"
#include "sensing/trend.h"
#include "test_db.h"

#include <string.h>

#define NOW INT64_C(1795000000000000) /* 2026-11-18 15:06:40 in Shanghai */
#define MINUTE (60 * CLOCK_SECOND_US)

static const char *const rooms[] = {"ledger", "registry", "sensing", NULL};

/* --- pure ---------------------------------------------------------------------------------------
 */

static void test_limit_trembling_is_one_edge(void) {
    LimitRule rule = {
        .has_low = true, .low = 700, .has_high = true, .high = 1200, .hysteresis = 20};
    const int64_t values[] = {800, 700, 699, 701, 699, 719, 720, 1200, 1201, 1181, 1180, 650, 1300};
    const LimitSide sides[] = {LIMIT_INSIDE,
                               LIMIT_INSIDE,
                               LIMIT_BELOW,
                               LIMIT_BELOW,
                               LIMIT_BELOW,
                               LIMIT_BELOW,
                               LIMIT_INSIDE,
                               LIMIT_INSIDE,
                               LIMIT_ABOVE,
                               LIMIT_ABOVE,
                               LIMIT_INSIDE,
                               LIMIT_BELOW,
                               LIMIT_ABOVE};
    LimitSide side = LIMIT_INSIDE;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        side = limit_judge(&rule, side, values[i]);
        g_assert_cmpint(side, ==, sides[i]);
    }
    g_assert_true(limit_rule_is_sound(&rule));
    rule.hysteresis = 251;
    g_assert_false(limit_rule_is_sound(&rule));
    LimitRule none = {.hysteresis = 0};
    g_assert_cmpint(limit_judge(&none, LIMIT_INSIDE, INT64_MAX), ==, LIMIT_INSIDE);
}

static void test_defaults_name_their_confidence(void) {
    g_autoptr(GError) error = NULL;
    PointLimit limit;
    bool found;
    g_assert_true(limit_default("500103", 17, 9, &limit, &found, &error));
    g_assert_no_error(error);
    g_assert_true(found);
    g_assert_cmpint(limit.rule.high, ==, 3); /* 0.3 A in steps of 0.1 A */
    g_assert_nonnull(strstr(limit.source_zh, "凭记忆"));
    g_assert_true(limit_default("500103", 92, 2, &limit, &found, &error)); /* the level of a tank */
    g_assert_false(found);
}

static void assert_parses(int64_t kind, const char *text, int64_t wanted) {
    int64_t value = 0;
    g_autofree char *back = NULL;
    g_assert_true(analog_parse(kind, text, &value));
    g_assert_cmpint(value, ==, wanted);
    back = analog_number(kind, value);
    g_assert_cmpstr(back, ==, text);
}

static void test_values_read_as_they_are_written(void) {
    int64_t value;
    assert_parses(5, "350.5", 3505);
    assert_parses(3, "-12.5", -125);
    assert_parses(2, "0.05", 5);
    assert_parses(7, "32000", 32000);
    g_assert_false(analog_parse(5, "350.55", &value)); /* finer than the device can tell */
    g_assert_false(analog_parse(5, "3276.8", &value)); /* larger than int16 */
    g_assert_false(analog_parse(5, "", &value));
    g_assert_false(analog_parse(5, "12 kPa", &value));
    g_assert_false(analog_parse(5, "nan", &value));
}

static void test_place_is_that_of_shanghai(void) {
    int64_t time_us;
    g_assert_true(clock_parse("2026-11-18T23:59:59+08:00", &time_us));
    SamplePlace late = sample_place(time_us);
    SamplePlace next = sample_place(time_us + CLOCK_SECOND_US);
    g_assert_cmpint(late.hour, ==, 23);
    g_assert_cmpuint(late.slot, ==, 59);
    g_assert_cmpint(next.day, ==, late.day + 1);
    g_assert_cmpint(next.hour, ==, 0);
    g_assert_cmpint(sample_hour_us(next.day, 0), ==, time_us + CLOCK_SECOND_US);
    int16_t minutes[SAMPLE_SLOTS];
    uint8_t bytes[SAMPLE_BYTES];
    int16_t back[SAMPLE_SLOTS];
    for (int i = 0; i < SAMPLE_SLOTS; i++) {
        minutes[i] = (int16_t)(i * 1000 - 30000);
    }
    sample_write(minutes, bytes);
    g_assert_cmpuint(bytes[0], ==, (uint8_t)-30000); /* low byte first, on every machine */
    g_assert_true(sample_read(bytes, sizeof bytes, back));
    g_assert_cmpmem(minutes, sizeof minutes, back, sizeof back);
    g_assert_false(sample_read(bytes, sizeof bytes - 1, back));
    g_assert_cmpint(sample_clamp(INT64_MIN), ==, SAMPLE_MISSING + 1);
}

/* --- packing ------------------------------------------------------------------------------------
 */

static void put_journal(Db *db, int64_t seq, const JournalRecord *records, size_t count) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    JournalWriter writer;
    journal_begin(&writer, bytes, records[0].time_us);
    for (size_t i = 0; i < count; i++) {
        journal_add(&writer, &records[i]);
    }
    journal_end(&writer);
    test_db_exec(db,
                 "INSERT INTO journal (lane, seq, records, received_us, body) "
                 "VALUES ('main', $1, $2, $3, $4)",
                 db_int(seq),
                 db_int((int64_t)count),
                 db_int(records[0].time_us),
                 db_blob(bytes->data, bytes->len));
}

static JournalRecord value_at(int64_t point, int64_t time_us, int64_t value) {
    return (JournalRecord){.kind = JOURNAL_VALUE,
                           .device_id = 1,
                           .point_id = point,
                           .analog_type = 5,
                           .time_us = time_us,
                           .value = value};
}

static int64_t count_of(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t n = -1;
    db_query_int(db, sql, DB_NO_ARGS, &n, &error);
    g_assert_no_error(error);
    return n;
}

static SamplePacked pack(Db *db) {
    g_autoptr(GError) error = NULL;
    SamplePacked packed;
    sample_pack(db, NOW, &packed, &error);
    g_assert_no_error(error);
    return packed;
}

static void assert_minute(Db *db, int64_t point, int64_t time_us, int wanted) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) hours = sample_hours(db, point, 5, time_us, time_us + 1, &error);
    g_assert_no_error(error);
    int found = hours->len == 0
                    ? SAMPLE_MISSING
                    : g_array_index(hours, SampleHour, 0).minutes[sample_place(time_us).slot];
    g_assert_cmpint(found, ==, wanted);
}

static void test_packing_twice_changes_nothing(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    const JournalRecord first[] = {value_at(7, NOW, 3505), value_at(8, NOW + MINUTE, -12)};
    const JournalRecord second[] = {value_at(7, NOW + MINUTE, 3600)};
    put_journal(db, 1, first, 2);
    SamplePacked packed = pack(db);
    g_assert_cmpint(packed.journal_rows, ==, 1);
    g_assert_cmpint(packed.samples, ==, 2);
    g_assert_cmpint(count_of(db, SQL("SELECT count(*) FROM journal")), ==, 0);
    put_journal(db, 2, second, 1); /* the same hour: merged with what is there */
    put_journal(db, 3, first, 2);  /* the same row once more */
    pack(db);
    assert_minute(db, 7, NOW, 3505);
    assert_minute(db, 7, NOW + MINUTE, 3600);
    assert_minute(db, 8, NOW + MINUTE, -12);
    assert_minute(db, 8, NOW, SAMPLE_MISSING);
    g_assert_cmpint(count_of(db, SQL("SELECT count(*) FROM sample_hour")), ==, 2);
    g_assert_cmpint(pack(db).journal_rows, ==, 0);
}

/* All or nothing: whatever statement fails, a row is packed or it is still in the journal. */
static void test_no_sample_is_lost_by_a_failure(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    const JournalRecord one[] = {value_at(7, NOW, 11)};
    for (int64_t call = 1;; call++) {
        g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
        g_autoptr(GError) error = NULL;
        SamplePacked packed;
        test_db_exec(db, "DELETE FROM sample_hour WHERE day > $1", db_int(0));
        test_db_exec(db, "DELETE FROM journal WHERE id > $1", db_int(0));
        put_journal(db, call, one, 1);
        db_fail_after(db, call);
        bool good = sample_pack(db, NOW, &packed, &error);
        db_fail_after(db, 0);
        if (good) {
            g_assert_cmpint(call, >, 5); /* it failed at each statement before */
            break;
        }
        int64_t left = count_of(db, SQL("SELECT count(*) FROM journal"));
        int64_t arrays = count_of(db, SQL("SELECT count(*) FROM sample_hour"));
        g_assert_cmpint(left + arrays, ==, 1);
        g_clear_error(&error);
        pack(db);
        assert_minute(db, 7, NOW, 11);
    }
}

static void test_wrong_clocks_and_broken_rows(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    /* the base is when it was received; the device lives in 2036 and in 1970 */
    const JournalRecord records[] = {
        value_at(7, NOW, 1), value_at(8, NOW + 3650 * CLOCK_DAY_US, 2), value_at(9, 0, 3)};
    put_journal(db, 1, records, 3);
    test_db_exec(db,
                 "INSERT INTO journal (lane, seq, records, received_us, body) "
                 "VALUES ('main', 2, 1, $1, $2)",
                 db_int(NOW),
                 db_blob("not a journal", 13));
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "journal row *");
    SamplePacked packed = pack(db);
    g_test_assert_expected_messages();
    g_assert_cmpint(packed.unreadable, ==, 1);
    assert_minute(db, 8, NOW, 2);
    assert_minute(db, 9, NOW, 3);
    g_assert_cmpint(count_of(db, SQL("SELECT count(*) FROM journal")), ==, 1); /* kept */
}

/* --- days and age -------------------------------------------------------------------------------
 */

static void keep(Db *db, int64_t now_us) {
    g_autoptr(GError) error = NULL;
    sample_keep(db, now_us, &error);
    g_assert_no_error(error);
}

static void test_days_stay_when_minutes_go(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    const JournalRecord records[] = {
        value_at(7, NOW, 10), value_at(7, NOW + 60 * MINUTE, 40), value_at(7, NOW + MINUTE, -20)};
    int64_t day = sample_place(NOW).day;
    keep(db, NOW); /* PostgreSQL: today's partition is there before the rows */
    put_journal(db, 1, records, 3);
    pack(db);
    keep(db, NOW + CLOCK_DAY_US);
    g_autoptr(GArray) days = sample_days(db, 7, 5, day, day, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(days->len, ==, 1);
    const SampleDay *sum = &g_array_index(days, SampleDay, 0);
    g_assert_cmpint(sum->n, ==, 3);
    g_assert_cmpint(sum->low, ==, -20);
    g_assert_cmpint(sum->high, ==, 40);
    g_assert_cmpfloat_with_epsilon(sum->mean, 10, 1e-9);
    assert_minute(db, 7, NOW, 10);
    /* late: told after the day was summed up, counted again before its minutes go */
    put_journal(db, 2, (const JournalRecord[]){value_at(7, NOW + 2 * MINUTE, 90)}, 1);
    pack(db);
    keep(db, NOW + 40 * CLOCK_DAY_US);
    g_assert_cmpint(count_of(db, SQL("SELECT count(*) FROM sample_hour")), ==, 0);
    g_assert_cmpint(count_of(db, SQL("SELECT high FROM sample_day")), ==, 90);
    keep(db, NOW + 1200 * CLOCK_DAY_US);
    g_assert_cmpint(count_of(db, SQL("SELECT count(*) FROM sample_day")), ==, 0);
}

/* 500 points, each minute of one hour: what one sample costs on disk. Values tremble. */
static void test_samples_are_small(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    enum { POINTS = 500, HOURS = 6 };
    int64_t begin = NOW - NOW % (60 * MINUTE);
    keep(db, NOW);
    for (int64_t minute = 0; minute < HOURS * 60; minute++) {
        JournalRecord records[POINTS];
        for (int64_t point = 0; point < POINTS; point++) {
            records[point] =
                value_at(point + 1, begin + minute * MINUTE, 3500 + (point * 7 + minute * 13) % 50);
        }
        put_journal(db, minute + 1, records, POINTS);
    }
    g_assert_cmpint(pack(db).samples, ==, POINTS * HOURS * 60);
    int64_t bytes;
    if (engine == DB_ENGINE_PG) {
        bytes = count_of(db,
                         SQL("SELECT sum(pg_table_size(c.oid) + pg_indexes_size(c.oid))::bigint "
                             "FROM pg_class c WHERE c.relname LIKE 'sample_hour_%' AND "
                             "c.relkind = 'r' AND EXISTS (SELECT 1 FROM sample_hour s "
                             "WHERE s.tableoid = c.oid)"));
    } else {
        test_db_exec(db, "DELETE FROM journal WHERE id > $1", db_int(0));
        int64_t pages = count_of(db, SQL("SELECT count(*) FROM dbstat WHERE name = 'sample_hour'"));
        bytes = pages * count_of(db, SQL("PRAGMA page_size"));
    }
    double each = (double)bytes / (POINTS * HOURS * 60);
    g_test_message(
        "%.2f bytes a sample on %s", each, engine == DB_ENGINE_PG ? "PostgreSQL" : "SQLite");
    g_assert_cmpfloat(each, <, 5.0);
}

/* One value alone is a line that is seen; what is never negative has no axis below zero. */
static void test_trend_shows_one_value(void) {
    TrendStep steps[4] = {0};
    LimitRule rule = {.has_low = true, .low = 70, .has_high = true, .high = 1200};
    trend_add(steps, G_N_ELEMENTS(steps), 0, MINUTE, MINUTE, 448);
    g_autoptr(json_t) model = trend_draw(steps, G_N_ELEMENTS(steps), &rule);
    json_t *lines = json_object_get(model, "lines");
    g_assert_cmpint(json_array_size(lines), ==, 1);
    g_assert_true(g_str_has_prefix(json_string_value(json_array_get(lines, 0)), "180.0,"));
    g_assert_nonnull(strstr(json_string_value(json_array_get(lines, 0)), " 360.0,"));
    g_assert_cmpint(json_get_int(model, "bottom", -1), ==, 0);
    trend_add(steps, G_N_ELEMENTS(steps), 0, MINUTE, 2 * MINUTE, -10);
    g_autoptr(json_t) cold = trend_draw(steps, G_N_ELEMENTS(steps), NULL);
    g_assert_cmpint(json_get_int(cold, "bottom", 0), <, -10);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sensing/limits/trembling-is-one-edge", test_limit_trembling_is_one_edge);
    g_test_add_func("/sensing/limits/defaults-name-their-confidence",
                    test_defaults_name_their_confidence);
    g_test_add_func("/sensing/values/read-as-they-are-written",
                    test_values_read_as_they_are_written);
    g_test_add_func("/sensing/trend/one-value-is-seen", test_trend_shows_one_value);
    g_test_add_func("/sensing/samples/place-is-that-of-shanghai", test_place_is_that_of_shanghai);
    test_db_add("/sensing/samples/packing-twice-changes-nothing",
                test_packing_twice_changes_nothing);
    test_db_add("/sensing/samples/no-sample-is-lost-by-a-failure",
                test_no_sample_is_lost_by_a_failure);
    test_db_add("/sensing/samples/wrong-clocks-and-broken-rows", test_wrong_clocks_and_broken_rows);
    test_db_add("/sensing/samples/days-stay-when-minutes-go", test_days_stay_when_minutes_go);
    test_db_add("/sensing/samples/are-small", test_samples_are_small);
    return g_test_run();
}
