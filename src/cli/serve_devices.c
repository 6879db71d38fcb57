#include "cli/serve_devices.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

GOptionGroup *serve_devices_options(ServeDevices *devices) {
    const GOptionEntry entries[] = {
        {"device-address",
         0,
         0,
         G_OPTION_ARG_STRING,
         &devices->address,
         "listen for devices here (127.0.0.1)",
         "IP"},
        {"device-port",
         0,
         0,
         G_OPTION_ARG_INT,
         &devices->port,
         "TCP and UDP; 0: any free port (26875; any with --port 0)",
         "N"},
        {"device-profile",
         0,
         0,
         G_OPTION_ARG_STRING,
         &devices->profile,
         "dialect of devices that are not registered (standard)",
         "NAME"},
        {"device-connections",
         0,
         0,
         G_OPTION_ARG_INT,
         &devices->connections,
         "connections by TCP (60000, or what descriptors allow), and senders by UDP (60000)",
         "N"},
        {"device-per-address",
         0,
         0,
         G_OPTION_ARG_INT,
         &devices->per_address,
         "connections from one network address (512), and four times as many frames a second",
         "N"},
        {"refuse-unknown-devices",
         0,
         0,
         G_OPTION_ARG_NONE,
         &devices->refuse_unknown,
         "only registered devices; without it others are learned",
         NULL},
        {"no-devices", 0, 0, G_OPTION_ARG_NONE, &devices->is_off, "no device gateway", NULL},
        {"no-sensing",
         0,
         0,
         G_OPTION_ARG_NONE,
         &devices->hears_nothing,
         "another server on this database hears devices and sensors",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group =
        g_option_group_new("devices", "Devices:", "Options of the device gateway", NULL, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

bool serve_devices_check(const ServeDevices *devices, GError **error) {
    bool in_range = devices->port >= -1 && devices->port <= UINT16_MAX &&
                    devices->connections >= 0 && devices->per_address >= 0;
    if (!in_range) {
        return hz_fail(error, HZ_ERROR_INVALID, "a number of --device-… is out of range");
    }
    return serve_mqtt_check(&devices->mqtt, error);
}

static uint16_t port_of(const ServeDevices *devices, bool any_port) {
    return devices->port >= 0 ? (uint16_t)devices->port : any_port ? 0 : GATEWAY_PORT;
}

bool serve_devices_start(
    ServeDevices *devices, const char *db_url, WebServer *server, bool any_port, GError **error) {
    const IngestOptions ingest = {
        .db_url = db_url,
        .refuse_unknown = devices->refuse_unknown,
        .server = server,
    };
    const GatewayOptions gateway = {
        .address = devices->address,
        .port = port_of(devices, any_port),
        .connections_max = (unsigned)devices->connections,
        .per_address_max = (unsigned)devices->per_address,
        .profile = devices->profile,
    };
    if (devices->hears_nothing) {
        return true;
    }
    /* Ingest also serves what comes by HTTP and MQTT. */
    devices->ingest = ingest_start(&ingest, error);
    if (devices->ingest == NULL || !serve_mqtt_start(&devices->mqtt, devices->ingest, error)) {
        serve_devices_stop(devices);
        return false;
    }
    if (devices->is_off) {
        return true;
    }
    devices->gateway = gateway_start(&gateway, devices->ingest, error);
    if (devices->gateway == NULL) {
        serve_devices_stop(devices);
        return false;
    }
    printf("devices at %s:%u (TCP and UDP)\n",
           devices->address != NULL ? devices->address : "127.0.0.1",
           gateway_port(devices->gateway));
    return true;
}

void serve_devices_begin_stop(ServeDevices *devices) {
    if (devices->ingest != NULL) {
        ingest_begin_stop(devices->ingest);
    }
}

void serve_devices_stop(ServeDevices *devices) {
    serve_mqtt_stop(&devices->mqtt);
    if (devices->gateway != NULL) {
        gateway_stop(devices->gateway);
    }
    if (devices->ingest != NULL) {
        ingest_stop(devices->ingest);
    }
    if (devices->gateway != NULL) {
        gateway_free(devices->gateway);
    }
    devices->gateway = NULL;
    devices->ingest = NULL;
}

void serve_devices_clear(ServeDevices *devices) {
    g_free(devices->address);
    g_free(devices->profile);
    serve_mqtt_clear(&devices->mqtt);
}
