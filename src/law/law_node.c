#include "law/law_node.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>
#include <yaml.h>

#define FILE_MAX (1024 * 1024)
#define TEXT_MAX 4000
#define ID_MAX 64

struct LawDoc {
    char *name;
    yaml_document_t yaml;
};

/* --- parsing ------------------------------------------------------------------------------------
 */

static yaml_node_t *node_of(LawNode node) {
    return node.at == 0 ? NULL : yaml_document_get_node(&node.doc->yaml, node.at);
}

static bool parse_error(const char *name, const yaml_parser_t *parser, GError **error) {
    return hz_fail(error,
                   HZ_ERROR_INVALID,
                   "%s:%zu:%zu: %s%s%s",
                   name,
                   parser->problem_mark.line + 1,
                   parser->problem_mark.column + 1,
                   parser->problem == NULL ? "not YAML" : parser->problem,
                   parser->context == NULL ? "" : " ",
                   parser->context == NULL ? "" : parser->context);
}

/* Every node has one parent: a second one can only come from an alias. */
static void take_child(LawReader *reader, LawDoc *doc, GArray *parents, int child) {
    int *count = &g_array_index(parents, int, child);
    if (++*count > 1) {
        law_wrong(reader, (LawNode){doc, child}, "anchors and aliases are not used here");
    }
}

static void check_map(LawReader *reader, LawDoc *doc, GArray *parents, int at) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    LawNode map = {doc, at};
    const yaml_node_t *node = node_of(map);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top && reader->error == NULL;
         pair++) {
        take_child(reader, doc, parents, pair->key);
        take_child(reader, doc, parents, pair->value);
        const char *key = law_scalar((LawNode){doc, pair->key});
        if (key == NULL) {
            law_wrong(reader, (LawNode){doc, pair->key}, "a key is a text");
        } else if (!g_hash_table_add(seen, (gpointer)key)) {
            law_wrong(reader, (LawNode){doc, pair->key}, "the key \"%s\" stands twice", key);
        }
    }
}

static bool check_tree(LawDoc *doc, GError **error) {
    LawReader reader = {NULL};
    int count = (int)(doc->yaml.nodes.top - doc->yaml.nodes.start);
    g_autoptr(GArray) parents = g_array_new(FALSE, TRUE, sizeof(int));
    g_array_set_size(parents, (guint)count + 1);
    for (int at = 1; at <= count && reader.error == NULL; at++) {
        const yaml_node_t *node = node_of((LawNode){doc, at});
        if (node->type == YAML_MAPPING_NODE) {
            check_map(&reader, doc, parents, at);
        }
        for (const yaml_node_item_t *item =
                 node->type == YAML_SEQUENCE_NODE ? node->data.sequence.items.start : NULL;
             item != NULL && item < node->data.sequence.items.top && reader.error == NULL;
             item++) {
            take_child(&reader, doc, parents, *item);
        }
    }
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
        return false;
    }
    return true;
}

/* Nothing may follow the first document. */
static bool load(yaml_parser_t *parser, LawDoc *doc, GError **error) {
    if (!yaml_parser_load(parser, &doc->yaml)) {
        return parse_error(doc->name, parser, error);
    }
    if (yaml_document_get_root_node(&doc->yaml) == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s:1:1: nothing in it", doc->name);
    }
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        return parse_error(doc->name, parser, error);
    }
    bool is_single = yaml_document_get_root_node(&second) == NULL;
    yaml_document_delete(&second);
    return is_single ||
           hz_fail(error, HZ_ERROR_INVALID, "%s:1:1: more than one document", doc->name);
}

LawDoc *law_doc_parse(const char *name, const char *text, size_t size, GError **error) {
    if (size > FILE_MAX || memchr(text, '\0', size) != NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "%s:1:1: not a text of at most 1 MiB", name);
        return NULL;
    }
    yaml_parser_t parser;
    g_assert(yaml_parser_initialize(&parser));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    g_autoptr(LawDoc) doc = g_new0(LawDoc, 1);
    doc->name = g_strdup(name);
    bool good = load(&parser, doc, error);
    yaml_parser_delete(&parser);
    return good && check_tree(doc, error) ? g_steal_pointer(&doc) : NULL;
}

void law_doc_free(LawDoc *doc) {
    if (doc != NULL) {
        yaml_document_delete(&doc->yaml);
        g_free(doc->name);
        g_free(doc);
    }
}

const char *law_doc_name(const LawDoc *doc) {
    return doc->name;
}

/* --- walking ------------------------------------------------------------------------------------
 */

LawNode law_root(LawDoc *doc) {
    return (LawNode){doc, 1};
}

bool law_is_there(LawNode node) {
    return node.at != 0;
}

char *law_place(LawNode node) {
    const yaml_node_t *found = node_of(node);
    return g_strdup_printf("%s:%zu:%zu",
                           node.doc->name,
                           found == NULL ? 1 : found->start_mark.line + 1,
                           found == NULL ? 1 : found->start_mark.column + 1);
}

unsigned law_count(LawNode list) {
    const yaml_node_t *node = node_of(list);
    return node == NULL || node->type != YAML_SEQUENCE_NODE
               ? 0
               : (unsigned)(node->data.sequence.items.top - node->data.sequence.items.start);
}

LawNode law_at(LawNode list, unsigned number) {
    g_assert(number < law_count(list));
    return (LawNode){list.doc, node_of(list)->data.sequence.items.start[number]};
}

unsigned law_pairs(LawNode map) {
    const yaml_node_t *node = node_of(map);
    return node == NULL || node->type != YAML_MAPPING_NODE
               ? 0
               : (unsigned)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

LawNode law_key(LawNode map, unsigned number) {
    g_assert(number < law_pairs(map));
    return (LawNode){map.doc, node_of(map)->data.mapping.pairs.start[number].key};
}

LawNode law_value(LawNode map, unsigned number) {
    g_assert(number < law_pairs(map));
    return (LawNode){map.doc, node_of(map)->data.mapping.pairs.start[number].value};
}

LawNode law_get(LawNode map, const char *key) {
    for (unsigned i = 0; i < law_pairs(map); i++) {
        if (strcmp(law_scalar(law_key(map, i)), key) == 0) {
            return law_value(map, i);
        }
    }
    return (LawNode){map.doc, 0};
}

const char *law_scalar(LawNode node) {
    const yaml_node_t *found = node_of(node);
    return found == NULL || found->type != YAML_SCALAR_NODE
               ? NULL
               : (const char *)found->data.scalar.value;
}

/* --- reading ------------------------------------------------------------------------------------
 */

void law_wrong(LawReader *reader, LawNode node, const char *format, ...) {
    if (reader->error != NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *place = law_place(node);
    hz_fail(&reader->error, HZ_ERROR_INVALID, "%s: %s", place, what);
}

static bool names_key(char **keys, const char *key) {
    for (char **one = keys; *one != NULL; one++) {
        size_t size = strlen(*one);
        size -= size > 0 && (*one)[size - 1] == '?';
        if (strlen(key) == size && strncmp(*one, key, size) == 0) {
            return true;
        }
    }
    return false;
}

bool law_keys(LawReader *reader, LawNode map, const char *keys) {
    const yaml_node_t *node = node_of(map);
    if (node == NULL || node->type != YAML_MAPPING_NODE) {
        law_wrong(reader, map, "a map is expected here");
        return false;
    }
    g_auto(GStrv) list = g_strsplit(keys, " ", -1);
    for (unsigned i = 0; i < law_pairs(map); i++) {
        const char *key = law_scalar(law_key(map, i));
        if (!names_key(list, key)) {
            law_wrong(reader, law_key(map, i), "unknown key \"%s\"; known: %s", key, keys);
        }
    }
    for (char **one = list; *one != NULL; one++) {
        if (!g_str_has_suffix(*one, "?") && !law_is_there(law_get(map, *one))) {
            law_wrong(reader, map, "the key \"%s\" is missing", *one);
        }
    }
    return reader->error == NULL;
}

bool law_list(LawReader *reader, LawNode list) {
    if (law_count(list) == 0) {
        law_wrong(reader, list, "a list is expected here, with at least one item");
    }
    return reader->error == NULL;
}

const char *law_text(LawReader *reader, LawNode node) {
    const char *text = law_scalar(node);
    if (text == NULL || text[0] == '\0') {
        law_wrong(reader, node, "a text is expected here");
        return "";
    }
    if (strlen(text) > TEXT_MAX) {
        law_wrong(reader, node, "the text is longer than %d bytes", TEXT_MAX);
        return "";
    }
    return text;
}

const char *law_text_or_null(LawReader *reader, LawNode node) {
    return law_is_there(node) ? law_text(reader, node) : NULL;
}

const char *law_id(LawReader *reader, LawNode node) {
    const char *id = law_text(reader, node);
    if (strlen(id) > ID_MAX || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id)) {
        law_wrong(reader, node, "an id is of a-z 0-9 -, at most %d", ID_MAX);
        return "";
    }
    return id;
}

int64_t law_int(LawReader *reader, LawNode node, int64_t min, int64_t max) {
    int64_t number = min;
    if (!g_ascii_string_to_signed(law_text(reader, node), 10, min, max, &number, NULL)) {
        law_wrong(reader,
                  node,
                  "a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " is expected",
                  min,
                  max);
        return min;
    }
    return number;
}

bool law_bool(LawReader *reader, LawNode node) {
    static const char *const words[] = {"false", "true", NULL};
    return law_word(reader, node, words) == 1;
}

int law_word(LawReader *reader, LawNode node, const char *const *words) {
    const char *text = law_text(reader, node);
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    g_autofree char *all = g_strjoinv(", ", (char **)words);
    law_wrong(reader, node, "\"%s\" is none of: %s", text, all);
    return 0;
}

int64_t law_day(LawReader *reader, LawNode node) {
    const char *text = law_text(reader, node);
    int64_t time_us = 0;
    if (strlen(text) != 10 || !clock_parse(text, &time_us)) {
        law_wrong(reader, node, "\"%s\" is no day of the form 2026-11-22", text);
    }
    return time_us;
}
