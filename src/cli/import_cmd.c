/* huozheng import --kind KIND --mapping FILE|NAME|auto [--dry-run] [--skip-bad] FILE */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "importer/importer.h"
#include "registry/region.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct ImportOptions {
    char *db, *kind, *mapping, *refused, *source, *region;
    gint64 chunk;
    gboolean dry_run, skip_bad, json;
    char **files;
} ImportOptions;

static void options_clear(ImportOptions *options) {
    g_free(options->db);
    g_free(options->kind);
    g_free(options->mapping);
    g_free(options->refused);
    g_free(options->source);
    g_free(options->region);
    g_strfreev(options->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportOptions, options_clear)

static bool check(const ImportOptions *options, GError **error) {
    if (options->files == NULL || g_strv_length(options->files) != 1) {
        return hz_fail(error, HZ_ERROR_INVALID, "give one file");
    }
    if (options->chunk < 0 || options->chunk > 100000) {
        return hz_fail(error, HZ_ERROR_INVALID, "--chunk takes 1 to 100000 rows");
    }
    bool is_auto = options->mapping == NULL || strcmp(options->mapping, "auto") == 0;
    return !is_auto || options->kind != NULL ||
           hz_fail(error, HZ_ERROR_INVALID, "--kind is needed when there is no mapping");
}

static bool parse(ImportOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"kind",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->kind,
         "unit, building, officer, region, past_inspection, device or point (not needed with a "
         "mapping)",
         "KIND"},
        {"mapping",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->mapping,
         "JSON file, shipped or saved name, or \"auto\": by the names of the columns (auto)",
         "FILE|NAME"},
        {"source",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->source,
         "the system whose keys the file carries",
         "NAME"},
        {"region",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->region,
         "refuse rows outside this region",
         "CODE"},
        {"dry-run",
         0,
         0,
         G_OPTION_ARG_NONE,
         &options->dry_run,
         "say what would happen, write nothing",
         NULL},
        {"skip-bad",
         0,
         0,
         G_OPTION_ARG_NONE,
         &options->skip_bad,
         "write the good rows, chunk by chunk (without it: all rows or none)",
         NULL},
        {"refused",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &options->refused,
         "write refused rows with line, column and reason to this CSV",
         "FILE"},
        {"chunk",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->chunk,
         "rows in one transaction with --skip-bad (5000)",
         "ROWS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document on stdout", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL, "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- bring a CSV or XLSX file in");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    return check(options, error);
}

/* --- showing how far it is ------------------------------------------------------------------- */

typedef struct Terminal {
    FILE *out; /* for "committed N" */
    bool has_line;
    bool is_terminal;
    int64_t begun_us;
    int64_t shown_us;
    int64_t committed;
} Terminal;

static void clear_line(Terminal *terminal) {
    if (terminal->has_line) {
        fputs("\r\033[K", stderr);
        terminal->has_line = false;
    }
}

static bool on_progress(const ImportProgress *progress, void *data) {
    Terminal *terminal = data;
    if (progress->committed > terminal->committed) {
        terminal->committed = progress->committed;
        clear_line(terminal);
        fprintf(terminal->out, "committed %" G_GINT64_FORMAT "\n", progress->committed);
        fflush(terminal->out);
    }
    int64_t now_us = g_get_monotonic_time();
    int64_t elapsed_us = now_us - terminal->begun_us;
    if (!terminal->is_terminal || now_us - terminal->shown_us < CLOCK_SECOND_US / 4 ||
        progress->rows == 0) {
        return true;
    }
    terminal->shown_us = now_us;
    double rate = (double)progress->rows * 1e6 / (double)MAX(elapsed_us, 1);
    double left_s = (double)(progress->total - progress->rows) / MAX(rate, 1.0);
    fprintf(stderr,
            "\r\033[K%s%" G_GINT64_FORMAT " of about %" G_GINT64_FORMAT
            " rows, %.0f rows/s, about %.0f s left",
            progress->is_checking ? "checking: " : "",
            progress->rows,
            progress->total,
            rate,
            left_s);
    fflush(stderr);
    terminal->has_line = true;
    return true;
}

static void print_rows(const char *what, const GPtrArray *rows) {
    for (size_t i = 0; rows != NULL && i < rows->len && i < 20; i++) {
        const ImportRefusal *row = rows->pdata[i];
        fprintf(stderr,
                "%s line %" G_GINT64_FORMAT "%s%s: %s\n",
                what,
                row->line,
                row->column[0] != '\0' ? ", column " : "",
                row->column,
                row->reason);
    }
}

static void print_report(const ImportReport *report, ImportMode mode, const ImportTask *task) {
    const ImportCounts *counts = &report->counts;
    print_rows("refused", report->refusals);
    print_rows("warning", report->warnings);
    printf("%s: %" G_GINT64_FORMAT " rows, %" G_GINT64_FORMAT " added, %" G_GINT64_FORMAT
           " changed, %" G_GINT64_FORMAT " same, %" G_GINT64_FORMAT " refused, %" G_GINT64_FORMAT
           " warnings\n",
           mode == IMPORT_TRIAL ? "would import"
           : report->is_refused ? "nothing written"
                                : "imported",
           counts->rows,
           counts->added,
           counts->changed,
           counts->same,
           counts->refused,
           counts->warned);
    if (task != NULL && !report->is_refused) {
        printf("import %" G_GINT64_FORMAT ", ledger entries %" G_GINT64_FORMAT
               " to %" G_GINT64_FORMAT "\n",
               task->id,
               task->ledger_first,
               task->ledger_last);
    }
}

/* --- doing it -------------------------------------------------------------------------------- */

static ImportTask *begin_task(
    Db *db, const ImportOptions *options, const Mapping *mapping, ImportMode mode, GError **error) {
    const MappingTarget *last = mapping->targets->pdata[mapping->targets->len - 1];
    g_autoptr(json_t) json = mapping_write(mapping);
    g_autoptr(ImportTask) task = g_new0(ImportTask, 1);
    task->kind = g_strdup(last->kind->word);
    task->file_name = g_path_get_basename(options->files[0]);
    task->mapping = json_write(json);
    task->state = g_strdup("running");
    task->ledger_first = -1;
    task->ledger_last = -1;
    if (!g_utf8_validate(task->file_name, -1, NULL)) {
        char *valid = g_utf8_make_valid(task->file_name, -1);
        g_free(task->file_name);
        task->file_name = valid;
    }
    if (!import_store_add(db, task, clock_now_us(), error) ||
        !import_store_start(db, task->id, import_mode_word(mode), 0, clock_now_us(), error)) {
        return NULL;
    }
    return g_steal_pointer(&task);
}

static bool import_file(Db *db, const ImportOptions *options, int *ret_code, GError **error) {
    const ImportKind *kind = import_kind_find(options->kind != NULL ? options->kind : "unit");
    if (kind == NULL) {
        *ret_code = 2;
        return hz_fail(error, HZ_ERROR_INVALID, "unknown kind \"%s\"", options->kind);
    }
    ImportMode mode = options->dry_run    ? IMPORT_TRIAL
                      : options->skip_bad ? IMPORT_SKIP_BAD
                                          : IMPORT_ALL;
    const char *word = options->mapping != NULL ? options->mapping : "auto";
    g_autoptr(Mapping) mapping =
        import_find_mapping(db, word, kind, options->files[0], options->source, error);
    if (mapping == NULL) {
        return false;
    }
    g_autoptr(ImportTask) task = NULL;
    if (mode != IMPORT_TRIAL && (task = begin_task(db, options, mapping, mode, error)) == NULL) {
        return false;
    }
    Terminal terminal = {.out = options->json ? stderr : stdout,
                         .is_terminal = isatty(STDERR_FILENO) != 0,
                         .begun_us = g_get_monotonic_time()};
    ImportRequest request = {.path = options->files[0],
                             .mapping = mapping,
                             .mode = mode,
                             .task = task,
                             .scope_region =
                                 options->region != NULL ? options->region : REGION_EVERYWHERE,
                             .actor = "cli",
                             .refused_path = options->refused,
                             .chunk_rows = options->chunk,
                             .progress = on_progress,
                             .data = &terminal};
    g_auto(ImportReport) report = {0};
    bool is_done = import_run(db, &request, &report, error);
    clear_line(&terminal);
    if (!is_done || report.is_refused) {
        if (task != NULL) {
            /* Only a label: what was committed is counted in the row already. */
            (void)import_store_set_state(
                db, task->id, is_done ? "refused" : "failed", clock_now_us(), NULL);
        }
    }
    if (options->json && is_done) {
        g_autoptr(json_t) json = import_report_json(&report, mode, task);
        g_autofree char *text = json_write(json);
        puts(text);
    } else if (is_done) {
        print_report(&report, mode, task);
    }
    *ret_code = report.is_refused || (mode == IMPORT_TRIAL && report.counts.refused > 0) ? 1 : 0;
    return is_done;
}

static int code_of(const GError *error) {
    bool is_store = g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ||
                    g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY) ||
                    g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT) ||
                    g_error_matches(error, HZ_ERROR, HZ_ERROR_INTERNAL);
    return is_store ? 3 : 1;
}

static int import_command_run(int argc, char **argv) {
    g_auto(ImportOptions) options = {0};
    g_autoptr(GError) error = NULL;
    if (!parse(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng import: %s\n", error->message);
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_WRITE, &error);
    if (db == NULL || !modules_migrate(db, &error)) {
        fprintf(stderr, "huozheng import: %s\n", error->message);
        return 3;
    }
    int code = 0;
    if (!import_file(db, &options, &code, &error)) {
        fprintf(stderr, "huozheng import: %s: %s\n", options.files[0], error->message);
        return code != 0 ? code : code_of(error);
    }
    return code;
}

const Command import_command = {"import", "bring a CSV or XLSX file in", import_command_run};
