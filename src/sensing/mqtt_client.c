/* The connection to the broker. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "sensing/mqtt.h"
#include "web/log.h"

#include <errno.h>
#include <gio/gio.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define KEEPALIVE_S 30
#define TURN_MS 1000
#define CONNECT_S 5
#define PAUSE_FIRST_MS 200
#define PAUSE_MAX_MS 10000
#define PORT_PLAIN 1883
#define PORT_TLS 8883
#define CA_FOLDER "/etc/ssl/certs"
#define REFUSED_LOG_US (60 * CLOCK_SECOND_US) /* one line a minute for what makes no sense */

struct Mqtt {
    char *host, *user, *password, *ca_file, *client_id;
    int port;
    bool is_tls;
    Ingest *ingest;
    pthread_t thread;
    _Atomic bool is_stopping;
    int wake_fd;
    GCancellable *cancel;
    struct mosquitto *client;
    bool is_connected, is_lost;
    bool is_away; /* logged once */
    GPtrArray *messages; /* read, not stored yet: of MqttMessage */
    guint publications;
    uint64_t refused;
    int64_t refused_us; /* of the last line */
};

/* --- what it is told -----------------------------------------------------------------------------
 */

static GUri *read_url(const char *url, GError **error) {
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
    bool is_good = (strcmp(scheme, "mqtt") == 0 || strcmp(scheme, "mqtts") == 0) &&
                   g_uri_get_host(uri) != NULL && *g_uri_get_host(uri) != '\0' &&
                   g_uri_get_query(uri) == NULL;
    if (!is_good) {
        hz_fail(error, HZ_ERROR_INVALID, "the broker is mqtt://HOST[:PORT] or mqtts://HOST[:PORT]");
        return NULL;
    }
    if (g_uri_get_userinfo(uri) != NULL) {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "no user and password in the URL, where every process list shows them: use "
                "HUOZHENG_MQTT_USER and HUOZHENG_MQTT_PASSWORD or a file");
        return NULL;
    }
    return g_steal_pointer(&uri);
}

bool mqtt_url_check(const char *url, GError **error) {
    g_autoptr(GUri) uri = read_url(url, error);
    return uri != NULL;
}

/* --- publications --------------------------------------------------------------------------------
 */

static void note_refused(Mqtt *mqtt, const char *topic, const GError *why) {
    int64_t now_us = g_get_monotonic_time();
    mqtt->refused++;
    if (mqtt->refused_us == 0 || now_us - mqtt->refused_us >= REFUSED_LOG_US) {
        mqtt->refused_us = now_us;
        log_event("mqtt.refused",
                  "topic=%s error=%s all=%" G_GUINT64_FORMAT,
                  topic,
                  why->message,
                  mqtt->refused);
    }
}

static void
on_message(struct mosquitto *client, void *data, const struct mosquitto_message *publication) {
    Mqtt *mqtt = data;
    g_autoptr(GError) error = NULL;
    (void)client;
    mqtt->publications++;
    if (publication->retain) {
        return; /* told again at each start: what was true once may be over */
    }
    guint before = mqtt->messages->len;
    if (!mqtt_translate(publication->topic,
                        publication->payload,
                        (size_t)MAX(publication->payloadlen, 0),
                        mqtt->messages,
                        &error)) {
        g_ptr_array_set_size(mqtt->messages, (gint)before);
        note_refused(mqtt, publication->topic, error);
    }
}

/* False: something could not be stored now, so nothing of it may be acknowledged. */
static bool store(Mqtt *mqtt) {
    guint count = mqtt->messages->len;
    g_autofree IngestMessage *messages = g_new0(IngestMessage, count);
    g_autofree GError **errors = g_new0(GError *, count);
    int64_t now_us = clock_now_us();
    bool is_stored = true;
    for (guint i = 0; i < count; i++) {
        const MqttMessage *one = mqtt->messages->pdata[i];
        messages[i] = telemetry_message(&one->telemetry, "mqtt", one->code, now_us);
    }
    ingest_store_many(mqtt->ingest, messages, count, errors);
    for (guint i = 0; i < count; i++) {
        if (errors[i] == NULL) {
            continue;
        }
        if (g_error_matches(errors[i], HZ_ERROR, HZ_ERROR_UNAVAILABLE)) {
            is_stored = false;
        } else {
            note_refused(mqtt, messages[i].code, errors[i]);
        }
        g_clear_error(&errors[i]);
    }
    g_ptr_array_set_size(mqtt->messages, 0);
    mqtt->publications = 0;
    return is_stored;
}

/* --- the connection ------------------------------------------------------------------------------
 */

static void on_connect(struct mosquitto *client, void *data, int code) {
    Mqtt *mqtt = data;
    if (code != 0) {
        log_problem(
            LOG_LEVEL_WARNING, "mqtt.denied", "error=%s", mosquitto_connack_string(code));
        mqtt->is_lost = true;
        return;
    }
    for (const char *const *topic = mqtt_topics; *topic != NULL; topic++) {
        mosquitto_subscribe(client, NULL, *topic, 1);
    }
    mqtt->is_connected = true;
    mqtt->is_away = false;
    log_event("mqtt.connected", "broker=%s:%d", mqtt->host, mqtt->port);
}

static void on_disconnect(struct mosquitto *client, void *data, int code) {
    Mqtt *mqtt = data;
    (void)client;
    (void)code;
    mqtt->is_lost = true;
}

/* Closes without writing: acknowledgements that wait are dropped. */
static void drop(Mqtt *mqtt) {
    mosquitto_destroy(mqtt->client);
    mqtt->client = NULL;
    mqtt->is_connected = false;
    g_ptr_array_set_size(mqtt->messages, 0);
    mqtt->publications = 0;
}

/* libmosquitto connects without a time limit and cannot be stopped meanwhile. */
static bool is_there(Mqtt *mqtt) {
    g_autoptr(GSocketClient) probe = g_socket_client_new();
    g_socket_client_set_timeout(probe, CONNECT_S);
    g_autoptr(GSocketConnection) found = g_socket_client_connect_to_host(
        probe, mqtt->host, (guint16)mqtt->port, mqtt->cancel, NULL);
    return found != NULL;
}

static bool open_connection(Mqtt *mqtt) {
    mqtt->client = mosquitto_new(mqtt->client_id, false, mqtt);
    mqtt->is_lost = mqtt->is_connected = false;
    /* With threads announced it only writes when it is told to: see mqtt.h. */
    mosquitto_threaded_set(mqtt->client, true);
    mosquitto_connect_callback_set(mqtt->client, on_connect);
    mosquitto_disconnect_callback_set(mqtt->client, on_disconnect);
    mosquitto_message_callback_set(mqtt->client, on_message);
    int failed = mosquitto_username_pw_set(mqtt->client, mqtt->user, mqtt->password);
    if (failed == 0 && mqtt->is_tls) {
        const char *folder = mqtt->ca_file == NULL ? CA_FOLDER : NULL;
        failed = mosquitto_tls_set(mqtt->client, mqtt->ca_file, folder, NULL, NULL, NULL);
    }
    if (failed == 0) {
        failed = mosquitto_connect(mqtt->client, mqtt->host, mqtt->port, KEEPALIVE_S);
    }
    if (failed != 0 && !mqtt->is_away) {
        mqtt->is_away = true;
        log_problem(
            LOG_LEVEL_WARNING, "mqtt.away", "error=%s", mosquitto_strerror(failed));
    }
    return failed == 0;
}

/* Reads what is there, up to a batch. */
static bool read_some(Mqtt *mqtt) {
    guint before;
    int failed;
    do {
        before = mqtt->publications;
        failed = mosquitto_loop_read(mqtt->client, 1);
    } while (failed == 0 && mqtt->publications > before && mqtt->publications < LIMIT_MQTT_BATCH);
    return failed == 0;
}

/* One turn; false: the connection is to be dropped. */
static bool turn(Mqtt *mqtt) {
    int fd = mosquitto_socket(mqtt->client);
    if (fd < 0) {
        return false;
    }
    struct pollfd fds[] = {
        {.fd = fd,
         .events = (short)(POLLIN | (mosquitto_want_write(mqtt->client) ? POLLOUT : 0))},
        {.fd = mqtt->wake_fd, .events = POLLIN},
    };
    if (poll(fds, G_N_ELEMENTS(fds), TURN_MS) < 0 && errno != EINTR) {
        return false;
    }
    bool is_open = read_some(mqtt);
    if (mqtt->messages->len > 0 && !store(mqtt)) {
        return false;
    }
    mqtt->publications = 0;
    return is_open && mosquitto_loop_write(mqtt->client, 1) == 0 &&
           mosquitto_loop_misc(mqtt->client) == 0 && !mqtt->is_lost;
}

static void pause_for(Mqtt *mqtt, unsigned *ms) {
    struct pollfd fds[] = {{.fd = mqtt->wake_fd, .events = POLLIN}};
    (void)poll(fds, 1, (int)*ms);
    *ms = MIN(*ms * 2, PAUSE_MAX_MS);
}

static void *mqtt_main(void *data) {
    Mqtt *mqtt = data;
    unsigned pause_ms = PAUSE_FIRST_MS;
    while (!atomic_load(&mqtt->is_stopping)) {
        bool is_open = is_there(mqtt) && open_connection(mqtt);
        while (is_open && !atomic_load(&mqtt->is_stopping) && turn(mqtt)) {
            pause_ms = mqtt->is_connected ? PAUSE_FIRST_MS : pause_ms;
        }
        bool was_connected = mqtt->is_connected;
        if (mqtt->client != NULL && atomic_load(&mqtt->is_stopping)) {
            mosquitto_disconnect(mqtt->client);
            mosquitto_loop_write(mqtt->client, 1);
        }
        if (mqtt->client != NULL) {
            drop(mqtt);
        }
        if (atomic_load(&mqtt->is_stopping)) {
            break;
        }
        if (was_connected || !mqtt->is_away) {
            mqtt->is_away = true;
            log_problem(
                LOG_LEVEL_WARNING, "mqtt.lost", "broker=%s:%d", mqtt->host, mqtt->port);
        }
        pause_for(mqtt, &pause_ms);
    }
    return NULL;
}

/* --- start and stop ------------------------------------------------------------------------------
 */

Mqtt *mqtt_start(const MqttOptions *options, Ingest *ingest, GError **error) {
    g_autoptr(GUri) uri = read_url(options->url, error);
    if (uri == NULL) {
        return NULL;
    }
    mosquitto_lib_init();
    Mqtt *mqtt = g_new0(Mqtt, 1);
    mqtt->is_tls = strcmp(g_uri_get_scheme(uri), "mqtts") == 0;
    mqtt->host = g_strdup(g_uri_get_host(uri));
    mqtt->port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri)
                                         : (mqtt->is_tls ? PORT_TLS : PORT_PLAIN);
    mqtt->user = g_strdup(options->user);
    mqtt->password = g_strdup(options->password);
    mqtt->ca_file = g_strdup(options->ca_file);
    mqtt->client_id = g_strdup(options->client_id != NULL ? options->client_id : "huozheng");
    mqtt->ingest = ingest;
    mqtt->messages = g_ptr_array_new_with_free_func((GDestroyNotify)mqtt_message_free);
    mqtt->cancel = g_cancellable_new();
    mqtt->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert(mqtt->wake_fd >= 0);
    int failed = pthread_create(&mqtt->thread, NULL, mqtt_main, mqtt);
    g_assert(failed == 0);
    return mqtt;
}

void mqtt_stop(Mqtt *mqtt) {
    if (mqtt == NULL) {
        return;
    }
    atomic_store(&mqtt->is_stopping, true);
    g_cancellable_cancel(mqtt->cancel);
    uint64_t one = 1;
    ssize_t written = write(mqtt->wake_fd, &one, sizeof one);
    g_assert(written == sizeof one);
    pthread_join(mqtt->thread, NULL);
    g_object_unref(mqtt->cancel);
    close(mqtt->wake_fd);
    g_ptr_array_unref(mqtt->messages);
    g_free(mqtt->host);
    g_free(mqtt->user);
    g_free(mqtt->password);
    g_free(mqtt->ca_file);
    g_free(mqtt->client_id);
    g_free(mqtt);
    mosquitto_lib_cleanup();
}
