/*
 * What plans and draws have been opened to the public, newest first. Thread: that of the Db.
 */
#pragma once

#include "store/store.h"

#include <glib.h>

typedef struct PublicDrawFilter {
    int64_t from_us, to_us;       /* published in [from, to); 0: open */
    int64_t unit_id;              /* 0: all; draws only: those that drew this unit */
    int64_t before_us, before_id; /* strictly older than this */
    unsigned limit;
} PublicDrawFilter;

/* A published plan or draw in one line. */
typedef struct PublicDrawEntry {
    int64_t id;
    int64_t published_us;
    int64_t year;
    int64_t objects;      /* plan: sum of its quotas; draw: objects drawn, without reserves */
    int64_t eligible;     /* draw: objects that took part; plan: 0 */
    int64_t publish_leaf; /* ledger entry; -1: this table does not keep it (plans) */
    bool is_of_buildings; /* otherwise of units */
    char *title;
} PublicDrawEntry;
void public_draw_entry_free(PublicDrawEntry *entry);

/* Arrays of PublicDrawEntry * (owned). NULL on error. */
GPtrArray *plan_public_list(Db *db, const PublicDrawFilter *filter, GError **error);
GPtrArray *draw_public_list(Db *db, const PublicDrawFilter *filter, GError **error);
