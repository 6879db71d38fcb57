#include "importer/export.h"

#include "base/error.h"

#include <string.h>

#define PROGRESS_ROWS 500

const char *const export_filter_words[] = {"q",
                                           "region",
                                           "category",
                                           "risk",
                                           "credit",
                                           "key",
                                           "last",
                                           "sort",
                                           "from",
                                           "state",
                                           "year",
                                           "plan",
                                           "height",
                                           "lead",
                                           NULL};

const ExportList *export_find_list(const char *name) {
    for (const ExportList *const *list = export_lists; *list != NULL; list++) {
        if (strcmp((*list)->name, name) == 0) {
            return *list;
        }
    }
    return NULL;
}

typedef struct Writing {
    TableWriter *writer;
    ExportProgress progress;
    void *data;
} Writing;

static bool write_row(const char *const *cells, void *data, GError **error) {
    Writing *writing = data;
    if (!table_write(writing->writer, cells, error)) {
        return false;
    }
    int64_t rows = table_rows_written(writing->writer);
    bool goes_on = writing->progress == NULL || rows % PROGRESS_ROWS != 0 ||
                   writing->progress(rows, writing->data);
    return goes_on || hz_fail(error, HZ_ERROR_CONFLICT, "stopped on request");
}

bool export_write(Db *db,
                  const ExportList *list,
                  const ExportQuery *query,
                  TableFormat format,
                  const char *path,
                  ExportProgress progress,
                  void *data,
                  int64_t *ret_rows,
                  GError **error) {
    TableWriteOptions options = {.format = format, .sheet = list->title_zh};
    g_autoptr(TableWriter) writer =
        table_create(path, &options, list->columns, list->column_count, error);
    Writing writing = {writer, progress, data};
    if (writer == NULL || !list->each(db, query, write_row, &writing, error) ||
        !table_finish(writer, error)) {
        return false;
    }
    if (ret_rows != NULL) {
        *ret_rows = table_rows_written(writer);
    }
    return true;
}
