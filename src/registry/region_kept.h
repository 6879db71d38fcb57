/*
 * What a connection has read of the regions. There are some ten thousand, they change a few times a
 * year, and every page names fifty of them. The stamp in the database tells when to read anew; it
 * is asked once for each use, so that every process sees a change at once.
 * Inside a transaction nothing is kept: it may be rolled back. Thread: that of the Db.
 */
#pragma once

#include "store/store.h"

/* In the transaction of every change to table region. */
bool region_kept_changed(Db *db, GError **error);

typedef struct RegionKept {
    int64_t stamp;
    GHashTable *names; /* code -> the region's own name; "" when there is no such region */
    GHashTable *lists; /* "children:5001", "districts:50" -> GPtrArray of Region */
} RegionKept;

/* *ret_kept: borrowed, valid until the next call of this on the connection, and in step with the
 * database; NULL inside a transaction. */
bool region_kept_open(Db *db, RegionKept **ret_kept, GError **error);
