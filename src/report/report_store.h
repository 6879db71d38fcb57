/* SQL of this room. Thread: that of the Db. */
#pragma once

#include "report/report_guest.h"

/* ret_guest->key_sha256 stays NULL when there is none or it has ended. */
bool report_store_find(
    Db *db, const char *key_sha256, bool follows, int64_t now_us, Guest *ret_guest, GError **error);
bool report_store_add(Db *db, const Guest *guest, GError **error);
/* Data and end; not of a report that was sent meanwhile. */
bool report_store_save(Db *db, const Guest *guest, GError **error);
/* Holds the row of a guest until the end of the transaction. *ret_matter: 0, or what it was sent
 * as. */
bool report_store_hold(Db *db, const Guest *guest, int64_t *ret_matter, GError **error);
/* Sent: nothing of what was filled in stays. */
bool report_store_sent(Db *db, const Guest *guest, GError **error);
bool report_store_end(Db *db, const char *key_sha256, GError **error);
/* Ended before `now_us`: array of Guest *, with key_sha256 and sender only. */
GPtrArray *report_store_ended(Db *db, int64_t now_us, unsigned limit, GError **error);

bool report_store_add_receipt(Db *db, int64_t matter_id, const char *code_sha256, GError **error);
/* NULL: the matter has none. Caller frees. */
bool report_store_receipt(Db *db, int64_t matter_id, char **ret_code_sha256, GError **error);
