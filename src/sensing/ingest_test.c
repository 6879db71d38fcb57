/* The rules, the journal and the lane of ingest. */
#include "base/clock.h"
#include "base/error.h"
#include "sensing/ingest_internal.h"
#include "sensing/ingest_rules.h"
#include "test_db.h"

#include <string.h>

#define NOW (INT64_C(1795416753) * CLOCK_SECOND_US)

static void test_bits(void) {
    BitEdge edges[BIT_EDGES_MAX];
    /* Bit 0 is no state; fire comes, fault goes. */
    g_assert_cmpuint(state_edges(BITS_COMPONENT, 0x0004, 0x0003, edges), ==, 2);
    g_assert_cmpint(edges[0].kind, ==, EDGE_FIRE);
    g_assert_true(edges[0].is_on);
    g_assert_cmpint(edges[1].kind, ==, EDGE_FAULT);
    g_assert_false(edges[1].is_on);
    /* Bit 8 is the main power of a system and the power of a component. */
    g_assert_cmpuint(state_edges(BITS_SYSTEM, 0, 0x0100, edges), ==, 1);
    g_assert_cmpint(edges[0].kind, ==, EDGE_MAIN_POWER);
    /* A reset is a moment: it has no end. */
    g_assert_cmpuint(state_edges(BITS_SYSTEM, 0, 1 << 13, edges), ==, 1);
    g_assert_cmpuint(state_edges(BITS_SYSTEM, 1 << 13, 0, edges), ==, 0);
    g_assert_cmpuint(state_edges(BITS_DEVICE, 0, 0x60, edges), ==, 2);
    g_assert_cmpint(edges[1].kind, ==, EDGE_LINK);
    g_assert_cmphex(state_after_reset(0x00fe), ==, 0x000c);
    g_assert_cmpint(event_time_us(NOW - 3600 * CLOCK_SECOND_US, NOW), !=, NOW);
    g_assert_cmpint(event_time_us(NOW + 3600 * CLOCK_SECOND_US, NOW), ==, NOW);
    g_assert_cmpint(event_time_us(0, NOW), ==, NOW);
}

static void test_journal(void) {
    static const uint8_t raw[] = {7, 0, 255};
    const JournalRecord records[] = {
        {.kind = JOURNAL_ALIVE, .device_id = 1, .time_us = NOW - 3600 * CLOCK_SECOND_US},
        {.kind = JOURNAL_STATE,
         .device_id = 300,
         .time_us = NOW,
         .point_id = 70000,
         .state_bits = 0x0102},
        {.kind = JOURNAL_VALUE,
         .device_id = INT64_MAX,
         .time_us = NOW + CLOCK_SECOND_US,
         .point_id = 5,
         .analog_type = 3,
         .value = -273},
        {.kind = JOURNAL_RAW,
         .device_id = 2,
         .time_us = NOW,
         .raw_type = 26,
         .raw = raw,
         .raw_size = sizeof raw},
    };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    JournalWriter writer;
    journal_begin(&writer, bytes, NOW);
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        journal_add(&writer, &records[i]);
    }
    journal_end(&writer);
    JournalReader reader;
    JournalRecord record;
    g_assert_true(journal_open(&reader, bytes->data, bytes->len, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
        g_assert_true(journal_next(&reader, &record, &error));
        g_assert_cmpint(record.kind, ==, records[i].kind);
        g_assert_cmpint(record.device_id, ==, records[i].device_id);
        g_assert_cmpint(record.time_us, ==, records[i].time_us);
        g_assert_cmpint(record.point_id, ==, records[i].point_id);
        g_assert_cmpint(record.state_bits, ==, records[i].state_bits);
        g_assert_cmpint(record.value, ==, records[i].value);
        g_assert_cmpuint(record.raw_size, ==, records[i].raw_size);
        g_assert_true(record.raw_size == 0 ||
                      memcmp(record.raw, records[i].raw, record.raw_size) == 0);
    }
    g_assert_false(journal_next(&reader, &record, &error));
    g_assert_no_error(error);
    /* Each bit that is turned is found out. */
    for (guint i = 0; i < bytes->len; i++) {
        bytes->data[i] ^= 0x10;
        if (journal_open(&reader, bytes->data, bytes->len, NULL)) {
            g_assert_cmpuint(i, >=, 4); /* only the number of records is not under the checksum */
            g_assert_cmpuint(i, <, 8);
            while (journal_next(&reader, &record, NULL)) {
            }
        }
        bytes->data[i] ^= 0x10;
    }
}

/* --- the lane -----------------------------------------------------------------------------------
 */

typedef struct Desk {
    Db *db;
    IngestState *state;
    IngestPlan *plan;
    IngestLane lane;
} Desk;

static void desk_init(Desk *desk, const TestDb *fresh) {
    g_autoptr(GError) error = NULL;
    *desk = (Desk){.db = test_db_open(fresh, DB_READ_WRITE),
                   .state = ingest_state_new(),
                   .plan = ingest_plan_new(),
                   .lane = {.name = "main"}};
    ingest_lane_open(desk->db, &desk->lane, NOW, &error);
    g_assert_no_error(error);
}

static void desk_clear(Desk *desk) {
    ingest_plan_clear(desk->plan);
    ingest_plan_free(desk->plan);
    ingest_state_free(desk->state);
    db_close(desk->db);
}

/* A new point in fire and a value, each time of another device. */
static void plan_one(Desk *desk, int number) {
    g_autofree char *code = g_strdup_printf("%d", number);
    const Reading readings[] = {
        {.kind = READING_STATE, .system_type = 1, .component_type = 42, .bits = 2, .text = "12 层"},
        {.kind = READING_VALUE,
         .system_type = 1,
         .component_type = 91,
         .analog_type = 5,
         .value = 300},
    };
    const IngestMessage message = {.protocol = "gb26875",
                                   .code = code,
                                   .key = (uint64_t)number,
                                   .sent_us = NOW,
                                   .readings = readings,
                                   .count = 2,
                                   .received_us = NOW};
    const PlanContext context = {.state = desk->state, .plan = desk->plan};
    g_assert_cmpint(ingest_plan_message(&context, NULL, &message), ==, INGEST_STORED);
}

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

static bool write_plan(Desk *desk) {
    g_autoptr(GError) error = NULL;
    bool is_unknown = false;
    return ingest_write(desk->db, desk->plan, &desk->lane, NOW, &is_unknown, &error);
}

static LaneFate look(Desk *desk, int64_t seq) {
    g_autoptr(GError) error = NULL;
    LaneFate fate = LANE_TAKEN;
    ingest_lane_look(desk->db, &desk->lane, seq, NOW, &fate, &error);
    g_assert_no_error(error);
    return fate;
}

/* The connection dies at every single call of the transaction: each time nothing of it is there,
 * the lane says so, and the same plan is stored by the next try, once. */
static void test_cut_points(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    Desk desk;
    desk_init(&desk, fresh);
    int number = 1;
    for (bool is_through = false; !is_through; number++) {
        plan_one(&desk, number);
        int64_t seq = desk.lane.seq + 1;
        db_fail_after(desk.db, number);
        is_through = write_plan(&desk);
        db_fail_after(desk.db, 0);
        if (!is_through) {
            g_assert_cmpint(look(&desk, seq), ==, LANE_MISSING);
            g_assert_true(write_plan(&desk));
        }
        g_assert_cmpint(desk.lane.seq, ==, seq);
        g_assert_cmpint(look(&desk, seq), ==, LANE_STORED);
        ingest_plan_clear(desk.plan);
    }
    g_assert_cmpint(number, >, 8); /* it has that many calls at least */
    int64_t messages = number - 1;
    g_assert_cmpint(count(desk.db, SQL("SELECT count(*) FROM device")), ==, messages);
    g_assert_cmpint(count(desk.db, SQL("SELECT count(*) FROM point")), ==, 2 * messages);
    g_assert_cmpint(
        count(desk.db, SQL("SELECT count(*) FROM edge WHERE kind = 'fire'")), ==, messages);
    g_assert_cmpint(count(desk.db, SQL("SELECT sum(records) FROM journal")), ==, messages);
    desk_clear(&desk);
}

/* A second process takes the lane: the first one can store nothing any more. */
static void test_lane_taken(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    Desk old;
    Desk young;
    desk_init(&old, fresh);
    desk_init(&young, fresh);
    plan_one(&old, 1);
    g_assert_false(write_plan(&old));
    g_assert_cmpint(look(&old, old.lane.seq + 1), ==, LANE_TAKEN);
    plan_one(&young, 2);
    g_assert_true(write_plan(&young));
    g_assert_cmpint(count(young.db, SQL("SELECT count(*) FROM device")), ==, 1);
    desk_clear(&old);
    desk_clear(&young);
}

/* After a start nobody counts as heard who was not, and nobody as silent before his time is over
 * again; then the edge says when the device was really heard. */
static void test_start(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(GError) error = NULL;
    const int64_t patience_us = 300 * CLOCK_SECOND_US;
    Desk desk;
    desk_init(&desk, fresh);
    plan_one(&desk, 1);
    g_assert_true(write_plan(&desk));
    ingest_plan_clear(desk.plan);
    ingest_state_free(desk.state);
    desk.state = ingest_state_new();
    g_assert_true(ingest_load(desk.db, desk.state, patience_us, &error));
    const PlanContext context = {.state = desk.state, .plan = desk.plan};
    int64_t started_us = desk.state->listening_us;
    g_assert_cmpint(started_us, >, NOW);
    ingest_plan_silence(&context, started_us + patience_us);
    ingest_plan_seen(&context, started_us + patience_us);
    g_assert_true(ingest_plan_is_empty(desk.plan));
    ingest_plan_silence(&context, started_us + patience_us + 1);
    g_assert_true(write_plan(&desk));
    g_assert_cmpint(
        count(desk.db, SQL("SELECT value FROM edge WHERE kind = 'online' AND is_on = 0")), ==, NOW);
    g_assert_cmpint(count(desk.db, SQL("SELECT seen_us FROM device WHERE is_online = 0")), ==, NOW);
    desk_clear(&desk);
}

/* The server's clock was a year ahead and is set right: silence counts from then on. */
static void test_clock_set_back(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    const int64_t patience_us = 300 * CLOCK_SECOND_US;
    const int64_t right_us = NOW - 365 * CLOCK_DAY_US;
    Desk desk;
    desk_init(&desk, fresh);
    const PlanContext context = {.state = desk.state, .plan = desk.plan};
    desk.state->listening_us = NOW;
    plan_one(&desk, 1);
    ingest_state_find(desk.state, "gb26875", "1")->silent_after_us = patience_us;
    g_assert_true(write_plan(&desk));
    ingest_plan_clear(desk.plan);
    ingest_plan_silence(&context, right_us);
    ingest_plan_seen(&context, right_us);
    g_assert_true(write_plan(&desk));
    ingest_plan_clear(desk.plan);
    g_assert_cmpint(
        count(desk.db, SQL("SELECT seen_us FROM device WHERE is_online = 1")), ==, right_us);
    ingest_plan_silence(&context, right_us + patience_us + 1);
    g_assert_true(write_plan(&desk));
    g_assert_cmpint(
        count(desk.db, SQL("SELECT seen_us FROM device WHERE is_online = 0")), ==, right_us);
    desk_clear(&desk);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ingest/bits-become-edges", test_bits);
    g_test_add_func("/ingest/journal-comes-back", test_journal);
    test_db_add("/ingest/stored-once-whatever-call-fails", test_cut_points);
    test_db_add("/ingest/one-process-holds-a-lane", test_lane_taken);
    test_db_add("/ingest/a-start-hears-nobody", test_start);
    test_db_add("/ingest/a-clock-set-back-misses-nobody", test_clock_set_back);
    return g_test_run();
}
