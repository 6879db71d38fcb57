/*
 * What this server remembers of the newest head it has seen signed, in a small file beside the keys
 * and outside of the database: a database that was restored from a backup, or that somebody put
 * back, ends below it or holds another tree, and signing on would give two histories under one key.
 * Once that was seen, signing is stopped until a person has looked (`huozheng ledger resume`), also
 * across restarts. Thread: any; one writer.
 */
#pragma once

#include "base/digest.h"

typedef struct HeadMark {
    int64_t size; /* 0: nothing signed yet */
    uint8_t root[DIGEST_SIZE];
    uint8_t root_sm3[DIGEST_SIZE];
    char *stop; /* why signing is stopped, one line; NULL: it is not */
} HeadMark;
void head_mark_clear(HeadMark *mark);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HeadMark, head_mark_clear)

/* The file "heads.state"; none yet is an empty mark. CORRUPT when it cannot be understood. */
bool head_mark_read(const char *folder, HeadMark *ret_mark, GError **error);
/* On disk, whole or not at all, when it returns. */
bool head_mark_write(const char *folder, const HeadMark *mark, GError **error);
