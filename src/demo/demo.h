/*
 * The demo city: a synthetic Chongqing with real district names and invented everything else.
 *
 * The same counts and time give the same registry on any machine and engine; what is drawn from it
 * differs, because a draw commits to the log and the log is salted. Names carry
 * 演示, credit codes have the registration organisation 990000, which no organisation has, phone
 * numbers begin with 0, legal persons are "周某". Rows go through intake_batch, work through the
 * rooms' own use cases. Memory does not grow with the counts. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"

#define DEMO_UNITS 5000
#define DEMO_BUILDINGS 1200
#define DEMO_OFFICERS 300
#define DEMO_COUNT_MAX INT64_C(5000000) /* what the invented credit codes can number */

typedef void (*DemoProgress)(const char *what, int64_t done, int64_t total, void *data);

typedef struct DemoOptions {
    int64_t units, buildings, officers;
    int64_t now_us;
    const char *password;  /* of all demo accounts; NULL: a random one */
    DemoProgress progress; /* may be NULL */
    void *progress_data;
} DemoOptions;

/* Counts for a scale; small cities keep enough officers for a draw. */
void demo_scale(DemoOptions *options, double scale);

/* Fills an empty, migrated database: regions, agencies, officers, buildings, units, accounts, a
 * published plan, draws with their tasks, recorded and published results, settings. HZ_ERROR_DENIED
 * when the database has accounts already. *ret_summary (caller frees): {"units", …, "accounts":
 * [{"login", "password", "roles", "name"}]}. */
bool demo_fill(Db *db, const DemoOptions *options, json_t **ret_summary, GError **error);

/* Regions, agencies, officers, buildings, units only. */
bool demo_fill_registry(Db *db, const DemoOptions *options, GError **error);

/* Transmission devices of a scene's roster (sensing/scene.h), one each in the high buildings, with
 * their points; more devices than buildings share them. Those that are there stay as they are. */
typedef struct DemoDevices {
    uint64_t seed;
    unsigned first, count;
    int64_t now_us;
} DemoDevices;
#define DEMO_DEVICES 30
#define DEMO_DEVICES_SEED 1
/* HZ_ERROR_NOT_FOUND when the database holds no demo city. */
bool demo_devices(Db *db, const DemoDevices *wanted, int64_t *ret_added, GError **error);
