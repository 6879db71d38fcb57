/*
 * libmicrohttpd behind a few calls; mhd.c is the only file that includes microhttpd.h.
 *
 * The daemon has no thread: loop.c watches its epoll descriptor and calls mhd_run. Answers and
 * events come in through the server's mailboxes. Thread: loop only (mhd_start: before the loop
 * runs).
 *
 * libmicrohttpd 0.9.75 traps that shape this file: a suspended connection neither times out nor
 * notices that its client left; a resume is only acted on from outside of its callbacks; stopping
 * with suspended connections aborts; a content reader that returns 0 without suspending spins.
 */
#pragma once

#include "web/server.h"

typedef struct Mhd Mhd;

/* Takes `listen_fd` over. */
Mhd *mhd_start(WebServer *server, int listen_fd, GError **error);
int mhd_epoll_fd(const Mhd *mhd);
/* Handles what is ready. Returns milliseconds until it wants to run again, -1 for "when there is
 * something to read". */
int64_t mhd_run(Mhd *mhd);
/* Takes the mailboxes' contents: resumes answered connections, hands events to their streams. Call
 * mhd_run afterwards. */
void mhd_deliver(Mhd *mhd);
/* Once a second: heartbeats, dead readers, heads and bodies that never end. Then mhd_run. */
void mhd_tick(Mhd *mhd);
/* Every 20 ms while it returns true: reads and drops what refused clients still send. */
bool mhd_linger(Mhd *mhd);
/* No new connections; event streams end. Then mhd_run. */
void mhd_quiesce(Mhd *mhd);
/* No request is under way any more. */
bool mhd_is_idle(const Mhd *mhd);
/* Closes all connections. Nothing may be suspended: workers are gone, answers delivered. */
void mhd_stop(Mhd *mhd);
