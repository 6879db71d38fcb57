/*
 * What synthetic devices live through: a roster of them and one stream of things that happen, the
 * same for the same seed on any machine. Plays in virtual time; whoever plays it owns the clock and
 * the sockets. Everything in it is invented. Thread: one at a time.
 *
 * A scene has a background (signs of life, unchanged states, measured values, now and then a fault)
 * at a given rate, and on top of it events of the chosen kinds and of a script.
 */
#pragma once

#include "frame/gb26875_profile.h"

#include <glib.h>

/* Devices of the roster without a database: an address range that no real device has, because the
 * upper two bytes say "SY". */
#define SCENE_ADDRESS_BASE UINT64_C(0x535900000000)

typedef enum SceneKind {
    SCENE_NORMAL = 0,
    SCENE_FIRE = 1 << 0,         /* "fire": a fire climbs through the floors of one building */
    SCENE_POWER_CUT = 1 << 1,    /* "power-cut": a district loses its mains, later its batteries */
    SCENE_FAULT_STORM = 1 << 2,  /* "fault-storm": all points of some panels fail and recover */
    SCENE_FLAPPING = 1 << 3,     /* "flapping": detectors alarm and recover without end */
    SCENE_WRONG_CLOCKS = 1 << 4, /* "wrong-clocks": years off, from the future, or all zero */
    SCENE_HALF_OPEN = 1 << 5,    /* "half-open": connections stay open and say nothing more */
} SceneKind;
/* Adds the kind that `word` names to *kinds; false when it names none. "normal" adds nothing. */
bool scene_kind_parse(const char *word, unsigned *kinds);
#define SCENE_KIND_WORDS "normal, fire, power-cut, fault-storm, flapping, wrong-clocks, half-open"

typedef struct ScenePoint {
    uint8_t system_type, system_address, component_type;
    uint8_t floor;
    uint32_t address;
    uint16_t bits; /* state as it is now */
    uint8_t analog_type; /* 0: measures nothing */
} ScenePoint;

typedef struct SceneDevice {
    uint64_t address;
    int64_t district;   /* devices of one number lose their mains together */
    GArray *points;     /* of ScenePoint; owned */
    uint8_t bits;       /* of the device itself (type 21) */
    bool is_silent;     /* half open or cut: its background is not played */
    int64_t clock_us;   /* its clock is so much ahead; */
    bool has_no_clock;  /* or its time tags are zero */
} SceneDevice;

/* Array of SceneDevice with their points, freed by g_array_unref: devices first … first + count - 1
 * of the city that `seed` names. Their addresses are SCENE_ADDRESS_BASE + 1 + number. */
GArray *scene_roster(uint64_t seed, unsigned first, unsigned count);
/* An empty roster, for devices from elsewhere. */
GArray *scene_roster_new(void);
/* The points that a building of so many floors has: array of ScenePoint, 10 to 60, owned by the
 * caller. */
GArray *scene_points(uint64_t seed, unsigned number, unsigned floors);
/* What such a component measures (table 6); 0: nothing. */
uint8_t scene_analog_type(uint8_t component_type);

typedef struct SceneOptions {
    GArray *roster; /* taken over; at least one device */
    uint64_t seed;
    unsigned kinds;      /* SceneKind, or-ed */
    double rate;         /* background frames a second of all devices; 0: only scene_background */
    int64_t duration_us; /* what the kinds tell happens within this, at most within ten minutes */
    int64_t begin_us;    /* wall clock at virtual time 0 */
} SceneOptions;

typedef struct Scene Scene;
Scene *scene_new(const SceneOptions *options);
void scene_free(Scene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)
const GArray *scene_devices(const Scene *scene);

/* Adds the lines of a script: "SECONDS DEVICE POINT WORD [on|off|NUMBER]". DEVICE and POINT count
 * from 1; POINT "-" is the device itself, "system" the first point's system. WORD is a state of
 * points or systems (fire fault shield supervise start feedback delay main-power backup-power bus
 * manual; power for a component), of the device (fire fault main-power backup-power channel line),
 * "reset", "value" with a number in least units, or of the connection: cut, back, silent. "#"
 * begins a comment. HZ_ERROR_INVALID with the line. */
bool scene_script(Scene *scene, const char *text, GError **error);

typedef enum SceneAct {
    SCENE_SEND,   /* `type` and `object` */
    SCENE_CUT,    /* closes its connection and is off */
    SCENE_BACK,   /* is on again */
    SCENE_SILENT, /* says and hears nothing more; the connection stays open */
} SceneAct;

typedef struct SceneEvent {
    int64_t at_us; /* virtual */
    unsigned device;
    SceneAct act;
    bool is_background; /* may be left out when its device is behind */
    uint8_t type;
    Gb26875Object object; /* its text, if any, lives until the next call */
} SceneEvent;

/* The next thing that happens up to virtual time `now_us`; false: nothing yet. */
bool scene_next(Scene *scene, int64_t now_us, SceneEvent *ret_event);
/* One background frame of this device, whenever it is asked for. */
void scene_background(Scene *scene, unsigned device, int64_t now_us, SceneEvent *ret_event);
/* Time of the next event; INT64_MAX: nothing will ever happen. */
int64_t scene_due_us(const Scene *scene);
/* The device's own clock at virtual time `now_us`, as its frames carry it; 0: it has none. */
int64_t scene_clock_us(const Scene *scene, unsigned device, int64_t now_us);
/* The state of a device's first system: what its points say together. */
uint16_t scene_system_bits(const SceneDevice *device);
