/*
 * The objects, officers and rules of a database as a simulation takes them. Reads only. Thread:
 * that of the Db.
 */
#pragma once

#include "draw/draw.h"
#include "draw/draw_simulate.h"

typedef struct DrawCityRequest {
    const char *object_kind; /* "unit" or "building" */
    const char *region;      /* NULL: that of the newest published plan */
    double percent;          /* of each stratum drawn in a year, at least one object; 0: the quotas
                                of the newest published plan of this kind */
    int64_t reserves;        /* of each stratum in one draw; -1: as the plan says, without one 2 */
    int64_t officer_cap;
    unsigned draws_per_year; /* the quota of a year is spread over them */
    int64_t now_us;          /* which officers may serve, which weights hold */
} DrawCityRequest;

typedef struct DrawCity {
    char *region;
    int64_t plan_id; /* whose quotas; 0: a percentage */
    int64_t quota;   /* of a year, all strata */
    guint strata;
    GArray *objects;    /* DrawSimObject */
    GArray *inspectors; /* DrawInspector, sorted by id */
    GArray *recused;    /* DrawPair, sorted */
    GPtrArray *rules;   /* DrawParams, one for each draw of a year */
    GStringChunk *texts;
} DrawCity;
void draw_city_clear(DrawCity *city);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DrawCity, draw_city_clear)

/* HZ_ERROR_NOT_FOUND: there is no plan to take the region or the quotas from, or no object;
 * HZ_ERROR_INVALID: the region is no code. */
bool draw_city_load(Db *db, const DrawCityRequest *request, DrawCity *ret_city, GError **error);

/* Objects, officers, recusals, rules and draws a year; the rest is left to the caller. Borrows from
 * `city`. */
DrawSimulation draw_city_simulation(const DrawCity *city);
