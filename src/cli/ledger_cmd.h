/* What the files of `huozheng ledger` share. */
#pragma once

#include "cli/commands.h"
#include "ledger/ledger_heads.h"

typedef struct LedgerOptions {
    char *db, *keys, *origin, *reason;
    gint64 size;
    gboolean json, tlog, payload, is_lost;
    char **rest; /* action and its argument */
} LedgerOptions;

/* One action; `argument` is NULL where it takes none. Returns the exit code. */
typedef int (*LedgerAction)(Db *db, const LedgerOptions *options, const char *argument);

int ledger_cmd_fail(const GError *error);
void ledger_cmd_print(json_t *document); /* takes it over */
void ledger_cmd_progress(int64_t done, int64_t total, void *last_us);
/* An entry's number; false after saying that it is none. */
bool ledger_cmd_index(const char *text, int64_t *ret_index);

/* ledger_cmd_keys.c */
int ledger_cmd_keygen(Db *db, const LedgerOptions *options, const char *argument);
int ledger_cmd_rotate(Db *db, const LedgerOptions *options, const char *argument);
int ledger_cmd_rekey(Db *db, const LedgerOptions *options, const char *argument);
int ledger_cmd_sign(Db *db, const LedgerOptions *options, const char *argument);
int ledger_cmd_resume(Db *db, const LedgerOptions *options, const char *argument);
int ledger_cmd_policy(Db *db, const LedgerOptions *options, const char *path);
int ledger_cmd_export(Db *db, const LedgerOptions *options, const char *folder);
int ledger_cmd_history(Db *db, const LedgerOptions *options, const char *object);
int ledger_cmd_erase(Db *db, const LedgerOptions *options, const char *index);
