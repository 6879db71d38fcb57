/*
 * What `huozheng verify URL` fetches: a public log, the public files of a draw, or one file, into a
 * folder of its own that goes away with it. Limits and how an address is understood:
 * docs/verify.md.
 */
#pragma once

#include "ledger/note.h"

typedef struct Fetched {
    char *folder;  /* temporary; everything is in it */
    char *path;    /* what is to be verified: a file or a folder */
    char *address; /* where it is from, as it was asked */
    GArray *keys;  /* NoteKey that the server names as its log's; may be empty */
} Fetched;
/* Removes the folder. */
void fetched_clear(Fetched *fetched);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fetched, fetched_clear)

bool verify_is_address(const char *text);
/* Tells of its progress on a terminal. INVALID: no address; NOT_FOUND: nothing there that could be
 * verified; LIMIT, UNAVAILABLE: it could not be fetched. Each message names the address. */
bool verify_fetch(const char *url, Fetched *ret_fetched, GError **error);
