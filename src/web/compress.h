/* Content codings for answers made in memory: br and gzip. Pure. Thread: any. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Text of more than 1 KiB; smaller bodies fit into one packet anyway. */
bool compress_is_worthwhile(const char *content_type, GBytes *body);

/* The body in the coding that `accept_encoding` likes best (br before gzip when equal) with its
 * name in *ret_coding; NULL when none is accepted or nothing would be saved. */
GBytes *compress_for(const char *accept_encoding, GBytes *body, const char **ret_coding);
