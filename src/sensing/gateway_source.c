/* Addresses that devices come from: how many connections, how many frames a second. */
#include "base/limits.h"
#include "sensing/gateway_internal.h"

#include <string.h>

#define TOKEN 1000
#define BURST_S 4        /* seconds of its rate that an address may send at once */
#define RESUME_FRAMES 16 /* a connection that reads again brings about as many */

static guint address_hash(gconstpointer key) {
    return (guint)ingest_hash(0, key, sizeof(NetAddress));
}

static gboolean address_equal(gconstpointer a, gconstpointer b) {
    return memcmp(a, b, sizeof(NetAddress)) == 0;
}

GHashTable *net_sources_new(void) {
    return g_hash_table_new_full(address_hash, address_equal, NULL, g_free);
}

NetAddress net_address_of(const struct sockaddr *from, bool is_udp) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    NetAddress address = {.is_udp = is_udp};
    if (from->sa_family == AF_INET6) {
        memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
        if (memcmp(address.bytes, mapped, sizeof mapped) != 0) {
            memset(address.bytes + 8, 0, 8);
        }
    } else {
        memcpy(address.bytes, mapped, sizeof mapped);
        memcpy(address.bytes + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    }
    return address;
}

/* Frames a second. An address that may have more connections speaks for more devices. */
static int64_t rate_of(const Net *net) {
    int64_t all = (int64_t)net->per_address_max * LIMIT_DEVICE_RATE_SHARE;
    return MAX(all, LIMIT_DEVICE_BURST);
}

static int64_t tokens_of(const Net *net, const NetSource *source) {
    uint64_t passed_ms = MIN(uv_now(&net->loop) - source->tokens_ms, BURST_S * 1000);
    return MIN(source->tokens + (int64_t)passed_ms * rate_of(net), BURST_S * rate_of(net) * TOKEN);
}

static bool is_rested(const Net *net, const NetSource *source) {
    return source->count == 0 && tokens_of(net, source) >= BURST_S * rate_of(net) * TOKEN;
}

NetSource *net_source_take(Net *net, const NetAddress *address) {
    NetSource *source = g_hash_table_lookup(net->addresses, address);
    if (source == NULL) {
        source = g_new0(NetSource, 1);
        source->address = *address;
        source->tokens = BURST_S * rate_of(net) * TOKEN;
        source->tokens_ms = uv_now(&net->loop);
        g_hash_table_insert(net->addresses, &source->address, source);
    }
    if (source->count >= net->per_address_max) {
        return NULL;
    }
    source->count++;
    return source;
}

void net_source_give(Net *net, NetSource *source) {
    source->count--;
    if (is_rested(net, source)) {
        g_hash_table_remove(net->addresses, &source->address);
    }
}

void net_source_spend(Net *net, NetSource *source) {
    source->tokens = tokens_of(net, source) - TOKEN;
    source->tokens_ms = uv_now(&net->loop);
}

bool net_source_has_tokens(const Net *net, const NetSource *source) {
    return tokens_of(net, source) > 0;
}

bool net_source_resumes(Net *net, NetSource *source) {
    if (source->round != net->round) {
        source->round = net->round;
        source->resumed = 0;
    }
    int64_t tokens = tokens_of(net, source);
    if (tokens <= 0 || source->resumed > tokens / (RESUME_FRAMES * TOKEN)) {
        return false;
    }
    source->resumed++;
    return true;
}

static gboolean is_over(gpointer key, gpointer value, gpointer data) {
    (void)key;
    return is_rested(data, value);
}

void net_sources_tick(Net *net) {
    g_hash_table_foreach_remove(net->addresses, is_over, net);
}
