#include "frame/gb26875_json.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "frame/gb26875_internal.h"
#include "frame/gb26875_words.h"

#include <string.h>

#define ZONE_US (INT64_C(8) * 3600 * CLOCK_SECOND_US)

/* --- frames to JSON -------------------------------------------------------------------------- */

static void put_hex(json_t *json, const char *key, const uint8_t *bytes, size_t size) {
    g_autofree char *hex = hex_format(bytes, size);
    json_put_text(json, key, hex);
}

/* "time" and "time_raw". */
static void put_time(json_t *json, const Gb26875Profile *profile, const uint8_t time[6]) {
    int64_t time_us;
    if (gb26875_time(profile, time, &time_us)) {
        g_autofree char *utc = clock_format_utc(time_us + ZONE_US);
        g_autofree char *local = g_strdup_printf("%.19s+08:00", utc);
        json_put_text(json, "time", local);
    } else {
        json_put_text(json, "time", NULL);
    }
    put_hex(json, "time_raw", time, 6);
}

static void put_text(json_t *json, const char *key, FrameSlice raw) {
    g_autofree char *text = g_malloc(GB26875_UTF8_SIZE(raw.size));
    (void)gb26875_text(raw, text, GB26875_UTF8_SIZE(raw.size));
    json_put_text(json, key, text);
}

static json_t *words_of(unsigned bits,
                        const char *(*word)(const Gb26875Profile *, unsigned, unsigned),
                        const Gb26875Profile *profile,
                        unsigned of) {
    json_t *list = json_array();
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((bits >> bit & 1) != 0) {
            const char *name = word(profile, of, bit);
            g_autofree char *number = g_strdup_printf("bit-%u", bit);
            json_array_append_new(list, json_string(name != NULL ? name : number));
        }
    }
    return list;
}

static const char *state_word(const Gb26875Profile *profile, unsigned of, unsigned bit) {
    return gb26875_bit_word(profile, (Gb26875Register)of, bit);
}
static const char *state_zh(const Gb26875Profile *profile, unsigned of, unsigned bit) {
    return gb26875_bit_zh(profile, (Gb26875Register)of, bit);
}
static const char *flag_word(const Gb26875Profile *profile, unsigned of, unsigned bit) {
    (void)profile;
    return gb26875_flag_word(of != 0, bit);
}
static const char *flag_zh(const Gb26875Profile *profile, unsigned of, unsigned bit) {
    (void)profile;
    return gb26875_flag_zh(of != 0, bit);
}

static void put_place(json_t *json, const Gb26875Object *object) {
    if ((object->has & GB26875_HAS_SYSTEM) != 0) {
        json_put_int(json, "system_type", object->system_type);
        json_put_text(json, "system_word", gb26875_system_word(object->system_type));
        json_put_text(json, "system_zh", gb26875_system_zh(object->system_type));
        json_put_int(json, "system_address", object->system_address);
    }
    if ((object->has & GB26875_HAS_COMPONENT) != 0) {
        json_put_int(json, "component_type", object->component_type);
        json_put_text(json, "component_word", gb26875_component_word(object->component_type));
        json_put_text(json, "component_zh", gb26875_component_zh(object->component_type));
    }
    if ((object->has & GB26875_HAS_ADDRESS) != 0) {
        uint32_t wire = GUINT32_TO_LE(object->address);
        json_put_int(json, "address", object->address);
        put_hex(json, "address_raw", (const uint8_t *)&wire, 4);
    }
}

/* "-1.6": exact, where a double is not. */
static char *scaled(int value, unsigned decimals) {
    unsigned size = (unsigned)(value < 0 ? -value : value);
    unsigned step = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
    const char *sign = value < 0 ? "-" : "";
    return decimals == 0
               ? g_strdup_printf("%s%u", sign, size)
               : g_strdup_printf("%s%u.%0*u", sign, size / step, (int)decimals, size % step);
}

static void put_analog(json_t *json, const Gb26875Object *object) {
    const Gb26875Analog *analog = gb26875_analog(object->analog_type);
    json_put_int(json, "analog_type", object->analog_type);
    json_put_text(json, "analog_word", analog != NULL ? analog->word : NULL);
    json_put_text(json, "analog_zh", analog != NULL ? analog->name_zh : NULL);
    g_autofree char *value = scaled(object->value, analog != NULL ? analog->decimals : 0);
    json_put_text(json, "value", value);
    json_put_text(json, "unit", analog != NULL ? analog->unit : NULL);
    json_put_int(json, "value_raw", object->value);
}

static void put_vendor(json_t *json, const Gb26875Layout *layout, FrameSlice object) {
    unsigned index = 0;
    size_t at = 0;
    Gb26875FieldValue value;
    json_t *fields = json_object();
    while (gb26875_field_next(layout, object, &index, &at, &value)) {
        const char *name = value.field->name;
        if (value.field->kind == GB26875_FIELD_NUMBER) {
            int64_t number = 0;
            for (size_t i = value.bytes.size; i > 0; i--) {
                number = number << 8 | value.bytes.bytes[i - 1];
            }
            json_put_int(fields, name, number);
        } else if (value.field->kind == GB26875_FIELD_STRING) {
            put_text(fields, name, value.bytes);
        } else if (value.field->kind >= GB26875_FIELD_BYTES) {
            put_hex(fields, name, value.bytes.bytes, value.bytes.size);
        }
    }
    json_put(json, "fields", fields);
}

static void put_states(json_t *json, const Gb26875Profile *profile, const Gb26875Object *object) {
    unsigned of = gb26875_register(object);
    json_put_int(json, "state", object->state);
    json_put(json, "states", words_of(object->state, state_word, profile, of));
    json_put(json, "states_zh", words_of(object->state, state_zh, profile, of));
}

static void put_flags(json_t *json, const Gb26875Object *object) {
    bool is_device = (object->has & GB26875_HAS_SYSTEM) == 0;
    json_put_int(json, "flags_raw", object->flags);
    json_put(json, "flags", words_of(object->flags, flag_word, NULL, is_device));
    json_put(json, "flags_zh", words_of(object->flags, flag_zh, NULL, is_device));
    json_put_int(json, "operator", object->operator_number);
}

json_t *gb26875_object_json(const Gb26875Profile *profile,
                            const Gb26875Frame *frame,
                            const Gb26875Object *object) {
    json_t *json = json_object();
    put_place(json, object);
    if ((object->has & GB26875_HAS_STATE) != 0) {
        put_states(json, profile, object);
    }
    if ((object->has & GB26875_HAS_ANALOG) != 0) {
        put_analog(json, object);
    }
    if ((object->has & GB26875_HAS_FLAGS) != 0) {
        put_flags(json, object);
    }
    if ((object->has & GB26875_HAS_VERSION) != 0) {
        g_autofree char *version =
            g_strdup_printf("%d.%d", object->major_version, object->minor_version);
        json_put_text(json, "software_version", version);
    }
    if ((object->has & GB26875_HAS_TEXT) != 0) {
        put_text(json, "text", object->text);
        put_hex(json, "text_raw", object->text.bytes, object->text.size);
    }
    if ((object->has & GB26875_HAS_NUMBER) != 0) {
        json_put_int(json, "number", object->number);
    }
    if ((object->has & GB26875_HAS_MINUTES) != 0) {
        json_put_int(json, "minutes", object->minutes);
    }
    if ((object->has & GB26875_HAS_RESERVED) != 0) {
        json_put_int(json, "reserved", object->reserved);
    }
    if ((object->has & GB26875_HAS_TIME) != 0) {
        put_time(json, profile, object->time);
    }
    if (frame->layout != NULL) {
        put_vendor(json, frame->layout, object->raw);
    }
    put_hex(json, "raw", object->raw.bytes, object->raw.size);
    return json;
}

static void put_head(json_t *json, const Gb26875Profile *profile, const Gb26875Frame *frame) {
    const Gb26875Head *head = &frame->head;
    g_autofree char *version = g_strdup_printf("%d.%d", head->main_version, head->user_version);
    json_put_int(json, "seq", head->seq);
    json_put_text(json, "version", version);
    put_time(json, profile, head->time);
    json_put_int(json, "src", (int64_t)head->src);
    json_put_int(json, "dst", (int64_t)head->dst);
    json_put_int(json, "cmd", head->command);
    json_put_text(json, "cmd_word", gb26875_command_word(head->command));
    json_put_text(json, "cmd_zh", gb26875_command_zh(head->command));
}

static void put_nothing(json_t *json) {
    static const char *const keys[] = {"seq", "version", "time", "src", "dst", "cmd"};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        json_put(json, keys[i], json_null());
    }
}

static void put_unit(json_t *json, const Gb26875Profile *profile, const Gb26875Frame *frame) {
    static const char *const roles[] = {"data", "answer", "registration", "keepalive", "handshake"};
    if (frame->reason == GB26875_OK) {
        json_put_text(json, "role", roles[frame->role]);
    }
    if (frame->has_objects) {
        json_put_int(json, "type", frame->type);
        json_put_text(json, "type_word", gb26875_type_word(profile, frame->type));
        json_put_text(json, "type_zh", gb26875_type_zh(profile, frame->type));
        json_put_int(json, "count", frame->count);
    } else {
        json_put(json, "type", json_null());
    }
    if (frame->unit.size > 0) {
        put_hex(json, "unit", frame->unit.bytes, frame->unit.size);
    }
}

/* Profiles under which a refused frame would be good: a hint to whoever sets a device up. */
static json_t *fits(const Gb26875Frame *frame) {
    json_t *list = json_array();
    for (const Gb26875Profile *const *other = gb26875_profiles(); *other != NULL; other++) {
        Gb26875Frame again;
        if (gb26875_scan(*other, frame->raw, true, &again) == GB26875_FRAME &&
            again.raw.size == frame->raw.size) {
            json_array_append_new(list, json_string((*other)->name));
        }
    }
    return list;
}

json_t *gb26875_json(const Gb26875Profile *profile, Gb26875Found found, const Gb26875Frame *frame) {
    json_t *json = json_object();
    json_t *list = json_array();
    bool is_valid = found == GB26875_FRAME;
    json_put_bool(json, "valid", is_valid);
    json_put_text(json, "reason", is_valid ? NULL : gb26875_reason_word(frame->reason));
    if (!is_valid) {
        json_put_text(json, "reason_zh", gb26875_reason_zh(frame->reason));
        json_put_text(json, "reason_en", gb26875_reason_en(frame->reason));
    }
    if (frame->has_head) {
        put_head(json, profile, frame);
    } else {
        put_nothing(json);
    }
    put_unit(json, profile, frame);
    Gb26875Cursor cursor = {0};
    if (is_valid) {
        cursor = gb26875_objects(frame);
    }
    for (Gb26875Object object; gb26875_next(&cursor, &object);) {
        json_array_append_new(list, gb26875_object_json(profile, frame, &object));
    }
    json_put(json, "objects", list);
    if (found == GB26875_REFUSED) {
        json_put(json, "fits", fits(frame));
    }
    put_hex(json, "raw", frame->raw.bytes, frame->raw.size);
    return json;
}

/* --- JSON to frames -------------------------------------------------------------------------- */

/* Where the bytes of one call live. */
typedef struct Reading {
    const Gb26875Profile *profile;
    Gb26875Object objects[GB26875_OBJECTS_MAX];
    uint8_t bytes[5 * GB26875_FRAME_MAX]; /* of unit, texts, times and raw objects */
    size_t used;
    GError **error;
} Reading;

static bool wrong(Reading *reading, const char *key) {
    return hz_fail(reading->error, HZ_ERROR_INVALID, "\"%s\" is missing or has a wrong value", key);
}

static bool
get_number(Reading *reading, const json_t *json, const char *key, int64_t max, int64_t *ret) {
    const json_t *value = json_object_get(json, key);
    *ret = value == NULL ? 0 : json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
    return *ret >= 0 && *ret <= max ? true : wrong(reading, key);
}

static bool get_u8(Reading *reading, const json_t *json, const char *key, uint8_t *ret) {
    int64_t number;
    bool holds = get_number(reading, json, key, UINT8_MAX, &number);
    *ret = (uint8_t)number;
    return holds;
}

/* Hex at `key` into the reading's own bytes; absent: empty. */
static bool get_hex(Reading *reading, const json_t *json, const char *key, FrameSlice *ret) {
    const char *text = json_get_text(json, key, "");
    size_t size = strlen(text) / 2;
    if (strlen(text) % 2 != 0 || size > sizeof reading->bytes - reading->used ||
        !hex_parse(text, reading->bytes + reading->used, size)) {
        return wrong(reading, key);
    }
    *ret = (FrameSlice){reading->bytes + reading->used, size};
    reading->used += size;
    return true;
}

static bool get_time(Reading *reading, const json_t *json, int64_t absent_us, uint8_t ret[6]) {
    const char *text = json_get_text(json, "time", NULL);
    if (json_get_text(json, "time_raw", NULL) != NULL) {
        FrameSlice raw;
        if (!get_hex(reading, json, "time_raw", &raw) || raw.size != 6) {
            return wrong(reading, "time_raw");
        }
        memcpy(ret, raw.bytes, 6);
        return true;
    }
    int64_t time_us = json_object_get(json, "time") == NULL ? absent_us : INT64_MIN;
    if (text != NULL && !clock_parse(text, &time_us)) {
        return wrong(reading, "time");
    }
    gb26875_time_put(reading->profile, time_us, ret);
    return true;
}

/* "1.12" */
static bool get_version(
    Reading *reading, const json_t *json, const char *key, const char *absent, uint8_t ret[2]) {
    g_auto(GStrv) parts = g_strsplit(json_get_text(json, key, absent), ".", 2);
    for (unsigned i = 0; i < 2; i++) {
        guint64 number;
        if (parts[0] == NULL || !g_ascii_string_to_unsigned(
                                    parts[i] != NULL ? parts[i] : "", 10, 0, 255, &number, NULL)) {
            return wrong(reading, key);
        }
        ret[i] = (uint8_t)number;
    }
    return true;
}

static bool get_text(Reading *reading, const json_t *json, FrameSlice *ret) {
    if (json_get_text(json, "text_raw", NULL) != NULL) {
        return get_hex(reading, json, "text_raw", ret);
    }
    uint8_t *at = reading->bytes + reading->used;
    size_t room = MIN(sizeof reading->bytes - reading->used, UINT8_MAX);
    *ret = (FrameSlice){at, gb26875_text_put(json_get_text(json, "text", ""), at, room)};
    reading->used += ret->size;
    return true;
}

static bool get_values(Reading *reading, const json_t *json, Gb26875Object *object) {
    int64_t address, state;
    int64_t value = json_get_int(json, "value_raw", 0);
    if (!get_number(reading, json, "address", UINT32_MAX, &address) ||
        !get_number(reading, json, "state", UINT16_MAX, &state)) {
        return false;
    }
    object->address = (uint32_t)address;
    object->state = (uint16_t)state;
    object->value = (int16_t)value;
    return value >= INT16_MIN && value <= INT16_MAX ? true : wrong(reading, "value_raw");
}

static bool
get_object(Reading *reading, const json_t *json, int64_t now_us, Gb26875Object *object) {
    uint8_t version[2];
    bool holds =
        get_u8(reading, json, "system_type", &object->system_type) &&
        get_u8(reading, json, "system_address", &object->system_address) &&
        get_u8(reading, json, "component_type", &object->component_type) &&
        get_u8(reading, json, "analog_type", &object->analog_type) &&
        get_u8(reading, json, "flags_raw", &object->flags) &&
        get_u8(reading, json, "operator", &object->operator_number) &&
        get_u8(reading, json, "number", &object->number) &&
        get_u8(reading, json, "minutes", &object->minutes) &&
        get_u8(reading, json, "reserved", &object->reserved) && get_values(reading, json, object) &&
        get_version(reading, json, "software_version", "0.0", version) &&
        get_text(reading, json, &object->text) && get_hex(reading, json, "raw", &object->raw) &&
        get_time(reading, json, now_us, object->time);
    if (holds) {
        object->major_version = version[0];
        object->minor_version = version[1];
    }
    return holds;
}

static bool get_head(Reading *reading, const json_t *json, int64_t now_us, Gb26875Head *head) {
    int64_t seq, src, dst;
    uint8_t version[2];
    if (!get_number(reading, json, "seq", UINT16_MAX, &seq) ||
        !get_number(reading, json, "src", (int64_t)GB26875_ADDRESS_MASK, &src) ||
        !get_number(reading, json, "dst", (int64_t)GB26875_ADDRESS_MASK, &dst) ||
        !get_u8(reading, json, "cmd", &head->command) ||
        !get_version(reading, json, "version", "1.0", version) ||
        !get_time(reading, json, now_us, head->time)) {
        return false;
    }
    head->seq = (uint16_t)seq;
    head->src = (uint64_t)src;
    head->dst = (uint64_t)dst;
    head->main_version = version[0];
    head->user_version = version[1];
    return true;
}

/* The form in which `unit` was decoded, so that it is written in the same. */
static const Gb26875Layout *
layout_of(const Gb26875Profile *profile, const Gb26875Head *head, FrameSlice unit) {
    if (unit.size < 2) {
        return NULL;
    }
    Gb26875Frame frame = {
        .head = *head, .unit = unit, .type = unit.bytes[0], .count = unit.bytes[1]};
    return gb26875_unit_check(profile, &frame) == GB26875_OK ? frame.layout : NULL;
}

static size_t
encode(Reading *reading, const json_t *json, int64_t now_us, uint8_t buffer[GB26875_FRAME_MAX]) {
    Gb26875Head head = {0};
    FrameSlice unit;
    if (!get_head(reading, json, now_us, &head) || !get_hex(reading, json, "unit", &unit)) {
        return 0;
    }
    const json_t *list = json_object_get(json, "objects");
    size_t count = json_array_size(list);
    if (!json_is_integer(json_object_get(json, "type"))) {
        return gb26875_encode(reading->profile, &head, unit, buffer, GB26875_FRAME_MAX);
    }
    uint8_t type, said;
    if (!get_u8(reading, json, "type", &type) || !get_u8(reading, json, "count", &said) ||
        count > GB26875_OBJECTS_MAX) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_object(reading, json_array_get(list, i), now_us, &reading->objects[i])) {
            return 0;
        }
    }
    const Gb26875Layout *layout = layout_of(reading->profile, &head, unit);
    bool is_single = gb26875_is_single(reading->profile, type, layout);
    if (is_single ? count > 1 : said != count && json_object_get(json, "count") != NULL) {
        wrong(reading, "count");
        return 0;
    }
    unsigned number = is_single ? said : (unsigned)count;
    return gb26875_encode_objects(reading->profile,
                                  &head,
                                  type,
                                  layout,
                                  count > 0 ? reading->objects : NULL,
                                  number,
                                  buffer,
                                  GB26875_FRAME_MAX);
}

size_t gb26875_from_json(const Gb26875Profile *profile,
                         const json_t *json,
                         int64_t now_us,
                         uint8_t buffer[GB26875_FRAME_MAX],
                         GError **error) {
    g_autofree Reading *reading = g_new0(Reading, 1);
    g_autoptr(GError) problem = NULL;
    reading->profile = profile;
    reading->error = &problem;
    size_t size = encode(reading, json, now_us, buffer);
    if (size == 0 && problem == NULL) {
        hz_fail(&problem, HZ_ERROR_INVALID, "the objects do not fit a frame of this profile");
    }
    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return 0;
    }
    return size;
}
