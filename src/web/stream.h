/*
 * Who listens to which topic, and what each listener has not been sent yet. Knows no socket.
 *
 * An event is one GBytes that all its readers share. A reader whose backlog passes
 * LIMIT_EVENT_BACKLOG is cut; nobody waits for it. Thread: loop only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Stream Stream;
typedef struct Streams Streams;

struct Stream {
    GList link;  /* in its topic */
    GList whole; /* in the list of all */
    char *topic;
    GQueue backlog; /* GBytes */
    size_t offset;  /* into the first */
    size_t backlog_bytes;
    int64_t written_us; /* when bytes were last queued: heartbeats follow */
    bool is_over;       /* ends once the backlog is sent */
    bool is_cut;        /* ends now: it was too slow */
    bool is_suspended;  /* mhd.c: waits for stream_push */
    void *owner;        /* mhd.c's Exchange */
};

Streams *streams_new(void);
void streams_free(Streams *streams); /* all streams must have been closed */

/* Begins with a retry hint, so that the browser sees the answer at once. */
Stream *stream_open(Streams *streams, const char *topic, int64_t now_us, void *owner);
void stream_close(Streams *streams, Stream *stream);

/* Queues `bytes`; false when that cut the stream. */
bool stream_push(Stream *stream, GBytes *bytes, int64_t now_us);
/* Moves up to `max` queued bytes into `buffer`; 0 when there are none. */
size_t stream_read(Stream *stream, char *buffer, size_t max);

/* Calls `visit` for each stream of `topic` (NULL: for all). `visit` must not close streams. */
typedef void (*StreamVisit)(Stream *stream, void *data);
void streams_each(Streams *streams, const char *topic, StreamVisit visit, void *data);
unsigned streams_count(const Streams *streams);

/* One event in the form of the HTML standard, section 9.2.5: id, event, one data line. */
GBytes *stream_format_event(int64_t number, const char *event, const char *json);
