/* What the room tells the program about itself; the route table is the security review. */
#include "registry/registry.h"

#include "base/limits.h"
#include "registry/registry_pages.h"

#define FORM LIMIT_FORM_BODY

static const Route routes[] = {
    {ROUTE_GET, "/work/units", units_page, PERM_UNIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/units/new", unit_new_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/units/new", unit_new_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/units/{id}", unit_page, PERM_UNIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/units/{id}/edit", unit_edit_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/units/{id}/edit", unit_edit_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_POST, "/work/units/{id}/unmerge", unit_unmerge_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/merge", merge_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/merge", merge_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/buildings", buildings_page, PERM_UNIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/buildings/new", building_new_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/buildings/new", building_new_submit, PERM_UNIT_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/buildings/{id}", building_page, PERM_UNIT_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/buildings/{id}/edit", building_edit_page, PERM_UNIT_EDIT, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/buildings/{id}/edit",
     building_edit_submit,
     PERM_UNIT_EDIT,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/officers", officers_page, PERM_OFFICER_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/officers/new", officer_new_page, PERM_OFFICER_EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/officers/new", officer_new_submit, PERM_OFFICER_EDIT, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/officers/{id}", officer_page, PERM_OFFICER_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/officers/{id}/edit", officer_edit_page, PERM_OFFICER_EDIT, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/officers/{id}/edit",
     officer_edit_submit,
     PERM_OFFICER_EDIT,
     CSRF_TOKEN,
     FORM},
    {0},
};

static const char *const ledger_types[] = {
    "unit.add",
    "unit.change",
    "unit.merge",
    "unit.unmerge",
    "unit.different",
    "building.add",
    "building.change",
    "officer.add",
    "officer.change",
    NULL,
};

const Module registry_module = {
    .name = "registry",
    .routes = routes,
    .ledger_types = ledger_types,
};
