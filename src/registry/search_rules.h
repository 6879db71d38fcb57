/*
 * How text becomes searchable: normal form, grams, terms. Pure. Thread: any.
 *
 * Normal form: NFKC, lower case, white space and control characters as one blank, trimmed. A row's
 * grams are all pairs of neighbouring characters of each field, and all triples that hold an ASCII
 * letter or digit. A gram is written as one token of letters: other ASCII characters are
 * shifted into a private area, so that tokens can be joined by blanks. Marks ("district 500103")
 * are tokens that no text can produce.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SEARCH_TERMS_MAX 8
#define SEARCH_GRAMS_MAX 128 /* in one query */

/* Caller frees. Invalid UTF-8 gives "". */
char *search_normalise(const char *text);

/* Appends the tokens of one field (already in normal form) to `out`, each followed by a blank. */
void search_add_grams(GString *out, const char *normal);
/* Appends a mark token: kind is a letter, value any number. */
void search_add_mark(GString *out, char kind, int64_t value);

/* What a person typed: every term must stand in some field of the row. */
typedef struct SearchTerms {
    char *terms[SEARCH_TERMS_MAX]; /* in normal form, owned */
    size_t count;
    char *tokens[SEARCH_GRAMS_MAX]; /* without repeats, owned */
    size_t token_count;
    bool is_exact; /* the one token decides by itself: no row needs a second look */
} SearchTerms;
/* False if no term has two characters (`terms` is then empty). */
bool search_terms_parse(const char *text, SearchTerms *ret_terms);
void search_terms_clear(SearchTerms *terms);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SearchTerms, search_terms_clear)
/* All terms stand somewhere in these fields (raw texts, may be NULL). */
bool search_terms_match(const SearchTerms *terms, const char *const *fields, size_t field_count);

/* 32-bit key of a token within one block of ids, for PostgreSQL's integer array index. */
int32_t search_block_key(const char *token, size_t size, int64_t block);
#define SEARCH_BLOCK_BITS 14

/* One token could go on where the other ends, as two pairs of one word do: rows that have one often
 * have the other too. Marks never do. */
bool search_tokens_overlap(const char *a, const char *b);

/* Hash of a normal form, for finding equal texts: 63 bits, never negative. */
int64_t search_text_hash(const char *normal);
