/* Connections of devices: bytes in, frames out, limits. */
#include "base/clock.h"
#include "base/limits.h"
#include "sensing/gateway_internal.h"
#include "web/log.h"

#include <string.h>

#define PATROL_MS UINT64_C(120000) /* a silent device is asked whether it is there */
#define TOKEN 1000
#define KEEPALIVE_S 60
#define ACCEPTS_AT_ONCE 32 /* then others are read */

/* --- slots and counts ---------------------------------------------------------------------------
 */

Conn *conn_find(const Net *net, uint64_t origin) {
    uint32_t slot = (uint32_t)origin;
    Conn *conn = slot < net_slots(net) ? net->slots[slot] : NULL;
    return conn != NULL && conn->origin == origin && !conn->is_closing ? conn : NULL;
}

static bool take_slot(Net *net, Conn *conn) {
    if (net->free_slots->len == 0) {
        return false;
    }
    uint32_t slot = g_array_index(net->free_slots, uint32_t, net->free_slots->len - 1);
    g_array_set_size(net->free_slots, net->free_slots->len - 1);
    conn->origin = (uint64_t)++net->generations[slot] << 32 | slot;
    conn->number = ++net->last_number;
    net->slots[slot] = conn;
    net->connections += conn->is_udp ? 0 : 1;
    return true;
}

static void give_slot(Net *net, const Conn *conn) {
    uint32_t slot = (uint32_t)conn->origin;
    net->slots[slot] = NULL;
    g_array_append_val(net->free_slots, slot);
    net->connections -= conn->is_udp ? 0 : 1;
}

static void prove(Conn *conn) {
    if (!conn->is_proven) {
        conn->is_proven = true;
        if (!conn->is_udp) {
            g_queue_unlink(&conn->net->unproven, &conn->link);
            uv_tcp_nodelay(&conn->tcp, 1);
            uv_tcp_keepalive(&conn->tcp, 1, KEEPALIVE_S);
        }
    }
}

/* --- end ----------------------------------------------------------------------------------------
 */

static void free_conn(Conn *conn) {
    g_free(conn->rest);
    g_free(conn);
}

static void on_closed(uv_handle_t *handle) {
    free_conn(handle->data);
}

void conn_close(Conn *conn) {
    Net *net = conn->net;
    if (conn->is_closing) {
        return;
    }
    conn->is_closing = true;
    conn_ask_end(conn);
    if (conn->is_waiting) {
        g_ptr_array_remove_fast(net->waiting, conn);
    }
    if (conn->is_slowed) {
        g_ptr_array_remove_fast(net->slowed, conn);
    }
    net_source_give(net, conn->from);
    give_slot(net, conn);
    if (conn->is_udp) {
        g_hash_table_remove(net->peers, conn);
        g_queue_unlink(&net->senders, &conn->link);
        free_conn(conn);
        return;
    }
    if (!conn->is_proven) {
        g_queue_unlink(&net->unproven, &conn->link);
    }
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

/* --- out ----------------------------------------------------------------------------------------
 */

typedef struct Sending {
    uv_write_t write;
    uint8_t bytes[];
} Sending;

static void on_sent(uv_write_t *write, int status) {
    Conn *conn = write->handle->data;
    g_free(write);
    if (status < 0) {
        conn_close(conn);
    }
}

static void send_later(Conn *conn, const uint8_t *bytes, size_t size) {
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    if (uv_stream_get_write_queue_size(stream) + size > LIMIT_DEVICE_BACKLOG) {
        conn_close(conn);
        return;
    }
    Sending *sending = g_malloc(sizeof *sending + size);
    memcpy(sending->bytes, bytes, size);
    uv_buf_t buffer = uv_buf_init((char *)sending->bytes, (unsigned)size);
    if (uv_write(&sending->write, stream, &buffer, 1, on_sent) != 0) {
        g_free(sending);
        conn_close(conn);
    }
}

void conn_send(Conn *conn, const uint8_t *bytes, size_t size) {
    if (conn->is_closing || size == 0) {
        return;
    }
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
    if (conn->is_udp) { /* one that is lost is asked for again */
        (void)uv_udp_try_send(
            &conn->net->datagrams, &buffer, 1, (const struct sockaddr *)&conn->peer);
        return;
    }
    int sent = uv_try_write((uv_stream_t *)&conn->tcp, &buffer, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        conn_close(conn);
        return;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done < size) {
        send_later(conn, bytes + done, size - done);
    }
}

/* --- in -----------------------------------------------------------------------------------------
 */

static void stop_reading(Conn *conn) {
    if (!conn->is_udp && conn->is_reading) {
        conn->is_reading = false;
        uv_read_stop((uv_stream_t *)&conn->tcp);
    }
}

static void slow_down(Conn *conn) {
    if (!conn->is_slowed) {
        conn->is_slowed = true;
        g_ptr_array_add(conn->net->slowed, conn);
        stop_reading(conn);
    }
}

/* A frame costs one token of the connection and one of its address; without any it is not read
 * until there are some again. */
static void spend(Conn *conn, uint64_t now_ms) {
    net_source_spend(conn->net, conn->from);
    uint64_t gained = (now_ms - conn->tokens_ms) * LIMIT_DEVICE_RATE;
    conn->tokens_ms = now_ms;
    conn->tokens = (int32_t)MIN((int64_t)conn->tokens + (int64_t)MIN(gained, INT32_MAX / 2),
                                (int64_t)LIMIT_DEVICE_BURST * TOKEN) -
                   TOKEN;
    if (!conn->is_udp && (conn->tokens <= 0 || !net_source_has_tokens(conn->net, conn->from))) {
        slow_down(conn);
    }
}

static void take_found(Conn *conn,
                       Gb26875Found found,
                       const Gb26875Profile *profile,
                       const Gb26875Frame *frame,
                       int64_t now_us) {
    Net *net = conn->net;
    uint64_t now_ms = uv_now(&net->loop);
    uint8_t reply[GB26875_FRAME_MAX];
    bool is_garbage = found == GB26875_GARBAGE;
    conn->garbage = is_garbage ? conn->garbage + (uint32_t)frame->raw.size : 0;
    if (!is_garbage || frame->has_head) {
        spend(conn, now_ms);
    }
    /* The sender of a datagram may be invented: whoever has that address must not get a denial for
     * each thing in it that looks like a head. */
    if (is_garbage && conn->is_udp) {
        return;
    }
    if (found == GB26875_FRAME) {
        conn->heard_ms = now_ms;
        prove(conn);
        conn_set_source(conn, frame->head.src);
    }
    SessionResult result =
        session_hear(&conn->session, conn->profile, found, frame, now_us, reply, sizeof reply);
    if (result.step == SESSION_STORE || result.step == SESSION_TAKE) {
        net_add_frame(net, conn, profile, frame, now_us);
    }
    conn_send(conn, reply, result.size);
    conn_asked(conn, &result);
}

/* What the connection's profile refuses, another may know: a sign of life is taken in any dialect;
 * by what else a maker says the dialect is chosen, until the device is known. *ret_profile: the one
 * that reads the frame. */
static Gb26875Found scan(Conn *conn,
                         FrameSlice bytes,
                         bool is_end,
                         Gb26875Frame *ret_frame,
                         const Gb26875Profile **ret_profile) {
    *ret_profile = conn->profile;
    Gb26875Found found = gb26875_scan(conn->profile, bytes, is_end, ret_frame);
    for (const Gb26875Profile *const *other = gb26875_profiles();
         found == GB26875_REFUSED && *other != NULL;
         other++) {
        Gb26875Frame frame;
        if (gb26875_scan(*other, bytes, is_end, &frame) != GB26875_FRAME ||
            (frame.role == GB26875_DATA && conn->is_proven)) {
            continue;
        }
        conn->profile = frame.role == GB26875_DATA ? *other : conn->profile;
        *ret_profile = *other;
        *ret_frame = frame;
        return GB26875_FRAME;
    }
    return found;
}

/* All that is whole in `bytes`; returns what is left of it. */
static size_t take_bytes(Conn *conn, FrameSlice bytes, bool is_end) {
    int64_t now_us = clock_now_us();
    Gb26875Frame frame;
    while (!conn->is_closing && bytes.size > 0) {
        const Gb26875Profile *profile = NULL;
        Gb26875Found found = scan(conn, bytes, is_end, &frame, &profile);
        if (found == GB26875_MORE) {
            break;
        }
        take_found(conn, found, profile, &frame, now_us);
        bytes.bytes += frame.raw.size;
        bytes.size -= frame.raw.size;
        if (conn->garbage > LIMIT_DEVICE_GARBAGE && !conn->is_udp) {
            conn_close(conn);
        }
    }
    return bytes.size;
}

static void keep_rest(Conn *conn, const uint8_t *bytes, size_t size) {
    bool had_rest = conn->rest != NULL;
    g_clear_pointer(&conn->rest, g_free);
    conn->rest_size = 0;
    if (size == 0) {
        return;
    }
    g_assert(size < GB26875_FRAME_MAX); /* the codec decides with fewer bytes than these */
    conn->rest = g_memdup2(bytes, size);
    conn->rest_size = (uint16_t)size;
    if (!had_rest) {
        conn->rest_ms = uv_now(&conn->net->loop);
    }
}

/* No batch has room, or others of this address have used up its rate: libuv reads nothing when
 * there is no buffer. What is read goes behind the rest of the frame before, so that frames lie in
 * one piece. */
static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    const Conn *conn = handle->data;
    Net *net = conn->net;
    (void)wanted;
    bool may_read = net_has_room(net) && net_source_has_tokens(net, conn->from);
    *buffer = uv_buf_init(may_read ? (char *)net->buffer + GB26875_FRAME_MAX : NULL,
                          may_read ? NET_READ_SIZE : 0);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    Conn *conn = stream->data;
    Net *net = conn->net;
    if (size == UV_ENOBUFS && !net_source_has_tokens(net, conn->from)) {
        slow_down(conn);
        return;
    }
    if (size == UV_ENOBUFS) {
        stop_reading(conn);
        conn->is_waiting = true;
        g_ptr_array_add(net->waiting, conn);
        return;
    }
    if (size < 0) {
        conn_close(conn);
        return;
    }
    if (size == 0) {
        return;
    }
    const uint8_t *begin = (const uint8_t *)buffer->base - conn->rest_size;
    if (conn->rest_size > 0) {
        memcpy(net->buffer + GB26875_FRAME_MAX - conn->rest_size, conn->rest, conn->rest_size);
    }
    size_t total = conn->rest_size + (size_t)size;
    size_t left = take_bytes(conn, (FrameSlice){begin, total}, false);
    if (!conn->is_closing) {
        if (left < total) { /* something was whole: the clock of the rest begins anew */
            g_clear_pointer(&conn->rest, g_free);
        }
        keep_rest(conn, begin + total - left, left);
    }
    net_settle(net);
}

static void start_reading(Conn *conn) {
    if (!conn->is_reading && !conn->is_closing && !conn->is_slowed && !conn->is_waiting) {
        conn->is_reading = true;
        conn->rest_ms = uv_now(&conn->net->loop); /* we did not listen: its half frame is not old */
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    }
}

void conn_resume(Net *net) {
    g_autoptr(GPtrArray) waiting = net->waiting;
    net->waiting = g_ptr_array_new();
    for (guint i = 0; i < waiting->len; i++) {
        Conn *conn = waiting->pdata[i];
        conn->is_waiting = false;
        start_reading(conn);
    }
}

void conn_refill(Net *net) {
    uint64_t now_ms = uv_now(&net->loop);
    guint kept = 0;
    net->round++;
    for (guint i = 0; i < net->slowed->len; i++) {
        Conn *conn = net->slowed->pdata[i];
        uint64_t gained = (now_ms - conn->tokens_ms) * LIMIT_DEVICE_RATE;
        if ((int64_t)conn->tokens + (int64_t)gained > TOKEN &&
            net_source_resumes(net, conn->from)) {
            conn->is_slowed = false;
            start_reading(conn);
        } else {
            net->slowed->pdata[kept++] = conn;
        }
    }
    g_ptr_array_set_size(net->slowed, (gint)kept);
}

/* --- begin --------------------------------------------------------------------------------------
 */

static Conn *conn_new(Net *net) {
    Conn *conn = g_new0(Conn, 1);
    conn->net = net;
    conn->profile = net->profile;
    conn->tokens = LIMIT_DEVICE_BURST * TOKEN;
    conn->tokens_ms = conn->heard_ms = uv_now(&net->loop);
    conn->link.data = conn;
    g_queue_init(&conn->questions);
    session_init(&conn->session);
    return conn;
}

/* Somebody has to go so that this one has a place: of connections the oldest that has said nothing,
 * of senders of datagrams the longest silent, who is known again by the next one. */
static void make_place(Net *net, const Conn *conn) {
    bool is_full = net->connections >= net->connections_max;
    if (conn->is_udp && net->senders.length >= net->peers_max) {
        conn_close(net->senders.head->data);
    }
    if (!conn->is_udp && net->unproven.length >= (is_full ? 1 : LIMIT_DEVICE_UNPROVEN)) {
        conn_close(net->unproven.head->data);
    }
}

/* Counts the connection, or says why there is no place for it. */
static const char *admit(Net *net, Conn *conn, const struct sockaddr *from) {
    NetAddress address = net_address_of(from, conn->is_udp);
    conn->from = net_source_take(net, &address);
    if (conn->from == NULL) {
        return "too many connections from one address";
    }
    make_place(net, conn);
    if ((!conn->is_udp && net->connections >= net->connections_max) || !take_slot(net, conn)) {
        net_source_give(net, conn->from);
        return "too many connections";
    }
    return NULL;
}

void conn_accept(uv_stream_t *listener, int status) {
    Net *net = listener->data;
    if (status < 0 || net->is_stopping) {
        return;
    }
    /* libuv accepts for as long as somebody knocks, and would hear nobody else meanwhile; it pauses
     * when one is not taken. */
    if (net->accepted == ACCEPTS_AT_ONCE) {
        net->is_accept_waiting = true;
        return;
    }
    net->accepted++;
    Conn *conn = conn_new(net);
    uv_tcp_init(&net->loop, &conn->tcp);
    conn->tcp.data = conn;
    struct sockaddr_storage from;
    int size = sizeof from;
    const char *refusal = "gone";
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) == 0 &&
        uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&from, &size) == 0) {
        refusal = admit(net, conn, (struct sockaddr *)&from);
    }
    if (refusal != NULL) {
        net->refused++;
        conn->is_closing = true;
        uv_close((uv_handle_t *)&conn->tcp, on_closed);
        log_debug("gateway.refused", "reason=%s", refusal);
        return;
    }
    g_queue_push_tail_link(&net->unproven, &conn->link);
    start_reading(conn);
}

void conn_accept_more(Net *net) {
    net->accepted = 0;
    if (net->is_accept_waiting) {
        net->is_accept_waiting = false;
        conn_accept((uv_stream_t *)&net->listener, 0);
    }
}

/* --- datagrams ----------------------------------------------------------------------------------
 */

static Conn *find_peer(Net *net, const struct sockaddr *from) {
    Conn like = {.is_udp = true};
    size_t size =
        from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memset(&like.peer, 0, sizeof like.peer);
    memcpy(&like.peer, from, size);
    Conn *conn = g_hash_table_lookup(net->peers, &like);
    if (conn != NULL) {
        g_queue_unlink(&net->senders, &conn->link);
        g_queue_push_tail_link(&net->senders, &conn->link);
        return conn;
    }
    conn = conn_new(net);
    conn->is_udp = true;
    conn->peer = like.peer;
    if (admit(net, conn, from) != NULL) {
        net->refused++;
        free_conn(conn);
        return NULL;
    }
    g_hash_table_add(net->peers, conn);
    g_queue_push_tail_link(&net->senders, &conn->link);
    return conn;
}

/* Does it begin with a frame? Only then its sender is remembered. */
static bool is_promising(const Net *net, FrameSlice bytes) {
    Gb26875Frame frame;
    Gb26875Found found = gb26875_scan(net->profile, bytes, true, &frame);
    return found == GB26875_FRAME || found == GB26875_REFUSED;
}

void conn_datagram(uv_udp_t *udp,
                   ssize_t size,
                   const uv_buf_t *buffer,
                   const struct sockaddr *from,
                   unsigned flags) {
    Net *net = udp->data;
    if (size == UV_ENOBUFS) { /* no batch has room: the kernel keeps what comes */
        uv_udp_recv_stop(udp);
        net->is_udp_waiting = true;
    }
    if (size <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0) {
        return;
    }
    FrameSlice bytes = {(const uint8_t *)buffer->base, (size_t)size};
    if (!is_promising(net, bytes)) {
        return;
    }
    Conn *conn = find_peer(net, from);
    if (conn != NULL && net_source_has_tokens(net, conn->from) &&
        conn->tokens + (int64_t)(uv_now(&net->loop) - conn->tokens_ms) * LIMIT_DEVICE_RATE > 0) {
        (void)take_bytes(conn, bytes, true);
        net_settle(net);
    }
}

/* --- by the clock -------------------------------------------------------------------------------
 */

void conn_tick(Conn *conn, uint64_t now_ms, int64_t now_us) {
    uint64_t silent_ms = now_ms - conn->heard_ms;
    bool is_half = conn->is_reading && conn->rest_size > 0 &&
                   now_ms - conn->rest_ms > LIMIT_DEVICE_FRAME_S * 1000;
    uint64_t idle_s = conn->is_udp ? LIMIT_DEVICE_PEER_S : LIMIT_DEVICE_IDLE_S;
    if (is_half || silent_ms > idle_s * 1000) {
        conn_close(conn);
        return;
    }
    uint8_t bytes[SESSION_REQUEST_SIZE];
    SessionResult result = session_tick(&conn->session, conn->profile, now_us, bytes, sizeof bytes);
    conn_send(conn, bytes, result.size);
    conn_asked(conn, &result);
    if (!conn->is_closing && conn->is_proven && !conn->session.is_waiting &&
        silent_ms >= PATROL_MS && silent_ms % PATROL_MS < 1000) {
        conn_patrol(conn);
    }
}
