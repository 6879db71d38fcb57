/* Who may have how much: places, rates, and which devices a connection speaks for. */
#include "base/limits.h"
#include "sensing/gateway_internal.h"

#include <string.h>

#define TOKEN 1000 /* thousandths of a frame */

/* --- rates --------------------------------------------------------------------------------------
 */

typedef struct Rate {
    int64_t second, burst; /* frames */
} Rate;

static const Rate conn_rate = {LIMIT_DEVICE_RATE, LIMIT_DEVICE_BURST};

/* Many connections of one address must not have many times the rate: the others would wait. */
static Rate home_rate(const Net *net) {
    return (Rate){(int64_t)net->per_address_max * LIMIT_DEVICE_SHARE,
                  (int64_t)net->per_address_max * LIMIT_DEVICE_SHARE_BURST};
}

static int64_t tokens_at(const Bucket *bucket, Rate rate, uint64_t now_ms) {
    int64_t passed_ms = (int64_t)MIN(now_ms - bucket->filled_ms, UINT64_C(10000));
    return MIN(bucket->tokens + passed_ms * rate.second * TOKEN / 1000, rate.burst * TOKEN);
}

static void take_token(Bucket *bucket, Rate rate, uint64_t now_ms) {
    bucket->tokens = tokens_at(bucket, rate, now_ms) - TOKEN;
    bucket->filled_ms = now_ms;
}

bool limits_may_read(const Conn *conn, uint64_t now_ms) {
    return tokens_at(&conn->bucket, conn_rate, now_ms) > 0 &&
           tokens_at(&conn->home->bucket, home_rate(conn->net), now_ms) > 0;
}

/* What one connection may bring is not known before it is read: reckoned as a full buffer. */
bool limits_grant(const Conn *conn, uint64_t now_ms) {
    Home *home = conn->home;
    if (home->granted_ms != now_ms) {
        home->granted_ms = now_ms;
        home->granted = 0;
    }
    bool is_granted =
        limits_may_read(conn, now_ms) &&
        tokens_at(&home->bucket, home_rate(conn->net), now_ms) > home->granted * TOKEN;
    home->granted += is_granted ? NET_READ_SIZE / GB26875_FRAME_MIN : 0;
    return is_granted;
}

void limits_spend(Conn *conn, uint64_t now_ms) {
    take_token(&conn->bucket, conn_rate, now_ms);
    take_token(&conn->home->bucket, home_rate(conn->net), now_ms);
}

/* --- network addresses --------------------------------------------------------------------------
 */

static guint home_hash(gconstpointer key) {
    return (guint)ingest_hash(0, ((const Home *)key)->bytes, sizeof((const Home *)key)->bytes);
}

static gboolean home_equal(gconstpointer a, gconstpointer b) {
    return memcmp(((const Home *)a)->bytes, ((const Home *)b)->bytes, 16) == 0;
}

static Home home_of(const struct sockaddr *from) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    Home home = {.connections = 0};
    memcpy(home.bytes, mapped, sizeof mapped);
    if (from->sa_family != AF_INET6) {
        memcpy(home.bytes + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
        return home;
    }
    const void *address = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    bool is_mapped = memcmp(address, mapped, sizeof mapped) == 0;
    memset(home.bytes, 0, sizeof home.bytes);
    memcpy(home.bytes, address, is_mapped ? 16 : 8);
    return home;
}

/* NULL: it has as many connections as it may. */
static Home *enter_home(Net *net, const struct sockaddr *from, uint64_t now_ms) {
    Home like = home_of(from);
    Home *home = g_hash_table_lookup(net->homes, &like);
    if (home == NULL) {
        home = g_memdup2(&like, sizeof like);
        home->bucket = (Bucket){home_rate(net).burst * TOKEN, now_ms};
        g_hash_table_add(net->homes, home);
    } else if (home->connections >= net->per_address_max) {
        return NULL;
    }
    home->connections++;
    return home;
}

/* Whoever has used much is remembered until that is made good: coming again gives no new burst. */
static bool is_forgettable(const Net *net, const Home *home, uint64_t now_ms) {
    Rate rate = home_rate(net);
    return home->connections == 0 &&
           tokens_at(&home->bucket, rate, now_ms) > rate.burst * TOKEN / 2;
}

static void leave_home(Net *net, Home *home) {
    home->connections--;
    if (is_forgettable(net, home, uv_now(&net->loop))) {
        g_hash_table_remove(net->homes, home);
    }
}

void limits_tick(Net *net, uint64_t now_ms) {
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, net->homes);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (is_forgettable(net, key, now_ms)) {
            g_hash_table_iter_remove(&iter);
        }
    }
}

/* --- places -------------------------------------------------------------------------------------
 */

static bool take_slot(Net *net, Conn *conn) {
    if (net->free_slots->len == 0) {
        return false;
    }
    uint32_t slot = g_array_index(net->free_slots, uint32_t, net->free_slots->len - 1);
    g_array_set_size(net->free_slots, net->free_slots->len - 1);
    conn->origin = (uint64_t)++net->generations[slot] << 32 | slot;
    net->slots[slot] = conn;
    net->connections++;
    return true;
}

static GQueue *queue_of(const Conn *conn) {
    return conn->is_udp ? &conn->net->peer_order : &conn->net->unproven;
}

const char *limits_admit(Net *net, Conn *conn, const struct sockaddr *from) {
    conn->home = enter_home(net, from, uv_now(&net->loop));
    if (conn->home == NULL) {
        return "too many connections from one address";
    }
    if (!conn->is_udp && net->unproven.length >= LIMIT_DEVICE_UNPROVEN) {
        conn_close(net->unproven.head->data); /* the oldest that has said nothing */
    }
    /* Anybody can invent senders of datagrams, so they have places of their own. */
    if (conn->is_udp && net->peer_order.length >= net->peers_max) {
        conn_close(net->peer_order.head->data);
    }
    if (!take_slot(net, conn)) {
        leave_home(net, conn->home);
        return "too many connections";
    }
    conn->bucket = (Bucket){LIMIT_DEVICE_BURST * TOKEN, uv_now(&net->loop)};
    g_queue_push_tail_link(queue_of(conn), &conn->place);
    return NULL;
}

void limits_release(Conn *conn) {
    Net *net = conn->net;
    uint32_t slot = (uint32_t)conn->origin;
    if (conn->is_udp || !conn->is_proven) {
        g_queue_unlink(queue_of(conn), &conn->place);
    }
    net->slots[slot] = NULL;
    g_array_append_val(net->free_slots, slot);
    net->connections--;
    leave_home(net, conn->home);
}

void limits_prove(Conn *conn) {
    if (conn->is_udp || !conn->is_proven) {
        g_queue_unlink(queue_of(conn), &conn->place);
    }
    if (conn->is_udp) {
        g_queue_push_tail_link(&conn->net->peer_order, &conn->place);
    }
    conn->is_proven = true;
}

/* --- devices behind a connection ----------------------------------------------------------------
 */

/* Whoever sends frames chooses the numbers in them, and could choose such as fall together. */
static guint source_hash(gconstpointer key) {
    static gsize seed;
    if (g_once_init_enter(&seed)) {
        g_once_init_leave(&seed, (gsize)g_random_int() << 16 | 1);
    }
    return (guint)ingest_hash(seed, key, sizeof(uint64_t));
}

static void forget(const Conn *conn, uint64_t source) {
    const uint64_t *origin = g_hash_table_lookup(conn->net->sources, &source);
    if (origin != NULL && *origin == conn->origin) { /* else it came back by another one */
        g_hash_table_remove(conn->net->sources, &source);
    }
}

/* A box may speak for some devices; of one that invents them only the last are kept. */
static void keep(Conn *conn, uint64_t source) {
    for (unsigned i = 0; i < conn->source_count; i++) {
        if (conn->sources[i] == source) {
            return;
        }
    }
    if (conn->source_count < LIMIT_DEVICE_SOURCES) {
        conn->sources = g_renew(uint64_t, conn->sources, conn->source_count + 1u);
        conn->sources[conn->source_count++] = source;
        return;
    }
    forget(conn, conn->sources[conn->source_at]);
    conn->sources[conn->source_at] = source;
    conn->source_at = (uint8_t)((conn->source_at + 1u) % LIMIT_DEVICE_SOURCES);
}

void sources_set(Conn *conn, uint64_t source) {
    GHashTable *sources = conn->net->sources;
    uint64_t *origin = g_hash_table_lookup(sources, &source);
    conn->source = source;
    if (origin != NULL && *origin == conn->origin) {
        return;
    }
    keep(conn, source);
    if (origin != NULL) { /* the device came back by another connection */
        *origin = conn->origin;
        return;
    }
    g_hash_table_insert(
        sources, g_memdup2(&source, sizeof source), g_memdup2(&conn->origin, sizeof conn->origin));
}

void sources_forget(Conn *conn) {
    for (unsigned i = 0; i < conn->source_count; i++) {
        forget(conn, conn->sources[i]);
    }
    g_clear_pointer(&conn->sources, g_free);
    conn->source_count = 0;
}

/* --- begin and end ------------------------------------------------------------------------------
 */

void limits_init(Net *net) {
    net->peers_max = MIN(LIMIT_DEVICE_PEERS, MAX(net->connections_max / 2, 1));
    g_queue_init(&net->unproven);
    g_queue_init(&net->peer_order);
    net->slots = g_new0(Conn *, net->connections_max);
    net->generations = g_new0(uint32_t, net->connections_max);
    net->free_slots = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), net->connections_max);
    for (uint32_t slot = net->connections_max; slot > 0; slot--) {
        uint32_t free_slot = slot - 1;
        g_array_append_val(net->free_slots, free_slot);
    }
    net->homes = g_hash_table_new_full(home_hash, home_equal, g_free, NULL);
    net->sources = g_hash_table_new_full(source_hash, g_int64_equal, g_free, g_free);
}

void limits_clear(Net *net) {
    g_hash_table_unref(net->homes);
    g_hash_table_unref(net->sources);
    g_array_unref(net->free_slots);
    g_free(net->slots);
    g_free(net->generations);
}
