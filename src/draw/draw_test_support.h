/* What the tests of this room share. */
#pragma once

#include "draw/draw.h"

/* A recusal (KIN) of the officer for the unit, in a transaction of its own. */
void draw_test_recuse(
    Db *db, const char *actor, int64_t now_us, int64_t unit_id, int64_t officer_id);
