/*
 * Many years of draws at once, to see what the rule does in the long run: who is drawn how often,
 * who is forgotten, how the work is shared.
 *
 * A simulated draw is a draw: draw_reason decides who takes part, draw_picker draws, draw_assign
 * names the officers, all by the rules of a params.txt (DrawParams). Only its keys come from a word
 * instead of beacons, so anybody can know its result beforehand: it must never be used as a draw.
 * Grades, the register and the officers stay as they are for all years; nobody is replaced by a
 * reserve. Pure. Thread: any.
 */
#pragma once

#include "draw/draw_files.h"

#define DRAW_SIM_YEARS_MAX 50
#define DRAW_SIM_DRAWS_MAX 12 /* in a year */
#define DRAW_SIM_RUNS_MAX 1000
#define DRAW_SIM_ROTATE_MAX 9 /* as in a draw */

/* --- what goes in ---------------------------------------------------------------------------- */

typedef struct DrawSimObject {
    char id[DRAW_ID_MAX + 1];
    char district[DRAW_ID_MAX + 1];
    const char *stratum;   /* borrowed */
    unsigned risk, credit; /* as in draw_risk_token, draw_credit_token */
    DrawReason exclusion;  /* NONE, CLOSED, EXEMPT */
} DrawSimObject;

/* A target of a simulated draw with its officers, in draw order. */
typedef struct DrawSimVisit {
    unsigned run, year, draw; /* from 0; draw of the year */
    size_t object;            /* place in the list */
    DrawTeam team;            /* places in the list of inspectors; DRAW_NOBODY: UNSTAFFED */
} DrawSimVisit;
typedef void (*DrawSimVisitor)(const DrawSimVisit *visit, void *data);
typedef void (*DrawSimProgress)(int64_t draws, int64_t all, void *data);

/* Everything is borrowed. */
typedef struct DrawSimulation {
    const DrawSimObject *objects;
    size_t object_count;
    const DrawInspector *inspectors; /* sorted by id; `load` is not read: a year begins with none */
    size_t inspector_count;
    const DrawPair *recused; /* (object, inspector), for all years */
    size_t recused_count;
    const DrawParams *const *rules; /* one for each draw of a year; the same weights in all */
    unsigned draws_per_year, years, runs, rotate;
    const char *seed;
    const DrawKeys *keys;   /* NULL, or one for each draw of a run: replays draws that were held */
    DrawSimVisitor visited; /* NULL, or called for each target */
    DrawSimProgress progress; /* NULL, or called after each draw */
    void *data;               /* of both */
} DrawSimulation;

/* --- what comes out -------------------------------------------------------------------------- */

/* All objects that have the same number of tickets and take part, over all runs. An object-year is
 * one object in one year of one run. */
typedef struct DrawSimWeight {
    unsigned weight;
    int64_t objects;   /* 0: no object has this weight */
    int64_t drawn;     /* times */
    double expected;   /* of `drawn`: what the forecast said before each draw (draw_forecast.h) */
    double variance;   /* of `drawn`, when it is drawn by the rule */
    double low, high;  /* 95 % interval of the draws of an object-year; NAN with a single run */
    GArray *times;     /* int64: object-years drawn 0, 1, 2 … times */
    GArray *gaps;      /* int64: objects whose longest time unvisited was 0, 1, 2 … draws */
    GArray *unvisited; /* int64: objects never drawn in the first 0, 1, 2 … years */
    GArray *unvisited_expected; /* double: (1 - p)^n, p by weight and stratum */
} DrawSimWeight;

/* The officers who may serve, in one year, over all runs. */
typedef struct DrawSimYear {
    GArray *loads; /* int64: officers with 0, 1, 2 … targets */
    double gini;   /* mean over runs; 0: all the same, 1: one has all */
} DrawSimYear;

/* The n-th draw of a year, over all years and runs. */
typedef struct DrawSimDraw {
    double level; /* mean of L* */
    int64_t level_most;
} DrawSimDraw;

typedef struct DrawSimResult {
    DrawSimWeight weights[DRAW_WEIGHT_MAX + 1];
    GArray *years;         /* DrawSimYear */
    GArray *draws;         /* DrawSimDraw */
    int64_t *object_drawn; /* by place: times, over all runs */
    int64_t left_out;      /* objects that never take part */
    int64_t officers;      /* who may serve */
    int64_t cap;
    int64_t most;                      /* times one object was drawn in a year */
    int64_t reached;                   /* object-years that reached the cap */
    int64_t breaches;                  /* that went beyond it */
    int64_t targets;                   /* of all draws */
    int64_t unstaffed;                 /* targets without officers */
    int64_t shorts;                    /* strata of draws with fewer objects than their quota */
    int64_t rungs[DRAW_RUNGS_MAX + 1]; /* draws that ended on this rung */
} DrawSimResult;
void draw_sim_result_clear(DrawSimResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DrawSimResult, draw_sim_result_clear)

/* Years, draws and runs at least 1 and at most the limits above. */
void draw_simulate(const DrawSimulation *simulation, DrawSimResult *ret_result);

/* --- draw_simulate_stats.c: figures about it ------------------------------------------------- */

/* The least value that a share `part` (0 … 1) of all do not exceed; 0 for an empty list. `counts`
 * (int64) says how many have the values 0, 1, 2 … */
int64_t draw_sim_quantile(const GArray *counts, double part);
/* How many there are, their mean and their standard deviation. */
typedef struct DrawSimSpread {
    int64_t count;
    double mean, deviation;
} DrawSimSpread;
DrawSimSpread draw_sim_spread(const GArray *counts);
/* Sorts. 0 when there is nothing to share. */
double draw_sim_gini(int64_t *values, size_t count);
/* Half the width of the 95 % interval of a mean, from `count` values with this sum and sum of
 * squares (Student's t); NAN for fewer than two. */
double draw_sim_interval(double sum, double squares, unsigned count);
/* How far `drawn` is from what was expected, in standard errors; 0 where no chance was left. */
double draw_sim_deviation(const DrawSimWeight *weight);
/* The weight with the largest one; 0 when there are no objects. */
unsigned draw_sim_farthest(const DrawSimResult *result);
