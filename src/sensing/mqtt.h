/*
 * Sensors behind an MQTT broker, in the topics of JetLinks and ThingsBoard (docs/devices.md).
 *
 * One thread with one connection (QoS 1, persistent session). A publication is acknowledged to the
 * broker only after its commit: libmosquitto would acknowledge on arrival, so this thread drives
 * its sockets itself and writes only when what was read is stored. When the database is away the
 * connection is dropped with nothing acknowledged, and the broker sends all of it again.
 */
#pragma once

#include "sensing/telemetry.h"

typedef struct Mqtt Mqtt;

typedef struct MqttOptions {
    const char *url;       /* "mqtt://host[:1883]", "mqtts://host[:8883]"; no credentials in it */
    const char *user;      /* NULL: none */
    const char *password;  /* NULL: none */
    const char *ca_file;   /* for mqtts; NULL: those of the system */
    const char *client_id; /* names the session at the broker; NULL: "huozheng" */
} MqttOptions;

/* Is this URL one of ours? HZ_ERROR_INVALID with what is wrong. */
bool mqtt_url_check(const char *url, GError **error);
/* Starts the thread, which connects and goes on trying. */
Mqtt *mqtt_start(const MqttOptions *options, Ingest *ingest, GError **error);
/* What was read is stored first. Call before ingest_stop. */
void mqtt_stop(Mqtt *mqtt);

/* --- publications (mqtt_topic.c) -----------------------------------------------------------------
 */

/* What one publication tells of one device. */
typedef struct MqttMessage {
    char *code;
    Telemetry telemetry;
} MqttMessage;
void mqtt_message_free(MqttMessage *message);

/* Topics to subscribe to; ends with NULL. */
extern const char *const mqtt_topics[];

/* Appends the messages in a publication to `messages` (of MqttMessage, owned). A topic that is none
 * of ours gives none. HZ_ERROR_INVALID or HZ_ERROR_LIMIT: it makes no sense and never will. Pure. */
bool mqtt_translate(
    const char *topic, const void *payload, size_t size, GPtrArray *messages, GError **error);
