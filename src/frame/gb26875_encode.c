#include "frame/gb26875_internal.h"

#include <string.h>

/* Bytes are appended as long as they fit; then `is_full` and nothing is written any more. */
typedef struct Writer {
    uint8_t *at;
    size_t left;
    bool is_full;
} Writer;

static void put(Writer *writer, const void *bytes, size_t size) {
    if (writer->is_full || size > writer->left) {
        writer->is_full = true;
        return;
    }
    if (size > 0) {
        memcpy(writer->at, bytes, size);
    }
    writer->at += size;
    writer->left -= size;
}

static void put_u8(Writer *writer, uint8_t number) {
    put(writer, &number, 1);
}

static void put_u16(Writer *writer, uint16_t number) {
    put_u8(writer, (uint8_t)number);
    put_u8(writer, (uint8_t)(number >> 8));
}

static void put_u32(Writer *writer, uint32_t number) {
    put_u16(writer, (uint16_t)number);
    put_u16(writer, (uint16_t)(number >> 16));
}

static void put_zeros(Writer *writer, size_t size) {
    for (; size > 0; size--) {
        put_u8(writer, 0);
    }
}

static void put_text(Writer *writer, FrameSlice text, size_t size) {
    size_t used = text.size < size ? text.size : size;
    put(writer, text.bytes, used);
    put_zeros(writer, size - used);
}

static void put_system(Writer *writer, const Gb26875Object *object) {
    put_u8(writer, object->system_type);
    put_u8(writer, object->system_address);
}

static void put_component(Writer *writer, const Gb26875Object *object) {
    put_system(writer, object);
    put_u8(writer, object->component_type);
    put_u32(writer, object->address);
}

static void put_analog(Writer *writer, const Gb26875Object *object) {
    put_u8(writer, object->analog_type);
    put_u16(writer, (uint16_t)object->value);
}

static void put_flags(Writer *writer, const Gb26875Object *object) {
    put_u8(writer, object->flags);
    put_u8(writer, object->operator_number);
}

static void put_version(Writer *writer, const Gb26875Object *object) {
    put_u8(writer, object->major_version);
    put_u8(writer, object->minor_version);
}

static void put_config(Writer *writer, const Gb26875Object *object) {
    if (gb26875_config_head(object->type) > 0) {
        put_system(writer, object);
    }
    writer->is_full |= object->text.size > UINT8_MAX;
    put_u8(writer, (uint8_t)object->text.size);
    put(writer, object->text.bytes, object->text.size);
}

/* Types 1 to 28. */
static void put_up(Writer *writer, const Gb26875Object *object) {
    switch (object->type) {
    case GB26875_SYSTEM_STATE:
        put_system(writer, object);
        put_u16(writer, object->state);
        break;
    case GB26875_COMPONENT_STATE:
        put_component(writer, object);
        put_u16(writer, object->state);
        put_text(writer, object->text, GB26875_TEXT_SIZE);
        break;
    case GB26875_ANALOG:
        put_component(writer, object);
        put_analog(writer, object);
        break;
    case GB26875_OPERATION:
        put_system(writer, object);
        put_flags(writer, object);
        break;
    case GB26875_VERSION:
        put_system(writer, object);
        put_version(writer, object);
        return;
    case GB26875_COMPONENT_CONFIG:
        put_component(writer, object);
        put_text(writer, object->text, GB26875_TEXT_SIZE);
        return;
    case GB26875_CLOCK:
        put_system(writer, object);
        break;
    case GB26875_DEVICE_STATE:
        put_u8(writer, (uint8_t)object->state);
        break;
    case GB26875_DEVICE_OPERATION:
        put_flags(writer, object);
        break;
    case GB26875_DEVICE_VERSION:
        put_version(writer, object);
        return;
    default:
        break; /* GB26875_DEVICE_CLOCK: nothing but the time */
    }
    put(writer, object->time, 6);
}

/* Types 61 to 91. */
static void put_down(Writer *writer, const Gb26875Object *object) {
    switch (object->type) {
    case GB26875_READ_SYSTEM_STATE:
    case GB26875_READ_VERSION:
    case GB26875_READ_SYSTEM_CONFIG:
    case GB26875_READ_CLOCK:
        put_system(writer, object);
        break;
    case GB26875_READ_COMPONENT_STATE:
    case GB26875_READ_ANALOG:
    case GB26875_READ_COMPONENT_CONFIG:
        put_system(writer, object);
        put_u32(writer, object->address);
        break;
    case GB26875_READ_OPERATION:
        put_system(writer, object);
        put_u8(writer, object->number);
        put(writer, object->time, 6);
        break;
    case GB26875_READ_DEVICE_OPERATION:
        put_u8(writer, object->number);
        put(writer, object->time, 6);
        break;
    case GB26875_SET_CLOCK:
        put(writer, object->time, 6);
        break;
    case GB26875_DUTY_CHECK:
        put_u8(writer, object->minutes);
        break;
    default: /* 81, 85, 86, 88, 89 */
        put_u8(writer, object->reserved);
    }
}

/* Fields without a place in Gb26875Object are taken from `raw` as it was decoded, else empty. */
static void put_raw_field(Writer *writer, const Gb26875Field *field, FrameSlice raw, size_t at) {
    size_t size;
    if (raw.size > 0 && gb26875_field_size(field, raw, at, &size)) {
        put(writer, raw.bytes + at, size);
    } else {
        put_zeros(writer, field->size); /* an empty string: its length */
    }
}

static void
put_field(Writer *writer, const Gb26875Field *field, const Gb26875Object *object, size_t at) {
    switch (field->kind) {
    case GB26875_FIELD_SYSTEM:
        put_system(writer, object);
        break;
    case GB26875_FIELD_COMPONENT:
        put_u8(writer, object->component_type);
        break;
    case GB26875_FIELD_ADDRESS:
        put_u32(writer, object->address);
        break;
    case GB26875_FIELD_STATE:
        put_u8(writer, (uint8_t)object->state);
        if (field->size > 1) {
            put_u8(writer, (uint8_t)(object->state >> 8));
        }
        break;
    case GB26875_FIELD_ANALOG:
        put_analog(writer, object);
        break;
    case GB26875_FIELD_FLAGS:
        put_flags(writer, object);
        break;
    case GB26875_FIELD_VERSION:
        put_version(writer, object);
        break;
    case GB26875_FIELD_TEXT:
        put_text(writer, object->text, field->size);
        break;
    case GB26875_FIELD_TIME:
        put(writer, object->time, 6);
        break;
    case GB26875_FIELD_STRING:
    case GB26875_FIELD_NUMBER:
    case GB26875_FIELD_BYTES:
    case GB26875_FIELD_REST:
        put_raw_field(writer, field, object->raw, at);
        break;
    }
}

static void put_object(Writer *writer, const Gb26875Layout *layout, const Gb26875Object *object) {
    const uint8_t *begin = writer->at;
    uint8_t form = gb26875_forms[object->type].size;
    if (layout != NULL) {
        for (unsigned i = 0; i < layout->field_count; i++) {
            put_field(writer, &layout->fields[i], object, (size_t)(writer->at - begin));
        }
    } else if (form == GB26875_VARIES) {
        put_config(writer, object);
    } else if (form == 0) {
        put(writer, object->raw.bytes, object->raw.size);
    } else if (object->type < GB26875_READ_SYSTEM_STATE) {
        put_up(writer, object);
    } else {
        put_down(writer, object);
    }
}

const Gb26875Layout *gb26875_usual_layout(const Gb26875Profile *profile, uint8_t type) {
    const Gb26875Layout *layout = gb26875_layouts_of(profile, type);
    return layout != NULL && (layout->replaces || gb26875_forms[type].size == 0) ? layout : NULL;
}

bool gb26875_is_single(const Gb26875Profile *profile, uint8_t type, const Gb26875Layout *layout) {
    layout = layout != NULL ? layout : gb26875_usual_layout(profile, type);
    return layout != NULL ? layout->is_single : gb26875_forms[type].size == 0;
}

size_t gb26875_encode_objects(const Gb26875Profile *profile,
                              const Gb26875Head *head,
                              uint8_t type,
                              const Gb26875Layout *layout,
                              const Gb26875Object *objects,
                              unsigned count,
                              uint8_t *buffer,
                              size_t size) {
    layout = layout != NULL ? layout : gb26875_usual_layout(profile, type);
    bool is_single = gb26875_is_single(profile, type, layout);
    if (size < GB26875_FRAME_MIN || count > GB26875_OBJECTS_MAX) {
        return 0;
    }
    uint8_t *unit = buffer + GB26875_UNIT_AT;
    Writer writer = {unit, size - GB26875_FRAME_MIN, false};
    put_u8(&writer, type);
    put_u8(&writer, (uint8_t)count);
    unsigned wanted = is_single ? objects != NULL : count;
    for (unsigned i = 0; i < wanted; i++) {
        Gb26875Object object = objects[i];
        object.type = type;
        put_object(&writer, layout, &object);
    }
    FrameSlice written = {unit, (size_t)(writer.at - unit)};
    return writer.is_full ? 0 : gb26875_encode(profile, head, written, buffer, size);
}
