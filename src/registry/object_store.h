/*
 * What units, buildings and officers share where they are read and written: fresh ids, lookups of a
 * batch by key, search index and history. For the *_store.c, *_write.c and intake_*.c files only.
 * Thread: that of the Db.
 */
#pragma once

#include "registry/change.h"
#include "registry/search.h"

/* --- writing --- */

/* One kind of object; the functions take a Unit, a Building or an Officer. */
typedef struct ObjectKind {
    SearchKind search;
    const char *word; /* in the history: "unit" */
    /* Appends search tokens and marks; nothing: this object is not in the index. */
    void (*add_tokens)(GString *out, const void *object);
    /* Notes the fields that differ. `old` NULL: all that `now` tells. */
    void (*note)(const void *old, const void *now, json_t *before, json_t *after);
} ObjectKind;

/* A row that the caller has written to its table. */
typedef struct ObjectWrite {
    int64_t id;
    const void *old; /* NULL: it is new */
    const void *now;
} ObjectWrite;
/* The search index and the history of these rows. */
bool object_note_writes(Db *db,
                        const ObjectKind *kind,
                        const ObjectWrite *writes,
                        size_t count,
                        const WriteOptions *options,
                        GError **error);

/* One writer of this kind at a time until the transaction ends: what was looked up stays true.
 * SQLite has one writer in any case; PostgreSQL waits here (BUSY after the lock time-out). */
bool object_serialise(Db *db, SearchKind kind, GError **error);
/* `count` fresh ids of the kind's table into `ids`. */
bool object_take_ids(Db *db, SearchKind kind, size_t count, int64_t *ids, GError **error);

/* --- reading --- */

/* To the one row that was asked for. False: `rows` is NULL because the query failed, or there is no
 * row (NOT_FOUND, with `word`). */
bool object_first_row(DbRows *rows, const char *word, GError **error);

/* A key that some row of a table has. */
typedef struct StoredKey {
    const char *source; /* of source ids; filled in by source_ids_find */
    const char *text;   /* of the text lookups */
    int64_t number;     /* of the match key lookup */
    int64_t id;
} StoredKey;
/* Rows (key, id), appended as StoredKey. Texts go into `texts`; NULL: the keys are numbers. */
bool object_read_keys(
    Db *db, Sql sql, DbArgs args, GStringChunk *texts, GArray *found, GError **error);

/* For object_read_keys: $1 source and $2 a JSON array of source ids. */
#define KEYS_BY_SOURCE(db, table)                                                                  \
    SQL_FOR(db,                                                                                    \
            "SELECT source_id, id FROM " table " WHERE source IS NOT NULL AND source = $1 "        \
            "AND source_id IN (SELECT CAST(value AS TEXT) FROM json_each($2))",                    \
            "SELECT source_id, id FROM " table " WHERE source IS NOT NULL AND source = $1 "        \
            "AND source_id = ANY (ARRAY(SELECT json_array_elements_text($2::json)))")
/* The same for $1, a list of match keys (id_list_format); in id order. */
#define KEYS_BY_MATCH(db, table)                                                                   \
    SQL_FOR(db,                                                                                    \
            "SELECT match_key, id FROM " table " WHERE match_key IN "                              \
            "(SELECT CAST(value AS INTEGER) FROM json_each($1)) ORDER BY id",                      \
            "SELECT match_key, id FROM " table " WHERE match_key = ANY "                           \
            "($1::bigint[]) ORDER BY id")
