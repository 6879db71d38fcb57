/*
 * What is wrong now and since when: of a building, by its systems; of a region; and the spells
 * (from an "on" edge to its "off") that the ledgers of faults and shielding are made of.
 * Everything is computed from points and edges. Thread: that of the Db.
 */
#pragma once

#include "sensing/sensing.h"

/* One kind of system of a building; points of registered (active) devices only. */
typedef struct SystemState {
    int64_t system_type;         /* table 4; system_type_text() */
    int64_t points;              /* of them: */
    int64_t fire, fault, shield; /* in this state now */
    int64_t offline;  /* their device is silent: their state is the last that was heard */
    int64_t since_us; /* of the oldest fire, fault or shielding; 0: nothing is wrong */
} SystemState;

typedef struct BuildingState {
    int64_t devices, offline_devices; /* registered; silent now */
    int64_t seen_us;                  /* last heard from any of them; 0: never */
    SystemState total;                /* of all systems; its system_type is -1 */
    GArray *systems;                  /* of SystemState, by type */
} BuildingState;
void building_state_clear(BuildingState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BuildingState, building_state_clear)

/* A building without devices has zeros and an empty list. */
bool sensing_building_state(Db *db, int64_t building_id, BuildingState *ret_state, GError **error);

/* --- spells ------------------------------------------------------------------------------------
 */

/* A fault, shielding … of one point (or device) from its beginning to its end. Texts live with the
 * list. */
typedef struct SensingSpell {
    int64_t edge_id; /* of the "on"; the spell's own number */
    int64_t device_id, point_id, building_id, unit_id, district;
    const char *building_name; /* as it is now; "" */
    const char *region, *place, *what;
    int64_t since_us;
    int64_t until_us; /* 0: it still lasts */
} SensingSpell;

typedef struct SpellQuery {
    EdgeKind kind;       /* EDGE_FAULT, EDGE_SHIELD */
    const char *region;  /* of the reader; REGION_EVERYWHERE: all (periodic work) */
    int64_t building_id; /* 0: all */
    bool is_open;        /* only those that still last */
    int64_t before_id;   /* page: edges before this one; 0: from the newest */
    unsigned limit;
} SpellQuery;

typedef struct SpellPage {
    GArray *rows;    /* of SensingSpell, newest first */
    int64_t next_id; /* for before_id; 0: there are no more */
    GStringChunk *texts;
} SpellPage;
void spell_page_clear(SpellPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpellPage, spell_page_clear)
bool sensing_spells(Db *db, const SpellQuery *query, SpellPage *ret_page, GError **error);
