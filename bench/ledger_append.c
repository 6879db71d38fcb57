/*
 * Leaves a second: ledger_append_many in batches, both trees, each batch one durable transaction;
 * beside it the same rows written bare, without trees and hashes, through the same connection, and
 * appends one by one. Prints one JSON document. Used by bench/ledger.py.
 *
 *   ledger_append URL LEAVES BATCH
 */
#include "base/clock.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_US INT64_C(1795300000000000)

typedef struct Work {
    json_t *payload;
    char **objects;
    size_t count;
    int64_t next;
} Work;

static bool append_batch(Db *db, void *data, GError **error) {
    Work *work = data;
    g_autofree LedgerEntry *entries = g_new(LedgerEntry, work->count);
    for (size_t i = 0; i < work->count; i++) {
        entries[i] =
            (LedgerEntry){NOW_US, "device.report", "device:17", work->objects[i], work->payload};
    }
    return ledger_append_many(db, entries, work->count, NULL, error);
}

static bool append_one(Db *db, void *data, GError **error) {
    Work *work = data;
    LedgerEntry entry = {NOW_US,
                         "device.report",
                         "device:17",
                         work->objects[work->next++ % work->count],
                         work->payload};
    return ledger_append(db, &entry, NULL, error);
}

/* What is left when trees, hashes, links and the leaf's text are taken away. */
static bool write_bare(Db *db, void *data, GError **error) {
    Work *work = data;
    static const char bytes[300];
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < work->count; i++) {
        const DbArg row[] = {db_int(work->next++),
                             db_blob(bytes, 300),
                             db_blob(bytes, 32),
                             db_text("device.report"),
                             db_text(work->objects[i]),
                             db_int(NOW_US),
                             db_blob(bytes, 16),
                             db_text("{\"number\":1}"),
                             db_blob(bytes, 32)};
        g_array_append_vals(args, row, 9);
    }
    return db_exec_many(db,
                        SQL("INSERT INTO bare (idx, bytes, leaf_hash, type, object, time_us, salt, "
                            "payload, leaf_sm3) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
                        9,
                        (DbArgs){(const DbArg *)(const void *)args->data, args->len},
                        NULL,
                        error);
}

/* Calls a second. */
static double rate(Db *db, DbWork work, Work *data, int calls) {
    int64_t begun_us = g_get_monotonic_time();
    for (int i = 0; i < calls; i++) {
        g_autoptr(GError) error = NULL;
        if (!db_run_tx(db, work, data, &error)) {
            fprintf(stderr, "%s\n", error->message);
            exit(1);
        }
    }
    return calls / ((double)(g_get_monotonic_time() - begun_us) / CLOCK_SECOND_US);
}

int main(int argc, char **argv) {
    g_autoptr(GError) error = NULL;
    int64_t leaves = 0;
    int64_t batch = 0;
    if (argc != 4 || !g_ascii_string_to_signed(argv[2], 10, 1, G_MAXINT, &leaves, NULL) ||
        !g_ascii_string_to_signed(argv[3], 10, 1, 100000, &batch, NULL)) {
        fputs("usage: ledger_append URL LEAVES BATCH\n", stderr);
        return 2;
    }
    g_autoptr(Db) db = db_open(argv[1], DB_READ_WRITE, &error);
    if (db == NULL || !db_migrate(db, "ledger", &error) ||
        !db_script(db,
                   "CREATE TABLE bare (idx INTEGER PRIMARY KEY, bytes BLOB, leaf_hash BLOB, type "
                   "TEXT, object TEXT, time_us BIGINT, salt BLOB, payload TEXT, leaf_sm3 BLOB);"
                   "CREATE INDEX bare_object ON bare (object, idx);"
                   "CREATE INDEX bare_type ON bare (type, idx)",
                   &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    Work work = {.payload = json_pack("{s:i,s:s}", "number", 1, "state", "online"),
                 .count = (size_t)batch};
    work.objects = g_new0(char *, batch + 1);
    for (int64_t i = 0; i < batch; i++) {
        work.objects[i] = g_strdup_printf("device:%d", (int)i);
    }
    int calls = (int)(leaves / batch);
    double many = rate(db, append_batch, &work, calls) * (double)batch;
    double bare = rate(db, write_bare, &work, calls) * (double)batch;
    double one = rate(db, append_one, &work, 2000);
    printf("{\"many\": %.0f, \"bare\": %.0f, \"one\": %.0f}\n", many, bare, one);
    json_decref(work.payload);
    g_strfreev(work.objects);
    return 0;
}
