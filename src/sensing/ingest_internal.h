/*
 * Inside ingest: the memory of devices and points, the plan of one transaction, its SQL, and what
 * the gateway delivers. Thread: ingest's, except ingest_put.
 */
#pragma once

#include "frame/gb26875_profile.h"
#include "sensing/ingest.h"
#include "sensing/journal.h"
#include "sensing/limit_rules.h"

/* --- memory ------------------------------------------------------------------------------------
 */

typedef enum DeviceStanding { DEVICE_LEARNING, DEVICE_ACTIVE, DEVICE_RETIRED } DeviceStanding;

typedef struct IngestPoint {
    int64_t id; /* 0: not stored yet */
    uint32_t address;
    int16_t component_type;
    uint8_t system_type, system_address;
    uint16_t bits;   /* without bit 0 */
    bool is_touched; /* the running plan writes it */
    uint8_t side_count;
    char *label; /* where it is, once an edge asked for it; NULL */
    int64_t state_us;
    char *text;               /* description of a point that is not stored yet */
    struct IngestSide *sides; /* of its analog values; NULL: none was told yet */
} IngestPoint;

/* An analog value: on which side of its limits it stands, if it has any. */
typedef struct IngestSide {
    const IngestPoint *point;
    uint8_t analog_type;
    LimitSide side;
    bool has_rule;
    LimitRule rule;
} IngestSide;

#define RECENT_KEYS 16

typedef struct IngestDevice {
    int64_t id; /* 0: not stored yet */
    int64_t version;
    char *protocol, *code;
    const Gb26875Profile *profile; /* "standard" when it names none of ours */
    DeviceStanding standing;
    char *region, *place, *name;
    int64_t district, building_id, unit_id;
    int64_t silent_after_us; /* 0: never called silent */
    int64_t seen_us, stored_seen_us;
    uint16_t bits;
    bool is_online;
    bool is_touched;   /* the running plan writes it */
    bool is_stale;     /* must be read again before use */
    GPtrArray *points; /* of IngestPoint, by number */
    /* Keys (with their sent time) of the last messages: tells one that is sent again without
     * asking the database. */
    uint64_t recent[RECENT_KEYS];
    unsigned recent_at;
    uint64_t last_key;    /* of the last message, without time */
    int64_t last_us;      /* when that came */
    int64_t last_sent_us; /* by the sender's clock; 0: it told none that can be right */
    uint16_t last_serial;
    int64_t edge_hour; /* while nobody has registered it: the hour in which … */
    unsigned edges;    /* … it has told so many */
} IngestDevice;

typedef struct IngestState {
    GHashTable *devices; /* "protocol:code" -> IngestDevice, owned */
    unsigned learned;    /* of them nobody registered */
    unsigned learned_points;
    int64_t learned_hour;                    /* the hour in which … */
    unsigned learned_edges, learned_samples; /* … these were told so many */
    int64_t changed_us;                      /* rows changed up to here are in memory */
    int64_t listening_us;                    /* since when silence counts: nobody listened before */
} IngestState;

IngestState *ingest_state_new(void);
void ingest_state_free(IngestState *state);
/* NULL: not in memory. */
IngestDevice *ingest_state_find(const IngestState *state, const char *protocol, const char *code);
/* A new one without points; owned by the state. */
IngestDevice *ingest_state_add(IngestState *state, const char *protocol, const char *code);
void ingest_device_clear_points(IngestDevice *device);
/* NULL: not there. Numbers of `like` are compared. */
IngestPoint *ingest_point_find(const IngestDevice *device, const IngestPoint *like);
/* Takes the point over. */
void ingest_point_add(IngestDevice *device, IngestPoint *point);
void ingest_point_free(IngestPoint *point);
/* What is known of the limits of this kind of value; made at the first question. NULL: the point
 * tells more kinds than we judge. Valid until the next call for the point. */
IngestSide *ingest_side_of(const IngestDevice *device, IngestPoint *point, uint8_t analog_type);
/* Points may have changed hands: counts those of devices that nobody registered. */
void ingest_state_count_points(IngestState *state);

/* --- the plan of one transaction ---------------------------------------------------------------
 */

typedef struct PlanEdge {
    EdgeKind kind;
    bool is_on;
    bool is_known; /* stored by an earlier transaction: hooks have seen it */
    int64_t value;
    IngestDevice *device;
    IngestPoint *point; /* NULL: the device itself */
    int64_t time_us, received_us;
    int64_t key;
    int64_t part;
    int64_t id;
    char *note; /* added to what it is about; NULL */
} PlanEdge;

typedef struct PlanSample {
    JournalRecord record; /* ids are filled in when it is written */
    IngestDevice *device;
    IngestPoint *point;
    size_t raw_at; /* in plan->raw */
} PlanSample;

/* What became of a command. */
typedef struct PlanCommand {
    int64_t command_id;
    const char *state;   /* word of device_command.state; static */
    const char *failure; /* static */
} PlanCommand;

typedef struct IngestPlan {
    GPtrArray *new_devices, *new_points, *new_point_owners;
    GPtrArray *devices, *points; /* touched */
    GArray *edges;               /* of PlanEdge */
    GArray *samples;             /* of PlanSample */
    GArray *commands;            /* of PlanCommand */
    GPtrArray *duty_answers;     /* of IngestDevice */
    GArray *sides;               /* of IngestSide that changed */
    GByteArray *raw;
    GByteArray *body; /* the journal's, kept for its memory */
    int64_t received_us;
} IngestPlan;

IngestPlan *ingest_plan_new(void);
void ingest_plan_free(IngestPlan *plan);
/* Forgets everything, also the marks `is_touched`. */
void ingest_plan_clear(IngestPlan *plan);
bool ingest_plan_is_empty(const IngestPlan *plan);
/* Where the bytes of a sample that is kept as it came begin; NULL: the plan has none at all. */
static inline const uint8_t *ingest_sample_raw(const IngestPlan *plan, const PlanSample *sample) {
    return plan->raw->len == 0 ? NULL : plan->raw->data + sample->raw_at;
}

typedef enum IngestVerdict {
    INGEST_STORED,    /* or will be, with the plan */
    INGEST_DUPLICATE, /* sent again: confirmed like a stored one */
    INGEST_REFUSED,   /* unknown or retired device */
    INGEST_LIMIT,     /* too many points or devices, or too much of one that nobody registered */
    INGEST_UNFIT,     /* alone it cannot be stored, and never will be */
    INGEST_FAILED,    /* nothing can be stored now */
} IngestVerdict;

/* What rules need besides memory. */
typedef struct PlanContext {
    IngestState *state;
    IngestPlan *plan;
    bool refuse_unknown;
    int64_t silent_after_us; /* of devices that say nothing else */
} PlanContext;

/* Takes one message into memory and plan. `device` may be NULL: it is learned or refused. */
IngestVerdict
ingest_plan_message(const PlanContext *context, IngestDevice *device, const IngestMessage *message);
/* Devices that have been silent for too long, and those that were heard long after what the table
 * says. A few hundred at once, because alarms wait for the same transaction: false, there are more.
 */
bool ingest_plan_silence(const PlanContext *context, int64_t now_us);
bool ingest_plan_seen(const PlanContext *context);
/* Hash of bytes for keys (FNV-1a, 64 bit, finished by a mixer). */
uint64_t ingest_hash(uint64_t seed, const void *bytes, size_t size);

/* --- SQL ---------------------------------------------------------------------------------------
 */

/* Who writes. */
typedef struct IngestLane {
    const char *name;
    int64_t epoch, seq;
} IngestLane;

/* Takes the lane over: from now on whoever held it fails. */
bool ingest_lane_open(Db *db, IngestLane *lane, int64_t now_us, GError **error);
typedef enum LaneFate { LANE_MISSING, LANE_STORED, LANE_TAKEN } LaneFate;
/* After a commit without answer: is batch `seq` stored? When it is, this has committed a write of
 * its own, so that a standby which has that has the batch too (scale.md 4, trap 1). */
bool ingest_lane_look(Db *db,
                      const IngestLane *lane,
                      int64_t seq,
                      int64_t now_us,
                      LaneFate *ret_fate,
                      GError **error);

/* Every device that is not retired, with its points. */
bool ingest_load(Db *db, IngestState *state, int64_t silent_after_us, GError **error);
/* Devices changed since the last look. */
bool ingest_load_changed(
    Db *db, IngestState *state, int64_t now_us, int64_t silent_after_us, GError **error);
/* Deletes some of the devices that nobody ever touched and that were not heard since then, with all
 * they told; only while the plan is empty. After a failed commit memory must be read again. */
bool ingest_forget(Db *db,
                   IngestState *state,
                   const IngestLane *lane,
                   int64_t silent_since_us,
                   unsigned *ret_count,
                   GError **error);

/* On which side analog values stood; `only` NULL: of all devices. */
bool ingest_load_sides(Db *db, IngestState *state, const IngestDevice *only, GError **error);

/* Writes the plan as batch lane->seq + 1 in one transaction, with sensing_hooks. Fills in ids.
 * After success lane->seq is raised. *ret_unknown: the failure was that of the commit, which may
 * have happened. */
bool ingest_write(
    Db *db, IngestPlan *plan, IngestLane *lane, int64_t now_us, bool *ret_unknown, GError **error);
/* The plan turned out to be stored. */
void ingest_plan_settled(IngestPlan *plan, IngestLane *lane);
bool ingest_write_refused(Db *db,
                          const char *protocol,
                          const char *code,
                          const char *reason,
                          int64_t received_us,
                          const void *bytes,
                          size_t size,
                          GError **error);

/* --- what the gateway delivers -------------------------------------------------------------------
 */

/* A frame that passed the codec's outer checks, or what became of a command. */
typedef struct IngestFrame {
    uint64_t origin;   /* the gateway's own; not looked at */
    uint32_t at, size; /* in the batch's bytes */
    int64_t received_us;
    bool may_be_late;              /* a datagram */
    const Gb26875Profile *profile; /* reads and answers this frame; filled in again */
    const Gb26875Profile *dialect; /* of the connection; filled in: of the device */
    IngestVerdict verdict;         /* filled in */
    int64_t command_id;            /* not 0: this command ended; the frame may be empty */
    const char *command_state, *command_failure; /* static */
} IngestFrame;

/* What stands in the queue. */
typedef struct IngestItem {
    bool is_call; /* an IngestCall of ingest.c, else an IngestBatch */
} IngestItem;

typedef struct IngestBatch IngestBatch;
struct IngestBatch {
    IngestItem item;
    GByteArray *bytes;
    GArray *frames; /* of IngestFrame */
    /* Called on ingest's thread when every verdict is durable. */
    void (*done)(IngestBatch *batch);
    void *owner;
};

/* False when the queue is full or closed; the batch stays with the caller. Never blocks. Thread:
 * any. */
bool ingest_put(Ingest *ingest, IngestBatch *batch);

/* A command on its way out. */
typedef struct CommandOut {
    int64_t id;
    int64_t device_id;
    SensingCommandKind kind;
    char *code; /* device.code */
    int64_t minutes;
    uint8_t system_type, system_address;
    uint32_t address;
} CommandOut;
void command_out_free(CommandOut *command);
/* Commands that wait, oldest first: array of CommandOut, owned by the caller. */
GPtrArray *ingest_commands_queued(Db *db, unsigned limit, GError **error);
bool ingest_commands_mark_sent(Db *db, const GPtrArray *commands, int64_t now_us, GError **error);
/* After a start: what was sent by a process that is gone is sent again, unless it is too old. */
bool ingest_commands_requeue(Db *db, int64_t now_us, GError **error);

/* Who sends commands; it takes over each. Called on ingest's thread. NULL: nobody; commands fail.
 */
typedef void (*CommandSender)(void *data, CommandOut *command);
void ingest_set_sender(Ingest *ingest, CommandSender sender, void *data);

/* --- frames to readings ------------------------------------------------------------------------
 */

/* Readings of one frame and their texts; kept for their memory. */
typedef struct FrameReadings {
    GArray *readings; /* of Reading */
    GStringChunk *texts;
} FrameReadings;
void frame_readings_init(FrameReadings *into);
void frame_readings_clear(FrameReadings *into);
/* What a good frame tells. Descriptions are read only of points that `device` (NULL: unknown) does
 * not have yet. */
void frame_read(FrameReadings *into,
                const Gb26875Profile *profile,
                const Gb26875Frame *frame,
                const IngestDevice *device);
/* Message of the frame with the readings of `into`; `code` is borrowed. */
IngestMessage frame_message(const FrameReadings *into,
                            const Gb26875Profile *profile,
                            const Gb26875Frame *frame,
                            const char *code,
                            int64_t received_us);
