/* The rules, the journal and the lane of ingest. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
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
    g_assert_true(ingest_plan_seen(&context));
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
    ingest_plan_seen(&context);
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

/* --- memory and limits ---------------------------------------------------------------------------
 */

typedef struct Memory {
    IngestState *state;
    IngestPlan *plan;
    int64_t now_us;
} Memory;

static Memory memory_new(void) {
    return (Memory){ingest_state_new(), ingest_plan_new(), NOW};
}

static void memory_free(Memory *memory) {
    ingest_plan_clear(memory->plan);
    ingest_plan_free(memory->plan);
    ingest_state_free(memory->state);
}

static IngestDevice *known(const Memory *memory, const char *code, DeviceStanding standing) {
    IngestDevice *device = ingest_state_add(memory->state, "gb26875", code);
    device->standing = standing;
    return device;
}

/* One reading of the device, as a datagram of this number that was sent `sent_us`. */
static IngestVerdict
hear(Memory *memory, const char *code, uint16_t serial, int64_t sent_us, Reading reading) {
    const PlanContext context = {.state = memory->state, .plan = memory->plan};
    const IngestMessage message = {
        .protocol = "gb26875",
        .code = code,
        .key = ingest_hash(serial, &reading.bits, sizeof reading.bits),
        .sent_us = sent_us,
        .may_be_late = true,
        .serial = serial,
        .readings = &reading,
        .count = 1,
        .received_us = memory->now_us,
    };
    return ingest_plan_message(
        &context, ingest_state_find(memory->state, "gb26875", code), &message);
}

static unsigned edges_of(const Memory *memory, EdgeKind kind) {
    unsigned number = 0;
    for (guint i = 0; i < memory->plan->edges->len; i++) {
        number += g_array_index(memory->plan->edges, PlanEdge, i).kind == kind;
    }
    return number;
}

/* A device that was switched off begins its numbers anew: its datagrams are not late ones. */
static void test_restarted_sender(void) {
    Memory memory = memory_new();
    known(&memory, "7", DEVICE_ACTIVE);
    const Reading alive = {.kind = READING_ALIVE};
    const Reading fire = {.kind = READING_DEVICE_STATE, .bits = 2};
    const Reading calm = {.kind = READING_DEVICE_STATE};
    hear(&memory, "7", 30000, NOW, alive);
    hear(&memory, "7", 0, NOW + CLOCK_SECOND_US, fire);
    g_assert_cmpuint(edges_of(&memory, EDGE_FIRE), ==, 1);
    /* One that has no clock is never taken for late. */
    hear(&memory, "7", 20000, 0, alive);
    hear(&memory, "7", 1, 0, calm);
    g_assert_cmpuint(edges_of(&memory, EDGE_FIRE), ==, 2);
    /* A late one is. */
    hear(&memory, "7", 10, NOW + 10 * CLOCK_SECOND_US, calm);
    hear(&memory, "7", 9, NOW + 9 * CLOCK_SECOND_US, fire);
    g_assert_cmpuint(edges_of(&memory, EDGE_FIRE), ==, 2);
    memory_free(&memory);
}

/* Who flaps on purpose does not fill the disk, unless a person has registered it. */
static void test_learned_edges(void) {
    Memory memory = memory_new();
    known(&memory, "8", DEVICE_ACTIVE);
    Reading state = {.kind = READING_DEVICE_STATE};
    unsigned denied = 0;
    for (unsigned i = 0; i < 2 * LIMIT_LEARNED_EDGES; i++) {
        state.bits = (uint16_t)(i % 2 == 0 ? 2 : 0);
        denied += hear(&memory, "7", (uint16_t)i, 0, state) == INGEST_LIMIT;
        g_assert_cmpint(hear(&memory, "8", (uint16_t)i, 0, state), ==, INGEST_STORED);
    }
    g_assert_cmpuint(denied, >, 0);
    g_assert_cmpuint(
        edges_of(&memory, EDGE_FIRE), ==, 3 * LIMIT_LEARNED_EDGES - 1); /* and "first" */
    memory.now_us += 3600 * CLOCK_SECOND_US;
    g_assert_cmpint(hear(&memory, "7", 7, 0, (Reading){.kind = READING_DEVICE_STATE, .bits = 2}),
                    ==,
                    INGEST_STORED);
    memory_free(&memory);
}

/* Neither do a thousand points each of a thousand devices. */
static void test_learned_points(void) {
    Memory memory = memory_new();
    known(&memory, "real", DEVICE_ACTIVE);
    unsigned learned = 0;
    Reading point = {.kind = READING_STATE, .system_type = 1, .component_type = 42};
    for (unsigned i = 0; i < LIMIT_LEARNED_POINTS_ALL + 1000; i++) {
        g_autofree char *code = g_strdup_printf("%u", 100 + i / 900);
        point.address = i;
        learned += hear(&memory, code, (uint16_t)i, 0, point) == INGEST_STORED;
        ingest_plan_clear(memory.plan);
    }
    g_assert_cmpuint(learned, ==, LIMIT_LEARNED_POINTS_ALL);
    g_assert_cmpint(hear(&memory, "real", 0, 0, point), ==, INGEST_STORED);
    memory_free(&memory);
}

/* A point that tells of every kind of value there is costs no more than one that tells of some. */
static void test_kinds_of_values(void) {
    Memory memory = memory_new();
    IngestDevice *device = known(&memory, "7", DEVICE_ACTIVE);
    Reading value = {.kind = READING_VALUE, .system_type = 1, .component_type = 17, .value = 5000};
    value.analog_type = 9; /* residual current: 500 A */
    hear(&memory, "7", 0, 0, value);
    for (unsigned type = 1; type < 256; type++) {
        value.analog_type = (uint8_t)type;
        g_assert_cmpint(hear(&memory, "7", (uint16_t)type, 0, value), ==, INGEST_STORED);
    }
    const IngestPoint *point = device->points->pdata[0];
    g_assert_cmpuint(point->side_count, ==, LIMIT_POINT_VALUES);
    g_assert_cmpuint(edges_of(&memory, EDGE_LIMIT), ==, 1);
    memory_free(&memory);
}

/* When a whole network falls silent, alarms of others are not kept waiting for all of it. */
static void test_silence_in_parts(void) {
    Memory memory = memory_new();
    const PlanContext context = {.state = memory.state, .plan = memory.plan};
    for (unsigned i = 0; i < 1200; i++) {
        g_autofree char *code = g_strdup_printf("%u", i);
        IngestDevice *device = known(&memory, code, DEVICE_ACTIVE);
        device->is_online = true;
        device->silent_after_us = CLOCK_SECOND_US;
    }
    unsigned turns = 1;
    while (!ingest_plan_silence(&context, NOW)) {
        g_assert_cmpuint(memory.plan->edges->len, <=, 500);
        ingest_plan_clear(memory.plan);
        turns++;
    }
    g_assert_cmpuint(turns, ==, 3);
    g_assert_cmpuint(edges_of(&memory, EDGE_ONLINE), ==, 200);
    memory_free(&memory);
}

/* Devices that nobody registered and that are silent make room; whoever was touched stays. */
static void test_forgets(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(GError) error = NULL;
    unsigned number = 0;
    Desk desk;
    desk_init(&desk, fresh);
    for (int i = 1; i <= 4; i++) {
        plan_one(&desk, i);
    }
    g_assert_true(write_plan(&desk));
    ingest_plan_clear(desk.plan);
    ingest_state_find(desk.state, "gb26875", "2")->seen_us = NOW + CLOCK_DAY_US; /* speaks */
    test_db_exec(desk.db, "UPDATE device SET version = version + $1 WHERE code = '3'", db_int(1));
    /* A person took one up and memory does not know it yet: none is deleted. */
    g_assert_false(ingest_forget(desk.db, desk.state, &desk.lane, NOW + 1, &number, &error));
    g_clear_error(&error);
    g_assert_cmpint(count(desk.db, SQL("SELECT count(*) FROM point")), ==, 8);
    ingest_state_find(desk.state, "gb26875", "3")->version = 1;
    g_assert_true(ingest_forget(desk.db, desk.state, &desk.lane, NOW + 1, &number, &error));
    g_assert_cmpuint(number, ==, 1); /* the first: the last has the largest numbers */
    g_assert_cmpint(count(desk.db, SQL("SELECT min(CAST(code AS BIGINT)) FROM device")), ==, 2);
    g_assert_cmpint(count(desk.db, SQL("SELECT count(*) FROM point")), ==, 6);
    g_assert_cmpint(count(desk.db, SQL("SELECT count(*) FROM edge WHERE kind = 'fire'")), ==, 3);
    g_assert_null(ingest_state_find(desk.state, "gb26875", "1"));
    g_assert_cmpuint(desk.state->learned, ==, 3);
    g_assert_cmpuint(desk.state->learned_points, ==, 6);
    plan_one(&desk, 1); /* and is learned anew */
    g_assert_true(write_plan(&desk));
    /* Whoever lost the lane deletes nothing. */
    Desk heir;
    desk_init(&heir, fresh);
    g_assert_false(ingest_forget(desk.db, desk.state, &desk.lane, NOW + 1, &number, &error));
    desk_clear(&heir);
    desk_clear(&desk);
}

/* One message that can never be stored is told so, kept aside and stops nobody else. */
static void test_unfit(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    test_db_exec(db, "CREATE UNIQUE INDEX no_second ON edge (kind) WHERE kind = 'fault'");
    Ingest *ingest = ingest_start(&(IngestOptions){.db_url = test_db_url(fresh)}, &error);
    g_assert_no_error(error);
    const Reading fault = {.kind = READING_DEVICE_STATE, .bits = 4};
    const Reading fire = {.kind = READING_DEVICE_STATE, .bits = 2};
    IngestMessage message = {.protocol = "mqtt", .code = "A", .readings = &fault, .count = 1};
    message.received_us = NOW;
    g_assert_true(ingest_store(ingest, &message, &error));
    message.code = "B";
    g_assert_false(ingest_store(ingest, &message, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INTERNAL);
    g_clear_error(&error);
    message.readings = &fire;
    g_assert_true(ingest_store(ingest, &message, &error));
    g_assert_no_error(error);
    g_assert_cmpint(count(db, SQL("SELECT count(*) FROM edge WHERE kind = 'fire'")), ==, 1);
    g_assert_cmpint(count(db, SQL("SELECT count(*) FROM ingest_refused WHERE code = 'B'")), ==, 1);
    /* The last of them are kept. */
    test_db_exec(db,
                 "INSERT INTO ingest_refused (id, protocol, code, reason, received_us, body) "
                 "SELECT id + CAST($1 AS BIGINT), protocol, 'D', reason, received_us, body "
                 "FROM ingest_refused",
                 db_int(LIMIT_REFUSED_KEPT));
    message.code = "C";
    message.readings = &fault;
    g_assert_false(ingest_store(ingest, &message, NULL));
    ingest_stop(ingest);
    g_assert_cmpint(count(db, SQL("SELECT count(*) FROM ingest_refused WHERE code <> 'B'")), ==, 2);
    g_assert_cmpint(count(db, SQL("SELECT count(*) FROM ingest_refused WHERE code = 'B'")), ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ingest/numbers-that-begin-anew-are-not-late", test_restarted_sender);
    g_test_add_func("/ingest/who-flaps-does-not-fill-the-disk", test_learned_edges);
    g_test_add_func("/ingest/who-invents-points-does-not-either", test_learned_points);
    g_test_add_func("/ingest/every-kind-of-value-costs-no-more", test_kinds_of_values);
    g_test_add_func("/ingest/silence-is-written-in-parts", test_silence_in_parts);
    test_db_add("/ingest/silent-strangers-make-room", test_forgets);
    test_db_add("/ingest/what-can-never-be-stored-stops-nobody", test_unfit);
    g_test_add_func("/ingest/bits-become-edges", test_bits);
    g_test_add_func("/ingest/journal-comes-back", test_journal);
    test_db_add("/ingest/stored-once-whatever-call-fails", test_cut_points);
    test_db_add("/ingest/one-process-holds-a-lane", test_lane_taken);
    test_db_add("/ingest/a-start-hears-nobody", test_start);
    test_db_add("/ingest/a-clock-set-back-misses-nobody", test_clock_set_back);
    return g_test_run();
}
