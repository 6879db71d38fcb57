/* Which device a publication is about, and what it says. */
#include "sensing/mqtt.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define PARTS_MAX 8

const char *const mqtt_topics[] = {
    /* JetLinks */
    "/+/+/properties/report",
    "/+/+/event/+",
    "/+/+/online",
    "/+/+/offline",
    "/+/+/child/+/properties/report",
    "/+/+/child/+/event/+",
    /* ThingsBoard: gateways, and devices whose broker puts their name where "me" stands */
    "v1/gateway/telemetry",
    "v1/gateway/attributes",
    "v1/gateway/connect",
    "v1/devices/+/telemetry",
    "v1/devices/+/attributes",
    NULL,
};

void mqtt_message_free(MqttMessage *message) {
    g_free(message->code);
    telemetry_clear(&message->telemetry);
    g_free(message);
}

/* One device's body; NULL: a sign of life. */
static bool add(GPtrArray *messages,
                const char *code,
                const json_t *body,
                const char *event,
                GError **error) {
    if (!telemetry_code_is_valid(code)) {
        return hz_fail(error, HZ_ERROR_INVALID, "a device's name has letters, digits, - _ . :");
    }
    g_autoptr(json_t) empty = json_object();
    MqttMessage *message = g_new0(MqttMessage, 1);
    message->code = g_strdup(code);
    g_ptr_array_add(messages, message);
    return telemetry_read(body != NULL ? body : empty, event, &message->telemetry, error);
}

/* {"Device A": …, "Device B": …} */
static bool add_devices(GPtrArray *messages, const json_t *body, GError **error) {
    const char *code;
    json_t *value;
    if (!json_is_object(body)) {
        return hz_fail(error, HZ_ERROR_INVALID, "a gateway's body names its devices");
    }
    if (json_object_size(body) > LIMIT_MQTT_DEVICES) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d devices", LIMIT_MQTT_DEVICES);
    }
    json_object_foreach((json_t *)body, code, value) {
        if (!add(messages, code, value, NULL, error)) {
            return false;
        }
    }
    return true;
}

/* v1/gateway/… */
static bool
take_gateway(const char *what, const json_t *body, GPtrArray *messages, GError **error) {
    if (strcmp(what, "connect") != 0) {
        return add_devices(messages, body, error);
    }
    const char *code = json_get_text(body, "device", NULL);
    return code != NULL ? add(messages, code, NULL, NULL, error)
                        : hz_fail(error, HZ_ERROR_INVALID, "wants {\"device\": NAME}");
}

/* v1/devices/{code}/… */
static bool
take_device(const char *code, const json_t *body, GPtrArray *messages, GError **error) {
    /* The broker knows who "me" is and does not tell. */
    return strcmp(code, "me") != 0
               ? add(messages, code, body, NULL, error)
               : hz_fail(error, HZ_ERROR_INVALID, "the broker must put the name in place of \"me\"");
}

/* /{product}/{device}/… after the device or the child. */
static bool take_jetlinks(
    const char *code, char **rest, const json_t *body, GPtrArray *messages, GError **error) {
    guint count = g_strv_length(rest);
    if (count == 2 && strcmp(rest[0], "properties") == 0 && strcmp(rest[1], "report") == 0) {
        return add(messages, code, body, NULL, error);
    }
    if (count == 2 && strcmp(rest[0], "event") == 0) {
        return add(messages, code, body, rest[1], error);
    }
    if (count == 1 && strcmp(rest[0], "online") == 0) {
        return add(messages, code, NULL, NULL, error);
    }
    return true; /* "offline": ingest notices silence by itself */
}

bool mqtt_translate(
    const char *topic, const void *payload, size_t size, GPtrArray *messages, GError **error) {
    g_auto(GStrv) parts = g_strsplit(topic, "/", PARTS_MAX);
    guint count = g_strv_length(parts);
    if (size > LIMIT_MQTT_PAYLOAD) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d bytes", LIMIT_MQTT_PAYLOAD);
    }
    bool is_empty = size == 0 || (count == 4 && parts[0][0] == '\0'); /* on- and offline */
    g_autoptr(json_t) body = is_empty ? json_object() : json_read(payload, size, error);
    if (body == NULL) {
        return false;
    }
    if (count == 3 && strcmp(parts[0], "v1") == 0 && strcmp(parts[1], "gateway") == 0) {
        return take_gateway(parts[2], body, messages, error);
    }
    if (count == 4 && strcmp(parts[0], "v1") == 0 && strcmp(parts[1], "devices") == 0) {
        return take_device(parts[2], body, messages, error);
    }
    if (count >= 6 && parts[0][0] == '\0' && strcmp(parts[3], "child") == 0) {
        return take_jetlinks(parts[4], parts + 5, body, messages, error);
    }
    if (count >= 4 && parts[0][0] == '\0') {
        return take_jetlinks(parts[2], parts + 3, body, messages, error);
    }
    return true;
}
