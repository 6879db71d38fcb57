/*
 * Past inspections of a unit or a building, from wherever they are known: imported ones stand in
 * this room, those made here in rooms above. Thread: that of the Db.
 */
#pragma once

#include "store/store.h"
#include "web/access.h"

#include <glib.h>

/* One line of an object's page. Texts are owned. */
typedef struct PastEntry {
    int64_t opened_us; /* when it was inspected; 0: not told */
    char *href;        /* its own page; NULL: there is none, or the reader may not see it */
    char *result;
    char *officers;  /* NULL: not told */
    char *item_code; /* NULL: none */
    char *progress;  /* "2026-11-20 办结", "已公开" */
    char *source;
} PastEntry;
/* Takes the texts over. Frees the entries with the array of past_list_new. */
GPtrArray *past_list_new(void);
void past_list_add(GPtrArray *list, const PastEntry *entry);

typedef struct PastQuestion {
    const Principal *who; /* decides what is shown and linked */
    bool is_unit;         /* or a building */
    int64_t id;
    unsigned limit;
} PastQuestion;

/* Rooms above that know past inspections of an object: each appends its newest to `list`, in any
 * order. Ends with NULL and stands in src/modules.c, because this room may not know them. */
typedef bool (*PastSource)(Db *db, const PastQuestion *question, GPtrArray *list, GError **error);
extern const PastSource past_sources[];
