/* Shared by the use cases of this room only. */
#pragma once

#include "draw/draw.h"
#include "draw/draw_files.h"

#define DRAW_STRATUM_NONE "uncategorized" /* objects without a use category */

/* "U123" for unit 123; B for buildings, F for officers. */
void draw_id_format(const char *object_kind, int64_t id, char ret_id[DRAW_ID_MAX + 1]);
/* The number behind a letter; 0 if it is no such id. */
int64_t draw_id_number(const char *id);

/* Writes pool.tsv, insp.tsv, deny.tsv, params.txt, beacon.txt and commit.txt of the draw into the
 * store. `plan` gives the quotas, `strata` those that are drawn now. */
bool draw_freeze(Db *db,
                 const Draw *draw,
                 const Plan *plan,
                 const char *const *strata,
                 int64_t officer_cap,
                 GError **error);

/* A source that reads the frozen parts. */
typedef struct DrawStoreFiles {
    Db *db;
    int64_t draw_id;
} DrawStoreFiles;
DrawSource draw_store_source(DrawStoreFiles *files);
