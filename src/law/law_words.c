/* Acts that powers speak of and kinds of agency (agencies.yaml). */
#include "law/law_internal.h"

#include <string.h>

static LawWord read_word(LawReader *reader, const GPtrArray *words, LawNode map) {
    LawWord word = {.id = law_id(reader, law_get(map, "id")),
                    .name = law_text(reader, law_get(map, "name")),
                    .node = map};
    if (law_word_find(words, word.id) != NULL) {
        law_wrong(reader, map, "\"%s\" stands twice", word.id);
    }
    return word;
}

void law_read_acts(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "id name basis")) {
            return;
        }
        LawWord word = read_word(reader, book->acts, map);
        word.basis = law_read_texts(reader, law_get(map, "basis"));
        word.basis_zh = law_basis_text(reader, law_get(map, "basis"), word.basis);
        g_ptr_array_add(book->acts, law_keep(&word, sizeof word));
    }
}

void law_read_agencies(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "id name named?")) {
            return;
        }
        LawWord word = read_word(reader, book->agencies, map);
        if (law_is_there(law_get(map, "named"))) {
            word.named = law_read_texts(reader, law_get(map, "named"));
        }
        g_ptr_array_add(book->agencies, law_keep(&word, sizeof word));
    }
}

const LawWord *law_word_find(const GPtrArray *words, const char *id) {
    for (guint i = 0; i < words->len; i++) {
        const LawWord *word = words->pdata[i];
        if (strcmp(word->id, id) == 0) {
            return word;
        }
    }
    return NULL;
}

/* --- what other rooms ask -----------------------------------------------------------------------
 */

static const char **ids_of(const GPtrArray *words) {
    const char **ids = g_new0(const char *, words->len + 1);
    for (guint i = 0; i < words->len; i++) {
        ids[i] = ((const LawWord *)words->pdata[i])->id;
    }
    return ids;
}

const char **law_act_ids(const LawBook *book) {
    return ids_of(book->acts);
}

const char **law_agency_kinds(const LawBook *book) {
    return ids_of(book->agencies);
}

const char *law_act_name(const LawBook *book, const char *id) {
    const LawWord *word = law_word_find(book->acts, id);
    return word == NULL ? NULL : word->name;
}

const char *law_agency_kind_name(const LawBook *book, const char *id) {
    const LawWord *word = law_word_find(book->agencies, id);
    return word == NULL ? NULL : word->name;
}

const char *law_agency_kind_of(const LawBook *book, const char *name) {
    const char *found = NULL;
    const char *last = NULL;
    for (guint i = 0; i < book->agencies->len; i++) {
        const LawWord *word = book->agencies->pdata[i];
        for (unsigned n = 0; word->named != NULL && word->named[n] != NULL; n++) {
            const char *place = g_strrstr(name, word->named[n]);
            if (place != NULL && (last == NULL || place > last)) {
                last = place;
                found = word->id;
            }
        }
    }
    return found;
}
