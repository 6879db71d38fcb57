/*
 * Mappings: which column of a file becomes which field of which kind of record.
 *
 * JSON form (docs/import.md): {"name", "title", "source", "encoding", "delimiter", "sheet",
 * "date_format", "targets": [{"kind", "once", "fields": {WORD: COLUMN or {"column", "constant",
 * "prefix", "suffix", "pad", "values", "default"}}}]}. One row may feed several targets, in their
 * order. Thread: a Mapping belongs to one thread.
 */
#pragma once

#include "base/json.h"
#include "importer/import_kind.h"
#include "table/table_reader.h"

#define MAPPING_TARGETS_MAX 8

typedef enum MappingDate {
    MAPPING_DATE_AUTO, /* year first, in any of the usual spellings */
    MAPPING_DATE_YMD,
    MAPPING_DATE_DMY,
    MAPPING_DATE_MDY,
} MappingDate;

typedef struct MappingField {
    const IntakeField *field;
    char *column;   /* NULL: constant only */
    char *constant; /* NULL: from the column */
    char *prefix;   /* put before a value that is not empty; NULL: nothing */
    char *suffix;
    int pad;            /* at least so many characters, zeros on the left */
    GHashTable *values; /* cell -> value; a cell that is not in it stays; NULL: none */
    char *fallback;     /* value of an empty cell; NULL: not told */
    bool is_date;
    int column_index; /* set by mapping_bind; -1: no column */
} MappingField;

typedef struct MappingTarget {
    const ImportKind *kind;
    bool is_once;   /* rows with the same key (source id, code) are taken in once */
    GArray *fields; /* MappingField */
    int key_index;  /* index in fields of the key, -1 none or several fields together */
} MappingTarget;

typedef struct Mapping {
    char *name;
    char *title;
    char *source; /* constant for the field "source" of each kind that has a source id */
    TableEncoding encoding;
    char delimiter; /* 0: found */
    char *sheet;    /* NULL: the first */
    MappingDate date_format;
    GPtrArray *targets; /* MappingTarget * */
} Mapping;

void mapping_free(Mapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mapping, mapping_free)

/* INVALID names the key that is wrong. */
Mapping *mapping_read(const json_t *json, GError **error);
json_t *mapping_write(const Mapping *mapping);

/* One of its kinds is_heard. */
bool mapping_is_heard(const Mapping *mapping);

/* Finds the columns in the head row. INVALID names a column that the file does not have, or has
 * twice, or a required field without a source. */
bool mapping_bind(Mapping *mapping, const TableRow *head, GError **error);

/* A mapping for `kind` by the names of the columns: field words, their Chinese names and what other
 * systems usually call them. Never NULL; it may lack required fields. `source` (may be NULL) as in
 * Mapping: without it, and without such a column, no source id is taken. */
Mapping *mapping_guess(const ImportKind *kind, const TableRow *head, const char *source);
/* Which field of `kind` a column of this name most likely is; NULL if none. */
const IntakeField *mapping_guess_field(const ImportKind *kind, const char *column);

/* The value of one field in one row: borrowed from the row, from the mapping or put into `texts`.
 * NULL: not told. */
const char *mapping_value(const Mapping *mapping,
                          const MappingField *field,
                          const TableRow *row,
                          bool is_csv,
                          GStringChunk *texts);

/* A date in one of the usual spellings as "YYYY-MM-DD" or with "THH:MM:SS"; false if it is none. */
bool mapping_date(MappingDate order, const char *text, char *buffer, size_t size);

/* Mapping that travels in the binary ("toronto-highrise"); NULL and NOT_FOUND if there is none. */
Mapping *mapping_shipped(const char *name, GError **error);
/* Names and titles of all that travel: JSON array of {name, title, kinds: [word]}. */
json_t *mapping_shipped_list(void);
