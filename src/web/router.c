#include "web/router.h"

#include <string.h>

typedef struct Pattern {
    const Route *route;
    char **segments; /* "{id}" is an argument */
    guint count;
} Pattern;

struct Router {
    GPtrArray *patterns; /* most literal first */
};

static bool is_argument(const char *segment) {
    return segment[0] == '{';
}

static void pattern_free(gpointer data) {
    Pattern *pattern = data;
    g_strfreev(pattern->segments);
    g_free(pattern);
}

static Pattern *pattern_new(const Route *route) {
    Pattern *pattern = g_new0(Pattern, 1);
    pattern->route = route;
    pattern->segments = g_strsplit(route->path + 1, "/", -1);
    if (strcmp(route->path, "/") == 0) {
        /* The root is one empty segment, as request_check_head makes it. */
        g_strfreev(pattern->segments);
        pattern->segments = g_new0(char *, 2);
        pattern->segments[0] = g_strdup("");
    }
    pattern->count = g_strv_length(pattern->segments);
    return pattern;
}

static bool route_is_safe(const Route *route, GError **error) {
    const char *path = route->path;
    if (path[0] != '/' || route->handler == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "route \"%s\" has no handler or slash", path);
    }
    bool is_post = route->method == ROUTE_POST;
    if (route->csrf == CSRF_RAW && (!is_post || route->permission != PERM_PUBLIC)) {
        return hz_fail(error, HZ_ERROR_INVALID, "raw route \"%s\" asks for a session", path);
    }
    if (is_post && route->csrf != CSRF_TOKEN && route->permission != PERM_PUBLIC) {
        return hz_fail(error, HZ_ERROR_INVALID, "POST \"%s\" has no CSRF protection", path);
    }
    if (is_post != (route->body_max > 0)) {
        return hz_fail(error, HZ_ERROR_INVALID, "route \"%s\" has a wrong body limit", path);
    }
    return true;
}

static bool same_shape(const Pattern *a, const Pattern *b) {
    if (a->count != b->count || a->route->method != b->route->method) {
        return false;
    }
    for (guint i = 0; i < a->count; i++) {
        bool both_arguments = is_argument(a->segments[i]) && is_argument(b->segments[i]);
        if (!both_arguments && strcmp(a->segments[i], b->segments[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Literals before arguments at the first segment where two patterns differ in kind, else the
 * shorter first: an order that is one for all patterns, not only for those that could be mistaken
 * for each other, or the sort may put "{id}" before "new". */
static gint by_literalness(gconstpointer left, gconstpointer right) {
    const Pattern *a = *(const Pattern *const *)left;
    const Pattern *b = *(const Pattern *const *)right;
    for (guint i = 0; i < a->count && i < b->count; i++) {
        int order = (int)is_argument(a->segments[i]) - (int)is_argument(b->segments[i]);
        if (order != 0) {
            return order;
        }
    }
    return (gint)(a->count > b->count) - (gint)(a->count < b->count);
}

Router *router_new(GPtrArray *routes, GError **error) {
    Router *router = g_new0(Router, 1);
    router->patterns = g_ptr_array_new_with_free_func(pattern_free);
    for (guint i = 0; i < routes->len; i++) {
        const Route *route = g_ptr_array_index(routes, i);
        if (!route_is_safe(route, error)) {
            router_free(router);
            return NULL;
        }
        Pattern *pattern = pattern_new(route);
        for (guint j = 0; j < router->patterns->len; j++) {
            if (same_shape(pattern, g_ptr_array_index(router->patterns, j))) {
                hz_fail(error, HZ_ERROR_INVALID, "duplicate route \"%s\"", route->path);
                pattern_free(pattern);
                router_free(router);
                return NULL;
            }
        }
        g_ptr_array_add(router->patterns, pattern);
    }
    g_ptr_array_sort(router->patterns, by_literalness);
    return router;
}

void router_free(Router *router) {
    if (router != NULL) {
        g_ptr_array_unref(router->patterns);
        g_free(router);
    }
}

static bool pattern_matches(const Pattern *pattern, const Request *req) {
    if (pattern->count != req->segments->len) {
        return false;
    }
    for (guint i = 0; i < pattern->count; i++) {
        const char *given = g_ptr_array_index(req->segments, i);
        const char *wanted = pattern->segments[i];
        if (is_argument(wanted) ? given[0] == '\0' : strcmp(given, wanted) != 0) {
            return false;
        }
    }
    return true;
}

static void take_args(const Pattern *pattern, Request *req) {
    req->route = pattern->route;
    for (guint i = 0; i < pattern->count; i++) {
        const char *wanted = pattern->segments[i];
        if (is_argument(wanted)) {
            g_autofree char *name = g_strndup(wanted + 1, strlen(wanted) - 2);
            fields_add(&req->args, name, g_ptr_array_index(req->segments, i));
        }
    }
}

RouterVerdict router_find(const Router *router, Request *req) {
    RouteMethod method = req->is_post ? ROUTE_POST : ROUTE_GET;
    bool path_exists = false;
    for (guint i = 0; i < router->patterns->len; i++) {
        const Pattern *pattern = g_ptr_array_index(router->patterns, i);
        if (!pattern_matches(pattern, req)) {
            continue;
        }
        if (pattern->route->method == method) {
            take_args(pattern, req);
            return ROUTER_FOUND;
        }
        path_exists = true;
    }
    return path_exists ? ROUTER_OTHER_METHOD : ROUTER_NO_PATH;
}
