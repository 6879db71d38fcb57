/*
 * What a whole city looks like: coverage against its targets, the map, the wall display, the
 * dashboard, what is known of a building on the way to it. Requirements G4, G7, G8. Everything here
 * is reading; nothing is written but counts. Thread: the worker that runs the handler.
 */
#pragma once

#include "web/module.h"

extern const Module overview_module;

/* On the page of a building: the way to its floors (BuildingSource, src/modules.c). */
bool overview_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error);
