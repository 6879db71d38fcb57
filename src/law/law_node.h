/*
 * A YAML file as a tree that remembers places, and a reader that stops at the first mistake.
 *
 * Plain YAML only: no anchors, no aliases, no double keys, text keys, one document, at most 1 MiB.
 * Texts are borrowed from the document. A mistake is reported as "file:line:column: what"; after it
 * every reading call returns nothing, so that callers check once at the end. Thread: the one that
 * loads law/.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct LawDoc LawDoc;
/* `name` stands in messages and is copied. NULL on error (HZ_ERROR_INVALID). */
LawDoc *law_doc_parse(const char *name, const char *text, size_t size, GError **error);
void law_doc_free(LawDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LawDoc, law_doc_free)
const char *law_doc_name(const LawDoc *doc);

/* A value in a document; `at` is 0 when there is none. */
typedef struct LawNode {
    LawDoc *doc;
    int at;
} LawNode;
LawNode law_root(LawDoc *doc);
bool law_is_there(LawNode node);
/* "law/national/terms.yaml:7:5". Caller frees. */
char *law_place(LawNode node);

/* Items of a list; 0 for anything else. */
unsigned law_count(LawNode list);
LawNode law_at(LawNode list, unsigned number);
/* Pairs of a map, in the order of the file; 0 for anything else. */
unsigned law_pairs(LawNode map);
LawNode law_key(LawNode map, unsigned number);
LawNode law_value(LawNode map, unsigned number);
/* The value at a key; not there when the map has none. */
LawNode law_get(LawNode map, const char *key);
/* The text of a scalar as written; NULL for anything else. */
const char *law_scalar(LawNode node);

typedef struct LawReader {
    GError *error; /* the first mistake; owned by the caller */
} LawReader;

/* Reports a mistake at a node; the first one is kept. */
void law_wrong(LawReader *reader, LawNode node, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The node is a map with these keys and no others: "id name basis valid to?". '?': may be missing.
 * False after a mistake. */
bool law_keys(LawReader *reader, LawNode map, const char *keys);
/* A list, not empty. */
bool law_list(LawReader *reader, LawNode list);
/* A text that is not empty; "" after a mistake. */
const char *law_text(LawReader *reader, LawNode node);
/* The same; NULL where there is no node. */
const char *law_text_or_null(LawReader *reader, LawNode node);
/* [a-z0-9-]+, at most 64. */
const char *law_id(LawReader *reader, LawNode node);
int64_t law_int(LawReader *reader, LawNode node, int64_t min, int64_t max);
bool law_bool(LawReader *reader, LawNode node);
/* Number of the word in a list that ends with NULL; 0 after a mistake. */
int law_word(LawReader *reader, LawNode node, const char *const *words);
/* "YYYY-MM-DD" as the beginning of that day in Asia/Shanghai. */
int64_t law_day(LawReader *reader, LawNode node);
