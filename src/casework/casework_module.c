/* What the casework room offers; the columns of the route table are its security review. Who may
 * take which act stands in law/ and is checked with the act. */
#include "base/limits.h"
#include "casework/casework.h"
#include "casework/matter_pages.h"

#define VIEW PERM_INSPECTION_VIEW
#define FORM LIMIT_FORM_BODY

static const Route routes[] = {
    {ROUTE_GET, "/work/matters", matters_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/go", matter_go_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/calendar", matter_calendar_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/team", matter_team_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/matters/new", matter_new_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/new", matter_new_submit, VIEW, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/matters/{id}", matter_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/matters/{id}/papers/{paper}", matter_paper_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/{id}/sealed", matter_sealed_submit, VIEW, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/matters/{id}/acts/{step}", matter_act_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/matters/{id}/acts/{step}", matter_act_submit, VIEW, CSRF_TOKEN, FORM},
    {0},
};

static const PeriodicJob jobs[] = {
    {"matter-search", 3600, casework_catch_up},
    {0},
};

static const char *const ledger_types[] = {"matter.act", "matter.look", NULL};

const Module casework_module = {
    .name = "casework", .routes = routes, .jobs = jobs, .ledger_types = ledger_types};
