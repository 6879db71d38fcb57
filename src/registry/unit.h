/*
 * Units: one record for each organisation at one place. Thread: that of the Db.
 */
#pragma once

#include "registry/change.h"
#include "registry/intake.h"
#include "registry/registry.h"

typedef struct Unit {
    int64_t id;
    const char *source, *source_id; /* NULL: registered here */
    const char *uscc;               /* NULL: not told */
    const char *name, *address;
    const char *region;
    int64_t district; /* first six digits of region */
    int category;     /* UseCategory.id */
    RiskGrade risk;
    CreditGrade credit;
    bool is_key;               /* 消防安全重点单位 */
    int64_t last_inspected_us; /* 0: never */
    int64_t merged_into;       /* 0: a living record */
    int64_t building_id;       /* 0: none told */
    const char *legal_person, *phone;
    bool has_point;
    double longitude, latitude;
    int64_t version; /* grows by one with each change */
    int64_t created_us, changed_us;
    GStringChunk *texts; /* owns the texts; NULL when they are borrowed */
} Unit;
void unit_clear(Unit *unit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Unit, unit_clear)

/* HZ_ERROR_NOT_FOUND if there is none. A merged record is found too: look at merged_into. */
bool unit_find(Db *db, int64_t id, Unit *ret_unit, GError **error);

/* Category, risk, credit and key flag in one number. */
int64_t unit_cell(int category, RiskGrade risk, CreditGrade credit, bool is_key);
#define UNIT_CELLS (CATEGORY_COUNT * 50)
#define UNIT_CELL_CATEGORY(cell) ((int)((cell) / 50))
#define UNIT_CELL_RISK(cell) ((RiskGrade)((cell) / 10 % 5))
#define UNIT_CELL_CREDIT(cell) ((CreditGrade)((cell) / 2 % 5))
#define UNIT_CELL_KEY(cell) ((cell) % 2 != 0)

/* One row to write: `old` NULL means a new row (its id is filled in). */
typedef struct UnitWrite {
    const Unit *old;
    Unit *now;
} UnitWrite;
/* Rows, search index, counts, history and suspected duplicates, in the caller's transaction. */
bool unit_write(
    Db *db, UnitWrite *writes, size_t count, const WriteOptions *options, GError **error);

/* The unit was inspected: moves last_inspected_us forward, never back. */
bool unit_note_inspected(Db *db, int64_t id, int64_t inspected_us, GError **error);

/* Two records of one unit become one: `gone` points to `kept`, its absent fields fill those of
 * `kept`; nothing is deleted and unit_unmerge brings `gone` back as it was. CONFLICT if either is
 * merged already. */
bool unit_merge(
    Db *db, int64_t kept_id, int64_t gone_id, const WriteOptions *options, GError **error);
bool unit_unmerge(Db *db, int64_t gone_id, const WriteOptions *options, GError **error);
/* A person looked: these two are different units. */
bool unit_mark_different(Db *db, int64_t one_id, int64_t other_id, GError **error);

/* Takes one unit of a walk (unit_list_each); may use the connection; false stops the walk. */
typedef bool (*UnitVisitor)(const Unit *unit, void *data, GError **error);
