/*
 * A request body as it arrives: fields into memory, files onto disk, both within limits.
 *
 * Bytes come on the loop thread in chunks of at most the connection's read buffer (8 KiB), so a
 * write to the page cache costs microseconds there; handing each chunk to a worker would cost more
 * than it saves. What is durable is the business of the room that keeps the file (upload_keep).
 */
#pragma once

#include "web/request.h"

typedef struct Body Body;

/* For the type in the request's Content-Type. INVALID when the server does not read that type
 * (415); an absent type is an empty form. `body_max` counts every byte of the body. */
Body *body_new(Request *req, int64_t body_max, const char *upload_dir, GError **error);
void body_free(Body *body);
/* The most bytes it takes: body_max, for an urlencoded form at most LIMIT_FORM_BODY. */
int64_t body_limit(const Body *body);
/* LIMIT when a limit is passed, INVALID when the bytes are no form, UNAVAILABLE when the disk
 * fails. */
bool body_feed(Body *body, const char *bytes, size_t size, GError **error);
/* After the last byte: fills req->form and req->uploads. */
bool body_done(Body *body, GError **error);
