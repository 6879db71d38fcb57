/*
 * Who really asks when a reverse proxy stands in front: X-Forwarded-For and X-Forwarded-Proto,
 * believed only from networks that the operator named. Pure.
 */
#pragma once

#include "web/request.h"

#include <sys/socket.h>

/* An address in network order; IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). */
typedef struct ProxyAddress {
    uint8_t bytes[16];
} ProxyAddress;

/* The addresses whose first `bits` (0 to 128) are those of `address`. */
typedef struct ProxyNet {
    ProxyAddress address;
    unsigned bits;
} ProxyNet;

/* Reads "ADDRESS" or "ADDRESS/BITS"; bits of an IPv4 address count from 0 to 32, bits behind them
 * are ignored. INVALID otherwise. */
bool proxy_net_parse(const char *text, ProxyNet *ret_net, GError **error);
/* False when it is neither IPv4 nor IPv6. */
bool proxy_address_of(const struct sockaddr *peer, ProxyAddress *ret_address);

/* Sets peer and is_secure of `req`, whose headers are complete. `nets`: array of ProxyNet, the
 * trusted proxies. From one of them the peer is the right-most address of X-Forwarded-For that is
 * no trusted proxy, and "X-Forwarded-Proto: https" makes the request secure; a header that is
 * missing or malformed, and any other peer, leaves the TCP peer's own address. What stands left of
 * the address taken is not looked at: the client may have written it. */
void proxy_take_peer(Request *req, const struct sockaddr *peer, const GArray *nets);
