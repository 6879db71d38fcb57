/*
 * Outlines of districts as SVG paths, from the map that is built in (assets/map, tools/assets.py),
 * put together as law/<city>/map-outlines.yaml says for the districts of today. Read once. Thread:
 * any; results live as long as the program.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct OutlineBox {
    double x, y, width, height;
} OutlineBox;

typedef struct Outline {
    const char *code;          /* of today */
    OutlineBox box;            /* in units of the map */
    double x, y;               /* where its name goes */
    const char *coarse, *fine; /* paths: for the whole map, for one district */
    const char *note;          /* what is not as it is today; NULL: nothing is known */
    const char *confidence;    /* 原文, 二手, 凭记忆; of the note */
} Outline;

typedef struct OutlineMap {
    double width, height;
    const char *name, *source;
    const Outline *outlines; /* by code */
    unsigned count;
    double west, north, east_scale, north_scale;
} OutlineMap;

/* The map of the province in which the region lies. NULL without *error: there is none. */
const OutlineMap *outline_map(const char *region, GError **error);
/* NULL: it has no outline. */
const Outline *outline_find(const OutlineMap *map, const char *code);
/* Units of the map for degrees. */
void outline_project(
    const OutlineMap *map, double longitude, double latitude, double *ret_x, double *ret_y);
/* Around both, with nothing between. An empty first box is replaced. */
OutlineBox outline_around(OutlineBox a, OutlineBox b);
/* With a margin of this share of its longer side; at least `least` units wide and high. */
OutlineBox outline_margin(OutlineBox box, double share, double least);
