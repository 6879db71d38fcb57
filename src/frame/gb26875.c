#include "frame/gb26875.h"

#include "frame/gb26875_internal.h"

#include <string.h>

#define START 0x40
#define STOP 0x23
#define HEAD_SIZE 27 /* marks and control unit */
#define LENGTH_AT 24
#define COMMAND_AT 26

/* Sum of all bytes modulo 256, eight at a time in 16-bit lanes. */
static uint8_t sum_bytes(const uint8_t *bytes, size_t size) {
    const uint64_t low = UINT64_C(0x00ff00ff00ff00ff);
    uint64_t sum = 0;
    size_t at = 0;
    /* A lane overflows into its neighbour after 128 words: fold before. */
    while (size - at >= 8) {
        uint64_t lanes = 0;
        size_t words = (size - at) / 8;
        for (words = words < 64 ? words : 64; words > 0; words--, at += 8) {
            uint64_t word;
            memcpy(&word, bytes + at, 8);
            lanes += (word & low) + (word >> 8 & low);
        }
        sum += lanes + (lanes >> 16) + (lanes >> 32) + (lanes >> 48);
    }
    for (; at < size; at++) {
        sum += bytes[at];
    }
    return (uint8_t)sum;
}

uint8_t gb26875_checksum(const uint8_t *frame, size_t unit_size) {
    return sum_bytes(frame + 2, HEAD_SIZE - 2 + unit_size);
}

static size_t unit_size_of(const uint8_t *at) {
    return (size_t)(at[LENGTH_AT] | at[LENGTH_AT + 1] << 8);
}

/* Looks at what begins at `at`. GB26875_OK with its size, a reason, or GB26875_TRUNCATED with the
 * size at which it can be decided. */
static Gb26875Reason
shape(const Gb26875Profile *profile, const uint8_t *at, size_t left, size_t *ret_size) {
    *ret_size = GB26875_FRAME_MIN;
    if (left < 2) {
        return left == 0 || *at == START ? GB26875_TRUNCATED : GB26875_NO_START;
    }
    if (at[0] != START || at[1] != START) {
        return GB26875_NO_START;
    }
    if (left < LENGTH_AT + 2) {
        return GB26875_TRUNCATED;
    }
    size_t unit = unit_size_of(at);
    if (unit > profile->unit_max) {
        return GB26875_LENGTH;
    }
    size_t size = GB26875_FRAME_MIN + unit;
    *ret_size = size;
    if (left < size) {
        return GB26875_TRUNCATED;
    }
    if (at[size - 2] != STOP || at[size - 1] != STOP) {
        return GB26875_END;
    }
    return at[size - 3] == gb26875_checksum(at, unit) ? GB26875_OK : GB26875_CHECKSUM;
}

/* Might a frame begin here? At the end of the stream only if all of it is there. */
static bool
is_plausible(const Gb26875Profile *profile, const uint8_t *at, size_t left, bool is_end) {
    if (left < LENGTH_AT + 2) {
        return !is_end && (left < 2 || at[1] == START);
    }
    if (at[1] != START || unit_size_of(at) > profile->unit_max) {
        return false;
    }
    return !is_end || left >= GB26875_FRAME_MIN + unit_size_of(at);
}

/* Bytes of `bytes` to reject: up to the next place where a frame may begin, at most `limit`. */
static size_t
reject_size(const Gb26875Profile *profile, FrameSlice bytes, size_t limit, bool is_end) {
    for (size_t at = 1; at < limit; at++) {
        const uint8_t *next = memchr(bytes.bytes + at, START, limit - at);
        if (next == NULL) {
            break;
        }
        at = (size_t)(next - bytes.bytes);
        if (is_plausible(profile, next, bytes.size - at, is_end)) {
            return at;
        }
    }
    return limit;
}

uint64_t gb26875_turned(uint64_t address) {
    return __builtin_bswap64(address) >> 16;
}

static uint64_t address(const Gb26875Profile *profile, const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8); /* two bytes too many; inside any frame */
    word = GUINT64_FROM_LE(word) & GB26875_ADDRESS_MASK;
    return profile->is_address_big ? gb26875_turned(word) : word;
}

static void read_head(const Gb26875Profile *profile, const uint8_t *at, Gb26875Head *ret_head) {
    ret_head->seq = (uint16_t)(at[2] | at[3] << 8);
    ret_head->main_version = at[4];
    ret_head->user_version = at[5];
    memcpy(ret_head->time, at + 6, 6);
    ret_head->src = address(profile, at + 12);
    ret_head->dst = address(profile, at + 18);
    ret_head->command = at[COMMAND_AT];
}

static Gb26875Found reject(const Gb26875Profile *profile,
                           FrameSlice bytes,
                           Gb26875Reason reason,
                           size_t size,
                           bool is_end,
                           Gb26875Frame *ret_frame) {
    /* Marks in their places bound a frame, even if its checksum is wrong. */
    size_t limit = reason == GB26875_CHECKSUM ? size : bytes.size;
    ret_frame->reason = reason;
    ret_frame->raw = (FrameSlice){bytes.bytes, reject_size(profile, bytes, limit, is_end)};
    ret_frame->has_head = reason != GB26875_NO_START && bytes.size >= GB26875_FRAME_MIN;
    if (ret_frame->has_head) {
        read_head(profile, bytes.bytes, &ret_frame->head);
    }
    return GB26875_GARBAGE;
}

/* The command decides whether there is a unit and what it is for. */
static Gb26875Reason read_content(const Gb26875Profile *profile, Gb26875Frame *frame) {
    uint8_t command = frame->head.command;
    if (profile->main_version >= 0 && frame->head.main_version != profile->main_version) {
        return GB26875_MAIN_VERSION;
    }
    if (command == GB26875_CONFIRM || command == GB26875_DENY) {
        frame->role = GB26875_ANSWER;
        return GB26875_OK;
    }
    if (frame->unit.size >= 2) {
        frame->type = frame->unit.bytes[0];
        frame->count = frame->unit.bytes[1];
        frame->has_objects = true;
    }
    bool is_vendor = command < GB26875_CONTROL || command > GB26875_DENY;
    if (is_vendor && profile->roles[command] == 0) {
        return GB26875_COMMAND;
    }
    frame->role = is_vendor ? (Gb26875Role)(profile->roles[command] - 1) : GB26875_DATA;
    if (frame->unit.size >= 2) {
        return gb26875_unit_check(profile, frame);
    }
    if (frame->unit.size == 1) {
        frame->role = GB26875_HANDSHAKE;
        return frame->unit.bytes[0] == profile->handshake ? GB26875_OK : GB26875_UNIT_SIZE;
    }
    if (command == GB26875_SEND && profile->has_empty_send) {
        frame->role = profile->empty_send;
        return GB26875_OK;
    }
    return is_vendor ? GB26875_OK : GB26875_UNIT_MISSING;
}

Gb26875Found gb26875_scan(const Gb26875Profile *profile,
                          FrameSlice bytes,
                          bool is_end,
                          Gb26875Frame *ret_frame) {
    *ret_frame = (Gb26875Frame){0};
    size_t size;
    Gb26875Reason reason = shape(profile, bytes.bytes, bytes.size, &size);
    if (reason == GB26875_TRUNCATED && (!is_end || bytes.size == 0)) {
        ret_frame->needed = size;
        return GB26875_MORE;
    }
    if (reason != GB26875_OK) {
        return reject(profile, bytes, reason, size, is_end, ret_frame);
    }
    ret_frame->raw = (FrameSlice){bytes.bytes, size};
    ret_frame->unit = (FrameSlice){bytes.bytes + HEAD_SIZE, size - GB26875_FRAME_MIN};
    ret_frame->has_head = true;
    read_head(profile, bytes.bytes, &ret_frame->head);
    ret_frame->reason = read_content(profile, ret_frame);
    return ret_frame->reason == GB26875_OK ? GB26875_FRAME : GB26875_REFUSED;
}

/* --- frames to bytes ------------------------------------------------------------------------- */

static void put_address(const Gb26875Profile *profile, uint64_t number, uint8_t *at) {
    for (unsigned i = 0; i < 6; i++) {
        at[profile->is_address_big ? 5 - i : i] = (uint8_t)(number >> 8 * i);
    }
}

size_t gb26875_encode(const Gb26875Profile *profile,
                      const Gb26875Head *head,
                      FrameSlice unit,
                      uint8_t *buffer,
                      size_t size) {
    size_t whole = GB26875_FRAME_MIN + unit.size;
    if (unit.size > profile->unit_max || whole > size) {
        return 0;
    }
    buffer[0] = buffer[1] = START;
    buffer[2] = (uint8_t)head->seq;
    buffer[3] = (uint8_t)(head->seq >> 8);
    buffer[4] = head->main_version;
    buffer[5] = head->user_version;
    memcpy(buffer + 6, head->time, 6);
    put_address(profile, head->src, buffer + 12);
    put_address(profile, head->dst, buffer + 18);
    buffer[LENGTH_AT] = (uint8_t)unit.size;
    buffer[LENGTH_AT + 1] = (uint8_t)(unit.size >> 8);
    buffer[COMMAND_AT] = head->command;
    if (unit.size > 0) {
        memmove(buffer + HEAD_SIZE, unit.bytes, unit.size); /* it may have been written there */
    }
    buffer[whole - 3] = gb26875_checksum(buffer, unit.size);
    buffer[whole - 2] = buffer[whole - 1] = STOP;
    return whole;
}

size_t gb26875_encode_answer(const Gb26875Profile *profile,
                             const Gb26875Frame *frame,
                             Gb26875Command command,
                             int64_t time_us,
                             uint8_t *buffer,
                             size_t size) {
    Gb26875Head head = frame->head;
    head.src = frame->head.dst;
    head.dst = frame->head.src;
    head.command = (uint8_t)command;
    gb26875_time_put(profile, time_us, head.time);
    bool is_shaken = frame->role == GB26875_HANDSHAKE && command == GB26875_CONFIRM;
    FrameSlice unit = {&profile->handshake_answer, is_shaken ? 1 : 0};
    return gb26875_encode(profile, &head, unit, buffer, size);
}
