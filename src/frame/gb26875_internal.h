/* Between the files of the codec. */
#pragma once

#include "frame/gb26875_profile.h"

#define GB26875_ADDRESS_MASK UINT64_C(0xffffffffffff)
#define GB26875_VARIES 255 /* size of an object with a length byte inside */

/* What the standard says of a type. */
typedef struct Gb26875Form {
    uint8_t size;     /* of one object; 0: reserved or user-defined */
    uint8_t max;      /* objects */
    uint8_t commands; /* that may carry it, as bits */
} Gb26875Form;
extern const Gb26875Form gb26875_forms[256];

/* Bytes before the length byte of a configuration text (types 6 and 26). */
static inline size_t gb26875_config_head(uint8_t type) {
    return type == GB26875_SYSTEM_CONFIG ? 2 : 0;
}

/* Of a frame with `unit_size` bytes of application data: control unit and data, modulo 256. */
uint8_t gb26875_checksum(const uint8_t *frame, size_t unit_size);

/* Direction, count and sizes of a unit whose type and count have been read; sets layout. */
Gb26875Reason gb26875_unit_check(const Gb26875Profile *profile, Gb26875Frame *frame);

/* The first of the profile's layouts of a type; the others follow it. NULL: none. */
const Gb26875Layout *gb26875_layouts_of(const Gb26875Profile *profile, uint8_t type);

/* Bytes of the field that begins at `at`; false if it does not fit. */
bool gb26875_field_size(const Gb26875Field *field, FrameSlice object, size_t at, size_t *ret_size);

/* The form in which the encoder writes a type when none is named; NULL: the standard's, or bytes.
 */
const Gb26875Layout *gb26875_usual_layout(const Gb26875Profile *profile, uint8_t type);
/* One object, whatever the count says? `layout` NULL: the usual one. */
bool gb26875_is_single(const Gb26875Profile *profile, uint8_t type, const Gb26875Layout *layout);
