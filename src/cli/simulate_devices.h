/*
 * A fleet of synthetic devices over real sockets: it plays a scene, resends like a real device
 * until it hears "confirmed", and counts. One thread, one libuv loop.
 */
#pragma once

#include "base/json.h"
#include "frame/gb26875_profile.h"
#include "sensing/scene.h"

#include <netinet/in.h>
#include <stdio.h>
#include <uv.h>

typedef struct FleetOptions {
    struct sockaddr_storage target;
    bool is_udp;
    unsigned per_address; /* devices behind one source address; 0: the system chooses addresses */
    unsigned window;      /* frames of one device in flight before its background waits */
    bool is_closed_loop;  /* each device keeps its window full instead of following a rate */
    int64_t timeout_us;   /* until a frame is sent again */
    unsigned tries;       /* then it is given up */
    int64_t duration_us;  /* 0: until a signal */
    const Gb26875Profile *profile;
    FILE *record;      /* NULL: none */
    bool shows_counts; /* a line a second on stderr */
} FleetOptions;

/* Acknowledgement times: 32 steps for each doubling of a microsecond. */
#define LATENCY_STEPS 32
#define LATENCY_BUCKETS (40 * LATENCY_STEPS)
typedef struct Latency {
    uint64_t counts[LATENCY_BUCKETS];
    uint64_t all;
    int64_t max_us;
} Latency;
void latency_add(Latency *latency, int64_t us);
/* The time within which this part (0 … 1) was acknowledged, in milliseconds. */
double latency_ms(const Latency *latency, double part);

typedef struct FleetCounts {
    uint64_t sent;         /* new frames */
    uint64_t acknowledged; /* each once */
    uint64_t resent, denied;
    uint64_t given_up; /* after all tries */
    uint64_t left_out; /* background of devices that were behind */
    uint64_t answered; /* questions and orders of the centre */
    uint64_t connects, disconnects, refused;
} FleetCounts;

typedef struct Slot Slot;
typedef struct Fleet Fleet;

typedef enum LinkState {
    LINK_OFF,        /* until it is its turn to connect */
    LINK_CONNECTING, /* */
    LINK_UP,         /* */
    LINK_SILENT,     /* half open: nothing is read or sent */
    LINK_CUT,        /* its device is without power */
} LinkState;

/* A device's connection. */
typedef struct Link {
    Fleet *fleet;
    uv_poll_t *poll; /* NULL while there is no socket */
    int fd;
    unsigned device;
    LinkState state;
    bool is_proven; /* something was confirmed since it connected */
    bool is_queued; /* to connect */
    uint16_t next_serial;
    unsigned in_flight;
    Slot *slots;      /* newest first */
    GByteArray *rest; /* of a frame that has begun; NULL: none */
    GByteArray *out;  /* what the socket did not take; NULL: nothing */
    int64_t due_us;   /* not before it is it connected again */
} Link;

/* A frame until it is confirmed. */
#define SLOT_BYTES 92 /* our largest frame has 78 */
struct Slot {
    Slot *next;          /* of the link, or of the free ones */
    Slot *older, *newer; /* by the time of the last try */
    Link *link;
    int64_t first_us, sent_us;
    uint16_t serial;
    uint8_t size, tries;
    uint8_t bytes[SLOT_BYTES];
};

struct Fleet {
    FleetOptions options;
    Scene *scene;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[2];
    Link *links;
    unsigned link_count;
    unsigned up, proving;
    GQueue waiting;         /* of Link: to connect, in turn */
    Slot *free_slots;       /* */
    GPtrArray *slot_blocks; /* owns all slots */
    Slot *oldest, *newest;
    uint64_t in_flight;
    int64_t now_us;             /* monotonic, of this turn */
    int64_t wall_us;            /* wall clock minus monotonic */
    int64_t started_us;         /* of the fleet */
    int64_t begun_us, ended_us; /* of the scene; 0: not yet */
    int64_t shown_us;
    uint64_t shown_acknowledged;
    unsigned connected_most;
    bool is_stopping;
    FleetCounts counts;
    Latency latency;
    uint8_t buffer[65536];
};

/* `scene` stays the caller's. */
Fleet *fleet_new(const FleetOptions *options, Scene *scene);
void fleet_free(Fleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fleet, fleet_free)
/* Plays until the duration or a signal ends it and what is in flight is confirmed or given up. */
bool fleet_run(Fleet *fleet, GError **error);

/* --- sockets (simulate_devices_link.c) ---------------------------------------------------------
 */

/* Begins to connect; it is queued again when that fails. */
void link_open(Link *link);
/* Ends the connection; frames in flight stay. */
void link_close(Link *link);
/* In turn, after a pause if it was just connected. */
void link_queue(Link *link, int64_t pause_us);
/* Bytes to the centre; what the socket does not take now goes out later. */
void link_send(Link *link, const uint8_t *bytes, size_t size);

/* --- talk (simulate_devices.c) -----------------------------------------------------------------
 */

/* It is connected: what is in flight is sent again, or a sign of life. */
void fleet_connected(Link *link);
/* Something came; returns the bytes that were understood. */
size_t fleet_hear(Link *link, const uint8_t *bytes, size_t size, bool is_end);

/* --- report (simulate_devices_show.c) ----------------------------------------------------------
 */

json_t *fleet_document(const Fleet *fleet);
void fleet_print(const Fleet *fleet);
void fleet_show_counts(Fleet *fleet);
