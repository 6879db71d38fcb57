/*
 * The places of a draw and who holds them after its substitutions (docs/draw-format.md,
 * "Substitutions"). Pure: read from frozen files, result.tsv and earlier substitutions alone, so
 * that use case and verifier go by the same rule. Thread: any.
 */
#pragma once

#include "draw/draw_files.h"

/* A drawn line of result.tsv. Texts belong to DrawPlaces. */
typedef struct DrawPlace {
    int64_t order;
    const char *id; /* the object there now; NULL: nobody is left to take the place */
    const char *stratum;
    int lead, second; /* into DrawPlaces.inspectors; both DRAW_NOBODY: nobody is sent */
    GArray *tried;    /* int: whoever has held the place */
} DrawPlace;

typedef struct DrawReserve {
    const char *id;
    const char *stratum;
    bool is_used;
} DrawReserve;

typedef struct DrawPlaces {
    DrawParams *params;
    size_t rung; /* of the draw, as result.tsv has it: 1 …; 0: nothing was drawn */
    uint8_t inspector_key[DIGEST_SIZE];
    GArray *places;        /* DrawPlace, in draw order */
    GArray *reserves;      /* DrawReserve, in order of result.tsv */
    GArray *inspectors;    /* DrawInspector, by id */
    GArray *denied;        /* DrawPair, sorted: of objects of result.tsv */
    GHashTable *districts; /* id -> district, as far as they were told */
    GHashTable *objects;   /* ids of result.tsv */
    GPtrArray *texts;
} DrawPlaces;
/* As result.tsv left them. HZ_ERROR_INVALID or _CORRUPT names the file that cannot be read. */
DrawPlaces *draw_places_new(const DrawSource *source, GError **error);
void draw_places_free(DrawPlaces *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawPlaces, draw_places_free)

/* Where an object is, as pool.tsv has it: one by one, or all of them from the whole file. */
void draw_places_tell_district(DrawPlaces *places, const char *id, const char *district);
bool draw_places_read_districts(DrawPlaces *places, const DrawSource *source, GError **error);

/* The place of this order; NULL: no drawn object has it. */
DrawPlace *draw_places_at(DrawPlaces *places, int64_t order);
/* The place that this object holds now; NULL: none. */
DrawPlace *draw_places_of(DrawPlaces *places, const char *id);
/* DRAW_NOBODY: not in insp.tsv. */
int draw_places_inspector(const DrawPlaces *places, const char *id);
const char *draw_places_inspector_id(const DrawPlaces *places, int inspector);

/* Rule 1: the first reserve of the place's stratum that was not used yet; NULL: none is left. */
const DrawReserve *draw_places_reserve(const DrawPlaces *places, const DrawPlace *place);
/* cand(t) for the object that holds the place, at the rung of the draw: array of int. Its district
 * must have been told. */
GArray *draw_places_candidates(const DrawPlaces *places, const DrawPlace *place);
/* The order of rule 2: cand(t), then whom each later rung adds. */
GArray *draw_places_turns(const DrawPlaces *places, const DrawPlace *place);
bool draw_places_among(const GArray *inspectors, int inspector);
/* Rule 2 for one of them: never had the place, keeps the rule on leads beside the one who stays
 * when `out` falls out, and has fewer targets than cap_i. */
bool draw_places_may_take(const DrawPlaces *places, const DrawPlace *place, int out, int inspector);

/* The object falls out; `in` NULL: nobody comes, and the officers are free. */
void draw_places_put_object(DrawPlaces *places, DrawPlace *place, const char *in);
/* Whoever leads goes on leading as long as lead = 1 allows it. */
void draw_places_put_officer(DrawPlaces *places, DrawPlace *place, int out, int in);
