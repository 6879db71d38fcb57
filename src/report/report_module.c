/* What the report room offers; the columns of the route table are its security review. Everything
 * is public: a key in a cookie is what tells guests apart. */
#include "base/limits.h"
#include "report/report.h"
#include "report/report_pages.h"

#define FORM LIMIT_FORM_BODY
#define FILES LIMIT_REPORT_BODY /* only for the holder of a live key: report_admits */

static const Route routes[] = {
    {ROUTE_GET, "/report", report_what_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/report", report_what_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/report/where", report_where_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/report/where", report_where_submit, PERM_PUBLIC, CSRF_TOKEN, FILES},
    {ROUTE_GET, "/report/contact", report_contact_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/report/contact", report_contact_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/report/check", report_check_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/report/check", report_check_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/report/sent", report_sent_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/report/discard", report_discard_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/track", track_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/track", track_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_POST, "/track/add", track_add_submit, PERM_PUBLIC, CSRF_TOKEN, FILES},
    {ROUTE_GET, "/track/files/{file}", track_file_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/track/leave", track_leave_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {0},
};

static const PeriodicJob jobs[] = {
    {"report-guests", 600, report_sweep},
    {0},
};

const Module report_module = {.name = "report", .routes = routes, .jobs = jobs};
