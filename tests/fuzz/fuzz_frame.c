/*
 * A stream of frames from a stranger. The first byte chooses the profile, the second how the stream
 * is cut; from 128 on, checksums and end marks are put right first, else chance would never get
 * behind them. Whatever comes: the answers cover the stream, frames do not depend on the cuts, a
 * good frame is written again byte for byte, and objects lie inside their frame.
 */
#include "frame/gb26875_json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Gb26875Profile *profile_at(unsigned number) {
    const Gb26875Profile *const *all = gb26875_profiles();
    unsigned count = 1; /* standard is always there */
    while (all[count] != NULL) {
        count++;
    }
    return all[number % count];
}

static void check_frame(const Gb26875Profile *profile, const Gb26875Frame *frame) {
    static Gb26875Object objects[GB26875_OBJECTS_MAX];
    uint8_t buffer[GB26875_FRAME_MAX];
    char text[GB26875_UTF8_SIZE(GB26875_UNIT_MAX)];
    unsigned count = 0;
    Gb26875Cursor cursor = gb26875_objects(frame);
    const uint8_t *at = frame->unit.bytes + 2;
    while (gb26875_next(&cursor, &objects[count])) {
        const Gb26875Object *object = &objects[count++];
        g_assert_true(object->raw.bytes == at);
        at += object->raw.size;
        (void)gb26875_text(object->text, text, sizeof text);
        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
    g_assert_true(!frame->has_objects || at == frame->unit.bytes + frame->unit.size);
    size_t again;
    if (frame->has_objects) {
        again = gb26875_encode_objects(profile,
                                       &frame->head,
                                       frame->type,
                                       frame->layout,
                                       count > 0 ? objects : NULL,
                                       frame->count,
                                       buffer,
                                       sizeof buffer);
    } else {
        again = gb26875_encode(profile, &frame->head, frame->unit, buffer, sizeof buffer);
    }
    g_assert_true(again == frame->raw.size && memcmp(buffer, frame->raw.bytes, again) == 0);
    g_autoptr(json_t) json = gb26875_json(profile, GB26875_FRAME, frame);
    again = gb26875_from_json(profile, json, 0, buffer, NULL);
    g_assert_true(again == frame->raw.size && memcmp(buffer, frame->raw.bytes, again) == 0);
}

/* Sum over the places of the frames found, when the stream comes `step` bytes at a time. */
static size_t places(const Gb26875Profile *profile, FrameSlice stream, size_t step, bool check) {
    size_t begin = 0, end = 0, sum = 0;
    while (end < stream.size) {
        end += step;
        end = MIN(end, stream.size);
        Gb26875Frame frame;
        for (;;) {
            FrameSlice arrived = {stream.bytes + begin, end - begin};
            Gb26875Found found = gb26875_scan(profile, arrived, end == stream.size, &frame);
            if (found == GB26875_MORE) {
                g_assert_true(arrived.size < GB26875_FRAME_MAX &&
                              frame.needed <= GB26875_FRAME_MAX);
                break;
            }
            g_assert_true(frame.raw.size > 0 && frame.raw.size <= arrived.size);
            sum = found == GB26875_GARBAGE ? sum : sum * 31 + begin + frame.raw.size;
            if (check && found == GB26875_FRAME) {
                check_frame(profile, &frame);
            }
            begin += frame.raw.size;
        }
    }
    g_assert_true(begin == stream.size);
    return sum;
}

static void repair(uint8_t *bytes, size_t size) {
    for (size_t at = 0; at + GB26875_FRAME_MIN <= size;) {
        size_t unit = (size_t)(bytes[at + 24] | bytes[at + 25] << 8);
        if (bytes[at] != '@' || bytes[at + 1] != '@' || at + GB26875_FRAME_MIN + unit > size) {
            at++;
            continue;
        }
        uint8_t *end = bytes + at + GB26875_UNIT_AT + unit;
        *end = 0;
        for (uint8_t *one = bytes + at + 2; one < end; one++) {
            *end = (uint8_t)(*end + *one);
        }
        memset(end + 1, '#', 2);
        at += GB26875_FRAME_MIN + unit;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const Gb26875Profile *profile = profile_at(data[0]);
    g_autofree uint8_t *bytes = g_memdup2(data + 2, size - 2);
    if (data[1] >= 128 && bytes != NULL) {
        repair(bytes, size - 2);
    }
    FrameSlice stream = {bytes, size - 2};
    size_t whole = places(profile, stream, MAX(stream.size, 1), true);
    g_assert_true(places(profile, stream, (size_t)data[1] % 128 + 1, false) == whole);
    return 0;
}
