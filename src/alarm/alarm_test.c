/* The alarm room on both engines: what belongs together, who may do what and when, who is told. */
#include "account/account.h"
#include "alarm/alarm_internal.h"
#include "alarm/alarm_law.h"
#include "alarm/alarm_store.h"
#include "alarm/duty.h"
#include "alarm/outbox_config.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "test_db.h"

#include <pthread.h>
#include <string.h>

#define START INT64_C(1795000000000000)
#define SECOND CLOCK_SECOND_US
#define CHENG 11
#define WU 12
#define OPERATORS 20

/* --- a building with a device and its points ----------------------------------------------------
 */

static void add_point(Db *db, int64_t id, int64_t component, const char *floor) {
    test_db_exec(db,
                 "INSERT INTO point (id, device_id, system_type, system_address, component_type, "
                 "address, name, floor, room, building_id, district, state_bits, state_us, "
                 "created_us) VALUES ($1, 1, 1, 1, $2, $1, '', $3, '', 1, 500103, 0, 1, 1)",
                 db_int(id),
                 db_int(component),
                 db_text(floor));
}

static Db *fill(TestDb *fresh) {
    Db *db = test_db_open(fresh, DB_READ_WRITE);
    test_db_exec(db,
                 "INSERT INTO building (id, name, address, region, district, match_key, "
                 "created_us, changed_us) VALUES (1, '演示公馆 3 栋', '演示路 66 号', "
                 "'500103001', 500103, $1, 1, 1)",
                 db_int(1));
    test_db_exec(db,
                 "INSERT INTO device (id, protocol, code, profile, name, state, region, district, "
                 "building_id, unit_id, place, service_body, service_contact, is_online, seen_us, "
                 "state_bits, version, created_us, changed_us) VALUES (1, 'gb26875', '7', "
                 "'standard', '演示传输装置', 'active', '500103001', 500103, 1, 0, '消控室', '', "
                 "'', 1, $1, 0, 1, 1, 1)",
                 db_int(START));
    add_point(db, 14, 42, "12");
    add_point(db, 17, 42, "12");
    add_point(db, 20, 42, "13");
    add_point(db, 30, 11, "12");
    add_point(db, 40, -1, "");
    return db;
}

static SensingEdge edge_of(EdgeKind kind, bool is_on, int64_t point_id, int64_t at_s) {
    return (SensingEdge){.kind = kind,
                         .is_on = is_on,
                         .device_id = 1,
                         .point_id = point_id,
                         .building_id = 1,
                         .region = "500103001",
                         .district = 500103,
                         .place = "12 层",
                         .what = "点型光电感烟火灾探测器",
                         .time_us = START + at_s * SECOND,
                         .received_us = START + at_s * SECOND};
}

typedef struct Batch {
    const SensingEdge *edges;
    size_t count;
} Batch;

static bool take_batch(Db *db, void *data, GError **error) {
    const Batch *batch = data;
    return alarm_take_edges(db, batch->edges, batch->count, error);
}

static void take_all(Db *db, const SensingEdge *edges, size_t count) {
    g_autoptr(GError) error = NULL;
    Batch batch = {edges, count};
    db_run_tx(db, take_batch, &batch, &error);
    g_assert_no_error(error);
}

static void take(Db *db, EdgeKind kind, bool is_on, int64_t point_id, int64_t at_s) {
    SensingEdge edge = edge_of(kind, is_on, point_id, at_s);
    take_all(db, &edge, 1);
}

static int64_t count_of(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t count = -1;
    db_query_int(db, sql, DB_NO_ARGS, &count, &error);
    g_assert_no_error(error);
    return count;
}
#define COUNT(db, from) count_of(db, SQL("SELECT count(*) FROM " from))

static Alarm find(Db *db, int64_t id) {
    g_autoptr(GError) error = NULL;
    Alarm alarm = {0};
    alarm_find(db, id, &alarm, &error);
    g_assert_no_error(error);
    return alarm;
}

static AlarmDoing doing_of(int64_t id, int64_t version, AlarmAct act, int64_t at_s) {
    return (AlarmDoing){.alarm_id = id,
                        .version = version,
                        .act = act,
                        .note = "",
                        .token = "",
                        .account_id = CHENG,
                        .roles = ROLE_BIT(ROLE_DUTY_OFFICER),
                        .region = "500000",
                        .now_us = START + at_s * SECOND};
}

/* "" when it is done, else the error's word. */
static const char *attempt(Db *db, const AlarmDoing *doing) {
    g_autoptr(GError) error = NULL;
    g_autofree char *faster = NULL;
    bool good = alarm_do(db, doing, &faster, &error);
    g_assert_true(good == (error == NULL));
    return good ? "" : hz_error_word(error);
}

/* --- what belongs together ----------------------------------------------------------------------
 */

static void test_merging(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    take(db, EDGE_FIRE, true, 17, 42);
    take(db, EDGE_FIRE, true, 20, 50); /* another floor */
    take(db, EDGE_FIRE, true, 30, 55); /* gas on the same floor */
    take(db, EDGE_FEEDBACK, true, 14, 56);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 3);
    g_auto(Alarm) fire = find(db, 1);
    g_auto(Alarm) gas = find(db, 3);
    g_assert_cmpstr(fire.title, ==, "演示公馆 3 栋 12 层");
    g_assert_cmpstr(fire.address, ==, "演示路 66 号");
    g_assert_cmpint(fire.points, ==, 2);
    g_assert_cmpint(fire.active, ==, 2);
    g_assert_cmpint(fire.version, ==, 1); /* devices do not make a person's page stale */
    g_assert_cmpint(gas.class, ==, ALARM_GAS);
    /* eleven minutes after the last one nobody has confirmed: another event */
    take(db, EDGE_FIRE, true, 14, 42 + 660);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 4);
    /* each arrival is in the log, together with its step */
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'alarm.arrive'"), ==, 4);
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'arrive' AND leaf >= 0"), ==, 4);
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'join'"), ==, 1);
}

static void test_flapping(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    SensingEdge edges[100];
    for (int i = 0; i < 100; i++) {
        edges[i] = edge_of(EDGE_FIRE, i % 2 == 0, 14, i);
    }
    take_all(db, edges, G_N_ELEMENTS(edges));
    g_auto(Alarm) alarm = find(db, 1);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 1);
    g_assert_cmpint(alarm.edges, ==, 100);
    g_assert_cmpint(alarm.points, ==, 1);
    g_assert_cmpint(alarm.active, ==, 0);
    g_assert_cmpint(alarm.restored_us, ==, START + 99 * SECOND);
    g_assert_cmpint(COUNT(db, "alarm_step"), ==, 2); /* arrived, restored once */
    g_assert_cmpint(COUNT(db, "alarm_point WHERE times = 50"), ==, 1);
    /* what nobody has seen on, is not over */
    take(db, EDGE_FIRE, false, 20, 200);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 1);
}

static void test_unbound(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    SensingEdge edge = edge_of(EDGE_FIRE, true, 14, 0);
    edge.region = "";
    edge.district = edge.building_id = 0;
    edge.place = "";
    take_all(db, &edge, 1);
    g_autoptr(GPtrArray) city = alarm_open_list(db, "500000", 10, &error);
    g_autoptr(GPtrArray) own = alarm_open_list(db, "500103", 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(city->len, ==, 1); /* a device that nobody has registered burns, too */
    g_assert_cmpint(own->len, ==, 0);
    g_assert_cmpstr(((Alarm *)city->pdata[0])->title, ==, "设备 1");
}

/* --- people -------------------------------------------------------------------------------------
 */

static void test_course(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    AlarmDoing doing = doing_of(1, 1, ALARM_ACT_DISPATCH, 10);
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_auto(Alarm) seen = find(db, 1);
    g_assert_cmpint(seen.state, ==, ALARM_ACKNOWLEDGED);
    g_assert_cmpint(seen.holder, ==, CHENG);
    g_assert_cmpint(seen.due_us, ==, 0);
    doing = doing_of(1, 2, ALARM_ACT_CLOSE, 20);
    doing.note = "火已扑灭";
    g_assert_cmpstr(attempt(db, &doing), ==, "invalid"); /* nobody has verified it */
    doing = doing_of(1, 2, ALARM_ACT_REPORT, 30);
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_auto(Alarm) reported = find(db, 1);
    g_assert_cmpint(reported.state, ==, ALARM_REPORTED);
    g_assert_cmpint(reported.result, ==, ALARM_TRUE);
    g_assert_cmpint(reported.reported_us, ==, START + 30 * SECOND);
    g_assert_cmpstr(attempt(db, &doing), ==, "conflict"); /* the version has moved on */
    doing.version = 3;
    g_assert_cmpstr(attempt(db, &doing), ==, "invalid"); /* 119 hears it once */
    doing = doing_of(1, 3, ALARM_ACT_CLOSE, 40);
    g_assert_cmpstr(attempt(db, &doing), ==, "invalid"); /* without a word of what was done */
    doing.note = "火已扑灭";
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'alarm.act'"), ==, 4); /* and the matter */
    g_assert_cmpint(COUNT(db, "alarm_step WHERE account_id = 11 AND leaf >= 0"), ==, 3);
    /* a confirmed fire is joined whenever; a closed one never */
    take(db, EDGE_FIRE, true, 17, 50);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 2);
}

/* The panel's own "fire", which knows no floor, is the detectors' event: behind it and before it.
 */
static void test_panel(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    take(db, EDGE_FIRE, true, 40, 1);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 1);
    take(db, EDGE_FIRE, true, 20, 2); /* another floor is another event */
    g_assert_cmpint(COUNT(db, "alarm"), ==, 2);
    take(db, EDGE_FIRE, true, 40, 2000); /* long after: nobody knows yet where */
    g_assert_cmpint(COUNT(db, "alarm"), ==, 3);
    g_auto(Alarm) whole = find(db, 3);
    g_assert_cmpstr(whole.title, ==, "演示公馆 3 栋");
    take(db, EDGE_FIRE, true, 20, 2001);
    g_assert_cmpint(COUNT(db, "alarm"), ==, 3);
    g_auto(Alarm) located = find(db, 3);
    g_assert_cmpstr(located.title, ==, "演示公馆 3 栋 13 层");
    g_assert_cmpint(located.points, ==, 2);
}

/* Closed by mistake: it is opened again with a reason, and the judgement is gone from the figures.
 */
static void test_reopen(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    take(db, EDGE_FIRE, true, 14, 0);
    AlarmDoing doing = doing_of(1, 1, ALARM_ACT_FALSE, 10);
    doing.note = "做饭油烟";
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    doing = doing_of(1, 2, ALARM_ACT_REOPEN, 20);
    g_assert_cmpstr(attempt(db, &doing), ==, "invalid"); /* without a reason */
    doing.note = "还有烟";
    doing.account_id = WU;
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_auto(Alarm) open = find(db, 1);
    g_assert_cmpint(open.state, ==, ALARM_ACKNOWLEDGED);
    g_assert_cmpint(open.result, ==, ALARM_OPEN);
    g_assert_cmpint(open.closed_us, ==, 0);
    g_assert_cmpint(open.holder, ==, WU);
    int64_t real = -1;
    int64_t wrong = -1;
    g_assert_true(alarm_judged(db, open.building_id, START - SECOND, &real, &wrong, &error));
    g_assert_cmpint(wrong, ==, 0);
    doing = doing_of(1, 3, ALARM_ACT_REPORT, 30);
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    doing = doing_of(1, 4, ALARM_ACT_CLOSE, 40);
    doing.note = "火已扑灭";
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    doing = doing_of(1, 5, ALARM_ACT_REOPEN, 50);
    doing.note = "复燃";
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_auto(Alarm) again = find(db, 1);
    g_assert_cmpint(again.state, ==, ALARM_REPORTED); /* 119 hears it once */
    g_assert_cmpint(again.result, ==, ALARM_TRUE);
}

/* A remark is taken at any time, and makes nobody else's press too late. */
static void test_note(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    AlarmDoing report = doing_of(1, 1, ALARM_ACT_REPORT, 10);
    AlarmDoing note = doing_of(1, 1, ALARM_ACT_NOTE, 5);
    note.note = "保安说看见烟";
    g_assert_cmpstr(attempt(db, &note), ==, "");
    g_assert_cmpstr(attempt(db, &report), ==, "");
    note.now_us += 20 * SECOND;
    g_assert_cmpstr(attempt(db, &note), ==, "");
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'note'"), ==, 2);
}

static void test_false(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    AlarmDoing doing = doing_of(1, 1, ALARM_ACT_FALSE, 10);
    doing.token = "form-1";
    g_assert_cmpstr(attempt(db, &doing), ==, "invalid");
    doing.note = "做饭油烟";
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_assert_cmpstr(attempt(db, &doing), ==, ""); /* a double press is one act */
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'false'"), ==, 1);
    g_auto(Alarm) alarm = find(db, 1);
    g_assert_cmpint(alarm.state, ==, ALARM_CLOSED);
    g_assert_cmpint(alarm.result, ==, ALARM_FALSE);
    g_assert_cmpint(COUNT(db, "matter"), ==, 0);
    /* the figures: this one counts, a later one asks about it */
    g_autoptr(GError) error = NULL;
    take(db, EDGE_FIRE, true, 17, 700);
    g_auto(Alarm) next = find(db, 2);
    AlarmLikes likes = {0};
    g_assert_true(alarm_likes(db, &next, true, START - SECOND, &likes, &error));
    g_assert_cmpint(likes.judged, ==, 1);
    g_assert_cmpint(likes.real, ==, 0);
    int64_t real = -1;
    int64_t wrong = -1;
    g_assert_true(alarm_judged(db, alarm.building_id, START - SECOND, &real, &wrong, &error));
    g_assert_cmpint(real, ==, 0);
    g_assert_cmpint(wrong, ==, 1); /* the open one says nothing yet */
    for (int by_building = 0; by_building < 2; by_building++) {
        AlarmRateQuery query = {
            .region = "500103", .by_building = by_building != 0, .since_us = START, .limit = 10};
        g_autoptr(GPtrArray) rates = alarm_rates(db, &query, &error);
        g_assert_no_error(error);
        g_assert_cmpint(rates->len, ==, 1);
        g_assert_cmpint(((AlarmRate *)rates->pdata[0])->false_count, ==, 1);
        g_assert_cmpint(((AlarmRate *)rates->pdata[0])->total, ==, 2);
    }
}

typedef struct Operator {
    const char *url;
    int64_t account_id;
    const char *outcome;
    char *faster;
    pthread_t thread;
} Operator;

static void *operate(void *data) {
    Operator *one = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(one->url, DB_READ_WRITE, &error);
    g_assert_no_error(error);
    AlarmDoing doing = doing_of(1, 1, ALARM_ACT_ACKNOWLEDGE, 10);
    doing.account_id = one->account_id;
    bool good = alarm_do(db, &doing, &one->faster, &error);
    one->outcome = good ? "" : hz_error_word(error);
    return NULL;
}

static void test_operators(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    take(db, EDGE_FIRE, true, 14, 0);
    Operator operators[OPERATORS] = {0};
    for (int i = 0; i < OPERATORS; i++) {
        operators[i] = (Operator){.url = test_db_url(fresh), .account_id = 100 + i};
        g_assert_cmpint(pthread_create(&operators[i].thread, NULL, operate, &operators[i]), ==, 0);
    }
    int done = 0;
    for (int i = 0; i < OPERATORS; i++) {
        pthread_join(operators[i].thread, NULL);
        done += *operators[i].outcome == '\0';
        if (*operators[i].outcome != '\0') {
            g_assert_cmpstr(operators[i].outcome, ==, "conflict");
            g_assert_nonnull(strstr(operators[i].faster, "我来处理"));
        }
        g_free(operators[i].faster);
    }
    g_assert_cmpint(done, ==, 1);
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'acknowledge'"), ==, 1);
}

/* --- nobody acts --------------------------------------------------------------------------------
 */

static void test_escalation(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t count = -1;
    take(db, EDGE_FIRE, true, 14, 0);
    take(db, EDGE_FAULT, true, 20, 0); /* no ladder */
    static const struct {
        int64_t at_s, told, level;
    } looks[] = {{119, 0, 0}, {120, 1, 1}, {121, 0, 1}, {300, 1, 2}, {5000, 1, 3}, {9000, 0, 3}};
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        g_assert_true(alarm_escalate(db, START + looks[i].at_s * SECOND, &count, &error));
        g_assert_cmpint(count, ==, looks[i].told);
        g_auto(Alarm) alarm = find(db, 1);
        g_assert_cmpint(alarm.level, ==, looks[i].level);
    }
    g_assert_cmpint(COUNT(db, "alarm_step WHERE step = 'escalate' AND leaf >= 0"), ==, 3);
    /* whoever is at it ends the ladder */
    take(db, EDGE_FIRE, true, 30, 0);
    AlarmDoing doing = doing_of(3, 1, ALARM_ACT_ACKNOWLEDGE, 10);
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_assert_true(alarm_escalate(db, START + 9999 * SECOND, &count, &error));
    g_assert_cmpint(count, ==, 0);
}

static void test_matters(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t count = -1;
    take(db, EDGE_FIRE, true, 14, 0);
    AlarmDoing doing = doing_of(1, 1, ALARM_ACT_CONFIRM, 10);
    g_assert_cmpstr(attempt(db, &doing), ==, "");
    g_auto(Alarm) fire = find(db, 1);
    g_assert_cmpint(fire.matter_id, >, 0);
    g_auto(Matter) matter = {0};
    g_assert_true(casework_find(db, fire.matter_id, &matter, &error));
    g_assert_cmpstr(matter.kind, ==, "sensing-lead");
    g_assert_cmpint(matter.object_id, ==, 1);
    /* shielding for a day, and a start that lasts as long */
    take(db, EDGE_SHIELD, true, 17, 0);
    take(db, EDGE_FAULT, true, 20, 0);
    g_assert_true(alarm_open_lasting(db, START + 86399 * SECOND, &count, &error));
    g_assert_cmpint(count, ==, 0);
    g_assert_true(alarm_open_lasting(db, START + 86400 * SECOND, &count, &error));
    g_assert_cmpint(count, ==, 1);
    g_assert_true(alarm_open_lasting(db, START + 86460 * SECOND, &count, &error));
    g_assert_cmpint(count, ==, 0); /* once */
    g_assert_cmpint(COUNT(db, "matter WHERE kind = 'sensing-lead'"), ==, 2);
    g_assert_cmpint(COUNT(db, "alarm WHERE matter_id > 0"), ==, 2);
}

/* --- the outbox ---------------------------------------------------------------------------------
 */

#define CONFIG                                                                                     \
    "{\"smtp\": {\"url\": \"smtp://mail.invalid\", \"from\": \"alarm@example.invalid\"}, "         \
    "\"sms\": {\"url\": \"http://sms.invalid\", \"body\": {\"to\": \"{{address}}\", \"msg\": "     \
    "{\"text\": \"【演示】{{text}}\"}}}, \"dispatch\": {\"url\": \"http://119.invalid\"}, "    \
    "\"people\": [{\"role\": \"shift-leader\", \"region\": \"50\", \"way\": \"email\", "           \
    "\"address\": \"a@example.invalid\"}, {\"role\": \"shift-leader\", \"region\": \"500106\", "   \
    "\"way\": \"sms\", \"address\": \"10000\"}]}"

static int64_t refusals; /* how many tries fail before one gets through */
static int64_t tries;

static bool
send_late(const OutboxConfig *config G_GNUC_UNUSED, const OutboxMessage *message, GError **error) {
    tries++;
    g_assert_cmpstr(message->body, ==, "正文");
    return tries > refusals || hz_fail(error, HZ_ERROR_UNAVAILABLE, "no answer");
}

static void tell_outbox(Db *db, const OutboxConfig *config, const char *role, int64_t expected) {
    g_autoptr(GError) error = NULL;
    int64_t count = -1;
    OutboxTelling telling = {role, "500103001", 500103, 0, "题目", "正文", START};
    g_assert_true(outbox_tell(db, config, &telling, &count, &error));
    g_assert_cmpint(count, ==, expected);
}

static int64_t run_outbox(Db *db, const OutboxConfig *config, int64_t now_us) {
    g_autoptr(GError) error = NULL;
    int64_t sent = -1;
    outbox_run(db, config, send_late, now_us, 10, &sent, &error);
    g_assert_no_error(error);
    return sent;
}

static void test_outbox(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    g_autoptr(OutboxConfig) config = outbox_config_parse(CONFIG, strlen(CONFIG), &error);
    g_assert_no_error(error);
    tell_outbox(db, config, "shift-leader", 1); /* the other one is of another district */
    tell_outbox(db, config, "leader", 0);
    tell_outbox(db, config, "119", 1);
    refusals = 2;
    tries = 0;
    g_assert_cmpint(run_outbox(db, config, START), ==, 0);
    g_assert_cmpint(tries, ==, 2);
    g_assert_cmpint(run_outbox(db, config, START + 4 * SECOND), ==, 0); /* not yet */
    g_assert_cmpint(tries, ==, 2);
    g_assert_cmpint(run_outbox(db, config, START + 5 * SECOND), ==, 2);
    g_assert_cmpint(COUNT(db, "outbox WHERE state = 'sent' AND tries = 2"), ==, 2);
    /* a server that never answers: given up, shown, tried anew by a person */
    tell_outbox(db, config, "119", 1);
    refusals = INT64_MAX;
    int64_t now_us = START + 100 * SECOND;
    for (int i = 0; i < 12; i++) {
        run_outbox(db, config, now_us);
        now_us += 3600 * SECOND;
    }
    g_assert_cmpint(COUNT(db, "outbox WHERE state = 'dead' AND tries = 10"), ==, 1);
    g_autoptr(GPtrArray) dead = outbox_list(db, 0, "500103", "dead", 0, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(dead->len, ==, 1);
    const OutboxRow *row = dead->pdata[0];
    g_assert_nonnull(strstr(row->failure, "no answer"));
    g_assert_true(outbox_revive(db, row->message.id, now_us, &error));
    g_assert_false(outbox_revive(db, row->message.id, now_us, NULL));
    refusals = 0;
    g_assert_cmpint(run_outbox(db, config, now_us), ==, 1);
}

static void test_outbox_texts(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(OutboxConfig) config = outbox_config_parse(CONFIG, strlen(CONFIG), &error);
    OutboxMessage message = {.id = 3,
                             .address = "a@example.invalid",
                             .subject =
                                 "一百二十秒没有人确认的火警：演示公馆 3 栋 12 层，请马上处理",
                             .body = "“引号”\"和\n换行"};
    g_autoptr(json_t) sms = outbox_fill(config->servers[OUTBOX_SMS].body, &message);
    g_assert_cmpstr(
        json_get_text(json_object_get(sms, "msg"), "text", ""), ==, "【演示】“引号”\"和\n换行");
    g_autofree char *mail = outbox_mail(&config->servers[OUTBOX_EMAIL], &message, START);
    g_assert_true(
        g_str_has_prefix(mail, "From: <alarm@example.invalid>\r\nTo: <a@example.invalid>"));
    g_assert_nonnull(strstr(mail, "\r\n =?UTF-8?B?")); /* a long subject goes on in the next line */
    g_assert_nonnull(strstr(mail, "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"));
    g_auto(GStrv) lines = g_strsplit(mail, "\r\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpuint(strlen(*line), <=, 78);
    }
    static const char *const wrong[] = {
        "{\"smtp\": {\"url\": \"smtp://x\"}}",
        ("{\"people\": [{\"role\": \"leader\", \"region\": \"50\", \"way\": \"sms\", "
         "\"address\": \"1\"}]}"),
        "{\"smtp\": {\"url\": \"smtp://x\", \"from\": \"a@b\\r\\nBcc: c@d\"}}",
        "{\"mail\": {}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(outbox_config_parse(wrong[i], strlen(wrong[i]), NULL));
    }
}

/* --- duty ---------------------------------------------------------------------------------------
 */

static void test_duty_check(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    DutyAsking asking = {1, 5, CHENG, START, "500106"};
    g_assert_false(duty_ask(db, &asking, &id, &error)); /* another district's device */
    g_assert_cmpstr(hz_error_word(error), ==, "not_found");
    g_clear_error(&error);
    asking.region = "500103";
    g_assert_true(duty_ask(db, &asking, &id, &error));
    g_autoptr(GPtrArray) found = duty_devices(db, "500103", "公馆", 0, 10, &error);
    g_assert_cmpint(found->len, ==, 1); /* people know buildings, not devices */
    g_assert_cmpstr(((DutyDevice *)found->pdata[0])->building, ==, "演示公馆 3 栋");
    take(db, EDGE_DUTY_ANSWER, true, 0, 90);
    DutyQuery query = {.region = "500000", .limit = 10};
    g_autoptr(GPtrArray) checks = duty_checks(db, &query, &error);
    g_assert_no_error(error);
    g_assert_cmpint(checks->len, ==, 1);
    const DutyCheck *check = checks->pdata[0];
    g_assert_cmpstr(check->name, ==, "演示公馆 3 栋");
    g_assert_cmpint(check->answered_us, ==, START + 90 * SECOND);
    g_assert_cmpint(check->due_us, ==, START + 300 * SECOND);
    g_assert_cmpint(COUNT(db, "device_command WHERE kind = 'duty' AND minutes = 5"), ==, 1);
}

static void test_shift(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    DutyTurn cheng = {"50", CHENG, START, 0, ""};
    DutyTurn wu = {"50", WU, START + 3600 * SECOND, 1, ""};
    g_assert_true(duty_begin(db, &cheng, &error));
    g_assert_false(duty_begin(db, &wu, NULL)); /* somebody is on duty */
    g_assert_false(duty_take(db, &wu, NULL));  /* who has not offered */
    g_assert_false(duty_offer(db, &wu, NULL)); /* and only they may */
    g_assert_false(duty_keep(db, &wu, NULL));
    take(db, EDGE_FIRE, true, 14, 0);
    cheng.shift_id = 1;
    cheng.note = "3 栋水泵检修";
    g_assert_true(duty_offer(db, &cheng, &error));
    g_assert_true(duty_keep(db, &cheng, &error)); /* after all */
    g_assert_false(duty_take(db, &wu, NULL));
    g_assert_true(duty_offer(db, &cheng, &error));
    g_assert_false(duty_relieve(db, &wu, NULL)); /* it is offered: that is what to take */
    g_assert_false(duty_take(db, &cheng, NULL)); /* not from oneself */
    g_assert_true(duty_take(db, &wu, &error));
    g_assert_false(duty_take(db, &wu, NULL));
    g_autoptr(GPtrArray) shifts = duty_shifts(db, "50", 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(shifts->len, ==, 2);
    const DutyShift *now = shifts->pdata[0];
    const DutyShift *before = shifts->pdata[1];
    g_assert_cmpint(now->account_id, ==, WU);
    g_assert_cmpint(before->taken_by, ==, WU);
    g_assert_cmpint(before->open_alarms, ==, 1);
    g_assert_cmpstr(before->note, ==, "3 栋水泵检修");
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'duty.shift'"), ==, 5);
}

/* Who falls ill offers nothing: the next says why and is on duty. */
static void test_relief(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = fill(fresh);
    g_autoptr(GError) error = NULL;
    DutyTurn cheng = {"50", CHENG, START, 0, ""};
    DutyTurn wu = {"50", WU, START + 3600 * SECOND, 1, "去了医院"};
    g_assert_true(duty_begin(db, &cheng, &error));
    cheng.shift_id = 1;
    g_assert_false(duty_relieve(db, &cheng, NULL)); /* oneself */
    g_assert_true(duty_relieve(db, &wu, &error));
    g_assert_false(duty_relieve(db, &wu, NULL)); /* sent twice */
    g_autoptr(GPtrArray) shifts = duty_shifts(db, "50", 10, &error);
    g_assert_no_error(error);
    g_assert_cmpint(shifts->len, ==, 2);
    g_assert_cmpint(((DutyShift *)shifts->pdata[0])->account_id, ==, WU);
    g_assert_cmpstr(((DutyShift *)shifts->pdata[1])->note, ==, "去了医院");
    g_assert_cmpint(COUNT(db, "ledger_entry WHERE type = 'duty.shift'"), ==, 2);
}

/* --- rules --------------------------------------------------------------------------------------
 */

static void test_rules(void) {
    g_autoptr(GError) error = NULL;
    const AlarmRules *rules = alarm_rules("500103", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(rules->rule_count, >=, 6);
    /* a changed window makes an example fail, and the file says which */
    EmbeddedFile file = embedded_find("law/national/alarm-rules.yaml");
    g_auto(GStrv) parts = g_strsplit(file.data, "within: 600}", -1);
    g_autofree char *changed = g_strjoinv("within: 30}", parts);
    g_assert_false(alarm_rules_try(changed, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "does not come out"));
    g_assert_nonnull(strstr(error->message, "national.yaml:"));
    g_clear_error(&error);
    g_assert_false(alarm_rules_try("alarm_rules: []\n", NULL, NULL, &error));
    /* words go there and back */
    for (unsigned i = 0; i < ALARM_ACT_COUNT; i++) {
        AlarmAct act = ALARM_ACT_COUNT;
        g_assert_true(alarm_act_parse(alarm_act_word((AlarmAct)i), &act));
        g_assert_cmpuint(act, ==, i);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alarm/rules/examples-are-held", test_rules);
    g_test_add_func("/alarm/outbox/texts-are-safe-on-the-wire", test_outbox_texts);
    test_db_add("/alarm/one-event-is-one-alarm", test_merging);
    test_db_add("/alarm/a-panel-tells-of-its-detectors", test_panel);
    test_db_add("/alarm/flapping-is-collapsed", test_flapping);
    test_db_add("/alarm/an-unregistered-device-is-heard", test_unbound);
    test_db_add("/alarm/course-to-119-and-closing", test_course);
    test_db_add("/alarm/false-needs-a-reason-once", test_false);
    test_db_add("/alarm/closed-by-mistake-is-opened-again", test_reopen);
    test_db_add("/alarm/a-note-stops-nobody", test_note);
    test_db_add("/alarm/one-of-twenty-operators-acts", test_operators);
    test_db_add("/alarm/escalates-until-somebody-acts", test_escalation);
    test_db_add("/alarm/opens-matters", test_matters);
    test_db_add("/alarm/outbox-tries-again-and-gives-up", test_outbox);
    test_db_add("/alarm/duty-check-is-answered", test_duty_check);
    test_db_add("/alarm/shift-is-signed-by-both", test_shift);
    test_db_add("/alarm/who-left-without-a-word-is-relieved", test_relief);
    return g_test_run();
}
