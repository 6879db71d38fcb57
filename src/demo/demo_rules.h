/* Rows of the demo city from their numbers alone; pure. Thread: any. */
#pragma once

#include "registry/intake.h"

#include <glib.h>

#define DEMO_SOURCE "demo"

typedef struct DemoStreet {
    char *code, *name;
} DemoStreet;

typedef struct DemoDistrict {
    char code[13];
    char *name;
    GArray *streets;   /* DemoStreet; may be empty */
    GArray *buildings; /* int64_t: numbers of the buildings that stand here */
    int weight;
    double longitude, latitude; /* 0: not known */
} DemoDistrict;

typedef struct DemoCity {
    GArray *districts; /* DemoDistrict */
    int weight;        /* of all */
    int64_t now_us;
} DemoCity;
DemoCity *demo_city_new(int64_t now_us);
void demo_city_free(DemoCity *city);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DemoCity, demo_city_free)
/* Texts are copied; weight and position are looked up by code. Districts first, then streets. */
void demo_city_add_district(DemoCity *city, const char *code, const char *name);
void demo_city_add_street(DemoCity *city, const char *code, const char *name);
/* Once all districts are there: where each of `count` buildings stands. */
void demo_city_place_buildings(DemoCity *city, int64_t count);

/* "渝中区消防救援局（演示）"; caller frees. */
char *demo_agency_name(const DemoDistrict *district);

/* Row number `index`; its texts live in `texts`. */
void demo_unit(const DemoCity *city, int64_t index, GStringChunk *texts, UnitInput *ret_unit);
void demo_building(const DemoCity *city,
                   int64_t index,
                   GStringChunk *texts,
                   BuildingInput *ret_building);
void demo_officer(const DemoCity *city,
                  int64_t index,
                  GStringChunk *texts,
                  OfficerInput *ret_officer);

/* A number below `below` that depends on the three others only. */
int64_t demo_dice(unsigned stream, int64_t index, unsigned throw_number, int64_t below);
