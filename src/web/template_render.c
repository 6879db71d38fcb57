/* Mustache renderer: walks the node array with a stack of contexts. Every loop that a template can
 * cause is counted against a limit, so a wrong template ends in an error and not in a busy worker.
 */
#include "base/error.h"
#include "base/limits.h"
#include "web/template_nodes.h"

#include <string.h>

/* A parent tag whose blocks may replace those of the templates inside it. */
typedef struct Fill {
    const Template *template;
    uint32_t parent;
} Fill;

typedef struct Render {
    GString *out;
    gsize start; /* of our output in `out` */
    TemplateFlags flags;
    TemplateFinder find;
    void *data;
    const json_t *contexts[LIMIT_TEMPLATE_DEPTH + 1];
    unsigned context_count;
    Fill fills[LIMIT_TEMPLATE_DEPTH];
    unsigned fill_count;
    unsigned depth;
    unsigned steps;
    const char *indent; /* put before each line; "" most of the time */
    bool is_fresh_line; /* the last template text ended with a line end */
    GError **error;
} Render;

/* The part of a template that is being rendered. */
typedef struct Range {
    const Template *template;
    uint32_t first, end;
} Range;

static bool render_range(Render *render, Range range);

static bool G_GNUC_PRINTF(5, 6) fail_node(Render *render,
                                          const Template *template,
                                          const Node *node,
                                          HzErrorCode code,
                                          const char *format,
                                          ...) {
    unsigned line, column;
    template_place(template, node->offset, &line, &column);
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    return hz_fail(render->error,
                   code,
                   "template %s, line %u, column %u: %s",
                   template->name,
                   line,
                   column,
                   message);
}

/* --- values ------------------------------------------------------------------------------------
 */

/* A member of an object, or with a number the element of a list: null beyond its end, so that
 * {{#rows.0}} asks whether there are rows. */
static const json_t *member(const json_t *value, const char *name) {
    if (!json_is_array(value)) {
        return json_object_get(value, name);
    }
    guint64 index = 0;
    if (!g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32, &index, NULL)) {
        return NULL;
    }
    const json_t *element = json_array_get(value, (size_t)index);
    return element != NULL ? element : json_null();
}

/* First name through the stack from the innermost context, the rest strictly inside it. */
static const json_t *look_up(const Render *render, const char *const *path) {
    unsigned top = render->context_count;
    if (path[0] == NULL) {
        return render->contexts[top - 1];
    }
    const json_t *value = NULL;
    while (value == NULL && top > 0) {
        value = json_object_get(render->contexts[--top], path[0]);
    }
    for (size_t i = 1; value != NULL && path[i] != NULL; i++) {
        if (json_is_null(value)) {
            return value; /* a member of null is null, so {{site.who.name}} needs no section */
        }
        value = member(value, path[i]);
    }
    return value;
}

static bool
find_value(Render *render, const Template *template, const Node *node, const json_t **ret_value) {
    *ret_value = look_up(render, node->path);
    if (*ret_value == NULL && (render->flags & TEMPLATE_STRICT) != 0) {
        return fail_node(
            render, template, node, HZ_ERROR_INVALID, "\"%s\" is not in the model", node->text);
    }
    return true;
}

static bool is_truthy(const json_t *value) {
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return json_real_value(value) < 0 || json_real_value(value) > 0;
    case JSON_OBJECT:
    case JSON_TRUE:
    default:
        return true;
    }
}

/* --- output ------------------------------------------------------------------------------------
 */

static void begin_line(Render *render) {
    if (render->is_fresh_line && *render->indent != '\0') {
        g_string_append(render->out, render->indent);
    }
    render->is_fresh_line = false;
}

static void put_text(Render *render, const char *text, size_t size) {
    if (size == 0) {
        return;
    }
    if (*render->indent == '\0') {
        g_string_append_len(render->out, text, (gssize)size);
        render->is_fresh_line = text[size - 1] == '\n';
        return;
    }
    for (const char *end = text + size; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline == NULL ? end : newline + 1;
        if (newline != text) { /* empty lines stay empty */
            begin_line(render);
        }
        g_string_append_len(render->out, text, next - text);
        render->is_fresh_line = newline != NULL;
        text = next;
    }
}

static const char *entity(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_escaped(GString *out, const char *text, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        /* all five stand below '?': one comparison rules out most bytes */
        const char *replacement = (unsigned char)text[i] < '?' ? entity(text[i]) : NULL;
        if (replacement != NULL) {
            g_string_append_len(out, text + from, (gssize)(i - from));
            g_string_append(out, replacement);
            from = i + 1;
        }
    }
    g_string_append_len(out, text + from, (gssize)(size - from));
}

/* Shortest of 15 or 17 digits that reads back as the same number. */
static void put_real(GString *out, double number) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.15g", number);
    double back = g_ascii_strtod(text, NULL);
    if (back < number || back > number) {
        g_ascii_formatd(text, sizeof text, "%.17g", number);
    }
    g_string_append(out, text);
}

static bool put_value(Render *render, const Template *template, const Node *node) {
    const json_t *value = NULL;
    if (!find_value(render, template, node, &value)) {
        return false;
    }
    begin_line(render);
    GString *out = render->out;
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        if (node->kind == NODE_ESCAPED && (render->flags & TEMPLATE_TEXT) == 0) {
            put_escaped(out, json_string_value(value), json_string_length(value));
        } else {
            g_string_append_len(out, json_string_value(value), (gssize)json_string_length(value));
        }
        return true;
    case JSON_INTEGER:
        g_string_append_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    case JSON_REAL:
        put_real(out, json_real_value(value));
        return true;
    case JSON_TRUE:
        g_string_append(out, "true");
        return true;
    case JSON_FALSE:
        g_string_append(out, "false");
        return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
        if ((render->flags & TEMPLATE_STRICT) != 0) {
            return fail_node(render,
                             template,
                             node,
                             HZ_ERROR_INVALID,
                             "\"%s\" is a list or an object, not a text",
                             node->text);
        }
        return true;
    case JSON_NULL:
    default:
        return true;
    }
}

/* --- what has children -------------------------------------------------------------------------
 */

static bool render_with(Render *render, const json_t *context, Range range) {
    render->contexts[render->context_count++] = context;
    bool ok = render_range(render, range);
    render->context_count--;
    return ok;
}

static bool render_section(Render *render, const Template *template, uint32_t index) {
    const Node *node = &template->nodes[index];
    const json_t *value = NULL;
    if (!find_value(render, template, node, &value)) {
        return false;
    }
    Range range = {template, index + 1, node->end};
    if (node->kind == NODE_INVERTED) {
        return is_truthy(value) || render_range(render, range);
    }
    if (!is_truthy(value)) {
        return true;
    }
    if (!json_is_array(value)) {
        return render_with(render, value, range);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!render_with(render, json_array_get(value, i), range)) {
            return false;
        }
    }
    return true;
}

/* Renders with `indent` added to the present one. */
static bool render_indented(Render *render, const char *indent, Range range) {
    if (*indent == '\0') {
        return render_range(render, range);
    }
    const char *outer = render->indent;
    g_autofree char *joined = g_strconcat(outer, indent, NULL);
    render->indent = joined;
    bool ok = render_range(render, range);
    render->indent = outer;
    return ok;
}

/* A partial or a parent: another whole template. */
static bool render_other(Render *render, const Template *template, uint32_t index) {
    const Node *node = &template->nodes[index];
    GError *broken = NULL;
    const Template *other =
        render->find == NULL ? NULL : render->find(node->text, render->data, &broken);
    if (broken != NULL) {
        g_propagate_error(render->error, broken);
        return false;
    }
    if (other == NULL) {
        return (render->flags & TEMPLATE_STRICT) == 0 || fail_node(render,
                                                                   template,
                                                                   node,
                                                                   HZ_ERROR_INVALID,
                                                                   "there is no template \"%s\"",
                                                                   node->text);
    }
    bool is_parent = node->kind == NODE_PARENT;
    if (is_parent) {
        render->fills[render->fill_count++] = (Fill){template, index};
    }
    bool ok = render_indented(render, node->indent, (Range){other, 0, other->count});
    if (is_parent) {
        render->fill_count--;
    }
    return ok;
}

/* The outermost filling of block `name`; false if nobody fills it. */
static bool find_fill(const Render *render, const char *name, Range *ret_range) {
    for (unsigned f = 0; f < render->fill_count; f++) {
        const Template *template = render->fills[f].template;
        const Node *nodes = template->nodes;
        uint32_t end = nodes[render->fills[f].parent].end;
        for (uint32_t i = render->fills[f].parent + 1; i < end; i = nodes[i].end) {
            if (nodes[i].kind == NODE_BLOCK && strcmp(nodes[i].text, name) == 0) {
                *ret_range = (Range){template, i + 1, nodes[i].end};
                return true;
            }
        }
    }
    return false;
}

static bool render_block(Render *render, const Template *template, uint32_t index) {
    const Node *node = &template->nodes[index];
    Range range = {template, index + 1, node->end};
    bool is_filled = find_fill(render, node->text, &range);
    const char *indent = is_filled || node->stands_alone ? node->indent : "";
    return render_indented(render, indent, range);
}

static bool render_node(Render *render, const Template *template, uint32_t index) {
    const Node *node = &template->nodes[index];
    switch (node->kind) {
    case NODE_TEXT:
        put_text(render, node->text, node->size);
        return true;
    case NODE_ESCAPED:
    case NODE_RAW:
        return put_value(render, template, node);
    case NODE_SECTION:
    case NODE_INVERTED:
        return render_section(render, template, index);
    case NODE_PARTIAL:
    case NODE_PARENT:
        return render_other(render, template, index);
    case NODE_BLOCK:
        return render_block(render, template, index);
    }
    g_assert_not_reached();
}

static bool check_limits(Render *render, const Template *template, const Node *node) {
    if (++render->steps > LIMIT_TEMPLATE_STEPS) {
        return fail_node(render, template, node, HZ_ERROR_LIMIT, "the template never ends");
    }
    if (render->out->len - render->start > LIMIT_TEMPLATE_OUTPUT) {
        return fail_node(render,
                         template,
                         node,
                         HZ_ERROR_LIMIT,
                         "the page is larger than %d bytes",
                         LIMIT_TEMPLATE_OUTPUT);
    }
    return true;
}

static bool render_range(Render *render, Range range) {
    const Template *template = range.template;
    if (range.first == range.end) {
        return true;
    }
    if (render->depth == LIMIT_TEMPLATE_DEPTH) {
        return fail_node(render,
                         template,
                         &template->nodes[range.first],
                         HZ_ERROR_LIMIT,
                         "more than %d templates and sections inside each other",
                         LIMIT_TEMPLATE_DEPTH);
    }
    render->depth++;
    bool ok = true;
    for (uint32_t i = range.first; ok && i < range.end; i = template->nodes[i].end) {
        ok =
            check_limits(render, template, &template->nodes[i]) && render_node(render, template, i);
    }
    render->depth--;
    return ok;
}

bool template_render(const Template *template,
                     const json_t *model,
                     TemplateFlags flags,
                     TemplateFinder find,
                     void *data,
                     GString *out,
                     GError **error) {
    g_autofree Render *render = g_new0(Render, 1);
    render->out = out;
    render->start = out->len;
    render->flags = flags;
    render->find = find;
    render->data = data;
    render->indent = "";
    render->is_fresh_line = true;
    render->error = error;
    return render_with(render, model, (Range){template, 0, template->count});
}
