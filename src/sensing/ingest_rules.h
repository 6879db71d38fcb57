/*
 * Which bits become which edges (GB/T 26875.3-2011 figures 6, 7, 13), and which times of devices
 * are believed. Pure. Thread: any.
 */
#pragma once

#include "sensing/sensing.h"

/* Bit 0 says "normal or test", and devices set it at will (iot.md 4, line 1): it is no state. */
#define STATE_BITS_MASK 0xfffeu

/* The edges between two states, lowest bit first. */
typedef struct BitEdge {
    EdgeKind kind;
    bool is_on;
    unsigned bit;
} BitEdge;
#define BIT_EDGES_MAX 16
typedef enum BitTable { BITS_SYSTEM, BITS_COMPONENT, BITS_DEVICE } BitTable;
size_t state_edges(BitTable table, uint16_t was, uint16_t now, BitEdge ret_edges[BIT_EDGES_MAX]);

/* What a reset of its system leaves of a point's state: faults and shielding stay, what an alarm
 * had set goes; what still burns is told again. */
uint16_t state_after_reset(uint16_t bits);

/* The time of an event: the device's own while its clock can be right, else when it was heard. A
 * device that was cut off tells later what happened, but not from the future. */
int64_t event_time_us(int64_t told_us, int64_t received_us);
bool event_time_is_believed(int64_t told_us, int64_t received_us);
