/* Synthetic devices and their points, from numbers alone. */
#include "sensing/scene_internal.h"

enum { STREAM_FLOORS = 1, STREAM_POINTS };
#define DISTRICT_DEVICES 25 /* that lose their mains together */
#define POINTS_MIN 10
#define POINTS_MAX 60

uint64_t scene_dice(uint64_t seed, unsigned stream, uint64_t index, uint64_t below) {
    /* splitmix64 */
    uint64_t z = seed + UINT64_C(0x9e3779b97f4a7c15) * (index * 64 + stream + 1);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static void device_clear(gpointer data) {
    SceneDevice *device = data;
    if (device->points != NULL) {
        g_array_unref(device->points);
    }
}

GArray *scene_roster_new(void) {
    GArray *roster = g_array_new(FALSE, TRUE, sizeof(SceneDevice));
    g_array_set_clear_func(roster, device_clear);
    return roster;
}

typedef struct Kind {
    uint8_t system_type, component_type, analog_type;
} Kind;

/* One each in every building. */
static const Kind plant[] = {
    {11, 91, 5}, /* fire pump: pressure */
    {11, 92, 2}, /* tank: level */
    {1, 17, 9},  /* residual current */
    {1, 18, 3},  /* temperature of a cable */
    {18, 111, 0}, /* smoke fan */
    {12, 99, 5}, /* pressure switch of the sprinklers */
};
/* In turn on the floors. */
static const Kind on_floors[] = {{1, 42, 0}, {1, 42, 0}, {1, 31, 0}, {1, 23, 0}, {12, 96, 0}};

static void add_point(GArray *points, Kind kind, unsigned floor) {
    unsigned node = points->len + 1;
    ScenePoint point = {.system_type = kind.system_type,
                        .system_address = 1,
                        .component_type = kind.component_type,
                        .analog_type = kind.analog_type,
                        .floor = (uint8_t)MIN(floor, 200),
                        .address = (1 + node / 32) | (uint32_t)(node << 16)};
    g_array_append_val(points, point);
}

GArray *scene_points(uint64_t seed, unsigned number, unsigned floors) {
    unsigned count =
        POINTS_MIN +
        (unsigned)scene_dice(seed, STREAM_POINTS, number, POINTS_MAX - POINTS_MIN + 1);
    GArray *points = g_array_new(FALSE, TRUE, sizeof(ScenePoint));
    for (size_t i = 0; i < G_N_ELEMENTS(plant); i++) {
        add_point(points, plant[i], 1);
    }
    for (unsigned i = 0; points->len < count; i++) {
        unsigned floor = 1 + i * MAX(floors, 1) / (count - (unsigned)G_N_ELEMENTS(plant));
        add_point(points, on_floors[i % G_N_ELEMENTS(on_floors)], floor);
    }
    return points;
}

GArray *scene_roster(uint64_t seed, unsigned first, unsigned count) {
    GArray *roster = scene_roster_new();
    for (unsigned i = first; i < first + count; i++) {
        unsigned floors = 6 + (unsigned)scene_dice(seed, STREAM_FLOORS, i, 28);
        SceneDevice device = {.address = SCENE_ADDRESS_BASE + 1 + i,
                              .district = i / DISTRICT_DEVICES,
                              .points = scene_points(seed, i, floors)};
        g_array_append_val(roster, device);
    }
    return roster;
}

uint8_t scene_analog_type(uint8_t component_type) {
    for (size_t i = 0; i < G_N_ELEMENTS(plant); i++) {
        if (plant[i].component_type == component_type) {
            return plant[i].analog_type;
        }
    }
    return 0;
}
