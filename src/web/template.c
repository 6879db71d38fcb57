/* Mustache parser: source text to a flat node array. Line rules follow the official spec:
 * a tag that stands alone on its line takes the line with it. */
#include "web/template.h"

#include "base/error.h"
#include "base/limits.h"
#include "web/template_nodes.h"

#include <string.h>

typedef struct Open {
    uint32_t node;
    uint32_t tag_end;      /* source offset after the opening tag */
    bool is_override;      /* a block directly inside a parent */
    bool leads;            /* only white space before the opening tag on its line */
    uint32_t lead_size;    /* that white space */
    uint32_t content_from; /* source offset of the content, after a stripped line end */
    bool ends_line;        /* only white space after the opening tag on its line */
} Open;

typedef struct Parser {
    Template *template;
    TemplateFlags flags;
    GArray *nodes; /* Node */
    GArray *open;  /* Open */
    char opener[LIMIT_TEMPLATE_DELIMITER + 1];
    char closer[LIMIT_TEMPLATE_DELIMITER + 1];
    uint32_t position;
    bool is_fresh_line; /* `position` begins a line for the purpose of indentation */
} Parser;

typedef struct Tag {
    uint32_t start; /* of the opening delimiter */
    uint32_t end;   /* after the closing delimiter */
    char sigil;     /* 0 for a plain variable */
    const char *name;
    uint32_t name_size;
} Tag;

void template_place(const Template *template,
                    uint32_t offset,
                    unsigned *ret_line,
                    unsigned *ret_column) {
    unsigned line = 1, column = 1;
    for (uint32_t i = 0; i < offset && i < template->size; i++) {
        unsigned char c = (unsigned char)template->source[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if ((c & 0xc0u) != 0x80u) { /* count characters, not UTF-8 bytes */
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

static bool G_GNUC_PRINTF(4, 5)
    fail_at(const Parser *parser, uint32_t offset, GError **error, const char *format, ...) {
    unsigned line, column;
    template_place(parser->template, offset, &line, &column);
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    return hz_fail(error,
                   HZ_ERROR_INVALID,
                   "template %s, line %u, column %u: %s",
                   parser->template->name,
                   line,
                   column,
                   message);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* True if only blanks stand between the line's start and `offset`; *ret_size counts them. */
static bool leads_line(const Parser *parser, uint32_t offset, uint32_t *ret_size) {
    const char *source = parser->template->source;
    uint32_t from = offset;
    while (from > 0 && is_blank(source[from - 1])) {
        from--;
    }
    *ret_size = offset - from;
    return from == 0 || source[from - 1] == '\n';
}

/* True if only blanks stand between `offset` and the line's end; *ret_next is the next line. */
static bool ends_line(const Parser *parser, uint32_t offset, uint32_t *ret_next) {
    const char *source = parser->template->source;
    while (is_blank(source[offset])) {
        offset++;
    }
    if (offset == parser->template->size) {
        *ret_next = offset;
        return true;
    }
    if (source[offset] == '\r' && source[offset + 1] == '\n') {
        offset++;
    }
    *ret_next = offset + 1;
    return source[offset] == '\n';
}

static Node *node_at(const Parser *parser, uint32_t index) {
    return &g_array_index(parser->nodes, Node, index);
}

static Open *innermost(const Parser *parser) {
    return parser->open->len == 0 ? NULL
                                  : &g_array_index(parser->open, Open, parser->open->len - 1);
}

static bool inside_parent(const Parser *parser) {
    const Open *open = innermost(parser);
    return open != NULL && node_at(parser, open->node)->kind == NODE_PARENT;
}

static Node *add_node(Parser *parser, NodeKind kind, uint32_t offset) {
    Node node = {.kind = kind, .offset = offset, .text = "", .indent = ""};
    node.end = parser->nodes->len + 1;
    g_array_append_val(parser->nodes, node);
    return node_at(parser, parser->nodes->len - 1);
}

/* The text up to `until`; dropped between the blocks of a parent, as the spec says. */
static void add_text(Parser *parser, uint32_t until) {
    if (until > parser->position && !inside_parent(parser)) {
        Node *node = add_node(parser, NODE_TEXT, parser->position);
        node->text = parser->template->source + parser->position;
        node->size = until - parser->position;
        node->at_line_start = parser->is_fresh_line;
    }
}

/* Takes `size` trailing blanks back from the text before node `index`. */
static void trim_text_before(Parser *parser, uint32_t index, uint32_t size) {
    if (index > 0 && size > 0) {
        Node *text = node_at(parser, index - 1);
        if (text->kind == NODE_TEXT && text->size >= size) {
            text->size -= size;
        }
    }
}

static const char *keep(Parser *parser, const char *text, size_t size) {
    return g_string_chunk_insert_len(parser->template->strings, text, (gssize)size);
}

/* --- indentation of blocks ---------------------------------------------------------------------
 */

static uint32_t common_prefix(const char *text, uint32_t size, const char *prefix) {
    uint32_t n = 0;
    while (n < size && prefix[n] != '\0' && text[n] == prefix[n]) {
        n++;
    }
    return n;
}

static void dedent_text(Parser *parser, Node *node, const char *prefix) {
    g_autoptr(GString) out = g_string_sized_new(node->size);
    bool fresh = node->at_line_start;
    for (uint32_t i = 0; i < node->size;) {
        if (fresh) {
            i += common_prefix(node->text + i, node->size - i, prefix);
        }
        const char *newline = memchr(node->text + i, '\n', node->size - i);
        uint32_t until = newline == NULL ? node->size : (uint32_t)(newline - node->text) + 1;
        g_string_append_len(out, node->text + i, until - i);
        fresh = newline != NULL;
        i = until;
    }
    node->text = keep(parser, out->str, out->len);
    node->size = (uint32_t)out->len;
}

/* Takes `prefix` off every line of the nodes from `first` on. Content of nested blocks that stand
 * alone has lost its own indentation already; what is left of it is in their `indent`. */
static void dedent(Parser *parser, uint32_t first, const char *prefix) {
    if (*prefix == '\0') {
        return;
    }
    for (uint32_t i = first; i < parser->nodes->len;) {
        Node *node = node_at(parser, i);
        if (node->kind == NODE_TEXT) {
            dedent_text(parser, node, prefix);
        }
        bool is_unit = node->kind == NODE_PARTIAL || node->kind == NODE_PARENT;
        if (is_unit || (node->kind == NODE_BLOCK && node->stands_alone)) {
            node->indent += common_prefix(node->indent, (uint32_t)strlen(node->indent), prefix);
            i = node->end;
        } else {
            i++;
        }
    }
}

/* White space before the first line of a block's content: its own indentation. */
static const char *intrinsic_indent(Parser *parser, uint32_t from) {
    const char *source = parser->template->source;
    uint32_t until = from;
    while (is_blank(source[until])) {
        until++;
    }
    return keep(parser, source + from, until - from);
}

/* --- names -------------------------------------------------------------------------------------
 */

static bool split_path(Parser *parser, Node *node, const Tag *tag, GError **error) {
    if (strcmp(node->text, ".") == 0) {
        node->path = g_new0(const char *, 1);
        g_ptr_array_add(parser->template->paths, (gpointer)node->path);
        return true;
    }
    g_auto(GStrv) parts = g_strsplit(node->text, ".", -1);
    guint count = g_strv_length(parts);
    const char **path = g_new0(const char *, count + 1);
    g_ptr_array_add(parser->template->paths, (gpointer)path);
    for (guint i = 0; i < count; i++) {
        if (*parts[i] == '\0') {
            return fail_at(parser, tag->start, error, "\"%s\" is no name", node->text);
        }
        path[i] = keep(parser, parts[i], strlen(parts[i]));
    }
    node->path = path;
    return true;
}

static bool check_name(const Parser *parser, const Tag *tag, GError **error) {
    if (tag->name_size == 0) {
        return fail_at(parser, tag->start, error, "a tag without a name");
    }
    for (uint32_t i = 0; i < tag->name_size; i++) {
        unsigned char c = (unsigned char)tag->name[i];
        if (c <= ' ' || c == 0x7f) {
            return fail_at(parser, tag->start, error, "a name has no white space");
        }
    }
    return true;
}

/* --- tags --------------------------------------------------------------------------------------
 */

static uint32_t trim(const Parser *parser, uint32_t *from, uint32_t until) {
    const char *source = parser->template->source;
    while (*from < until && g_ascii_isspace(source[*from])) {
        (*from)++;
    }
    while (until > *from && g_ascii_isspace(source[until - 1])) {
        until--;
    }
    return until - *from;
}

/* Reads the tag whose opening delimiter stands at `start`. */
static bool read_tag(const Parser *parser, uint32_t start, Tag *ret_tag, GError **error) {
    const char *source = parser->template->source;
    uint32_t from = start + (uint32_t)strlen(parser->opener);
    char sigil = source[from] != '\0' && strchr("!#^/>&{=<$", source[from]) ? source[from] : '\0';
    if (sigil != '\0') {
        from++;
    }
    char closer[LIMIT_TEMPLATE_DELIMITER + 2];
    g_snprintf(closer,
               sizeof closer,
               "%s%s",
               sigil == '{'   ? "}"
               : sigil == '=' ? "="
                              : "",
               parser->closer);
    const char *end = strstr(source + from, closer);
    if (end == NULL) {
        return fail_at(parser, start, error, "the tag is not closed with %s", closer);
    }
    Tag tag = {.start = start, .sigil = sigil};
    tag.end = (uint32_t)(end - source) + (uint32_t)strlen(closer);
    tag.name_size = trim(parser, &from, (uint32_t)(end - source));
    tag.name = source + from;
    *ret_tag = tag;
    return true;
}

static bool set_delimiters(Parser *parser, const Tag *tag, GError **error) {
    g_autofree char *text = g_strndup(tag->name, tag->name_size);
    g_auto(GStrv) words = g_strsplit_set(text, " \t\r\n", -1);
    const char *found[2] = {NULL, NULL};
    size_t count = 0;
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0') {
            continue;
        }
        if (count == 2 || strlen(*word) > LIMIT_TEMPLATE_DELIMITER || strchr(*word, '=') != NULL) {
            return fail_at(parser, tag->start, error, "delimiters are two short words without =");
        }
        found[count++] = *word;
    }
    if (count != 2) {
        return fail_at(parser, tag->start, error, "delimiters are two short words without =");
    }
    g_strlcpy(parser->opener, found[0], sizeof parser->opener);
    g_strlcpy(parser->closer, found[1], sizeof parser->closer);
    return true;
}

static void go_to(Parser *parser, uint32_t position) {
    parser->position = position;
    parser->is_fresh_line = position > 0 && parser->template->source[position - 1] == '\n';
}

/* Text before the tag and, if it stands alone on its line, away with the line. */
static bool add_text_alone(Parser *parser, const Tag *tag, uint32_t *ret_lead) {
    uint32_t lead = 0, next = 0;
    bool alone = leads_line(parser, tag->start, &lead) && ends_line(parser, tag->end, &next);
    add_text(parser, alone ? tag->start - lead : tag->start);
    go_to(parser, alone ? next : tag->end);
    *ret_lead = alone ? lead : 0;
    return alone;
}

static bool add_variable(Parser *parser, const Tag *tag, GError **error) {
    add_text(parser, tag->start);
    Node *node = add_node(parser, tag->sigil == '\0' ? NODE_ESCAPED : NODE_RAW, tag->start);
    node->text = keep(parser, tag->name, tag->name_size);
    go_to(parser, tag->end);
    if (node->kind == NODE_RAW && (parser->flags & TEMPLATE_ANY_RAW) == 0 &&
        !g_str_has_suffix(node->text, "_html")) {
        return fail_at(parser,
                       tag->start,
                       error,
                       "unescaped {{{%s}}}: only names that end in _html may be raw",
                       node->text);
    }
    return split_path(parser, node, tag, error);
}

static bool add_partial(Parser *parser, const Tag *tag) {
    uint32_t lead = 0;
    add_text_alone(parser, tag, &lead);
    Node *node = add_node(parser, NODE_PARTIAL, tag->start);
    node->text = keep(parser, tag->name, tag->name_size);
    node->indent = keep(parser, parser->template->source + tag->start - lead, lead);
    return true;
}

static bool push_open(Parser *parser, const Open *open, GError **error) {
    if (parser->open->len >= LIMIT_TEMPLATE_DEPTH) {
        return fail_at(parser,
                       open->tag_end,
                       error,
                       "more than %d sections inside each other",
                       LIMIT_TEMPLATE_DEPTH);
    }
    g_array_append_val(parser->open, *open);
    return true;
}

static bool open_section(Parser *parser, const Tag *tag, GError **error) {
    uint32_t lead = 0;
    add_text_alone(parser, tag, &lead);
    Node *node = add_node(parser, tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, tag->start);
    node->text = keep(parser, tag->name, tag->name_size);
    if (!split_path(parser, node, tag, error)) {
        return false;
    }
    Open open = {.node = parser->nodes->len - 1, .tag_end = tag->end};
    return push_open(parser, &open, error);
}

/* Parents and blocks are judged as units, so the line is only trimmed when they close. */
static bool open_unit(Parser *parser, const Tag *tag, GError **error) {
    Open open = {.tag_end = tag->end, .is_override = inside_parent(parser)};
    uint32_t next = 0;
    open.leads = leads_line(parser, tag->start, &open.lead_size);
    open.ends_line = ends_line(parser, tag->end, &next);
    bool is_block = tag->sigil == '$';
    bool alone = is_block && open.ends_line && (open.leads || open.is_override);
    add_text(parser, alone && open.leads ? tag->start - open.lead_size : tag->start);
    Node *node = add_node(parser, is_block ? NODE_BLOCK : NODE_PARENT, tag->start);
    open.node = parser->nodes->len - 1;
    node->text = keep(parser, tag->name, tag->name_size);
    if (open.leads) {
        node->indent =
            keep(parser, parser->template->source + tag->start - open.lead_size, open.lead_size);
    }
    node->stands_alone = alone;
    go_to(parser, alone ? next : tag->end);
    open.content_from = parser->position;
    return push_open(parser, &open, error);
}

static void close_block(Parser *parser, const Open *open, const Tag *tag) {
    uint32_t lead = 0, next = 0;
    bool leads = leads_line(parser, tag->start, &lead);
    bool alone = leads && (open->is_override || ends_line(parser, tag->end, &next));
    add_text(parser, alone ? tag->start - lead : tag->start);
    Node *node = node_at(parser, open->node);
    if (node->stands_alone) {
        bool is_empty = parser->nodes->len == open->node + 1;
        const char *own = is_empty ? "" : intrinsic_indent(parser, open->content_from);
        dedent(parser, open->node + 1, own);
        node = node_at(parser, open->node);
        if (!is_empty) {
            node->indent = own;
        }
    }
    go_to(parser, alone && !open->is_override ? next : tag->end);
}

static void close_parent(Parser *parser, const Open *open, const Tag *tag) {
    uint32_t next = 0;
    if (open->leads && ends_line(parser, tag->end, &next)) {
        trim_text_before(parser, open->node, open->lead_size);
        go_to(parser, next);
    } else {
        node_at(parser, open->node)->indent = "";
        go_to(parser, tag->end);
    }
}

static bool close_tag(Parser *parser, const Tag *tag, GError **error) {
    if (parser->open->len == 0) {
        return fail_at(parser,
                       tag->start,
                       error,
                       "{{/%.*s}} closes nothing",
                       (int)MIN(tag->name_size, 80),
                       tag->name);
    }
    Open open = *innermost(parser);
    const char *name = node_at(parser, open.node)->text;
    if (strlen(name) != tag->name_size || memcmp(name, tag->name, tag->name_size) != 0) {
        return fail_at(parser,
                       tag->start,
                       error,
                       "{{/%.*s}} stands where {{/%s}} is due",
                       (int)MIN(tag->name_size, 80),
                       tag->name,
                       name);
    }
    NodeKind kind = node_at(parser, open.node)->kind;
    if (kind == NODE_BLOCK) {
        close_block(parser, &open, tag);
    } else if (kind == NODE_PARENT) {
        close_parent(parser, &open, tag);
    } else {
        uint32_t lead = 0;
        add_text_alone(parser, tag, &lead);
    }
    g_array_set_size(parser->open, parser->open->len - 1);
    node_at(parser, open.node)->end = parser->nodes->len;
    return true;
}

static bool take_tag(Parser *parser, const Tag *tag, GError **error) {
    uint32_t lead = 0;
    if (tag->sigil == '!') {
        add_text_alone(parser, tag, &lead);
        return true;
    }
    if (tag->sigil == '=') {
        add_text_alone(parser, tag, &lead);
        return set_delimiters(parser, tag, error);
    }
    if (!check_name(parser, tag, error)) {
        return false;
    }
    if (inside_parent(parser) && tag->sigil != '$' && tag->sigil != '/') {
        return fail_at(parser, tag->start, error, "only blocks may stand inside a parent");
    }
    switch (tag->sigil) {
    case '#':
    case '^':
        return open_section(parser, tag, error);
    case '<':
    case '$':
        return open_unit(parser, tag, error);
    case '/':
        return close_tag(parser, tag, error);
    case '>':
        return add_partial(parser, tag);
    default:
        return add_variable(parser, tag, error);
    }
}

static bool parse_all(Parser *parser, GError **error) {
    const char *source = parser->template->source;
    for (;;) {
        const char *start = strstr(source + parser->position, parser->opener);
        if (start == NULL) {
            add_text(parser, (uint32_t)parser->template->size);
            break;
        }
        Tag tag = {0};
        if (!read_tag(parser, (uint32_t)(start - source), &tag, error) ||
            !take_tag(parser, &tag, error)) {
            return false;
        }
    }
    if (parser->open->len > 0) {
        const Node *node = node_at(parser, innermost(parser)->node);
        return fail_at(parser, node->offset, error, "\"%s\" is not closed", node->text);
    }
    return true;
}

Template *template_parse(
    const char *name, const char *text, size_t size, TemplateFlags flags, GError **error) {
    if (size > LIMIT_TEMPLATE_SOURCE) {
        hz_fail(error,
                HZ_ERROR_LIMIT,
                "template %s: larger than %d bytes",
                name,
                LIMIT_TEMPLATE_SOURCE);
        return NULL;
    }
    if (memchr(text, '\0', size) != NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "template %s: holds a NUL byte", name);
        return NULL;
    }
    g_autoptr(Template) template = g_new0(Template, 1);
    template->name = g_strdup(name);
    template->source = g_strndup(text, size);
    template->size = size;
    template->strings = g_string_chunk_new(512);
    template->paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(Open));
    Parser parser = {.template = template, .flags = flags, .open = open, .is_fresh_line = true};
    parser.nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    g_strlcpy(parser.opener, "{{", sizeof parser.opener);
    g_strlcpy(parser.closer, "}}", sizeof parser.closer);
    bool ok = parse_all(&parser, error);
    template->count = parser.nodes->len;
    template->nodes = (Node *)g_array_free(parser.nodes, FALSE);
    return ok ? g_steal_pointer(&template) : NULL;
}

void template_free(Template *template) {
    if (template == NULL) {
        return;
    }
    g_free(template->name);
    g_free(template->source);
    g_string_chunk_free(template->strings);
    g_ptr_array_unref(template->paths);
    g_free(template->nodes);
    g_free(template);
}
