/*
 * Borders of districts as law/ has them, held against the regions. Thread: any, after loading.
 */
#pragma once

#include "law/law_adjacent.h"

/* Every district of the book's adjacent-districts.yaml exists under this name on all days for which
 * the file speaks. HZ_ERROR_INVALID with file, line and column. */
bool region_adjacent_check(const LawBook *book, GError **error);
