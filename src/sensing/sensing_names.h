/*
 * Chinese names of what the protocol numbers: systems, components, analog values and state bits
 * (GB/T 26875.3-2011 tables 4, 5, 6 and figures 6, 7, 13). Pure. Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bits of point.state_bits and of a system's state; the same numbers. */
#define STATE_BIT_FIRE 1
#define STATE_BIT_FAULT 2
#define STATE_BIT_SHIELD 3
/* Fire, fault, shielded: what is wrong now; the tables' index on wrong points knows this number. */
#define STATE_BITS_BAD ((1 << STATE_BIT_FIRE) | (1 << STATE_BIT_FAULT) | (1 << STATE_BIT_SHIELD))

#define COMPONENT_SYSTEM (-1) /* point.component_type of a system as a whole */

/* "火灾报警系统"; "预留类型 5", "自定义类型 130" for the others. Static or, for those, "" with the
 * number to be added by system_type_text. */
const char *system_type_name_zh(int64_t system_type);
const char *component_type_name_zh(int64_t component_type);
/* The same, never empty: "自定义系统 130". Caller frees. */
char *system_type_text(int64_t system_type);
char *component_type_text(int64_t component_type);

/* Reads a name of these tables, a number, or "自定义部件 130" back; "系统" and "-1" are
 * COMPONENT_SYSTEM. False: there is no such kind. */
bool system_type_parse(const char *text, int64_t *ret_type);
bool component_type_parse(const char *text, int64_t *ret_type);

/* One kind of analog value. */
typedef struct AnalogType {
    int id;              /* table 6 */
    const char *name_zh; /* "压力" */
    const char *unit;    /* "kPa"; "" for a count */
    int decimals;        /* of the least unit: 1 means 0.1 */
} AnalogType;
/* Never NULL; a type that the table does not name has its plain number and no unit. */
const AnalogType *analog_type_get(int64_t id);
/* What the least step of a value is worth: 0.1. */
double analog_least_unit(int64_t id);
/* Reads "温度", "压力（kPa）" or the number of table 6 back; a name that two kinds share needs its
 * unit. */
bool analog_type_parse(const char *text, int64_t *ret_type);
/* What analog_type_parse reads: the name, with its unit where two share it. Caller frees. */
char *analog_type_text(int64_t id);
/* "-12.5 kPa" for -125 of type 5. Caller frees. */
char *analog_text(int64_t id, int64_t value);
/* Same without the unit. Caller frees. */
char *analog_number(int64_t id, int64_t value);
/* Reads "0.35" back into least units; false when it is no number, too fine or outside of int16. */
bool analog_parse(int64_t id, const char *text, int64_t *ret_value);

/* "火警、故障" of a system or component; "正常" when no bit tells otherwise. Caller frees. */
char *point_state_text(bool is_system, int64_t bits);
/* The same of a transmission device (type 21). Caller frees. */
char *device_state_text(int64_t bits);
/* Class of the tag that goes with it: "b" fire or fault, "w" shielded or supervised, "k" normal. */
const char *point_state_class(int64_t bits);
const char *device_state_class(int64_t bits);
