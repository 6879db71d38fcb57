/*
 * Codec of GB/T 26875.3-2011, the protocol between user information transmission devices
 * (用户信息传输装置) and a monitoring centre.
 *
 * Pure: no allocation, no I/O, no clock. Every result borrows the caller's bytes and lives as long
 * as they do. Whatever arrives is a value: a frame, a refusal with its reason, or bytes that are no
 * frame; there is no GError here. Thread: any.
 *
 * Reading a stream: keep what has arrived in a buffer and call gb26875_scan until it says
 * GB26875_MORE, dropping ret->raw.size bytes after each other answer:
 *
 *   while ((found = gb26875_scan(profile, rest, is_end, &frame)) != GB26875_MORE) {
 *       … use frame …
 *       rest.bytes += frame.raw.size; rest.size -= frame.raw.size;
 *   }
 *
 * A datagram is a stream with is_end = true. Iterate a frame's objects with gb26875_objects and
 * gb26875_next. What vendors do differently stands in profiles (frame/gb26875_profile.h), names of
 * types, bits and units in frame/gb26875_words.h.
 */
#pragma once

#include "frame/frame_slice.h"

#include <stdbool.h>

#define GB26875_UNIT_AT 27      /* offset of the application data unit */
#define GB26875_FRAME_MIN 30    /* bytes around the application data unit */
#define GB26875_UNIT_MAX 1024   /* bytes of an application data unit, cl. 6.6 */
#define GB26875_FRAME_MAX 1054  /* nothing further ahead is ever looked at */
#define GB26875_TEXT_SIZE 31    /* bytes of a component's description, GB 18030 */
#define GB26875_OBJECTS_MAX 255 /* the count is one byte */

typedef struct Gb26875Profile Gb26875Profile; /* frame/gb26875_profile.h */
typedef struct Gb26875Layout Gb26875Layout;   /* frame/gb26875_profile.h */

/* Table 2. 0 and 7-127 are reserved, 128-255 user-defined. */
typedef enum Gb26875Command {
    GB26875_CONTROL = 1,  /* centre to device: initialise, set clock, duty check */
    GB26875_SEND = 2,     /* device to centre: upload */
    GB26875_CONFIRM = 3,  /* answer to 1 and 2 */
    GB26875_REQUEST = 4,  /* centre to device: query */
    GB26875_RESPONSE = 5, /* device to centre: answer to 4 */
    GB26875_DENY = 6,     /* negative answer to 1, 2 and 4 */
} Gb26875Command;

/* Type flags, cl. 8. 128-254 are user-defined. */
typedef enum Gb26875Type {
    GB26875_SYSTEM_STATE = 1,
    GB26875_COMPONENT_STATE = 2,
    GB26875_ANALOG = 3,
    GB26875_OPERATION = 4,
    GB26875_VERSION = 5,
    GB26875_SYSTEM_CONFIG = 6,
    GB26875_COMPONENT_CONFIG = 7,
    GB26875_CLOCK = 8,
    GB26875_DEVICE_STATE = 21, /* of the transmission device itself, as are the next four */
    GB26875_DEVICE_OPERATION = 24,
    GB26875_DEVICE_VERSION = 25,
    GB26875_DEVICE_CONFIG = 26,
    GB26875_DEVICE_CLOCK = 28,
    GB26875_READ_SYSTEM_STATE = 61,
    GB26875_READ_COMPONENT_STATE = 62,
    GB26875_READ_ANALOG = 63,
    GB26875_READ_OPERATION = 64,
    GB26875_READ_VERSION = 65,
    GB26875_READ_SYSTEM_CONFIG = 66,
    GB26875_READ_COMPONENT_CONFIG = 67,
    GB26875_READ_CLOCK = 68,
    GB26875_READ_DEVICE_STATE = 81,
    GB26875_READ_DEVICE_OPERATION = 84,
    GB26875_READ_DEVICE_VERSION = 85,
    GB26875_READ_DEVICE_CONFIG = 86,
    GB26875_READ_DEVICE_CLOCK = 88,
    GB26875_INITIALISE = 89,
    GB26875_SET_CLOCK = 90,
    GB26875_DUTY_CHECK = 91, /* 查岗 */
} Gb26875Type;

/* Bits of a state (figs 6, 7, 13). Bit 0 says "normal" (1) or "test" (0), but most devices leave it
 * 0 on real fires: no alarm may ever be ignored because of it. */
#define GB26875_BIT_NORMAL 0x0001
#define GB26875_BIT_FIRE 0x0002
#define GB26875_BIT_FAULT 0x0004
#define GB26875_BIT_SHIELD 0x0008 /* system and component; the next four too */
#define GB26875_BIT_SUPERVISE 0x0010
#define GB26875_BIT_START 0x0020
#define GB26875_BIT_FEEDBACK 0x0040
#define GB26875_BIT_DELAY 0x0080
#define GB26875_BIT_POWER 0x0100        /* component: power fault; system: main power fault */
#define GB26875_BIT_BACKUP_POWER 0x0200 /* system, as are the next four */
#define GB26875_BIT_BUS 0x0400
#define GB26875_BIT_MANUAL 0x0800 /* 0: automatic */
#define GB26875_BIT_CONFIG 0x1000
#define GB26875_BIT_RESET 0x2000
#define GB26875_BIT_DEVICE_POWER 0x08 /* transmission device (type 21), as are the next three */
#define GB26875_BIT_DEVICE_BACKUP_POWER 0x10
#define GB26875_BIT_DEVICE_CHANNEL 0x20 /* to the centre */
#define GB26875_BIT_DEVICE_LINE 0x40    /* to what it monitors */

/* Operation flags (types 4 and 24). */
#define GB26875_FLAG_RESET 0x01
#define GB26875_FLAG_SILENCE 0x02
#define GB26875_FLAG_MANUAL_ALARM 0x04
#define GB26875_FLAG_CLEARED 0x08
#define GB26875_FLAG_SELF_TEST 0x10
#define GB26875_FLAG_CONFIRM 0x20     /* type 4 */
#define GB26875_FLAG_DUTY_ANSWER 0x20 /* type 24: 查岗应答 */
#define GB26875_FLAG_TEST 0x40

/* Why bytes or a frame were not accepted. Words and texts: gb26875_reason_word, _zh, _en. */
typedef enum Gb26875Reason {
    GB26875_OK,
    /* No frame (GB26875_GARBAGE): where the next one begins had to be searched. */
    GB26875_NO_START,  /* bytes between frames */
    GB26875_LENGTH,    /* start and head, but the length is over the limit */
    GB26875_END,       /* no end marker where the length says */
    GB26875_CHECKSUM,  /* marks and length hold, the sum does not */
    GB26875_TRUNCATED, /* the stream ended inside the frame */
    /* A frame (GB26875_REFUSED): marks, length and checksum hold, its content does not. */
    GB26875_COMMAND,        /* reserved command byte, or one that the profile does not know */
    GB26875_MAIN_VERSION,   /* the profile demands another protocol version */
    GB26875_UNIT_MISSING,   /* a command that needs an application data unit came without */
    GB26875_UNIT_TYPE,      /* reserved type, or one that the profile does not know */
    GB26875_UNIT_DIRECTION, /* the type does not belong to the command */
    GB26875_UNIT_COUNT,     /* more objects than the standard allows for the type */
    GB26875_UNIT_SIZE,      /* count and sizes of the objects do not fill the unit exactly */
    GB26875_REASON_COUNT,
} Gb26875Reason;

typedef enum Gb26875Found {
    GB26875_MORE,    /* nothing is decided before `needed` bytes are there (raw.size is 0) */
    GB26875_FRAME,   /* a good frame */
    GB26875_REFUSED, /* a frame with all of its head, but to be answered with deny (6.5.3) */
    GB26875_GARBAGE, /* raw are bytes that are no frame; see has_head */
} Gb26875Found;

/* What a frame is for, as its profile sees it. */
typedef enum Gb26875Role {
    GB26875_DATA,         /* carries objects */
    GB26875_ANSWER,       /* confirm or deny; `unit` may hold bytes, they are not looked at */
    GB26875_REGISTRATION, /* vendor: announces itself; to be confirmed */
    GB26875_KEEPALIVE,    /* vendor: to be confirmed */
    GB26875_HANDSHAKE,    /* vendor: one byte, answered by confirm with profile->handshake_answer */
} Gb26875Role;

/* Table 1 without marks, length and checksum. Addresses as numbers, already in the profile's byte
 * order. `time` is raw: see gb26875_time. */
typedef struct Gb26875Head {
    uint16_t seq;
    uint8_t main_version;
    uint8_t user_version;
    uint8_t time[6];
    uint8_t command; /* Gb26875Command or another byte */
    uint64_t src;    /* 48 bits */
    uint64_t dst;
} Gb26875Head;

typedef struct Gb26875Frame {
    FrameSlice raw;   /* from the first byte given to scan; drop so many */
    FrameSlice unit;  /* application data unit */
    Gb26875Head head; /* valid for FRAME and REFUSED, and when has_head */
    bool has_head;    /* also GARBAGE that begins like a frame: may be denied by its serial */
    bool has_objects; /* unit begins with type and count */
    uint8_t type;     /* Gb26875Type or a vendor's; 0 without objects */
    uint8_t count;    /* may be 0 */
    Gb26875Role role;
    Gb26875Reason reason;        /* GB26875_OK for FRAME */
    size_t needed;               /* MORE: size of the buffer at which to call again, <= FRAME_MAX */
    const Gb26875Layout *layout; /* of a vendor's objects; NULL: as in the standard */
} Gb26875Frame;

/*
 * The first thing in `bytes`. `is_end`: nothing follows (end of file, a datagram, or a peer that
 * said nothing more for so long that its half frame is given up).
 *
 * Resynchronises: a rejection ends where the next frame may begin, so no good frame is lost behind
 * or inside garbage, and the answers do not depend on how the stream was cut into pieces (only runs
 * of garbage may be reported in pieces). Cost: linear, and at most one checksum of 1 KiB for each
 * place that looks like a head.
 */
Gb26875Found
gb26875_scan(const Gb26875Profile *profile, FrameSlice bytes, bool is_end, Gb26875Frame *ret_frame);

/* Which fields of an object are set. */
typedef enum Gb26875Has {
    GB26875_HAS_SYSTEM = 1 << 0,    /* system_type, system_address */
    GB26875_HAS_COMPONENT = 1 << 1, /* component_type */
    GB26875_HAS_ADDRESS = 1 << 2,   /* address */
    GB26875_HAS_STATE = 1 << 3,     /* state: types 1, 2, 21 */
    GB26875_HAS_ANALOG = 1 << 4,    /* analog_type, value */
    GB26875_HAS_FLAGS = 1 << 5,     /* flags, operator_number: types 4, 24 */
    GB26875_HAS_VERSION = 1 << 6,   /* major_version, minor_version: types 5, 25 */
    GB26875_HAS_TEXT = 1 << 7,      /* text */
    GB26875_HAS_NUMBER = 1 << 8,    /* number: records wanted (64, 84) */
    GB26875_HAS_MINUTES = 1 << 9,   /* minutes: time to answer a duty check (91) */
    GB26875_HAS_RESERVED = 1 << 10, /* reserved: 81, 85, 86, 88, 89 */
    GB26875_HAS_TIME = 1 << 11,     /* time (raw: may still be no possible time) */
} Gb26875Has;

/* One information object of any type. Fields without their bit in `has` are 0. */
typedef struct Gb26875Object {
    uint8_t type; /* of the frame */
    uint8_t system_type;
    uint8_t system_address;
    uint8_t component_type;
    uint32_t address;
    uint32_t has;   /* Gb26875Has */
    uint16_t state; /* all bits as sent */
    int16_t value;  /* in least units of the analog type (gb26875_analog) */
    uint8_t analog_type;
    uint8_t flags;
    uint8_t operator_number;
    uint8_t major_version;
    uint8_t minor_version;
    uint8_t number;
    uint8_t minutes;
    uint8_t reserved;
    uint8_t time[6];
    FrameSlice text; /* GB 18030 as sent, with padding and whatever follows a NUL: gb26875_text */
    FrameSlice raw;  /* the whole object */
} Gb26875Object;

/* Where an iteration stands. */
typedef struct Gb26875Cursor {
    const Gb26875Frame *frame; /* borrowed */
    const uint8_t *at;
    unsigned left;
} Gb26875Cursor;

/* Only for GB26875_FRAME; its sizes have been verified, so every object is whole. A vendor's unit
 * that nobody can divide is one object with only `raw`. */
Gb26875Cursor gb26875_objects(const Gb26875Frame *frame);
bool gb26875_next(Gb26875Cursor *cursor, Gb26875Object *ret_object);

/* Time tag (UTC+8, year 2000-2099) to microseconds UTC. False for "none": all zero, or no possible
 * date or time; fall back to when it was received and keep the raw bytes. */
bool gb26875_time(const Gb26875Profile *profile, const uint8_t time[6], int64_t *ret_time_us);
/* The reverse; years outside 2000-2099 give zeros. Seconds are cut. */
void gb26875_time_put(const Gb26875Profile *profile, int64_t time_us, uint8_t ret_time[6]);

/* Room for the UTF-8 text of `size` bytes of GB 18030, with its NUL. */
#define GB26875_UTF8_SIZE(size) ((size)*3 + 1)
/* Description as UTF-8 into `buffer` (NUL-terminated, cut at a character): up to the first NUL,
 * without spaces around it, U+FFFD for what is no character. Returns its bytes. Not for the hot
 * path (iconv). */
size_t gb26875_text(FrameSlice raw, char *buffer, size_t size);
/* UTF-8 to GB 18030, cut at a character; returns bytes written. Padding is the encoder's. */
size_t gb26875_text_put(const char *text, uint8_t *buffer, size_t size);

/* The number of an address that is read from its other end: of a device whose dialect turns them.
 */
uint64_t gb26875_turned(uint64_t address);

/* --- Encoding. Each returns the bytes written, 0 when they do not fit `size` or the limits. */

/* A frame around `unit` (may be empty). */
size_t gb26875_encode(const Gb26875Profile *profile,
                      const Gb26875Head *head,
                      FrameSlice unit,
                      uint8_t *buffer,
                      size_t size);
/* A frame with `count` objects of `type`, each laid out as the standard or the profile's `layout`
 * says (NULL: standard, or the profile's own form of that type if it replaces it). A shorter text
 * is padded with NUL. Fields without a place in Gb26875Object are taken from its `raw`. Units of
 * one object whatever the count says (vendors') take objects[0], or NULL for none. What was decoded
 * gives the same bytes again. */
size_t gb26875_encode_objects(const Gb26875Profile *profile,
                              const Gb26875Head *head,
                              uint8_t type,
                              const Gb26875Layout *layout,
                              const Gb26875Object *objects,
                              unsigned count,
                              uint8_t *buffer,
                              size_t size);
/* The answer to `frame`: confirm, or deny with `command` GB26875_DENY. Echoes the serial, swaps the
 * addresses, carries `time_us`, keeps the versions, adds a handshake's answer. */
size_t gb26875_encode_answer(const Gb26875Profile *profile,
                             const Gb26875Frame *frame,
                             Gb26875Command command,
                             int64_t time_us,
                             uint8_t *buffer,
                             size_t size);
