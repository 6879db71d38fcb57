#include "ledger/ledger_store.h"

#include "base/error.h"
#include "ledger/ledger_rules.h"

#include <string.h>

static bool read_hash(const DbRows *rows, int column, uint8_t ret_hash[DIGEST_SIZE]) {
    size_t size = 0;
    const void *bytes = db_rows_blob(rows, column, &size);
    if (bytes == NULL || size != DIGEST_SIZE) {
        return false;
    }
    memcpy(ret_hash, bytes, DIGEST_SIZE);
    return true;
}

/* Peaks lie end to end, one for each set bit of the size, smallest first. */
static bool read_peaks(const void *bytes, size_t size, MerkleFrontier *frontier) {
    size_t at = 0;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((frontier->size >> level & 1) == 0) {
            continue;
        }
        if (size - at < DIGEST_SIZE) {
            return false;
        }
        memcpy(frontier->peaks[level], (const uint8_t *)bytes + at, DIGEST_SIZE);
        at += DIGEST_SIZE;
    }
    return at == size;
}

/* Columns: size, root, peaks, time_us. False: the row does not fit itself. */
static bool read_state(const DbRows *rows, LedgerState *state) {
    size_t peaks_size = 0;
    const void *peaks = db_rows_blob(rows, 2, &peaks_size);
    int64_t size = db_rows_int(rows, 0);
    *state = (LedgerState){.time_us = db_rows_int(rows, 3)};
    merkle_frontier_init(&state->frontier, DIGEST_SHA256);
    state->frontier.size = (uint64_t)size;
    return size >= 0 && read_hash(rows, 1, state->root) &&
           read_peaks(peaks, peaks_size, &state->frontier);
}

static bool take_state(DbRows *rows, LedgerState *ret_state, int64_t *previous, GError **error) {
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_CORRUPT, "the ledger's state row is missing");
    }
    if (!read_state(rows, ret_state)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "the ledger's state row does not fit itself");
    }
    if (previous != NULL) {
        *previous = db_rows_is_null(rows, 4) ? -1 : db_rows_int(rows, 4);
    }
    return true;
}

bool ledger_store_state(Db *db, LedgerState *ret_state, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT size, root, peaks, time_us FROM ledger_state WHERE id = 1"),
                 DB_NO_ARGS,
                 error);
    return rows != NULL && take_state(rows, ret_state, NULL, error);
}

/* The lock is a statement of its own: a statement that waits for a lock looks at other tables as
 * they were before it waited, and would miss the entry it waited for. SQLite has one writer. */
bool ledger_store_lock(
    Db *db, const char *object, LedgerState *ret_state, int64_t *ret_previous, GError **error) {
    if (db_engine(db) == DB_ENGINE_PG &&
        !db_later(
            db, SQL("SELECT 1 FROM ledger_state WHERE id = 1 FOR UPDATE"), DB_NO_ARGS, -1, error)) {
        return false;
    }
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT size, root, peaks, time_us, (SELECT idx FROM ledger_entry WHERE "
                     "object = $1 ORDER BY idx DESC LIMIT 1) FROM ledger_state WHERE id = 1"),
                 DB_ARGS(db_text(object)),
                 error);
    return rows != NULL && take_state(rows, ret_state, ret_previous, error);
}

bool ledger_store_save_state(Db *db, const LedgerState *state, GError **error) {
    uint8_t peaks[MERKLE_LEVELS * DIGEST_SIZE];
    size_t size = 0;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((state->frontier.size >> level & 1) != 0) {
            memcpy(peaks + size, state->frontier.peaks[level], DIGEST_SIZE);
            size += DIGEST_SIZE;
        }
    }
    return db_later(db,
                    SQL("UPDATE ledger_state SET size = $1, root = $2, peaks = $3, time_us = $4 "
                        "WHERE id = 1"),
                    DB_ARGS(db_int((int64_t)state->frontier.size),
                            db_blob(state->root, DIGEST_SIZE),
                            db_blob(peaks, size),
                            db_int(state->time_us)),
                    -1,
                    error);
}

bool ledger_store_add(Db *db, const LedgerRecord *record, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO ledger_entry "
                        "(idx, bytes, leaf_hash, type, object, time_us, salt, payload) "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
                    DB_ARGS(db_int(record->index),
                            db_blob(record->bytes, record->size),
                            db_blob(record->leaf_hash, DIGEST_SIZE),
                            db_text(record->type),
                            db_text(record->object),
                            db_int(record->time_us),
                            db_blob(record->salt, LEDGER_SALT_SIZE),
                            db_text(record->payload)),
                    -1,
                    error);
}

bool ledger_store_add_node(
    Db *db, unsigned level, uint64_t position, const uint8_t hash[DIGEST_SIZE], GError **error) {
    return db_later(db,
                    SQL("INSERT INTO ledger_node (level, pos, hash) VALUES ($1, $2, $3)"),
                    DB_ARGS(db_int(level), db_int((int64_t)position), db_blob(hash, DIGEST_SIZE)),
                    -1,
                    error);
}

/* Columns: idx, bytes, leaf_hash, type, object, time_us, salt, payload. */
static void read_record(const DbRows *rows, LedgerRow *ret_row) {
    LedgerRecord *record = &ret_row->record;
    const void *bytes = db_rows_blob(rows, 1, &record->size);
    record->index = db_rows_int(rows, 0);
    record->bytes = g_malloc(record->size + 1);
    if (record->size > 0) {
        memcpy(record->bytes, bytes, record->size);
    }
    record->bytes[record->size] = '\0';
    if (!read_hash(rows, 2, record->leaf_hash)) {
        memset(record->leaf_hash, 0, DIGEST_SIZE);
    }
    record->type = g_strdup(db_rows_text(rows, 3));
    record->object = g_strdup(db_rows_text(rows, 4));
    record->time_us = db_rows_int(rows, 5);
    size_t salt_size = 0;
    const void *salt = db_rows_blob(rows, 6, &salt_size);
    ret_row->has_salt = salt_size == LEDGER_SALT_SIZE;
    if (ret_row->has_salt) {
        memcpy(record->salt, salt, LEDGER_SALT_SIZE);
    }
    record->payload = g_strdup(db_rows_text(rows, 7));
}

bool ledger_store_find(Db *db, int64_t index, LedgerRecord *ret_record, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT idx, bytes, leaf_hash, type, object, time_us, salt, payload FROM ledger_entry "
            "WHERE idx = $1"),
        DB_ARGS(db_int(index)),
        error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(
                   error, HZ_ERROR_NOT_FOUND, "the ledger has no entry %" G_GINT64_FORMAT, index);
    }
    LedgerRow row = {0};
    read_record(rows, &row);
    *ret_record = row.record;
    return true;
}

bool ledger_store_latest(Db *db, const char *object, int64_t *ret_index, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT idx FROM ledger_entry WHERE object = $1 ORDER BY idx DESC LIMIT 1"),
        DB_ARGS(db_text(object)),
        ret_index,
        error);
}

GArray *ledger_store_marks(Db *db, const char *object, unsigned limit, GError **error) {
    g_autoptr(GArray) marks = g_array_new(FALSE, TRUE, sizeof(LedgerMark));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT idx, type FROM ledger_entry WHERE object = $1 ORDER BY idx LIMIT $2"),
                 DB_ARGS(db_text(object), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        LedgerMark mark = {.index = db_rows_int(rows, 0)};
        g_strlcpy(mark.type, db_rows_text(rows, 1), sizeof mark.type);
        g_array_append_val(marks, mark);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&marks) : NULL;
}

static bool fail_node(unsigned level, uint64_t position, const char *what, GError **error) {
    return hz_fail(
        error, HZ_ERROR_CORRUPT, "tree node %u/%" G_GUINT64_FORMAT " %s", level, position, what);
}

bool ledger_store_node(
    Db *db, unsigned level, uint64_t position, uint8_t ret_hash[DIGEST_SIZE], GError **error) {
    g_autoptr(DbRows) rows = NULL;
    if (level == 0) {
        rows = db_query(db,
                        SQL("SELECT leaf_hash FROM ledger_entry WHERE idx = $1"),
                        DB_ARGS(db_int((int64_t)position)),
                        error);
    } else {
        rows = db_query(db,
                        SQL("SELECT hash FROM ledger_node WHERE level = $1 AND pos = $2"),
                        DB_ARGS(db_int(level), db_int((int64_t)position)),
                        error);
    }
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) && fail_node(level, position, "is missing", error);
    }
    return read_hash(rows, 0, ret_hash) ||
           fail_node(level, position, "has a hash of the wrong length", error);
}

static void clear_row(gpointer data) {
    LedgerRow *row = data;
    ledger_record_clear(&row->record);
}

GArray *ledger_store_rows(Db *db, int64_t from, int64_t limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT e.idx, e.bytes, e.leaf_hash, e.type, e.object, e.time_us, e.salt, "
                     "e.payload, (SELECT p.idx FROM ledger_entry p WHERE p.object = e.object AND "
                     "p.idx < e.idx ORDER BY p.idx DESC LIMIT 1) FROM ledger_entry e "
                     "WHERE e.idx >= $1 ORDER BY e.idx LIMIT $2"),
                 DB_ARGS(db_int(from), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) found = g_array_new(FALSE, TRUE, sizeof(LedgerRow));
    g_array_set_clear_func(found, clear_row);
    while (db_rows_next(rows)) {
        LedgerRow row = {0};
        read_record(rows, &row);
        row.previous = db_rows_is_null(rows, 8) ? -1 : db_rows_int(rows, 8);
        g_array_append_val(found, row);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

GByteArray *
ledger_store_nodes(Db *db, unsigned level, uint64_t first, uint64_t end, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT pos, hash FROM ledger_node WHERE level = $1 AND pos >= $2 "
                     "AND pos < $3 ORDER BY pos"),
                 DB_ARGS(db_int(level), db_int((int64_t)first), db_int((int64_t)end)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GByteArray) hashes = g_byte_array_new();
    g_byte_array_set_size(hashes, (guint)(end - first) * DIGEST_SIZE);
    memset(hashes->data, 0, hashes->len);
    while (db_rows_next(rows)) {
        uint64_t place = (uint64_t)db_rows_int(rows, 0) - first;
        uint8_t hash[DIGEST_SIZE];
        if (place < end - first && read_hash(rows, 1, hash)) {
            memcpy(hashes->data + place * DIGEST_SIZE, hash, DIGEST_SIZE);
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&hashes) : NULL;
}

bool ledger_store_totals(Db *db, LedgerTotals *ret_totals, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT size, (SELECT COUNT(*) FROM ledger_entry), "
                     "(SELECT MAX(idx) FROM ledger_entry), (SELECT COUNT(*) FROM ledger_node) "
                     "FROM ledger_state WHERE id = 1"),
                 DB_NO_ARGS,
                 error);
    if (rows == NULL) {
        return false;
    }
    LedgerTotals totals = {0};
    while (db_rows_next(rows)) {
        totals.size = db_rows_int(rows, 0);
        totals.entries = db_rows_int(rows, 1);
        totals.newest = db_rows_is_null(rows, 2) ? -1 : db_rows_int(rows, 2);
        totals.nodes = db_rows_int(rows, 3);
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    *ret_totals = totals;
    return true;
}
