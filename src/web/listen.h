/* The listening socket. Thread: any. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* A non-blocking listening TCP socket on a numeric IPv4 or IPv6 address; port 0: any free one. When
 * systemd hands a socket over (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS), that one is used instead.
 * -1 and UNAVAILABLE on error. Caller closes. */
int listen_open(const char *address, uint16_t port, uint16_t *ret_port, GError **error);
