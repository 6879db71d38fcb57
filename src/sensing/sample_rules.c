/* Places and bytes of samples. Pure. */
#include "base/clock.h"
#include "sensing/sample.h"

#include <string.h>

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define MINUTE_US (INT64_C(60) * CLOCK_SECOND_US)
#define SHANGHAI_US (8 * HOUR_US)

SamplePlace sample_place(int64_t time_us) {
    int64_t local = time_us + SHANGHAI_US;
    int64_t inside = local % CLOCK_DAY_US;
    return (SamplePlace){.day = local / CLOCK_DAY_US,
                         .hour = inside / HOUR_US,
                         .slot = (unsigned)(inside % HOUR_US / MINUTE_US)};
}

int64_t sample_hour_us(int64_t day, int64_t hour) {
    return day * CLOCK_DAY_US + hour * HOUR_US - SHANGHAI_US;
}

int16_t sample_clamp(int64_t value) {
    return (int16_t)CLAMP(value, SAMPLE_MISSING + 1, INT16_MAX);
}

void sample_write(const int16_t minutes[SAMPLE_SLOTS], uint8_t ret_bytes[SAMPLE_BYTES]) {
    for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
        uint16_t bits = (uint16_t)minutes[i];
        ret_bytes[2 * i] = (uint8_t)bits;
        ret_bytes[2 * i + 1] = (uint8_t)(bits >> 8);
    }
}

bool sample_read(const void *bytes, size_t size, int16_t ret_minutes[SAMPLE_SLOTS]) {
    const uint8_t *at = bytes;
    if (size != SAMPLE_BYTES) {
        return false;
    }
    for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
        ret_minutes[i] = (int16_t)(uint16_t)(at[2 * i] | at[2 * i + 1] << 8);
    }
    return true;
}
