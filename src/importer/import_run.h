/*
 * One file into the registry: as a trial, all or nothing, or skipping bad rows.
 *
 * Skipping: chunks of rows, each one transaction with its records, its ledger leaf and the mark how
 * far the file is in, so that a run that died goes on after the last durable chunk and repeating
 * the file changes nothing. All or nothing: one transaction for everything. Trial: a transaction
 * that is rolled back, so that it says exactly what a real run would do; a file of one kind above
 * IMPORT_TRIAL_BYTES is checked without writing, so that nobody waits for the database meanwhile.
 * Rows that devices write too (ImportKind.is_heard) never go in as one long transaction: a file of
 * them above IMPORT_TRIAL_BYTES can only skip bad rows, and only by a mapping of one kind.
 * Memory does not grow with the file. Thread: that of the Db.
 */
#pragma once

#include "importer/importer_store.h"
#include "importer/mapping.h"

#define IMPORT_CHUNK_ROWS 5000
#define IMPORT_HEARD_ROWS 1000 /* of ImportKind.is_heard: alarms wait for one chunk */
#define IMPORT_HEARD_PAUSE_MS                                                                      \
    20 /* between them on SQLite, where waiting writers only look in turn */
#define IMPORT_TRIAL_BYTES (INT64_C(8) * 1024 * 1024) /* about 40,000 units, two seconds */
#define IMPORT_SHOWN_ROWS 50                          /* refused rows kept for the page */

typedef enum ImportMode { IMPORT_TRIAL, IMPORT_ALL, IMPORT_SKIP_BAD } ImportMode;
const char *import_mode_word(ImportMode mode); /* "trial", "all", "skip-bad" */
bool import_mode_parse(const char *word, ImportMode *ret_mode);

typedef struct ImportProgress {
    int64_t rows;      /* of the file, looked at */
    int64_t total;     /* estimated from the bytes; exact at the end */
    int64_t committed; /* of them durable */
    bool is_checking;  /* the pass before all-or-nothing */
} ImportProgress;

typedef struct ImportRequest {
    const char *path;
    Mapping *mapping; /* is bound to the file's head row */
    ImportMode mode;
    ImportTask *task; /* real modes: the row of this import, in state "running"; its counts and
                         marks are kept up to date */
    const char *scope_region; /* "*": everywhere (command line) */
    const char *actor;        /* for the ledger */
    int64_t job_id;
    const char *refused_path; /* CSV of refused rows with reasons; NULL: none */
    int64_t chunk_rows;       /* 0: IMPORT_CHUNK_ROWS or IMPORT_HEARD_ROWS */
    /* Called after each chunk; false stops with HZ_ERROR_CONFLICT. May be NULL. */
    bool (*progress)(const ImportProgress *progress, void *data);
    void *data;
} ImportRequest;

typedef struct ImportRefusal {
    int64_t line;
    char *kind;   /* word */
    char *column; /* as the file calls it, or the field; "" when the whole row is meant */
    char *value;
    char *reason; /* Chinese sentence */
} ImportRefusal;

typedef struct ImportReport {
    ImportCounts counts;
    GPtrArray *refusals; /* ImportRefusal *, the first IMPORT_SHOWN_ROWS */
    GPtrArray *warnings; /* same shape */
    bool is_refused;     /* all or nothing, and some row was refused: nothing was written */
    bool has_refused_file;
    bool must_be_chunked; /* too large to be written all or nothing: alarms would wait */
    TableProblem problem; /* when the file itself is wrong */
} ImportReport;
void import_report_clear(ImportReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportReport, import_report_clear)

/* False and *error: the file cannot be read as a table (ret_report->problem), a column is missing,
 * the store failed, or it was stopped; what was committed before stays and is in the report.
 * Refused rows are no error. */
bool import_run(Db *db, const ImportRequest *request, ImportReport *ret_report, GError **error);

/* SHA-256 of a file, lower-case hex; caller frees. */
char *import_hash_file(const char *path, GError **error);
