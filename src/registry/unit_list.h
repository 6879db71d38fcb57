/*
 * Lists of units: the pages, the export and the draw read through here.
 *
 * Every answer is bounded, whatever the filters: rare combinations are fetched by their cell (see
 * unit_count) and sorted; common ones are met quickly by walking an index in order; between the
 * two a page stops after UNIT_WALK_MAX rows of the index and says that there may be more. Order of
 * names: code points, the same on both engines. Thread: that of the Db.
 */
#pragma once

#include "registry/unit.h"
#include "registry/unit_query.h"

#define UNIT_WALK_MAX 20000
#define UNIT_SEARCH_COUNT_MAX 1000
/* The same where the index alone does not decide and every row must be looked at. */
#define UNIT_LOOK_COUNT_MAX 100

/* How many units a question has: exact, or (a search, a filter on inspection) counted up to a
 * limit. */
typedef struct UnitTotal {
    int64_t n;
    bool is_more; /* at least n */
} UnitTotal;

typedef struct UnitPage {
    GArray *units;       /* of Unit, in the order asked for (also when read backward) */
    GStringChunk *texts; /* of the units */
    bool has_next, has_previous;
    bool is_partial;       /* fewer rows than asked because the walk stopped: more may follow */
    UnitPlace first, last; /* edges for the next question; valid when has_previous, has_next */
    bool has_total;        /* counted on the way: unit_list_count need not be asked */
    UnitTotal total;
} UnitPage;
void unit_page_clear(UnitPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitPage, unit_page_clear)

bool unit_list_page(
    Db *db, const UnitQuery *query, size_t limit, UnitPage *ret_page, GError **error);

bool unit_list_count(Db *db, const UnitQuery *query, UnitTotal *ret_total, GError **error);

/* Living units of a region ("50", "5001" or "500103"), from the counts kept with every change. */
bool unit_list_inside(Db *db, const char *region, int64_t *ret_n, GError **error);

/* Gives every unit of the question to `visit`, in its order, from the beginning; memory stays
 * bounded. For exports. The visitor may use `db` and stops the walk by failing. */
bool unit_list_each(Db *db, const UnitQuery *query, UnitVisitor visit, void *data, GError **error);

/* Living units of a region ("50", "5001" or "500103") by category: n[UseCategory.id]; from the
 * counts kept with every change. For coverage. */
bool unit_count_by_category(Db *db,
                            const char *region,
                            int64_t ret_n[CATEGORY_COUNT],
                            GError **error);
