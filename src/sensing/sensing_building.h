/* For building_sources (src/modules.c). Thread: the worker that runs the handler. */
#pragma once

#include "registry/building_section.h"

bool sensing_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error);
