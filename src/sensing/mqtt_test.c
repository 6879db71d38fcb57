/* A real broker: what it was told is acknowledged when it is stored, and told again when not. */
#include "sensing/mqtt.h"

#include "base/clock.h"
#include "ledger/ledger.h"
#include "test_db.h"
#include "test_folder.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_US (30 * CLOCK_SECOND_US)

/* --- a broker of our own -------------------------------------------------------------------------
 */

typedef struct Broker {
    char *folder, *log, *url;
    uint16_t port;
    GSubprocess *process;
} Broker;

static uint16_t free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof at), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&at, &size), ==, 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int connect_to(uint16_t port) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 30};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void wait_turn(int64_t begun_us, const char *what) {
    if (g_get_monotonic_time() - begun_us > PATIENCE_US) {
        g_error("waited in vain for: %s", what);
    }
    g_usleep(2000);
}

/* The path of Debian is not in everybody's PATH. */
static char *broker_program(void) {
    char *found = g_find_program_in_path("mosquitto");
    return found != NULL ? found : g_strdup("/usr/sbin/mosquitto");
}

/* Who may publish what, as docs/sensors.md asks for. */
static const char rules[] = "pattern write /+/%u/properties/report\n"
                            "pattern write /+/%u/event/+\n"
                            "pattern write /+/%u/online\n"
                            "user gateway-7\n"
                            "topic write /+/gateway-7/child/#\n"
                            "user huozheng\n"
                            "topic read #\n";

static Broker broker_start(void) {
    g_autoptr(GError) error = NULL;
    Broker broker = {.folder = g_dir_make_tmp("mqtt-XXXXXX", &error), .port = free_port()};
    g_assert_no_error(error);
    broker.log = g_build_filename(broker.folder, "log", NULL);
    broker.url = g_strdup_printf("mqtt://127.0.0.1:%u", broker.port);
    g_autofree char *file = g_build_filename(broker.folder, "mosquitto.conf", NULL);
    g_autofree char *acl = g_build_filename(broker.folder, "acl", NULL);
    g_autofree char *text = g_strdup_printf("listener %u 127.0.0.1\n"
                                            "allow_anonymous true\n"
                                            "user root\n" /* else its own cannot read the rules */
                                            "acl_file %s\n"
                                            "log_dest stderr\n"
                                            "log_type all\n",
                                            broker.port,
                                            acl);
    g_assert_true(g_file_set_contents(acl, rules, -1, &error));
    g_assert_true(g_file_set_contents(file, text, -1, &error));
    g_autofree char *program = broker_program();
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_subprocess_launcher_set_stderr_file_path(launcher, broker.log);
    broker.process = g_subprocess_launcher_spawn(launcher, &error, program, "-c", file, NULL);
    g_assert_no_error(error);
    int fd;
    for (int64_t begun_us = g_get_monotonic_time(); (fd = connect_to(broker.port)) < 0;) {
        wait_turn(begun_us, "the broker");
    }
    close(fd);
    return broker;
}

static void broker_stop(Broker *broker) {
    g_subprocess_force_exit(broker->process);
    g_subprocess_wait(broker->process, NULL, NULL);
    g_object_unref(broker->process);
    g_autofree char *file = g_build_filename(broker->folder, "mosquitto.conf", NULL);
    g_autofree char *acl = g_build_filename(broker->folder, "acl", NULL);
    g_unlink(file);
    g_unlink(acl);
    g_unlink(broker->log);
    g_rmdir(broker->folder);
    g_free(broker->folder);
    g_free(broker->log);
    g_free(broker->url);
}

static void wait_for_log(const Broker *broker, const char *wanted) {
    for (int64_t begun_us = g_get_monotonic_time();;) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(broker->log, &text, NULL, NULL) && strstr(text, wanted) != NULL) {
            return;
        }
        wait_turn(begun_us, wanted);
    }
}

/* --- a sensor ------------------------------------------------------------------------------------
 */

static void put_text(GByteArray *packet, const char *text) {
    size_t size = strlen(text);
    const uint8_t head[] = {(uint8_t)(size >> 8), (uint8_t)size};
    g_byte_array_append(packet, head, sizeof head);
    g_byte_array_append(packet, (const uint8_t *)text, (guint)size);
}

static void send_packet(int fd, uint8_t kind, const GByteArray *body) {
    g_assert_cmpint(body->len, <, 16384);
    const uint8_t head[] = {kind, (uint8_t)(body->len & 127) | 128, (uint8_t)(body->len >> 7)};
    g_assert_cmpint(send(fd, head, sizeof head, MSG_NOSIGNAL), ==, sizeof head);
    g_assert_cmpint(send(fd, body->data, body->len, MSG_NOSIGNAL), ==, (ssize_t)body->len);
}

/* MQTT 3.1.1 as in the OASIS standard: connect, one publication with QoS 1, its acknowledgement. */
static void
publish(const Broker *broker, const char *user, const char *topic, const char *payload) {
    static const uint8_t connect_head[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0x82, 0, 60};
    static const uint8_t number[] = {0, 1};
    uint8_t answer[4];
    int fd = connect_to(broker->port);
    g_autoptr(GByteArray) hello = g_byte_array_new();
    g_byte_array_append(hello, connect_head, sizeof connect_head);
    put_text(hello, "sensor");
    put_text(hello, user);
    send_packet(fd, 0x10, hello);
    g_assert_cmpint(recv(fd, answer, sizeof answer, MSG_WAITALL), ==, sizeof answer);
    g_assert_cmpint(answer[0], ==, 0x20);
    g_autoptr(GByteArray) message = g_byte_array_new();
    put_text(message, topic);
    g_byte_array_append(message, number, sizeof number);
    g_byte_array_append(message, (const uint8_t *)payload, (guint)strlen(payload));
    send_packet(fd, 0x32, message);
    g_assert_cmpint(recv(fd, answer, sizeof answer, MSG_WAITALL), ==, sizeof answer);
    g_assert_cmpint(answer[0], ==, 0x40);
    close(fd);
}

/* --- our side ------------------------------------------------------------------------------------
 */

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

static void wait_for_count(Db *db, Sql sql, int64_t wanted) {
    for (int64_t begun_us = g_get_monotonic_time(); count(db, sql) < wanted;) {
        wait_turn(begun_us, "rows");
    }
    g_assert_cmpint(count(db, sql), ==, wanted);
}

static Ingest *start_ingest(const TestDb *fresh) {
    g_autoptr(GError) error = NULL;
    Ingest *ingest = ingest_start(&(IngestOptions){.db_url = test_db_url(fresh)}, &error);
    g_assert_no_error(error);
    return ingest;
}

static Mqtt *start_mqtt(const Broker *broker, Ingest *ingest) {
    g_autoptr(GError) error = NULL;
    Mqtt *mqtt =
        mqtt_start(&(MqttOptions){.url = broker->url, .user = "huozheng", .client_id = "test"},
                   ingest,
                   &error);
    g_assert_no_error(error);
    return mqtt;
}

#define FIRES SQL("SELECT count(*) FROM edge WHERE kind = 'fire' AND is_on = 1")
#define SUBSCRIBED "test 1 v1/devices/+/attributes" /* the last of mqtt_topics */
#define FIRE_1 "{\"properties\": {\"fire_alarm\": 1}, \"timestamp\": 1795000000000}"

static void test_stored(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, NULL);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_complete(db, &error));
    Broker broker = broker_start();
    Ingest *ingest = start_ingest(fresh);
    Mqtt *mqtt = start_mqtt(&broker, ingest);
    wait_for_log(&broker, SUBSCRIBED);
    publish(&broker, "S-1", "/smoke/S-1/properties/report", FIRE_1);
    publish(&broker, "S-1", "/smoke/S-1/properties/report", "not JSON");
    publish(&broker, "gateway-7", "/gate/gateway-7/child/S-2/properties/report", FIRE_1);
    /* The rules keep a device from speaking for another. */
    publish(&broker, "S-1", "/smoke/S-8/properties/report", FIRE_1);
    publish(&broker, "S-1", "/smoke/S-1/child/S-8/properties/report", FIRE_1);
    publish(&broker, "S-1", "v1/gateway/telemetry", "{\"S-8\": [{\"fire\": 1}]}");
    publish(&broker, "S-3", "/smoke/S-3/event/tamper", "{}");
    wait_for_count(db, FIRES, 2);
    wait_for_count(db, SQL("SELECT count(*) FROM device WHERE protocol = 'mqtt'"), 3);

    /* Another process takes the lane over: nothing of ours can be stored any more. */
    Ingest *heir = start_ingest(fresh);
    publish(&broker, "S-4", "/smoke/S-4/properties/report", FIRE_1);
    wait_for_log(&broker, "Sending PUBLISH to test (d1"); /* a second time, unacknowledged */
    g_assert_cmpint(count(db, FIRES), ==, 2);
    mqtt_stop(mqtt);
    ingest_stop(ingest);

    /* The broker has kept it for whoever comes under this name. */
    mqtt = start_mqtt(&broker, heir);
    wait_for_count(db, FIRES, 3);

    /* A broker that went away is found again. */
    broker_stop(&broker);
    mqtt_stop(mqtt);
    ingest_stop(heir);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/mqtt/acknowledges-after-the-commit", test_stored);
    return g_test_run();
}
