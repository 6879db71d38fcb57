/* The MQTT part of `huozheng serve`: its options and the connection to a broker. */
#pragma once

#include "sensing/mqtt.h"

typedef struct ServeMqtt {
    char *url, *credentials, *ca_file, *client_id;
    Mqtt *mqtt; /* NULL: not started */
} ServeMqtt;

/* To be added to the command's options; fills `serve`. Owned by the context. */
GOptionGroup *serve_mqtt_options(ServeMqtt *serve);
bool serve_mqtt_check(const ServeMqtt *serve, GError **error);
/* Nothing without a URL. User and password come from the file of --mqtt-credentials or from
 * HUOZHENG_MQTT_USER and HUOZHENG_MQTT_PASSWORD. */
bool serve_mqtt_start(ServeMqtt *serve, Ingest *ingest, GError **error);
void serve_mqtt_stop(ServeMqtt *serve);
void serve_mqtt_clear(ServeMqtt *serve);
