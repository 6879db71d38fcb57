/* What a frame of the national protocol tells, as readings. */
#include "sensing/ingest_internal.h"

#include <string.h>

void frame_readings_init(FrameReadings *into) {
    into->readings = g_array_new(FALSE, FALSE, sizeof(Reading));
    into->texts = g_string_chunk_new(1024);
}

void frame_readings_clear(FrameReadings *into) {
    g_array_unref(into->readings);
    g_string_chunk_free(into->texts);
}

static Reading *add(FrameReadings *into, ReadingKind kind) {
    Reading reading = {.kind = kind};
    g_array_append_val(into->readings, reading);
    return &g_array_index(into->readings, Reading, into->readings->len - 1);
}

/* The kind of what an object tells; READING_RAW when ingest has no use for it. */
static ReadingKind kind_of(const Gb26875Object *object) {
    bool has_system = (object->has & GB26875_HAS_SYSTEM) != 0;
    if ((object->has & GB26875_HAS_STATE) != 0) {
        return has_system ? READING_STATE : READING_DEVICE_STATE;
    }
    if ((object->has & GB26875_HAS_ANALOG) != 0) {
        return has_system ? READING_VALUE : READING_RAW;
    }
    if ((object->has & GB26875_HAS_FLAGS) != 0) {
        return has_system ? READING_OPERATION : READING_DEVICE_OPERATION;
    }
    return READING_RAW;
}

static const char *text_of(FrameReadings *into,
                           const Gb26875Object *object,
                           const Reading *reading,
                           const IngestDevice *device) {
    if ((object->has & GB26875_HAS_TEXT) == 0 || object->text.size > GB26875_TEXT_SIZE) {
        return NULL;
    }
    IngestPoint like = {
        .system_type = reading->system_type,
        .system_address = reading->system_address,
        .component_type = reading->component_type,
        .address = reading->address,
    };
    if (device != NULL && ingest_point_find(device, &like) != NULL) {
        return NULL;
    }
    char text[GB26875_UTF8_SIZE(GB26875_TEXT_SIZE)];
    (void)gb26875_text(object->text, text, sizeof text);
    return g_string_chunk_insert(into->texts, text);
}

static void read_object(FrameReadings *into,
                        const Gb26875Profile *profile,
                        const Gb26875Object *object,
                        const IngestDevice *device) {
    Reading *reading = add(into, kind_of(object));
    int64_t time_us = 0;
    if ((object->has & GB26875_HAS_TIME) != 0 && gb26875_time(profile, object->time, &time_us)) {
        reading->time_us = time_us;
    }
    if (reading->kind == READING_RAW) {
        reading->raw_type = object->type;
        reading->raw = object->raw.bytes;
        reading->raw_size = object->raw.size;
        return;
    }
    bool has_component = (object->has & GB26875_HAS_COMPONENT) != 0;
    reading->system_type = object->system_type;
    reading->system_address = object->system_address;
    reading->component_type = (int16_t)(has_component ? object->component_type : -1);
    reading->address = has_component ? object->address : 0;
    reading->bits =
        (object->has & GB26875_HAS_FLAGS) != 0 ? (uint16_t)object->flags : object->state;
    reading->operator_number = object->operator_number;
    reading->analog_type = object->analog_type;
    reading->value = object->value;
    reading->text = text_of(into, object, reading, device);
}

void frame_read(FrameReadings *into,
                const Gb26875Profile *profile,
                const Gb26875Frame *frame,
                const IngestDevice *device) {
    g_array_set_size(into->readings, 0);
    g_string_chunk_clear(into->texts);
    if (frame->role == GB26875_DATA && frame->has_objects) {
        Gb26875Cursor cursor = gb26875_objects(frame);
        Gb26875Object object;
        while (gb26875_next(&cursor, &object)) {
            read_object(into, profile, &object, device);
        }
    }
    if (into->readings->len == 0) {
        add(into, READING_ALIVE);
    }
}

IngestMessage frame_message(const FrameReadings *into,
                            const Gb26875Profile *profile,
                            const Gb26875Frame *frame,
                            const char *code,
                            int64_t received_us) {
    int64_t sent_us = 0;
    (void)gb26875_time(profile, frame->head.time, &sent_us);
    uint64_t seed = (uint64_t)frame->head.seq << 8 | frame->head.command;
    return (IngestMessage){
        .protocol = "gb26875",
        .code = code,
        .key = ingest_hash(seed, frame->unit.bytes, frame->unit.size),
        .sent_us = sent_us,
        .serial = frame->head.seq,
        .readings = (const Reading *)(const void *)into->readings->data,
        .count = into->readings->len,
        .received_us = received_us,
        .profile = profile,
    };
}
