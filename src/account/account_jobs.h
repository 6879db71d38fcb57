/* What the account room does by itself; see account.c's module table. Thread: the job thread. */
#pragma once

#include "store/store.h"

/* Writes when sessions were last seen, drops ended sessions and old failure counters. */
bool account_sessions_job(Db *db, int64_t now_us, GError **error);
/* Writes how many refusals were only counted because their sender sent too many. */
bool account_refusals_job(Db *db, int64_t now_us, GError **error);
