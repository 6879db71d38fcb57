/* The codec against frames written by another program (tests/data/gb26875), against itself over
 * random values, and against streams cut and spoilt in every way. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "frame/gb26875_json.h"
#include "frame/gb26875_words.h"

#include <string.h>

static void assert_bytes(const void *have, size_t have_size, const void *want, size_t want_size) {
    g_assert_cmpuint(have_size, ==, want_size);
    g_assert_true(want_size == 0 || memcmp(have, want, want_size) == 0);
}

static char *source_path(const char *name) {
    const char *source = g_getenv("HUOZHENG_SOURCE");
    return g_build_filename(source != NULL ? source : ".", name, NULL);
}

/* Array of JSON objects, one a line. */
static json_t *read_lines(const char *name) {
    g_autofree char *path = source_path(name);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    json_t *list = json_array();
    for (char **line = lines; **line != '\0'; line++) {
        json_t *value = json_read(*line, strlen(*line), &error);
        g_assert_no_error(error);
        json_array_append_new(list, value);
    }
    return list;
}

typedef struct Bytes {
    uint8_t *bytes;
    size_t size;
} Bytes;

/* A copy of its exact size, so that the sanitizer sees every byte too many. */
static Bytes bytes_of_hex(const char *hex) {
    Bytes made = {g_malloc(strlen(hex) / 2), strlen(hex) / 2};
    g_assert_true(hex_parse(hex, made.bytes, made.size));
    return made;
}
static void bytes_clear(Bytes *bytes) {
    g_free(bytes->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bytes, bytes_clear)

/* Every key of `want` is in `have` with the same value; arrays are as long. */
static bool holds(const json_t *want, const json_t *have) {
    if (json_is_object(want)) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)want, key, value) {
            if (!holds(value, json_object_get(have, key))) {
                g_test_message("in \"%s\"", key);
                return false;
            }
        }
        return true;
    }
    if (json_is_array(want)) {
        bool same = json_array_size(want) == json_array_size(have);
        for (size_t i = 0; same && i < json_array_size(want); i++) {
            same = holds(json_array_get(want, i), json_array_get(have, i));
        }
        return same;
    }
    return json_equal(want, have) == 1;
}

static const Gb26875Profile *profile_of(const json_t *json) {
    const Gb26875Profile *profile = gb26875_profile(json_get_text(json, "profile", NULL));
    g_assert_nonnull(profile);
    return profile;
}

/* --- known frames ---------------------------------------------------------------------------- */

/* What was read gives the same bytes again, through objects and through JSON. */
static void write_again(const Gb26875Profile *profile, const Gb26875Frame *frame) {
    uint8_t buffer[GB26875_FRAME_MAX];
    Gb26875Object objects[GB26875_OBJECTS_MAX];
    g_autoptr(GError) error = NULL;
    unsigned count = 0;
    Gb26875Cursor cursor = gb26875_objects(frame);
    while (gb26875_next(&cursor, &objects[count])) {
        count++;
    }
    if (frame->has_objects) {
        size_t size = gb26875_encode_objects(profile,
                                             &frame->head,
                                             frame->type,
                                             frame->layout,
                                             count > 0 ? objects : NULL,
                                             frame->count,
                                             buffer,
                                             sizeof buffer);
        assert_bytes(buffer, size, frame->raw.bytes, frame->raw.size);
    }
    g_autoptr(json_t) json = gb26875_json(profile, GB26875_FRAME, frame);
    size_t size = gb26875_from_json(profile, json, 0, buffer, &error);
    g_assert_no_error(error);
    assert_bytes(buffer, size, frame->raw.bytes, frame->raw.size);
}

/* All that is found in a stream, as JSON; the pieces are the stream. */
static json_t *read_stream(const Gb26875Profile *profile, FrameSlice rest) {
    json_t *list = json_array();
    Gb26875Frame frame;
    Gb26875Found found;
    const uint8_t *end = rest.bytes + rest.size;
    while ((found = gb26875_scan(profile, rest, true, &frame)) != GB26875_MORE) {
        g_assert_true(frame.raw.bytes == rest.bytes && frame.raw.size > 0);
        g_assert_cmpuint(frame.raw.size, <=, rest.size);
        json_array_append_new(list, gb26875_json(profile, found, &frame));
        if (found == GB26875_FRAME) {
            write_again(profile, &frame);
        }
        rest = (FrameSlice){rest.bytes + frame.raw.size, rest.size - frame.raw.size};
    }
    g_assert_true(rest.bytes == end);
    return list;
}

static void check_stream(const Gb26875Profile *profile, const char *hex, const json_t *want) {
    g_auto(Bytes) bytes = bytes_of_hex(hex);
    g_autoptr(json_t) have = read_stream(profile, (FrameSlice){bytes.bytes, bytes.size});
    if (!holds(want, have)) {
        g_autofree char *wanted = json_write(want);
        g_autofree char *found = json_write(have);
        g_test_message("want %s", wanted);
        g_test_message("have %s", found);
        g_assert_not_reached();
    }
}

static void test_own(void) {
    g_autoptr(json_t) cases = read_lines("tests/data/gb26875/frames.jsonl");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        g_test_message("%s", json_get_text(one, "title", "?"));
        check_stream(
            profile_of(one), json_get_text(one, "hex", ""), json_object_get(one, "expect"));
    }
    g_assert_cmpuint(json_array_size(cases), >, 90);
}

static void test_public(void) {
    g_autofree char *path = source_path("../shared/data/gb26875_frames.tsv");
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_test_skip("../shared/data/gb26875_frames.tsv is not here");
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(json_t) rows = read_lines("tests/data/gb26875/public_rows.jsonl");
    bool seen[64] = {false};
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        int64_t number = json_get_int(row, "row", 0);
        g_assert_cmpint(number, <, (int64_t)g_strv_length(lines));
        g_auto(GStrv) columns = g_strsplit(lines[number - 1], "\t", 4);
        g_autoptr(json_t) want = json_array();
        json_array_append(want, json_object_get(row, "expect"));
        g_test_message("row %d", (int)number);
        check_stream(profile_of(row), columns[0], want);
        seen[number - 1] = true;
    }
    for (unsigned i = 1; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_assert_true(seen[i]);
    }
}

/* --- random values --------------------------------------------------------------------------- */

static void fill(GRand *random, void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)g_rand_int(random);
    }
}

/* A random object as a decoder of the type would give it back: only what `has` says. */
static Gb26875Object
random_object(GRand *random, uint8_t type, uint32_t has, uint8_t text[255], size_t text_size) {
    Gb26875Object all;
    fill(random, &all, sizeof all);
    Gb26875Object object = {.type = type, .has = has};
    bool is_device = (has & GB26875_HAS_SYSTEM) == 0;
    object.system_type = is_device ? 0 : all.system_type;
    object.system_address = is_device ? 0 : all.system_address;
    object.component_type = (has & GB26875_HAS_COMPONENT) != 0 ? all.component_type : 0;
    object.address = (has & GB26875_HAS_ADDRESS) != 0 ? all.address : 0;
    if ((has & GB26875_HAS_STATE) != 0) {
        object.state = is_device ? all.state & 255 : all.state;
    }
    object.analog_type = (has & GB26875_HAS_ANALOG) != 0 ? all.analog_type : 0;
    object.value = (has & GB26875_HAS_ANALOG) != 0 ? all.value : (int16_t)0;
    object.flags = (has & GB26875_HAS_FLAGS) != 0 ? all.flags : 0;
    object.operator_number = (has & GB26875_HAS_FLAGS) != 0 ? all.operator_number : 0;
    object.major_version = (has & GB26875_HAS_VERSION) != 0 ? all.major_version : 0;
    object.minor_version = (has & GB26875_HAS_VERSION) != 0 ? all.minor_version : 0;
    object.number = (has & GB26875_HAS_NUMBER) != 0 ? all.number : 0;
    object.minutes = (has & GB26875_HAS_MINUTES) != 0 ? all.minutes : 0;
    object.reserved = (has & GB26875_HAS_RESERVED) != 0 ? all.reserved : 0;
    if ((has & GB26875_HAS_TIME) != 0) {
        memcpy(object.time, all.time, 6);
    }
    if ((has & GB26875_HAS_TEXT) != 0) {
        fill(random, text, text_size);
        object.text = (FrameSlice){text, text_size};
    }
    return object;
}

#define OF_SYSTEM GB26875_HAS_SYSTEM
#define OF_COMPONENT (GB26875_HAS_SYSTEM | GB26875_HAS_COMPONENT | GB26875_HAS_ADDRESS)
#define OF_ADDRESS (GB26875_HAS_SYSTEM | GB26875_HAS_ADDRESS)

/* Every type, its command, its fields, and the most objects in a frame. */
static const struct {
    uint8_t type, command, max;
    uint32_t has;
} forms[] = {
    {1, GB26875_SEND, 102, OF_SYSTEM | GB26875_HAS_STATE | GB26875_HAS_TIME},
    {2, GB26875_SEND, 22, OF_COMPONENT | GB26875_HAS_STATE | GB26875_HAS_TEXT | GB26875_HAS_TIME},
    {3, GB26875_RESPONSE, 63, OF_COMPONENT | GB26875_HAS_ANALOG | GB26875_HAS_TIME},
    {4, GB26875_SEND, 102, OF_SYSTEM | GB26875_HAS_FLAGS | GB26875_HAS_TIME},
    {5, GB26875_RESPONSE, 1, OF_SYSTEM | GB26875_HAS_VERSION},
    {6, GB26875_RESPONSE, 3, OF_SYSTEM | GB26875_HAS_TEXT},
    {7, GB26875_RESPONSE, 26, OF_COMPONENT | GB26875_HAS_TEXT},
    {8, GB26875_RESPONSE, 1, OF_SYSTEM | GB26875_HAS_TIME},
    {21, GB26875_SEND, 1, GB26875_HAS_STATE | GB26875_HAS_TIME},
    {24, GB26875_SEND, 127, GB26875_HAS_FLAGS | GB26875_HAS_TIME},
    {25, GB26875_SEND, 1, GB26875_HAS_VERSION},
    {26, GB26875_SEND, 1, GB26875_HAS_TEXT},
    {28, GB26875_SEND, 1, GB26875_HAS_TIME},
    {61, GB26875_REQUEST, 102, OF_SYSTEM},
    {62, GB26875_REQUEST, 22, OF_ADDRESS},
    {63, GB26875_REQUEST, 63, OF_ADDRESS},
    {64, GB26875_REQUEST, 1, OF_SYSTEM | GB26875_HAS_NUMBER | GB26875_HAS_TIME},
    {65, GB26875_REQUEST, 1, OF_SYSTEM},
    {66, GB26875_REQUEST, 3, OF_SYSTEM},
    {67, GB26875_REQUEST, 26, OF_ADDRESS},
    {68, GB26875_REQUEST, 1, OF_SYSTEM},
    {81, GB26875_REQUEST, 1, GB26875_HAS_RESERVED},
    {84, GB26875_REQUEST, 1, GB26875_HAS_NUMBER | GB26875_HAS_TIME},
    {85, GB26875_REQUEST, 1, GB26875_HAS_RESERVED},
    {86, GB26875_REQUEST, 1, GB26875_HAS_RESERVED},
    {88, GB26875_REQUEST, 1, GB26875_HAS_RESERVED},
    {89, GB26875_CONTROL, 1, GB26875_HAS_RESERVED},
    {90, GB26875_CONTROL, 1, GB26875_HAS_TIME},
    {91, GB26875_CONTROL, 1, GB26875_HAS_MINUTES},
};

static Gb26875Head random_head(GRand *random, uint8_t command) {
    Gb26875Head head = {.seq = (uint16_t)g_rand_int(random),
                        .main_version = 1,
                        .user_version = (uint8_t)g_rand_int(random),
                        .command = command,
                        .src = (uint64_t)g_rand_int(random) << 16 | (g_rand_int(random) & 65535),
                        .dst = (uint64_t)g_rand_int(random) << 16 | (g_rand_int(random) & 65535)};
    fill(random, head.time, 6);
    return head;
}

static void assert_same_object(const Gb26875Object *have, const Gb26875Object *want) {
    assert_bytes(have->text.bytes, have->text.size, want->text.bytes, want->text.size);
    /* No padding stands before the slices. */
    size_t size = offsetof(Gb26875Object, time) + sizeof have->time;
    assert_bytes(have, size, want, size);
}

static void round_trip(GRand *random, const Gb26875Profile *profile, unsigned form) {
    static Gb26875Object objects[GB26875_OBJECTS_MAX];
    static uint8_t texts[GB26875_OBJECTS_MAX][255];
    uint8_t type = forms[form].type;
    unsigned count = (unsigned)g_rand_int_range(random, 0, forms[form].max + 1);
    size_t size = GB26875_FRAME_MIN + 2;
    for (unsigned i = 0; i < count; i++) {
        bool varies = type == GB26875_SYSTEM_CONFIG || type == GB26875_DEVICE_CONFIG;
        size_t text_size = varies ? (size_t)g_rand_int_range(random, 0, 256) : GB26875_TEXT_SIZE;
        objects[i] = random_object(random, type, forms[form].has, texts[i], text_size);
    }
    Gb26875Head head = random_head(random, forms[form].command);
    g_autofree uint8_t *buffer = g_malloc(GB26875_FRAME_MAX);
    size = gb26875_encode_objects(
        profile, &head, type, NULL, objects, count, buffer, GB26875_FRAME_MAX);
    if (size == 0) {
        g_assert_cmpuint(profile->unit_max, <, GB26875_UNIT_MAX);
        return;
    }
    /* One byte less than needed is refused, not overrun. */
    g_assert_cmpuint(
        gb26875_encode_objects(profile, &head, type, NULL, objects, count, buffer, size - 1),
        ==,
        0);
    g_assert_cmpuint(
        gb26875_encode_objects(profile, &head, type, NULL, objects, count, buffer, size), ==, size);
    Gb26875Frame frame;
    g_assert_cmpint(
        gb26875_scan(profile, (FrameSlice){buffer, size}, false, &frame), ==, GB26875_FRAME);
    g_assert_cmpuint(frame.raw.size, ==, size);
    assert_bytes(frame.head.time, 6, head.time, 6);
    g_assert_true(frame.head.seq == head.seq && frame.head.src == head.src &&
                  frame.head.dst == head.dst && frame.head.command == head.command &&
                  frame.head.user_version == head.user_version);
    g_assert_true(frame.type == type && frame.count == count);
    Gb26875Cursor cursor = gb26875_objects(&frame);
    Gb26875Object object;
    for (unsigned i = 0; i < count; i++) {
        g_assert_true(gb26875_next(&cursor, &object));
        assert_same_object(&object, &objects[i]);
    }
    g_assert_false(gb26875_next(&cursor, &object));
}

static void test_round_trip(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(26875);
    for (const Gb26875Profile *const *profile = gb26875_profiles(); *profile != NULL; profile++) {
        for (unsigned form = 0; form < G_N_ELEMENTS(forms); form++) {
            bool is_replaced =
                forms[form].type == GB26875_ANALOG && strcmp((*profile)->name, "nb-signal") == 0;
            for (unsigned i = 0; i < 60 && !is_replaced; i++) {
                round_trip(random, *profile, form);
            }
        }
    }
}

/* Every form that a profile knows, filled with random bytes, comes back byte for byte. */
static void test_vendor_round_trip(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    unsigned forms_seen = 0;
    for (const Gb26875Profile *const *profile = gb26875_profiles(); *profile != NULL; profile++) {
        for (unsigned i = 0; i < (*profile)->layout_count; i++) {
            const Gb26875Layout *layout = &(*profile)->layouts[i];
            uint8_t unit[2 + 255] = {layout->type, 1};
            fill(random, unit + 2, sizeof unit - 2);
            size_t size = layout->size > 0 ? layout->size : 40;
            Gb26875Head head = random_head(random, layout->type == 0 ? 0 : GB26875_SEND);
            uint8_t buffer[GB26875_FRAME_MAX];
            size_t whole = gb26875_encode(
                *profile, &head, (FrameSlice){unit, 2 + size}, buffer, sizeof buffer);
            Gb26875Frame frame;
            if (gb26875_scan(*profile, (FrameSlice){buffer, whole}, true, &frame) ==
                    GB26875_FRAME &&
                frame.layout == layout) {
                write_again(*profile, &frame);
                forms_seen++;
            } else {
                g_assert_cmpuint(layout->size, ==, 0); /* random lengths do not fit */
            }
        }
    }
    g_assert_cmpuint(forms_seen, >, 15);
}

/* --- streams --------------------------------------------------------------------------------- */

/* Good frames, spoilt ones and noise, one after another. */
static GByteArray *mixed_stream(GRand *random, const json_t *cases) {
    GByteArray *stream = g_byte_array_new();
    for (unsigned i = 0; i < 40; i++) {
        unsigned at = (unsigned)g_rand_int_range(random, 0, (gint32)json_array_size(cases));
        g_auto(Bytes) piece = bytes_of_hex(json_get_text(json_array_get(cases, at), "hex", ""));
        int what = g_rand_int_range(random, 0, 6);
        if (what == 0) {
            piece.bytes[g_rand_int_range(random, 0, (gint32)piece.size)] ^= 0x40;
        }
        size_t used =
            what == 1 ? (size_t)g_rand_int_range(random, 0, (gint32)piece.size) : piece.size;
        g_byte_array_append(stream, piece.bytes, (guint)used);
        if (what == 2) {
            uint8_t noise[20];
            fill(random, noise, sizeof noise);
            memcpy(noise, "@@@", 3);
            g_byte_array_append(stream, noise, (guint)g_rand_int_range(random, 1, 20));
        }
    }
    return stream;
}

/* Offsets of the frames that are found when the stream comes in pieces of 1 to `piece` bytes. */
static GArray *
frames_in(GRand *random, const Gb26875Profile *profile, const GByteArray *stream, int piece) {
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(size_t));
    size_t begin = 0, end = 0, all = 0;
    while (begin < stream->len) {
        end += (size_t)g_rand_int_range(random, 1, piece + 1);
        end = MIN(end, stream->len);
        for (;;) {
            /* An exact copy: nothing behind what has arrived may be looked at. */
            size_t size = end - begin;
            g_autofree uint8_t *arrived = g_memdup2(stream->data + begin, size);
            Gb26875Frame frame;
            bool is_end = end == stream->len;
            Gb26875Found found = gb26875_scan(profile, (FrameSlice){arrived, size}, is_end, &frame);
            if (found == GB26875_MORE) {
                g_assert_cmpuint(frame.needed, <=, GB26875_FRAME_MAX);
                g_assert_cmpuint(size, <, GB26875_FRAME_MAX);
                break;
            }
            if (found != GB26875_GARBAGE) {
                g_array_append_val(offsets, begin);
            }
            all += frame.raw.size;
            begin += frame.raw.size;
        }
    }
    g_assert_cmpuint(all, ==, stream->len);
    return offsets;
}

static void test_cuts(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    g_autoptr(json_t) cases = read_lines("tests/data/gb26875/frames.jsonl");
    const Gb26875Profile *profile = gb26875_profile(NULL);
    for (unsigned i = 0; i < 60; i++) {
        g_autoptr(GByteArray) stream = mixed_stream(random, cases);
        g_autoptr(GArray) whole = frames_in(random, profile, stream, (int)stream->len);
        g_autoptr(GArray) cut = frames_in(random, profile, stream, i % 2 == 0 ? 7 : 500);
        assert_bytes(
            whole->data, whole->len * sizeof(size_t), cut->data, cut->len * sizeof(size_t));
        g_assert_cmpuint(whole->len, >, 20);
    }
}

/* --- answers, times, texts, words ------------------------------------------------------------ */

static const int64_t now_us = INT64_C(1795417445) * CLOCK_SECOND_US; /* 2026-11-23 15:04:05 +08 */

static void test_answer(void) {
    const Gb26875Profile *profile = gb26875_profile("handshake");
    Gb26875Frame frame = {.role = GB26875_HANDSHAKE,
                          .head = {.seq = 0x1234,
                                   .main_version = 1,
                                   .user_version = 3,
                                   .command = GB26875_SEND,
                                   .src = 889,
                                   .dst = 88888}};
    uint8_t buffer[GB26875_FRAME_MAX];
    Gb26875Frame answer;
    size_t size =
        gb26875_encode_answer(profile, &frame, GB26875_CONFIRM, now_us, buffer, sizeof buffer);
    g_assert_cmpint(
        gb26875_scan(profile, (FrameSlice){buffer, size}, true, &answer), ==, GB26875_FRAME);
    int64_t time_us;
    g_assert_true(gb26875_time(profile, answer.head.time, &time_us) && time_us == now_us);
    g_assert_true(answer.head.seq == 0x1234 && answer.head.src == 88888 && answer.head.dst == 889);
    g_assert_true(answer.role == GB26875_ANSWER && answer.head.command == GB26875_CONFIRM);
    assert_bytes(answer.unit.bytes, answer.unit.size, "\x17", 1);
    size = gb26875_encode_answer(profile, &frame, GB26875_DENY, now_us, buffer, sizeof buffer);
    g_assert_cmpuint(size, ==, GB26875_FRAME_MIN);
    g_assert_cmpuint(
        gb26875_encode_answer(profile, &frame, GB26875_DENY, now_us, buffer, 29), ==, 0);
}

static void test_time(void) {
    const char *const names[] = {"standard", "dahua"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        const Gb26875Profile *profile = gb26875_profile(names[i]);
        int64_t begin_us, end_us, read_us;
        uint8_t time[6];
        g_assert_true(clock_parse("2000-01-01T00:00:00+08:00", &begin_us));
        g_assert_true(clock_parse("2100-01-01T00:00:00+08:00", &end_us));
        /* Steps of 5 days less a second: every day of year and time of day comes. */
        for (int64_t us = begin_us; us < end_us; us += 5 * CLOCK_DAY_US - CLOCK_SECOND_US) {
            gb26875_time_put(profile, us, time);
            g_assert_true(gb26875_time(profile, time, &read_us));
            g_assert_cmpint(read_us, ==, us);
        }
        gb26875_time_put(profile, end_us, time);
        assert_bytes(time, 6, "\0\0\0\0\0\0", 6);
        gb26875_time_put(profile, begin_us - 1, time);
        assert_bytes(time, 6, "\0\0\0\0\0\0", 6);
        g_assert_false(gb26875_time(profile, time, &read_us));
    }
    const uint8_t impossible[][6] = {{60, 0, 0, 1, 1, 26},
                                     {0, 60, 0, 1, 1, 26},
                                     {0, 0, 24, 1, 1, 26},
                                     {0, 0, 0, 0, 1, 26},
                                     {0, 0, 0, 31, 4, 26},
                                     {0, 0, 0, 29, 2, 26},
                                     {0, 0, 0, 1, 0, 26},
                                     {0, 0, 0, 1, 13, 26},
                                     {0, 0, 0, 1, 1, 100}};
    for (unsigned i = 0; i < G_N_ELEMENTS(impossible); i++) {
        int64_t ignored;
        g_assert_false(gb26875_time(gb26875_profile(NULL), impossible[i], &ignored));
    }
}

static void test_text(void) {
    uint8_t raw[GB26875_TEXT_SIZE];
    char text[GB26875_UTF8_SIZE(sizeof raw)];
    /* 16 characters of two bytes: the last does not fit and is left out whole. */
    size_t size = gb26875_text_put("一二三四五六七八九十甲乙丙丁戊己", raw, sizeof raw);
    g_assert_cmpuint(size, ==, 30);
    g_assert_cmpuint(gb26875_text((FrameSlice){raw, size}, text, sizeof text), ==, 45);
    g_assert_cmpstr(text, ==, "一二三四五六七八九十甲乙丙丁戊");
    g_assert_cmpuint(gb26875_text((FrameSlice){raw, size}, text, 8), ==, 6);
    g_assert_cmpstr(text, ==, "一二");
    g_assert_cmpuint(gb26875_text((FrameSlice){NULL, 0}, text, sizeof text), ==, 0);
    /* Any bytes become UTF-8 that fits the size that was promised. */
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    for (unsigned i = 0; i < 3000; i++) {
        fill(random, raw, sizeof raw);
        (void)gb26875_text((FrameSlice){raw, sizeof raw}, text, sizeof text);
        g_assert_true(g_utf8_validate(text, -1, NULL));
    }
}

static void test_words(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_assert_cmpstr(gb26875_type_word(NULL, forms[i].type), !=, "reserved");
    }
    g_assert_cmpstr(gb26875_type_zh(gb26875_profile("jk-gh2013g"), 129), ==, "用户报名");
    g_assert_cmpstr(gb26875_type_zh(NULL, 129), ==, "用户自定义");
    g_assert_cmpstr(gb26875_type_word(NULL, 82), ==, "reserved");
    g_assert_cmpstr(gb26875_system_zh(23), ==, "消防电源"); /* a known mistake of others */
    g_assert_cmpstr(gb26875_system_word(25), ==, "reserved");
    g_assert_cmpstr(gb26875_component_zh(255), ==, "用户自定义");
    g_assert_cmpstr(gb26875_bit_word(NULL, GB26875_OF_SYSTEM, 14), ==, NULL);
    g_assert_cmpstr(gb26875_bit_word(NULL, GB26875_OF_DEVICE, 3), ==, "main-power-fault");
    g_assert_cmpstr(gb26875_flag_zh(false, 5), ==, "确认");
    g_assert_cmpstr(gb26875_flag_zh(true, 5), ==, "查岗应答");
    for (unsigned type = 1; type <= 12; type++) {
        g_assert_cmpuint(gb26875_analog((uint8_t)type)->type, ==, type);
    }
    g_assert_null(gb26875_analog(13));
    for (unsigned reason = 0; reason < GB26875_REASON_COUNT; reason++) {
        g_assert_nonnull(gb26875_reason_word((Gb26875Reason)reason));
        g_assert_nonnull(gb26875_reason_zh((Gb26875Reason)reason));
        g_assert_nonnull(gb26875_reason_en((Gb26875Reason)reason));
    }
}

/* --- profiles and JSON from people ----------------------------------------------------------- */

#define START                                                                                      \
    "{\"name\":\"a\",\"zh\":\"b\",\"source\":\"c\",\"confidence\":\"memory\",\"revision\":2011"
#define TYPE                                                                                       \
    "{\"type\":130,\"word\":\"w\",\"zh\":\"z\",\"source\":\"s\",\"confidence\":\"memory\","        \
    "\"fields\":"

static void test_wrong_profiles(void) {
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"name\":\"a\"}",
        START ",\"colour\":1}",
        START ",\"unit_max\":2000}",
        START ",\"commands\":{\"2\":\"keepalive\"}}",
        START ",\"commands\":{\"7\":\"dance\"}}",
        START ",\"commands\":{\"256\":\"keepalive\"}}",
        START ",\"empty_send\":\"dance\"}",
        START ",\"component_bits\":[{\"bit\":1,\"word\":\"w\",\"zh\":\"z\"}]}",
        START ",\"types\":[1]}",
        START ",\"types\":[" TYPE "[]}]}",
        START ",\"types\":[" TYPE "[\"bytes\"]}]}",
        START ",\"types\":[" TYPE "[\"bytes:0\"]}]}",
        START ",\"types\":[" TYPE "[\"time:6\"]}]}",
        START ",\"types\":[" TYPE "[\"rest\",\"time\"]}]}",
        START ",\"types\":[" TYPE "[\"time\",7]}]}",
    };
    g_autofree Gb26875Profile *profile = g_new(Gb26875Profile, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(gb26875_profile_read(wrong[i], strlen(wrong[i]), profile, &error));
        g_assert_nonnull(error);
    }
    static const char right[] = START ",\"types\":[" TYPE "[\"time\",\"bytes:2 x\"]}]}";
    g_assert_true(gb26875_profile_read(right, strlen(right), profile, NULL));
    g_assert_cmpuint(profile->layouts[0].size, ==, 8);
    g_assert_null(gb26875_profile("nobody"));
}

static void test_wrong_json(void) {
    static const char *const wrong[] = {
        "{\"seq\":65536}",
        "{\"src\":-1}",
        "{\"src\":281474976710656}",
        "{\"version\":\"1\"}",
        "{\"time\":\"yesterday\"}",
        "{\"time_raw\":\"00\"}",
        "{\"unit\":\"0\"}",
        "{\"type\":2,\"objects\":[{\"state\":65536}]}",
        "{\"type\":2,\"objects\":[{\"address\":\"1\"}]}",
        "{\"type\":3,\"objects\":[{\"value_raw\":40000}]}",
        "{\"type\":2,\"count\":2,\"objects\":[{}]}",
        "{\"type\":200,\"objects\":[{},{}]}",
    };
    const Gb26875Profile *profile = gb26875_profile(NULL);
    uint8_t buffer[GB26875_FRAME_MAX];
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) json = json_read(wrong[i], strlen(wrong[i]), &error);
        g_assert_no_error(error);
        g_assert_cmpuint(gb26875_from_json(profile, json, now_us, buffer, &error), ==, 0);
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
    /* What is left out is filled in; words and a time are enough. */
    static const char text[] = "{\"cmd\":2,\"type\":2,\"src\":889,\"objects\":[{\"system_type\":1,"
                               "\"component_type\":40,\"address\":7,\"state\":2,\"text\":\"走廊\","
                               "\"time\":\"2026-11-23T15:04:00+08:00\"}]}";
    g_autoptr(json_t) json = json_read(text, strlen(text), NULL);
    size_t size = gb26875_from_json(profile, json, now_us, buffer, NULL);
    g_autofree char *hex = hex_format(buffer, size);
    static const char want[] =
        "[{\"valid\":true,\"time\":\"2026-11-23T15:04:05+08:00\",\"version\":\"1.0\",\"objects\":"
        "[{\"states\":[\"fire\"],\"text\":\"走廊\",\"time\":\"2026-11-23T15:04:00+08:00\"}]}]";
    g_autoptr(json_t) expect = json_read(want, strlen(want), NULL);
    check_stream(profile, hex, expect);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/gb26875/frames-of-another-program-are-read-and-written-again",
                    test_own);
    g_test_add_func("/frame/gb26875/public-frames-get-the-right-verdict-and-decode", test_public);
    g_test_add_func("/frame/gb26875/what-was-encoded-is-decoded", test_round_trip);
    g_test_add_func("/frame/gb26875/forms-of-vendors-come-back-byte-for-byte",
                    test_vendor_round_trip);
    g_test_add_func("/frame/gb26875/frames-do-not-depend-on-how-a-stream-is-cut", test_cuts);
    g_test_add_func("/frame/gb26875/answers-echo-the-serial-and-tell-our-time", test_answer);
    g_test_add_func("/frame/gb26875/times-of-a-century-and-none", test_time);
    g_test_add_func("/frame/gb26875/texts-are-cut-at-characters", test_text);
    g_test_add_func("/frame/gb26875/words-of-the-standard", test_words);
    g_test_add_func("/frame/gb26875/wrong-profiles-are-refused", test_wrong_profiles);
    g_test_add_func("/frame/gb26875/wrong-json-is-refused-with-a-sentence", test_wrong_json);
    return g_test_run();
}
