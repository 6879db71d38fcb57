/*
 * The points of a building by floor: how many there are, how many are in trouble, and which ones.
 * Thread: that of the Db.
 */
#pragma once

#include "sensing/device.h"

typedef struct FloorState {
    char *floor; /* as written; "": not told; owned */
    int64_t points, fire, fault, shield;
} FloorState;

/* Top floor first, what is not told last: GArray of FloorState that clears its elements. At most
 * FLOORS_MAX. NULL on error. */
#define FLOORS_MAX 400
GArray *floors_of_building(Db *db, int64_t building_id, GError **error);
/* "12层", "12F", "12" -> 12; "B2", "-2", "地下2层", "负2" -> -2; "屋顶" above all, anything else
 * below all. Pure. */
int floor_order(const char *floor);

/* Points of one floor by id. */
bool floor_points(Db *db,
                  int64_t building_id,
                  const char *floor,
                  int64_t after_id,
                  unsigned limit,
                  PointPage *ret_page,
                  GError **error);
