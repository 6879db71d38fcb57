/*
 * Who changed what on an object of the registry. Pure additions by import leave no row: the
 * batch's ledger entry covers them. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"

typedef struct Change {
    const char *kind; /* "unit", "building", "officer", "agency" */
    int64_t object_id;
    const char *action; /* add, change, import, merge, unmerge */
    const char *actor;  /* "account:17", "cli" */
    int64_t changed_us;
    const char *old_json, *new_json; /* the fields that differ; NULL: none */
} Change;

/* Who writes, and what the history says of it. */
typedef struct WriteOptions {
    const char *actor;
    const char *action; /* as in Change */
    int64_t now_us;
    bool log_additions; /* a history row for new objects too (forms; not imports) */
} WriteOptions;

/* Appends in the caller's transaction. */
bool change_add(Db *db, const Change *changes, size_t count, GError **error);

/* Newest first, at most `limit`: JSON array of {when, actor, action_zh, fields: [{name_zh, old,
 * new}]}, ready to show. NULL on error. */
json_t *change_list(Db *db, const char *kind, int64_t object_id, unsigned limit, GError **error);

/* Adds a field to both objects if it differs; NULL reads as absent. */
void change_note_text(json_t *old, json_t *now, const char *field, const char *a, const char *b);
void change_note_int(json_t *old, json_t *now, const char *field, int64_t a, int64_t b);
void change_note_real(json_t *old, json_t *now, const char *field, double a, double b);
