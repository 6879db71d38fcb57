/* The sensors' frames: of the maker's note and of the field, of chance, cut and spoilt. */
#include "base/clock.h"
#include "base/digest.h"
#include "frame/meokon.h"

#include <string.h>

static void test_public(void) {
    const char *source = g_getenv("HUOZHENG_SOURCE");
    g_autofree char *path = g_build_filename(
        source != NULL ? source : ".", "..", "shared", "data", "meokon_frames.tsv", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_test_skip("../shared/data/meokon_frames.tsv is not here");
        return;
    }
    static const struct {
        const char *id;
        int current, records, alarms, rssi, interval;
    } want[] = {{"SHMK19060013", 538, 10, MEOKON_HIGH, -56, 60},
                {"SHRP25090120", 605, 1, 0, -48, 0}};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; i < G_N_ELEMENTS(want); i++) {
        uint8_t bytes[MEOKON_FRAME_MAX], again[MEOKON_FRAME_MAX];
        g_auto(GStrv) columns = g_strsplit(lines[i + 1], "\t", 2);
        size_t size = strlen(columns[0]) / 2;
        g_assert_true(size <= sizeof bytes && hex_parse(columns[0], bytes, size));
        MeokonFrame frame;
        g_assert_cmpint(meokon_scan((FrameSlice){bytes, size}, true, &frame), ==, GB26875_FRAME);
        g_assert_cmpstr(frame.id, ==, want[i].id);
        g_assert_cmpint(frame.current, ==, want[i].current);
        g_assert_cmpint(frame.record_count, ==, want[i].records);
        g_assert_cmpint(frame.alarms, ==, want[i].alarms);
        g_assert_true(frame.rssi_dbm == want[i].rssi);
        g_assert_cmpint(frame.interval_s, ==, want[i].interval);
        g_assert_cmpint(frame.battery_percent, ==, 100);
        g_assert_cmpuint(meokon_encode(&frame, again, sizeof again), ==, size);
        g_assert_true(memcmp(again, bytes, size) == 0);
    }
}

/* A hydrant of which water is drawn, with three records a minute apart. */
static size_t hydrant(uint8_t buffer[MEOKON_FRAME_MAX]) {
    static const uint8_t records[] = {0x01, 0x2c, 0x01, 0x2b, 0xff, 0xff};
    MeokonFrame frame = {.id = "TEST26110001",
                         .power = 0x80 | 7,
                         .rssi_dbm = -101,
                         .interval_s = 60,
                         .record_count = 3,
                         .sensor_type = 1,
                         .alarms = MEOKON_LOW | MEOKON_OUTFLOW,
                         .low = -5,
                         .high = 500,
                         .current = -1,
                         .time_us = INT64_C(1795417445) * CLOCK_SECOND_US,
                         .records = {records, sizeof records}};
    return meokon_encode(&frame, buffer, MEOKON_FRAME_MAX);
}

static void test_values(void) {
    uint8_t bytes[MEOKON_FRAME_MAX];
    size_t size = hydrant(bytes);
    MeokonFrame frame;
    int64_t time_us;
    g_assert_cmpint(meokon_scan((FrameSlice){bytes, size}, false, &frame), ==, GB26875_FRAME);
    g_assert_cmpint(meokon_record(&frame, 0, &time_us), ==, 300);
    g_assert_cmpint(time_us, ==, frame.time_us - 120 * CLOCK_SECOND_US);
    g_assert_cmpint(meokon_record(&frame, 2, &time_us), ==, -1);
    g_assert_cmpint(time_us, ==, frame.time_us);
    g_autoptr(json_t) json = meokon_json(GB26875_FRAME, &frame);
    g_assert_cmpstr(json_get_text(json, "current", ""), ==, "-0.001");
    g_assert_cmpstr(json_get_text(json, "unit", ""), ==, "MPa");
    g_assert_cmpstr(json_get_text(json, "time", ""), ==, "2026-11-23T15:04:05+08:00");
    g_assert_cmpint(json_get_int(json, "battery_percent", 0), ==, 35);
    g_assert_true(json_get_bool(json, "external_power", false));
    g_autofree char *alarms = json_write(json_object_get(json, "alarms"));
    g_assert_cmpstr(alarms, ==, "[\"low\",\"sensor-3\"]");
    /* The same bit means something else on a hydrant. */
    frame.sensor_type = 34;
    g_autoptr(json_t) again = meokon_json(GB26875_FRAME, &frame);
    g_autofree char *hydrant_alarms = json_write(json_object_get(again, "alarms"));
    g_assert_cmpstr(hydrant_alarms, ==, "[\"low\",\"outflow\"]");
    g_assert_true(json_is_null(json_object_get(again, "unit")));
}

/* Frames found in a stream that comes in pieces of at most `piece` bytes. */
static unsigned count_frames(GRand *random, const GByteArray *stream, int piece) {
    size_t begin = 0, end = 0;
    unsigned found_count = 0;
    while (begin < stream->len) {
        end += (size_t)g_rand_int_range(random, 1, piece + 1);
        end = MIN(end, stream->len);
        for (;;) {
            size_t size = end - begin;
            g_autofree uint8_t *arrived = g_memdup2(stream->data + begin, size);
            MeokonFrame frame;
            Gb26875Found found =
                meokon_scan((FrameSlice){arrived, size}, end == stream->len, &frame);
            if (found == GB26875_MORE) {
                g_assert_cmpuint(size, <, MEOKON_FRAME_MAX);
                break;
            }
            found_count += found == GB26875_FRAME;
            begin += frame.raw.size;
        }
    }
    g_assert_cmpuint(begin, ==, stream->len);
    return found_count;
}

static void test_streams(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(55);
    uint8_t good[MEOKON_FRAME_MAX];
    size_t size = hydrant(good);
    for (unsigned round = 0; round < 100; round++) {
        g_autoptr(GByteArray) stream = g_byte_array_new();
        for (unsigned i = 0; i < 20; i++) {
            /* A head that promises more than follows, a frame that breaks off, a wrong bit. */
            uint8_t noise[8] = {0xa5, 0x5a, 0, (uint8_t)g_rand_int_range(random, 0, 6), 0x80, 0xa5};
            uint8_t spoilt[MEOKON_FRAME_MAX];
            memcpy(spoilt, good, size);
            spoilt[g_rand_int_range(random, 5, (gint32)size)] ^= 1;
            g_byte_array_append(stream, noise, (guint)g_rand_int_range(random, 0, 9));
            g_byte_array_append(stream, spoilt, (guint)(g_rand_boolean(random) ? size : size / 2));
            g_byte_array_append(stream, good, (guint)size);
        }
        g_assert_cmpuint(count_frames(random, stream, (int)stream->len), ==, 20);
        g_assert_cmpuint(count_frames(random, stream, 9), ==, 20);
    }
}

static void test_refused(void) {
    uint8_t bytes[MEOKON_FRAME_MAX];
    size_t size = hydrant(bytes);
    MeokonFrame frame, read;
    g_assert_cmpint(meokon_scan((FrameSlice){bytes, size}, true, &frame), ==, GB26875_FRAME);
    frame.command = 7;
    uint8_t again[MEOKON_FRAME_MAX];
    size = meokon_encode(&frame, again, sizeof again);
    g_assert_cmpint(meokon_scan((FrameSlice){again, size}, true, &read), ==, GB26875_REFUSED);
    g_assert_cmpint(read.reason, ==, GB26875_COMMAND);
    frame.record_count = 2;
    g_assert_cmpuint(meokon_encode(&frame, again, sizeof again), ==, 0);
    frame.record_count = 3;
    g_assert_cmpuint(meokon_encode(&frame, again, size - 1), ==, 0);
    g_assert_cmpint(meokon_scan((FrameSlice){bytes, 20}, true, &read), ==, GB26875_GARBAGE);
    g_assert_cmpint(read.reason, ==, GB26875_TRUNCATED);
    g_assert_cmpint(meokon_scan((FrameSlice){NULL, 0}, true, &read), ==, GB26875_MORE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/meokon/public-frames-are-read-and-written-again", test_public);
    g_test_add_func("/frame/meokon/values-times-and-alarms", test_values);
    g_test_add_func("/frame/meokon/no-good-frame-is-lost", test_streams);
    g_test_add_func("/frame/meokon/what-is-refused", test_refused);
    return g_test_run();
}
