/* SQL of substitutions; only files of this room include this. Thread: that of the Db. */
#pragma once

#include "draw/draw_substitute.h"

/* The newest of its place from now on. HZ_ERROR_CONFLICT when the reserve was used before. */
bool draw_substitute_store_add(Db *db, const DrawSubstitution *row, GError **error);
/* In order: array of DrawSubstitution *. */
GPtrArray *draw_substitute_store_list(Db *db, int64_t draw_id, GError **error);
/* As draw_held. */
bool draw_substitute_store_held(
    Db *db, int64_t draw_id, int64_t order, int64_t object_id, DrawHeld *ret_held, GError **error);
