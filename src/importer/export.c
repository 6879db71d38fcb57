#include "importer/export.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_ROWS 500
#define FILTER_WORD_MAX 32 /* bytes; region codes and words of the selects are shorter */

const char *const export_filter_words[] = {
    "q",     "region", "category", "risk",    "credit",   "key",  "last",   "sort",   "from",
    "state", "year",   "plan",     "height",  "lead",     "mine", "kind",   "closed", "due",
    "next",  "person", "online",   "trouble", "building", "open", "device", NULL};

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

/* --- the trace ------------------------------------------------------------------------------- */

/* Lower-case hex; caller frees. NULL on error. */
static char *file_sha256(const char *path, GError **error) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not read \"%s\": %s", path, g_strerror(errno));
        return NULL;
    }
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    digest_begin(digest);
    g_autofree char *buffer = g_malloc(64 * KIB);
    for (size_t size; (size = fread(buffer, 1, 64 * KIB, file)) > 0;) {
        digest_add(digest, buffer, size);
    }
    bool is_whole = ferror(file) == 0;
    (void)fclose(file); /* nothing was written */
    if (!is_whole) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not read \"%s\" to its end", path);
        return NULL;
    }
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, hash);
    return hex_format(hash, sizeof hash);
}

/* A code or a word of a select; anything else was typed by a person and may name one. */
static bool is_code(const char *text) {
    size_t size = strlen(text);
    return size <= FILTER_WORD_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
               size;
}

static json_t *filters_without_names(const json_t *filters) {
    json_t *kept = json_object();
    for (const char *const *word = export_filter_words; *word != NULL; word++) {
        const char *value = json_get_text(filters, *word, NULL);
        if (value != NULL) {
            bool may_stay = strcmp(*word, "q") != 0 && is_code(value);
            json_put_text(kept, *word, may_stay ? value : "…");
        }
    }
    return kept;
}

static json_t *trace_payload(const ExportTrace *trace, const char *sha256) {
    json_t *payload = json_object();
    json_put_text(payload, "list", trace->list->name);
    json_put_text(payload, "format", trace->format == TABLE_CSV ? "csv" : "xlsx");
    json_put_text(payload, "region", trace->query->scope);
    json_put(payload, "filters", filters_without_names(trace->query->filters));
    json_put_int(payload, "job", trace->job_id);
    json_put_int(payload, "rows", trace->rows);
    json_put_text(payload, "file_sha256", sha256);
    return payload;
}

static bool append_trace(Db *db, void *data, GError **error) {
    return ledger_append(db, data, NULL, error);
}

bool export_leave_trace(Db *db, const ExportTrace *trace, GError **error) {
    g_autofree char *sha256 = file_sha256(trace->path, error);
    g_autofree char *object = g_strdup_printf("list:%s", trace->list->name);
    g_autoptr(json_t) payload = sha256 != NULL ? trace_payload(trace, sha256) : NULL;
    LedgerEntry entry = {.time_us = clock_now_us(),
                         .type = "list.export",
                         .actor = trace->actor,
                         .object = object,
                         .payload = payload};
    bool is_left = payload != NULL && db_run_tx(db, append_trace, &entry, error);
    if (!is_left) {
        (void)g_unlink(trace->path);
    }
    return is_left;
}
