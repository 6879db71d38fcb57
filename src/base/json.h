/*
 * JSON values: jansson behind one header, with strict reading. View models are json_t objects.
 * Thread: a value belongs to one thread at a time.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Reads one document: duplicate keys and trailing bytes are errors (HZ_ERROR_INVALID with line and
 * column). Caller owns the result. NULL on error. */
json_t *json_read(const char *text, size_t size, GError **error);

/* One line, keys in the order they were set; caller frees with g_free. */
char *json_write(const json_t *value);

/* One line, keys sorted: the bytes that are hashed into the ledger. */
char *json_write_canonical(const json_t *value);

/* Setters for view models. A NULL text becomes JSON null; invalid UTF-8 is made valid first. */
void json_put_text(json_t *object, const char *key, const char *text);
void json_put_int(json_t *object, const char *key, int64_t number);
void json_put_bool(json_t *object, const char *key, bool truth);
/* Takes `value` over. */
void json_put(json_t *object, const char *key, json_t *value);

/* The text at `key`, borrowed; `fallback` when it is absent or no string. */
const char *json_get_text(const json_t *object, const char *key, const char *fallback);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);
