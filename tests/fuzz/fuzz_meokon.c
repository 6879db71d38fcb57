/* A stream of sensor frames from a stranger: the answers cover it, and a good frame is written
 * again byte for byte. Inputs that begin with 'r' are one frame whose sum is put right. */
#include "frame/meokon.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint16_t crc(const uint8_t *bytes, size_t size) {
    unsigned sum = 0xffff;
    for (size_t i = 0; i < size * 8; i++) {
        sum ^= i % 8 == 0 ? bytes[i / 8] : 0U;
        sum = (sum & 1) != 0 ? sum >> 1 ^ 0xa001 : sum >> 1;
    }
    return (uint16_t)sum;
}

/* Marks, length and sum of one frame around whatever stands there. */
static void repair(uint8_t *bytes, size_t size) {
    uint16_t sum;
    bytes[0] = 0xa5;
    bytes[1] = 0x5a;
    bytes[3] = (uint8_t)(size >> 8);
    bytes[4] = (uint8_t)size;
    sum = crc(bytes, size - 4);
    bytes[size - 4] = (uint8_t)(sum >> 8);
    bytes[size - 3] = (uint8_t)sum;
    bytes[size - 2] = 0x55;
    bytes[size - 1] = 0xaa;
}

static void check_frame(const MeokonFrame *frame) {
    uint8_t again[MEOKON_FRAME_MAX];
    g_autoptr(json_t) json = meokon_json(GB26875_FRAME, frame);
    g_assert_cmpuint(json_array_size(json_object_get(json, "records")), ==, frame->record_count);
    g_assert_cmpuint(meokon_encode(frame, again, sizeof again), ==, frame->raw.size);
    if (strchr(frame->id, '?') == NULL) { /* what cannot be shown was replaced */
        g_assert_true(memcmp(again, frame->raw.bytes, frame->raw.size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree uint8_t *bytes = g_memdup2(data, size);
    FrameSlice rest = {bytes, size};
    if (size > 0 && data[0] == 'r' && size > MEOKON_FRAME_MIN && size <= MEOKON_FRAME_MAX) {
        repair(bytes + 1, size - 1);
        rest = (FrameSlice){bytes + 1, size - 1};
    }
    MeokonFrame frame;
    Gb26875Found found;
    while ((found = meokon_scan(rest, true, &frame)) != GB26875_MORE) {
        g_assert_true(frame.raw.size > 0 && frame.raw.size <= rest.size);
        if (found == GB26875_FRAME) {
            check_frame(&frame);
        }
        rest = (FrameSlice){rest.bytes + frame.raw.size, rest.size - frame.raw.size};
    }
    g_assert_cmpuint(rest.size, ==, 0);
    return 0;
}
