/*
 * Lingering close (RFC 9112, 9.6): a client that is refused while it still sends would lose our
 * answer to a TCP reset. So the closed connection's descriptor is kept for a moment and what
 * arrives is read and dropped, within limits. Thread: loop only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Linger Linger;

Linger *linger_new(void);
void linger_free(Linger *linger); /* closes what is left */
/* Takes `fd` over; closes it at once when there are too many. */
void linger_add(Linger *linger, int fd, int64_t now_us);
/* Drops what has arrived, closes what has ended; true while some are left. */
bool linger_run(Linger *linger, int64_t now_us);
