/*
 * The device gateway: GB/T 26875.3 over TCP and UDP. Sockets and limits only; meaning is in
 * frame/ (codec, session) and in ingest.
 *
 * A network thread owns the sockets; a frame is confirmed only after ingest has committed it. A
 * full ingest stops reading, nothing is dropped.
 */
#pragma once

#include "sensing/ingest.h"

typedef struct Gateway Gateway;

#define GATEWAY_PORT 26875 /* the standard names no port; this one is its number */

typedef struct GatewayOptions {
    const char *address;      /* "127.0.0.1" or "::1"; NULL: 127.0.0.1 */
    uint16_t port;            /* TCP and UDP; 0: any free port */
    unsigned connections_max; /* of all devices by TCP, and senders by UDP; 0: limits.h */
    unsigned per_address_max; /* of each from one network address; 0: LIMIT_DEVICE_PER_ADDRESS */
    const char *profile;      /* dialect of devices that are not registered; NULL: "standard" */
} GatewayOptions;

Gateway *gateway_start(const GatewayOptions *options, Ingest *ingest, GError **error);
uint16_t gateway_port(const Gateway *gateway);
/* Closes all connections and ends the thread. Ingest may still hold frames; it stores them and
 * nobody is told. Then ingest_stop, then gateway_free. */
void gateway_stop(Gateway *gateway);
void gateway_free(Gateway *gateway);
