/* What the inspection room offers; the columns of the route table are its security review. */
#include "inspection/inspection.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_store.h"

static const Route routes[] = {
    {ROUTE_GET, "/work", today_page, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/inspections", inspections_page, PERM_INSPECTION_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/inspections/{id}", inspection_page, PERM_INSPECTION_VIEW, CSRF_NONE, 0},
    /* addresses of before there were matters */
    {ROUTE_GET,
     "/work/inspections/{id}/{old}",
     inspection_moved,
     PERM_INSPECTION_VIEW,
     CSRF_NONE,
     0},
    {ROUTE_GET, "/inspections/{id}", public_inspection_page, PERM_PUBLIC, CSRF_NONE, 0},
    {0},
};

/* A catch-up that was broken off goes on within the hour. */
static bool catch_up(Db *db, int64_t now_us, GError **error) {
    (void)now_us;
    return inspection_index_catch_up(db, error);
}

static const PeriodicJob jobs[] = {
    {"inspection-search", 3600, catch_up},
    {"inspection-matters", 3600, inspection_adopt},
    {0},
};

/* Of entries from before there were matters; acts now are matter.act. */
static const char *const ledger_types[] = {
    "inspection.task",
    "inspection.record",
    "inspection.publish",
    "inspection.close",
    NULL,
};

const Module inspection_module = {
    .name = "inspection",
    .routes = routes,
    .jobs = jobs,
    .ledger_types = ledger_types,
};
