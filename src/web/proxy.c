#include "web/proxy.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define MAPPED_SIZE 12 /* bytes before the IPv4 address in a mapped one */

static const uint8_t mapped[MAPPED_SIZE] = {[10] = 0xff, [11] = 0xff};

static ProxyAddress from_ipv4(const struct in_addr *in) {
    ProxyAddress address;
    memcpy(address.bytes, mapped, MAPPED_SIZE);
    memcpy(address.bytes + MAPPED_SIZE, in, sizeof *in);
    return address;
}

static bool is_ipv4(const ProxyAddress *address) {
    return memcmp(address->bytes, mapped, MAPPED_SIZE) == 0;
}

static bool address_parse(const char *text, ProxyAddress *ret_address) {
    struct in_addr in;
    if (inet_pton(AF_INET, text, &in) == 1) {
        *ret_address = from_ipv4(&in);
        return true;
    }
    return inet_pton(AF_INET6, text, ret_address->bytes) == 1;
}

bool proxy_net_parse(const char *text, ProxyNet *ret_net, GError **error) {
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    guint64 bits = 0;
    if (parts[0] == NULL || !address_parse(parts[0], &ret_net->address)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no address or network", text);
    }
    bool is_short = strchr(parts[0], ':') == NULL; /* bits of a mapped one count from its start */
    bits = is_short ? 32 : 128;
    if (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &bits, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" has a bad number of bits", text);
    }
    ret_net->bits = (unsigned)bits + (is_short ? MAPPED_SIZE * 8 : 0);
    return true;
}

bool proxy_address_of(const struct sockaddr *peer, ProxyAddress *ret_address) {
    if (peer->sa_family == AF_INET) {
        *ret_address = from_ipv4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr);
        return true;
    }
    if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)peer;
        memcpy(ret_address->bytes, &in->sin6_addr, sizeof ret_address->bytes);
        return true;
    }
    return false;
}

static bool net_contains(const ProxyNet *net, const ProxyAddress *address) {
    unsigned whole = net->bits / 8;
    unsigned rest = net->bits % 8;
    if (memcmp(net->address.bytes, address->bytes, whole) != 0) {
        return false;
    }
    unsigned difference =
        rest == 0 ? 0 : (unsigned)(net->address.bytes[whole] ^ address->bytes[whole]);
    return difference >> (8 - rest) == 0;
}

static bool is_trusted(const GArray *nets, const ProxyAddress *address) {
    for (guint i = 0; i < nets->len; i++) {
        if (net_contains(&g_array_index(nets, ProxyNet, i), address)) {
            return true;
        }
    }
    return false;
}

/* "192.0.2.1", "192.0.2.1:50000", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:50000"; proxies
 * write all of these. Changes `text`. */
static bool element_parse(char *text, ProxyAddress *ret_address) {
    char *end = NULL; /* what may follow the address */
    if (text[0] == '[') {
        end = strchr(++text, ']');
        if (end == NULL || strchr(text, ':') == NULL) {
            return false;
        }
        *end++ = '\0';
    } else if (strchr(text, '.') != NULL && strchr(text, ':') == strrchr(text, ':')) {
        end = strchr(text, ':');
    }
    if (end != NULL && *end != '\0') {
        guint64 port = 0;
        if (*end != ':' || !g_ascii_string_to_unsigned(end + 1, 10, 0, UINT16_MAX, &port, NULL)) {
            return false;
        }
        *end = '\0';
    }
    return address_parse(text, ret_address);
}

/* Several lines are one list (RFC 9110, 5.3). Caller frees. */
static char *forwarded_list(const Request *req) {
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < req->headers.items->len; i++) {
        const Field *field = &g_array_index(req->headers.items, Field, i);
        if (g_ascii_strcasecmp(field->name, "X-Forwarded-For") == 0) {
            g_string_append_printf(list, "%s%s", list->len > 0 ? "," : "", field->value);
        }
    }
    return g_string_free(list, FALSE);
}

static bool find_client(const Request *req, const GArray *nets, ProxyAddress *ret_client) {
    g_autofree char *list = forwarded_list(req);
    for (bool is_first = false; !is_first;) {
        char *comma = strrchr(list, ',');
        is_first = comma == NULL;
        char *element = is_first ? list : comma + 1;
        ProxyAddress address;
        if (!element_parse(g_strstrip(element), &address)) {
            return false;
        }
        if (!is_trusted(nets, &address)) {
            *ret_client = address;
            return true;
        }
        if (!is_first) {
            *comma = '\0';
        }
    }
    return false;
}

static void put_peer(Request *req, const ProxyAddress *address) {
    const char *text =
        is_ipv4(address)
            ? inet_ntop(AF_INET, address->bytes + MAPPED_SIZE, req->peer, sizeof req->peer)
            : inet_ntop(AF_INET6, address->bytes, req->peer, sizeof req->peer);
    g_assert(text != NULL); /* INET6_ADDRSTRLEN is 46 */
}

void proxy_take_peer(Request *req, const struct sockaddr *peer, const GArray *nets) {
    ProxyAddress address;
    if (!proxy_address_of(peer, &address)) {
        g_strlcpy(req->peer, "unknown", sizeof req->peer);
        return;
    }
    if (is_trusted(nets, &address)) {
        const char *scheme = request_header(req, "X-Forwarded-Proto");
        bool is_one = fields_count_folded(&req->headers, "X-Forwarded-Proto") == 1;
        req->is_secure = req->is_secure || (is_one && g_ascii_strcasecmp(scheme, "https") == 0);
        ProxyAddress client;
        if (find_client(req, nets, &client)) {
            address = client;
        }
    }
    put_peer(req, &address);
}
