/*
 * The thread that signs the log's heads while the server runs: about once a second when entries are
 * unsigned, once a day otherwise. Several servers on one database may all run it; each needs the
 * log's keys (keyring.h). A server without them serves pages and says so.
 */
#pragma once

#include <glib.h>

typedef struct LedgerSigner LedgerSigner;

/* `folder` as ledger_keys_folder says. Problems do not keep the server from starting: they are
 * logged, told by ledger_signer_problem and tried again. */
LedgerSigner *ledger_signer_start(const char *db_url, const char *folder);
void ledger_signer_stop(LedgerSigner *signer);

/* Why the signer of this process does not sign; NULL: it does, or there is none. Caller frees.
 * Thread: any. */
char *ledger_signer_problem(void);
