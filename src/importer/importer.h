/*
 * Files in and out of the registry: mappings, trial, import and export, as pages, jobs and
 * commands. See README.md and docs/import.md.
 */
#pragma once

#include "importer/import_run.h"
#include "job/job.h"
#include "web/module.h"

extern const Module importer_module;
/* For job_runner_start. */
extern const JobKind import_trial_job; /* says what an import would do */
extern const JobKind import_job;       /* does it; goes on after a crash */
extern const JobKind export_job;       /* writes a list to a file */

/* What a report says, for pages and --json: {reference, mode, counts: {rows, added, changed, same,
 * refused, warned}, is_refused, refused_rows: [{line, kind, column, value, reason}], warned_rows,
 * error_zh}. `task` may be NULL. Caller owns it. */
json_t *import_report_json(const ImportReport *report, ImportMode mode, const ImportTask *task);

/* A mapping by what a person wrote: "auto", a file, a name that travels in the binary, a saved
 * name. `source` (may be NULL) names the system that the keys in the file belong to. */
Mapping *import_find_mapping(Db *db,
                             const char *word,
                             const ImportKind *kind,
                             const char *path,
                             const char *source,
                             GError **error);
