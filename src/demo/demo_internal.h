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
