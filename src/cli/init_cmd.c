/* huozheng init [--demo [--scale N | --units N --buildings N --officers N]] */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "demo/demo.h"
#include "law/law.h"
#include "registry/region.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROVINCE "50" /* Chongqing; further cities come with their own region data */

typedef struct InitOptions {
    char *db;
    gboolean demo, json;
    double scale;
    gint64 units, buildings, officers;
} InitOptions;

static void init_options_clear(InitOptions *options) {
    g_free(options->db);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InitOptions, init_options_clear)

static bool parse_options(InitOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"demo",
         0,
         0,
         G_OPTION_ARG_NONE,
         &options->demo,
         "fill an empty database with a synthetic city (HUOZHENG_DEMO_PASSWORD: of its accounts)",
         NULL},
        {"scale",
         0,
         0,
         G_OPTION_ARG_DOUBLE,
         &options->scale,
         "1: 5,000 units, 1,200 buildings, 300 officers",
         "N"},
        {"units", 0, 0, G_OPTION_ARG_INT64, &options->units, "so many units", "N"},
        {"buildings", 0, 0, G_OPTION_ARG_INT64, &options->buildings, "so many buildings", "N"},
        {"officers", 0, 0, G_OPTION_ARG_INT64, &options->officers, "so many officers", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- make a database ready, or a demo city");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    if (argc > 1) {
        return hz_fail(error, HZ_ERROR_INVALID, "unexpected argument \"%s\"", argv[1]);
    }
    bool in_range = options->scale > 0 && options->scale <= 1000 && options->units >= 0 &&
                    options->units <= DEMO_COUNT_MAX && options->buildings >= 0 &&
                    options->buildings <= DEMO_COUNT_MAX && options->officers >= 0;
    return in_range || hz_fail(error, HZ_ERROR_INVALID, "a number is out of range");
}

/* --- an ordinary installation ------------------------------------------------------------------
 */

static bool load_regions(Db *db, int64_t *ret_added, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && region_load(db, PROVINCE, ret_added, error) &&
           db_commit(&tx, error);
}

static bool init_plain(Db *db, const InitOptions *options, GError **error) {
    int64_t regions = 0;
    g_autofree char *text = NULL;
    if (!load_regions(db, &regions, error) ||
        !account_bootstrap(db, clock_now_us(), &text, error)) {
        return false;
    }
    if (options->json) {
        g_autoptr(json_t) document = json_object();
        json_put_bool(document, "demo", false);
        json_put_int(document, "regions_added", regions);
        json_put_text(document, "first_accounts", text);
        g_autofree char *line = json_write(document);
        puts(line);
        return true;
    }
    printf("Ready: %" G_GINT64_FORMAT " regions added.\n", regions);
    fputs(text != NULL ? text : "There are accounts already; none was made.\n", stdout);
    return true;
}

/* --- the demo city -----------------------------------------------------------------------------
 */

typedef struct ProgressLine {
    int64_t begun_us, shown_us;
    bool is_terminal;
} ProgressLine;

static void show_progress(const char *what, int64_t done, int64_t total, void *data) {
    ProgressLine *line = data;
    int64_t now_us = g_get_monotonic_time();
    if (done < total && now_us - line->shown_us < (line->is_terminal ? 1 : 10) * CLOCK_SECOND_US) {
        return;
    }
    line->shown_us = now_us;
    fprintf(stderr,
            "%s%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", %.0f s%s",
            line->is_terminal ? "\r" : "",
            what,
            done,
            total,
            (double)(now_us - line->begun_us) / CLOCK_SECOND_US,
            line->is_terminal && done < total ? "   " : "\n");
}

static void print_logins(const json_t *summary) {
    size_t index;
    json_t *account;
    printf("\nDemo city: %" G_GINT64_FORMAT " units, %" G_GINT64_FORMAT
           " buildings, %" G_GINT64_FORMAT " officers, all invented.\nSign in as:\n\n",
           json_get_int(summary, "units", 0),
           json_get_int(summary, "buildings", 0),
           json_get_int(summary, "officers", 0));
    json_array_foreach(json_object_get(summary, "accounts"), index, account) {
        printf("  %-16s %s   %s\n",
               json_get_text(account, "login", ""),
               json_get_text(account, "password", ""),
               json_get_text(account, "role_zh", ""));
    }
}

static bool init_demo(Db *db, const InitOptions *options, GError **error) {
    ProgressLine line = {.begun_us = g_get_monotonic_time(), .is_terminal = isatty(2) == 1};
    DemoOptions demo = {.now_us = clock_now_us(),
                        .password = g_getenv("HUOZHENG_DEMO_PASSWORD"),
                        .progress = show_progress,
                        .progress_data = &line};
    demo_scale(&demo, options->scale);
    demo.units = options->units > 0 ? options->units : demo.units;
    demo.buildings = options->buildings > 0 ? options->buildings : demo.buildings;
    demo.officers = options->officers > 0 ? options->officers : demo.officers;
    g_autoptr(json_t) summary = NULL;
    if (!demo_fill(db, &demo, &summary, error)) {
        return false;
    }
    db_tidy(db, NULL); /* the engine would do it later by itself */
    if (options->json) {
        g_autofree char *text = json_write(summary);
        puts(text);
    } else {
        print_logins(summary);
    }
    return true;
}

static int init_run(int argc, char **argv) {
    g_auto(InitOptions) options = {.scale = 1};
    g_autoptr(GError) error = NULL;
    if (!parse_options(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng init: %s\n", error->message);
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_WRITE, &error);
    bool done = db != NULL && modules_migrate(db, &error) && law_check(&error) &&
                (options.demo ? init_demo(db, &options, &error) : init_plain(db, &options, &error));
    if (!done) {
        fprintf(stderr, "huozheng init: %s\n", error->message);
        bool refused = g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED) ||
                       g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID);
        return refused ? 1 : 3;
    }
    return 0;
}

const Command init_command = {"init", "make a database ready; --demo fills a city", init_run};
