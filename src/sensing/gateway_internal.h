/*
 * Inside the gateway: one network thread with its connections and the batches that travel to
 * ingest and back. Thread: the network thread, except what says otherwise.
 */
#pragma once

#include "base/mailbox.h"
#include "frame/session.h"
#include "sensing/gateway.h"
#include "sensing/ingest_internal.h"

#include <netinet/in.h>
#include <pthread.h>
#include <uv.h>

#define NET_READ_SIZE (16 * 1024)
#define NET_BATCHES 4 /* one fills, one is stored, one comes back, one in reserve */

typedef struct Net Net;

/* Whom limits count: an IPv4 address, or 64 bits of an IPv6 address, since whoever has one of those
 * has all that begin so. Datagrams are counted apart: their senders can be invented, and must not
 * use up what connections of the true one need. */
typedef struct NetAddress {
    uint8_t bytes[16]; /* IPv4 mapped */
    uint8_t is_udp;
} NetAddress;

/* What comes from one of them. */
typedef struct NetSource {
    NetAddress address;
    unsigned count; /* connections, or senders of datagrams */
    int64_t tokens; /* thousandths of a frame */
    uint64_t tokens_ms;
    uint64_t round; /* of conn_refill, to which `resumed` belongs */
    unsigned resumed;
} NetSource;

/* One TCP connection, or one sender of datagrams. */
typedef struct Conn {
    union {
        uv_tcp_t tcp;
        struct sockaddr_storage peer; /* of datagrams */
    };
    Net *net;
    uint64_t origin; /* slot and generation */
    uint64_t number; /* rises with each connection */
    bool is_udp, is_proven, is_reading, is_closing;
    bool is_left;    /* its device speaks by a newer one */
    bool is_waiting; /* for a batch with room */
    bool is_slowed;  /* over its rate */
    uint16_t rest_size;
    uint8_t *rest; /* a frame that has begun; NULL: none */
    Session session;
    const Gb26875Profile *profile;
    uint64_t source;   /* device address in the last frame */
    uint64_t *devices; /* the last LIMIT_DEVICE_BOX of them */
    uint8_t device_count, device_at;
    GQueue questions; /* of SessionRequest: asked when the device has answered the one before */
    NetSource *from;
    uint32_t garbage;
    int32_t tokens; /* thousandths of a frame */
    uint64_t tokens_ms, heard_ms, rest_ms;
    GList link; /* among connections without a good frame, or among all senders of datagrams */
} Conn;

struct Net {
    Ingest *ingest;
    const GatewayOptions *options;
    unsigned connections_max; /* TCP */
    unsigned peers_max;       /* senders of datagrams: they need no descriptor */
    unsigned per_address_max; /* of each */
    const Gb26875Profile *profile;
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_udp_t datagrams;
    uv_async_t wake;
    uv_timer_t tick;  /* once a second */
    uv_timer_t flush; /* the open batch has waited long enough */
    uv_timer_t refill;
    uv_prepare_t round_begin;
    uv_thread_t thread;
    bool is_stopping;
    bool is_udp_waiting; /* for a batch with room */
    bool is_accept_waiting;
    unsigned accepted;    /* in this round of the loop */
    Mailbox *returned;    /* IngestBatch from ingest */
    Mailbox *commands;    /* CommandOut from ingest */
    pthread_mutex_t lock; /* of is_stopped */
    bool is_stopped;      /* nobody wakes the loop any more */
    IngestBatch *batches[NET_BATCHES];
    GPtrArray *idle; /* of them */
    IngestBatch *open;
    GQueue outcomes; /* IngestFrame of commands that wait for a batch */
    Conn **slots;
    uint32_t *generations;
    GArray *free_slots; /* of uint32_t */
    unsigned connections;
    uint64_t last_number;  /* of a connection */
    GQueue unproven;       /* of Conn; the oldest first */
    GQueue senders;        /* of Conn, of datagrams; the longest silent first */
    GHashTable *addresses; /* NetAddress -> NetSource */
    GHashTable *sources;   /* device address -> origin of its connection */
    GHashTable *peers;     /* sender of datagrams (Conn.peer) -> Conn */
    GPtrArray *waiting;    /* connections to read again */
    GPtrArray *slowed;     /* over their rate; in the order in which they read again */
    uint64_t round;        /* of conn_refill */
    uint8_t *buffer;       /* rest of a frame, then what was read */
    uint64_t refused;      /* connections, since the last line of the log */
    unsigned ticks, told_connections, told_senders; /* of the line that counts them */
};

/* --- gateway_net.c -----------------------------------------------------------------------------
 */

/* Fills in what the loop needs; `net` is zero but for its options. */
bool net_start(Net *net, const struct sockaddr *address, uint16_t *port, GError **error);
/* Thread: any. */
void net_stop(Net *net);
void net_free(Net *net);
/* Takes a command over. Thread: any. */
void net_command(Net *net, CommandOut *command);

/* Places for connections and senders. */
static inline unsigned net_slots(const Net *net) {
    return net->connections_max + net->peers_max;
}

/* Room for more frames? False: reading must stop until a batch is back. */
bool net_has_room(Net *net);
/* `profile`: the one that read the frame. */
void net_add_frame(Net *net,
                   const Conn *conn,
                   const Gb26875Profile *profile,
                   const Gb26875Frame *frame,
                   int64_t now_us);
void net_add_outcome(Net *net, int64_t command_id, SessionOutcome outcome);
/* After adding: the batch goes when it is full. */
void net_settle(Net *net);

/* --- gateway_source.c --------------------------------------------------------------------------
 */

NetAddress net_address_of(const struct sockaddr *from, bool is_udp);
GHashTable *net_sources_new(void);
/* One more from there; NULL: it has as many as it may. */
NetSource *net_source_take(Net *net, const NetAddress *address);
void net_source_give(Net *net, NetSource *source);
/* A frame came. */
void net_source_spend(Net *net, NetSource *source);
/* May frames from there be read? */
bool net_source_has_tokens(const Net *net, const NetSource *source);
/* May one more connection from there be read again in this round of conn_refill? */
bool net_source_resumes(Net *net, NetSource *source);
/* Once a second: those without connections go when their rate no longer remembers anything. */
void net_sources_tick(Net *net);

/* --- gateway_ask.c -----------------------------------------------------------------------------
 */

/* Hash of device addresses, in which nobody outside can choose what falls together. */
guint net_device_hash(gconstpointer key);
/* The device that a frame names can be asked over this connection. */
void conn_set_source(Conn *conn, uint64_t source);
/* Asks the device of this address, when it has answered what it was asked before. */
void conn_ask(Conn *conn, uint64_t address, const CommandOut *command);
/* What a frame or the clock did to the question that is open; then the next one is asked. */
void conn_asked(Conn *conn, const SessionResult *result);
/* Is it still there? */
void conn_patrol(Conn *conn);
/* Nobody there will answer or be asked any more. */
void conn_ask_end(Conn *conn);
/* The dialect of the device is known now: numbers that were read in another one are turned. */
void conn_set_dialect(Conn *conn, const Gb26875Profile *dialect);

/* --- gateway_conn.c ----------------------------------------------------------------------------
 */

void conn_accept(uv_stream_t *listener, int status);
/* The loop begins a new round. */
void conn_accept_more(Net *net);
void conn_datagram(uv_udp_t *udp,
                   ssize_t size,
                   const uv_buf_t *buffer,
                   const struct sockaddr *from,
                   unsigned flags);
Conn *conn_find(const Net *net, uint64_t origin);
/* Sends or queues; closes a connection that does not take what it is sent. */
void conn_send(Conn *conn, const uint8_t *bytes, size_t size);
void conn_close(Conn *conn);
/* What is due by the clock: half frames, silence, requests. */
void conn_tick(Conn *conn, uint64_t now_ms, int64_t now_us);
/* Reads again what waited for a batch, or for its rate. */
void conn_resume(Net *net);
void conn_refill(Net *net);
