/*
 * Words of GB/T 26875.3-2011: commands, types, systems, components, bits, analog values. `_word` is
 * what JSON and URLs say and never changes; `_zh` is for pages. No function returns NULL unless it
 * says so. Thread: any.
 */
#pragma once

#include "frame/gb26875.h"

const char *gb26875_reason_word(Gb26875Reason reason); /* "checksum" */
const char *gb26875_reason_zh(Gb26875Reason reason);
const char *gb26875_reason_en(Gb26875Reason reason);

const char *gb26875_command_word(uint8_t command); /* "send"; "reserved", "user" */
const char *gb26875_command_zh(uint8_t command);   /* "发送数据" */

/* Types of the profile too; `profile` may be NULL. */
const char *gb26875_type_word(const Gb26875Profile *profile, uint8_t type); /* "component-state" */
const char *gb26875_type_zh(const Gb26875Profile *profile, uint8_t type);

const char *gb26875_system_word(uint8_t system_type); /* "fire-alarm"; "reserved", "user" */
const char *gb26875_system_zh(uint8_t system_type);   /* "火灾报警系统" */

const char *gb26875_component_word(uint8_t component_type); /* "point-optical-smoke" */
const char *gb26875_component_zh(uint8_t component_type); /* "点型光电感烟火灾探测器" */

/* Which state register a bit belongs to. */
typedef enum Gb26875Register {
    GB26875_OF_SYSTEM,
    GB26875_OF_COMPONENT,
    GB26875_OF_DEVICE,
} Gb26875Register;
/* The register of a state in an object of this type (1, 2, 21; vendors': by their fields). */
Gb26875Register gb26875_register(const Gb26875Object *object);
/* "fire", "main-power-fault"; NULL: the bit has no meaning there. `profile` may be NULL. */
const char *gb26875_bit_word(const Gb26875Profile *profile, Gb26875Register of, unsigned bit);
const char *gb26875_bit_zh(const Gb26875Profile *profile, Gb26875Register of, unsigned bit);

/* Bits of operation flags; `is_device`: type 24. NULL: no meaning. */
const char *gb26875_flag_word(bool is_device, unsigned bit); /* "silence" */
const char *gb26875_flag_zh(bool is_device, unsigned bit);

/* Table 6: a value is `value` × 10^-decimals `unit`. */
typedef struct Gb26875Analog {
    uint8_t type;
    uint8_t decimals;
    const char *word;    /* "temperature" */
    const char *name_zh; /* "温度" */
    const char *unit;    /* "℃"; "" for a count */
    int32_t min, max;    /* in least units, as the standard bounds it */
} Gb26875Analog;
const Gb26875Analog *gb26875_analog(uint8_t analog_type); /* NULL: not in the standard */
