/* Shared by the use cases of this room only. */
#pragma once

#include "draw/draw.h"
#include "draw/draw_files.h"
#include "law/draw_weights.h"
#include "law/law_book.h"
#include "registry/officer.h"

#define DRAW_STRATUM_NONE "uncategorized" /* objects without a use category */

/* "U123" for unit 123; B for buildings, F for officers. */
void draw_id_format(const char *object_kind, int64_t id, char ret_id[DRAW_ID_MAX + 1]);
/* The number behind a letter; 0 if it is no such id. */
int64_t draw_id_number(const char *id);

/* --- draw_pool.c ----------------------------------------------------------------------------- */

/* Word of draw_exclusion ("CLOSED", "EXEMPT"; NULL: none). */
DrawReason draw_exclusion_reason(const char *word);
/* Use category word of a category as a stratum. */
const char *draw_stratum_word(int category);
/* Bit n: the stratum of category n is among these; the list ends with NULL. */
uint32_t draw_category_mask(const char *const *strata);
/* Stands in insp.tsv: in post and with a date until which the certificate is good. */
bool draw_officer_enters(const Officer *officer);
/* params.txt of a draw that takes these strata of the plan (ends with NULL), without the rungs
 * (draw_put_rungs). `draw` gives kind of hash, scope, year, last day, mode and delta. Caller frees.
 */
DrawKeyValues *draw_params_make(const Draw *draw,
                                const DrawWeights *weights,
                                const Plan *plan,
                                const char *const *strata);

/* --- draw_freeze.c and others ---------------------------------------------------------------- */

/* Writes pool.tsv, insp.tsv, deny.tsv, params.txt and the beginning of commit.txt
 * (DRAW_COMMIT_BEGUN) into the store and sets the counts of `draw`. `plan` gives the quotas. */
bool draw_freeze_files(
    Db *db, Draw *draw, const Plan *plan, const DrawRequest *request, GError **error);
#define DRAW_COMMIT_BEGUN                                                                          \
    "commit.begun" /* no file of the bundle: what commit.txt will begin with */

/* Writes rung.1 … and, where the city says which districts border each other on that day, adj.… of
 * those in the region. */
bool draw_put_rungs(Db *db,
                    const LawBook *book,
                    const char *region,
                    int64_t time_us,
                    DrawKeyValues *params,
                    GError **error);
/* From where the officers came: "本区县和相邻区县". */
const char *draw_rung_zh(Db *db, const Draw *draw);

/* One entry on the draw in the ledger; takes `payload` over. *ret_leaf may be NULL. */
bool draw_mark(Db *db,
               const Draw *draw,
               const char *type,
               json_t *payload,
               const char *actor,
               int64_t now_us,
               int64_t *ret_leaf,
               GError **error);
const PlanQuota *draw_find_quota(const Plan *plan, const char *stratum);
/* Sets name, address and region as they are now. */
bool draw_load_object(Db *db, DrawnObject *target, GError **error);
/* Done to published, with its entry. */
bool draw_open(Db *db, Draw *draw, const char *actor, int64_t now_us, GError **error);

/* A source that reads the frozen parts. */
typedef struct DrawStoreFiles {
    Db *db;
    int64_t draw_id;
} DrawStoreFiles;
DrawSource draw_store_source(DrawStoreFiles *files);
