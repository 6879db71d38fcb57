/* SQL of the outbox; only the alarm room includes it. Thread: that of the Db. */
#pragma once

#include "alarm/outbox.h"

bool outbox_store_add(Db *db, const OutboxMessage *message, int64_t now_us, GError **error);
/* Waiting ones whose time has come, the oldest first: array of OutboxRow *. */
GPtrArray *outbox_store_due(Db *db, int64_t now_us, unsigned limit, GError **error);
/* Nobody else sends it before `until_us`, if it is still due as at `next_us`. */
bool outbox_store_claim(
    Db *db, int64_t id, int64_t next_us, int64_t until_us, bool *ret_is_ours, GError **error);
bool outbox_store_sent(Db *db, int64_t id, int64_t now_us, GError **error);
/* `next_us` 0: it is dead. */
bool outbox_store_failed(
    Db *db, int64_t id, int64_t tries, int64_t next_us, const char *failure, GError **error);
bool outbox_store_revive(Db *db, int64_t id, int64_t now_us, int64_t *ret_changed, GError **error);
