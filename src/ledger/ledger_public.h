/*
 * The log as strangers get it (c2sp.org/tlog-tiles), file by file: the same over HTTP below /log/
 * and on disk by `huozheng ledger export`. Docs: docs/ledger-format.md, "The public log".
 */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/ledger_heads.h"

/* One tile or entry bundle of the tree of `size` entries. NOT_FOUND when it has no such tile. Entry
 * bundles are the same for both trees; ask for them with DIGEST_SHA256. Caller unrefs. */
GByteArray *
ledger_tile(Db *db, DigestKind kind, const TilePath *tile, int64_t size, GError **error);

/* Writes the log as of its newest signed head below `folder`, which is made if it is missing; files
 * that are there are written anew. Checkpoints come last, so that a copy that was cut off does not
 * claim what it lacks. *ret_size (may be NULL): entries. */
bool ledger_export(Db *db,
                   const char *folder,
                   LedgerProgress progress,
                   void *data,
                   int64_t *ret_size,
                   GError **error);
