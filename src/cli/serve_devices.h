/* The device part of `huozheng serve`: its options, ingest and gateway. */
#pragma once

#include "cli/serve_mqtt.h"
#include "sensing/gateway.h"

typedef struct ServeDevices {
    char *address, *profile;
    int port; /* -1: not told */
    int connections, per_address;
    gboolean is_off, refuse_unknown;
    Ingest *ingest;   /* NULL: not started */
    Gateway *gateway; /* same */
    ServeMqtt mqtt;
} ServeDevices;

/* To be added to the command's options; fills `devices`. Owned by the context. */
GOptionGroup *serve_devices_options(ServeDevices *devices);
bool serve_devices_check(const ServeDevices *devices, GError **error);
/* `any_port`: where no port was told, take one that is free (tests run side by side). */
bool serve_devices_start(
    ServeDevices *devices, const char *db_url, WebServer *server, bool any_port, GError **error);
/* Frames that were taken are stored. */
void serve_devices_stop(ServeDevices *devices);
void serve_devices_clear(ServeDevices *devices);
