/*
 * Many entries at once, by two threads: this one asks for the entries before them and inserts rows,
 * chunk by chunk; the other one writes and hashes the leaves between the two, and grows both trees.
 */
#include "base/digest_many.h"
#include "base/mailbox.h"
#include "ledger/ledger_internal.h"

#include <pthread.h>
#include <string.h>

#define CHUNK 256
#define LEAVES_AT_ONCE 64
#define THREAD_MIN 64 /* fewer entries are not worth a thread */

typedef struct Chunk {
    size_t first, count;
} Chunk;

/* `previous` is written by the inserting thread before a chunk is sent, `records` by the other one
 * before it is sent back; state, nodes and error belong to the other one until it has ended. */
typedef struct Batch {
    const LedgerEntry *entries;
    size_t count;
    int64_t first; /* index of the first entry */
    int64_t *previous;
    GArray *records; /* LedgerRecord; as many as entries from the start */
    Chunk *chunks;
    size_t chunk_count;
    Mailbox *linked;  /* Chunk, to the writing thread */
    Mailbox *written; /* Chunk, back */
    LedgerState state;
    GArray *nodes;
    GError *error;
    pthread_t thread;
    bool is_running;
} Batch;

/* Type and object are the caller's. */
static void clear_record(gpointer data) {
    LedgerRecord *record = data;
    record->type = record->object = NULL;
    ledger_record_clear(record);
}

static void batch_init(Batch *batch, const LedgerEntry *entries, size_t count) {
    *batch = (Batch){.entries = entries,
                     .count = count,
                     .previous = g_new(int64_t, count),
                     .chunk_count = (count + CHUNK - 1) / CHUNK,
                     .records = g_array_new(FALSE, TRUE, sizeof(LedgerRecord)),
                     .nodes = g_array_new(FALSE, FALSE, sizeof(LedgerNode))};
    g_array_set_clear_func(batch->records, clear_record);
    g_array_set_size(batch->records, (guint)count);
    batch->chunks = g_new(Chunk, batch->chunk_count);
    for (size_t i = 0; i < batch->chunk_count; i++) {
        batch->chunks[i] = (Chunk){i * CHUNK, MIN(count - i * CHUNK, CHUNK)};
    }
    batch->linked = mailbox_new(batch->chunk_count);
    batch->written = mailbox_new(batch->chunk_count);
}

static void drop_nothing(gpointer data) {
    (void)data; /* chunks belong to the batch */
}

/* Waits for the other thread. */
static void batch_clear(Batch *batch) {
    mailbox_close(batch->linked);
    if (batch->is_running) {
        pthread_join(batch->thread, NULL);
    }
    mailbox_free(batch->linked, drop_nothing);
    mailbox_free(batch->written, drop_nothing);
    g_clear_error(&batch->error);
    g_array_unref(batch->records);
    g_array_unref(batch->nodes);
    g_free(batch->chunks);
    g_free(batch->previous);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

static LedgerRecord *record_at(const Batch *batch, size_t index) {
    return &g_array_index(batch->records, LedgerRecord, index);
}

/* --- the writing thread ----------------------------------------------------------------------- */

static bool begin_records(const Batch *batch, size_t first, size_t count, GError **error) {
    uint8_t salts[LEAVES_AT_ONCE][LEDGER_SALT_SIZE]; /* one call to the kernel */
    random_bytes(salts, count * LEDGER_SALT_SIZE);
    for (size_t i = 0; i < count; i++) {
        LedgerRecord *record = record_at(batch, first + i);
        int64_t index = batch->first + (int64_t)(first + i);
        const LedgerEntry *entry = &batch->entries[first + i];
        if (!ledger_record_begin(record, entry, index, error)) {
            return false;
        }
        record->type = (char *)entry->type;
        record->object = (char *)entry->object;
        memcpy(record->salt, salts[i], LEDGER_SALT_SIZE);
    }
    return true;
}

/* Text form and hashes of up to LEAVES_AT_ONCE records. */
static bool write_some(const Batch *batch, size_t first, size_t count, GError **error) {
    DigestJob jobs[LEAVES_AT_ONCE] = {0};
    uint8_t commitments[LEAVES_AT_ONCE][DIGEST_SIZE];
    size_t sizes[LEAVES_AT_ONCE];
    LedgerRecord *records = record_at(batch, first);
    if (!begin_records(batch, first, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sizes[i] = strlen(records[i].payload);
        jobs[i] = (DigestJob){.head = records[i].salt,
                              .head_size = LEDGER_SALT_SIZE,
                              .tail = records[i].payload,
                              .tail_size = sizes[i],
                              .ret_hash = commitments[i]};
    }
    digest_jobs(DIGEST_SHA256, jobs, count);
    for (size_t i = 0; i < count; i++) {
        records[i].bytes = ledger_leaf_format(&batch->entries[first + i],
                                              sizes[i],
                                              commitments[i],
                                              batch->previous[first + i],
                                              &records[i].size,
                                              error);
        if (records[i].bytes == NULL) {
            return false;
        }
        jobs[i] = (DigestJob){.head = "\x00",
                              .head_size = 1,
                              .tail = records[i].bytes,
                              .tail_size = records[i].size,
                              .ret_hash = records[i].leaf_hash};
    }
    digest_jobs(DIGEST_SHA256, jobs, count);
    for (size_t i = 0; i < count; i++) {
        jobs[i].ret_hash = records[i].leaf_sm3;
    }
    digest_jobs(DIGEST_SM3, jobs, count);
    return true;
}

static bool write_chunk(const Batch *batch, const Chunk *chunk, GError **error) {
    for (size_t done = 0; done < chunk->count; done += LEAVES_AT_ONCE) {
        if (!write_some(
                batch, chunk->first + done, MIN(chunk->count - done, LEAVES_AT_ONCE), error)) {
            return false;
        }
    }
    return true;
}

static void *write_main(void *data) {
    Batch *batch = data;
    size_t written = 0;
    for (Chunk *chunk; (chunk = mailbox_take_wait(batch->linked)) != NULL;) {
        if (batch->error == NULL && write_chunk(batch, chunk, &batch->error)) {
            written += chunk->count;
            mailbox_put(batch->written, chunk); /* never full: it holds all of them */
        }
    }
    if (written == batch->count) {
        ledger_grow_many(&batch->state, record_at(batch, 0), batch->count, batch->nodes);
    }
    mailbox_close(batch->written);
    return NULL;
}

/* --- this thread ------------------------------------------------------------------------------ */

/* The newest entry on each object of a chunk, of those before this batch and those of it. */
static bool
link_chunk(Db *db, Batch *batch, const Chunk *chunk, GHashTable *newest, GError **error) {
    const char *asked[CHUNK];
    size_t places[CHUNK];
    int64_t found[CHUNK];
    size_t asked_count = 0;
    for (size_t i = chunk->first; i < chunk->first + chunk->count; i++) {
        const char *object = batch->entries[i].object;
        gpointer place = NULL;
        if (g_hash_table_lookup_extended(newest, object, NULL, &place)) {
            batch->previous[i] = batch->first + (int64_t)GPOINTER_TO_SIZE(place);
        } else {
            asked[asked_count] = object;
            places[asked_count++] = i;
        }
        g_hash_table_insert(newest, (char *)object, GSIZE_TO_POINTER(i));
    }
    if (asked_count > 0 && !ledger_store_latest_many(db, asked, asked_count, found, error)) {
        return false;
    }
    for (size_t i = 0; i < asked_count; i++) {
        batch->previous[places[i]] = found[i];
    }
    return true;
}

/* Sends every chunk on its way; without a thread the writing is done here. */
static bool link_all(Db *db, Batch *batch, GError **error) {
    g_autoptr(GHashTable) newest = g_hash_table_new(g_str_hash, g_str_equal);
    batch->is_running =
        batch->count >= THREAD_MIN && pthread_create(&batch->thread, NULL, write_main, batch) == 0;
    for (size_t i = 0; i < batch->chunk_count; i++) {
        if (!link_chunk(db, batch, &batch->chunks[i], newest, error)) {
            return false;
        }
        mailbox_put(batch->linked, &batch->chunks[i]);
    }
    mailbox_close(batch->linked);
    if (!batch->is_running) {
        write_main(batch);
    }
    return true;
}

static bool insert_all(Db *db, Batch *batch, GError **error) {
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    for (const Chunk *chunk; (chunk = mailbox_take_wait(batch->written)) != NULL;) {
        if (!ledger_store_add(db, record_at(batch, chunk->first), chunk->count, none, error)) {
            return false;
        }
    }
    /* The box was closed, so nothing of the batch is touched any more. */
    if (batch->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&batch->error));
        return false;
    }
    int64_t time_us = record_at(batch, batch->count - 1)->time_us;
    return ledger_write(db, &batch->state, time_us, NULL, 0, batch->nodes, error);
}

bool ledger_append_many(
    Db *db, const LedgerEntry *entries, size_t count, int64_t *ret_first, GError **error) {
    g_assert(count > 0);
    int64_t unused = -1;
    for (size_t i = 0; i < count; i++) {
        if (!ledger_entry_check(&entries[i], error)) {
            return false;
        }
    }
    g_auto(Batch) batch;
    batch_init(&batch, entries, count);
    if (!ledger_lock(db, entries[0].object, &batch.state, &unused, error)) {
        return false;
    }
    batch.first = (int64_t)batch.state.frontier.size;
    if (!link_all(db, &batch, error) || !insert_all(db, &batch, error)) {
        return false;
    }
    if (ret_first != NULL) {
        *ret_first = batch.first;
    }
    return true;
}
