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

static DbArg hash_arg(const uint8_t hash[DIGEST_SIZE]) {
    return db_blob(hash, DIGEST_SIZE);
}

/* --- state --------------------------------------------------------------------------------------
 */

/* Peaks lie end to end, one for each set bit of the size, smallest first. */
static bool read_peaks(const DbRows *rows, int column, MerkleFrontier *frontier) {
    size_t size = 0;
    const uint8_t *bytes = db_rows_blob(rows, column, &size);
    size_t at = 0;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((frontier->size >> level & 1) == 0) {
            continue;
        }
        if (size - at < DIGEST_SIZE) {
            return false;
        }
        memcpy(frontier->peaks[level], bytes + at, DIGEST_SIZE);
        at += DIGEST_SIZE;
    }
    return at == size;
}

static GByteArray *peaks_of(const MerkleFrontier *frontier) {
    GByteArray *peaks = g_byte_array_new();
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((frontier->size >> level & 1) != 0) {
            g_byte_array_append(peaks, frontier->peaks[level], DIGEST_SIZE);
        }
    }
    return peaks;
}

#define STATE_COLUMNS "size, root, peaks, time_us, size_sm3, root_sm3, peaks_sm3"

/* False: the row does not fit itself. */
static bool read_state(const DbRows *rows, LedgerState *state) {
    int64_t size = db_rows_int(rows, 0);
    int64_t size_sm3 = db_rows_int(rows, 4);
    *state = (LedgerState){.time_us = db_rows_int(rows, 3)};
    merkle_frontier_init(&state->frontier, DIGEST_SHA256);
    merkle_frontier_init(&state->sm3, DIGEST_SM3);
    state->frontier.size = (uint64_t)size;
    state->sm3.size = (uint64_t)size_sm3;
    return size >= 0 && size_sm3 >= 0 && size_sm3 <= size && read_hash(rows, 1, state->root) &&
           read_hash(rows, 5, state->root_sm3) && read_peaks(rows, 2, &state->frontier) &&
           read_peaks(rows, 6, &state->sm3);
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
        *previous = db_rows_is_null(rows, 7) ? -1 : db_rows_int(rows, 7);
    }
    return true;
}

bool ledger_store_state(Db *db, LedgerState *ret_state, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db, SQL("SELECT " STATE_COLUMNS " FROM ledger_state WHERE id = 1"), DB_NO_ARGS, error);
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
                 SQL("SELECT " STATE_COLUMNS ", (SELECT idx FROM ledger_entry WHERE "
                     "object = $1 ORDER BY idx DESC LIMIT 1) FROM ledger_state WHERE id = 1"),
                 DB_ARGS(db_text(object)),
                 error);
    return rows != NULL && take_state(rows, ret_state, ret_previous, error);
}

bool ledger_store_save_state(Db *db, const LedgerState *state, GError **error) {
    g_autoptr(GByteArray) peaks = peaks_of(&state->frontier);
    g_autoptr(GByteArray) peaks_sm3 = peaks_of(&state->sm3);
    return db_later(db,
                    SQL("UPDATE ledger_state SET size = $1, root = $2, peaks = $3, time_us = $4, "
                        "size_sm3 = $5, root_sm3 = $6, peaks_sm3 = $7 WHERE id = 1"),
                    DB_ARGS(db_int((int64_t)state->frontier.size),
                            hash_arg(state->root),
                            db_blob(peaks->len > 0 ? peaks->data : (const uint8_t *)"", peaks->len),
                            db_int(state->time_us),
                            db_int((int64_t)state->sm3.size),
                            hash_arg(state->root_sm3),
                            db_blob(peaks_sm3->len > 0 ? peaks_sm3->data : (const uint8_t *)"",
                                    peaks_sm3->len)),
                    -1,
                    error);
}

/* --- adding -------------------------------------------------------------------------------------
 */

/* One run does not wait for its answer; many go in one pipeline. */
static bool run_all(Db *db, Sql sql, size_t columns, const GArray *args, GError **error) {
    DbArgs all = {(const DbArg *)(const void *)args->data, args->len};
    if (args->len == 0) {
        return true;
    }
    return args->len == columns ? db_later(db, sql, all, -1, error)
                                : db_exec_many(db, sql, columns, all, NULL, error);
}

#define PUSH(args, ...)                                                                            \
    do {                                                                                           \
        const DbArg row[] = {__VA_ARGS__};                                                         \
        g_array_append_vals((args), row, G_N_ELEMENTS(row));                                       \
    } while (0)

static bool add_records(Db *db, const LedgerRecord *records, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * 9);
    for (size_t i = 0; i < count; i++) {
        const LedgerRecord *record = &records[i];
        PUSH(args,
             db_int(record->index),
             db_blob(record->bytes, record->size),
             hash_arg(record->leaf_hash),
             db_text(record->type),
             db_text(record->object),
             db_int(record->time_us),
             db_blob(record->salt, LEDGER_SALT_SIZE),
             db_text(record->payload),
             hash_arg(record->leaf_sm3));
    }
    return run_all(db,
                   SQL("INSERT INTO ledger_entry "
                       "(idx, bytes, leaf_hash, type, object, time_us, salt, payload, leaf_sm3) "
                       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
                   9,
                   args,
                   error);
}

bool ledger_store_add(
    Db *db, const LedgerRecord *records, size_t count, const GArray *nodes, GError **error) {
    if (!add_records(db, records, count, error)) {
        return false;
    }
    g_autoptr(GArray) args = g_array_sized_new(FALSE, FALSE, sizeof(DbArg), nodes->len * 4);
    for (guint i = 0; i < nodes->len; i++) {
        const LedgerNode *node = &g_array_index(nodes, LedgerNode, i);
        PUSH(args,
             db_int(node->level),
             db_int((int64_t)node->position),
             hash_arg(node->hash),
             hash_arg(node->sm3));
    }
    Sql sql = SQL("INSERT INTO ledger_node (level, pos, hash, hash_sm3) VALUES ($1, $2, $3, $4)");
    if (count > 1) {
        return run_all(db, sql, 4, args, error);
    }
    bool done = true;
    for (guint i = 0; done && i < nodes->len; i++) {
        DbArgs one = {&g_array_index(args, DbArg, (gsize)i * 4), 4};
        done = db_later(db, sql, one, -1, error);
    }
    return done;
}

bool ledger_store_fill(
    Db *db, const LedgerRecord *records, size_t count, const GArray *nodes, GError **error) {
    g_autoptr(GArray) leaves = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_autoptr(GArray) inner = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        PUSH(leaves, db_int(records[i].index), hash_arg(records[i].leaf_sm3));
    }
    for (guint i = 0; i < nodes->len; i++) {
        const LedgerNode *node = &g_array_index(nodes, LedgerNode, i);
        PUSH(inner, db_int(node->level), db_int((int64_t)node->position), hash_arg(node->sm3));
    }
    return run_all(
               db, SQL("UPDATE ledger_entry SET leaf_sm3 = $2 WHERE idx = $1"), 2, leaves, error) &&
           run_all(db,
                   SQL("UPDATE ledger_node SET hash_sm3 = $3 WHERE level = $1 AND pos = $2"),
                   3,
                   inner,
                   error);
}

bool ledger_store_erase(Db *db, int64_t index, GError **error) {
    return db_later(db,
                    SQL("UPDATE ledger_entry SET payload = NULL, salt = NULL WHERE idx = $1"),
                    DB_ARGS(db_int(index)),
                    1,
                    error);
}

/* --- looking ------------------------------------------------------------------------------------
 */

#define RECORD_COLUMNS                                                                             \
    "e.idx, e.bytes, e.leaf_hash, e.type, e.object, e.time_us, e.salt, e.payload, e.leaf_sm3"

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
    if (!read_hash(rows, 8, record->leaf_sm3)) {
        memset(record->leaf_sm3, 0, DIGEST_SIZE);
    }
}

bool ledger_store_find(Db *db, int64_t index, LedgerRecord *ret_record, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " RECORD_COLUMNS " FROM ledger_entry e WHERE e.idx = $1"),
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

/* Objects are visible ASCII (ledger_entry_check): only quotes and backslashes need care. */
static void append_quoted(GString *list, const char *object) {
    g_string_append_c(list, '"');
    if (strpbrk(object, "\"\\") == NULL) {
        g_string_append(list, object);
    } else {
        for (const char *at = object; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\') {
                g_string_append_c(list, '\\');
            }
            g_string_append_c(list, *at);
        }
    }
    g_string_append_c(list, '"');
}

bool ledger_store_latest_many(
    Db *db, const char *const *objects, size_t count, int64_t *ret_indexes, GError **error) {
    g_autoptr(GString) list = g_string_sized_new(count * 32);
    for (size_t i = 0; i < count; i++) {
        g_string_append_c(list, i == 0 ? '[' : ',');
        append_quoted(list, objects[i]);
        ret_indexes[i] = -1;
    }
    g_string_append_c(list, ']');
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL_FOR(db,
                "SELECT j.key, (SELECT e.idx FROM ledger_entry e WHERE e.object = j.value "
                "ORDER BY e.idx DESC LIMIT 1) FROM json_each($1) j",
                "SELECT j.n - 1, (SELECT e.idx FROM ledger_entry e WHERE e.object = j.object "
                "ORDER BY e.idx DESC LIMIT 1) FROM json_array_elements_text($1::json) "
                "WITH ORDINALITY AS j (object, n)"),
        DB_ARGS(db_text(list->str)),
        error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        size_t at = (size_t)db_rows_int(rows, 0);
        if (at < count && !db_rows_is_null(rows, 1)) {
            ret_indexes[at] = db_rows_int(rows, 1);
        }
    }
    return db_rows_done(rows, error);
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

GArray *ledger_store_places(Db *db, const char *object, int64_t end, GError **error) {
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT idx FROM ledger_entry WHERE object = $1 AND idx < $2 ORDER BY idx"),
                 DB_ARGS(db_text(object), db_int(end)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t index = db_rows_int(rows, 0);
        g_array_append_val(places, index);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&places) : NULL;
}

static bool fail_node(unsigned level, uint64_t position, const char *what, GError **error) {
    return hz_fail(
        error, HZ_ERROR_CORRUPT, "tree node %u/%" G_GUINT64_FORMAT " %s", level, position, what);
}

/* Columns: place, SHA-256, SM3. */
static DbRows *query_nodes(Db *db, unsigned level, uint64_t first, uint64_t end, GError **error) {
    if (level == 0) {
        return db_query(db,
                        SQL("SELECT idx, leaf_hash, leaf_sm3 FROM ledger_entry WHERE idx >= $1 "
                            "AND idx < $2 ORDER BY idx"),
                        DB_ARGS(db_int((int64_t)first), db_int((int64_t)end)),
                        error);
    }
    return db_query(db,
                    SQL("SELECT pos, hash, hash_sm3 FROM ledger_node WHERE level = $1 "
                        "AND pos >= $2 AND pos < $3 ORDER BY pos"),
                    DB_ARGS(db_int(level), db_int((int64_t)first), db_int((int64_t)end)),
                    error);
}

bool ledger_store_node(Db *db,
                       DigestKind kind,
                       unsigned level,
                       uint64_t position,
                       uint8_t ret_hash[DIGEST_SIZE],
                       GError **error) {
    unsigned above = level % LEDGER_LEVELS;
    uint64_t first = position << above;
    uint64_t count = UINT64_C(1) << above;
    uint8_t hashes[(1 << (LEDGER_LEVELS - 1)) * DIGEST_SIZE];
    g_autoptr(DbRows) rows = query_nodes(db, level - above, first, first + count, error);
    if (rows == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!db_rows_next(rows) || (uint64_t)db_rows_int(rows, 0) != first + i) {
            return db_rows_done(rows, error) &&
                   fail_node(level - above, first + i, "is missing", error);
        }
        if (!read_hash(rows, kind == DIGEST_SM3 ? 2 : 1, hashes + i * DIGEST_SIZE)) {
            return fail_node(level - above, first + i, "has a hash of the wrong length", error);
        }
    }
    merkle_root(kind, hashes, count, ret_hash);
    return true;
}

GByteArray *
ledger_store_nodes(Db *db, unsigned level, uint64_t first, uint64_t end, GError **error) {
    g_autoptr(DbRows) rows = query_nodes(db, level, first, end, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GByteArray) hashes = g_byte_array_new();
    g_byte_array_set_size(hashes, (guint)(end - first) * LEDGER_PAIR);
    memset(hashes->data, 0, hashes->len);
    while (db_rows_next(rows)) {
        uint64_t place = (uint64_t)db_rows_int(rows, 0) - first;
        uint8_t hash[DIGEST_SIZE];
        for (int half = 0; half < 2 && place < end - first; half++) {
            if (read_hash(rows, 1 + half, hash)) {
                memcpy(hashes->data + place * LEDGER_PAIR + half * DIGEST_SIZE, hash, DIGEST_SIZE);
            }
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&hashes) : NULL;
}

static void clear_row(gpointer data) {
    LedgerRow *row = data;
    ledger_record_clear(&row->record);
}

GArray *ledger_store_rows(Db *db, int64_t from, int64_t limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " RECORD_COLUMNS
                     ", (SELECT p.idx FROM ledger_entry p WHERE p.object = e.object AND "
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
        row.previous = db_rows_is_null(rows, 9) ? -1 : db_rows_int(rows, 9);
        g_array_append_val(found, row);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

GByteArray *ledger_store_bundle(Db *db, int64_t first, int64_t end, GError **error) {
    g_autoptr(GByteArray) bundle = g_byte_array_new();
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT idx, bytes FROM ledger_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"),
        DB_ARGS(db_int(first), db_int(end)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    int64_t next = first;
    for (; db_rows_next(rows) && db_rows_int(rows, 0) == next; next++) {
        size_t size = 0;
        const void *bytes = db_rows_blob(rows, 1, &size);
        const uint8_t length[] = {(uint8_t)(size >> 8), (uint8_t)size};
        g_byte_array_append(bundle, length, sizeof length);
        g_byte_array_append(bundle, bytes, (guint)size);
    }
    if (!db_rows_done(rows, error)) {
        return NULL;
    }
    if (next < end) {
        hz_fail(error, HZ_ERROR_CORRUPT, "entry %" G_GINT64_FORMAT ": is missing", next);
        return NULL;
    }
    return g_steal_pointer(&bundle);
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
