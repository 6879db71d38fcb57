/* SQL of the witness's one table. Thread: that of the Db. */
#pragma once

#include "ledger/checkpoint.h"
#include "store/store.h"

/* What was cosigned last for this origin; size 0 when nothing was. */
bool witness_store_head(Db *db, const char *origin, Checkpoint *ret_head, GError **error);
bool witness_store_set(Db *db, const Checkpoint *head, int64_t now_us, GError **error);
