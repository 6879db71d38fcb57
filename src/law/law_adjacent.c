#include "law/law_adjacent.h"

#include "law/law_internal.h"

#include <string.h>

#define TABLE "adjacent-districts" /* the one table there is */
#define CODE_DIGITS 6

static const char *const no_basis[] = {NULL}; /* borders are facts, no rule of an instrument */

static const char *read_code(LawReader *reader, LawNode node) {
    const char *code = law_text(reader, node);
    if (strlen(code) != CODE_DIGITS || strspn(code, "0123456789") != CODE_DIGITS) {
        law_wrong(reader, node, "a district's code has six digits");
    }
    return code;
}

/* Rising, so that none stands twice and people find a line. */
static void check_rises(LawReader *reader, LawNode node, const char *before, const char *code) {
    if (before != NULL && strcmp(before, code) >= 0) {
        law_wrong(reader, node, "codes rise from item to item, each once");
    }
}

static const char *const *read_neighbours(LawReader *reader, LawNode list, const char *own) {
    const char *const *codes = law_read_texts(reader, list);
    for (unsigned i = 0; reader->error == NULL && codes[i] != NULL; i++) {
        LawNode node = law_at(list, i);
        const char *code = read_code(reader, node);
        check_rises(reader, node, i > 0 ? codes[i - 1] : NULL, code);
        if (strcmp(code, own) == 0) {
            law_wrong(reader, node, "a district does not border itself");
        }
    }
    return codes;
}

static const LawDistrict *read_district(LawReader *reader, LawBook *book, LawNode map) {
    if (!law_keys(reader, map, "code name confidence adjacent")) {
        return NULL;
    }
    LawDistrict district = {.code = read_code(reader, law_get(map, "code")),
                            .name = law_text(reader, law_get(map, "name")),
                            .confidence = law_read_confidence(reader, law_get(map, "confidence"))};
    district.adjacent = read_neighbours(reader, law_get(map, "adjacent"), district.code);
    LawDistrict *copy = law_keep(&district, sizeof district);
    g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    return copy;
}

const LawDistrict *law_district_find(const LawAdjacent *adjacent, const char *code) {
    for (unsigned i = 0; adjacent->districts[i] != NULL; i++) {
        if (strcmp(adjacent->districts[i]->code, code) == 0) {
            return adjacent->districts[i];
        }
    }
    return NULL;
}

/* Two lines say it: a slip in one of them is found. */
static void check_mutual(LawReader *reader, const LawAdjacent *adjacent, LawNode list) {
    for (unsigned i = 0; reader->error == NULL && adjacent->districts[i] != NULL; i++) {
        const LawDistrict *one = adjacent->districts[i];
        LawNode codes = law_get(law_at(list, i), "adjacent");
        for (unsigned k = 0; one->adjacent[k] != NULL; k++) {
            const LawDistrict *other = law_district_find(adjacent, one->adjacent[k]);
            if (other == NULL) {
                law_wrong(reader, law_at(codes, k), "no line of this file is %s", one->adjacent[k]);
            } else if (!g_strv_contains(other->adjacent, one->code)) {
                law_wrong(reader,
                          law_at(codes, k),
                          "%s borders %s here, but the line of %s does not say so",
                          one->code,
                          other->code,
                          other->code);
            }
        }
    }
}

void law_read_adjacent(LawReader *reader, LawBook *book, LawNode root) {
    if (!law_keys(reader, root, "adjacent_districts name source valid districts")) {
        return;
    }
    LawNode list = law_get(root, "districts");
    LawAdjacent adjacent = {.entry = {.basis = no_basis, .basis_zh = ""}};
    LawEntry *entry = &adjacent.entry;
    entry->id = law_id(reader, law_get(root, "adjacent_districts"));
    entry->name = law_text(reader, law_get(root, "name"));
    law_text(reader, law_get(root, "source"));
    law_read_valid(reader, law_get(root, "valid"), &entry->from_us, &entry->to_us);
    if (reader->error == NULL && strcmp(entry->id, TABLE) != 0) {
        law_wrong(reader, law_get(root, "adjacent_districts"), "the table is called " TABLE);
    }
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    g_autofree const LawDistrict **districts = g_new0(const LawDistrict *, count + 1);
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        LawNode map = law_at(list, i);
        districts[i] = read_district(reader, book, map);
        if (reader->error == NULL) {
            check_rises(reader, map, i > 0 ? districts[i - 1]->code : NULL, districts[i]->code);
            entry->confidence = MAX(entry->confidence, districts[i]->confidence);
        }
    }
    if (reader->error != NULL) {
        return;
    }
    adjacent.districts = law_keep(districts, (count + 1) * sizeof(const LawDistrict *));
    check_mutual(reader, &adjacent, list);
    LawAdjacent *copy = law_keep(&adjacent, sizeof adjacent);
    g_ptr_array_add(book->adjacent, copy);
    g_hash_table_insert(book->places, copy, law_keep(&root, sizeof root));
}

void law_check_adjacent(LawReader *reader, const LawBook *book) {
    for (guint i = 0; book->region != NULL && i < book->adjacent->len; i++) {
        const LawAdjacent *adjacent = book->adjacent->pdata[i];
        for (unsigned k = 0; adjacent->districts[k] != NULL; k++) {
            const LawDistrict *district = adjacent->districts[k];
            if (!g_str_has_prefix(district->code, book->region)) {
                law_wrong(reader,
                          *(LawNode *)g_hash_table_lookup(book->places, district),
                          "%s does not lie in %s",
                          district->code,
                          book->region);
            }
        }
    }
}

const LawAdjacent *law_adjacent_at(const LawBook *book, int64_t time_us) {
    return law_entry_at(book->adjacent, TABLE, time_us);
}

const LawAdjacent *law_adjacent_edition(const LawBook *book, unsigned number) {
    return number < book->adjacent->len ? book->adjacent->pdata[number] : NULL;
}

char *law_district_place(const LawBook *book, const LawDistrict *district) {
    return law_place(*(LawNode *)g_hash_table_lookup(book->places, district));
}
