/* The file of refused rows: the rows as they came, with line, column and reason behind them. */
#include "importer/import_internal.h"

#include "base/error.h"
#include "table/table_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static bool fail(const ImportRun *run, GError **error) {
    return hz_fail(error,
                   HZ_ERROR_UNAVAILABLE,
                   "cannot write \"%s\": %s",
                   run->request->refused_path,
                   g_strerror(errno));
}

static void add_row(ImportRun *run, const TableRow *row, const char *const last[3]) {
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    bool is_csv = table_format(run->reader) == TABLE_CSV;
    size_t count = MAX(run->head_size, row->count);
    for (size_t i = 0; i < count; i++) {
        const char *cell = i < row->count ? row->cells[i] : "";
        g_ptr_array_add(cells, (gpointer)(uintptr_t)(is_csv ? table_plain(cell) : cell));
    }
    for (size_t i = 0; i < 3; i++) {
        g_ptr_array_add(cells, (gpointer)(uintptr_t)last[i]);
    }
    table_csv_row(run->refused.file, (const char *const *)cells->pdata, cells->len);
}

bool refused_open(ImportRun *run, int64_t size, GError **error) {
    refused_close(run);
    if (run->request->refused_path == NULL) {
        return true;
    }
    int file = open(
        run->request->refused_path, O_RDWR | O_CREAT | O_CLOEXEC | (size == 0 ? O_TRUNC : 0), 0600);
    run->refused.file = file >= 0 ? fdopen(file, "r+b") : NULL;
    if (run->refused.file == NULL) {
        return fail(run, error);
    }
    run->refused.size = size;
    if (size > 0) {
        return refused_rewind(run, size, error);
    }
    static const char *const names[3] = {"行号", "问题列", "问题"};
    TableRow head = {1, run->head->len, (const char *const *)run->head->pdata};
    fputs("\xEF\xBB\xBF", run->refused.file);
    add_row(run, &head, names);
    return refused_sync(run, error);
}

bool refused_rewind(ImportRun *run, int64_t size, GError **error) {
    FILE *file = run->refused.file;
    if (file == NULL) {
        return true;
    }
    run->refused.size = size;
    if (fflush(file) != 0 || ftruncate(fileno(file), size) != 0 ||
        fseeko(file, size, SEEK_SET) != 0) {
        return fail(run, error);
    }
    return true;
}

void refused_add(ImportRun *run, const ChunkRow *row, const char *column, const char *reason) {
    if (run->refused.file != NULL) {
        char line[24];
        g_snprintf(line, sizeof line, "%" G_GINT64_FORMAT, row->row.line);
        add_row(run, &row->row, (const char *const[3]){line, column, reason});
        run->report->has_refused_file = true;
    }
}

bool refused_sync(ImportRun *run, GError **error) {
    FILE *file = run->refused.file;
    if (file == NULL) {
        return true;
    }
    int64_t size = ftello(file);
    if (size == run->refused.size) {
        return true;
    }
    if (ferror(file) || fflush(file) != 0 || fsync(fileno(file)) != 0) {
        return fail(run, error);
    }
    run->refused.size = size;
    return true;
}

void refused_close(ImportRun *run) {
    if (run->refused.file != NULL) {
        (void)fclose(run->refused.file); /* synced before each commit */
        run->refused.file = NULL;
        if (!run->report->has_refused_file) {
            g_unlink(run->request->refused_path);
        }
    }
}
