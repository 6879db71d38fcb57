/* What sensors' JSON means, and what of it is stored. */
#include "sensing/telemetry.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "frame/gb26875.h"
#include "ledger/ledger.h"
#include "sensing/mqtt.h"
#include "sensing/push.h"
#include "test_db.h"

#include <string.h>

/* --- forms ---------------------------------------------------------------------------------------
 */

static bool read_text(const char *text, const char *event, Telemetry *ret, GError **error) {
    g_autoptr(json_t) body = json_read(text, strlen(text), error);
    g_assert_nonnull(body);
    return telemetry_read(body, event, ret, error);
}

/* "kind system component address bits/value time" of each reading. */
static char *readings_of(const char *text, const char *event) {
    g_autoptr(GError) error = NULL;
    g_auto(Telemetry) telemetry = {0};
    g_autoptr(GString) line = g_string_new(NULL);
    g_assert_true(read_text(text, event, &telemetry, &error));
    for (guint i = 0; i < telemetry.readings->len; i++) {
        const Reading *one = &g_array_index(telemetry.readings, Reading, i);
        const char *gap = i == 0 ? "" : "; ";
        if (one->kind == READING_STATE) {
            g_string_append_printf(line,
                                   "%sstate %d/%u %x of %x",
                                   gap,
                                   one->component_type,
                                   one->address,
                                   one->bits,
                                   one->mask);
        } else if (one->kind == READING_DEVICE_STATE) {
            g_string_append_printf(line, "%sdevice %x of %x", gap, one->bits, one->mask);
        } else if (one->kind == READING_VALUE) {
            g_string_append_printf(line,
                                   "%svalue %d/%u %u=%" G_GINT64_FORMAT,
                                   gap,
                                   one->component_type,
                                   one->address,
                                   one->analog_type,
                                   one->value);
        } else {
            g_string_append_printf(line, "%salive", gap);
        }
        if (one->time_us != 0) {
            g_string_append_printf(line, " @%" G_GINT64_FORMAT, one->time_us / 1000);
        }
    }
    for (guint i = 0; i < telemetry.ignored->len; i++) {
        g_string_append_printf(line, " -%s", (const char *)telemetry.ignored->pdata[i]);
    }
    return g_strdup(line->str);
}

static void test_forms(void) {
    static const struct {
        const char *body, *event, *wanted;
    } cases[] = {
        /* ThingsBoard */
        {"{\"temperature\": 25.34}", NULL, "value 30/1 3=253"},
        {"{\"ts\": 1000, \"values\": {\"smokeAlarm\": true}}", NULL, "state 40/1 2 of 2 @1000"},
        {"[{\"ts\": 2000, \"values\": {\"level\": 3.2}}, {\"ts\": 1000, \"values\": {\"level\": "
         "3}}]",
         NULL,
         "value 92/1 2=300 @1000; value 92/1 2=320 @2000"},
        /* JetLinks */
        {"{\"properties\": {\"residual_current\": 300, \"fault\": 0}, \"messageId\": \"7\", "
         "\"timestamp\": 5000}",
         NULL,
         "value 17/1 9=3 @5000; device 0 of 4 @5000"},
        {"{\"data\": {\"smoke\": 1}, \"timestamp\": 5000}",
         "fire_alarm",
         "state 40/1 2 of 2 @5000; state 25/1 2 of 2 @5000"},
        /* ours */
        {"{\"time\": \"1970-01-01T08:00:01+08:00\", \"events\": [{\"name\": \"pump_run\", \"on\": "
         "true}, {\"name\": \"pump_fault\", \"on\": false}], \"values\": [{\"name\": "
         "\"water_pressure\", \"value\": \"0.35\", \"address\": 4}]}",
         NULL,
         "state 91/1 20 of 24 @1000; value 99/4 5=3500 @1000"},
        /* a number behind a name is an address; nonsense is told back */
        {"{\"Temperature_3\": 20, \"rssi\": -70, \"temp\": \"warm\", \"smoke\": 2}",
         NULL,
         "value 30/3 3=200 -rssi -temp -smoke"},
        {"{\"temperature\": 1e9}", NULL, "alive -temperature"},
        {"{}", NULL, "alive"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = readings_of(cases[i].body, cases[i].event);
        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

static void test_refusals(void) {
    static const char *const wrong[] = {"[1]",
                                        "{\"ts\": \"yesterday\"}",
                                        "{\"ts\": -1}",
                                        "{\"values\": [{\"value\": 1}]}",
                                        "{\"values\": [1]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Telemetry) telemetry = {0};
        g_assert_false(read_text(wrong[i], NULL, &telemetry, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
    g_autoptr(GString) many = g_string_new("[");
    for (unsigned i = 0; i <= LIMIT_TELEMETRY_READINGS; i++) {
        g_string_append_printf(many, "%s{\"ts\": %u, \"temp\": 1}", i == 0 ? "" : ",", i + 1);
    }
    g_string_append_c(many, ']');
    g_autoptr(GError) error = NULL;
    g_auto(Telemetry) telemetry = {0};
    g_assert_false(read_text(many->str, NULL, &telemetry, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
}

static void test_mapping_refusals(void) {
    static const char *const wrong[] = {
        "{\"states\": [{\"names\": [\"a\"], \"component\": 1, \"bit\": \"fier\"}]}",
        "{\"values\": [{\"names\": [\"a\"], \"component\": 1, \"analog\": 99}]}",
        "{\"states\": [{\"names\": [\"a b\", \"a_b\"], \"component\": 1, \"bit\": \"fire\"}]}",
        "{\"states\": [{\"names\": [\"\"], \"component\": 1, \"bit\": \"fire\"}]}"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(telemetry_map_read(wrong[i], strlen(wrong[i]), &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

/* --- topics --------------------------------------------------------------------------------------
 */

static char *codes_of(const char *topic, const char *payload) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) messages =
        g_ptr_array_new_with_free_func((GDestroyNotify)mqtt_message_free);
    g_autoptr(GString) line = g_string_new(NULL);
    if (!mqtt_translate(topic, payload, strlen(payload), messages, &error)) {
        return g_strdup("refused");
    }
    for (guint i = 0; i < messages->len; i++) {
        const MqttMessage *one = messages->pdata[i];
        g_string_append_printf(
            line, "%s%s:%u", i == 0 ? "" : " ", one->code, one->telemetry.readings->len);
    }
    return g_strdup(line->str);
}

static void test_topics(void) {
    static const struct {
        const char *topic, *payload, *wanted;
    } cases[] = {
        {"/smoke/S-1/properties/report", "{\"properties\": {\"smoke\": 1}}", "S-1:1"},
        {"/smoke/S-1/event/fire_alarm", "{\"data\": {}}", "S-1:1"},
        {"/gate/G/child/S-2/properties/report",
         "{\"properties\": {\"temp\": 1, \"smoke\": 1}}",
         "S-2:2"},
        {"/smoke/S-1/online", "", "S-1:1"},
        {"/smoke/S-1/offline", "", ""},
        {"v1/gateway/telemetry",
         "{\"A\": [{\"ts\": 1, \"values\": {\"temp\": 1}}], \"B\": [{}]}",
         "A:1 B:1"},
        {"v1/gateway/attributes", "{\"A\": {\"fault\": true}}", "A:1"},
        {"v1/gateway/connect", "{\"device\": \"A\"}", "A:1"},
        {"v1/devices/S-3/telemetry", "{\"temp\": 1}", "S-3:1"},
        {"v1/devices/me/telemetry", "{\"temp\": 1}", "refused"},
        {"v1/gateway/telemetry", "[]", "refused"},
        {"v1/gateway/telemetry", "{\"A B\": [{}]}", "refused"},
        {"/smoke/S-1/properties/report", "{\"a\": 1, \"a\": 2}", "refused"},
        {"/smoke/S-1/properties/report", "", "S-1:1"},
        {"other", "{}", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = codes_of(cases[i].topic, cases[i].payload);
        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
    g_autoptr(GError) error = NULL;
    g_assert_true(mqtt_url_check("mqtts://broker.example:8884", &error));
    g_assert_no_error(error);
    g_assert_false(mqtt_url_check("mqtt://user:secret@broker.example", &error));
    g_assert_nonnull(strstr(error->message, "HUOZHENG_MQTT_PASSWORD"));
    g_assert_null(strstr(error->message, "secret"));
}

/* --- stored --------------------------------------------------------------------------------------
 */

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

static void store(Ingest *ingest, const char *text) {
    g_autoptr(GError) error = NULL;
    g_auto(Telemetry) telemetry = {0};
    g_assert_true(read_text(text, NULL, &telemetry, &error));
    IngestMessage message = telemetry_message(&telemetry, "mqtt", "S-1", clock_now_us());
    g_assert_true(ingest_store(ingest, &message, &error));
    g_assert_no_error(error);
}

/* A message that tells one state leaves the others of the point as they are. */
static void test_partial_states(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_complete(db, &error));
    Ingest *ingest = ingest_start(&(IngestOptions){.db_url = test_db_url(fresh)}, &error);
    g_assert_no_error(error);
    store(ingest, "{\"fire_alarm\": 1}");
    store(ingest, "{\"detector_fault\": 1}");
    g_assert_cmpint(count(db, SQL("SELECT state_bits FROM point")), ==, 6);
    store(ingest, "{\"fire_alarm\": 0}");
    g_assert_cmpint(count(db, SQL("SELECT state_bits FROM point")), ==, 4);
    g_assert_cmpint(count(db, SQL("SELECT count(*) FROM edge WHERE kind = 'fire'")), ==, 2);
    store(ingest, "{\"battery_low\": 1}");
    store(ingest, "{\"tamper\": 1}");
    g_assert_cmpint(count(db, SQL("SELECT state_bits FROM device")), ==, 20);
    ingest_stop(ingest);
}

static void test_gate(void) {
    PushGate *gate = push_gate_new(2);
    const int64_t now_us = 1000 * CLOCK_SECOND_US;
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(push_gate_admit(gate, "a", 3, now_us));
    }
    g_assert_false(push_gate_admit(gate, "a", 3, now_us));
    g_assert_true(push_gate_admit(gate, "b", 1, now_us));
    g_assert_true(push_gate_admit(gate, "c", 1, now_us));  /* too many names: … */
    g_assert_false(push_gate_admit(gate, "d", 1, now_us)); /* … they share one count */
    g_assert_true(push_gate_admit(gate, "a", 3, now_us + 60 * CLOCK_SECOND_US));
    push_gate_free(gate);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/telemetry/reads-the-forms-of-platforms", test_forms);
    g_test_add_func("/telemetry/refuses-with-a-reason", test_refusals);
    g_test_add_func("/telemetry/a-mapping-that-is-wrong-is-refused", test_mapping_refusals);
    g_test_add_func("/mqtt/topics-name-devices", test_topics);
    g_test_add_func("/push/counts-by-minute", test_gate);
    test_db_add("/telemetry/states-that-are-not-told-stay", test_partial_states);
    return g_test_run();
}
