/*
 * What a row of a file can become: rows of the registry (registry/intake.h) and of rooms above it.
 * Pure but for `batch`. Thread: any; `batch`: that of the Db.
 */
#pragma once

#include "registry/intake.h"
#include "web/access.h"

typedef struct ImportKind {
    const char *word;      /* "unit" */
    const char *name_zh;   /* "单位" */
    Permission permission; /* of whoever imports it by page, beside PERM_IMPORT */
    const IntakeField *fields;
    size_t size; /* of one input */
    /* Fields that together name a record, ended by NULL; NULL: a source id, a code or a number
     * alone, or name, address and region. */
    const char *const *key;
    /* Devices write into the same tables: no transaction of minutes, alarms would wait for it. */
    bool is_heard;
    /* As intake_batch. */
    bool (*batch)(Db *db,
                  const void *inputs,
                  size_t count,
                  const IntakeContext *context,
                  IntakeResult *results,
                  GError **error);
} ImportKind;

/* All of them in the order of the page's select; ends with NULL. */
extern const ImportKind *const import_kinds[];
/* By word; NULL if there is none or `word` is NULL. */
const ImportKind *import_kind_find(const char *word);
/* The field by its word; NULL if the kind has none. */
const IntakeField *import_kind_field(const ImportKind *kind, const char *word);
/* The field that holds the key of another system, which needs that system's name in `source`;
 * NULL: the kind knows no such keys. */
const char *import_kind_source_key(const ImportKind *kind);
