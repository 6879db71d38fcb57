#include "sensing/push_store.h"

#include "sensing/push.h"

#include <string.h>

/* As long for every pair of hashes. */
static bool is_equal(const uint8_t *a, const uint8_t *b) {
    unsigned differs = 0;
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        differs |= a[i] ^ b[i];
    }
    return differs == 0;
}

bool push_key_fits(Db *db,
                   const char *protocol,
                   const char *code,
                   const uint8_t hash[DIGEST_SIZE],
                   bool *ret_fits,
                   GError **error) {
    uint8_t stored[DIGEST_SIZE] = {0};
    bool has_key = false;
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT key_hash FROM device WHERE protocol = $1 AND "
                                          "code = $2 AND state <> 'retired'"),
                                      DB_ARGS(db_text(protocol), db_text(code)),
                                      error);
    while (rows != NULL && db_rows_next(rows)) {
        size_t size = 0;
        const void *bytes = db_rows_blob(rows, 0, &size);
        if (bytes != NULL && size == DIGEST_SIZE) {
            memcpy(stored, bytes, DIGEST_SIZE);
            has_key = true;
        }
    }
    if (rows == NULL || !db_rows_done(rows, error)) {
        return false;
    }
    *ret_fits = is_equal(stored, hash) && has_key;
    return true;
}

bool push_find_device(
    Db *db, const char *protocol, const char *code, int64_t *ret_id, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT coalesce(max(id), 0) FROM device WHERE protocol = $1 AND code = $2"),
        DB_ARGS(db_text(protocol), db_text(code)),
        ret_id,
        error);
}
