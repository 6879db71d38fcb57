/* What a reporter sees of the matter: state, next day, feedback, their own words. Private to the
 * pages of this room. */
#pragma once

#include "casework/casework_file.h"
#include "report/report_pages.h"

/* The page of a visit; with problems (taken over) its form again. */
Response *track_show(Ctx *ctx, const Guest *guest, FormProblems *problems);
/* Did the reporter send this file? */
bool track_is_theirs(
    Db *db, int64_t matter_id, const CaseFile *file, bool *ret_is_theirs, GError **error);
