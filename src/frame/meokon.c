#include "frame/meokon.h"

#include "base/clock.h"
#include "base/digest.h"
#include "frame/gb26875_internal.h"
#include "frame/gb26875_words.h"

#include <string.h>

#define RECORDS_AT 35
#define TAIL 4 /* checksum and end mark */

static const uint8_t start_mark[] = {0xa5, 0x5a}, end_mark[] = {0x55, 0xaa};

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put_u16(uint8_t *at, unsigned number) {
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* CRC-16/MODBUS: polynomial 0x8005 reflected, from 0xffff. */
static uint16_t checksum(const uint8_t *bytes, size_t size) {
    unsigned sum = 0xffff;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            sum = (sum & 1) != 0 ? sum >> 1 ^ 0xa001 : sum >> 1;
        }
    }
    return (uint16_t)sum;
}

static bool is_size(size_t size) {
    return size >= MEOKON_FRAME_MIN && size <= MEOKON_FRAME_MAX;
}

/* As its twin of GB/T 26875.3. */
static Gb26875Reason shape(const uint8_t *at, size_t left, size_t *ret_size) {
    *ret_size = MEOKON_FRAME_MIN;
    if (left < 2) {
        return left == 0 || *at == start_mark[0] ? GB26875_TRUNCATED : GB26875_NO_START;
    }
    if (memcmp(at, start_mark, 2) != 0) {
        return GB26875_NO_START;
    }
    if (left < 5) {
        return GB26875_TRUNCATED;
    }
    size_t size = read_u16(at + 3);
    if (!is_size(size)) {
        return GB26875_LENGTH;
    }
    *ret_size = size;
    if (left < size) {
        return GB26875_TRUNCATED;
    }
    if (memcmp(at + size - 2, end_mark, 2) != 0) {
        return GB26875_END;
    }
    return read_u16(at + size - TAIL) == checksum(at, size - TAIL) ? GB26875_OK : GB26875_CHECKSUM;
}

static bool is_plausible(const uint8_t *at, size_t left, bool is_end) {
    if (left < 5) {
        return !is_end && (left < 2 || at[1] == start_mark[1]);
    }
    size_t size = read_u16(at + 3);
    return at[1] == start_mark[1] && is_size(size) && (!is_end || left >= size);
}

static size_t reject_size(FrameSlice bytes, size_t limit, bool is_end) {
    for (size_t at = 1; at < limit; at++) {
        const uint8_t *next = memchr(bytes.bytes + at, start_mark[0], limit - at);
        if (next == NULL) {
            break;
        }
        at = (size_t)(next - bytes.bytes);
        if (is_plausible(next, bytes.size - at, is_end)) {
            return at;
        }
    }
    return limit;
}

static Gb26875Reason read_content(const uint8_t *at, size_t size, MeokonFrame *frame) {
    frame->command = at[2];
    memcpy(frame->id, at + 5, MEOKON_ID_SIZE);
    for (unsigned i = 0; i < MEOKON_ID_SIZE; i++) {
        if (at[5 + i] < ' ' || at[5 + i] > '~') {
            frame->id[i] = '?'; /* it is shown and looked up as text */
        }
    }
    frame->power = at[17];
    unsigned percent = (at[17] & 31) * 5U;
    frame->battery_percent = (uint8_t)(percent < 100 ? percent : 100);
    frame->rssi_dbm = (int8_t)at[18];
    frame->interval_s = read_u16(at + 19);
    frame->record_count = read_u16(at + 21);
    frame->sensor_type = at[23];
    frame->alarms = at[24];
    frame->low = (int16_t)read_u16(at + 25);
    frame->high = (int16_t)read_u16(at + 27);
    frame->current = (int16_t)read_u16(at + 29);
    int64_t second = (int64_t)read_u16(at + 31) << 16 | read_u16(at + 33);
    frame->time_us = second * CLOCK_SECOND_US;
    frame->records = (FrameSlice){at + RECORDS_AT, size - MEOKON_FRAME_MIN};
    if (frame->command != 0) {
        return GB26875_COMMAND;
    }
    /* Sensors of two values have larger records, of which nothing is known. */
    bool fits = frame->records.size == 2 * (size_t)frame->record_count;
    return fits ? GB26875_OK : GB26875_UNIT_SIZE;
}

Gb26875Found meokon_scan(FrameSlice bytes, bool is_end, MeokonFrame *ret_frame) {
    *ret_frame = (MeokonFrame){0};
    size_t size;
    Gb26875Reason reason = shape(bytes.bytes, bytes.size, &size);
    if (reason == GB26875_TRUNCATED && (!is_end || bytes.size == 0)) {
        ret_frame->needed = size;
        return GB26875_MORE;
    }
    if (reason == GB26875_OK) {
        reason = read_content(bytes.bytes, size, ret_frame);
        ret_frame->reason = reason;
        ret_frame->raw = (FrameSlice){bytes.bytes, size};
        return reason == GB26875_OK ? GB26875_FRAME : GB26875_REFUSED;
    }
    size_t limit = reason == GB26875_CHECKSUM ? size : bytes.size;
    ret_frame->reason = reason;
    ret_frame->raw = (FrameSlice){bytes.bytes, reject_size(bytes, limit, is_end)};
    return GB26875_GARBAGE;
}

int16_t meokon_record(const MeokonFrame *frame, unsigned index, int64_t *ret_time_us) {
    int64_t back = (int64_t)frame->record_count - 1 - index;
    *ret_time_us = frame->time_us - back * frame->interval_s * CLOCK_SECOND_US;
    return (int16_t)read_u16(frame->records.bytes + 2 * (size_t)index);
}

const char *meokon_unit(uint8_t sensor_type, unsigned *ret_decimals) {
    static const char *const units[] = {"kPa", "MPa", "bar"};
    static const uint8_t decimals[] = {1, 3, 2};
    bool is_known = sensor_type < G_N_ELEMENTS(units);
    *ret_decimals = is_known ? decimals[sensor_type] : 0;
    return is_known ? units[sensor_type] : NULL;
}

size_t meokon_encode(const MeokonFrame *frame, uint8_t *buffer, size_t size) {
    size_t whole = MEOKON_FRAME_MIN + frame->records.size;
    if (!is_size(whole) || whole > size || frame->records.size != 2 * (size_t)frame->record_count) {
        return 0;
    }
    uint64_t second = (uint64_t)(frame->time_us / CLOCK_SECOND_US);
    memcpy(buffer, start_mark, 2);
    buffer[2] = frame->command;
    put_u16(buffer + 3, (unsigned)whole);
    memcpy(buffer + 5, frame->id, MEOKON_ID_SIZE);
    buffer[17] = frame->power;
    buffer[18] = (uint8_t)frame->rssi_dbm;
    put_u16(buffer + 19, frame->interval_s);
    put_u16(buffer + 21, frame->record_count);
    buffer[23] = frame->sensor_type;
    buffer[24] = frame->alarms;
    put_u16(buffer + 25, (uint16_t)frame->low);
    put_u16(buffer + 27, (uint16_t)frame->high);
    put_u16(buffer + 29, (uint16_t)frame->current);
    put_u16(buffer + 31, (unsigned)(second >> 16));
    put_u16(buffer + 33, (unsigned)second);
    if (frame->records.size > 0) {
        memcpy(buffer + RECORDS_AT, frame->records.bytes, frame->records.size);
    }
    put_u16(buffer + whole - TAIL, checksum(buffer, whole - TAIL));
    memcpy(buffer + whole - 2, end_mark, 2);
    return whole;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static json_t *alarm_words(const MeokonFrame *frame) {
    static const char *const plain[] = {
        "low", "high", "battery", "sensor-fault", "hardware-fault", "low-2", "high-2", "sensor-3"};
    static const char *const hydrant[] = {"knock", "tilt", "outflow"};
    json_t *list = json_array();
    for (unsigned bit = 0; bit < 8; bit++) {
        bool is_hydrant =
            bit >= 5 && (frame->sensor_type == 24 || (frame->sensor_type == 34 && bit == 7));
        if ((frame->alarms >> bit & 1) != 0) {
            json_array_append_new(list, json_string(is_hydrant ? hydrant[bit - 5] : plain[bit]));
        }
    }
    return list;
}

static void put_value(json_t *json, const char *key, const MeokonFrame *frame, int16_t value) {
    unsigned decimals;
    (void)meokon_unit(frame->sensor_type, &decimals);
    g_autofree char *text = gb26875_decimal(value, decimals);
    json_put_text(json, key, text);
}

static void put_content(json_t *json, const MeokonFrame *frame) {
    unsigned decimals;
    g_autofree char *time = gb26875_iso(frame->time_us);
    json_put_text(json, "id", frame->id);
    json_put_text(json, "time", time);
    json_put_int(json, "cmd", frame->command);
    json_put_bool(json, "external_power", frame->power >> 7 != 0);
    json_put_int(json, "battery_percent", frame->battery_percent);
    json_put_int(json, "rssi_dbm", frame->rssi_dbm);
    json_put_int(json, "interval_s", frame->interval_s);
    json_put_int(json, "sensor_type", frame->sensor_type);
    json_put_text(json, "unit", meokon_unit(frame->sensor_type, &decimals));
    json_put_int(json, "alarms_raw", frame->alarms);
    json_put(json, "alarms", alarm_words(frame));
    put_value(json, "low", frame, frame->low);
    put_value(json, "high", frame, frame->high);
    put_value(json, "current", frame, frame->current);
}

json_t *meokon_json(Gb26875Found found, const MeokonFrame *frame) {
    json_t *json = json_object();
    bool is_valid = found == GB26875_FRAME;
    json_put_bool(json, "valid", is_valid);
    json_put_text(json, "reason", is_valid ? NULL : gb26875_reason_word(frame->reason));
    if (!is_valid) {
        json_put_text(json, "reason_zh", gb26875_reason_zh(frame->reason));
        json_put_text(json, "reason_en", gb26875_reason_en(frame->reason));
    }
    json_t *records = json_array();
    for (unsigned i = 0; is_valid && i < frame->record_count; i++) {
        int64_t time_us;
        json_t *record = json_object();
        put_value(record, "value", frame, meokon_record(frame, i, &time_us));
        g_autofree char *time = gb26875_iso(time_us);
        json_put_text(record, "time", time);
        json_array_append_new(records, record);
    }
    if (found != GB26875_GARBAGE) {
        put_content(json, frame);
    }
    json_put(json, "records", records);
    g_autofree char *hex = hex_format(frame->raw.bytes, frame->raw.size);
    json_put_text(json, "raw", hex);
    return json;
}
