/*
 * Looking through a book, for pages that show the rules themselves (requirement J4: every rule is
 * readable data with its source and validity). Thread: any, after loading.
 */
#pragma once

#include "law/law_book.h"

/* What an entry is, in the order in which people look for it. */
typedef enum LawKind {
    LAW_KIND_PROCEDURE,
    LAW_KIND_TERM,
    LAW_KIND_POWER,
    LAW_KIND_TABLE,
    LAW_KIND_CAP,
    LAW_KIND_PAPER,
    LAW_KIND_FORM,
    LAW_KIND_ARTICLE,
    LAW_KIND_COUNT,
} LawKind;
const char *law_kind_word(LawKind kind); /* "terms" */
const char *law_kind_zh(LawKind kind);   /* "期限" */
bool law_kind_parse(const char *word, LawKind *ret_kind);

/* All editions; each entry begins with LawEntry. Borrowed. */
const GPtrArray *law_entries(const LawBook *book, LawKind kind);
/* The edition of that day, else the one that came last; NULL: no such id. */
const LawEntry *law_entry_near(const LawBook *book, LawKind kind, const char *id, int64_t time_us);

/* "chongqing" */
const char *law_book_city(const LawBook *book);
/* The beginning of its region codes, "50"; NULL: national. */
const char *law_book_region(const LawBook *book);
/* "重庆市", "全国". */
const char *law_book_zh(const LawBook *book);
/* Where everybody can read the rule as it stood then: "/rules/terms/payment?city=zibo&date=…".
 * Caller frees. */
char *law_rule_href(const LawBook *book, LawKind kind, const char *id, int64_t time_us);

/* An act that a power can speak of, or a kind of agency. */
typedef struct LawName {
    const char *id, *name;
} LawName;
/* Array of LawName in the order of the files; caller unrefs. */
GArray *law_act_names(const LawBook *book);
GArray *law_agency_names(const LawBook *book);

/* Names of the worked examples that ask this entry: array of borrowed texts; caller unrefs. */
GPtrArray *law_examples_about(const LawBook *book, LawKind kind, const char *id);
