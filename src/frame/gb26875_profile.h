/*
 * What vendors do differently from GB/T 26875.3-2011, as data: src/frame/profiles/NAME.json, each
 * entry with its source and confidence. Format: src/frame/README.md. Immutable once loaded.
 * Thread: any.
 */
#pragma once

#include "frame/gb26875.h"

#include <glib.h>

#define GB26875_FIELDS_MAX 16 /* fields of one object */

/* Fields of a vendor's object. */
typedef enum Gb26875FieldKind {
    GB26875_FIELD_SYSTEM,    /* type and address, 2 bytes */
    GB26875_FIELD_COMPONENT, /* 1 */
    GB26875_FIELD_ADDRESS,   /* 4 */
    GB26875_FIELD_STATE,     /* `size` bytes, 1 or 2 */
    GB26875_FIELD_ANALOG,    /* analog type and value, 3 */
    GB26875_FIELD_FLAGS,     /* flags and operator, 2 */
    GB26875_FIELD_VERSION,   /* 2 */
    GB26875_FIELD_TEXT,      /* `size` bytes of GB 18030 */
    GB26875_FIELD_TIME,      /* 6 */
    GB26875_FIELD_STRING,    /* a length of `size` bytes, 1 or 2, then as many of GB 18030 */
    GB26875_FIELD_NUMBER,    /* `size` bytes, unsigned, low byte first */
    GB26875_FIELD_BYTES,     /* `size` bytes of unknown meaning */
    GB26875_FIELD_REST,      /* everything up to the end of the unit; last, and only one object */
} Gb26875FieldKind;

typedef struct Gb26875Field {
    char name[24]; /* word in JSON: "extra", "token" */
    Gb26875FieldKind kind;
    uint16_t size;
} Gb26875Field;

/* How a profile lays out the objects of one type. */
struct Gb26875Layout {
    uint8_t type;
    bool replaces;  /* else it is tried when the standard's form does not fill the unit */
    bool is_single; /* one object, whatever the count says */
    uint8_t field_count;
    uint16_t size; /* of an object; 0: varies */
    Gb26875Field fields[GB26875_FIELDS_MAX];
    char name_zh[64];
    char word[32];
    char source[160];
    char confidence[16]; /* text, secondary, memory */
};

#define GB26875_LAYOUTS_MAX 32
#define GB26875_STATE_BITS 16

struct Gb26875Profile {
    char name[32];    /* "standard", "dahua" */
    char name_zh[64]; /* for a list of choices */
    char source[160];
    char confidence[16];
    uint16_t revision;        /* of the standard: 2011. Another one gets its own tables */
    uint16_t unit_max;        /* bytes of an application data unit */
    int16_t main_version;     /* demanded; -1: any, which is the standard profile too, because a
                                 third of real frames carries another one */
    bool is_time_bcd;         /* 0x26 is the year 2026 */
    bool is_address_big;      /* high byte first */
    bool wants_clock_answer;  /* type 90 from the device asks for one, instead of confirm */
    int16_t handshake;        /* unit of this one byte is a handshake; -1: none */
    uint8_t handshake_answer; /* confirm carries this byte */
    uint8_t roles[256];       /* of commands the standard does not know: 0 unknown, else 1 + role */
    bool has_empty_send;      /* a send without unit is allowed, with … */
    Gb26875Role empty_send;   /* … this role */
    uint16_t component_bits;  /* component state bits that the profile names */
    struct {
        char word[24], name_zh[32];
    } component_bit[GB26875_STATE_BITS];
    uint8_t layout_of[256]; /* by type: 1 + index of its first layout; 0: none */
    unsigned layout_count;
    Gb26875Layout layouts[GB26875_LAYOUTS_MAX];
};

/* Profile by name, NULL if there is none. "standard" always exists; NULL as name means it. */
const Gb26875Profile *gb26875_profile(const char *name);
/* All of them, standard first, NULL at the end. */
const Gb26875Profile *const *gb26875_profiles(void);
/* Reads one profile's JSON; false with file-like position and reason in `error`. The embedded
 * ones come through here too; one that is wrong stops the program. */
bool gb26875_profile_read(const char *text, size_t size, Gb26875Profile *ret, GError **error);

/* One field of a vendor's object, in order: `*at` starts at 0. False after the last. */
typedef struct Gb26875FieldValue {
    const Gb26875Field *field; /* borrowed from the layout */
    FrameSlice bytes;          /* without the length of a string */
} Gb26875FieldValue;
bool gb26875_field_next(const Gb26875Layout *layout,
                        FrameSlice object,
                        unsigned *index,
                        size_t *at,
                        Gb26875FieldValue *ret_value);
