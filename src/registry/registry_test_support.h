/* What several tests of this room share. */
#pragma once

#include "registry/intake.h"
#include "registry/region.h"
#include "registry/registry.h"
#include "test_db.h"

#define TEST_NOW INT64_C(1795000000000000) /* 2026-11-18 */

/* Districts 500103 (two streets), 500105 (ended 2025-11-06), 500106, 500157, and 370302. */
void support_add_regions(Db *db);
/* One unit through the intake in its own transaction; must not be refused. */
int64_t support_add_unit(Db *db, const UnitInput *input);
/* The same for any kind and number of rows; `scope` NULL: everything ("50"). Results are the
 * caller's: g_new0(IntakeResult, count). */
void support_intake(Db *db,
                    IntakeKind kind,
                    const void *inputs,
                    size_t count,
                    const char *scope,
                    IntakeResult *results);
