/* What the sensing room offers; the columns of the route table are its security review. */
#include "base/limits.h"
#include "sensing/push.h"
#include "sensing/sensing.h"

static const Route routes[] = {
    {ROUTE_POST,
     "/api/devices/{code}/report",
     push_report,
     PERM_PUBLIC,
     CSRF_RAW,
     LIMIT_TELEMETRY_BODY},
    {0},
};

const Module sensing_module = {
    .name = "sensing",
    .routes = routes,
};
