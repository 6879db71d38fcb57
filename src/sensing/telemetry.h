/*
 * JSON that sensors send (HTTP, MQTT) to readings. Forms: our own, ThingsBoard telemetry and
 * attributes, JetLinks properties and events (docs/devices.md shows each). Which property means what
 * stands in src/sensing/telemetry/standard.json. Pure. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "sensing/ingest.h"

typedef struct Telemetry {
    GArray *readings;   /* of Reading, oldest first; at least one: a sign of life */
    GPtrArray *ignored; /* of char *: properties that nobody knows or whose value makes no sense */
    uint64_t key;       /* tells a body that is sent again; 0: it has neither number nor time */
    int64_t sent_us;    /* 0: it tells none */
} Telemetry;
void telemetry_clear(Telemetry *telemetry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Telemetry, telemetry_clear)

/* `event` is the name of a JetLinks event, NULL: none; it counts as a property that is on. The
 * telemetry is to be cleared also after a failure. HZ_ERROR_INVALID: the form is none of ours;
 * HZ_ERROR_LIMIT: more than LIMIT_TELEMETRY_READINGS. */
bool telemetry_read(const json_t *body, const char *event, Telemetry *ret, GError **error);

/* The readings as a message of a device. Borrows both. */
IngestMessage telemetry_message(const Telemetry *telemetry,
                                const char *protocol,
                                const char *code,
                                int64_t received_us);

/* How a device may be named in an address: letters, digits, "-", "_", ".", ":"; 1 to 64. */
bool telemetry_code_is_valid(const char *code);

/* --- the mapping (telemetry_map.c) ---------------------------------------------------------------
 */

typedef struct TelemetryProperty {
    char *name;     /* only small letters and digits */
    bool is_device; /* a state of the device itself */
    bool is_value;
    uint8_t system_type, component_type;
    uint16_t bit;
    uint8_t analog_type;
    double factor; /* to the unit of the analog type */
} TelemetryProperty;

/* Reads a mapping: array of TelemetryProperty, sorted by name; NULL with the reason. */
GArray *telemetry_map_read(const char *text, size_t size, GError **error);
/* What a property means, NULL: unknown. Big letters, "_", "-" and " " do not matter; a number
 * behind a known name is the component's address (*ret_address, else 1). */
const TelemetryProperty *telemetry_property(const char *name, uint32_t *ret_address);
