/*
 * Forms as data: the fields that an act asks for, and the check of what somebody filled in.
 *
 * One generator shows every form (casework pages); nothing here knows HTML. A form's data is a JSON
 * object by field id: texts; lists of texts for `choices` and `files`; for a `checklist` an object
 * {item: {"answer": "pass" | "fail" | "na", "note", "handled", "photos": [file]}}. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "law/law_book.h"

typedef enum LawFieldType {
    LAW_FIELD_TEXT,     /* one line */
    LAW_FIELD_LONG,     /* several lines */
    LAW_FIELD_DATE,     /* "2026-11-22" */
    LAW_FIELD_TIME,     /* "2026-11-22T09:15" */
    LAW_FIELD_NUMBER,   /* whole */
    LAW_FIELD_MONEY,    /* yuan with at most two decimals */
    LAW_FIELD_YES_NO,   /* "yes", "no" */
    LAW_FIELD_CHOICE,   /* one of the values */
    LAW_FIELD_CHOICES,  /* some of them */
    LAW_FIELD_FILES,    /* evidence: SHA-256 of each file, 64 hex digits */
    LAW_FIELD_CHECKLIST /* an answer for each item of a list (law.h); values: how a failure is
                         * handled, from light to grave */
} LawFieldType;

/* A fact of a term or a table, taken from a field of the form. */
typedef struct LawFactFrom {
    const char *fact, *field;
} LawFactFrom;

/* A field that a decision table answers: left empty it is filled in, anything else than the table
 * says is refused, and where the table leaves it open a person has to say it. */
typedef struct LawFieldTable {
    const char *id, *output;
    const LawFactFrom *facts;
    unsigned fact_count;
} LawFieldTable;

typedef struct LawField {
    const char *id;
    const char *label;
    const char *help; /* may be NULL */
    LawFieldType type;
    bool required;
    bool sealed;               /* only named roles see it, every look leaves a mark */
    const char *const *values; /* choice, choices, checklist; ends with NULL */
    const char *const *values_zh;
    int64_t min, max; /* number: bounds; text, long: most characters in max; files: most files */
    const char *asks_field; /* asked only when that field has one of these values; NULL: always */
    const char *const *asks_values;
    const char *prefill;   /* "unit.name"; may be NULL */
    const char *checklist; /* id of the list; NULL: no checklist */
    const LawBook *book;   /* whose list */
    const char *sum;       /* a choice that is not asked but follows from this checklist: the first
                            * value when nothing failed, else the gravest handling; NULL: asked */
    const LawFieldTable *table; /* NULL: no table answers it */
} LawField;

#define LAW_ITEM_PHOTOS_MAX 9 /* of one item of a checklist */

typedef struct LawForm {
    LawEntry entry;
    const LawField *fields;
    unsigned field_count;
} LawForm;

/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawForm *law_form_at(const LawBook *book, const char *id, int64_t time_us, GError **error);
/* The list of a checklist field as it stands at that time. HZ_ERROR_NOT_FOUND. Caller frees. */
LawChecklist *law_field_list(const LawField *field, int64_t time_us, GError **error);
/* NULL when the form has no such field. */
const LawField *law_form_field(const LawForm *form, const char *id);

/* Is the field asked, given what else was said? */
bool law_field_is_asked(const LawField *field, const json_t *data);
/* Can a clerical error in it be put right by itself? Only words can; see law_case.h. */
bool law_field_is_clerical(const LawField *field);
/* Puts the values that follow from others into the data. Call it before the data is used. */
void law_form_compute(const LawBook *book, const LawForm *form, json_t *data, int64_t time_us);
/* Adds to {field: sentence} where a new act does not say what a table says. Acts that are stored
 * are not asked again: a table may have been put right since. */
void law_form_check_tables(const LawBook *book,
                           const LawForm *form,
                           const json_t *data,
                           int64_t time_us,
                           json_t *problems);
/* Why a field has its value: the row of its table; NULL when no table decided it. Caller frees. */
char *
law_field_trace_zh(const LawBook *book, const LawField *field, const json_t *data, int64_t time_us);
/* What is wrong with the data of an act at `time_us`, as {field: sentence in Chinese}; an empty
 * object: nothing. "items.escape-routes" is an item of a checklist. A key that the form does not
 * know is wrong too. Caller unrefs. */
json_t *law_form_problems(const LawForm *form, const json_t *data, int64_t time_us);
/* The value in words: "属实"; for sealed fields too. `time_us`: of the act. Caller frees; "" when
 * there is none. */
char *law_field_text_zh(const LawField *field, const json_t *data, int64_t time_us);
