#include "registry/search_rules.h"

#include <string.h>

#define PRIVATE_FIRST 0xE000 /* ASCII character c that is no letter or digit: U+E000 + c */
#define PRIVATE_LAST 0xF8FF
#define MARK 0xE100 /* begins every mark */

/* ASCII and the common han block need no Unicode tables: nearly every row ends here. */
static bool is_plain(const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
        if (*p < 0x80) {
            p++;
        } else if (p[0] >= 0xE4 && p[0] <= 0xE9 && p[1] >= 0x80 && p[2] >= 0x80 &&
                   (p[0] > 0xE4 || p[1] >= 0xB8)) {
            p += 3;
        } else {
            return false;
        }
    }
    return true;
}

static char *squeeze(const char *text) {
    size_t size = strlen(text);
    char *out = g_malloc(size + 1);
    char *end = out;
    bool blank = true; /* cuts leading blanks */
    for (const char *p = text; *p != '\0';) {
        unsigned char first = (unsigned char)*p;
        size_t step = first < 0x80 ? 1 : (size_t)(g_utf8_next_char(p) - p);
        bool space = first <= ' ' || first == 0x7F;
        if (first >= 0x80 && (first < 0xE4 || first > 0xE9)) { /* no blank is among the han */
            gunichar c = g_utf8_get_char(p);
            space = g_unichar_isspace(c) || g_unichar_iscntrl(c) ||
                    (c >= PRIVATE_FIRST && c <= PRIVATE_LAST);
        }
        if (!space) {
            for (size_t i = 0; i < step; i++) {
                *end++ = first < 0x80 ? g_ascii_tolower(*p) : p[i];
            }
        } else if (!blank) {
            *end++ = ' ';
        }
        blank = space;
        p += step;
    }
    if (end > out && end[-1] == ' ') {
        end--;
    }
    *end = '\0';
    return out;
}

char *search_normalise(const char *text) {
    if (is_plain(text)) {
        return squeeze(text);
    }
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    if (composed == NULL) {
        return g_strdup("");
    }
    g_autofree char *lower = g_utf8_strdown(composed, -1);
    return squeeze(lower);
}

static size_t char_size(const char *p) {
    return (unsigned char)*p < 0x80 ? 1 : (size_t)(g_utf8_next_char(p) - p);
}

static bool is_word(char c) {
    return g_ascii_isalnum(c);
}

static void add_char(GString *out, const char *p, size_t size) {
    if (size == 1 && !is_word(*p)) {
        g_string_append_unichar(out, PRIVATE_FIRST + (gunichar)(unsigned char)*p);
    } else {
        g_string_append_len(out, p, (gssize)size);
    }
}

/* Numbers and codes repeat their pairs everywhere; three characters tell them apart. */
static bool is_triple(const char *a, const char *b, const char *c) {
    return is_word(*a) || is_word(*b) || is_word(*c);
}

void search_add_grams(GString *out, const char *normal) {
    const char *p = normal;
    size_t first = *p == '\0' ? 0 : char_size(p);
    while (*p != '\0') {
        const char *q = p + first;
        if (*q == '\0') {
            return;
        }
        size_t second = char_size(q);
        add_char(out, p, first);
        add_char(out, q, second);
        g_string_append_c(out, ' ');
        const char *r = q + second;
        if (*r != '\0' && is_triple(p, q, r)) {
            add_char(out, p, first);
            add_char(out, q, second);
            add_char(out, r, char_size(r));
            g_string_append_c(out, ' ');
        }
        p = q;
        first = second;
    }
}

void search_add_mark(GString *out, char kind, int64_t value) {
    g_string_append_unichar(out, MARK);
    g_string_append_c(out, kind);
    g_string_append_printf(out, "%" G_GINT64_FORMAT " ", value);
}

/* --- what a person typed ------------------------------------------------------------------------
 */

static void add_token(SearchTerms *terms, GString *token) {
    for (size_t i = 0; i < terms->token_count; i++) {
        if (strcmp(terms->tokens[i], token->str) == 0) {
            return;
        }
    }
    if (terms->token_count < SEARCH_GRAMS_MAX) {
        terms->tokens[terms->token_count++] = g_strdup(token->str);
    }
}

/* The characters of a term: at most as many as a search phrase has bytes. */
static void add_term_tokens(SearchTerms *terms, const char *term) {
    g_autoptr(GArray) at = g_array_new(FALSE, FALSE, sizeof(const char *));
    for (const char *p = term; *p != '\0'; p += char_size(p)) {
        g_array_append_val(at, p);
    }
    const char *const *c = (const char *const *)(void *)at->data;
    g_autoptr(GString) token = g_string_new(NULL);
    bool covered = false; /* the pair before the next triple is part of the last one */
    for (guint i = 0; i + 1 < at->len; i++) {
        bool triple = i + 2 < at->len && is_triple(c[i], c[i + 1], c[i + 2]);
        if (!triple && covered) {
            covered = false;
            continue;
        }
        g_string_truncate(token, 0);
        for (guint k = i; k < i + (triple ? 3 : 2); k++) {
            add_char(token, c[k], char_size(c[k]));
        }
        add_token(terms, token);
        covered = triple;
    }
}

bool search_terms_parse(const char *text, SearchTerms *ret_terms) {
    *ret_terms = (SearchTerms){0};
    g_autofree char *normal = search_normalise(text);
    g_auto(GStrv) words = g_strsplit(normal, " ", -1);
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0' && ret_terms->count < SEARCH_TERMS_MAX) {
            ret_terms->terms[ret_terms->count++] = g_strdup(*word);
            add_term_tokens(ret_terms, *word);
        }
    }
    if (ret_terms->token_count == 0) {
        search_terms_clear(ret_terms);
        return false;
    }
    glong length = g_utf8_strlen(ret_terms->terms[0], -1);
    ret_terms->is_exact = ret_terms->count == 1 && ret_terms->token_count == 1 &&
                          length == g_utf8_strlen(ret_terms->tokens[0], -1);
    return true;
}

void search_terms_clear(SearchTerms *terms) {
    for (size_t i = 0; i < terms->count; i++) {
        g_free(terms->terms[i]);
    }
    for (size_t i = 0; i < terms->token_count; i++) {
        g_free(terms->tokens[i]);
    }
    *terms = (SearchTerms){0};
}

bool search_terms_match(const SearchTerms *terms, const char *const *fields, size_t field_count) {
    char *normal[8] = {NULL};
    g_assert(field_count <= G_N_ELEMENTS(normal));
    bool all = true;
    for (size_t t = 0; all && t < terms->count; t++) {
        bool found = false;
        for (size_t f = 0; !found && f < field_count; f++) {
            if (normal[f] == NULL) {
                normal[f] = search_normalise(fields[f] == NULL ? "" : fields[f]);
            }
            found = strstr(normal[f], terms->terms[t]) != NULL;
        }
        all = found;
    }
    for (size_t f = 0; f < field_count; f++) {
        g_free(normal[f]);
    }
    return all;
}

/* Some proper end of `a` is how `b` begins. */
static bool goes_on(const char *a, const char *b) {
    for (const char *p = a + char_size(a); *p != '\0'; p += char_size(p)) {
        if (g_str_has_prefix(b, p)) {
            return true;
        }
    }
    return false;
}

bool search_tokens_overlap(const char *a, const char *b) {
    bool marks = g_utf8_get_char(a) == MARK || g_utf8_get_char(b) == MARK;
    return !marks && (goes_on(a, b) || goes_on(b, a));
}

/* --- hashes -------------------------------------------------------------------------------------
 */

/* FNV-1a with a finishing mix (Murmur3's): stable across machines, good enough for spreading. */
static uint64_t hash_bytes(const char *bytes, size_t size, uint64_t seed) {
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    }
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    return hash;
}

int32_t search_block_key(const char *token, size_t size, int64_t block) {
    return (int32_t)(uint32_t)hash_bytes(
        token, size, (uint64_t)block * UINT64_C(0x9E3779B97F4A7C15));
}

int64_t search_text_hash(const char *normal) {
    return (int64_t)(hash_bytes(normal, strlen(normal), 0) >> 1);
}
