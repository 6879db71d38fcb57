/* What the sensing room offers; the columns of the route table are its security review. */
#include "base/limits.h"
#include "sensing/sample.h"
#include "sensing/sensing.h"
#include "sensing/sensing_pages.h"

#define VIEW PERM_SENSING_VIEW
#define EDIT PERM_SENSING_EDIT
#define FORM CSRF_TOKEN, LIMIT_FORM_BODY

static const Route routes[] = {
    {ROUTE_GET, "/work/devices", devices_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/devices/new", device_new_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/devices/new", device_new_submit, EDIT, FORM},
    {ROUTE_GET, "/work/devices/{id}", device_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/devices/{id}/edit", device_edit_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/devices/{id}/edit", device_edit_submit, EDIT, FORM},
    {ROUTE_GET, "/work/devices/{id}/bind", device_bind_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/devices/{id}/bind", device_bind_submit, EDIT, FORM},
    {ROUTE_GET, "/work/devices/{id}/retire", device_retire_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/devices/{id}/retire", device_retire_submit, EDIT, FORM},
    {ROUTE_GET, "/work/devices/{id}/key", device_key_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/devices/{id}/key", device_key_submit, EDIT, FORM},
    {ROUTE_POST, "/work/devices/{id}/command", device_command_submit, EDIT, FORM},
    {ROUTE_GET, "/work/points/{id}", point_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/points/{id}", point_submit, EDIT, FORM},
    {ROUTE_POST, "/work/points/{id}/limits/{kind}", point_limit_submit, EDIT, FORM},
    {ROUTE_GET, "/work/facilities", facilities_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/facilities/faults", faults_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/facilities/shields", shields_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/maintenance", orders_page, VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/maintenance/new", order_new_page, EDIT, CSRF_NONE, 0},
    {ROUTE_POST, "/work/maintenance/new", order_new_submit, EDIT, FORM},
    {ROUTE_GET, "/work/maintenance/{id}", order_page, VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/maintenance/{id}", order_step_submit, EDIT, FORM},
    {0},
};

static const PeriodicJob jobs[] = {
    {"sample-pack", 600, sample_pack_job},
    {"sample-keep", 3600, sample_keep},
    {0},
};

static const char *const ledger_types[] = {"device.add",
                                           "device.change",
                                           "device.bind",
                                           "device.retire",
                                           "device.restore",
                                           "device.key",
                                           "device.point",
                                           "device.limit",
                                           "device.command",
                                           "maintenance.send",
                                           "maintenance.step",
                                           NULL};

const Module sensing_module = {
    .name = "sensing", .routes = routes, .jobs = jobs, .ledger_types = ledger_types};
