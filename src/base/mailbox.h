/*
 * Bounded mailbox: the only place where two threads meet.
 *
 * A message moves: after a successful put the sender never touches it again. A full mailbox is
 * back-pressure, never growth. Built on pthread primitives because ThreadSanitizer cannot see
 * GLib's futexes. Thread: any.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Mailbox Mailbox;

/* Holds at most `capacity` messages (> 0). */
Mailbox *mailbox_new(size_t capacity);
/* Frees the box; messages still inside are given to `drop` (may be NULL if the box is empty). */
void mailbox_free(Mailbox *mailbox, GDestroyNotify drop);

/* False when full or closed; the message stays with the caller. Never blocks. */
bool mailbox_put(Mailbox *mailbox, void *message);
/* Waits for room; false when closed. */
bool mailbox_put_wait(Mailbox *mailbox, void *message);

/* Next message, NULL when empty. Never blocks. */
void *mailbox_take(Mailbox *mailbox);
/* Waits; NULL only when the box is closed and empty. */
void *mailbox_take_wait(Mailbox *mailbox);
/* Waits at most `ms` milliseconds: for takers who also have something to do by the clock. */
void *mailbox_take_within(Mailbox *mailbox, unsigned ms);
bool mailbox_is_closed(Mailbox *mailbox);

/* No more puts; waiting takers drain what is left and then get NULL. */
void mailbox_close(Mailbox *mailbox);
