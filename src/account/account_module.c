/* What the account room offers; the columns of the route table are its security review. */
#include "account/account.h"
#include "account/account_jobs.h"
#include "account/account_pages.h"
#include "base/limits.h"

#define FORM LIMIT_FORM_BODY

static const Route routes[] = {
    {ROUTE_GET, "/signin", sign_in_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/signin", sign_in_submit, PERM_PUBLIC, CSRF_NONE, FORM},
    {ROUTE_POST, "/signout", sign_out_submit, PERM_SIGNED_IN, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/account", account_page, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_POST, "/work/account/others", other_sessions_submit, PERM_SIGNED_IN, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/account/password", password_page, PERM_SIGNED_IN, CSRF_NONE, 0},
    {ROUTE_POST, "/work/account/password", password_submit, PERM_SIGNED_IN, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/admin/accounts", accounts_page, PERM_ACCOUNT_ADMIN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/admin/accounts/new", account_new_page, PERM_ACCOUNT_ADMIN, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/admin/accounts/new",
     account_new_submit,
     PERM_ACCOUNT_ADMIN,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/admin/accounts/{id}", account_admin_page, PERM_ACCOUNT_ADMIN, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/admin/accounts/{id}/lock",
     account_lock_submit,
     PERM_ACCOUNT_ADMIN,
     CSRF_TOKEN,
     FORM},
    {ROUTE_POST,
     "/work/admin/accounts/{id}/unlock",
     account_unlock_submit,
     PERM_ACCOUNT_ADMIN,
     CSRF_TOKEN,
     FORM},
    {ROUTE_POST,
     "/work/admin/accounts/{id}/reset",
     account_reset_submit,
     PERM_ACCOUNT_ADMIN,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/admin/roles", role_list_page, PERM_ROLE_ADMIN, CSRF_NONE, 0},
    {ROUTE_GET, "/work/admin/roles/{id}", role_page, PERM_ROLE_ADMIN, CSRF_NONE, 0},
    {ROUTE_POST, "/work/admin/roles/{id}", role_submit, PERM_ROLE_ADMIN, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/admin/refusals", refusals_page, PERM_AUDIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/admin/sign-ins", sign_ins_page, PERM_AUDIT_VIEW, CSRF_NONE, 0},
    {0},
};

static const PeriodicJob jobs[] = {
    {"sessions", 60, account_sessions_job},
    {"refusals", 60, account_refusals_job},
    {0},
};

static const char *const ledger_types[] = {
    "account.create",
    "account.lock",
    "account.unlock",
    "account.password-reset",
    "account.password-change",
    "account.roles",
    "account.sign-in",
    NULL,
};

const Module account_module = {
    .name = "account",
    .routes = routes,
    .jobs = jobs,
    .ledger_types = ledger_types,
};
