#include "registry/object_store.h"

#include "base/error.h"

/* --- search index -------------------------------------------------------------------------------
 */

static void free_tokens(void *document) {
    g_string_free(((SearchDocument *)document)->tokens, TRUE);
}

static GArray *documents_new(void) {
    GArray *documents = g_array_new(FALSE, FALSE, sizeof(SearchDocument));
    g_array_set_clear_func(documents, free_tokens);
    return documents;
}

static GString *tokens_of(const ObjectKind *kind, const void *object) {
    GString *tokens = g_string_sized_new(768);
    if (object != NULL) {
        kind->add_tokens(tokens, object);
    }
    return tokens;
}

/* Takes `tokens` over. */
static void add_document(GArray *documents, int64_t id, GString *tokens) {
    if (tokens->len == 0) {
        g_string_free(tokens, TRUE);
        return;
    }
    SearchDocument document = {id, tokens};
    g_array_append_val(documents, document);
}

static bool write_search(
    Db *db, const ObjectKind *kind, const ObjectWrite *writes, size_t count, GError **error) {
    g_autoptr(GArray) removed = documents_new();
    g_autoptr(GArray) added = documents_new();
    for (size_t i = 0; i < count; i++) {
        GString *before = tokens_of(kind, writes[i].old);
        GString *after = tokens_of(kind, writes[i].now);
        if (g_string_equal(before, after)) {
            g_string_truncate(before, 0);
            g_string_truncate(after, 0);
        }
        add_document(removed, writes[i].id, before);
        add_document(added, writes[i].id, after);
    }
    return search_remove(
               db, kind->search, (const SearchDocument *)removed->data, removed->len, error) &&
           search_add(db, kind->search, (const SearchDocument *)added->data, added->len, error);
}

/* --- history ------------------------------------------------------------------------------------
 */

static bool write_history(Db *db,
                          const ObjectKind *kind,
                          const ObjectWrite *writes,
                          size_t count,
                          const WriteOptions *options,
                          GError **error) {
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(Change));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < count; i++) {
        if (writes[i].old == NULL && !options->log_additions) {
            continue;
        }
        g_autoptr(json_t) before = json_object();
        g_autoptr(json_t) after = json_object();
        kind->note(writes[i].old, writes[i].now, before, after);
        char *old_text = writes[i].old == NULL ? NULL : json_write(before);
        char *new_text = json_write(after);
        g_ptr_array_add(texts, old_text);
        g_ptr_array_add(texts, new_text);
        Change change = {.kind = kind->word,
                         .object_id = writes[i].id,
                         .action = options->action,
                         .actor = options->actor,
                         .changed_us = options->now_us,
                         .old_json = old_text,
                         .new_json = new_text};
        g_array_append_val(changes, change);
    }
    return change_add(db, (const Change *)(void *)changes->data, changes->len, error);
}

bool object_note_writes(Db *db,
                        const ObjectKind *kind,
                        const ObjectWrite *writes,
                        size_t count,
                        const WriteOptions *options,
                        GError **error) {
    return write_search(db, kind, writes, count, error) &&
           write_history(db, kind, writes, count, options, error);
}

/* --- ids ----------------------------------------------------------------------------------------
 */

#define LOCK_FIRST 740101 /* and one for each kind: any numbers that nothing else here uses */

bool object_serialise(Db *db, SearchKind kind, GError **error) {
    int64_t one;
    return db_engine(db) == DB_ENGINE_SQLITE ||
           db_query_int(db,
                        SQL("SELECT 1 FROM (SELECT pg_advisory_xact_lock($1::bigint)) AS held"),
                        DB_ARGS(db_int(LOCK_FIRST + (int64_t)kind)),
                        &one,
                        error);
}

/* One writer at a time, and rows are never deleted. */
static bool take_ids_sqlite(Db *db, SearchKind kind, size_t count, int64_t *ids, GError **error) {
    const Sql last_id[SEARCH_KINDS] = {
        [SEARCH_UNIT] = SQL("SELECT coalesce(max(id), 0) FROM unit"),
        [SEARCH_BUILDING] = SQL("SELECT coalesce(max(id), 0) FROM building"),
        [SEARCH_OFFICER] = SQL("SELECT coalesce(max(id), 0) FROM officer"),
    };
    int64_t last;
    if (!db_query_int(db, last_id[kind], DB_NO_ARGS, &last, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = last + 1 + (int64_t)i;
    }
    return true;
}

bool object_take_ids(Db *db, SearchKind kind, size_t count, int64_t *ids, GError **error) {
    static const char *const tables[SEARCH_KINDS] = {
        [SEARCH_UNIT] = "unit", [SEARCH_BUILDING] = "building", [SEARCH_OFFICER] = "officer"};
    if (db_engine(db) == DB_ENGINE_SQLITE) {
        return take_ids_sqlite(db, kind, count, ids, error);
    }
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT nextval(pg_get_serial_sequence($1::text, 'id')) "
                                          "FROM generate_series(1, $2::bigint)"),
                                      DB_ARGS(db_text(tables[kind]), db_int((int64_t)count)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < count && db_rows_next(rows); i++) {
        ids[i] = db_rows_int(rows, 0);
    }
    return db_rows_done(rows, error);
}

/* --- reading ------------------------------------------------------------------------------------
 */

bool object_first_row(DbRows *rows, const char *word, GError **error) {
    if (rows == NULL) {
        return false;
    }
    return db_rows_next(rows) || (db_rows_done(rows, error) &&
                                  hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no such %s", word));
}

bool object_read_keys(
    Db *db, Sql sql, DbArgs args, GStringChunk *texts, GArray *found, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        StoredKey key = {.id = db_rows_int(rows, 1)};
        if (texts == NULL) {
            key.number = db_rows_int(rows, 0);
        } else {
            key.text = g_string_chunk_insert(texts, db_rows_text(rows, 0));
        }
        g_array_append_val(found, key);
    }
    return db_rows_done(rows, error);
}
