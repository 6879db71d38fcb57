/* Starts and stops the network thread. */
#include "sensing/gateway.h"

#include "base/error.h"
#include "base/limits.h"
#include "sensing/gateway_internal.h"
#include "web/log.h"

#include <sys/resource.h>

#define DESCRIPTORS_KEPT 2000 /* for pages, the database and files */
#define PORT_TRIES 20         /* a free TCP port whose number is free for UDP too */

struct Gateway {
    Ingest *ingest;
    Net net;
    uint16_t port;
};

static void send_command(void *data, CommandOut *command) {
    Gateway *gateway = data;
    net_command(&gateway->net, command);
}

/* Of TCP as many as are wanted, but pages keep descriptors for themselves. */
static unsigned connections_of(const GatewayOptions *options) {
    unsigned wanted =
        options->connections_max > 0 ? options->connections_max : LIMIT_DEVICE_CONNECTIONS;
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return wanted;
    }
    rlim_t left = limit.rlim_cur > 2 * DESCRIPTORS_KEPT ? limit.rlim_cur - DESCRIPTORS_KEPT
                                                        : limit.rlim_cur / 2;
    if (left < wanted) {
        log_event("gateway.limit", "connections=%u wanted=%u", (unsigned)left, wanted);
    }
    return (unsigned)MIN(left, wanted);
}

static void set_up(Net *net, Ingest *ingest, const GatewayOptions *options) {
    const Gb26875Profile *profile = gb26875_profile(options->profile);
    *net = (Net){.ingest = ingest};
    net->connections_max = connections_of(options);
    net->peers_max = options->connections_max > 0 ? options->connections_max : LIMIT_DEVICE_PEERS;
    net->per_address_max =
        options->per_address_max > 0 ? options->per_address_max : LIMIT_DEVICE_PER_ADDRESS;
    net->profile = profile != NULL ? profile : gb26875_profile(NULL);
}

static bool start(Gateway *gateway, const GatewayOptions *options, GError **error) {
    const char *text = options->address != NULL ? options->address : "127.0.0.1";
    struct sockaddr_storage address;
    if (uv_ip4_addr(text, 0, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(text, 0, (struct sockaddr_in6 *)&address) != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no IP address", text);
    }
    for (unsigned try = 1;; try++) {
        g_autoptr(GError) failure = NULL;
        gateway->port = options->port;
        set_up(&gateway->net, gateway->ingest, options);
        if (net_start(&gateway->net, (struct sockaddr *)&address, &gateway->port, &failure)) {
            return true;
        }
        net_free(&gateway->net);
        if (options->port != 0 || try == PORT_TRIES) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
    }
}

Gateway *gateway_start(const GatewayOptions *options, Ingest *ingest, GError **error) {
    if (gb26875_profile(options->profile) == NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "there is no profile \"%s\"", options->profile);
        return NULL;
    }
    Gateway *gateway = g_new0(Gateway, 1);
    gateway->ingest = ingest;
    if (!start(gateway, options, error)) {
        g_free(gateway);
        return NULL;
    }
    ingest_set_sender(ingest, send_command, gateway);
    return gateway;
}

uint16_t gateway_port(const Gateway *gateway) {
    return gateway->port;
}

void gateway_stop(Gateway *gateway) {
    ingest_set_sender(gateway->ingest, NULL, NULL);
    net_stop(&gateway->net);
}

void gateway_free(Gateway *gateway) {
    net_free(&gateway->net);
    g_free(gateway);
}
