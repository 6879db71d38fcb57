/* What we ask of devices: commands of persons, and whether a silent one is still there. */
#include "base/clock.h"
#include "base/limits.h"
#include "sensing/gateway_internal.h"

/* --- devices behind a connection ----------------------------------------------------------------
 */

guint net_device_hash(gconstpointer key) {
    static gsize seed;
    if (g_once_init_enter(&seed)) {
        g_once_init_leave(&seed, (gsize)g_random_int() << 16 | 1);
    }
    return (guint)ingest_hash(seed, key, sizeof(uint64_t));
}

static void forget(const Conn *conn, uint64_t device) {
    const uint64_t *origin = g_hash_table_lookup(conn->net->sources, &device);
    if (origin != NULL && *origin == conn->origin) { /* else it came back by another one */
        g_hash_table_remove(conn->net->sources, &device);
    }
}

/* A box may speak for some devices; of one that invents them only the last are kept. */
static void keep(Conn *conn, uint64_t device) {
    for (unsigned i = 0; i < conn->device_count; i++) {
        if (conn->devices[i] == device) {
            return;
        }
    }
    if (conn->device_count < LIMIT_DEVICE_BOX) {
        conn->devices = g_renew(uint64_t, conn->devices, conn->device_count + 1u);
        conn->devices[conn->device_count++] = device;
        return;
    }
    forget(conn, conn->devices[conn->device_at]);
    conn->devices[conn->device_at] = device;
    conn->device_at = (uint8_t)((conn->device_at + 1u) % LIMIT_DEVICE_BOX);
}

/* Commands go to the newest connection of a device. One that it has left may still bring what was
 * on the way, later than what was said since. */
void conn_set_source(Conn *conn, uint64_t source) {
    Net *net = conn->net;
    uint64_t *origin = g_hash_table_lookup(net->sources, &source);
    const Conn *other = origin == NULL ? NULL : conn_find(net, *origin);
    conn->source = source;
    conn->is_left = other != NULL && other->number > conn->number;
    if (conn->is_left || other == conn) {
        return;
    }
    keep(conn, source);
    if (origin == NULL) {
        g_hash_table_insert(net->sources,
                            g_memdup2(&source, sizeof source),
                            g_memdup2(&conn->origin, sizeof conn->origin));
    } else {
        *origin = conn->origin;
    }
}

/* --- questions ----------------------------------------------------------------------------------
 */

static void ask(Conn *conn, const SessionRequest *request) {
    uint8_t bytes[SESSION_REQUEST_SIZE];
    size_t size = session_request(
        &conn->session, conn->profile, request, clock_now_us(), bytes, sizeof bytes);
    if (size == 0) { /* its dialect cannot say it */
        if (request->id != 0) {
            net_add_outcome(conn->net, request->id, SESSION_DENIED);
        }
        return;
    }
    conn_send(conn, bytes, size);
}

static void ask_next(Conn *conn) {
    while (!conn->session.is_waiting && !conn->is_closing && conn->questions.length > 0) {
        g_autofree SessionRequest *request = g_queue_pop_head(&conn->questions);
        ask(conn, request);
    }
}

static SessionRequest request_of(uint64_t address, const CommandOut *command) {
    static const struct {
        uint8_t command, type;
        uint32_t has;
    } forms[SENSING_COMMAND_KIND_COUNT] = {
        [SENSING_DUTY_CHECK] = {GB26875_CONTROL, GB26875_DUTY_CHECK, GB26875_HAS_MINUTES},
        [SENSING_CLOCK_SYNC] = {GB26875_CONTROL, GB26875_SET_CLOCK, GB26875_HAS_TIME},
        [SENSING_READ_DEVICE] = {GB26875_REQUEST, GB26875_READ_DEVICE_STATE, GB26875_HAS_RESERVED},
        [SENSING_READ_SYSTEM] = {GB26875_REQUEST, GB26875_READ_SYSTEM_STATE, GB26875_HAS_SYSTEM},
        [SENSING_READ_POINT] = {GB26875_REQUEST,
                                GB26875_READ_COMPONENT_STATE,
                                GB26875_HAS_SYSTEM | GB26875_HAS_ADDRESS},
        [SENSING_READ_VALUE] = {GB26875_REQUEST,
                                GB26875_READ_ANALOG,
                                GB26875_HAS_SYSTEM | GB26875_HAS_ADDRESS},
    };
    g_assert((unsigned)command->kind < SENSING_COMMAND_KIND_COUNT);
    uint8_t type = forms[command->kind].type;
    return (SessionRequest){
        .id = command->id,
        .peer = address,
        .command = forms[command->kind].command,
        .type = type,
        .object = {.type = type,
                   .has = forms[command->kind].has,
                   .system_type = command->system_type,
                   .system_address = command->system_address,
                   .address = command->address,
                   .minutes = (uint8_t)command->minutes},
    };
}

void conn_ask(Conn *conn, uint64_t address, const CommandOut *command) {
    SessionRequest request = request_of(address, command);
    /* A patrol must not stand in the way of what a person asks. */
    if (conn->session.is_waiting && conn->session.request.id == 0) {
        conn->session.is_waiting = false;
    }
    if (conn->questions.length >= LIMIT_DEVICE_QUESTIONS) {
        net_add_outcome(conn->net, request.id, SESSION_SILENT);
        return;
    }
    g_queue_push_tail(&conn->questions, g_memdup2(&request, sizeof request));
    ask_next(conn);
}

void conn_asked(Conn *conn, const SessionResult *result) {
    if (result->outcome == SESSION_OPEN) {
        return;
    }
    if (result->request_id != 0) {
        net_add_outcome(conn->net, result->request_id, result->outcome);
    }
    ask_next(conn);
}

/* Devices tell what happens, and some of them nothing else (cl. 6.3.2): whether one is still there
 * is asked (GB 50440 calls it 巡检). */
void conn_patrol(Conn *conn) {
    const SessionRequest request = {
        .peer = conn->source,
        .command = GB26875_REQUEST,
        .type = GB26875_READ_DEVICE_STATE,
        .object = {.type = GB26875_READ_DEVICE_STATE, .has = GB26875_HAS_RESERVED},
    };
    ask(conn, &request);
}

void conn_ask_end(Conn *conn) {
    if (conn->session.is_waiting && conn->session.request.id != 0) {
        net_add_outcome(conn->net, conn->session.request.id, SESSION_SILENT);
    }
    while (conn->questions.length > 0) {
        g_autofree SessionRequest *request = g_queue_pop_head(&conn->questions);
        net_add_outcome(conn->net, request->id, SESSION_OPEN);
    }
    for (unsigned i = 0; i < conn->device_count; i++) {
        forget(conn, conn->devices[i]);
    }
    g_clear_pointer(&conn->devices, g_free);
    conn->device_count = 0;
}

void conn_set_dialect(Conn *conn, const Gb26875Profile *dialect) {
    bool is_turned = dialect->is_address_big != conn->profile->is_address_big;
    conn->profile = dialect;
    if (is_turned) {
        conn->session.own = gb26875_turned(conn->session.own);
        conn_set_source(conn, gb26875_turned(conn->source));
    }
}
