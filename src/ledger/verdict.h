/*
 * What a verifier says (huozheng-verdict/1): one line for each check, in the words of words.json,
 * which the Python verifier and the browser's share (docs/verify.md). Thread: any, one at a time.
 */
#pragma once

#include "base/json.h"

typedef struct Verdict Verdict;

/* `kind`: "proof", "history", "log" or "draw"; static. */
Verdict *verdict_new(const char *kind);
void verdict_free(Verdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Verdict, verdict_free)

/* The names of checks and reasons stand in words.json; an unknown one is a programmer's mistake. */
void verdict_passed(Verdict *verdict, const char *check);
/* Cannot be checked from these files; never counts as passed. */
void verdict_unknown(Verdict *verdict, const char *check, const char *reason);
/* The same of one line in a file; the reason's words hold two "%s", for `who` and `entry`. */
void verdict_unknown_line(Verdict *verdict,
                          const char *check,
                          const char *reason,
                          const char *file,
                          int64_t line,
                          const char *who,
                          const char *entry);
/* What it would look at is not among the files and need not be: no line of the verdict. */
void verdict_skip(Verdict *verdict, const char *check);
/* The same about one entry, whose number stands in the reason's words. */
void verdict_unknown_from(Verdict *verdict, const char *check, const char *reason, int64_t entry);
/* `files`: those of which one is wrong, with LF between them; `line` from 1, 0 for none. All checks
 * without an outcome become unknown. Always false, so that a check can return it. */
bool verdict_failed(
    Verdict *verdict, const char *check, const char *reason, const char *files, int64_t line);

bool verdict_is_valid(const Verdict *verdict);
/* {"format", "kind", "valid", "checks": [{"id", "ok", "zh", "en", "files"?, "line"?,
 *  "entry"?}], "zh", "en"}
 */
json_t *verdict_document(const Verdict *verdict);
