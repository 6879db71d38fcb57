/* What `backup` writes beside its file, `restore` believes, and how both read a copy back. */
#pragma once

#include "base/json.h"
#include "ledger/ledger.h"
#include "store/backup.h"

typedef struct Manifest {
    DbEngine engine;
    int64_t made_us;
    int64_t size; /* bytes of the file */
    char sha256[2 * DIGEST_SIZE + 1];
    LedgerHead head; /* of the ledger at the moment the copy shows */
} Manifest;

/* "FILE.manifest.json"; caller frees. */
char *manifest_path(const char *file);

/* Size and hash of `file` into the manifest. */
bool manifest_measure(Manifest *manifest, const char *file, GError **error);
/* To the disk, durable, beside `file`. */
bool manifest_write(const Manifest *manifest, const char *file, GError **error);
/* Reads the one beside `file` and compares size and hash: HZ_ERROR_CORRUPT when they differ. */
bool manifest_read(const char *file, Manifest *ret_manifest, GError **error);
json_t *manifest_json(const Manifest *manifest, const char *file);

/* Reads the whole database at `url`: structure, ledger, and that its head is `head`. */
bool manifest_verify_database(const char *url, const LedgerHead *head, GError **error);

/* "12 entries, root " and 64 hex digits; caller frees. */
char *manifest_head_text(const LedgerHead *head);

/* Prints the error for people; the exit code that belongs to it. */
int manifest_failure(const GError *error);
