/*
 * The law as data: what law/ says, read from the binary once and then constant.
 *
 * Loading fails as a whole with file and line on any unknown key, missing field, bad date, double
 * id or overlap of validity; nothing is ever half loaded. The rule in force is chosen by the date
 * of the act, not by today's. See docs/law-format.md. Thread: any; results live as long as the
 * program.
 */
#pragma once

#include "web/module.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

extern const Module law_module;

/* How sure the source is: the article was read, read in another source, or recalled. */
typedef enum LawConfidence { LAW_TEXT, LAW_SECONDARY, LAW_MEMORY } LawConfidence;
const char *law_confidence_word(LawConfidence confidence); /* "text" */
const char *law_confidence_zh(LawConfidence confidence);   /* "原文" */

typedef enum LawSeverity { LAW_MINOR, LAW_GENERAL, LAW_SERIOUS } LawSeverity;
const char *law_severity_zh(LawSeverity severity); /* "较重" */

typedef struct LawItem {
    const char *id;       /* "escape-routes": [a-z0-9-]+, stable: answers refer to it */
    const char *text;     /* what must be so */
    const char *how;      /* how to check it */
    const char *basis_zh; /* "消防法第28条" joined by "、" */
    LawSeverity severity;
    LawConfidence confidence;
    int64_t from_us, to_us; /* valid [from, to); to is INT64_MAX when open */
} LawItem;

/* A checklist as it stands on one day. */
typedef struct LawChecklist {
    const char *id;      /* "fire-inspection" */
    const char *edition; /* "2021-08": goes into the record of an inspection */
    const char *name;
    const char *basis_zh;
    const LawItem *const *items; /* those valid on the day, in order */
    unsigned count;
} LawChecklist;
void law_checklist_free(LawChecklist *checklist);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LawChecklist, law_checklist_free)

/* The national checklist valid at `time_us`; HZ_ERROR_NOT_FOUND if there is none on that day, or
 * what is wrong with law/ (HZ_ERROR_INVALID). Caller frees; the texts are constant. That of a city:
 * law_checklist_of (law_book.h). */
LawChecklist *law_checklist_at(const char *id, int64_t time_us, GError **error);
/* NULL when `id` is not in it. */
const LawItem *law_checklist_item(const LawChecklist *checklist, const char *id);

/* Reads all of law/ now; at start, so that a mistake shows before the first request. */
bool law_check(GError **error);
