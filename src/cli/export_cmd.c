/* huozheng export --list units --format csv|xlsx --out FILE [--filter NAME=VALUE …] */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "importer/export.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct ExportOptions {
    char *db, *list, *format, *out, *region;
    char **filters;
    gboolean json;
} ExportOptions;

static void options_clear(ExportOptions *options) {
    g_free(options->db);
    g_free(options->list);
    g_free(options->format);
    g_free(options->out);
    g_free(options->region);
    g_strfreev(options->filters);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExportOptions, options_clear)

static bool parse(ExportOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"list",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->list,
         "units, buildings, officers, inspections, matters, plans, draws, devices, faults, "
         "shields or maintenance",
         "LIST"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options->format, "csv or xlsx (csv)", "FORMAT"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out, "write to this file", "FILE"},
        {"region", 0, 0, G_OPTION_ARG_STRING, &options->region, "only this region", "CODE"},
        {"filter",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options->filters,
         "a filter of the list page, such as category=hotel or q=饭店; may be repeated",
         "NAME=VALUE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document on stdout", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- write a list to a file");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    if (argc > 1) {
        return hz_fail(error, HZ_ERROR_INVALID, "unexpected argument \"%s\"", argv[1]);
    }
    return (options->list != NULL && options->out != NULL) ||
           hz_fail(error, HZ_ERROR_INVALID, "--list and --out are needed");
}

/* NULL on error. */
static json_t *read_filters(const ExportOptions *options, GError **error) {
    g_autoptr(json_t) filters = json_object();
    for (char **filter = options->filters; filter != NULL && *filter != NULL; filter++) {
        g_auto(GStrv) parts = g_strsplit(*filter, "=", 2);
        if (g_strv_length(parts) != 2 || !g_strv_contains(export_filter_words, parts[0])) {
            hz_fail(error, HZ_ERROR_INVALID, "no filter \"%s\"", *filter);
            return NULL;
        }
        json_put_text(filters, parts[0], parts[1]);
    }
    if (options->region != NULL) {
        json_put_text(filters, "region", options->region);
    }
    return g_steal_pointer(&filters);
}

static bool on_progress(int64_t rows, void *data) {
    int64_t *shown_us = data;
    int64_t now_us = g_get_monotonic_time();
    if (isatty(STDERR_FILENO) && now_us - *shown_us >= CLOCK_SECOND_US / 4) {
        *shown_us = now_us;
        fprintf(stderr, "\r\033[K%" G_GINT64_FORMAT " rows", rows);
        fflush(stderr);
    }
    return true;
}

/* The list itself is read over a connection that cannot write. */
static bool leave_trace(const ExportOptions *options, const ExportTrace *trace, GError **error) {
    g_autoptr(Db) db = db_open(commands_db_url(options->db), DB_READ_WRITE, error);
    if (db == NULL) {
        (void)unlink(trace->path);
        return false;
    }
    return export_leave_trace(db, trace, error);
}

static bool write_list(Db *db,
                       const ExportOptions *options,
                       const ExportList *list,
                       TableFormat format,
                       GError **error) {
    g_autoptr(json_t) filters = read_filters(options, error);
    if (filters == NULL) {
        return false;
    }
    ExportQuery query = {filters, EXPORT_EVERYWHERE, clock_now_us(), 0, 0, false};
    int64_t shown_us = 0;
    int64_t rows = 0;
    if (!export_write(
            db, list, &query, format, options->out, on_progress, &shown_us, &rows, error)) {
        return false;
    }
    ExportTrace trace = {list, &query, format, options->out, "cli", 0, rows};
    if (!leave_trace(options, &trace, error)) {
        return false;
    }
    if (shown_us != 0) {
        fputs("\r\033[K", stderr);
    }
    if (options->json) {
        printf("{\"rows\":%" G_GINT64_FORMAT "}\n", rows);
    } else {
        printf("%" G_GINT64_FORMAT " rows in %s\n", rows, options->out);
    }
    return true;
}

static int export_command_run(int argc, char **argv) {
    g_auto(ExportOptions) options = {0};
    g_autoptr(GError) error = NULL;
    TableFormat format = TABLE_CSV;
    if (!parse(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng export: %s\n", error->message);
        return 2;
    }
    const ExportList *list = export_find_list(options.list);
    if (list == NULL ||
        !table_format_parse(options.format != NULL ? options.format : "csv", &format)) {
        fprintf(stderr, "huozheng export: no such list or format\n");
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_ONLY, &error);
    if (db == NULL) {
        fprintf(stderr, "huozheng export: %s\n", error->message);
        return 3;
    }
    if (!write_list(db, &options, list, format, &error)) {
        fprintf(stderr, "huozheng export: %s\n", error->message);
        bool is_question = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED);
        return is_question ? 1 : 3;
    }
    return 0;
}

const Command export_command = {"export", "write a list to CSV or XLSX", export_command_run};
