/* Shared by the files that read a book: law_book*.c. Thread: the one that loads. */
#pragma once

#include "law/law_book.h"
#include "law/law_case.h"
#include "law/law_node.h"
#include "law/law_procedure.h"

/* One file of law/. */
typedef struct LawSource {
    char *path; /* "law/national/terms.yaml" */
    const char *text;
    size_t size;
} LawSource;
/* All files below "law/" whose path begins with `prefix`, in path order: array of LawSource; caller
 * unrefs. NULL on error. */
GArray *law_sources(const char *prefix, GError **error);

typedef struct LawExample {
    LawNode node, deadline, may, decide, walk, expect;
    const char *id, *name;
    const char *city; /* of the folder: "national" or a city */
} LawExample;

/* An act that a power can speak of, or a kind of agency. */
typedef struct LawWord {
    const char *id, *name;
    const char *const
        *basis; /* of an act: why nobody may do it without a rule; NULL: of an agency */
    const char *basis_zh;
    const char *const *named; /* of a kind: words of names that tell it; NULL: none do */
    LawNode node;
} LawWord;

/* An edition of a checklist: one file. */
typedef struct LawListFile {
    LawEntry entry;
    const char *edition;
    const LawItem *items;
    unsigned count;
} LawListFile;

struct LawBook {
    const char *city;
    const char *name;      /* 重庆市; NULL: national */
    const char *region;    /* "50"; NULL: national */
    GPtrArray *articles;   /* of LawArticle */
    GPtrArray *acts;       /* of LawWord */
    GPtrArray *agencies;   /* of LawWord */
    GPtrArray *terms;      /* of LawTerm */
    GPtrArray *tables;     /* of LawTable */
    GPtrArray *powers;     /* of LawPower */
    GPtrArray *forms;      /* of LawForm */
    GPtrArray *procedures; /* of LawProcedure */
    GPtrArray *common;     /* of LawStep: acts that every procedure knows */
    GPtrArray *caps;       /* of LawCap */
    GPtrArray *papers;     /* of LawPaper */
    GPtrArray *checklists; /* of LawListFile */
    GPtrArray *weights;    /* of DrawWeights */
    GPtrArray *adjacent;   /* of LawAdjacent */
    GPtrArray *coverage;   /* of LawCoverage */
    GPtrArray *risks;      /* of LawRisk */
    GPtrArray *examples;   /* of LawExample */
    GHashTable *places;    /* entry -> LawNode (copied) */
};

/* Reads and checks one file by itself, runs nothing and keeps nothing: for tests of bad input. */
bool law_book_try(const char *name, const char *text, size_t size, GError **error);

/* Everything read lives as long as the program. */
void *law_keep(const void *data, size_t size);
char *law_keep_text(const char *text);

LawConfidence law_read_confidence(LawReader *reader, LawNode node);
/* {from, to?} as [from, to). */
void law_read_valid(LawReader *reader, LawNode valid, int64_t *ret_from_us, int64_t *ret_to_us);
/* Reads id, name, basis, confidence and valid of a map. */
void law_read_entry(LawReader *reader, LawNode map, LawEntry *entry);
/* The texts of a list; ends with NULL. */
const char *const *law_read_texts(LawReader *reader, LawNode list);
/* The same; empty where there is no list. */
const char *const *law_read_optional_texts(LawReader *reader, LawNode list);

/* "消防法第15条、…" of a list of bases. */
const char *law_basis_text(LawReader *reader, LawNode list, const char *const *basis);

/* {word: 中文}: 2 to 60 of them, as two lists that end with NULL. */
void law_read_values(LawReader *reader,
                     LawNode map,
                     const char *const **ret_words,
                     const char *const **ret_words_zh);
/* The entry of this id that is valid at that time; NULL: none. Entries begin with LawEntry. */
void *law_entry_at(const GPtrArray *entries, const char *id, int64_t time_us);

void law_read_tables(LawReader *reader, LawBook *book, LawNode list);
/* Every table that a form names is there, with these facts and answers. */
void law_check_form_tables(LawReader *reader, const LawBook *book);
/* What the table says about the field; NULL: nothing, or only from memory, which decides nothing.
 * *ret_ask (may be NULL): the sentence that
 * leaves it to a person. */
const char *law_field_decided(const LawBook *book,
                              const LawField *field,
                              const json_t *data,
                              int64_t time_us,
                              const char **ret_ask);
/* Forms know the book whose checklists they ask for; after the overlays. */
void law_forms_belong(const LawBook *book);
void law_read_forms(LawReader *reader, LawBook *book, LawNode list);
/* Whole files: their root is the entry. */
void law_read_checklist(LawReader *reader, LawBook *book, LawNode root);
void law_read_draw_weights(LawReader *reader, LawBook *book, LawNode root);
void law_read_adjacent(LawReader *reader, LawBook *book, LawNode root);
void law_read_coverage(LawReader *reader, LawBook *book, LawNode root);
void law_read_risk(LawReader *reader, LawBook *book, LawNode root);
/* Forms, their fields and articles that a risk table names are there. */
void law_check_risk(LawReader *reader, const LawBook *book);
/* Its districts lie in the city. */
void law_check_adjacent(LawReader *reader, const LawBook *book);
/* Articles of items, and lists that forms ask for. */
void law_check_checklists(LawReader *reader, const LawBook *book);
/* Bit set of Role of a list of role words ("legal-reviewer"). */
uint32_t law_read_roles(LawReader *reader, LawNode list);
void law_read_step(LawReader *reader,
                   LawNode map,
                   const LawProcedure *procedure,
                   LawStep *ret_step);
/* {field: [values]}; nothing where there is no node. */
void law_read_when(LawReader *reader,
                   LawNode when,
                   const char **ret_field,
                   const char *const **ret_values);
/* NULL where there is no node. */
const LawWindow *law_read_window(LawReader *reader, LawNode map);
void law_read_common(LawReader *reader, LawBook *book, LawNode list);
/* Puts the common acts behind those of every procedure. */
void law_add_common(LawReader *reader, LawBook *book);
void law_read_caps(LawReader *reader, LawBook *book, LawNode list);
void law_read_papers(LawReader *reader, LawBook *book, LawNode list);
/* The paper is there and can be written from this form. */
void law_check_paper(
    LawReader *reader, const LawBook *book, const char *id, const LawForm *form, LawNode at);
void law_read_procedures(LawReader *reader, LawBook *book, LawNode list);
/* Every form, field, term, power and act that a procedure names is there; every state is reached
 * and left; every act is taken by an example. */
void law_check_procedures(LawReader *reader, const LawBook *book);
void law_read_terms(LawReader *reader, LawBook *book, LawNode list);
void law_read_powers(LawReader *reader, LawBook *book, LawNode list);
void law_read_acts(LawReader *reader, LawBook *book, LawNode list);
void law_read_agencies(LawReader *reader, LawBook *book, LawNode list);
const LawWord *law_word_find(const GPtrArray *words, const char *id);
/* Mistakes at the items of `list` that are no article of any day. */
void law_check_articles(LawReader *reader, const LawBook *book, LawNode list);
/* Every reference of the book leads somewhere, every entry has an example. */
void law_check_book(LawReader *reader, const LawBook *book);
/* `leads-to` and `handlers` of an example of a whole course. */
void law_check_following(LawReader *reader, const LawExample *example, const LawCase *matter);
void law_run_decide(LawReader *reader, const LawBook *book, const LawExample *example);
/* Runs the examples of a book; appends to `failed` (char *, owned) those that do not come out. */
void law_run_examples(const LawBook *book, LawCheckReport *report, GPtrArray *failed);
