#include "witness/witness_store.h"

#include "base/error.h"

bool witness_store_head(Db *db, const char *origin, Checkpoint *ret_head, GError **error) {
    Checkpoint head = {0};
    g_strlcpy(head.origin, origin, sizeof head.origin);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT size, root FROM witness_head WHERE origin = $1"),
                                      DB_ARGS(db_text(origin)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        head.size = db_rows_int(rows, 0);
        if (!hex_parse(db_rows_text(rows, 1), head.root, DIGEST_SIZE)) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "the recorded root of %s is none", origin);
        }
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    *ret_head = head;
    return true;
}

bool witness_store_set(Db *db, const Checkpoint *head, int64_t now_us, GError **error) {
    g_autofree char *root = hex_format(head->root, DIGEST_SIZE);
    return db_exec(
        db,
        SQL("INSERT INTO witness_head (origin, size, root, time_us) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (origin) DO UPDATE SET "
            "size = excluded.size, root = excluded.root, time_us = excluded.time_us"),
        DB_ARGS(db_text(head->origin), db_int(head->size), db_text(root), db_int(now_us)),
        NULL,
        error);
}
