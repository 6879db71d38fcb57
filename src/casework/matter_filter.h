/*
 * What a list of matters is asked for, in words: the address of the page and of its export. Pure.
 * Thread: any.
 */
#pragma once

#include "casework/desk.h"

#define MATTER_NEAR "near" /* due=near: today or within three working days */

/* Gives the value of a word ("kind"), NULL when it is not there. */
typedef const char *(*MatterWord)(const void *from, const char *name);

/* Who asks. Borrowed. */
typedef struct MatterReader {
    const char *region;
    int64_t account_id; /* for mine=1; 0: nobody */
    int64_t now_us;
    int64_t officer_id; /* for mine=1: the officer behind the account; 0: none */
} MatterReader;

typedef struct MatterFilter {
    MatterQuery query;
    SearchTerms terms;
    /* as asked, borrowed; NULL: not asked */
    const char *q, *kind, *due, *next, *person, *region;
    bool is_mine;
    LawDay due_day; /* of a due that is a day; 0: none */
} MatterFilter;
void matter_filter_clear(MatterFilter *filter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MatterFilter, matter_filter_clear)

/* Words: q, kind, due ("over", "today", "soon", "later", "near", a day, or "closed"; closed=1 is
 * the same), next (a role), person (an account), mine, region (inside the reader's). NULL when they
 * make sense, else a sentence for the reader. The filter points into itself: it must not be moved.
 */
const char *matter_filter_read(MatterWord word,
                               const void *from,
                               const MatterReader *reader,
                               MatterFilter *ret_filter);
/* "kind=…&due=over" without empty words and without a place; but for the word `without` (NULL: none
 * is left out). Caller frees. */
char *matter_filter_words(const MatterFilter *filter, const char *without);
