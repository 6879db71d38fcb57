/* A network thread: its loop, the batches that go to ingest, what comes back. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "sensing/gateway_internal.h"
#include "web/log.h"

#include <string.h>

#define TICK_MS 1000
#define REFILL_MS 20
#define COUNT_EVERY_TICKS 60
#define BACKLOG 4096                 /* what the kernel drops, knocks again after a second */
#define UDP_RECEIVE_BUFFER (4 * MIB) /* datagrams wait in it while ingest is busy */
#define SEND_TOGETHER 4096           /* confirmations of one connection in one write */

/* --- batches ------------------------------------------------------------------------------------
 */

/* On ingest's thread. */
static void on_stored(IngestBatch *batch) {
    Net *net = batch->owner;
    pthread_mutex_lock(&net->lock);
    if (!net->is_stopped) {
        bool fits = mailbox_put(net->returned, batch);
        g_assert(fits); /* it has room for every batch there is */
        (void)uv_async_send(&net->wake);
    }
    pthread_mutex_unlock(&net->lock);
}

static IngestBatch *batch_new(Net *net) {
    IngestBatch *batch = g_new0(IngestBatch, 1);
    batch->bytes = g_byte_array_sized_new(LIMIT_DEVICE_BATCH * 128);
    batch->frames = g_array_sized_new(FALSE, FALSE, sizeof(IngestFrame), LIMIT_DEVICE_BATCH);
    batch->done = on_stored;
    batch->owner = net;
    return batch;
}

static void batch_free(IngestBatch *batch) {
    g_byte_array_unref(batch->bytes);
    g_array_unref(batch->frames);
    g_free(batch);
}

static void send_batch(Net *net) {
    if (net->open != NULL && net->open->frames->len > 0 && ingest_put(net->ingest, net->open)) {
        net->open = NULL;
        uv_timer_stop(&net->flush);
    }
}

static void on_flush(uv_timer_t *timer) {
    send_batch(timer->data);
}

/* Makes one of the idle batches the open one. */
static bool open_batch(Net *net) {
    if (net->open == NULL && net->idle->len > 0) {
        net->open = g_ptr_array_steal_index_fast(net->idle, net->idle->len - 1);
        g_byte_array_set_size(net->open->bytes, 0);
        g_array_set_size(net->open->frames, 0);
        while (!g_queue_is_empty(&net->outcomes)) {
            g_autofree IngestFrame *outcome = g_queue_pop_head(&net->outcomes);
            g_array_append_val(net->open->frames, *outcome);
        }
    }
    return net->open != NULL;
}

bool net_has_room(Net *net) {
    if (net->open != NULL && net->open->frames->len >= LIMIT_DEVICE_BATCH) {
        send_batch(net);
    }
    return open_batch(net) && net->open->frames->len < LIMIT_DEVICE_BATCH;
}

/* Repeats while the queue of ingest is full. */
static void start_flush(Net *net) {
    if (!uv_is_active((uv_handle_t *)&net->flush)) {
        uv_timer_start(&net->flush, on_flush, LIMIT_DEVICE_BATCH_MS, LIMIT_DEVICE_BATCH_MS);
    }
}

void net_add_frame(Net *net,
                   const Conn *conn,
                   const Gb26875Profile *profile,
                   const Gb26875Frame *frame,
                   int64_t now_us) {
    g_assert(net->open != NULL); /* nothing is read without room */
    IngestFrame entry = {
        .origin = conn->origin,
        .at = net->open->bytes->len,
        .size = (uint32_t)frame->raw.size,
        .received_us = now_us,
        .may_be_late = conn->is_udp || conn->is_left,
        .profile = profile,
        .dialect = conn->profile,
    };
    g_byte_array_append(net->open->bytes, frame->raw.bytes, (guint)frame->raw.size);
    g_array_append_val(net->open->frames, entry);
    start_flush(net);
}

void net_add_outcome(Net *net, int64_t command_id, SessionOutcome outcome) {
    static const char *const words[][2] = {
        [SESSION_CONFIRMED] = {"confirmed", ""},
        [SESSION_ANSWERED] = {"answered", ""},
        [SESSION_DENIED] = {"failed", "denied"},
        [SESSION_SILENT] = {"failed", "silent"},
        [SESSION_OPEN] = {"failed", "offline"},
    };
    IngestFrame entry = {
        .command_id = command_id,
        .command_state = words[outcome][0],
        .command_failure = words[outcome][1],
    };
    if (open_batch(net)) {
        g_array_append_val(net->open->frames, entry);
        start_flush(net);
    } else {
        g_queue_push_tail(&net->outcomes, g_memdup2(&entry, sizeof entry));
    }
}

void net_settle(Net *net) {
    if (net->open != NULL && net->open->frames->len >= LIMIT_DEVICE_BATCH) {
        send_batch(net);
    }
}

/* --- what comes back ----------------------------------------------------------------------------
 */

static size_t answer(const IngestBatch *batch,
                     const IngestFrame *entry,
                     int64_t now_us,
                     uint8_t *buffer,
                     size_t size) {
    Gb26875Frame frame;
    FrameSlice bytes = {batch->bytes->data + entry->at, entry->size};
    if (gb26875_scan(entry->profile, bytes, true, &frame) != GB26875_FRAME ||
        frame.head.command == GB26875_RESPONSE) {
        return 0;
    }
    switch (entry->verdict) {
    case INGEST_STORED:
    case INGEST_DUPLICATE:
        return session_confirm(entry->profile, &frame, now_us, buffer, size);
    case INGEST_REFUSED:
    case INGEST_LIMIT:
        return gb26875_encode_answer(entry->profile, &frame, GB26875_DENY, now_us, buffer, size);
    case INGEST_UNFIT:
    case INGEST_FAILED: /* silence: the device sends it again */
        return 0;
    }
    g_assert_not_reached();
}

static void tell(Net *net, const IngestBatch *batch) {
    uint8_t out[SEND_TOGETHER];
    size_t filled = 0;
    Conn *to = NULL;
    int64_t now_us = clock_now_us();
    for (guint i = 0; i < batch->frames->len; i++) {
        const IngestFrame *entry = &g_array_index(batch->frames, IngestFrame, i);
        Conn *conn = entry->size == 0 ? NULL : conn_find(net, entry->origin);
        if (conn == NULL) {
            continue;
        }
        if (conn->profile != entry->dialect) {
            conn_set_dialect(conn, entry->dialect);
        }
        if (to != conn || conn->is_udp || filled + GB26875_FRAME_MAX > sizeof out) {
            if (to != NULL) {
                conn_send(to, out, filled);
            }
            to = conn->is_closing ? NULL : conn;
            filled = 0;
        }
        filled += answer(batch, entry, now_us, out + filled, sizeof out - filled);
    }
    if (to != NULL) {
        conn_send(to, out, filled);
    }
}

static void take_command(Net *net, CommandOut *command) {
    guint64 address = 0;
    const uint64_t *origin = NULL;
    if (g_ascii_string_to_unsigned(command->code, 10, 0, G_MAXUINT64, &address, NULL)) {
        uint64_t key = address;
        origin = g_hash_table_lookup(net->sources, &key);
    }
    Conn *conn = origin == NULL ? NULL : conn_find(net, *origin);
    if (conn != NULL) {
        conn_ask(conn, address, command);
    } else {
        net_add_outcome(net, command->id, SESSION_OPEN);
    }
    command_out_free(command);
}

static void close_handle(uv_handle_t *handle) {
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_all(Net *net) {
    for (unsigned i = 0; i < net_slots(net); i++) {
        if (net->slots[i] != NULL) {
            conn_close(net->slots[i]);
        }
    }
    close_handle((uv_handle_t *)&net->listener);
    close_handle((uv_handle_t *)&net->datagrams);
    close_handle((uv_handle_t *)&net->wake);
    close_handle((uv_handle_t *)&net->tick);
    close_handle((uv_handle_t *)&net->flush);
    close_handle((uv_handle_t *)&net->refill);
    close_handle((uv_handle_t *)&net->round_begin);
}

static void on_datagram_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    Net *net = handle->data;
    (void)wanted;
    bool has_room = net_has_room(net);
    *buffer = uv_buf_init(has_room ? (char *)net->buffer + GB26875_FRAME_MAX : NULL,
                          has_room ? NET_READ_SIZE : 0);
}

static void resume(Net *net) {
    conn_resume(net);
    if (net->is_udp_waiting) {
        net->is_udp_waiting = false;
        uv_udp_recv_start(&net->datagrams, on_datagram_alloc, conn_datagram);
    }
}

static void on_wake(uv_async_t *wake) {
    Net *net = wake->data;
    pthread_mutex_lock(&net->lock);
    bool is_stopped = net->is_stopped;
    pthread_mutex_unlock(&net->lock);
    if (is_stopped) {
        net->is_stopping = true;
        close_all(net);
        return;
    }
    for (IngestBatch *batch = mailbox_take(net->returned); batch != NULL;
         batch = mailbox_take(net->returned)) {
        tell(net, batch);
        g_ptr_array_add(net->idle, batch);
    }
    for (CommandOut *command = mailbox_take(net->commands); command != NULL;
         command = mailbox_take(net->commands)) {
        take_command(net, command);
    }
    if (!g_queue_is_empty(&net->outcomes) && open_batch(net)) {
        start_flush(net);
    }
    if ((net->waiting->len > 0 || net->is_udp_waiting) && net_has_room(net)) {
        resume(net);
    }
}

/* --- loop ---------------------------------------------------------------------------------------
 */

/* Who is there, when that has changed. */
static void count_sessions(Net *net) {
    bool has_changed =
        net->connections != net->told_connections || net->senders.length != net->told_senders;
    if (++net->ticks < COUNT_EVERY_TICKS || !has_changed) {
        return;
    }
    net->ticks = 0;
    net->told_connections = net->connections;
    net->told_senders = net->senders.length;
    log_event("gateway.sessions", "tcp=%u udp=%u", net->told_connections, net->told_senders);
}

static void on_tick(uv_timer_t *timer) {
    Net *net = timer->data;
    uint64_t now_ms = uv_now(&net->loop);
    int64_t now_us = clock_now_us();
    for (unsigned i = 0; i < net_slots(net); i++) {
        if (net->slots[i] != NULL) {
            conn_tick(net->slots[i], now_ms, now_us);
        }
    }
    if (net->refused > 0) {
        log_problem(LOG_LEVEL_WARNING,
                    "gateway.refused",
                    "connections=%" G_GUINT64_FORMAT " open=%u",
                    net->refused,
                    net->connections);
        net->refused = 0;
    }
    net_sources_tick(net);
    count_sessions(net);
}

static void on_refill(uv_timer_t *timer) {
    conn_refill(timer->data);
}

static void on_round(uv_prepare_t *round) {
    conn_accept_more(round->data);
}

static void net_main(void *data) {
    Net *net = data;
    uv_run(&net->loop, UV_RUN_DEFAULT);
}

static guint peer_hash(gconstpointer key) {
    return (guint)ingest_hash(0, &((const Conn *)key)->peer, sizeof(struct sockaddr_in6));
}

static gboolean peer_equal(gconstpointer a, gconstpointer b) {
    return memcmp(&((const Conn *)a)->peer,
                  &((const Conn *)b)->peer,
                  sizeof(struct sockaddr_in6)) == 0;
}

static void prepare(Net *net) {
    net->returned = mailbox_new(NET_BATCHES);
    net->commands = mailbox_new(LIMIT_INGEST_QUEUE * LIMIT_DEVICE_COMMANDS);
    pthread_mutex_init(&net->lock, NULL);
    g_queue_init(&net->outcomes);
    g_queue_init(&net->unproven);
    g_queue_init(&net->senders);
    net->idle = g_ptr_array_new();
    for (unsigned i = 0; i < NET_BATCHES; i++) {
        net->batches[i] = batch_new(net);
        g_ptr_array_add(net->idle, net->batches[i]);
    }
    net->slots = g_new0(Conn *, net_slots(net));
    net->generations = g_new0(uint32_t, net_slots(net));
    net->free_slots = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), net_slots(net));
    for (uint32_t slot = net_slots(net); slot > 0; slot--) {
        uint32_t free_slot = slot - 1;
        g_array_append_val(net->free_slots, free_slot);
    }
    net->addresses = net_sources_new();
    net->sources = g_hash_table_new_full(net_device_hash, g_int64_equal, g_free, g_free);
    net->peers = g_hash_table_new(peer_hash, peer_equal);
    net->waiting = g_ptr_array_new();
    net->slowed = g_ptr_array_new();
    net->buffer = g_malloc(GB26875_FRAME_MAX + NET_READ_SIZE);
}

static void init_handles(Net *net) {
    int failed = uv_loop_init(&net->loop);
    /* These fail only when the process is out of descriptors at start: a defect of its set-up. */
    g_assert(failed == 0);
    failed = uv_async_init(&net->loop, &net->wake, on_wake);
    g_assert(failed == 0);
    uv_tcp_init(&net->loop, &net->listener);
    uv_udp_init(&net->loop, &net->datagrams);
    uv_timer_init(&net->loop, &net->tick);
    uv_timer_init(&net->loop, &net->flush);
    uv_timer_init(&net->loop, &net->refill);
    uv_prepare_init(&net->loop, &net->round_begin);
    net->wake.data = net->listener.data = net->datagrams.data = net;
    net->tick.data = net->flush.data = net->refill.data = net->round_begin.data = net;
}

static uint16_t port_of(const struct sockaddr *address) {
    return address->sa_family == AF_INET6
               ? ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port)
               : ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

static void set_port(struct sockaddr_storage *address, uint16_t port) {
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    }
}

static int listen_here(Net *net, const struct sockaddr *address, uint16_t *port) {
    struct sockaddr_storage here = {0};
    memcpy(&here,
           address,
           address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in));
    set_port(&here, *port);
    int size = sizeof here;
    int failed = uv_tcp_bind(&net->listener, (struct sockaddr *)&here, 0);
    failed = failed != 0 ? failed : uv_listen((uv_stream_t *)&net->listener, BACKLOG, conn_accept);
    failed =
        failed != 0 ? failed : uv_tcp_getsockname(&net->listener, (struct sockaddr *)&here, &size);
    failed = failed != 0 ? failed : uv_udp_bind(&net->datagrams, (struct sockaddr *)&here, 0);
    if (failed == 0) {
        *port = port_of((struct sockaddr *)&here);
        int room = UDP_RECEIVE_BUFFER;
        (void)uv_recv_buffer_size((uv_handle_t *)&net->datagrams, &room);
        failed = uv_udp_recv_start(&net->datagrams, on_datagram_alloc, conn_datagram);
    }
    return failed;
}

bool net_start(Net *net, const struct sockaddr *address, uint16_t *port, GError **error) {
    prepare(net);
    init_handles(net);
    int failed = listen_here(net, address, port);
    if (failed != 0) {
        net->is_stopped = true;
        close_all(net);
        uv_run(&net->loop, UV_RUN_DEFAULT);
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot listen for devices on port %u: %s",
                       *port,
                       uv_strerror(failed));
    }
    uv_timer_start(&net->tick, on_tick, TICK_MS, TICK_MS);
    uv_timer_start(&net->refill, on_refill, REFILL_MS, REFILL_MS);
    uv_prepare_start(&net->round_begin, on_round);
    failed = uv_thread_create(&net->thread, net_main, net);
    g_assert(failed == 0);
    return true;
}

void net_stop(Net *net) {
    pthread_mutex_lock(&net->lock);
    bool was_stopped = net->is_stopped;
    net->is_stopped = true;
    if (!was_stopped) {
        (void)uv_async_send(&net->wake);
    }
    pthread_mutex_unlock(&net->lock);
    if (!was_stopped) {
        uv_thread_join(&net->thread);
    }
}

static void free_command(gpointer command) {
    command_out_free(command);
}

static void no_drop(gpointer batch) {
    (void)batch; /* it stands in net->batches */
}

void net_free(Net *net) {
    int busy = uv_loop_close(&net->loop);
    g_assert(busy == 0);
    mailbox_free(net->returned, no_drop);
    mailbox_free(net->commands, free_command);
    for (unsigned i = 0; i < NET_BATCHES; i++) {
        batch_free(net->batches[i]);
    }
    g_queue_clear_full(&net->outcomes, g_free);
    g_ptr_array_unref(net->idle);
    g_ptr_array_unref(net->waiting);
    g_ptr_array_unref(net->slowed);
    g_hash_table_unref(net->addresses);
    g_hash_table_unref(net->sources);
    g_hash_table_unref(net->peers);
    g_array_unref(net->free_slots);
    g_free(net->slots);
    g_free(net->generations);
    g_free(net->buffer);
    pthread_mutex_destroy(&net->lock);
}

void net_command(Net *net, CommandOut *command) {
    pthread_mutex_lock(&net->lock);
    bool is_taken = !net->is_stopped && mailbox_put(net->commands, command);
    if (is_taken) {
        (void)uv_async_send(&net->wake);
    }
    pthread_mutex_unlock(&net->lock);
    if (!is_taken) { /* it stays "sent" and is queued again by the next start */
        command_out_free(command);
    }
}
