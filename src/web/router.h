/*
 * From method and path to the route. Made once at start, then read only. Thread: any.
 */
#pragma once

#include "web/request.h"

typedef struct Router Router;

/* INVALID for a table that must not go live: duplicate shapes ("/a/{x}" and "/a/{y}"), a path that
 * does not begin with "/", a POST with neither CSRF_TOKEN nor PERM_PUBLIC, a POST without a body
 * limit, a GET with one, a route without a handler. */
Router *router_new(GPtrArray *routes, GError **error);
void router_free(Router *router);

typedef enum RouterVerdict {
    ROUTER_FOUND,
    ROUTER_NO_PATH,
    ROUTER_OTHER_METHOD, /* the path exists for the other method only */
} RouterVerdict;

/* Sets req->route and req->args. A literal segment wins over {name}. HEAD is routed as GET. */
RouterVerdict router_find(const Router *router, Request *req);
