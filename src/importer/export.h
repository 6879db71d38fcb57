/*
 * Lists of the platform as tables: CSV and XLSX, with the filters of the list. What comes out goes
 * in again by the import's "auto" mapping without changing anything. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"
#include "table/table_writer.h"
#include "web/access.h"

#define EXPORT_EVERYWHERE "*" /* scope of the command line; never an account's */

/* What to export: values of the list page's own filter words ("q", "region", "category" …). */
typedef struct ExportQuery {
    const json_t *filters; /* object of texts */
    const char *scope;     /* region code of the reader */
    int64_t now_us;
    int64_t officer_id; /* of the reader, for "mine"; 0: none */
    int64_t account_id; /* of the reader, for "mine" among matters; 0: none */
    bool sees_unbound;  /* also devices that wait to be registered and have no region yet */
} ExportQuery;

typedef bool (*ExportSink)(const char *const *cells, void *data, GError **error);
typedef struct ExportList {
    const char *name; /* "units" */
    const char *title_zh;
    Permission permission;
    const TableColumn *columns;
    size_t column_count;
    /* Gives each row to `sink`, which stops it by failing. INVALID: a filter makes no sense. */
    bool (*each)(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error);
} ExportList;

/* NULL when there is no such list. */
const ExportList *export_find_list(const char *name);
/* units, buildings, officers, inspections, matters, plans, draws, devices, points, faults, shields,
 * maintenance; ends with NULL. */
extern const ExportList *const export_lists[];
/* Filter words that a list may be asked with; ends with NULL. */
extern const char *const export_filter_words[];

/* Writes the whole list to `path`. `progress` may be NULL; false stops with CONFLICT. *ret_rows
 * may be NULL. */
typedef bool (*ExportProgress)(int64_t rows, void *data);
bool export_write(Db *db,
                  const ExportList *list,
                  const ExportQuery *query,
                  TableFormat format,
                  const char *path,
                  ExportProgress progress,
                  void *data,
                  int64_t *ret_rows,
                  GError **error);

/* A list that export_write has written to `path`, and for whom. */
typedef struct ExportTrace {
    const ExportList *list;
    const ExportQuery *query;
    TableFormat format;
    const char *path;
    const char *actor; /* as in LedgerEntry */
    int64_t job_id;    /* 0: none */
    int64_t rows;
} ExportTrace;
/* Writes into the ledger who took which list out: entry "list.export" on "list:units" with filters,
 * rows and the file's SHA-256, in a transaction of its own. A search phrase may be a name, so only
 * that there was one is kept. On failure the file is deleted: no export without its trace. */
bool export_leave_trace(Db *db, const ExportTrace *trace, GError **error);
