/*
 * What lets an intake work in batches: which keys of the batch's rows are known, and which new rows
 * wait to be written together. For the intake_*.c files only.
 */
#pragma once

#include "store/store.h"

/* --- keys of other systems --- */

/* Source ids of a batch by the system they come from, nearly always one: one query for each. */
typedef struct SourceIds {
    GHashTable *by_source; /* -> GPtrArray of texts, all borrowed */
} SourceIds;
void source_ids_init(SourceIds *ids);
void source_ids_clear(SourceIds *ids);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SourceIds, source_ids_clear)
/* Nothing when either is NULL. */
void source_ids_add(SourceIds *ids, const char *source, const char *source_id);
/* Appends a StoredKey (object_store.h) for each of the JSON array `keys` that is stored. */
typedef bool (*SourceQuery)(Db *db,
                            const char *source,
                            const char *keys,
                            GStringChunk *texts,
                            GArray *found,
                            GError **error);
bool source_ids_find(const SourceIds *ids,
                     Db *db,
                     SourceQuery query,
                     GStringChunk *texts,
                     GArray *found,
                     GError **error);

/* --- new rows --- */

#define ROW_KEYS 2
/* What a row can be found by; NULL: not told. */
typedef struct RowKeys {
    const char *texts[ROW_KEYS];
} RowKeys;

/* New rows of a batch wait here and are written together. A row of which no key is known is new
 * without a look into the table; one that may be another waiting row has to wait for that to be
 * written. A key that is said to be stored and is not costs a look, no more. */
typedef struct NewRows {
    GHashTable *stored, *waiting; /* keys, owned */
    GPtrArray *rows;              /* that wait; borrowed */
} NewRows;
void new_rows_init(NewRows *fresh);
void new_rows_clear(NewRows *fresh);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NewRows, new_rows_clear)

typedef enum KeyState { KEY_UNKNOWN, KEY_STORED, KEY_WAITING } KeyState;
/* The most that is known of any of the keys. */
KeyState new_rows_look(const NewRows *fresh, const RowKeys *keys);
void new_rows_note_stored(NewRows *fresh, const RowKeys *keys);
void new_rows_wait(NewRows *fresh, void *row, const RowKeys *keys);
/* The waiting rows have been written. */
void new_rows_written(NewRows *fresh);
