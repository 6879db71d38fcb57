/* SQL of sensors that push. Thread: that of the Db. */
#pragma once

#include "base/digest.h"
#include "store/store.h"

/* Does this device exist, is it in use, and is this the hash of its key? A wrong key, an unknown
 * device and one without a key are the same answer and take the same time. */
bool push_key_fits(Db *db,
                   const char *protocol,
                   const char *code,
                   const uint8_t hash[DIGEST_SIZE],
                   bool *ret_fits,
                   GError **error);
