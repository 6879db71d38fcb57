/*
 * Mustache (the official spec's required modules and the optional inheritance module).
 *
 * {{x}} escapes for HTML, {{{x}}} and {{&x}} do not and are allowed only for names that end in
 * "_html" (safe text made by our own code). Sections, inverted sections, partials {{>room/name}},
 * parents {{<layout}}{{$block}}…{{/block}}{{/layout}}, delimiters, comments. No lambdas.
 * A compiled template is immutable. Thread: any.
 */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Template Template;

typedef enum TemplateFlags {
    TEMPLATE_STRICT = 1u << 0,  /* a name that resolves to nothing is an error */
    TEMPLATE_ANY_RAW = 1u << 1, /* {{{x}}} for any name (the spec's own cases) */
} TemplateFlags;

/* Compiles; HZ_ERROR_INVALID names line and column. `name` is for messages. */
Template *template_parse(
    const char *name, const char *text, size_t size, TemplateFlags flags, GError **error);
void template_free(Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Template, template_free)

/* Finds partials and parents; returns NULL if there is none (spec: renders as nothing). */
typedef const Template *(*TemplateFinder)(const char *name, void *data);

/* Appends to `out`. Depth of partials and output size are limited. */
bool template_render(const Template *template,
                     const json_t *model,
                     TemplateFinder find,
                     void *data,
                     GString *out,
                     GError **error);

/* The views inside the binary, compiled once: "web/layout" is "web/views/layout.html". With
 * HUOZHENG_VIEWS=DIR they are read from DIR (src/) at each use, for work on pages. */
const Template *view_find(const char *name, void *strict_or_null);
bool view_render(const char *name, const json_t *model, bool strict, GString *out, GError **error);
