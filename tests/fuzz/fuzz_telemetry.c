/* What a sensor publishes: a topic, an empty line, a body. Whatever comes, what is taken lies in
 * the limits, and the same bytes give the same readings. */
#include "sensing/mqtt.h"

#include "base/limits.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const GPtrArray *messages) {
    for (guint i = 0; i < messages->len; i++) {
        const MqttMessage *one = messages->pdata[i];
        g_assert_true(telemetry_code_is_valid(one->code));
        IngestMessage message = telemetry_message(&one->telemetry, "mqtt", one->code, 1);
        g_assert_cmpint(message.count, >, 0);
        g_assert_cmpint(message.count, <=, LIMIT_TELEMETRY_READINGS);
        for (size_t at = 0; at < message.count; at++) {
            const Reading *reading = &message.readings[at];
            g_assert_cmpint(ABS(reading->value), <=, INT16_MAX);
            g_assert_true((reading->bits & ~reading->mask) == 0);
            g_assert_true(at == 0 || reading[-1].time_us <= reading->time_us);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (data == NULL || size < 2) {
        return 0;
    }
    const uint8_t *gap = memmem(data, size, "\n\n", 2);
    if (gap == NULL || memchr(data, '\0', (size_t)(gap - data)) != NULL) {
        return 0;
    }
    g_autofree char *topic = g_strndup((const char *)data, (size_t)(gap - data));
    size_t left = size - (size_t)(gap + 2 - data);
    if (!g_utf8_validate(topic, -1, NULL)) {
        return 0; /* the broker and libmosquitto refuse it */
    }
    guint counts[2] = {0};
    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(GPtrArray) messages =
            g_ptr_array_new_with_free_func((GDestroyNotify)mqtt_message_free);
        if (mqtt_translate(topic, gap + 2, left, messages, NULL)) {
            check(messages);
            counts[round] = messages->len;
        }
    }
    g_assert_cmpint(counts[0], ==, counts[1]);
    return 0;
}
