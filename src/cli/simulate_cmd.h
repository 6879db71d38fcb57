/* What the files of `huozheng simulate` share. */
#pragma once

#include "base/json.h"
#include "draw/draw_city.h"

typedef struct SimulateOptions {
    char *db, *kind, *region, *quota, *seed;
    gint64 years, draws, runs, alternates, officer_cap, rotate;
    gboolean json;
    double percent; /* of --quota; 0: those of the plan */
} SimulateOptions;

/* One whole result with what it was made from. */
typedef struct Simulated {
    const SimulateOptions *options;
    const DrawCity *city;
    const DrawSimResult *result;
} Simulated;

/* simulate_show.c: how many draws found their officers at this reach. */
int64_t simulate_draws_of(const Simulated *simulated, DrawRung rung);
/* simulate_show.c: for people, on stdout. */
void simulate_print(const Simulated *simulated);
/* simulate_json.c: the same for programs. Caller owns it. */
json_t *simulate_document(const Simulated *simulated);

/* "huozheng simulate devices": argv from the word "devices" on. */
int simulate_devices_run(int argc, char **argv);
