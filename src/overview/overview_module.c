/* What the room tells the program about itself; the route table is the security review. */
#include "overview/overview.h"

#include "overview/overview_pages.h"
#include "overview/overview_store.h"

#define COUNT_EVERY_S                                                                              \
    120 /* a page may be this much behind; counting a large city takes a second                    \
         */

static const Route routes[] = {
    {ROUTE_GET, "/work/overview", overview_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/overview/events", live_events, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/coverage", coverage_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/coverage.csv", coverage_csv, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_GET,
     "/work/coverage/buildings",
     coverage_buildings_page,
     PERM_SENSING_VIEW,
     CSRF_NONE,
     0},
    {ROUTE_GET, "/work/coverage/buildings.csv", coverage_buildings_csv, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/map", map_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/map/buildings/{id}", scene_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/wall", wall_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {0},
};

static bool count(Db *db, int64_t now_us, GError **error) {
    if (!coverage_refresh(db, now_us, error)) {
        return false;
    }
    g_autoptr(GArray) counts = coverage_counts(db, "", error);
    g_auto(DbTx) tx = {0};
    return counts != NULL && db_begin(db, &tx, error) &&
           overview_store_days(db, counts, now_us, error) && db_commit(&tx, error);
}

static const PeriodicJob jobs[] = {
    {"overview-count", COUNT_EVERY_S, count},
    {0},
};

const Module overview_module = {.name = "overview", .routes = routes, .jobs = jobs};
