/* The map as a view model: outlines, squares and alarms placed in a picture of its own. Thread: the
 * worker that runs the handler. */
#pragma once

#include "overview/outline.h"
#include "overview/overview_alarms.h"
#include "overview/overview_models.h"

/* A picture: what it shows of the map. Marks keep their size, so they are placed in percent. */
typedef struct Picture {
    const OutlineMap *map;
    OutlineBox box;
    json_t *model; /* {view, shapes, marks, label}; borrowed by put_ functions */
} Picture;
/* Starts one; `label` says what it shows. */
Picture picture_new(const OutlineMap *map, OutlineBox box, const char *label);

/* One district: filled by its state, with its name where `has_name`; linked to `href`. */
typedef struct PictureShape {
    const char *href, *path, *state, *title;
} PictureShape;
void picture_shape(const Picture *picture, const PictureShape *shape);
/* A name or number at a place of the map (units); `class` as in hz.css; `href` NULL: no link. */
typedef struct PictureMark {
    double x, y;
    double radius; /* px; 0: text only */
    const char *class, *text, *href, *title;
} PictureMark;
void picture_mark(const Picture *picture, const PictureMark *mark);
/* Does any of the box show? */
bool picture_shows(const Picture *picture, OutlineBox box);
/* Is the place inside? */
bool picture_holds(const Picture *picture, double x, double y);
