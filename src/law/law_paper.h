/*
 * Statutory forms (文书) as data: a text with the names of the act's fields, a number, who signs
 * and seals. What is made is plain text in paragraphs; pages and printers give it its look. Thread:
 * any.
 */
#pragma once

#include "law/law_procedure.h"

typedef struct LawPaper {
    LawEntry entry;
    const char *prefix; /* of its number: 消限字〔2026〕第0001号; NULL: it has none */
    bool is_sealed;     /* the agency's seal goes under it */
    const char *const *signers; /* in Chinese, in order: "执法人员"; ends with NULL */
    const char *text;           /* Mustache, as in the file */
} LawPaper;

/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawPaper *law_paper_at(const LawBook *book, const char *id, int64_t time_us, GError **error);

/* What a paper may name besides the fields of the form. Borrowed. */
typedef struct LawPaperFacts {
    const char *unit;     /* {{unit}}: whom or what the matter is about */
    const char *agency;   /* {{agency}} */
    const char *matter;   /* {{matter}}: the matter's number */
    const char *number;   /* {{number}}: the paper's own; "" when it has none */
    const char *officers; /* {{officers}}: names with certificate numbers; "" when none took part */
    int64_t time_us;      /* {{date}}, {{time}}: when the act happened */
} LawPaperFacts;

/* The paper's text for an act. Fields that were not asked are empty. HZ_ERROR_INVALID: the text
 * names something that neither facts nor form have. Caller frees. */
char *law_paper_write(const LawPaper *paper,
                      const LawForm *form,
                      const json_t *data,
                      const LawPaperFacts *facts,
                      GError **error);
/* "消限字〔2026〕第0001号". Caller frees. */
char *law_number_zh(const char *prefix, int year, int64_t serial);

/* Does the act make this paper with this data? */
bool law_step_makes(const LawStepPaper *paper, const json_t *data);
