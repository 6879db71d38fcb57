/* What must hold across the entries of a book: references, editions, examples. */
#include "law/law_internal.h"
#include "law/law_table.h"

#include <string.h>

static LawNode place_of(const LawBook *book, gconstpointer entry) {
    return *(LawNode *)g_hash_table_lookup(book->places, entry);
}

/* An article of any day: a rule may be older than the edition of the article that we hold. */
static bool article_exists(const LawBook *book, const char *id) {
    for (guint i = 0; i < book->articles->len; i++) {
        if (strcmp(((LawArticle *)book->articles->pdata[i])->entry.id, id) == 0) {
            return true;
        }
    }
    return false;
}

void law_check_articles(LawReader *reader, const LawBook *book, LawNode list) {
    for (unsigned b = 0; b < law_count(list); b++) {
        const char *id = law_scalar(law_at(list, b));
        if (id == NULL || !article_exists(book, id)) {
            law_wrong(reader, law_at(list, b), "no article \"%s\" in articles.yaml", id);
        }
    }
}

static void check_basis(LawReader *reader, const LawBook *book, GPtrArray *entries) {
    for (guint i = 0; i < entries->len; i++) {
        const LawEntry *entry = entries->pdata[i];
        law_check_articles(reader, book, law_get(place_of(book, entry), "basis"));
    }
}

/* Editions of one id follow one another. */
static void check_editions(LawReader *reader, const LawBook *book, GPtrArray *entries) {
    for (guint i = 0; i < entries->len; i++) {
        const LawEntry *one = entries->pdata[i];
        for (guint k = 0; k < i; k++) {
            const LawEntry *other = entries->pdata[k];
            if (strcmp(one->id, other->id) == 0 && one->from_us < other->to_us &&
                other->from_us < one->to_us) {
                g_autofree char *place = law_place(place_of(book, other));
                law_wrong(reader,
                          place_of(book, one),
                          "\"%s\" is valid on days on which another edition is, too (%s)",
                          one->id,
                          place);
            }
        }
    }
}

static void check_words(LawReader *reader,
                        LawNode list,
                        const char *const *ids,
                        const GPtrArray *words,
                        const char *what) {
    for (unsigned i = 0; ids[i] != NULL; i++) {
        if (law_word_find(words, ids[i]) == NULL) {
            law_wrong(reader, law_at(list, i), "there is no %s \"%s\"", what, ids[i]);
        }
    }
}

/* Acts have a basis, too, and are no entries with an edition. */
static void check_acts(LawReader *reader, const LawBook *book) {
    for (guint i = 0; i < book->acts->len; i++) {
        const LawWord *act = book->acts->pdata[i];
        law_check_articles(reader, book, law_get(act->node, "basis"));
    }
}

typedef enum Section { OF_DEADLINE, OF_POWER, OF_TABLE } Section;

static bool has_example(const LawBook *book, Section section, const char *key, const char *id) {
    for (guint i = 0; i < book->examples->len; i++) {
        const LawExample *example = book->examples->pdata[i];
        LawNode asked = section == OF_DEADLINE ? example->deadline
                        : section == OF_POWER  ? example->may
                                               : example->decide;
        if (g_strcmp0(law_scalar(law_get(asked, key)), id) == 0) {
            return true;
        }
    }
    return false;
}

/* Rows may have a basis of their own. */
static void check_tables(LawReader *reader, const LawBook *book) {
    for (guint i = 0; i < book->tables->len; i++) {
        const LawTable *table = book->tables->pdata[i];
        LawNode map = place_of(book, table);
        if (!has_example(book, OF_TABLE, "table", table->entry.id)) {
            law_wrong(reader, map, "\"%s\" has no worked example", table->entry.id);
        }
        for (unsigned r = 0; r < table->row_count; r++) {
            law_check_articles(reader, book, law_get(law_at(law_get(map, "rows"), r), "basis"));
        }
    }
}

void law_check_book(LawReader *reader, const LawBook *book) {
    check_acts(reader, book);
    check_basis(reader, book, book->terms);
    check_basis(reader, book, book->tables);
    check_basis(reader, book, book->powers);
    check_basis(reader, book, book->forms);
    check_basis(reader, book, book->procedures);
    check_basis(reader, book, book->caps);
    check_basis(reader, book, book->papers);
    check_basis(reader, book, book->checklists);
    check_basis(reader, book, book->weights);
    check_basis(reader, book, book->coverage);
    check_basis(reader, book, book->risks);
    law_check_checklists(reader, book);
    check_editions(reader, book, book->articles);
    check_editions(reader, book, book->terms);
    check_editions(reader, book, book->tables);
    check_editions(reader, book, book->powers);
    check_editions(reader, book, book->forms);
    check_editions(reader, book, book->procedures);
    check_editions(reader, book, book->caps);
    check_editions(reader, book, book->papers);
    check_editions(reader, book, book->checklists);
    check_editions(reader, book, book->weights);
    check_editions(reader, book, book->adjacent);
    check_editions(reader, book, book->coverage);
    check_editions(reader, book, book->risks);
    law_check_adjacent(reader, book);
    law_check_risk(reader, book);
    for (guint i = 0; i < book->terms->len; i++) {
        const LawTerm *term = book->terms->pdata[i];
        LawNode roll = law_get(place_of(book, term), "roll");
        law_check_articles(reader, book, law_get(roll, "basis"));
        if (!has_example(book, OF_DEADLINE, "rule", term->entry.id)) {
            law_wrong(reader, place_of(book, term), "\"%s\" has no worked example", term->entry.id);
        }
    }
    for (guint i = 0; i < book->powers->len; i++) {
        const LawPower *power = book->powers->pdata[i];
        LawNode map = place_of(book, power);
        check_words(reader, law_get(map, "acts"), power->acts, book->acts, "act");
        check_words(
            reader, law_get(map, "agencies"), power->agencies, book->agencies, "kind of agency");
        for (unsigned a = 0; power->acts[a] != NULL; a++) {
            if (!has_example(book, OF_POWER, "act", power->acts[a])) {
                law_wrong(reader, map, "the act \"%s\" has no worked example", power->acts[a]);
            }
        }
    }
    check_tables(reader, book);
    law_check_form_tables(reader, book);
    law_check_procedures(reader, book);
}
