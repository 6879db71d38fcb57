/* What the files behind /work/map share. Thread: the worker that runs the handler. */
#pragma once

#include "overview/map_models.h"

#define MAP_PATH "/work/map"
#define MAP_NAME_FROM_WIDTH                                                                        \
    56                   /* units: narrower districts show no name in the picture of the city */
#define MAP_DOTS_MAX 300 /* buildings in one picture */

typedef struct MapAsk {
    Area area;
    bool shows_codes;     /* colours of codes; else coverage */
    int64_t square, cell; /* larger and smaller square; 0: none */
    CoverageLines lines;
    OpenAlarms alarms;
    GArray *tallies;       /* of codes, by district of today */
    GHashTable *cells;     /* code_cells; NULL: not asked for */
    GHashTable *colours;   /* code_buildings; NULL: not asked for */
    const OutlineMap *map; /* NULL: no outlines for this province */
} MapAsk;

/* Asks for what the page of this area needs of codes; whatever it shows. */
bool map_codes_read(Ctx *ctx, MapAsk *ask, GError **error);
/* model["lines"][i].codes, codes (all together), views (the two ways of looking). */
void map_codes_put(json_t *model, const MapAsk *ask);
/* "&show=codes" or "". */
const char *map_show(const MapAsk *ask);

/* The state, title and sign of a district; the mark over its name. */
void map_codes_shape(const MapAsk *ask, const Picture *picture, const CoverageLine *line);
void map_codes_count(const MapAsk *ask, const Picture *picture, const CoverageLine *line);
/* A square, in the picture and in the table. */
void map_codes_cell(const MapAsk *ask,
                    const Picture *picture,
                    const CoverageCell *cell,
                    const char *href);
void map_codes_cell_put(const MapAsk *ask, json_t *model, const CoverageCell *cell);
/* A building, in the picture and in the table. */
void map_codes_building(const MapAsk *ask, const Picture *picture, const CoverageBuilding *one);
void map_codes_building_put(const MapAsk *ask, json_t *model, const CoverageBuilding *one);
