#include "web/stream.h"

#include "base/limits.h"

#include <string.h>

#define HELLO "retry: 3000\n: open\n\n"

struct Streams {
    GHashTable *topics; /* char * -> GQueue of Stream.link */
    GQueue all;
    GBytes *hello;
};

static void topic_free(gpointer data) {
    g_free(data); /* the links belong to the streams */
}

Streams *streams_new(void) {
    Streams *streams = g_new0(Streams, 1);
    streams->topics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, topic_free);
    streams->hello = g_bytes_new_static(HELLO, strlen(HELLO));
    return streams;
}

void streams_free(Streams *streams) {
    if (streams != NULL) {
        g_assert(streams->all.length == 0);
        g_hash_table_unref(streams->topics);
        g_bytes_unref(streams->hello);
        g_free(streams);
    }
}

Stream *stream_open(Streams *streams, const char *topic, int64_t now_us, void *owner) {
    Stream *stream = g_new0(Stream, 1);
    stream->topic = g_strdup(topic);
    stream->owner = owner;
    stream->link.data = stream->whole.data = stream;
    g_queue_init(&stream->backlog);
    GQueue *listeners = g_hash_table_lookup(streams->topics, topic);
    if (listeners == NULL) {
        listeners = g_new0(GQueue, 1);
        g_queue_init(listeners);
        g_hash_table_insert(streams->topics, g_strdup(topic), listeners);
    }
    g_queue_push_tail_link(listeners, &stream->link);
    g_queue_push_tail_link(&streams->all, &stream->whole);
    stream_push(stream, streams->hello, now_us);
    return stream;
}

static void drop_backlog(Stream *stream) {
    g_queue_clear_full(&stream->backlog, (GDestroyNotify)g_bytes_unref);
    stream->offset = stream->backlog_bytes = 0;
}

void stream_close(Streams *streams, Stream *stream) {
    GQueue *listeners = g_hash_table_lookup(streams->topics, stream->topic);
    g_queue_unlink(listeners, &stream->link);
    g_queue_unlink(&streams->all, &stream->whole);
    if (listeners->length == 0) {
        g_hash_table_remove(streams->topics, stream->topic);
    }
    drop_backlog(stream);
    g_free(stream->topic);
    g_free(stream);
}

bool stream_push(Stream *stream, GBytes *bytes, int64_t now_us) {
    if (stream->is_over || stream->is_cut) {
        return true;
    }
    size_t size = g_bytes_get_size(bytes);
    if (stream->backlog_bytes + size > LIMIT_EVENT_BACKLOG) {
        drop_backlog(stream);
        stream->is_cut = true;
        return false;
    }
    g_queue_push_tail(&stream->backlog, g_bytes_ref(bytes));
    stream->backlog_bytes += size;
    stream->written_us = now_us;
    return true;
}

size_t stream_read(Stream *stream, char *buffer, size_t max) {
    size_t filled = 0;
    while (filled < max && stream->backlog.length > 0) {
        GBytes *first = g_queue_peek_head(&stream->backlog);
        size_t size = 0;
        const char *data = g_bytes_get_data(first, &size);
        size_t part = MIN(size - stream->offset, max - filled);
        memcpy(buffer + filled, data + stream->offset, part);
        filled += part;
        stream->offset += part;
        stream->backlog_bytes -= part;
        if (stream->offset == size) {
            g_bytes_unref(g_queue_pop_head(&stream->backlog));
            stream->offset = 0;
        }
    }
    return filled;
}

void streams_each(Streams *streams, const char *topic, StreamVisit visit, void *data) {
    GQueue *list = topic == NULL ? &streams->all : g_hash_table_lookup(streams->topics, topic);
    for (GList *at = list != NULL ? list->head : NULL; at != NULL; at = at->next) {
        visit(at->data, data);
    }
}

unsigned streams_count(const Streams *streams) {
    return streams->all.length;
}

GBytes *stream_format_event(int64_t number, const char *event, const char *json) {
    g_assert(strpbrk(event, "\r\n") == NULL && strpbrk(json, "\r\n") == NULL);
    char *text =
        g_strdup_printf("id: %" G_GINT64_FORMAT "\nevent: %s\ndata: %s\n\n", number, event, json);
    return g_bytes_new_take(text, strlen(text));
}
