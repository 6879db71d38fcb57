#include "sensing/journal.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>
#include <zlib.h>

#define MARK "HZJ\x01"
#define MARK_SIZE 4
#define CHECKED_FROM 12 /* after mark, count and checksum */
#define HEAD_SIZE 20
#define MS_US 1000
#define VARINT_MAX 10

static void put_u32(uint8_t *at, uint32_t number) {
    number = GUINT32_TO_LE(number);
    memcpy(at, &number, sizeof number);
}

static uint32_t get_u32(const uint8_t *at) {
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return GUINT32_FROM_LE(number);
}

static uint64_t zigzag(int64_t number) {
    return ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t number) {
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

/* --- writing ---------------------------------------------------------------------------------- */

static uint8_t *put_varint(uint8_t *at, uint64_t number) {
    for (; number >= 0x80; number >>= 7) {
        *at++ = (uint8_t)(number | 0x80);
    }
    *at++ = (uint8_t)number;
    return at;
}

void journal_begin(JournalWriter *writer, GByteArray *bytes, int64_t base_us) {
    static const uint8_t head[HEAD_SIZE] = MARK;
    *writer = (JournalWriter){.bytes = bytes, .base_us = base_us};
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, head, HEAD_SIZE);
    int64_t base = GINT64_TO_LE(base_us);
    memcpy(bytes->data + CHECKED_FROM, &base, sizeof base);
}

void journal_add(JournalWriter *writer, const JournalRecord *record) {
    uint8_t head[2 + 4 * VARINT_MAX + 1];
    uint8_t *at = head;
    *at++ = (uint8_t)record->kind;
    at = put_varint(at, (uint64_t)record->device_id);
    at = put_varint(at, zigzag((record->time_us - writer->base_us) / MS_US));
    switch (record->kind) {
    case JOURNAL_ALIVE:
        break;
    case JOURNAL_STATE:
        at = put_varint(at, (uint64_t)record->point_id);
        at = put_varint(at, (uint64_t)record->state_bits);
        break;
    case JOURNAL_VALUE:
        at = put_varint(at, (uint64_t)record->point_id);
        *at++ = record->analog_type;
        at = put_varint(at, zigzag(record->value));
        break;
    case JOURNAL_RAW:
        *at++ = record->raw_type;
        at = put_varint(at, record->raw_size);
        break;
    }
    g_byte_array_append(writer->bytes, head, (guint)(at - head));
    if (record->kind == JOURNAL_RAW && record->raw_size > 0) {
        g_byte_array_append(writer->bytes, record->raw, (guint)record->raw_size);
    }
    writer->count++;
}

void journal_end(JournalWriter *writer) {
    uint8_t *bytes = writer->bytes->data;
    put_u32(bytes + MARK_SIZE, writer->count);
    put_u32(bytes + 2 * MARK_SIZE,
            (uint32_t)crc32(0, bytes + CHECKED_FROM, writer->bytes->len - CHECKED_FROM));
}

/* --- reading ---------------------------------------------------------------------------------- */

bool journal_open(JournalReader *reader, const void *body, size_t size, GError **error) {
    const uint8_t *bytes = body;
    if (size < HEAD_SIZE || memcmp(bytes, MARK, MARK_SIZE) != 0) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "not a journal body of version 1");
    }
    if (get_u32(bytes + 2 * MARK_SIZE) !=
        (uint32_t)crc32(0, bytes + CHECKED_FROM, (uInt)(size - CHECKED_FROM))) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the journal body has another checksum");
    }
    int64_t base;
    memcpy(&base, bytes + CHECKED_FROM, sizeof base);
    *reader = (JournalReader){
        .at = bytes + HEAD_SIZE,
        .end = bytes + size,
        .base_us = GINT64_FROM_LE(base),
        .left = get_u32(bytes + MARK_SIZE),
    };
    return true;
}

static bool get_varint(JournalReader *reader, uint64_t *ret_number) {
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        uint8_t byte = *reader->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

static bool get_id(JournalReader *reader, int64_t *ret_id) {
    uint64_t number = 0;
    bool is_there = get_varint(reader, &number) && number <= INT64_MAX;
    *ret_id = is_there ? (int64_t)number : 0;
    return is_there;
}

static bool get_signed(JournalReader *reader, int64_t *ret_number) {
    uint64_t number = 0;
    bool is_there = get_varint(reader, &number);
    *ret_number = unzigzag(number);
    return is_there;
}

static bool get_byte(JournalReader *reader, uint8_t *ret_byte) {
    if (reader->at == reader->end) {
        return false;
    }
    *ret_byte = *reader->at++;
    return true;
}

static bool get_raw(JournalReader *reader, JournalRecord *record) {
    uint64_t size = 0;
    if (!get_byte(reader, &record->raw_type) || !get_varint(reader, &size) ||
        size > (uint64_t)(reader->end - reader->at)) {
        return false;
    }
    record->raw = reader->at;
    record->raw_size = (size_t)size;
    reader->at += size;
    return true;
}

static bool get_rest(JournalReader *reader, JournalRecord *record) {
    switch (record->kind) {
    case JOURNAL_ALIVE:
        return true;
    case JOURNAL_STATE:
        return get_id(reader, &record->point_id) && get_id(reader, &record->state_bits);
    case JOURNAL_VALUE:
        return get_id(reader, &record->point_id) && get_byte(reader, &record->analog_type) &&
               get_signed(reader, &record->value);
    case JOURNAL_RAW:
        return get_raw(reader, record);
    default:
        return false;
    }
}

bool journal_next(JournalReader *reader, JournalRecord *ret_record, GError **error) {
    if (reader->left == 0) {
        if (reader->at != reader->end) {
            hz_fail(error, HZ_ERROR_CORRUPT, "bytes behind the last journal record");
        }
        return false;
    }
    JournalRecord record = {0};
    uint8_t kind = 0;
    int64_t time_ms = 0;
    int64_t time_us = 0;
    bool is_there = get_byte(reader, &kind) && get_id(reader, &record.device_id) &&
                    get_signed(reader, &time_ms) &&
                    !__builtin_mul_overflow(time_ms, (int64_t)MS_US, &time_us) &&
                    !__builtin_add_overflow(time_us, reader->base_us, &record.time_us);
    record.kind = (JournalKind)kind;
    if (!is_there || !get_rest(reader, &record)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "a journal record ends too early");
    }
    reader->left--;
    *ret_record = record;
    return true;
}
