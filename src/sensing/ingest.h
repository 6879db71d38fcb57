/*
 * Ingest: what devices tell becomes edges and samples, durable before anybody hears "stored".
 *
 * One thread with its own Db takes messages from a bounded mailbox, keeps the state of each device
 * and point in memory (a copy of tables device and point), and writes what has gathered in one
 * transaction: edges with sensing_hooks, changed states, one journal row and its lane's mark. A
 * message that is already stored is recognised and still waits for a commit that comes after it
 * (scale.md 4, trap 1). When the database is away it waits and tries again; the full mailbox stops
 * whoever delivers.
 */
#pragma once

#include "frame/gb26875_profile.h"
#include "sensing/sensing.h"

typedef struct Ingest Ingest;

typedef struct IngestOptions {
    const char *db_url;
    const char *lane;    /* name of this process among others on the database; NULL: "main" */
    bool refuse_unknown; /* devices that nobody registered are refused, not learned */
    WebServer *server;   /* after a commit with edges: event "change" to topic "sensing"; or NULL */
} IngestOptions;

/* Reads the known devices and starts the thread. */
Ingest *ingest_start(const IngestOptions *options, GError **error);
/* Before the web server stops: nothing is published from now on, and who waits for a database that
 * is away gets an error within some seconds, so that its workers can end. */
void ingest_begin_stop(Ingest *ingest);
/* Nobody may deliver any more. Stores what is in the mailbox, ends the thread and frees. */
void ingest_stop(Ingest *ingest);
/* The one of this process for handlers that do not hold it; NULL: none runs. */
Ingest *ingest_current(void);

/* --- readings ----------------------------------------------------------------------------------
 */

typedef enum ReadingKind {
    READING_ALIVE,            /* nothing but a sign of life */
    READING_DEVICE_STATE,     /* state bits of the device itself (type 21) */
    READING_STATE,            /* state bits of a point (types 1 and 2) */
    READING_VALUE,            /* analog value of a point (type 3) */
    READING_OPERATION,        /* operation flags of a system (type 4) */
    READING_DEVICE_OPERATION, /* operation flags of the device (type 24); bit 5 answers 查岗 */
    READING_RAW,              /* kept in the journal as it came */
} ReadingKind;

/* One thing that a device told. Numbers are those of GB/T 26875.3-2011 tables 4 to 6 and figures
 * 6, 7, 13; other protocols translate into them. */
typedef struct Reading {
    ReadingKind kind;
    uint8_t system_type, system_address;
    int16_t component_type; /* -1: the system as a whole */
    uint32_t address;       /* component address; 0 for a system */
    uint16_t bits;          /* state or operation flags */
    uint16_t mask;          /* of a state: the bits that are told, others stay; 0: all are told */
    uint8_t analog_type;
    uint8_t operator_number;
    int64_t value;    /* analog, in least units */
    int64_t time_us;  /* as the device has it; 0: it told none */
    const char *text; /* the device's description of the point, UTF-8; NULL: none */
    uint8_t raw_type;
    const uint8_t *raw;
    size_t raw_size;
} Reading;

/* One message of a device. Everything is borrowed until the call returns. */
typedef struct IngestMessage {
    const char *protocol; /* "mqtt", "http" */
    const char *code;     /* how the device names itself: device.code */
    /* Tells the message when it is sent again: a hash of the sender's own number for it and of its
     * bytes, together with `sent_us`, the sender's clock in it (0: it has none). `key` 0: never
     * sent again. */
    uint64_t key;
    int64_t sent_us;
    /* Datagrams overtake each other, and so does what comes by a connection that the device has
     * left: a state that is older by number and by time is not taken. */
    bool may_be_late;
    uint16_t serial;
    const Reading *readings;
    size_t count;
    int64_t received_us;
    const Gb26875Profile *profile; /* dialect of a device that is learned now; NULL: standard */
} IngestMessage;

/* Stores one message and returns after its commit. Thread: any but ingest's; may wait long while
 * the database is away. HZ_ERROR_DENIED: the device is unknown or retired and refused;
 * HZ_ERROR_LIMIT: more devices or points than we keep, what fits is stored; HZ_ERROR_INTERNAL:
 * it can never be stored, and sending it again is of no use; HZ_ERROR_UNAVAILABLE: ingest stops. */
bool ingest_store(Ingest *ingest, const IngestMessage *message, GError **error);

/* The same for several messages at once, which costs one commit and not `count`. `ret_errors` has
 * room for `count`; an entry stays NULL when its message is stored, the others are the caller's. */
void ingest_store_many(Ingest *ingest,
                       const IngestMessage *messages,
                       size_t count,
                       GError **ret_errors);
