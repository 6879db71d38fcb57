/*
 * Buildings and units of a region that has ended, under the region that took over: only there do
 * their officers find them. Each move is a change of the object with its history; records about it
 * (matters, alarms, inspections) keep the code that was right when they were made. Thread: that of
 * the Db.
 */
#pragma once

#include "registry/change.h"

#include <glib.h>

typedef struct RegionMoved {
    int64_t buildings, units;
} RegionMoved;
/* Moves some of the objects that stand in `from` (6 to 12 digits; its parts too) to `to`, at most
 * `limit` of each kind, in the caller's transaction. *ret_moved: how many; all zero: none is left.
 */
bool region_move_some(Db *db,
                      const char *from,
                      const char *to,
                      unsigned limit,
                      const WriteOptions *options,
                      RegionMoved *ret_moved,
                      GError **error);
