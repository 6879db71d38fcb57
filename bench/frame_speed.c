/*
 * Frames a second on one core: gb26875_scan over a stream of them, every field of every object
 * touched, beside a plain pass over the same bytes that only sums them. Used by bench/frame.py.
 *
 *   frame_speed SECONDS < lines of hex, one frame each
 *
 * Both take turns in short runs and the best of each counts: what else the machine does must not
 * be measured. Prints one line of JSON.
 */
#include "base/digest.h"
#include "frame/gb26875_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_SIZE (256 * 1024) /* fits the second-level cache, as what has just been received */
#define RUN_US 50000

/* Adds up what was read, so that nothing is left out. */
static uint64_t touch(const Gb26875Object *object) {
    uint64_t time;
    memcpy(&time, object->time, sizeof object->time);
    uint64_t text = object->text.size > 0 ? object->text.bytes[0] : 0;
    return (uint64_t)object->system_type + object->system_address + object->component_type +
           object->address + object->state + (uint64_t)object->value + object->analog_type +
           object->flags + object->operator_number + object->major_version + object->minor_version +
           object->number + object->minutes + object->reserved + object->has +
           (time & UINT64_C(0xffffffffffff)) + text + object->raw.size;
}

static uint64_t decode(FrameSlice rest, uint64_t *frames, uint64_t *objects) {
    const Gb26875Profile *profile = gb26875_profile(NULL);
    uint64_t sum = 0;
    Gb26875Frame frame;
    while (gb26875_scan(profile, rest, false, &frame) != GB26875_MORE) {
        Gb26875Cursor cursor = gb26875_objects(&frame);
        Gb26875Object object;
        while (gb26875_next(&cursor, &object)) {
            sum += touch(&object);
            ++*objects;
        }
        sum += frame.head.src + frame.head.dst + frame.head.seq + frame.head.time[0];
        ++*frames;
        rest.bytes += frame.raw.size;
        rest.size -= frame.raw.size;
    }
    return sum;
}

/* The plain pass, as anybody writes it. */
static uint64_t plain(FrameSlice rest) {
    uint64_t sum = 0;
    for (size_t i = 0; i < rest.size; i++) {
        sum += rest.bytes[i];
    }
    return sum;
}

/* Eight bytes at a time: little more than reading the memory. */
static uint64_t wide(FrameSlice rest) {
    uint64_t sum = 0;
    for (size_t i = 0; i + 8 <= rest.size; i += 8) {
        uint64_t word;
        memcpy(&word, rest.bytes + i, 8);
        sum += word;
    }
    return sum;
}

typedef struct Totals {
    uint64_t sum, frames, objects;
} Totals;

static void do_decode(FrameSlice stream, Totals *totals) {
    totals->sum += decode(stream, &totals->frames, &totals->objects);
}
static void do_plain(FrameSlice stream, Totals *totals) {
    totals->sum += plain(stream);
}
static void do_wide(FrameSlice stream, Totals *totals) {
    totals->sum += wide(stream);
}

/* Bytes a second in one run. */
static double run_once(void (*work)(FrameSlice, Totals *), FrameSlice stream, Totals *totals) {
    int64_t begun_us = g_get_monotonic_time(), now_us;
    uint64_t rounds = 0;
    do {
        work(stream, totals);
        rounds++;
    } while ((now_us = g_get_monotonic_time()) < begun_us + RUN_US);
    return (double)(rounds * stream.size) * 1e6 / (double)(now_us - begun_us);
}

static GByteArray *read_frames(unsigned *ret_count) {
    GByteArray *all = g_byte_array_new();
    char line[2 * GB26875_FRAME_MAX + 2];
    uint8_t bytes[GB26875_FRAME_MAX];
    Gb26875Frame frame;
    for (*ret_count = 0; fgets(line, sizeof line, stdin) != NULL;) {
        size_t size = strlen(g_strchomp(line)) / 2;
        if (!hex_parse(line, bytes, size)) {
            g_error("no hex: %s", line);
        }
        /* Only what a standard device may send; others have a path of their own. */
        if (gb26875_scan(gb26875_profile(NULL), (FrameSlice){bytes, size}, true, &frame) ==
                GB26875_FRAME &&
            frame.raw.size == size) {
            g_byte_array_append(all, bytes, (guint)size);
            ++*ret_count;
        }
    }
    return all;
}

int main(int argc, char **argv) {
    guint64 seconds;
    if (argc != 2 || !g_ascii_string_to_unsigned(argv[1], 10, 1, 600, &seconds, NULL)) {
        fputs("usage: frame_speed SECONDS < hex\n", stderr);
        return 2;
    }
    unsigned kinds;
    g_autoptr(GByteArray) one = read_frames(&kinds);
    g_autoptr(GByteArray) all = g_byte_array_new();
    while (one->len > 0 && all->len + one->len <= STREAM_SIZE) {
        g_byte_array_append(all, one->data, one->len);
    }
    FrameSlice stream = {all->data, all->len};
    static void (*const works[])(FrameSlice, Totals *) = {do_decode, do_plain, do_wide};
    double best[G_N_ELEMENTS(works)] = {0};
    Totals totals = {0};
    int64_t end_us = g_get_monotonic_time() + (int64_t)seconds * 1000000;
    while (g_get_monotonic_time() < end_us) {
        for (unsigned i = 0; i < G_N_ELEMENTS(works); i++) {
            double rate = run_once(works[i], stream, &totals);
            best[i] = MAX(best[i], rate);
        }
    }
    double size = (double)one->len / kinds;
    printf("{\"frames\": %.0f, \"plain\": %.0f, \"wide\": %.0f, \"frame_bytes\": %.1f, "
           "\"objects\": %.2f, \"kinds\": %u, \"sum\": %llu}\n",
           best[0] / size,
           best[1] / size,
           best[2] / size,
           size,
           (double)totals.objects / (double)totals.frames,
           kinds,
           (unsigned long long)totals.sum);
    return 0;
}
