#include "publicity/publicity.h"

#include "base/limits.h"
#include "publicity/publicity_pages.h"
#include "web/assets.h"

static const Route routes[] = {
    {ROUTE_GET, "/", start_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/a/{file}", asset_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/records", records_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/records.csv", records_csv, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/rules", rules_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/rules/matrix", rule_matrix_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/rules/{kind}/{id}", rule_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/search", search_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/plans/{id}", plan_public_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/units/{id}", unit_public_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/verify/offline", verify_offline_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/verify/share", verify_share_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/verify/js/{version}/{file}", verify_module, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/help", help_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/accessibility", accessibility_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/privacy", privacy_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_GET, "/display", display_page, PERM_PUBLIC, CSRF_NONE, 0},
    {ROUTE_POST, "/display", display_submit, PERM_PUBLIC, CSRF_TOKEN, LIMIT_FORM_BODY},
    {ROUTE_GET, "/healthz", health_page, PERM_PUBLIC, CSRF_NONE, 0},
    {0},
};

const Module publicity_module = {.name = "publicity", .routes = routes};
