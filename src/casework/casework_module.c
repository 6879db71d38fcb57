/* What the casework room offers; the columns of the route table are its security review. Who may
 * take which act stands in law/ and is checked with the act. */
#include "base/clock.h"
#include "base/limits.h"
#include "casework/casework.h"
#include "casework/casework_file.h"
#include "casework/matter_pages.h"

#define VIEW PERM_INSPECTION_VIEW
#define FORM LIMIT_FORM_BODY
/* an act with its files; without any it is a form like others */
#define ACT (INT64_C(1) * LIMIT_FORM_FILES * LIMIT_FILE + LIMIT_FORM_BODY)

static const Route routes[] = {
    {ROUTE_GET, "/work/matters", matters_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/go", matter_go_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/calendar", matter_calendar_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/team", matter_team_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/matters/new", matter_new_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/new", matter_new_submit, VIEW, CSRF_TOKEN, ACT},
    {ROUTE_GET, "/work/matters/{id}", matter_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/matters/{id}/papers/{paper}", matter_paper_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/matters/{id}/files/{file}", matter_file_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/uploads/{file}", matter_upload_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/{id}/sealed", matter_sealed_submit, VIEW, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/matters/{id}/acts/{step}", matter_act_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/{id}/acts/{step}", matter_act_submit, VIEW, CSRF_TOKEN, ACT},
    {0},
};

/* A form that is left open over night keeps its files for a day; a draft keeps them as long as it
 * lies there. */
static bool sweep_files(Db *db, int64_t now_us, GError **error) {
    return casework_file_sweep(db, now_us - CLOCK_DAY_US, error);
}

static const PeriodicJob jobs[] = {
    {"casework-files", 3600, sweep_files},
    {"matter-search", 3600, casework_catch_up},
    {0},
};

static const char *const ledger_types[] = {"matter.act", "matter.look", NULL};

const Module casework_module = {
    .name = "casework", .routes = routes, .jobs = jobs, .ledger_types = ledger_types};
