/*
 * The rule data of this room, read once: sensing-limits.yaml (limits.h) and sensing-upkeep.yaml
 * (upkeep.h), a city's own lines over the national ones (law_overlay.h). Thread: any.
 */
#pragma once

#include "law/law_overlay.h"

/* Reads all, runs the examples of every city. *ret_ran: constant. False: the first mistake, with
 * file, line and column. */
bool sensing_law_check(const LawRan **ret_ran, GError **error);
