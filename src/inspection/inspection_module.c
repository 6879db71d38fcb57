/* What the inspection room offers; the columns of the route table are its security review. */
#include "base/clock.h"
#include "base/limits.h"
#include "inspection/inspection.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_store.h"

#define FORM LIMIT_FORM_BODY

static const Route routes[] = {
    {ROUTE_GET, "/work", today_page, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/inspections", inspections_page, PERM_INSPECTION_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/inspections/{id}", inspection_page, PERM_INSPECTION_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/inspections/{id}/check", check_page, PERM_INSPECTION_RECORD, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/inspections/{id}/check",
     check_submit,
     PERM_INSPECTION_RECORD,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/inspections/{id}/publish", publish_page, PERM_PUBLISH, CSRF_NONE, 0},
    {ROUTE_POST, "/work/inspections/{id}/publish", publish_submit, PERM_PUBLISH, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/inspections/{id}/close", close_page, PERM_PUBLISH, CSRF_NONE, 0},
    {ROUTE_POST, "/work/inspections/{id}/close", close_submit, PERM_PUBLISH, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/inspections/{id}", public_inspection_page, PERM_PUBLIC, CSRF_NONE, 0},
    {0},
};

/* A form that was shown is not sent a month later. */
static bool forget_forms(Db *db, int64_t now_us, GError **error) {
    return inspection_forms_purge(db, now_us - 30 * CLOCK_DAY_US, error);
}

/* A catch-up that was broken off goes on within the hour. */
static bool catch_up(Db *db, int64_t now_us, GError **error) {
    (void)now_us;
    return inspection_index_catch_up(db, error);
}

static const PeriodicJob jobs[] = {
    {"inspection-search", 3600, catch_up},
    {"inspection-forms", 24 * 3600, forget_forms},
    {0},
};

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
