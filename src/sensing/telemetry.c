/* Bodies that sensors send, in every form that we take. */
#include "sensing/telemetry.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "frame/gb26875_words.h"
#include "sensing/ingest_internal.h"

#include <math.h>
#include <string.h>

#define IGNORED_MAX 20 /* names that the answer tells */
#define CODE_MAX 64
#define TIME_MAX_MS INT64_C(4102444800000) /* the year 2100 */
#define VALUE_MAX 32000 /* as table 6 of GB/T 26875.3 bounds two bytes */

void telemetry_clear(Telemetry *telemetry) {
    g_clear_pointer(&telemetry->readings, g_array_unref);
    g_clear_pointer(&telemetry->ignored, g_ptr_array_unref);
}

bool telemetry_code_is_valid(const char *code) {
    size_t size = strlen(code);
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isalnum(code[i]) && strchr("-_.:", code[i]) == NULL) {
            return false;
        }
    }
    return size > 0 && size <= CODE_MAX;
}

/* --- values --------------------------------------------------------------------------------------
 */

/* A state as sensors tell it. */
static bool read_state(const json_t *value, bool *ret_is_on) {
    static const char *const on[] = {"1", "true", "on", "alarm", "yes", "open", "fault"};
    static const char *const off[] = {"0", "false", "off", "normal", "no", "closed", "ok"};
    if (json_is_boolean(value)) {
        *ret_is_on = json_is_true(value);
        return true;
    }
    if (json_is_number(value)) {
        double number = json_number_value(value);
        *ret_is_on = number != 0;
        return number == 0 || number == 1;
    }
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    for (size_t i = 0; i < G_N_ELEMENTS(on); i++) {
        if (g_ascii_strcasecmp(text, on[i]) == 0 || g_ascii_strcasecmp(text, off[i]) == 0) {
            *ret_is_on = g_ascii_strcasecmp(text, on[i]) == 0;
            return true;
        }
    }
    return false;
}

/* In least units of the analog type. */
static bool
read_value(const TelemetryProperty *property, const json_t *value, int64_t *ret_value) {
    double number = json_number_value(value);
    if (json_is_string(value)) {
        char *end = NULL;
        number = g_ascii_strtod(json_string_value(value), &end);
        if (end == json_string_value(value) || *end != '\0') {
            return false;
        }
    } else if (!json_is_number(value)) {
        return false;
    }
    const Gb26875Analog *analog = gb26875_analog(property->analog_type);
    double least = round(number * property->factor * pow(10, analog->decimals));
    if (!isfinite(least) || fabs(least) > VALUE_MAX) {
        return false;
    }
    *ret_value = (int64_t)least;
    return true;
}

/* Milliseconds since 1970, as platforms tell time, or RFC 3339. False: it makes no sense. */
static bool read_time(const json_t *value, int64_t *ret_us) {
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (json_is_string(value)) {
        return clock_parse(json_string_value(value), ret_us);
    }
    double ms = json_number_value(value);
    if (!json_is_number(value) || !(ms >= 0 && ms <= (double)TIME_MAX_MS)) {
        return false;
    }
    *ret_us = (int64_t)ms * 1000;
    return true;
}

/* --- one property --------------------------------------------------------------------------------
 */

static void ignore(Telemetry *telemetry, const char *name) {
    if (telemetry->ignored->len < IGNORED_MAX) {
        g_ptr_array_add(telemetry->ignored, g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), 40)));
    }
}

static bool is_same_point(const Reading *a, const Reading *b) {
    return a->kind == b->kind && a->system_type == b->system_type &&
           a->component_type == b->component_type && a->address == b->address &&
           a->time_us == b->time_us;
}

/* States of one point at one time are one reading. */
static void add_state(Telemetry *telemetry, Reading reading, uint16_t bit, bool is_on) {
    for (guint i = telemetry->readings->len; i > 0 && telemetry->readings->len - i < 32; i--) {
        Reading *before = &g_array_index(telemetry->readings, Reading, i - 1);
        if (is_same_point(before, &reading)) {
            before->mask |= bit;
            before->bits = (uint16_t)((before->bits & ~bit) | (is_on ? bit : 0));
            return;
        }
    }
    reading.mask = bit;
    reading.bits = is_on ? bit : 0;
    g_array_append_val(telemetry->readings, reading);
}

/* `address` 0: as its name tells. */
static bool take(Telemetry *telemetry,
                 const char *name,
                 const json_t *value,
                 uint32_t address,
                 int64_t time_us,
                 GError **error) {
    uint32_t named_address = 1;
    const TelemetryProperty *property = telemetry_property(name, &named_address);
    const json_t *inner = json_is_object(value) ? json_object_get(value, "value") : value;
    if (telemetry->readings->len >= LIMIT_TELEMETRY_READINGS) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d values", LIMIT_TELEMETRY_READINGS);
    }
    if (property == NULL || inner == NULL) {
        ignore(telemetry, name);
        return true;
    }
    Reading reading = {.kind = property->is_device ? READING_DEVICE_STATE : READING_STATE,
                       .system_type = property->system_type,
                       .system_address = 1,
                       .component_type = property->component_type,
                       .address = address != 0 ? address : named_address,
                       .time_us = time_us};
    bool is_on = false;
    if (property->is_value && read_value(property, inner, &reading.value)) {
        reading.kind = READING_VALUE;
        reading.analog_type = property->analog_type;
        g_array_append_val(telemetry->readings, reading);
    } else if (!property->is_value && read_state(inner, &is_on)) {
        add_state(telemetry, reading, property->bit, is_on);
    } else {
        ignore(telemetry, name);
    }
    return true;
}

/* What surrounds the properties in a message. */
static bool is_envelope(const char *name) {
    static const char *const names[] = {
        "ts", "time", "timestamp", "id", "messageId", "message_id", "deviceId", "headers"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
take_all(Telemetry *telemetry, const json_t *properties, int64_t time_us, GError **error) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)properties, name, value) {
        if (!is_envelope(name) && !take(telemetry, name, value, 0, time_us, error)) {
            return false;
        }
    }
    return true;
}

/* --- forms ---------------------------------------------------------------------------------------
 */

static bool bad_form(GError **error) {
    return hz_fail(error,
                   HZ_ERROR_INVALID,
                   "a body is {\"events\": […], \"values\": […]}, {\"properties\": {…}}, {\"ts\": …, "
                   "\"values\": {…}}, a list of these, or plain names and values");
}

/* Our own: [{"name", "value" or "on", "address", "time"}]. */
static bool take_list(Telemetry *telemetry, const json_t *list, int64_t time_us, GError **error) {
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry) {
        const char *name = json_get_text(entry, "name", NULL);
        const json_t *value = json_object_get(entry, "value");
        int64_t address = json_get_int(entry, "address", 0);
        int64_t at_us = time_us;
        if (name == NULL || address < 0 || address > UINT32_MAX ||
            !read_time(json_object_get(entry, "time"), &at_us)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "entry %zu: wants name, value or on, and may have address, time",
                           i);
        }
        value = value != NULL ? value : json_object_get(entry, "on");
        if (value == NULL) {
            ignore(telemetry, name);
        } else if (!take(telemetry, name, value, (uint32_t)address, at_us, error)) {
            return false;
        }
    }
    return true;
}

/* ThingsBoard: {"ts": ms, "values": {…}}; several in a list. */
static bool take_point_in_time(Telemetry *telemetry, const json_t *one, GError **error) {
    int64_t time_us = telemetry->sent_us;
    const json_t *values = json_object_get(one, "values");
    if (!json_is_object(one) || !read_time(json_object_get(one, "ts"), &time_us)) {
        return bad_form(error);
    }
    telemetry->sent_us = MAX(telemetry->sent_us, time_us);
    return take_all(telemetry, json_is_object(values) ? values : one, time_us, error);
}

static bool take_each(Telemetry *telemetry, const json_t *list, GError **error) {
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        if (!take_point_in_time(telemetry, one, error)) {
            return false;
        }
    }
    return true;
}

/* When it was sent, by any of the names. */
static bool read_sent(const json_t *body, Telemetry *telemetry) {
    static const char *const names[] = {"time", "timestamp", "ts"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const json_t *value = json_object_get(body, names[i]);
        if (value != NULL) {
            return read_time(value, &telemetry->sent_us);
        }
    }
    return true;
}

static bool take_object(Telemetry *telemetry, const json_t *body, GError **error) {
    const json_t *events = json_object_get(body, "events");
    const json_t *values = json_object_get(body, "values");
    const json_t *properties = json_object_get(body, "properties");
    const json_t *data = json_object_get(body, "data");
    if (!read_sent(body, telemetry)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "time is milliseconds since 1970 or like 2026-11-22T17:15:00+08:00");
    }
    if (json_is_array(events) || json_is_array(values)) {
        return take_list(telemetry, events, telemetry->sent_us, error) &&
               take_list(telemetry, values, telemetry->sent_us, error);
    }
    const json_t *inner = json_is_object(values)       ? values
                          : json_is_object(properties) ? properties
                          : json_is_object(data)       ? data
                                                       : NULL;
    if (inner != NULL) {
        return take_all(telemetry, inner, telemetry->sent_us, error);
    }
    return take_all(telemetry, body, telemetry->sent_us, error);
}

static int by_time(const void *a, const void *b) {
    const Reading *left = a, *right = b;
    return (left->time_us > right->time_us) - (left->time_us < right->time_us);
}

/* The same bytes with the same number or time are the same message. */
static void make_key(const json_t *body, const char *event, Telemetry *telemetry) {
    static const char *const numbers[] = {"messageId", "id", "message_id"};
    const json_t *number = NULL;
    for (size_t i = 0; number == NULL && i < G_N_ELEMENTS(numbers); i++) {
        number = json_object_get(body, numbers[i]);
    }
    if (number == NULL && telemetry->sent_us == 0) {
        return;
    }
    g_autofree char *text = json_write_canonical(body);
    uint64_t key = ingest_hash(1, text, strlen(text));
    telemetry->key = ingest_hash(key, event != NULL ? event : "", event != NULL ? strlen(event) : 0);
}

bool telemetry_read(const json_t *body, const char *event, Telemetry *ret, GError **error) {
    *ret = (Telemetry){.readings = g_array_new(FALSE, TRUE, sizeof(Reading)),
                       .ignored = g_ptr_array_new_with_free_func(g_free)};
    bool taken = json_is_array(body)    ? take_each(ret, body, error)
                 : json_is_object(body) ? take_object(ret, body, error)
                                        : bad_form(error);
    if (!taken) {
        return false;
    }
    if (event != NULL) {
        g_autoptr(json_t) on = json_true();
        if (!take(ret, event, on, 0, ret->sent_us, error)) {
            return false;
        }
    }
    g_array_sort(ret->readings, by_time); /* g_array_sort is stable */
    if (ret->readings->len == 0) {
        Reading alive = {.kind = READING_ALIVE, .time_us = ret->sent_us};
        g_array_append_val(ret->readings, alive);
    }
    make_key(body, event, ret);
    return true;
}

IngestMessage telemetry_message(const Telemetry *telemetry,
                                const char *protocol,
                                const char *code,
                                int64_t received_us) {
    return (IngestMessage){.protocol = protocol,
                           .code = code,
                           .key = telemetry->key,
                           .sent_us = telemetry->sent_us,
                           .readings = (const Reading *)telemetry->readings->data,
                           .count = telemetry->readings->len,
                           .received_us = received_us};
}
