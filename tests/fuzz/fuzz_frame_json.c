/*
 * JSON from a person: "f" and a frame to encode, "p" and a profile. What is encoded is a frame; a
 * profile that is read holds what the codec relies on.
 */
#include "frame/gb26875_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_frame(const char *text, size_t size) {
    g_autoptr(json_t) json = json_read(text, size, NULL);
    g_autoptr(GError) error = NULL;
    uint8_t buffer[GB26875_FRAME_MAX];
    if (json == NULL) {
        return;
    }
    const Gb26875Profile *profile = gb26875_profile(NULL);
    size_t made = gb26875_from_json(profile, json, 0, buffer, &error);
    g_assert_true((made == 0) == (error != NULL));
    if (made > 0) {
        Gb26875Frame frame;
        Gb26875Found found = gb26875_scan(profile, (FrameSlice){buffer, made}, true, &frame);
        g_assert_true(found != GB26875_GARBAGE && frame.raw.size == made);
    }
}

static void try_profile(const char *text, size_t size) {
    g_autofree Gb26875Profile *profile = g_new(Gb26875Profile, 1);
    g_autoptr(GError) error = NULL;
    if (!gb26875_profile_read(text, size, profile, &error)) {
        g_assert_nonnull(error);
        return;
    }
    for (unsigned i = 0; i < profile->layout_count; i++) {
        /* All forms against zeros: whatever fits is walked and written again. */
        const Gb26875Layout *layout = &profile->layouts[i];
        uint8_t unit[GB26875_UNIT_MAX] = {layout->type, 1};
        uint8_t buffer[GB26875_FRAME_MAX];
        Gb26875Head head = {.main_version = 1, .command = GB26875_SEND};
        size_t unit_size = 2 + (size_t)(layout->size > 0 ? layout->size : 64);
        if (unit_size > profile->unit_max) {
            continue;
        }
        size_t whole =
            gb26875_encode(profile, &head, (FrameSlice){unit, unit_size}, buffer, sizeof buffer);
        Gb26875Frame frame;
        if (gb26875_scan(profile, (FrameSlice){buffer, whole}, true, &frame) == GB26875_FRAME) {
            g_autoptr(json_t) json = gb26875_json(profile, GB26875_FRAME, &frame);
            g_assert_true(gb26875_from_json(profile, json, 0, buffer, NULL) == whole);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 0 && data[0] == 'f') {
        try_frame((const char *)data + 1, size - 1);
    } else if (size > 0) {
        try_profile((const char *)data + 1, size - 1);
    }
    return 0;
}
