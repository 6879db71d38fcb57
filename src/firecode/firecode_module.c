/* What the firecode room offers; the columns of the route table are its security review. */
#include "base/limits.h"
#include "firecode/firecode_pages.h"

#define FORM LIMIT_FORM_BODY
#define PHOTOS LIMIT_RECORD_BODY /* without an account only with a living key: firecode_admits */

static const Route routes[] = {
    {ROUTE_GET, "/b/{code}", code_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/b/{code}/score", code_score_page, PERM_PUBLIC, CSRF_NONE, 0},
    /* a key in a cookie is what lets a keeper in */
    {ROUTE_GET, "/keeper", keeper_door_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/keeper", keeper_door_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/keeper/book", keeper_book_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/keeper/record/{kind}", keeper_record_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/keeper/record/{kind}", keeper_record_submit, PERM_PUBLIC, CSRF_TOKEN, PHOTOS},
    {ROUTE_POST, "/keeper/leave", keeper_leave_submit, PERM_PUBLIC, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/codes", codes_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/codes.csv", codes_csv, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/codes/worse", codes_worse_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/codes/sheets", codes_sheets_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/codes/issue", codes_issue_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/codes/{id}", building_code_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/codes/{id}/sheet", code_sheet_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/codes/{id}/issue",
     building_code_issue_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     FORM},
    {ROUTE_POST,
     "/work/codes/{id}/withdraw",
     building_code_withdraw_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     FORM},
    {ROUTE_POST,
     "/work/codes/{id}/keepers",
     building_keeper_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     FORM},
    {ROUTE_POST,
     "/work/codes/{id}/keepers/{keeper}/end",
     building_keeper_end_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/codes/{id}/records", records_page_of, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET,
     "/work/codes/{id}/records/{record}/{photo}",
     record_photo_page,
     PERM_SENSING_VIEW,
     CSRF_NONE,
     0},
    {ROUTE_GET, "/work/codes/{id}/records.csv", records_csv_of, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/codes/{id}/new/{kind}", record_new_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/codes/{id}/new/{kind}",
     record_new_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     PHOTOS},
    {0},
};

static const PeriodicJob jobs[] = {
    {"firecode-scores", 60, firecode_work},
    {0},
};

static const char *const ledger_types[] = {"code.issue",
                                           "code.reissue",
                                           "code.withdraw",
                                           "code.keeper",
                                           "code.keeper-end",
                                           "code.record",
                                           NULL};

const Module firecode_module = {
    .name = "firecode", .routes = routes, .jobs = jobs, .ledger_types = ledger_types};
