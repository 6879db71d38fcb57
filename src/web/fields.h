/*
 * Name/value pairs as they come from outside: query strings, urlencoded forms, cookies, headers.
 *
 * Texts live in a GStringChunk that the request owns. Everything is checked here, once: percent
 * escapes, UTF-8, no NUL, the limits of base/limits.h. Pure. Thread: that of the chunk.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Field {
    const char *name;
    const char *value;
} Field;

typedef struct Fields {
    GStringChunk *text; /* borrowed */
    GArray *items;      /* Field */
} Fields;

void fields_init(Fields *fields, GStringChunk *text);
void fields_clear(Fields *fields);
/* Copies both texts. */
void fields_add(Fields *fields, const char *name, const char *value);
/* Instead of the first one of this name (in any letter case); added when there is none. */
void fields_set(Fields *fields, const char *name, const char *value);
/* First value of `name`, NULL if there is none. */
const char *fields_find(const Fields *fields, const char *name);
/* Same, the name in any letter case (headers). */
const char *fields_find_folded(const Fields *fields, const char *name);
unsigned fields_count_folded(const Fields *fields, const char *name);

/* Reads application/x-www-form-urlencoded (WHATWG URL, section 5.1) and appends. INVALID: bad
 * percent escape, bad UTF-8 or NUL; LIMIT: too many fields (LIMIT_FORM_FIELDS) or too long a value
 * (LIMIT_FIELD). What was read before the mistake stays. */
bool fields_parse_urlencoded(Fields *fields, const char *text, size_t size, GError **error);

/* Reads a Cookie header (RFC 6265, 4.2.1). A pair that is no cookie is skipped; a value that is
 * percent-encoded, as response_cookie does, is decoded. */
void fields_parse_cookies(Fields *fields, const char *header);

/* Decodes %XX in `text`; "+" becomes a space if `plus_is_space`. The result is valid UTF-8 without
 * NUL, made in `chunk`; NULL and INVALID otherwise. */
const char *percent_decode(
    GStringChunk *chunk, const char *text, size_t size, bool plus_is_space, GError **error);
/* Encodes all but RFC 3986 unreserved characters and the bytes in `keep`; caller frees. */
char *percent_encode(const char *text, const char *keep);
