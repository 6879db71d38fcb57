/*
 * The law of one city: national rules and what the city's own files put over them.
 *
 * Rules are chosen by the date of the act. A city's entry replaces all national editions of the
 * same id; new ids are added. Everything is read and checked as a whole, examples included, before
 * anything is used; the result is constant. See docs/law-format.md. Thread: any, after loading.
 */
#pragma once

#include "law/law.h"
#include "law/law_calendar.h"

#define LAW_NATIONAL "national"

typedef struct LawBook LawBook;

/* Reads rules from this folder ("law" of a checkout) instead of those inside the binary. Before the
 * first use of any rule. */
bool law_use_folder(const char *path, GError **error);

/* The book of "national" (or NULL) or of a city ("chongqing"). HZ_ERROR_NOT_FOUND: no such city;
 * HZ_ERROR_INVALID: what is wrong in law/, with file, line and column. */
const LawBook *law_book(const char *city, GError **error);
/* Names of all books, "national" first; ends with NULL; constant. NULL on error. */
const char *const *law_cities(GError **error);

/* The city whose rules hold in a region ("500103" -> "chongqing"): the one whose city.yaml names
 * the longest beginning of the code, else "national". NULL on error. */
const char *law_city_of(const char *region, GError **error);

/* What every entry has. */
typedef struct LawEntry {
    const char *id;
    const char *name;
    const char *const *basis; /* "公安部令120/18"; ends with NULL */
    const char *basis_zh;     /* "公安部令120第18条、…" */
    LawConfidence confidence;
    int64_t from_us, to_us; /* valid [from, to) */
} LawEntry;

/* --- articles --- */

typedef struct LawArticle {
    LawEntry entry;         /* id: "消防法/15"; name: the gist in our words */
    const char *instrument; /* its full name */
} LawArticle;
/* The article as it stood then; NULL: not there on that day. */
const LawArticle *law_article_at(const LawBook *book, const char *id, int64_t time_us);

/* --- checklists --- */

/* The list valid at that time: a city's own replaces the national one. HZ_ERROR_NOT_FOUND. Caller
 * frees; the texts are constant. */
LawChecklist *
law_checklist_of(const LawBook *book, const char *id, int64_t time_us, GError **error);

/* --- facts and tables --- */

/* A question that a decision table asks. */
typedef struct LawFact {
    const char *id;
    const char *name;
    const char *const *values;    /* words, end with NULL */
    const char *const *values_zh; /* the same in Chinese */
} LawFact;

/* What the caller says: words by fact id. */
typedef struct LawSaid {
    const char *fact, *value;
} LawSaid;

/* --- terms --- */

#define LAW_FACTS_MAX 4

typedef struct LawTermRow {
    uint32_t wanted[LAW_FACTS_MAX]; /* bit set of the values for each fact; 0: any */
    int amount;
    LawUnit unit;
} LawTermRow;

/* A legal time limit: what it is counted from, and a table (first hit) that gives its length. */
typedef struct LawTerm {
    LawEntry entry;
    const char *starts; /* 从何时起算, in words */
    const LawFact *facts;
    unsigned fact_count; /* at most LAW_FACTS_MAX */
    const LawTermRow *rows;
    unsigned row_count;
    bool rolls;
    const char *roll_basis_zh; /* NULL: it does not roll */
} LawTerm;
/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawTerm *law_term_at(const LawBook *book, const char *id, int64_t time_us, GError **error);
/* The row that these facts hit. HZ_ERROR_INVALID names a fact that is unknown, missing or has no
 * such value. */
const LawTermRow *
law_term_row(const LawTerm *term, const LawSaid *said, size_t count, GError **error);

/* A term counted from a moment: the whole answer. */
typedef struct LawDeadline {
    const LawTerm *term;
    const LawTermRow *row;
    LawSpan span;
    LawDue due;
} LawDeadline;
void law_deadline_clear(LawDeadline *deadline);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawDeadline, law_deadline_clear)
/* The last day, or for hours the minute "2026-09-26T15:00"; "unknown" when a year is missing.
 * Caller frees. */
char *law_due_text(const LawDeadline *deadline);
/* Errors as law_term_at and law_term_row; a year that the calendar lacks is no error but
 * !due.is_known. */
bool law_deadline(const LawBook *book,
                  const char *id,
                  int64_t from_us,
                  const LawSaid *said,
                  size_t count,
                  LawDeadline *ret_deadline,
                  GError **error);

/* --- powers --- */

/* On what ground an agency acts. */
typedef enum LawMode { LAW_STATUTORY, LAW_EMPOWERED, LAW_DELEGATED } LawMode;
const char *law_mode_word(LawMode mode); /* "statutory" */
const char *law_mode_zh(LawMode mode);   /* "法定" */
bool law_mode_parse(const char *word, LawMode *ret_mode);

typedef struct LawPower {
    LawEntry entry;
    const char *const *acts;
    const char *const *agencies;
    uint32_t modes; /* bit set of LawMode */
    bool allows;
    const char *reason;
} LawPower;

typedef struct LawMay {
    bool allowed;
    const char *reason;    /* in Chinese; constant */
    const LawPower *power; /* NULL: no rule speaks of it, so it is not allowed */
    const char *basis_zh;  /* of the rule; without one, of the act: why it needs a rule */
} LawMay;
/* A rule that forbids goes before one that allows; without a rule nothing is allowed.
 * HZ_ERROR_INVALID names an act or a kind of agency that the book does not know. */
bool law_may(const LawBook *book,
             const char *act,
             const char *agency,
             LawMode mode,
             int64_t time_us,
             LawMay *ret_may,
             GError **error);

/* Ids of all acts that powers speak of, and of all kinds of agency, in the order of the file; end
 * with NULL. Caller frees the list. */
const char **law_act_ids(const LawBook *book);
const char **law_agency_kinds(const LawBook *book);
/* "临时查封", "乡镇人民政府、街道办事处"; NULL: there is none. */
const char *law_act_name(const LawBook *book, const char *id);
const char *law_agency_kind_name(const LawBook *book, const char *id);
/* The kind that the name of an agency tells; NULL: it tells none. */
const char *law_agency_kind_of(const LawBook *book, const char *name);

/* --- examples --- */

typedef struct LawCheckReport {
    unsigned files, entries, examples;
    unsigned deadlines, powers, decisions, walks; /* examples of each kind */
    const char *const *failed; /* examples that do not come out, each with its place; ends with
                                * NULL, never NULL itself */
} LawCheckReport;
/* Loads every book and runs every example. HZ_ERROR_INVALID: the first mistake; the report then
 * tells all examples that do not come out, so that the author of a change sees what it changes. */
bool law_check_all(LawCheckReport *ret_report, GError **error);
