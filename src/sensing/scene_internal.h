/* Shared by the files of the scene engine. */
#pragma once

#include "sensing/scene.h"

/* A hash of the four numbers: the only chance in a scene. */
uint64_t scene_dice(uint64_t seed, unsigned stream, uint64_t index, uint64_t below);

/* What will happen: a change of a point or device at a time. */
typedef enum ChangeKind {
    CHANGE_POINT,     /* bits of a point */
    CHANGE_SYSTEM,    /* a frame of the first system with these bits besides those of its points */
    CHANGE_DEVICE,    /* bits of the device */
    CHANGE_VALUE,     /* a measured value */
    CHANGE_CONNECTION /* act */
} ChangeKind;

typedef struct Change {
    int64_t at_us;
    uint64_t number; /* order among changes of one time */
    ChangeKind kind;
    unsigned device, point;
    uint16_t set, clear; /* bits */
    int16_t value;
    SceneAct act;
} Change;
void scene_add(Scene *scene, Change change);

struct Scene {
    GArray *roster;
    GArray *changes; /* of Change: a heap, earliest first */
    uint64_t seed, added, played;
    unsigned kinds, stride;
    double rate;
    int64_t duration_us, begin_us;
    GByteArray *words[256]; /* component names in GB 18030 */
    uint8_t text[GB26875_TEXT_SIZE];
};

/* Adds the events of scene->kinds. */
void scene_plan(Scene *scene);
