/*
 * Leaves a second: ledger_append_many in batches, both trees, each batch one durable transaction:
 * entries on objects that are new to the log (a registration), and reports of the same objects
 * batch after batch, whose index pages are rewritten each time. Beside each the same rows written
 * bare, without trees and hashes, through the same connection; and appends one by one. Prints one
 * JSON document. Used by bench/ledger.py.
 *
 *   ledger_append URL LEAVES BATCH
 */
#include "base/clock.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_US INT64_C(1795300000000000)

typedef struct Work {
    json_t *payload;
    char **objects; /* of the next batch */
    size_t count;
    int64_t next;
    bool is_fresh;
    bool is_long; /* ids of 34 characters in the place of 6 to 13 */
} Work;

static void name_objects(Work *work) {
    for (size_t i = 0; i < work->count && (work->is_fresh || work->next == 0); i++) {
        g_free(work->objects[i]);
        int number = (int)(work->next + (int64_t)i);
        work->objects[i] = work->is_long ? g_strdup_printf("device:91500103MA5U00000X-%08d", number)
                                         : g_strdup_printf("device:%d", number);
    }
}

static LedgerEntry entry_of(const Work *work, size_t i) {
    return (LedgerEntry){NOW_US,
                         "device.report",
                         work->is_long ? "gateway:500103-000017-000123" : "account:17",
                         work->objects[i],
                         work->payload};
}

static bool append_batch(Db *db, void *data, GError **error) {
    Work *work = data;
    g_autofree LedgerEntry *entries = g_new(LedgerEntry, work->count);
    for (size_t i = 0; i < work->count; i++) {
        entries[i] = entry_of(work, i);
    }
    return ledger_append_many(db, entries, work->count, NULL, error);
}

static bool append_one(Db *db, void *data, GError **error) {
    Work *work = data;
    LedgerEntry entry = entry_of(work, (size_t)(work->next++ % (int64_t)work->count));
    return ledger_append(db, &entry, NULL, error);
}

/* What is left when trees, hashes, links and the leaf's text are taken away. */
static bool write_bare(Db *db, void *data, GError **error) {
    Work *work = data;
    static const char bytes[300];
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < work->count; i++) {
        const DbArg row[] = {db_int(work->next + (int64_t)i),
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

static void must(bool done, const GError *error) {
    if (!done) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
}

/* Calls a second; between them the objects' names are made, which is not counted. */
static double rate(Db *db, DbWork work, Work *data, int calls) {
    int64_t spent_us = 0;
    for (int i = 0; i < calls; i++) {
        g_autoptr(GError) error = NULL;
        name_objects(data);
        int64_t begun_us = g_get_monotonic_time();
        bool done = db_run_tx(db, work, data, &error);
        spent_us += g_get_monotonic_time() - begun_us;
        must(done, error);
        data->next += (int64_t)data->count;
    }
    return calls / ((double)spent_us / CLOCK_SECOND_US);
}

/* In a database of its own, so that one measurement does not pay for another's pages. */
static double measure(const char *url,
                      const char *name,
                      DbWork work,
                      bool is_fresh,
                      bool is_long,
                      int calls,
                      size_t batch) {
    g_autoptr(GError) error = NULL;
    g_autofree char *own = g_strdup_printf("%s-%s", url, name);
    g_autoptr(Db) db = db_open(own, DB_READ_WRITE, &error);
    must(db != NULL, error);
    must(db_migrate(db, "ledger", &error) &&
             db_script(db,
                       "CREATE TABLE bare (idx INTEGER PRIMARY KEY, bytes BLOB, leaf_hash BLOB, "
                       "type TEXT, object TEXT, time_us BIGINT, salt BLOB, payload TEXT, "
                       "leaf_sm3 BLOB);"
                       "CREATE INDEX bare_object ON bare (object, idx)",
                       &error),
         error);
    Work data = {.payload = json_pack("{s:i,s:s}", "number", 1, "state", "online"),
                 .objects = g_new0(char *, batch + 1),
                 .count = batch,
                 .is_fresh = is_fresh,
                 .is_long = is_long};
    name_objects(&data);
    sync(); /* nor for another's pages that the kernel still writes back */
    double found = rate(db, work, &data, calls);
    json_decref(data.payload);
    g_strfreev(data.objects);
    return found;
}

int main(int argc, char **argv) {
    int64_t leaves = 0;
    int64_t batch = 0;
    if (argc != 4 || !g_ascii_string_to_signed(argv[2], 10, 1, G_MAXINT, &leaves, NULL) ||
        !g_ascii_string_to_signed(argv[3], 10, 1, 100000, &batch, NULL)) {
        fputs("usage: ledger_append URL LEAVES BATCH\n", stderr);
        return 2;
    }
    int calls = (int)(leaves / batch);
    size_t size = (size_t)batch;
    double by = (double)batch;
    double one = measure(argv[1], "one", append_one, false, false, 2000, 1);
    double again_bare = measure(argv[1], "again-bare", write_bare, false, false, calls, size) * by;
    double again = measure(argv[1], "again", append_batch, false, false, calls, size) * by;
    double longer = measure(argv[1], "longer", append_batch, true, true, calls, size) * by;
    double fresh_bare = measure(argv[1], "fresh-bare", write_bare, true, false, calls, size) * by;
    double fresh = measure(argv[1], "fresh", append_batch, true, false, calls, size) * by;
    printf("{\"fresh\": %.0f, \"fresh_bare\": %.0f, \"longer\": %.0f, \"again\": %.0f, "
           "\"again_bare\": %.0f, \"one\": %.0f}\n",
           fresh,
           fresh_bare,
           longer,
           again,
           again_bare,
           one);
    return 0;
}
