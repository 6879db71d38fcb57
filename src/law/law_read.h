/* Reading one file of law/; used by law.c, the unit test and the fuzz target. Pure. */
#pragma once

#include "law/law.h"

typedef struct LawFile LawFile;

/* `name` is for messages ("law/national/checklists/x.yaml"). HZ_ERROR_INVALID: "NAME:12: …". */
LawFile *law_file_read(const char *name, const char *text, size_t size, GError **error);
void law_file_free(LawFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LawFile, law_file_free)

const char *law_file_id(const LawFile *file);
bool law_file_covers(const LawFile *file, int64_t time_us);
bool law_files_overlap(const LawFile *one, const LawFile *two);
/* The checklist as it stands at `time_us`. */
LawChecklist *law_file_at(const LawFile *file, int64_t time_us);
