/*
 * Streaming reader for multipart/form-data (RFC 7578 on RFC 2046): takes any chunk sizes, keeps at
 * most one delimiter and one part head in memory, hands bytes on as they come. Pure; fuzzed.
 * Thread: one at a time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Multipart Multipart;

/* What the reader reports; each returns false with *error to stop. `file_name` is NULL for an
 * ordinary field, otherwise its last path component, UTF-8. Texts are borrowed for the call. */
typedef struct MultipartSink {
    bool (*begin)(void *data, const char *name, const char *file_name, GError **error);
    bool (*bytes)(void *data, const char *bytes, size_t size, GError **error);
    bool (*end)(void *data, GError **error);
} MultipartSink;

/* `sink` must outlive the reader. */
Multipart *multipart_new(const char *boundary, const MultipartSink *sink, void *data);
void multipart_free(Multipart *multipart);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Multipart, multipart_free)

/* INVALID: malformed; LIMIT: a part head or the number of parts is too large; or the sink's error.
 * After a failure the reader must not be fed again. */
bool multipart_feed(Multipart *multipart, const char *bytes, size_t size, GError **error);
/* After the last byte: INVALID unless the closing delimiter was seen. */
bool multipart_done(const Multipart *multipart, GError **error);

/* The boundary parameter of a multipart/form-data Content-Type (RFC 2046: 1 to 70 characters);
 * NULL when it is another type or has none. Caller frees. */
char *multipart_boundary(const char *content_type);
