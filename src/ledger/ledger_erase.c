/* Lawful erasure: payload and salt go, the leaf stays, and an entry says so. */
#include "base/error.h"
#include "ledger/ledger_internal.h"

#include <string.h>

#define REASON_MAX 500 /* bytes: a sentence and an article of law */

/* What the log says about itself must stay readable, or nobody could check the rest. */
static bool may_be_erased(const LedgerRecord *record) {
    return !g_str_has_prefix(record->object, "log:") &&
           strcmp(record->type, LEDGER_ERASE_TYPE) != 0;
}

bool ledger_erase(Db *db,
                  int64_t index,
                  const char *actor,
                  const char *reason,
                  int64_t now_us,
                  int64_t *ret_index,
                  GError **error) {
    size_t reason_size = strlen(reason);
    if (reason_size == 0 || reason_size > REASON_MAX || !g_utf8_validate(reason, -1, NULL)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "an erasure needs a reason of at most %d bytes", REASON_MAX);
    }
    g_autofree char *object = g_strdup_printf("entry:%" G_GINT64_FORMAT, index);
    LedgerState state;
    int64_t previous = -1;
    g_auto(LedgerRecord) record = {0};
    /* Locked first, so that two people do not erase the same. */
    if (!ledger_lock(db, object, &state, &previous, error) ||
        !ledger_find(db, index, &record, error)) {
        return false;
    }
    if (!may_be_erased(&record)) {
        return hz_fail(
            error, HZ_ERROR_DENIED, "entry %" G_GINT64_FORMAT " is about the log itself", index);
    }
    if (record.payload == NULL) {
        return hz_fail(
            error, HZ_ERROR_CONFLICT, "entry %" G_GINT64_FORMAT " is erased already", index);
    }
    g_autofree char *leaf = hex_format(record.leaf_hash, DIGEST_SIZE);
    g_autoptr(json_t) payload = json_object();
    json_put_int(payload, "entry", index);
    json_put_text(payload, "leaf_hash", leaf);
    json_put_text(payload, "reason", reason);
    LedgerEntry entry = {.time_us = now_us,
                         .type = LEDGER_ERASE_TYPE,
                         .actor = actor,
                         .object = object,
                         .payload = payload};
    return ledger_store_erase(db, index, error) &&
           ledger_append_locked(db, &state, &entry, previous, NULL, ret_index, error);
}
