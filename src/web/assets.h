/*
 * Static files of the pages: /a/NAME.HASH.EXT, kept by browsers for a year because the name changes
 * with the content (HASH: first 8 hex digits of the SHA-256). web_asset_url (web.h) gives the name.
 * Thread: any.
 */
#pragma once

#include "web/web.h"

#define ASSET_URL_PREFIX "/a/"

typedef struct AssetAnswer {
    const char *mime;     /* static */
    const char *encoding; /* "br", "gzip" or NULL; static */
    GBytes *bytes;        /* lives as long as the program */
} AssetAnswer;

/* `file` is the last part of the URL ("hz.1a2b3c4d.css"); `accept_encoding` the request header or
 * NULL. The smallest form the browser takes; each form is computed once, at first use. False: no
 * such asset. */
bool asset_find(const char *file, const char *accept_encoding, AssetAnswer *ret_answer);

/* Handler of GET /a/{file}. */
Response *asset_page(Ctx *ctx, const Request *req);
