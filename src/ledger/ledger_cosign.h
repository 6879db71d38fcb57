/*
 * Asking witnesses to cosign the log's newest head (c2sp.org/tlog-witness, the log's side).
 * Thread: the one that owns the Db; it blocks on the network.
 */
#pragma once

#include "ledger/ledger_heads.h"

typedef struct LedgerCosigner LedgerCosigner;

/* `folder`: of the log's keys, where a stop is remembered. */
LedgerCosigner *ledger_cosigner_new(const char *folder);
void ledger_cosigner_free(LedgerCosigner *cosigner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerCosigner, ledger_cosigner_free)

/* Asks each witness of the policy that has not cosigned the newest head, and stores what verifies.
 * `always`: also the others, to hear whether one has seen more than the database holds. A witness
 * that cannot be reached or refuses is logged once, left alone for a while and keeps nobody else
 * waiting. One that has signed another history stops the signing (ledger_stop_signing). False only
 * when the database fails. */
bool ledger_cosign(Db *db, LedgerCosigner *cosigner, bool always, int64_t now_us, GError **error);
