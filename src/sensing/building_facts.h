/*
 * A building's devices in a few figures, for its risk score: from points, devices and the newest
 * edges, by indexed queries of bounded size. Thread: that of the Db.
 */
#pragma once

#include "sensing/sensing.h"

typedef enum PumpState { PUMP_NONE, PUMP_OK, PUMP_MANUAL, PUMP_FAULT } PumpState;

typedef struct BuildingFacts {
    int64_t devices, offline; /* registered (active); of them silent now */
    int64_t power;            /* devices that report a power fault */
    int64_t points, fault, shield;
    PumpState pump; /* the worst of all pumps; NONE: none is known */
    int64_t limits; /* values outside their limits now */
    int64_t fires;  /* fire signals since `since_us`, true or not */
} BuildingFacts;

/* Edges that are looked at, newest first: a detector that trembles for weeks cannot make this slow;
 * its building then counts at most these. */
#define BUILDING_FACTS_EDGES 20000

/* A building without devices has zeros. */
bool sensing_building_facts(
    Db *db, int64_t building_id, int64_t since_us, BuildingFacts *ret_facts, GError **error);
