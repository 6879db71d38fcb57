/*
 * Many entries at once: one query for the entries before them, leaves written and hashed side by
 * side on two cores, both trees grown level by level, one pass of statements.
 */
#include "base/digest_many.h"
#include "ledger/ledger_internal.h"

#include <pthread.h>
#include <string.h>

#define LEAVES_AT_ONCE 64
#define SHARE_MIN 64 /* fewer are not worth a thread */

/* A run of the batch; each thread has its own. */
typedef struct Share {
    const LedgerEntry *entries;
    const int64_t *previous;
    LedgerRecord *records;
    size_t count;
    GError *error;
    pthread_t thread;
    bool is_running;
} Share;

static void clear_record(gpointer data) {
    ledger_record_clear(data);
}

/* Text form and hashes of some records. */
static bool write_some(const Share *share, size_t first, size_t count, GError **error) {
    DigestJob jobs[LEAVES_AT_ONCE] = {0};
    uint8_t commitments[LEAVES_AT_ONCE][DIGEST_SIZE];
    size_t sizes[LEAVES_AT_ONCE];
    LedgerRecord *records = share->records + first;
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
        records[i].bytes = ledger_leaf_format(&share->entries[first + i],
                                              sizes[i],
                                              commitments[i],
                                              share->previous[first + i],
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

static void *write_share(void *data) {
    Share *share = data;
    for (size_t first = 0; first < share->count; first += LEAVES_AT_ONCE) {
        if (!write_some(share, first, MIN(share->count - first, LEAVES_AT_ONCE), &share->error)) {
            break;
        }
    }
    return NULL;
}

static bool write_leaves(const Share *all, GError **error) {
    Share mine = *all;
    Share other = *all;
    mine.count = all->count >= SHARE_MIN ? all->count / 2 : all->count;
    other.entries += mine.count;
    other.previous += mine.count;
    other.records += mine.count;
    other.count -= mine.count;
    other.is_running =
        other.count > 0 && pthread_create(&other.thread, NULL, write_share, &other) == 0;
    write_share(&mine);
    if (other.is_running) {
        pthread_join(other.thread, NULL);
    } else {
        write_share(&other);
    }
    if (mine.error != NULL) {
        g_clear_error(&other.error);
        g_propagate_error(error, mine.error);
        return false;
    }
    if (other.error != NULL) {
        g_propagate_error(error, other.error);
        return false;
    }
    return true;
}

/* The newest entry on each object, of those before this batch and those of it. */
static bool link_entries(Db *db,
                         const LedgerEntry *entries,
                         size_t count,
                         int64_t first,
                         int64_t *ret_previous,
                         GError **error) {
    g_autoptr(GHashTable) newest = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree const char **asked = g_new(const char *, count);
    g_autofree size_t *places = g_new(size_t, count);
    g_autofree int64_t *found = g_new(int64_t, count);
    size_t asked_count = 0;
    for (size_t i = 0; i < count; i++) {
        gpointer place = NULL;
        if (g_hash_table_lookup_extended(newest, entries[i].object, NULL, &place)) {
            ret_previous[i] = first + (int64_t)GPOINTER_TO_SIZE(place);
        } else {
            asked[asked_count] = entries[i].object;
            places[asked_count++] = i;
        }
        g_hash_table_insert(newest, (char *)entries[i].object, GSIZE_TO_POINTER(i));
    }
    if (!ledger_store_latest_many(db, asked, asked_count, found, error)) {
        return false;
    }
    for (size_t i = 0; i < asked_count; i++) {
        ret_previous[places[i]] = found[i];
    }
    return true;
}

bool ledger_append_many(
    Db *db, const LedgerEntry *entries, size_t count, int64_t *ret_first, GError **error) {
    g_assert(count > 0);
    LedgerState state;
    int64_t unused = -1;
    for (size_t i = 0; i < count; i++) {
        if (!ledger_entry_check(&entries[i], error)) {
            return false;
        }
    }
    if (!ledger_lock(db, entries[0].object, &state, &unused, error)) {
        return false;
    }
    int64_t first = (int64_t)state.frontier.size;
    g_autofree int64_t *previous = g_new(int64_t, count);
    g_autofree uint8_t *salts = g_malloc(count * LEDGER_SALT_SIZE); /* one call to the kernel */
    g_autoptr(GArray) records = g_array_new(FALSE, TRUE, sizeof(LedgerRecord));
    g_array_set_clear_func(records, clear_record);
    g_array_set_size(records, (guint)count);
    random_bytes(salts, count * LEDGER_SALT_SIZE);
    for (size_t i = 0; i < count; i++) {
        LedgerRecord *record = &g_array_index(records, LedgerRecord, i);
        if (!ledger_record_begin(record, &entries[i], first + (int64_t)i, error)) {
            return false;
        }
        memcpy(record->salt, salts + i * LEDGER_SALT_SIZE, LEDGER_SALT_SIZE);
    }
    const Share all = {.entries = entries,
                       .previous = previous,
                       .records = (LedgerRecord *)(void *)records->data,
                       .count = count};
    if (!link_entries(db, entries, count, first, previous, error) || !write_leaves(&all, error)) {
        return false;
    }
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(LedgerNode));
    ledger_grow_many(&state, all.records, count, nodes);
    if (!ledger_write(db, &state, all.records, count, nodes, error)) {
        return false;
    }
    if (ret_first != NULL) {
        *ret_first = first;
    }
    return true;
}
