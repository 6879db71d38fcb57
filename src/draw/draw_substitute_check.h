/* The verdict on substitutions.tsv beside a bundle (docs/verify.md). Thread: any. */
#pragma once

#include "draw/draw_substitute.h"
#include "ledger/verdict.h"

/* The check `substitutions`, when the folder has the file; everything else there was checked
 * before. False at the first line that the rule does not give. */
bool draw_check_substitutions(Verdict *verdict, const char *folder, bool is_opened);
