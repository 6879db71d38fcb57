/*
 * Mustache (the official spec's required modules and the optional inheritance module).
 *
 * {{x}} escapes for HTML, {{{x}}} and {{&x}} do not and are allowed only for names that end in
 * "_html" (safe text made by our own code). Sections, inverted sections, partials {{>room/name}},
 * parents {{<layout}}{{$block}}…{{/block}}{{/layout}}, delimiters, comments. No lambdas, no dynamic
 * names. {{#rows.0}} is the first element, null in an empty list: frames that stand only around
 * something. Falsy: null, false, 0, "" and []. A block filled by an outer template wins over inner
 * ones.
 *
 * A compiled template is immutable. Thread: any.
 */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Template Template;

typedef enum TemplateFlags {
    TEMPLATE_PLAIN = 0,
    TEMPLATE_STRICT = 1u << 0,  /* rendering: a name, partial or parent that is not there is an
                                   error.  A member of null is null. */
    TEMPLATE_ANY_RAW = 1u << 1, /* parsing: {{{x}}} for any name (the spec's own cases) */
    TEMPLATE_TEXT = 1u << 2, /* rendering: the result is plain text, not HTML: nothing is escaped */
} TemplateFlags;

/* Compiles a copy of `text`; HZ_ERROR_INVALID names template, line and column, HZ_ERROR_LIMIT what
 * is too large. `name` is for messages. */
Template *template_parse(
    const char *name, const char *text, size_t size, TemplateFlags flags, GError **error);
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/* Finds partials and parents, which must live until the render returns. NULL without *error: there
 * is none (spec: renders as nothing); NULL with *error: it is broken, and the render fails. */
typedef const Template *(*TemplateFinder)(const char *name, void *data, GError **error);

/* Appends to `out`. HZ_ERROR_INVALID for strict mode's findings (template, line, column),
 * HZ_ERROR_LIMIT for depth, work or output beyond base/limits.h. On error `out` holds a part. */
bool template_render(const Template *template,
                     const json_t *model,
                     TemplateFlags flags,
                     TemplateFinder find,
                     void *data,
                     GString *out,
                     GError **error);

/* The views inside the binary, compiled once and kept: "web/public" is "web/views/public.html".
 * With HUOZHENG_VIEWS=DIR (the source tree's src/) a view is read from there whenever its file has
 * changed, for work on pages. NULL with *error NOT_FOUND if there is no such view, INVALID if it
 * does not compile. */
const Template *view_find(const char *name, GError **error);
bool view_render(const char *name, const json_t *model, bool strict, GString *out, GError **error);
