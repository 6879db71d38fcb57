/* Shared by the files of this room. */
#pragma once

#include "demo/demo.h"

#define DEMO_CITY_AGENCY "重庆市消防救援局（演示）"

/* Where the demo's street offices and its police station are, and who works in one of them. */
#define DEMO_TOWNSHIP_DISTRICT "500103"

/* When the demo city's records begin. */
int64_t demo_begin_us(const DemoOptions *options);
/* One ledger entry on "demo:city"; takes `payload` over. */
bool demo_note(Db *db, const char *type, json_t *payload, int64_t now_us, GError **error);

/* One account for each role; the inspectors are officers with open tasks. Appends {"login",
 * "password", "roles", "name"} to `accounts`. */
bool demo_accounts(Db *db, const DemoOptions *options, json_t *accounts, GError **error);
/* A published plan, draws, results: so that every page has content. */
bool demo_work(Db *db, const DemoOptions *options, GError **error);

/* A building that can have devices; texts live in `texts`. */
typedef struct DemoBuilding {
    int64_t id;
    const char *name, *region;
    int64_t district;
    unsigned floors;
} DemoBuilding;
/* At most `count` buildings of the demo city with seven floors and more, by id. */
GArray *demo_high_buildings(Db *db, unsigned count, GStringChunk *texts, GError **error);
