#include "frame/gb26875_internal.h"

#include <string.h>

/* --- what the standard says of each type (cl. 8) ---------------------------------------------- */

#define UP (1 << GB26875_SEND | 1 << GB26875_RESPONSE)
#define QUERY (1 << GB26875_REQUEST)
/* The standard prints no command beside 89-91; control is what its figures and devices use. */
#define ORDER (1 << GB26875_CONTROL | 1 << GB26875_REQUEST)
#define VARIES GB26875_VARIES

const Gb26875Form gb26875_forms[256] = {
    [GB26875_SYSTEM_STATE] = {10, 102, UP},
    [GB26875_COMPONENT_STATE] = {46, 22, UP},
    [GB26875_ANALOG] = {16, 63, UP},
    [GB26875_OPERATION] = {10, 102, UP},
    [GB26875_VERSION] = {4, 1, UP},
    [GB26875_SYSTEM_CONFIG] = {VARIES, 3, UP},
    [GB26875_COMPONENT_CONFIG] = {38, 26, UP},
    [GB26875_CLOCK] = {8, 1, UP},
    [GB26875_DEVICE_STATE] = {7, 1, UP},
    [GB26875_DEVICE_OPERATION] = {8, 127, UP},
    [GB26875_DEVICE_VERSION] = {2, 1, UP},
    [GB26875_DEVICE_CONFIG] = {VARIES, 1, UP},
    [GB26875_DEVICE_CLOCK] = {6, 1, UP},
    [GB26875_READ_SYSTEM_STATE] = {2, 102, QUERY},
    [GB26875_READ_COMPONENT_STATE] = {6, 22, QUERY},
    [GB26875_READ_ANALOG] = {6, 63, QUERY},
    [GB26875_READ_OPERATION] = {9, 1, QUERY},
    [GB26875_READ_VERSION] = {2, 1, QUERY},
    [GB26875_READ_SYSTEM_CONFIG] = {2, 3, QUERY},
    [GB26875_READ_COMPONENT_CONFIG] = {6, 26, QUERY},
    [GB26875_READ_CLOCK] = {2, 1, QUERY},
    [GB26875_READ_DEVICE_STATE] = {1, 1, QUERY},
    [GB26875_READ_DEVICE_OPERATION] = {7, 1, QUERY},
    [GB26875_READ_DEVICE_VERSION] = {1, 1, QUERY},
    [GB26875_READ_DEVICE_CONFIG] = {1, 1, QUERY},
    [GB26875_READ_DEVICE_CLOCK] = {1, 1, QUERY},
    [GB26875_INITIALISE] = {1, 1, ORDER},
    [GB26875_SET_CLOCK] = {6, 1, ORDER},
    [GB26875_DUTY_CHECK] = {1, 1, ORDER},
};

/* User-defined: the standard gives nobody the right to refuse them, nor the means to read them. */
static bool is_user_type(uint8_t type) {
    return type >= 128 && type <= 254;
}

static bool configs_fit(uint8_t type, const uint8_t *at, size_t left, unsigned count) {
    size_t head = gb26875_config_head(type);
    for (; count > 0; count--) {
        if (left < head + 1 || left - head - 1 < at[head]) {
            return false;
        }
        size_t size = head + 1 + at[head];
        at += size;
        left -= size;
    }
    return left == 0;
}

static bool form_fits(const Gb26875Form *form, const Gb26875Frame *frame) {
    size_t size = frame->unit.size - 2;
    if (form->size == VARIES) {
        return configs_fit(frame->type, frame->unit.bytes + 2, size, frame->count);
    }
    return size == (size_t)form->size * frame->count;
}

/* --- vendors' objects ------------------------------------------------------------------------ */

bool gb26875_field_size(const Gb26875Field *field, FrameSlice object, size_t at, size_t *ret_size) {
    size_t left = object.size - at;
    size_t size = field->size;
    if (field->kind == GB26875_FIELD_STRING) {
        for (size_t i = field->size; i > 0 && field->size <= left; i--) {
            size += (size_t)object.bytes[at + i - 1] << 8 * (i - 1);
        }
    } else if (field->kind == GB26875_FIELD_REST) {
        size = left;
    }
    *ret_size = size;
    return size <= left;
}

bool gb26875_field_next(const Gb26875Layout *layout,
                        FrameSlice object,
                        unsigned *index,
                        size_t *at,
                        Gb26875FieldValue *ret_value) {
    size_t size;
    if (*index >= layout->field_count ||
        !gb26875_field_size(&layout->fields[*index], object, *at, &size)) {
        return false;
    }
    const Gb26875Field *field = &layout->fields[(*index)++];
    size_t skip = field->kind == GB26875_FIELD_STRING ? field->size : 0;
    *ret_value = (Gb26875FieldValue){field, {object.bytes + *at + skip, size - skip}};
    *at += size;
    return true;
}

/* Size of the object that begins `rest`; false if it is not whole. */
static bool layout_size(const Gb26875Layout *layout, FrameSlice rest, size_t *ret_size) {
    if (layout->size > 0) {
        *ret_size = layout->size;
        return layout->size <= rest.size;
    }
    size_t at = 0;
    for (unsigned i = 0; i < layout->field_count; i++) {
        size_t size;
        if (!gb26875_field_size(&layout->fields[i], rest, at, &size)) {
            return false;
        }
        at += size;
    }
    *ret_size = at;
    return at > 0;
}

static bool layout_fits(const Gb26875Layout *layout, const Gb26875Frame *frame) {
    FrameSlice rest = {frame->unit.bytes + 2, frame->unit.size - 2};
    for (unsigned left = layout->is_single ? 1 : frame->count; left > 0; left--) {
        size_t size;
        if (!layout_size(layout, rest, &size)) {
            return false;
        }
        rest.bytes += size;
        rest.size -= size;
    }
    return rest.size == 0;
}

/* The profile's layouts of one type stand side by side. */
const Gb26875Layout *gb26875_layouts_of(const Gb26875Profile *profile, uint8_t type) {
    unsigned first = profile->layout_of[type];
    return first == 0 ? NULL : &profile->layouts[first - 1];
}

static const Gb26875Layout *layout_after(const Gb26875Profile *profile,
                                         const Gb26875Layout *layout) {
    bool is_last = layout + 1 == profile->layouts + profile->layout_count;
    return is_last || layout[1].type != layout->type ? NULL : layout + 1;
}

static Gb26875Reason vendor_check(const Gb26875Profile *profile, Gb26875Frame *frame) {
    const Gb26875Layout *layout = gb26875_layouts_of(profile, frame->type);
    if (layout == NULL) {
        return is_user_type(frame->type) ? GB26875_OK : GB26875_UNIT_TYPE;
    }
    for (; layout != NULL; layout = layout_after(profile, layout)) {
        if (layout_fits(layout, frame)) {
            frame->layout = layout;
            return GB26875_OK;
        }
    }
    return GB26875_UNIT_SIZE;
}

Gb26875Reason gb26875_unit_check(const Gb26875Profile *profile, Gb26875Frame *frame) {
    uint8_t type = frame->type;
    const Gb26875Form *form = &gb26875_forms[type];
    if (form->size == 0) {
        return vendor_check(profile, frame);
    }
    if (frame->head.command <= GB26875_DENY && (form->commands >> frame->head.command & 1) == 0) {
        return GB26875_UNIT_DIRECTION;
    }
    const Gb26875Layout *own = gb26875_layouts_of(profile, type);
    if (own != NULL && own->replaces) {
        return vendor_check(profile, frame);
    }
    if (frame->count <= form->max && form_fits(form, frame)) {
        return GB26875_OK;
    }
    if (own != NULL) {
        return vendor_check(profile, frame);
    }
    return frame->count > form->max ? GB26875_UNIT_COUNT : GB26875_UNIT_SIZE;
}

/* --- bytes to objects ------------------------------------------------------------------------ */

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read_u32(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return GUINT32_FROM_LE(word);
}

static void read_system(const uint8_t *at, Gb26875Object *object) {
    object->has |= GB26875_HAS_SYSTEM;
    object->system_type = at[0];
    object->system_address = at[1];
}

static void read_component(const uint8_t *at, Gb26875Object *object) {
    read_system(at, object);
    object->has |= GB26875_HAS_COMPONENT | GB26875_HAS_ADDRESS;
    object->component_type = at[2];
    object->address = read_u32(at + 3);
}

static void read_state(const uint8_t *at, size_t size, Gb26875Object *object) {
    object->has |= GB26875_HAS_STATE;
    object->state = size == 1 ? at[0] : read_u16(at);
}

static void read_analog(const uint8_t *at, Gb26875Object *object) {
    object->has |= GB26875_HAS_ANALOG;
    object->analog_type = at[0];
    object->value = (int16_t)read_u16(at + 1);
}

static void read_flags(const uint8_t *at, Gb26875Object *object) {
    object->has |= GB26875_HAS_FLAGS;
    object->flags = at[0];
    object->operator_number = at[1];
}

static void read_version(const uint8_t *at, Gb26875Object *object) {
    object->has |= GB26875_HAS_VERSION;
    object->major_version = at[0];
    object->minor_version = at[1];
}

static void read_time(const uint8_t *at, Gb26875Object *object) {
    object->has |= GB26875_HAS_TIME;
    memcpy(object->time, at, 6);
}

static void read_text(const uint8_t *at, size_t size, Gb26875Object *object) {
    object->has |= GB26875_HAS_TEXT;
    object->text = (FrameSlice){at, size};
}

static size_t read_config(const uint8_t *at, Gb26875Object *object) {
    size_t head = gb26875_config_head(object->type);
    if (head > 0) {
        read_system(at, object);
    }
    read_text(at + head + 1, at[head], object);
    return head + 1 + at[head];
}

static void read_up(const uint8_t *at, Gb26875Object *object) {
    switch (object->type) {
    case GB26875_SYSTEM_STATE:
        read_system(at, object);
        read_state(at + 2, 2, object);
        read_time(at + 4, object);
        break;
    case GB26875_COMPONENT_STATE:
        read_component(at, object);
        read_state(at + 7, 2, object);
        read_text(at + 9, GB26875_TEXT_SIZE, object);
        read_time(at + 40, object);
        break;
    case GB26875_ANALOG:
        read_component(at, object);
        read_analog(at + 7, object);
        read_time(at + 10, object);
        break;
    case GB26875_OPERATION:
        read_system(at, object);
        read_flags(at + 2, object);
        read_time(at + 4, object);
        break;
    case GB26875_VERSION:
        read_system(at, object);
        read_version(at + 2, object);
        break;
    case GB26875_COMPONENT_CONFIG:
        read_component(at, object);
        read_text(at + 7, GB26875_TEXT_SIZE, object);
        break;
    case GB26875_CLOCK:
        read_system(at, object);
        read_time(at + 2, object);
        break;
    case GB26875_DEVICE_STATE:
        read_state(at, 1, object);
        read_time(at + 1, object);
        break;
    case GB26875_DEVICE_OPERATION:
        read_flags(at, object);
        read_time(at + 2, object);
        break;
    case GB26875_DEVICE_VERSION:
        read_version(at, object);
        break;
    default: /* GB26875_DEVICE_CLOCK */
        read_time(at, object);
    }
}

static void read_down(const uint8_t *at, Gb26875Object *object) {
    switch (object->type) {
    case GB26875_READ_SYSTEM_STATE:
    case GB26875_READ_VERSION:
    case GB26875_READ_SYSTEM_CONFIG:
    case GB26875_READ_CLOCK:
        read_system(at, object);
        break;
    case GB26875_READ_COMPONENT_STATE:
    case GB26875_READ_ANALOG:
    case GB26875_READ_COMPONENT_CONFIG:
        read_system(at, object);
        object->has |= GB26875_HAS_ADDRESS;
        object->address = read_u32(at + 2);
        break;
    case GB26875_READ_OPERATION:
        read_system(at, object);
        object->has |= GB26875_HAS_NUMBER;
        object->number = at[2];
        read_time(at + 3, object);
        break;
    case GB26875_READ_DEVICE_OPERATION:
        object->has |= GB26875_HAS_NUMBER;
        object->number = at[0];
        read_time(at + 1, object);
        break;
    case GB26875_SET_CLOCK:
        read_time(at, object);
        break;
    case GB26875_DUTY_CHECK:
        object->has |= GB26875_HAS_MINUTES;
        object->minutes = at[0];
        break;
    default: /* 81, 85, 86, 88, 89 */
        object->has |= GB26875_HAS_RESERVED;
        object->reserved = at[0];
    }
}

static void read_field(const Gb26875FieldValue *value, Gb26875Object *object) {
    const uint8_t *at = value->bytes.bytes;
    switch (value->field->kind) {
    case GB26875_FIELD_SYSTEM:
        read_system(at, object);
        break;
    case GB26875_FIELD_COMPONENT:
        object->has |= GB26875_HAS_COMPONENT;
        object->component_type = at[0];
        break;
    case GB26875_FIELD_ADDRESS:
        object->has |= GB26875_HAS_ADDRESS;
        object->address = read_u32(at);
        break;
    case GB26875_FIELD_STATE:
        read_state(at, value->bytes.size, object);
        break;
    case GB26875_FIELD_ANALOG:
        read_analog(at, object);
        break;
    case GB26875_FIELD_FLAGS:
        read_flags(at, object);
        break;
    case GB26875_FIELD_VERSION:
        read_version(at, object);
        break;
    case GB26875_FIELD_TEXT:
        read_text(at, value->bytes.size, object);
        break;
    case GB26875_FIELD_TIME:
        read_time(at, object);
        break;
    case GB26875_FIELD_STRING:
    case GB26875_FIELD_NUMBER:
    case GB26875_FIELD_BYTES:
    case GB26875_FIELD_REST:
        break; /* only through gb26875_field_next */
    }
}

static size_t read_layout(const Gb26875Layout *layout, FrameSlice rest, Gb26875Object *object) {
    unsigned index = 0;
    size_t at = 0;
    Gb26875FieldValue value;
    while (gb26875_field_next(layout, rest, &index, &at, &value)) {
        read_field(&value, object);
    }
    return at;
}

Gb26875Cursor gb26875_objects(const Gb26875Frame *frame) {
    Gb26875Cursor cursor = {frame, NULL, 0};
    if (frame->has_objects) {
        cursor.at = frame->unit.bytes + 2;
        cursor.left = frame->count;
        bool is_opaque = frame->layout == NULL && gb26875_forms[frame->type].size == 0;
        if (is_opaque || (frame->layout != NULL && frame->layout->is_single)) {
            cursor.left = frame->unit.size > 2 ? 1 : 0;
        }
    }
    return cursor;
}

bool gb26875_next(Gb26875Cursor *cursor, Gb26875Object *ret_object) {
    if (cursor->left == 0) {
        return false;
    }
    cursor->left--;
    const Gb26875Frame *frame = cursor->frame;
    const uint8_t *at = cursor->at;
    size_t rest = (size_t)(frame->unit.bytes + frame->unit.size - at);
    *ret_object = (Gb26875Object){.type = frame->type};
    size_t size = gb26875_forms[frame->type].size;
    if (frame->layout != NULL) {
        size = read_layout(frame->layout, (FrameSlice){at, rest}, ret_object);
    } else if (size == VARIES) {
        size = read_config(at, ret_object);
    } else if (size == 0) {
        size = rest;
    } else if (frame->type < GB26875_READ_SYSTEM_STATE) {
        read_up(at, ret_object);
    } else {
        read_down(at, ret_object);
    }
    ret_object->raw = (FrameSlice){at, size};
    cursor->at = at + size;
    return true;
}
