/* What import_run.c, import_chunk.c and import_refused.c share. */
#pragma once

#include "base/digest.h"
#include "importer/import_run.h"

#include <stdio.h>

/* One row of the chunk in hand; texts lie in ImportRun.texts. */
typedef struct ChunkRow {
    TableRow row;
    bool is_refused;
} ChunkRow;

/* The chunk's records for one target of the mapping. */
typedef struct ChunkTarget {
    const MappingTarget *target;
    size_t size; /* of one input */
    GByteArray *inputs;
    GArray *row_index; /* size_t: which row made the input */
    GHashTable *seen;  /* once: keys already given to the registry; owned texts */
} ChunkTarget;

typedef struct RefusedFile {
    FILE *file; /* NULL: not wanted or not begun */
    int64_t size;
} RefusedFile;

typedef struct ImportRun {
    Db *db;
    const ImportRequest *request;
    ImportReport *report;
    TableReader *reader;
    GPtrArray *head; /* names of the columns */
    size_t head_size;
    GStringChunk *texts;
    GArray *cells;   /* const char * of all rows of the chunk */
    GArray *rows;    /* ChunkRow */
    GArray *targets; /* ChunkTarget */
    bool has_ended;
    bool is_rolled_back;   /* on purpose: a trial, or all or nothing with a refused row */
    bool is_dry;           /* intake's own dry run */
    GHashTable *file_keys; /* dry: key hash -> content hash of earlier rows */
    Digest *rows_digest;
    char rows_sha256[2 * DIGEST_SIZE + 1];
    int64_t first_line; /* of what the next leaf covers; 0: nothing yet */
    int64_t last_line;
    ImportCounts counts;  /* of this pass */
    ImportCounts leaf;    /* since the last leaf */
    int64_t skip_to_line; /* resume: rows up to here are in */
    RefusedFile refused;
} ImportRun;

/* Opens the file, reads the head row, binds the mapping. */
bool chunk_open(ImportRun *run, GError **error);
void chunk_close(ImportRun *run);
/* Reads the next rows and makes the records; sets has_ended. */
bool chunk_read(ImportRun *run, GError **error);
/* Gives the records to the registry and adds the outcome to run->counts, run->leaf and the report.
 * In the caller's transaction unless is_dry. */
bool chunk_apply(ImportRun *run, GError **error);

/* Opens the file of refused rows for a pass that begins at `size` bytes (0: anew). */
bool refused_open(ImportRun *run, int64_t size, GError **error);
/* Cuts off what was written after `size` bytes: a transaction that is tried again. */
bool refused_rewind(ImportRun *run, int64_t size, GError **error);
void refused_add(ImportRun *run, const ChunkRow *row, const char *column, const char *reason);
/* Brings it to disk and notes its size. */
bool refused_sync(ImportRun *run, GError **error);
/* Closes; removes the file when it holds no row. */
void refused_close(ImportRun *run);
