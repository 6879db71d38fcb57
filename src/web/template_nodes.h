/*
 * What the Mustache parser hands to the renderer; private to template*.c.
 *
 * A template is one flat array of nodes in source order. A node with children (section, inverted,
 * parent, block) is followed by them; `end` is the index after the last one, so skipping is a jump
 * and rendering is a loop without pointers to chase.
 */
#pragma once

#include "web/template.h"

#include <stdint.h>

typedef enum NodeKind {
    NODE_TEXT,
    NODE_ESCAPED,  /* {{x}} */
    NODE_RAW,      /* {{{x}}} {{&x}} */
    NODE_SECTION,  /* {{#x}} */
    NODE_INVERTED, /* {{^x}} */
    NODE_PARTIAL,  /* {{>x}} */
    NODE_PARENT,   /* {{<x}}: its direct children are the blocks it fills */
    NODE_BLOCK,    /* {{$x}} */
} NodeKind;

typedef struct Node {
    NodeKind kind;
    uint32_t end;       /* index after the last child; own index + 1 without children */
    uint32_t offset;    /* of the tag in the source, for messages */
    uint32_t size;      /* NODE_TEXT: bytes in `text` */
    const char *text;   /* NODE_TEXT: template text; otherwise the whole name, NUL at its end */
    const char **path;  /* names of variables and sections, split at the dots, ends with NULL;
                           empty for the implicit iterator {{.}} */
    const char *indent; /* white space put before each line of what is included here; never NULL */
    bool at_line_start; /* NODE_TEXT: begins a source line */
    bool stands_alone;  /* NODE_BLOCK: its tags stand alone on their lines; the default content
                           has lost `indent` and gets it back like any other content */
} Node;

struct Template {
    char *name;
    char *source; /* owned copy; texts point into it or into `strings` */
    size_t size;
    GStringChunk *strings;
    GPtrArray *paths; /* owns the `path` arrays */
    Node *nodes;
    uint32_t count;
};

/* Line and column (in characters, from 1) of a byte offset. */
void template_place(const Template *template,
                    uint32_t offset,
                    unsigned *ret_line,
                    unsigned *ret_column);
